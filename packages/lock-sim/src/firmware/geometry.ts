/**
 * Where things lie in the flash chip: the keypad's notebook, the event journal, then two equal banks for the table. All
 * of it follows from one number, the capacity. Not the layout of a record; that is `record.ts`.
 */
import { itemsPerChunkMax, tableItemsBesideCodesMax } from "@doorsync/protocol/lock";

/** The chip's unit of erasing, of programming, and the grid on which our records start. */
export const sectorBytes = 4_096;
export const wordBytes = 8;
export const lineBytes = 32;

/** What a bank sets aside for one `begin` and for each full `block`; `record.ts` stays below both. */
export const beginRecordBytesMax = 256;
export const blockRecordBytesMax = 2_048;

/** The log of changes behind the blocks: 13 B for each code (128 KiB at 10,000), but never less than this. */
const logBytesMin = 16_384;
const logBytesPerCode = 13;

/** The ring of the event journal. */
export const journalSectors = 8;

/** Credentials with a limit (single use, minutes after first use) whose uses are remembered at a time. */
const usesRememberedMax = 512;

/** Slots of the notebook that are not uses: a day's wrong codes carried over, and what comes until a group is full. */
const notebookSlotsBesideUses = 270;
const notebookSlotBytes = 3 * wordBytes;

export type BankIndex = 0 | 1;

export interface Geometry {
  /** Credentials the lock can hold. */
  readonly capacity: number;
  readonly notebookAddress: number;
  /** Of each of its two groups, which take turns. */
  readonly notebookSectors: number;
  readonly usesMax: number;
  readonly journalAddress: number;
  readonly bankAddress: readonly [number, number];
  readonly bankBytes: number;
  readonly imageBytes: number;
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/** Bytes rounded up to whole words, or to whole lines. */
export function toWords(bytes: number): number {
  return roundUp(bytes, wordBytes);
}
export function toLines(bytes: number): number {
  return roundUp(bytes, lineBytes);
}

/** Room for the fullest table, freshly written, and for the log behind it. */
export function geometryFor(capacity: number): Geometry {
  const blocks = Math.ceil((capacity + tableItemsBesideCodesMax) / itemsPerChunkMax);
  const log = Math.max(logBytesMin, capacity * logBytesPerCode);
  const bankBytes = roundUp(
    lineBytes + beginRecordBytesMax + blocks * blockRecordBytesMax + log,
    sectorBytes,
  );
  const usesMax = Math.min(capacity, usesRememberedMax);
  const notebookSectors = Math.ceil(
    (wordBytes + (usesMax + notebookSlotsBesideUses) * notebookSlotBytes) / sectorBytes,
  );
  const notebookAddress = 0;
  const journalAddress = notebookAddress + 2 * notebookSectors * sectorBytes;
  const firstBank = journalAddress + journalSectors * sectorBytes;
  return {
    capacity,
    notebookAddress,
    notebookSectors,
    usesMax,
    journalAddress,
    bankAddress: [firstBank, firstBank + bankBytes],
    bankBytes,
    imageBytes: firstBank + 2 * bankBytes,
  };
}
