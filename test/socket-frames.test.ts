// Frames over TCP on this machine: cut anywhere, too long, stalled, aborted. Real sockets, no real waiting.
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type Link, sync, systemTimers } from "@doorsync/phone-client";
import { linkOver, socketTransport } from "@doorsync/phone-client/node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHonestLock, createHouse, crypto, filled, serve } from "./courier-cast.ts";

const house = createHouse(1);
let server: Server;
let port = 0;
const sockets: Socket[] = [];

beforeEach(async () => {
  server = createServer((socket) => void sockets.push(socket.on("error", () => {})));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server.close();
  await once(server, "close");
});

/** Both ends of one connection: our link, and the other side's raw socket. */
async function connected(frameBytesMax = 244): Promise<{ link: Link; far: Socket }> {
  const accepted = once(server, "connection");
  const link = await socketTransport({ host: "127.0.0.1", port, frameBytesMax }).open(
    new AbortController().signal,
  );
  await accepted;
  const far = sockets.at(-1);
  if (far === undefined) throw new Error("nobody connected");
  return { link, far };
}

const framed = (frame: Uint8Array): Uint8Array =>
  new Uint8Array([frame.length >> 8, frame.length & 0xff, ...frame]);
const closedOf = (link: Link): Promise<string> => new Promise((resolve) => link.onClosed(resolve));
const framesOf = (link: Link, count: number): Promise<Uint8Array[]> =>
  new Promise((resolve) => {
    const frames: Uint8Array[] = [];
    link.onFrame((frame) => {
      frames.push(frame);
      if (frames.length === count) resolve(frames);
    });
  });

describe("frames", () => {
  test("cross in both directions, each behind its length as u16", async () => {
    const { link, far } = await connected();
    const heard = once(far, "data");
    await link.send(Uint8Array.of(1, 2, 3));
    expect([...(await heard)[0]]).toEqual([0, 3, 1, 2, 3]);
    far.write(framed(Uint8Array.of(9, 8)));
    expect(await framesOf(link, 1)).toEqual([Uint8Array.of(9, 8)]);
    link.close();
  });

  test("however the stream is cut, the same frames come out: byte by byte, and all in one", async () => {
    const frames = [filled(1, 7), filled(514, 8), filled(20, 9)];
    const stream = Buffer.concat(frames.map(framed));
    for (const step of [1, 3, 515, stream.length]) {
      const { link, far } = await connected();
      const heard = framesOf(link, frames.length);
      far.setNoDelay(true);
      for (let at = 0; at < stream.length; at += step) far.write(stream.subarray(at, at + step));
      expect(await heard).toEqual(frames);
      link.close();
    }
  });

  test("what comes before anybody listens is kept, in order", async () => {
    const { link, far } = await connected();
    far.write(Buffer.concat([framed(filled(3, 1)), framed(filled(3, 2))]));
    await new Promise((resolve) => setImmediate(resolve));
    expect(await framesOf(link, 2)).toEqual([filled(3, 1), filled(3, 2)]);
    link.close();
  });

  test.each([
    ["of no bytes", [0, 0, 1]],
    ["longer than any frame", [2, 3, 1]],
    ["of 65,535 bytes", [0xff, 0xff, 1]],
  ])("an announced frame %s breaks the link at once; nothing is buffered for it", async (_what, bytes) => {
    const { link, far } = await connected();
    let heard = 0;
    link.onFrame(() => (heard += 1));
    const closed = closedOf(link);
    far.write(Uint8Array.from(bytes));
    expect(await closed).toMatch(/announced a frame of/);
    expect(heard).toBe(0);
  });

  test("a frame longer than the link carries is our bug, and throws", async () => {
    const { link } = await connected(20);
    await expect(link.send(filled(21, 1))).rejects.toThrow(RangeError);
    await expect(link.send(filled(0, 1))).rejects.toThrow(RangeError);
    link.close();
  });
});

describe("ends", () => {
  test("a half frame and then the end: closed, and the half is not heard", async () => {
    const { link, far } = await connected();
    let heard = 0;
    link.onFrame(() => (heard += 1));
    const closed = closedOf(link);
    far.end(Uint8Array.of(0, 5, 1, 2));
    expect([await closed, heard]).toEqual(["the other side closed the connection", 0]);
    await expect(link.send(filled(3, 1))).rejects.toThrow();
  });

  test("a reset is told in words", async () => {
    const { link, far } = await connected();
    link.onFrame(() => {});
    const closed = closedOf(link);
    far.resetAndDestroy();
    expect(await closed).toBe("the connection broke (ECONNRESET)");
  });

  test("our own close is not reported to us, and ends the other side", async () => {
    const { link, far } = await connected();
    let told = 0;
    link.onClosed(() => (told += 1));
    far.resume();
    const ended = once(far, "end");
    link.close();
    link.close();
    await ended;
    expect(told).toBe(0);
  });

  test("a peer that stops reading: sends wait, and a close sets them free", async () => {
    const { link, far } = await connected(514);
    far.pause();
    let pending = 0;
    const sends = Array.from({ length: 20_000 }, () => {
      pending += 1;
      return link.send(filled(514, 1)).then(
        () => {
          pending -= 1;
        },
        () => "failed",
      );
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(pending, "the other side's window is full").toBeGreaterThan(0);
    link.close();
    const ends = await Promise.all(sends);
    expect(ends.filter((end) => end === "failed").length).toBeGreaterThan(0);
  });

  test("nobody listens: one sentence, no stack", async () => {
    const gone = socketTransport({ host: "127.0.0.1", port: 1 });
    await expect(gone.open(new AbortController().signal)).rejects.toThrow(
      "cannot connect to 127.0.0.1:1 (ECONNREFUSED)",
    );
  });

  test("an abort before and while connecting rejects", async () => {
    const aborted = AbortSignal.abort();
    await expect(socketTransport({ host: "127.0.0.1", port }).open(aborted)).rejects.toThrow("given up");
    const controller = new AbortController();
    const opening = socketTransport({ host: "127.0.0.1", port }).open(controller.signal);
    controller.abort();
    await expect(opening).rejects.toThrow("given up");
  });
});

describe("a whole visit over TCP", () => {
  const parcels = [house.delta(1, 2)];
  const visit = (options: { signal?: AbortSignal; greeting?: number }) =>
    sync({
      transport: socketTransport({ host: "127.0.0.1", port }),
      mailbox: { parcels: async () => parcels, deliver: async () => {} },
      crypto,
      timers: systemTimers,
      ...(options.signal && { signal: options.signal }),
      ...(options.greeting !== undefined && { waits: { greeting: options.greeting } }),
    });

  test("syncs with an honest lock", async () => {
    const lock = createHonestLock(house, 1);
    server.once("connection", (socket) => serve(lock, linkOver(socket, 244)));
    expect((await visit({})).outcome).toEqual({ kind: "synced", version: 2 });
  });

  test("a lock that stalls costs its deadline, an abort costs nothing", async () => {
    expect((await visit({ greeting: 30 })).outcome).toEqual({
      kind: "silent",
      wait: "greeting",
      milliseconds: 30,
    });
    const controller = new AbortController();
    server.once("connection", () => controller.abort());
    expect((await visit({ signal: controller.signal })).outcome).toEqual({ kind: "aborted" });
  });

  test("a flood of nonsense ends the visit as broken", async () => {
    server.once("connection", (socket) =>
      socket.write(Buffer.concat(Array.from({ length: 500 }, () => framed(filled(200, 0x55))))),
    );
    expect((await visit({})).outcome.kind).toBe("broken");
  });
});
