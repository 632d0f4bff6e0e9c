/**
 * From what the flash chip reads at power-on, and the secure element's counter, to the table in force. Pure: it
 * repairs nothing itself, but names the operations that make what was believed read the same for ever. The record
 * layout is in `record.ts`, the rules by which records get there in `store.ts`.
 *
 * Invariants:
 * 1. The table in force is the one that the secure element names, in the bank that it names, or none (damaged). Its MAC
 *    is computed afresh over every item, so that a lost removal, which would revive a code, is noticed.
 * 2. A record counts by its commit word alone, with one exception: the last delta may lack it if the secure element
 *    has already taken that step, because it takes it only when the rest of the record was read back.
 * 3. A word in which power failed may read old today and new tomorrow. Among the words believed only the last commit
 *    word of a bank can be such a word; the repairs program it again, and nothing is appended before they are done.
 * 4. An uncommitted delta that the repairs do not finish never counts again: what follows it is committed.
 * 5. The time floor never falls. A last floor record whose CRC holds is believed without a commit word, and programmed
 *    again as a whole: otherwise it might count tomorrow, not count the day after, and nobody would repair it.
 * 6. Where the next record goes may not come before where one was begun: the start of every unfinished record that says
 *    where the next one goes is programmed again, be it inside the extent of another.
 * 7. What the spare bank holds counts only while its generation is the one to come.
 * Cost: one pass over the image, one MAC for each item of the table.
 */
import {
  type Bytes,
  type Crypto,
  concat,
  copy,
  emptyTable,
  equal,
  itemBytes,
  itemId,
  type Table,
  tableFromItems,
  tableState,
} from "@doorsync/protocol/lock";
import { type BankIndex, type Geometry, lineBytes } from "./geometry.ts";
import {
  encodeRecord,
  type Found,
  headBytes,
  type LogRecord,
  openWord,
  purposes,
  type RecordKind,
  type RecordOf,
  readRecord,
} from "./record.ts";
import { heldVersion } from "./secure.ts";
import {
  bankEnd,
  blankStore,
  cleanLine,
  commitOp,
  firstRecordAt,
  otherBank,
  type Placement,
  recordOps,
  type Spare,
  type StorageOp,
  type Store,
} from "./store.ts";

/** What the secure element vouches for: which table, and where it lies. */
export interface Counter extends Placement {
  readonly epoch: number;
  /** Epoch of the table in force. */
  readonly tableEpoch: number;
  readonly version: number;
  readonly state: Bytes;
}

/** A snapshot of which some chunks are already in flash; continue at `nextIndex`. */
export interface Staged {
  readonly to: number;
  readonly issuedAt: number;
  readonly state: Bytes;
  readonly root: Bytes;
  readonly siv: Bytes;
  /** Of the whole snapshot. */
  readonly items: number;
  readonly nextIndex: number;
  readonly nextHash: Bytes;
  /** The items received, packed, and their running digest. */
  readonly itemsSoFar: Bytes;
  readonly digest: Bytes;
}

export interface Restored {
  /** Holds once the repairs are executed. */
  readonly store: Store;
  readonly table: Table;
  readonly version: number;
  readonly issuedAt: number;
  readonly floorSeconds: number;
  /** To be executed, each read back, before any other change of the store. May be repeated after another cut. */
  readonly repairs: readonly StorageOp[];
  /** The table named by the secure element is not there; `table` is empty and must open nothing. */
  readonly damaged: boolean;
  readonly staged?: Staged;
}

type FoundOf<K extends RecordKind> = Found<Extract<LogRecord, RecordOf<K>>>;

/** One bank as it reads today. */
interface BankReading {
  readonly bank: BankIndex;
  readonly clean: boolean;
  readonly begin: FoundOf<"begin"> | undefined;
  readonly blocks: readonly FoundOf<"block">[];
  readonly items: number;
  /** Committed, each from where the one before it led. */
  readonly deltas: readonly FoundOf<"delta">[];
  /** Whole but not committed, behind the last committed one. */
  readonly pending: readonly FoundOf<"delta">[];
  readonly floorSeconds: number;
  /** The very last record, if it is a floor. */
  readonly lastFloor: FoundOf<"floor"> | undefined;
  readonly appendAt: number;
  /** Makes firm whatever unfinished record says where the next one goes. */
  readonly tail: readonly StorageOp[];
}

function isKind<K extends RecordKind>(found: Found, kind: K): found is FoundOf<K> & Found {
  return found.record.kind === kind;
}

/** The image in pieces of 4 bytes: most of it is blank, and every boot looks at all of it. */
function quarters(image: Bytes): Int32Array {
  const aligned = image.byteOffset % 4 === 0 ? image : copy(image);
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / 4);
}

function isBlankLine(image: Int32Array, at: number): boolean {
  for (let i = at / 4; i < (at + lineBytes) / 4; i++) if (image[i] !== -1) return false;
  return true;
}

/** Line by line; over the extent of a whole record, through that of a torn one: later records may lie inside. */
function walk(
  image: Bytes,
  start: number,
  end: number,
): { records: Found[]; appendAt: number; tail: readonly StorageOp[] } {
  const records: Found[] = [];
  const cells = quarters(image);
  let appendAt = start;
  let begun: Begun[] = [];
  let at = start;
  while (at < end) {
    if (isBlankLine(cells, at)) {
      at += lineBytes;
      continue;
    }
    const reading = readRecord(image, at, end);
    if (reading.what === "record") {
      records.push(reading.found);
      at += reading.found.extent;
      begun = begun.filter((one) => one.until > at);
      appendAt = Math.max(appendAt, at);
      continue;
    }
    const isTorn = reading.what === "torn";
    const until = at + (isTorn ? reading.extent : lineBytes);
    if (until > appendAt) {
      const bytes = isTorn ? image.slice(at, at + headBytes) : openWord;
      begun.push({ until, again: { kind: "program", address: at, bytes } });
    }
    appendAt = Math.max(appendAt, until);
    at += lineBytes;
  }
  return { records, appendAt, tail: begun.map(({ again }) => again) };
}

/**
 * The start of a record that was never finished, where nothing whole lies as far behind as it reaches. One may lie in the
 * extent of another, whose header read blank when it was begun.
 */
interface Begun {
  readonly until: number;
  readonly again: StorageOp;
}

function readBank(geometry: Geometry, image: Bytes, bank: BankIndex, generation: number): BankReading {
  const start = geometry.bankAddress[bank];
  const first = start + firstRecordAt;
  const { records, appendAt, tail } = walk(image, first, bankEnd(geometry, bank));
  const begin = records.find((found): found is FoundOf<"begin"> & Found => isKind(found, "begin"));
  const opened = begin !== undefined && begin.at === first;
  const last = records.at(-1);
  const lastFloor = last !== undefined && isKind(last, "floor") ? last : undefined;

  const blocks: FoundOf<"block">[] = [];
  const deltas: FoundOf<"delta">[] = [];
  let pending: FoundOf<"delta">[] = [];
  let items = 0;
  let floorSeconds = Math.max(begin?.record.body.floorSeconds ?? 0, begin?.record.body.issuedAt ?? 0);
  for (const found of records) {
    // The same chunk may have been stored twice, when its first commit word did not read as one.
    if (isKind(found, "block") && found.committed && found.record.body.index === blocks.length) {
      blocks.push(found);
      items += found.record.body.items.length / itemBytes;
    } else if (isKind(found, "delta")) {
      if (!found.committed) pending.push(found);
      else {
        deltas.push(found);
        pending = [];
        floorSeconds = Math.max(floorSeconds, found.record.body.issuedAt);
      }
    } else if (isKind(found, "floor") && (found.committed || found === lastFloor)) {
      floorSeconds = Math.max(floorSeconds, found.record.body.seconds);
    }
  }
  return {
    bank,
    clean: appendAt === first && equal(image.subarray(start, first), cleanLine(generation)),
    begin: opened ? begin : undefined,
    blocks,
    items,
    deltas,
    pending,
    floorSeconds,
    lastFloor,
    appendAt,
    tail,
  };
}

/** The way from a bank's blocks to the version that the secure element names. */
interface Path {
  readonly reading: BankReading;
  readonly steps: readonly FoundOf<"delta">[];
  readonly last: FoundOf<"begin"> | FoundOf<"delta">;
}

function pathTo(counter: Counter, reading: BankReading): Path | undefined {
  const { begin, deltas } = reading;
  if (begin === undefined || begin.record.body.epoch !== counter.tableEpoch) return undefined;
  if (reading.items !== begin.record.body.items) return undefined;
  let version = begin.record.body.to;
  for (const { record } of deltas) {
    if (record.body.from !== version) return undefined;
    version = record.body.to;
  }
  const isNamed = (to: number, state: Bytes): boolean =>
    to === counter.version && equal(state, counter.state);
  const reached = deltas.at(-1) ?? begin;
  if (isNamed(version, reached.record.body.state)) return { reading, steps: deltas, last: reached };
  // The last one: an abandoned record of the same content may lie before it, and only this one was surely read back.
  const step = reading.pending.findLast(
    ({ record: { body } }) => body.from === version && isNamed(body.to, body.state),
  );
  return step && { reading, steps: [...deltas, step], last: step };
}

/** The blocks' items under all steps, packed in ascending order. */
function itemsOf({ reading, steps }: Path): Bytes {
  const changed = new Map<number, Bytes | undefined>();
  for (const { record } of steps) {
    const { removes, puts } = record.body;
    for (let at = 0; at < removes.length; at += 3) changed.set(itemId(removes.subarray(at)), undefined);
    for (let at = 0; at < puts.length; at += itemBytes) {
      const item = puts.subarray(at, at + itemBytes);
      changed.set(itemId(item), item);
    }
  }
  const kept: Bytes[] = [];
  for (const { record } of reading.blocks) {
    for (let at = 0; at < record.body.items.length; at += itemBytes) {
      const item = record.body.items.subarray(at, at + itemBytes);
      if (!changed.has(itemId(item))) kept.push(item);
    }
  }
  for (const item of changed.values()) if (item !== undefined) kept.push(item);
  return concat(...kept.sort((a, b) => itemId(a) - itemId(b)));
}

function commitAgain({ at, record }: Found): StorageOp {
  return commitOp(at, encodeRecord(record));
}

function repairsOf({ reading: { lastFloor }, last }: Path): StorageOp[] {
  const floor = lastFloor === undefined ? [] : recordOps(lastFloor.at, encodeRecord(lastFloor.record));
  return [commitAgain(last), ...floor];
}

/** Part of a snapshot that would still be news, and may be continued. */
function isResumable({ begin }: BankReading, counter: Counter, damaged: boolean): boolean {
  if (begin === undefined || !begin.committed) return false;
  const { epoch, generation, purpose, to, state } = begin.record.body;
  if (epoch !== counter.epoch || generation !== counter.generation + 1) return false;
  if (purpose !== purposes.snapshot) return false;
  const held = heldVersion(counter);
  return to > held || (damaged && to === held && equal(state, counter.state));
}

function stagedOf({ body }: RecordOf<"begin">, blocks: readonly FoundOf<"block">[]): Staged {
  const { to, issuedAt, state, root, siv, items } = body;
  const last = blocks.at(-1)?.record.body;
  return {
    to,
    issuedAt,
    state,
    root,
    siv,
    items,
    nextIndex: blocks.length,
    nextHash: last?.next ?? root,
    itemsSoFar: concat(...blocks.map(({ record }) => record.body.items)),
    digest: last?.digest ?? emptyTable.digest,
  };
}

/**
 * The state of the storage after power-on. `image`: the whole flash as it reads now; `keys`: of the table's digest
 * and of its MAC. Version 0 is the empty table, whatever flash holds.
 */
export function restore(
  crypto: Crypto,
  geometry: Geometry,
  image: Bytes,
  counter: Counter,
  keys: { readonly digest: Bytes; readonly state: Bytes },
): Restored {
  if (image.length !== geometry.imageBytes) throw new RangeError(`an image of ${image.length} bytes`);
  const { version, bank, generation } = counter;
  const home = readBank(geometry, image, bank, generation);
  const spare = readBank(geometry, image, otherBank(bank), generation);

  let path = version === 0 ? undefined : pathTo(counter, home);
  let table = emptyTable;
  if (path !== undefined) {
    const read = tableFromItems(crypto, keys.digest, itemsOf(path));
    if (read.ok && equal(tableState(crypto, keys.state, version, read.value), counter.state))
      table = read.value;
    else path = undefined;
  }
  const damaged = version !== 0 && path === undefined;
  const begun = isResumable(spare, counter, damaged) ? spare.begin : undefined;
  const repairs = path === undefined ? [] : repairsOf(path);
  if (path !== undefined) repairs.push(...home.tail);
  if (begun !== undefined) {
    repairs.push(commitAgain(spare.blocks.at(-1) ?? begun));
    repairs.push(...spare.tail);
  }

  const blank = blankStore(geometry, { bank, generation });
  const issuedAt = path?.last.record.body.issuedAt ?? 0;
  const isOwn = version !== 0 && home.begin?.record.body.epoch === counter.tableEpoch;
  const floorSeconds = Math.max(isOwn ? home.floorSeconds : 0, issuedAt);
  const store: Store = {
    ...blank,
    force: path && { bank, version: heldVersion(counter), appendAt: home.appendAt, worn: false },
    spare: spareOf(spare, begun?.record, blank.spare),
    damaged,
    floorSeconds,
  };
  return {
    store,
    table,
    version,
    issuedAt,
    floorSeconds,
    repairs,
    damaged,
    ...(begun === undefined ? {} : { staged: stagedOf(begun.record, spare.blocks) }),
  };
}

function spareOf(reading: BankReading, begun: RecordOf<"begin"> | undefined, dirty: Spare): Spare {
  const { bank, blocks, items, appendAt } = reading;
  if (reading.clean) return { kind: "clean", bank };
  if (begun === undefined) return dirty;
  return { kind: "open", bank, begin: begun.body, appendAt, blocks: blocks.length, items };
}
