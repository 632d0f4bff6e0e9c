/**
 * Any frames in either direction, and any message cut into frames and spoilt on the way (P17). Frames are heard by the
 * shipped inbox and by a plain one that shares no code with it: both say the same, nothing grows past the bound of its
 * message, and an inbox stays good for another try.
 *
 *   u8 mode; even: lists of frames, bit 1 the direction        then frames: u8 length | data
 *            odd: u8 type | u16 body length | u16 frame length | u8 spoil | u8 where | body, cut into frames
 */
import { concat, equal } from "../../packages/protocol/src/bytes.ts";
import { frameBytesMax, frameBytesMin } from "../../packages/protocol/src/limits.ts";
import { emptyInbox, type Heard, hear, type Inbox, segment } from "../../packages/protocol/src/link/frame.ts";
import { bodyBytesMax } from "../../packages/protocol/src/messages/catalog.ts";
import { hold } from "../cast/claim.ts";
import { createDraws, type Draws } from "../cast/draws.ts";
import { reached } from "../cast/reached.ts";

type Bytes = Uint8Array;
type Bound = (type: number) => number | undefined;

/** What a list of frames comes to: messages, and whether it ended in a refusal. */
interface Outcome {
  readonly messages: readonly { readonly type: number; readonly body: Bytes }[];
  readonly refused: boolean;
}

export function fuzz(data: Buffer): void {
  const draws = createDraws(data);
  const mode = draws.u8();
  if (mode % 2 === 0) hearAny(draws, bodyBytesMax((mode & 2) === 0 ? "toLock" : "toPhone"));
  else cutAndSpoil(draws);
}

function hearAny(draws: Draws, bound: Bound): void {
  const frames: Bytes[] = [];
  while (draws.left > 0 && frames.length < 200)
    frames.push(draws.bytes(draws.u8() * (draws.u8() % 3 === 0 ? 3 : 1)));
  compare(frames, bound);
}

function compare(frames: readonly Bytes[], bound: Bound): Outcome {
  const ours = heardBy(frames, bound);
  const plain = plainlyHeard(frames, bound);
  hold(ours.refused === plain.refused, "P17: what is an anomaly is refused, and nothing else");
  hold(ours.messages.length === plain.messages.length, "P17: as many messages as were said");
  for (const [i, { type, body }] of ours.messages.entries()) {
    const other = plain.messages[i];
    hold(
      other !== undefined && other.type === type && equal(other.body, body),
      "P17: messages arrive as said",
    );
    hold(body.length <= (bound(type) ?? -1), "P17: no message is longer than its bound");
  }
  return ours;
}

function heardBy(frames: readonly Bytes[], bound: Bound): Outcome {
  const messages: { type: number; body: Bytes }[] = [];
  let inbox: Inbox = emptyInbox;
  for (const frame of frames) {
    const heard = hear(inbox, frame, bound);
    hold(sameHeard(heard, hear(inbox, frame, bound)), "P17: hearing a frame leaves the inbox as it was");
    if (heard.kind === "refused") return { messages, refused: true };
    inbox = heard.inbox;
    reached(`frames: ${heard.kind}`);
    if (heard.kind === "message") messages.push({ type: heard.type, body: heard.body });
    const { open } = inbox;
    hold(
      open === undefined || open.heardBytes <= (bound(open.type) ?? -1),
      "P17: no more is kept than the bound",
    );
  }
  return { messages, refused: false };
}

function sameHeard(a: Heard, b: Heard): boolean {
  if (a.kind !== b.kind) return false;
  return a.kind !== "message" || (b.kind === "message" && a.type === b.type && equal(a.body, b.body));
}

/** The format as the specification says it, with one growing buffer. */
function plainlyHeard(frames: readonly Bytes[], bound: Bound): Outcome {
  const messages: { type: number; body: Bytes }[] = [];
  let open: { type: number; declared: number; data: number[] } | undefined;
  for (const [i, frame] of frames.entries()) {
    const [header, second, third, fourth] = frame;
    const refused = { messages, refused: true };
    if (header === undefined || frame.length > frameBytesMax || (header & 63) !== i % 64) return refused;
    const isFirst = (header & 0x80) !== 0;
    const isLast = (header & 0x40) !== 0;
    if (isFirst) {
      if (open !== undefined || second === undefined) return refused;
      if (isLast) {
        const most = bound(second);
        if (most === undefined || frame.length - 2 > most) return refused;
        messages.push({ type: second, body: frame.slice(2) });
        continue;
      }
      if (third === undefined || fourth === undefined) return refused;
      const declared = third * 256 + fourth;
      const most = bound(second);
      if (most === undefined || declared > most) return refused;
      open = { type: second, declared, data: [] };
    }
    const rest = frame.subarray(isFirst ? 4 : 1);
    if (open === undefined || rest.length === 0) return refused;
    open.data.push(...rest);
    if (open.data.length > open.declared || isLast !== (open.data.length === open.declared)) return refused;
    if (!isLast) continue;
    messages.push({ type: open.type, body: Uint8Array.from(open.data) });
    open = undefined;
  }
  return { messages, refused: false };
}

const spoils = ["none", "drop", "double", "swap", "flip header", "cut short", "other type"] as const;

function cutAndSpoil(draws: Draws): void {
  const type = draws.u8();
  const bodyBytes = draws.u16() % 2_200;
  const bytesMax = frameBytesMin + (draws.u16() % (frameBytesMax - frameBytesMin + 1));
  const spoil = draws.pick(spoils);
  const where = draws.u8();
  const drawn = draws.rest();
  const body = Uint8Array.from(
    { length: bodyBytes },
    (_, i) => drawn[i % Math.max(1, drawn.length)] ?? i & 0xff,
  );
  const { frames } = segment({ nextSeq: 0 }, type, body, bytesMax);
  hold(
    frames.every((frame) => frame.length <= bytesMax),
    "P17: no frame is longer than the link takes",
  );
  const any: Bound = () => 0xffff;
  const whole = compare(frames, any);
  hold(
    !whole.refused && equal(whole.messages[0]?.body ?? concat(), body),
    "P17: reassembled is what was cut",
  );
  const spoilt = [...frames];
  const at = where % frames.length;
  const frame = frames[at] ?? concat();
  switch (spoil) {
    case "none":
      return;
    case "drop":
      spoilt.splice(at, 1);
      break;
    case "double":
      spoilt.splice(at, 0, frame);
      break;
    case "swap":
      spoilt.splice(at, 2, ...frames.slice(at, at + 2).reverse());
      break;
    case "flip header":
      spoilt[at] = Uint8Array.from(frame, (byte, i) => (i === 0 ? byte ^ (1 << (where >> 5)) : byte));
      break;
    case "cut short":
      spoilt[at] = frame.subarray(0, frame.length - 1);
      break;
    case "other type":
      spoilt[0] = Uint8Array.from(frames[0] ?? frame, (byte, i) => (i === 1 ? byte ^ 1 : byte));
      break;
    default:
      spoil satisfies never;
  }
  const heard = compare(spoilt, any);
  if (frames.length < 2 || spoil === "other type") return;
  hold(
    heard.messages.every((message) => !equal(message.body, body)) || spoil === "double" || spoil === "swap",
    "P17: what was spoilt on the way does not arrive as whole",
  );
}
