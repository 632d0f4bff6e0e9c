/**
 * A tap around a real HCI socket class: every packet between a stack and a real adapter goes to a sink as well. Sockets
 * of the management channel are left alone, their packets are not HCI.
 */

import { systemClock } from "./clock.ts";
import type { CaptureSink } from "./radio.ts";

/** What the tap needs of a socket class; everything else is passed through. */
export type AnySocketClass = new (
  ...args: unknown[]
) => {
  emit(name: string | symbol, ...words: unknown[]): boolean;
  write(packet: Uint8Array): void;
  bindControl?(...words: unknown[]): unknown;
};

export function tapped(Real: AnySocketClass, sink: CaptureSink): AnySocketClass {
  return class extends Real {
    #isControl = false;

    override bindControl(...words: unknown[]): unknown {
      this.#isControl = true;
      return super.bindControl?.(...words);
    }
    override write(packet: Uint8Array): void {
      this.#tell("sent", packet);
      super.write(packet);
    }
    /** The native part emits through this method; a listener would not survive the stacks' `removeAllListeners`. */
    override emit(name: string | symbol, ...words: unknown[]): boolean {
      const [packet] = words;
      if (name === "data" && packet instanceof Uint8Array) this.#tell("received", packet);
      return super.emit(name, ...words);
    }
    #tell(direction: "sent" | "received", packet: Uint8Array): void {
      if (!this.#isControl) sink({ direction, bytes: packet.slice(), at: systemClock.nowMs() });
    }
  };
}
