/**
 * The flash part forgives nothing that a real chip might not forgive, and fails only as its menu says. Nothing here
 * knows what the firmware stores.
 */
import { type Bytes, equal } from "@doorsync/protocol/lock";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createFlash,
  type Flash,
  type TornPattern,
  tornPatterns,
} from "../packages/lock-sim/src/parts/flash.ts";
import { createSecureElement } from "../packages/lock-sim/src/parts/secure-element.ts";

const shape = { bytes: 16_384, sectorBytes: 4_096, wordBytes: 8 };
const word = (fill: number): Bytes => new Uint8Array(8).fill(fill);
const blank = word(0xff);

function cut(flash: Flash, pattern: TornPattern, afterBytes: number, seed = 3): void {
  flash.arm({ kind: "cut", atOp: flash.counters.ops, afterBytes, pattern, seed });
}

const twice = (first: Bytes, second: Bytes) => (flash: Flash) => {
  flash.program(0, first);
  flash.program(0, second);
};

/** What the first word reads over many power-ons. */
function readings(flash: Flash, address = 0): Set<string> {
  const seen = new Set<string>();
  for (let i = 0; i < 60; i++) {
    flash.powerOn();
    seen.add(flash.read(address, 8).join());
  }
  return seen;
}

describe("breaking a rule of the chip is a bug that throws", () => {
  const cases: [string, (flash: Flash) => void, RegExp][] = [
    ["programming half a word", (flash) => flash.program(0, new Uint8Array(4)), /whole words/],
    ["programming between words", (flash) => flash.program(4, word(0)), /whole words/],
    ["programming nothing", (flash) => flash.program(0, new Uint8Array(0)), /whole words/],
    ["programming across the end", (flash) => flash.program(16_376, new Uint8Array(16)), /past the end/],
    ["erasing a sector that is not there", (flash) => flash.erase(4), /erase of sector/],
    ["setting a bit", twice(word(0), word(1)), /over another value/],
    ["clearing further bits of a programmed word", twice(word(0xf0), word(0x00)), /over another value/],
    ["a value over a word that was programmed to ones", twice(blank, word(0)), /over another value/],
  ];
  test.each(cases)("%s", (_, breakIt, message) => {
    expect(() => breakIt(createFlash(shape))).toThrow(message);
  });

  test("using it without power", () => {
    const flash = createFlash(shape);
    cut(flash, "untouched", 0);
    expect(flash.program(0, word(0))).toBe("cut");
    expect(() => flash.program(8, word(0))).toThrow(/without power/);
    flash.powerOn();
    expect(flash.program(8, word(0))).toBe("done");
  });

  test.each(tornPatterns)("another value over a word torn as %s, even if it reads blank", (pattern) => {
    const flash = createFlash(shape);
    cut(flash, pattern, 0);
    expect(flash.program(0, word(0xa5))).toBe("cut");
    flash.powerOn();
    expect(() => flash.program(0, word(0xa4))).toThrow(/over another value/);
    expect(flash.program(0, word(0xa5))).toBe("done");
    expect(readings(flash)).toEqual(new Set([word(0xa5).join()]));
  });

  test.each(tornPatterns)(
    "programming a sector whose erase was torn as %s, even if it reads blank",
    (pattern) => {
      const flash = createFlash(shape);
      flash.program(0, word(0));
      cut(flash, pattern, 64);
      expect(flash.erase(0)).toBe("cut");
      flash.powerOn();
      expect(() => flash.program(2_048, word(1))).toThrow(/half erased/);
      expect(flash.erase(0)).toBe("done");
      expect(flash.program(0, word(1))).toBe("done");
    },
  );
});

describe("a power cut tears exactly one word", () => {
  test.each(tornPatterns)("%s: words before are done, words after are blank", (pattern) => {
    const flash = createFlash(shape);
    cut(flash, pattern, 16);
    expect(flash.program(0, new Uint8Array(40))).toBe("cut");
    expect(flash.counters).toMatchObject({ cuts: 1, programs: 1, programBytes: 16 });
    flash.powerOn();
    expect(equal(flash.read(0, 16), new Uint8Array(16))).toBe(true);
    expect(flash.read(24, 16)).toEqual(new Uint8Array(16).fill(0xff));
    const seen = readings(flash, 16);
    const expected: Record<TornPattern, (values: Set<string>) => boolean> = {
      untouched: (values) => values.size === 1 && values.has(blank.join()),
      half: (values) => values.size === 1 && values.has("0,0,0,0,255,255,255,255"),
      scattered: (values) => values.size === 1 && !values.has(blank.join()) && !values.has(word(0).join()),
      marginal: (values) => values.size === 2 && values.has(blank.join()) && values.has(word(0).join()),
    };
    expect(expected[pattern](seen), [...seen].join(" | ")).toBe(true);
  });

  test("past the last byte, all is done and only the answer is lost", () => {
    const flash = createFlash(shape);
    cut(flash, "marginal", 8);
    expect(flash.program(0, word(0))).toBe("cut");
    expect(readings(flash)).toEqual(new Set([word(0).join()]));
  });

  test("programming a whole word again never makes it weak", () => {
    for (const pattern of tornPatterns) {
      const flash = createFlash(shape);
      flash.program(0, word(0x5a));
      cut(flash, pattern, 0);
      expect(flash.program(0, word(0x5a))).toBe("cut");
      expect(readings(flash)).toEqual(new Set([word(0x5a).join()]));
    }
  });

  test("a torn erase leaves old, erased and weak words", () => {
    const flash = createFlash(shape);
    flash.program(0, new Uint8Array(4_096));
    cut(flash, "scattered", 1_024);
    expect(flash.erase(0)).toBe("cut");
    flash.powerOn();
    const first = flash.read(0, 4_096);
    flash.powerOn();
    const second = flash.read(0, 4_096);
    expect(first.subarray(0, 1_024).every((byte) => byte === 0xff)).toBe(true);
    const fates = { old: 0, erased: 0, weak: 0 };
    for (let at = 1_024; at < 4_096; at += 8) {
      const now = first.subarray(at, at + 8);
      if (!equal(now, second.subarray(at, at + 8))) fates.weak++;
      else if (equal(now, blank)) fates.erased++;
      else fates.old++;
    }
    for (const count of Object.values(fates)) expect(count).toBeGreaterThan(50);
  });
});

describe("the part counts and repeats", () => {
  test("a dud word does not take and does not tell", () => {
    const flash = createFlash(shape);
    flash.arm({ kind: "dud", atOp: 0, afterBytes: 8 });
    expect(flash.program(0, new Uint8Array(24))).toBe("done");
    expect(flash.counters.duds).toBe(1);
    expect(flash.read(0, 24).filter((byte) => byte !== 0)).toEqual(Uint8Array.of(1));
  });

  test("a lost program answers done and did nothing; done again, it takes", () => {
    const flash = createFlash(shape);
    flash.arm({ kind: "lost", atOp: 1 });
    expect(flash.program(0, word(1))).toBe("done");
    expect(flash.program(8, new Uint8Array(16))).toBe("done");
    expect(flash.counters).toMatchObject({ lost: 1, programs: 2, programBytes: 8 });
    expect(flash.read(0, 24)).toEqual(Uint8Array.of(...word(1), ...blank, ...blank));
    expect(flash.program(8, new Uint8Array(16))).toBe("done");
    expect(flash.read(8, 16)).toEqual(new Uint8Array(16));
    expect(() => flash.program(8, word(1))).toThrow(/over another value/);
  });

  test("a bit worn in a program reads as one for ever, after erases, power-ons and in forks too", () => {
    const flash = createFlash(shape);
    flash.arm({ kind: "stuck", atOp: 0, afterBytes: 9, bit: 4 });
    expect(flash.program(0, new Uint8Array(24))).toBe("done");
    expect(flash.counters.stuck).toBe(1);
    const marred = new Uint8Array(24);
    marred[9] = 0x10;
    expect(flash.read(0, 24)).toEqual(marred);
    for (const chip of [flash, flash.fork()]) {
      expect(chip.program(0, new Uint8Array(24))).toBe("done");
      expect(chip.read(0, 24)).toEqual(marred);
      chip.erase(0);
      expect(chip.read(0, 24)).toEqual(new Uint8Array(24).fill(0xff));
      chip.program(0, new Uint8Array(24));
      chip.powerOn();
      chip.rot(9, 4);
      expect(chip.read(0, 24)).toEqual(marred);
      expect(chip.counters.stuck).toBe(1);
    }
  });

  test("a bit worn in an erase reads as zero for ever; a cut elsewhere does not heal it", () => {
    const flash = createFlash(shape);
    flash.arm({ kind: "stuck", atOp: 0, afterBytes: 3, bit: 7 });
    expect(flash.erase(1)).toBe("done");
    const marred = word(0xff);
    marred[3] = 0x7f;
    expect(flash.read(4_096, 8)).toEqual(marred);
    expect(flash.program(4_096, blank)).toBe("done");
    expect(flash.read(4_096, 8)).toEqual(marred);
    cut(flash, "marginal", 0);
    expect(flash.erase(1)).toBe("cut");
    for (let i = 0; i < 20; i++) {
      flash.powerOn();
      expect((flash.read(4_096 + 3, 1)[0] ?? 0xff) & 0x80).toBe(0);
    }
    flash.erase(1);
    expect(flash.read(4_096, 8)).toEqual(marred);
    expect(flash.read(4_104, 4_088)).toEqual(new Uint8Array(4_088).fill(0xff));
  });

  test("operations, bytes and wear", () => {
    const flash = createFlash(shape);
    flash.erase(1);
    flash.erase(1);
    flash.program(4_096, new Uint8Array(16));
    expect(flash.counters).toEqual({
      ops: 3,
      programs: 1,
      programBytes: 16,
      erases: 2,
      cuts: 0,
      duds: 0,
      lost: 0,
      stuck: 0,
    });
    expect(flash.wear()).toEqual([0, 2, 0, 0]);
  });

  test("all positions of a cut within one word leave the same chip, so the first stands for all", () => {
    const sectors = [0, 1, 2, 3];
    for (const pattern of tornPatterns) {
      for (const kind of ["program", "erase"] as const) {
        const left = new Map<number, Set<string>>();
        for (let afterBytes = 0; afterBytes < 64; afterBytes++) {
          const flash = createFlash(shape);
          flash.program(0, new Uint8Array(64).fill(0x5a));
          cut(flash, pattern, afterBytes);
          expect(kind === "erase" ? flash.erase(0) : flash.program(64, new Uint8Array(64))).toBe("cut");
          // A word that was begun to be erased counts as erased; one that was begun to be programmed is the torn one.
          const first = kind === "erase" ? Math.ceil(afterBytes / 8) : Math.floor(afterBytes / 8);
          const likeness = sectors.map((sector) => flash.likeness(sector).join()).join();
          left.set(first, (left.get(first) ?? new Set()).add(likeness));
        }
        for (const [first, chips] of left) expect(chips.size, `${kind}, ${pattern}, word ${first}`).toBe(1);
        expect(left.size).toBe(kind === "erase" ? 9 : 8);
      }
    }
  });

  test("chips are alike only if they read alike, take alike and wear alike", () => {
    const made = (change: (flash: Flash) => void): string => {
      const flash = createFlash(shape);
      flash.program(0, word(1));
      change(flash);
      return flash.likeness(0).join();
    };
    const torn = (pattern: TornPattern) => (flash: Flash) => {
      cut(flash, pattern, 0);
      flash.program(8, word(2));
    };
    const changes: ((flash: Flash) => void)[] = [
      () => {},
      (flash) => flash.program(8, word(2)),
      torn("untouched"),
      torn("half"),
      torn("marginal"),
      (flash) => {
        cut(flash, "untouched", 0);
        flash.erase(0);
      },
      (flash) => {
        flash.arm({ kind: "stuck", atOp: flash.counters.ops, afterBytes: 0, bit: 0 });
        flash.program(0, word(1));
      },
    ];
    const names = changes.map(made);
    expect(new Set(names).size).toBe(changes.length);
    expect(changes.map(made)).toEqual(names);
    expect(
      made((flash) => flash.program(4_096, word(3))),
      "another sector",
    ).toBe(names[0]);
  });

  test("weak words are told, and a seed given at power-on decides how they read", () => {
    const flash = createFlash(shape);
    expect(flash.weak()).toEqual([]);
    cut(flash, "marginal", 8);
    flash.program(0, new Uint8Array(16));
    expect(flash.weak()).toEqual([8]);
    const reads = (seed: number): string => {
      flash.powerOn(seed);
      return flash.read(8, 8).join();
    };
    const seeds = Array.from({ length: 20 }, (_, n) => n * 0x1234_567);
    expect(new Set(seeds.map(reads)).size).toBe(2);
    for (const seed of seeds) expect(reads(seed)).toBe(reads(seed));
  });

  test("a fork goes its own way and the same faults give the same bytes", () => {
    fc.assert(
      fc.property(fc.constantFrom(...tornPatterns), fc.nat(4_095), fc.nat(), (pattern, afterBytes, seed) => {
        const flash = createFlash(shape);
        flash.program(0, new Uint8Array(4_096));
        const twins = [flash.fork(), flash.fork()].map((twin) => {
          cut(twin, pattern, afterBytes, seed);
          expect(twin.erase(0)).toBe("cut");
          twin.powerOn();
          return twin.read().join();
        });
        expect(twins[0]).toBe(twins[1]);
        expect(flash.read(0, 4_096)).toEqual(new Uint8Array(4_096));
      }),
      { numRuns: 50 },
    );
  });

  test("a chip made from an image holds that image and its words are programmed", () => {
    const image = new Uint8Array(shape.bytes).fill(0xff);
    image[9] = 0;
    const flash = createFlash(shape, image);
    expect(flash.read()).toEqual(image);
    expect(() => flash.program(8, word(0))).toThrow(/over another value/);
  });

  test("the secure element is old or new, never a mixture", () => {
    for (const leaves of ["old", "new"] as const) {
      const secure = createSecureElement(word(1));
      secure.arm({ atWrite: 1, leaves });
      expect(secure.write(word(2))).toBe("done");
      expect(secure.write(word(3))).toBe("cut");
      expect(() => secure.write(word(4))).toThrow(/without power/);
      secure.powerOn();
      expect(secure.read()).toEqual(word(leaves === "old" ? 2 : 3));
      expect([secure.writes, secure.cuts]).toEqual([2, 1]);
    }
  });
});
