/**
 * Connections to a PostgreSQL that may stop answering: each statement has its time, here and at the server, so that no
 * call waits for ever and no row stays locked behind a wire that went silent. It knows neither tables nor queries.
 *
 * What was asked last before the silence may be done or not: a commit whose answer is lost is whole at the server.
 */
import { Kysely, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import type { Pool } from "pg";
import type { Schema } from "./schema.ts";
import { byteaOid, bytesOf, int8Oid, numberOf } from "./types.ts";

const connectionsMax = 8;
const connectMilliseconds = 5_000;
/** The server gives a statement up after this time, also one that waits for a lock. */
export const statementMilliseconds = 10_000;
/** And its whole transaction, if nothing comes over the wire any more. */
const silenceMilliseconds = 30_000;
/** Then no word comes from the server itself: the connection is given up. Longer, or it would cut the server short. */
export const answerMilliseconds = 12_000;

export interface Postgres {
  readonly db: Kysely<Schema>;
  /** From now on statements have their time; a migration of a large table takes as long as it takes. */
  readonly beginHurry: () => void;
}

export async function connectPostgres(url: string, schema: string): Promise<Postgres> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw new RangeError(`not a schema name: ${schema}`);
  const { default: pg } = await import("pg");
  const parsers = new Map<number, (text: string) => unknown>([
    [int8Oid, numberOf],
    [byteaOid, bytesOf],
  ]);
  const settings = {
    search_path: schema,
    // Compiling a query takes longer than any of ours runs.
    jit: "off",
    statement_timeout: statementMilliseconds,
    idle_in_transaction_session_timeout: silenceMilliseconds,
  };
  const pool = new pg.Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: connectMilliseconds,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value}`)
      .join(" "),
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
  let isHurried = false;
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: bounded(pool, () => isHurried) }) });
  return {
    db,
    beginHurry: () => {
      isHurried = true;
    },
  };
}

/** No word from the server. Named as the network's own, which it is like. */
class Silence extends Error {
  readonly code = "ETIMEDOUT";
  constructor() {
    super(`the database has not answered for ${answerMilliseconds} ms`);
  }
}

/** A pool whose connections are never lent again after a statement that nobody answered. */
function bounded(pool: Pool, isHurried: () => boolean): PostgresPool {
  return {
    connect: async () => {
      const client = await pool.connect();
      let silence: Silence | undefined;
      const query = async (text: string, values: unknown[]): Promise<unknown> => {
        // Not even to roll back: the statement would wait behind the one before it.
        if (silence !== undefined) throw silence;
        const answer = client.query(text, values);
        if (!isHurried()) return await answer;
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<never>((_, reject) => {
          timer = setTimeout(() => {
            silence = new Silence();
            reject(silence);
          }, answerMilliseconds);
        });
        try {
          return await Promise.race([answer, late]);
        } finally {
          clearTimeout(timer);
          // Once the connection is given up, the statement fails where nobody listens any more.
          answer.catch(() => undefined);
        }
      };
      const lent = { query, release: () => client.release(silence) };
      return lent as PostgresPoolClient;
    },
    end: () => pool.end(),
  };
}

function isAlreadyThere(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "23505" || code === "42P06";
}
