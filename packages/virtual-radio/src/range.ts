/**
 * Distance: how strongly one adapter hears another, and from where on not at all. A log-distance model with a seeded
 * fade; walls, antennas and other people's traffic are not in it.
 */
import type { Chance } from "./chance.ts";

export interface Place {
  readonly xMetres: number;
  readonly yMetres: number;
}

export interface RangeOptions {
  readonly txPowerDbm?: number;
  /** What is lost in the first metre. */
  readonly firstMetreDb?: number;
  /** 2 in the open, 3 and more between walls. */
  readonly exponent?: number;
  /** Standard deviation of the fade, drawn anew for every packet. */
  readonly fadeDb?: number;
  /** What is weaker is not heard. */
  readonly sensitivityDbm?: number;
}

export interface Range {
  /** Without fade, so that it stays the same until somebody moves. */
  meanDbm(from: Place, to: Place): number;
  /** One packet's strength, as drawn. */
  packetDbm(from: Place, to: Place): number;
  readonly sensitivityDbm: number;
}

/** Whoever is nearer is heard as from here; it keeps the logarithm away from nought. */
const distanceMetresMin = 1;
const [rssiDbmMin, rssiDbmMax] = [-127, 20];

export function createRange(options: RangeOptions, chance: Chance): Range {
  const { txPowerDbm = 0, firstMetreDb = 40, exponent = 2, fadeDb = 0, sensitivityDbm = -94 } = options;
  const meanDbm = (from: Place, to: Place): number => {
    const metres = Math.max(
      distanceMetresMin,
      Math.hypot(from.xMetres - to.xMetres, from.yMetres - to.yMetres),
    );
    const dbm = txPowerDbm - firstMetreDb - 10 * exponent * Math.log10(metres);
    return Math.min(rssiDbmMax, Math.max(rssiDbmMin, dbm));
  };
  return {
    meanDbm,
    packetDbm: (from, to) => meanDbm(from, to) + (fadeDb > 0 ? fadeDb * chance.normal() : 0),
    sensitivityDbm,
  };
}
