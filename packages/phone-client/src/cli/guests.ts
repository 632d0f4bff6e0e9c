/** `doorsync-phone guest` and `daily-code`: letting others in. Which kinds a door takes is the service's to say. */
import type { Api } from "../account/api.ts";
import { entryLines } from "./codes.ts";
import { asAccount, doorNamed, localTime, shown } from "./command.ts";
import { UseError } from "./secret.ts";
import type { Context, DailyCodeFlags, DoorFlags, GuestAddFlags, GuestRevokeFlags } from "./terminal.ts";

type Guest = Api["guests"]["answer"]["guests"][number];

function guestLines({ name, kind, entries }: Guest): readonly string[] {
  return [`${name}, ${kind}`, ...entries.flatMap(entryLines).map((line) => `  ${line}`)];
}

export async function guestAddCommand(this: Context, flags: GuestAddFlags): Promise<void> {
  await asAccount(this, flags, async (account, signal) => {
    const { name, kind, from, until } = flags;
    const windows = windowsOf(flags);
    const door = await doorNamed(account, flags.door, signal);
    if (!door.ok) return door;
    const wish = { door: door.value.id, name, kind, from, until, windows, signal };
    return shown(await account.inviteGuest(wish), guestLines);
  });
}

/** Bit 0 of the days is Sunday. */
function windowsOf({
  days,
  hours,
}: GuestAddFlags): { days: number; startMinute: number; endMinute: number }[] | undefined {
  if (days === undefined && hours === undefined) return undefined;
  if (days === undefined || hours === undefined) throw new UseError("give --days and --hours together");
  return [{ days: days.reduce((mask, day) => mask | (1 << day), 0), ...hours }];
}

export async function guestListCommand(this: Context, flags: DoorFlags): Promise<void> {
  await asAccount(this, flags, async (account, signal) => {
    const door = await doorNamed(account, flags.door, signal);
    if (!door.ok) return door;
    return shown(await account.guests({ door: door.value.id, signal }), ({ guests }) =>
      guests.length === 0
        ? [`no guests at ${door.value.name}; let one in with: doorsync-phone guest add --help`]
        : guests.flatMap(guestLines),
    );
  });
}

export async function guestRevokeCommand(this: Context, flags: GuestRevokeFlags): Promise<void> {
  await asAccount(this, flags, async (account, signal) => {
    const door = await doorNamed(account, flags.door, signal);
    if (!door.ok) return door;
    const list = await account.guests({ door: door.value.id, signal });
    if (!list.ok) return list;
    const key = flags.guest.toLowerCase();
    const found = list.value.guests.filter(
      ({ person, name }) => person === flags.guest || name.toLowerCase() === key,
    );
    const [guest] = found;
    if (guest === undefined || found.length > 1)
      throw new UseError(
        guest === undefined
          ? `no guest at this door is called ${flags.guest}`
          : `several guests are called ${flags.guest}: give the id, ${found.map(({ person }) => person).join(" or ")}`,
      );
    const wish = { door: door.value.id, person: guest.person, signal };
    return shown(await account.revokeGuest(wish), (ended) => [
      `taken back: ${ended.name}; ${endLine(ended)}`,
      ...(isPending(ended) ? guestLines(ended) : []),
    ]);
  });
}

function isPending({ entries }: Guest): boolean {
  return entries.some(({ pending }) => pending);
}

/** What was taken back opens until the lock knows: unless it never heard of it. */
function endLine(guest: Guest): string {
  if (!isPending(guest)) return "the code never reached the lock";
  const opens = guest.entries.some(({ faces }) => faces.some(({ worksNow }) => worksNow));
  return opens
    ? "the code opens until the door is synced"
    : "a phone carries the code, and it may open until the door is synced";
}

export async function dailyCodeCommand(this: Context, flags: DailyCodeFlags): Promise<void> {
  await asAccount(this, flags, async (account, signal) => {
    const { email, phone } = flags;
    if (email !== undefined && phone !== undefined) throw new UseError("give --email or --phone, not both");
    const to = email === undefined && phone === undefined ? undefined : { email, phone };
    const door = await doorNamed(account, flags.door, signal);
    if (!door.ok) return door;
    const answer = await account.dailyCode({ door: door.value.id, to, signal });
    return shown(answer, ({ code, day, validUntil, opensAtLatestUntil, limits }) => [
      code === null
        ? `sent: the doorcode of ${day} for ${door.value.name}`
        : `${code}  ${door.value.name}, ${day}`,
      `valid until ${localTime(validUntil)}; the lock may take it until ${localTime(opensAtLatestUntil)}`,
      ...limits,
    ]);
  });
}
