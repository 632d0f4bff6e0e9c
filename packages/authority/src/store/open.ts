/**
 * Opens the property's database: PGlite in a folder, or PostgreSQL. One set of tables and queries for both. It does
 * not know what the rows mean.
 */
import { Kysely } from "kysely";
import { migrate } from "./migrations.ts";
import type { Postgres } from "./postgres.ts";
import type { Schema } from "./schema.ts";

export type Database = Kysely<Schema>;

/** `memory`: nothing outlives `close` (tests, demonstrations). */
export type Place =
  | { readonly kind: "memory" }
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "postgres"; readonly url: string; readonly schema: string };

/**
 * A migrated database. Throws what the driver throws when the place cannot be reached or read; the caller turns
 * that into a sentence. Close with `destroy()`.
 */
export async function openStore(place: Place): Promise<Database> {
  const { db, beginHurry } = await connect(place);
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  beginHurry();
  return db;
}

async function connect(place: Place): Promise<Postgres> {
  switch (place.kind) {
    case "memory":
    case "folder": {
      const { openPglite, PgliteDialect } = await import("./pglite.ts");
      const pglite = await openPglite(place.kind === "folder" ? place.folder : undefined);
      // In this process: nothing lies between that could fall silent.
      return { db: new Kysely<Schema>({ dialect: new PgliteDialect(pglite) }), beginHurry: () => undefined };
    }
    case "postgres":
      return await (await import("./postgres.ts")).connectPostgres(place.url, place.schema);
    default:
      return place satisfies never;
  }
}
