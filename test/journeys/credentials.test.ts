// F22 to F24 at the door: other ways in, the daily doorcode, and the vendor, who has none.
import { expect } from "vitest";
import { becomes, opens, opensByCard, opensByKey } from "../support/journey-door.ts";
import { type Door, openHouse } from "../support/journey-house.ts";
import { found, lastLetter } from "../support/journey-post.ts";
import { vendorsPhone, vendorsTable } from "../support/journey-vendor.ts";
import { answerName, deliver } from "../world.ts";
import { journey } from "./journey.ts";

const hour = 3_600;
const day = 86_400;
/** A midnight by UTC, after the hour in which stories begin. */
const midnight = Math.ceil(1_790_000_000 / day) * day;
const card = "04a1b2c3d4e5f6";

journey("F22", "doorcode, keycard and mechanical key", async ({ service, given, when, holds }) => {
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let code = "";
  await given("a resident with a code", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
    code = await phone.now(door);
  });
  await when("management gives her a keycard", async () => {
    const body = { person: rita.personId, card };
    await house.asks("assignKeycard", { params: { door: door.doorId }, body });
    expect(opensByCard(door, card)).toBe(false);
    await phone.syncs(door);
  });
  await holds("after a sync the card opens, and another card does not", () => {
    expect(opensByCard(door, card)).toBe(true);
    expect(opensByCard(door, "04ffffffffffff")).toBe(false);
    expect(opens(door, code)).toBe(true);
  });
  await when("she has a mechanical key as well, and uses it", async () => {
    await house.asks("noteKey", {
      params: { door: door.doorId },
      body: { person: rita.personId, label: "K-17" },
    });
    expect(opensByKey(door)).toBe(true);
    await phone.syncs(door);
  });
  await holds("the key stands in the books, its use in the log as manual and as nobody's", async () => {
    expect(JSON.stringify(await house.sees(door))).toContain("K-17");
    const { entries } = await house.asks("doorLog", { params: { door: door.doorId } });
    const manual = entries.filter((one: { source: string }) => one.source === "Manual");
    expect(manual.length).toBeGreaterThan(0);
    expect(manual.every((one: { person: string | null }) => one.person === null)).toBe(true);
  });
  await when("all her access is revoked and the manager syncs", async () => {
    await house.revokeAll(rita);
    const managers = await house.managersPhone();
    await managers.syncs(door);
  });
  await holds("code and card go together; the key is still out, and the books say so", async () => {
    expect([opens(door, code), opensByCard(door, card)]).toEqual([false, false]);
    expect(JSON.stringify(await house.sees(door))).toContain("K-17");
  });
});

journey("F23", "a daily doorcode without a sync, for one door and one day", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const flatmate = await house.moveIn("Ruth", "resident", unit);
  const gus = await house.moveIn("Gus", "guest", unit);
  const phone = await house.phone(flatmate);
  const gusPhone = await house.phone(gus);
  const doors: Door[] = [];
  const params = (door: Door) => ({ params: { door: door.doorId } });
  const codes: string[] = [];
  const digits = /\b(\d{7})\b/;
  await given("two doors whose locks know the local time, an hour behind Greenwich's", async () => {
    await house.localTime([{ at: 0, offsetMinutes: 60 }]);
    doors.push(
      await house.door("1A front", "residence", unit),
      await house.door("1A back", "residence", unit),
    );
    await house.give(rita, doors);
    await house.give(gus, doors);
    for (const door of doors) await phone.syncs(door);
    becomes(service, doors, midnight - hour + 12 * hour);
  });
  const [front = {} as Door, back = {} as Door] = doors;
  await when("her flatmate has one sent to an e-mail address, and management one to a phone", async () => {
    const sent = await phone.asks("dailyCode", {
      ...params(front),
      body: { to: { email: "rita@elsewhere.example" } },
    });
    expect(sent.code).toBeNull();
    expect(sent.limits.join(" ")).toMatch(/cannot be taken back/);
    expect([sent.validUntil, sent.opensAtLatestUntil]).toEqual([
      midnight - hour + day,
      midnight - hour + day + 3 * hour,
    ]);
    codes.push(found(await lastLetter(service, "rita@elsewhere.example"), digits));
    await house.asks("dailyCode", { ...params(front), body: { to: { phone: "+15551234567" } } });
    codes.push(found(await lastLetter(service, "+15551234567"), digits));
  });
  await holds("it opens that door today, with no sync, and no other door", () => {
    expect(codes[0]).toBe(codes[1]);
    expect(opens(front, codes[0] ?? "")).toBe(true);
    expect(opens(front, codes[1] ?? "")).toBe(true);
    expect(opens(back, codes[0] ?? "")).toBe(false);
  });
  await holds("a guest cannot give one, nor who lives elsewhere", async () => {
    expect(await gusPhone.isDenied("dailyCode", { ...params(front), body: {} })).toBe("NOT_ALLOWED");
    const nell = await house.moveIn("Nell", "resident", await house.unit("2B"));
    const nells = await house.phone(nell);
    expect(await nells.isDenied("dailyCode", { ...params(front), body: {} })).toBe("NO_SUCH");
  });
  await holds("who asked is written down, because the code cannot tell the two apart", async () => {
    const { decisions } = await house.asks("audit", { params: { property: service.propertyId } });
    const asked = decisions.filter(
      (one: { action: string; decision: string }) => one.action === "dailyCode" && one.decision === "granted",
    );
    const told = asked.map((one: { actor: string; doorId: string }) => [one.actor, one.doorId]).sort();
    expect(told).toEqual([
      ["Mona Manager", front.doorId],
      ["Ruth", front.doorId],
    ]);
  });
  await holds("not to more than two new addresses a day", async () => {
    const to = (name: string) => ({ ...params(front), body: { to: { email: `${name}@elsewhere.example` } } });
    await phone.asks("dailyCode", to("second"));
    expect(await phone.isDenied("dailyCode", to("third"))).toBe("DAILY_LIMIT");
  });
  await when("it is a minute to midnight, and another one is asked for", async () => {
    becomes(service, doors, midnight - hour + day - 60);
    const late = await house.asks("dailyCode", { ...params(front), body: {} });
    expect(late.code).toBe(codes[0]);
    expect(opens(front, late.code)).toBe(true);
  });
  await holds(
    "half an hour past midnight it may open still, as was said: whoever waits outside is let in",
    () => {
      becomes(service, doors, midnight - hour + day + hour / 2);
      expect(opens(front, codes[0] ?? "")).toBe(true);
    },
  );
  await when("the next day's code was used", async () => {
    becomes(service, doors, midnight - hour + day + hour / 2 + 60);
    const tomorrow = await house.asks("dailyCode", { ...params(front), body: {} });
    expect(tomorrow.code).not.toBe(codes[0]);
    expect(opens(front, tomorrow.code)).toBe(true);
  });
  await holds("yesterday's opens no more", () => expect(opens(front, codes[0] ?? "")).toBe(false));
  await holds("nor does it at the other door once the hours of grace are over", async () => {
    const { code } = await house.asks("dailyCode", { ...params(back), body: {} });
    becomes(service, doors, midnight - hour + 2 * day + 4 * hour);
    expect(opens(back, code)).toBe(false);
  });
  await holds("a lock that lost the time takes none", async () => {
    const { code } = await house.asks("dailyCode", { ...params(back), body: {} });
    back.lock.clock.rtcSeconds = undefined;
    expect(opens(back, code)).toBe(false);
    back.lock.clock.rtcSeconds = service.clock.now;
    expect(opens(back, code)).toBe(true);
  });
});

journey("F23", "the daily doorcode on a day of 23 hours", async ({ service, given, when, holds }) => {
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let code = "";
  let validUntil = 0;
  const spring = midnight + 2 * hour;
  await given("a door at which the clocks go forward tonight", async () => {
    await house.localTime([
      { at: 0, offsetMinutes: 0 },
      { at: spring, offsetMinutes: 60 },
    ]);
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
    becomes(service, [door], midnight + hour);
  });
  await when("a code is asked for before they do", async () => {
    ({ code, validUntil } = await phone.asks("dailyCode", { params: { door: door.doorId }, body: {} }));
  });
  await holds(
    "it opens before and after the change, until the local midnight, which comes an hour early",
    () => {
      expect(validUntil).toBe(midnight + 23 * hour);
      expect(opens(door, code)).toBe(true);
      becomes(service, [door], spring + hour);
      expect(opens(door, code)).toBe(true);
      becomes(service, [door], validUntil + 4 * hour);
      expect(opens(door, code)).toBe(false);
    },
  );
});

journey("F24", "the vendor cannot open the door", async ({ service, given, when, holds }) => {
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let code = "";
  const asVendor = await vendorsPhone(service);
  await given("a resident's door, and the vendor's support with an account", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
    code = await phone.now(door);
  });
  await when("support asks for codes, a daily doorcode, a grant, or parcels to carry", async () => {
    const at = { params: { door: door.doorId } };
    const of = { params: { property: service.propertyId, person: rita.personId } };
    expect(await asVendor.isDenied("myCodes")).toBe("NOT_ALLOWED");
    for (const [name, asked] of [
      ["dailyCode", { ...at, body: {} }],
      ["inviteGuest", { ...at, body: { name: "X", kind: "permanent" } }],
      ["resetCode", { ...at, body: {} }],
      ["grantAccess", { ...of, body: { doors: [door.doorId] } }],
      ["revokeAll", of],
      ["fetchParcels", { body: {} }],
    ] as const)
      expect([name, await asVendor.isDenied(name, asked)]).toEqual([
        name,
        expect.stringMatching(/^(NOT_ALLOWED|NO_SUCH)$/),
      ]);
  });
  await when(
    "the vendor signs a table of its own, knowing every key of the lock but the property's",
    async () => {
      const forged = await vendorsTable(service, door, "2580", "vendor");
      expect(answerName(deliver(door.lock, forged))).toBe("REJECTED");
    },
  );
  await holds("the lock refuses it: the vendor's code does not open, the resident's does", () => {
    expect(opens(door, "2580")).toBe(false);
    expect(opens(door, code)).toBe(true);
  });
  await holds("it was the signature: the same table by the property's key is taken", async () => {
    const signed = await vendorsTable(service, door, "2580", "property");
    expect(answerName(deliver(door.lock, signed))).toBe("receipt");
    expect(opens(door, "2580")).toBe(true);
  });
});
