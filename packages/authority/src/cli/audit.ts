/** What whoever runs the service did on its command line, in the audit of each property concerned. Nobody was logged in. */
import type { Office } from "../office/office.ts";
import { listProperties } from "../store/registry.ts";
import { noteDecision } from "../store/trail.ts";

export type CommandNoted = "cli.accountAdd" | "cli.keysRotate" | "cli.restored";

/** `propertyId` left out: it concerns every property. */
export async function noteCommand(
  office: Office,
  action: CommandNoted,
  about: { readonly propertyId?: string; readonly personId?: string } = {},
): Promise<void> {
  const all = about.propertyId === undefined ? await listProperties(office.db) : [{ id: about.propertyId }];
  for (const { id } of all)
    await noteDecision(office.db, {
      at: office.now,
      account_id: null,
      property_id: id,
      door_id: null,
      person_id: about.personId ?? null,
      action,
      decision: "granted",
      detail: null,
      doors: null,
      outside: false,
    });
}
