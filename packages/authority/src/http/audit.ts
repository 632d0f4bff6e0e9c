/**
 * What the audit keeps of one change that was asked for: who asked, about whom and which doors by path and body, and
 * what was decided. Not who may read it: that is `desk/books.ts`.
 */
import type { Decision } from "../model/denial.ts";
import type { Office } from "../office/office.ts";
import { doorById } from "../store/registry.ts";
import { tiesOf } from "../store/roll.ts";
import { doorsWithCodesOf, standingsOf } from "../store/standings.ts";
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
  const about = decision.ok
    ? await endpoint.about?.({ ...call, office } as never, decision.value as never)
    : undefined;
  const row = {
    at: office.now,
    account_id: accountId === "" ? (account ?? null) : accountId,
    door_id: about?.door ?? door,
    person_id: about?.person ?? path.person ?? body.person ?? null,
    action: endpoint.name,
    decision: decision.ok ? "granted" : decision.denial,
    detail: decision.ok ? (about?.detail ?? null) : (decision.detail ?? null),
    doors: body.doors === undefined ? null : [...new Set(body.doors)].join(" "),
    // Whoever has nothing to do with a property writes nothing into its book; the row itself stays.
    outside: !decision.ok && property !== null && (await tiesOf(office.db, personId, property)) === undefined,
  };
  const concerned = about?.properties ?? [];
  for (const property_id of concerned.length === 0 ? [property] : concerned)
    await noteDecision(office.db, { ...row, property_id });
}

/** Where somebody stands or has a code: whose doors their phone's key concerns. */
export async function propertiesOf({ db }: Office, personId: string): Promise<readonly string[]> {
  const standing = (await standingsOf(db, personId)).map(({ propertyId }) => propertyId);
  const doors = await Promise.all((await doorsWithCodesOf(db, personId)).map((id) => doorById(db, id)));
  return [...new Set([...standing, ...doors.flatMap((door) => door?.propertyId ?? [])])].sort();
}
