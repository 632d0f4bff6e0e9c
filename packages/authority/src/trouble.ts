/**
 * A fault of the environment or of its use, in one line with its remedy: thrown where it is found, printed by the
 * command line with exit status 2. Not a refusal (those are values), and not a bug of ours (those are plain errors).
 */
export class Trouble extends Error {
  readonly remedy: string;

  constructor(what: string, remedy: string, options?: ErrorOptions) {
    super(what, options);
    this.name = "Trouble";
    this.remedy = remedy;
  }
}

/** Node's error code (`ENOENT`, `ECONNREFUSED`) or PostgreSQL's SQLSTATE, when there is one. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
