/**
 * What the service says has changed, as it happens: server-sent events over fetch, because a session's token travels in
 * a header. It goes on from the last event it heard. What something is now, the endpoints say.
 */
import { useEffect, useState } from "preact/hooks";
import { endSession, token } from "./session.ts";

export interface Change {
  readonly at: number;
  readonly kind: string;
  readonly property: string;
  readonly door: string | null;
  readonly person: string | null;
}

const againMilliseconds = 2_000;
const listeners = new Set<(change: Change) => void>();
/** Told when changes may have been missed. */
const missedListeners = new Set<() => void>();

/** Calls for each change until the returned function is called. */
export function onChange(hear: (change: Change) => void, missed: () => void): () => void {
  listeners.add(hear);
  missedListeners.add(missed);
  return () => {
    listeners.delete(hear);
    missedListeners.delete(missed);
  };
}

/** Listens for as long as the component that uses it is there; says whether it hears at the moment. */
export function useFeed(): boolean {
  const [isLive, setLive] = useState(true);
  useEffect(() => {
    const end = new AbortController();
    void listen(end.signal, setLive);
    return () => end.abort();
  }, []);
  return isLive;
}

async function listen(signal: AbortSignal, tell: (isLive: boolean) => void): Promise<void> {
  let last: string | undefined;
  while (!signal.aborted) {
    try {
      const response = await fetch("./v1/events", {
        signal,
        cache: "no-store",
        headers: {
          authorization: `Bearer ${token() ?? ""}`,
          ...(last === undefined ? {} : { "last-event-id": last }),
        },
      });
      if (response.status === 401) return endSession("ended");
      if (response.ok && response.body !== null) {
        tell(true);
        // What was asked for before may be older than the first event, or may have failed with the stream.
        for (const missed of missedListeners) missed();
        for await (const event of eventsIn(response.body)) {
          last = event.id ?? last;
          if (event.name === "change") hand(event.data);
        }
      }
    } catch {
      // The network is gone, or the page was left: the loop tells them apart.
    }
    if (signal.aborted) return;
    tell(false);
    await new Promise((resolve) => setTimeout(resolve, againMilliseconds));
  }
}

function hand(data: string): void {
  const change = JSON.parse(data) as Change;
  for (const listener of listeners) listener(change);
}

interface Event {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: string;
}

async function* eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<Event> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) yield eventOf(block);
  }
}

function eventOf(block: string): Event {
  const fields = block.split("\n").map((line) => /^(\w+): (.*)$/.exec(line));
  const field = (name: string): string | undefined => fields.find((one) => one?.[1] === name)?.[2];
  return { id: field("id"), name: field("event") ?? "", data: field("data") ?? "{}" };
}
