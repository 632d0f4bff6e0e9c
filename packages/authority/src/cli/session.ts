/**
 * Opens the office for one command and closes it again: the only place with a clock and random bytes. It also says
 * every outcome, so that all commands speak alike.
 */
import { randomFillSync } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Crypto, createCrypto, toHex } from "@doorsync/protocol/authority";
import { openssl } from "@doorsync/protocol/node-crypto";
import { enterFolder } from "../files/guard.ts";
import {
  adoptNextKeys,
  firstKeyFile,
  hasKeys,
  type KeyRing,
  keyFingerprint,
  nextKeys,
  onlineFingerprint,
  readKeys,
} from "../keys/ring.ts";
import { createVault } from "../keys/vault.ts";
import type { Fill } from "../model/code.ts";
import { type Decision, denials, describeDenial } from "../model/denial.ts";
import type { Office } from "../office/office.ts";
import { type Database, openStore, type Place } from "../store/open.ts";
import { claimInstallation, isInstallation, loadOnline } from "../store/registry.ts";
import { Trouble } from "../trouble.ts";
import type { Cli } from "./context.ts";
import { explain } from "./explain.ts";
import type { BaseFlags } from "./flags.ts";

export const crypto: Crypto = createCrypto(openssl);

export const fill: Fill = (bytes) => {
  randomFillSync(bytes);
};

export function clock(flags: BaseFlags): number {
  return flags.now ?? Math.floor(Date.now() / 1_000);
}

export const keysFolder = (data: string): string => join(data, "keys");

/** Says one result: an object a line, or lines for people. */
export type Say = (object: object, lines: readonly string[]) => void;

/** Runs a command's work; its errors become one line and exit status 2. */
export async function guarded(cli: Cli, flags: BaseFlags, work: (say: Say) => Promise<void>): Promise<void> {
  const say: Say = (object, lines) => {
    const text = flags.json ? JSON.stringify(object) : lines.join("\n");
    if (text !== "") cli.process.stdout.write(`${text}\n`);
  };
  try {
    cli.process.exitCode = 0;
    await work(say);
  } catch (error) {
    cli.process.exitCode = 2;
    const trouble = explain(error);
    if (trouble === undefined) throw error;
    const { message, remedy } = trouble;
    if (flags.json) cli.process.stdout.write(`${JSON.stringify({ trouble: { what: message, remedy } })}\n`);
    cli.process.stderr.write(`doorsync-authority: ${message}; ${remedy}\n`);
  }
}

/** Says a decision: its value, or the denial with its number and exit status 1. */
export function sayDecision<T extends object>(
  cli: Cli,
  flags: BaseFlags,
  say: Say,
  decision: Decision<T>,
  lines: (value: T) => readonly string[],
): void {
  if (decision.ok) {
    say(decision.value, lines(decision.value));
    return;
  }
  const { denial, detail } = decision;
  const { code, meaning, remedy } = denials[denial];
  if (flags.json)
    say({ denied: { number: code, name: denial, detail: detail ?? null, meaning, remedy } }, []);
  cli.process.stderr.write(`doorsync-authority: ${describeDenial(decision)}\n`);
  cli.process.exitCode = 1;
}

/** Opens keys and database, runs the work, closes both. */
export async function withOffice(
  cli: Cli,
  flags: BaseFlags,
  work: (office: Office, say: Say) => Promise<void>,
): Promise<void> {
  await guarded(cli, flags, async (say) => {
    demandFolder(flags.data);
    const present = readKeys(keysFolder(flags.data));
    await withDatabase(cli, flags, present, false, async (db) => {
      if (!(await isInstallation(db, keyFingerprint(crypto, present)))) throw foreignKeys(flags);
      const keys = await onlineKeys(db, present, flags);
      await work(
        { db, crypto, keys, vault: createVault(crypto, keys.vault, fill), fill, now: clock(flags) },
        say,
      );
    });
  });
}

/** The keys that the database was last signed with; a rotation that stopped before the files were in place is finished. */
async function onlineKeys(db: Database, present: KeyRing, flags: BaseFlags): Promise<KeyRing> {
  const online = await loadOnline(db);
  const isOf = (ring: KeyRing): boolean =>
    online === undefined || crypto.same(online, onlineFingerprint(crypto, ring));
  if (isOf(present)) return present;
  const next = nextKeys(keysFolder(flags.data));
  if (!isOf(next)) throw foreignKeys(flags);
  adoptNextKeys(keysFolder(flags.data));
  return next;
}

/** Ties a database without keys to these; one that belongs to other keys is not taken over. */
async function claimFor(db: Database, fingerprint: Uint8Array, flags: BaseFlags): Promise<void> {
  if (!(await claimInstallation(db, fingerprint, clock(flags)))) throw foreignKeys(flags);
}

function foreignKeys(flags: BaseFlags): Trouble {
  return new Trouble(
    `the database does not belong to the keys in ${keysFolder(flags.data)}`,
    "restore keys and database from one backup",
  );
}

/** Opens the database that belongs to a data folder; `claim` ties an empty one to its keys. */
export async function withDatabase(
  cli: Cli,
  flags: BaseFlags,
  keys: KeyRing,
  claim: boolean,
  work: (db: Database) => Promise<void>,
): Promise<void> {
  const url = cli.process.env?.["DATABASE_URL"];
  const fingerprint = keyFingerprint(crypto, keys);
  if (cli.database !== undefined) {
    if (claim) await claimFor(cli.database, fingerprint, flags);
    await work(cli.database);
    return;
  }
  if (url !== undefined && url !== "") {
    // A schema of its own for each folder of keys: two properties may share one PostgreSQL database.
    const schema = `doorsync_${toHex(fingerprint.slice(0, 8))}`;
    await useDatabase({ kind: "postgres", url, schema }, fingerprint, claim, flags, work);
    return;
  }
  const folder = join(flags.data, "database");
  if (!claim && !existsSync(join(folder, "PG_VERSION"))) {
    throw new Trouble(
      `the data folder ${flags.data} has no database`,
      "run init (keys stay), restore a backup, or set DATABASE_URL if the property uses PostgreSQL",
    );
  }
  const leave = await enterFolder(flags.data);
  try {
    if (claim) await createEmbedded(flags.data, folder);
    await useDatabase({ kind: "folder", folder }, fingerprint, claim, flags, work);
  } finally {
    leave();
  }
}

/** A new embedded database is made beside its place and moved there when it is whole: a full disk leaves no half one. */
async function createEmbedded(data: string, folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const unfinished = join(data, "database-unfinished");
  rmSync(unfinished, { recursive: true, force: true });
  const db = await openStore({ kind: "folder", folder: unfinished }).catch((error: unknown) => {
    rmSync(unfinished, { recursive: true, force: true });
    throw error;
  });
  await db.destroy();
  renameSync(unfinished, folder);
}

async function useDatabase(
  place: Place,
  fingerprint: Uint8Array,
  claim: boolean,
  flags: BaseFlags,
  work: (db: Database) => Promise<void>,
): Promise<void> {
  const db = await openStore(place).catch((error: unknown) => {
    if (place.kind !== "folder" || explain(error) !== undefined) throw error;
    throw new Trouble(
      `the embedded database in ${place.folder} does not open (${firstLine(error)})`,
      "restore the data folder from its backup; the keys folder is separate and not touched",
      { cause: error },
    );
  });
  try {
    if (claim) await claimFor(db, fingerprint, flags);
    await work(db);
  } finally {
    await db.destroy();
  }
}

export function demandFolder(data: string): void {
  if (isFolder(data)) return;
  throw new Trouble(
    `the data folder ${data} does not exist`,
    `create it with: doorsync-authority init --data ${data}`,
  );
}

/** What `init` and `serve` leave in a data folder, also when they are stopped half-way. */
const ownEntry = /^(keys|database|database-unfinished|outbox|in-use(-.*)?)$/;

/** Makes the data folder, or takes one that is empty or ours: keys do not belong between a stranger's files. */
export function makeFolder(data: string): void {
  const isOurs = !isFolder(data) || existsSync(join(keysFolder(data), firstKeyFile));
  if (!isOurs && !readdirSync(data).every((entry) => ownEntry.test(entry))) {
    throw new Trouble(
      `the folder ${data} is not empty and holds no property of ours`,
      "name a new or an empty folder with --data",
    );
  }
  mkdirSync(data, { recursive: true, mode: 0o700 });
}

/** Before keys are made: a database that is there already had keys, and new ones would open nothing of it. */
export function demandNoDatabaseWithoutKeys(data: string): void {
  const keys = keysFolder(data);
  if (!existsSync(join(data, "database", "PG_VERSION")) || hasKeys(keys)) return;
  throw new Trouble(
    `the database in ${data} is there, but not all its keys in ${keys}`,
    "restore them from their copy",
  );
}

/** False when there is nothing; Trouble when there is something else. */
function isFolder(data: string): boolean {
  const there = statSync(data, { throwIfNoEntry: false });
  if (there === undefined || there.isDirectory()) return there !== undefined;
  throw new Trouble(`${data} is ${there.isFile() ? "a file" : "no folder"}`, "name a folder with --data");
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0]?.slice(0, 160) ?? "";
}
