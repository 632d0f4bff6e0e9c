/**
 * What an idle lock does by itself, one small step at a time: move the table when its log runs short, and erase the
 * bank that is spare. A change of the table may come between any two steps. Not the changes themselves (`store.ts`).
 */
import { type Bytes, concat, digestBytes, itemsPerChunkMax, type Table } from "@doorsync/protocol/lock";
import { purposes } from "./record.ts";
import {
  cleanMark,
  dirtied,
  eraseOps,
  freeBytes,
  isResumable,
  largestDeltaExtent,
  moveOn,
  openSpare,
  type Plan,
  planActivate,
  planBlock,
  program,
  type Spare,
  type Store,
} from "./store.ts";

/** The table in force, as a compaction writes it anew. */
export interface TableInForce {
  readonly epoch: number;
  readonly issuedAt: number;
  readonly state: Bytes;
}

/** Free log below which the table moves to the other bank: the largest delta and a quarter. */
const reserveBytes: number = largestDeltaExtent + Math.ceil(largestDeltaExtent / 4);

/** True when the log runs short. A snapshot on its way is let live as long as the largest delta still fits. */
export function wantsCompaction(store: Store): boolean {
  const { force } = store;
  if (force === undefined) return false;
  if (force.worn) return true;
  const free = freeBytes(store, force);
  return free < (isResumable(store) ? largestDeltaExtent : reserveBytes);
}

/** One step towards a clean spare bank: a sector, or, after the last one, the clean mark. */
function planErase(store: Store): Plan {
  const { bank } = store.spare;
  const erased = store.spare.kind === "dirty" ? store.spare.erasedSectors : 0;
  const placement = erased === 0 ? moveOn(store.placement) : store.placement;
  const [erase] = eraseOps(store, erased);
  const spare: Spare =
    erase === undefined ? { kind: "clean", bank } : { kind: "dirty", bank, erasedSectors: erased + 1 };
  return {
    stage: [],
    secure: erased === 0 ? placement : undefined,
    commit: [erase ?? program(store.geometry.bankAddress[bank], cleanMark(placement.generation))],
    after: { ...store, placement, spare },
    dropped: { ...dirtied(store), placement },
  };
}

/** One step of writing the table in force anew into the spare bank: erase, begin, one block, or taking over. */
function planCompaction(store: Store, version: number, table: Table, held: TableInForce): Plan {
  const { spare } = store;
  if (spare.kind === "dirty") return planErase(store);
  if (spare.kind === "clean") {
    return openSpare(store, {
      epoch: held.epoch,
      issuedAt: held.issuedAt,
      state: held.state,
      to: version,
      items: table.count,
      purpose: purposes.compaction,
      root: new Uint8Array(32),
      siv: new Uint8Array(16),
    });
  }
  // A snapshot, or a compaction of a table that has changed since: of no more use.
  if (spare.begin.purpose !== purposes.compaction || spare.begin.to !== version) return planErase(store);
  const unused = new Uint8Array(digestBytes);
  const whole = spare.items === spare.begin.items;
  const plan = whole
    ? planActivate(store)
    : planBlock(store, { items: itemsFrom(table, spare.items), next: unused, digest: unused });
  return plan === "full" ? planErase(store) : plan;
}

/** Up to a block's worth of items behind the first `skip`, packed. */
function itemsFrom(table: Table, skip: number): Bytes {
  const taken: Bytes[] = [];
  let index = 0;
  for (const item of table.items()) {
    if (index >= skip + itemsPerChunkMax) break;
    if (index >= skip) taken.push(item);
    index++;
  }
  return concat(...taken);
}

/**
 * The next small piece of work for an idle moment, or undefined when all is in order: compaction when the log runs
 * short, else erasing the spare bank. Ask again after each; changes of the table may come in between.
 */
export function planChore(store: Store, table: Table, held: TableInForce): Plan | undefined {
  const { force } = store;
  if (wantsCompaction(store) && force !== undefined) {
    return planCompaction(store, force.version, table, held);
  }
  // While damaged, what flash still holds may read better after the next power-on.
  if (store.damaged || store.spare.kind === "clean" || isResumable(store)) return undefined;
  return planErase(store);
}
