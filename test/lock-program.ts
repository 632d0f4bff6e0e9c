/**
 * The program `lock-sim` in this process, and a phone's one visit over TCP: what its tests drive. The program is the
 * shipped one; only its terminal is made of pipes.
 */
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import * as air from "@doorsync/protocol/courier";
import { runCommands } from "../packages/lock-sim/src/cli/app.ts";

export type Row = Readonly<Record<string, unknown>>;

/** A running `lock-sim run --json`, in this process. */
export async function started(home: string, ...flags: string[]) {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const rows: Row[] = [];
  let wake = (): void => {};
  createInterface({ input: stdout }).on("line", (line) => {
    rows.push(JSON.parse(line));
    wake();
  });
  const ended: Promise<number> = runCommands(["run", "--home", home, "--json", ...flags], {
    stdin,
    stdout,
    stderr: new PassThrough(),
    env: {},
    once: () => {},
    removeListener: () => {},
  });
  let read = 0;
  /** The next row that has this key, or any of these keys; events in between are passed over. */
  const next = async (...keys: string[]): Promise<Row> => {
    for (;;) {
      const row = rows[read];
      if (row === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      else {
        read++;
        if (keys.some((key) => key in row)) return row;
      }
    }
  };
  const { ready } = (await next("ready")) as { readonly ready: { readonly port: number } };
  return {
    rows,
    next,
    port: ready.port,
    async ask(line: string, ...keys: string[]): Promise<Row> {
      stdin.write(`${line}\n`);
      return next(...keys);
    },
    async quit(): Promise<number> {
      stdin.write("quit\n");
      return ended;
    },
    ended,
  };
}

/** One visit over TCP: says the first message, then the chunks asked for; what was answered, until the lock is done. */
export async function visit(port: number, messages: readonly air.Message[]): Promise<air.Message[]> {
  const socket = connect(port, "127.0.0.1");
  const answers: air.Message[] = [];
  let inbox = air.emptyInbox;
  let outbox = air.emptyOutbox;
  const say = (message: air.Message | undefined): void => {
    if (message === undefined) return void socket.end();
    const cut = air.segment(outbox, message.type, message.body, 244);
    outbox = cut.outbox;
    for (const frame of cut.frames)
      socket.write(new Uint8Array([frame.length >> 8, frame.length & 0xff, ...frame]));
  };
  const [first, ...chunks] = messages;
  let rest = new Uint8Array(0);
  socket.on("error", () => {});
  socket.on("data", (data) => {
    rest = new Uint8Array([...rest, ...data]);
    while (rest.length >= 2) {
      const length = (rest[0] ?? 0) * 256 + (rest[1] ?? 0);
      if (rest.length < 2 + length) return;
      const heard = air.hear(inbox, rest.slice(2, 2 + length), air.bodyBytesMax("toPhone"));
      rest = rest.slice(2 + length);
      if (heard.kind === "refused") throw new Error(`the lock spoke badly: ${heard.refused.check}`);
      inbox = heard.inbox;
      if (heard.kind !== "message") continue;
      answers.push({ type: heard.type, body: heard.body });
      const next = air.messageName(heard.type) === "next" ? air.readNext(heard.body) : undefined;
      say(next?.ok ? chunks[next.value.index] : undefined);
    }
  });
  say(first);
  await once(socket, "close");
  return answers;
}

export async function run(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  let out = "";
  let err = "";
  const stdout = new PassThrough().on("data", (data) => {
    out += data;
  });
  const stderr = new PassThrough().on("data", (data) => {
    err += data;
  });
  const status = await runCommands(args, {
    stdin: new PassThrough(),
    stdout,
    stderr,
    env: {},
    once: () => {},
    removeListener: () => {},
  });
  return { status, out, err };
}
