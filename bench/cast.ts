/**
 * The real parties of a visit, in one process: a simulated lock, the authority's rules, and the phone's own courier
 * over a link that counts. Nothing is stubbed, so what is counted is what travels.
 */

import { createSimulatedLock, type SimulatedLock } from "@doorsync/lock-sim";
import { type Link, type Mailbox, sync, systemTimers, type Transport } from "@doorsync/phone-client";
import type { Change, Crypto, Issued, Table } from "@doorsync/protocol/authority";
import * as authority from "@doorsync/protocol/authority";
import { emptyOutbox, nextHead, segment } from "@doorsync/protocol/lock";
import { openssl } from "@doorsync/protocol/node-crypto";

export const crypto: Crypto = authority.createCrypto(openssl);

/** A time of day, and the version at which visits are measured: versions under 65,536 take the same bytes. */
export const noon = 1_790_000_000;
const firstVersion = 1_042;

function bytesOf(name: string, length: number): Uint8Array {
  return crypto.expand(
    crypto.extract(authority.ascii("bench"), authority.ascii(name)),
    authority.ascii(""),
    length,
  );
}

const seeds = { root: bytesOf("root", 32), table: bytesOf("table", 32) };

/** A lock with its owner, and the table that the owner signed last. */
export interface Owned {
  readonly lock: SimulatedLock;
  readonly name: authority.AuthorityLock;
  readonly lockKey: Uint8Array;
  readonly tag: Uint8Array;
  version: number;
  table: Table;
}

/** What one visit cost on the air, frame headers included; ATT headers or length prefixes are the link's own. */
export interface Visit {
  readonly bytes: number;
  readonly roundTrips: number;
  readonly outcome: string;
}

export function credential(owned: Owned, number: number, code: number): Uint8Array {
  const digits = String(code).padStart(6, "0");
  const tag = authority.pinTag(crypto, owned.name.keys.pin, digits);
  return authority.encodeItem(authority.alwaysCredential(authority.firstCredentialId + number, 1, tag));
}

/** Commissions a lock and brings it a table of so many codes. */
export async function ownedLock(name: string, codes: number): Promise<{ owned: Owned; snapshot: Visit }> {
  const setupSecret = bytesOf(`${name} setup`, 16);
  const lock = createSimulatedLock({ setupSecret, capacity: 10_000, crypto });
  const publicKey = crypto.signPublic(seeds.root);
  const tag = bytesOf(`${name} tag`, 8);
  const offer = {
    lockId: bytesOf(`${name} id`, 16),
    tag,
    epoch: 1,
    issuedAt: noon,
    root: publicKey,
    table: crypto.signPublic(seeds.table),
    capability: publicKey,
    time: publicKey,
    box: crypto.agreePublic(seeds.root),
  };
  const commission = { setup: { secret: setupSecret }, ephemeral: bytesOf(`${name} ephemeral`, 32), offer };
  let reply: Uint8Array | undefined;
  await visit(
    lock,
    [
      {
        ...wrapper(offer.lockId, authority.setupTag(crypto, commission.setup), new Uint8Array(32)),
        kind: "commission",
        messages: [
          { type: authority.messageType("commission"), body: authority.issueCommission(crypto, commission) },
        ],
      },
    ],
    (slip) => {
      reply = slip.body;
    },
  );
  if (reply === undefined) throw new Error("the lock did not answer its commissioning");
  const met = authority.finishCommission(crypto, commission, reply);
  if (!met.ok) throw new Error(`commissioning: ${met.check}`);

  const owned: Owned = {
    lock,
    name: { name: { lockId: offer.lockId, epoch: 1 }, keys: met.value.keys },
    lockKey: met.value.lockPublic.sign,
    tag,
    version: 0,
    table: authority.emptyTable,
  };
  return { owned, snapshot: await deliver(owned, snapshotOf(owned, codes, firstVersion)) };
}

/** A whole table of so many codes, as the version that is next; `to`: as another one. */
export function snapshotOf(owned: Owned, codes: number, to: number = owned.version + 1): Issued {
  const rule = authority.encodeItem(authority.plainRule(1, "code", 720, false));
  const items = Array.from({ length: codes }, (_, i) => credential(owned, i, i));
  const table = authority.tableFromItems(crypto, owned.name.keys.digest, authority.concat(rule, ...items));
  if (!table.ok) throw new Error(`table: ${table.check}`);
  const at = { table: table.value, to, issuedAt: noon, lifeHours: 168 };
  return authority.issueSnapshot(crypto, seeds.table, owned.name, at);
}

/** The next version of a lock's table. */
export function issue(owned: Owned, change: Change): Issued {
  const at = {
    from: owned.version,
    to: owned.version + 1,
    table: owned.table,
    issuedAt: noon,
    lifeHours: 168,
  };
  const issued = authority.issueUpdate(crypto, seeds.table, owned.name, at, change);
  if (!issued.ok) throw new Error(`update: ${issued.check}`);
  return issued.value;
}

/**
 * The property acknowledges what the lock has written down, so that the next visit carries a table and nothing else.
 * Without it a courier also takes the log along.
 */
export function acknowledge({ lock, name }: Owned): void {
  const { state } = lock.board;
  if (state.power === "off") throw new Error("the lock is dark");
  const { events, acked, lastSeq } = state.journal;
  const head = events.reduce((chain, event) => nextHead(crypto, name.keys.log, chain, event), acked.head);
  const body = authority.issueAck(crypto, seeds.table, name.name, { seq: lastSeq, head });
  const link = lock.board.connect({ frameBytesMax: 244, send() {}, close() {} });
  for (const frame of segment(emptyOutbox, authority.messageType("ack"), body, 244).frames)
    link?.frame(frame);
  link?.closed();
  const now = lock.board.state;
  if (now.power === "off" || now.journal.events.length > 0) throw new Error("the log was not acknowledged");
}

/** A whole visit by the phone's courier, hello to verified receipt. */
export async function deliver(
  owned: Owned,
  issued: Issued,
  log: "empty" | "waiting" = "empty",
): Promise<Visit> {
  if (log === "empty") acknowledge(owned);
  const made = await visit(owned.lock, [parcelOf(owned, issued)]);
  if (made.outcome !== "synced") throw new Error(`the visit ended as ${made.outcome}`);
  owned.version = issued.to;
  owned.table = issued.table;
  return made;
}

/** A version as a courier carries it. */
export function parcelOf(owned: Owned, issued: Issued): authority.Parcel {
  return {
    ...wrapper(owned.name.name.lockId, owned.tag, owned.lockKey),
    kind: issued.from === undefined ? "snapshot" : "update",
    from: issued.from ?? 0,
    to: issued.to,
    notAfter: issued.notAfter,
    messages: issued.messages,
  };
}

function wrapper(lockId: Uint8Array, tag: Uint8Array, lockKey: Uint8Array): authority.Parcel {
  const tableKey = crypto.signPublic(seeds.table);
  const base = { lockId, tag, epoch: 1, from: 0, to: 0, notAfter: noon + 604_800, lockKey, tableKey };
  return { ...base, kind: "commission", messages: [] };
}

/** One visit of the courier at a lock with these parcels, whoever made them. */
export async function visit(
  lock: SimulatedLock,
  parcels: readonly authority.Parcel[],
  onSlip: (slip: authority.ReturnSlip) => void = () => {},
): Promise<Visit> {
  const counted = { bytes: 0, turns: 0, lastWasOurs: false };
  const mailbox: Mailbox = {
    parcels: () => Promise.resolve(parcels),
    deliver: (slip) => {
      onSlip(slip);
      return Promise.resolve();
    },
  };
  const result = await sync({ transport: countedLink(lock, counted), mailbox, crypto, timers: systemTimers });
  return { bytes: counted.bytes, roundTrips: counted.turns, outcome: result.outcome.kind };
}

/** A link straight to the lock's board. A round trip is a turn of speech: we spoke, and the lock answered. */
function countedLink(
  lock: SimulatedLock,
  counted: { bytes: number; turns: number; lastWasOurs: boolean },
): Transport {
  return {
    open: () => {
      const frames = new Set<(frame: Uint8Array) => void>();
      const closings = new Set<(why: string) => void>();
      const received = lock.board.connect({
        frameBytesMax: authority.frameBytesDefault,
        send(frame) {
          counted.bytes += frame.length;
          if (counted.lastWasOurs) counted.turns++;
          counted.lastWasOurs = false;
          for (const heard of frames) heard(frame);
        },
        close() {
          for (const closed of closings) closed("the lock hung up");
        },
      });
      if (received === undefined) return Promise.reject(new Error("the lock is dark or busy"));
      const link: Link = {
        frameBytesMax: authority.frameBytesDefault,
        send(frame) {
          counted.bytes += frame.length;
          counted.lastWasOurs = true;
          received.frame(frame);
          return Promise.resolve();
        },
        onFrame(listener) {
          frames.add(listener);
          return () => frames.delete(listener);
        },
        onClosed(listener) {
          closings.add(listener);
          return () => closings.delete(listener);
        },
        close() {
          received.closed();
        },
      };
      return Promise.resolve(link);
    },
  };
}
