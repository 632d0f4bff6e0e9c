/** The vectors of receipt, time token, hello and commission. Written to messages.json by way of messages.ts. */
import { type Bytes, concat, toHex } from "../../packages/protocol/src/bytes.ts";
import { encode } from "../../packages/protocol/src/cbor/codec.ts";
import { messageCatalog } from "../../packages/protocol/src/messages/catalog.ts";
import { commissionOffer, setupPsk, setupTag } from "../../packages/protocol/src/messages/commission.ts";
import { encodeHello, type Hello, helloFlags } from "../../packages/protocol/src/messages/hello.ts";
import { receiptPayload } from "../../packages/protocol/src/messages/receipt.ts";
import { timePayload } from "../../packages/protocol/src/messages/time-token.ts";
import { issueCommission } from "../../packages/protocol/src/rules/commission.ts";
import { issueReceipt } from "../../packages/protocol/src/rules/receipt.ts";
import { issueTime } from "../../packages/protocol/src/rules/time.ts";
import { commissionFor, fast, issuedAt, secret } from "../arbitraries.ts";
import { flipped, forgeSigned } from "../forge.ts";
import {
  hexes,
  issued,
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
import type { Judged, MessageVector } from "./vector.ts";

export function answerVectors(): readonly MessageVector[] {
  const { type } = messageCatalog.receipt;
  const said = { version: to, issuedAt, state: issued.state, lowerSeconds: issuedAt + 3_600, flags: 0 };
  const seed = pair.atLock.signSeed;
  const receipt = issueReceipt(fast, seed, name, said);
  const nonce = secret("message vectors nonce", 16);
  const token = issueTime(fast, seeds.time, name, nonce, issuedAt + 7_200);
  const asked: Judged = {
    as: "time",
    nonce: toHex(nonce),
    elapsedSeconds: 2,
    floorSeconds: issuedAt,
    tableIssuedAt: issuedAt,
  };
  const year = 400 * 86_400;
  const hello: Hello = {
    protocol: 1,
    tag: pair.commission.offer.tag,
    epoch: 1,
    version: to,
    flags: helloFlags.wantsTime,
    resume: [1_050, 3],
    nonce,
  };
  const helloBytes = encodeHello(hello);
  const wordsOf = (bytes: Bytes, at: number, value: number): Bytes => {
    const other = new Uint8Array(bytes);
    other[at] = value;
    return other;
  };
  return [
    {
      id: "receipt",
      why: "The lock's word for version 1,042.",
      judged: { as: "receipt" },
      made: hexes(signedParts(type, receipt)),
      message: toHex(receipt),
      verdict: "accepted",
    },
    ...neighbours("receipt", { as: "receipt" }, [
      ...signedNeighbours(type, seed, receipt, "REJECTED", { split: "R1", header: "R1", signature: "R2" }),
      [
        "other-key",
        "Signed by the authority's table key.",
        forgeSigned(fast, seeds.table, lock, type, receiptPayload.encode(said)),
        "REJECTED",
        "R2",
      ],
      [
        "four-fields",
        "Without flags, signed by the lock.",
        forgeSigned(fast, seed, lock, type, encode([to, issuedAt, said.state, issuedAt])),
        "REJECTED",
        "R3",
      ],
    ]),
    {
      id: "time",
      why: "It is 02:00 on New Year's Day 2026.",
      judged: asked,
      made: hexes(signedParts(messageCatalog.time.type, token, nonce)),
      message: toHex(token),
      verdict: "accepted",
    },
    ...neighbours("time", asked, [
      [
        "old-nonce",
        "The nonce left the lock 31 seconds ago.",
        token,
        "REJECTED",
        "K1",
        { elapsedSeconds: 31 },
      ],
      ["cut", "One byte short.", token.subarray(1), "REJECTED", "K2"],
      ["other-nonce", "For another question.", token, "REJECTED", "K3", { nonce: toHex(flipped(nonce, 0)) }],
      [
        "no-nonce",
        "Signed without any nonce.",
        forgeSigned(fast, seeds.time, lock, 5, timePayload.encode({ seconds: issuedAt })),
        "REJECTED",
        "K3",
      ],
      [
        "below-floor",
        "Earlier than a time signed before.",
        token,
        "STALE",
        "K5",
        { floorSeconds: issuedAt + 7_201 },
      ],
      [
        "too-far",
        "More than 400 days past the newest table.",
        token,
        "EXPIRED",
        "K6",
        { floorSeconds: 0, tableIssuedAt: issuedAt + 7_199 - year },
      ],
    ]),
    {
      id: "hello",
      why: "A lock halfway through a snapshot that wants the time.",
      judged: { as: "hello" },
      message: toHex(helloBytes),
      verdict: "accepted",
    },
    ...neighbours("hello", { as: "hello" }, [
      [
        "protocol-2",
        "Another protocol version, whatever follows.",
        wordsOf(helloBytes, 1, 2),
        "UNSUPPORTED",
        "hello/protocol",
      ],
      [
        "trailing-byte",
        "One byte after the end.",
        concat(helloBytes, new Uint8Array(1)),
        "MALFORMED",
        "cbor/trailing-bytes",
      ],
      [
        "three-to-resume",
        "resume is empty or a pair.",
        encode([1, hello.tag, 1, to, 0, [1, 2, 3]]),
        "MALFORMED",
        "record/hello",
      ],
      [
        "short-tag",
        "A tag of seven bytes.",
        encode([1, hello.tag.slice(1), 1, to, 0, []]),
        "MALFORMED",
        "record/hello",
      ],
    ]),
  ];
}

export function commissionVectors(): readonly MessageVector[] {
  const { commission } = commissionFor("message vectors");
  const { setup, offer } = commission;
  const judged: Judged = {
    as: "commission-offer",
    setupSecret: toHex(setup.secret),
    lastEpoch: 0,
    entropy: toHex(secret("message vectors entropy 1")),
  };
  const with_ = (spoilt: Partial<typeof offer>): Bytes =>
    issueCommission(fast, { ...commission, offer: { ...offer, ...spoilt } });
  const point = new Uint8Array(32);
  return [
    {
      id: "commission-offer",
      why: "The authority meets a factory-fresh lock.",
      judged,
      made: hexes({
        psk: setupPsk(fast, setup),
        setupTag: setupTag(fast, setup),
        ephemeral: commission.ephemeral,
        payload: commissionOffer.encode({ ...offer, format: 1 }),
      }),
      message: toHex(pair.offer),
      verdict: "accepted",
    },
    ...neighbours("commission-offer", judged, [
      [
        "other-secret",
        "The lock was printed with another secret.",
        pair.offer,
        "REJECTED",
        "noise/tag",
        { setupSecret: toHex(secret("other setup", 16)) },
      ],
      ["bit", "One bit of the seal flipped.", flipped(pair.offer, 8 * 40), "REJECTED", "noise/tag"],
      [
        "short",
        "Shorter than a handshake message can be.",
        pair.offer.subarray(0, 47),
        "REJECTED",
        "noise/short",
      ],
      ["old-epoch", "The lock has lived through this epoch.", pair.offer, "REJECTED", "M3", { lastEpoch: 1 }],
      [
        "small-order-table-key",
        "A table key under which anything verifies.",
        with_({ table: point }),
        "REJECTED",
        "M4",
      ],
    ]),
    {
      id: "commission-reply",
      why: "The lock's answer; keys are what both sides then share.",
      judged: { as: "commission-reply" },
      made: hexes({ sign: pair.lockPublic.sign, dh: pair.lockPublic.dh, ...keys }),
      message: toHex(pair.reply),
      verdict: "accepted",
    },
    ...neighbours("commission-reply", { as: "commission-reply" }, [
      ["bit", "One bit of the seal flipped.", flipped(pair.reply, 8 * 40), "REJECTED", "noise/tag"],
      ["offer-back", "The offer itself as its answer.", pair.offer, "REJECTED", "noise/tag"],
    ]),
  ];
}
