/** The vectors of rotation, log pull, log segment and log acknowledgement. Written to messages.json by way of messages.ts. */
import { type Bytes, concat, noBytes, toHex } from "../../packages/protocol/src/bytes.ts";
import { encode } from "../../packages/protocol/src/cbor/codec.ts";
import { dailyCode, localDay } from "../../packages/protocol/src/codes/daily.ts";
import { firstCredentialId } from "../../packages/protocol/src/codes/item.ts";
import { context } from "../../packages/protocol/src/crypto/context.ts";
import { sealHpke } from "../../packages/protocol/src/crypto/hpke.ts";
import { sign1, sigStructure, splitSign1 } from "../../packages/protocol/src/crypto/sign1.ts";
import { messageBytesMax, versionLeapMax } from "../../packages/protocol/src/limits.ts";
import { messageCatalog } from "../../packages/protocol/src/messages/catalog.ts";
import { encodeEvent, eventFlags, type LockEvent } from "../../packages/protocol/src/messages/event.ts";
import {
  ackPayload,
  encodePull,
  firstHead,
  packSegment,
  segmentClear,
} from "../../packages/protocol/src/messages/log.ts";
import { type RotationSaid, rotationPayload } from "../../packages/protocol/src/messages/rotation.ts";
import { issueAck, issueSegment, nextHead } from "../../packages/protocol/src/rules/log.ts";
import { issueRotation, rotationContext } from "../../packages/protocol/src/rules/rotation.ts";
import { signedContext } from "../../packages/protocol/src/rules/trust.ts";
import { accepted } from "../accepted.ts";
import { fast, issuedAt, secret } from "../arbitraries.ts";
import { flipped, forgeSigned, sign1Of, withGroupOrderAdded } from "../forge.ts";
import {
  hexes,
  keys,
  lock,
  name,
  neighbours,
  pair,
  seeds,
  signedNeighbours,
  signedParts,
  to,
} from "./example.ts";
import type { DailyVector, Judged, MessageVector } from "./vector.ts";

const nothing = { flags: 0, source: "Unspecified", detail: 0, credential: 0, version: 0, count: 0 } as const;

/** Somebody comes home, an update takes the code away, somebody tries it; what was lost on the way; and so on. */
const history: readonly LockEvent[] = [
  { ...nothing, seq: 1, at: issuedAt, kind: "LockUserChange", version: to, count: 2 },
  {
    ...nothing,
    seq: 2,
    at: issuedAt + 60,
    kind: "LockOperation",
    source: "Keypad",
    detail: 1,
    credential: firstCredentialId + 3,
  },
  { ...nothing, seq: 3, at: issuedAt + 90, kind: "LockOperationError", source: "Keypad", detail: 1 },
  { ...nothing, seq: 4, at: issuedAt + 95, kind: "DoorLockAlarm", detail: 4 },
  {
    ...nothing,
    seq: 5,
    at: issuedAt + 95,
    kind: "Gap",
    flags: eventFlags.timeUnknown | eventFlags.atLeast,
    count: 40,
  },
  { ...nothing, seq: 6, at: issuedAt + 99, kind: "SyncRefused", detail: 17, version: to - 1, count: 3 },
];
const events: readonly Bytes[] = history.map(encodeEvent);
/** The head after each event, from the one before the first. */
const heads: Bytes[] = [firstHead];
for (const event of events) heads.push(nextHead(fast, keys.log, heads.at(-1) ?? firstHead, event));
const headOf = (seq: number): Bytes => heads[seq] ?? firstHead;
const placeOf = (seq: number) => ({ seq, head: headOf(seq) });

export function rotationVectors(): readonly MessageVector[] {
  const seed = (purpose: string): Bytes => secret(`rotated ${purpose}`);
  const said: RotationSaid = {
    epoch: 2,
    issuedAt: issuedAt + 86_400,
    table: fast.signPublic(seed("table")),
    capability: fast.signPublic(seed("capability")),
    time: fast.signPublic(seed("time")),
    box: fast.agreePublic(seed("box")),
  };
  const good = issueRotation(fast, seeds.root, name.lockId, said);
  const { payload, signature } = accepted(splitSign1(good, messageBytesMax));
  const externalAad = rotationContext(name.lockId);
  const signed = sigStructure(new Uint8Array([0xa1, 0x01, 0x27]), externalAad, payload);
  const judged: Judged = { as: "rotation", heldEpoch: 1 };
  const by = (rootSeed: Bytes, spoilt: Partial<RotationSaid> = {}): Bytes =>
    issueRotation(fast, rootSeed, name.lockId, { ...said, ...spoilt });
  const bound = (aad: Bytes): Bytes => sign1(fast, seeds.root, aad, payload);
  const zeros = new Uint8Array(32);
  return [
    {
      id: "rotation",
      why: "The root key ends epoch 1 and puts four other keys in place of those that work online.",
      judged,
      made: hexes({ payload, externalAad, signed, signature }),
      message: toHex(good),
      verdict: "accepted",
    },
    ...neighbours("rotation", judged, [
      ["trailing-byte", "One byte after the end.", concat(good, new Uint8Array(1)), "REJECTED", "N1"],
      [
        "other-algorithm",
        "Algorithm -7 in the protected header.",
        encode([new Uint8Array([0xa1, 0x01, 0x26]), new Map(), payload, signature]),
        "REJECTED",
        "N1",
      ],
      ["five-fields", "Without box.", bound5(payload, rotationContext(name.lockId)), "REJECTED", "N2"],
      ["epoch-0", "An epoch that no lock is in.", by(seeds.root, { epoch: 0 }), "REJECTED", "N3"],
      ["far-epoch", "65,537 epochs ahead.", by(seeds.root, { epoch: 2 + versionLeapMax }), "REJECTED", "N3"],
      ["table-key", "Signed by the table key that it would replace.", by(seeds.table), "REJECTED", "N4"],
      ["own-key", "Signed by the very table key that it brings.", by(seed("table")), "REJECTED", "N4"],
      [
        "other-lock",
        "Signed for another lock id.",
        bound(rotationContext(secret("message vectors twin", 16))),
        "REJECTED",
        "N4",
      ],
      [
        "epoch-in-context",
        "Bound to an epoch, as every other signed message is.",
        bound(signedContext(messageCatalog.rotation.type, name)),
        "REJECTED",
        "N4",
      ],
      ["other-type", "Signed as type 9.", bound(context(9, name.lockId)), "REJECTED", "N4"],
      ["signature-bit", "The last bit of S flipped.", flipped(good, 8 * good.length - 1), "REJECTED", "N4"],
      [
        "s-plus-l",
        "S + L: the same number to the curve.",
        sign1Of(payload, withGroupOrderAdded(signature)),
        "REJECTED",
        "N4",
      ],
      ["again", "The lock is in that epoch already.", good, "STALE", "N5", { heldEpoch: 2 }],
      ["older", "The lock is past that epoch.", good, "STALE", "N5", { heldEpoch: 3 }],
      [
        "small-order-table-key",
        "A table key under which anything verifies.",
        by(seeds.root, { table: new Uint8Array([1, ...zeros.slice(1)]) }),
        "BODY_INVALID",
        "N6",
      ],
      [
        "small-order-box-key",
        "A box key with which nothing can be sealed.",
        by(seeds.root, { box: zeros }),
        "BODY_INVALID",
        "N6",
      ],
    ]),
  ];
}

/** The same record one field short, signed by the root key. */
function bound5(payload: Bytes, aad: Bytes): Bytes {
  const said = accepted(rotationPayload.decode(payload, messageBytesMax));
  const short = encode([said.epoch, said.issuedAt, said.table, said.capability, said.time]);
  return sign1(fast, seeds.root, aad, short);
}

export function logVectors(): readonly MessageVector[] {
  const ephemeral = secret("message vectors log ephemeral");
  const info = signedContext(messageCatalog.segment.type, name);
  const packed = packSegment({ before: headOf(0), events, head: headOf(6) });
  const clear = segmentClear({ after: 0, newest: 6 });
  const good = issueSegment(fast, pair.trust, ephemeral, placeOf(0), events);
  const box = pair.trust.authority.box;
  const sealed = (content: Bytes, bound = info, numbers = clear): Bytes =>
    concat(numbers, sealHpke(fast, box, ephemeral, bound, numbers, content));
  const judged = (seq: number): Judged => ({ as: "segment", heldSeq: seq, heldHead: toHex(headOf(seq)) });
  const changed = (index: number, other: Bytes): Bytes =>
    sealed(packSegment({ before: headOf(0), events: events.with(index, other), head: headOf(6) }));
  const chained = (some: readonly Bytes[]): Bytes =>
    issueSegment(fast, pair.trust, ephemeral, placeOf(0), some);
  const spoilt = (event: Bytes, at: number, value: number): Bytes => {
    const other = new Uint8Array(event);
    other[at] = value;
    return other;
  };
  const [first = noBytes, second = noBytes, ...others] = events;
  const [twin, later] = [
    { ...name, lockId: secret("message vectors twin", 16) },
    { ...name, epoch: name.epoch + 1 },
  ];

  const ack = issueAck(fast, seeds.table, name, placeOf(4));
  const { type } = messageCatalog.ack;
  const atLock: Judged = { as: "ack", ackedSeq: 2, heads: heads.map(toHex).join(" ") };
  const acked = (seq: number, head: Bytes): Bytes =>
    forgeSigned(fast, seeds.table, lock, type, ackPayload.encode({ seq, head }));
  return [
    {
      id: "pull",
      why: "The courier wants what follows event 2.",
      judged: { as: "pull" },
      message: toHex(encodePull(2)),
      verdict: "accepted",
    },
    ...neighbours("pull", { as: "pull" }, [
      ["empty", "No body.", noBytes, "REJECTED", "log/pull"],
      ["bare-number", "The number alone, not in its record.", encode(2), "REJECTED", "log/pull"],
      ["negative", "Before the beginning.", encode([-1]), "REJECTED", "log/pull"],
      ["past-u32", "A number that no event has.", encode([0x1_0000_0000]), "REJECTED", "log/pull"],
    ]),
    {
      id: "segment",
      why: "Six events after event 0, to an authority that holds nothing yet.",
      judged: judged(0),
      made: hexes({
        ...Object.fromEntries(events.map((event, i) => [`event${i + 1}`, event])),
        ...Object.fromEntries(heads.slice(1).map((head, i) => [`head${i + 1}`, head])),
        info,
        clear,
        ephemeral,
        packed,
      }),
      message: toHex(good),
      verdict: "accepted",
    },
    {
      id: "segment-overlap",
      why: "The same to an authority that holds the first two: their heads lead to the one it holds.",
      judged: judged(2),
      message: toHex(good),
      verdict: "accepted",
    },
    {
      id: "segment-again",
      why: "The same to an authority that holds it all: it holds no more afterwards.",
      judged: judged(6),
      message: toHex(good),
      verdict: "accepted",
    },
    ...neighbours("segment", judged(0), [
      [
        "too-long",
        "Longer than any message.",
        concat(good, new Uint8Array(messageBytesMax)),
        "REJECTED",
        "L1",
      ],
      ["bit", "One bit of the seal flipped.", flipped(good, 8 * 40), "REJECTED", "L2"],
      [
        "zero-enc",
        "An encapsulated key of small order.",
        concat(clear, new Uint8Array(32), good.subarray(40)),
        "REJECTED",
        "L2",
      ],
      [
        "other-newest",
        "A courier says that the lock had one event more.",
        concat(segmentClear({ after: 0, newest: 7 }), good.subarray(8)),
        "REJECTED",
        "L2",
      ],
      [
        "newest-before-last",
        "Six events of a lock that has five.",
        sealed(packed, info, segmentClear({ after: 0, newest: 5 })),
        "REJECTED",
        "L3",
      ],
      [
        "other-lock",
        "Sealed in the name of another lock.",
        sealed(packed, signedContext(13, twin)),
        "REJECTED",
        "L2",
      ],
      ["other-epoch", "Sealed in another epoch.", sealed(packed, signedContext(13, later)), "REJECTED", "L2"],
      ["half-an-event", "23 bytes of the last event.", sealed(packed.slice(1)), "REJECTED", "L3"],
      [
        "after-what-is-held",
        "Begins after event 2, where nothing is held: two events would be missing.",
        issueSegment(fast, pair.trust, ephemeral, placeOf(2), others),
        "REJECTED",
        "L4",
      ],
      [
        "before-what-is-held",
        "Ends before what is held.",
        chained([first, second]),
        "STALE",
        "L5",
        { heldSeq: 3, heldHead: toHex(headOf(3)) },
      ],
      [
        "other-history",
        "The authority holds another event 2.",
        good,
        "CONFLICT",
        "L6",
        { heldSeq: 2, heldHead: toHex(nextHead(fast, keys.log, headOf(1), spoilt(second, 11, 0))) },
      ],
      [
        "altered",
        "The unlocking turned into a locking, without the log key.",
        changed(1, spoilt(second, 11, 0)),
        "CONFLICT",
        "L7",
      ],
      [
        "left-out",
        "Event 2 left out, without the log key.",
        sealed(packSegment({ before: headOf(0), events: [first, ...others], head: headOf(6) })),
        "CONFLICT",
        "L7",
      ],
      [
        "seq-jumps",
        "Chained well, but event 2 is not there.",
        chained([first, ...others]),
        "BODY_INVALID",
        "L8",
      ],
      [
        "unknown-kind",
        "Chained well, but of no kind.",
        chained([spoilt(first, 8, 10)]),
        "BODY_INVALID",
        "L8",
      ],
    ]),
    {
      id: "ack",
      why: "The authority holds everything up to event 4.",
      judged: atLock,
      made: hexes(signedParts(type, ack)),
      message: toHex(ack),
      verdict: "accepted",
    },
    {
      id: "ack-again",
      why: "The last acknowledgement once more: nothing changes.",
      judged: { ...atLock, ackedSeq: 4 },
      message: toHex(ack),
      verdict: "accepted",
    },
    ...neighbours("ack", atLock, [
      ...signedNeighbours(type, seeds.table, ack, "REJECTED", { split: "A1", header: "A1", signature: "A2" }),
      [
        "time-key",
        "Signed by the time key.",
        forgeSigned(fast, seeds.time, lock, type, ackPayload.encode(placeOf(4))),
        "REJECTED",
        "A2",
      ],
      [
        "three-fields",
        "One field too many.",
        forgeSigned(fast, seeds.table, lock, type, encode([4, headOf(4), 0])),
        "REJECTED",
        "A3",
      ],
      ["older", "Less than was acknowledged before.", acked(1, headOf(1)), "STALE", "A4"],
      ["ahead", "More than the lock has logged.", acked(7, headOf(6)), "CONFLICT", "A5"],
      ["other-head", "The head of another event.", acked(4, headOf(3)), "CONFLICT", "A6"],
      ["head-bit", "One bit of the head flipped.", acked(4, flipped(headOf(4), 0)), "CONFLICT", "A6"],
    ]),
  ];
}

/** Derived codes of one lock: days that follow each other, another slot, another generation. */
export function dailyVectors(): readonly DailyVector[] {
  const day = localDay(issuedAt, 60);
  const row = (generation: number, slot: number, day: number): DailyVector => ({
    generation,
    slot,
    day,
    code: dailyCode(fast, keys.daily, { generation, slot, day }),
  });
  const slot = firstCredentialId + 9;
  return [
    row(7, slot, day),
    row(7, slot, day + 1),
    row(7, slot + 1, day),
    row(8, slot, day),
    row(0, slot, 0),
  ];
}
