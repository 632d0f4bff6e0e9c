/**
 * Lines in, lines out: a prompt where a person sits at a terminal, with a picture above it that is kept up to date, and
 * plain lines where another program drives. It knows no words and draws nothing itself.
 */
import { createInterface, type Interface } from "node:readline";

/** Streams of a process, as far as lines need them. */
export interface Streams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream & {
    readonly isTTY?: boolean;
    readonly columns?: number;
    readonly rows?: number;
  };
}

export interface LineTerminal {
  /** Writes a line; a prompt that stands there moves below it, with what was typed so far. */
  say(line: string): void;
  /** Draws the picture anew, if it has changed. */
  refresh(): void;
  close(): void;
}

export interface LineListeners {
  /** Every line, in order. */
  line(text: string): void;
  /** Ctrl-C at the prompt. */
  interrupted(): void;
  /** The words that begin with what was typed; for the Tab key. */
  complete(typed: string): readonly string[];
  /** Lines that stand above the prompt of a person, none wider than so many columns. */
  picture?(columns: number): readonly string[];
}

const columnsDefault = 80;
const rowsDefault = 24;
/** Rows that a picture leaves for what is said. */
const rowsBesidePicture = 6;

export function openTerminal(streams: Streams, prompt: string, listeners: LineListeners): LineTerminal {
  const { stdin, stdout } = streams;
  const hasPerson = stdin.isTTY === true && stdout.isTTY === true;
  const lines = createInterface({
    input: stdin,
    ...(hasPerson ? { output: stdout, prompt, historySize: 200 } : {}),
    terminal: hasPerson,
    completer: (typed: string) => [[...listeners.complete(typed)], typed],
  });
  const screen = hasPerson ? openScreen(streams, lines, listeners) : undefined;
  let isClosed = false;
  lines.on("line", (text) => {
    screen?.entered(prompt + text);
    listeners.line(text);
    if (!isClosed) screen?.draw();
  });
  lines.on("close", () => {
    // Ctrl-D at a prompt means: that is all. The end of a file or a pipe does not; the lock goes on serving.
    if (hasPerson) listeners.interrupted();
  });
  lines.on("SIGINT", () => listeners.interrupted());
  screen?.draw();
  return {
    say(line) {
      if (screen === undefined || isClosed) stdout.write(`${line}\n`);
      else screen.say(line);
    },
    refresh() {
      if (!isClosed) screen?.refresh();
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      screen?.clear();
      lines.close();
      // A pipe that is still open must not keep the process.
      if ("unref" in stdin && typeof stdin.unref === "function") stdin.unref();
    },
  };
}

interface Screen {
  /** A line was entered: it stays as what was said, and the picture moves below it. */
  entered(text: string): void;
  say(line: string): void;
  draw(): void;
  refresh(): void;
  clear(): void;
}

/** The rows at the lower end of a terminal: the picture, then the prompt. */
function openScreen({ stdout }: Streams, lines: Interface, { picture }: LineListeners): Screen {
  /** As it stands there now; undefined: picture and prompt are not drawn. */
  let drawn: readonly string[] | undefined;

  // A terminal that does not know its size says 0.
  const columns = (): number => stdout.columns || columnsDefault;
  const drawing = (): readonly string[] => {
    const wanted = picture?.(columns()) ?? [];
    return wanted.length + rowsBesidePicture > (stdout.rows || rowsDefault) ? [] : wanted;
  };
  /** Wipes so many rows above the cursor's, and the cursor's. */
  const wipe = (rowsAbove: number): void => {
    stdout.write(`\r${rowsAbove > 0 ? `\u001b[${rowsAbove}A` : ""}\u001b[J`);
    drawn = undefined;
  };
  const clear = (): void => {
    if (drawn !== undefined) wipe(drawn.length + lines.getCursorPos().rows);
  };
  const draw = (): void => {
    if (drawn !== undefined) return;
    drawn = drawing();
    for (const line of drawn) stdout.write(`${line}\n`);
    // The prompt is drawn so many rows up from where the cursor is: those of what was typed so far.
    stdout.write("\n".repeat(lines.getCursorPos().rows));
    lines.prompt(true);
  };
  return {
    entered(text) {
      // The cursor stands below what was typed, which readline has left in its place.
      if (drawn !== undefined) wipe(drawn.length + Math.floor(text.length / columns()) + 1);
      stdout.write(`${text}\n`);
    },
    say(line) {
      const wasDrawn = drawn !== undefined;
      clear();
      stdout.write(`${line}\n`);
      if (wasDrawn) draw();
    },
    draw,
    refresh() {
      if (drawn === undefined) return;
      const next = drawing();
      if (next.join("\n") === drawn.join("\n")) return;
      clear();
      draw();
    },
    clear,
  };
}
