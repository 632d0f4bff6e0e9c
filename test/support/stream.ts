/** The stream of events as a client hears it, over a real connection. It judges nothing. */
import { expect, vi } from "vitest";
import type { Service } from "./service.ts";

/** A stream looks twice a second; a busy machine takes longer. */
export const patience = { timeout: 20_000 };

export interface Change {
  readonly kind: string;
  readonly door: string | null;
  readonly person: string | null;
}

export interface Stream {
  readonly changes: Change[];
  /** Everything that came, as it came. */
  text(): string;
  close(): Promise<void>;
}

/** Listens until it is closed; the stream is open when this settles. */
export async function listen(service: Pick<Service, "url">, token: string): Promise<Stream> {
  const abort = new AbortController();
  const answer = await fetch(`${service.url}/v1/events`, {
    headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" },
    signal: abort.signal,
  });
  expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const changes: Change[] = [];
  let text = "";
  let read = 0;
  const take = (): void => {
    for (;;) {
      const end = text.indexOf("\n\n", read);
      if (end < 0) return;
      const block = text.slice(read, end);
      read = end + 2;
      const [, data] = /^event: change\ndata: (.*)$/m.exec(block) ?? [];
      if (data !== undefined) changes.push(JSON.parse(data) as Change);
    }
  };
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const part of answer.body ?? []) {
      text += decoder.decode(part, { stream: true });
      take();
    }
  })().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error;
  });
  await vi.waitFor(() => expect(text).toContain("event: ready"), patience);
  return {
    changes,
    text: () => text,
    async close() {
      abort.abort();
      await reading;
    },
  };
}
