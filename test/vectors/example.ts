/**
 * The lock, the keys and the update that all vectors of messages are about, and how a neighbour is made from a good
 * one. Not vectors yet.
 */
import { type Bytes, concat, noBytes, toHex } from "../../packages/protocol/src/bytes.ts";
import { encode } from "../../packages/protocol/src/cbor/codec.ts";
import { firstCredentialId } from "../../packages/protocol/src/codes/item.ts";
import { encStructure, openEncrypt0 } from "../../packages/protocol/src/crypto/encrypt0.ts";
import { sigStructure, splitSign1 } from "../../packages/protocol/src/crypto/sign1.ts";
import { updateBytesMax } from "../../packages/protocol/src/limits.ts";
import { issueUpdate } from "../../packages/protocol/src/rules/issue-update.ts";
import { signedContext } from "../../packages/protocol/src/rules/trust.ts";
import { accepted } from "../accepted.ts";
import { codeItem, commissionedPair, fast, issuedAt, modelOfCodes, secret, tableOf } from "../arbitraries.ts";
import { bodyFor, flipped, forgeSigned, sign1Of, withGroupOrderAdded } from "../forge.ts";
import type { Judged, MessageVector } from "./vector.ts";

export const pair = commissionedPair("message vectors");
export const { lock, seeds } = pair;
export const { keys, name } = lock;
export const [from, to] = [1_041, 1_042];
export const before = tableOf(keys, modelOfCodes(keys, 3));
export const change = {
  removes: [firstCredentialId],
  puts: [codeItem(keys, firstCredentialId + 3, 1, "4821")],
};
export const at = { from, to, table: before, issuedAt, lifeHours: 168 };
export const issued = accepted(issueUpdate(fast, seeds.table, lock, at, change));
export const after = issued.table;
export const update = issued.messages[0]?.body ?? noBytes;
export const body = bodyFor(fast, keys, { from, to, base: before, result: after }, change);

export type Row = readonly [
  id: string,
  why: string,
  message: Bytes,
  refusal: string,
  check: string,
  judged?: Partial<Judged>,
];

export function neighbours(near: string, judged: Judged, rows: readonly Row[]): readonly MessageVector[] {
  return rows.map(([id, why, message, refusal, check, other]) => ({
    id: `${near}/${id}`,
    why,
    near,
    judged: { ...judged, ...other } as Judged,
    message: toHex(message),
    verdict: refusal === "already" ? "already" : { refusal, check },
  }));
}

export function hexes(made: Readonly<Record<string, Bytes>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(made).map(([key, bytes]) => [key, toHex(bytes)]));
}

/** What a COSE_Sign1 was made of, in the order of making. */
export function signedParts(
  type: number,
  message: Bytes,
  ...bound: readonly Bytes[]
): Readonly<Record<string, Bytes>> {
  const { payload, signature } = accepted(splitSign1(message, updateBytesMax));
  const externalAad = signedContext(type, name, ...bound);
  const signed = sigStructure(new Uint8Array([0xa1, 0x01, 0x27]), externalAad, payload);
  return { payload, externalAad, signed, signature };
}

/** What a sealed body was made of. */
export function sealedParts(
  type: number,
  sealed: { readonly iv: Bytes; readonly ciphertext: Bytes },
): Readonly<Record<string, Bytes>> {
  const sealAad = signedContext(type, name, to);
  const body = openEncrypt0(fast, keys.update, sealAad, sealed) ?? noBytes;
  const encrypted = encStructure(new Uint8Array([0xa1, 0x01, 0x18, 0x18]), sealAad);
  return { body, sealAad, encStructure: encrypted, iv: sealed.iv, ciphertext: sealed.ciphertext };
}

/** The neighbours that every signed message has. */
export function signedNeighbours(
  type: number,
  seed: Bytes,
  good: Bytes,
  refusal: string,
  checks: { readonly split: string; readonly header: string; readonly signature: string },
): readonly Row[] {
  const { payload, signature } = accepted(splitSign1(good, updateBytesMax));
  const twin = { name: { ...name, lockId: secret("message vectors twin", 16) } };
  const later = { name: { ...name, epoch: name.epoch + 1 } };
  return [
    ["trailing-byte", "One byte after the end.", concat(good, new Uint8Array(1)), refusal, checks.split],
    [
      "tagged",
      "CBOR tag 18 in front: another spelling of COSE_Sign1.",
      concat(new Uint8Array([0xd2]), good),
      refusal,
      checks.split,
    ],
    [
      "other-algorithm",
      "Algorithm -7 in the protected header.",
      encode([new Uint8Array([0xa1, 0x01, 0x26]), new Map(), payload, signature]),
      refusal,
      checks.header,
    ],
    [
      "signature-bit",
      "The last bit of S flipped.",
      flipped(good, 8 * good.length - 1),
      refusal,
      checks.signature,
    ],
    [
      "s-plus-l",
      "S + L: the same number to the curve.",
      sign1Of(payload, withGroupOrderAdded(signature)),
      refusal,
      checks.signature,
    ],
    [
      "other-lock",
      "Signed for another lock id.",
      forgeSigned(fast, seed, twin, type, payload),
      refusal,
      checks.signature,
    ],
    [
      "other-epoch",
      "Signed for the next epoch.",
      forgeSigned(fast, seed, later, type, payload),
      refusal,
      checks.signature,
    ],
    ["other-type", "Signed as type 9.", forgeSigned(fast, seed, lock, 9, payload), refusal, checks.signature],
  ];
}

export const rejected = { split: "U3", header: "U4", signature: "U9" };
