/**
 * A lock with a network of its own, on a real MQTT broker: whatever `MQTT_URL` names, else a mosquitto of this journey.
 * The lock's side is the gateway that `lock-sim run --mqtt` runs.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { type Visited, wireUp } from "../../packages/lock-sim/src/cli/gateway.ts";
import { crypto } from "../world.ts";
import type { Hung } from "./service-door.ts";

export interface BrokerAt {
  readonly url: string;
  close(): Promise<void>;
}

const startMilliseconds = 20_000;

export async function brokerAt(): Promise<BrokerAt> {
  const given = process.env["MQTT_URL"];
  if (given !== undefined && given !== "") return { url: given, close: async () => {} };
  const port = await freePort();
  const program = spawn("mosquitto", ["-p", String(port)], { stdio: "ignore" });
  const failed = once(program, "error").then(() => {
    throw new Error("no broker: install mosquitto, or name one in MQTT_URL");
  });
  await Promise.race([failed, answers(port)]);
  return {
    url: `mqtt://127.0.0.1:${port}`,
    async close() {
      const ended = once(program, "exit");
      program.kill();
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function answers(port: number): Promise<void> {
  for (const end = performance.now() + startMilliseconds; ; ) {
    const socket = connect(port, "127.0.0.1");
    const isThere = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (isThere) return;
    if (performance.now() > end) throw new Error("the broker does not answer");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export interface Connected {
  readonly visits: readonly Visited[];
  close(): void;
}

/** The lock is on the wire from now on. */
export function connectLock(url: string, { lock }: Hung): Connected {
  const visits: Visited[] = [];
  const wired = wireUp(url, {
    crypto,
    connect: (link) => lock.board.connect(link),
    tag: () => tagNow(lock),
    onState: () => {},
    onVisit: (visit) => void visits.push(visit),
  });
  return { visits, close: () => wired.close() };
}

function tagNow(lock: Hung["lock"]): string | undefined {
  const { state } = lock.board;
  return state.power === "off" ? undefined : Buffer.from(state.secure.tag).toString("hex");
}

/** Until `look` finds it so; fails with what was waited for. */
export async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = performance.now() + startMilliseconds; !(await look()); ) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
