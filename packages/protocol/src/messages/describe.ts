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
import { conditionFlags } from "./condition.ts";
import {
  alarmCodes,
  eventClasses,
  eventFlags,
  type LockEvent,
  lockOperationTypes,
  nameOf,
  operationErrors,
} from "./event.ts";
import { helloFlags, readHello } from "./hello.ts";
import { ackPayload, readPull, readSegmentHead } from "./log.ts";
import { chunksFor, manifestPayload } from "./manifest.ts";
import type { Parcel } from "./parcel.ts";
import { receiptFlags, receiptPayload } from "./receipt.ts";
import { rotationPayload } from "./rotation.ts";
import { timePayload } from "./time-token.ts";
import { unlockedBytes } from "./unlock.ts";
import { updatePayload } from "./update.ts";

/** The tag of a seal. */
const sealBytes = 16;

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
      return `lock ${toHex(tag)} epoch ${epoch} version ${version}${flagWords(flags, { ...helloFlags, ...conditionFlags })}${half}`;
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
      const { version, issuedAt, state, lowerSeconds, flags } = said.value;
      const words = flagWords(flags, { ...receiptFlags, ...conditionFlags });
      return `the lock durably holds version ${version} (issued ${when(issuedAt)}), state ${toHex(state)}, its clock at least ${when(lowerSeconds)}${words}`;
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
    case "rotation": {
      const payload = signedPayload(body);
      const said = payload === undefined ? undefined : rotationPayload.decode(payload, updateBytesMax);
      if (!said?.ok) return undefined;
      const { epoch, issuedAt } = said.value;
      return `new keys of the authority from epoch ${epoch} on (issued ${when(issuedAt)}), signed by its root key`;
    }
    case "pull": {
      const after = readPull(body);
      return after.ok ? `asks for events after ${after.value}` : undefined;
    }
    case "segment": {
      const place = readSegmentHead(body);
      if (!place.ok) return undefined;
      const { after, last, newest } = place.value;
      const which = last === after ? `no event after ${after}` : `events ${after + 1} to ${last}`;
      return `${which}, sealed to the authority; the lock's newest is ${newest}`;
    }
    case "ack": {
      const payload = signedPayload(body);
      const said = payload === undefined ? undefined : ackPayload.decode(payload, updateBytesMax);
      return said?.ok
        ? `the authority holds every event up to ${said.value.seq}, head ${toHex(said.value.head)}`
        : undefined;
    }
    case "unlock-start":
      return body.length === messageCatalog["unlock-start"].toLock
        ? "half of a Noise handshake; only the lock can answer it, and only who began it can read that"
        : undefined;
    case "unlock":
      return body.length > sealBytes
        ? `a capability and a device's signature, ${body.length - sealBytes} bytes sealed to the lock`
        : undefined;
    case "unlocked":
      return body.length === unlockedBytes + sealBytes
        ? "what became of it, sealed to the phone; the length does not tell"
        : undefined;
    default:
      return name satisfies never;
  }
}

/** A parcel's wrapper and its messages. */
export function describeParcel(parcel: Parcel): string {
  const brings = parcelWords(parcel);
  const until = parcel.notAfter === secondsNever ? "" : `, deliverable until ${when(parcel.notAfter)}`;
  const head = `${parcel.kind} for lock ${toHex(parcel.tag)} epoch ${parcel.epoch}, ${brings}${until}`;
  return [head, ...parcel.messages.map((message) => `  ${describeMessage(message)}`)].join("\n");
}

function parcelWords({ kind, from, to }: Parcel): string {
  switch (kind) {
    case "update":
      return `version ${from} -> ${to}`;
    case "snapshot":
    case "commission":
      return `version -> ${to}`;
    case "rotation":
      return `epoch -> ${to}`;
    case "ack":
      return `events up to ${to}`;
    default:
      return kind satisfies never;
  }
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

/** One event of a log that was opened. */
export function describeEvent(event: LockEvent): string {
  const { seq, at, kind, source, credential, version, count } = event;
  const has = (flag: number): boolean => (event.flags & flag) !== 0;
  const parts = [
    `event ${seq}`,
    `${has(eventFlags.timeUnknown) ? "not before " : ""}${when(at)}`,
    [kind, detailWord(event)].filter((word) => word !== "").join(" "),
    ...(source === "Unspecified" ? [] : [`by ${source}`]),
    ...(credential === 0
      ? []
      : [kind === "SyncRefused" ? `holds ${credential}` : `credential ${credential}`]),
    ...(version === 0 ? [] : [`version ${version}`]),
    ...(count === 0 ? [] : [`${has(eventFlags.atLeast) ? "at least " : ""}${count}`]),
  ];
  return parts.join(", ");
}

function detailWord({ kind, detail }: LockEvent): string {
  switch (kind) {
    case "LockOperation":
      return nameOf(lockOperationTypes, detail) ?? "";
    case "LockOperationError":
      return nameOf(operationErrors, detail) ?? "";
    case "DoorLockAlarm":
      return nameOf(alarmCodes, detail) ?? "";
    case "Gap":
      return nameOf(eventClasses, detail) ?? "";
    case "SyncRefused":
      return refusalByCode(detail) ?? "";
    case "LockUserChange":
    case "TimeSet":
    case "Boot":
    case "KeyRotation":
      return "";
    default:
      return kind satisfies never;
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
