/** `doorsync-phone sync`: one visit over TCP with a mailbox folder. It composes; the visit itself is `courier.ts`. */
import { createCrypto, readHello, toHex } from "@doorsync/protocol/courier";
import { openssl } from "@doorsync/protocol/node-crypto";
import { describeUnfit, isUngreeted, type Outcome, type WaitName } from "../core.ts";
import { type SyncResult, sync } from "../courier.ts";
import { folderMailbox, MailboxError, type SpoiltFile } from "../edge/folder.ts";
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
    const left: SpoiltFile[] = [];
    let tag: string | undefined;
    const visited = await sync({
      transport: socketTransport({ ...flags.lock, frameBytesMax: flags.mtu - attHeaderBytes }),
      mailbox: folderMailbox(flags.mailbox, show.warning, (file) => left.push(file)),
      crypto: createCrypto(openssl),
      timers: systemTimers,
      signal: abort.signal,
      waits: flags.timeout === undefined ? {} : everyWait(flags.timeout),
      onMessage: (message) => {
        show.message(message);
        const hello = message.direction === "in" && message.name === "hello" && readHello(message.body);
        if (hello !== false && hello.ok) tag = toHex(hello.value.tag);
      },
      onProgress: show.progress,
      onIgnored: (parcel, check) => {
        left.push({ tag: toHex(parcel.tag), epoch: parcel.epoch, to: parcel.to });
        show.warning(
          `${describeVersions(parcel)} for the lock ${toHex(parcel.tag)} is left behind: ${describeUnfit(check)}, fetch it again`,
          check,
        );
      },
    });
    const result = { ...visited, outcome: lessWhatIsLeft(visited, left, tag) };
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

/**
 * No success while a parcel for this lock stays behind, spoilt, that leads beyond what the lock proved: a revocation
 * may be in it. A lock that was not visited, for want of any whole parcel, could be the lock of each spoilt one.
 */
function lessWhatIsLeft(
  { outcome, receipt }: SyncResult,
  left: readonly SpoiltFile[],
  tag: string | undefined,
): Outcome {
  const isGood = outcome.kind === "synced" || outcome.kind === "already";
  if (!isGood && outcome.kind !== "nothing") return outcome;
  const proven = isGood ? (receipt?.version ?? outcome.version) : -1;
  if (!left.some((one) => (tag === undefined || one.tag === tag) && one.to > proven)) return outcome;
  const why = "what is carried for this lock is not whole: fetch it again";
  if (isGood) return { kind: "unfit", why: `the lock proved version ${proven}; beyond it, ${why}` };
  return {
    kind: "unfit",
    why: tag === undefined ? "the mailbox holds no whole parcel, only spoilt ones: fetch them again" : why,
  };
}

/** One patience for all that a lock does; the mailbox keeps its own. */
function everyWait(milliseconds: number): Partial<Record<WaitName, number>> {
  return {
    open: milliseconds,
    greeting: milliseconds,
    rotating: milliseconds,
    clocking: milliseconds,
    setting: milliseconds,
    offering: milliseconds,
    streaming: milliseconds,
    asking: milliseconds,
    acking: milliseconds,
    pulling: milliseconds,
  };
}

function statusOf(outcome: Outcome): ExitStatus {
  switch (outcome.kind) {
    case "synced":
    case "already":
    case "commissioned":
    case "rotated":
    case "nothing":
      return 0;
    case "silent":
    case "dropped":
    case "broken":
      return isUngreeted(outcome) ? 2 : 1;
    case "refused":
    case "unproven":
    case "unfit":
    case "aborted":
      return 1;
    case "unreachable":
      return 2;
    default:
      return outcome satisfies never;
  }
}
