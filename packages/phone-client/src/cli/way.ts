/** The way to the lock that a command's flags name: TCP, or Bluetooth. It composes and decides nothing. */
import { type Bytes, equal, frameBytesFor, frameBytesMax } from "@doorsync/protocol/courier";
import { openAdapter } from "../edge/adapter.ts";
import { nobleRadio } from "../edge/noble.ts";
import { nobleRadar } from "../edge/noble-radar.ts";
import { socketTransport } from "../edge/socket.ts";
import { systemTimers } from "../edge/timers.ts";
import { visitsMaxDefault } from "../parts/again.ts";
import { knownPlaces } from "../parts/radar.ts";
import type { Radar, Transport } from "../ports.ts";
import { UseError } from "./secret.ts";
import type { SyncFlags } from "./terminal.ts";

/** How often `--watch` looks whether the lock is in range, in milliseconds. */
const lookMilliseconds = 2_000;

const firstAdapter = { kind: "hardware", deviceId: undefined } as const;

export interface Way {
  readonly transport: Transport;
  readonly radar: Radar;
  /** How often a visit that is cut off is made in all. */
  readonly visitsMax: number;
  /** Settles with why a capture is not whole, if it is not. */
  close(): Promise<string | undefined>;
}

export type WayFlags = Pick<SyncFlags, "lock" | "ble" | "adapter" | "capture" | "mtu">;

/** `wanted`: tags of the locks that are preferred where several are in range. */
export async function openWay(flags: WayFlags, wanted: () => Promise<readonly Bytes[]>): Promise<Way> {
  const { lock, ble, adapter = firstAdapter, capture } = flags;
  if (ble && lock === undefined) return await openRadio(adapter, capture, flags.mtu, await wanted());
  if (ble || lock === undefined) throw new UseError("which lock? give --lock HOST:PORT, or --ble");
  if (flags.adapter !== undefined || capture !== undefined) {
    throw new UseError("--adapter and --capture go with --ble");
  }
  const transport = socketTransport({ ...lock, frameBytesMax: frameBytesFor(flags.mtu, frameBytesMax) });
  const place = `${lock.host}:${lock.port}`;
  return {
    transport,
    radar: knownPlaces([{ place, tag: undefined, transport }], systemTimers, lookMilliseconds),
    visitsMax: 1,
    close: async () => undefined,
  };
}

async function openRadio(
  adapter: NonNullable<SyncFlags["adapter"]>,
  captureFile: string | undefined,
  mtu: number,
  wanted: readonly Bytes[],
): Promise<Way> {
  const opened = await openAdapter(adapter, captureFile);
  const radio = nobleRadio({
    stack: opened.stack,
    frameBytesMax: frameBytesFor(mtu),
    wants: ({ hint }) => hint !== undefined && wanted.some((tag) => equal(tag, hint.tag)),
  });
  return {
    transport: radio,
    radar: nobleRadar({ radio, now: () => performance.now() }),
    visitsMax: visitsMaxDefault,
    async close() {
      await radio.idle();
      return await opened.close();
    },
  };
}
