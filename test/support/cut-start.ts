/**
 * Where a power cut finds a lock: a state of its life with its authority, a change of its table on the way, and what
 * must hold of the table afterwards. Not the scenarios; they are in `cut-scenarios.ts` and those that it names.
 */
import type { Bytes, Table } from "@doorsync/protocol/authority";
import * as authority from "@doorsync/protocol/authority";
import type { Running } from "../../packages/lock-sim/src/firmware/state.ts";
import {
  commission,
  deliver,
  forkParts,
  inForce,
  type LockParts,
  makeLock,
  type TestAuthority,
  type TestLock,
  wait,
} from "../world.ts";
import type { Past, Scenario } from "./power-cuts.ts";

export const name = "cut";

export function running(lock: TestLock): Running {
  const { state } = lock.board;
  if (state.power === "off") throw new Error("the lock stays dark");
  return state;
}

export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** A table in force, and what its door does. */
export interface Held {
  readonly version: number;
  readonly items: Bytes;
  readonly opens: readonly string[];
  readonly refuses: readonly string[];
}

export type Codes = ReadonlyMap<number, string>;

/** A lock in some state of its life with its authority, and the codes that open it. */
export interface Start {
  readonly property: TestAuthority;
  readonly parts: LockParts;
  readonly version: number;
  readonly table: Table;
  readonly codes: Codes;
}

export type Change = Scenario & {
  readonly property: TestAuthority;
  readonly issued: authority.Issued;
  readonly leadsTo: Codes;
};

export function held(
  { version, table, codes }: Pick<Start, "version" | "table" | "codes">,
  others: Codes,
): Held {
  const opens = [...codes.values()];
  const refuses = [...others.values(), "9753"].filter((code) => !opens.includes(code));
  // A few of each: the judge types them, and the door counts.
  return {
    version,
    items: authority.packItems(table),
    opens: [...opens.slice(0, 2), ...opens.slice(-1)],
    refuses: refuses.slice(0, 1),
  };
}

export function codesOf(count: number, first = 1_000): Map<number, string> {
  return new Map(Array.from({ length: count }, (_, i) => [i, String(first + 37 * i).padStart(4, "0")]));
}

/** No receipt that was ever heard says more than what is in force now (P11). */
function keepsItsWord(lock: TestLock, property: TestAuthority, past: Past): void {
  const version = inForce(lock)?.version ?? -1;
  for (const message of past.said) {
    const said = property.receipt(message);
    demand(said === undefined || said.version <= version, `a receipt said ${said?.version}, held ${version}`);
  }
}

export function judgeTable(
  lock: TestLock,
  allowed: readonly Held[],
  property: TestAuthority,
  past: Past,
): void {
  const now = inForce(lock);
  demand(now !== undefined, "the lock stays dark");
  demand(!running(lock).store.damaged, "damaged");
  const is = allowed.find((one) => one.version === now.version && authority.equal(one.items, now.items));
  demand(is !== undefined, `version ${now.version}, not exactly one of ${allowed.map((one) => one.version)}`);
  demand(running(lock).secure.version === now.version, "the secure element counts otherwise");
  keepsItsWord(lock, property, past);
  const press = (code: string): ReturnType<TestLock["press"]> => {
    // A success that the cut kept from being noted counts as a failure, so a pause may be on.
    wait(lock, 61);
    return lock.press(code);
  };
  for (const code of is.refuses) demand(press(code) === "refused", `${code} is not refused`);
  for (const code of is.opens) demand(press(code) === "accepted", `${code} does not open`);
}

/** A change of the table on its way to a lock. */
export function change(what: string, start: Start, codes: Codes, kind: "delta" | "snapshot"): Change {
  const { property, parts } = start;
  const table = property.tableOf(codes);
  const issued = kind === "delta" ? property.delta(table, start.version) : property.snapshot(table);
  const old = held(start, codes);
  const fresh = held({ version: issued.to, table, codes }, start.codes);
  return {
    name: what,
    lock: name,
    parts,
    property,
    issued,
    leadsTo: codes,
    run(lock) {
      deliver(lock, issued);
    },
    judge(lock, after, past) {
      judgeTable(lock, after === "cut" ? [old, fresh] : [fresh], property, past);
      if (after === "cut") return;
      const heard = past.said.flatMap((message) => property.receipt(message) ?? []);
      const proves = heard.some(
        ({ version, state }) => version === issued.to && authority.equal(state, issued.state),
      );
      demand(proves, "no receipt");
    },
  };
}

/** What a change leaves behind when nothing goes wrong, switched off. */
export function afterwards(done: Change): Start {
  const { property } = done;
  const parts = forkParts(done.parts);
  const lock = makeLock(name, { parts });
  done.run(lock);
  demand(inForce(lock)?.version === done.issued.to, `${done.name} was not taken`);
  lock.board.powerOff();
  return { property, parts, version: done.issued.to, table: done.issued.table, codes: done.leadsTo };
}

export function fresh(): Start {
  const lock = makeLock(name);
  const property = commission(lock, name);
  lock.board.powerOff();
  return { property, parts: lock, version: 0, table: authority.emptyTable, codes: new Map() };
}

/** Owned, with so many codes, and nothing left to do. */
export function owned(count: number): Start {
  return afterwards(change("first", fresh(), codesOf(count), "snapshot"));
}
