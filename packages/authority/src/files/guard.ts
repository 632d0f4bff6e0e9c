/**
 * One process at a time in a data folder: the embedded database has no guard of its own, and two writers would
 * destroy it. The guard is a file with its owner's process id; one whose owner died is moved aside.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf, Trouble } from "../trouble.ts";

const waitMilliseconds = 15_000;
const lookMilliseconds = 40;

/** Waits its turn; gives the function that ends it. Throws Trouble when the other process does not end in time. */
export async function enterFolder(folder: string): Promise<() => void> {
  const guard = join(folder, "in-use");
  const mine = join(folder, `in-use-${process.pid}`);
  writeFileSync(mine, `${process.pid}\n`);
  try {
    for (let waited = 0; ; waited += lookMilliseconds) {
      if (take(mine, guard)) return () => rmSync(guard, { force: true });
      const owner = ownerOf(guard);
      if (owner !== undefined && !isAlive(owner)) {
        moveAside(guard, owner);
        continue;
      }
      if (waited > waitMilliseconds) {
        throw new Trouble(
          `the data folder ${folder} is in use by process ${owner ?? "unknown"}`,
          "wait for it to end, or end it; several programs at once need PostgreSQL (DATABASE_URL)",
        );
      }
      await new Promise((resolve) => setTimeout(resolve, lookMilliseconds));
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

/** A hard link appears whole or not at all: the guard never exists without its owner's id. */
function take(mine: string, guard: string): boolean {
  try {
    linkSync(mine, guard);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function ownerOf(guard: string): number | undefined {
  try {
    const owner = Number(readFileSync(guard, "ascii"));
    return Number.isSafeInteger(owner) && owner > 0 ? owner : undefined;
  } catch {
    return undefined; // given back between two looks
  }
}

function isAlive(owner: number): boolean {
  try {
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

/** Puts the guard back if a living process took it between the look and the move. */
function moveAside(guard: string, owner: number): void {
  const aside = `${guard}-stale-${process.pid}`;
  try {
    renameSync(guard, aside);
  } catch {
    return; // somebody else moved it first
  }
  if (ownerOf(aside) === owner) rmSync(aside, { force: true });
  else renameSync(aside, guard);
}
