/**
 * What the authority may believe: a receipt stands for what the lock durably holds (P11), and "removed" means that the
 * code never opens again. And what it may give out: codes that nobody else may still have (P25).
 */
import type { Checker } from "./checker.ts";
import { lockAt } from "./checker.ts";

export function receiptsHold(): Checker {
  return {
    property: "P11",
    claim: "what a receipt proved is what the lock durably holds, or less",
    hear(seen, view) {
      if (seen.kind !== "books") return undefined;
      const { state } = lockAt(view, seen.books.door);
      if (state.power === "off" || state.secure.epoch !== seen.books.epoch) return undefined;
      // A lock without an owner holds nothing; that is as good as any revocation.
      if (state.secure.phase === "factory") return undefined;
      if (seen.books.contradicted || seen.books.proven <= state.secure.version) return undefined;
      return `version ${seen.books.proven} is proven at door ${seen.books.door}, the lock holds ${state.secure.version}`;
    },
  };
}

/** A table, as far as its place in the order of tables goes. */
interface Place {
  readonly epoch: number;
  readonly version: number;
}

const isBehind = (one: Place, other: Place): boolean =>
  one.epoch < other.epoch || (one.epoch === other.epoch && one.version < other.version);

export function goneIsGone(): Checker {
  const gone = new Set<string>();
  const newest = new Map<number, Place>();
  /** Older books do not know what was signed since; by door, up to which table. A later one proven, they know again. */
  const unknownTo = new Map<number, Place>();
  return {
    property: "P11",
    claim: "a code that the authority calls removed never opens again",
    hear(seen) {
      switch (seen.kind) {
        case "restored":
          for (const [door, place] of newest) unknownTo.set(door, place);
          return undefined;
        case "books": {
          const { door, epoch, proven } = seen.books;
          const unknown = unknownTo.get(door);
          if (unknown !== undefined && !isBehind(unknown, { epoch, version: proven })) return undefined;
          unknownTo.delete(door);
          for (const { digits, state } of seen.books.codes) {
            const isLive = seen.books.codes.some((one) => one.digits === digits && one.state !== "removed");
            if (state === "removed" && !isLive) gone.add(`${door}/${digits}`);
          }
          return undefined;
        }
        case "signed": {
          const { door, entries, epoch, version } = seen.signed;
          const before = newest.get(door);
          if (before === undefined || isBehind(before, { epoch, version }))
            newest.set(door, { epoch, version });
          for (const { digits } of entries) gone.delete(`${door}/${digits}`);
          return undefined;
        }
        case "shown":
          if (seen.pressed.result !== "opened" || !gone.has(`${seen.door}/${seen.digits}`)) return undefined;
          return `lock ${seen.door} opened for ${seen.digits}, which the authority calls removed`;
        default:
          return undefined;
      }
    },
  };
}

/** Consecutive digits, up or down, or all the same. */
function isWeak(digits: string): boolean {
  const steps = [...digits.slice(1)].map((digit, i) => Number(digit) - Number(digits[i]));
  return [0, 1, -1].some((by) => steps.every((step) => step === by));
}

export function codesDiffer(): Checker {
  return {
    property: "P25",
    claim: "no two codes that a door may know are the same, and none is weak",
    hear(seen) {
      if (seen.kind === "signed") {
        const all = seen.signed.entries.filter(({ kind }) => kind === "code").map(({ digits }) => digits);
        const weak = all.find(isWeak);
        if (weak !== undefined) return `door ${seen.signed.door} was given the code ${weak}`;
        const twice = all.find((digits, i) => all.indexOf(digits) !== i);
        if (twice !== undefined) return `two people have ${twice} at door ${seen.signed.door}`;
      }
      if (seen.kind !== "books") return undefined;
      const held = seen.books.codes.filter(({ digits, state }) => digits !== "" && state !== "removed");
      const kept = held.map(({ digits }) => digits);
      const again = kept.find((digits, i) => kept.indexOf(digits) !== i);
      if (again === undefined) return undefined;
      return `${again} was given again at door ${seen.books.door}, whose lock may still know it`;
    },
  };
}
