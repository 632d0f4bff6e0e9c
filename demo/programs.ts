/**
 * The three programs as a person runs them: separate processes, talked to through arguments, standard input and JSON
 * lines. Nothing of their insides is used here. Not the story; that is story.ts.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Longest that any one program may take to answer. */
const answerSecondsMax = 60;

export type Line = Readonly<Record<string, unknown>>;

export interface Ran {
  readonly status: number;
  readonly lines: readonly Line[];
}

function programFile(name: "lock-sim" | "doorsync-phone" | "doorsync-authority"): string {
  const packages = {
    "lock-sim": "lock-sim",
    "doorsync-phone": "phone-client",
    "doorsync-authority": "authority",
  };
  return fileURLToPath(new URL(`../../packages/${packages[name]}/bin/${name}.mjs`, import.meta.url));
}

/**
 * Runs a command to its end and returns its JSON lines. Wrong use, and what cannot be reached (status 2), is the demo's
 * own mistake and throws, unless the story means it (`mayFail`).
 */
export async function run(
  name: "lock-sim" | "doorsync-phone" | "doorsync-authority",
  args: readonly string[],
  mayFail = false,
): Promise<Ran> {
  // The story is of this machine alone: no database server that the environment happens to name.
  const { DATABASE_URL: _, ...env } = process.env;
  const child = spawn(process.execPath, [programFile(name), ...args, "--json"], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: answerSecondsMax * 1_000,
  });
  const lines: Line[] = [];
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(JSON.parse(line) as Line));
  const status = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 2));
  });
  if (status === 2 && !mayFail)
    throw new Error(`${name} ${args.join(" ")}: ${complaint.trim() || "stopped"}`);
  return { status, lines };
}

/** A lock that runs: its door is worked through the same words that a person types at its prompt. */
export interface RunningLock {
  readonly address: string;
  /** Types keys; what the panel showed. */
  press(keys: string): Promise<string>;
  /** Says a word and returns the line in which the lock answers to it. */
  word(text: string, answer: string): Promise<Line>;
  /** The next line of this kind, spoken or still to come. */
  next(kind: string): Promise<Line>;
  stop(): Promise<void>;
}

/** `more`: how it can be reached beside TCP. */
export async function runLock(home: string, more: readonly string[]): Promise<RunningLock> {
  const args = ["run", "--home", home, "--listen", "127.0.0.1:0", "--json", ...more];
  const child = spawn(process.execPath, [programFile("lock-sim"), ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const heard = listen(child);
  const ready = (await heard.next("ready"))["ready"] as { readonly host: string; readonly port: number };
  const word = async (text: string, answer: string): Promise<Line> => {
    heard.forget(answer);
    child.stdin?.write(`${text}\n`);
    return heard.next(answer);
  };
  return {
    address: `${ready.host}:${ready.port}`,
    word,
    next: heard.next,
    async press(keys) {
      const said = (await word(`press ${keys}`, "press"))["press"] as { readonly result: string };
      return said.result;
    },
    async stop() {
      const closed = new Promise((resolve) => child.on("close", resolve));
      child.stdin?.write("quit\n");
      await closed;
    },
  };
}

interface Heard {
  next(kind: string): Promise<Line>;
  /** Drops the lines of this kind that nobody asked for. */
  forget(kind: string): void;
}

/** A program's lines, each taken once by whoever waits for its kind (its first key). */
function listen(child: ChildProcess): Heard {
  const lines: Line[] = [];
  const waiting: { readonly kind: string; readonly take: (line: Line) => void }[] = [];
  if (child.stdout === null) throw new Error("a program without standard output");
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = JSON.parse(text) as Line;
    const first = waiting.findIndex(({ kind }) => kind in line);
    if (first < 0) lines.push(line);
    else waiting.splice(first, 1)[0]?.take(line);
  });
  return {
    forget(kind) {
      for (let at = lines.length - 1; at >= 0; at--) if (kind in (lines[at] ?? {})) lines.splice(at, 1);
    },
    next(kind) {
      const at = lines.findIndex((line) => kind in line);
      const [found] = at < 0 ? [] : lines.splice(at, 1);
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve, reject) => {
        const late = setTimeout(
          () => reject(new Error(`the lock said no "${kind}" for ${answerSecondsMax} s`)),
          answerSecondsMax * 1_000,
        );
        waiting.push({
          kind,
          take(line) {
            clearTimeout(late);
            resolve(line);
          },
        });
      });
    },
  };
}
