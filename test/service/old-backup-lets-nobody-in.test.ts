// An old backup knows nothing of who was suspended since. Its tables stay in the house until management has said that the
// books are right: at real doors, with the thief's code tried at the keypad. How the alarm begins:
// service-in-bad-times.test.ts.

import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { runCli } from "../../packages/authority/src/cli/run.ts";
import { opens, passes } from "../support/journey-door.ts";
import { type Door, type House, openHouse, type Tenant } from "../support/journey-house.ts";
import type { Phone } from "../support/journey-phone.ts";
import { backedUp, restored } from "../support/old-backup.ts";
import { type Service, startService } from "../support/service.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Story {
  readonly service: Service;
  readonly house: House;
  readonly front: Door;
  readonly vic: Tenant;
  readonly vics: string;
  readonly thiefsToken: string;
  readonly ruth: Tenant;
  /** Ruth's phone, logged in after the restoring. */
  readonly ruths: () => Promise<Phone>;
}

/** Vic's phone is stolen, Vic is suspended, the door is synced and refuses Vic's code; then the books are a minute old. */
async function afterTheRestoring(): Promise<Story> {
  const service = await startService();
  ends.push(() => service.close());
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const vic = await house.moveIn("Vic", "resident", unit);
  const ruth = await house.moveIn("Ruth", "resident", unit);
  const front = await house.door("1A front", "residence", unit);
  await house.give(vic, [front]);
  await house.give(ruth, [front]);
  const vicsPhone = await house.phone(vic);
  await vicsPhone.syncs(front);
  const vics = await vicsPhone.now(front);
  expect(opens(front, vics)).toBe(true);
  const thiefsToken = await vicsPhone.token();
  const { db } = service.office();
  const backup = await backedUp(db);
  passes(service, [front], 60);
  await house.suspend(vic, "stolen");
  await (await house.phone(ruth)).syncs(front);
  expect(opens(front, vics), "the suspension is at the door").toBe(false);
  expect((await service.call("myCodes", { token: thiefsToken })).status).toBe(401);
  await restored(db, backup);
  expect((await service.call("myCodes", { token: thiefsToken })).status, "the log-in is back").toBe(200);
  passes(service, [front], 60);
  return { service, house, front, vic, vics, thiefsToken, ruth, ruths: () => house.phone(ruth) };
}

/** What `doorsync-authority` says on this service's database. */
async function cli(service: Service, ...inputs: readonly string[]): Promise<number> {
  const quiet = { write: () => true };
  return await runCli(
    [...inputs, "--data", service.folder],
    { stdout: quiet, stderr: quiet } as never,
    service.office().db,
  );
}

async function actionsIn(house: House): Promise<readonly string[]> {
  const audit = await house.asks("audit", { params: { property: house.service.propertyId } });
  return audit.decisions.map(({ action }: { action: string }) => action);
}

test("an old backup that nobody announced brings no table to a door whose lock contradicts it, whatever changes", async () => {
  const { service, house, front, vics, ruths } = await afterTheRestoring();
  const phone = await ruths();
  await phone.account.reset({ door: front.doorId });
  for (let visit = 0; visit < 4; visit++) {
    await phone.syncs(front);
    expect(opens(front, vics), `after visit ${visit}`).toBe(false);
    passes(service, [front], 60);
  }
  const door = await house.sees(front);
  expect(door).toMatchObject({ alarm: true, pending: true });
  expect(door.health.troubles).toEqual(expect.arrayContaining(["alarm", "booksDoubted"]));
  expect(await actionsIn(house)).toContain("lock.contradicts");
  // Nor does the command line, unless it is said there.
  const issue = ["issue", "--door", "1A front", "--mailbox", join(service.folder, "mail")];
  expect(await cli(service, ...issue)).toBe(1);
  expect(await cli(service, ...issue, "--trust-books")).toBe(0);
  expect((await house.sees(front)).health.troubles).not.toContain("booksDoubted");
});

test("after `restored` every log-in is over, nothing goes out, and management sees who would open before saying so", async () => {
  const { service, front, vic, vics, thiefsToken, ruth, ruths } = await afterTheRestoring();
  expect(await cli(service, "restored")).toBe(0);
  expect((await service.call("myCodes", { token: thiefsToken })).status).toBe(401);
  const manager = await service.logIn("manager@example.org", "desktop");
  const params = { property: service.propertyId };
  const asks = async (name: string, body?: object, more: object = {}) => {
    const answer = await service.call(name, { token: manager, params: { ...params, ...more }, body });
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300);
    return answer.body;
  };
  const door = async () =>
    (await service.call("door", { token: manager, params: { door: front.doorId } })).body;
  expect((await door()).health.state).toBe("booksDoubted");
  const [listed] = (await asks("doors")).doors;
  expect(listed.health).toBe("booksDoubted");

  const phone = await ruths();
  await phone.account.reset({ door: front.doorId });
  for (let visit = 0; visit < 3; visit++) {
    await phone.syncs(front);
    passes(service, [front], 60);
  }
  expect(opens(front, vics)).toBe(false);

  const doubted = await asks("doubtedDoors");
  expect(doubted.doors).toMatchObject([{ doorId: front.doorId, door: "1A front" }]);
  const people = doubted.doors[0].opens.map(({ person }: { person: string }) => person);
  expect(people.sort()).toEqual(["Ruth", "Vic"]);
  // A resident says no such thing, and neither does anybody of a door elsewhere.
  const asked = { token: await phone.token(), params, body: { doors: [front.doorId] } };
  expect((await service.call("trustBooks", asked)).body.name).toBe("NOT_ALLOWED");
  const foreign = { token: manager, params, body: { doors: [front.doorId, "0".repeat(24)] } };
  expect((await service.call("trustBooks", foreign)).body.name).toBe("NO_SUCH");
  expect((await asks("doubtedDoors")).doors).toHaveLength(1);

  await asks("suspend", { reason: "stolen" }, { person: vic.personId });
  const trusted = await asks("trustBooks", { doors: [front.doorId] });
  expect(trusted.doors[0].opens).toMatchObject([{ person: "Ruth", personId: ruth.personId }]);
  for (let visit = 0; visit < 3; visit++) {
    await phone.syncs(front);
    passes(service, [front], 60);
  }
  expect(opens(front, vics), "suspended anew").toBe(false);
  expect(opens(front, await phone.now(front)), "Ruth's new code").toBe(true);
  expect(await door()).toMatchObject({ alarm: false, pending: false, health: { state: "ok" } });
  expect((await asks("doubtedDoors")).doors).toEqual([]);
  const audit = (await asks("audit")).decisions.map(({ action }: { action: string }) => action);
  expect(audit).toEqual(expect.arrayContaining(["trustBooks", "suspend", "cli.restored"]));
});
