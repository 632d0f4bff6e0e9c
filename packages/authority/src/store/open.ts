/**
 * Opens the property's database: PGlite in a folder, or PostgreSQL. One set of tables and queries for both. It does
 * not know what the rows mean.
 */
import { Kysely, PostgresDialect } from "kysely";
import { migrate } from "./migrations.ts";
import type { Schema } from "./schema.ts";
import { byteaOid, bytesOf, int8Oid, numberOf } from "./types.ts";

export type Database = Kysely<Schema>;

/** `memory`: nothing outlives `close` (tests, demonstrations). */
export type Place =
  | { readonly kind: "memory" }
  | { readonly kind: "folder"; readonly folder: string }
  | { readonly kind: "postgres"; readonly url: string; readonly schema: string };

const connectionsMax = 8;
const connectMilliseconds = 5_000;

/**
 * A migrated database. Throws what the driver throws when the place cannot be reached or read; the caller turns
 * that into a sentence. Close with `destroy()`.
 */
export async function openStore(place: Place): Promise<Database> {
  const db = await connect(place);
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return db;
}

async function connect(place: Place): Promise<Database> {
  switch (place.kind) {
    case "memory":
    case "folder": {
      const { openPglite, PgliteDialect } = await import("./pglite.ts");
      const pglite = await openPglite(place.kind === "folder" ? place.folder : undefined);
      return new Kysely<Schema>({ dialect: new PgliteDialect(pglite) });
    }
    case "postgres":
      return await connectPostgres(place.url, place.schema);
    default:
      return place satisfies never;
  }
}

async function connectPostgres(url: string, schema: string): Promise<Database> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw new RangeError(`not a schema name: ${schema}`);
  const { default: pg } = await import("pg");
  const parsers = new Map<number, (text: string) => unknown>([
    [int8Oid, numberOf],
    [byteaOid, bytesOf],
  ]);
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: connectMilliseconds,
    // Compiling a query takes longer than any of ours runs.
    options: `-c search_path=${schema} -c jit=off`,
    types: { getTypeParser: (oid, format) => parsers.get(oid) ?? pg.types.getTypeParser(oid, format) },
  });
  // An idle connection that breaks must not end the process; the next query reports it.
  pool.on("error", () => undefined);
  // Nor may one that breaks while it is lent, between two statements of a transaction: the next statement fails.
  pool.on("connect", (client) => client.on("error", () => undefined));
  const client = await pool.connect().catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  try {
    // Two first starts at once may both find no schema; the loser's error means that it is there.
    await client.query(`create schema if not exists ${schema}`).catch((error: unknown) => {
      if (!isAlreadyThere(error)) throw error;
    });
  } finally {
    client.release();
  }
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}

function isAlreadyThere(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "23505" || code === "42P06";
}
