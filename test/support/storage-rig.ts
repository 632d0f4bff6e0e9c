/**
 * The storage of one lock on a bench: the two real parts, the real plans and the real boot, with a small caller in the
 * place of the firmware. It knows which tables were ever issued, so that a reboot can be judged. Not a test itself.
 */
import { alwaysCredential, plainRule } from "@doorsync/protocol/authority";
import {
  applyChange,
  type Bytes,
  concat,
  createCrypto,
  emptyTable,
  encodeItem,
  equal,
  itemBytes,
  itemsPerChunkMax,
  packItems,
  readUint,
  type Table,
  tableState,
  writeUint,
} from "@doorsync/protocol/lock";
import { openssl } from "@doorsync/protocol/node-crypto";
import { type Counter, type Restored, restore } from "../../packages/lock-sim/src/firmware/boot.ts";
import { planChore } from "../../packages/lock-sim/src/firmware/chores.ts";
import {
  type Geometry,
  geometryFor,
  sectorBytes,
  wordBytes,
} from "../../packages/lock-sim/src/firmware/geometry.ts";
import {
  type DeltaToStore,
  type Plan,
  planActivate,
  planBegin,
  planBlock,
  planDelta,
  planFloor,
  type StorageOp,
  type Store,
} from "../../packages/lock-sim/src/firmware/store.ts";
import { createFlash, type Flash } from "../../packages/lock-sim/src/parts/flash.ts";
import { createSecureElement, type SecureElement } from "../../packages/lock-sim/src/parts/secure-element.ts";

const macs = new Map<string, Bytes>();

/** OpenSSL with a memory: the same few items are authenticated thousands of times. */
export const crypto = createCrypto({
  ...openssl,
  hmacSha256(key, message) {
    const name = `${Buffer.from(key).toString("latin1")}|${Buffer.from(message).toString("latin1")}`;
    const known = macs.get(name);
    if (known !== undefined) return known;
    const mac = openssl.hmacSha256(key, message);
    macs.set(name, mac);
    return mac;
  },
});
export const keys = { digest: new Uint8Array(32).fill(1), state: new Uint8Array(32).fill(2) };
export const epoch = 7;

export function codeItem(id: number, draw: number): Bytes {
  const tag = crypto.hash(concat(Uint8Array.of(id & 0xff, id >> 8, draw & 0xff, draw >> 8))).slice(0, 16);
  return encodeItem(alwaysCredential(0x10000 + id, 1, tag));
}

/** A rule and `codes` codes. */
export function someItems(codes: number, draw: number): Bytes[] {
  const rule = encodeItem(plainRule(1, "code", 0, true));
  return [rule, ...Array.from({ length: codes }, (_, id) => codeItem(id, draw))];
}

export interface Issued {
  readonly version: number;
  readonly table: Table;
  readonly state: Bytes;
}

export function issued(version: number, table: Table): Issued {
  return { version, table, state: tableState(crypto, keys.state, version, table) };
}

/** A change of a table, as an update brings it. */
export function deltaFrom(
  base: Issued,
  removes: readonly number[],
  puts: readonly Bytes[],
  to = base.version + 1,
) {
  const changed = applyChange(crypto, keys.digest, base.table, { removes, puts });
  if (!changed.ok) throw new Error(`the scenario is wrong: ${changed.check}`);
  const after = issued(to, changed.value);
  const delta: DeltaToStore = { from: base.version, to, issuedAt: to, state: after.state, removes, puts };
  return { after, delta };
}

export function tableOf(items: readonly Bytes[]): Table {
  const made = applyChange(crypto, keys.digest, emptyTable, { removes: [], puts: items });
  if (!made.ok) throw new Error(`the scenario is wrong: ${made.check}`);
  return made.value;
}

function encodeCounter({ epoch: of, version, state, bank, generation }: Counter): Bytes {
  const record = new Uint8Array(21);
  writeUint(record, 0, 4, of);
  writeUint(record, 4, 4, version);
  record.set(state, 8);
  writeUint(record, 16, 1, bank);
  writeUint(record, 17, 4, generation);
  return record;
}

function decodeCounter(record: Bytes): Counter {
  return {
    epoch: readUint(record, 0, 4),
    tableEpoch: readUint(record, 0, 4),
    version: readUint(record, 4, 4),
    state: record.slice(8, 16),
    bank: record[16] === 1 ? 1 : 0,
    generation: readUint(record, 17, 4),
  };
}

export interface Parts {
  readonly geometry: Geometry;
  readonly flash: Flash;
  readonly secure: SecureElement;
}

/** A lock that is running: its parts and what its RAM holds. A value, apart from the parts. */
export interface Running {
  readonly parts: Parts;
  readonly store: Store;
  readonly held: Issued;
}

/** Power failed in one of the parts. Everything in RAM is gone. */
export class PowerLost extends Error {}

/** Small banks, so that the log fills up and an image is quickly read. */
export function smallGeometry(sectors: number): Geometry {
  const bankBytes = sectors * sectorBytes;
  const first = 2 * sectorBytes;
  return {
    ...geometryFor(70),
    bankAddress: [first, first + bankBytes],
    bankBytes,
    imageBytes: first + 2 * bankBytes,
  };
}

export function newParts(geometry: Geometry): Parts {
  const shape = { bytes: geometry.imageBytes, sectorBytes, wordBytes };
  const state = tableState(crypto, keys.state, 0, emptyTable);
  const counter: Counter = { epoch, tableEpoch: epoch, version: 0, state, bank: 0, generation: 0 };
  return { geometry, flash: createFlash(shape), secure: createSecureElement(encodeCounter(counter)) };
}

export function fork({ geometry, flash, secure }: Parts): Parts {
  return { geometry, flash: flash.fork(), secure: secure.fork() };
}

export function execute({ flash }: Parts, op: StorageOp): void {
  if (op.kind === "erase") {
    if (flash.erase(op.sector) === "cut") throw new PowerLost();
    return;
  }
  if (flash.program(op.address, op.bytes) === "cut") throw new PowerLost();
  const readBack = flash.read(op.address, op.bytes.length);
  if (!equal(readBack, op.bytes))
    throw new Error(`at ${op.address} the flash did not take what was programmed`);
}

/** In the order of the contract. Tests plant faults by giving another. */
export type Order = (plan: Plan) => readonly (StorageOp | "secure")[];
export const rightOrder: Order = ({ stage, secure, commit }) => [
  ...stage,
  ...(secure === undefined ? [] : ["secure" as const]),
  ...commit,
];

export function perform(lock: Running, plan: Plan, held: Issued, order: Order = rightOrder): Running {
  for (const step of order(plan)) {
    if (step !== "secure") execute(lock.parts, step);
    else {
      const { version, state } = held;
      const counter = encodeCounter({
        epoch,
        tableEpoch: epoch,
        version,
        state,
        ...(plan.secure ?? plan.after.placement),
      });
      if (lock.parts.secure.write(counter) === "cut") throw new PowerLost();
    }
  }
  return { ...lock, store: plan.after, held };
}

/** What boot makes of the parts, before any repair. */
export function look({ geometry, flash, secure }: Parts): Restored & { readonly state: Bytes } {
  const counter = decodeCounter(secure.read());
  return { ...restore(crypto, geometry, flash.read(), counter, keys), state: counter.state };
}

/** Power returns, boot, repairs. */
export function boot(parts: Parts): { lock: Running; restored: Restored } {
  parts.flash.powerOn();
  parts.secure.powerOn();
  const restored = look(parts);
  for (const repair of restored.repairs) execute(parts, repair);
  const { store, version, table, state } = restored;
  return { lock: { parts, store, held: { version, table, state } }, restored };
}

export interface Snapshot {
  readonly after: Issued;
  readonly root: Bytes;
}

export function snapshotOf(version: number, items: readonly Bytes[]): Snapshot {
  const table = tableOf(items);
  return { after: issued(version, table), root: crypto.hash(packItems(table)) };
}

/** What stands in for the hash of chunk `index`. */
export function hashOf({ root }: Snapshot, index: number): Bytes {
  return index === 0 ? root : crypto.hash(concat(root, Uint8Array.of(index)));
}

/** The rest of a snapshot, from where the store stands, up to `blocksMax` blocks; activates it when whole. */
export function deliverSnapshot(
  start: Running,
  snapshot: Snapshot,
  blocksMax = 99,
  order: Order = rightOrder,
): Running {
  let lock = start;
  const { after, root } = snapshot;
  if (lock.held.version >= after.version && !lock.store.damaged) return lock;
  const items = packItems(after.table);
  const whole = items.length / itemBytes;
  for (let guard = 0; guard < 200; guard++) {
    const { spare } = lock.store;
    if (spare.kind !== "open" || spare.begin.to !== after.version || !equal(spare.begin.root, root)) {
      const { version: to, state } = after;
      const siv = root.slice(0, 16);
      lock = perform(
        lock,
        planBegin(lock.store, { epoch, to, issuedAt: to, items: whole, state, root, siv }),
        lock.held,
        order,
      );
      continue;
    }
    if (spare.items === whole) {
      const plan = planActivate(lock.store);
      if (plan === "full") throw new Error("no room to activate");
      return perform(lock, plan, after, order);
    }
    if (spare.blocks >= blocksMax) return lock;
    const from = spare.blocks * itemsPerChunkMax * itemBytes;
    const plan = planBlock(lock.store, {
      items: items.slice(from, from + itemsPerChunkMax * itemBytes),
      next: hashOf(snapshot, spare.blocks + 1),
      digest: hashOf(snapshot, 100 + spare.blocks),
    });
    if (plan === "full") throw new Error("no room for the snapshot");
    lock = perform(lock, plan, lock.held, order);
  }
  throw new Error("the snapshot never ends");
}

export function tableInForce({ held }: Running) {
  return { epoch, issuedAt: held.version, state: held.state };
}

/** All idle work, until there is none. */
export function doChores(start: Running, order: Order = rightOrder): Running {
  let lock = start;
  for (let guard = 0; guard < 500; guard++) {
    const plan = planChore(lock.store, lock.held.table, tableInForce(lock));
    if (plan === undefined) return lock;
    lock = perform(lock, plan, lock.held, order);
  }
  throw new Error("the chores never end");
}

/** Applies the delta unless it is in force already; compacts first where there is no room. */
export function deliverDelta(
  start: Running,
  to: ReturnType<typeof deltaFrom>,
  order: Order = rightOrder,
): Running {
  if (start.held.version >= to.delta.to) return start;
  const plan = planDelta(start.store, to.delta);
  if (plan !== "full") return perform(start, plan, to.after, order);
  const compacted = doChores(start, order);
  const again = planDelta(compacted.store, to.delta);
  if (again === "full") throw new Error("no room even after compaction");
  return perform(compacted, again, to.after, order);
}

export function deliverFloor(lock: Running, seconds: number): Running {
  const plan = planFloor(lock.store, seconds);
  if (plan === "full") throw new Error("no room for a floor");
  return perform(lock, plan, lock.held);
}
