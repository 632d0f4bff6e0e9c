/** `doorsync-phone parcels`: what lies in the mailbox, from the outside. It opens nothing, because it cannot. */
import { checkParcel, createCrypto, toHex } from "@doorsync/protocol/courier";
import { openssl } from "@doorsync/protocol/node-crypto";
import { type CarriedFile, folderMailbox, MailboxError } from "../edge/folder.ts";
import { describeVersions, humanShow, isoTime, jsonShow } from "./output.ts";
import type { Context, ParcelsFlags } from "./terminal.ts";

export async function parcelsCommand(this: Context, flags: ParcelsFlags): Promise<void> {
  const { stdout } = this.terminal;
  const show = flags.json ? jsonShow(this.terminal) : humanShow(this.terminal, false);
  const crypto = createCrypto(openssl);
  try {
    const files = await folderMailbox(flags.mailbox, show.warning).files();
    if (!flags.json && files.length === 0) stdout.write("nothing is carried\n");
    for (const carried of files) {
      const isWhole = checkParcel(crypto, carried.parcel).ok;
      stdout.write(`${flags.json ? JSON.stringify(row(carried, isWhole)) : line(carried, isWhole)}\n`);
    }
    this.leave(0);
  } catch (error) {
    if (!(error instanceof MailboxError)) throw error;
    show.trouble(error.message);
    this.leave(2);
  }
}

function row({ file, bytes, parcel }: CarriedFile, isWhole: boolean): unknown {
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

function line({ bytes, parcel }: CarriedFile, isWhole: boolean): string {
  const { tag, epoch, notAfter } = parcel;
  const state = isWhole ? `until ${isoTime(notAfter)}` : "not what its wrapper says; a lock would refuse it";
  return `${toHex(tag)}  epoch ${epoch}  ${describeVersions(parcel).padEnd(24)} ${String(bytes).padStart(7)} B  ${state}`;
}
