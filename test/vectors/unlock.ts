/** The vectors of an unlock by app: handshake, request, answer. Written to messages.json by way of messages.ts. */
import { type Bytes, noBytes, toHex } from "../../packages/protocol/src/bytes.ts";
import { type CborValue, encode } from "../../packages/protocol/src/cbor/codec.ts";
import { context } from "../../packages/protocol/src/crypto/context.ts";
import { type CapabilitySaid, encodeClaims } from "../../packages/protocol/src/messages/capability.ts";
import { messageCatalog } from "../../packages/protocol/src/messages/catalog.ts";
import { packUnlocked, unlockSigned } from "../../packages/protocol/src/messages/unlock.ts";
import { refuse } from "../../packages/protocol/src/refusal.ts";
import { issueCapability } from "../../packages/protocol/src/rules/capability.ts";
import {
  acceptUnlockStart,
  askUnlock,
  type DoorKey,
  sealUnlocked,
  startUnlock,
} from "../../packages/protocol/src/rules/unlock.ts";
import { accepted } from "../accepted.ts";
import { fast, issuedAt, secret } from "../arbitraries.ts";
import { flipped, forgeSigned } from "../forge.ts";
import { hexes, lock, name, neighbours, pair, seeds, signedParts, to } from "./example.ts";
import type { Judged, MessageVector } from "./vector.ts";

const { type } = messageCatalog.unlock;
const hour = 3_600;

/** The device, the two ephemeral secrets, and the leave. */
const deviceSeed = secret("message vectors device");
const phoneEphemeral = secret("message vectors phone");
const lockEphemeral = secret("message vectors lock");
const door: DoorKey = { name, dh: pair.lockPublic.dh };
const said: CapabilitySaid = {
  notBefore: issuedAt,
  notAfter: issuedAt + 24 * hour,
  deviceKey: fast.signPublic(deviceSeed),
  minTableVersion: to,
};
const capability = accepted(issueCapability(fast, seeds.capability, name, said));
const start = accepted(startUnlock(fast, door, phoneEphemeral));
const met = accepted(acceptUnlockStart(fast, { name, dhSecret: pair.atLock.dhSecret }, lockEphemeral, start));
const asked = accepted(askUnlock(fast, door, phoneEphemeral, met.reply, { capability, seed: deviceSeed }));
const { channel } = met;

export const unlockKeys: Readonly<Record<string, Bytes>> = {
  capabilitySeed: seeds.capability,
  capabilityPublic: pair.trust.authority.capability,
  lockDhSecret: pair.atLock.dhSecret,
  lockDhPublic: pair.lockPublic.dh,
  deviceSeed,
  devicePublic: said.deviceKey,
};

const nonce = new Uint8Array(12);
const sealed = (...parts: CborValue[]): Bytes =>
  fast.seal(channel.toResponder, nonce, noBytes, encode(parts));
const signature = fast.sign(deviceSeed, unlockSigned(channel.hash, 1));
const with_ = (leave: Bytes): Bytes => sealed(leave, 1, signature);
const leaveOf = (more: Partial<CapabilitySaid>, seed = seeds.capability, of = lock): Bytes =>
  forgeSigned(fast, seed, of, type, encodeClaims({ ...said, ...more }));

function startVectors(): readonly MessageVector[] {
  const judged: Judged = { as: "unlock-start", ephemeral: toHex(lockEphemeral) };
  const reply: Judged = { as: "unlock-start-reply", ephemeral: toHex(phoneEphemeral) };
  const later = { ...name, epoch: name.epoch + 1 };
  const elsewhere = { ...name, lockId: secret("message vectors twin", 16) };
  return [
    {
      id: "unlock-start",
      why: "A phone begins a handshake with the lock it knows.",
      judged,
      made: hexes({
        prologue: context(messageCatalog["unlock-start"].type, name.lockId, name.epoch),
        ephemeral: phoneEphemeral,
        hash: channel.hash,
        toResponder: channel.toResponder,
        toInitiator: channel.toInitiator,
      }),
      message: toHex(start),
      verdict: "accepted",
    },
    ...neighbours("unlock-start", judged, [
      ["short", "One byte short.", start.subarray(1), "REJECTED", "noise/short"],
      ["bit", "One bit of the tag flipped.", flipped(start, 8 * 47), "REJECTED", "noise/tag"],
      [
        "other-epoch",
        "The next epoch in the prologue.",
        accepted(startUnlock(fast, { ...door, name: later }, phoneEphemeral)),
        "REJECTED",
        "noise/tag",
      ],
      [
        "other-lock",
        "Another lock id in the prologue.",
        accepted(startUnlock(fast, { ...door, name: elsewhere }, phoneEphemeral)),
        "REJECTED",
        "noise/tag",
      ],
      [
        "other-key",
        "For another lock's key.",
        accepted(startUnlock(fast, { ...door, dh: fast.agreePublic(secret("other dh")) }, phoneEphemeral)),
        "REJECTED",
        "noise/tag",
      ],
      [
        "small-order",
        "An ephemeral key with which nothing can be agreed.",
        new Uint8Array(48),
        "REJECTED",
        "noise/small-order",
      ],
    ]),
    {
      id: "unlock-start-reply",
      why: "The lock's answer: only the holder of its secret can give it.",
      judged: reply,
      made: hexes({ ephemeral: lockEphemeral }),
      message: toHex(met.reply),
      verdict: "accepted",
    },
    ...neighbours("unlock-start-reply", reply, [
      ["bit", "One bit of the tag flipped.", flipped(met.reply, 8 * 47), "REJECTED", "noise/tag"],
      ["start-back", "The phone's own message as its answer.", start, "REJECTED", "noise/tag"],
    ]),
  ];
}

function requestVectors(): readonly MessageVector[] {
  const judged: Judged = {
    as: "unlock",
    elapsedSeconds: 1,
    version: to,
    snapshotOnly: false,
    lowerSeconds: issuedAt + hour,
    upperSeconds: issuedAt + hour + 5,
  };
  const twin = { ...lock, name: { ...name, lockId: secret("message vectors twin", 16) } };
  const later = { ...lock, name: { ...name, epoch: name.epoch + 1 } };
  const { payload, externalAad, signed, signature: by } = signedParts(type, capability);
  const identity = new Uint8Array([1, ...new Uint8Array(31)]);
  const fitsAll = new Uint8Array([...identity, ...new Uint8Array(32)]);
  const other = secret("other device");
  const late = { lowerSeconds: said.notAfter, upperSeconds: said.notAfter + 5 };
  const early = { lowerSeconds: said.notBefore - 9, upperSeconds: said.notBefore - 1 };
  return [
    {
      id: "unlock",
      why: "Capability and signature over the handshake of unlock-start.",
      judged,
      made: hexes({
        claims: payload ?? noBytes,
        externalAad: externalAad ?? noBytes,
        signed: signed ?? noBytes,
        capabilitySignature: by ?? noBytes,
        capability,
        deviceSigned: unlockSigned(channel.hash, 1),
        deviceSignature: signature,
        request: encode([capability, 1, signature]),
      }),
      message: toHex(asked.message),
      verdict: "accepted",
    },
    ...neighbours("unlock", judged, [
      ["late", "The handshake is four seconds old.", asked.message, "REJECTED", "Q1", { elapsedSeconds: 4 }],
      ["bit", "One bit of the seal flipped.", flipped(asked.message, 100), "REJECTED", "Q2"],
      [
        "other-direction",
        "Sealed with the key of the answer.",
        fast.seal(channel.toInitiator, nonce, noBytes, encode([capability, 1, signature])),
        "REJECTED",
        "Q2",
      ],
      ["no-signature", "Two fields.", sealed(capability, 1), "REJECTED", "Q3"],
      ["other-action", "An action that no lock knows.", sealed(capability, 2, signature), "REJECTED", "Q3"],
      ["tagged", "The capability under CBOR tag 18.", with_(tagged(capability)), "REJECTED", "Q4"],
      ["table-key", "Signed by the table key.", with_(leaveOf({}, seeds.table)), "REJECTED", "Q5"],
      ["other-lock", "For another lock id.", with_(leaveOf({}, seeds.capability, twin)), "REJECTED", "Q5"],
      ["other-epoch", "For the next epoch.", with_(leaveOf({}, seeds.capability, later)), "REJECTED", "Q5"],
      [
        "too-long",
        "It would live a second more than 72 hours.",
        with_(leaveOf({ notAfter: said.notBefore + 72 * hour + 1 })),
        "DENIED",
        "Q6",
      ],
      [
        "small-order",
        "A device key under which one signature fits every message, and that signature.",
        sealed(leaveOf({ deviceKey: identity }), 1, fitsAll),
        "DENIED",
        "Q7",
      ],
      [
        "other-device",
        "Signed by a device that the capability does not name.",
        sealed(capability, 1, fast.sign(other, unlockSigned(channel.hash, 1))),
        "DENIED",
        "Q8",
      ],
      [
        "other-handshake",
        "The device signed another handshake.",
        sealed(capability, 1, fast.sign(deviceSeed, unlockSigned(secret("other hash"), 1))),
        "DENIED",
        "Q8",
      ],
      ["over", "The capability has surely ended.", asked.message, "DENIED", "Q9", late],
      ["not-yet", "It has surely not begun.", asked.message, "DENIED", "Q9", early],
      [
        "older-table",
        "The lock holds the version before it.",
        asked.message,
        "SYNC_FIRST",
        "Q10",
        { version: to - 1 },
      ],
      [
        "no-table",
        "The lock waits for a snapshot.",
        asked.message,
        "SYNC_FIRST",
        "Q10",
        { snapshotOnly: true },
      ],
      [
        "may-be-over",
        "It may have ended, and may not.",
        asked.message,
        "TIME_NEEDED",
        "Q11",
        { upperSeconds: said.notAfter },
      ],
      [
        "clock-lost",
        "The lock's clock is lost: any time may be over.",
        asked.message,
        "TIME_NEEDED",
        "Q11",
        { upperSeconds: null },
      ],
    ]),
  ];
}

/** CBOR tag 18 in front: another spelling of COSE_Sign1. */
function tagged(sign1: Bytes): Bytes {
  return new Uint8Array([0xd2, ...sign1]);
}

function answerVectors(): readonly MessageVector[] {
  const judged: Judged = { as: "unlocked" };
  const opened = sealUnlocked(fast, channel.toInitiator, "opened");
  const behind = refuse("SYNC_FIRST", "Q10", to - 1);
  const sealedAs = (...bytes: number[]): Bytes =>
    fast.seal(channel.toInitiator, nonce, noBytes, new Uint8Array(bytes));
  return [
    {
      id: "unlocked",
      why: "It opened.",
      judged,
      made: hexes({ answer: packUnlocked("opened") }),
      message: toHex(opened),
      verdict: "accepted",
    },
    {
      id: "unlocked-sync-first",
      why: "SYNC_FIRST, and the held version; as long as the other.",
      judged,
      made: hexes({ answer: packUnlocked(behind) }),
      message: toHex(sealUnlocked(fast, channel.toInitiator, behind)),
      verdict: "accepted",
    },
    ...neighbours("unlocked", judged, [
      ["bit", "One bit of the seal flipped.", flipped(opened, 7), "REJECTED", "unlocked/seal"],
      [
        "other-direction",
        "Sealed with the key of the request.",
        fast.seal(channel.toResponder, nonce, noBytes, new Uint8Array(5)),
        "REJECTED",
        "unlocked/seal",
      ],
      ["four-bytes", "One byte short.", sealedAs(0, 0, 0, 0), "REJECTED", "unlocked/shape"],
      ["opened-with-detail", "Opened has no detail.", sealedAs(0, 0, 0, 0, 1), "REJECTED", "unlocked/shape"],
      [
        "unknown",
        "A number that stands for nothing.",
        sealedAs(99, 0, 0, 0, 0),
        "REJECTED",
        "unlocked/shape",
      ],
    ]),
  ];
}

export function unlockVectors(): readonly MessageVector[] {
  return [...startVectors(), ...requestVectors(), ...answerVectors()];
}
