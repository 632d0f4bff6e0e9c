/** The account of this phone: its vault in a folder, its client over the host's fetch. It composes and decides nothing. */
import { randomFillSync } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";
import { createCrypto } from "@doorsync/protocol/courier";
import { openssl } from "@doorsync/protocol/node-crypto";
import { type Account, createAccount } from "../account/account.ts";
import { createClient } from "../account/client.ts";
import { storedSession } from "../account/session.ts";
import { systemTimers } from "../edge/timers.ts";
import { vaultFolder } from "../edge/vault-folder.ts";
import type { Fetch, Storage } from "../ports.ts";
import { UseError } from "./secret.ts";
import type { Terminal } from "./terminal.ts";
import { ownVersion } from "./version.ts";

export function openVault(home: string | undefined, { env }: Terminal): Storage {
  const passphrase = env["DOORSYNC_PHONE_PASSPHRASE"];
  const folder = home ?? join(homedir(), ".doorsync-phone");
  return vaultFolder(folder, passphrase === "" ? undefined : passphrase);
}

/** An account at this service, logged in or not. */
export function accountAt(url: string, storage: Storage): Account {
  const fetch: Fetch = (address, request) => globalThis.fetch(address, request);
  const fill = (bytes: Uint8Array): void => void randomFillSync(bytes);
  return createAccount({
    client: createClient({ url, fetch, timers: systemTimers, fill }),
    storage,
    crypto: createCrypto(openssl),
    timers: systemTimers,
    fill,
    now: () => Math.floor(Date.now() / 1_000),
    app: { name: "doorsync-phone", version: ownVersion() },
  });
}

/** The account that is logged in here; UseError when none is. */
export async function openAccount(home: string | undefined, terminal: Terminal): Promise<Account> {
  const storage = openVault(home, terminal);
  const session = await storedSession(storage);
  if (session === undefined)
    throw new UseError("nobody is logged in on this phone: doorsync-phone login --url URL --email ADDRESS");
  return accountAt(session.url, storage);
}

/** A password crosses no foreign wire in the clear. Throws with what is expected. */
export function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isOwn = url !== undefined && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && isOwn))
    return url.href.replace(/[#?].*$/, "").replace(/\/+$/, "");
  throw new Error("give https://HOST, or http:// for a service on this computer");
}
