/**
 * `lock-sim play`: a `.sim` file in a world of its own, told as it runs; it ends with how many expectations held, or
 * with the first one that did not. What its words do is in stage.ts and obey.ts.
 */
import { createCrypto } from "@doorsync/protocol/lock";
import { openssl } from "@doorsync/protocol/node-crypto";
import { Trouble } from "../edge/trouble.ts";
import { idealSignatures } from "../sim/signatures.ts";
import { describeMs, type TraceLine } from "../sim/trace.ts";
import type { Context, ExitStatus, PlayFlags, Terminal } from "./context.ts";
import type { Held } from "./expect.ts";
import { narrator } from "./mermaid.ts";
import { painter, type Said, toJson, toWords } from "./said.ts";
import { type Line, readScript, type Script } from "./script.ts";
import { createStage, type Stage, WrongStory } from "./stage.ts";
import { isoTime } from "./status.ts";
import type { Setting } from "./story.ts";

export function playCommand(this: Context, flags: PlayFlags, file: string): void {
  const { terminal } = this;
  try {
    this.leave(playScript(terminal, flags, readScript(file)));
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    if (flags.json) terminal.stdout.write(`${JSON.stringify({ trouble: error.message })}\n`);
    terminal.stderr.write(`lock-sim: ${error.message}\n`);
    this.leave(2);
  }
}

/** Where a story failed. */
export interface Failure extends Held {
  readonly line: number;
}

export interface Played {
  readonly held: number;
  readonly failure: Failure | undefined;
  readonly trace: readonly TraceLine[];
}

export interface Audience {
  /** A line of the script is about to be carried out. */
  readonly onLine?: (line: Line, stage: Stage) => void;
  readonly onTold?: (line: TraceLine, level: "message" | "event") => void;
  /** The answer of a lock's word. */
  readonly onAnswer?: (said: Said, line: Line) => void;
  readonly onHeld?: (held: Held, line: Line) => void;
}

/** Carries a script out, up to the first expectation that does not hold. Throws Trouble for what cannot be. */
export function perform(script: Script, audience: Audience): Played {
  const { settings, lines } = opened(script);
  const trace: TraceLine[] = [];
  const after: After = { heldBack: undefined };
  const stage = createStage({
    crypto: createCrypto(idealSignatures(openssl)),
    settings,
    tell(line, level) {
      const telling = (): void => {
        trace.push(line);
        audience.onTold?.(line, level);
      };
      if (after.heldBack === undefined) telling();
      else after.heldBack.push(telling);
    },
  });
  let held = 0;
  for (const line of lines) {
    audience.onLine?.(line, stage);
    const judged = carriedOut(script, line, stage, after, trace, audience);
    if (judged === "quit") break;
    if (judged === undefined) continue;
    audience.onHeld?.(judged, line);
    if (!judged.held) return { held, failure: { ...judged, line: line.number }, trace };
    held++;
  }
  return { held, failure: undefined, trace };
}

/** What follows from a lock's word is told behind its answer. */
interface After {
  heldBack: (() => void)[] | undefined;
}

function carriedOut(
  script: Script,
  line: Line,
  stage: Stage,
  after: After,
  trace: TraceLine[],
  audience: Audience,
): Held | "quit" | undefined {
  const { command } = line;
  try {
    if (command.of === "story") {
      if (isSetting(command.is)) {
        throw new WrongStory(
          `${command.is.word} belongs to the beginning: put it before everything that happens`,
        );
      }
      return stage.act(command.is);
    }
    const followed: (() => void)[] = [];
    if (command.is.word !== "wait") after.heldBack = followed;
    const said = stage.obey(command.is);
    after.heldBack = undefined;
    if (said.kind === "quit") return "quit";
    if (said.kind === "error") throw new WrongStory(said.value.says);
    if (said.kind === "expect") return said.value;
    const what = said.kind === "say" ? said.value : `${line.text}: ${toWords(said)[1]}`;
    if (!isLook(said))
      trace.push({ atMs: stage.nowMs, actor: said.kind === "say" ? narrator : "somebody", what });
    audience.onAnswer?.(said, line);
    for (const telling of followed) telling();
    return undefined;
  } catch (error) {
    if (error instanceof WrongStory) throw new Trouble(`${script.file}:${line.number}: ${error.message}`);
    throw error;
  }
}

/** Answers that only show something: nothing happened. */
function isLook({ kind }: Said): boolean {
  return ["status", "table", "events", "ops", "help", "notes", "waited"].includes(kind);
}

function isSetting(command: { readonly word: string }): command is Setting {
  return ["starts", "doors", "lease", "zone"].includes(command.word);
}

/** The settings at the beginning, and the lines that follow. */
function opened({ lines }: Script): {
  readonly settings: readonly Setting[];
  readonly lines: readonly Line[];
} {
  const settings: Setting[] = [];
  let first = 0;
  for (const { command } of lines) {
    const isSaid = command.of === "lock" && command.is.word === "say";
    if (!isSaid && !(command.of === "story" && isSetting(command.is))) break;
    if (command.of === "story" && isSetting(command.is)) settings.push(command.is);
    first++;
  }
  const said = lines.slice(0, first).filter(({ command }) => command.of === "lock");
  return { settings, lines: [...said, ...lines.slice(first)] };
}

/** Plays to a terminal: 0 if every expectation held. */
export function playScript(terminal: Terminal, flags: PlayFlags, script: Script): ExitStatus {
  const paint = painter(terminal.stdout, terminal.env);
  const write = (text: string): void => void terminal.stdout.write(`${text}\n`);
  let stage: Stage | undefined;
  let day = "";
  const clock = (): string => {
    const [date = "", time = ""] = isoTime(stage?.wallSeconds ?? 0).split("T");
    if (date !== day) write(paint("dim", date));
    day = date;
    return paint("dim", time.slice(0, 8));
  };
  const tellLine = ({ actor, what, to, atMs }: TraceLine, level: "message" | "event"): void => {
    if (level === "message" && !flags.trace) return;
    if (flags.json)
      write(
        JSON.stringify({
          told: { time: describeMs(atMs), actor, what, ...(to === undefined ? {} : { to }) },
        }),
      );
    else write(`  ${clock()}  ${actor}${to === undefined ? "" : ` \u2192 ${to}`}: ${what}`);
  };
  const played = perform(script, {
    onLine(_line, now) {
      stage = now;
    },
    onTold: tellLine,
    onAnswer(said, line) {
      if (flags.json) write(toJson(said));
      else if (said.kind === "say") write(`\n${paint(...toWords(said))}`);
      else if (said.kind !== "waited") {
        const [colour, words] = toWords(said);
        const isShort = !words.includes("\n");
        write(`  ${clock()}  ${line.text}${isShort ? `: ${paint(colour, words)}` : ""}`);
        if (!isShort) write(words.replace(/^/gm, "            "));
      }
    },
    onHeld(held, line) {
      if (flags.json) write(JSON.stringify({ expect: { line: line.number, ...held } }));
      else if (held.held) write(`            ${paint("green", `\u2713 ${held.expected}`)}`);
    },
  });
  const { held, failure } = played;
  if (flags.json) write(JSON.stringify({ played: { held, failed: failure ?? null } }));
  if (failure !== undefined) {
    const { line, expected, found } = failure;
    terminal.stderr.write(`lock-sim: ${script.file}:${line}: expected ${expected}, but found ${found}\n`);
    return 1;
  }
  if (!flags.json) write(`\n${heldWords(held)}`);
  return 0;
}

export function heldWords(held: number): string {
  return `${held} ${held === 1 ? "expectation" : "expectations"} held`;
}
