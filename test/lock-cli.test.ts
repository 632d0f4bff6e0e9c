// The program `lock-sim`: what each line of input is answered, what it says of wrong use, and that killing it loses
// nothing. Most of it runs in this process; the built program is spawned where a process is the point.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createSimulatedLock } from "@doorsync/lock-sim";
import * as air from "@doorsync/protocol/courier";
import { toHex } from "@doorsync/protocol/lock";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { saidByNote, toWords } from "../packages/lock-sim/src/cli/said.ts";
import { parseCommand } from "../packages/lock-sim/src/cli/words.ts";
import { unpackSecure } from "../packages/lock-sim/src/edge/home.ts";
import type { Note } from "../packages/lock-sim/src/firmware/events.ts";
import { decodeSecure } from "../packages/lock-sim/src/firmware/secure.ts";
import { type Row, run, started, visit } from "./lock-program.ts";
import {
  answerName,
  bytesOf,
  commissionMessage,
  finishMeeting,
  noon,
  offerTo,
  type TestAuthority,
} from "./world.ts";

const bin = fileURLToPath(new URL("../packages/lock-sim/bin/lock-sim.mjs", import.meta.url));
const isBuilt = existsSync(new URL("../packages/lock-sim/dist/cli/main.js", import.meta.url));
const name = "a lock by command";
const secret = bytesOf(`${name} setup`, 16);
/** The program goes by the machine's clock, and the commissioning was at noon. */
const today = Math.max(noon, Math.floor(Date.now() / 1_000));
let folder = "";
/** Commissioned, version 1 with the code 1111; `newer` changes it to 2222. */
let owned = "";
let office: TestAuthority;
let newer: ReturnType<TestAuthority["delta"]>;
const children: ChildProcess[] = [];

const copied = (from: string): string => {
  const to = mkdtempSync(join(folder, "copy-"));
  cpSync(from, to, { recursive: true });
  return to;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "doorsync-lock-"));
  owned = join(folder, "owned");
  const made = await run(
    "new",
    "--home",
    owned,
    "--capacity",
    "20",
    "--setup-secret",
    toHex(secret),
    "--json",
  );
  expect(made.status, made.err).toBe(0);
  const lock = await started(owned);
  const offered = offerTo({ secret }, name);
  const [reply] = await visit(lock.port, [commissionMessage(offered)]);
  if (reply === undefined) throw new Error("the lock did not answer its commissioning");
  office = finishMeeting(offered, reply);
  const snapshot = office.snapshot(office.tableOf(new Map([[1, "1111"]])), 1, today);
  const first = await visit(lock.port, snapshot.messages);
  expect(first.map(answerName)).toEqual(["next", "receipt"]);
  newer = office.delta(office.tableOf(new Map([[1, "2222"]])), 1, today);
  expect(await lock.quit()).toBe(0);
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("lines in, one answer each", () => {
  test("every line of input is answered exactly once, in order, whatever it is", async () => {
    const lock = await started(copied(owned));
    const asked: readonly (readonly [string, string])[] = [
      ["status", "status"],
      ["table", "table"],
      ["press 1111#", "press"],
      ["press 12", "press"],
      ["ops", "ops"],
      ["clock", "clock"],
      ["clock +3d", "clock"],
      ["clock lost", "clock"],
      ["clock set 2026-01-31T12:00:00Z", "clock"],
      ["wait 90s", "waited"],
      ["note on", "notes"],
      ["note off", "notes"],
      ["cut power at op 9 byte 8 scattered", "armed"],
      ["cut power never", "armed"],
      ["cut power", "power"],
      ["table", "error"],
      ["press 1111#", "press"],
      ["status", "status"],
      ["power on", "power"],
      ["press it", "error"],
      ["open the door", "error"],
      ["help", "help"],
    ];
    const before = lock.rows.length;
    for (const [line, key] of asked) await lock.ask(line, key);
    const events = ["booted", "bolt"];
    const answers = lock.rows.slice(before).filter((row) => !events.some((event) => event in row));
    expect(answers.map((row) => Object.keys(row)[0])).toEqual(asked.map(([, key]) => key));
    expect(await lock.quit()).toBe(0);
    expect(lock.rows.at(-1)).toEqual({ quit: true });
  });

  test("keys, power and status say what the lock does", async () => {
    const lock = await started(copied(owned));
    expect(await lock.ask("press 1111#", "press")).toMatchObject({
      press: { keys: "1111#", result: "opened" },
    });
    expect(await lock.ask("press 2222#", "press")).toMatchObject({
      press: { result: "refused", reason: "unknown-code" },
    });
    expect(await lock.ask("status", "status")).toMatchObject({
      status: {
        power: "on",
        phase: "owned",
        version: 1,
        codes: 1,
        capacity: 20,
        triesLeft: 23,
        session: "none",
      },
    });
    expect(await lock.ask("cut power", "power")).toEqual({ power: "cut" });
    expect(await lock.ask("press 1111#", "press")).toEqual({ press: { keys: "1111#", result: "dark" } });
    expect(await lock.ask("power on", "power")).toEqual({ power: "on" });
    // The wrong code outlives the power cut.
    expect(await lock.ask("status", "status")).toMatchObject({ status: { triesLeft: 23 } });
    for (let wrong = 0; wrong < 4; wrong++) await lock.ask("press 9999#", "press");
    expect(await lock.ask("press 1111#", "press")).toMatchObject({ press: { result: "wait" } });
    await lock.ask("wait 60s", "waited");
    expect(await lock.ask("press 1111#", "press")).toMatchObject({ press: { result: "opened" } });
    await lock.quit();
  });

  test("a sync is told as events, a replay as already, a spoilt one as refused with its number", async () => {
    const lock = await started(copied(owned), "--trace");
    const spoilt = newer.messages.map(({ type, body }) => ({
      type,
      body: body.with(-1, (body.at(-1) ?? 0) ^ 1),
    }));
    expect((await visit(lock.port, spoilt)).map(answerName)).toEqual(["REJECTED"]);
    expect(await lock.next("refused")).toEqual({
      refused: { message: "update", refusal: "REJECTED", code: 1, check: expect.any(String) },
    });
    expect((await visit(lock.port, newer.messages)).map(answerName)).toEqual(["receipt"]);
    expect(await lock.next("committed")).toEqual({ committed: { version: 2, by: "delta" } });
    await visit(lock.port, newer.messages);
    expect(await lock.next("already")).toEqual({ already: { version: 2 } });
    const traced = lock.rows.flatMap((row) => (row["trace"] === undefined ? [] : [row["trace"] as Row]));
    expect(traced.map(({ from, name: said }) => `${from} ${said}`)).toEqual([
      "phone update",
      "lock refusal",
      "phone update",
      "lock receipt",
      "phone update",
      "lock receipt",
    ]);
    await lock.quit();
  });

  test("an armed cut strikes in a sync, the lock goes dark and boots to the old table", async () => {
    const lock = await started(copied(owned));
    await lock.ask("cut power at op 1 byte 8 half", "armed");
    expect(await visit(lock.port, newer.messages)).toEqual([]);
    expect(await lock.next("power")).toMatchObject({
      power: "cut",
      struck: { store: "flash" },
      sinceArmed: 2,
    });
    expect(await lock.ask("status", "status")).toMatchObject({ status: { power: "cut", armed: null } });
    expect(await visit(lock.port, newer.messages), "a dark lock hangs up").toEqual([]);
    expect(await lock.ask("power on", "power")).toEqual({ power: "on" });
    expect(await lock.ask("press 1111#", "press")).toMatchObject({ press: { result: "opened" } });
    await lock.quit();
  });

  test("an armed cut is shown, counted from now, and can be taken back", async () => {
    const lock = await started(copied(owned));
    const opsOf = async (): Promise<number> =>
      ((await lock.ask("ops", "ops"))["ops"] as { total: number }).total;
    const before = await opsOf();
    await lock.ask("cut power at op 100 byte 8 half", "armed");
    await lock.ask("press 9999#", "press");
    // The attempt, and that it was refused.
    const written = (await opsOf()) - before;
    expect(written).toBeGreaterThan(2);
    expect(await lock.ask("status", "status")).toMatchObject({
      status: { armed: { op: 100 - written, byte: 8 } },
    });
    expect(await lock.ask("cut power never", "armed")).toEqual({ armed: null });
    expect(await lock.ask("status", "status")).toMatchObject({ status: { power: "on", armed: null } });
    expect((await visit(lock.port, newer.messages)).map(answerName)).toEqual(["receipt"]);
    await lock.quit();
  });

  test("for people: an ordinary boot speaks of no repair, a cut says what to type", () => {
    const booted = { version: 1, phase: "owned", damaged: false };
    const words = (repairs: number) => toWords({ kind: "booted", value: { ...booted, repairs } })[1];
    expect([words(0), words(1)]).toEqual(["booted: owned, version 1", "booted: owned, version 1"]);
    expect(words(3)).toContain("3 writes were done again");
    expect(
      toWords({ kind: "power", value: "cut", struck: { store: "flash", op: 6 }, sinceArmed: 2 })[1],
    ).toBe('power failed in storage operation 6, the 2nd since the cut was armed (flash); type "power on"');
    const app = (note: Note): string =>
      toWords(saidByNote(note, "owned") ?? { kind: "quit", value: true })[1];
    expect(app({ what: "opened", credential: 65_556, by: "app", forced: false })).toBe(
      "opened by app (credential 65556)",
    );
    expect(app({ what: "denied", reason: "suspended", by: "app" })).toContain("refused by app (suspended;");
    expect(saidByNote({ what: "denied", reason: "suspended", by: "card" }, "owned")).toBeUndefined();
    const armed = { op: 10, byte: 0, pattern: "half", seed: 1 } as const;
    expect(toWords({ kind: "armed", value: armed })[1]).toContain("in the 11th storage operation from now");
    const outside = {
      boltAt: "locked",
      door: "closed",
      battery: 100,
      radio: "on",
      jams: 0,
      lastEvents: [],
    } as const;
    const status = { power: "cut", clock: null, armed, ...outside } as const;
    expect(toWords({ kind: "status", value: status, asJson: false })[1]).toContain("11th");
  });

  test("one phone at a time: a second one is hung up on, the first goes on", async () => {
    const lock = await started(copied(owned));
    const first = connect(lock.port, "127.0.0.1");
    await once(first, "connect");
    while ((await lock.ask("status", "status"))["status"] === undefined);
    const second = connect(lock.port, "127.0.0.1").on("error", () => {});
    await once(second.resume(), "close");
    first.write(new Uint8Array([0, 2, 0xc0, air.messageType("hello")]));
    const [answer] = (await once(first, "data")) as [Uint8Array];
    expect(answer.length).toBeGreaterThan(10);
    first.destroy();
    await lock.quit();
  });

  test("rubbish on the line is hung up on and the keypad answers", async () => {
    const lock = await started(copied(owned));
    for (const rubbish of [
      [0, 0],
      [0xff, 0xff, 1],
      [0, 3, 1, 2, 3],
      [2, 3, ...new Uint8Array(515)],
    ]) {
      const socket: Socket = connect(lock.port, "127.0.0.1").on("error", () => {});
      socket.write(new Uint8Array(rubbish));
      await once(socket.resume(), "close");
      expect(await lock.ask("press 1111#", "press")).toMatchObject({ press: { result: "opened" } });
    }
    await lock.quit();
  });

  test("a script runs first, and a wrong line in it is named before anything is done", async () => {
    const script = join(folder, "day.sim");
    writeFileSync(script, "# a day\npress 1111#\n\nwait 6s\nquit\n");
    const done = await run("run", "--home", copied(owned), "--script", script, "--json");
    expect([done.status, done.err]).toEqual([0, ""]);
    const rows = done.out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.map((row) => Object.keys(row)[0])).toEqual(["booted", "press", "waited", "quit"]);
    writeFileSync(script, "press 1111#\nopen\n");
    const wrong = await run("run", "--home", owned, "--script", script);
    expect(wrong).toEqual({
      status: 2,
      out: "",
      err: expect.stringMatching(/^lock-sim: .*day\.sim:2: no such word: open.*\n$/),
    });
  });

  test("words are understood or corrected, never guessed", () => {
    const wrong = [
      "press",
      "press 12a#",
      "cut",
      "cut power at op x byte 0",
      "cut power at op 1 byte 3",
      "power off",
    ];
    const more = [
      "clock 3d",
      "clock +3",
      "clock set yesterday",
      "wait 3",
      "wait 40d",
      "note",
      "status now",
      "§",
    ];
    for (const line of [...wrong, ...more]) expect(parseCommand(line), line).toMatchObject({ ok: false });
    for (const line of ["", "   ", "# press 1111#"]) expect(parseCommand(line), line).toBeUndefined();
    expect(parseCommand(" cut  power at op 3 ")).toEqual({
      ok: true,
      command: { word: "cut power at", cut: { op: 3, byte: 0, pattern: "half", seed: 1 } },
    });
    expect(parseCommand("clock -2h")).toMatchObject({
      command: { change: { kind: "jump", seconds: -7_200 } },
    });
  });
});

describe("the library", () => {
  test("one whole lock in memory, with a clock that stands until it is told", () => {
    const lock = createSimulatedLock({ setupSecret: secret, capacity: 5 });
    expect(lock.setup).toBe(readFileSync(join(owned, "setup.txt"), "utf8").trim());
    expect(lock.press("1111#")).toEqual({ result: "refused", reason: "unknown-code" });
    lock.pass(90);
    expect(lock.clock.now()).toEqual({ uptimeMs: 90_000, rtcSeconds: 90 });
    lock.clock.lose();
    lock.clock.jump(5);
    lock.board.powerOff();
    expect(lock.press("1111#")).toEqual({ result: "dark" });
    lock.board.powerOn();
    expect(lock.clock.now()).toEqual({ uptimeMs: 0, rtcSeconds: undefined });
    lock.clock.set(1_000);
    lock.clock.jump(-60);
    expect(lock.clock.now().rtcSeconds).toBe(940);
  });

  test("power is cut in the chosen operation, counted over both stores", () => {
    const lock = createSimulatedLock({ setupSecret: secret, capacity: 5 });
    const { ops } = lock.supply;
    lock.supply.failAt({ op: 0, byte: 0, pattern: "untouched", seed: 1 });
    expect(lock.press("1111#")).toEqual({ result: "dark" });
    expect(lock.supply.ops).toBe(ops + 1);
    lock.board.powerOn();
    expect(lock.press("1111#")).toMatchObject({ result: "refused" });
  });
});

describe("wrong use: one line that says what to do, status 2, nothing changed", () => {
  test.each([
    [["run"], /--home/],
    [["run", "--home", "x", "--listen", "7001"], /give HOST:PORT/],
    [["run", "--home", "x", "--mtu", "9"], /MTU from 23 to 517/],
    [["run", "--home", "x", "--lisen", "y"], /--listen/],
    [["run", "--home", "/nowhere/at/all"], /no lock home at .*: create one/],
    [["new"], /--home/],
    [["new", "--home", "x", "--capacity", "10001"], /from 1 to 10000/],
    [["new", "--home", "x", "--setup-secret", "abc"], /32 hex digits/],
    [["inspect"], /FILE\|HEX/],
    [["inspect", "no-such-file"], /neither a file nor hex/],
    [["inspect", "/"], /is a folder: name a file/],
    [["open"], /no command "open"; see lock-sim --help/],
    [["help"], /no command "help"; see lock-sim --help/],
  ])("%s", async (args, says) => {
    const { status, out, err } = await run(...args);
    expect(err).toMatch(says);
    expect(err.trimEnd()).not.toContain("\n");
    expect([status, out]).toEqual([2, ""]);
  });

  test("a port in use", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const home = copied(owned);
    const { status, err } = await run("run", "--home", home, "--listen", `127.0.0.1:${port}`);
    expect([status, err]).toEqual([
      2,
      `lock-sim: 127.0.0.1:${port} is in use: name another port, or 0 to have one picked\n`,
    ]);
    expect(readdirSync(home), "the home is free again").not.toContain("run.pid");
    taken.close();
  });
});

describe("inspect", () => {
  test("says what lies in a home, and shows no secret of it", async () => {
    const image = await run("inspect", join(owned, "flash.img"));
    expect(image.status).toBe(0);
    expect(image.out).toMatch(/snapshot of version 1, .* 2 items/);
    expect(image.out).toMatch(/credential \d+: rule 1/);
    const file = new Uint8Array(readFileSync(join(owned, "secure.bin")));
    const read = decodeSecure(unpackSecure(file) ?? new Uint8Array());
    if (!read.ok) throw new Error("the home has no secure element");
    const { setupSecret, signSeed, dhSecret, keys } = read.value;
    const shown: string[] = [];
    for (const what of [join(owned, "secure.bin"), join(owned, "setup.txt"), toHex(file)]) {
      const { status, out } = await run("inspect", what);
      expect(status).toBe(0);
      shown.push(out, (await run("inspect", what, "--json")).out);
    }
    const all = shown.join("");
    expect(all).toMatch(/secure element of a lock, owned/);
    for (const hidden of [setupSecret, signSeed, dhSecret, ...Object.values(keys)])
      expect(all).not.toContain(toHex(hidden));
    // A secure element that a bit was lost of is still full of secrets.
    const spoilt = join(folder, "spoilt.bin");
    // The format's number, then one byte of the setup secret: the first does not decode, the second would.
    for (const [at, byte] of [
      [1, 2],
      [5, 0xff ^ (file[5] ?? 0)],
    ] as const) {
      writeFileSync(spoilt, file.with(at, byte));
      expect(await run("inspect", spoilt)).toMatchObject({ status: 1, out: "" });
    }
  });

  test("writes what opens a lock's updates to a new file, for its owner alone, and nothing else", async () => {
    const home = copied(owned);
    const secure = join(home, "secure.bin");
    const read = decodeSecure(unpackSecure(new Uint8Array(readFileSync(secure))) ?? new Uint8Array());
    if (!read.ok) throw new Error("the home has no secure element");
    const { lockId, epoch, keys, setupSecret, signSeed, dhSecret } = read.value;
    const file = join(home, "door.keys");
    const { status, out } = await run("inspect", secure, "--keys", file);
    expect([status, out]).toEqual([0, expect.stringContaining(file)]);
    const text = readFileSync(file, "utf8");
    expect(text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))).toEqual([
      `update ${toHex(lockId)} ${epoch} ${toHex(keys.update)}`,
    ]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { update, ...others } = keys;
    expect(out).not.toContain(toHex(update));
    for (const hidden of [setupSecret, signSeed, dhSecret, ...Object.values(others)])
      expect(text).not.toContain(toHex(hidden));

    expect(await run("inspect", secure, "--keys", file)).toMatchObject({
      status: 2,
      err: expect.stringMatching(/door\.keys exists: name a new file/),
    });
    expect(readFileSync(file, "utf8")).toBe(text);
    const other = join(home, "other.keys");
    expect(await run("inspect", join(home, "flash.img"), "--keys", other)).toMatchObject({
      status: 2,
      err: expect.stringMatching(/no secure element: name the secure\.bin/),
    });
    const factory = join(folder, "unowned");
    expect((await run("new", "--home", factory)).status).toBe(0);
    expect(await run("inspect", join(factory, "secure.bin"), "--keys", other)).toMatchObject({
      status: 2,
      err: expect.stringMatching(/has no owner yet, and no keys: commission it/),
    });
    expect(existsSync(other)).toBe(false);
  });

  test("says messages and parcels in words", async () => {
    const [update] = newer.messages;
    if (update === undefined) throw new Error("an update without a message");
    expect((await run("inspect", toHex(update.body))).out).toMatch(/^update, \d+ bytes: to version 2/);
    const { frames } = air.segment(air.emptyOutbox, update.type, update.body, 514);
    expect((await run("inspect", toHex(frames[0] ?? new Uint8Array()))).out).toMatch(/^one frame: update/);
    const { lockId, epoch } = office.lock.name;
    const parcel = air.encodeParcel({
      kind: "update",
      lockId,
      epoch,
      tag: new Uint8Array(8),
      from: 1,
      to: 2,
      notAfter: newer.notAfter,
      lockKey: office.lockPublic.sign,
      tableKey: new Uint8Array(32),
      messages: newer.messages,
    });
    writeFileSync(join(folder, "one.parcel"), parcel);
    expect((await run("inspect", join(folder, "one.parcel"))).out).toMatch(
      /^update for lock 0{16} epoch 1, version 1 -> 2/,
    );
    expect((await run("inspect", "83010203")).out).toBe("[1, 2, 3]\n");
    expect(await run("inspect", "ff00")).toMatchObject({ status: 1, out: "" });
  });
});

describe.runIf(isBuilt)("the built program", () => {
  function spawned(home: string): {
    child: ChildProcess;
    row: (key: string) => Promise<Row>;
    say: (line: string) => void;
  } {
    const child = spawn(process.execPath, [bin, "run", "--home", home, "--json"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    children.push(child);
    const { stdin, stdout } = child;
    if (stdin === null || stdout === null) throw new Error("no pipes");
    const lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    return {
      child,
      say: (line) => void stdin.write(`${line}\n`),
      async row(key) {
        for (;;) {
          const { value, done } = await lines.next();
          if (done) throw new Error(`the program ended before ${key}`);
          const row: Row = JSON.parse(value);
          if (key in row) return row;
        }
      },
    };
  }
  const portOf = (row: Row): number => (row["ready"] as { readonly port: number }).port;

  test("cut power in the commit word, kill the process, run again: the new table, proven", async () => {
    const home = copied(owned);
    const first = spawned(home);
    const port = portOf(await first.row("ready"));
    // Header, body, secure element; the fourth operation is the commit word, of which half is programmed.
    first.say("cut power at op 3 byte 0 half");
    await first.row("armed");
    expect(await visit(port, newer.messages), "no receipt came").toEqual([]);
    expect(await first.row("power")).toMatchObject({ power: "cut" });
    expect((await run("run", "--home", home)).err, "while it lives").toMatch(/in use by process/);
    first.child.kill("SIGKILL");
    await once(first.child, "exit");

    const second = spawned(home);
    expect(await second.row("booted")).toMatchObject({ booted: { version: 2, damaged: false } });
    const again = portOf(await second.row("ready"));
    second.say("press 2222#");
    expect(await second.row("press")).toMatchObject({ press: { result: "opened" } });
    second.say("press 1111#");
    expect(await second.row("press")).toMatchObject({ press: { result: "refused" } });
    expect((await visit(again, newer.messages)).map(answerName)).toEqual(["receipt"]);
    // Killed without warning, the receipt given: the next run holds version 2.
    second.child.kill("SIGKILL");
    await once(second.child, "exit");
    const third = spawned(home);
    expect(await third.row("booted")).toMatchObject({ booted: { version: 2 } });
    third.child.kill("SIGTERM");
    expect(await once(third.child, "exit")).toEqual([0, null]);
  });

  test("the end of standard input does not end it, SIGTERM does with status 0", async () => {
    const { child, row } = spawned(copied(owned));
    const port = portOf(await row("ready"));
    child.stdin?.end();
    expect((await visit(port, newer.messages)).map(answerName)).toEqual(["receipt"]);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  test("--version and --help answer on standard output with status 0", () => {
    const version = spawnSync(process.execPath, [bin, "--version"], { encoding: "utf8" });
    expect([version.status, version.stderr]).toEqual([0, ""]);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\S*\n$/);
    const help = spawnSync(process.execPath, [bin, "run", "--help"], { encoding: "utf8" });
    expect([help.status, help.stderr]).toEqual([0, ""]);
    expect(help.stdout).toMatch(/Examples:/);
  });
});
