/** The model of air time, against tables that were computed apart from it. No link runs here; virtual-link does that. */
import {
  attBytesPerSecond,
  exchangeUs,
  type Phy,
  packetsOf,
  packetUs,
  visitMs,
} from "@doorsync/virtual-radio";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

test("one packet, one exchange: bytes of the air and silence", () => {
  expect(packetUs(0, { phy: "1M" })).toBe(80);
  expect(packetUs(0, { phy: "2M" })).toBe(44);
  expect(packetUs(27, { phy: "1M" })).toBe(328);
  expect(packetUs(27, { phy: "1M", encrypted: false })).toBe(296);
  expect(packetUs(251, { phy: "2M" })).toBe(1_064);
  expect(exchangeUs(251, 0, { phy: "2M" })).toBe(1_408);
});

test("a value with its head in packets of the air", () => {
  expect(packetsOf(244, true)).toEqual([251]);
  expect(packetsOf(514, true)).toEqual([251, 251, 19]);
  expect(packetsOf(20, false)).toEqual([27]);
  expect(packetsOf(21, false)).toEqual([27, 1]);
});

/** kB/s of attribute values, encrypted, at intervals of 7.5, 15 and 30 ms, no cap on packets per event. */
const rates: readonly (readonly [Phy, boolean, Record<number, readonly [number, number, number]>])[] = [
  [
    "1M",
    false,
    { 23: [26.7, 26.7, 27.3], 185: [34.7, 34.7, 35.5], 247: [32.5, 34.2, 34.3], 517: [34.3, 34.3, 36.0] },
  ],
  [
    "1M",
    true,
    { 23: [26.7, 26.7, 27.3], 185: [72.8, 84.9, 84.9], 247: [65.1, 81.3, 89.5], 517: [68.5, 85.7, 85.7] },
  ],
  [
    "2M",
    false,
    { 23: [37.3, 37.3, 38.7], 185: [48.5, 48.5, 50.3], 247: [45.5, 47.2, 47.2], 517: [48.0, 48.7, 49.7] },
  ],
  [
    "2M",
    true,
    {
      23: [37.3, 37.3, 38.7],
      185: [145.6, 145.6, 151.7],
      247: [162.7, 162.7, 170.8],
      517: [137.1, 148.5, 154.2],
    },
  ],
];

describe("bytes of values per second", () => {
  test.each(rates)("%s, data length extension %s", (phy, dle, table) => {
    for (const [mtu, row] of Object.entries(table))
      for (const [at, intervalMs] of [7.5, 15, 30].entries()) {
        const rate = attBytesPerSecond(Number(mtu), { phy, dle, intervalMs }) / 1_000;
        expect(
          Math.abs(rate - (row[at] ?? 0)),
          `MTU ${mtu} at ${intervalMs} ms: ${rate}`,
        ).toBeLessThanOrEqual(0.051);
      }
  });

  test("with a cap on the packets of an event", () => {
    const slow = { phy: "1M", dle: false, intervalMs: 30 } as const;
    const fast = { phy: "2M", dle: true, intervalMs: 30, packetsPerEventMax: 6 } as const;
    expect(attBytesPerSecond(23, { ...slow, packetsPerEventMax: 1 })).toBeCloseTo(666.7, 1);
    expect(attBytesPerSecond(23, { ...slow, packetsPerEventMax: 6 })).toBeCloseTo(4_000, 1);
    expect(attBytesPerSecond(185, { ...fast, phy: "1M" })).toBeCloseTo(36_400, 1);
    expect(attBytesPerSecond(247, fast)).toBeCloseTo(48_800, 1);
    expect(attBytesPerSecond(517, fast)).toBeCloseTo(34_266.7, 1);
  });

  test("always ends, below the bits of the phy; a higher cap is never slower", () => {
    const model = fc.record({
      phy: fc.constantFrom<Phy>("1M", "2M"),
      dle: fc.boolean(),
      intervalMs: fc.integer({ min: 6, max: 3_200 }).map((units) => units * 1.25),
      packetsPerEventMax: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(model, fc.integer({ min: 23, max: 517 }), (given, mtu) => {
        const rate = attBytesPerSecond(mtu, given);
        expect(rate).toBeGreaterThan(0);
        // No more than the bits of the phy, and never better with fewer packets.
        expect(rate * 8).toBeLessThan(given.phy === "2M" ? 2e6 : 1e6);
        const more = { ...given, packetsPerEventMax: given.packetsPerEventMax + 1 };
        expect(attBytesPerSecond(mtu, more)).toBeGreaterThanOrEqual(rate * (1 - 1e-9));
      }),
    );
  });
});

describe("seconds of a visit", () => {
  const links = [
    [23, { phy: "1M", dle: false, intervalMs: 30, packetsPerEventMax: 1 }],
    [23, { phy: "1M", dle: false, intervalMs: 30, packetsPerEventMax: 6 }],
    [185, { phy: "1M", dle: true, intervalMs: 30, packetsPerEventMax: 6 }],
    [247, { phy: "2M", dle: true, intervalMs: 15, packetsPerEventMax: 6 }],
    [247, { phy: "2M", dle: true, intervalMs: 7.5 }],
  ] as const;
  test.each([
    [1, 80, [0.18, 0.08, 0.062, 0.031, 0.015]],
    [2, 250, [0.495, 0.182, 0.127, 0.063, 0.032]],
    [2, 354, [0.651, 0.208, 0.13, 0.064, 0.032]],
    [3, 736, [1.284, 0.364, 0.2, 0.098, 0.05]],
    [4, 1_497, [2.486, 0.614, 0.281, 0.135, 0.069]],
    [40, 8_910, [15.8, 4.63, 2.65, 1.29, 0.66]],
    [2, 36_150, [54.3, 9.16, 1.11, 0.43, 0.25]],
  ] as const)("%i round trips, %i bytes", (roundTrips, bytes, expected) => {
    for (const [at, [mtu, model]] of links.entries()) {
      const seconds = visitMs({ roundTrips, bytes }, mtu, model) / 1_000;
      // The tables have three figures.
      expect(Math.abs(seconds - (expected[at] ?? 0))).toBeLessThanOrEqual(Math.max(0.0011, seconds * 0.01));
    }
  });
});
