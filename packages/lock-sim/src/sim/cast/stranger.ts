/**
 * A hostile phone: it has everything that was ever on its air or in its mailbox, keeps no rule of a visit, and sends
 * what it likes in whatever order. It has no key of anybody's.
 */
import {
  bodyBytesMax,
  emptyInbox,
  emptyOutbox,
  encodeHelloRequest,
  equal,
  hear,
  type Message,
  messageType,
  type Parcel,
  readNext,
  segment,
} from "@doorsync/protocol/courier";
import type { Agenda } from "../agenda.ts";
import type { Chance } from "../chance.ts";
import type { FaultName } from "../faults.ts";
import { noFaults } from "../faults.ts";
import { frameMsMax, openAir } from "./air.ts";
import type { CastLock } from "./lock.ts";

/** What a hostile phone tries in one connection. */
export const tricks = [
  "replay",
  "flip",
  "splice",
  "swap",
  "garbage",
  "linger",
  "hang",
  "frames",
  "truth",
] as const;
export type Trick = (typeof tricks)[number];

export interface TrickParts {
  readonly agenda: Agenda;
  readonly chance: Chance;
  readonly lock: Pick<CastLock, "connect" | "name">;
  readonly trick: Trick;
  /** Parcels for any lock, as they were carried at any time. */
  readonly archive: readonly Parcel[];
  /** Whether a parcel is for the lock that is talked to; nobody knows when left out. */
  readonly isForIt?: (parcel: Parcel) => boolean;
  readonly onFault: (fault: FaultName) => void;
  readonly onHeard: (message: Message) => void;
  readonly onSaid: (message: Message, isAuthentic: boolean) => void;
  readonly onOver: () => void;
}

const saysMax = 12;
const pauseMs = 150;
/** A receipt, or an answer of its size; longer ones are not waited for. */
const answerBytes = 200;
const lingerMs = 900;
const lastWordMs = 3_000;
/** Longer than any courier may hold a lock. */
const hangMs = 90_000;

/** One connection of mischief. It ends by itself, or when the lock has had enough. */
export function playTrick(parts: TrickParts): void {
  const { agenda, chance, trick, archive } = parts;
  let inbox = emptyInbox;
  let outbox = emptyOutbox;
  let isOver = false;
  const over = (): void => {
    if (isOver) return;
    isOver = true;
    link?.close();
    parts.onOver();
  };
  const answers: Message[] = [];
  const link = openAir({
    agenda,
    chance: chance.fork("air"),
    odds: noFaults,
    lock: parts.lock,
    slowMs: 0,
    onFault: parts.onFault,
    onFrame(frame) {
      const heard = hear(inbox, frame, bodyBytesMax("toPhone"));
      if (heard.kind === "refused") return over();
      inbox = heard.inbox;
      if (heard.kind !== "message") return;
      const message = { type: heard.type, body: heard.body };
      parts.onHeard(message);
      answers.push(message);
    },
    onClosed: over,
  });
  if (link === undefined) {
    over();
    return;
  }

  /** Says something; how long it takes until even the last frame of an answer has come. */
  const say = (message: Message): number => {
    if (isOver) return 0;
    // What becomes of a message whose frames are altered is not known before it arrives.
    parts.onSaid(message, trick === "frames" || isAuthentic(parts, message));
    const cut = segment(outbox, message.type, message.body, link.frameBytesMax);
    outbox = cut.outbox;
    for (const frame of cut.frames) {
      link.send(trick === "frames" && chance.strikes(200) ? altered(chance, frame) : frame);
    }
    return frameMsMax * (cut.frames.length + Math.ceil(answerBytes / link.frameBytesMax));
  };

  const script = scriptOf(parts);
  const step = (index: number): void => {
    if (isOver) return;
    const message = script[index];
    if (message === undefined || index >= saysMax) {
      agenda.at(agenda.nowMs + (trick === "hang" ? hangMs : lastWordMs), over);
      return;
    }
    const answeredMs = agenda.nowMs + say(message) + pauseMs;
    // A lock that asks for chunks gets them, from whatever stream is at hand. The truth has its own in the script.
    let nextMs = answeredMs;
    agenda.at(answeredMs, () => {
      const last = answers.at(-1);
      const isAsked = trick !== "truth" && last?.type === messageType("next");
      const next = isAsked ? readNext(last.body) : undefined;
      const chunk = next?.ok === true ? chance.pick(archive).messages[next.value.index + 1] : undefined;
      if (chunk !== undefined) nextMs += say(chunk) + pauseMs;
      agenda.at(Math.max(nextMs, agenda.nowMs + (trick === "linger" ? lingerMs : 0)), () => step(index + 1));
    });
  };
  step(0);
}

/** The messages of one trick, in order. */
function scriptOf({ chance, trick, archive, lock, isForIt = () => false }: TrickParts): readonly Message[] {
  const hello: Message = { type: messageType("hello"), body: encodeHelloRequest(chance.strikes(500)) };
  const ask: Message = { type: messageType("receipt"), body: new Uint8Array(0) };
  const messages = archive.flatMap((parcel) => parcel.messages);
  const some = (): Message => (messages.length === 0 ? ask : chance.pick(messages));
  const times = chance.between(2, 8);
  switch (trick) {
    case "replay":
      return [hello, ...Array.from({ length: times }, some), ask];
    case "truth":
      // What was made for this very lock, the oldest first, as it was: late, not altered.
      return [
        hello,
        ...archive
          .filter(isForIt)
          .slice(0, times)
          .flatMap((parcel) => parcel.messages),
        ask,
      ];
    case "flip":
      return [hello, ...Array.from({ length: times }, () => flipped(chance, some()))];
    case "splice":
      return [hello, ...Array.from({ length: times }, () => spliced(chance, some(), some()))];
    case "swap": {
      // Another lock's messages, under any type that carries something signed.
      const types = messages.map(({ type }) => type);
      return Array.from({ length: times }, () => {
        const { type, body } = some();
        return { type: types.length > 0 && chance.strikes(400) ? chance.pick(types) : type, body };
      });
    }
    case "garbage":
      return Array.from({ length: times }, () => ({
        type: chance.pick([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
        body: chance.bytes(chance.below(200)),
      }));
    case "linger":
      return Array.from({ length: saysMax }, () => chance.pick([hello, ask, some()]));
    case "hang":
      return [hello];
    case "frames":
      return [hello, some(), some()];
    default:
      throw new Error(`no such trick at ${lock.name}: ${String(trick satisfies never)}`);
  }
}

/** Whether a message is one that this lock may believe: made for it, whole, or a question that anybody may ask. */
function isAuthentic({ archive, isForIt = () => false }: TrickParts, { type, body }: Message): boolean {
  if ([messageType("hello"), messageType("receipt"), messageType("pull")].includes(type)) return true;
  return archive.some(
    (parcel) => isForIt(parcel) && parcel.messages.some((one) => one.type === type && equal(one.body, body)),
  );
}

function flipped(chance: Chance, { type, body }: Message): Message {
  return { type, body: body.length === 0 ? body : altered(chance, body) };
}

function altered(chance: Chance, bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  const at = chance.below(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 << chance.below(8));
  return copy;
}

/** The beginning of one and the end of another. */
function spliced(chance: Chance, one: Message, other: Message): Message {
  const cut = chance.below(Math.min(one.body.length, other.body.length) + 1);
  const body = new Uint8Array(other.body.length);
  body.set(other.body);
  body.set(one.body.subarray(0, cut));
  return { type: one.type, body };
}
