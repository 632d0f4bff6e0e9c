/**
 * `doorsync-phone sync`: one visit over TCP, or visits whenever one is due, with the account's parcels or a mailbox
 * folder. It composes; the visit itself is `courier.ts`.
 */
import { createCrypto, type Parcel, toHex } from "@doorsync/protocol/courier";
import { openssl } from "@doorsync/protocol/node-crypto";
import type { Account } from "../account/account.ts";
import type { AccountVisit } from "../account/visit.ts";
import { refreshSeconds } from "../account/watch.ts";
import { describeUnfit, isUngreeted, type Outcome, type WaitName } from "../core.ts";
import { type SyncOptions, type SyncResult, sync } from "../courier.ts";
import { RadioError } from "../edge/adapter.ts";
import { folderMailbox, MailboxError, type SpoiltFile } from "../edge/folder.ts";
import { systemTimers } from "../edge/timers.ts";
import { VaultError } from "../edge/vault-folder.ts";
import { again } from "../parts/again.ts";
import { openAccount } from "./open.ts";
import { describeVersions, humanShow, jsonShow, type Show } from "./output.ts";
import { UseError } from "./secret.ts";
import type { Context, ExitStatus, SyncFlags, Terminal } from "./terminal.ts";
import { openWay, type Way } from "./way.ts";

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
      error instanceof MailboxError ||
      error instanceof VaultError ||
      error instanceof UseError ||
      error instanceof RadioError;
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
  if (watch && mailbox !== undefined)
    throw new UseError("--watch carries what the account fetches: leave --mailbox out");
  const account = mailbox === undefined ? await openAccount(flags.home, terminal) : undefined;
  const carried = async (): Promise<readonly Parcel[]> =>
    mailbox === undefined
      ? ((await account?.mailbox.carried())?.parcels ?? [])
      : await folderMailbox(mailbox, () => {}).parcels();
  const way = await openWay(flags, async () => (await carried()).map(({ tag }) => tag));
  const task: Task = { flags, show, signal, way, left: [] };
  try {
    if (mailbox !== undefined) return await byFolder(task, mailbox);
    if (account === undefined) throw new Error("neither account nor mailbox");
    return await (watch ? byAccountAgain : byAccount)(task, account);
  } finally {
    const trouble = await way.close();
    if (trouble !== undefined) show.warning(trouble, "capture");
  }
}

/** What every kind of sync has at hand. `left`: hears what stays behind, spoilt. */
interface Task {
  readonly flags: SyncFlags;
  readonly show: Show;
  readonly signal: AbortSignal;
  readonly way: Way;
  readonly left: SpoiltFile[];
}

/** Everything of a visit but where its parcels come from. */
type Visit = Required<
  Pick<SyncOptions, "transport" | "signal" | "waits" | "onMessage" | "onProgress" | "onIgnored">
>;

function visitOf({ flags, show, signal, way, left }: Task): Visit {
  return {
    transport: way.transport,
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

async function byFolder(task: Task, folder: string): Promise<ExitStatus> {
  const { show, signal, way, left } = task;
  const mailbox = folderMailbox(folder, show.warning, (file) => left.push(file));
  const visited = await again<SyncResult>(
    (before) =>
      sync({
        ...visitOf(task),
        mailbox,
        crypto: createCrypto(openssl),
        timers: systemTimers,
        ...(before === undefined ? {} : { satchel: before.satchel }),
      }),
    signal,
    way.visitsMax,
  );
  const tag = visited.tag === undefined ? undefined : toHex(visited.tag);
  const result = { ...visited, outcome: lessWhatIsLeft(visited, left, tag) };
  show.result(result);
  result.troubles.forEach(show.trouble);
  return result.troubles.length > 0 ? 2 : statusOf(result.outcome);
}

async function byAccount(task: Task, account: Account): Promise<ExitStatus> {
  const { show, signal, way, left } = task;
  const visited = await again<AccountVisit>(() => account.sync(visitOf(task)), signal, way.visitsMax);
  return told(show, visited, left);
}

/** Until it is stopped. The status is that of the last visit, or 0 when none was due. */
async function byAccountAgain(task: Task, account: Account): Promise<ExitStatus> {
  const { show, way, left } = task;
  const { transport: _, ...visit } = visitOf(task);
  let status: ExitStatus = 0;
  show.watching(nameOf(task.flags), refreshSeconds);
  await account.autoSync({
    ...visit,
    onReach: show.reach,
    radar: way.radar,
    onVisit: (visited) => {
      status = told(show, visited, left.splice(0));
    },
  });
  return status;
}

function nameOf({ lock }: SyncFlags): string {
  return lock === undefined ? "for locks in range" : `${lock.host}:${lock.port}`;
}

function told(show: Show, visited: AccountVisit, left: readonly SpoiltFile[]): ExitStatus {
  const tag = visited.tag === undefined ? undefined : toHex(visited.tag);
  const result = { ...visited, outcome: unlessNobodyMet(visited, lessWhatIsLeft(visited, left, tag)) };
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

/** Nothing to carry, and no lock that could say what it lacks: whoever stands there would think that all is well. */
function unlessNobodyMet({ tag, stale }: AccountVisit, outcome: Outcome): Outcome {
  if (outcome.kind !== "nothing" || tag !== undefined || stale !== undefined) return outcome;
  return { kind: "unreachable", why: "nothing waits for your own doors, and no lock answers there" };
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
