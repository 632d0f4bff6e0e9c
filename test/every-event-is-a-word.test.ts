// Whatever can happen to a lock is a word of `lock-sim run`, over the moving parts that the simulated world has, too;
// and at a terminal a picture of the lock stands above the prompt and is always the present one.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import * as air from "@doorsync/protocol/courier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommands } from "../packages/lock-sim/src/cli/app.ts";
import { parseCommand } from "../packages/lock-sim/src/cli/words.ts";
import { run, started } from "./lock-program.ts";

let folder = "";
let home = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "doorsync-words-"));
  home = join(folder, "home");
  expect((await run("new", "--home", home, "--capacity", "20")).status).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Asks for hello over TCP: its answer, or what became of the connection within so many milliseconds. */
async function hello(port: number, patienceMs: number): Promise<"answered" | "closed" | "silent"> {
  const socket = connect(port, "127.0.0.1").on("error", () => {});
  socket.write(new Uint8Array([0, 2, 0xc0, air.messageType("hello")]));
  const silence = new Promise<"silent">((resolve) => setTimeout(() => resolve("silent"), patienceMs));
  const answer = once(socket, "data").then(() => "answered" as const);
  const close = once(socket, "close").then(() => "closed" as const);
  const came = await Promise.race([answer, close, silence]);
  socket.destroy();
  await close;
  return came;
}

describe("words", () => {
  test("the door: key, card, bolt and door obey each other's laws, and alarms are raised as they happen", async () => {
    const lock = await started(home);
    expect(await lock.ask("tap 04A1B2C3", "tap")).toEqual({
      tap: { uid: "04a1b2c3", result: "refused", reason: "unknown-code" },
    });
    expect(await lock.ask("door open", "door")).toEqual({ door: { is: "closed", moved: false } });
    expect(await lock.ask("turn key", "key")).toEqual({ key: "unlocked" });
    expect(await lock.ask("door open", "door")).toEqual({ door: { is: "open", moved: true } });
    await lock.ask("wait 61s", "waited");
    expect(lock.rows).toContainEqual({ alarm: "DoorAjar" });
    expect(await lock.ask("status", "status")).toMatchObject({
      status: {
        bolt: "unlocked",
        boltAt: "unlocked",
        door: "open",
        conditions: expect.arrayContaining(["doorAjar"]),
      },
    });
    expect(await lock.ask("door close", "door")).toEqual({ door: { is: "closed", moved: true } });
    await lock.ask("jam 1", "jam");
    await lock.ask("wait 6s", "waited");
    expect(lock.rows).toContainEqual({ alarm: "LockJammed" });
    expect(await lock.ask("status", "status")).toMatchObject({
      status: { bolt: "jammed", boltAt: "jammed", jams: 0 },
    });
    await lock.ask("wait 11s", "waited");
    expect(await lock.ask("status", "status")).toMatchObject({
      status: { bolt: "locked", boltAt: "locked" },
    });
    expect(await lock.ask("door force", "door")).toEqual({ door: { is: "open", moved: true } });
    expect(lock.rows).toContainEqual({ alarm: "DoorForcedOpen" });
    expect(await lock.ask("expect alarm DoorForcedOpen", "expect")).toMatchObject({ expect: { held: true } });
    expect(await lock.ask("door close", "door")).toEqual({ door: { is: "open", moved: false } });
    const { events } = await lock.ask("events", "events");
    const says = (events as readonly { readonly says: string }[]).map((one) => one.says);
    expect(says).toEqual([
      "power came",
      "refused with a card: nobody's",
      "opened with the key",
      "ALARM DoorAjar",
      "ALARM LockJammed",
      "locked by itself",
      "ALARM DoorForcedOpen",
    ]);
    const { status } = (await lock.ask("status", "status")) as {
      readonly status: { lastEvents: readonly unknown[] };
    };
    expect(status.lastEvents).toHaveLength(5);
    expect(status.lastEvents.at(-1)).toEqual({
      seq: 7,
      time: expect.any(String),
      says: "ALARM DoorForcedOpen",
    });
    await lock.quit();
  });

  test("the battery: what it shows, what gives in first, and a lock that does not start", async () => {
    const lock = await started(home);
    await lock.ask("battery 20", "battery");
    expect(await lock.ask("status", "status")).toMatchObject({
      status: { battery: 20, conditions: expect.arrayContaining(["lowBattery"]) },
    });
    await lock.ask("battery 0", "battery");
    await lock.ask("press 1#", "press");
    expect(lock.rows).toContainEqual({ power: "cut", struck: expect.anything() });
    expect(await lock.ask("power on", "power")).toMatchObject({ power: "cut" });
    expect(lock.rows).toContainEqual({ "brown-out": "boot" });
    await lock.ask("battery 100%", "battery");
    expect(await lock.ask("power on", "power")).toEqual({ power: "on" });
    await lock.quit();
  });

  test("the clock: drift, jumps and loss, and what time the lock then holds possible", async () => {
    const lock = await started(home);
    expect(await lock.ask("clock drift 50000", "clock")).toMatchObject({ driftPpm: 50_000 });
    const before = Date.parse(String((await lock.ask("clock", "clock"))["clock"]));
    await lock.ask("wait 1000s", "waited");
    const after = Date.parse(String((await lock.ask("clock", "clock"))["clock"]));
    expect(Math.round((after - before) / 10_000)).toBe(105);
    await lock.ask("clock lost", "clock");
    expect(await lock.ask("status", "status")).toMatchObject({
      status: { clock: null, time: { upper: null } },
    });
    expect(await lock.ask("expect clock lost", "expect")).toMatchObject({ expect: { held: true } });
    await lock.quit();
  });

  test("the radio: deaf hangs up, silent says nothing, on answers again", async () => {
    const lock = await started(home);
    expect(await hello(lock.port, 5_000)).toBe("answered");
    await lock.ask("radio deaf", "radio");
    expect(await hello(lock.port, 5_000)).toBe("closed");
    await lock.ask("radio silent", "radio");
    expect(await hello(lock.port, 150)).toBe("silent");
    // Whoever is still there when it is on again was never heard, and would keep others from the door.
    const stays = hello(lock.port, 5_000);
    expect(await hello(lock.port, 150)).toBe("silent");
    await lock.ask("radio on", "radio");
    expect(await stays).toBe("closed");
    expect(await hello(lock.port, 5_000)).toBe("answered");
    await lock.ask("radio silent", "radio");
    const left = hello(lock.port, 5_000);
    expect(await hello(lock.port, 150)).toBe("silent");
    await lock.ask("cut power", "power");
    expect(await left).toBe("closed");
    await lock.quit();
  });

  test("the interior button and rot", async () => {
    const lock = await started(home);
    expect(await lock.ask("rot 0x12060 bit 3", "rot")).toEqual({ rot: { address: 0x12060, bit: 3 } });
    expect(await lock.ask("rot 0xffffff", "error")).toMatchObject({
      error: { says: expect.stringContaining("name an address below") },
    });
    expect(await lock.ask("hold button", "button")).toEqual({ button: "held" });
    expect(lock.rows).toContainEqual({ "factory-reset": true });
    await lock.ask("cut power", "power");
    expect(await lock.ask("hold button", "button")).toEqual({ button: "dark" });
    expect(await lock.ask("property renews the table", "error")).toMatchObject({
      error: { says: expect.stringContaining("lock-sim play") },
    });
    await lock.quit();
  });

  test("are understood or corrected, never guessed", () => {
    const wrong = [
      ...[
        "tap",
        "tap 4",
        "tap xy",
        `tap ${"00".repeat(11)}`,
        "turn",
        "turn key around",
        "door",
        "door ajar",
        "hold",
      ],
      ...["battery", "battery 101", "battery -1", "jam never", "radio", "radio loud", "rot 0xg", "rot bit 8"],
      ...[
        "clock drift",
        "clock drift 1000001",
        "clock jump",
        "status --yaml",
        "events all",
        "expect",
        "expect refused why",
      ],
    ];
    for (const line of wrong) expect(parseCommand(line), line).toMatchObject({ ok: false });
    expect(parseCommand("tap 04:A1:b2")).toMatchObject({ command: { uid: "04a1b2" } });
    expect(parseCommand("clock jump -2h")).toMatchObject({ command: { change: { seconds: -7_200 } } });
    expect(parseCommand("turn key lock")).toMatchObject({ command: { to: "locked" } });
    expect(parseCommand("jam off")).toMatchObject({ command: { moves: 0 } });
  });
});

const esc = "\u001b";
/** A control sequence, or one character. */
const signs = new RegExp(`${esc}\\[([\\d;]*)([A-Za-z])|([\\s\\S])`, "gu");

/** As much of a terminal as a prompt and a picture need: rows, a cursor, and wiping. */
function createScreen(columns: number, rows: number) {
  const cells: string[][] = [[]];
  let row = 0;
  let column = 0;
  const at = (index: number): string[] => {
    while (cells.length <= index) cells.push([]);
    return cells[index] ?? [];
  };
  return {
    write(text: string): void {
      for (const [, count, verb, one] of text.matchAll(signs)) {
        const n = Math.max(1, Number(count?.split(";")[0] || 1));
        if (verb === "A") row = Math.max(0, row - n);
        else if (verb === "B") row += n;
        else if (verb === "C") column += n;
        else if (verb === "D") column = Math.max(0, column - n);
        else if (verb === "G") column = n - 1;
        else if (verb === "K" || verb === "J") {
          at(row).length = Math.min(at(row).length, column);
          if (verb === "J") cells.length = row + 1;
        } else if (one === "\r") column = 0;
        else if (one === "\n") {
          row++;
          column = 0;
        } else if (one !== undefined) {
          if (column >= columns) {
            row++;
            column = 0;
          }
          const line = at(row);
          while (line.length < column) line.push(" ");
          line[column++] = one;
        }
        at(row);
      }
    },
    /** What is to be seen of it: the last rows. */
    seen: (): string =>
      cells
        .slice(-rows)
        .map((line) => line.join("").trimEnd())
        .join("\n"),
  };
}

/** `lock-sim run` at a terminal of so many columns and rows. */
async function seated(size: { columns: number; rows: number }, env: Readonly<Record<string, string>> = {}) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = Object.assign(new PassThrough(), { isTTY: true, ...size });
  const screen = createScreen(size.columns, size.rows);
  let raw = "";
  stdout.on("data", (data) => {
    raw += data;
    screen.write(String(data));
  });
  const ended = runCommands(["run", "--home", home], {
    stdin,
    stdout,
    stderr: new PassThrough(),
    env,
    once: () => {},
    removeListener: () => {},
  });
  const until = async (text: string): Promise<string> => {
    for (let tries = 0; !screen.seen().includes(text); tries++) {
      if (tries > 1_500) throw new Error(`never seen: ${text}\n${screen.seen()}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return screen.seen();
  };
  await until("lock>");
  return {
    until,
    raw: () => raw,
    type: (text: string) => void stdin.write(text),
    async leave(): Promise<string> {
      stdin.write("quit\r");
      expect(await ended).toBe(0);
      return screen.seen();
    },
  };
}

describe("at a terminal", () => {
  test("one picture stands above the prompt, and shows what has just changed", async () => {
    const { until, type, leave, raw } = await seated({ columns: 80, rows: 60 });
    const first = await until("\u256f\nlock>");
    for (const part of [
      "locked",
      "door closed",
      "100 %",
      "version 0",
      "tries left",
      "events wait",
      "power came",
    ]) {
      expect(first).toContain(part);
    }
    const isOne = (screen: string): void => {
      expect(screen.match(/\u256d/g)).toHaveLength(1);
      expect(screen.match(/\u256f\nlock>/g)).toHaveLength(1);
    };
    isOne(first);
    type("press 9#\r");
    isOne(await until("\u25cf refused"));
    type("turn key\r");
    isOne(await until("\u2592 unlocked"));
    type("battery 12\r");
    isOne(await until("12 %   "));
    type("battery");
    // What is typed stays where it is while the clock goes on in the picture.
    const clock = /clock +(\S+)/.exec(await until("lock> battery"))?.[1] ?? "";
    for (let tries = 0; (await until("lock>")).includes(`clock    ${clock}`) && tries < 1_000; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const later = await until("lock> battery");
    expect(later).not.toContain(`clock    ${clock}`);
    isOne(later);
    type(" 90\r");
    isOne(await until("90 %"));
    type("cut power\r");
    isOne(await until("a lock in the dark"));
    expect(raw()).toContain("\u001b[31m");
    // It leaves what was said, and no picture.
    const last = await leave();
    expect(last).toContain("lock> cut power\npower is cut; the lock is dark\n");
    expect(last).not.toContain("\u256d");
  });

  test("no colour with NO_COLOR; no picture where there is no room, or on a dumb terminal", async () => {
    const plain = await seated({ columns: 60, rows: 40 }, { NO_COLOR: "1" });
    const screen = await plain.until("\u256f\nlock>");
    for (const line of screen.split("\n")) expect(line.length).toBeLessThanOrEqual(60);
    plain.type("press 9#\r");
    await plain.until("refused (");
    expect(plain.raw()).not.toMatch(new RegExp(`${esc}\\[[\\d;]*m`));
    await plain.leave();
    for (const [size, env] of [
      [{ columns: 80, rows: 10 }, {}],
      [{ columns: 80, rows: 40 }, { TERM: "dumb" }],
    ] as const) {
      const small = await seated(size, env);
      small.type("press 9#\r");
      expect(await small.until("refused (")).not.toContain("\u256d");
      await small.leave();
    }
  });
});
