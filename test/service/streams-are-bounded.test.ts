// Streams of events on the real service: one account holds no more than its share of them, also when it asks for many at
// once, and a stream that begins at a number which is not there yet hears what comes, and is told to ask anew.
import { openAccount } from "@doorsync/authority/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { streamsMax, streamsPerAccountMax } from "../../packages/authority/src/http/feed.ts";
import { password, type Service, startService } from "../support/service.ts";

let service: Service;
const open = new Set<Stream>();

beforeAll(async () => {
  service = await startService();
});

afterAll(async () => {
  for (const stream of open) stream.close();
  await service.close();
  expect(service.faults).toEqual([]);
});

interface Stream {
  readonly response: Response;
  /** Everything that was heard so far. */
  readonly heard: () => string;
  close(): void;
}

async function stream(token: string, lastEventId?: string): Promise<Stream> {
  const end = new AbortController();
  const headers = {
    authorization: `Bearer ${token}`,
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
  };
  const response = await fetch(`${service.url}/v1/events`, { headers, signal: end.signal });
  let text = "";
  const opened: Stream = {
    response,
    heard: () => text,
    close() {
      open.delete(opened);
      end.abort();
    },
  };
  if (!response.ok) {
    text = await response.text();
    return opened;
  }
  open.add(opened);
  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const part of body) text += Buffer.from(part).toString("utf8");
  };
  // It ends when the test closes it.
  if (response.body !== null) read(response.body).catch(() => undefined);
  return opened;
}

async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 10_000; !(await look()); ) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}

let units = 0;
/** Something that the manager's streams tell of. */
async function change(): Promise<void> {
  units += 1;
  const asked = { token: service.manager, params: { property: service.propertyId } };
  const added = await service.call("addPerson", {
    ...asked,
    body: { name: `Somebody ${units}`, role: "manager" },
  });
  expect(added.status, JSON.stringify(added.body)).toBe(200);
}

const idOf = (text: string): number => Number(/^id: (\d+)$/m.exec(text)?.[1]);

test("an account that asks for many streams at once has its share, others have theirs, and a closed one makes room", async () => {
  expect(streamsPerAccountMax * 2).toBeLessThan(streamsMax);
  const standing = { propertyId: service.propertyId, unitId: "", role: "manager" } as const;
  const other = { name: "Milo Manager", email: "milo@example.org", password, standing };
  expect((await openAccount(service.office(), other)).ok).toBe(true);
  const asked = streamsPerAccountMax + 5;
  // The one connection of the database is lent while they ask, so that all of them stand side by side behind it.
  const asking = await service
    .office()
    .db.transaction()
    .execute(async () => {
      const streams = Array.from({ length: asked }, () => stream(service.manager));
      await new Promise((resolve) => setTimeout(resolve, 500));
      return { streams };
    });
  const all = await Promise.all(asking.streams);
  const taken = all.filter(({ response }) => response.status === 200);
  const refused = all.filter(({ response }) => response.status !== 200);
  expect(taken.length).toBe(streamsPerAccountMax);
  for (const { response, heard } of refused) {
    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("60");
    expect(JSON.parse(heard())).toMatchObject({ name: "TOO_MANY", status: 429 });
  }
  // The same account from another device is the same account; another account is not.
  expect((await stream(await service.logIn("manager@example.org", "mobile"))).response.status).toBe(429);
  const milo = await stream(await service.logIn("milo@example.org"));
  expect(milo.response.status).toBe(200);
  taken[0]?.close();
  await until("room for one more", async () => (await stream(service.manager)).response.status === 200);
  expect((await stream(service.manager)).response.status).toBe(429);
  for (const one of [...open]) one.close();
  await until("room again", async () => {
    const one = await stream(service.manager);
    one.close();
    return one.response.status === 200;
  });
});

test("a number that is not there yet: the stream begins now, says that all is to be asked anew, and hears what comes", async () => {
  await change();
  const present = await stream(service.manager);
  await until("the first word", () => present.heard().includes("event: ready"));
  const newest = idOf(present.heard());
  expect(newest).toBeGreaterThan(0);
  const beyond = await stream(service.manager, String(newest + 1_000));
  await until("the first word", () => beyond.heard().includes("event: ready"));
  await until("the word to ask anew", () => beyond.heard().includes("event: reload"));
  expect(idOf(beyond.heard())).toBe(newest);
  await change();
  await until("the change", () => beyond.heard().includes("event: change"));

  // From a number that was there, what came since is told, and nothing is to be asked anew.
  const behind = await stream(service.manager, String(newest));
  await until("what came since", () => behind.heard().includes("event: change"));
  for (const one of [present, behind]) {
    expect(one.heard()).not.toContain("event: reload");
    one.close();
  }
  beyond.close();
});
