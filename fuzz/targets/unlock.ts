/**
 * An unlock by app before a real trust, and its answer before a real phone (P6, P12, P16, P19). A stranger changes what was
 * said, or an authority and a phone make up what they like. Accepted is only what a plain reading of the rules accepts,
 * and strangers hear nothing but REJECTED.
 *
 *   u8 who (mod 3): stranger | errs | answers | then that one's script
 */
import { equal, noBytes } from "../../packages/protocol/src/bytes.ts";
import { type CborValue, encode } from "../../packages/protocol/src/cbor/codec.ts";
import { context } from "../../packages/protocol/src/crypto/context.ts";
import { sign1 } from "../../packages/protocol/src/crypto/sign1.ts";
import { packUnlocked, unpackUnlocked } from "../../packages/protocol/src/messages/unlock.ts";
import { issueCapability } from "../../packages/protocol/src/rules/capability.ts";
import {
  acceptUnlock,
  acceptUnlockStart,
  askUnlock,
  readUnlocked,
  sealUnlocked,
  startUnlock,
} from "../../packages/protocol/src/rules/unlock.ts";
import { hold } from "../cast/claim.ts";
import { crypto } from "../cast/crypto.ts";
import { changed, createDraws, type Draws } from "../cast/draws.ts";
import { bytesOf, name, noon, seeds, trust } from "../cast/house.ts";
import { reached } from "../cast/reached.ts";

type Bytes = Uint8Array;

const dhSecret = bytesOf("dh", 32);
const door = { name, dh: crypto.agreePublic(dhSecret) };
const [phone, lock] = [bytesOf("phone ephemeral", 32), bytesOf("lock ephemeral", 32)];
const deviceSeed = bytesOf("device", 32);
const deviceKey = crypto.signPublic(deviceSeed);
const hour = 3_600;
const leave = must(
  issueCapability(crypto, seeds.capability, name, {
    notBefore: noon - hour,
    notAfter: noon + hour,
    deviceKey,
    minTableVersion: 3,
  }),
);
const start = must(startUnlock(crypto, door, phone));
const { reply, channel } = must(acceptUnlockStart(crypto, { name, dhSecret }, lock, start));
const { message, answerKey } = must(
  askUnlock(crypto, door, phone, reply, { capability: leave, seed: deviceSeed }),
);
const met = {
  channel,
  elapsedSeconds: 0,
  version: 3,
  snapshotOnly: false,
  time: { lower: noon, upper: noon },
};
const nonce = new Uint8Array(12);

function must<T>(verdict: { readonly ok: true; readonly value: T } | { readonly ok: false }): T {
  if (!verdict.ok) throw new Error("the house's own unlock was refused");
  return verdict.value;
}

export function fuzz(data: Buffer): void {
  const draws = createDraws(data);
  [stranger, errs, answers][draws.u8() % 3]?.(draws);
}

/** Somebody on the air, who changes any of the four messages; or somebody with another's capability in parts. */
function stranger(draws: Draws): void {
  const what = draws.u8() % 4;
  const said = [start, reply, message, leave][what] ?? noBytes;
  const body = changed(draws, said);
  const isSame = equal(body, said);
  const judges = [
    () => acceptUnlockStart(crypto, { name, dhSecret }, lock, body),
    () => askUnlock(crypto, door, phone, body, { capability: leave, seed: deviceSeed }),
    () => acceptUnlock(crypto, trust, met, body),
    () => acceptUnlock(crypto, trust, met, sealed([body, 1, signatureOver(channel.hash)])),
  ] as const;
  const verdict = judges[what]?.();
  hold(verdict?.ok === isSame, "P12: what was changed is not believed, and what was not is");
  if (verdict?.ok === false) hold(verdict.refusal === "REJECTED", "P19: strangers hear one refusal");
  reached(`unlock: ${isSame ? "as it was said" : "changed"}`);
}

const hashes = [channel.hash, bytesOf("another handshake", 32), noBytes];
const signers = [deviceSeed, bytesOf("another device", 32)];
const point = new Uint8Array([1, ...new Uint8Array(31)]);
const deviceKeys = [deviceKey, point, crypto.signPublic(bytesOf("third device", 32)), deviceKey.slice(1)];

function signatureOver(hash: Bytes, seed: Bytes = deviceSeed): Bytes {
  return crypto.sign(seed, context(18, hash, 1));
}

function sealed(parts: CborValue[]): Bytes {
  return crypto.seal(channel.toResponder, nonce, noBytes, encode(parts));
}

/** An authority that signs what it likes, for a phone that signs what it likes, at a lock that knows what it knows. */
function errs(draws: Draws): void {
  const near = (): number => noon + 60 * (draws.u16() - 0x8000);
  const [notBefore, notAfter, wanted] = [near(), near(), draws.u8() % 8];
  const key = draws.pick(deviceKeys);
  const [hash, seed] = [draws.pick(hashes), draws.pick(signers)];
  const omitted = draws.u8() % 6;
  const lower = near();
  const upper = draws.u8() % 5 === 0 ? Number.POSITIVE_INFINITY : lower + draws.u16();
  const snapshotOnly = draws.u8() % 7 === 0;
  const version = draws.u8() % 8;
  const elapsedSeconds = draws.u8() % 6;
  const claims = new Map<number, CborValue>([
    [4, notAfter],
    [5, notBefore],
    [
      8,
      new Map<number, CborValue>([
        [
          1,
          new Map<number, CborValue>([
            [1, 1],
            [-1, 6],
            [-2, key],
          ]),
        ],
      ]),
    ],
    [-65_537, wanted],
  ]);
  const names = [4, 5, 8, -65_537];
  const missing = names[omitted];
  if (missing !== undefined) claims.delete(missing);
  const capability = sign1(crypto, seeds.capability, context(17, name.lockId, name.epoch), encode(claims));
  const request = sealed([capability, 1, signatureOver(hash, seed)]);
  const held = { channel, elapsedSeconds, version, snapshotOnly, time: { lower, upper } };
  const verdict = acceptUnlock(crypto, trust, held, request);

  const isFormed = missing === undefined && key.length === 32 && notBefore < notAfter;
  const isShort = notAfter - notBefore <= 72 * hour;
  const isProved = key !== point && equal(key, crypto.signPublic(seed)) && equal(hash, channel.hash);
  const expected = (): string => {
    if (elapsedSeconds > 3) return "REJECTED";
    if (!isFormed || !isShort || !isProved) return "DENIED";
    if (upper < notBefore || lower >= notAfter) return "DENIED";
    if (snapshotOnly || version < wanted) return "SYNC_FIRST";
    return lower < notBefore || upper >= notAfter ? "TIME_NEEDED" : "accepted";
  };
  const found = verdict.ok ? "accepted" : verdict.refusal;
  hold(found === expected(), "P12: accepted is what the rules accept", () => `${found}, not ${expected()}`);
  if (verdict.ok) hold(equal(verdict.value.deviceKey, deviceKey), "P12: the device is the one that signed");
  reached(`unlock: ${found}`);
}

/** What a lock answers, or somebody in its place. */
function answers(draws: Draws): void {
  const plain = draws.bytes(draws.u8() % 9);
  const inner = crypto.seal(answerKey, nonce, noBytes, plain);
  const read = readUnlocked(crypto, answerKey, inner);
  const meant = unpackUnlocked(plain);
  hold(read.ok === meant.ok, "P16: an answer is what is under its seal");
  if (read.ok) {
    const again = read.value.kind === "opened" ? "opened" : read.value;
    hold(equal(packUnlocked(again), plain), "P15: an answer has one spelling");
    hold(equal(sealUnlocked(crypto, answerKey, again), inner), "P15: and one seal");
    reached(`unlock: the phone reads ${read.value.kind}`);
  }
  const body = changed(draws, inner);
  const moved = readUnlocked(crypto, answerKey, body);
  hold(equal(body, inner) || !moved.ok, "P12: nobody else answers");
}
