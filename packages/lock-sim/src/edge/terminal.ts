/**
 * Lines in, lines out: a prompt where a person sits at a terminal, plain lines where another program drives. It knows
 * no words.
 */
import { createInterface } from "node:readline";

/** Streams of a process, as far as lines need them. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

export interface LineTerminal {
  /** Writes a line; a prompt that stands there moves below it, with what was typed so far. */
  say(line: string): void;
  close(): void;
}

export interface LineListeners {
  /** Every line, in order. */
  line(text: string): void;
  /** Ctrl-C at the prompt. */
  interrupted(): void;
  /** The words that begin with what was typed; for the Tab key. */
  complete(typed: string): readonly string[];
}

export function openTerminal(
  { stdin, stdout }: Streams,
  prompt: string,
  listeners: LineListeners,
): LineTerminal {
  const hasPerson = stdin.isTTY === true && stdout.isTTY === true;
  const lines = createInterface({
    input: stdin,
    ...(hasPerson ? { output: stdout, prompt, historySize: 200 } : {}),
    terminal: hasPerson,
    completer: (typed: string) => [[...listeners.complete(typed)], typed],
  });
  let isClosed = false;
  lines.on("line", (text) => {
    listeners.line(text);
    if (hasPerson && !isClosed) lines.prompt();
  });
  lines.on("close", () => {
    // Ctrl-D at a prompt means: that is all. The end of a file or a pipe does not; the lock goes on serving.
    if (hasPerson) listeners.interrupted();
  });
  lines.on("SIGINT", () => listeners.interrupted());
  if (hasPerson) lines.prompt();
  return {
    say(line) {
      if (!hasPerson || isClosed) {
        stdout.write(`${line}\n`);
        return;
      }
      stdout.write(`\r\u001b[K${line}\n`);
      lines.prompt(true);
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      if (hasPerson) stdout.write("\r\u001b[K");
      lines.close();
      // A pipe that is still open must not keep the process.
      if ("unref" in stdin && typeof stdin.unref === "function") stdin.unref();
    },
  };
}
