/**
 * Asks a lock only how it shows itself, and leaves. For a phone that carries nothing yet and stands at a lock that it
 * does not know. What a hello says is a hint: it decides what is fetched, and nothing else.
 */
import {
  type Bytes,
  bodyBytesMax,
  emptyInbox,
  emptyOutbox,
  encodeHelloRequest,
  hear,
  type Inbox,
  messageName,
  messageType,
  readHello,
  segment,
} from "@doorsync/protocol/courier";
import { waits } from "../errand/outcome.ts";
import type { Link, Timers, Transport } from "../ports.ts";

/** The lock's tag; undefined for whatever does not say hello in time. */
export async function greet(
  transport: Transport,
  timers: Timers,
  signal: AbortSignal | undefined,
): Promise<Bytes | undefined> {
  const abort = new AbortController();
  const stops: (() => void)[] = [];
  const givenUp = new Promise<undefined>((resolve) => {
    const giveUp = (): void => {
      resolve(undefined);
      abort.abort();
    };
    stops.push(timers.after(waits.open + waits.greeting, giveUp));
    signal?.addEventListener("abort", giveUp);
    stops.push(() => signal?.removeEventListener("abort", giveUp));
    if (signal?.aborted === true) giveUp();
  });
  const greeted = transport.open(abort.signal).then(
    async (link) => {
      stops.push(() => link.close());
      if (abort.signal.aborted) link.close();
      return await helloOver(link);
    },
    () => undefined,
  );
  try {
    return await Promise.race([givenUp, greeted]);
  } finally {
    for (const stop of stops) stop();
  }
}

/** Settles with the first message, or with the end of the link. */
function helloOver(link: Link): Promise<Bytes | undefined> {
  return new Promise((resolve) => {
    let inbox: Inbox = emptyInbox;
    link.onClosed(() => resolve(undefined));
    link.onFrame((frame) => {
      const heard = hear(inbox, frame, bodyBytesMax("toPhone"));
      if (heard.kind === "more") {
        inbox = heard.inbox;
        return;
      }
      const isHello = heard.kind === "message" && messageName(heard.type) === "hello";
      const hello = isHello ? readHello(heard.body) : undefined;
      resolve(hello?.ok === true ? hello.value.tag : undefined);
    });
    const { frames } = segment(
      emptyOutbox,
      messageType("hello"),
      encodeHelloRequest(false),
      link.frameBytesMax,
    );
    const say = async (): Promise<void> => {
      for (const frame of frames) await link.send(frame);
    };
    say().catch(() => resolve(undefined));
  });
}
