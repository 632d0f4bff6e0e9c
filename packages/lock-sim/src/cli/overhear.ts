/**
 * Frames of one direction heard by somebody who is not meant: messages as they become whole, and what is wrong, by the
 * receiver's own checks. Not a session: for a lock a broken frame ends it, who overhears goes on at the next beginning.
 */
import {
  type Bytes,
  bodyBytesMax,
  emptyInbox,
  hear,
  type Inbox,
  type Message,
} from "@doorsync/protocol/lock";

export type Overheard =
  | { readonly kind: "more" }
  | {
      readonly kind: "message";
      readonly message: Message;
      readonly frames: number;
      readonly frameBytes: number;
    }
  | { readonly kind: "trouble"; readonly check: string };

const firstFlag = 0x80;
const sequences = 64;

/** Give it each frame of one direction of one connection. */
export function createOverhearer(direction: "toLock" | "toPhone"): (frame: Bytes) => Overheard {
  const bound = bodyBytesMax(direction);
  /** Undefined: a frame was broken, and no message has begun since. */
  let inbox: Inbox | undefined = emptyInbox;
  let frames = 0;
  let frameBytes = 0;
  const trouble = (check: string): Overheard => {
    inbox = undefined;
    frames = 0;
    frameBytes = 0;
    return { kind: "trouble", check };
  };
  return (frame) => {
    const head = frame[0] ?? 0;
    if (inbox === undefined && (head & firstFlag) === 0) return trouble("frame/behind-a-broken-one");
    const heard = hear(inbox ?? { nextSeq: head % sequences }, frame, bound);
    if (heard.kind === "refused") return trouble(heard.refused.check);
    inbox = heard.inbox;
    frames++;
    frameBytes += frame.length;
    if (heard.kind === "more") return { kind: "more" };
    const whole: Overheard = {
      kind: "message",
      message: { type: heard.type, body: heard.body },
      frames,
      frameBytes,
    };
    frames = 0;
    frameBytes = 0;
    return whole;
  };
}
