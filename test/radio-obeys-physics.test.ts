/**
 * The simulated radio: signals fade with distance, dead links end on time, and faults strike when armed and never
 * else. No lock here; the board is anything that takes a connection.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LinkPort } from "../packages/lock-sim/src/board/ports.ts";
import {
  createRadio,
  type Radio,
  type RadioFault,
  type RadioSettings,
  rssiDbm,
} from "../packages/lock-sim/src/parts/radio.ts";

const near = 100;
const far = 3_000;
const supervisionMs = 4_000;

/** Draws that repeat: enough for a coin. */
function coin(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Air {
  readonly radio: Radio;
  readonly log: string[];
  /** The lock's end, from the moment it is open. */
  lock(): LinkPort;
  dial(centimetres?: number, name?: string): ReturnType<Radio["connect"]>;
  at(): number;
  pass(ms: number): void;
  lines(start: string): string[];
}

/** A radio whose both ends write down, with the time, what they hear. The lock answers each frame if `echo`. */
function air(options: { settings?: Partial<RadioSettings>; echo?: boolean; seed?: number } = {}): Air {
  const log: string[] = [];
  let now = 0;
  let port: LinkPort | undefined;
  const note = (line: string) => log.push(`${line} @${now}`);
  const radio = createRadio({
    chance: coin(options.seed ?? 1),
    settings: { supervisionMs, ...options.settings },
    board: {
      connect(link) {
        port = link;
        note("lock opened");
        return {
          frame(bytes) {
            note(`lock frame ${bytes[0]}`);
            if (options.echo === true) link.send(bytes);
          },
          closed: () => note("lock closed"),
        };
      },
    },
  });
  return {
    radio,
    log,
    lock: () => {
      if (port === undefined) throw new Error("no connection yet");
      return port;
    },
    dial: (centimetres = near, name = "phone") =>
      radio.connect(
        {
          opened: (bytes) => note(`${name} opened ${bytes}`),
          frame: (bytes) => note(`${name} frame ${bytes[0]}`),
          closed: (why) => note(`${name} closed ${why}`),
        },
        centimetres,
      ),
    at: () => now,
    pass(ms) {
      const until = now + ms;
      for (let next = radio.nextMs; next !== undefined && next <= until; next = radio.nextMs) {
        expect(next, "time goes on").toBeGreaterThan(now);
        now = next;
        radio.passTo(now);
      }
      now = until;
      radio.passTo(now);
    },
    lines: (start) => log.filter((line) => line.startsWith(start)),
  };
}

const frame = (value: number) => Uint8Array.of(value);

function connected(options: Parameters<typeof air>[0] & { faults?: readonly RadioFault[] } = {}) {
  const world = air(options);
  world.radio.arm(options.faults ?? []);
  const phone = world.dial();
  world.pass(1_000);
  expect(world.lines("phone opened")).toHaveLength(1);
  return { ...world, phone };
}

const timeOf = (line: string | undefined): number => Number(line?.split("@")[1]);

describe("distance", () => {
  test("RSSI never rises with distance, and is the log-distance law to within a decibel", () => {
    let before = 0;
    for (let centimetres = 100; centimetres <= 20_000; centimetres += 7) {
      const rssi = rssiDbm(centimetres, -62);
      expect(Number.isInteger(rssi)).toBe(true);
      expect(rssi).toBeLessThanOrEqual(before);
      expect(Math.abs(rssi - (-62 - 30 * Math.log10(centimetres / 100)))).toBeLessThan(1.2);
      before = rssi;
    }
    expect([100, 200, 400, 1_000, 10_000].map((cm) => rssiDbm(cm, -62))).toEqual([-62, -71, -80, -92, -122]);
    expect([0, 99, -5].map((cm) => rssiDbm(cm, -62))).toEqual([-62, -62, -62]);
  });

  test("the lock is heard at thirty feet and not at forty", () => {
    const { radio } = air();
    expect(radio.scan(914)).toBe(-90);
    expect(radio.scan(1_220)).toBeUndefined();
  });

  test("a phone out of range gets no answer, after the time for an attempt and not before", () => {
    const world = air();
    world.dial(far);
    world.pass(20_000);
    expect(world.log).toEqual(["phone closed no-answer @5000"]);
  });

  test("walking out of range ends the link after the supervision time; walking back in time saves it", () => {
    for (const [awayMs, isSaved] of [
      [3_000, true],
      [6_000, false],
    ] as const) {
      const { phone, pass, lines, at } = connected({ echo: true });
      const left = at();
      phone.move(far);
      expect(phone.rssi).toBeLessThan(-90);
      expect(phone.send(frame(7))).toBe(true);
      pass(awayMs);
      phone.move(near);
      pass(5_000);
      expect(lines("lock frame 7")).toHaveLength(isSaved ? 1 : 0);
      expect(lines("phone frame 7")).toHaveLength(isSaved ? 1 : 0);
      const ends = [...lines("phone closed lost"), ...lines("lock closed")];
      expect(ends.map(timeOf)).toEqual(isSaved ? [] : [left + supervisionMs, left + supervisionMs]);
      expect(phone.rssi === undefined).toBe(!isSaved);
    }
  });

  test("near the limit frames are late, and none is missing or out of order while the link lasts", () => {
    let late = 0;
    for (let seed = 0; seed < 20; seed++) {
      const { phone, pass, lines, at, radio } = connected({ seed });
      const begin = at();
      phone.move(850);
      for (let i = 0; i < 60; i++) expect(phone.send(frame(i))).toBe(true);
      pass(3_500);
      const heard = lines("lock frame");
      expect(heard.map((line) => Number(line.split(" ")[2]))).toEqual(heard.map((_, i) => i));
      expect(heard.length).toBeGreaterThan(0);
      // Ten events would do on a good link.
      if (heard.length < 60 || timeOf(heard.at(-1)) > begin + 12 * 30) late++;
      expect(radio.counters.toLock).toBe(heard.length);
    }
    expect(late).toBeGreaterThan(15);
  });
});

describe("a good link", () => {
  test("carries a bounded number of frames an event, in order, and an answer goes in the next event", () => {
    const { phone, pass, lines } = connected({ echo: true });
    for (let i = 0; i < 10; i++) phone.send(frame(i));
    pass(1_000);
    const there = lines("lock frame").map(timeOf);
    const back = lines("phone frame").map(timeOf);
    expect(new Set(there).size).toBe(2);
    expect(
      [there.filter((at) => at === there[0]), back.filter((at) => at === back[0])].map((x) => x.length),
    ).toEqual([6, 6]);
    expect(back.map((at, i) => at - (there[i] ?? 0))).toEqual(there.map(() => 30));
    expect(lines("lock frame").map((line) => Number(line.split(" ")[2]))).toEqual([...Array(10).keys()]);
  });

  test("is idle for a day without an event, and still carries", () => {
    const { phone, pass, lines, radio } = connected();
    expect(radio.nextMs).toBeUndefined();
    pass(86_400_000);
    expect(radio.isConnected).toBe(true);
    phone.send(frame(1));
    pass(60);
    expect(lines("lock frame 1")).toHaveLength(1);
    expect(lines("phone closed")).toEqual([]);
  });

  test("takes one phone at a time; the next one gets in when the first has left", () => {
    const { phone, dial, pass, log, radio } = connected();
    expect(radio.scan(near)).toBeUndefined();
    dial(near, "second");
    pass(2_000);
    expect(log.filter((line) => line.startsWith("second"))).toEqual([]);
    phone.close();
    pass(500);
    expect(log.map((line) => line.split(" @")[0])).toEqual([
      "lock opened",
      "phone opened 244",
      "lock closed",
      "lock opened",
      "second opened 244",
    ]);
  });

  test("a lock's goodbye comes after what it said; a phone's does not wait", () => {
    const { lock, pass, lines } = connected();
    for (let i = 0; i < 8; i++) lock().send(frame(i));
    lock().close();
    pass(1_000);
    expect(lines("phone frame")).toHaveLength(8);
    expect(lines("phone closed closed")).toHaveLength(1);
    expect(lines("lock closed")).toEqual([]);

    const other = connected();
    other.phone.send(frame(1));
    other.phone.close();
    expect(other.phone.send(frame(2))).toBe(false);
    other.pass(1_000);
    expect(other.lines("lock frame")).toEqual([]);
    expect(other.lines("lock closed")).toHaveLength(1);
    expect(other.lines("phone closed")).toEqual([]);
  });

  test("frames that are too long are a bug, and a full queue takes no more", () => {
    const { phone, pass } = connected({ settings: { queuedFramesMax: 3 } });
    expect(() => phone.send(new Uint8Array(245))).toThrow(RangeError);
    expect([1, 2, 3, 4].map((i) => phone.send(frame(i)))).toEqual([true, true, true, false]);
    pass(30);
    expect(phone.send(frame(5))).toBe(true);
  });
});

describe("each fault strikes where it was armed, and nowhere else", () => {
  test("nothing armed, nothing struck: all frames arrive once", () => {
    const { phone, pass, lines, radio } = connected({ echo: true });
    for (let i = 0; i < 100; i++) phone.send(frame(i));
    pass(2_000);
    expect(lines("phone frame")).toHaveLength(100);
    expect(radio.counters).toEqual({
      connections: 1,
      toLock: 100,
      toPhone: 100,
      lost: 0,
      struck: { loss: 0, stall: 0, duplicate: 0, fade: 0 },
    });
  });

  test.each(["to-lock", "to-phone"] as const)(
    "loss %s: both ends hear of it within the supervision time",
    (direction) => {
      const { phone, pass, lines, radio } = connected({
        echo: true,
        faults: [{ kind: "loss", direction, atFrame: 2 }],
      });
      for (let i = 0; i < 5; i++) phone.send(frame(i));
      pass(10_000);
      expect(radio.counters.struck.loss).toBe(1);
      expect(lines(direction === "to-lock" ? "lock frame" : "phone frame")).toHaveLength(2);
      const struckAt = timeOf(lines("lock frame").at(0)) + (direction === "to-phone" ? 30 : 0);
      expect(lines("phone closed lost").map(timeOf)).toEqual([struckAt + supervisionMs]);
      expect(lines("lock closed").map(timeOf)).toEqual([struckAt + supervisionMs]);
      expect(phone.send(frame(9))).toBe(false);
    },
  );

  test("stall: all that waited comes afterwards; from the supervision time on it is a loss", () => {
    for (const [forMs, isLoss] of [
      [3_900, false],
      [4_000, true],
      [60_000, true],
    ] as const) {
      const { phone, pass, lines, radio } = connected({
        faults: [{ kind: "stall", direction: "to-lock", atFrame: 1, forMs }],
      });
      for (let i = 0; i < 4; i++) phone.send(frame(i));
      pass(70_000);
      expect(radio.counters.struck.stall).toBe(1);
      expect(lines("lock frame")).toHaveLength(isLoss ? 1 : 4);
      expect(lines("phone closed lost")).toHaveLength(isLoss ? 1 : 0);
      if (isLoss) continue;
      const [first, second] = lines("lock frame").map(timeOf);
      expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(forMs);
    }
  });

  test("duplicate: that frame twice, the others once", () => {
    const { phone, pass, lines } = connected({
      faults: [{ kind: "duplicate", direction: "to-lock", atFrame: 1 }],
    });
    for (let i = 0; i < 3; i++) phone.send(frame(i));
    pass(1_000);
    expect(lines("lock frame").map((line) => line.split(" ")[2])).toEqual(["0", "1", "1", "2"]);
  });

  test("fade: a short one delays, a long one ends the link", () => {
    for (const [forMs, isLoss] of [
      [2_000, false],
      [9_000, true],
    ] as const) {
      const { phone, pass, lines, radio } = connected({
        faults: [{ kind: "fade", direction: "to-lock", atFrame: 0, forMs, decibels: 40 }],
      });
      phone.send(frame(0));
      pass(1_000);
      expect(radio.counters.struck.fade).toBe(1);
      expect(phone.rssi).toBe(-102);
      expect(lines("lock frame")).toEqual([]);
      pass(10_000);
      expect(lines("lock frame")).toHaveLength(isLoss ? 0 : 1);
      expect(lines("phone closed lost")).toHaveLength(isLoss ? 1 : 0);
    }
  });

  test("deaf: advertised and no answer; silent: not even advertised; both end", () => {
    for (const how of ["deaf", "silent"] as const) {
      const world = air();
      world.radio.hang(how, 7_000);
      expect(world.radio.scan(near) === undefined).toBe(how === "silent");
      world.dial();
      world.pass(5_500);
      expect(world.log).toEqual(["phone closed no-answer @5000"]);
      world.dial();
      world.pass(2_000);
      expect(world.lines("phone opened")).toHaveLength(1);
    }
  });

  test("a radio that hangs takes its open link with it; power off and on frees it", () => {
    const { radio, pass, lines, at, dial, phone } = connected();
    const hungAt = at();
    radio.hang("deaf");
    phone.send(frame(1));
    pass(10_000);
    expect(lines("phone closed lost").map(timeOf)).toEqual([hungAt + supervisionMs]);
    radio.powerOff();
    radio.powerOn();
    dial(near, "second");
    pass(1_000);
    expect(lines("second opened")).toHaveLength(1);
  });
});

describe("ends that die without a word", () => {
  test("a lock without power: its goodbye is not heard, and after power-on it takes the next phone", () => {
    const { radio, lock, pass, lines, at, dial } = connected();
    const darkAt = at();
    lock().send(frame(1));
    lock().close();
    radio.powerOff();
    expect(radio.scan(near)).toBeUndefined();
    pass(1_000);
    radio.powerOn();
    dial(near, "second");
    pass(1_000);
    expect(lines("second opened")).toHaveLength(1);
    pass(5_000);
    expect(lines("phone frame")).toEqual([]);
    expect(lines("lock closed")).toEqual([]);
    expect(lines("phone closed").map((line) => line.split(" @")[0])).toEqual(["phone closed lost"]);
    expect(timeOf(lines("phone closed")[0])).toBe(darkAt + supervisionMs);
    expect(radio.isConnected).toBe(true);
  });

  test("a phone that vanishes keeps the radio busy until the supervision time is over", () => {
    const { phone, pass, lines, at, radio } = connected();
    const goneAt = at();
    phone.vanish();
    pass(3_999);
    expect(radio.isConnected).toBe(true);
    pass(1);
    expect(radio.isConnected).toBe(false);
    expect(lines("lock closed").map(timeOf)).toEqual([goneAt + supervisionMs]);
    expect(lines("phone closed")).toEqual([]);
  });
});

test("a callback may do anything but pass time", () => {
  let tried = 0;
  const radio: Radio = createRadio({
    chance: coin(1),
    board: {
      connect() {
        tried++;
        expect(() => radio.passTo(10_000)).toThrow(/callbacks/);
        radio.powerOff();
        return { frame() {}, closed() {} };
      },
    },
  });
  const heard: string[] = [];
  radio.connect({ opened: () => heard.push("opened"), frame() {}, closed: (why) => heard.push(why) }, near);
  radio.passTo(10_000);
  expect(tried).toBe(1);
  expect(heard).toEqual(["opened", "lost"]);
});

/** A walk with faults, played in the steps given; what both ends heard and when. */
function walk(
  seed: number,
  moves: readonly number[],
  faults: readonly RadioFault[],
  stepMs: number,
): string[] {
  const { radio, log, dial, pass } = air({ echo: true, seed });
  radio.arm(faults);
  let phone = dial();
  for (const [i, centimetres] of moves.entries()) {
    phone.move(centimetres);
    for (let sent = 0; sent < 9; sent++) phone.send(frame(sent));
    for (let left = 1_200; left > 0; left -= stepMs) pass(Math.min(left, stepMs));
    if (i % 7 === 6) {
      phone.close();
      phone = dial(centimetres);
    }
  }
  phone.move(far);
  pass(supervisionMs);
  expect(radio.isConnected, "out of range for the supervision time").toBe(false);
  expect(log.filter((line) => line.startsWith("lock closed"))).toHaveLength(radio.counters.connections);
  return log;
}

test("over any walk: the same seed is the same history, however time is cut, and no link outlives its signal", () => {
  const fault = fc.oneof(
    fc.record({ kind: fc.constant("loss" as const) }),
    fc.record({ kind: fc.constant("stall" as const), forMs: fc.nat(6_000) }),
    fc.record({ kind: fc.constant("duplicate" as const) }),
    fc.record({ kind: fc.constant("fade" as const), forMs: fc.nat(6_000), decibels: fc.nat(40) }),
  );
  const placed = fc
    .tuple(fault, fc.constantFrom("to-lock" as const, "to-phone" as const), fc.nat(60))
    .map(([what, direction, atFrame]): RadioFault => ({ ...what, direction, atFrame }));
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(fc.integer({ min: 50, max: 1_500 }), { minLength: 3, maxLength: 20 }),
      fc.array(placed, { maxLength: 4 }),
      (seed, moves, faults) => {
        const log = walk(seed, moves, faults, 1_200);
        expect(walk(seed, moves, faults, 170)).toEqual(log);
      },
    ),
    { numRuns: 60 },
  );
});
