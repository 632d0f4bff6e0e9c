/** `doorsync-phone unlock` and `key`: opening one's doors by this phone, and whether it is the phone that may. */
import { type Bytes, fromHex } from "@doorsync/protocol/courier";
import type { Account } from "../account/account.ts";
import type { Leaves } from "../account/door-keys.ts";
import type { Opened, OpenVisit } from "../account/open-door.ts";
import { describeOutcome } from "../core.ts";
import type { UnlockOutcome } from "../errand/unlock.ts";
import { describeUnlock } from "../unlock.ts";
import { asAccount, doorNamed, type Ended, ending, localTime, shown } from "./command.ts";
import { refused, unusable } from "./flags.ts";
import { openAccount } from "./open.ts";
import { UseError } from "./secret.ts";
import type { CommonFlags, Context, EnrolFlags, ExitStatus, UnlockFlags } from "./terminal.ts";
import { openWay } from "./way.ts";

export async function unlockCommand(this: Context, flags: UnlockFlags): Promise<void> {
  let status: ExitStatus = 0;
  const leave = (left: ExitStatus): void => this.leave(left === 0 ? status : left);
  await ending({ ...this, leave }, flags, async (terminal, signal) => {
    const account = await openAccount(flags.home, terminal);
    const door = await doorNamed(account, flags.door, signal);
    if (!door.ok) return door;
    const way = await openWay(flags, () => tagsOf(account, door.value.id));
    let opened: Opened;
    let trouble: string | undefined;
    try {
      opened = await account.open({ door: door.value.id, transport: way.transport, signal });
    } finally {
      trouble = await way.close();
    }
    if (!opened.ok) throw new UseError(opened.why);
    status = statusOf(opened.value.outcome);
    const lines = linesOf(opened.value, door.value.name);
    return { ok: true, row: rowOf(opened.value), lines: trouble === undefined ? lines : [...lines, trouble] };
  });
}

/** How the door's lock shows itself, as far as this phone was told. */
async function tagsOf(account: Account, doorId: string): Promise<readonly Bytes[]> {
  const { leaves } = (await account.doorKeys.held()) ?? { leaves: [] };
  const tag = fromHex(leaves.find((leave) => leave.doorId === doorId)?.lockTag ?? "-");
  return tag === undefined ? [] : [tag];
}

function linesOf(
  { outcome, sync, conditions, advice, troubles }: OpenVisit,
  door: string,
): readonly string[] {
  const lines: string[] = [];
  if (sync !== undefined) lines.push(`synced first: ${describeOutcome(sync.outcome)}`);
  lines.push(outcome.kind === "opened" ? `opened: ${door}` : `not opened: ${describeUnlock(outcome)}`);
  for (const condition of conditions) lines.push(`the lock says: ${condition}`);
  return [...lines, ...advice, ...troubles];
}

function rowOf({ outcome, sync, conditions, owed, advice, troubles }: OpenVisit): unknown {
  return { unlock: { ...outcome, sync: sync?.outcome ?? null, conditions, owed, advice, troubles } };
}

/** 1: the lock said no, or nobody knows; 2: no lock was reached. */
function statusOf(outcome: UnlockOutcome): ExitStatus {
  if (outcome.kind === "opened") return 0;
  return outcome.kind === "unreachable" || outcome.kind === "other-lock" ? unusable : refused;
}

export async function keyEnrolCommand(this: Context, flags: EnrolFlags): Promise<void> {
  await asAccount(this, flags, async (account, signal) =>
    shown(await account.doorKeys.enrol({ replace: flags.replace, signal }), (leaves) => [
      "this phone opens your doors from their next sync on, which it may carry itself",
      ...leaveLines(leaves),
    ]),
  );
}

export async function keyShowCommand(this: Context, flags: CommonFlags): Promise<void> {
  await asAccount(this, flags, async (account, signal) => await shownKey(account, signal));
}

async function shownKey(account: Account, signal: AbortSignal): Promise<Ended> {
  const held = await account.doorKeys.held();
  if (held === undefined)
    return {
      ok: true,
      row: { key: null },
      lines: ["this phone opens no doors: doorsync-phone key enrol makes it the one that does"],
    };
  const fresh = await account.doorKeys.refresh({ signal });
  if (!fresh.ok && fresh.problem !== undefined) return fresh;
  const { leaves, refused: not, at } = fresh.ok ? fresh.value : held;
  const kept = fresh.ok ? [] : [`without a network; as of ${localTime(at)}`];
  return {
    ok: true,
    row: { key: { at, isKept: !fresh.ok, leaves: leaves.map(withoutBytes), refused: not } },
    lines: [...kept, ...leaveLines({ leaves, refused: not, at })],
  };
}

export async function keyEndCommand(this: Context, flags: CommonFlags): Promise<void> {
  await asAccount(this, flags, async (account, signal) => {
    const ended = await account.doorKeys.end({ signal });
    if (!ended.ok) return ended;
    return {
      ok: true,
      row: { key: null },
      lines: ["this phone opens no doors any more; each door knows it after its next sync"],
    };
  });
}

function leaveLines({ leaves, refused: not }: Leaves): readonly string[] {
  if (leaves.length + not.length === 0) return ["you have no code at any door, so there is none to open"];
  return [
    ...leaves.map(({ door, notAfter }) => `  ${door}  until ${localTime(notAfter)} without a network`),
    ...not.map(({ door, why }) => `  ${door}  not: ${why}`),
  ];
}

/** Leave is for the door's ears: programs see what it is for. */
function withoutBytes({ capability: _, ...leave }: Leaves["leaves"][number]): unknown {
  return leave;
}
