/**
 * A code with hours of the week is told with those hours to everybody who answers for it: manager, office, the person's
 * page, the inviter's phone. It is not said to open without a word of when, and a guest stands under who invited them.
 */
import { codesOf, status } from "@doorsync/authority";
import { afterAll, beforeAll, expect, test } from "vitest";
import { codeLine, doorLines } from "../../packages/authority/src/cli/words.ts";
import { entryLines } from "../../packages/phone-client/src/cli/codes.ts";
import { type Door, type House, openHouse, type Tenant } from "../support/journey-house.ts";
import { type Service, startService } from "../support/service.ts";
import { visit } from "../support/service-door.ts";

const windows = [{ days: 0b010_0100, startMinute: 540, endMinute: 720 }];
const hours = "Tuesday, Friday 09:00 to 12:00";

let service: Service;
let house: House;
let home: Door;
let rita: Tenant;
let token: string;
let guest: string;

beforeAll(async () => {
  service = await startService();
  house = openHouse(service);
  await house.localTime([{ at: 0, offsetMinutes: 0 }]);
  const four = await house.unit("Unit 4");
  home = await house.door("Door of unit 4", "residence", four);
  rita = await house.moveIn("Rita Resident", "resident", four);
  await house.give(rita, [home]);
  token = await service.logIn(rita.email);
  const body = { name: "Clea Cleaner", kind: "recurring", windows };
  const invited = await service.call("inviteGuest", { token, params: { door: home.doorId }, body });
  expect(invited.status).toBe(200);
  guest = invited.body.person;
  await visit(service, token, home);
}, 120_000);
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

test("the manager's door and person say in which hours, and whose guest it is", async () => {
  const door = await house.sees(home);
  const terms = { from: null, until: null, uses: null, minutes: null };
  const [own, cleaners] = [rita.personId, guest].map((id) =>
    door.codes.find(({ personId }: { personId: string }) => personId === id),
  );
  expect([own.terms, cleaners.terms]).toEqual([
    { ...terms, windows: null },
    { ...terms, windows },
  ]);
  const of = (person: string) => house.asks("person", { params: { property: service.propertyId, person } });
  const person = await of(guest);
  expect(person.doors[0].codes[0].terms.windows).toEqual(windows);
  expect(person.guest).toEqual({
    kind: "recurring",
    invitedBy: { id: rita.personId, name: "Rita Resident" },
  });
  expect((await of(rita.personId)).guest).toBeNull();
});

test("the office's status and codes name the hours", async () => {
  const [door] = await status(service.office(), { door: "Door of unit 4", removed: false });
  if (door === undefined) throw new Error("no door");
  const lines = doorLines(door);
  expect(lines).toContainEqual(`  Clea Cleaner: set; works at the door now within its hours; ${hours}`);
  expect(lines).toContainEqual("  Rita Resident: set; works at the door now");
  const [word] = await codesOf(service.office(), { id: guest, name: "Clea Cleaner" });
  if (word === undefined) throw new Error("no code");
  expect(codeLine(word)).toMatch(new RegExp(`within its hours; ${hours}$`));
});

test("the inviter's phone names them too", async () => {
  const { body } = await service.call("guests", { token, params: { door: home.doorId } });
  const text = body.guests[0].entries.flatMap(entryLines).join("\n");
  expect(text).toContain(`works within its hours  ${hours}`);
});
