/**
 * What account commands share: how they end, how answers and denials are printed, and which door is meant. Not what any
 * of them does.
 */
import type { Account, MyDoor } from "../account/account.ts";
import { type Answer, type Denied, describeFailure, type Unreachable } from "../account/client.ts";
import { RadioError } from "../edge/adapter.ts";
import { VaultError } from "../edge/vault-folder.ts";
import { done, refused, unusable } from "./flags.ts";
import { openAccount } from "./open.ts";
import { UseError } from "./secret.ts";
import type { CommonFlags, Context, ExitStatus, Terminal } from "./terminal.ts";

/** What a command came to: a row for programs, lines for people; or what stood in its way. */
export type Ended =
  | { readonly ok: true; readonly row: unknown; readonly lines: readonly string[] }
  | Denied
  | Unreachable;

/** Says how a command ended, and ends it: 1 for a denial, 2 for wrong use and for what cannot be reached. */
export async function ending(
  context: Context,
  { json }: CommonFlags,
  work: (terminal: Terminal, signal: AbortSignal) => Promise<Ended>,
): Promise<void> {
  const { terminal } = context;
  const abort = new AbortController();
  const onSignal = (): void => abort.abort();
  terminal.once("SIGINT", onSignal);
  terminal.once("SIGTERM", onSignal);
  try {
    context.leave(print(terminal, json, await work(terminal, abort.signal)));
  } catch (error) {
    // What the person can mend; anything else is our bug and must be seen.
    if (!(error instanceof UseError || error instanceof VaultError || error instanceof RadioError))
      throw error;
    trouble(terminal, json, error.message);
    context.leave(unusable);
  } finally {
    terminal.removeListener("SIGINT", onSignal);
    terminal.removeListener("SIGTERM", onSignal);
  }
}

/** The same for who is logged in here. */
export async function asAccount(
  context: Context,
  flags: CommonFlags,
  work: (account: Account, signal: AbortSignal) => Promise<Ended>,
): Promise<void> {
  await ending(context, flags, async (terminal, signal) =>
    work(await openAccount(flags.home, terminal), signal),
  );
}

function print(terminal: Terminal, isJson: boolean, ended: Ended): ExitStatus {
  if (ended.ok) {
    if (isJson) terminal.stdout.write(`${JSON.stringify(ended.row)}\n`);
    else for (const line of ended.lines) terminal.stdout.write(`${line}\n`);
    return done;
  }
  if (ended.problem === undefined) {
    trouble(terminal, isJson, describeFailure(ended));
    return unusable;
  }
  if (isJson) terminal.stdout.write(`${JSON.stringify({ problem: ended.problem })}\n`);
  else terminal.stderr.write(`doorsync-phone: ${describeFailure(ended)}\n`);
  return refused;
}

function trouble({ stdout, stderr }: Terminal, isJson: boolean, line: string): void {
  if (isJson) stdout.write(`${JSON.stringify({ error: line })}\n`);
  else stderr.write(`doorsync-phone: ${line}\n`);
}

/** An answer as a command's end. */
export function shown<T>(answer: Answer<T>, lines: (value: T) => readonly string[]): Ended {
  return answer.ok ? { ok: true, row: answer.value, lines: lines(answer.value) } : answer;
}

/** The door that is meant by a name, an id, or `PROPERTY/NAME`. UseError when it is none or several. */
export async function doorNamed(
  account: Account,
  wanted: string,
  signal: AbortSignal,
): Promise<Answer<MyDoor>> {
  const list = await account.doors({ signal });
  if (!list.ok) return list;
  const key = wanted.toLowerCase();
  const found = list.value.doors.filter(
    ({ id, name, property }) =>
      id === wanted || name.toLowerCase() === key || `${property}/${name}`.toLowerCase() === key,
  );
  const [door] = found;
  if (door !== undefined && found.length === 1) return { ok: true, value: door };
  if (found.length > 1)
    throw new UseError(
      `${wanted} is ${found.map(({ property, name }) => `${property}/${name}`).join(" and ")}`,
    );
  const names = list.value.doors.map(({ name }) => name).join(", ");
  throw new UseError(
    `no door of yours is called ${wanted}; ${names === "" ? "you have none" : `there are ${names}`}`,
  );
}

/** A moment for people: local date and time, to the minute, and in which zone. */
export function localTime(seconds: number): string {
  const date = new Date(seconds * 1_000);
  const two = (number: number): string => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())} ${zoneName(date.getTimezoneOffset())}`;
}

/** By its distance from UTC in minutes, west of it positive, as `Date` has it. */
export function zoneName(minutesWest: number): string {
  if (minutesWest === 0) return "UTC";
  const far = Math.abs(minutesWest);
  const two = (number: number): string => String(number).padStart(2, "0");
  return `UTC${minutesWest > 0 ? "-" : "+"}${two(Math.floor(far / 60))}:${two(far % 60)}`;
}
