/**
 * An air shared by several processes over a Unix socket. Each connection is one controller and carries plain H4, as
 * BlueZ's own emulator does on its sockets; no message of ours is on it. Whoever can open the socket is in the air.
 */
import { lstat, mkdir, rmdir, unlink } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { createAir } from "./air.ts";
import { systemClock } from "./clock.ts";
import { createPacketCutter } from "./h4.ts";
import { addressBytes, commandComplete, commands, packetType, status } from "./hci.ts";
import type { Adapter, AdapterOptions, Air, Radio, RadioAdapter } from "./radio.ts";

export interface ServedAir {
  readonly path: string;
  /** How many controllers of other processes are in the air now. */
  readonly guests: number;
  /** Drops the guests and the socket; the air itself goes on. */
  close(): Promise<void>;
}

/** A guest that does not read what its controller says is put out beyond this. */
const guestBacklogBytesMax = 1 << 20;

/** Lets other processes into an air: one new adapter for every connection to this Unix socket. */
export async function serveAir(air: Air, path: string, options: AdapterOptions = {}): Promise<ServedAir> {
  const guests = new Set<Socket>();
  const server = createServer((guest) => {
    const adapter = admitted(air, options);
    if (adapter === undefined) {
      guest.destroy();
      return;
    }
    guests.add(guest);
    const port = adapter.open((packet) => {
      if (guest.writableLength > guestBacklogBytesMax) guest.destroy();
      else guest.write(packet);
    });
    const cutter = createPacketCutter();
    guest.on("data", (bytes) => {
      const packets = cutter.push(bytes);
      if (packets === undefined) guest.destroy();
      for (const packet of packets ?? []) port.write(packet);
    });
    guest.on("error", () => guest.destroy());
    guest.on("close", () => {
      guests.delete(guest);
      adapter.remove();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  return {
    path,
    get guests() {
      return guests.size;
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const guest of guests) guest.destroy();
      await closed;
    },
  };
}

/** Undefined: there is no such place in the air. That is the guest's loss, and not the end of everybody else's air. */
function admitted(air: Air, options: AdapterOptions): Adapter | undefined {
  try {
    return air.adapter(options);
  } catch {
    return undefined;
  }
}

/** Adapters behind a Unix socket, without a look whether anybody serves it: an adapter nobody answers is down. */
export function radioAt(path: string): Radio {
  const adapters: RadioAdapter[] = [];
  let devices = 0;
  return {
    adapters,
    adapter(options = {}) {
      const adapter = remoteAdapter(path, devices, options, () => {
        const index = adapters.indexOf(adapter);
        if (index >= 0) adapters.splice(index, 1);
      });
      devices += 1;
      adapters.push(adapter);
      return adapter;
    },
  };
}

function remoteAdapter(
  path: string,
  deviceId: number,
  { address, capture, ...rest }: AdapterOptions,
  removed: () => void,
): RadioAdapter {
  const [unserved] = Object.keys(rest);
  if (unserved !== undefined)
    throw new Error(`an adapter in another process cannot be given ${unserved} from here`);
  const listeners = new Set<(packet: Uint8Array) => void>();
  const cutter = createPacketCutter();
  const setsAddress = commandComplete(commands.writeAddress.opcode, status.ok);
  let isUp = true;
  const socket = connect(path);
  // An adapter alone keeps no process alive; the stack that uses it does.
  socket.unref();
  const seen = (direction: "sent" | "received", bytes: Uint8Array): void =>
    capture?.({ direction, bytes: bytes.slice(), at: systemClock.nowMs() });
  if (address !== undefined) {
    const { opcode } = commands.writeAddress;
    const bytes = addressBytes(address);
    socket.write(Uint8Array.of(packetType.command, opcode & 0xff, opcode >> 8, bytes.length, ...bytes));
  }
  let awaitsAddress = address !== undefined;
  socket.on("data", (bytes) => {
    const packets = cutter.push(bytes);
    if (packets === undefined) socket.destroy();
    for (const packet of packets ?? []) {
      if (
        awaitsAddress &&
        packet.length === setsAddress.length &&
        packet.every((byte, at) => byte === setsAddress[at])
      ) {
        awaitsAddress = false; // the answer to our own command is not for the host
        continue;
      }
      seen("received", packet);
      for (const hear of [...listeners]) hear(packet);
    }
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => {
    isUp = false;
  });
  return {
    deviceId,
    get isUp() {
      return isUp;
    },
    open(hear) {
      const own = (packet: Uint8Array): void => hear(packet);
      listeners.add(own);
      return {
        write(packet) {
          if (!isUp || !listeners.has(own)) return;
          seen("sent", packet);
          socket.write(packet);
        },
        close: () => void listeners.delete(own),
      };
    },
    remove() {
      isUp = false;
      listeners.clear();
      // What was said last still goes out; then whoever serves the air takes the controller out of it.
      socket.destroySoon();
      removed();
    },
  };
}

/** The air that somebody serves at this Unix socket; rejects if nobody does. */
export async function joinAir(path: string): Promise<Radio> {
  await new Promise<void>((resolve, reject) => {
    const probe = connect(path, () => probe.end(resolve));
    probe.once("error", reject);
  });
  return radioAt(path);
}

/** What a meeting gave: the air of this process, served to others, or the way to somebody else's. */
export interface MetAir {
  readonly air: Radio;
  readonly isServed: boolean;
  /** Who serves drops the guests and ends the air; who joined takes its own adapters out of it. */
  close(): Promise<void>;
}

/**
 * Meets others at a Unix socket, whoever comes first: joins the air there, or serves a new one if nobody does. A socket
 * file that a dead process left behind is taken over.
 */
export async function meetAir(path: string, make: () => Air = createAir): Promise<MetAir> {
  const nobody = new Set(["ENOENT", "ECONNREFUSED"]);
  for (let attempt = 0; ; attempt += 1) {
    try {
      const air = await joinAir(path);
      return {
        air,
        isServed: false,
        async close() {
          for (const adapter of [...air.adapters]) adapter.remove();
        },
      };
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      if (!nobody.has(code) || attempt >= meetAttemptsMax) throw error;
      if (code === "ECONNREFUSED") await takeAway(path);
    }
    const air = make();
    try {
      const served = await serveAir(air, path);
      return {
        air,
        isServed: true,
        async close() {
          await served.close();
          air.close();
        },
      };
    } catch (error) {
      air.close();
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

/**
 * Takes away a socket that nobody answers at. One at a time, or who looked a moment ago would take away what another has
 * put there since: while the dead one lies there nobody can bind, and only who holds the lock takes it away. What is no
 * socket is not ours to touch.
 */
export async function takeAway(path: string): Promise<void> {
  const release = await lockBeside(path);
  try {
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) return;
    if (!found.isSocket()) throw Object.assign(new Error(`${path} is no socket`), { code: "ENOTSOCK" });
    const isAlive = await joinAir(path).then(
      () => true,
      () => false,
    );
    if (!isAlive) await unlink(path).catch(() => {});
  } finally {
    await release();
  }
}

/**
 * Made whole or not at all by the system; one that a dead process left is too old to be held. Another user's, or one that
 * is not empty, cannot be taken away: who meets that hears it in time, and which folder it is.
 */
async function lockBeside(path: string): Promise<() => Promise<void>> {
  const lock = `${path}.lock`;
  const end = performance.now() + lockMillisecondsMax + lockGraceMilliseconds;
  while (performance.now() < end) {
    try {
      await mkdir(lock);
      return async () => void (await rmdir(lock).catch(() => {}));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const made = await lstat(lock).catch(() => undefined);
    if (made !== undefined && Date.now() - made.mtimeMs > lockMillisecondsMax)
      await rmdir(lock).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, lockLookMilliseconds));
  }
  throw Object.assign(new Error(`${lock} is held and cannot be taken away: remove it`), { code: "EBUSY" });
}
const lockMillisecondsMax = 5_000;
/** Beyond that age, for taking it away and for whoever else waits. */
const lockGraceMilliseconds = 1_000;
const lockLookMilliseconds = 10;

/** Somebody else may come first between our look and our call, but not for ever. */
const meetAttemptsMax = 5;
