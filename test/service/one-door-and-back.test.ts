/**
 * One door taken from somebody, and access given back after a theft, at real locks: what ends, what stays exactly as it
 * was, who is told new digits, and what no lock knows of. Not revoking all, nor what a suspension does at the doors: those
 * are managers-decide and door-state.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { opens, opensByCard } from "../support/journey-door.ts";
import { type Door, type House, openHouse, type Tenant } from "../support/journey-house.ts";
import { invited, type Phone } from "../support/journey-phone.ts";
import { type Service, startService } from "../support/service.ts";

let service: Service;
let house: House;
let unit: string;
let managers: Phone;
let front: Door;
let gym: Door;
let rita: Tenant;
let ritas: Phone;
beforeAll(async () => {
  service = await startService();
  house = openHouse(service);
  await house.localTime([{ at: 0, offsetMinutes: 0 }]);
  unit = await house.unit("1A");
  managers = await house.managersPhone();
  front = await house.door("1A front", "residence", unit);
  gym = await house.door("Gym", "communal");
  rita = await house.moveIn("Rita", "resident", unit);
  await house.give(rita, [front, gym]);
  ritas = await house.phone(rita);
  for (const door of [front, gym]) await managers.syncs(door);
}, 120_000);
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

const of = (person: string): Record<string, string> => ({ property: service.propertyId, person });
const doorOf = (person: string, { doorId }: Door): Record<string, string> => ({
  ...of(person),
  door: doorId,
});
const synced = async (door: Door): Promise<void> =>
  expect((await managers.syncs(door)).outcome.kind).toBe("synced");

describe("one door is taken from somebody", () => {
  test("what opens it ends with its sync, and every code elsewhere is the one it was", async () => {
    const card = "04a1b2c3d4";
    await house.asks("assignKeycard", {
      params: { door: gym.doorId },
      body: { person: rita.personId, card },
    });
    await house.asks("noteKey", {
      params: { door: gym.doorId },
      body: { person: rita.personId, label: "brass" },
    });
    await synced(gym);
    const [home, shared] = [await ritas.now(front), await ritas.now(gym)];
    expect([opens(front, home), opens(gym, shared), opensByCard(gym, card)]).toEqual([true, true, true]);

    const taken = await house.asks("revokeDoor", { params: doorOf(rita.personId, gym) });
    const states = taken.doors.map(({ door, codes }: { door: string; codes: { state: string }[] }) => [
      door,
      ...codes.map(({ state }) => state),
    ]);
    expect(states).toEqual([["Gym", "removing", "removing"]]);
    expect(taken.keys).toMatchObject([{ door: "Gym", label: "brass" }]);
    expect(opens(gym, shared), "before the sync").toBe(true);
    await synced(gym);
    expect([opens(gym, shared), opensByCard(gym, card)]).toEqual([false, false]);

    expect((await managers.syncs(front)).outcome.kind, "nothing is to be brought home").toBe("already");
    expect([await ritas.now(front), opens(front, home)]).toEqual([home, true]);
    const { standings, doors } = await house.asks("person", { params: of(rita.personId) });
    expect([standings, doors]).toMatchObject([[{ revoked: false }], [{ door: "1A front" }]]);
    const again = await house.isDenied("revokeDoor", { params: doorOf(rita.personId, gym) });
    expect(again).toBe("NOT_ASSIGNED");
  }, 60_000);

  test("at home, too: who still lives there lets nobody in by a guest's code or a daily doorcode", async () => {
    const studio = await house.door("Studio", "residence", unit);
    expect((await ritas.door(studio)).canInvite.ok, "who was never given a code there").toBe(true);
    await house.give(rita, [studio]);
    await synced(studio);
    const code = await ritas.now(studio);
    const params = { door: studio.doorId };
    expect((await ritas.asks("dailyCode", { params, body: {} })).code).toMatch(/^\d{7}$/);
    await house.asks("revokeDoor", { params: doorOf(rita.personId, studio) });
    const body = { name: "Myself", kind: "permanent" };
    expect(await ritas.isDenied("inviteGuest", { params, body })).toBe("NO_CODE_HERE");
    expect(await ritas.isDenied("dailyCode", { params, body: {} })).toBe("NO_CODE_HERE");
    expect(await ritas.door(studio)).toMatchObject({
      canInvite: { denial: "NO_CODE_HERE" },
      canGiveDaily: { denial: "NO_CODE_HERE" },
    });
    await synced(studio);
    expect(opens(studio, code)).toBe(false);
    await house.give(rita, [studio]);
    await invited(ritas, studio, { name: "Gran", kind: "permanent" });
  }, 60_000);

  test("by a host at the doors of the unit, and at no other; by nobody from themselves, by no resident", async () => {
    const hedda = await house.moveIn("Hedda", "host", unit);
    const ned = await house.moveIn("Ned", "resident", await house.unit("2B"));
    const [hers, neds] = [await service.logIn(hedda.email, "desktop"), await house.phone(ned)];
    await house.give(hedda, [front]);
    const bert = await house.moveIn("Bert", "resident", unit);
    await house.give(bert, [front, gym]);
    const asks = async (token: string, params: Record<string, string>): Promise<string> => {
      const { status, body } = await service.call("revokeDoor", { token, params });
      return status === 200 ? "granted" : body.name;
    };
    expect(await asks(hers, doorOf(bert.personId, gym)), "a shared door").toBe("NOT_ALLOWED");
    expect(await asks(hers, doorOf(ned.personId, front)), "a neighbour").toBe("NO_SUCH");
    expect(await asks(hers, doorOf(hedda.personId, front)), "herself").toBe("NOT_ALLOWED");
    expect(await asks(await neds.token(), doorOf(bert.personId, front)), "a resident").toBe("NOT_ALLOWED");
    expect(await asks(hers, doorOf(bert.personId, front))).toBe("granted");
    expect(await asks(hers, { ...of(bert.personId), door: "0".repeat(24) })).toBe("NO_SUCH");
    const { decisions } = await house.asks("audit", { params: { property: service.propertyId } });
    const written = decisions.filter(({ action }: { action: string }) => action === "revokeDoor");
    expect(written.find(({ actor }: { actor: string }) => actor === "Hedda")).toMatchObject({
      personId: bert.personId,
    });
    const said = written.filter(
      (one: { actor: string; decision: string }) => one.actor === "Hedda" && one.decision === "granted",
    );
    expect(said).toMatchObject([{ doorId: front.doorId, personId: bert.personId }]);
  }, 60_000);
});

describe("resumed after a theft", () => {
  test("somebody without an account has a new code that somebody can tell them, once", async () => {
    const body = { name: "Grandpa", role: "resident", unit };
    const { personId } = await house.asks("addPerson", { params: { property: service.propertyId }, body });
    const granted = await house.asks("grantAccess", {
      params: of(personId),
      body: { doors: [front.doorId, gym.doorId] },
    });
    const [old = ""] = granted.doors.map(({ digits }: { digits: string }) => digits);
    const asked = { params: of(personId), body: { reason: "stolen" } };
    await house.asks("suspend", asked);
    const { doors } = await house.asks("resume", { params: of(personId), body: {} });
    for (const door of [front, gym]) {
      const { digits } = doors.find(({ doorId }: { doorId: string }) => doorId === door.doorId);
      expect(digits).toMatch(/^\d{4}$/);
      await synced(door);
      expect(opens(door, digits)).toBe(true);
    }
    expect(opens(front, old)).toBe(false);
    // With the same codes nothing is told: they are known.
    await house.asks("suspend", { params: of(personId), body: { reason: "other" } });
    const same = await house.asks("resume", { params: of(personId), body: {} });
    expect(same.newCodes).toBe(false);
    expect(same.doors.map(({ digits }: { digits: string | null }) => digits)).toEqual([null, null]);
  }, 60_000);

  test("so has a guest; who has an account sees it there, and nobody else does", async () => {
    const guest = await invited(ritas, front, { name: "Gus", kind: "permanent" });
    for (const person of [guest.person, rita.personId])
      await house.asks("suspend", { params: of(person), body: { reason: "stolen" } });
    await synced(front);
    const told = await house.asks("resume", { params: of(guest.person), body: {} });
    const own = await house.asks("resume", { params: of(rita.personId), body: {} });
    await synced(front);
    expect(opens(front, told.doors[0].digits)).toBe(true);
    expect(opens(front, guest.code)).toBe(false);
    expect(own.doors.map(({ digits }: { digits: string | null }) => digits)).not.toContain(
      expect.any(String),
    );
    ritas = await house.phone(rita);
    expect(opens(front, await ritas.now(front))).toBe(true);
  }, 60_000);
});

test("mechanical keys that are out are named by whatever takes access away, and in the person's view", async () => {
  const kim = await house.moveIn("Kim", "resident", unit);
  await house.give(kim, [front, gym]);
  const give = async (door: Door, label: string): Promise<string> =>
    (
      await house.asks("noteKey", {
        params: { door: door.doorId },
        body: { person: kim.personId, label },
      })
    ).id;
  const back = await give(front, "spare");
  await give(front, "blue");
  await give(gym, "red");
  await house.asks("returnKey", { params: { door: front.doorId, key: back } });
  const out = [
    { door: "1A front", doorId: front.doorId, label: "blue", givenAt: service.clock.now },
    { door: "Gym", doorId: gym.doorId, label: "red" },
  ];
  const params = of(kim.personId);
  expect((await house.asks("person", { params })).keys).toMatchObject(out);
  expect((await house.asks("revokeDoor", { params: doorOf(kim.personId, gym) })).keys).toMatchObject(out);
  expect((await house.asks("suspend", { params, body: { reason: "other" } })).keys).toMatchObject(out);
  await house.asks("resume", { params, body: {} });
  expect((await house.asks("regrant", { params, body: {} })).keys).toMatchObject(out);
  expect((await house.asks("revokeAll", { params })).keys).toMatchObject(out);
}, 60_000);
