// The stream of events, person by person: state changes are heard by whom they concern and by nobody else. What becomes of
// a guest's code, and who hears that, is asked beside it.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Door, type House, openHouse, type Tenant } from "../support/journey-house.ts";
import type { Phone } from "../support/journey-phone.ts";
import { type Service, startService } from "../support/service.ts";
import { listen, patience, type Stream } from "../support/stream.ts";

let service: Service;
let house: House;
let front: Door;
let other: Door;
let rita: Tenant;
let phone: Phone;
let streams: Readonly<Record<"manager" | "host" | "rita" | "nell" | "sam", Stream>>;

beforeAll(async () => {
  service = await startService();
  house = openHouse(service);
  const [unit, next] = [await house.unit("1A"), await house.unit("2B")];
  front = await house.door("1A front", "residence", unit);
  other = await house.door("2B front", "residence", next);
  rita = await house.moveIn("Rita", "resident", unit);
  const hedda = await house.moveIn("Hedda", "host", unit);
  const nell = await house.moveIn("Nell", "resident", next);
  const sam = await house.moveIn("Sam", "resident", unit);
  for (const tenant of [rita, sam]) await house.give(tenant, [front]);
  await house.give(nell, [other]);
  phone = await house.phone(rita);
  await phone.syncs(front);
  await (await house.phone(nell)).syncs(other);
  await house.suspend(sam, "other");
  await phone.syncs(front);
  streams = {
    manager: await listen(service, service.manager),
    host: await listen(service, await service.logIn(hedda.email, "desktop")),
    rita: await listen(service, await phone.token()),
    nell: await listen(service, await service.logIn(nell.email)),
    sam: await listen(service, await service.logIn(sam.email)),
  };
}, 180_000);
afterAll(async () => {
  for (const stream of Object.values(streams)) await stream.close();
  await service.close();
  expect(service.faults).toEqual([]);
});

type Name = keyof typeof streams;

/** What each heard while `act` ran: everybody in `hear` this kind at this door, and nobody else. */
async function heard(
  kind: string,
  doorId: string | null,
  hear: readonly Name[],
  act: () => Promise<unknown>,
) {
  const from = new Map(Object.entries(streams).map(([name, { changes }]) => [name, changes.length]));
  const kindsOf = (name: string): readonly string[] =>
    streams[name as Name].changes
      .slice(from.get(name))
      .filter(({ door }) => door === doorId)
      .map((change) => change.kind);
  await act();
  for (const name of hear)
    await expect.poll(() => kindsOf(name), { ...patience, message: name }).toContain(kind);
  // The others' streams had time for the same: each looks twice a second.
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  const others = Object.keys(streams).filter((name) => !hear.includes(name as Name));
  for (const name of others) expect(kindsOf(name), name).not.toContain(kind);
}

test("a code that a phone takes along is on its way, and whom it concerns hears that", {
  timeout: 60_000,
}, async () => {
  await phone.account.reset({ door: front.doorId });
  service.clock.now += 60;
  const since = async (): Promise<unknown> => {
    const { codes } = await house.sees(front);
    return codes
      .filter((one: { person: string }) => one.person === "Rita")
      .map((one: { since: number }) => one.since);
  };
  const before = await since();
  await heard("code.setting", front.doorId, ["manager", "host", "rita"], () => phone.fetches());
  expect((await phone.codes(front)).map(({ state }) => state)).toEqual(["removing", "setting"]);
  // It was wished for when it was wished for, and not when somebody took it along.
  expect(await since()).toEqual(before);
  const { doors } = await house.asks("doors", { params: { property: service.propertyId } });
  expect(doors.find(({ id }: { id: string }) => id === front.doorId).waitingSince).toBe(
    service.clock.now - 60,
  );
});

test("a lock's proof and a visit are heard where one has to do with the door", {
  timeout: 60_000,
}, async () => {
  await heard("lock.proven", front.doorId, ["manager", "host", "rita"], () => phone.syncs(front));
  const neighbours = await house.managersPhone();
  await heard("door.visited", other.doorId, ["manager", "nell"], () => neighbours.syncs(other));
});

test("the policy concerns everybody who is not suspended; who is added to a unit, its host", {
  timeout: 60_000,
}, async () => {
  await heard("policy.set", null, ["manager", "host", "rita", "nell"], () =>
    house.policy({ customCodes: true }),
  );
  const unit = (await house.sees(front)).unitId;
  await heard("person.added", null, ["manager", "host"], () => house.moveIn("Ugo", "resident", unit));
  const next = (await house.sees(other)).unitId;
  await heard("person.added", null, ["manager"], () => house.moveIn("Vera", "resident", next));
});

test("who is suspended hears of what is theirs", { timeout: 60_000 }, async () => {
  await heard("person.resumed", null, ["manager", "host", "sam"], async () => {
    const { people } = await house.asks("people", { params: { property: service.propertyId } });
    const sam = people.find(({ name }: { name: string }) => name === "Sam");
    await house.asks("resume", { params: { property: service.propertyId, person: sam.id }, body: {} });
  });
});
