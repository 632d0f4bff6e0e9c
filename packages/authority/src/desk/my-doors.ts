/**
 * The doors that somebody has to do with, as their phone shows them: when each was last synced, whether something waits,
 * and what may be done there, with the reason where not. Not the manager's list of a property: that is another.
 */
import { type CodeLength, codeLengths, toHex } from "@doorsync/protocol/authority";
import { isBehind } from "../issue/behind.ts";
import { allowedLength } from "../model/code.ts";
import { dailySlot } from "../model/daily-slot.ts";
import { type Decision, type DenialName, denials, deny, grant } from "../model/denial.ts";
import { type DoorKind, type Ledger, liveCode } from "../model/ledger.ts";
import { type LockState, lockState } from "../model/lock-state.ts";
import { type Action, mayAct, mayAny, type Role } from "../model/permission.ts";
import { judgeApp, type Policy } from "../model/policy.ts";
import { codeState, isPending } from "../model/proof.ts";
import type { Office } from "../office/office.ts";
import { policyOf, unitById } from "../store/houses.ts";
import { loadLedger } from "../store/ledgers.ts";
import { commissionOf, type DoorEntry, presentLock } from "../store/registry.ts";
import { standingsOf } from "../store/standings.ts";
import { isHeldAt, mayLetIn, rolesAtDoor, suspendedInstead } from "./access.ts";
import type { Actor } from "./actor.ts";
import { type ShownDoor, shownDoor } from "./code-faces.ts";
import { doorsToServe, ownDoorsOf } from "./doors.ts";

/** A manager's phone has to do with every door; the rest are in the list of the property. */
export const myDoorsMax = 64;

/** Whether something may be done here now, and why not. */
export interface May {
  readonly ok: boolean;
  readonly denial: DenialName | null;
  readonly why: string | null;
}

export interface MyDoor extends ShownDoor {
  readonly unit: { readonly id: string; readonly name: string } | null;
  readonly link: string;
  readonly lock: LockState;
  /** In hex, as the lock shows itself; null without a lock. */
  readonly lockTag: string | null;
  readonly roles: readonly Role[];
  /** Seconds since 1970: when the receipt came in, and not before when by the lock's clock. */
  readonly lastSync: { readonly at: number; readonly lockSeconds: number } | null;
  /** Something at this door waits for a sync, whoever's it is. */
  readonly pending: boolean;
  /** How many of one's own codes do. */
  readonly pendingChanges: number;
  /** Digits that a code may have here. */
  readonly lengths: readonly CodeLength[];
  readonly canReset: May;
  readonly canPick: May;
  readonly canInvite: May;
  readonly canGiveDaily: May;
  /** The lock has signed for a table that was never issued. */
  readonly alarm: boolean;
}

export interface MyDoors {
  readonly doors: readonly MyDoor[];
  readonly more: boolean;
}

/** One's own first: of one's units, and where one has a code. */
export async function myDoors(office: Office, actor: Actor): Promise<Decision<MyDoors>> {
  const may = await mayBeShown(office, actor);
  if (!may.ok) return may;
  const isOwn = await ownDoorsOf(office, actor);
  const rank = (door: DoorEntry): number => (isOwn(door) ? 0 : 1);
  const all = [...(await doorsToServe(office, actor))].sort(
    (a, b) => rank(a) - rank(b) || a.property.localeCompare(b.property) || a.name.localeCompare(b.name),
  );
  const doors: MyDoor[] = [];
  for (const door of all.slice(0, myDoorsMax)) doors.push(await myDoor(office, actor, door));
  return grant({ doors, more: all.length > myDoorsMax });
}

/** MOBILE_ONLY: at a desk doors are shown to whose work they are, and not to who lives behind them (F27). */
async function mayBeShown(office: Office, { client, personId }: Actor): Promise<Decision<true>> {
  if (client === "mobile") return grant(true);
  const isOffice = (await standingsOf(office.db, personId)).some(
    ({ role, isSuspended }) => !isSuspended && (role === "manager" || role === "host"),
  );
  return isOffice ? grant(true) : deny("MOBILE_ONLY", "myDoors");
}

async function myDoor(office: Office, actor: Actor, door: DoorEntry): Promise<MyDoor> {
  const ledger = await loadLedger(office.db, door.id);
  const lock = await presentLock(office.db, door.id);
  const unit = door.unitId === null ? undefined : await unitById(office.db, door.unitId);
  const roles = await rolesAtDoor(office, actor.personId, door);
  const policy = await policyOf(office.db, door.propertyId);
  const standing = ledger.lock;
  const isWaiting = (code: Ledger["codes"][number]): boolean => isPending(codeState(code, standing));
  const waiting = ledger.codes.filter(isWaiting);
  const mayAsIs = mayHere(actor, roles, policy, door.kind as DoorKind, ledger);
  const isHeld = await isHeldAt(office, actor.personId, door);
  const may = (action: Action): Decision<unknown> =>
    isHeld ? suspendedInstead(mayAsIs(action)) : mayAsIs(action);
  const letIn = await mayLetIn(office, actor.personId, door);
  const mayToo = (action: Action): Decision<unknown> => (may(action).ok ? letIn : may(action));
  const slot = dailySlot(ledger, office.now);
  return {
    ...shownDoor(door),
    unit: unit === undefined ? null : { id: unit.id, name: unit.name },
    link: door.link,
    lock: lockState(standing?.proven, (await commissionOf(office.db, door.id)) !== undefined),
    lockTag: lock === undefined ? null : toHex(lock.tag),
    roles,
    lastSync:
      standing?.lastSync === undefined
        ? null
        : { at: standing.lastSync.receivedAt, lockSeconds: standing.lastSync.lockSeconds },
    pending: waiting.length > 0 || isBehind(ledger, office.now),
    pendingChanges: waiting.filter(({ person }) => person === actor.personId).length,
    lengths: codeLengths.filter((length) => allowedLength(length, door.sixDigits).ok),
    canReset: said(may("resetCode")),
    canPick: said(may("pickCode")),
    canInvite: said(mayToo("issueGuest")),
    canGiveDaily: said(!mayToo("dailyCode").ok || slot.ok ? mayToo("dailyCode") : slot),
    alarm: standing?.contradicted !== undefined,
  };
}

/** What the acts themselves would say, before anything is asked of them. */
function mayHere(
  actor: Actor,
  roles: readonly Role[],
  policy: Policy,
  kind: DoorKind,
  ledger: Ledger,
): (action: Action) => Decision<unknown> {
  return (action) => {
    const isKindInTheWay =
      action === "pickCode" && kind !== "residence" && mayAny(roles, action, "residence").ok;
    if (isKindInTheWay) return deny("CODE_NOT_PRIVATE", kind);
    const may = mayAct({ roles, client: actor.client }, action, kind);
    if (!may.ok || action === "dailyCode") return may;
    const app = judgeApp(policy, actor);
    if (!app.ok || action === "issueGuest") return app;
    if (action === "pickCode" && !policy.customCodes) return deny("CANNOT_SPECIFY_PIN_CODE");
    return liveCode(ledger, actor.personId) === undefined ? deny("NOT_ASSIGNED") : grant(true);
  };
}

function said(decision: Decision<unknown>): May {
  if (decision.ok) return { ok: true, denial: null, why: null };
  const { meaning, remedy } = denials[decision.denial];
  return { ok: false, denial: decision.denial, why: `${meaning}; ${remedy}` };
}
