/**
 * Writes a file so that nobody ever sees half of it: a temporary name in the same folder, flushed, then renamed.
 */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** How temporary names begin; readers pass over them. */
export const temporaryPrefix = ".writing-";

/** Throws Node's error (ENOSPC, EACCES …) and leaves no temporary file behind. */
export function writeWhole(path: string, bytes: Uint8Array, mode = 0o644): void {
  const temporary = join(dirname(path), `${temporaryPrefix}${process.pid}-${basename(path)}`);
  try {
    const file = openSync(temporary, "w", mode);
    try {
      let at = 0;
      while (at < bytes.length) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
