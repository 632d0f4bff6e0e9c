// The support articles on changing codes, walked through in the order in which they tell a person what to do. Each
// journey stands for the feature that it serves; the features' own journeys are in the other files.
import { expect } from "vitest";
import { opens, passes } from "../support/journey-door.ts";
import { type Door, openHouse } from "../support/journey-house.ts";
import { invited } from "../support/journey-phone.ts";
import { tagAt, walkTo } from "../support/journey-radio.ts";
import { journey } from "./journey.ts";

journey("F10", "as the article tells it: change your doorcodes across all doors", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const hedda = await house.moveIn("Hedda", "host", unit);
  const phone = await house.phone(rita);
  let home = {} as Door;
  let pool = {} as Door;
  let old: string[] = [];
  await given("doorcodes that were created for her alone, at home and at the pool", async () => {
    home = await house.door("1A front", "residence", unit);
    pool = await house.door("Pool", "communal");
    await house.give(rita, [home, pool]);
    await house.give(hedda, [home, pool]);
    await phone.syncs(home);
    await phone.syncs(pool);
    old = [await phone.now(home), await phone.now(pool)];
    expect([opens(home, old[0] ?? ""), opens(pool, old[1] ?? "")]).toEqual([true, true]);
  });
  await when("she reaches out to management, which revokes all of her access", () => house.revokeAll(rita));
  await when("and then re-grants it", () => house.give(rita, [home, pool]));
  await holds("new doorcodes were generated for her account", async () => {
    expect(await phone.next(home)).not.toBe(old[0]);
    expect(await phone.next(pool)).not.toBe(old[1]);
  });
  await holds("the prior ones are still valid at doors without a network", () =>
    expect([opens(home, old[0] ?? ""), opens(pool, old[1] ?? "")]).toEqual([true, true]),
  );
  await when("she performs a door sync at both, once she is invited again", async () => {
    for (const door of [home, pool]) expect((await phone.syncs(door)).outcome.kind).toBe("synced");
  });
  await holds("the prior doorcodes are no longer valid, and the new ones are", async () => {
    expect([opens(home, old[0] ?? ""), opens(pool, old[1] ?? "")]).toEqual([false, false]);
    expect([opens(home, await phone.now(home)), opens(pool, await phone.now(pool))]).toEqual([true, true]);
  });
  await when("it is her host whom she asks, for the door of their unit", async () => {
    old = [await phone.now(home), await phone.now(pool)];
    const host = await house.phone(hedda);
    await host.asks("regrant", { params: { property: service.propertyId, person: rita.personId }, body: {} });
    await phone.syncs(home);
  });
  await holds("that works alike, and changes no shared door", async () => {
    expect([opens(home, old[0] ?? ""), opens(home, await phone.now(home))]).toEqual([false, true]);
    expect(opens(pool, old[1] ?? "")).toBe(true);
    expect(await phone.now(pool)).toBe(old[1]);
  });
});

journey("F11", "as the article tells it: reset your doorcode at a residential door", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  let phone = await house.phone(rita, { version: "1.0.0" });
  let home = {} as Door;
  let old = "";
  await given("a community that asks for the latest app, and a resident with last year's", async () => {
    home = await house.door("1A front", "residence", unit);
    await house.give(rita, [home]);
    await phone.syncs(home);
    old = await phone.now(home);
    await house.policy({ appVersionMin: "3.0.0" });
    const answer = await phone.account.reset({ door: home.doorId });
    expect(answer.ok === false && answer.problem?.name).toBe("UPGRADE_REQUIRED");
    expect(answer.ok === false && answer.problem?.remedy).toMatch(/install the latest version/);
  });
  await when("she makes sure that the phone has the latest version", async () => {
    phone = await house.phone(rita, { version: "3.0.0" });
  });
  await when("1, 2: taps Access and selects the private unit door", async () => {
    expect((await phone.door(home)).kind).toBe("residence");
  });
  await when("3, 4: clicks Reset Doorcode and follows the steps", async () => {
    expect((await phone.door(home)).canReset).toMatchObject({ ok: true });
    const answer = await phone.account.reset({ door: home.doorId });
    expect(answer.ok && answer.value.entry.pending).toBe(true);
    expect([opens(home, old), opens(home, await phone.next(home))]).toEqual([true, false]);
  });
  await when("5: performs a door sync on the door", async () => {
    expect((await phone.syncs(home)).outcome.kind).toBe("synced");
  });
  await holds("the old doorcode no longer works and the new one does", async () =>
    expect([opens(home, old), opens(home, await phone.now(home))]).toEqual([false, true]),
  );
});

journey("F4", "as the article tells it: request a new access code", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let home = {} as Door;
  let old = "";
  let fresh = "";
  await given("a resident with a Bluetooth lock, in a community that enabled six digits", async () => {
    await house.policy({ sixDigits: true });
    home = await house.door("1A front", "residence", unit);
    await house.give(rita, [home]);
    await phone.syncs(home);
    old = await phone.now(home);
  });
  await when("1 to 4: taps Access, My Access, the gear icon, Generate a Code", async () => {
    expect(await phone.codes()).toHaveLength(1);
    expect((await phone.door(home)).canReset.ok).toBe(true);
  });
  await when("5: chooses six digits", async () => {
    expect((await phone.account.reset({ door: home.doorId, length: 6 })).ok).toBe(true);
    fresh = await phone.next(home);
    expect(fresh).toMatch(/^\d{6}$/);
  });
  await holds("6: until the phone connects with the lock again the current code is not deleted", async () => {
    passes(service, [home], 10 * 60);
    expect([opens(home, old), opens(home, fresh)]).toEqual([true, false]);
    expect((await phone.door(home)).pending).toBe(true);
  });
  await when("she is within some steps of the lock, and waits", async () => {
    const walk = walkTo(home);
    walk.to(5);
    const visits = await phone.watches(
      walk.radar(tagAt(home), () => {}),
      ({ outcome }) => outcome.kind === "synced",
    );
    expect(visits).toHaveLength(1);
  });
  await holds("the access code is updated", () =>
    expect([opens(home, old), opens(home, fresh)]).toEqual([false, true]),
  );
});

journey("F6", "as the article tells it: create a custom access code", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let home = {} as Door;
  let gym = {} as Door;
  let old = "";
  const pick = async (door: Door, code: string): Promise<string> => {
    const answer = await phone.account.pick({ door: door.doorId, code });
    return answer.ok ? "granted" : (answer.problem?.name ?? "unreachable");
  };
  await given("a resident at home and at the gym, whose community has not enabled custom codes", async () => {
    home = await house.door("1A front", "residence", unit);
    gym = await house.door("Gym", "communal");
    await house.give(rita, [home, gym]);
    await phone.syncs(home);
    await phone.syncs(gym);
    old = await phone.now(home);
    expect((await phone.door(home)).canPick.ok).toBe(false);
    expect(await pick(home, "2580")).toBe("CANNOT_SPECIFY_PIN_CODE");
  });
  await when("she reaches out to the community, which enables them", async () => {
    await house.policy({ customCodes: true });
    expect((await phone.door(home)).canPick.ok).toBe(true);
    expect((await phone.door(gym)).canPick.ok).toBe(false);
  });
  const walk = walkTo(home);
  await when(
    "1 to 8: taps Pick a Code, chooses four digits, enters the PIN and taps Update, out of range",
    async () => {
      expect(await pick(home, "1111")).toBe("CODE_WEAK");
      expect(await pick(home, "1234")).toBe("CODE_WEAK");
      expect(await pick(home, "5432")).toBe("CODE_WEAK");
      expect(await pick(home, "258013")).toBe("SIX_DIGITS_OFF");
      expect(await pick(home, "2580")).toBe("granted");
      walk.to(100);
      expect(walk.seesLock).toBe(false);
    },
  );
  await holds("the code is in a Pending state, and the current one opens", async () => {
    const faces = await phone.codes(home);
    expect(faces.map((face) => [face.digits, face.pending])).toEqual([
      [old, true],
      ["2580", true],
    ]);
    expect([opens(home, old), opens(home, "2580")]).toEqual([true, false]);
  });
  await when("she moves within thirty feet and awaits the update", async () => {
    const visits = await phone.watches(
      walk.radar(tagAt(home), (look) => look === 2 && walk.to(5)),
      ({ outcome }) => outcome.kind === "synced",
    );
    expect(visits).toHaveLength(1);
  });
  await holds("her own code opens", () =>
    expect([opens(home, old), opens(home, "2580")]).toEqual([false, true]),
  );
  await holds("guests' codes are random, and no shared door takes a chosen one", async () => {
    const body = { name: "Gran", kind: "permanent", code: "1379" };
    expect(await phone.isDenied("inviteGuest", { params: { door: home.doorId }, body })).toBe(
      "GUEST_RANDOM_ONLY",
    );
    expect(await pick(gym, "1379")).toBe("CODE_NOT_PRIVATE");
    const gran = await invited(phone, home, { name: "Gran", kind: "permanent" });
    await phone.syncs(home);
    expect(opens(home, gran.code)).toBe(true);
  });
});
