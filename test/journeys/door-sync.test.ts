// F16 to F21 at the door: what a sync is, who can do it, what a lock takes, from where, and what happens by itself.
import { describeOutcome } from "@doorsync/phone-client";
import * as air from "@doorsync/protocol/courier";
import { expect } from "vitest";
import { travel } from "../support/door-office.ts";
import { opens, passes } from "../support/journey-door.ts";
import { type Door, openHouse } from "../support/journey-house.ts";
import { invited } from "../support/journey-phone.ts";
import { tagAt, walkTo } from "../support/journey-radio.ts";
import { fetched } from "../support/service-door.ts";
import { answerName, inForce, visit as say, storesOf } from "../world.ts";
import { journey } from "./journey.ts";

const day = 86_400;

journey("F16", "a door sync is done at the door and shows what it came to", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let old = "";
  let next = "";
  await given("a resident with a reset code and the log of an opening at the door", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
    old = await phone.now(door);
    await phone.account.reset({ door: door.doorId });
    next = await phone.next(door);
    expect(opens(door, old)).toBe(true);
  });
  await when(
    "the connection breaks when the lock has taken the change and before it could say so",
    async () => {
      let isTaken = false;
      // The first frame is its hello.
      for (let frame = 1; !isTaken; frame++) {
        expect(frame).toBeLessThan(8);
        const visit = await phone.syncs(door, {
          faults: [{ kind: "cut", direction: "to-phone", frame }],
          patience: 200,
        });
        expect(visit.outcome.kind).toBe("dropped");
        expect(describeOutcome(visit.outcome)).toContain("sync again");
        isTaken = opens(door, next);
      }
    },
  );
  await holds(
    "it counts as no sync: the app still calls the change pending, and does not claim to be sure",
    async () => {
      const codes = await phone.codes(door);
      expect(codes.map(({ pending, certain }) => [pending, certain])).toEqual([
        [true, false],
        [true, false],
      ]);
      expect((await phone.door(door)).pending).toBe(true);
    },
  );
  await when("she syncs again an hour later", async () => {
    passes(service, [door], 3_600);
    const visit = await phone.syncs(door);
    expect(["synced", "already"]).toContain(visit.outcome.kind);
    expect(visit.receipt?.version).toBeGreaterThan(0);
  });
  await holds("the app shows success with date and time, and the log came back with it", async () => {
    const { lastSync, pending } = await phone.door(door);
    expect([lastSync.at, pending]).toEqual([service.clock.now, false]);
    const { entries } = await house.asks("doorLog", { params: { door: door.doorId } });
    expect(entries.some((one: { kind: string }) => one.kind === "LockOperation")).toBe(true);
    expect([opens(door, old), opens(door, next)]).toEqual([false, true]);
  });
  await when("nothing is changed, and she syncs once more a week later", async () => {
    passes(service, [door], 8 * day);
    expect((await house.sees(door)).health.state).toBe("silent");
    const visit = await phone.syncs(door);
    expect([visit.outcome.kind, visit.delivered, visit.receipt?.version]).toEqual([
      "already",
      [],
      (await house.sees(door)).provenVersion,
    ]);
    expect(describeOutcome(visit.outcome)).toContain("nothing to do: the lock proved");
  });
  await holds(
    "the lock has signed for its table anew: that is the last sync, and it is silent no more",
    async () => {
      expect((await phone.door(door)).lastSync.at).toBe(service.clock.now);
      expect((await house.sees(door)).health.state).toBe("ok");
    },
  );
});

journey("F17", "a sync works for who is locked out, and does not unlock", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const nora = await house.moveIn("Nora", "resident", unit);
  const phone = await house.phone(nora);
  let door = {} as Door;
  await given("a new resident outside a locked door that does not know her yet", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(nora, [door]);
    expect(opens(door, await phone.next(door))).toBe(false);
  });
  await when("the phone was without a network for so long that what it holds has expired", async () => {
    await phone.fetches();
    phone.network.on = false;
    passes(service, [door], 8 * day);
    const visit = await phone.syncs(door);
    expect(visit.outcome).toMatchObject({ kind: "refused", refusal: "EXPIRED" });
    expect(visit.advice.join(" ")).toMatch(/too old/);
    expect(visit.advice.join(" ")).toMatch(/network/);
  });
  await holds("nothing has changed, and the bolt has not moved", async () => {
    expect(door.lock.unlocked).toBe(false);
    phone.network.on = true;
    expect(opens(door, await phone.next(door))).toBe(false);
  });
  await when("she has a network and syncs", async () => {
    expect((await phone.syncs(door)).outcome.kind).toBe("synced");
    expect(door.lock.unlocked).toBe(false);
  });
  await holds("the code that the phone brought opens the door", async () =>
    expect(opens(door, await phone.now(door))).toBe(true),
  );
});

journey("F18", "anybody may carry the change, and nobody can read it", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const ruth = await house.moveIn("Ruth", "resident", unit);
  const gus = await house.moveIn("Gus", "guest", unit);
  const neighbour = await house.moveIn("Nell", "resident", await house.unit("2B"));
  const phone = await house.phone(rita);
  let door = {} as Door;
  /** What was carried, and the digits that it brought. */
  const rounds: { readonly code: string; readonly parcels: readonly Uint8Array[] }[] = [];
  await given("a resident who has changed her code and whose phone stays at home", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await house.give(gus, [door]);
    await phone.syncs(door);
  });
  for (const [who, carrier] of [
    ["her flatmate", ruth],
    ["a guest with a code there", gus],
    ["the manager", undefined],
  ] as const) {
    await when(`${who} carries the change`, async () => {
      await phone.account.reset({ door: door.doorId });
      const next = await phone.next(door);
      const theirs = carrier === undefined ? await house.managersPhone() : await house.phone(carrier);
      const { parcels: texts } = await theirs.asks("fetchParcels", { body: {} });
      const parcels = (texts as string[]).map((text) => new Uint8Array(Buffer.from(text, "base64url")));
      rounds.push({ code: next, parcels });
      expect((await theirs.syncs(door)).outcome.kind).toBe("synced");
      expect(opens(door, next)).toBe(true);
      expect((await phone.codes(door)).map(({ state }) => state)).toEqual(["set"]);
      if (carrier !== undefined) {
        const seen = JSON.stringify(await theirs.codes());
        expect(seen).not.toContain(`"${next}"`);
      }
    });
  }
  await when(
    "a parcel that her phone fetched travels on a neighbour's, who has nothing to do with the door",
    async () => {
      await phone.account.reset({ door: door.doorId });
      const lent = await fetched(service, await phone.token());
      const nells = await house.phone(neighbour);
      expect((await nells.asks("fetchParcels", { body: {} })).parcels).toEqual([]);
      const trip = travel(door.lock, lent);
      const slips = trip.slips.map((slip) => Buffer.from(air.encodeReturnSlip(slip)).toString("base64url"));
      await nells.asks("deliverSlips", { body: { slips } });
    },
  );
  await holds("it counts like any other, on the lock's signature alone", async () => {
    expect((await phone.codes(door)).map(({ state }) => state)).toEqual(["set"]);
    expect(opens(door, await phone.now(door))).toBe(true);
  });
  await holds(
    "management sees which phones were handed the change, and which of them brought it",
    async () => {
      const { couriers } = await house.sees(door);
      const brought = couriers.filter((one: { delivered: boolean }) => one.delivered);
      const names = brought.map((one: { person: string }) => one.person);
      expect(names).toEqual(expect.arrayContaining(["Ruth", "Gus", "Mona Manager"]));
      expect(names).not.toContain("Rita");
    },
  );
  await holds("no parcel held the digits that it brought in the clear", () => {
    expect(rounds.length).toBe(3);
    for (const { code, parcels } of rounds) {
      expect(parcels.length).toBeGreaterThan(0);
      for (const parcel of parcels) expect(Buffer.from(parcel).includes(code)).toBe(false);
    }
  });
});

journey("F19", "the lock takes a verified change, whole, and nothing else", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let other = {} as Door;
  let code = "";
  const updates = async (): Promise<readonly (readonly air.Message[])[]> =>
    (await fetched(service, await phone.token()))
      .filter(({ kind, tag }) => kind === "update" && Buffer.from(tag).equals(Buffer.from(tagAt(door))))
      .map(({ messages }) => messages);
  const heads: Record<string, readonly air.Message[]> = {};
  const answers: Record<string, string> = {};
  await given("a door that has taken two changes, another one, and a third change on its way", async () => {
    door = await house.door("1A front", "residence", unit);
    other = await house.door("1A back", "residence", unit);
    await house.give(rita, [door, other]);
    await phone.syncs(door);
    await phone.syncs(other);
    await phone.account.reset({ door: door.doorId });
    heads["an older one"] = (await updates())[0] ?? [];
    await phone.syncs(door);
    await phone.account.reset({ door: door.doorId });
    await phone.syncs(door);
    code = await phone.now(door);
    await phone.account.reset({ door: door.doorId });
    await phone.account.reset({ door: other.doorId });
    const [present = []] = await updates();
    heads["its own"] = present;
    const [head] = present;
    if (head === undefined) throw new Error("no change is on its way");
    const flipped = head.body.slice();
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    heads["a forged one"] = [{ ...head, body: flipped }];
    heads["a cut-off one"] = [{ ...head, body: head.body.slice(0, -7) }];
    heads["nonsense"] = [{ ...head, body: new Uint8Array(40).fill(0xa1) }];
    const others = (await fetched(service, await phone.token())).find(
      ({ kind, tag }) => kind === "update" && !Buffer.from(tag).equals(Buffer.from(tagAt(door))),
    );
    heads["another lock's"] = others?.messages ?? [];
  });
  const before = inForce(door.lock);
  await when("each of the wrong ones is said to the lock", () => {
    for (const name of ["an older one", "a forged one", "a cut-off one", "nonsense", "another lock's"]) {
      const head = heads[name]?.[0];
      if (head === undefined) throw new Error(`there is none: ${name}`);
      answers[name] = answerName(say(door.lock, [head])[0]);
    }
  });
  await holds("each is refused by its name, the table is the same, and the same code opens", async () => {
    expect(answers).toEqual({
      "an older one": "STALE",
      "a forged one": "REJECTED",
      "a cut-off one": "REJECTED",
      nonsense: "REJECTED",
      "another lock's": "REJECTED",
    });
    expect(inForce(door.lock)).toEqual(before);
    expect(opens(door, code)).toBe(true);
  });
  await when("the right one comes too late", () => {
    passes(service, [door], 8 * day);
    const [head] = heads["its own"] ?? [];
    if (head === undefined) throw new Error("there was none");
    const stores = storesOf(door.lock);
    expect(answerName(say(door.lock, [head])[0])).toBe("EXPIRED");
    expect(inForce(door.lock)).toEqual(before);
    expect(stores).toMatch(/^[0-9a-f]{64}$/);
  });
  await holds("that is refused as well, and a fresh one is taken", async () => {
    expect((await phone.syncs(door)).outcome.kind).toBe("synced");
    expect([opens(door, code), opens(door, await phone.now(door))]).toEqual([false, true]);
  });
});

journey("F20", "a lock is reached from some steps away, and not from across the yard", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let old = "";
  let next = "";
  await given("a resident who has reset her code", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
    old = await phone.now(door);
    await phone.account.reset({ door: door.doorId });
    next = await phone.next(door);
  });
  // The smallest frames that the radio may have, so that the way of one change is long.
  const walk = walkTo(door, { frameBytesMax: 20 });
  await when("she tries from thirty metres", async () => {
    walk.to(30);
    expect(walk.seesLock).toBe(false);
    expect((await phone.syncs(door, { transport: walk.transport })).outcome.kind).toBe("unreachable");
  });
  await when("she begins at two metres and walks off in the middle of it", async () => {
    walk.to(2);
    walk.afterFrames(6, () => walk.to(60));
    const visit = await phone.syncs(door, { transport: walk.transport });
    expect(walk.frames).toBeGreaterThanOrEqual(6);
    expect(visit.outcome.kind).toBe("dropped");
  });
  await holds("the old code still opens, and the change is pending", async () => {
    expect([opens(door, old), opens(door, next)]).toEqual([true, false]);
    expect((await phone.codes(door)).every(({ pending }) => pending)).toBe(true);
  });
  await when("she comes back to within nine metres", async () => {
    walk.to(5);
    expect(walk.seesLock).toBe(true);
    expect((await phone.syncs(door, { transport: walk.transport })).outcome.kind).toBe("synced");
  });
  await holds("the new code opens", () =>
    expect([opens(door, old), opens(door, next)]).toEqual([false, true]),
  );
});

journey("F21", "pending out of range, done by itself when the phone comes near", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const ruth = await house.moveIn("Ruth", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  await given("a community in which codes may be chosen, and a resident at the office", async () => {
    await house.policy({ customCodes: true });
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
  });
  const pick = (code: string) => phone.account.pick({ door: door.doorId, code });
  const walk = walkTo(door);
  await when("she picks a code far away from the door", async () => {
    expect((await pick("2580")).ok).toBe(true);
    expect((await phone.door(door)).pending).toBe(true);
    expect(opens(door, "2580")).toBe(false);
  });
  const restarted = phone.restarts();
  await when("the app is killed, started again, and the phone walks up to the door", async () => {
    walk.to(40);
    const visits = await restarted.watches(
      walk.radar(tagAt(door), (look) => look === 3 && walk.to(4)),
      ({ outcome }) => outcome.kind === "synced",
    );
    expect(visits.map(({ outcome }) => outcome.kind)).toEqual(["synced"]);
  });
  await holds(
    "the code opens without having been typed into the app again, and nothing is pending",
    async () => {
      expect(opens(door, "2580")).toBe(true);
      expect((await phone.codes(door)).map(({ digits, pending }) => [digits, pending])).toEqual([
        ["2580", false],
      ]);
    },
  );
  await when("a change is pending and another one takes its place", async () => {
    await pick("3692");
    await phone.fetches();
    await pick("1470");
  });
  await when("two phones bring it, one after the other", async () => {
    const ruths = await house.phone(ruth);
    await ruths.fetches();
    await phone.fetches();
    phone.network.on = false;
    expect((await phone.syncs(door)).outcome.kind).toBe("synced");
    expect((await ruths.syncs(door)).outcome.kind).toBe("already");
  });
  await holds(
    "the last code opens and the one in between never did; the second phone's proof was enough",
    async () => {
      expect([opens(door, "2580"), opens(door, "3692"), opens(door, "1470")]).toEqual([false, false, true]);
      phone.network.on = true;
      expect((await phone.codes(door)).map(({ digits, pending }) => [digits, pending])).toEqual([
        ["1470", false],
      ]);
      await phone.account.mailbox.flush();
      expect((await phone.codes(door)).map(({ state }) => state)).toEqual(["set"]);
    },
  );
  await when("a change is taken back by another pick before the sync, on a new phone", async () => {
    await pick("3695");
    await pick("1475");
    const another = await house.phone(rita);
    await invited(another, door, { name: "Gran", kind: "permanent" });
    await another.syncs(door);
  });
  await holds(
    "what is pending belongs to the account and not to the phone: the new phone has done it",
    async () => {
      expect([opens(door, "1470"), opens(door, "3695"), opens(door, "1475")]).toEqual([false, false, true]);
    },
  );
});
