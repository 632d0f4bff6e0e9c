/**
 * A door that a phone may open, and the phone in its honest steps and its other ones: real rules, real firmware. What
 * the phone app's own machine does with them has tests of its own.
 */

import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { type CborValue, encode } from "../../packages/protocol/src/cbor/codec.ts";
import { context } from "../../packages/protocol/src/crypto/context.ts";
import { createHandshake } from "../../packages/protocol/src/crypto/noise.ts";
import { sign1 } from "../../packages/protocol/src/crypto/sign1.ts";
import { unlockSigned } from "../../packages/protocol/src/messages/unlock.ts";
import { accepted } from "../accepted.ts";
import {
  answerName,
  authoritySeeds,
  bytesOf,
  commission,
  crypto,
  deliver,
  makeLock,
  noon,
  type OpenLink,
  openLink,
  type TestAuthority,
  type TestLock,
} from "../world.ts";

type Bytes = Uint8Array;

export interface Device {
  readonly seed: Bytes;
  readonly key: Bytes;
}

export function device(name: string): Device {
  const seed = bytesOf(`device ${name}`, 32);
  return { seed, key: crypto.signPublic(seed) };
}

export const resident: Device = device("resident");
export const code = "4821";
export const hour = 3_600;

const codeRule = 1;
const appRule = 2;
export const appCredential: number = authority.firstCredentialId + 20;

export type Terms = Partial<authority.Rule> & Partial<Pick<authority.Credential, "suspended" | "notAfter">>;

/** One code for everybody, and the device's key as a credential under these terms; undefined: it is removed. */
export function tableWith(
  property: TestAuthority,
  terms: Terms | undefined = {},
  key: Bytes = resident.key,
): authority.Table {
  const { pin, digest } = property.lock.keys;
  const { suspended = false, notAfter = authority.secondsNever, ...rule } = terms;
  const tag = authority.appTag(crypto, pin, key);
  const always = authority.alwaysCredential(appCredential, appRule, tag);
  const items: authority.Item[] = [
    authority.plainRule(codeRule, "code", 720, false),
    { ...authority.plainRule(appRule, "app", 720, false), ...rule },
    authority.alwaysCredential(authority.firstCredentialId, codeRule, authority.pinTag(crypto, pin, code)),
    { ...always, suspended, notAfter },
  ];
  return packed(digest, items);
}

/** The same table without the device. */
export function tableWithout(property: TestAuthority): authority.Table {
  const { pin, digest } = property.lock.keys;
  const tag = authority.pinTag(crypto, pin, code);
  return packed(digest, [
    authority.plainRule(codeRule, "code", 720, false),
    authority.alwaysCredential(authority.firstCredentialId, codeRule, tag),
  ]);
}

function packed(digestKey: Bytes, items: readonly authority.Item[]): authority.Table {
  const bytes = authority.concat(...items.map(authority.encodeItem));
  const table = authority.tableFromItems(crypto, digestKey, bytes);
  if (!table.ok) throw new Error(`a table no lock would take: ${table.check}`);
  return table.value;
}

export interface Home {
  readonly lock: TestLock;
  readonly property: TestAuthority;
}

/** A lock that holds such a table as version 1. */
export function home(name: string, terms: Terms = {}): Home {
  const lock = makeLock(name);
  const property = commission(lock, name);
  put({ lock, property }, tableWith(property, terms));
  return { lock, property };
}

/** Another table is in force from here on. */
export function put({ lock, property }: Home, table: authority.Table): void {
  const receipt = property.receipt(deliver(lock, property.snapshot(table)));
  if (receipt?.version !== property.newest.version) throw new Error("the lock did not take its table");
}

export function doorKey({ lock, lockPublic }: TestAuthority): air.DoorKey {
  return { name: lock.name, dh: lockPublic.dh };
}

/** Leave for an hour before and a day after noon, for the version in force; a test then changes one thing. */
export function capability(property: TestAuthority, said: Partial<authority.CapabilitySaid> = {}): Bytes {
  const issued = authority.issueCapability(crypto, authoritySeeds.capability, property.lock.name, {
    notBefore: noon - hour,
    notAfter: noon + 24 * hour,
    deviceKey: resident.key,
    minTableVersion: property.newest.version,
    ...said,
  });
  if (!issued.ok) throw new Error(issued.check);
  return issued.value;
}

/** How a phone strays from the honest way. */
export interface Straying {
  readonly capability?: Bytes;
  readonly seed?: Bytes;
  readonly door?: air.DoorKey;
  readonly ephemeral?: Bytes;
  /** Between handshake and request. */
  readonly meanwhile?: (link: OpenLink) => void;
  readonly frameBytesMax?: number;
}

export interface Visit {
  /** "opened", or the refusal, or which message came instead. */
  readonly result: string;
  readonly detail: number | undefined;
  readonly toLock: readonly air.Message[];
  readonly toPhone: readonly air.Message[];
  /** Whether the bolt moved for it. */
  readonly opened: boolean;
}

let visits = 0;

/** One visit: handshake, request, answer. */
export function unlock(lock: TestLock, property: TestAuthority, straying: Straying = {}): Visit {
  const toPhone: air.Message[] = [];
  const link = openLink(lock, straying.frameBytesMax ?? 244, (message) => toPhone.push(message));
  if (link === undefined) throw new Error("the lock is occupied, or dark");
  const before = toPhone.length;
  lock.unlocked = false;
  const said = unlockOver(lock, property, link, toPhone, straying);
  link.close();
  return { ...said, toPhone: toPhone.slice(before) };
}

/** The same in a connection that goes on. */
export function unlockOver(
  lock: TestLock,
  property: TestAuthority,
  link: OpenLink,
  heard: readonly air.Message[],
  straying: Straying = {},
): Omit<Visit, "toPhone"> {
  const door = straying.door ?? doorKey(property);
  const ephemeral = straying.ephemeral ?? bytesOf(`phone ephemeral ${visits++}`, 32);
  const toLock: air.Message[] = [];
  const say = (name: air.MessageName, body: Bytes): air.Message | undefined => {
    const before = heard.length;
    const message = { type: air.messageType(name), body };
    toLock.push(message);
    link.say(message);
    return heard[before];
  };
  const over = (result: string, detail?: number) => ({ result, detail, toLock, opened: lock.unlocked });
  const reply = say("unlock-start", accepted(air.startUnlock(crypto, door, ephemeral)));
  if (answerName(reply) !== "unlock-start" || reply === undefined) return over(answerName(reply));
  const asked = air.askUnlock(crypto, door, ephemeral, reply.body, {
    capability: straying.capability ?? capability(property),
    seed: straying.seed ?? resident.seed,
  });
  if (!asked.ok) return over(asked.check);
  straying.meanwhile?.(link);
  const answer = say("unlock", asked.value.message);
  if (answer === undefined || answerName(answer) !== "unlocked") return over(answerName(answer));
  const read = air.readUnlocked(crypto, asked.value.answerKey, answer.body);
  if (!read.ok) return over(read.check);
  return read.value.kind === "opened" ? over("opened") : over(read.value.refusal, read.value.detail);
}

// ---- Other ways than the honest one ----

/** What a phone knows once the lock answered its handshake. */
export interface Met {
  readonly hash: Bytes;
  readonly toResponder: Bytes;
  readonly toInitiator: Bytes;
}

/** What a request says before it is sealed; any values at all. */
export type Asked = readonly [capability: Bytes, action: number, signature: Bytes];

const onlyNonce = new Uint8Array(12);

/** A request as an honest phone makes it, with parts to spoil. */
export function honest(property: TestAuthority, { hash }: Met, leave = capability(property)): Asked {
  return [leave, 1, crypto.sign(resident.seed, signedFor(hash))];
}

/** As the rules make it: what it is made of is held by the vectors. */
export function signedFor(hash: Bytes, action = 1): Bytes {
  return unlockSigned(hash, action);
}

/** Shakes hands over an open link. */
export function meet(
  property: TestAuthority,
  link: OpenLink,
  heard: readonly air.Message[],
  door: air.DoorKey = doorKey(property),
): Met {
  const handshake = createHandshake(crypto, "NK", "initiator", {
    prologue: context(16, door.name.lockId, door.name.epoch),
    ephemeral: bytesOf(`phone ephemeral ${visits++}`, 32),
    remoteStatic: door.dh,
  });
  const before = heard.length;
  link.say({ type: air.messageType("unlock-start"), body: handshake.write(new Uint8Array(0)) });
  const reply = heard[before];
  const read = handshake.read(reply?.body ?? new Uint8Array(0));
  if (!read.ok) throw new Error(`no handshake: ${answerName(reply)}, ${read.check}`);
  return { hash: handshake.hash, ...handshake.split() };
}

/** A request of any content, as it goes out. */
export function sealed(met: Met, asked: Asked | Bytes): air.Message {
  const plain = asked instanceof Uint8Array ? asked : encode([...asked]);
  const body = crypto.seal(met.toResponder, onlyNonce, new Uint8Array(0), plain);
  return { type: air.messageType("unlock"), body };
}

/** A request of any content under the seal of a handshake; what the lock made of it. */
export function request(
  link: OpenLink,
  heard: readonly air.Message[],
  met: Met,
  asked: Asked | Bytes,
): string {
  const before = heard.length;
  link.say(sealed(met, asked));
  const answer = heard[before];
  if (answer === undefined || answerName(answer) !== "unlocked") return answerName(answer);
  const read = air.readUnlocked(crypto, met.toInitiator, answer.body);
  if (!read.ok) return read.check;
  return read.value.kind === "opened" ? "opened" : read.value.refusal;
}

export interface Try {
  readonly result: string;
  readonly opened: boolean;
  /** Which check refused it, by the lock's own trace. */
  readonly check: string | undefined;
  readonly answers: readonly air.Message[];
}

/** One visit with a handshake in order and any request. */
export function attempt({ lock, property }: Home, ask: (met: Met) => Asked | Bytes): Try {
  const answers: air.Message[] = [];
  const link = openLink(lock, 244, (message) => answers.push(message));
  if (link === undefined) throw new Error("the lock is occupied, or dark");
  lock.unlocked = false;
  const met = meet(property, link, answers);
  const before = lock.notes.length;
  const result = request(link, answers, met, ask(met));
  link.close();
  const refused = lock.notes.slice(before).find((note) => note.what === "refused");
  const check = refused?.what === "refused" ? refused.check : undefined;
  return { result, opened: lock.unlocked, check, answers };
}

/** A capability of any claims, by any key, for any lock. */
export function forged(
  claims: ReadonlyMap<number, CborValue>,
  by: { readonly seed?: Bytes; readonly name: authority.LockName; readonly type?: number },
): Bytes {
  const { lockId, epoch } = by.name;
  const bound = context(by.type ?? 17, lockId, epoch);
  return sign1(crypto, by.seed ?? authoritySeeds.capability, bound, encode(claims));
}

/** The claims of an honest capability, to spoil. */
export function claimsFor(key: Bytes = resident.key, minTableVersion = 1): Map<number, CborValue> {
  const coseKey = new Map<number, CborValue>([
    [1, 1],
    [-1, 6],
    [-2, key],
  ]);
  return new Map<number, CborValue>([
    [4, noon + 24 * hour],
    [5, noon - hour],
    [8, new Map([[1, coseKey]])],
    [-65_537, minTableVersion],
  ]);
}
