/**
 * Messages cut into frames of one link-layer write or notification each, and put together again.
 * Not reliable transport: the link below delivers whole frames in order or breaks, so every anomaly ends the
 * session. Not a seal either: who can forge frames is stopped by the signatures and the handshake above.
 *
 *   header u8: 0x80 first | 0x40 last | sequence (6 bits)
 *   first and last   header, type u8, body
 *   first            header, type u8, length of the whole body u16, data
 *   others           header, data
 *
 * The sequence counts frames of one direction over the whole connection, so that a lost, doubled or moved frame
 * shows even between messages. What it cannot show: 64 frames lost at once between two messages, a single frame cut
 * short, and "last" set by mistake on a first frame until the next frame comes.
 */
import { type Bytes, concat, copy, noBytes, readUint, writeUint } from "../bytes.ts";
import { frameBytesMin as frameBytesLeast, frameBytesMax as frameBytesMost } from "../limits.ts";
import { type RefusalName, type Refused, refuse } from "../refusal.ts";

const first = 0x80;
const last = 0x40;
const sequences = 64;
const bodyBytesMost = 0xffff;

/** Sending side of one direction of one connection. */
export interface Outbox {
  readonly nextSeq: number;
}

/** Receiving side of one direction of one connection. A value: hearing a frame leaves the old one usable. */
export interface Inbox {
  readonly nextSeq: number;
  readonly open?: OpenMessage;
}

/** A message whose last frame has not come. It holds at most `bodyBytes` bytes, whatever the peer sends. */
interface OpenMessage {
  readonly type: number;
  /** Declared length of the whole body. */
  readonly bodyBytes: number;
  readonly heardBytes: number;
  readonly heard: Piece;
}

/** Data heard so far, newest first: a list, so that an inbox can be kept and heard on from again. */
interface Piece {
  readonly data: Bytes;
  readonly before: Piece | undefined;
}

export const emptyOutbox: Outbox = { nextSeq: 0 };
export const emptyInbox: Inbox = { nextSeq: 0 };

/**
 * Frames of one message, each at most `frameBytesMax` bytes (ATT payload: MTU - 3, 20 to 514), and the outbox for
 * the next message. Throws RangeError on a bound or type out of range and on a body over 65,535 bytes: our bug.
 */
export function segment(
  outbox: Outbox,
  type: number,
  body: Bytes,
  frameBytesMax: number,
): { readonly outbox: Outbox; readonly frames: readonly Bytes[] } {
  if (!Number.isInteger(frameBytesMax) || frameBytesMax < frameBytesLeast || frameBytesMax > frameBytesMost) {
    throw new RangeError(`frames of ${frameBytesMax} bytes`);
  }
  if (!Number.isInteger(type) || type < 0 || type > 0xff) throw new RangeError(`message type ${type}`);
  if (body.length > bodyBytesMost) throw new RangeError(`a body of ${body.length} bytes`);

  const frames: Bytes[] = [];
  let seq = outbox.nextSeq;
  const put = (flags: number, head: Bytes, data: Bytes): void => {
    frames.push(concat(Uint8Array.of(flags | seq), head, data));
    seq = (seq + 1) % sequences;
  };

  if (2 + body.length <= frameBytesMax) {
    put(first | last, Uint8Array.of(type), body);
  } else {
    const head = new Uint8Array(3);
    head[0] = type;
    writeUint(head, 1, 2, body.length);
    let at = frameBytesMax - 4;
    put(first, head, body.subarray(0, at));
    while (at < body.length) {
      const end = Math.min(at + frameBytesMax - 1, body.length);
      put(end === body.length ? last : 0, noBytes, body.subarray(at, end));
      at = end;
    }
  }
  return { outbox: { nextSeq: seq }, frames };
}

/** What one frame comes to: more to come, a whole message, or the end of the session. */
export type Heard =
  | { readonly kind: "more"; readonly inbox: Inbox }
  | { readonly kind: "message"; readonly inbox: Inbox; readonly type: number; readonly body: Bytes }
  | { readonly kind: "refused"; readonly refused: Refused };

/**
 * Takes one frame. `bodyBytesMax` answers the bound of a message type in this direction, or undefined for a type
 * that is not known here.
 *
 * Refuses, with a check "frame/...": UNSUPPORTED for an unknown type, TOO_LARGE for a declared length over the
 * bound (before anything is kept), REJECTED for every anomaly. After a refusal the session is over: there is no
 * inbox to go on with. The result never aliases `frame`. Never throws.
 */
export function hear(inbox: Inbox, frame: Bytes, bodyBytesMax: (type: number) => number | undefined): Heard {
  const header = frame[0];
  if (header === undefined) return refused("REJECTED", "frame/empty");
  if (frame.length > frameBytesMost) return refused("REJECTED", "frame/too-long");
  if (header % sequences !== inbox.nextSeq) return refused("REJECTED", "frame/sequence");
  const nextSeq = (inbox.nextSeq + 1) % sequences;
  const isLast = (header & last) !== 0;

  if ((header & first) === 0) {
    if (inbox.open === undefined) return refused("REJECTED", "frame/no-first");
    return goOn(inbox.open, copy(frame.subarray(1)), isLast, nextSeq);
  }

  if (inbox.open !== undefined) return refused("REJECTED", "frame/unfinished-before");
  const type = frame[1];
  if (type === undefined || (!isLast && frame.length < 4)) return refused("REJECTED", "frame/cut-head");
  const bound = bodyBytesMax(type);
  if (bound === undefined) return refused("UNSUPPORTED", "frame/type");
  const bodyBytes = isLast ? frame.length - 2 : readUint(frame, 2, 2);
  if (bodyBytes > bound) return refused("TOO_LARGE", "frame/length");
  if (isLast) return { kind: "message", inbox: { nextSeq }, type, body: copy(frame.subarray(2)) };
  return goOn({ type, bodyBytes, heardBytes: 0, heard: nothing }, copy(frame.subarray(4)), false, nextSeq);
}

const nothing: Piece = { data: noBytes, before: undefined };

/** Adds data to a message. Only the frame marked last may reach the declared length, and it must. */
function goOn(open: OpenMessage, data: Bytes, isLast: boolean, nextSeq: number): Heard {
  if (data.length === 0) return refused("REJECTED", "frame/no-data");
  const heardBytes = open.heardBytes + data.length;
  if (heardBytes > open.bodyBytes) return refused("REJECTED", "frame/overrun");
  if (isLast !== (heardBytes === open.bodyBytes)) {
    return refused("REJECTED", isLast ? "frame/underrun" : "frame/no-last");
  }
  const heard: Piece = { data, before: open.heard };
  if (!isLast) return { kind: "more", inbox: { nextSeq, open: { ...open, heardBytes, heard } } };
  return { kind: "message", inbox: { nextSeq }, type: open.type, body: join(heard, heardBytes) };
}

function join(newest: Piece, bytes: number): Bytes {
  const body = new Uint8Array(bytes);
  let end = bytes;
  for (let piece: Piece | undefined = newest; piece !== undefined; piece = piece.before) {
    end -= piece.data.length;
    body.set(piece.data, end);
  }
  return body;
}

function refused(refusal: RefusalName, check: string): Heard {
  return { kind: "refused", refused: refuse(refusal, check) };
}
