/**
 * What is known about a door, and from when: the lock's last proven word beside what the property wants. It says
 * "works" of a code only on the lock's signature, and it never shows digits.
 */
import { toHex } from "@doorsync/protocol/authority";
import { planParcels } from "../issue/parcels.ts";
import { needsIssue } from "../issue/version.ts";
import { type AtTheDoor, atTheDoor } from "../model/at-the-door.ts";
import { newestVersion } from "../model/ledger.ts";
import { type LockState, lockState } from "../model/lock-state.ts";
import { type CodeState, codeState, isPending } from "../model/proof.ts";
import { type ShownTerms, shownTerms } from "../model/shown-terms.ts";
import { loadLedger } from "../store/ledgers.ts";
import { commissionOf, type DoorEntry, listDoors, listPeople, presentLock } from "../store/registry.ts";
import { findDoor, type Office } from "./office.ts";

export interface CodeStatus extends AtTheDoor {
  readonly person: string;
  readonly credential: number | null;
  readonly length: number;
  readonly state: CodeState;
  readonly pending: boolean;
  /** The door is to know it and not to open to it. */
  readonly suspended: boolean;
  readonly terms: ShownTerms;
}

export interface DoorStatus {
  readonly property: string;
  readonly door: string;
  readonly kind: string;
  readonly lock: LockState;
  readonly lockId: string | null;
  readonly epoch: number | null;
  readonly provenVersion: number | null;
  readonly newestVersion: number | null;
  /** Seconds since 1970: not before when (the lock's clock) and when the receipt came in. */
  readonly lastSync: { readonly lockSeconds: number; readonly receivedAt: number } | null;
  /** Something at this door waits for a sync. */
  readonly pending: boolean;
  /** Something was changed that no issued version holds yet: run issue. */
  readonly needsIssue: boolean;
  readonly needsSnapshot: boolean;
  /** The lock has signed for a table that was never issued. */
  readonly alarm: boolean;
  readonly codes: readonly CodeStatus[];
}

/** One door, or all of them. Codes that are proven gone are left out unless `removed` asks for them. */
export async function status(
  office: Office,
  wish: { readonly door: string | undefined; readonly removed: boolean },
): Promise<readonly DoorStatus[]> {
  const doors = wish.door === undefined ? await listDoors(office.db) : [await findDoor(office, wish.door)];
  const names = new Map((await listPeople(office.db)).map((person) => [person.id, person.name]));
  const all: DoorStatus[] = [];
  for (const door of doors) all.push(await doorStatus(office, door, names, wish.removed));
  return all;
}

async function doorStatus(
  office: Office,
  door: DoorEntry,
  names: ReadonlyMap<string, string>,
  withRemoved: boolean,
): Promise<DoorStatus> {
  const ledger = await loadLedger(office.db, door.id);
  const lock = await presentLock(office.db, door.id);
  const offered = (await commissionOf(office.db, door.id)) !== undefined;
  const doorOf = atTheDoor(ledger.lock, office);
  const codes: CodeStatus[] = [];
  for (const code of ledger.codes) {
    const state = codeState(code, ledger.lock);
    if (state === "removed" && !withRemoved) continue;
    codes.push({
      person: names.get(code.person) ?? code.person,
      credential: code.wireId ?? null,
      length: code.length,
      state,
      pending: isPending(state),
      suspended: code.terms?.suspended === true && !code.revoked,
      terms: shownTerms(code.terms),
      ...doorOf(code),
    });
  }
  const standing = ledger.lock;
  const newest = standing === undefined ? undefined : newestVersion(standing);
  const plan = standing === undefined ? undefined : planParcels(standing);
  return {
    property: door.property,
    door: door.name,
    kind: door.kind,
    lock: lockState(standing?.proven, offered),
    lockId: lock === undefined ? null : toHex(lock.lock_id),
    epoch: standing?.epoch ?? null,
    provenVersion: standing?.proven ?? null,
    newestVersion: newest?.version ?? null,
    lastSync: standing?.lastSync ?? null,
    pending:
      codes.some((code) => code.pending) || (newest !== undefined && newest.version !== standing?.proven),
    needsIssue: needsIssue(ledger, office.now),
    needsSnapshot: plan?.snapshot ?? false,
    alarm: standing?.contradicted !== undefined,
    codes,
  };
}
