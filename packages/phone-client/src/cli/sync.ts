/**
 * `doorsync-phone sync`: one visit over TCP, or visits whenever one is due, with the account's parcels or a mailbox
 * folder. It composes; the visit itself is `courier.ts`.
 */
import { createCrypto, readHello, toHex } from "@doorsync/protocol/courier";
import { openssl } from "@doorsync/protocol/node-crypto";
import type { AccountVisit } from "../account/visit.ts";
import { describeUnfit, isUngreeted, type Outcome, type WaitName } from "../core.ts";
import { type SyncOptions, type SyncResult, sync } from "../courier.ts";
import { folderMailbox, MailboxError, type SpoiltFile } from "../edge/folder.ts";
import { socketTransport } from "../edge/socket.ts";
import { systemTimers } from "../edge/timers.ts";
import { VaultError } from "../edge/vault-folder.ts";
import { knownPlaces } from "../parts/radar.ts";
import { openAccount } from "./open.ts";
import { describeVersions, humanShow, jsonShow, type Show } from "./output.ts";
import { UseError } from "./secret.ts";
import type { Context, ExitStatus, SyncFlags, Terminal } from "./terminal.ts";

/** Bytes of the ATT header in every packet: a frame is what remains of the MTU. */
const attHeaderBytes = 3;

/** How often `--watch` looks whether the lock is in range, in milliseconds. */
const lookMilliseconds = 2_000;

export async function syncCommand(this: Context, flags: SyncFlags): Promise<void> {
  const { terminal } = this;
  const show = flags.json ? jsonShow(terminal) : humanShow(terminal, flags.trace);
  const abort = new AbortController();
  const onSignal = (): void => abort.abort();
  terminal.once("SIGINT", onSignal);
  terminal.once("SIGTERM", onSignal);
  try {
    this.leave(await work(flags, terminal, show, abort.signal));
  } catch (error) {
    // What the person can mend; anything else is our bug and must be seen.
    const isTheirs =
      error instanceof MailboxError || error instanceof VaultError || error instanceof UseError;
    if (!isTheirs) throw error;
    show.trouble(error.message);
    this.leave(2);
  } finally {
    terminal.removeListener("SIGINT", onSignal);
    terminal.removeListener("SIGTERM", onSignal);
  }
}

async function work(
  flags: SyncFlags,
  terminal: Terminal,
  show: Show,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const { mailbox, watch } = flags;
  if (mailbox === undefined) return await (watch ? byAccountAgain : byAccount)(flags, terminal, show, signal);
  if (watch) throw new UseError("--watch carries what the account fetches: leave --mailbox out");
  return await byFolder(flags, mailbox, show, signal);
}

/** Everything of a visit but where its parcels come from. `left`: hears what stays behind, spoilt. */
type Visit = Required<
  Pick<SyncOptions, "transport" | "signal" | "waits" | "onMessage" | "onProgress" | "onIgnored">
>;

function visitOf(flags: SyncFlags, show: Show, signal: AbortSignal, left: SpoiltFile[]): Visit {
  return {
    transport: socketTransport({ ...flags.lock, frameBytesMax: flags.mtu - attHeaderBytes }),
    signal,
    waits: flags.timeout === undefined ? {} : everyWait(flags.timeout),
    onMessage: show.message,
    onProgress: show.progress,
    onIgnored: (parcel, check) => {
      left.push({ tag: toHex(parcel.tag), epoch: parcel.epoch, to: parcel.to });
      show.warning(
        `${describeVersions(parcel)} for the lock ${toHex(parcel.tag)} is left behind: ${describeUnfit(check)}, fetch it again`,
        check,
      );
    },
  };
}

async function byFolder(
  flags: SyncFlags,
  mailbox: string,
  show: Show,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const left: SpoiltFile[] = [];
  let tag: string | undefined;
  const visit = visitOf(flags, show, signal, left);
  const visited = await sync({
    ...visit,
    mailbox: folderMailbox(mailbox, show.warning, (file) => left.push(file)),
    crypto: createCrypto(openssl),
    timers: systemTimers,
    onMessage: (message) => {
      visit.onMessage(message);
      const hello = message.direction === "in" && message.name === "hello" && readHello(message.body);
      if (hello !== false && hello.ok) tag = toHex(hello.value.tag);
    },
  });
  const result = { ...visited, outcome: lessWhatIsLeft(visited, left, tag) };
  show.result(result);
  result.troubles.forEach(show.trouble);
  return result.troubles.length > 0 ? 2 : statusOf(result.outcome);
}

async function byAccount(
  flags: SyncFlags,
  terminal: Terminal,
  show: Show,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const account = await openAccount(flags.home, terminal);
  const left: SpoiltFile[] = [];
  return told(show, await account.sync(visitOf(flags, show, signal, left)), left);
}

/** Until it is stopped. The status is that of the last visit, or 0 when none was due. */
async function byAccountAgain(
  flags: SyncFlags,
  terminal: Terminal,
  show: Show,
  signal: AbortSignal,
): Promise<ExitStatus> {
  const account = await openAccount(flags.home, terminal);
  const left: SpoiltFile[] = [];
  const { transport, ...visit } = visitOf(flags, show, signal, left);
  const place = `${flags.lock.host}:${flags.lock.port}`;
  let status: ExitStatus = 0;
  await account.autoSync({
    ...visit,
    radar: knownPlaces([{ place, tag: undefined, transport }], systemTimers, lookMilliseconds),
    onVisit: (visited) => {
      status = told(show, visited, left.splice(0));
    },
  });
  return status;
}

function told(show: Show, visited: AccountVisit, left: readonly SpoiltFile[]): ExitStatus {
  const tag = visited.tag === undefined ? undefined : toHex(visited.tag);
  const result = { ...visited, outcome: lessWhatIsLeft(visited, left, tag) };
  show.account(result);
  show.result(result);
  result.troubles.forEach(show.trouble);
  return result.troubles.length > 0 ? 2 : statusOf(result.outcome);
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
