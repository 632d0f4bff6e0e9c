/**
 * Real noble and real bleno, unmodified, in the air of this process: one service whose characteristics answer as a
 * mirror would. It knows nothing of locks; for those there is ble-rig.ts.
 */
import { createRequire } from "node:module";
import {
  type Adapter,
  type AdapterOptions,
  type Air,
  type AirOptions,
  createAir,
  installRadio,
  openBleno,
  openNoble,
} from "@doorsync/virtual-radio";

const requireBleno = createRequire(new URL("../../packages/lock-sim/package.json", import.meta.url));
const requireNoble = createRequire(new URL("../../packages/phone-client/package.json", import.meta.url));

interface Inside {
  pollIsDevUp(): void;
}

/** What of noble these tests use. */
export interface RemoteCharacteristic {
  readonly uuid: string;
  writeAsync(data: Buffer, withoutResponse: boolean): Promise<void>;
  readAsync(): Promise<Buffer>;
  subscribeAsync(): Promise<void>;
  on(event: "data", hear: (data: Buffer, isNotification: boolean) => void): unknown;
}
export interface Remote {
  readonly address: string;
  readonly rssi: number;
  readonly mtu: number | null;
  readonly advertisement: { readonly localName?: string };
  connectAsync(options?: { readonly timeout?: number }): Promise<void>;
  disconnectAsync(): Promise<void>;
  cancelConnect(): void;
  updateRssiAsync(): Promise<number>;
  discoverAllServicesAndCharacteristicsAsync(): Promise<{
    readonly characteristics: readonly RemoteCharacteristic[];
  }>;
  once(event: string, hear: (word: unknown) => void): unknown;
  on(event: string, hear: (word: unknown) => void): unknown;
}
export interface Noble {
  readonly _state: string;
  readonly _bindings: { readonly _hci: Inside };
  startScanningAsync(uuids: readonly string[], allowDuplicates: boolean): Promise<void>;
  stopScanningAsync(): Promise<void>;
  on(event: string, hear: (...words: never[]) => void): unknown;
  removeListener(event: string, hear: (...words: never[]) => void): unknown;
}

type Answer = (result: number, data?: Buffer) => void;
export interface Bleno {
  readonly state: string;
  readonly Characteristic: new (options: Record<string, unknown>) => object;
  readonly PrimaryService: new (options: Record<string, unknown>) => object;
  readonly _bindings: {
    readonly _gatt: { maxMtu: number };
    readonly _hci: Inside;
  };
  setServices(services: readonly object[]): void;
  startAdvertising(name: string, uuids: readonly string[], done: (error?: Error) => void): void;
  disconnect(): void;
  on(event: string, hear: (...words: never[]) => void): unknown;
}

export const mirrorUuid = "a0000000000000000000000000000001";
export const [valueUuid, indicateUuid] = [
  "a0000000000000000000000000000002",
  "a0000000000000000000000000000003",
];

/** A peripheral: what was written to it, and ways to speak. */
export interface Mirror {
  readonly name: string;
  readonly adapter: Adapter;
  readonly stack: Bleno;
  readonly written: { readonly data: Buffer; readonly isCommand: boolean }[];
  /** What a read answers. */
  value: Buffer;
  notify: ((data: Buffer) => void) | undefined;
  indicate: ((data: Buffer) => void) | undefined;
  /** Write requests that were not answered, while `holds` is true. */
  readonly held: Answer[];
  holds: boolean;
  readonly events: string[];
}

export interface StackRig {
  readonly air: Air;
  mirror(name: string, options?: AdapterOptions & { readonly mtu?: number }): Promise<Mirror>;
  central(options?: AdapterOptions): Promise<{ readonly stack: Noble; readonly adapter: Adapter }>;
  close(): void;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until it holds; throws after this long. */
export async function until(holds: () => boolean, what: string, ms = 10_000): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`in vain for ${ms} ms: ${what}`);
    await pause(1);
  }
}

/** The promise, or "never" if it has not settled by then. */
export const settles = async (promise: Promise<unknown>, ms: number): Promise<"yes" | "rejected" | "never"> =>
  Promise.race([
    promise.then(
      () => "yes" as const,
      () => "rejected" as const,
    ),
    pause(ms).then(() => "never" as const),
  ]);

/** Lets a stack look at once whether its adapter is up; by itself it does so every second. */
export const look = (stack: Noble | Bleno): void =>
  (stack._bindings._hci as unknown as { pollIsDevUp(): void }).pollIsDevUp();

/** Scans until this name is met. */
export async function find({ stack }: { readonly stack: Noble }, name: string, ms = 10_000): Promise<Remote> {
  let found: Remote | undefined;
  const hear = (remote: Remote): void => {
    if (remote.advertisement.localName === name) found = remote;
  };
  stack.on("discover", hear);
  try {
    await stack.startScanningAsync([mirrorUuid], true);
    await until(() => found !== undefined, `${name} is discovered`, ms);
    await stack.stopScanningAsync();
  } finally {
    stack.removeListener("discover", hear);
  }
  return found as Remote;
}

/** The shortest supervision timeout that Bluetooth knows, for tests that wait for it. */
export const supervisionMs = 100;
const supervisionUnitMs = 10;

/** Connects and finds the two characteristics. */
export async function meet(
  remote: Remote,
  timeoutMs = supervisionMs,
): Promise<{ readonly value: RemoteCharacteristic; readonly indicate: RemoteCharacteristic }> {
  await remote.connectAsync({ timeout: timeoutMs / supervisionUnitMs });
  const { characteristics } = await remote.discoverAllServicesAndCharacteristicsAsync();
  const named = (uuid: string | undefined): RemoteCharacteristic => {
    const one = characteristics.find((characteristic) => characteristic.uuid === uuid);
    if (one === undefined) throw new Error(`no characteristic ${uuid}`);
    return one;
  };
  return { value: named(valueUuid), indicate: named(indicateUuid) };
}

export function stackRig(options: AirOptions = {}): StackRig {
  const air = createAir({ advertisingIntervalMs: 10, ...options });
  const uninstall = installRadio({ air });
  const closes: (() => void)[] = [];
  return {
    air,
    async mirror(name, { mtu = 256, ...given } = {}) {
      const adapter = air.adapter(given);
      const { stack, close } = await openBleno<Bleno>(requireBleno, adapter.deviceId);
      closes.push(close);
      stack._bindings._gatt.maxMtu = mtu;
      const mirror: Mirror = {
        name,
        adapter,
        stack,
        written: [],
        value: Buffer.alloc(0),
        notify: undefined,
        indicate: undefined,
        held: [],
        holds: false,
        events: [],
      };
      for (const event of ["accept", "disconnect", "stateChange"])
        stack.on(event, () => mirror.events.push(event));
      const { Characteristic, PrimaryService } = stack;
      const value = new Characteristic({
        uuid: valueUuid,
        properties: ["read", "write", "writeWithoutResponse", "notify"],
        onReadRequest: (offset: number, answer: Answer) => answer(0, mirror.value.subarray(offset)),
        onWriteRequest: (data: Buffer, _offset: number, isCommand: boolean, answer: Answer) => {
          mirror.written.push({ data: Buffer.from(data), isCommand });
          if (mirror.holds && !isCommand) mirror.held.push(answer);
          else answer(0);
        },
        onSubscribe: (_bytesMax: number, say: (data: Buffer) => void) => {
          mirror.notify = say;
        },
      });
      const indicate = new Characteristic({
        uuid: indicateUuid,
        properties: ["indicate"],
        onSubscribe: (_bytesMax: number, say: (data: Buffer) => void) => {
          mirror.indicate = say;
        },
        onIndicate: () => mirror.events.push("confirmed"),
      });
      await until(() => stack.state === "poweredOn", "bleno is on");
      stack.setServices([new PrimaryService({ uuid: mirrorUuid, characteristics: [value, indicate] })]);
      await new Promise<void>((resolve, reject) =>
        stack.startAdvertising(name, [mirrorUuid], (error) => (error ? reject(error) : resolve())),
      );
      return mirror;
    },
    async central(given = {}) {
      const adapter = air.adapter(given);
      const { stack, close } = await openNoble<Noble>(requireNoble, adapter.deviceId);
      closes.push(close);
      await until(() => stack._state === "poweredOn", "noble is on");
      return { stack, adapter };
    },
    close() {
      for (const close of closes.reverse()) close();
      air.close();
      uninstall();
    },
  };
}
