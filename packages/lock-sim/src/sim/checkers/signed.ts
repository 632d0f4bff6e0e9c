/**
 * The tables that the authority signed, as the checkers remember them, and which of them a lock says it holds. Beside
 * that, how often each credential was used since its lock has its owner.
 */
import { toHex } from "@doorsync/protocol/lock";
import type { Running } from "../../firmware/state.ts";
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

/** Remembers uses, by door, digits and whose they are; a new owner's lock has none. */
export interface Tally {
  usedOf(door: number, entry: Entry): Used;
  note(door: number, entry: Entry, seconds: number, certain: boolean): void;
  /** Somebody showed these digits, and nobody saw as whose they counted. */
  noteAny(door: number, digits: string, seconds: number, certain: boolean): void;
  hear(seen: Seen): void;
}

export function createTally(): Tally {
  const used = new Map<string, Used>();
  /** Everybody who ever had a code at a door. */
  const known = new Map<number, readonly Entry[]>();
  const nameOf = (door: number, { digits, person }: Entry): string => `${door}/${digits}/${person}`;

  function note(door: number, entry: Entry, seconds: number, certain: boolean): void {
    const name = nameOf(door, entry);
    const before = used.get(name) ?? neverUsed;
    used.set(name, {
      certain: before.certain + (certain ? 1 : 0),
      possible: before.possible + 1,
      firstSeconds: before.firstSeconds ?? seconds,
      surelySeconds: before.surelySeconds ?? (certain ? seconds : undefined),
    });
  }

  return {
    usedOf: (door, entry) => used.get(nameOf(door, entry)) ?? neverUsed,
    note,
    noteAny(door, digits, seconds, certain) {
      const theirs = (known.get(door) ?? []).filter((entry) => entry.digits === digits);
      for (const entry of theirs) note(door, entry, seconds, certain && theirs.length === 1);
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
