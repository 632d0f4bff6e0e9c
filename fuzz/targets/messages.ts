/**
 * Any bytes as the body of every message, in both directions, and as what is signed or sealed in it (P15, P16): what is
 * read can be written again to the same bytes. The table has a row for each message of the catalog; a message without
 * one does not compile.
 *
 *   u8 which decoder | the body
 */
import { concat, equal } from "../../packages/protocol/src/bytes.ts";
import type { Shape } from "../../packages/protocol/src/cbor/schema.ts";
import { messageBytesMax, updateBytesMax } from "../../packages/protocol/src/limits.ts";
import {
  encodeNext,
  encodeRefusal,
  readNext,
  readRefusal,
} from "../../packages/protocol/src/messages/answers.ts";
import { decodeClaims, encodeClaims } from "../../packages/protocol/src/messages/capability.ts";
import {
  bodyBytesMax,
  type MessageName,
  messageCatalog,
} from "../../packages/protocol/src/messages/catalog.ts";
import { encodeChunk, readChunk } from "../../packages/protocol/src/messages/chunk.ts";
import { commissionOffer, commissionReply } from "../../packages/protocol/src/messages/commission.ts";
import { describeMessage } from "../../packages/protocol/src/messages/describe.ts";
import { decodeEvent, encodeEvent } from "../../packages/protocol/src/messages/event.ts";
import {
  encodeHello,
  encodeHelloRequest,
  readHello,
  readHelloRequest,
} from "../../packages/protocol/src/messages/hello.ts";
import {
  ackPayload,
  encodePull,
  packSegment,
  readPull,
  readSegmentHead,
  segmentClear,
  unpackSegment,
} from "../../packages/protocol/src/messages/log.ts";
import { manifestPayload } from "../../packages/protocol/src/messages/manifest.ts";
import { receiptPayload } from "../../packages/protocol/src/messages/receipt.ts";
import { rotationPayload } from "../../packages/protocol/src/messages/rotation.ts";
import { timePayload } from "../../packages/protocol/src/messages/time-token.ts";
import { packUnlocked, unlockRequest, unpackUnlocked } from "../../packages/protocol/src/messages/unlock.ts";
import { updateBody, updatePayload } from "../../packages/protocol/src/messages/update.ts";
import { refusalByCode, refuse } from "../../packages/protocol/src/refusal.ts";
import { hold } from "../cast/claim.ts";
import { reached } from "../cast/reached.ts";

type Bytes = Uint8Array;

/** Reads bytes and writes again what was read; undefined: refused. */
type Again = (body: Bytes) => Bytes | undefined;

const record =
  <T>(shape: Shape<T>, bytesMax: number): Again =>
  (body) => {
    const read = shape.decode(body, bytesMax);
    if (read.ok) return shape.encode(read.value);
    hold(
      read.refusal === "MALFORMED" && /^(cbor|record)\//.test(read.check),
      "P16: every refusal has a name",
    );
    return undefined;
  };

/** What each message is, and what it carries under a signature or a seal. */
const decoders: Readonly<Record<MessageName, readonly Again[]>> = {
  hello: [
    (body) => {
      const wanted = readHelloRequest(body);
      return wanted.ok ? encodeHelloRequest(wanted.value) : undefined;
    },
    (body) => {
      const hello = readHello(body);
      return hello.ok ? encodeHello(hello.value) : undefined;
    },
  ],
  update: [record(updatePayload, updateBytesMax), record(updateBody, updateBytesMax)],
  manifest: [record(manifestPayload, updateBytesMax)],
  receipt: [record(receiptPayload, messageCatalog.receipt.toPhone)],
  time: [record(timePayload, messageCatalog.time.toLock)],
  chunk: [
    (body) => {
      const chunk = readChunk(body, messageBytesMax);
      return chunk === undefined ? undefined : encodeChunk(chunk);
    },
  ],
  next: [
    (body) => {
      const next = readNext(body);
      return next.ok ? encodeNext(next.value) : undefined;
    },
  ],
  refusal: [
    (body) => {
      const said = readRefusal(body);
      if (!said.ok) return undefined;
      const { code, detail } = said.value;
      const refusal = refusalByCode(code);
      // A number of a later version can be heard, and not said.
      if (refusal === undefined) return body;
      return encodeRefusal(refuse(refusal, "fuzz", detail));
    },
  ],
  commission: [record(commissionOffer, updateBytesMax), record(commissionReply, updateBytesMax)],
  rotation: [record(rotationPayload, updateBytesMax)],
  pull: [
    (body) => {
      const after = readPull(body);
      return after.ok ? encodePull(after.value) : undefined;
    },
  ],
  segment: [
    (body) => {
      const place = readSegmentHead(body);
      return place.ok ? concat(segmentClear(place.value), body.subarray(8)) : undefined;
    },
    (body) => {
      const said = unpackSegment(body);
      return said === undefined ? undefined : packSegment(said);
    },
    (body) => {
      const event = decodeEvent(body);
      return event.ok ? encodeEvent(event.value) : undefined;
    },
  ],
  ack: [record(ackPayload, messageCatalog.ack.toLock)],
  /** Noise alone: every byte is a key or a seal. */
  "unlock-start": [],
  unlock: [
    record(unlockRequest, messageCatalog.unlock.toLock),
    (body) => {
      const said = decodeClaims(body);
      return said.ok ? encodeClaims(said.value) : undefined;
    },
  ],
  unlocked: [
    (body) => {
      const said = unpackUnlocked(body);
      if (!said.ok) return undefined;
      return packUnlocked(said.value.kind === "opened" ? "opened" : said.value);
    },
  ],
};

/** By the first byte of an input. */
export const rows = Object.entries(decoders).flatMap(([name, each]) =>
  each.map((again) => ({ name: name as MessageName, again })),
);

export function fuzz(data: Buffer): void {
  const row = rows[(data[0] ?? 0) % rows.length];
  if (row === undefined) throw new RangeError("no decoder");
  const body = new Uint8Array(data.subarray(1));
  const written = row.again(body);
  if (written !== undefined) {
    reached(`messages: ${row.name}`);
    hold(equal(written, body), `P15: ${row.name} has one spelling`);
  }
  const { type } = messageCatalog[row.name];
  hold(describeMessage({ type, body }).length > 0, "P16: any body can be shown");
  hold(
    bodyBytesMax("toLock")(type) !== undefined || bodyBytesMax("toPhone")(type) !== undefined,
    "said somewhere",
  );
}
