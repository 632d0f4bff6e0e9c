/**
 * A hostile phone: it says to a lock whatever bytes it likes. The honest one would not carry them, since it checks a
 * parcel's signature before it leaves the house.
 */

import type { Transport } from "@doorsync/phone-client";
import {
  bodyBytesMax,
  decodeParcel,
  emptyInbox,
  emptyOutbox,
  hear,
  type Message,
  messageName,
  type Parcel,
  readRefusal,
  refusalByCode,
  segment,
} from "@doorsync/protocol/courier";

/** Longest that the lock may take to answer. */
const answerSecondsMax = 10;

/** The parcel in these bytes. */
export function openParcel(bytes: Uint8Array): Parcel {
  const read = decodeParcel(bytes);
  if (!read.ok) throw new Error(`not a parcel: ${read.check}`);
  return read.value;
}

/** The first message of a parcel, with one bit of it turned over. */
export function tamper(parcel: Parcel): Message {
  const [head] = parcel.messages;
  if (head === undefined) throw new Error("an empty parcel");
  const body = new Uint8Array(head.body);
  const middle = body.length >> 1;
  body[middle] = (body[middle] ?? 0) ^ 1;
  return { type: head.type, body };
}

/**
 * Says one message to a lock; the name of its refusal, or of the message it answers with. A lock serves one phone at a
 * time and may not have noticed yet that the last one left: then it hangs up, and we try again.
 */
export async function sayTo(transport: Transport, message: Message): Promise<string> {
  for (let triesLeft = 10; ; triesLeft--) {
    try {
      return answerName(await ask(transport, message));
    } catch (error) {
      if (triesLeft === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

async function ask(transport: Transport, message: Message): Promise<Message> {
  const signal = AbortSignal.timeout(answerSecondsMax * 1_000);
  const link = await transport.open(signal);
  try {
    const answer = new Promise<Message>((resolve, reject) => {
      let inbox = emptyInbox;
      signal.addEventListener("abort", () => reject(new Error("the lock said nothing")));
      link.onClosed((why) => reject(new Error(why)));
      link.onFrame((frame) => {
        const heard = hear(inbox, frame, bodyBytesMax("toPhone"));
        if (heard.kind === "refused") reject(new Error(`the lock spoke badly: ${heard.refused.check}`));
        if (heard.kind === "more") inbox = heard.inbox;
        if (heard.kind === "message") resolve({ type: heard.type, body: heard.body });
      });
    });
    // Heard below; a link that breaks while we still send must not be an error that nobody awaits.
    answer.catch(() => {});
    for (const frame of segment(emptyOutbox, message.type, message.body, link.frameBytesMax).frames) {
      await link.send(frame);
    }
    return await answer;
  } finally {
    link.close();
  }
}

function answerName({ type, body }: Message): string {
  const name = messageName(type) ?? `type ${type}`;
  if (name !== "refusal") return name;
  const said = readRefusal(body);
  if (!said.ok) return "unreadable refusal";
  return refusalByCode(said.value.code) ?? `refusal ${said.value.code}`;
}
