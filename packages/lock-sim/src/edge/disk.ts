/**
 * The few things a lock home asks of a disk, as a port, so that a test can fill the disk or stop the process at any of
 * them. Files are private to their owner: one of them holds keys.
 */
import { closeSync, fdatasyncSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

export interface Disk {
  /** Writes all bytes at a position of an open file. */
  write(file: number, bytes: Uint8Array, position: number): void;
  /** What was written to the file is on the disk. */
  sync(file: number): void;
  rename(from: string, to: string): void;
  /** The names in a folder are on the disk, where the system can do that; never throws. */
  syncFolder(folder: string): void;
}

export const disk: Disk = {
  write(file, bytes, position) {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at, bytes.length - at, position + at);
  },
  sync: (file) => fdatasyncSync(file),
  rename: renameSync,
  syncFolder,
};

/** Opens a file that exists, for writing in place. */
export function openToWrite(path: string): number {
  return openSync(path, "r+");
}

/** Replaces a file so that nobody ever sees half of it: a temporary name, flushed, renamed, and the folder flushed. */
export function writeWhole(disk: Disk, path: string, content: Uint8Array | string): void {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const temporary = `${path}.writing`;
  try {
    const file = openSync(temporary, "w", 0o600);
    try {
      disk.write(file, bytes, 0);
      disk.sync(file);
    } finally {
      closeSync(file);
    }
    disk.rename(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  disk.syncFolder(dirname(path));
}

/** Some systems cannot flush a folder; the rename itself is whole there all the same. */
function syncFolder(folder: string): void {
  try {
    const file = openSync(folder, "r");
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch {
    return;
  }
}
