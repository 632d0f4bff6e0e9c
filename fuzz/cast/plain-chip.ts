/**
 * A flash chip that does what NOR flash does and complains of nothing: programming clears bits, erasing sets them. For
 * images that no firmware wrote, where the strict chip of the simulator would call the firmware's every move a bug.
 */
import type { Flash, FlashCounters } from "@doorsync/lock-sim";
import { sectorBytes } from "../../packages/lock-sim/src/firmware/geometry.ts";

export interface PlainChip {
  readonly flash: Pick<Flash, "read" | "program" | "erase" | "powerOn" | "arm" | "counters">;
  /** The image as it lies; not a copy. */
  readonly image: Uint8Array;
}

export function createPlainChip(image: Uint8Array): PlainChip {
  const count = { ops: 0, programs: 0, programBytes: 0, erases: 0, cuts: 0, duds: 0, lost: 0, stuck: 0 };
  return {
    image,
    flash: {
      read: (address = 0, length = image.length - address) => image.slice(address, address + length),
      program(address, bytes) {
        if (address < 0 || address + bytes.length > image.length)
          throw new Error(`program past the end, at ${address}`);
        for (const [i, byte] of bytes.entries()) image[address + i] = (image[address + i] ?? 0) & byte;
        count.ops++;
        count.programs++;
        count.programBytes += bytes.length;
        return "done";
      },
      erase(sector) {
        const at = sector * sectorBytes;
        if (at < 0 || at + sectorBytes > image.length) throw new Error(`erase of sector ${sector}`);
        image.fill(0xff, at, at + sectorBytes);
        count.ops++;
        count.erases++;
        return "done";
      },
      powerOn() {},
      arm() {},
      get counters(): FlashCounters {
        return { ...count };
      },
    },
  };
}
