// F8 and F9 at the door: what guests' codes open and when, and which codes are never drawn.
import { expect } from "vitest";
import { becomes, opens } from "../support/journey-door.ts";
import { type Door, openHouse } from "../support/journey-house.ts";
import { type Guest, invited } from "../support/journey-phone.ts";
import { powerFailsWhileTyping } from "../support/journey-power.ts";
import { journey } from "./journey.ts";

const minute = 60;
const hour = 3_600;
const day = 86_400;

journey("F8", "a temporary guest's code opens from its first second until before its last", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let code = "";
  const from = service.clock.now + hour;
  const until = from + hour;
  await given("a resident whose lock knows the time to the second", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
  });
  await when("she invites a guest for an hour, from an hour on, and syncs", async () => {
    code = (await invited(phone, door, { name: "Tess", kind: "temporary", from, until })).code;
    await phone.syncs(door);
  });
  await holds("it is refused a second early, opens in its hour, and is refused at its end", () => {
    const seen: [number, boolean][] = [];
    for (const at of [from - 1, from, until - 1, until]) {
      becomes(service, [door], at);
      seen.push([at - from, opens(door, code)]);
    }
    expect(seen).toEqual([
      [-1, false],
      [0, true],
      [hour - 1, true],
      [hour, false],
    ]);
  });
});

/** 2026-09-28, a Monday, at midnight. */
const monday = Math.floor(1_790_000_000 / day) * day + 7 * day;

journey("F8", "guests' codes: permanent, recurring, delivery", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let entrance = {} as Door;
  const invite = (at: Door, body: object): Promise<Guest> => invited(phone, at, body);
  await given("a resident with a door and a building entrance, whose locks know the local time", async () => {
    await house.localTime([{ at: 0, offsetMinutes: 0 }]);
    door = await house.door("1A front", "residence", unit);
    entrance = await house.door("Entrance", "buildingEntrance");
    await house.give(rita, [door, entrance]);
    becomes(service, [door, entrance], monday + 12 * hour);
    await phone.syncs(door);
    await phone.syncs(entrance);
  });
  const both = (): Door[] => [door, entrance];
  const guests = { permanent: "", recurring: "", delivery: "", stays: "" };
  await when("she invites a permanent, a recurring and a delivery guest and syncs", async () => {
    const permanent = await invite(door, { name: "Gran", kind: "permanent" });
    guests.permanent = permanent.code;
    guests.stays = permanent.person;
    const window = { days: 0b0000010, startMinute: 22 * 60, endMinute: 2 * 60 };
    guests.recurring = (await invite(door, { name: "Nurse", kind: "recurring", windows: [window] })).code;
    guests.delivery = (await invite(entrance, { name: "Parcel", kind: "delivery" })).code;
    await phone.syncs(door);
    await phone.syncs(entrance);
  });
  await holds("nobody can choose a guest's digits", async () => {
    const body = { name: "Pat", kind: "permanent", code: "2580" };
    expect(await phone.isDenied("inviteGuest", { params: { door: door.doorId }, body })).toBe(
      "GUEST_RANDOM_ONLY",
    );
  });
  await holds("the permanent code opens at once", () => expect(opens(door, guests.permanent)).toBe(true));
  await holds("the delivery's code opens the entrance once, and not a second time", () => {
    expect(opens(entrance, guests.delivery)).toBe(true);
    expect(opens(entrance, guests.delivery)).toBe(false);
  });
  await holds("a delivery's code that was not used ends by itself", async () => {
    const late = await invite(entrance, { name: "Second parcel", kind: "delivery" });
    const third = await invite(entrance, { name: "Third parcel", kind: "delivery" });
    await phone.syncs(entrance);
    expect(opens(entrance, third.code)).toBe(true);
    becomes(service, both(), service.clock.now + 2 * hour);
    expect(opens(entrance, late.code)).toBe(false);
  });
  await holds("the recurring code opens on Monday nights past midnight, this week and the next", async () => {
    const seen: boolean[] = [];
    for (const week of [0, 7 * day])
      for (const at of [
        22 * hour - 5 * minute,
        22 * hour + 5 * minute,
        25 * hour,
        26 * hour + 5 * minute,
        46 * hour,
      ]) {
        becomes(service, both(), monday + week + at);
        await phone.syncs(door);
        seen.push(opens(door, guests.recurring));
      }
    expect(seen).toEqual([false, true, true, false, false, false, true, true, false, false]);
  });
  await holds("a lock that lost the time takes the permanent code and no other", async () => {
    const until = service.clock.now + day;
    const { code } = await invite(door, { name: "Tina", kind: "temporary", from: service.clock.now, until });
    await phone.syncs(door);
    expect(opens(door, code)).toBe(true);
    door.lock.clock.rtcSeconds = undefined;
    expect(opens(door, code)).toBe(false);
    expect(opens(door, guests.permanent)).toBe(true);
    door.lock.clock.rtcSeconds = service.clock.now;
  });
  await when("the power fails between a delivery's code and the bolt", async () => {
    const { code } = await invite(entrance, { name: "Fourth parcel", kind: "delivery" });
    await phone.syncs(entrance);
    const opened = powerFailsWhileTyping(entrance, code);
    expect(opened.filter((one) => one === "consumed").length).toBeGreaterThan(0);
    expect(opened).not.toContain("twice");
  });
  await holds("the permanent guest stays until she revokes him and syncs", async () => {
    await phone.asks("revokeGuest", { params: { door: door.doorId, person: guests.stays } });
    expect(opens(door, guests.permanent)).toBe(true);
    await phone.syncs(door);
    expect(opens(door, guests.permanent)).toBe(false);
  });
});

journey("F9", "generated codes are never weak ones", async ({ service, given, when, holds }) => {
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  const drawn: string[] = [];
  let door = {} as Door;
  await given(
    "a community that calls every run of three weak, which one drawn code in twenty would be",
    async () => {
      await house.policy({ codePolicy: "hardened" });
      door = await house.door("1A front", "residence", unit);
      await house.give(rita, [door]);
    },
  );
  await when("a code is generated 80 times", async () => {
    for (let i = 0; i < 80; i++) {
      const { entry } = await phone.asks("resetCode", { params: { door: door.doorId }, body: {} });
      drawn.push(entry.faces.at(-1).code);
    }
  });
  await holds("none holds a run, none repeats an earlier one, and the last one opens", async () => {
    const runs = drawn.filter((code) =>
      [...code].some((digit, i) => {
        const [a, b, c] = [digit, code[i + 1], code[i + 2]].map(Number);
        if (a === undefined || b === undefined || c === undefined || Number.isNaN(c)) return false;
        return b - a === c - b && Math.abs(b - a) <= 1;
      }),
    );
    expect(runs).toEqual([]);
    expect(new Set(drawn).size).toBe(80);
    await phone.syncs(door);
    expect(opens(door, drawn.at(-1) ?? "")).toBe(true);
  });
});
