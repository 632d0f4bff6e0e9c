/**
 * Messages, items and parcels in words, for people. What is sealed stays sealed; nothing here is verified, and no
 * rule ever reads its output.
 */

import { type Bytes, toHex } from "../bytes.ts";
import { diagnose } from "../cbor/diagnose.ts";
import { type Item, itemKind } from "../codes/item.ts";
import { splitSign1 } from "../crypto/sign1.ts";
import { secondsNever, updateBytesMax } from "../limits.ts";
import { describeRefusal, refusalByCode } from "../refusal.ts";
import { readNext, readRefusal } from "./answers.ts";
import { type Message, type MessageName, messageCatalog, messageName } from "./catalog.ts";
import { readChunk } from "./chunk.ts";
import { helloFlags, readHello } from "./hello.ts";
import { chunksFor, manifestPayload } from "./manifest.ts";
import type { Parcel } from "./parcel.ts";
import { receiptPayload } from "./receipt.ts";
import { timePayload } from "./time-token.ts";
import { updatePayload } from "./update.ts";

/** One message, a line or two; its body in diagnostic notation where its shape is not the documented one. */
export function describeMessage(message: Message): string {
  const name = messageName(message.type);
  if (name === undefined)
    return `type ${message.type}, ${message.body.length} bytes: not known to this version`;
  const said = describeBody(name, message.body);
  return `${name}, ${message.body.length} bytes: ${said ?? `not of the documented shape: ${diagnose(message.body)}`}`;
}

function describeBody(name: MessageName, body: Bytes): string | undefined {
  switch (name) {
    case "hello": {
      if (body.length <= 1)
        return body.length === 0 ? "asks who is there" : "asks who is there, wants a nonce";
      const hello = readHello(body);
      if (!hello.ok) return undefined;
      const { tag, epoch, version, flags, resume } = hello.value;
      const half = resume.length === 2 ? `, holds version ${resume[0]} up to chunk ${resume[1]}` : "";
      return `lock ${toHex(tag)} epoch ${epoch} version ${version}${flagWords(flags, helloFlags)}${half}`;
    }
    case "update": {
      const payload = signedPayload(body);
      const said = payload === undefined ? undefined : updatePayload.decode(payload, updateBytesMax);
      return said?.ok
        ? `to version ${said.value.to}, ${said.value.sealed.ciphertext.length} bytes sealed, signed by the authority`
        : undefined;
    }
    case "manifest": {
      const payload = signedPayload(body);
      const said = payload === undefined ? undefined : manifestPayload.decode(payload, updateBytesMax);
      if (!said?.ok) return undefined;
      const { to, stream } = said.value;
      return `to version ${to}, ${stream.items} items in ${chunksFor(stream.items)} chunks, signed by the authority`;
    }
    case "chunk": {
      const chunk = readChunk(body, messageCatalog.chunk.toLock);
      return chunk === undefined ? undefined : `number ${chunk.index}, ${chunk.sealed.length} bytes sealed`;
    }
    case "receipt": {
      if (body.length === 0) return "asks for the receipt again";
      const payload = signedPayload(body);
      const said = payload === undefined ? undefined : receiptPayload.decode(payload, updateBytesMax);
      if (!said?.ok) return undefined;
      const { version, issuedAt, state, lowerSeconds } = said.value;
      return `the lock durably holds version ${version} (issued ${when(issuedAt)}), state ${toHex(state)}, its clock at least ${when(lowerSeconds)}`;
    }
    case "time": {
      const payload = signedPayload(body);
      const said = payload === undefined ? undefined : timePayload.decode(payload, updateBytesMax);
      return said?.ok ? `it is ${when(said.value.seconds)}, signed by the authority` : undefined;
    }
    case "next": {
      const next = readNext(body);
      return next.ok ? `wants chunk ${next.value.index} of version ${next.value.to}` : undefined;
    }
    case "refusal": {
      const said = readRefusal(body);
      if (!said.ok) return undefined;
      const refusal = refusalByCode(said.value.code);
      return refusal === undefined
        ? `number ${said.value.code}`
        : describeRefusal(refusal, said.value.detail);
    }
    case "commission":
      return "a Noise handshake message; only lock and authority can read it";
    default:
      return name satisfies never;
  }
}

/** A parcel's wrapper and its messages. */
export function describeParcel(parcel: Parcel): string {
  const versions = parcel.kind === "update" ? `${parcel.from} -> ${parcel.to}` : `-> ${parcel.to}`;
  const until = parcel.notAfter === secondsNever ? "" : `, deliverable until ${when(parcel.notAfter)}`;
  const head = `${parcel.kind} for lock ${toHex(parcel.tag)} epoch ${parcel.epoch}, version ${versions}${until}`;
  return [head, ...parcel.messages.map((message) => `  ${describeMessage(message)}`)].join("\n");
}

/** One item of a table. A tag is a keyed MAC: it shows which credential, never which code. */
export function describeItem(item: Item): string {
  switch (item.kind) {
    case "settings":
      return `settings: ${item.profile}, relock ${item.autoRelockSeconds} s, ${item.wrongCodeEntryLimit} wrong codes then ${item.userCodeTemporaryDisableSeconds} s pause, ${item.wrongCodesPerDayMax} a day`;
    case "rule": {
      const limits = [
        item.leaseHours > 0 ? `lease ${item.leaseHours} h` : "no lease",
        ...(item.failOpen ? ["fail-open"] : []),
        ...(item.duress ? ["duress"] : []),
        ...(item.useLimit > 0 ? [`${item.useLimit} use(s)`] : []),
        ...(item.expiringMinutes > 0 ? [`${item.expiringMinutes} min after first use`] : []),
        ...(item.scheduled ? [`${item.windows.length} weekly window(s)`] : []),
        ...(item.skipHolidays ? ["not on holidays"] : []),
        ...(item.also > 0 ? [`also rule ${item.also}`] : []),
      ];
      return `rule ${item.id}: ${item.class}, ${limits.join(", ")}`;
    }
    case "zone":
      return `zone ${item.id}: ${item.changes.map((change) => `${when(change.at)} ${change.offsetMinutes} min`).join(", ")}`;
    case "holiday":
      return `holiday ${item.id}: ${item.spans.map((span) => `${when(span.start)} to ${when(span.end)}`).join(", ")}`;
    case "credential": {
      const end = item.notAfter === secondsNever ? "" : ` until ${when(item.notAfter)}`;
      const start = item.notBefore === 0 ? "" : ` from ${when(item.notBefore)}`;
      return `${itemKind(item.id)} ${item.id}: rule ${item.rule}, tag ${toHex(item.tag)}${start}${end}${item.suspended ? ", suspended" : ""}`;
    }
    default:
      return item satisfies never;
  }
}

function signedPayload(body: Bytes): Bytes | undefined {
  const parts = splitSign1(body, updateBytesMax);
  return parts.ok ? parts.value.payload : undefined;
}

function flagWords(flags: number, names: Readonly<Record<string, number>>): string {
  const words = Object.keys(names).filter((name) => (flags & (names[name] ?? 0)) !== 0);
  return words.length === 0 ? "" : ` (${words.join(", ")})`;
}

/** Seconds as a UTC date; ES dates need no clock. */
function when(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().replace(".000Z", "Z");
}
