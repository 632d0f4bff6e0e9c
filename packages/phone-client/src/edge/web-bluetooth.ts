/**
 * A way to a lock over Web Bluetooth, in a browser. The page asks the person for a device (`requestOptions` names the
 * filter), which needs a click, and hands it over. Nothing of Node. Browsers do not tell the MTU and do not show what
 * was advertised, so frames are short unless told otherwise, and no hint spares a question.
 */
import {
  frameBytesDefault,
  frameBytesMin,
  frameBytesMax as frameBytesMost,
  gatt,
} from "@doorsync/protocol/courier";
import type { Timers, Transport } from "../ports.ts";
import { errorOf, gattLink } from "./gatt-link.ts";
import { operation } from "./operation.ts";
import { systemTimers } from "./timers.ts";

/** What is used of the browser's own types, which fit these. */
export interface WebCharacteristic {
  readonly value?: DataView | undefined;
  addEventListener(event: "characteristicvaluechanged", listener: () => void): void;
  removeEventListener(event: "characteristicvaluechanged", listener: () => void): void;
  startNotifications(): Promise<unknown>;
  writeValueWithoutResponse(value: BufferSource): Promise<void>;
  writeValueWithResponse(value: BufferSource): Promise<void>;
}

export interface WebService {
  getCharacteristic(uuid: string): Promise<WebCharacteristic>;
}

export interface WebServer {
  readonly connected: boolean;
  connect(): Promise<WebServer>;
  disconnect(): void;
  getPrimaryService(uuid: string): Promise<WebService>;
}

export interface WebDevice {
  readonly gatt?: WebServer | undefined;
  addEventListener(event: "gattserverdisconnected", listener: () => void): void;
  removeEventListener(event: "gattserverdisconnected", listener: () => void): void;
}

/** Bytes of a buffer, as the browser takes them. */
type BufferSource = ArrayBufferView<ArrayBuffer> | ArrayBuffer;

/** For `navigator.bluetooth.requestDevice`. */
export const requestOptions: { readonly filters: { readonly services: string[] }[] } = {
  filters: [{ services: [gatt.service] }],
};

export interface WebBluetoothOptions {
  readonly device: WebDevice;
  /**
   * Longest frame in bytes; left out: 244. A browser cuts no write, it refuses one that is too long for the connection.
   * Then the link ends, and from the next visit on this device gets frames of 20 bytes, which fit everywhere.
   */
  readonly frameBytesMax?: number;
  /** Each write waits for the lock's stack. Slower, and for systems that drop commands when they are busy. */
  readonly withResponse?: boolean;
  readonly timers?: Timers;
  /** Longest wait for one step, in milliseconds. */
  readonly stepMilliseconds?: number;
}

/** Devices to which the browser refused a long write. */
const narrow = new WeakSet<WebDevice>();

/**
 * From a disconnection to the next connection. `disconnect()` only asks, and nobody tells when it is done: whoever
 * connects meanwhile is given the connection that is about to end, and loses it a moment later.
 */
const restMilliseconds = 1_000;
/** Devices that were let go of just now, until they may be connected to. */
const resting = new WeakMap<WebDevice, Promise<void>>();

/** From one step to its end. A person's radio may be busy with music. */
const stepMillisecondsDefault = 10_000;

export function webBluetoothTransport(options: WebBluetoothOptions): Transport {
  const { device, timers = systemTimers, stepMilliseconds = stepMillisecondsDefault } = options;
  const frameBytesMax = options.frameBytesMax ?? frameBytesDefault;
  if (!Number.isInteger(frameBytesMax) || frameBytesMax < frameBytesMin || frameBytesMax > frameBytesMost) {
    throw new RangeError(`frames of ${frameBytesMax} bytes`);
  }
  /** A promise of the browser under a deadline; it goes on behind our back, and then finds nobody. */
  const within = <T>(late: string, signal: AbortSignal, start: () => Promise<T>): Promise<T> =>
    operation<T>({
      late,
      milliseconds: stepMilliseconds,
      timers,
      signal,
      begin({ done, failed }) {
        start().then(done, (error: unknown) => failed(errorOf(error)));
        return () => {};
      },
    });

  const letGo = (server: WebServer): void => {
    server.disconnect();
    resting.set(device, new Promise((resolve) => void timers.after(restMilliseconds, resolve)));
  };

  return {
    async open(signal) {
      const server = device.gatt;
      if (server === undefined) throw new Error("this device offers no connection");
      await within("the last connection did not end", signal, async () => await resting.get(device));
      try {
        await within("the lock did not connect", signal, () => server.connect());
        const service = await within("the lock did not name its services", signal, () =>
          server.getPrimaryService(gatt.service),
        );
        const inbox = await within("the lock's service lacks an attribute", signal, () =>
          service.getCharacteristic(gatt.inbox.uuid),
        );
        const outbox = await within("the lock's service lacks an attribute", signal, () =>
          service.getCharacteristic(gatt.outbox.uuid),
        );
        const connection = {
          frameBytesMax: narrow.has(device) ? frameBytesMin : frameBytesMax,
          async write(frame: Uint8Array) {
            // A copy: the browser may read it later, and takes no view of shared memory.
            const value = Uint8Array.from(frame);
            try {
              await (options.withResponse === true
                ? inbox.writeValueWithResponse(value)
                : inbox.writeValueWithoutResponse(value));
            } catch (error) {
              if (server.connected && value.length > frameBytesMin) narrow.add(device);
              throw error;
            }
          },
          onValue(listener: (value: Uint8Array) => void) {
            const changed = (): void => {
              const { value } = outbox;
              if (value === undefined) return;
              listener(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
            };
            outbox.addEventListener("characteristicvaluechanged", changed);
            return () => outbox.removeEventListener("characteristicvaluechanged", changed);
          },
          onClosed(listener: (why: string) => void) {
            const lost = (): void => listener("the lock closed the connection, or went out of range");
            device.addEventListener("gattserverdisconnected", lost);
            return () => device.removeEventListener("gattserverdisconnected", lost);
          },
          close: () => letGo(server),
        };
        const link = gattLink(connection, { timers, writeMilliseconds: stepMilliseconds });
        try {
          await within("the lock did not take the subscription", signal, () => outbox.startNotifications());
        } catch (error) {
          link.close();
          throw error;
        }
        return link;
      } catch (error) {
        letGo(server);
        throw error;
      }
    },
  };
}
