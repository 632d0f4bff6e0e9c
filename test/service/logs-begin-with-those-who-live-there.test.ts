/**
 * Who moves in reads the door's log from then on, and not when those before them came and went; over HTTP, with what a
 * real lock wrote down. Not what a log says: that is door-state.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { opens, passes } from "../support/journey-door.ts";
import { type Door, openHouse, type Tenant } from "../support/journey-house.ts";
import type { Phone } from "../support/journey-phone.ts";
import { type Service, startService } from "../support/service.ts";

const day = 86_400;
let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

test("a new resident, a new host and one who came back read nothing of the time before; management reads all", async () => {
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const front: Door = await house.door("1A front", "residence", unit);
  const visits = async (): Promise<void> => {
    const managers = await house.managersPhone();
    await managers.syncs(front);
    await managers.syncs(front);
  };
  const namesIn = async (token: string): Promise<readonly string[]> => {
    const asked = { token, params: { door: front.doorId } };
    const { status, body } = await service.call("doorLog", asked);
    expect(status).toBe(200);
    const opened = body.entries.filter(({ person }: { person: string | null }) => person !== null);
    return [...new Set<string>(opened.map(({ person }: { person: string }) => person))].sort();
  };
  const livesThere = async (who: Tenant): Promise<Phone> => {
    await house.give(who, [front]);
    await visits();
    const phone = await house.phone(who);
    expect(opens(front, await phone.now(front))).toBe(true);
    await visits();
    return phone;
  };
  const anna = await house.moveIn("Anna", "resident", unit);
  const annas = await livesThere(anna);
  expect(await namesIn(await annas.token())).toEqual(["Anna"]);
  await house.revokeAll(anna);
  await visits();
  passes(service, [front], 20 * day);

  const bert = await house.moveIn("Bert", "resident", unit);
  const hedda = await house.moveIn("Hedda", "host", unit);
  const berts = await livesThere(bert);
  expect(await namesIn(await berts.token())).toEqual(["Bert"]);
  expect(await namesIn(await service.logIn(hedda.email, "desktop"))).toEqual(["Bert"]);
  expect(await namesIn(service.manager)).toEqual(["Anna", "Bert"]);

  passes(service, [front], day);
  await house.revokeAll(bert);
  const again = await livesThere(anna);
  expect(await namesIn(await again.token())).toEqual(["Anna"]);
  expect(await namesIn(await service.logIn(hedda.email, "desktop"))).toEqual(["Anna", "Bert"]);
}, 60_000);
