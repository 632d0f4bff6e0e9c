/** `doorsync-phone login` and `logout`: whose phone this is, and that nothing stays of whoever leaves. */
import type { Account } from "../account/account.ts";
import { VaultError } from "../edge/vault-folder.ts";
import { ending } from "./command.ts";
import { accountAt, openAccount, openVault } from "./open.ts";
import { readSecret, readSecretFile, UseError } from "./secret.ts";
import type { CommonFlags, Context, LoginFlags } from "./terminal.ts";

export async function loginCommand(this: Context, flags: LoginFlags): Promise<void> {
  await ending(this, flags, async (terminal, signal) => {
    const { url, email, passwordFile } = flags;
    const password =
      passwordFile === undefined
        ? await readSecret(terminal, "password")
        : await readSecretFile(passwordFile, "password");
    const account = accountAt(url, openVault(flags.home, terminal));
    const answer = await account.logIn({ email, password, signal });
    if (!answer.ok) return answer;
    const { token: _, ...row } = answer.value;
    return { ok: true, row: { session: row }, lines: [`logged in as ${email} at ${url}`] };
  });
}

export async function logoutCommand(this: Context, flags: CommonFlags): Promise<void> {
  await ending(this, flags, async (terminal, signal) => {
    let account: Account;
    try {
      account = await openAccount(flags.home, terminal);
    } catch (error) {
      if (!(error instanceof UseError || error instanceof VaultError)) throw error;
      // A vault that nobody can open, or without a session, is wiped like any other.
      await openVault(flags.home, terminal).wipe();
      const isNobody = error instanceof UseError;
      const line = isNobody
        ? "nobody was logged in; this phone is empty"
        : `this phone is empty; the service could not be told: ${error.message}`;
      return { ok: true, row: { loggedOut: true, isServiceTold: isNobody, lost: 0 }, lines: [line] };
    }
    const { isServiceTold, why, lost } = await account.logOut({ signal });
    const lines = ["logged out; nothing is left on this phone"];
    if (!isServiceTold)
      lines.push(`the service does not know it yet: ${why}; reset the password to end every session`);
    if (lost > 0)
      lines.push(`${lost} answers of locks were lost; the next visit of any phone brings them again`);
    return { ok: true, row: { loggedOut: true, isServiceTold, lost }, lines };
  });
}
