/**
 * `serve`: the service on a socket until it is told to end, with the rounds that go on beside it: messages that wait to
 * leave, rows that are over, connected locks. What is served is in `http/`, what is sent in `mail/` and `connected/`.
 */
import type { AddressInfo } from "node:net";
import { connectBroker } from "../connected/broker.ts";
import { brokerName } from "../connected/place.ts";
import { type Connected, createConnected } from "../desk/connected.ts";
import { sendDue } from "../desk/messages.ts";
import { sweep } from "../desk/sweep.ts";
import { createServer } from "../http/server.ts";
import type { Messenger } from "../mail/message.ts";
import { openMessenger } from "../mail/open.ts";
import type { Office } from "../office/office.ts";
import { Trouble } from "../trouble.ts";
import type { Cli } from "./context.ts";
import type { BaseFlags } from "./flags.ts";
import { clock, withOffice } from "./session.ts";
import { version } from "./version.ts";

export type ServeFlags = BaseFlags & {
  readonly listen: { readonly host: string; readonly port: number };
  readonly publicUrl?: string;
};

const messageMilliseconds = 2_000;
const connectedMilliseconds = 500;
const sweepMilliseconds = 3_600_000;

export async function serve(this: Cli, flags: ServeFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    // Links in messages lead here; known when the port is.
    let publicUrl = flags.publicUrl ?? "";
    const now = (): Office => ({ ...office, publicUrl, now: clock(flags) });
    const fault: Fault = (error, what) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.process.stderr.write(`doorsync-authority: ${what}: ${text}\n`);
    };
    const brokerUrl = this.process.env?.["MQTT_URL"];
    // Judged before anything listens: a start that fails leaves nothing running.
    if (brokerUrl !== undefined && brokerUrl !== "") brokerName(brokerUrl);
    const messenger = openMessenger(this.process.env ?? {}, flags.data);
    const server = await createServer({ office: now, onFault: fault, version });
    const { host, port } = flags.listen;
    await server.listen({ host, port }).catch((error: unknown) => {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EADDRINUSE")
        throw new Trouble(`port ${port} on ${host} is in use`, "choose another with --listen, or 0 for any");
      if (code === "EADDRNOTAVAIL" || code === "EACCES")
        throw new Trouble(
          `cannot listen on ${host}:${port}`,
          "choose an address of this machine and a port above 1023",
        );
      throw error;
    });
    const bound = server.server.address() as AddressInfo;
    const url = `http://${host.includes(":") ? `[${host}]` : host}:${bound.port}`;
    if (publicUrl === "") publicUrl = url;
    say({ ready: { url, pid: process.pid, email: messenger.ways.email, messages: messenger.ways.phone } }, [
      `ready: ${url} (documentation at ${url}/v1/openapi.json); end with Ctrl-C`,
      `e-mail: ${messenger.ways.email}; phone messages: ${messenger.ways.phone}`,
    ]);
    const rounds = startRounds(now, { brokerUrl, messenger, fault });
    await told();
    await server.close();
    await rounds.end();
  });
}

type Fault = (error: unknown, what: string) => void;

/** What goes on beside the calls until it is ended: messages that wait, rows that are over, connected locks. */
export function startRounds(
  now: () => Office,
  lent: { readonly brokerUrl: string | undefined; readonly messenger: Messenger; readonly fault: Fault },
): { readonly end: () => Promise<void> } {
  const { brokerUrl, messenger, fault } = lent;
  const connected = toConnected(brokerUrl, now, fault);
  const rounds = [
    every(messageMilliseconds, () => sendDue(now(), messenger), fault),
    every(sweepMilliseconds, () => sweep(now()), fault),
    ...(connected === undefined ? [] : [every(connectedMilliseconds, () => connected.round(), fault)]),
  ];
  return {
    async end() {
      await Promise.all(rounds.map((round) => round.end()));
      await connected?.close();
    },
  };
}

/** The way to connected locks; none without a broker. */
function toConnected(
  url: string | undefined,
  now: () => Office,
  fault: Fault,
): (Connected & { readonly close: () => Promise<void> }) | undefined {
  if (url === undefined || url === "") return undefined;
  let last: string | undefined;
  const broker = connectBroker(url, {
    onReturn: (returned) => connected.take(returned),
    onState(state) {
      if (state.kind === "connected") connected.all();
      if (state.kind === "down" && state.why !== last) fault(state.why, "the broker of connected locks");
      last = state.kind === "down" ? state.why : undefined;
    },
    onTrouble: (why) => fault(why, "a connected lock"),
  });
  const connected: Connected = createConnected(now, () => broker);
  return { ...connected, close: () => broker.close() };
}

/** Runs `work` again and again, never twice at once; what it throws is told, and the next round comes. */
function every(
  milliseconds: number,
  work: () => Promise<unknown>,
  fault: Fault,
): { readonly end: () => Promise<void> } {
  let running: Promise<unknown> = Promise.resolve();
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    running = work()
      .catch((error: unknown) => fault(error, "a round failed"))
      .finally(() => {
        isBusy = false;
      });
  }, milliseconds);
  return {
    async end() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Settles when the process is told to end. */
function told(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve());
    process.once("SIGTERM", () => resolve());
  });
}
