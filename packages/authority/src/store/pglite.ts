/**
 * Kysely's dialect for PGlite: PostgreSQL inside this process, one connection, one user of a folder at a time. It
 * knows no table of ours, and it does not guard the folder against a second process (`guard.ts` does).
 */
import { PGlite } from "@electric-sql/pglite";
import {
  type CompiledQuery,
  type DatabaseConnection,
  type DatabaseIntrospector,
  type Dialect,
  type DialectAdapter,
  type Driver,
  type Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryCompiler,
  type QueryResult,
} from "kysely";
import { int8Oid, numberOf } from "./types.ts";

/** `folder` undefined: in memory, gone when closed; it begins as `image`, what `dumpDataDir` gave of another one. */
export async function openPglite(folder: string | undefined, image?: Blob): Promise<PGlite> {
  const parsers = { [int8Oid]: numberOf };
  if (folder === undefined && image !== undefined)
    return await PGlite.create({ parsers, loadDataDir: image });
  return folder === undefined ? await PGlite.create({ parsers }) : await PGlite.create(folder, { parsers });
}

export class PgliteDialect implements Dialect {
  readonly #database: PGlite;

  constructor(database: PGlite) {
    this.#database = database;
  }

  createAdapter(): DialectAdapter {
    return new PostgresAdapter();
  }

  createDriver(): Driver {
    return new PgliteDriver(this.#database);
  }

  createIntrospector(db: Kysely<unknown>): DatabaseIntrospector {
    return new PostgresIntrospector(db);
  }

  createQueryCompiler(): QueryCompiler {
    return new PostgresQueryCompiler();
  }
}

/** Lends the one connection to one borrower at a time: two open transactions on it would be one. */
class PgliteDriver implements Driver {
  readonly #database: PGlite;
  readonly #waiting: (() => void)[] = [];
  #isLent = false;

  constructor(database: PGlite) {
    this.#database = database;
  }

  async init(): Promise<void> {
    await this.#database.waitReady;
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (this.#isLent) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#isLent = true;
    return new PgliteConnection(this.#database);
  }

  async releaseConnection(): Promise<void> {
    const next = this.#waiting.shift();
    // The loan passes on without a gap, or a newcomer could slip in between.
    if (next === undefined) this.#isLent = false;
    else next();
  }

  async beginTransaction(): Promise<void> {
    await this.#database.exec("begin");
  }

  async commitTransaction(): Promise<void> {
    await this.#database.exec("commit");
  }

  async rollbackTransaction(): Promise<void> {
    await this.#database.exec("rollback");
  }

  async destroy(): Promise<void> {
    await this.#database.close();
  }
}

class PgliteConnection implements DatabaseConnection {
  readonly #database: PGlite;

  constructor(database: PGlite) {
    this.#database = database;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const result = await this.#database.query<R>(query.sql, [...query.parameters]);
    const affected = result.affectedRows;
    return affected === undefined
      ? { rows: result.rows }
      : { rows: result.rows, numAffectedRows: BigInt(affected) };
  }

  // biome-ignore lint/correctness/useYield: the interface asks for a stream, and this store has no use for one
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error("PGlite does not stream");
  }
}
