/**
 * One process at a time in one lock home. The guard is a file with its owner's process id and start time; one whose
 * owner died, however it died, is moved aside.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf, Trouble } from "./trouble.ts";

const triesMax = 20;

/** Enters, or throws Trouble if a living process is inside. Gives the function that leaves. */
export function enterHome(folder: string): () => void {
  const guard = join(folder, "run.pid");
  const mine = `${guard}.${process.pid}`;
  try {
    writeFileSync(mine, `${process.pid} ${startOf(process.pid)}\n`);
    for (let tries = 0; tries < triesMax; tries++) {
      if (take(mine, guard)) return () => rmSync(guard, { force: true });
      const owner = read(guard);
      if (owner === undefined) continue;
      if (isAlive(owner)) {
        throw new Trouble(
          `${folder} is in use by process ${owner.split(" ")[0]}: end that one first, or use another lock home`,
        );
      }
      moveAside(guard, owner);
    }
    throw new Trouble(`${guard} keeps changing hands: end the other lock-sim processes and run it again`);
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

/** The guard's text, or undefined when it was given back between two looks. */
function read(guard: string): string | undefined {
  try {
    return readFileSync(guard, "utf8").trim();
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** A process id alone proves nothing: ids are given out again, in containers soon. */
function isAlive(owner: string): boolean {
  const [pid = "", start] = owner.split(" ");
  if (!/^[1-9]\d*$/.test(pid)) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    if (codeOf(error) !== "EPERM") return false;
  }
  return start === undefined || start === startOf(Number(pid));
}

/** When a process started, where the system tells (Linux: clock ticks since boot); "-" elsewhere. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field, in brackets, may contain anything; the start time is the 22nd.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "-";
  } catch {
    return "-";
  }
}

/** Puts the guard back if a living process took it between the look and the move. */
function moveAside(guard: string, owner: string): void {
  const aside = `${guard}.stale.${process.pid}`;
  try {
    renameSync(guard, aside);
  } catch {
    return;
  }
  if (read(aside) === owner) rmSync(aside, { force: true });
  else renameSync(aside, guard);
}
