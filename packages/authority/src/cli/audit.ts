/** What whoever runs the service did on its command line, in the audit of each property concerned. Nobody was logged in. */
import type { Decision } from "../model/denial.ts";
import type { Office } from "../office/office.ts";
import { type DoorEntry, listProperties, type PersonEntry } from "../store/registry.ts";
import { noteDecision } from "../store/trail.ts";

export type CommandNoted =
  | "cli.accountAdd"
  | "cli.keysRotate"
  | "cli.restored"
  | "cli.assign"
  | "cli.suspend"
  | "cli.resume"
  | "cli.reset"
  | "cli.revoke"
  | "cli.commission"
  | "cli.trustBooks";

/** `propertyId` left out: it concerns every property. */
export async function noteCommand(
  office: Office,
  action: CommandNoted,
  about: { readonly propertyId?: string; readonly personId?: string; readonly doorId?: string } = {},
): Promise<void> {
  const all = about.propertyId === undefined ? await listProperties(office.db) : [{ id: about.propertyId }];
  for (const { id } of all)
    await noteDecision(office.db, {
      at: office.now,
      account_id: null,
      property_id: id,
      door_id: about.doorId ?? null,
      person_id: about.personId ?? null,
      action,
      decision: "granted",
      detail: null,
      doors: null,
      outside: false,
    });
}

/** The act and its line in the audit are there together or not at all; what was denied leaves none. */
export async function noting<T>(
  office: Office,
  action: CommandNoted,
  { door, person }: { readonly door: DoorEntry; readonly person: PersonEntry },
  act: (office: Office) => Promise<Decision<T>>,
): Promise<Decision<T>> {
  return await office.db.transaction().execute(async (trx) => {
    const inside = { ...office, db: trx };
    const decision = await act(inside);
    const about = { propertyId: door.propertyId, doorId: door.id, personId: person.id };
    if (decision.ok) await noteCommand(inside, action, about);
    return decision;
  });
}
