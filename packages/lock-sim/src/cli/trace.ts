/** Puts the frames of a connection together again, to say what was said. It listens; the lock judges. */

import { describeMessage } from "@doorsync/protocol/inspect";
import {
  type Bytes,
  emptyInbox,
  hear,
  type Inbox,
  messageBytesMax,
  messageName,
  toHex,
} from "@doorsync/protocol/lock";
import type { Traced } from "./said.ts";

/** One direction of one connection: give it each frame; it tells each message when it is whole. */
export function createTracer(from: Traced["from"], tell: (traced: Traced) => void): (frame: Bytes) => void {
  let inbox: Inbox = emptyInbox;
  let frames = 0;
  let wire = 0;
  return (frame) => {
    frames++;
    wire += frame.length;
    const heard = hear(inbox, frame, () => messageBytesMax);
    if (heard.kind === "more") {
      inbox = heard.inbox;
      return;
    }
    if (heard.kind === "message") {
      const { type, body } = heard;
      inbox = heard.inbox;
      const name = messageName(type) ?? `type ${type}`;
      tell({
        from,
        name,
        type,
        bytes: body.length,
        frames,
        wire,
        says: describeMessage({ type, body }),
        hex: toHex(body),
      });
    } else {
      const says = `no message: ${heard.refused.check}`;
      tell({ from, name: "frames", type: 0, bytes: 0, frames, wire, says, hex: toHex(frame) });
    }
    frames = 0;
    wire = 0;
  };
}
