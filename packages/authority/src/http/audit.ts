/**
 * What the audit keeps of one change that was asked for: who asked, about whom and which doors by path and body, and
 * what was decided. Not who may read it: that is `desk/books.ts`.
 */
import type { Decision } from "../model/denial.ts";
import type { Office } from "../office/office.ts";
import { doorById } from "../store/registry.ts";
import { tiesOf } from "../store/roll.ts";
import { noteDecision } from "../store/trail.ts";
import type { Call, Endpoint } from "./endpoint.ts";

type AnyCall = Call<never, never, never>;

interface Named {
  readonly door?: string;
  readonly property?: string;
  readonly person?: string;
  readonly doors?: readonly string[];
}

/** `account`: whose it is where nobody is logged in. */
export async function noteAudit(
  office: Office,
  endpoint: Endpoint,
  call: AnyCall,
  decision: Decision<unknown>,
  account: string | undefined,
): Promise<void> {
  const path = (call.params ?? {}) as Named;
  const body = (call.body ?? {}) as Named;
  const door = path.door ?? body.door ?? null;
  const property =
    path.property ?? (door === null ? undefined : (await doorById(office.db, door))?.propertyId) ?? null;
  const { accountId, personId } = call.actor;
  await noteDecision(office.db, {
    at: office.now,
    account_id: accountId === "" ? (account ?? null) : accountId,
    property_id: property,
    door_id: door,
    person_id: path.person ?? body.person ?? null,
    action: endpoint.name,
    decision: decision.ok ? "granted" : decision.denial,
    detail: decision.ok ? null : (decision.detail ?? null),
    doors: body.doors === undefined ? null : [...new Set(body.doors)].join(" "),
    // Whoever has nothing to do with a property writes nothing into its book; the row itself stays.
    outside: !decision.ok && property !== null && (await tiesOf(office.db, personId, property)) === undefined,
  });
}
