// The commands of `doorsync-phone`, run in this process against an honest lock over TCP: what they print, and how they end.

import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SyncResult } from "@doorsync/phone-client";
import { emptySatchel } from "@doorsync/phone-client/core";
import { linkOver } from "@doorsync/phone-client/node";
import { encodeParcel, type Parcel, toHex } from "@doorsync/protocol/courier";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseDuration, parseLock, parseMtu, runCommands } from "../packages/phone-client/src/cli/app.ts";
import { humanShow, jsonShow } from "../packages/phone-client/src/cli/output.ts";
import { createHonestLock, createHouse, type HonestLock, serve } from "./courier-cast.ts";

const house = createHouse(1);
const streamed = createHouse(11, 50);
let folder = "";
let server: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "doorsync-phone-"));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  server?.close();
  server = undefined;
});

function put(...parcels: Parcel[]): void {
  mkdirSync(join(folder, "parcels"), { recursive: true });
  for (const one of parcels) {
    const from = one.kind === "update" ? one.from : one.kind;
    writeFileSync(
      join(folder, "parcels", `${toHex(one.tag)}-${one.epoch}-${from}-${one.to}.parcel`),
      encodeParcel(one),
    );
  }
}

/** An address at which this lock listens; with none, one that accepts and says nothing. */
async function listening(lock?: HonestLock, rubbish?: string): Promise<string> {
  const listener = createServer((socket) => {
    socket.on("error", () => {});
    if (rubbish !== undefined) socket.end(rubbish);
    else if (lock !== undefined) serve(lock, linkOver(socket, 244));
    else socket.once("close", () => socket.destroy()).resume();
  });
  server = listener;
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  return `127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

async function run(args: readonly string[], interrupt?: Promise<void>) {
  let out = "";
  let err = "";
  const listeners = new Set<() => void>();
  void interrupt?.then(() => {
    for (const listener of listeners) listener();
  });
  const status = await runCommands(args, {
    stdout: { write: (text: string) => (out += text) },
    stderr: { write: (text: string) => (err += text) },
    env: {},
    once: (_signal, listener) => listeners.add(listener),
    removeListener: (_signal, listener) => listeners.delete(listener),
  });
  expect(listeners.size, "signal listeners left behind").toBe(0);
  return {
    status,
    out,
    err,
    rows: () =>
      out
        .trim()
        .split("\n")
        .map((line): unknown => JSON.parse(line)),
  };
}

describe("sync", () => {
  test("with --json: one object for each message, and the result last; the slip lies in the mailbox", async () => {
    put(house.delta(1, 2));
    const lock = await listening(createHonestLock(house, 1));
    const { status, err, rows } = await run(["sync", "--lock", lock, "--mailbox", folder, "--json"]);
    const all = rows();
    expect([status, err]).toEqual([0, ""]);
    expect(all.slice(0, 2)).toEqual([
      { message: { direction: "out", name: "hello", bytes: 2, frames: 1 } },
      { message: { direction: "in", name: "hello", bytes: expect.any(Number), frames: 1 } },
    ]);
    expect(all).toHaveLength(5);
    expect(all.at(-1)).toMatchObject({
      result: {
        outcome: "synced",
        version: 2,
        delivered: [{ kind: "update", tag: toHex(house.tag), epoch: 1, from: 1, to: 2 }],
        receipt: { version: 2 },
      },
    });
    expect(readdirSync(join(folder, "returns"))).toEqual([
      expect.stringMatching(/^0101010101010101-1-2-[0-9a-f]{8}\.slip$/),
    ]);
  });

  test("for people: the trace names direction, message and bytes; small frames are counted", async () => {
    put(streamed.snapshot(2));
    const lock = await listening(createHonestLock(streamed, 1));
    const { status, out } = await run([
      "sync",
      "--lock",
      lock,
      "--mailbox",
      folder,
      "--trace",
      "--mtu",
      "23",
    ]);
    expect(status).toBe(0);
    expect(out).toMatch(/^phone -> lock {2}hello +2 B {2}1 frame$/m);
    expect(out).toMatch(/^phone -> lock {2}chunk +\d+ B {2}\d\d frames$/m);
    expect(out).toMatch(/^synced: the lock proved version 2$/m);
    expect(out, "no colour off a terminal").not.toContain("\u001b");
  });

  test("behind a commission it says what comes next", () => {
    let out = "";
    const stdout = { write: (text: string) => (out += text) };
    const terminal = { stdout, stderr: stdout, env: {}, once: () => {}, removeListener: () => {} };
    const result: SyncResult = {
      outcome: { kind: "commissioned" },
      tag: undefined,
      delivered: [],
      receipt: undefined,
      conditions: [],
      isConditionSigned: false,
      log: { events: 0, left: 0 },
      satchel: emptySatchel,
      troubles: [],
    } as never;
    humanShow(terminal as never, false).result(result);
    expect(out).toMatch(
      /^commissioned: .*\n {2}next {7}once the property has this answer, sync once more; then the codes arrive\n$/,
    );
  });

  test("what the lock says of itself is told with what to do, and an unsigned hint is called that", () => {
    let out = "";
    const stdout = {
      write(text: string): void {
        out += text;
      },
    };
    const terminal = { stdout, stderr: stdout, env: {}, once: () => {}, removeListener: () => {} };
    const result: SyncResult = {
      outcome: { kind: "refused", refusal: "BUSY" },
      tag: undefined,
      delivered: [],
      receipt: undefined,
      conditions: ["lowBattery", "jammed"],
      isConditionSigned: false,
      log: { events: 12, left: 3 },
      satchel: emptySatchel,
      troubles: [],
    };
    humanShow(terminal as never, false).result(result);
    expect(out).toMatch(/^ {2}log {8}12 events of the lock, .*; 3 more wait for the next visit$/m);
    expect(out).toMatch(/^ {2}lock {7}the battery is low: change it .* \(unsigned\)$/m);
    expect(out).toMatch(/^ {2}lock {7}the bolt is jammed, .* \(unsigned\)$/m);
    out = "";
    jsonShow(terminal as never).result({ ...result, isConditionSigned: true });
    expect(JSON.parse(out)).toMatchObject({
      result: { conditions: { names: ["lowBattery", "jammed"], signed: true }, log: { events: 12, left: 3 } },
    });
  });

  test("keys and acknowledgements are parcels by their names too; a spoilt one of them spoils no success", async () => {
    put(house.delta(1, 2), { ...house.delta(1, 2), kind: "ack", to: 900 });
    const tag = toHex(house.tag);
    writeFileSync(join(folder, "parcels", `${tag}-1-ack-901.parcel`), "half of one");
    writeFileSync(join(folder, "parcels", `${tag}-1-rotation-7.parcel`), "half of one");
    const listed = await run(["parcels", "--mailbox", folder]);
    expect(listed.err).not.toMatch(/not a parcel's name/);
    expect(listed.out).toMatch(/acknowledgement of 900 events/);
    const lock = await listening(createHonestLock(house, 1));
    const { status, err, rows } = await run(["sync", "--lock", lock, "--mailbox", folder, "--json"]);
    expect([status, err]).toEqual([0, ""]);
    expect(rows().at(-1)).toMatchObject({ result: { outcome: "synced", version: 2 } });
  });

  test("a refusal prints its number and name and ends with 1", async () => {
    put({ ...createHouse(50).delta(1, 2), tag: house.tag });
    const lock = await listening(createHonestLock(house, 1));
    const { status, rows } = await run(["sync", "--lock", lock, "--mailbox", folder, "--json"]);
    expect(status).toBe(1);
    expect(rows().at(-1)).toMatchObject({
      result: { outcome: "refused", refusal: { code: 1, name: "REJECTED" } },
    });
  });

  test("nothing to do ends with 0, also when the mailbox is empty", async () => {
    put(house.delta(1, 2));
    const lock = await listening(createHonestLock(house, 2));
    const already = await run(["sync", "--lock", lock, "--mailbox", folder]);
    expect([already.status, already.out]).toEqual([0, expect.stringContaining("holds version 2 already")]);
    rmSync(join(folder, "parcels"), { recursive: true });
    expect((await run(["sync", "--lock", lock, "--mailbox", folder])).status).toBe(0);
  });

  /** A parcel with one byte of its message changed. */
  function tampered(parcel: Parcel): Parcel {
    const [head] = parcel.messages;
    if (head === undefined) throw new Error("no message");
    return {
      ...parcel,
      messages: [{ type: head.type, body: head.body.with(-1, (head.body.at(-1) ?? 0) ^ 1) }],
    };
  }
  function truncate(from: number, to: number): void {
    const name = `${toHex(house.tag)}-1-${from}-${to}.parcel`;
    mkdirSync(join(folder, "parcels"), { recursive: true });
    writeFileSync(join(folder, "parcels", name), encodeParcel(house.delta(from, to)).slice(0, 100));
  }

  test.each<[string, () => void]>([
    ["a tampered parcel alone", () => put(tampered(house.delta(1, 2)))],
    ["a truncated parcel alone", () => truncate(1, 2)],
    [
      "a truncated parcel beside one for another lock",
      () => {
        truncate(1, 2);
        put(createHouse(40).delta(1, 2));
      },
    ],
    ["a tampered parcel beside a whole one", () => put(tampered(house.delta(2, 3)), house.delta(1, 2))],
    [
      "a truncated parcel beside a whole one",
      () => {
        truncate(2, 3);
        put(house.delta(1, 2));
      },
    ],
  ])("%s for the lock is no success: a revocation may be in it", async (what, plant) => {
    plant();
    const lock = createHonestLock(house, 1);
    const where = await listening(lock);
    const { status, out, err } = await run(["sync", "--lock", where, "--mailbox", folder]);
    expect([status, lock.version()]).toEqual([1, what.endsWith("whole one") ? 2 : 1]);
    expect(out).toMatch(/^not delivered: .*fetch (it|them) again$/m);
    expect(err).toMatch(
      what.includes("tampered") ? /left behind: its signature does not fit, fetch/ : /not whole|not a whole/,
    );
    expect(err).not.toContain("P2");
    const { rows } = await run(["sync", "--lock", where, "--mailbox", folder, "--json"]);
    expect(rows().at(-1)).toMatchObject({ result: { outcome: "unfit" } });
    if (what.includes("tampered"))
      expect(rows()).toContainEqual({ warning: expect.any(String), check: "P2" });
  });

  test("a spoilt parcel for another lock, or one that the lock is past, spoils no success", async () => {
    truncate(1, 2);
    const other = createHouse(40);
    put(house.delta(2, 3), { ...tampered(other.delta(1, 9)) });
    const lock = await listening(createHonestLock(house, 2));
    expect((await run(["sync", "--lock", lock, "--mailbox", folder])).status).toBe(0);
  });

  test.each([["HTTP/1.1 400 Bad Request\r\n\r\n"], ["\u0000\u0003abc"], [""]])(
    "what answers %j is asked after, not synced with again",
    async (rubbish) => {
      put(house.delta(1, 2));
      const where = await listening(undefined, rubbish);
      const { status, out } = await run(["sync", "--lock", where, "--mailbox", folder]);
      expect([status, out]).toEqual([2, expect.stringContaining("is this a lock? nothing was taken")]);
      expect(out).not.toContain("is kept");
    },
  );

  test("a name that does not resolve is called that", async () => {
    put(house.delta(1, 2));
    const { status, out } = await run(["sync", "--lock", "no..name:7001", "--mailbox", folder]);
    expect([status, out]).toEqual([2, expect.stringMatching(/^the name no\.\.name does not resolve/)]);
    expect(out).not.toContain("power");
  });

  test("silence ends with 2 after the given time, for it may be no lock; an interrupt with 1, at once", async () => {
    put(house.delta(1, 2));
    const lock = await listening();
    const silent = await run(["sync", "--lock", lock, "--mailbox", folder, "--json", "--timeout", "50ms"]);
    expect([silent.status, silent.rows().at(-1)]).toEqual([
      2,
      {
        result: expect.objectContaining({
          outcome: "silent",
          says: expect.stringContaining("is this a lock?"),
        }),
      },
    ]);
    const aborted = await run(
      ["sync", "--lock", lock, "--mailbox", folder, "--json"],
      new Promise((resolve) => setTimeout(resolve, 50)),
    );
    expect([aborted.status, aborted.rows().at(-1)]).toEqual([
      1,
      { result: expect.objectContaining({ outcome: "aborted" }) },
    ]);
  });

  test("a receipt that cannot be stored ends with 2, says why, and is had again by the next sync", async () => {
    put(house.delta(1, 2));
    const lock = await listening(createHonestLock(house, 1));
    writeFileSync(join(folder, "returns"), "");
    const failed = await run(["sync", "--lock", lock, "--mailbox", folder]);
    expect([failed.status, failed.err]).toEqual([
      2,
      expect.stringMatching(/cannot store a return slip .*nothing is lost/),
    ]);
    rmSync(join(folder, "returns"));
    expect((await run(["sync", "--lock", lock, "--mailbox", folder])).status).toBe(0);
    expect(readdirSync(join(folder, "returns"))).toHaveLength(1);
  });
});

describe("parcels", () => {
  test("lists what is carried, and says what is not whole", async () => {
    put(house.delta(1, 2), { ...house.snapshot(3), to: 4 });
    const { status, rows } = await run(["parcels", "--mailbox", folder, "--json"]);
    expect(status).toBe(0);
    expect(rows()).toMatchObject([
      { parcel: { kind: "update", from: 1, to: 2, isWhole: true } },
      { parcel: { kind: "snapshot", to: 4, isWhole: false } },
    ]);
    const { out } = await run(["parcels", "--mailbox", folder]);
    expect(out).toMatch(/^0101010101010101 {2}epoch 1 {2}update 1 to 2 +\d+ B {2}until 2025-06-22T/m);
  });
});

describe("wrong use and environment: one line, exit status 2", () => {
  test.each([
    [["sync", "--lock", "nowhere", "--mailbox", "."], /--lock "nowhere": give HOST:PORT/],
    [
      ["sync", "--lock", "127.0.0.1:1", "--mailbox", ".", "--mtu", "22"],
      /--mtu "22": give an MTU from 23 to 517/,
    ],
    [
      ["sync", "--lock", "127.0.0.1:1", "--mailbox", ".", "--timeout", "soon"],
      /--timeout "soon": give a duration/,
    ],
    [["sync", "--mailbox", "."], /--lock/],
    [["sync", "--lock", "127.0.0.1:1", "--mailbox", ".", "--fast"], /--fast/],
    [["frobnicate"], /no command "frobnicate"/],
    [["sync", "--lock", "127.0.0.1:1", "--mailbox", "/nowhere/at/all"], /no mailbox at \/nowhere\/at\/all/],
    [["parcels", "--mailbox", "/nowhere/at/all"], /no mailbox at/],
  ])("%j", async (args, says) => {
    const { status, out, err } = await run(args);
    expect([status, out]).toEqual([2, ""]);
    expect(err.trim()).toMatch(says);
    expect(err.trim().split("\n")).toHaveLength(1);
  });

  test("a lock that cannot be reached", async () => {
    put(house.delta(1, 2));
    const { status, out } = await run(["sync", "--lock", "127.0.0.1:1", "--mailbox", folder]);
    expect([status, out]).toEqual([
      2,
      expect.stringMatching(/^cannot connect to 127\.0\.0\.1:1 \(ECONNREFUSED\): go to the lock/),
    ]);
    expect(existsSync(join(folder, "returns"))).toBe(false);
  });

  test("help is no error", async () => {
    for (const args of [[], ["--help"], ["sync", "--help"]]) {
      const { status, out } = await run(args);
      expect([status, out]).toEqual([0, expect.stringContaining("Example")]);
    }
  });

  test("flags mean what they say", () => {
    expect(parseLock("[::1]:7001")).toEqual({ host: "::1", port: 7001 });
    expect([parseDuration("500ms"), parseDuration("30s"), parseDuration("2m"), parseDuration("5")]).toEqual([
      500, 30_000, 120_000, 5_000,
    ]);
    for (const text of ["0", "61m", "-1s", "1h", ""])
      expect(() => parseDuration(text)).toThrow("give a duration");
    for (const text of ["a:0", "a:65536", "::1:7001", "a"])
      expect(() => parseLock(text)).toThrow("give HOST:PORT");
    expect([parseMtu("23"), parseMtu("517")]).toEqual([23, 517]);
  });
});
