/**
 * `lock-sim run`: one lock from its home folder, reachable over TCP, with a prompt or lines from standard input. It
 * composes and ends; what the words mean is in `obey.ts`, what is shown in `said.ts`.
 */
import { readFileSync } from "node:fs";
import { createCrypto } from "@doorsync/protocol/lock";
import { openssl } from "@doorsync/protocol/node-crypto";
import { type Home, openHome } from "../edge/home.ts";
import { type Listening, listen } from "../edge/socket.ts";
import { type LineTerminal, openTerminal } from "../edge/terminal.ts";
import { Trouble, troubleOf } from "../edge/trouble.ts";
import { drawBytes, elapsedMs, every, wallSeconds } from "../edge/wall.ts";
import { composeLock, type SimulatedLock } from "../lock.ts";
import { createClock } from "../parts/clock.ts";
import type { Context, ExitStatus, RunFlags, Terminal } from "./context.ts";
import { type Fuse, obey } from "./obey.ts";
import { isQuiet, painter, type Said, saidByNote, toJson, toWords } from "./said.ts";
import { createTracer } from "./trace.ts";
import { type Command, completions, parseCommand } from "./words.ts";

/** How often the running lock is given a tick. */
const tickMilliseconds = 250;
const attHeaderBytes = 3;

export async function runCommand(this: Context, flags: RunFlags): Promise<void> {
  const { terminal } = this;
  try {
    const script = flags.script === undefined ? [] : readScript(flags.script);
    const home = openHome(flags.home);
    try {
      this.leave(await serve(terminal, flags, home, script));
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

/** The whole script is understood before any of it is carried out. */
function readScript(file: string): readonly Command[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw troubleOf(error, file);
  }
  return text.split("\n").flatMap((line, index) => {
    const parsed = parseCommand(line);
    if (parsed === undefined) return [];
    if (!parsed.ok) throw new Trouble(`${file}:${index + 1}: ${parsed.says}`);
    return [parsed.command];
  });
}

/** Serves until told to end. Rejects with Trouble, and with what only a bug of ours can cause. */
async function serve(
  terminal: Terminal,
  flags: RunFlags,
  home: Home,
  script: readonly Command[],
): Promise<ExitStatus> {
  const paint = painter(terminal.stdout, terminal.env);
  let prompt: LineTerminal | undefined;
  let areNotesOn = false;
  const fuse: Fuse = { armed: undefined };
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
  const carryOut = (command: Command): void => {
    if (command.word === "note") areNotesOn = command.on;
    say(obey(lock, fuse, command));
    if (command.word === "quit") end(0);
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

  const lock: SimulatedLock = composeLock({
    crypto: createCrypto(openssl),
    geometry: home.geometry,
    storage: home.storage,
    clock: createClock({ elapsedMs, rtcSeconds: wallSeconds() }),
    entropy: { draw: () => drawBytes(32) },
    onNote(note) {
      const { state } = lock.board;
      const said = saidByNote(note, state.power === "on" ? state.secure.phase : "off");
      if (said !== undefined) say(said);
    },
    onBolt: (value) => say({ kind: "bolt", value }),
    onStruck(struck) {
      const { armed } = fuse;
      fuse.armed = undefined;
      const since = armed === undefined ? {} : { sinceArmed: struck.op - armed.opsBefore + 1 };
      say({ kind: "power", value: "cut", struck, ...since });
    },
  });

  const connect: Parameters<typeof listen>[2] = (link) => {
    const tell = (traced: Parameters<Parameters<typeof createTracer>[1]>[0]): void => {
      if (flags.trace) say({ kind: "trace", value: traced });
    };
    const heard = createTracer("phone", tell);
    const spoken = createTracer("lock", tell);
    const board = lock.board.connect({
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
  let stopTicking = (): void => {};
  try {
    lock.board.powerOn();
    for (const command of script) {
      carryOut(command);
      if (command.word === "quit") return 0;
    }
    listening = await listen(flags.listen, flags.mtu - attHeaderBytes, guarded(connect));
    say({ kind: "ready", value: listening.address });
    stopTicking = every(
      tickMilliseconds,
      guarded(() => lock.board.tick()),
    );
    prompt = openTerminal(terminal, "lock> ", {
      line: guarded((text) => {
        const parsed = parseCommand(text);
        if (parsed === undefined) return;
        if (parsed.ok) carryOut(parsed.command);
        else say({ kind: "error", value: { line: text, says: parsed.says } });
      }),
      interrupted,
      complete: completions,
    });
    return await ended;
  } finally {
    stopTicking();
    prompt?.close();
    listening?.close();
    terminal.removeListener("SIGINT", interrupted);
    terminal.removeListener("SIGTERM", interrupted);
  }
}
