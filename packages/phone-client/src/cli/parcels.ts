/** `doorsync-phone parcels`: what is carried, from the outside. It opens nothing, because it cannot. */
import { checkParcel, createCrypto, encodeParcel, type Parcel, toHex } from "@doorsync/protocol/courier";
import { openssl } from "@doorsync/protocol/node-crypto";
import { folderMailbox, MailboxError } from "../edge/folder.ts";
import { VaultError } from "../edge/vault-folder.ts";
import { openAccount } from "./open.ts";
import { describeVersions, humanShow, isoTime, jsonShow } from "./output.ts";
import { UseError } from "./secret.ts";
import type { Context, ParcelsFlags, Terminal } from "./terminal.ts";

interface Carried {
  /** Absent where it lies in the account's own storage. */
  readonly file?: string;
  readonly bytes: number;
  readonly parcel: Parcel;
}

export async function parcelsCommand(this: Context, flags: ParcelsFlags): Promise<void> {
  const { stdout } = this.terminal;
  const show = flags.json ? jsonShow(this.terminal) : humanShow(this.terminal, false);
  const crypto = createCrypto(openssl);
  try {
    const files = await carriedBy(flags, this.terminal, show.warning);
    if (!flags.json && files.length === 0) stdout.write("nothing is carried\n");
    for (const carried of files) {
      const isWhole = checkParcel(crypto, carried.parcel).ok;
      stdout.write(`${flags.json ? JSON.stringify(row(carried, isWhole)) : line(carried, isWhole)}\n`);
    }
    this.leave(0);
  } catch (error) {
    if (!(error instanceof MailboxError || error instanceof UseError || error instanceof VaultError))
      throw error;
    show.trouble(error.message);
    this.leave(2);
  }
}

async function carriedBy(
  { mailbox, home }: ParcelsFlags,
  terminal: Terminal,
  warn: (line: string) => void,
): Promise<readonly Carried[]> {
  if (mailbox !== undefined) return await folderMailbox(mailbox, warn).files();
  const { parcels } = await (await openAccount(home, terminal)).mailbox.carried();
  return parcels.map((parcel) => ({ bytes: encodeParcel(parcel).length, parcel }));
}

function row({ file, bytes, parcel }: Carried, isWhole: boolean): unknown {
  const { kind, tag, epoch, from, to, notAfter, messages } = parcel;
  return {
    parcel: {
      file,
      kind,
      tag: toHex(tag),
      epoch,
      from,
      to,
      notAfter,
      messages: messages.length,
      bytes,
      isWhole,
    },
  };
}

function line({ bytes, parcel }: Carried, isWhole: boolean): string {
  const { tag, epoch, notAfter } = parcel;
  const state = isWhole ? `until ${isoTime(notAfter)}` : "not what its wrapper says; a lock would refuse it";
  return `${toHex(tag)}  epoch ${epoch}  ${describeVersions(parcel).padEnd(24)} ${String(bytes).padStart(7)} B  ${state}`;
}
