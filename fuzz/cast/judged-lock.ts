/**
 * What must hold of a lock at any moment, whatever was said and done to it: its table is one that its authority signed,
 * whole, under the version that the secure element names, and a code opens if and only if that table has it. It looks
 * into the lock's memory and changes nothing.
 */
import type { SimulatedLock } from "@doorsync/lock-sim";
import { equal, packItems, type Table } from "@doorsync/protocol/authority";
import { messageBytesMax, sessionBytesMax } from "@doorsync/protocol/lock";
import { heldVersion } from "../../packages/lock-sim/src/firmware/secure.ts";
import { hold } from "./claim.ts";
import { keys, versions } from "./house.ts";
import { tableFault } from "./table-fault.ts";

/** Digits and entries that wait: a person types them one by one. */
const waitingMax = 64;

/** Throws BrokenClaim. Returns the version in force; undefined: the lock is dark. */
export function judgeLock(lock: SimulatedLock): number | undefined {
  const { state } = lock.board;
  if (state.power === "off") return undefined;
  const { inForce, store, secure, session } = state;
  const { version, table } = inForce;
  hold(version === heldVersion(secure), "P1: the version in force is the one that the secure element names");
  if (store.damaged) {
    hold(table.count === 0, "P2: no item of a damaged table is used");
  } else {
    judgeTable(table, secure.version);
  }
  hold(
    state.entry.length <= waitingMax && state.entered.length <= waitingMax,
    "P16: the keypad's memory is bounded",
  );
  if (session === undefined) return version;
  hold(
    (session.inbox.open?.heardBytes ?? 0) <= messageBytesMax,
    "P17: no more is kept than the longest message",
  );
  hold(session.strangeBytes <= sessionBytesMax, "P18: a stranger is heard so far and no further");
  return version;
}

/** Tables are never changed after they are made: each is judged once. */
const judged = new WeakMap<Table, number>();

function judgeTable(table: Table, version: number): void {
  if (judged.get(table) === version) return;
  const signed = versions.find((one) => one.version === version);
  hold(signed !== undefined || version === 0, "P3: every version in force was signed");
  hold(
    signed === undefined ? table.count === 0 : equal(packItems(table), packItems(signed.table)),
    "P3: the table in force is the one that was signed",
  );
  const fault = table.count === 0 ? undefined : tableFault(table, keys.digest);
  hold(fault === undefined, "P7: the table in force is whole", () => fault ?? "");
  judged.set(table, version);
}

/** Types digits and ENTER. What opens is a code of the table in force; a code that is not in it never does. */
export function judgePress(lock: SimulatedLock, digits: string): string {
  const { state } = lock.board;
  const version = state.power === "on" && !state.store.damaged ? state.secure.version : undefined;
  const codes = versions.find((one) => one.version === version)?.codes ?? [];
  lock.press("*");
  const { result } = lock.press(`${digits}#`);
  hold(
    result !== "opened" || codes.includes(digits),
    "P3: no code opens that the table in force does not hold",
  );
  hold(result !== "typed", "P18: the keypad answers");
  return result;
}
