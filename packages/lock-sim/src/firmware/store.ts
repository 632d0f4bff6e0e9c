/**
 * The table's place in flash, as a pure value, and plans of storage operations that change it. Not the record layout
 * (`record.ts`), not reading it back after power-on (`boot.ts`), and it performs nothing: the caller executes a plan
 * step by step, reading back each program, and then takes `after`.
 *
 * Two banks. One is in force: `begin`, its `block`s (the table as it once was), then a log of `delta`s and `floor`s.
 * The other is spare: dirty, clean, or open for a snapshot or a compaction. The secure element says which table is in
 * force (version and MAC of its content) and where (bank and generation); its record changes as a whole or not at all,
 * so it is the arbiter. Invariants:
 * 1. A new table, or a new place, counts from the moment the secure element is written. Before that, all of it is whole
 *    in flash and read back (`stage`); after it comes at most a delta's commit word (`commit`), which boot can supply.
 * 2. A committed delta starts from the version that the committed records before it reach.
 * 3. Only the spare bank is erased, and before its first sector the generation moves on, so that nothing in it counts
 *    again, however it reads after an interrupted erase.
 * 4. A bank is opened only when every sector was erased whole: in this power session, or vouched for by the clean mark,
 *    which is programmed after the last erase. A sector that reads blank proves nothing; it may be half erased.
 * 5. The bank in force holds the greatest time floor; a bank gets it before it takes over.
 * 6. Appending never touches a line twice, except to finish an open word (see `record.ts`, 1). The next record goes
 *    where boot would put it too (`stoppedAt`).
 * 7. What one delta programs depends on the delta alone: 54 + 3 for each removal + 29 for each put, in whole words.
 */
import {
  ascii,
  type Bytes,
  concat,
  itemBytes,
  itemsPerChunkMax,
  removesPerUpdateMax,
  writeUint,
} from "@doorsync/protocol/lock";
import { type BankIndex, type Geometry, lineBytes, sectorBytes } from "./geometry.ts";
import { type Begin, type EncodedRecord, encodeRecord, purposes } from "./record.ts";

export type StorageOp =
  | { readonly kind: "program"; readonly address: number; readonly bytes: Bytes }
  | { readonly kind: "erase"; readonly sector: number };

/** The bank in force; `appendAt` is the address of the next record. */
export interface Force {
  readonly bank: BankIndex;
  readonly version: number;
  readonly appendAt: number;
  /** A word of its log did not take; nothing may be appended and the table has to move. */
  readonly worn: boolean;
}

export type Spare =
  /** `erasedSectors` of it were erased whole since power-on. */
  | { readonly kind: "dirty"; readonly bank: BankIndex; readonly erasedSectors: number }
  | { readonly kind: "clean"; readonly bank: BankIndex }
  | {
      readonly kind: "open";
      readonly bank: BankIndex;
      readonly begin: Begin;
      readonly appendAt: number;
      readonly blocks: number;
      readonly items: number;
    };

/** Where the table in force lies, as the secure element keeps it. A fresh lock starts with bank 0, generation 0. */
export interface Placement {
  readonly bank: BankIndex;
  /** Of the bank in force or the last one given up. The next bank to be opened is one younger. */
  readonly generation: number;
}

export interface Store {
  readonly geometry: Geometry;
  readonly placement: Placement;
  /** None before the first snapshot, and none while damaged. */
  readonly force: Force | undefined;
  readonly spare: Spare;
  /** The secure element names a table that flash does not hold. Then nothing is erased unless a snapshot needs it. */
  readonly damaged: boolean;
  readonly floorSeconds: number;
}

/**
 * `stage`, then the secure element if there is anything for it, then `commit`. Take `after` at the end. When it stops
 * before the secure element was written, or there is none in the plan: `stoppedAt`. When it stops later: `worn(after)`.
 */
export interface Plan {
  readonly stage: readonly StorageOp[];
  /** To be written together with epoch, version and state: the new ones of a delta or snapshot, else the held ones. */
  readonly secure: Placement | undefined;
  readonly commit: readonly StorageOp[];
  readonly after: Store;
  readonly dropped: Store;
}

/** One step of the table, as `rules/` accepted it. */
export interface DeltaToStore {
  readonly from: number;
  readonly to: number;
  readonly issuedAt: number;
  readonly state: Bytes;
  readonly removes: readonly number[];
  readonly puts: readonly Bytes[];
}

/** What a verified manifest says of the snapshot to come. */
export interface SnapshotToStore {
  readonly epoch: number;
  readonly to: number;
  readonly issuedAt: number;
  readonly items: number;
  readonly state: Bytes;
  readonly root: Bytes;
  readonly siv: Bytes;
}

export const cleanWord: Bytes = ascii("is-clean");

/**
 * What vouches for a bank that was erased whole while the secure element said `generation`. Whoever erases it again
 * moves the generation on first, so that a mark which outlives an interrupted erase vouches for nothing.
 */
export function cleanMark(generation: number): Bytes {
  const mark = concat(cleanWord, new Uint8Array(8));
  writeUint(mark, 8, 4, generation);
  writeUint(mark, 12, 4, ~generation >>> 0);
  return mark;
}

/** The first line of a bank: the clean mark or nothing. The first record follows. */
export const firstRecordAt: number = lineBytes;
export function cleanLine(generation: number): Bytes {
  const mark = cleanMark(generation);
  return concat(mark, new Uint8Array(lineBytes - mark.length).fill(0xff));
}

const floorExtent: number = encodeRecord({ kind: "floor", body: { seconds: 0 } }).extent;
export const largestDeltaExtent: number = encodeRecord({
  kind: "delta",
  body: {
    from: 0,
    to: 0,
    issuedAt: 0,
    state: new Uint8Array(8),
    removes: new Uint8Array(3 * removesPerUpdateMax),
    puts: new Uint8Array(itemBytes * itemsPerChunkMax),
  },
}).extent;

/** A lock without a table. What its flash may hold is of no account, and is erased before use. */
export function blankStore(geometry: Geometry, { bank, generation }: Placement): Store {
  return {
    geometry,
    placement: { bank, generation },
    force: undefined,
    spare: { kind: "dirty", bank: otherBank(bank), erasedSectors: 0 },
    damaged: false,
    floorSeconds: 0,
  };
}

/** The store after a word of its log did not take: the table has to move before it can change again. */
export function worn(store: Store): Store {
  return store.force === undefined ? store : { ...store, force: { ...store.force, worn: true } };
}

/**
 * The store after operation `at` of a plan read otherwise, before the secure element was written: the next record goes
 * behind what was dropped. Not where the head of a record did not take: boot would not see that place, and put a record
 * over whatever was begun behind it. Then the bank in force is left; in the spare one the next record, whose head is
 * the same, goes where boot would put it.
 */
export function stoppedAt({ stage, dropped }: Plan, at: number, readBack: Bytes): Store {
  const head = at === 0 ? stage[0] : undefined;
  if (head?.kind !== "program") return dropped;
  const { geometry, spare } = dropped;
  const start = geometry.bankAddress[spare.bank];
  const isInSpare = head.address >= start && head.address < start + geometry.bankBytes;
  if (!isInSpare || spare.kind !== "open") return worn(dropped);
  const isBlank = readBack.every((byte) => byte === 0xff);
  return { ...dropped, spare: { ...spare, appendAt: head.address + (isBlank ? 0 : lineBytes) } };
}

/** The store when repairs at boot did not take: neither the log in force nor a half-received stream is built upon. */
export function givenUp(store: Store): Store {
  return worn(store.spare.kind === "open" ? dirtied(store) : store);
}

export function program(address: number, bytes: Bytes): StorageOp {
  return { kind: "program", address, bytes };
}

/** Everything of a record but its commit word. */
function stageOps(at: number, encoded: EncodedRecord): StorageOp[] {
  return [program(at, encoded.head), program(at + encoded.head.length, encoded.rest)];
}

export function commitOp(at: number, encoded: EncodedRecord): StorageOp {
  return program(at + encoded.commitAt, encoded.commit);
}

/** A whole record, one that needs nobody's consent; at boot also one that may not be believed as it reads. */
export function recordOps(at: number, encoded: EncodedRecord): StorageOp[] {
  return [...stageOps(at, encoded), commitOp(at, encoded)];
}

export function bankEnd(geometry: Geometry, bank: BankIndex): number {
  return geometry.bankAddress[bank] + geometry.bankBytes;
}

export function otherBank(bank: BankIndex): BankIndex {
  return bank === 0 ? 1 : 0;
}

export function freeBytes(store: Store, place: { bank: BankIndex; appendAt: number }): number {
  return bankEnd(store.geometry, place.bank) - place.appendAt;
}

export function dirtied(store: Store): Store {
  return { ...store, spare: { kind: "dirty", bank: store.spare.bank, erasedSectors: 0 } };
}

function packIds(ids: readonly number[]): Bytes {
  const packed = new Uint8Array(3 * ids.length);
  ids.forEach((id, index) => {
    writeUint(packed, 3 * index, 3, id);
  });
  return packed;
}

/** True while the spare bank holds part of a snapshot that would still be news. */
export function isResumable(store: Store): boolean {
  const { spare, force } = store;
  if (spare.kind !== "open" || spare.begin.purpose !== purposes.snapshot) return false;
  return force === undefined || spare.begin.to > force.version;
}

/** Appends one delta to the bank in force. "full": no room until a compaction. Throws if it starts elsewhere. */
export function planDelta(store: Store, delta: DeltaToStore): Plan | "full" {
  const { force } = store;
  if (force === undefined) return "full";
  if (delta.from !== force.version) throw new RangeError(`delta from ${delta.from}, held ${force.version}`);
  const { from, to, issuedAt, state } = delta;
  const body = { from, to, issuedAt, state, removes: packIds(delta.removes), puts: concat(...delta.puts) };
  const encoded = encodeRecord({ kind: "delta", body });
  if (force.worn || encoded.extent > freeBytes(store, force)) return "full";
  const dropped = { ...store, force: { ...force, appendAt: force.appendAt + encoded.extent } };
  const floorSeconds = Math.max(store.floorSeconds, issuedAt);
  const moved = { ...dropped, floorSeconds, force: { ...dropped.force, version: to } };
  const outlived = moved.spare.kind === "open" && !isResumable(moved);
  return {
    stage: stageOps(force.appendAt, encoded),
    secure: store.placement,
    commit: [commitOp(force.appendAt, encoded)],
    after: outlived ? dirtied(moved) : moved,
    dropped,
  };
}

/** Gives up whatever the spare bank holds. Of what names a place only the place is taken: more of it would go stale here. */
export function moveOn({ bank, generation }: Placement): Placement {
  return { bank, generation: generation + 1 };
}

export function eraseOps(store: Store, erasedSectors: number): StorageOp[] {
  const first = store.geometry.bankAddress[store.spare.bank] / sectorBytes;
  const sectors = store.geometry.bankBytes / sectorBytes - erasedSectors;
  return Array.from({ length: sectors }, (_, i) => ({ kind: "erase", sector: first + erasedSectors + i }));
}

export function openSpare(store: Store, begin: Omit<Begin, "generation" | "floorSeconds">): Plan {
  const { spare } = store;
  const erased = spare.kind === "dirty" ? spare.erasedSectors : 0;
  const gaveUp = spare.kind !== "clean" && erased === 0;
  const placement = gaveUp ? moveOn(store.placement) : store.placement;
  const body = { ...begin, generation: placement.generation + 1, floorSeconds: store.floorSeconds };
  const encoded = encodeRecord({ kind: "begin", body });
  const at = store.geometry.bankAddress[spare.bank] + firstRecordAt;
  const opened: Spare = {
    kind: "open",
    bank: spare.bank,
    begin: body,
    appendAt: at + encoded.extent,
    blocks: 0,
    items: 0,
  };
  return {
    stage: [],
    secure: gaveUp ? placement : undefined,
    commit: [...(spare.kind === "clean" ? [] : eraseOps(store, erased)), ...recordOps(at, encoded)],
    after: { ...store, placement, spare: opened },
    dropped: { ...dirtied(store), placement },
  };
}

/** Opens the spare bank for a snapshot, giving up whatever was in it; erases first unless the bank is clean. */
export function planBegin(store: Store, snapshot: SnapshotToStore): Plan {
  const { epoch, to, issuedAt, items, state, root, siv } = snapshot;
  return openSpare(store, { epoch, to, issuedAt, items, state, root, siv, purpose: purposes.snapshot });
}

/** The next chunk: its items, its successor's hash, the digest so far. A block promises only to be resumable. */
export function planBlock(
  store: Store,
  block: { readonly items: Bytes; readonly next: Bytes; readonly digest: Bytes },
): Plan | "full" {
  const { spare } = store;
  if (spare.kind !== "open") throw new TypeError(`a block for a ${spare.kind} bank`);
  const items = spare.items + block.items.length / itemBytes;
  if (block.items.length === 0 || items > spare.begin.items)
    throw new RangeError(`${items} items in the bank`);
  const { next, digest } = block;
  const body = { index: spare.blocks, next, digest, items: block.items };
  const encoded = encodeRecord({ kind: "block", body });
  if (encoded.extent + floorExtent > freeBytes(store, spare)) return "full";
  const passed = { ...spare, appendAt: spare.appendAt + encoded.extent };
  return {
    stage: recordOps(spare.appendAt, encoded),
    secure: undefined,
    commit: [],
    after: { ...store, spare: { ...passed, blocks: spare.blocks + 1, items } },
    dropped: { ...store, spare: passed },
  };
}

/**
 * Puts the whole spare bank in force: the secure element's write is the entire deed. The other bank becomes spare.
 * "full" only if time was vouched for since the bank was opened and attempts at storing that failed.
 */
export function planActivate(store: Store): Plan | "full" {
  const { spare } = store;
  if (spare.kind !== "open" || spare.items !== spare.begin.items)
    throw new TypeError("nothing whole to put in force");
  const late = store.floorSeconds > Math.max(spare.begin.floorSeconds, spare.begin.issuedAt);
  const floor = encodeRecord({ kind: "floor", body: { seconds: store.floorSeconds } });
  if (late && floor.extent > freeBytes(store, spare)) return "full";
  const passed = { ...spare, appendAt: spare.appendAt + (late ? floor.extent : 0) };
  const placement: Placement = { bank: spare.bank, generation: spare.begin.generation };
  return {
    stage: late ? recordOps(spare.appendAt, floor) : [],
    secure: placement,
    commit: [],
    after: {
      ...store,
      placement,
      floorSeconds: Math.max(store.floorSeconds, spare.begin.issuedAt),
      damaged: false,
      force: { bank: spare.bank, version: spare.begin.to, appendAt: passed.appendAt, worn: false },
      spare: { kind: "dirty", bank: otherBank(spare.bank), erasedSectors: 0 },
    },
    dropped: { ...store, spare: passed },
  };
}

/**
 * Raises the durable time floor; no operations if it is not higher. "full" without a bank in force, and when it would
 * take the room of the largest delta: a revocation never waits for the clock.
 */
export function planFloor(store: Store, seconds: number): Plan | "full" {
  const { force } = store;
  if (seconds <= store.floorSeconds) {
    return { stage: [], secure: undefined, commit: [], after: store, dropped: store };
  }
  if (force === undefined || force.worn) return "full";
  if (freeBytes(store, force) < largestDeltaExtent + floorExtent) return "full";
  const encoded = encodeRecord({ kind: "floor", body: { seconds } });
  const dropped = { ...store, force: { ...force, appendAt: force.appendAt + encoded.extent } };
  return {
    stage: recordOps(force.appendAt, encoded),
    secure: undefined,
    commit: [],
    after: { ...dropped, floorSeconds: seconds },
    dropped,
  };
}
