/** `doorsync-phone doors`, `codes`, `reset` and `pick`: one's own doors and codes, for people and programs. */
import type { MyDoor } from "../account/account.ts";
import type { Api } from "../account/api.ts";
import { asAccount, doorNamed, localTime, shown } from "./command.ts";
import { readSecret } from "./secret.ts";
import type { CommonFlags, Context, DoorFlags, ResetFlags } from "./terminal.ts";

type Entry = Api["myCodes"]["answer"]["codes"][number];
type Face = Entry["faces"][number];
type Window = NonNullable<Face["terms"]["windows"]>[number];

export async function doorsCommand(this: Context, flags: CommonFlags): Promise<void> {
  await asAccount(this, flags, async (account, signal) => {
    const whose = (await account.session())?.email ?? "this account";
    return shown(await account.doors({ signal }), ({ doors, at, isKept, more }) => [
      ...(isKept ? [`the service cannot be reached; this is of ${localTime(at)}`] : []),
      ...(doors.length === 0 ? noDoors(whose) : doors.map(doorLine)),
      ...(more ? ["and more: see the property's page"] : []),
    ]);
  });
}

function noDoors(whose: string): readonly string[] {
  return [
    `no doors: ${whose} has no home, no role and no code at any door yet, or has them no longer`,
    "next: ask the property's management to add you to your unit or to give you a code, then run this again",
    "if you have another account, log in with that: doorsync-phone login --url URL --email ADDRESS",
  ];
}

function doorLine(door: MyDoor): string {
  const { name, property, kind, lastSync, pending, pendingChanges, alarm } = door;
  if (door.lock === "absent")
    return `${name}  ${property}, ${kind}  no lock yet: the property's management commissions one`;
  const synced = lastSync === null ? "never synced" : `last sync ${localTime(lastSync.at)}`;
  const own = pendingChanges === 0 ? "" : "; a code of yours changes";
  const state = pending ? `Pending: sync at the door${own}` : "up to date";
  return `${name}  ${property}, ${kind}  ${synced}  ${state}${alarm ? "  ALARM: tell the property" : ""}`;
}

export async function codesCommand(this: Context, flags: CommonFlags): Promise<void> {
  await asAccount(this, flags, async (account, signal) =>
    shown(await account.codes({ signal }), ({ codes }) =>
      codes.length === 0 ? noCodes : codes.flatMap(entryLines),
    ),
  );
}

const noCodes: readonly string[] = [
  "no codes: nobody has given you one yet, or all were taken back",
  "next: ask the property's management for one; `doorsync-phone doors` lists where you have to do",
];

/** One's code at a door: every face on a line of its own, the one that works now first. */
export function entryLines({ door, class: of, pending, faces }: Entry): readonly string[] {
  const title = `${door.name} (${door.property})${of === "code" ? "" : `, ${of}`}`;
  return [`${title}${pending ? "  Pending: sync at the door" : ""}`, ...faces.map(faceLine)];
}

function faceLine(face: Face): string {
  const parts = [(face.code ?? "-").padEnd(8), worksLine(face), ...termsOf(face)];
  if (face.suspended) parts.push("suspended");
  parts.push(...face.warnings);
  return `  ${parts.join("  ")}`;
}

/** F3: which of the two faces opens the door today. */
function worksLine(face: Face): string {
  const { worksNow, worksAfterSync, worksUntil, certain, state, terms } = face;
  const isCounted = terms.uses !== null || terms.minutes !== null;
  const why = isCounted ? "unless it was used up meanwhile" : "unless a phone has synced the door meanwhile";
  const perhaps = certain ? "" : `, ${why}`;
  if (worksNow && worksAfterSync) {
    const within = terms.windows === null ? "" : " within its hours";
    // The end that a sync moves; the code's own is said with its terms.
    const isLease = worksUntil !== null && worksUntil !== terms.until;
    const lease = isLease ? `, until ${localTime(worksUntil)} unless the door is synced before` : "";
    return `works${within}${lease}${perhaps}`;
  }
  const isToCome = state === "set" && terms.from !== null && terms.from * 1_000 > Date.now();
  if (isToCome) return `will work from its beginning on${perhaps}`;
  if (worksNow) return `works at the door now, not after the next sync${perhaps}`;
  if (worksAfterSync) return `will work after a sync at the door${perhaps}`;
  return `does not work (${state})`;
}

function termsOf({ terms }: Face): readonly string[] {
  const said: string[] = [];
  if (terms.from !== null) said.push(`from ${localTime(terms.from)}`);
  if (terms.until !== null) said.push(`until ${localTime(terms.until)}`);
  if (terms.uses !== null) said.push(terms.uses === 1 ? "once" : `${terms.uses} times`);
  if (terms.minutes !== null) said.push(`${terms.minutes} minutes from its first use`);
  if (terms.windows !== null) said.push(...terms.windows.map(windowLine));
  return said;
}

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] as const;

/** Hours are local to the door. */
function windowLine({ days: mask, startMinute, endMinute }: Window): string {
  const named = days.filter((_, bit) => (mask & (1 << bit)) !== 0);
  const which = named.length === days.length ? "every day" : named.join(", ");
  return `${which} ${clock(startMinute)} to ${clock(endMinute)}`;
}

function clock(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

export async function resetCommand(this: Context, flags: ResetFlags): Promise<void> {
  await asAccount(this, flags, async (account, signal) => {
    const door = await doorNamed(account, flags.door, signal);
    if (!door.ok) return door;
    const { length } = flags;
    const answer = await account.reset({ door: door.value.id, length, signal });
    return shown(answer, ({ entry }) => entryLines(entry));
  });
}

export async function pickCommand(this: Context, flags: DoorFlags): Promise<void> {
  await asAccount(this, flags, async (account, signal) => {
    const door = await doorNamed(account, flags.door, signal);
    if (!door.ok) return door;
    const code = await readSecret(this.terminal, "code");
    const answer = await account.pick({ door: door.value.id, code, signal });
    return shown(answer, ({ changed, entry }) => [
      ...(changed ? [] : ["this is your code already; nothing changed"]),
      ...entryLines(entry),
    ]);
  });
}
