// The driver of a visit over links in memory: every promise settles, nothing is left listening or ticking, and a
// faulty link costs a visit, never a table.
import {
  describeOutcome,
  type Fault,
  type Link,
  type Mailbox,
  memoryPair,
  memoryTransport,
  type SyncOptions,
  type SyncResult,
  sync,
  type Timers,
  type Transport,
} from "@doorsync/phone-client";
import type { Parcel, ReturnSlip } from "@doorsync/protocol/courier";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createHonestLock, createHouse, crypto, type HonestLock, serve } from "./courier-cast.ts";

const house = createHouse(1);
const streamed = createHouse(11, 50);

/** Timers that run when the test says so. */
function handTimers() {
  const waiting = new Set<{ readonly milliseconds: number; readonly run: () => void }>();
  const timers: Timers = {
    after(milliseconds, run) {
      const timer = { milliseconds, run };
      waiting.add(timer);
      return () => void waiting.delete(timer);
    },
  };
  const fireShortest = (): void => {
    const [timer] = [...waiting].sort((a, b) => a.milliseconds - b.milliseconds);
    if (timer === undefined) throw new Error("nothing is under way and nothing waits: the visit hangs");
    waiting.delete(timer);
    timer.run();
  };
  return { timers, waiting, fireShortest };
}

function memoryMailbox(parcels: readonly Parcel[]) {
  const slips: ReturnSlip[] = [];
  const mailbox: Mailbox = { parcels: async () => parcels, deliver: async (slip) => void slips.push(slip) };
  return { mailbox, slips };
}

/** An abort signal that counts who listens. */
function countedSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  const listening = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => {
    listening.add(args[1]);
    add(...args);
  };
  signal.removeEventListener = (...args: Parameters<typeof remove>) => {
    listening.delete(args[1]);
    remove(...args);
  };
  return { controller, signal, listeners: () => listening.size };
}

/** A link that counts its listeners and whether it was closed. */
function watched(link: Link) {
  const counts = { listeners: 0, isClosed: false };
  const counted =
    <A extends unknown[]>(listen: (...args: A) => () => void) =>
    (...args: A) => {
      const stop = listen(...args);
      counts.listeners += 1;
      return () => {
        counts.listeners -= 1;
        stop();
      };
    };
  const face: Link = {
    frameBytesMax: link.frameBytesMax,
    send: (frame) => link.send(frame),
    onFrame: counted(link.onFrame),
    onClosed: counted(link.onClosed),
    close: () => {
      counts.isClosed = true;
      link.close();
    },
  };
  return { face, counts };
}

/** Runs one visit to its end; a timer fires only when nothing else is left to happen. */
async function visit(
  options: Omit<SyncOptions, "crypto" | "timers" | "signal">,
  abort?: (abortNow: () => void) => void,
) {
  const hand = handTimers();
  const signal = countedSignal();
  abort?.(() => signal.controller.abort());
  const ended: { result?: SyncResult; error?: unknown } = {};
  let isSettled = false;
  const running = sync({ ...options, crypto, timers: hand.timers, signal: signal.signal })
    .then((result) => {
      ended.result = result;
    })
    .catch((error: unknown) => {
      ended.error = error;
    })
    .finally(() => {
      isSettled = true;
    });
  let fired = 0;
  while (!isSettled) {
    await new Promise((resolve) => setImmediate(resolve));
    if (isSettled) break;
    fired += 1;
    expect(fired, "a visit ends within its deadlines").toBeLessThan(20);
    hand.fireShortest();
  }
  await running;
  expect([hand.waiting.size, signal.listeners()], "timers and signal listeners left behind").toEqual([0, 0]);
  return { ...ended, fired };
}

function meet(lock: HonestLock, frameBytesMax = 244, faults: readonly Fault[] = []) {
  const pair = memoryPair(frameBytesMax, faults);
  const { face, counts } = watched(pair.phone);
  serve(lock, pair.lock);
  return { transport: memoryTransport(() => face), counts, struck: pair.struck };
}

describe("a visit over a perfect link", () => {
  test("delivers, brings the receipt back, closes the link and leaves nothing behind", async () => {
    const lock = createHonestLock(house, 1);
    const { mailbox, slips } = memoryMailbox([house.delta(1, 2)]);
    const { transport, counts } = meet(lock);
    const crossed: string[] = [];
    const { result, fired } = await visit({
      transport,
      mailbox,
      onMessage: ({ direction, name, bytes, frames }) =>
        crossed.push(`${direction} ${name} ${bytes} ${frames}`),
    });
    expect(result?.outcome).toEqual({ kind: "synced", version: 2 });
    expect(slips.map(({ kind, to }) => [kind, to])).toEqual([["receipt", 2]]);
    expect([result?.satchel.owed, result?.troubles, counts, fired]).toEqual([
      [],
      [],
      { listeners: 0, isClosed: true },
      0,
    ]);
    expect(crossed.map((line) => line.split(" ").slice(0, 2).join(" "))).toEqual([
      "out hello",
      "in hello",
      "out update",
      "in receipt",
    ]);
    expect(crossed[0], "bytes are those of the frames").toBe("out hello 2 1");
  });

  test.each([20, 244, 514])("streams a snapshot in frames of %i bytes", async (frameBytesMax) => {
    const lock = createHonestLock(streamed, 0);
    const { mailbox } = memoryMailbox([streamed.snapshot(5)]);
    const { result } = await visit({ transport: meet(lock, frameBytesMax).transport, mailbox });
    expect([result?.outcome, lock.version(), lock.chunksHeard]).toEqual([
      { kind: "synced", version: 5 },
      5,
      [0, 1, 2, 3],
    ]);
  });

  test("two couriers, one after the other: the second brings the lock's word too, and changes nothing", async () => {
    const lock = createHonestLock(house, 1);
    const couriers = [memoryMailbox([house.delta(1, 2)]), memoryMailbox([house.delta(1, 2)])] as const;
    const first = await visit({ transport: meet(lock).transport, mailbox: couriers[0].mailbox });
    const second = await visit({ transport: meet(lock).transport, mailbox: couriers[1].mailbox });
    expect([first.result?.outcome.kind, second.result?.outcome.kind, lock.version()]).toEqual([
      "synced",
      "already",
      2,
    ]);
    expect(couriers[1].slips).toEqual(couriers[0].slips);
  });

  test("a receipt held from an earlier visit spares the next one the request", async () => {
    const lock = createHonestLock(house, 1);
    const { mailbox } = memoryMailbox([house.delta(1, 2)]);
    const first = await visit({ transport: meet(lock).transport, mailbox });
    if (first.result === undefined) throw new Error("no result");
    const said: string[] = [];
    const second = await visit({
      transport: meet(lock).transport,
      mailbox,
      satchel: first.result.satchel,
      onMessage: ({ direction, name }) => said.push(`${direction} ${name}`),
    });
    expect([second.result?.outcome.kind, said]).toEqual(["already", ["out hello", "in hello"]]);
  });
});

describe("a drop in the middle", () => {
  test("at any frame: the next visit finishes, and no committed chunk travels twice", async () => {
    let resumed = 0;
    const whole = streamed.snapshot(5);
    for (let frame = 0; frame < 30; frame++) {
      const lock = createHonestLock(streamed, 1);
      const { mailbox } = memoryMailbox([whole]);
      const cut = meet(lock, 244, [{ direction: "to-lock", frame, kind: "cut" }]);
      const first = await visit({ transport: cut.transport, mailbox });
      expect(cut.struck, `the cut at frame ${frame} struck`).toHaveLength(1);
      expect([first.result?.outcome.kind, cut.counts.listeners]).toEqual(["dropped", 0]);
      if (lock.chunksHeard.length > 0) resumed += 1;
      const second = await visit({ transport: meet(lock).transport, mailbox });
      expect([second.result?.outcome.kind, lock.version(), lock.chunksHeard]).toEqual([
        "synced",
        5,
        [0, 1, 2, 3],
      ]);
    }
    expect(resumed, "some cuts fell between chunks").toBeGreaterThan(5);
  });

  test("any faults in any order: each visit settles, and a calm one afterwards always syncs", async () => {
    const ends = new Set<string>();
    let struck = 0;
    const fault = fc.record({
      direction: fc.constantFrom("to-lock" as const, "to-phone" as const),
      frame: fc.nat(5),
      kind: fc.constantFrom(
        "lose" as const,
        "duplicate" as const,
        "reorder" as const,
        "corrupt" as const,
        "cut" as const,
      ),
      byte: fc.nat(300),
      mask: fc.integer({ min: 1, max: 255 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(20, 100, 244),
        async (faults, frameBytesMax) => {
          const lock = createHonestLock(house, 1);
          const { mailbox, slips } = memoryMailbox([house.delta(1, 2), house.snapshot(2)]);
          const stormy = meet(lock, frameBytesMax, faults);
          const storm = await visit({ transport: stormy.transport, mailbox });
          struck += stormy.struck.length;
          ends.add(storm.result?.outcome.kind ?? "rejected");
          if (storm.result?.outcome.kind === "synced") expect(lock.version()).toBe(2);
          const calm = await visit({ transport: meet(lock, frameBytesMax).transport, mailbox });
          expect([lock.version(), slips.some(({ kind, to }) => kind === "receipt" && to === 2)]).toEqual([
            2,
            true,
          ]);
          expect(["synced", "already"]).toContain(calm.result?.outcome.kind);
        },
      ),
      { numRuns: 100 },
    );
    expect(struck, "faults were taken").toBeGreaterThan(60);
    expect([...ends].sort()).toEqual(expect.arrayContaining(["broken", "dropped", "silent"]));
  });
});

describe("whatever others do, the promise settles and nothing is left", () => {
  const parcels = [house.delta(1, 2)];
  const never = new Promise<never>(() => {});

  test("a transport that never answers, and one that answers after we gave up", async () => {
    const silent: Transport = { open: () => never };
    expect(
      (await visit({ transport: silent, mailbox: memoryMailbox(parcels).mailbox })).result?.outcome.kind,
    ).toBe("unreachable");

    const late = watched(memoryPair(244).phone);
    let answer: (link: Link) => void = () => {};
    const tardy: Transport = { open: () => new Promise((resolve) => (answer = resolve)) };
    const { result } = await visit({ transport: tardy, mailbox: memoryMailbox(parcels).mailbox });
    answer(late.face);
    await new Promise((resolve) => setImmediate(resolve));
    expect([result?.outcome.kind, late.counts]).toEqual(["unreachable", { listeners: 0, isClosed: true }]);
  });

  test("a lock that never answers, a link that never takes a frame", async () => {
    const mute = watched(memoryPair(244).phone);
    const { result } = await visit({
      transport: memoryTransport(() => mute.face),
      mailbox: memoryMailbox(parcels).mailbox,
    });
    expect([result?.outcome, mute.counts]).toEqual([
      { kind: "silent", wait: "greeting", milliseconds: 5_000 },
      { listeners: 0, isClosed: true },
    ]);
    const stuck: Link = { ...memoryPair(244).phone, send: () => never };
    const second = await visit({
      transport: memoryTransport(() => stuck),
      mailbox: memoryMailbox(parcels).mailbox,
    });
    expect(second.result?.outcome.kind).toBe("silent");
  });

  test("an abort at any moment: before, while connecting, in the middle of a stream", async () => {
    const whole = memoryMailbox([streamed.snapshot(5)]);
    const before = await visit(
      { transport: meet(createHonestLock(streamed, 1)).transport, mailbox: whole.mailbox },
      (abort) => abort(),
    );
    expect(before.result?.outcome.kind).toBe("aborted");

    let abortNow = (): void => {};
    const connecting: Transport = {
      open: () => {
        abortNow();
        return never;
      },
    };
    const keep = (abort: () => void): void => {
      abortNow = abort;
    };
    expect((await visit({ transport: connecting, mailbox: whole.mailbox }, keep)).result?.outcome.kind).toBe(
      "aborted",
    );

    const met = meet(createHonestLock(streamed, 1));
    const streaming = await visit(
      { transport: met.transport, mailbox: whole.mailbox, onProgress: () => abortNow() },
      keep,
    );
    expect([streaming.result?.outcome.kind, met.counts]).toEqual([
      "aborted",
      { listeners: 0, isClosed: true },
    ]);
  });

  const bug = (): never => {
    throw new Error("a bug of the app");
  };

  test.each([
    ["onProgress", { onProgress: bug }],
    ["onMessage", { onMessage: bug }],
  ])(
    "%s that throws ends the visit by its name and its words, and the next visit syncs",
    async (name, thrown) => {
      const lock = createHonestLock(streamed, 1);
      const { mailbox } = memoryMailbox([streamed.snapshot(5)]);
      const met = meet(lock);
      const { result, fired } = await visit({ transport: met.transport, mailbox, ...thrown });
      const why = "a bug of the app";
      expect(result?.outcome).toEqual({ kind: "broken", check: `app/${name}`, why });
      expect(result?.troubles[0]).toBe(`app/${name}: ${why}`);
      expect(result === undefined ? "" : describeOutcome(result.outcome)).toContain(why);
      expect([met.counts, fired]).toEqual([{ listeners: 0, isClosed: true }, 0]);
      const again = await visit({ transport: meet(lock).transport, mailbox });
      expect(again.result?.outcome.kind).toBe("synced");
    },
  );

  test("onIgnored that throws does, too", async () => {
    const [update] = parcels;
    if (update === undefined) throw new Error("the cast has no parcel");
    const spoilt: Parcel = { ...update, to: update.to + 1 };
    const { transport } = meet(createHonestLock(house, 1));
    const { mailbox } = memoryMailbox([spoilt]);
    const { result } = await visit({ transport, mailbox, onIgnored: bug });
    expect(result?.outcome).toEqual({ kind: "unfit", why: expect.any(String) });
    expect(result?.troubles).toEqual(["app/onIgnored: a bug of the app"]);
  });

  test("what throws behind a sync that is done is told, and the sync stays done", async () => {
    const { transport } = meet(createHonestLock(house, 1));
    const closing: Transport = {
      open: async (signal) => ({ ...(await transport.open(signal)), close: bug }),
    };
    const { result } = await visit({ transport: closing, mailbox: memoryMailbox(parcels).mailbox });
    expect([result?.outcome.kind, result?.troubles]).toEqual(["synced", ["app/link: a bug of the app"]]);
  });

  test("a transport that throws instead of rejecting, at open or when it is listened to", async () => {
    const { mailbox } = memoryMailbox(parcels);
    const atOnce = await visit({ transport: { open: bug }, mailbox });
    expect(atOnce.result?.outcome).toEqual({ kind: "unreachable", why: "a bug of the app" });
    const pair = watched(memoryPair(244).phone);
    const deaf: Link = { ...pair.face, onClosed: bug };
    const later = await visit({ transport: memoryTransport(() => deaf), mailbox });
    expect(later.result?.outcome).toEqual({ kind: "broken", check: "app/link", why: "a bug of the app" });
    expect(pair.counts).toEqual({ listeners: 0, isClosed: true });
    expect([atOnce.fired, later.fired]).toEqual([0, 0]);
  });

  test("a mailbox that stores nothing: synced all the same, and the receipt stays owed", async () => {
    for (const deliver of [() => never, async () => Promise.reject(new Error("the disk is full")), bug]) {
      const lock = createHonestLock(house, 1);
      const mailbox: Mailbox = { parcels: async () => parcels, deliver };
      const { result } = await visit({ transport: meet(lock).transport, mailbox });
      expect([result?.outcome.kind, result?.troubles.length]).toEqual(["synced", 1]);
      expect(result?.satchel.owed.map(({ kind, to }) => [kind, to])).toEqual([["receipt", 2]]);

      const mended = memoryMailbox([]);
      await visit({
        transport: memoryTransport(() => undefined),
        mailbox: mended.mailbox,
        ...(result && { satchel: result.satchel }),
      });
      expect(
        mended.slips.map(({ kind }) => kind),
        "the next visit hands it in",
      ).toEqual(["receipt"]);
    }
  });

  test("a mailbox that cannot be read rejects before anything is begun", async () => {
    const mailbox: Mailbox = {
      parcels: async () => Promise.reject(new Error("no mailbox")),
      deliver: async () => {},
    };
    let opened = 0;
    const transport: Transport = {
      open: () => {
        opened += 1;
        return never;
      },
    };
    const { error } = await visit({ transport, mailbox });
    expect([String(error), opened]).toEqual(["Error: no mailbox", 0]);
  });
});
