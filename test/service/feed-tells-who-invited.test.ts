// The stream of events of whoever invited a guest: what becomes of the guest's code is heard live, over a real connection,
// and nothing that would open a door is in it. What else a stream tells and to whom is not asked here.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { airTo } from "../support/journey-door.ts";
import { joinPhone, type Phone } from "../support/journey-phone.ts";
import { moveIn, type Residence } from "../support/residence.ts";
import { type Service, startService } from "../support/service.ts";
import { listen, patience, type Stream } from "../support/stream.ts";

let service: Service;
let house: Residence;
let rita: Phone;
beforeAll(async () => {
  service = await startService();
  house = await moveIn(service);
  rita = await joinPhone(service, house.rita.email);
});
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

const kindsAbout = ({ changes }: Stream, person: string): readonly string[] =>
  changes.filter((change) => change.person === person).map(({ kind }) => kind);

describe("whoever invited a guest hears live", () => {
  test("of the code from the invitation to its end, without the code; a flatmate and a neighbour do not", {
    timeout: 90_000,
  }, async () => {
    const streams = {
      rita: await listen(service, await rita.token()),
      rob: await listen(service, house.rob.phone),
      nora: await listen(service, house.nora.phone),
      manager: await listen(service, service.manager),
    };
    const door = house.home;
    const invited = await rita.account.inviteGuest({
      door: door.doorId,
      name: "Gus Guest",
      kind: "permanent",
    });
    if (!invited.ok) throw new Error(`no guest: ${JSON.stringify(invited)}`);
    const { person, entries } = invited.value;
    const code = entries[0]?.faces[0]?.code;
    expect(code).toMatch(/^\d{4,6}$/);
    expect((await rita.account.sync({ transport: airTo(door) })).outcome.kind).toBe("synced");
    await expect
      .poll(() => kindsAbout(streams.rita, person), patience)
      .toEqual(["code.unset", "code.setting", "code.set"]);

    expect((await rita.account.revokeGuest({ door: door.doorId, person })).ok).toBe(true);
    expect((await rita.account.sync({ transport: airTo(door) })).outcome.kind).toBe("synced");
    const whole = ["code.unset", "code.setting", "code.set", "code.removing", "code.removed"];
    await expect.poll(() => kindsAbout(streams.rita, person), patience).toEqual(whole);
    await expect
      .poll(() => kindsAbout(streams.manager, person), patience)
      .toEqual(expect.arrayContaining(whole));

    expect(
      streams.rita.changes.every((change) => Object.keys(change).join() === "at,kind,property,door,person"),
    ).toBe(true);
    expect(streams.rita.text()).not.toContain(`"${code}"`);
    // The others' streams had time for the same: each looks twice a second.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect([kindsAbout(streams.rob, person), kindsAbout(streams.nora, person)]).toEqual([[], []]);
    for (const stream of Object.values(streams)) await stream.close();
  });

  test("but not while they are suspended", async () => {
    const invited = await rita.account.inviteGuest({
      door: house.home.doorId,
      name: "Gil Guest",
      kind: "permanent",
    });
    if (!invited.ok) throw new Error(`no guest: ${JSON.stringify(invited)}`);
    const { person } = invited.value;
    const manager = { token: service.manager };
    const ofRita = { property: service.propertyId, person: house.rita.personId };
    await service.call("suspend", { ...manager, params: ofRita, body: { reason: "other" } });
    const streams = [
      await listen(service, await rita.token()),
      await listen(service, service.manager),
    ] as const;
    const params = { door: house.home.doorId, person };
    expect((await service.call("revokeGuest", { ...manager, params })).status).toBe(200);
    await expect.poll(() => kindsAbout(streams[1], person).length, patience).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(kindsAbout(streams[0], person)).toEqual([]);
    for (const stream of streams) await stream.close();
    await service.call("resume", { ...manager, params: ofRita, body: {} });
  });
});
