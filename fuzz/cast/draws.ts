/**
 * An input read as a script: numbers, choices and byte strings, one after the other. When the input is used up every
 * number is 0, so that every input is a whole script and a shorter one is a simpler one. Not a source of chance.
 */
import type { Bytes } from "@doorsync/protocol/lock";

export interface Draws {
  /** Bytes not read yet. */
  readonly left: number;
  u8(): number;
  u16(): number;
  u32(): number;
  /** `count` bytes, or as many as are left; a copy. */
  bytes(count: number): Bytes;
  /** Everything that is left; a copy. */
  rest(): Bytes;
  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
}

export function createDraws(data: Bytes): Draws {
  let at = 0;
  const uint = (width: number): number => {
    let value = 0;
    for (let i = 0; i < width; i++) value = value * 256 + (data[at++] ?? 0);
    return value;
  };
  const bytes = (count: number): Bytes => {
    const drawn = new Uint8Array(data.subarray(at, at + count));
    at += count;
    return drawn;
  };
  const draws: Draws = {
    get left() {
      return Math.max(0, data.length - at);
    },
    u8: () => uint(1),
    u16: () => uint(2),
    u32: () => uint(4),
    bytes,
    rest: () => bytes(Math.max(0, data.length - at)),
    pick(list) {
      const picked = list[uint(1) % list.length];
      if (picked === undefined) throw new RangeError("nothing to pick from");
      return picked;
    },
  };
  return draws;
}

/** A script for `createDraws`, for the seed corpus: numbers are one byte each, strings of bytes go in as they are. */
export function script(...parts: readonly (number | Bytes)[]): Bytes {
  const bytes = parts.flatMap((part) => (typeof part === "number" ? [part & 0xff] : [...part]));
  return Uint8Array.from(bytes);
}

/** A number as two bytes of a script. */
export function two(value: number): Bytes {
  return Uint8Array.of(value >> 8, value & 0xff);
}

/**
 * Bytes changed as the script says: up to seven edits, then a new end. A script of zeros changes nothing.
 * u8 edits (mod 8) | per edit: u16 place, u8 xor | u8 cut: 0 none, odd: drop `cut` bytes, even: append `cut` drawn bytes
 */
export function changed(draws: Draws, original: Bytes): Bytes {
  let bytes = new Uint8Array(original);
  const edits = draws.u8() % 8;
  for (let i = 0; i < edits; i++) {
    const at = draws.u16() % Math.max(1, bytes.length);
    const xor = draws.u8();
    if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ xor;
  }
  const cut = draws.u8();
  if (cut % 2 === 1) bytes = bytes.slice(0, Math.max(0, bytes.length - cut));
  else if (cut > 0) {
    const more = draws.bytes(cut);
    const longer = new Uint8Array(bytes.length + more.length);
    longer.set(bytes);
    longer.set(more, bytes.length);
    bytes = longer;
  }
  return bytes;
}
