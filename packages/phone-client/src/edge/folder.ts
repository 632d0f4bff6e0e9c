/**
 * A mailbox that is a folder: sealed parcels in `parcels/`, return slips out in `returns/`. Not a queue: files are
 * whole or absent (temporary name, then rename), and the courier never deletes what the authority wrote.
 *
 *   parcels/<tag8>-<epoch>-<from|snapshot|commission|rotation|ack>-<to>.parcel
 *   returns/<tag8>-<epoch>-<to>-<first 8 hex of the slip's SHA-256>.slip
 */
import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  type Bytes,
  decodeParcel,
  encodeReturnSlip,
  type Parcel,
  parcelBytesMax,
  type ReturnSlip,
  toHex,
} from "@doorsync/protocol/courier";
import type { Mailbox } from "../ports.ts";

/** Parcel files looked at in one visit. */
const parcelFilesMax = 4_096;

const parcelName = /^[0-9a-f]{16}-\d{1,10}-(?:\d{1,10}|snapshot|commission|rotation|ack)-\d{1,10}\.parcel$/;

/** What is wrong with a mailbox as a whole, in one sentence that says what to do. */
export class MailboxError extends Error {
  override readonly name = "MailboxError";
}

/** A parcel with the file it came from. */
export interface CarriedFile {
  readonly file: string;
  readonly bytes: number;
  readonly parcel: Parcel;
}

export interface FolderMailbox extends Mailbox {
  /** Like `parcels`, with file names; for people who want to see what is carried. */
  files(): Promise<readonly CarriedFile[]>;
}

/** A file with a parcel's name that holds no whole parcel; tag (hex), epoch and version are what its name says. */
export interface SpoiltFile {
  readonly tag: string;
  readonly epoch: number;
  readonly to: number;
}

/**
 * The mailbox in a folder. `warn` hears one line for every file that is ignored, `spoilt` of those among them that
 * should be parcels. Its promises reject with
 * MailboxError: no such folder, not readable, disk full, not writable.
 */
export function folderMailbox(
  folder: string,
  warn: (line: string) => void,
  spoilt: (file: SpoiltFile) => void = () => {},
): FolderMailbox {
  const parcelsFolder = join(folder, "parcels");
  const returnsFolder = join(folder, "returns");
  let writes = 0;

  async function files(): Promise<readonly CarriedFile[]> {
    await mustBeFolder(folder);
    const found: CarriedFile[] = [];
    for (const file of await parcelFiles(parcelsFolder, warn)) {
      const complain = (line: string): void => {
        warn(line);
        if (bringsTable(file)) spoilt(spoiltFile(file));
      };
      const bytes = await readParcelFile(join(parcelsFolder, file), complain);
      if (bytes === undefined) continue;
      const decoded = decodeParcel(bytes);
      if (decoded.ok) found.push({ file, bytes: bytes.length, parcel: decoded.value });
      else complain(`${join(parcelsFolder, file)}: not a whole parcel; ignored, fetch it again`);
    }
    return found;
  }

  async function deliver(slip: ReturnSlip): Promise<void> {
    const bytes = encodeReturnSlip(slip);
    const name = slipFileName(slip, bytes);
    const target = join(returnsFolder, name);
    await mustBeFolder(folder);
    // Its name is its content: a slip that is there already is safe already.
    if (await exists(target)) return;
    writes += 1;
    const temporary = join(returnsFolder, `.${name}.${process.pid}-${writes}.tmp`);
    try {
      await mkdir(returnsFolder, { recursive: true });
      await writeWhole(temporary, bytes);
      await rename(temporary, target);
      await syncFolder(returnsFolder);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw new MailboxError(
        `cannot store a return slip in ${returnsFolder} (${reason(error)}); nothing is lost: free space or fix the permissions, then sync again`,
      );
    }
  }

  return { files, deliver, parcels: async () => (await files()).map((carried) => carried.parcel) };
}

/** The file name of a slip: whose, for which version, and what it says. */
export function slipFileName(slip: ReturnSlip, encoded: Bytes): string {
  const digest = createHash("sha256").update(encoded).digest("hex").slice(0, 8);
  return `${toHex(slip.tag)}-${slip.epoch}-${slip.to}-${digest}.slip`;
}

/** Whether the last number of the name is a version; without the others a lock gets all its tables. */
function bringsTable(name: string): boolean {
  return !/-(?:rotation|ack)-\d+\.parcel$/.test(name);
}

function spoiltFile(name: string): SpoiltFile {
  const [tag = "", epoch, , to] = name.replace(".parcel", "").split("-");
  return { tag, epoch: Number(epoch), to: Number(to) };
}

async function parcelFiles(folder: string, warn: (line: string) => void): Promise<readonly string[]> {
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch (error) {
    if (code(error) === "ENOENT") {
      warn(`${folder}: not there yet, so there is nothing to carry`);
      return [];
    }
    throw new MailboxError(`cannot read ${folder} (${reason(error)})`);
  }
  const parcels: string[] = [];
  for (const name of names) {
    if (parcelName.test(name)) parcels.push(name);
    else warn(`${join(folder, name)}: not a parcel's name; ignored`);
  }
  if (parcels.length > parcelFilesMax) {
    warn(`${folder}: ${parcels.length} parcels; only the first ${parcelFilesMax} are taken along`);
    return parcels.slice(0, parcelFilesMax);
  }
  return parcels;
}

async function readParcelFile(path: string, warn: (line: string) => void): Promise<Bytes | undefined> {
  try {
    const about = await stat(path);
    if (!about.isFile() || about.size > parcelBytesMax) {
      warn(`${path}: not a file of at most ${parcelBytesMax} bytes; ignored`);
      return undefined;
    }
    // A copy with its own buffer: Node may hand out a slice of a shared one.
    return new Uint8Array(await readFile(path));
  } catch (error) {
    // Withdrawn between listing and reading: the authority's right, and no fault.
    if (code(error) !== "ENOENT") warn(`${path}: cannot be read (${reason(error)}); ignored`);
    return undefined;
  }
}

async function mustBeFolder(folder: string): Promise<void> {
  let about: Stats;
  try {
    about = await stat(folder);
  } catch (error) {
    throw new MailboxError(
      code(error) === "ENOENT"
        ? `no mailbox at ${folder}: give the folder into which the authority puts its parcels`
        : `cannot look at the mailbox ${folder} (${reason(error)})`,
    );
  }
  if (!about.isDirectory()) throw new MailboxError(`${folder} is not a folder: give the mailbox folder`);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}

/** Content on the medium before the name is: a rename must never show a half-written slip, even after a crash. */
async function writeWhole(path: string, bytes: Bytes): Promise<void> {
  const file = await open(path, "wx", 0o644);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders; there the rename alone has to do.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function code(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** Words for the errors that people meet; the code itself for the rest. */
function reason(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    ENOSPC: "the disk is full",
    EDQUOT: "the disk quota is used up",
    EACCES: "no permission",
    EPERM: "no permission",
    EROFS: "the file system is read-only",
    ENOTDIR: "a part of the path is a file",
  };
  const name = code(error);
  if (name !== undefined) return known[name] ?? name;
  return error instanceof Error ? error.message : String(error);
}
