/**
 * The embedded database in memory, migrated. Making one takes seconds, so the first one is kept as an image beside the
 * installed packages, and the others begin as its copies. The image is named by the migrations that it holds.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Database } from "@doorsync/authority";
import { Kysely } from "kysely";
import { migrate } from "../../packages/authority/src/store/migrations.ts";
import { openPglite, PgliteDialect } from "../../packages/authority/src/store/pglite.ts";
import type { Schema } from "../../packages/authority/src/store/schema.ts";

const folder = fileURLToPath(new URL("../../node_modules/.cache/doorsync/", import.meta.url));
const sources = ["migrations.ts", "pglite.ts"].map((name) =>
  readFileSync(new URL(`../../packages/authority/src/store/${name}`, import.meta.url)),
);
const image = `${folder}${createHash("sha256").update(Buffer.concat(sources)).digest("hex").slice(0, 16)}.tar`;

export async function memoryStore(): Promise<Database> {
  if (!existsSync(image)) await makeImage();
  const pglite = await openPglite(undefined, new Blob([readFileSync(image)]));
  return new Kysely<Schema>({ dialect: new PgliteDialect(pglite) });
}

/** Two processes may make it at once: each renames a whole one into place. */
async function makeImage(): Promise<void> {
  const pglite = await openPglite(undefined);
  const db = new Kysely<Schema>({ dialect: new PgliteDialect(pglite) });
  await migrate(db);
  const bytes = Buffer.from(await (await pglite.dumpDataDir("none")).arrayBuffer());
  await db.destroy();
  mkdirSync(folder, { recursive: true });
  const mine = `${image}.${process.pid}`;
  writeFileSync(mine, bytes);
  renameSync(mine, image);
  rmSync(mine, { force: true });
}
