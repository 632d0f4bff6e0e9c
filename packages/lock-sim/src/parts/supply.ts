/**
 * The power supply, which can be told to fail inside a chosen storage operation. Flash and secure element fail each by
 * themselves; this counts over both, because a commit runs through both and "the next but three" may be in either. Over a battery, an operation that draws
 * more than it has left fails likewise.
 */
import type { FlashPort, SecurePort } from "../board/ports.ts";
import { sectorBytes, wordBytes } from "../firmware/geometry.ts";
import type { Battery } from "./battery.ts";
import type { Flash, TornPattern } from "./flash.ts";
import type { SecureElement } from "./secure-element.ts";

/** The two stores of a lock, as far as a supply and a board need them. Whoever keeps them in files gives the same. */
export interface Storage {
  readonly flash: FlashPort & Pick<Flash, "arm" | "counters">;
  readonly secure: SecurePort & Pick<SecureElement, "arm" | "writes">;
}

export interface SupplyCut {
  /** Storage operations from now on that still succeed; 0: the next one fails. */
  readonly op: number;
  /** In a flash operation: bytes done before the torn word. In a secure element: 0 leaves the old record, more the new. */
  readonly byte: number;
  readonly pattern: TornPattern;
  /** Draws what the pattern leaves open. */
  readonly seed: number;
}

export interface Struck {
  readonly store: "flash" | "secure";
  /** Number of the operation, counted from 0 over both stores since the parts were made. */
  readonly op: number;
}

export interface Supply extends Storage {
  /** Operations begun so far, over both stores. */
  readonly ops: number;
  /** Replaces what was armed before; undefined disarms. */
  failAt(cut: SupplyCut | undefined): void;
  /** The operation in which power last failed, told once. */
  struck(): Struck | undefined;
}

/** Wraps the stores of a board: give it the supply's ports. Without a battery there is always enough. */
export function createSupply(stores: Storage, battery?: Pick<Battery, "drawToStore">): Supply {
  let armed: SupplyCut | undefined;
  let remaining = 0;
  let struck: Struck | undefined;

  const opsBegun = (): number => stores.flash.counters.ops + stores.secure.writes;

  /** The cut for the operation about to begin, on so many bytes, if it is the chosen one or the battery gives in. */
  const due = (load: "program" | "erase" | "secure", bytes: number): SupplyCut | undefined => {
    const brownOut = battery?.drawToStore(load);
    const isChosen = armed !== undefined && remaining-- <= 0;
    if (isChosen) {
      const cut = armed;
      armed = undefined;
      return cut;
    }
    if (brownOut === undefined) return undefined;
    const { share, pattern, seed } = brownOut;
    // Past the last byte too: all was done and only the answer is lost. Whole words, since a word is torn as one.
    return { op: 0, byte: Math.floor(share * (bytes / wordBytes + 1)) * wordBytes, pattern, seed };
  };

  const noted = (store: Struck["store"], outcome: "done" | "cut"): "done" | "cut" => {
    if (outcome === "cut") struck = { store, op: opsBegun() - 1 };
    return outcome;
  };

  const armFlash = (load: "program" | "erase", bytes: number): void => {
    const cut = due(load, bytes);
    if (cut === undefined) return;
    const { byte: afterBytes, pattern, seed } = cut;
    stores.flash.arm({ kind: "cut", atOp: stores.flash.counters.ops, afterBytes, pattern, seed });
  };

  return {
    flash: {
      read: (address, length) => stores.flash.read(address, length),
      program(address, bytes) {
        armFlash("program", bytes.length);
        return noted("flash", stores.flash.program(address, bytes));
      },
      erase(sector) {
        armFlash("erase", sectorBytes);
        return noted("flash", stores.flash.erase(sector));
      },
      powerOn: () => stores.flash.powerOn(),
      arm: (fault) => stores.flash.arm(fault),
      get counters() {
        return stores.flash.counters;
      },
    },
    secure: {
      read: () => stores.secure.read(),
      write(record) {
        const cut = due("secure", wordBytes);
        if (cut !== undefined) {
          stores.secure.arm({ atWrite: stores.secure.writes, leaves: cut.byte === 0 ? "old" : "new" });
        }
        return noted("secure", stores.secure.write(record));
      },
      powerOn: () => stores.secure.powerOn(),
      arm: (cut) => stores.secure.arm(cut),
      get writes() {
        return stores.secure.writes;
      },
    },
    get ops() {
      return opsBegun();
    },
    failAt(cut) {
      armed = cut;
      remaining = cut?.op ?? 0;
      if (cut !== undefined) return;
      stores.flash.arm(undefined);
      stores.secure.arm(undefined);
    },
    struck() {
      const told = struck;
      struck = undefined;
      return told;
    },
  };
}
