/**
 * The tables that the authority signed, as the checkers remember them, and which of them a lock says it holds. Beside
 * that, how often each credential was used since its lock has its owner.
 */
import { toHex } from "@doorsync/protocol/lock";
import type { Running } from "../../firmware/state.ts";
import type { ClockStory } from "../cast/lock.ts";
import type { DailyDigits, Entry, Signed } from "../plain.ts";
import type { Seen } from "../seen.ts";
import { neverUsed, type Used } from "./terms.ts";

/** Remembers every signed table. */
export interface Library {
  hear(seen: Seen): void;
  /** The table that a lock holds; undefined when nobody signed it, or it has none. */
  heldBy(door: number, state: Running): Signed | undefined;
  /** The daily codes of all tables of a door. */
  daysOf(door: number): readonly DailyDigits[];
}

export function createLibrary(): Library {
  const signed = new Map<string, Signed>();
  const nameOf = (door: number, version: number, state: string, issuedAt: number): string =>
    [door, version, state, issuedAt].join("/");
  return {
    hear(seen) {
      if (seen.kind !== "signed") return;
      const { door, version, state, issuedAt } = seen.signed;
      signed.set(nameOf(door, version, state, issuedAt), seen.signed);
    },
    heldBy(door, { inForce, secure }) {
      const found = signed.get(nameOf(door, secure.version, toHex(inForce.state), inForce.issuedAt));
      return found?.epoch === secure.tableEpoch ? found : undefined;
    },
    daysOf: (door) => [...signed.values()].filter((one) => one.door === door).flatMap(({ daily }) => daily),
  };
}

/** When a code was used, in true seconds, whether it certainly was, and by what clock the lock noted it. */
export interface Use {
  readonly seconds: number;
  readonly certain: boolean;
  readonly clock: ClockStory;
}

/** Remembers uses, by door, digits and whose they are; a new owner's lock has none. */
export interface Tally {
  usedOf(door: number, entry: Entry): Used;
  note(door: number, entry: Entry, use: Use): void;
  /** Somebody showed these digits, and nobody saw as whose they counted. */
  noteAny(door: number, digits: string, use: Use): void;
  hear(seen: Seen): void;
}

export function createTally(): Tally {
  const used = new Map<string, Used>();
  /** Everybody who ever had a code at a door. */
  const known = new Map<number, readonly Entry[]>();
  const nameOf = (door: number, { digits, person }: Entry): string => `${door}/${digits}/${person}`;

  function note(door: number, entry: Entry, { seconds, certain, clock }: Use): void {
    const name = nameOf(door, entry);
    const before = used.get(name) ?? neverUsed;
    used.set(name, {
      certain: before.certain + (certain ? 1 : 0),
      possible: before.possible + 1,
      firstSeconds: before.firstSeconds ?? seconds,
      surelySeconds: before.surelySeconds ?? (certain ? seconds : undefined),
      isDated: before.isDated && (before.surelySeconds !== undefined || clock === "right"),
    });
  }

  return {
    usedOf: (door, entry) => used.get(nameOf(door, entry)) ?? neverUsed,
    note,
    noteAny(door, digits, use) {
      const theirs = (known.get(door) ?? []).filter((entry) => entry.digits === digits);
      const certain = use.certain && theirs.length === 1;
      for (const entry of theirs) note(door, entry, { ...use, certain });
    },
    hear(seen) {
      if (seen.kind === "commissioned") {
        for (const name of [...used.keys()]) if (name.startsWith(`${seen.door}/`)) used.delete(name);
      }
      if (seen.kind !== "signed") return;
      const { door, entries } = seen.signed;
      const before = known.get(door) ?? [];
      const isIn = (list: readonly Entry[], one: Entry): boolean =>
        list.some((entry) => entry.digits === one.digits && entry.person === one.person);
      known.set(door, [...before, ...entries.filter((entry) => !isIn(before, entry))]);
      // A lock forgets the uses of who has left its table; one who comes back by an older book begins anew.
      for (const entry of before) {
        const uses = used.get(nameOf(door, entry));
        if (uses === undefined || isIn(entries, entry)) continue;
        used.set(nameOf(door, entry), { ...uses, certain: 0, surelySeconds: undefined });
      }
    },
  };
}
