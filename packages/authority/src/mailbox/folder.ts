/**
 * The mailbox as a folder: parcels for couriers to fetch, return slips that they leave. It sorts by file name and by
 * the wrapper, and believes neither; what a slip is worth is decided where keys are known.
 *
 *   MAILBOX/parcels/<tag 16 hex>-<epoch>-<from|snapshot|commission|rotation|ack>-<to>.parcel
 *   MAILBOX/returns/<tag 16 hex>-<epoch>-<to>-<first 8 hex of SHA-256 of the slip>.slip
 *   MAILBOX/returns/taken/   slips that were taken in
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  type Bytes,
  decodeReturnSlip,
  encodeParcel,
  equal,
  type Parcel,
  type ReturnSlip,
  returnSlipBytesMax,
  toHex,
} from "@doorsync/protocol/authority";
import { writeWhole } from "../files/whole.ts";

export interface FoundSlip {
  readonly file: string;
  readonly bytes: Bytes;
  readonly slip: ReturnSlip;
}

export interface Returns {
  readonly slips: readonly FoundSlip[];
  /** Files that are no return slips, each with why; they stay where they are. */
  readonly ignored: readonly { readonly file: string; readonly why: string }[];
}

export interface MailboxFolder {
  /** Makes the parcels of one lock (by tag) exactly these: new ones first, superseded ones withdrawn after. */
  offer(
    tag: Bytes,
    parcels: readonly Parcel[],
  ): { readonly written: readonly string[]; readonly withdrawn: readonly string[] };
  returns(): Returns;
  /** Puts a slip away after it was taken in. */
  putAway(file: string): void;
}

/** True when the folder holds something of what `openMailbox` makes; a folder of another kind is not one. */
export function isMailbox(folder: string): boolean {
  return existsSync(join(folder, "parcels")) || existsSync(join(folder, "returns"));
}

/** Creates the folders when missing. Throws Node's errors. */
export function openMailbox(folder: string): MailboxFolder {
  const parcels = join(folder, "parcels");
  const returns = join(folder, "returns");
  const taken = join(returns, "taken");
  mkdirSync(parcels, { recursive: true });
  mkdirSync(taken, { recursive: true });

  return {
    offer(tag, wanted) {
      const names = new Map(wanted.map((parcel) => [parcelName(parcel), encodeParcel(parcel)]));
      const written: string[] = [];
      for (const [name, bytes] of names) {
        const path = join(parcels, name);
        if (existsSync(path) && equal(readFileSync(path), bytes)) continue;
        writeWhole(path, bytes);
        written.push(name);
      }
      // A superseded parcel is withdrawn last: at no moment is a door without its newest change.
      const stale = readdirSync(parcels).filter(
        (name) => name.startsWith(`${toHex(tag)}-`) && !names.has(name),
      );
      for (const name of stale) rmSync(join(parcels, name), { force: true });
      return { written, withdrawn: stale };
    },
    returns() {
      const slips: FoundSlip[] = [];
      const ignored: { file: string; why: string }[] = [];
      for (const file of readdirSync(returns).sort()) {
        if (file === "taken" || file.startsWith(".")) continue;
        const found = readSlip(join(returns, file));
        if (typeof found === "string") ignored.push({ file, why: found });
        else slips.push({ file, ...found });
      }
      return { slips, ignored };
    },
    putAway(file) {
      renameSync(join(returns, file), join(taken, file));
    },
  };
}

/** Length before reading: a stranger's file must not fill the memory. */
function readSlip(path: string): { readonly bytes: Bytes; readonly slip: ReturnSlip } | string {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return "it vanished while the folder was read";
  if (!status.isFile()) return "not a file";
  if (status.size > returnSlipBytesMax) return `longer than a return slip (${status.size} bytes)`;
  const bytes = new Uint8Array(readFileSync(path));
  const slip = decodeReturnSlip(bytes);
  return slip.ok ? { bytes, slip: slip.value } : `not a return slip, or half of one (${slip.check})`;
}

export function parcelName(parcel: Parcel): string {
  const from = parcel.kind === "update" ? `${parcel.from}` : parcel.kind;
  return `${toHex(parcel.tag)}-${parcel.epoch}-${from}-${parcel.to}.parcel`;
}
