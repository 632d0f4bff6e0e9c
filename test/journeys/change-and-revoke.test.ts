// F10 to F14 at the door: what a change and a revoked access do to it, when, and what is said meanwhile.
import { expect } from "vitest";
import { brokerAt, connectLock, offeredLock, serveBeside, until } from "../support/journey-broker.ts";
import { opens, passes } from "../support/journey-door.ts";
import { type Door, openHouse } from "../support/journey-house.ts";
import type { CodeSeen } from "../support/journey-phone.ts";
import { powerFailsWhileSyncing } from "../support/journey-power.ts";
import { fetched } from "../support/service-door.ts";
import { journey } from "./journey.ts";

const hour = 3_600;
const stateOf = (codes: readonly CodeSeen[], digits: string): string | undefined =>
  codes.find((code) => code.digits === digits)?.state;

journey("F10", "revoke all and grant again: a new code at every door", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const ruth = await house.moveIn("Ruth", "resident", unit);
  const phone = await house.phone(rita);
  const ruths = await house.phone(ruth);
  const doors: Door[] = [];
  const before: string[] = [];
  await given("a resident with codes at her own door, the entrance and the gym", async () => {
    doors.push(
      await house.door("1A front", "residence", unit),
      await house.door("Entrance", "buildingEntrance"),
      await house.door("Gym", "communal"),
    );
    await house.give(rita, doors);
    for (const door of doors) await phone.syncs(door);
    for (const door of doors) before.push(await phone.now(door));
    expect(doors.map((door, i) => opens(door, before[i] ?? ""))).toEqual([true, true, true]);
  });
  const [front = {} as Door, entrance = {} as Door, gym = {} as Door] = doors;
  const [oldFront = "", oldEntrance = "", oldGym = ""] = before;
  await when("the manager revokes all and re-grants, and only her own door is synced", async () => {
    await house.revokeAll(rita);
    await house.give(rita, doors);
    await phone.syncs(front);
  });
  await holds(
    "her own door opens to the new code only, the others to the old ones, and the app says so",
    async () => {
      const [newFront, newEntrance] = [await phone.now(front), await phone.next(entrance)];
      expect(newFront).not.toBe(oldFront);
      expect(newEntrance).not.toBe(oldEntrance);
      expect([opens(front, oldFront), opens(front, newFront)]).toEqual([false, true]);
      expect([opens(entrance, oldEntrance), opens(entrance, newEntrance)]).toEqual([true, false]);
      const codes = await phone.codes();
      expect(codes.filter((code) => code.doorId === front.doorId).map(({ state }) => state)).toEqual(["set"]);
      expect(stateOf(codes, oldEntrance)).toBe("removing");
      expect(["unset", "setting"]).toContain(stateOf(codes, newEntrance));
      expect(await phone.now(entrance)).toBe(oldEntrance);
    },
  );
  await when(
    "all is re-granted once more, for her own door and the entrance only, and both are synced",
    async () => {
      await house.regrant(rita, [front, entrance]);
      await phone.syncs(front);
      await phone.syncs(entrance);
    },
  );
  await holds(
    "codes differ from every earlier one, and the gym, never synced, still opens to the first",
    async () => {
      const mine = [await phone.now(front), await phone.now(entrance)];
      expect(before).not.toContain(mine[1]);
      expect(mine[0]).not.toBe(oldFront);
      expect([opens(front, mine[0] ?? ""), opens(entrance, mine[1] ?? "")]).toEqual([true, true]);
      expect(opens(gym, oldGym)).toBe(true);
      const left = await phone.codes(gym);
      expect(left.every(({ worksAfterSync }) => !worksAfterSync)).toBe(true);
      expect(stateOf(left, oldGym)).toBe("removing");
    },
  );
  await holds("after a sync of the gym by somebody else it does not", async () => {
    await house.give(ruth, [gym]);
    await ruths.syncs(gym);
    expect(opens(gym, oldGym)).toBe(false);
    expect(opens(gym, await ruths.now(gym))).toBe(true);
  });
  let kept: readonly string[] = [];
  await when("the entrance alone is taken from her, and both doors are synced", async () => {
    kept = [await phone.now(front), await phone.now(entrance)];
    expect([opens(front, kept[0] ?? ""), opens(entrance, kept[1] ?? "")]).toEqual([true, true]);
    const params = { property: service.propertyId, person: rita.personId, door: entrance.doorId };
    await house.asks("revokeDoor", { params });
    await ruths.syncs(front);
    expect((await phone.syncs(entrance)).outcome.kind).toBe("synced");
  });
  await holds("the entrance opens to her no more; her own door opens to the very code it did", async () => {
    expect(opens(entrance, kept[1] ?? "")).toBe(false);
    expect(await phone.codes(entrance)).toEqual([]);
    expect((await phone.codes(front)).map(({ digits, state }) => [digits, state])).toEqual([
      [kept[0], "set"],
    ]);
    expect(opens(front, kept[0] ?? "")).toBe(true);
  });
});

journey("F11", "a resident resets the code of her own door, and of no shared one", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let front = {} as Door;
  let gym = {} as Door;
  let old = "";
  const reset = (door: Door) => ({ params: { door: door.doorId }, body: {} });
  await given("a resident with codes at her own door and the gym", async () => {
    front = await house.door("1A front", "residence", unit);
    gym = await house.door("Gym", "communal");
    await house.give(rita, [front, gym]);
    await phone.syncs(front);
    await phone.syncs(gym);
    old = await phone.now(front);
  });
  await when("she resets at the gym", async () => {
    expect((await phone.door(gym)).canReset.ok).toBe(false);
    expect(await phone.isDenied("resetCode", reset(gym))).toBe("NOT_ALLOWED");
  });
  await when("her app is older than the community accepts", async () => {
    await house.policy({ appVersionMin: "2.0.0" });
    const ancient = await house.phone(rita, { version: "1.9.9" });
    expect(await ancient.isDenied("resetCode", reset(front))).toBe("UPGRADE_REQUIRED");
  });
  await holds("nothing has changed", async () => {
    expect((await phone.codes()).every(({ state }) => state === "set")).toBe(true);
    await phone.syncs(gym);
    expect(opens(gym, await phone.now(gym))).toBe(true);
    expect(opens(front, old)).toBe(true);
  });
  const fresh: string[] = [];
  await when("she resets her own door twice before any sync", async () => {
    expect((await phone.door(front)).canReset.ok).toBe(true);
    for (const _ of [1, 2]) {
      const answer = await phone.account.reset({ door: front.doorId });
      expect(answer.ok && answer.value.entry.pending).toBe(true);
      // A phone that fetches in between makes it harder: the first one may now be on its way.
      await phone.fetches();
      fresh.push(await phone.next(front));
    }
    expect(opens(front, old)).toBe(true);
  });
  await holds("only the last code is ever accepted", async () => {
    const [first = "", second = ""] = fresh;
    expect(opens(front, first)).toBe(false);
    await phone.syncs(front);
    expect([opens(front, old), opens(front, first), opens(front, second)]).toEqual([false, false, true]);
  });
  await when("she resets once more and all her access is revoked before the sync", async () => {
    await phone.account.reset({ door: front.doorId });
    fresh.push(await phone.next(front));
    await house.revokeAll(rita);
    const managers = await house.managersPhone();
    await managers.syncs(front);
  });
  await holds("neither code opens", () =>
    expect(fresh.slice(1).map((code) => opens(front, code))).toEqual([false, false]),
  );
});

journey("F12", "the old code opens until the sync, and from then on the new one", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let old = "";
  let next = "";
  const which = (): boolean[] => [opens(door, old), opens(door, next)];
  await given("a resident who has reset her code", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
    old = await phone.now(door);
    await phone.account.reset({ door: door.doorId });
    next = await phone.next(door);
  });
  await holds("before the sync the old code opens and the new one does not", () =>
    expect(which()).toEqual([true, false]),
  );
  await when("the radio drops in the middle of the sync, at every frame in turn", async () => {
    await phone.fetches();
    const seen = new Set<string>();
    for (let frame = 0; frame < 4; frame++) {
      const visit = await phone.syncs(door, {
        faults: [{ kind: "cut", direction: "to-lock", frame }],
        patience: 200,
      });
      const now = which();
      seen.add(`${visit.outcome.kind} ${now.join("/")}`);
      expect(now.filter(Boolean)).toHaveLength(1);
      if (now[1] === true) break;
    }
    expect([...seen][0]).toBe("dropped true/false");
  });
  await when("the power fails in each operation of the sync in turn", async () => {
    await phone.account.reset({ door: door.doorId });
    [old, next] = [await phone.now(door), await phone.next(door)];
    expect(which()).toEqual([true, false]);
    const cuts = powerFailsWhileSyncing(door, await fetched(service, await phone.token()), old, next);
    expect(cuts.length).toBeGreaterThan(2);
    for (const { now, later } of cuts) {
      expect(now.filter(Boolean)).toHaveLength(1);
      expect(later).toEqual([false, true]);
    }
    expect(new Set(cuts.map(({ now }) => now.join("/")))).toEqual(new Set(["true/false", "false/true"]));
  });
  await when("the sync comes through", async () => {
    expect((await phone.syncs(door)).outcome.kind).toBe("synced");
  });
  await holds("the new code opens and the old one does not", () => expect(which()).toEqual([false, true]));
});

journey("F13", "a connected door follows by itself, a door without a network at its sync", async (story) => {
  const { service, given, when, holds } = story;
  const broker = await brokerAt();
  if (broker === undefined)
    return story.skip("no MQTT broker answers at MQTT_URL, and there is no mosquitto");
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  const ends: (() => unknown)[] = [() => broker.close()];
  let entrance = {} as Door;
  let home = {} as Door;
  const state = async (door: Door): Promise<string[]> => (await phone.codes(door)).map((one) => one.state);
  const isProven = (door: Door) => async (): Promise<boolean> => {
    const codes = await phone.codes(door);
    return codes.length > 0 && codes.every((one) => one.state === "set");
  };
  let old: string[] = [];
  try {
    await given(
      "a connected entrance, whose lock no phone ever met, and a home without a network",
      async () => {
        const doorId = await house.bareDoor("Entrance", "buildingEntrance", undefined, "connected");
        entrance = { ...(await offeredLock(service, doorId)), name: "Entrance" };
        const lock = connectLock(broker.url, entrance);
        ends.push(() => lock.close());
        const beside = serveBeside(service, broker.url);
        ends.push(() => beside.end());
        home = await house.door("1A front", "residence", unit);
        await house.give(rita, [entrance, home]);
        await phone.syncs(home);
        await until("the entrance's receipt", isProven(entrance));
        old = [await phone.now(entrance), await phone.now(home)];
        expect([opens(entrance, old[0] ?? ""), opens(home, old[1] ?? "")]).toEqual([true, true]);
      },
    );
    await when("management re-grants all her access a minute later, and nobody goes anywhere", async () => {
      passes(service, [entrance, home], 60);
      expect((await house.sees(entrance)).lastSync.receivedAt).toBe(service.clock.now - 60);
      await house.regrant(rita);
      await until("the entrance's receipt", isProven(entrance));
    });
    await holds("the entrance has the new code, proven by its own receipt", async () => {
      expect([opens(entrance, old[0] ?? ""), opens(entrance, await phone.now(entrance))]).toEqual([
        false,
        true,
      ]);
      expect((await house.sees(entrance)).lastSync.receivedAt).toBe(service.clock.now);
    });
    await holds("the home still has the old one, until it is synced", async () => {
      expect(await state(home)).toContain("removing");
      expect(opens(home, old[1] ?? "")).toBe(true);
      await phone.syncs(home);
      expect([opens(home, old[1] ?? ""), opens(home, await phone.now(home))]).toEqual([false, true]);
    });
    await when("the entrance is cut off, her access is revoked, and another phone syncs it", async () => {
      for (const end of ends.splice(1).reverse()) await end();
      old = [await phone.now(entrance)];
      await house.revokeAll(rita);
      expect(opens(entrance, old[0] ?? "")).toBe(true);
      await (await house.managersPhone()).syncs(entrance);
    });
    await holds("a connected lock takes a phone's sync as any other", () =>
      expect(opens(entrance, old[0] ?? "")).toBe(false),
    );
  } finally {
    for (const end of ends.reverse()) await end();
  }
});

journey("F14", "pending is a state with a time, and never over by waiting", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  const states = async (): Promise<string[]> => (await phone.codes(door)).map(({ state }) => state);
  const warnings = async (): Promise<string[]> => (await phone.codes(door)).flatMap((one) => one.warnings);
  await given(
    "a community that wants to hear of what waits for two hours, and a code granted anew",
    async () => {
      await house.policy({ delayHours: 2 });
      door = await house.door("1A front", "residence", unit);
      await house.give(rita, [door]);
      await phone.syncs(door);
      await house.regrant(rita);
    },
  );
  await holds("nobody has fetched it: it is unset, and when a phone has, setting", async () => {
    expect(await states()).toEqual(["removing", "unset"]);
    await phone.fetches();
    expect(await states()).toEqual(["removing", "setting"]);
    expect(await warnings()).toEqual([]);
  });
  await when("three hours pass without a sync", () => passes(service, [door], 3 * hour));
  await holds("it is still pending, and late: resident and manager are warned", async () => {
    expect(await states()).toEqual(["removing", "setting"]);
    expect(await warnings()).toEqual(["delay_in_removing_from_device", "delay_in_setting_on_device"]);
    const seen = JSON.stringify(await house.sees(door));
    expect(seen).toContain("delay_in_setting_on_device");
    expect(opens(door, await phone.next(door))).toBe(false);
  });
  await when("it is synced", async () => {
    const { sync } = { sync: await phone.syncs(door) };
    expect(sync.outcome.kind).toBe("synced");
  });
  await holds("the warnings are gone, and the time of the sync is told", async () => {
    expect(await states()).toEqual(["set"]);
    expect(await warnings()).toEqual([]);
    expect((await phone.door(door)).lastSync.at).toBe(service.clock.now);
    expect(opens(door, await phone.now(door))).toBe(true);
  });
});
