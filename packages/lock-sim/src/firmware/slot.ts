/**
 * One slot of the notebook, as bytes and back, and where slots lie. Not when one is written: that is `notebook.ts`.
 *
 *   word 0   "notebook"                                              the open word, the same in every slot
 *   word 1   value u32 | kind u8 | ~kind u8 | crc16                  the data word
 *   word 2   attempt: "success!" once it was right, else blank
 *            mark, clock, use, day, void, kept: 8 bytes more, covered by the CRC as well
 *            boot: blank
 *
 * The CRC is the low half of a CRC-32 over the data word's first six bytes and, where word 2 holds data, over that. A
 * kind and its complement cannot both hold in a torn word: bits only go from 1 to 0. A number that must not be taken
 * for a greater one when it is torn, a day, a mark's uptime, a setting of the clock or a generation, has its complement
 * beside it for the same reason.
 *
 * A group is some sectors; no slot crosses from one sector into the next. Its header word lies at its start, and a
 * copy in the last word of its first sector, so that one flipped bit does not bring an older group back. Its last slots
 * are kept back for decisions about the other group.
 */
import { ascii, type Bytes, concat, readUint, writeUint } from "@doorsync/protocol/lock";
import { crc32 } from "./crc.ts";
import { type Geometry, sectorBytes, wordBytes } from "./geometry.ts";
import type { Attempt } from "./guessing.ts";
import type { Use } from "./uses.ts";

export type Slot =
  | ({ readonly kind: "attempt" } & Attempt)
  /** `rtcSeconds`: lower time bound by the battery-backed clock, 0 for none. */
  | { readonly kind: "mark"; readonly uptimeSeconds: number; readonly rtcSeconds: number }
  /** A token set the clock. `setSeconds`: since when its drift counts; `rtcSeconds`: what it was set to. */
  | { readonly kind: "clock"; readonly setSeconds: number; readonly rtcSeconds: number }
  | ({ readonly kind: "use" } & Use)
  /** `owner`: issuedAt of the commission under which it was taken; another owner's days do not count. */
  | { readonly kind: "day"; readonly day: number; readonly owner: number }
  | { readonly kind: "boot"; readonly uptimeSeconds: number }
  | Decision;

/** "void": the other group's generations up to this one do not stand. "kept": this one stands, a void before it or not. */
export interface Decision {
  readonly kind: "void" | "kept";
  readonly generation: number;
}

export type GroupIndex = 0 | 1;

export const slotBytes: number = 3 * wordBytes;
const slotsPerSector = Math.floor((sectorBytes - 2 * wordBytes) / slotBytes);
export const openWord: Bytes = ascii("notebook");
export const successWord: Bytes = ascii("success!");
const codes = { attempt: 1, mark: 2, use: 3, day: 4, boot: 5, clock: 6, void: 7, kept: 8 } as const;

/** Slots for decisions, each behind the one before; a void leaves the last of them to what is kept. */
const decisionsPerGroup = { void: 16, kept: 24 } as const;

/** Slots for notes; those for decisions lie behind them. */
export function slotsPerGroup({ notebookSectors }: Geometry): number {
  return notebookSectors * slotsPerSector - decisionsPerGroup.kept;
}

function groupAddress({ notebookAddress, notebookSectors }: Geometry, group: GroupIndex): number {
  return notebookAddress + group * notebookSectors * sectorBytes;
}

export function slotAddress(geometry: Geometry, group: GroupIndex, slot: number): number {
  const sector = Math.floor(slot / slotsPerSector) * sectorBytes;
  return groupAddress(geometry, group) + sector + wordBytes + (slot % slotsPerSector) * slotBytes;
}

/** The header's copy first: a group whose header at its start was begun has a whole copy. */
export function headerAddresses(geometry: Geometry, group: GroupIndex): readonly [number, number] {
  const start = groupAddress(geometry, group);
  return [start + sectorBytes - wordBytes, start];
}

export function sectorsOf(geometry: Geometry, group: GroupIndex): readonly number[] {
  const first = groupAddress(geometry, group) / sectorBytes;
  return Array.from({ length: geometry.notebookSectors }, (_, index) => first + index);
}

/** All bytes of a group, as the image has them. */
export function groupBytes(geometry: Geometry, image: Bytes, group: GroupIndex): Bytes {
  const start = groupAddress(geometry, group);
  return image.subarray(start, start + geometry.notebookSectors * sectorBytes);
}

export function headerWord(generation: number): Bytes {
  const word = new Uint8Array(wordBytes);
  writeUint(word, 0, 4, generation);
  writeUint(word, 4, 4, ~generation >>> 0);
  return word;
}

/** The generation of a group by either header; 0: it has none. */
export function generationOf(geometry: Geometry, image: Bytes, group: GroupIndex): number {
  const read = headerAddresses(geometry, group).map((at) => {
    const generation = readUint(image, at, 4);
    return readUint(image, at + 4, 4) === ~generation >>> 0 ? generation : 0;
  });
  return Math.max(...read);
}

/** What a group says of the other one. */
export interface Decisions {
  /** The last that holds. */
  readonly last: Decision | undefined;
  /** Slots in use. */
  readonly used: number;
  /** Whether the last one in use does not hold. */
  readonly isTorn: boolean;
}

export function decisionsOf(geometry: Geometry, image: Bytes, group: GroupIndex): Decisions {
  let found: Decisions = { last: undefined, used: 0, isTorn: false };
  for (let at = 0; at < decisionsPerGroup.kept; at++) {
    const slot = readSlot(image, slotAddress(geometry, group, slotsPerGroup(geometry) + at));
    if (slot === "blank") continue;
    const isWhole = slot !== "torn" && (slot.kind === "void" || slot.kind === "kept");
    found = { last: isWhole ? slot : found.last, used: at + 1, isTorn: !isWhole };
  }
  return found;
}

/** Where a decision goes: behind all others, or onto itself if it is the last. Undefined: there is no room. */
export function decisionSlot(
  geometry: Geometry,
  { last, used, isTorn }: Decisions,
  { kind, generation }: Decision,
): number | undefined {
  const isThere = !isTorn && last?.kind === kind && last.generation === generation;
  const at = isThere ? used - 1 : used;
  return at < decisionsPerGroup[kind] ? slotsPerGroup(geometry) + at : undefined;
}

function crcOf(data: Bytes, more: Bytes): number {
  return crc32(concat(data.subarray(0, 6), more)) & 0xffff;
}

function dataWord(code: number, value: number, more: Bytes): Bytes {
  const word = new Uint8Array(wordBytes);
  writeUint(word, 0, 4, value);
  writeUint(word, 4, 1, code);
  writeUint(word, 5, 1, 0xff - code);
  writeUint(word, 6, 2, crcOf(word, more));
  return word;
}

const nothing: Bytes = new Uint8Array(0);

function firstValue(slot: Slot): number {
  switch (slot.kind) {
    case "attempt":
    case "mark":
    case "boot":
      return slot.uptimeSeconds;
    case "clock":
      return slot.setSeconds;
    case "use":
      return slot.mark;
    case "day":
      return slot.day * 0x1_0000 + (0xffff - slot.day);
    case "void":
    case "kept":
      return slot.generation;
    default:
      throw new TypeError(`no such slot: ${String(slot satisfies never)}`);
  }
}

/** What word 2 holds of a slot whose CRC covers it. */
function moreOf(slot: Slot): Bytes {
  const word = new Uint8Array(wordBytes);
  switch (slot.kind) {
    case "mark":
    case "clock":
      writeUint(word, 0, 4, slot.rtcSeconds);
      writeUint(word, 4, 4, ~firstValue(slot) >>> 0);
      return word;
    case "day":
      writeUint(word, 0, 4, slot.owner);
      writeUint(word, 4, 4, ~slot.owner >>> 0);
      return word;
    case "use":
      writeUint(word, 0, 3, slot.credential);
      writeUint(word, 3, 1, slot.count);
      writeUint(word, 4, 4, slot.firstSeconds);
      return word;
    case "void":
    case "kept":
      return headerWord(slot.generation);
    case "attempt":
    case "boot":
      return nothing;
    default:
      throw new TypeError(`no such slot: ${String(slot satisfies never)}`);
  }
}

/** What follows the open word: one word, or two. Throws if a number does not fit its field. */
export function encodeSlot(slot: Slot): Bytes {
  const more = moreOf(slot);
  const success = slot.kind === "attempt" && slot.right ? successWord : nothing;
  return concat(dataWord(codes[slot.kind], firstValue(slot), more), more, success);
}

function decode(data: Bytes): Slot | undefined {
  const more = data.subarray(wordBytes);
  const code = readUint(data, 4, 1);
  if (readUint(data, 5, 1) !== 0xff - code) return undefined;
  const isLong = code !== codes.attempt && code !== codes.boot;
  if (readUint(data, 6, 2) !== crcOf(data, isLong ? more : nothing)) return undefined;
  const value = readUint(data, 0, 4);
  switch (code) {
    case codes.attempt: {
      const right = successWord.every((byte, index) => more[index] === byte);
      return { kind: "attempt", uptimeSeconds: value, right };
    }
    case codes.mark:
      if (readUint(more, 4, 4) !== ~value >>> 0) return undefined;
      return { kind: "mark", uptimeSeconds: value, rtcSeconds: readUint(more, 0, 4) };
    case codes.clock:
      if (readUint(more, 4, 4) !== ~value >>> 0) return undefined;
      return { kind: "clock", setSeconds: value, rtcSeconds: readUint(more, 0, 4) };
    case codes.use: {
      const [credential, count] = [readUint(more, 0, 3), readUint(more, 3, 1)];
      return { kind: "use", credential, mark: value, count, firstSeconds: readUint(more, 4, 4) };
    }
    case codes.day: {
      const [day, owner] = [Math.floor(value / 0x1_0000), readUint(more, 0, 4)];
      if (value % 0x1_0000 !== 0xffff - day || readUint(more, 4, 4) !== ~owner >>> 0) return undefined;
      return { kind: "day", day, owner };
    }
    case codes.boot:
      return { kind: "boot", uptimeSeconds: value };
    case codes.void:
    case codes.kept:
      if (!headerWord(value).every((byte, index) => more[index] === byte)) return undefined;
      return { kind: code === codes.void ? "void" : "kept", generation: value };
    default:
      return undefined;
  }
}

/**
 * A use with one wrong bit is read as it was: one bit that flipped must not give a used code back. Only a use: a word
 * that was torn may pass for another one by this, and a use that nobody made is of a credential that nobody has.
 */
function mended(data: Bytes): Slot | undefined {
  for (let bit = 0; bit < 8 * data.length; bit++) {
    const flipped = Uint8Array.from(data);
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    const slot = decode(flipped);
    if (slot?.kind === "use") return slot;
  }
  return undefined;
}

/** Any bytes at all may lie there. */
export function readSlot(image: Bytes, at: number): Slot | "blank" | "torn" {
  const bytes = image.subarray(at, at + slotBytes);
  if (bytes.every((byte) => byte === 0xff)) return "blank";
  const data = bytes.subarray(wordBytes);
  if (data.every((byte) => byte === 0xff)) return "torn";
  return decode(data) ?? mended(data) ?? "torn";
}
