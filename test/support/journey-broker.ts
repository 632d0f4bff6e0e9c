/**
 * A lock with a network of its own, on a real MQTT broker: whatever `MQTT_URL` names, else a mosquitto of this journey.
 * The lock's side is the gateway that `lock-sim run --mqtt` runs, the property's is what `serve` runs.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { formatSetup } from "@doorsync/protocol/authority";
import { startRounds } from "../../packages/authority/src/cli/serve.ts";
import { openMessenger } from "../../packages/authority/src/mail/open.ts";
import { type Visited, wireUp } from "../../packages/lock-sim/src/cli/gateway.ts";
import { crypto, makeLock } from "../world.ts";
import type { Service } from "./service.ts";
import type { Hung } from "./service-door.ts";

export interface BrokerAt {
  readonly url: string;
  close(): Promise<void>;
}

const startMilliseconds = 20_000;
const answerMilliseconds = 2_000;

/** Undefined where no broker answers and none can be started: the journey is skipped, and says so. */
export async function brokerAt(): Promise<BrokerAt | undefined> {
  const given = process.env["MQTT_URL"];
  if (given !== undefined && given !== "") {
    const { hostname, port } = new URL(given);
    const isThere = await isAnswered(hostname, Number(port === "" ? 1_883 : port));
    return isThere ? { url: given, close: async () => {} } : undefined;
  }
  const port = await freePort();
  const program = spawn("mosquitto", ["-p", String(port)], { stdio: "ignore" });
  const failed = once(program, "error").then(() => false);
  if (!(await Promise.race([failed, answers(port)]))) return undefined;
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

async function answers(port: number): Promise<true> {
  for (const end = performance.now() + startMilliseconds; !(await isAnswered("127.0.0.1", port)); ) {
    if (performance.now() > end) throw new Error("the broker does not answer");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}

async function isAnswered(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: answerMilliseconds });
  const isThere = await new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("timeout", () => resolve(false));
    socket.once("error", () => resolve(false));
  });
  socket.destroy();
  return isThere;
}

/** What `serve` runs beside the calls, put together as `serve` does it, on the story's clock. */
export function serveBeside(service: Service, brokerUrl: string): { end(): Promise<void> } {
  return startRounds(service.office, {
    brokerUrl,
    messenger: openMessenger({}, service.folder),
    fault: (error, what) => void service.faults.push(`${what}: ${String(error)}`),
  });
}

/** A factory-fresh lock for a door, offered to it by the manager; whoever brings the offer makes it the property's. */
export async function offeredLock(service: Service, doorId: string): Promise<Hung> {
  const lock = makeLock(`lock of ${doorId}`, { rtcSeconds: service.clock.now });
  const answer = await service.call("commissionDoor", {
    token: service.manager,
    params: { door: doorId },
    body: { setup: formatSetup(crypto, lock.setup) },
  });
  if (answer.status !== 200) throw new Error(`commission: ${JSON.stringify(answer.body)}`);
  return { lock, doorId };
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
