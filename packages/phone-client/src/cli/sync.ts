/** `doorsync-phone sync`: one visit over TCP with a mailbox folder. It composes; the visit itself is `courier.ts`. */
import { createCrypto, toHex } from "@doorsync/protocol/courier";
import { openssl } from "@doorsync/protocol/node-crypto";
import type { Outcome, WaitName } from "../core.ts";
import { sync } from "../courier.ts";
import { folderMailbox, MailboxError } from "../edge/folder.ts";
import { socketTransport } from "../edge/socket.ts";
import { systemTimers } from "../edge/timers.ts";
import { describeVersions, humanShow, jsonShow } from "./output.ts";
import type { Context, ExitStatus, SyncFlags } from "./terminal.ts";

/** Bytes of the ATT header in every packet: a frame is what remains of the MTU. */
const attHeaderBytes = 3;

export async function syncCommand(this: Context, flags: SyncFlags): Promise<void> {
  const { terminal } = this;
  const show = flags.json ? jsonShow(terminal) : humanShow(terminal, flags.trace);
  const abort = new AbortController();
  const onSignal = (): void => abort.abort();
  terminal.once("SIGINT", onSignal);
  terminal.once("SIGTERM", onSignal);
  try {
    const result = await sync({
      transport: socketTransport({ ...flags.lock, frameBytesMax: flags.mtu - attHeaderBytes }),
      mailbox: folderMailbox(flags.mailbox, show.warning),
      crypto: createCrypto(openssl),
      timers: systemTimers,
      signal: abort.signal,
      waits: flags.timeout === undefined ? {} : everyWait(flags.timeout),
      onMessage: show.message,
      onProgress: show.progress,
      onIgnored: (parcel, check) =>
        show.warning(
          `${describeVersions(parcel)} for the lock ${toHex(parcel.tag)} is not what its wrapper says (${check}); left behind`,
        ),
    });
    show.result(result);
    result.troubles.forEach(show.trouble);
    this.leave(result.troubles.length > 0 ? 2 : statusOf(result.outcome));
  } catch (error) {
    // What is wrong with the mailbox is the user's to mend; anything else is our bug and must be seen.
    if (!(error instanceof MailboxError)) throw error;
    show.trouble(error.message);
    this.leave(2);
  } finally {
    terminal.removeListener("SIGINT", onSignal);
    terminal.removeListener("SIGTERM", onSignal);
  }
}

/** One patience for all that a lock does; the mailbox keeps its own. */
function everyWait(milliseconds: number): Partial<Record<WaitName, number>> {
  return {
    open: milliseconds,
    greeting: milliseconds,
    offering: milliseconds,
    streaming: milliseconds,
    asking: milliseconds,
  };
}

function statusOf(outcome: Outcome): ExitStatus {
  switch (outcome.kind) {
    case "synced":
    case "already":
    case "commissioned":
    case "nothing":
      return 0;
    case "refused":
    case "unproven":
    case "unfit":
    case "silent":
    case "dropped":
    case "broken":
    case "aborted":
      return 1;
    case "unreachable":
      return 2;
    default:
      return outcome satisfies never;
  }
}
