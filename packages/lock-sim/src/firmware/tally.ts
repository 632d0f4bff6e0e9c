/**
 * The wrong-code tally: how many codes were tried in vain, so that taking out the battery gives nobody more guesses.
 * Pure: it plans storage operations and says whether a code may be tried now; it compares no codes.
 *
 * Two sectors take turns, each a header word and slots of three words:
 *   header   generation u32 | ~generation u32, programmed last
 *   slot     "thekeys:" | uptime u32, kind u8, ~kind u8, crc16 | "success!" once the attempt was right
 * Time is powered uptime in seconds; it resumes from the largest stored value, so a lost clock neither opens nor closes
 * the keypad for ever. Invariants:
 * 1. An attempt is in flash, read back, before its code is compared. It counts as wrong until its success word is in.
 * 2. A sector is left only when it is full; what still matters was carried over, and the new header is whole before the
 *    next attempt. Boot programs the header in force again and erases a sector that was about to take over, so that a
 *    header which reads differently tomorrow cannot bring back an older count.
 * 3. The first word of every slot is the same: a torn one is finished by the next attempt, and any other torn word lies
 *    in a slot that does not read blank.
 * 4. An attempt torn before it was read back was never compared, so it does not matter whether it counts.
 */
import { ascii, type Bytes, concat, readUint, writeUint } from "@doorsync/protocol/lock";
import { crc32 } from "./crc.ts";
import { type Geometry, sectorBytes, wordBytes } from "./geometry.ts";
import type { StorageOp } from "./store.ts";

/** Length of the budget's window, and how often uptime alone is written down. */
export const tallyWindowSeconds = 86_400;
export const uptimeMarkSeconds = 3_600;

/** Whatever the policy says: no more wrong codes in a window than can be carried into a fresh sector. */
export const wrongCodesCarriedMax = 100;

const slotBytes = 3 * wordBytes;
const slotsPerSector = Math.floor((sectorBytes - wordBytes) / slotBytes);
const slotWord: Bytes = ascii("thekeys:");
const successWord: Bytes = ascii("success!");
const kinds = { attempt: 1, mark: 2 } as const;

export interface KeypadPolicy {
  /** Wrong codes in a row after which the keypad pauses, and for how long. */
  readonly wrongCodeEntryLimit: number;
  readonly userCodeTemporaryDisableSeconds: number;
  /** Wrong codes in a day of powered uptime. */
  readonly wrongCodesPerDayMax: number;
}

interface Attempt {
  readonly uptimeSeconds: number;
  readonly right: boolean;
}

export interface Tally {
  readonly geometry: Geometry;
  readonly sector: 0 | 1;
  readonly generation: number;
  /** The next free slot. */
  readonly slot: number;
  /** Oldest first: every wrong attempt of the window, and the right ones still needed to count those in a row. */
  readonly attempts: readonly Attempt[];
  /** Largest uptime written down. */
  readonly uptimeSeconds: number;
  /** Where the last attempt lies, while it can still be called right. */
  readonly attemptSlot: number | undefined;
}

/** Take `after` once every operation was read back; on any failure the attempt must not be compared. */
export interface TallyPlan {
  readonly ops: readonly StorageOp[];
  readonly after: Tally;
}

export type MayTry =
  | { readonly ok: true }
  | { readonly ok: false; readonly why: "pause" | "day"; readonly waitSeconds: number };

/** The attempts that still matter at `uptimeSeconds`: wrong ones of the window, and the last right one before each. */
function current(attempts: readonly Attempt[], uptimeSeconds: number): Attempt[] {
  const young = attempts.filter((one) => uptimeSeconds - one.uptimeSeconds < tallyWindowSeconds);
  const last = young.findLastIndex((one) => one.right);
  const wanted = young.filter((one, index) => !one.right || index === last);
  return wanted.slice(-wrongCodesCarriedMax);
}

/** Whether a code may be compared now, or how long the keypad stays closed. */
export function mayTry(tally: Tally, uptimeSeconds: number, policy: KeypadPolicy): MayTry {
  const attempts = current(tally.attempts, uptimeSeconds);
  const wrong = attempts.filter((one) => !one.right);
  const budget = Math.min(policy.wrongCodesPerDayMax, wrongCodesCarriedMax - 1);
  const freed = wrong.at(-budget);
  if (budget === 0 || freed !== undefined) {
    const since = freed?.uptimeSeconds ?? uptimeSeconds;
    return { ok: false, why: "day", waitSeconds: since + tallyWindowSeconds - uptimeSeconds };
  }
  const inARow = attempts.length - 1 - attempts.findLastIndex((one) => one.right);
  const last = attempts.at(-1);
  if (last === undefined || inARow === 0 || inARow % policy.wrongCodeEntryLimit !== 0) return { ok: true };
  const waitSeconds = last.uptimeSeconds + policy.userCodeTemporaryDisableSeconds - uptimeSeconds;
  return waitSeconds > 0 ? { ok: false, why: "pause", waitSeconds } : { ok: true };
}

function sectorAddress(geometry: Geometry, sector: 0 | 1): number {
  return geometry.tallyAddress + sector * sectorBytes;
}

function slotAddress(geometry: Geometry, sector: 0 | 1, slot: number): number {
  return sectorAddress(geometry, sector) + wordBytes + slot * slotBytes;
}

function headerWord(generation: number): Bytes {
  const word = new Uint8Array(wordBytes);
  writeUint(word, 0, 4, generation);
  writeUint(word, 4, 4, ~generation >>> 0);
  return word;
}

function dataWord(kind: number, uptimeSeconds: number): Bytes {
  const word = new Uint8Array(wordBytes);
  writeUint(word, 0, 4, uptimeSeconds);
  writeUint(word, 4, 1, kind);
  writeUint(word, 5, 1, 0xff - kind);
  writeUint(word, 6, 2, crc32(word, 0, 6) & 0xffff);
  return word;
}

interface Slot {
  readonly kind: number;
  readonly uptimeSeconds: number;
  readonly right: boolean;
}

function readSlot(image: Bytes, at: number): Slot | "blank" | "torn" {
  const bytes = image.subarray(at, at + slotBytes);
  if (bytes.every((byte) => byte === 0xff)) return "blank";
  const word = bytes.subarray(wordBytes, 2 * wordBytes);
  const kind = readUint(word, 4, 1);
  const holds = readUint(word, 5, 1) === 0xff - kind && readUint(word, 6, 2) === (crc32(word, 0, 6) & 0xffff);
  if (!holds) return "torn";
  const right = successWord.every((byte, i) => bytes[2 * wordBytes + i] === byte);
  return { kind, uptimeSeconds: readUint(word, 0, 4), right };
}

/** Writes slots one after the other. */
function slotOps(geometry: Geometry, sector: 0 | 1, first: number, slots: readonly Slot[]): StorageOp[] {
  return slots.map(({ kind, uptimeSeconds, right }, index) => ({
    kind: "program",
    address: slotAddress(geometry, sector, first + index),
    bytes: concat(slotWord, dataWord(kind, uptimeSeconds), ...(right ? [successWord] : [])),
  }));
}

function headerOp(geometry: Geometry, sector: 0 | 1, generation: number): StorageOp {
  return { kind: "program", address: sectorAddress(geometry, sector), bytes: headerWord(generation) };
}

function eraseOp(geometry: Geometry, sector: 0 | 1): StorageOp {
  return { kind: "erase", sector: geometry.tallyAddress / sectorBytes + sector };
}

/** Makes room for one more slot, by moving into the other sector if there is none. */
function planRoom(tally: Tally, uptimeSeconds: number): TallyPlan {
  if (tally.slot < slotsPerSector) return { ops: [], after: tally };
  const { geometry } = tally;
  const sector = tally.sector === 0 ? 1 : 0;
  const generation = tally.generation + 1;
  const attempts = current(tally.attempts, uptimeSeconds);
  const carried: Slot[] = [
    { kind: kinds.mark, uptimeSeconds: Math.max(uptimeSeconds, tally.uptimeSeconds), right: false },
    ...attempts.map((one) => ({ kind: kinds.attempt, ...one })),
  ];
  return {
    ops: [
      eraseOp(geometry, sector),
      ...slotOps(geometry, sector, 0, carried),
      headerOp(geometry, sector, generation),
    ],
    after: { ...tally, sector, generation, slot: carried.length, attempts, attemptSlot: undefined },
  };
}

function planSlot(tally: Tally, uptimeSeconds: number, kind: number): TallyPlan {
  const room = planRoom(tally, uptimeSeconds);
  const { geometry, sector, slot } = room.after;
  const ops = slotOps(geometry, sector, slot, [{ kind, uptimeSeconds, right: false }]);
  const after = {
    ...room.after,
    slot: slot + 1,
    uptimeSeconds: Math.max(uptimeSeconds, tally.uptimeSeconds),
  };
  return { ops: [...room.ops, ...ops], after };
}

/** The tally whose sector could not be made firm: the next attempt moves to the other sector first. */
export function unfirm(tally: Tally): Tally {
  return { ...tally, slot: slotsPerSector };
}

/** Writes an attempt down, as wrong. Only then may the code be compared. */
export function planAttempt(tally: Tally, uptimeSeconds: number): TallyPlan {
  const { ops, after } = planSlot(tally, uptimeSeconds, kinds.attempt);
  const attempts = [...current(after.attempts, uptimeSeconds), { uptimeSeconds, right: false }];
  return { ops, after: { ...after, attempts, attemptSlot: after.slot - 1 } };
}

/**
 * The attempt just written was right after all. The door need not wait for this; if it is lost, or the sector was left
 * meanwhile, the attempt goes on counting as wrong after the next power-on.
 */
export function planSuccess(tally: Tally): TallyPlan {
  const attempt = tally.attempts.at(-1);
  if (attempt === undefined) throw new TypeError("a success without an attempt");
  const { geometry, sector, attemptSlot } = tally;
  const attempts = [...tally.attempts.slice(0, -1), { ...attempt, right: true }];
  const after = { ...tally, attempts, attemptSlot: undefined };
  if (attemptSlot === undefined) return { ops: [], after };
  const address = slotAddress(geometry, sector, attemptSlot) + 2 * wordBytes;
  return { ops: [{ kind: "program", address, bytes: successWord }], after };
}

/** Writes uptime down once an hour; no operations before that. */
export function planUptime(tally: Tally, uptimeSeconds: number): TallyPlan {
  if (uptimeSeconds < tally.uptimeSeconds + uptimeMarkSeconds) return { ops: [], after: tally };
  return planSlot(tally, uptimeSeconds, kinds.mark);
}

/** The tally after power-on, and what to execute before the first attempt. Blank flash is an empty tally. */
export function restoreTally(
  geometry: Geometry,
  image: Bytes,
): { readonly tally: Tally; readonly repairs: readonly StorageOp[] } {
  const generationOf = (sector: 0 | 1): number => {
    const at = sectorAddress(geometry, sector);
    const generation = readUint(image, at, 4);
    return readUint(image, at + 4, 4) === ~generation >>> 0 ? generation : 0;
  };
  const generations = [generationOf(0), generationOf(1)] as const;
  const sector = generations[1] > generations[0] ? 1 : 0;
  const generation = generations[sector];
  if (generation === 0) {
    const tally: Tally = {
      geometry,
      sector,
      generation: 1,
      slot: 0,
      attempts: [],
      uptimeSeconds: 0,
      attemptSlot: undefined,
    };
    return { tally, repairs: [eraseOp(geometry, sector), headerOp(geometry, sector, 1)] };
  }

  let slot = 0;
  let uptimeSeconds = 0;
  const attempts: Attempt[] = [];
  for (let index = 0; index < slotsPerSector; index++) {
    const read = readSlot(image, slotAddress(geometry, sector, index));
    if (read === "blank") continue;
    slot = index + 1;
    if (read === "torn") continue;
    uptimeSeconds = Math.max(uptimeSeconds, read.uptimeSeconds);
    if (read.kind === kinds.attempt) attempts.push({ uptimeSeconds: read.uptimeSeconds, right: read.right });
  }
  const other = sector === 0 ? 1 : 0;
  const start = sectorAddress(geometry, other);
  const wasTakingOver =
    generations[other] === 0 && image.subarray(start, start + sectorBytes).some((byte) => byte !== 0xff);
  const repairs = [
    headerOp(geometry, sector, generation),
    ...(wasTakingOver ? [eraseOp(geometry, other)] : []),
  ];
  return {
    tally: { geometry, sector, generation, slot, attempts, uptimeSeconds, attemptSlot: undefined },
    repairs,
  };
}
