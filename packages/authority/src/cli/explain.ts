/**
 * What went wrong outside of us, as one line with its remedy. Anything not recognised here is our own bug and keeps
 * its stack.
 */
import { codeOf, Trouble } from "../trouble.ts";

/** Undefined when the error is no fault of the environment that we know. */
export function explain(error: unknown): Trouble | undefined {
  if (error instanceof Trouble) return error;
  for (const one of causes(error)) {
    const found = explainOne(one);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An error, what it holds (a refused connection to two addresses), and what caused it. */
function causes(error: unknown): readonly unknown[] {
  const inner = error instanceof AggregateError ? error.errors : [];
  const cause = error instanceof Error && error.cause !== undefined ? [error.cause] : [];
  return [error, ...inner, ...cause];
}

function explainOne(error: unknown): Trouble | undefined {
  const code = codeOf(error);
  const said = error instanceof Error ? error.message : String(error);
  if (isFileSystemFull(error)) return diskFull("");
  const path = error instanceof Error && "path" in error ? String(error.path) : undefined;
  if (code === "ENOSPC" || code === "53100" || /no space left on device|disk full|disk quota/i.test(said)) {
    return diskFull(path === undefined ? "" : ` (${path})`);
  }
  switch (code) {
    case "ECONNREFUSED":
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EHOSTUNREACH":
    case "ETIMEDOUT":
    case "ECONNRESET":
    case "57P03":
    case "53300":
      return databaseTrouble(`the database cannot be reached (${code})`);
    case "28P01":
    case "28000":
    case "3D000":
    case "42501":
      return databaseTrouble(`the database refuses: ${said}`);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new Trouble(
        `no right to write or read ${path ?? "a file"} (${code})`,
        "run as the owner of the folder, or correct its rights",
      );
    case "ENOENT":
    case "ENOTDIR":
    case "EEXIST":
    case "EISDIR":
      return new Trouble(
        `${path ?? "a path"} is not what it should be (${code})`,
        "check the folder given with the flag",
      );
    default:
      break;
  }
  if (/timeout exceeded when trying to connect|connection terminated/i.test(said)) {
    return databaseTrouble("the database does not answer");
  }
  return undefined;
}

function databaseTrouble(what: string): Trouble {
  return new Trouble(
    what,
    "start it, correct DATABASE_URL, or unset DATABASE_URL to use the embedded database",
  );
}

function diskFull(where: string): Trouble {
  return new Trouble(
    `the disk is full${where}`,
    "free some space and run the same command again; nothing was half done",
  );
}

/** ENOSPC as the embedded database numbers it (WASI); it throws an object that is no Error. */
const wasiNoSpace = 51;

function isFileSystemFull(error: unknown): boolean {
  return typeof error === "object" && error !== null && "errno" in error && error.errno === wasiNoSpace;
}
