/**
 * New inputs from old ones: bit flips, numbers that like to be bounds, lengths that lie, pieces moved, words of a
 * dictionary, two inputs spliced. It knows bytes, not what they mean.
 */
import type { Chance } from "./chance.ts";

type Bytes = Uint8Array;

export interface Mutable {
  readonly chance: Chance;
  /** What words of the format look like. */
  readonly dictionary: readonly Bytes[];
  /** Another input to take pieces of. */
  readonly other: Bytes;
  readonly bytesMax: number;
}

type Mutator = (bytes: Bytes, from: Mutable) => Bytes;

const bounds8 = [0, 1, 0x17, 0x18, 0x3f, 0x40, 0x7f, 0x80, 0xfe, 0xff];
const bounds16 = [0, 1, 0xff, 0x100, 0x1ff, 0x200, 0x7ff, 0x800, 0x7fff, 0x8000, 0xffff];
const bounds32 = [0, 1, 0xffff, 0x1_0000, 0xff_ffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];

function joined(...parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function replaced(bytes: Bytes, at: number, removed: number, put: Bytes): Bytes {
  return joined(bytes.subarray(0, at), put, bytes.subarray(at + removed));
}

/** A place and a length inside, the length mostly small. */
function piece(bytes: Bytes, chance: Chance): { readonly at: number; readonly length: number } {
  const at = chance.below(bytes.length + 1);
  const most = chance.oneIn(4) ? bytes.length : Math.min(16, bytes.length);
  return { at, length: Math.min(bytes.length - at, 1 + chance.below(Math.max(1, most))) };
}

function written(bytes: Bytes, at: number, width: number, value: number): Bytes {
  const copy = new Uint8Array(bytes);
  for (let i = 0; i < width && at + i < copy.length; i++) {
    copy[at + i] = Math.floor(value / 256 ** (width - 1 - i)) & 0xff;
  }
  return copy;
}

const flipBit: Mutator = (bytes, { chance }) => {
  const copy = new Uint8Array(bytes);
  const at = chance.below(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << chance.below(8));
  return copy;
};
const setByte: Mutator = (bytes, { chance }) =>
  written(bytes, chance.below(bytes.length), 1, chance.oneIn(2) ? chance.below(256) : chance.pick(bounds8));
const addToByte: Mutator = (bytes, { chance }) => {
  const at = chance.below(bytes.length);
  return written(bytes, at, 1, (bytes[at] ?? 0) + chance.below(33) - 16 + 256);
};
const setNumber: Mutator = (bytes, { chance }) => {
  const at = chance.below(bytes.length);
  return chance.oneIn(2)
    ? written(bytes, at, 2, chance.pick(bounds16))
    : written(bytes, at, 4, chance.pick(bounds32));
};
/** A number that says how much follows, or a little more, or less. */
const setLength: Mutator = (bytes, { chance }) => {
  const at = chance.below(bytes.length);
  const width = 1 + chance.below(2);
  return written(bytes, at, width, Math.max(0, bytes.length - at - width + chance.below(5) - 2));
};
const insertNoise: Mutator = (bytes, { chance }) => {
  const noise = Uint8Array.from({ length: 1 + chance.below(8) }, () => chance.below(256));
  return replaced(bytes, chance.below(bytes.length + 1), 0, noise);
};
const insertRun: Mutator = (bytes, { chance }) =>
  replaced(
    bytes,
    chance.below(bytes.length + 1),
    0,
    new Uint8Array(1 + chance.below(40)).fill(chance.below(256)),
  );
const removePiece: Mutator = (bytes, { chance }) => {
  const { at, length } = piece(bytes, chance);
  return replaced(bytes, at, length, new Uint8Array(0));
};
const repeatPiece: Mutator = (bytes, { chance }) => {
  const { at, length } = piece(bytes, chance);
  return replaced(bytes, chance.below(bytes.length + 1), 0, bytes.slice(at, at + length));
};
const movePiece: Mutator = (bytes, { chance }) => {
  const { at, length } = piece(bytes, chance);
  const moved = bytes.slice(at, at + length);
  const rest = replaced(bytes, at, length, new Uint8Array(0));
  return replaced(rest, chance.below(rest.length + 1), 0, moved);
};
const insertWord: Mutator = (bytes, { chance, dictionary }) =>
  replaced(bytes, chance.below(bytes.length + 1), 0, chance.pick(dictionary));
const overwriteWord: Mutator = (bytes, { chance, dictionary }) => {
  const word = chance.pick(dictionary);
  return replaced(bytes, chance.below(bytes.length + 1), word.length, word);
};
/** The beginning of one and the end of another. */
const splice: Mutator = (bytes, { chance, other }) =>
  joined(bytes.subarray(0, chance.below(bytes.length + 1)), other.subarray(chance.below(other.length + 1)));
const insertOther: Mutator = (bytes, { chance, other }) => {
  const { at, length } = piece(other, chance);
  return replaced(
    bytes,
    chance.below(bytes.length + 1),
    chance.oneIn(2) ? length : 0,
    other.slice(at, at + length),
  );
};
/** A byte string of CBOR grows or shrinks together with its head. */
const resizeString: Mutator = (bytes, { chance }) => {
  const start = chance.below(bytes.length);
  for (let step = 0; step < bytes.length; step++) {
    const at = (start + step) % bytes.length;
    const head = bytes[at] ?? 0;
    const wide = head === 0x58;
    const length = wide ? (bytes[at + 1] ?? 0) : head - 0x40;
    if (!wide && (head < 0x40 || head > 0x57)) continue;
    const target = Math.max(0, Math.min(255, length + chance.below(9) - 4));
    const newHead = target < 24 ? Uint8Array.of(0x40 + target) : Uint8Array.of(0x58, target);
    const from = at + (wide ? 2 : 1);
    const content = new Uint8Array(target);
    content.set(bytes.subarray(from, from + Math.min(length, target)));
    return replaced(bytes, at, (wide ? 2 : 1) + length, joined(newHead, content));
  }
  return bytes;
};

const mutators: readonly Mutator[] = [
  flipBit,
  setByte,
  addToByte,
  setNumber,
  setLength,
  insertNoise,
  insertRun,
  removePiece,
  removePiece,
  repeatPiece,
  movePiece,
  insertWord,
  overwriteWord,
  splice,
  insertOther,
  resizeString,
];

/** One to eight mutations on top of each other; never longer than `bytesMax`. */
export function mutated(bytes: Bytes, from: Mutable): Bytes {
  let result = bytes;
  const rounds = 2 ** from.chance.below(4);
  for (let i = 0; i < rounds; i++) {
    if (result.length === 0) result = Uint8Array.of(from.chance.below(256));
    result = from.chance.pick(mutators)(result, from);
  }
  return result.slice(0, from.bytesMax);
}
