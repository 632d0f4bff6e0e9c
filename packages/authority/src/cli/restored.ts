/** `restored`: what whoever runs the service says after it was started from a backup. Not the restoring itself. */
import { noteRestored } from "../desk/doubt.ts";
import { noteCommand } from "./audit.ts";
import type { Cli } from "./context.ts";
import type { BaseFlags } from "./flags.ts";
import { withOffice } from "./session.ts";
import { quoted } from "./words.ts";

export async function restored(this: Cli, flags: BaseFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const done = await office.db.transaction().execute(async (trx) => {
      await noteCommand({ ...office, db: trx }, "cli.restored");
      return await noteRestored({ ...office, db: trx });
    });
    say(done, [
      `every log-in is ended (${done.sessions}), and ${done.doors} door(s) are handed nothing for now`,
      "next: suspend and revoke anew whoever was since the backup, then say for each door that its books are right:",
      `  doorsync-authority issue --data ${quoted(flags.data)} --door DOOR --mailbox DIR --trust-books, or on the page`,
    ]);
  });
}
