// F29 to F31 at the door: who may do what, how often a code may be guessed, and how many a lock holds.

import { expect } from "vitest";
import { matrixRows } from "../../packages/authority/src/model/permission.ts";
import { opens, panelShows } from "../support/journey-door.ts";
import { type Door, openHouse, type Tenant } from "../support/journey-house.ts";
import type { Phone } from "../support/journey-phone.ts";
import { vendorsPhone } from "../support/journey-vendor.ts";
import type { Asked } from "../support/service.ts";
import { reboot, wait } from "../world.ts";
import { journey } from "./journey.ts";

const minute = 60;

journey("F29", "every role does what it may, and nothing else", async ({ service, given, when, holds }) => {
  const house = openHouse(service);
  const { propertyId: property } = service;
  const unit = await house.unit("1A");
  const people = {
    resident: await house.moveIn("Rita", "resident", unit),
    guest: await house.moveIn("Gus", "guest", unit),
    host: await house.moveIn("Hedda", "host", unit),
    manager: await house.moveIn("Max", "manager"),
  };
  const other: Tenant = await house.moveIn("Otto", "resident", unit);
  const phones: Record<string, Phone> = {};
  let front = {} as Door;
  let gym = {} as Door;
  let pump = {} as Door;
  /** Shared as the gym is, and nobody's code opens it. */
  let cellar = {} as Door;
  await given(
    "a resident, a guest, a host, a manager and the vendor's support, at a home and a gym",
    async () => {
      await house.policy({ customCodes: true });
      await house.localTime([{ at: 0, offsetMinutes: 0 }]);
      front = await house.door("1A front", "residence", unit);
      gym = await house.door("Gym", "communal");
      pump = await house.door("Pump room", "service");
      cellar = await house.door("Cellar", "communal");
      for (const one of [...Object.values(people), other]) await house.give(one, [front, gym, pump]);
      for (const [role, one] of Object.entries(people)) phones[role] = await house.phone(one);
      phones["vendor"] = await vendorsPhone(service);
      for (const door of [front, gym]) await phones["manager"]?.syncs(door);
    },
  );
  const whom = { params: { property, person: other.personId } };
  const of = { params: { property } };
  const at = (door: Door) => ({ params: { door: door.doorId } });
  /** What each action is over HTTP. */
  type Act = (door: Door, role: string) => readonly [name: string, asked: Omit<Asked, "token">];
  const acts: Record<string, Act> = {
    grantAccess: (door) => ["grantAccess", { ...whom, body: { doors: [door.doorId] } }],
    revokeAll: () => ["revokeAll", whom],
    suspend: () => ["suspend", { ...whom, body: { reason: "other" } }],
    resetCode: (door) => ["resetCode", { ...at(door), body: {} }],
    // A host's own, or whoever asks second would be told that it is taken.
    pickCode: (door, role) => [
      "pickCode",
      { ...at(door), body: { code: role === "host" ? "1479" : "2580" } },
    ],
    issueGuest: (door) => ["inviteGuest", { ...at(door), body: { name: "Gran", kind: "permanent" } }],
    dailyCode: (door) => ["dailyCode", { ...at(door), body: {} }],
    sync: () => ["fetchParcels", { body: {} }],
    viewOwnCodes: () => ["myCodes", {}],
    openByApp: () => ["fetchCapabilities", {}],
    troubleshoot: (door) => ["door", at(door)],
    assignKeycard: (door) => [
      "assignKeycard",
      { ...at(door), body: { person: other.personId, card: "04a1b2c3" } },
    ],
    setPolicy: () => ["setPolicy", { ...of, body: { sixDigits: false } }],
    viewPeople: () => ["people", of],
    viewLog: (door) => ["doorLog", at(door)],
    commission: (door) => ["commissionDoor", { ...at(door), body: { setup: "DOORSYNC:1:nonsense" } }],
    viewAudit: () => ["audit", of],
  };
  const refused: string[] = [];
  const wrong: string[] = [];
  await when("each of them asks for everything that the table refuses them", async () => {
    const rows = matrixRows();
    expect([...new Set(rows.map(({ action }) => action))].sort()).toEqual(Object.keys(acts).sort());
    for (const { action, role, may } of rows) {
      if (may === "yes") continue;
      const doors = may === "no" ? [front, gym] : may === "notService" ? [pump] : [gym];
      for (const door of doors) {
        const [name, asked] = acts[action]?.(door, role) ?? ["", {}];
        const answer = await service.call(name, { ...asked, token: (await phones[role]?.token()) ?? "" });
        const line = `${role} ${action} at ${door.name}: ${answer.status} ${answer.body?.name ?? "granted"}`;
        refused.push(line);
        if (!/40[34] (NOT_ALLOWED|NO_SUCH|CODE_NOT_PRIVATE)$/.test(line)) wrong.push(line);
      }
    }
  });
  await when("residents and hosts ask to let somebody in where they cannot go themselves", async () => {
    for (const role of ["resident", "host"]) {
      const token = (await phones[role]?.token()) ?? "";
      const body = { name: "Myself", kind: "permanent" };
      const answer = await service.call("inviteGuest", { ...at(cellar), token, body });
      refused.push(`${role} issueGuest at ${cellar.name}`);
      if (answer.body?.name !== "NO_CODE_HERE") wrong.push(`${role} issueGuest at ${cellar.name}: granted`);
    }
  });
  await holds("every one of these is refused", () => {
    expect(refused.length).toBeGreaterThan(60);
    expect(wrong).toEqual([]);
  });
  await holds("nothing has changed at the doors", async () => {
    for (const door of [front, gym]) {
      await phones["manager"]?.syncs(door);
      for (const role of ["resident", "guest", "host", "manager"])
        expect(opens(door, (await phones[role]?.now(door)) ?? "")).toBe(true);
      for (const picked of ["2580", "1479"]) expect(opens(door, picked)).toBe(false);
    }
  });
  await when("each does what the table allows, at the home", async () => {
    const granted: string[] = [];
    const last = ["commission", "suspend", "revokeAll"];
    const rows = matrixRows().filter(({ may, action }) => may !== "no" && !last.includes(action));
    for (const { action, role } of rows) {
      const [name, asked] = acts[action]?.(front, role) ?? ["", {}];
      const answer = await service.call(name, { ...asked, token: (await phones[role]?.token()) ?? "" });
      // What is there already (a code, a card) is found, and a phone without a key is told so: the role was let in.
      if (
        answer.status < 300 ||
        /^(ALREADY_ASSIGNED|NAME_TAKEN|CARD_TAKEN|NO_APP_KEY)$/.test(answer.body.name)
      )
        granted.push(action);
      else wrong.push(`${role} ${action}: ${answer.status} ${answer.body.name}`);
    }
    expect(granted.length).toBeGreaterThan(20);
  });
  await holds("all of that is granted", () => expect(wrong).toEqual([]));
  await holds("every role but the vendor's carries a sync", async () => {
    for (const role of ["guest", "host", "resident"]) {
      await house.regrant(other, [front]);
      expect((await phones[role]?.syncs(front))?.outcome.kind).toBe("synced");
    }
    expect(opens(front, await (await house.phone(other)).now(front))).toBe(true);
  });
  await holds("what was picked opens where it was allowed, and nowhere else", () => {
    for (const picked of ["2580", "1479"])
      expect([opens(front, picked), opens(gym, picked)]).toEqual([true, false]);
  });
  await when("last of all the table lets them offer a lock, revoke and suspend", async () => {
    const code = await (await house.phone(other)).now(front);
    expect(opens(front, code)).toBe(true);
    for (const action of ["commission", "revokeAll", "suspend"])
      for (const { role } of matrixRows().filter((row) => row.action === action && row.may === "yes")) {
        const [name, asked] = acts[action]?.(front, role) ?? ["", {}];
        const answer = await service.call(name, { ...asked, token: (await phones[role]?.token()) ?? "" });
        // Whoever may offer a lock is told that this is no text of one; everybody else was not let so far.
        const expected = action === "commission" ? 400 : 200;
        if (answer.status !== expected) wrong.push(`${role} ${action}: ${answer.status} ${answer.body.name}`);
      }
    expect(wrong).toEqual([]);
    await phones["guest"]?.syncs(front);
    expect(opens(front, code)).toBe(false);
  });
});

journey("F30", "wrong codes close the keypad, longer each time, and no power cut opens it", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const ruth = await house.moveIn("Ruth", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let code = "";
  let ruths = "";
  const wrongs = (): string[] => {
    const taken = new Set([code, ruths]);
    return Array.from({ length: 200 }, (_, i) => String(2_000 + i)).filter((one) => !taken.has(one));
  };
  const guess = (times: number): (string | undefined)[] =>
    wrongs()
      .slice(0, times)
      .map((digits) => panelShows(door, digits));
  await given("a door with two residents' codes", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await house.give(ruth, [door]);
    await phone.syncs(door);
    code = await phone.now(door);
    ruths = await (await house.phone(ruth)).now(door);
  });
  await when("five wrong codes are typed", () => expect(guess(5)).toEqual(Array(5).fill("refused")));
  await holds("the keypad waits, for right codes too, and the alarm was raised once", () => {
    expect(panelShows(door, code)).toBe("wait");
    expect(door.lock.alarms.filter((alarm) => alarm === "WrongCodeEntryLimit")).toHaveLength(1);
  });
  await when("the power is cut to end the pause", () => reboot(door.lock));
  await holds("it goes on where it was, and ends after its minute", () => {
    expect(panelShows(door, code)).toBe("wait");
    wait(door.lock, minute + 1);
    expect(opens(door, code)).toBe(true);
  });
  await when("five more wrong codes follow", () => expect(guess(5)).toEqual(Array(5).fill("refused")));
  await holds("the next pause is longer", () => {
    wait(door.lock, minute + 1);
    expect(panelShows(door, code)).toBe("wait");
    wait(door.lock, minute);
    expect(opens(door, code)).toBe(true);
  });
  await when("somebody who knows one code types it after every four guesses", () => {
    let tried = 10;
    for (let round = 0; round < 10; round++) {
      const shown = guess(4);
      tried += shown.filter((one) => one === "refused").length;
      if (shown.includes("wait")) break;
      wait(door.lock, 10);
      if (panelShows(door, ruths) !== "accepted") break;
      wait(door.lock, 10);
    }
    expect(tried).toBe(24);
  });
  await holds("the day's budget is used up all the same, and the next day the codes open", () => {
    expect(panelShows(door, code)).toBe("wait");
    wait(door.lock, 86_400 + minute);
    expect(opens(door, code)).toBe(true);
  });
  await holds("management reads of it in the log", async () => {
    await phone.syncs(door);
    const { entries } = await house.asks("doorLog", { params: { door: door.doorId } });
    const kinds = entries.map((one: { kind: string }) => one.kind);
    expect(kinds).toContain("DoorLockAlarm");
    expect(kinds).toContain("LockOperationError");
  });
});

journey("F31", "a table that is too large for the lock is refused whole", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const people: Tenant[] = [];
  let door = {} as Door;
  const managers = await house.managersPhone();
  const own = async (tenant: Tenant | undefined): Promise<Phone> => {
    if (tenant === undefined) throw new Error("nobody");
    return await house.phone(tenant);
  };
  await given("a small lock with room for three residents and the daily doorcode", async () => {
    door = await house.door("1A front", "residence", unit, { capacity: 4 });
    for (const name of ["Ada", "Ben", "Cleo", "Dan"]) people.push(await house.moveIn(name, "resident", unit));
    for (const one of people.slice(0, 3)) await house.give(one, [door]);
    expect((await managers.syncs(door)).outcome.kind).toBe("synced");
  });
  const codes: string[] = [];
  for (const one of people.slice(0, 3)) codes.push(await (await own(one)).now(door));
  await when("a fourth resident is granted access and one of the three resets, in one change", async () => {
    await house.give(people[3] ?? ({} as Tenant), [door]);
    await (await own(people[0])).asks("resetCode", { params: { door: door.doorId }, body: {} });
    const visit = await managers.syncs(door);
    expect(visit.outcome).toMatchObject({ kind: "refused", refusal: "RESOURCE_EXHAUSTED" });
  });
  await holds("the three codes open as before, and nothing of the change has happened", async () => {
    expect(codes.map((code) => opens(door, code))).toEqual([true, true, true]);
    const dans = await own(people[3]);
    expect(opens(door, await dans.next(door))).toBe(false);
  });
  await holds("management is told, in words", async () => {
    const { refused } = await house.sees(door);
    expect(refused.name).toBe("RESOURCE_EXHAUSTED");
    expect(refused.words.length).toBeGreaterThan(20);
  });
  await when("one of the three is suspended at the full lock, and the door is synced", async () => {
    await house.suspend(people[1] ?? ({} as Tenant), "other");
    expect((await managers.syncs(door)).outcome.kind).toBe("synced");
  });
  await holds(
    "the suspended code opens nothing; the fourth resident waits, and the door says so",
    async () => {
      expect(opens(door, codes[1] ?? "")).toBe(false);
      const dans = await own(people[3]);
      expect(opens(door, await dans.next(door))).toBe(false);
      const { heldUp, health, capacity } = await house.sees(door);
      expect([heldUp, health.state, capacity]).toEqual(["LOCK_FULL", "lockFull", 4]);
      await house.resume(people[1] ?? ({} as Tenant));
    },
  );
  await when("somebody moves out and the door is synced", async () => {
    await house.revokeAll(people[2] ?? ({} as Tenant));
    expect((await managers.syncs(door)).outcome.kind).toBe("synced");
  });
  await holds("the change is done: the new ones open, the old ones do not", async () => {
    const [ada, dan] = [await (await own(people[0])).now(door), await (await own(people[3])).now(door)];
    expect([ada, codes[1] ?? "", dan].map((code) => opens(door, code))).toEqual([true, true, true]);
    expect([codes[0] ?? "", codes[2] ?? ""].map((code) => opens(door, code))).toEqual([false, false]);
    expect((await house.sees(door)).refused).toBeNull();
  });
});
