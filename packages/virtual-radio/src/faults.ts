/**
 * What can go wrong with an ACL packet between two hosts, decided packet by packet. A healthy link layer repeats what
 * was lost, so these are the faults of hostile or broken stacks; a bad radio shows as a stall or the loss of a link.
 */
import { createChance } from "./chance.ts";

export type Direction = "to-peripheral" | "to-central";

export type Verdict =
  | { readonly kind: "pass" }
  | { readonly kind: "drop" }
  | { readonly kind: "duplicate" }
  /** Behind the next packet of its direction; passes by itself when none comes. */
  | { readonly kind: "swap" }
  | { readonly kind: "replace"; readonly data: Uint8Array }
  /** Late by this much, and everything behind it. */
  | { readonly kind: "delay"; readonly ms: number };

export interface AclPacket {
  readonly direction: Direction;
  /** Whether an L2CAP PDU begins here. */
  readonly starts: boolean;
  readonly data: Uint8Array;
  /** The how manyth packet of its direction on this link, from nought. */
  readonly index: number;
}

export type Tamper = (packet: AclPacket) => Verdict;

export const pass: Verdict = { kind: "pass" };

/** Shares of all ACL packets, each from 0 to 1. */
export interface FaultShares {
  readonly drop?: number;
  readonly duplicate?: number;
  readonly swap?: number;
  readonly corrupt?: number;
}

/** Faults by chance: the same seed and the same packets give the same faults. */
export function tamperByChance(seed: number, shares: FaultShares): Tamper {
  const chance = createChance(seed);
  return (packet) => {
    if (chance.happens(shares.drop ?? 0)) return { kind: "drop" };
    if (chance.happens(shares.duplicate ?? 0)) return { kind: "duplicate" };
    if (chance.happens(shares.swap ?? 0)) return { kind: "swap" };
    if (chance.happens(shares.corrupt ?? 0))
      return { kind: "replace", data: flipBit(packet.data, chance.next()) };
    return pass;
  };
}

/** A copy with one bit flipped; `where` from 0 to 1 says which. */
export function flipBit(data: Uint8Array, where: number): Uint8Array {
  const flipped = data.slice();
  const bit = Math.floor(where * data.length * 8);
  const byte = flipped[bit >> 3];
  if (byte !== undefined) flipped[bit >> 3] = byte ^ (1 << (bit & 7));
  return flipped;
}

/** One fault, for the packet with this index in this direction and no other. */
export const tamperOnce =
  (direction: Direction, index: number, verdict: Verdict): Tamper =>
  (packet) =>
    packet.direction === direction && packet.index === index ? verdict : pass;
