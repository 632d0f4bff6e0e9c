// The people of the courier's tests: one authority with a history of tables for one lock, and an honest lock that
// judges with the real rules. Not the firmware: this lock has no flash and never loses power.

import type { Link } from "@doorsync/phone-client";
import {
  alwaysCredential,
  applyChange,
  type Change,
  createCrypto,
  emptyTable,
  encodeItem,
  firstCredentialId,
  type Issued,
  issueAck,
  issueSnapshot,
  issueUpdate,
  plainRule,
  secondsNever,
  type Table,
  tableState,
} from "@doorsync/protocol/authority";
import type { Bytes, Crypto, Message, Parcel } from "@doorsync/protocol/courier";
import {
  type AcceptedManifest,
  acceptChunk,
  acceptManifest,
  acceptUpdate,
  bodyBytesMax,
  completeDelta,
  completeSnapshot,
  concat,
  emptyInbox,
  emptyOutbox,
  encodeHello,
  encodeNext,
  encodeRefusal,
  type Held,
  hear,
  issueReceipt,
  itemBytes,
  itemId,
  type LockTrust,
  messageName,
  messageType,
  type Refused,
  refuse,
  segment,
  type Verdict,
} from "@doorsync/protocol/lock";
import { openssl } from "@doorsync/protocol/node-crypto";

export const crypto: Crypto = createCrypto(openssl);

export const filled = (length: number, byte: number): Bytes => new Uint8Array(length).fill(byte);

/** The value of a verdict that a test's own cast brought about: a refusal here is a bug of the test. */
export function must<T>(verdict: Verdict<T>): T {
  if (!verdict.ok) throw new Error(`the cast was refused: ${verdict.refusal} ${verdict.check}`);
  return verdict.value;
}

/** Where a test lives in time: seconds since 1970. */
export const issuedAt = 1_750_000_000;
const lifeHours = 168;

/** One lock and its authority. `seed` makes another pair; `codes` is how many codes each version has more than the one before. */
export function createHouse(seed: number, codes = 1) {
  const name = { lockId: filled(16, seed), epoch: 1 };
  const tag = filled(8, seed);
  const seeds = { lock: filled(32, seed + 1), table: filled(32, seed + 2) };
  const lockKey = crypto.signPublic(seeds.lock);
  const tableKey = crypto.signPublic(seeds.table);
  const key = (n: number): Bytes => filled(32, 100 + seed + n);
  const keys = {
    update: key(0),
    iv: key(1),
    pin: key(2),
    digest: key(3),
    state: key(4),
    daily: key(5),
    log: key(6),
  };
  const lock = { name, keys };

  const rule = encodeItem(plainRule(1, "code", 0, false));
  const credential = (n: number): Bytes => {
    const tagOfCode = crypto.mac(keys.pin, Uint8Array.of(n >> 8, n & 0xff)).slice(0, 16);
    return encodeItem({ ...alwaysCredential(firstCredentialId + n, 1, tagOfCode) });
  };
  const codeRange = (from: number, to: number): Bytes[] =>
    Array.from({ length: Math.max(0, to - from) * codes }, (_, i) => credential(from * codes + i));
  /** Version 0 is empty; version v holds the rule and v times `codes` codes. */
  const tableAt = (version: number): Table =>
    version === 0
      ? emptyTable
      : must(
          applyChange(crypto, keys.digest, emptyTable, {
            removes: [],
            puts: [rule, ...codeRange(0, version)],
          }),
        );
  const changeOf = (from: number, to: number): Change => ({
    removes: [],
    puts: [...(from === 0 ? [rule] : []), ...codeRange(from, to)],
  });

  const wrap = (kind: Parcel["kind"], issued: Issued): Parcel => ({
    ...name,
    kind,
    tag,
    from: issued.from ?? 0,
    to: issued.to,
    notAfter: issued.notAfter,
    lockKey,
    tableKey,
    messages: issued.messages,
  });
  const delta = (from: number, to: number, at = issuedAt): Parcel =>
    wrap(
      "update",
      must(
        issueUpdate(
          crypto,
          seeds.table,
          lock,
          { from, to, table: tableAt(from), issuedAt: at, lifeHours },
          changeOf(from, to),
        ),
      ),
    );
  const snapshot = (to: number, at = issuedAt): Parcel =>
    wrap(
      "snapshot",
      issueSnapshot(crypto, seeds.table, lock, { to, table: tableAt(to), issuedAt: at, lifeHours }),
    );
  /** The authority's word for its log: what a courier carries to a lock that waits for nothing. */
  const ack = (seq: number): Parcel => ({
    ...name,
    kind: "ack",
    tag,
    from: 0,
    to: seq,
    notAfter: secondsNever,
    lockKey,
    tableKey,
    messages: [
      {
        type: messageType("ack"),
        body: issueAck(crypto, seeds.table, name, { seq, head: filled(16, 0) }),
      },
    ],
  });
  const receipt = (version: number, flags = 0, byKey = seeds.lock): Bytes =>
    issueReceipt(crypto, byKey, name, {
      version,
      issuedAt,
      state: tableState(crypto, keys.state, version, tableAt(version)),
      lowerSeconds: issuedAt,
      flags,
    });
  const hello = (version: number, flags = 0, resume: readonly number[] = []): Bytes =>
    encodeHello({ protocol: 1, tag, epoch: name.epoch, version, flags, resume });
  const trust: LockTrust = {
    name,
    keys,
    authority: { root: tableKey, table: tableKey, capability: tableKey, time: tableKey, box: tableKey },
  };
  return { name, tag, seeds, lockKey, tableKey, keys, trust, tableAt, delta, snapshot, ack, receipt, hello };
}

export type House = ReturnType<typeof createHouse>;

export const say = (name: Parameters<typeof messageType>[0], body: Bytes): Message => ({
  type: messageType(name),
  body,
});
export const refusal = (name: Refused["refusal"], detail?: number): Message =>
  say("refusal", encodeRefusal(refuse(name, "cast", detail)));

/** What an honest lock keeps over a lost connection. */
export interface HonestLock {
  readonly version: () => number;
  /** Answers one message. A session's standing is forgotten with `hangUp`, committed chunks are not. */
  readonly answer: (message: Message) => Message;
  readonly hangUp: () => void;
  /** Chunks heard, in order: what a courier really sent. */
  readonly chunksHeard: readonly number[];
}

export function createHonestLock(house: House, startVersion: number): HonestLock {
  let version = startVersion;
  let table = house.tableAt(startVersion);
  let standing: AcceptedManifest | undefined;
  let stream:
    | { to: number; root: Bytes; items: Bytes[]; index: number; hash: Bytes; afterId: number }
    | undefined;
  const chunksHeard: number[] = [];

  const held = (): Held => ({
    version,
    table,
    state: tableState(crypto, house.keys.state, version, table),
    lowerSeconds: issuedAt,
    capacity: 10_000,
    snapshotOnly: false,
  });
  const receipt = (): Message => say("receipt", house.receipt(version));
  const refusing = (refused: Refused): Message => say("refusal", encodeRefusal(refused));
  const hold = (to: number, next: Table): Message => {
    version = to;
    table = next;
    standing = undefined;
    stream = undefined;
    return receipt();
  };

  const hearManifest = (body: Bytes): Message => {
    const verdict = acceptManifest(crypto, house.trust, held(), body);
    if (!verdict.ok) return refusing(verdict);
    if (verdict.value.kind === "already") return receipt();
    const manifest = verdict.value;
    standing = manifest;
    if (stream === undefined || stream.to !== manifest.to) {
      stream = {
        to: manifest.to,
        root: manifest.root,
        items: [],
        index: 0,
        hash: manifest.root,
        afterId: -1,
      };
    }
    return nextOrDone(manifest, stream);
  };
  const nextOrDone = (manifest: AcceptedManifest, heard: NonNullable<typeof stream>): Message => {
    if (heard.index < manifest.chunks)
      return say("next", encodeNext({ to: manifest.to, index: heard.index }));
    const items = concat(...heard.items);
    if (manifest.span > 0) {
      const delta = completeDelta(crypto, house.trust, held(), manifest, items);
      return delta.ok ? hold(delta.value.to, delta.value.table) : refusing(delta);
    }
    const digest = house.tableAt(manifest.to).digest;
    const whole = completeSnapshot(crypto, house.trust, held(), manifest, items, digest);
    return whole.ok ? hold(whole.value.to, whole.value.table) : refusing(whole);
  };

  return {
    chunksHeard,
    version: () => version,
    hangUp: () => {
      standing = undefined;
    },
    answer({ type, body }) {
      switch (messageName(type)) {
        case "hello":
          return say("hello", house.hello(version, 0, stream === undefined ? [] : [stream.to, stream.index]));
        case "receipt":
          return receipt();
        case "update": {
          const verdict = acceptUpdate(crypto, house.trust, held(), body);
          if (!verdict.ok) return refusing(verdict);
          return verdict.value.kind === "already" ? receipt() : hold(verdict.value.to, verdict.value.table);
        }
        case "manifest":
          return hearManifest(body);
        case "chunk": {
          if (standing === undefined || stream === undefined) return refusal("REJECTED");
          const chunk = acceptChunk(crypto, house.trust, standing, stream, body);
          if (!chunk.ok) return refusing(chunk);
          chunksHeard.push(chunk.value.index);
          const { items, next } = chunk.value;
          const afterId = itemId(items.subarray(items.length - itemBytes));
          stream = {
            ...stream,
            items: [...stream.items, items],
            index: stream.index + 1,
            hash: next,
            afterId,
          };
          return nextOrDone(standing, stream);
        }
        default:
          return refusal("UNSUPPORTED");
      }
    },
  };
}

/** Lets an honest lock speak on its end of a link. A frame that does not fit ends its session. */
export function serve(lock: HonestLock, link: Link): void {
  let inbox = emptyInbox;
  let outbox = emptyOutbox;
  link.onClosed(() => lock.hangUp());
  link.onFrame((frame) => {
    const heard = hear(inbox, frame, bodyBytesMax("toLock"));
    if (heard.kind === "refused") return link.close();
    inbox = heard.inbox;
    if (heard.kind === "more") return;
    const { type, body } = lock.answer(heard);
    const said = segment(outbox, type, body, link.frameBytesMax);
    outbox = said.outbox;
    for (const one of said.frames) void link.send(one).catch(() => {});
  });
}
