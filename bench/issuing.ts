/** How fast one change each for many locks is planned and signed, beside a loop that does nothing but sign. */
import { performance } from "node:perf_hooks";
import {
  assignCode,
  buildParcels,
  handOut,
  type Ledger,
  nextVersion,
  openEpoch,
  type Signer,
  takeReceipt,
} from "@doorsync/authority/core";
import {
  type AuthorityLock,
  emptyTable,
  type LockKeys,
  noBytes,
  pinTag,
  tableState,
} from "@doorsync/protocol/authority";
import { crypto, noon } from "./cast.ts";
import { atLeast, type Figure, median } from "./figures.ts";

export function issuing(): Figure {
  return atLeast("plan-and-sign-ratio", planRatio(), "of bare signing", 0.8);
}

const locksCount = 10_000;
const codesEach = 10;
const roundLocks = 500;

interface Planned {
  readonly lock: AuthorityLock;
  readonly signer: Signer;
  readonly ledger: Ledger;
}

const tagOf = (keys: LockKeys) => (code: { readonly mark: string }) => pinTag(crypto, keys.pin, code.mark);

/** Locks that hold ten codes each, proven, and whose property wants one more. */
function plannedLocks(first: number, count: number): readonly Planned[] {
  const seed = drawn("table seed", 0);
  const tableKey = crypto.signPublic(seed);
  let wanted: Ledger = { kind: "residence", leaseHours: 0, codes: [], lock: undefined };
  for (let code = 0; code < codesEach; code++) wanted = withCode(wanted, code);
  return Array.from({ length: count }, (_, at) => {
    const i = first + at;
    const keys = lockKeys(i);
    const lock = { name: { lockId: drawn("lock", i).slice(0, 16), epoch: 1 }, keys };
    const tag = lock.name.lockId.slice(0, 8);
    const signer = { tableSeed: seed, tableKey, lockKey: drawn("lock key", i), tag };
    const opened = openEpoch(wanted, 1, tableState(crypto, keys.state, 0, emptyTable), noon);
    return { lock, signer, ledger: withCode(proven(issued(opened, keys)), codesEach) };
  });
}

function issued(ledger: Ledger, keys: LockKeys): Ledger {
  const at = { issuedAt: noon, lifeHours: 168, renew: false };
  const next = nextVersion(crypto, keys, ledger, at, tagOf(keys));
  if (!next.ok) throw new Error(next.denial);
  return handOut(next.value.ledger, next.value.version);
}

function proven(ledger: Ledger): Ledger {
  const newest = ledger.lock?.issued.at(-1);
  if (newest === undefined) throw new Error("nothing was issued");
  const { version, state } = newest;
  return takeReceipt(ledger, { version, state, lowerSeconds: noon, damaged: false }, noon).ledger;
}

function withCode(ledger: Ledger, code: number): Ledger {
  const mark = String(100_000 + code);
  const life = { id: mark, person: mark, mark, length: 6, sealed: noBytes, createdAt: noon } as const;
  const given = assignCode(ledger, life);
  if (!given.ok) throw new Error(given.denial);
  return given.value;
}

function lockKeys(i: number): LockKeys {
  const key = (purpose: string): Uint8Array => drawn(`${purpose} key`, i);
  return {
    update: key("update"),
    iv: key("iv").slice(0, 12),
    pin: key("pin"),
    digest: key("digest"),
    state: key("state"),
    daily: key("daily"),
    log: key("log"),
  };
}

function drawn(what: string, i: number): Uint8Array {
  return crypto.mac(new Uint8Array(32), new TextEncoder().encode(`${what} ${i}`));
}

/** How fast changes become signed parcels, beside a loop that signs as many messages of that size and does nothing else. */
function planRatio(): number {
  const ratios: number[] = [];
  for (let first = 0; first < locksCount; first += roundLocks) {
    const some = plannedLocks(first, roundLocks);
    const messages: { readonly seed: Uint8Array; readonly body: Uint8Array }[] = [];
    const ours = timed(() => {
      for (const { lock, signer, ledger } of some) {
        const next = issued(ledger, lock.keys);
        if (next.lock === undefined) throw new Error("no lock");
        const [parcel, ...more] = buildParcels(crypto, signer, lock, next.lock, noon);
        const body = parcel?.messages[0]?.body;
        if (body === undefined || more.length > 0) throw new Error("one change is one parcel");
        messages.push({ seed: signer.tableSeed, body });
      }
    });
    const bare = timed(() => {
      for (const { seed, body } of messages) crypto.sign(seed, body);
    });
    ratios.push(bare / ours);
  }
  return median(ratios);
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
