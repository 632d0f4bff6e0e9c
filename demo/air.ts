/**
 * The story's other way between phones and locks: Bluetooth through the real stacks, over a radio of software. Each
 * door has an air of its own, since no two of this house are in range of one another. Not the story; that is story.ts.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Transport } from "@doorsync/phone-client";
import { nobleRadio, openAdapter } from "@doorsync/phone-client/node";

/** How a lock is told to listen, and a phone to go there. */
export interface Way {
  /** What the program of a lock is told in addition. */
  readonly lockArgs: readonly string[];
  /** What the phone's program is told, once the lock listens at `address`. */
  phoneArgs(address: string): readonly string[];
  /** For a hostile phone: a transport to the lock at `address`, for as long as `use` takes. */
  with<T>(address: string, use: (transport: Transport) => Promise<T>): Promise<T>;
}

export interface Airs {
  /** The way to one door. */
  way(door: number): Way;
  /** What the phones' adapters saw, one after the other in one file. */
  keep(file: string): Promise<void>;
}

/** btsnoop's header; what follows it are records, which stand by themselves. */
const snoopHeaderBytes = 16;

/** `isCaptured`: every phone writes down what goes over its adapter. */
export function airsIn(folder: string, isCaptured: boolean): Airs {
  const captures: string[] = [];
  const nextCapture = (): string | undefined => {
    if (!isCaptured) return undefined;
    const file = join(folder, `phone-${captures.length}.btsnoop`);
    captures.push(file);
    return file;
  };
  return {
    way(door) {
      const path = join(folder, `air-${door}`);
      return {
        lockArgs: ["--ble", "--adapter", `virtual:${path}`],
        phoneArgs() {
          const file = nextCapture();
          const capture = file === undefined ? [] : ["--capture", file];
          return ["--ble", "--adapter", `virtual:${path}`, ...capture];
        },
        async with(_, use) {
          const adapter = await openAdapter({ kind: "virtual", path }, nextCapture());
          const radio = nobleRadio({ stack: adapter.stack });
          try {
            return await use(radio);
          } finally {
            await radio.idle();
            await adapter.close();
          }
        },
      };
    },
    async keep(file) {
      const parts = await Promise.all(captures.map((capture) => readFile(capture)));
      await writeFile(
        file,
        Buffer.concat(parts.map((part, i) => (i === 0 ? part : part.subarray(snoopHeaderBytes)))),
        { mode: 0o600 },
      );
    },
  };
}
