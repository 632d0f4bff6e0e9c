/** The commands of an account, as flags and help: log in and out, doors, codes, guests, the phone's key, the daily doorcode. */
import { buildCommand, buildRouteMap, type RouteMap } from "@stricli/core";
import {
  bleFlags,
  commonFlags,
  doorFlag,
  parseDays,
  parseHours,
  parseLength,
  parseLock,
  parseMoment,
  parseMtu,
} from "./flags.ts";
import { parseUrl } from "./open.ts";
import type {
  CommonFlags,
  Context,
  DailyCodeFlags,
  DoorFlags,
  EnrolFlags,
  GuestAddFlags,
  GuestRevokeFlags,
  LoginFlags,
  ResetFlags,
  UnlockFlags,
} from "./terminal.ts";

const text = (placeholder: string, brief: string) =>
  ({ kind: "parsed", parse: String, placeholder, brief }) as const;

const login = buildCommand<LoginFlags, [], Context>({
  loader: async () => (await import("./login.ts")).loginCommand,
  parameters: {
    flags: {
      ...commonFlags,
      url: { kind: "parsed", parse: parseUrl, placeholder: "URL", brief: "Where the property's service is" },
      email: text("ADDRESS", "The account's e-mail address"),
      passwordFile: { ...text("FILE", "A file with the password in its first line"), optional: true },
    },
  },
  docs: {
    brief: "Log in on this phone; the password is typed or comes on standard input",
    fullDescription:
      "Logs in on this phone, also a borrowed one. The password is asked for without an echo, or read from standard " +
      "input or a file. What somebody else left on this phone is wiped first.\n\n" +
      "Examples:\n" +
      "  doorsync-phone login --url https://doors.example.org --email ada@example.org\n" +
      "  doorsync-phone login --url http://127.0.0.1:8080 --email ada@example.org --password-file ./password",
  },
});

const logout = buildCommand<CommonFlags, [], Context>({
  loader: async () => (await import("./login.ts")).logoutCommand,
  parameters: { flags: commonFlags },
  docs: {
    brief: "Log out and leave nothing on this phone",
    fullDescription:
      "Tells the service and wipes everything that this phone kept: session, doors, parcels, answers of locks. It " +
      "wipes also when the service cannot be reached.\n\nExample:\n  doorsync-phone logout",
  },
});

const doors = buildCommand<CommonFlags, [], Context>({
  loader: async () => (await import("./codes.ts")).doorsCommand,
  parameters: { flags: commonFlags },
  docs: {
    brief: "One's doors: last sync, pending changes",
    fullDescription:
      "Lists one's doors with the date and time of the last sync and what is pending there. Without a network it says " +
      "what it was told last, and when.\n\nExample:\n  doorsync-phone doors",
  },
});

const codes = buildCommand<CommonFlags, [], Context>({
  loader: async () => (await import("./codes.ts")).codesCommand,
  parameters: { flags: commonFlags },
  docs: {
    brief: "One's own codes: what works at the door now, and what will after a sync",
    fullDescription:
      "Shows one's own codes. While one changes, both are shown: the one that works at the door now, and the one that " +
      "will after a sync. Codes are never kept on the phone.\n\nExample:\n  doorsync-phone codes",
  },
});

const reset = buildCommand<ResetFlags, [], Context>({
  loader: async () => (await import("./codes.ts")).resetCommand,
  parameters: {
    flags: {
      ...commonFlags,
      door: doorFlag,
      length: { kind: "parsed", parse: parseLength, optional: true, placeholder: "4|6", brief: "Digits" },
    },
  },
  docs: {
    brief: "Have another code drawn for a private door",
    fullDescription:
      "Has another code drawn instead of one's own. The old one opens until the door is synced, and the new one does " +
      "not before.\n\nExample:\n  doorsync-phone reset --door 'Unit 12'",
  },
});

const pick = buildCommand<DoorFlags, [], Context>({
  loader: async () => (await import("./codes.ts")).pickCommand,
  parameters: { flags: { ...commonFlags, door: doorFlag } },
  docs: {
    brief: "Choose one's own code, where the community allows it",
    fullDescription:
      "Replaces one's own code by a chosen one, asked for without an echo or read from standard input.\n\n" +
      "Example:\n  doorsync-phone pick --door 'Unit 12'",
  },
});

const guestAdd = buildCommand<GuestAddFlags, [], Context>({
  loader: async () => (await import("./guests.ts")).guestAddCommand,
  parameters: {
    flags: {
      ...commonFlags,
      door: doorFlag,
      name: text("NAME", "Who the guest is"),
      kind: {
        kind: "enum",
        values: ["permanent", "temporary", "recurring", "delivery"],
        brief: "How long the code lasts",
      },
      from: {
        kind: "parsed",
        parse: parseMoment,
        optional: true,
        placeholder: "TIME",
        brief: "Its beginning, as 2027-03-01 or 2027-03-01T18:30",
      },
      until: {
        kind: "parsed",
        parse: parseMoment,
        optional: true,
        placeholder: "TIME",
        brief: "Its end: not from this on",
      },
      days: {
        kind: "parsed",
        parse: parseDays,
        optional: true,
        placeholder: "mon,wed",
        brief: "Recurring: days",
      },
      hours: {
        kind: "parsed",
        parse: parseHours,
        optional: true,
        placeholder: "09:00-12:30",
        brief: "Recurring: hours of those days, local to the door",
      },
    },
  },
  docs: {
    brief: "Give a guest a code; its digits are drawn at random and shown once",
    fullDescription:
      "Gives a guest a code. permanent: until revoked. temporary: from --from until --until. recurring: on --days, " +
      "during --hours. delivery: once, within the hours that the community allows.\n\n" +
      "In TIME a day alone is its first minute, in this phone's time zone: --until 2027-03-04 ends when the 4th begins. " +
      "With an offset, as 2027-03-01T18:30Z or +01:00, it is of that zone.\n\n" +
      "Examples:\n" +
      "  doorsync-phone guest add --door 'Unit 12' --name Grace --kind temporary --from 2027-03-01 --until 2027-03-04\n" +
      "  doorsync-phone guest add --door 'Unit 12' --name Cleaner --kind recurring --days tue,fri --hours 09:00-12:00",
  },
});

const guestList = buildCommand<DoorFlags, [], Context>({
  loader: async () => (await import("./guests.ts")).guestListCommand,
  parameters: { flags: { ...commonFlags, door: doorFlag } },
  docs: {
    brief: "One's guests at a door",
    fullDescription:
      "Lists one's guests at a door, and what is pending.\n\nExample:\n  doorsync-phone guest list --door 'Unit 12'",
  },
});

const guestRevoke = buildCommand<GuestRevokeFlags, [], Context>({
  loader: async () => (await import("./guests.ts")).guestRevokeCommand,
  parameters: { flags: { ...commonFlags, door: doorFlag, guest: text("GUEST", "The guest's name or id") } },
  docs: {
    brief: "Take a guest's code back; it opens until the door is synced",
    fullDescription:
      "Takes a guest's code back. It opens until the door is synced.\n\n" +
      "Example:\n  doorsync-phone guest revoke --door 'Unit 12' --guest Grace",
  },
});

const dailyCode = buildCommand<DailyCodeFlags, [], Context>({
  loader: async () => (await import("./guests.ts")).dailyCodeCommand,
  parameters: {
    flags: {
      ...commonFlags,
      door: doorFlag,
      email: { ...text("ADDRESS", "Send it there"), optional: true },
      phone: { ...text("NUMBER", "Send it there"), optional: true },
    },
  },
  docs: {
    brief: "The daily doorcode: shown, or sent to an address of one's choice",
    fullDescription:
      "Gives the doorcode of today, which the lock knows without a sync. It is shown, or sent as an e-mail or a " +
      "message. It cannot be taken back before the day is over.\n\n" +
      "Examples:\n" +
      "  doorsync-phone daily-code --door 'Unit 12'\n" +
      "  doorsync-phone daily-code --door 'Unit 12' --email grace@example.org",
  },
});

const unlock = buildCommand<UnlockFlags, [], Context>({
  loader: async () => (await import("./unlock.ts")).unlockCommand,
  parameters: {
    flags: {
      ...commonFlags,
      door: doorFlag,
      lock: {
        kind: "parsed",
        parse: parseLock,
        optional: true,
        placeholder: "HOST:PORT",
        brief: "Where the lock listens; or --ble",
      },
      ...bleFlags,
      mtu: {
        kind: "parsed",
        parse: parseMtu,
        default: "247",
        placeholder: "247",
        brief: "ATT MTU that frames are cut for, 23 to 517",
      },
    },
  },
  docs: {
    brief: "Open a door by this phone's key",
    fullDescription:
      "Asks the lock of one of your doors to open. The lock is synced first where it wants that, in the same visit. " +
      "Without a network it goes by what was fetched last, for as long as the property allows. This phone must be the " +
      "one that opens your doors: see key enrol.\n\n" +
      "Exit status: 0 opened; 1 the lock said no, or nobody knows; 2 wrong use, no key here, or no lock there.\n\n" +
      "Examples:\n" +
      "  doorsync-phone unlock --door 'Unit 12' --lock 127.0.0.1:7001\n" +
      "  doorsync-phone unlock --door 'Unit 12' --ble --adapter virtual --json",
  },
});

const keyEnrol = buildCommand<EnrolFlags, [], Context>({
  loader: async () => (await import("./unlock.ts")).keyEnrolCommand,
  parameters: {
    flags: {
      ...commonFlags,
      replace: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: "In place of another phone of yours, which then opens nothing",
      },
    },
  },
  docs: {
    brief: "Make this phone the one that opens your doors",
    fullDescription:
      "Makes a key on this phone and has it enrolled. Each door takes it with its next sync. The key ends with the " +
      "log-out, with another password, and when another phone takes its place.\n\n" +
      "Examples:\n  doorsync-phone key enrol\n  doorsync-phone key enrol --replace",
  },
});

const keyShow = buildCommand<CommonFlags, [], Context>({
  loader: async () => (await import("./unlock.ts")).keyShowCommand,
  parameters: { flags: commonFlags },
  docs: {
    brief: "Which doors this phone opens, and until when without a network",
    fullDescription:
      "Lists the doors that this phone opens, until when without a network, and the reason where it does not.\n\n" +
      "Example:\n  doorsync-phone key show",
  },
});

const keyEnd = buildCommand<CommonFlags, [], Context>({
  loader: async () => (await import("./unlock.ts")).keyEndCommand,
  parameters: { flags: commonFlags },
  docs: {
    brief: "Let no phone of yours open doors any more",
    fullDescription:
      "Ends the key by which a phone of yours opens doors, whichever phone it is. Each door knows it after its next " +
      "sync.\n\nExample:\n  doorsync-phone key end",
  },
});

const key = buildRouteMap({
  routes: { enrol: keyEnrol, show: keyShow, end: keyEnd },
  docs: { brief: "The key by which this phone opens doors: enrol, show, end" },
});

const guest = buildRouteMap({
  routes: { add: guestAdd, list: guestList, revoke: guestRevoke },
  docs: { brief: "Codes of guests: add, list, revoke" },
});

type Command = ReturnType<typeof buildCommand<never, [], Context>>;
export const accountRoutes: Readonly<Record<string, Command | RouteMap<Context>>> = {
  login,
  logout,
  doors,
  codes,
  reset,
  pick,
  guest,
  key,
  unlock,
  "daily-code": dailyCode,
};
