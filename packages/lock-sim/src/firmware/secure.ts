/**
 * The secure element's one record: who this lock is, whom it believes, and the counter that says which table is in
 * force. Written whole or not at all. Not the table: flash holds that, and holds no secret.
 *
 * Invariants: (epoch, version) never decreases, nor does `generation`; `phase` goes factory -> provisional -> owned, and only an interior
 * reset leads back; `state` is the state8 of the table in force at `version` of `tableEpoch`, which is `epoch` or before it.
 */

import {
  type AuthorityPublic,
  type Bytes,
  constant,
  fixedBytes,
  keyBytes,
  type LockKeys,
  type LockTrust,
  lockIdBytes,
  lockTagBytes,
  nested,
  noBytes,
  type ShapeValue,
  secondsMax,
  setupSecretBytes,
  shape,
  shortText,
  someBytes,
  stateBytes,
  uint,
  type Verdict,
  versionMax,
} from "@doorsync/protocol/lock";

const key = fixedBytes(keyBytes);

const authorityShape = shape("authority", { root: key, table: key, capability: key, time: key, box: key });
const keysShape = shape("keys", {
  update: key,
  iv: key,
  pin: key,
  digest: key,
  state: key,
  daily: key,
  log: key,
});

const secureShape = shape("secure-element", {
  format: constant(1),
  setupSecret: fixedBytes(setupSecretBytes),
  phase: shortText(16),
  tag: fixedBytes(lockTagBytes),
  lockId: fixedBytes(lockIdBytes),
  epoch: uint(versionMax),
  version: uint(versionMax),
  state: fixedBytes(stateBytes),
  /** Epoch in which that version counts; behind `epoch` from a change of keys until the next snapshot. */
  tableEpoch: uint(versionMax),
  /** issuedAt of the commission, seconds since 1970: whoever fitted the lock looked at its clock. */
  commissionedAt: uint(secondsMax),
  /** Where in flash that table lies. */
  bank: uint(1),
  generation: uint(versionMax),
  signSeed: key,
  dhSecret: key,
  authority: nested(authorityShape),
  keys: nested(keysShape),
  /** While provisional: the hash of the offer taken and the reply given, so that a lost reply can be given again. */
  offerHash: someBytes(0, 32),
  reply: someBytes(0, 256),
});

export type Phase = "factory" | "provisional" | "owned";

export type Secure = Omit<ShapeValue<typeof secureShape>, "format" | "phase" | "bank"> & {
  readonly phase: Phase;
  readonly bank: 0 | 1;
};

/** Bound of the encoded record: what a port sets aside in its secure element. */
export const secureBytesMax = 1_024;

/** A lock as it leaves the factory: a printed secret, and nobody it believes. */
export function factorySecure(setupSecret: Bytes, tag: Bytes): Secure {
  const none = new Uint8Array(keyBytes);
  const authority: AuthorityPublic = { root: none, table: none, capability: none, time: none, box: none };
  const keys: LockKeys = {
    update: none,
    iv: none,
    pin: none,
    digest: none,
    state: none,
    daily: none,
    log: none,
  };
  return {
    setupSecret,
    phase: "factory",
    tag,
    lockId: new Uint8Array(lockIdBytes),
    epoch: 0,
    version: 0,
    state: new Uint8Array(stateBytes),
    tableEpoch: 0,
    commissionedAt: 0,
    bank: 0,
    generation: 0,
    signSeed: none,
    dhSecret: none,
    authority,
    keys,
    offerHash: noBytes,
    reply: noBytes,
  };
}

export function encodeSecure(secure: Secure): Bytes {
  return secureShape.encode({ ...secure, format: 1 });
}

/** The record, or MALFORMED: a damaged secure element cannot be told from a forged one, so the lock stays off. */
export function decodeSecure(bytes: Bytes): Verdict<Secure> {
  const read = secureShape.decode(bytes, secureBytesMax);
  if (!read.ok) return read;
  const { format: _, ...rest } = read.value;
  const phase = (["factory", "provisional", "owned"] as const).find((name) => name === rest.phase);
  if (phase === undefined) return { ok: false, refusal: "MALFORMED", check: "secure/phase" };
  return { ok: true, value: { ...rest, phase, bank: rest.bank === 0 ? 0 : 1 } };
}

/** The version that updates of this epoch start from: none, as long as the table is of an epoch before. */
export function heldVersion({
  epoch,
  tableEpoch,
  version,
}: Pick<Secure, "epoch" | "tableEpoch" | "version">): number {
  return tableEpoch === epoch ? version : 0;
}

/** What the lock believes once it was commissioned. */
export function trustOf(secure: Secure): LockTrust {
  return {
    name: { lockId: secure.lockId, epoch: secure.epoch },
    authority: secure.authority,
    keys: secure.keys,
  };
}
