/**
 * The surface of `@abandonware/bluetooth-hci-socket` over a radio: what noble and bleno take for a raw HCI socket of
 * Linux. Filters are accepted and not applied, and the management channel (`bindControl`) is silent.
 */
import { EventEmitter } from "node:events";
import type { HostPort, Radio, RadioAdapter } from "./radio.ts";

/** The methods that the two stacks call. */
export interface HciSocket extends EventEmitter {
  bindRaw(deviceId?: number): number;
  bindUser(deviceId?: number): number;
  bindControl(): number;
  isDevUp(): boolean;
  start(): void;
  stop(): void;
  reset(): void;
  setFilter(filter: Uint8Array): void;
  write(packet: Uint8Array): void;
}

export type HciSocketClass = new () => HciSocket;

const noDevice = (deviceId: number): Error =>
  Object.assign(new Error(`ENODEV, No such device: the radio has no adapter ${deviceId}`), {
    code: "ENODEV",
  });

/** Sockets look the radio up when they are bound: a stack keeps the class it was loaded with, whatever comes later. */
export function socketClass(current: () => Radio): HciSocketClass {
  /** Adapters that were made for sockets which asked for none by number. */
  const taken = new WeakSet<RadioAdapter>();

  const choose = (deviceId: number | undefined): RadioAdapter => {
    const radio = current();
    if (deviceId !== undefined) {
      const found = radio.adapters.find((adapter) => adapter.deviceId === deviceId);
      if (found === undefined) throw noDevice(deviceId);
      return found;
    }
    const found = radio.adapters.find((adapter) => !taken.has(adapter)) ?? radio.adapter();
    taken.add(found);
    return found;
  };

  return class VirtualHciSocket extends EventEmitter implements HciSocket {
    #adapter: RadioAdapter | undefined;
    #port: HostPort | undefined;

    bindRaw(deviceId?: number): number {
      const adapter = choose(deviceId);
      taken.add(adapter);
      this.#port?.close();
      this.#adapter = adapter;
      // The stacks read with Buffer's methods, and keep slices: each gets bytes of its own.
      this.#port = adapter.open((packet) => void this.emit("data", Buffer.from(packet)));
      return adapter.deviceId;
    }
    bindUser(deviceId?: number): number {
      return this.bindRaw(deviceId);
    }
    bindControl(): number {
      return 0;
    }
    isDevUp(): boolean {
      return this.#adapter?.isUp ?? false;
    }
    start(): void {}
    stop(): void {
      this.#port?.close();
      this.#port = undefined;
    }
    reset(): void {}
    setFilter(_filter: Uint8Array): void {}
    write(packet: Uint8Array): void {
      this.#port?.write(packet);
    }
  };
}
