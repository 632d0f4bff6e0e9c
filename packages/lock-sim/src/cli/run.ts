/**
 * `lock-sim run`: one lock from its home folder, reachable over TCP, with a prompt or lines from standard input. It
 * composes and ends; what the words mean is in `obey.ts`, what is shown in `said.ts`.
 */
import { createCrypto, frameBytesFor, frameBytesMax, toHex } from "@doorsync/protocol/lock";
import { openssl } from "@doorsync/protocol/node-crypto";
import { openAdapter } from "../edge/adapter.ts";
import { createLockRadio } from "../edge/bleno.ts";
import { type Home, openHome } from "../edge/home.ts";
import { type Listening, listen } from "../edge/socket.ts";
import { type LineTerminal, openTerminal } from "../edge/terminal.ts";
import { Trouble } from "../edge/trouble.ts";
import { drawBytes, elapsedMs, every, wallSeconds } from "../edge/wall.ts";
import { createClock } from "../parts/clock.ts";
import { type Bench, createBench } from "./bench.ts";
import type { Context, ExitStatus, RunFlags, Terminal } from "./context.ts";
import { type Wired, wireUp } from "./gateway.ts";
import { statusOf } from "./look.ts";
import { obey } from "./obey.ts";
import { picture } from "./picture.ts";
import { heldWords, playScript } from "./play.ts";
import { isQuiet, painter, type Said, saidByNote, toJson, toWords } from "./said.ts";
import { type Line, readScript, tellsAStory } from "./script.ts";
import { parseStory } from "./story.ts";
import { createTracer } from "./trace.ts";
import { type Command, completions, parseCommand, wordsOf } from "./words.ts";

/** How often the running lock is given a tick. */
const tickMilliseconds = 250;

export async function runCommand(this: Context, flags: RunFlags): Promise<void> {
  const { terminal } = this;
  try {
    const script = flags.script === undefined ? undefined : readScript(flags.script);
    if (script !== undefined && (flags.home === undefined || tellsAStory(script))) {
      if (flags.home !== undefined) {
        terminal.stderr.write(`lock-sim: this script brings its own locks; ${flags.home} is left alone\n`);
      }
      this.leave(playScript(terminal, flags, script));
      return;
    }
    if (flags.home === undefined) {
      throw new Trouble("which lock? give --home DIR (lock-sim new makes one), or --script FILE.sim");
    }
    const home = openHome(flags.home);
    try {
      this.leave(await serve(terminal, flags, home, script?.lines ?? []));
    } finally {
      home.close();
    }
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    if (flags.json) terminal.stdout.write(`${JSON.stringify({ trouble: error.message })}\n`);
    terminal.stderr.write(`lock-sim: ${error.message}\n`);
    this.leave(2);
  }
}

/** Serves until told to end. Rejects with Trouble, and with what only a bug of ours can cause. */
async function serve(
  terminal: Terminal,
  flags: RunFlags,
  home: Home,
  script: readonly Line[],
): Promise<ExitStatus> {
  const paint = painter(terminal.stdout, terminal.env);
  let prompt: LineTerminal | undefined;
  let areNotesOn = false;
  let end: (status: ExitStatus) => void = () => {};
  let fail: (error: unknown) => void = () => {};
  const ended = new Promise<ExitStatus>((resolve, reject) => {
    end = resolve;
    fail = reject;
  });

  const say = (said: Said): void => {
    if (isQuiet(said) && !areNotesOn) return;
    const line = flags.json ? toJson(said) : paint(...toWords(said));
    if (prompt === undefined) terminal.stdout.write(`${line}\n`);
    else prompt.say(line);
  };
  const pass = (seconds: number): void => {
    for (let second = 0; second < seconds; second++) {
      bench.lock.clock.advance(1_000);
      bench.passed(1_000);
    }
  };
  const carryOut = (command: Command): Said => {
    if (command.word === "note") areNotesOn = command.on;
    const said = obey(bench, command, pass);
    say(said);
    if (command.word === "quit") end(0);
    return said;
  };
  /** The disk may refuse in the middle of anything; then the lock stops where it stands. */
  const guarded = <A extends readonly unknown[], R>(call: (...given: A) => R) => {
    return (...given: A): R | undefined => {
      try {
        return call(...given);
      } catch (error) {
        fail(error);
        return undefined;
      }
    };
  };

  const crypto = createCrypto(openssl);
  const bench: Bench = createBench({
    crypto,
    geometry: home.geometry,
    storage: home.storage,
    clock: createClock({ elapsedMs, rtcSeconds: wallSeconds() }),
    entropy: { draw: () => drawBytes(32) },
    chance: () => drawBytes(1).reduce((_, byte) => byte, 0) / 256,
    onNote(note) {
      const { state } = bench.lock.board;
      const said = saidByNote(note, state.power === "on" ? state.secure.phase : "off");
      if (said !== undefined) say(said);
    },
    onBolt: (value) => say({ kind: "bolt", value }),
    onStruck(struck, sinceArmed) {
      say({ kind: "power", value: "cut", struck, ...(sinceArmed === undefined ? {} : { sinceArmed }) });
    },
    onBrownOut: (value) => say({ kind: "brown-out", value }),
  });

  const connect: Parameters<typeof listen>[2] = (link) => {
    const tell = (traced: Parameters<Parameters<typeof createTracer>[1]>[0]): void => {
      if (flags.trace) say({ kind: "trace", value: traced });
    };
    const heard = createTracer("phone", tell);
    const spoken = createTracer("lock", tell);
    const board = bench.connect({
      ...link,
      send(frame) {
        spoken(frame);
        link.send(frame);
      },
    });
    if (board === undefined) return undefined;
    say({ kind: "session", value: "open" });
    return {
      frame: guarded((bytes) => {
        heard(bytes);
        board.frame(bytes);
      }),
      closed: guarded(() => board.closed()),
    };
  };

  const interrupted = (): void => end(0);
  terminal.once("SIGINT", interrupted);
  terminal.once("SIGTERM", interrupted);
  let listening: Listening | undefined;
  let wired: Wired | undefined;
  let aired: Aired | undefined;
  let stopTicking = (): void => {};
  try {
    bench.powerOn();
    const outcome = runLines(terminal, flags, script, carryOut);
    if (outcome !== undefined) return outcome;
    aired = await takeToTheAir(flags, bench, { connect: guarded(connect), say });
    listening = await listen(flags.listen, frameBytesFor(flags.mtu, frameBytesMax), guarded(connect));
    say({ kind: "ready", value: listening.address });
    wired =
      flags.mqtt === undefined
        ? undefined
        : wireUp(flags.mqtt, {
            crypto,
            connect: guarded(connect),
            tag() {
              const { state } = bench.lock.board;
              return state.power === "on" ? toHex(state.secure.tag) : undefined;
            },
            onState: (value) => say({ kind: "broker", value }),
            onVisit: (value) => say({ kind: "visited", value }),
          });
    let lastMs = elapsedMs();
    stopTicking = every(
      tickMilliseconds,
      guarded(() => {
        const nowMs = elapsedMs();
        bench.passed(nowMs - lastMs);
        lastMs = nowMs;
        wired?.look();
        aired?.look(nowMs);
        prompt?.refresh();
      }),
    );
    prompt = openTerminal(terminal, "lock> ", {
      line: guarded((text) => {
        const parsed = parseCommand(text);
        if (parsed === undefined) return;
        if (parsed.ok) carryOut(parsed.command);
        else say({ kind: "error", value: { line: text, says: correction(text, parsed.says) } });
      }),
      interrupted,
      complete: completions,
      ...(flags.json || terminal.env["TERM"] === "dumb"
        ? {}
        : { picture: (columns) => picture(statusOf(bench), columns, paint) }),
    });
    return await ended;
  } finally {
    stopTicking();
    prompt?.close();
    wired?.close();
    await aired?.close();
    listening?.close();
    terminal.removeListener("SIGINT", interrupted);
    terminal.removeListener("SIGTERM", interrupted);
  }
}

/** What to write instead. At one lock's prompt there is no property, and there are no people. */
function correction(line: string, says: string): string {
  if (parseStory(wordsOf(line) ?? "") === undefined) return says;
  return "that is a word of stories: write it into a .sim file, and lock-sim play it";
}

/** The lines of a script on this lock; how the program ends, if it ends with them. */
function runLines(
  terminal: Terminal,
  flags: RunFlags,
  script: readonly Line[],
  carryOut: (command: Command) => Said,
): ExitStatus | undefined {
  let held = 0;
  for (const { number, command } of script) {
    if (command.of !== "lock")
      throw new Trouble(`${flags.script}:${number}: that needs a script without --home`);
    if (command.is.word === "quit") {
      tellHeld(terminal, flags, held);
      carryOut(command.is);
      return 0;
    }
    const said = carryOut(command.is);
    if (said.kind !== "expect") continue;
    if (!said.value.held) {
      const { expected, found } = said.value;
      terminal.stderr.write(
        `lock-sim: ${flags.script}:${number}: expected ${expected}, but found ${found}\n`,
      );
      return 1;
    }
    held++;
  }
  tellHeld(terminal, flags, held);
  return undefined;
}

function tellHeld(terminal: Terminal, flags: RunFlags, held: number): void {
  if (held > 0 && !flags.json) terminal.stdout.write(`${heldWords(held)}\n`);
}

interface Aired {
  look(nowMs: number): void;
  close(): Promise<void>;
}

/** bleno agrees to no larger one. */
const bleMtuMax = 256;

/** The lock on Bluetooth, where that is wanted. Rejects with Trouble. */
async function takeToTheAir(
  flags: RunFlags,
  bench: Bench,
  { connect, say }: { connect: Parameters<typeof listen>[2]; say: (said: Said) => void },
): Promise<Aired | undefined> {
  if (!flags.ble) {
    if (flags.adapter === undefined && flags.capture === undefined) return undefined;
    throw new Trouble("--adapter and --capture go with --ble");
  }
  const opened = await openAdapter(flags.adapter ?? { kind: "hardware", deviceId: undefined }, flags.capture);
  const radio = createLockRadio({
    stack: opened.stack,
    mtu: Math.min(flags.mtu, bleMtuMax),
    lock: { connect, hello: () => (bench.radio === "deaf" ? undefined : bench.lock.board.hello()) },
    onTrouble: (value) => say({ kind: "mended", value }),
  });
  let isShown = false;
  return {
    look(nowMs) {
      radio.look(nowMs);
      const isSeen = radio.isAdvertising || radio.isConnected;
      if (isSeen !== isShown) say({ kind: "bluetooth", value: isSeen ? "advertising" : "hidden" });
      isShown = isSeen;
    },
    async close() {
      radio.close();
      const trouble = await opened.close();
      if (trouble !== undefined) say({ kind: "mended", value: trouble });
    },
  };
}
