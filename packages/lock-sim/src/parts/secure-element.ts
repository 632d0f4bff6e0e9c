/**
 * The secure element: one small record that is written as a whole or not at all, and counts its writes. Not
 * the firmware's idea of what is in it; and no cryptographic coprocessor.
 *
 * Its one fault: power may fail during a write, which leaves the old record or the new one, never a mixture.
 */
import { type Bytes, copy } from "@doorsync/protocol/lock";

/** Power fails in write number `atWrite` (from 0, over the life of the part), leaving this record behind. */
export interface SecureCut {
  readonly atWrite: number;
  readonly leaves: "old" | "new";
}

export interface SecureElement {
  read(): Bytes;
  /** "cut": power failed meanwhile; the part is dead until `powerOn`. */
  write(record: Bytes): "done" | "cut";
  /** Writes begun so far. */
  readonly writes: number;
  /** Cuts that struck so far. */
  readonly cuts: number;
  arm(cut: SecureCut | undefined): void;
  powerOn(): void;
  /** An independent copy, armed with nothing. */
  fork(): SecureElement;
}

/** `recordBytesMax` is the part's size; a longer record is a firmware bug and throws. */
export function createSecureElement(initial: Bytes, recordBytesMax = 1_024): SecureElement {
  let record = copy(initial);
  let armed: SecureCut | undefined;
  let writes = 0;
  let cuts = 0;
  let powered = true;
  return {
    read: () => copy(record),
    write(next) {
      if (!powered) throw new Error("secure element used without power");
      if (next.length > recordBytesMax) throw new Error(`a secure record of ${next.length} bytes`);
      const cut = armed?.atWrite === writes ? armed : undefined;
      writes++;
      if (cut?.leaves !== "old") record = copy(next);
      if (cut === undefined) return "done";
      cuts++;
      armed = undefined;
      powered = false;
      return "cut";
    },
    get writes() {
      return writes;
    },
    get cuts() {
      return cuts;
    },
    arm(cut) {
      armed = cut;
    },
    powerOn() {
      powered = true;
    },
    fork: () => createSecureElement(record, recordBytesMax),
  };
}
