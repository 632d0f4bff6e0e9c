/**
 * One record of a bank's log or of the event journal, as bytes and back, from one table of fields. Not where a record
 * goes (`store.ts`, `journal.ts`) nor what a sequence of them means (`boot.ts`, `journal-boot.ts`).
 *
 *   word 0        "doorsync"                                          the open word
 *   word 1        len u16 | ~len u16 | kind u8 | ~kind u8 | format u8 | ~format u8
 *   len bytes     the body, padded with FF to whole words
 *   word          crc32 | ~crc32                                      over word 1, body and padding
 *   word          crc32 ^ "COMM" | ~crc32 ^ "ITED"                    the commit word
 *
 * All integers are big-endian; a record starts on a line and owns every line it touches. Invariants:
 * 1. The open word is the same in every record. Power may fail while it is programmed and leave it reading blank; the
 *    next record then starts on the same line and merely finishes it. So no line that reads blank can hide another
 *    value, however many cuts follow each other. Where it, or the header behind it, reads as programmed and nothing lies
 *    behind, boot programs it again: it might read blank tomorrow, when the next record lies behind it.
 * 2. Any later word that was touched lies on a line whose open word is whole, or inside the extent that a whole header
 *    declares. A torn header never passes for a shorter or longer one: bits only go from 1 to 0, and both a number
 *    and its complement are stored.
 * 3. A commit word that was begun proves that everything before it in the record was whole and had been read back.
 *    Nothing else proves that: a CRC may hold today and not tomorrow, when power failed in its own word.
 * 4. Neither the CRC word nor the commit word can be blank (all ones), whatever the content.
 */
import {
  ascii,
  type Bytes,
  eventBytes,
  itemBytes,
  itemsPerChunkMax,
  readUint,
  removesPerUpdateMax,
  writeUint,
} from "@doorsync/protocol/lock";
import { crc32 } from "./crc.ts";
import { toLines, toWords, wordBytes } from "./geometry.ts";

/** Number of this layout in flash; not the version of the wire. */
const recordFormat = 1;

/** Opens a bank: everything about the table that its blocks will hold. Committed at once, as each block is. */
export interface Begin {
  /** Counts openings of banks; the secure element knows which one is in force and which may be continued. */
  readonly generation: number;
  readonly epoch: number;
  readonly to: number;
  readonly issuedAt: number;
  readonly floorSeconds: number;
  readonly items: number;
  readonly purpose: number;
  readonly state: Bytes;
  readonly root: Bytes;
  readonly siv: Bytes;
}

/** Up to 64 items, the hash of the chunk to follow and the digest of all items so far: enough to resume. */
export interface Block {
  readonly index: number;
  readonly next: Bytes;
  readonly digest: Bytes;
  readonly items: Bytes;
}

/** One step from a version to a later one; ids of 3 bytes and items of 29, packed. */
export interface Delta {
  readonly from: number;
  readonly to: number;
  readonly issuedAt: number;
  readonly state: Bytes;
  readonly removes: Bytes;
  readonly puts: Bytes;
}

/** The greatest time ever vouched for by the authority. */
export interface Floor {
  readonly seconds: number;
}

/** One event of the journal, as the log chains and sends it. Of its bytes only the first four matter here: seq u32. */
export interface EventBody {
  readonly event: Bytes;
}

/** Up to where the authority has the events, and which sectors of the journal count (bit n: sector n). */
export interface Anchor {
  /** 1: all records before this one are void, they are a former owner's; else 0. */
  readonly voids: number;
  readonly seq: number;
  readonly head: Bytes;
  readonly sectors: number;
}

interface Bodies {
  readonly begin: Begin;
  readonly block: Block;
  readonly delta: Delta;
  readonly floor: Floor;
  readonly event: EventBody;
  readonly anchor: Anchor;
}

export type RecordKind = keyof Bodies;
export type RecordOf<K extends RecordKind> = { readonly kind: K; readonly body: Bodies[K] };
export type LogRecord = { [K in RecordKind]: RecordOf<K> }[RecordKind];

interface Field<T> {
  size(value: T): number;
  write(into: Bytes, at: number, value: T): void;
  /** Undefined when it does not fit before `end` or is over its bound. */
  read(from: Bytes, at: number, end: number): T | undefined;
}

function uint(width: 1 | 2 | 4): Field<number> {
  return {
    size: () => width,
    write: (into, at, value) => writeUint(into, at, width, value),
    read: (from, at, end) => (at + width > end ? undefined : readUint(from, at, width)),
  };
}

function fixed(length: number): Field<Bytes> {
  return {
    size: () => length,
    write: (into, at, value) => {
      if (value.length !== length) throw new RangeError(`a field of ${length} bytes got ${value.length}`);
      into.set(value, at);
    },
    read: (from, at, end) => (at + length > end ? undefined : from.slice(at, at + length)),
  };
}

/** A count (u8), then that many pieces of `width` bytes; the value is the pieces, packed. */
function pieces(width: number, piecesMax: number): Field<Bytes> {
  return {
    size: (value) => 1 + value.length,
    write: (into, at, value) => {
      const count = value.length / width;
      if (!Number.isInteger(count) || count > piecesMax)
        throw new RangeError(`${count} pieces, not 0..${piecesMax}`);
      writeUint(into, at, 1, count);
      into.set(value, at + 1);
    },
    read: (from, at, end) => {
      if (at + 1 > end) return undefined;
      const count = readUint(from, at, 1);
      const stop = at + 1 + count * width;
      return count > piecesMax || stop > end ? undefined : from.slice(at + 1, stop);
    },
  };
}

type Fields<T> = { readonly [F in keyof T]: Field<T[F]> };
interface Layout<T> {
  readonly code: number;
  readonly fields: Fields<T>;
}

/** Length of the log's chain value in an anchor. */
export const anchorHeadBytes = 16;

const layouts: { readonly [K in RecordKind]: Layout<Bodies[K]> } = {
  begin: {
    code: 1,
    fields: {
      generation: uint(4),
      epoch: uint(4),
      to: uint(4),
      issuedAt: uint(4),
      floorSeconds: uint(4),
      items: uint(2),
      purpose: uint(1),
      state: fixed(8),
      root: fixed(32),
      siv: fixed(16),
    },
  },
  block: {
    code: 2,
    fields: {
      index: uint(2),
      next: fixed(32),
      digest: fixed(32),
      items: pieces(itemBytes, itemsPerChunkMax),
    },
  },
  delta: {
    code: 3,
    fields: {
      from: uint(4),
      to: uint(4),
      issuedAt: uint(4),
      state: fixed(8),
      removes: pieces(3, removesPerUpdateMax),
      puts: pieces(itemBytes, itemsPerChunkMax),
    },
  },
  floor: { code: 4, fields: { seconds: uint(4) } },
  event: { code: 5, fields: { event: fixed(eventBytes) } },
  anchor: {
    code: 6,
    fields: { voids: uint(1), seq: uint(4), head: fixed(anchorHeadBytes), sectors: uint(1) },
  },
};

/** What a bank was opened for, in `Begin.purpose`. */
export const purposes = { snapshot: 1, compaction: 2 } as const;

function namesOf<T>(fields: Fields<T>): (keyof T)[] {
  return Object.keys(fields) as (keyof T)[];
}

function bodyBytes<T>({ fields }: Layout<T>, body: T): number {
  return namesOf(fields).reduce((sum, name) => sum + fields[name].size(body[name]), 0);
}

function writeBody<T>({ fields }: Layout<T>, body: T, into: Bytes, start: number): void {
  let at = start;
  for (const name of namesOf(fields)) {
    fields[name].write(into, at, body[name]);
    at += fields[name].size(body[name]);
  }
}

function readBody<T>({ fields }: Layout<T>, from: Bytes, start: number, end: number): T | undefined {
  const body: Partial<T> = {};
  let at = start;
  for (const name of namesOf(fields)) {
    const value = fields[name].read(from, at, end);
    if (value === undefined) return undefined;
    body[name] = value;
    at += fields[name].size(value);
  }
  return at === end ? (body as T) : undefined;
}

export const openWord: Bytes = ascii("doorsync");
const bodyAt = 2 * wordBytes;
/** The open word and the header, which are programmed and read back before anything else of a record. */
export const headBytes: number = bodyAt;
const commitHigh = 0x434f_4d4d; // "COMM"
const commitLow = 0x4954_4544; // "ITED"

/** Where the parts of a record of `len` body bytes lie, from its first byte. */
function partsOf(len: number): { crcAt: number; commitAt: number; extent: number } {
  const crcAt = bodyAt + toWords(len);
  return { crcAt, commitAt: crcAt + wordBytes, extent: toLines(crcAt + 2 * wordBytes) };
}

/** A record in the three pieces in which it is programmed, each read back before the next. */
export interface EncodedRecord {
  /** Open word and header. */
  readonly head: Bytes;
  /** Body and CRC word. */
  readonly rest: Bytes;
  readonly commit: Bytes;
  readonly commitAt: number;
  /** Bytes from this record's start to the next one's. */
  readonly extent: number;
}

function encodeWith<T>(layout: Layout<T>, body: T): EncodedRecord {
  const len = bodyBytes(layout, body);
  const { crcAt, commitAt, extent } = partsOf(len);
  const bytes = new Uint8Array(commitAt + wordBytes).fill(0xff);
  bytes.set(openWord);
  writeUint(bytes, 8, 2, len);
  writeUint(bytes, 10, 2, 0xffff - len);
  writeUint(bytes, 12, 1, layout.code);
  writeUint(bytes, 13, 1, 0xff - layout.code);
  writeUint(bytes, 14, 1, recordFormat);
  writeUint(bytes, 15, 1, 0xff - recordFormat);
  writeBody(layout, body, bytes, bodyAt);
  const crc = crc32(bytes, wordBytes, crcAt);
  writeUint(bytes, crcAt, 4, crc);
  writeUint(bytes, crcAt + 4, 4, ~crc >>> 0);
  writeUint(bytes, commitAt, 4, (crc ^ commitHigh) >>> 0);
  writeUint(bytes, commitAt + 4, 4, (~crc ^ commitLow) >>> 0);
  return {
    head: bytes.slice(0, bodyAt),
    rest: bytes.slice(bodyAt, commitAt),
    commit: bytes.slice(commitAt),
    commitAt,
    extent,
  };
}

/** Throws if a field is outside its bounds: what goes to flash was checked before. */
export function encodeRecord(record: LogRecord): EncodedRecord {
  switch (record.kind) {
    case "begin":
      return encodeWith(layouts.begin, record.body);
    case "block":
      return encodeWith(layouts.block, record.body);
    case "delta":
      return encodeWith(layouts.delta, record.body);
    case "floor":
      return encodeWith(layouts.floor, record.body);
    case "event":
      return encodeWith(layouts.event, record.body);
    case "anchor":
      return encodeWith(layouts.anchor, record.body);
    default:
      throw new TypeError(`no such record: ${String(record satisfies never)}`);
  }
}

/** A record whose CRC holds, found at `at`. */
export interface Found<R extends LogRecord = LogRecord> {
  readonly record: R;
  readonly at: number;
  readonly extent: number;
  readonly committed: boolean;
}

/** What a line that is not blank turns out to be: a record, a header without one, or neither. */
export type Reading =
  | { readonly what: "record"; readonly found: Found }
  | { readonly what: "torn"; readonly extent: number }
  | { readonly what: "debris" };

function decodeBody(code: number, from: Bytes, at: number, end: number): LogRecord | undefined {
  for (const kind of Object.keys(layouts) as RecordKind[]) {
    if (layouts[kind].code !== code) continue;
    const body = readBody<Bodies[RecordKind]>(layouts[kind] as Layout<Bodies[RecordKind]>, from, at, end);
    return body === undefined ? undefined : ({ kind, body } as LogRecord);
  }
  return undefined;
}

/** Reads the line at `at` of a bank that ends at `end`. Any bytes at all may lie there. */
export function readRecord(image: Bytes, at: number, end: number): Reading {
  for (let i = 0; i < wordBytes; i++) if (image[at + i] !== openWord[i]) return { what: "debris" };
  const len = readUint(image, at + 8, 2);
  const code = readUint(image, at + 12, 1);
  const { crcAt, commitAt, extent } = partsOf(len);
  const headerHolds =
    readUint(image, at + 10, 2) === 0xffff - len &&
    readUint(image, at + 13, 1) === 0xff - code &&
    readUint(image, at + 14, 1) === recordFormat &&
    readUint(image, at + 15, 1) === 0xff - recordFormat &&
    at + extent <= end;
  if (!headerHolds) return { what: "debris" };
  const crc = crc32(image, at + wordBytes, at + crcAt);
  if (readUint(image, at + crcAt, 4) !== crc || readUint(image, at + crcAt + 4, 4) !== ~crc >>> 0) {
    return { what: "torn", extent };
  }
  const record = decodeBody(code, image, at + bodyAt, at + bodyAt + len);
  if (record === undefined) return { what: "torn", extent };
  const committed =
    readUint(image, at + commitAt, 4) === (crc ^ commitHigh) >>> 0 &&
    readUint(image, at + commitAt + 4, 4) === (~crc ^ commitLow) >>> 0;
  return { what: "record", found: { record, at, extent, committed } };
}
