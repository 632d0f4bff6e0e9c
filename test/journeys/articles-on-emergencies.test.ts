// The support articles on being locked out and on lost phones, walked through in the order in which they tell a person what to do. Each
// journey stands for the feature that it serves; the features' own journeys are in the other files.
import { memoryStorage } from "@doorsync/phone-client";
import { expect } from "vitest";
import { becomes, opens, opensByCard, opensByKey, passes } from "../support/journey-door.ts";
import { type Door, openHouse, tokenForm } from "../support/journey-house.ts";
import { found, lastLetter } from "../support/journey-post.ts";
import { vendorsPhone } from "../support/journey-vendor.ts";
import { journey } from "./journey.ts";

const hour = 3_600;
const day = 86_400;
const midnight = Math.ceil(1_790_000_000 / day) * day;
const digits = /\b(\d{7})\b/;
const card = "04a1b2c3d4e5f6";

journey("F17", "as the article tells it: locked out of a door without a network", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const ruth = await house.moveIn("Ruth", "resident", unit);
  let home = {} as Door;
  let code = "";
  await given("a resident whose code was changed and who stands outside", async () => {
    await house.localTime([{ at: 0, offsetMinutes: 0 }]);
    home = await house.door("1A front", "residence", unit);
    await house.give(rita, [home]);
    await house.give(ruth, [home]);
    const managers = await house.managersPhone();
    await managers.syncs(home);
    await house.regrant(rita);
    becomes(service, [home], midnight + 20 * hour);
  });
  const own = await house.phone(rita);
  await when("the first thing: a door sync, so that the device has the latest information", async () => {
    const fresh = await own.next(home);
    expect(opens(home, fresh)).toBe(false);
    expect((await own.syncs(home)).outcome.kind).toBe("synced");
    expect(opens(home, fresh)).toBe(true);
    code = fresh;
  });
  await when("her phone breaks, and she reaches out to management", async () => {
    const daily = await house.asks("dailyCode", { params: { door: home.doorId }, body: {} });
    expect(opens(home, daily.code)).toBe(true);
  });
  await holds("the vendor can give her no access", async () => {
    const support = await vendorsPhone(service);
    const asked = { params: { door: home.doorId }, body: {} };
    expect(await support.isDenied("dailyCode", asked)).toBe("NOT_ALLOWED");
  });
  const storage = memoryStorage();
  await when("she logs in on a neighbour's phone, views her codes, and signs out completely", async () => {
    const borrowed = await house.phone(rita, { storage });
    expect(await borrowed.now(home)).toBe(code);
    expect((await borrowed.account.logOut()).isServiceTold).toBe(true);
  });
  await holds("the code opens, and nothing is left on the neighbour's phone", async () => {
    expect(opens(home, code)).toBe(true);
    expect(await storage.list()).toEqual([]);
  });
  await when("she resets her password, so that her account is logged out everywhere", async () => {
    await service.call("askPasswordReset", { body: { email: rita.email } });
    const token = found(await lastLetter(service, rita.email), tokenForm);
    const done = await service.call("resetPassword", { body: { token, password: "a wholly new secret" } });
    expect(done.status).toBe(204);
    expect(await own.isDenied("myCodes")).toBe("UNAUTHENTICATED");
  });
  await when(
    "no phone can be borrowed: a flatmate has a daily doorcode sent to a number of her choice",
    async () => {
      passes(service, [home], day);
      const ruths = await house.phone(ruth);
      const to = { phone: "+15557654321" };
      await ruths.asks("dailyCode", { params: { door: home.doorId }, body: { to } });
      code = found(await lastLetter(service, to.phone), digits);
    },
  );
  await holds("it opens the door", () => expect(opens(home, code)).toBe(true));
});

journey("F25", "as the article tells it: the phone is locked in, or its battery is dead", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const ruth = await house.moveIn("Ruth", "resident", unit);
  let home = {} as Door;
  let code = "";
  await given("a resident with a code and a keycard, outside and without her phone", async () => {
    await house.localTime([{ at: 0, offsetMinutes: 0 }]);
    home = await house.door("1A front", "residence", unit);
    await house.give(rita, [home]);
    await house.asks("assignKeycard", {
      params: { door: home.doorId },
      body: { person: rita.personId, card },
    });
    const phone = await house.phone(rita);
    await phone.syncs(home);
    code = await phone.now(home);
    becomes(service, [home], midnight + 20 * hour);
  });
  await holds("another credential opens: the card, or the mechanical key", () => {
    expect(opensByCard(home, card)).toBe(true);
    expect(opensByKey(home)).toBe(true);
  });
  await when("management provides the daily doorcode", async () => {
    const daily = await house.asks("dailyCode", { params: { door: home.doorId }, body: {} });
    expect(opens(home, daily.code)).toBe(true);
  });
  await when("she logs in on another phone, views her codes, and signs out", async () => {
    const storage = memoryStorage();
    const borrowed = await house.phone(rita, { storage });
    expect(await borrowed.now(home)).toBe(code);
    await borrowed.account.logOut();
    expect(await storage.list()).toEqual([]);
    expect(opens(home, code)).toBe(true);
  });
  await when("she sits at a computer: the password can be reset there, and no code is shown", async () => {
    const token = await service.logIn(rita.email, "desktop");
    expect((await service.call("myCodes", { token })).body.name).toBe("MOBILE_ONLY");
    await service.call("askPasswordReset", { body: { email: rita.email } });
    const reset = found(await lastLetter(service, rita.email), tokenForm);
    const done = await service.call("resetPassword", {
      body: { token: reset, password: "a wholly new secret" },
    });
    expect(done.status).toBe(204);
  });
  await when("she can read her e-mail: who has resident access sends her a daily doorcode", async () => {
    passes(service, [home], day);
    const ruths = await house.phone(ruth);
    const body = { to: { email: "rita@mail.example" } };
    await ruths.asks("dailyCode", { params: { door: home.doorId }, body });
    code = found(await lastLetter(service, "rita@mail.example"), digits);
  });
  await holds("it opens the door today, and not the day after tomorrow", () => {
    expect(opens(home, code)).toBe(true);
    passes(service, [home], 2 * day);
    expect(opens(home, code)).toBe(false);
  });
});

journey("F26", "as the article tells it: the phone was stolen", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const ruth = await house.moveIn("Ruth", "resident", unit);
  const stolen = await house.phone(rita);
  const ruths = await house.phone(ruth);
  let home = {} as Door;
  let code = "";
  await given("a resident whose phone, logged in, is in a thief's hands", async () => {
    home = await house.door("1A front", "residence", unit);
    await house.give(rita, [home]);
    await house.give(ruth, [home]);
    await stolen.syncs(home);
    code = await stolen.now(home);
    expect(opens(home, code)).toBe(true);
  });
  await when("she performs a password reset", async () => {
    await service.call("askPasswordReset", { body: { email: rita.email } });
    const token = found(await lastLetter(service, rita.email), tokenForm);
    const done = await service.call("resetPassword", { body: { token, password: "a wholly new secret" } });
    expect(done.status).toBe(204);
  });
  await holds("her account is logged out of the stolen phone", async () => {
    expect(await stolen.isDenied("myCodes")).toBe("UNAUTHENTICATED");
    expect(await stolen.isDenied("fetchParcels", { body: {} })).toBe("UNAUTHENTICATED");
  });
  await holds("who read the code before can still type it: it must be taken off the door", () =>
    expect(opens(home, code)).toBe(true),
  );
  await when("she asks management to remove her building access for a while", async () => {
    await house.suspend(rita, "stolen");
    expect(opens(home, code)).toBe(true);
    const { codes } = await house.sees(home);
    const hers = codes.find((one: { personId: string }) => one.personId === rita.personId);
    expect(hers).toMatchObject({ pending: true, worksNow: true, worksAfterSync: false });
    expect(hers.exposure.kind).toBe("untilSync");
  });
  await when("a door sync is performed after that, by her flatmate", async () => {
    expect((await ruths.syncs(home)).outcome.kind).toBe("synced");
  });
  await holds("the code is off the door, and the flatmate's is not", async () => {
    expect(opens(home, code)).toBe(false);
    expect(opens(home, await ruths.now(home))).toBe(true);
  });
  await when("she has a new phone, and management lets her in again", async () => {
    await house.resume(rita);
    const fresh = await house.phone(rita, { password: "a wholly new secret" });
    expect((await fresh.syncs(home)).outcome.kind).toBe("synced");
    code = await fresh.now(home);
  });
  await holds("a new code opens", () => expect(opens(home, code)).toBe(true));
});
