/**
 * Battery, mechanics, clock and supply of the simulated lock: each fault of their menus strikes when armed and never
 * else, and what is physics holds whatever is armed. The radio and the flash have files of their own.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batteryFaults, createBattery, type Load, loads } from "../packages/lock-sim/src/parts/battery.ts";
import { clockFaults, createClock } from "../packages/lock-sim/src/parts/clock.ts";
import { createFlash, type FlashFault, flashFaults } from "../packages/lock-sim/src/parts/flash.ts";
import {
  type BoltEnd,
  createMechanics,
  type Mechanics,
  type MechanicsFault,
  mechanicsFaults,
  motorMsMax,
  resetHoldMs,
} from "../packages/lock-sim/src/parts/mechanics.ts";
import { type RadioFault, radioFaults } from "../packages/lock-sim/src/parts/radio.ts";
import { createSecureElement } from "../packages/lock-sim/src/parts/secure-element.ts";
import { createSupply } from "../packages/lock-sim/src/parts/supply.ts";

const storeOps = ["program", "erase", "secure"] as const;

test("every menu names each fault once, says what it means, and holds all that can be armed", () => {
  const flash: Record<FlashFault["kind"], true> = { cut: true, dud: true, lost: true, stuck: true };
  const radio: Record<RadioFault["kind"], true> = { loss: true, stall: true, duplicate: true, fade: true };
  const mechanics: Record<MechanicsFault["kind"], true> = {
    jam: true,
    slow: true,
    "card-unread": true,
    "card-twice": true,
    "door-stuck": true,
    "door-bounce": true,
  };
  for (const [menu, armable] of [
    [flashFaults, flash],
    [radioFaults, radio],
    [mechanicsFaults, mechanics],
    [batteryFaults, {}],
    [clockFaults, {}],
  ] as const) {
    const names: string[] = menu.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining(Object.keys(armable)));
    for (const { means } of menu) expect(means).not.toBe("");
  }
});

describe("battery", () => {
  const full = () => createBattery({ chance: () => 0.5 });

  test("a full one lasts thousands of openings and years of sleep; each takes its part", () => {
    const moving = full();
    for (let i = 0; i < 5_000; i++) expect(moving.draw("motor")).toBe("done");
    expect(moving.percent).toBe(73);
    const sleeping = full();
    sleeping.pass(2 * 365 * 86_400_000);
    expect(sleeping.percent).toBe(83);
    expect(sleeping.brownOuts).toBe(0);
  });

  test("idle time takes the same charge in whatever pieces it passes", () => {
    const [once, often] = [1, 1].map(() => createBattery({ chance: () => 0, capacityMicrocoulombs: 1_000 }));
    once?.pass(20_007);
    for (let i = 0; i < 20_007; i++) often?.pass(1);
    expect(once?.truePercent).toBe(50);
    expect(often?.truePercent).toBe(once?.truePercent);
  });

  test("below its floor a load breaks the voltage down, above it never; the motor goes first", () => {
    for (const load of Object.keys(loads) as Load[]) {
      const { floorPercent } = loads[load];
      const enough = createBattery({ percent: floorPercent, chance: () => 0 });
      expect(enough.draw(load), load).toBe("done");
      expect(enough.brownOuts).toBe(0);
      const little = createBattery({ percent: floorPercent, chance: () => 0 });
      little.pass(40);
      expect(little.draw(load), load).toBe("brown-out");
      expect(little.brownOuts).toBe(1);
      expect(floorPercent).toBeLessThanOrEqual(loads.motor.floorPercent);
    }
  });

  test("sag raises every floor until it ends; drop takes charge; misread only shows another figure", () => {
    const battery = createBattery({ percent: 30, chance: () => 0 });
    expect(battery.draw("motor")).toBe("done");
    battery.sag(40);
    expect(battery.draw("program")).toBe("brown-out");
    battery.sag(0);
    expect(battery.draw("program")).toBe("done");
    battery.misread(50);
    expect([battery.percent, battery.truePercent]).toEqual([80, 30]);
    battery.misread(-50);
    expect(battery.percent).toBe(0);
    expect(battery.draw("motor")).toBe("done");
    battery.misread(0);
    battery.drop(2);
    expect(battery.percent).toBe(2);
    expect(battery.draw("motor")).toBe("brown-out");
    battery.drop(50);
    expect(battery.percent, "a cell that dies gives nothing back").toBeLessThanOrEqual(2);
    battery.replace();
    expect([battery.percent, battery.draw("motor")]).toEqual([100, "done"]);
  });

  test("whatever is drawn, the charge never rises by itself", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom(...(Object.keys(loads) as Load[])), fc.nat(1e9))),
        (deeds) => {
          const battery = createBattery({ chance: () => 0, capacityMicrocoulombs: 50_000_000 });
          let before = battery.truePercent;
          for (const deed of deeds) {
            if (typeof deed === "number") battery.pass(deed);
            else battery.draw(deed);
            expect(battery.truePercent).toBeLessThanOrEqual(before);
            before = battery.truePercent;
            expect(before).toBeGreaterThanOrEqual(0);
          }
        },
      ),
    );
  });
});

describe("supply over a battery", () => {
  const shape = { bytes: 8_192, sectorBytes: 4_096, wordBytes: 8 };
  const over = (percent: number, share = 0) => {
    const battery = createBattery({ percent, chance: () => share });
    const stores = { flash: createFlash(shape), secure: createSecureElement(new Uint8Array(8)) };
    const supply = createSupply(stores, battery);
    const ops = {
      program: () => supply.flash.program(0, new Uint8Array(32)),
      erase: () => supply.flash.erase(0),
      secure: () => supply.secure.write(new Uint8Array(8).fill(1)),
    };
    return { battery, supply, stores, ops };
  };

  test.each(storeOps)("an empty battery cuts the power in a store's operation: %s", (op) => {
    const { battery, supply, ops } = over(0);
    expect(ops[op]()).toBe("cut");
    expect(battery.brownOuts).toBe(1);
    expect(supply.struck()).toEqual({ store: op === "secure" ? "secure" : "flash", op: 0 });
    expect(ops[op]).toThrow(/without power/);
  });

  test.each(storeOps)("a good one never does: %s", (op) => {
    const { battery, ops } = over(50);
    expect(ops[op]()).toBe("done");
    expect(battery.brownOuts).toBe(0);
    expect(battery.truePercent).toBeLessThanOrEqual(50);
  });

  test("chance says where a program is torn, from its first word to past its last", () => {
    const done = [0, 0.3, 0.5, 0.7, 0.999].map((share) => {
      const { ops, supply } = over(0, share);
      expect(ops.program()).toBe("cut");
      return supply.flash.counters.programBytes;
    });
    expect(done).toEqual([0, 8, 16, 24, 32]);
    for (const [share, kept] of [
      [0, 0],
      [0.9, 1],
    ] as const) {
      const { ops, stores } = over(0, share);
      expect(ops.secure()).toBe("cut");
      expect(stores.secure.read()[0]).toBe(kept);
    }
  });

  test("a cut that was chosen strikes its operation all the same", () => {
    const { ops, supply, battery } = over(50);
    supply.failAt({ op: 1, byte: 8, pattern: "half", seed: 1 });
    expect([ops.erase(), ops.program()]).toEqual(["done", "cut"]);
    expect(supply.struck()).toEqual({ store: "flash", op: 1 });
    expect(battery.brownOuts).toBe(0);
  });
});

describe("mechanics", () => {
  function door(faults: readonly MechanicsFault[] = [], percent = 100) {
    const heard: string[] = [];
    const battery = createBattery({ percent, chance: () => 0 });
    const parts = createMechanics({
      battery,
      onBrownOut: () => heard.push("dark"),
      onDoor: (is) => heard.push(is),
      onCylinder: (to) => heard.push(`turned ${to}`),
      onCard: (uid) => heard.push(`card ${uid[0]}`),
      onReset: () => heard.push("reset"),
    });
    parts.arm(faults);
    return { parts, heard, battery };
  }
  const nothingStruck = {
    jam: 0,
    slow: 0,
    "card-unread": 0,
    "card-twice": 0,
    "door-stuck": 0,
    "door-bounce": 0,
  };

  test("with nothing armed the bolt reaches what it was told, and the door follows the bolt", () => {
    const { parts, heard } = door();
    expect(parts.open()).toBe(false);
    expect(parts.bolt("unlocked")).toBe("unlocked");
    expect(parts.open()).toBe(true);
    expect(parts.bolt("locked")).toBe("locked");
    expect(parts.shut(), "it bounces off the bolt").toBe(false);
    expect(parts.bolt("unlocked")).toBe("unlocked");
    expect(parts.shut()).toBe(true);
    expect(parts.bolt("locked")).toBe("locked");
    expect(heard).toEqual(["open", "closed"]);
    expect(parts.counters).toEqual({ moves: 4, taps: 0, doorMoves: 2, struck: nothingStruck });
  });

  test("jam: half-way, so many moves; it holds if it came from locked; the key frees it", () => {
    const { parts, heard } = door([{ kind: "jam", atMove: 0, moves: 2 }]);
    expect([parts.bolt("unlocked"), parts.boltAt, parts.holds]).toEqual(["jammed", "jammed", true]);
    expect(parts.open()).toBe(false);
    expect([parts.bolt("unlocked"), parts.counters.struck.jam]).toEqual(["jammed", 2]);
    expect(parts.bolt("unlocked")).toBe("unlocked");

    const other = door([{ kind: "jam", atMove: 1, moves: 1 }]);
    other.parts.bolt("unlocked");
    expect([other.parts.bolt("locked"), other.parts.holds]).toEqual(["jammed", false]);
    other.parts.turn("locked");
    expect([other.parts.boltAt, other.parts.holds, other.heard]).toEqual(["locked", true, ["turned locked"]]);
    expect(heard).toEqual([]);
  });

  test("slow: within the motor's time it arrives; past it the motor gives up and the bolt arrives later", () => {
    const { parts } = door([{ kind: "slow", atMove: 0, ms: motorMsMax }]);
    expect([parts.bolt("unlocked"), parts.nextMs, parts.counters.struck.slow]).toEqual([
      "unlocked",
      undefined,
      1,
    ]);
    const late = door([{ kind: "slow", atMove: 0, ms: motorMsMax + 1 }]).parts;
    late.passTo(5_000);
    expect([late.bolt("unlocked"), late.nextMs]).toEqual(["jammed", 5_000 + motorMsMax + 1]);
    late.passTo(5_000 + motorMsMax);
    expect(late.boltAt).toBe("jammed");
    late.passTo(5_000 + motorMsMax + 1);
    expect([late.boltAt, late.nextMs]).toEqual(["unlocked", undefined]);
  });

  test("a weak battery stops the motor half-way and takes the power with it; the key still works", () => {
    const { parts, heard, battery } = door([], 3);
    expect([parts.bolt("unlocked"), heard, battery.brownOuts]).toEqual(["jammed", ["dark"], 1]);
    parts.turn("unlocked");
    expect(parts.open()).toBe(true);
    battery.replace();
    expect([parts.bolt("locked"), battery.brownOuts]).toEqual(["locked", 1]);
  });

  test("cards: one reading each, but none of the card that is missed and two of the one read twice", () => {
    const { parts, heard } = door([
      { kind: "card-unread", atTap: 1 },
      { kind: "card-twice", atTap: 2 },
    ]);
    for (const uid of [1, 2, 3, 4]) parts.tap(Uint8Array.of(uid));
    expect(heard).toEqual(["card 1", "card 3", "card 3", "card 4"]);
    expect(parts.counters.struck).toEqual({ ...nothingStruck, "card-unread": 1, "card-twice": 1 });
  });

  test("the door's sensor misses moves or bounces when armed; the door itself moves all the same", () => {
    const { parts, heard } = door([
      { kind: "door-stuck", atDoorMove: 1, doorMoves: 2 },
      { kind: "door-bounce", atDoorMove: 4 },
    ]);
    parts.force();
    expect(parts.doorIs).toBe("open");
    parts.turn("unlocked");
    for (const move of [parts.shut, parts.open, parts.shut, parts.open]) expect(move()).toBe(true);
    expect(parts.doorIs).toBe("open");
    expect(heard).toEqual(["open", "turned unlocked", "closed", "open", "closed", "open"]);
    expect(parts.counters.struck).toEqual({ ...nothingStruck, "door-stuck": 2, "door-bounce": 1 });
  });

  test("the button resets when it is held long enough, and not before", () => {
    const { parts, heard } = door();
    parts.holdButton(resetHoldMs - 1);
    expect(heard).toEqual([]);
    parts.holdButton(resetHoldMs);
    expect(heard).toEqual(["reset"]);
  });

  test("whatever is armed and done: no shut door opens against a bolt but by force, and no jam outlasts the key", () => {
    const fault = fc.oneof(
      fc.record({ kind: fc.constant("jam" as const), atMove: fc.nat(8), moves: fc.nat(4) }),
      fc.record({ kind: fc.constant("slow" as const), atMove: fc.nat(8), ms: fc.nat(6_000) }),
      fc.record({ kind: fc.constant("door-stuck" as const), atDoorMove: fc.nat(4), doorMoves: fc.nat(4) }),
    );
    type Deed = (parts: Mechanics) => void;
    const bolts = (to: BoltEnd): Deed => {
      return (parts) => {
        const reached = parts.bolt(to);
        expect(parts.boltAt).toBe(reached);
        expect(["jammed", to]).toContain(reached);
      };
    };
    const deeds: Deed[] = [
      bolts("locked"),
      bolts("unlocked"),
      (parts) => {
        const mayOpen = parts.doorIs === "open" || !parts.holds;
        expect(parts.open()).toBe(mayOpen);
      },
      (parts) => {
        const mayShut = parts.doorIs === "closed" || parts.boltAt === "unlocked";
        expect(parts.shut()).toBe(mayShut);
      },
      (parts) => {
        parts.turn("locked");
        expect([parts.boltAt, parts.holds, parts.nextMs]).toEqual(["locked", true, undefined]);
      },
      (parts) => {
        if (parts.nextMs !== undefined) parts.passTo(parts.nextMs);
      },
    ];
    fc.assert(
      fc.property(fc.array(fault), fc.array(fc.constantFrom(...deeds)), (faults, done) => {
        const { parts } = door(faults);
        for (const deed of done) deed(parts);
      }),
    );
  });
});

describe("clock", () => {
  const day = 86_400;

  test("without a fault it counts seconds, and drift gains what it says, from when it says", () => {
    const clock = createClock({ rtcSeconds: 1_000_000 });
    clock.advance(day * 1_000);
    expect(clock.now()).toEqual({ uptimeMs: day * 1_000, rtcSeconds: 1_000_000 + day });
    clock.drift(100, day * 1_000);
    clock.advance(day * 1_000);
    expect(clock.now().rtcSeconds, "not yet").toBe(1_000_000 + 2 * day);
    clock.advance(100 * day * 1_000);
    expect(clock.now().rtcSeconds).toBe(1_000_000 + 102 * day + 864);
    clock.drift(-100);
    clock.advance(100 * day * 1_000);
    expect(clock.now()).toEqual({ uptimeMs: 202 * day * 1_000, rtcSeconds: 1_000_000 + 202 * day });
  });

  test("a drift from the beginning, jump, reset and loss are wrong by what they say; set makes it right", () => {
    const clock = createClock({ rtcSeconds: 0, driftPpm: -20 });
    clock.advance(1_000_000_000);
    expect(clock.now().rtcSeconds).toBe(999_980);
    clock.jump(-80);
    expect(clock.now().rtcSeconds).toBe(999_900);
    clock.set(0);
    expect(clock.now().rtcSeconds).toBe(0);
    clock.lose();
    clock.jump(5);
    expect(clock.now().rtcSeconds).toBeUndefined();
    clock.set(500);
    expect(clock.now()).toEqual({ uptimeMs: 1_000_000_000, rtcSeconds: 500 });
  });

  test("what is set is shown, whatever it had gained before", () => {
    fc.assert(
      fc.property(fc.integer({ min: -500, max: 500 }), fc.nat(10_000_000), (ppm, ms) => {
        const clock = createClock({ rtcSeconds: 1_790_000_000, driftPpm: ppm });
        clock.advance(ms);
        clock.set(1_790_000_123);
        expect(clock.now().rtcSeconds).toBe(1_790_000_123);
      }),
    );
  });

  test("over any drifts and pieces of time, the clock shows the exact sum, and uptime knows nothing of it", () => {
    const piece = fc.record({ ppm: fc.integer({ min: -500, max: 500 }), ms: fc.nat(10_000_000) });
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const clock = createClock({ rtcSeconds: 1_000_000 });
        let passedMs = 0;
        let gainedNs = 0n;
        for (const { ppm, ms } of pieces) {
          clock.drift(ppm);
          clock.advance(Math.floor(ms / 3));
          clock.advance(ms - Math.floor(ms / 3));
          passedMs += ms;
          gainedNs += BigInt(ppm) * BigInt(ms);
        }
        const shown = (BigInt(1_000_000_000 + passedMs) * 1_000_000n + gainedNs) / 1_000_000_000n;
        expect(clock.now()).toEqual({ uptimeMs: passedMs, rtcSeconds: Number(shown) });
      }),
    );
  });
});
