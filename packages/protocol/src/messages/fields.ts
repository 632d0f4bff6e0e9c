/**
 * A message taken apart field by field, for machines that look: names and values in the order of the bytes. It verifies
 * nothing, opens nothing, and no rule reads its output; in words it is describe.ts.
 */

import { type Bytes, toHex } from "../bytes.ts";
import type { Shape } from "../cbor/schema.ts";
import { splitSign1 } from "../crypto/sign1.ts";
import { updateBytesMax } from "../limits.ts";
import { readNext, readRefusal } from "./answers.ts";
import { type Message, type MessageName, messageName } from "./catalog.ts";
import { readChunk } from "./chunk.ts";
import { keyBytes } from "./commission.ts";
import { readHello, readHelloRequest } from "./hello.ts";
import { ackPayload, readPull, readSegmentHead, splitSegment } from "./log.ts";
import { manifestPayload } from "./manifest.ts";
import { receiptPayload } from "./receipt.ts";
import { rotationPayload } from "./rotation.ts";
import { timePayload } from "./time-token.ts";
import { updatePayload } from "./update.ts";

/** Numbers as they are, byte strings in hex; what is nested has its name in front: `manifest` has `siv`, hello has `resume.chunk`. */
export type MessageFields = Readonly<Record<string, number | string | boolean>>;

/** Fields by name; undefined for a type this version does not know and for a body of another shape. Never throws. */
export function messageFields({ type, body }: Message): MessageFields | undefined {
  const name = messageName(type);
  return name === undefined ? undefined : fieldsOf(name, body);
}

/** The AEAD's tag, without which nothing is sealed. */
const aeadTagBytes = 16;

function fieldsOf(name: MessageName, body: Bytes): MessageFields | undefined {
  switch (name) {
    case "hello": {
      if (body.length <= 1) {
        const asked = readHelloRequest(body);
        return asked.ok ? { wantsNonce: asked.value } : undefined;
      }
      const hello = readHello(body);
      if (!hello.ok) return undefined;
      const { resume, ...rest } = hello.value;
      const [version, chunk] = resume;
      const half =
        version === undefined || chunk === undefined
          ? {}
          : { "resume.version": version, "resume.chunk": chunk };
      return { ...flat(rest), ...half };
    }
    case "update":
      return signed(updatePayload, body, ({ to, sealed }) => ({ to, ...flat({ ...sealed }) }));
    case "manifest":
      return signed(manifestPayload, body, ({ to, sealed, stream }) => ({
        to,
        ...flat({ ...sealed, ...stream }),
      }));
    case "chunk": {
      const chunk = readChunk(body, body.length);
      return chunk === undefined ? undefined : flat({ ...chunk });
    }
    case "receipt":
      return body.length === 0 ? {} : signed(receiptPayload, body, flat);
    case "time":
      return signed(timePayload, body, flat);
    case "next": {
      const next = readNext(body);
      return next.ok ? flat(next.value) : undefined;
    }
    case "refusal": {
      const said = readRefusal(body);
      return said.ok ? flat(said.value) : undefined;
    }
    case "commission":
      if (body.length < keyBytes + aeadTagBytes) return undefined;
      return flat({ ephemeral: body.subarray(0, keyBytes), sealed: body.subarray(keyBytes) });
    case "rotation":
      return signed(rotationPayload, body, flat);
    case "pull": {
      const after = readPull(body);
      return after.ok ? { after: after.value } : undefined;
    }
    case "segment": {
      const place = readSegmentHead(body);
      if (!place.ok) return undefined;
      const { after, newest } = place.value;
      const { sealed } = splitSegment(body);
      return {
        after,
        newest,
        ...flat({ enc: sealed.subarray(0, keyBytes), sealed: sealed.subarray(keyBytes) }),
      };
    }
    case "ack":
      return signed(ackPayload, body, flat);
    case "unlock-start":
      if (body.length !== keyBytes + aeadTagBytes) return undefined;
      return flat({ ephemeral: body.subarray(0, keyBytes), sealed: body.subarray(keyBytes) });
    case "unlock":
    case "unlocked":
      return body.length < aeadTagBytes ? undefined : flat({ sealed: body });
    default:
      return name satisfies never;
  }
}

function signed<T>(
  shape: Shape<T>,
  body: Bytes,
  fields: (payload: T) => MessageFields,
): MessageFields | undefined {
  const parts = splitSign1(body, updateBytesMax);
  if (!parts.ok) return undefined;
  const payload = shape.decode(parts.value.payload, updateBytesMax);
  return payload.ok ? { ...fields(payload.value), signature: toHex(parts.value.signature) } : undefined;
}

function flat(record: Readonly<Record<string, number | Bytes | undefined>>): MessageFields {
  const fields: Record<string, number | string> = {};
  for (const [name, value] of Object.entries(record)) {
    if (value !== undefined) fields[name] = typeof value === "number" ? value : toHex(value);
  }
  return fields;
}
