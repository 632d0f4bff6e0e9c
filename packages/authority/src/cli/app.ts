/**
 * The command line as a tree: names, flags, help. Every command's work is loaded only when it runs.
 */
import { type Application, buildApplication, buildCommand, buildRouteMap, text_en } from "@stricli/core";
import type { AccountFlags } from "./account.ts";
import { epochMax, leaseHoursMax } from "./bounds.ts";
import type { Cli } from "./context.ts";
import {
  type BaseFlags,
  baseFlags,
  doorFlag,
  lengthFlag,
  lifeFlag,
  mailboxFlag,
  named,
  optionalInstant,
  optionalNamed,
  optionalWhole,
  parseListen,
  parseUrl,
  personFlag,
  switched,
} from "./flags.ts";
import type * as Keys from "./keys.ts";
import type { ServeFlags } from "./serve.ts";
import { version } from "./version.ts";
import type * as Work from "./work.ts";

const program = "doorsync-authority";

/** The last paragraph of a command's help: what it does, and how it ends. `refused` where it can be denied. */
function withExits(does: string, refused?: string): string {
  const denied = refused === undefined ? "" : `1 ${refused}; `;
  return `${does}\n\nExit status: 0 done; ${denied}2 wrong use, no such name, or keys, database or a folder not as they should be.`;
}

const accountRoles = ["manager", "resident", "host"] as const;
const kinds = ["residence", "buildingEntrance", "communal", "service"] as const;

const init = buildCommand<Work.InitFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).init,
  parameters: { flags: baseFlags },
  docs: {
    brief: "Create the keys and the database of a property manager",
    fullDescription: withExits(
      "Creates DIR with the signing keys (readable by you alone) and an embedded database; with DATABASE_URL set, the " +
        "database is PostgreSQL and DIR holds the keys only. Run again, it replaces nothing. Keep a copy of DIR/keys.",
    ),
    customUsage: [{ input: "--data ./office", brief: "a first start" }],
  },
});

const propertyAdd = buildCommand<Work.PropertyFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).propertyAdd,
  parameters: {
    flags: {
      ...baseFlags,
      name: named("Name of the property", "NAME"),
      sixDigits: switched("Allow 6-digit codes beside 4-digit ones"),
      leaseHours: optionalWhole(
        "Hours that codes live without a newer table (default: no lease)",
        "HOURS",
        0,
        leaseHoursMax,
      ),
    },
  },
  docs: {
    brief: "Add a property",
    fullDescription: withExits("Add a property.", "the name is taken or unfit"),
    customUsage: [
      { input: '--data ./office --name "Maple Court" --six-digits', brief: "one that allows 6 digits" },
    ],
  },
});

const doorAdd = buildCommand<Work.DoorFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).doorAdd,
  parameters: {
    flags: {
      ...baseFlags,
      name: named("Name of the door", "NAME"),
      property: optionalNamed("Property it belongs to (may be left out when there is one)", "NAME"),
      kind: { kind: "enum", values: kinds, default: "residence", brief: "Where the door leads" },
      unit: optionalNamed("Unit behind the door; a residence needs one, a new one is added", "NAME"),
    },
  },
  docs: {
    brief: "Add a door",
    fullDescription: withExits(
      "Adds a door. Everybody who lives in the property counts as at home at a door that belongs to no unit, so the door " +
        "of a residence names its unit.",
      "the name is taken or unfit",
    ),
    customUsage: [
      { input: '--data ./office --name "Unit 4B" --unit 4B', brief: "the door of a home" },
      { input: '--data ./office --name "Front door" --kind buildingEntrance', brief: "one that all share" },
    ],
  },
});

const personAdd = buildCommand<Work.PersonFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).personAdd,
  parameters: { flags: { ...baseFlags, name: named("Name of the person", "NAME") } },
  docs: {
    brief: "Add a person whom these commands name",
    fullDescription: withExits(
      "Adds a person for assign and the other commands here. Such a person belongs to no unit and cannot log in: who " +
        "shall use the service is added by a manager on its page, or by account add.",
      "the name is taken or unfit",
    ),
    customUsage: [{ input: '--data ./office --name "Ada Osei"', brief: "somebody to give a code to" }],
  },
});

const accountAdd = buildCommand<AccountFlags, [], Cli>({
  loader: async () => (await import("./account.ts")).accountAdd,
  parameters: {
    flags: {
      ...baseFlags,
      name: named("Name of the person", "NAME"),
      email: named("Address to log in with", "EMAIL"),
      property: optionalNamed("Property of the person (may be left out when there is one)", "NAME"),
      role: { kind: "enum", values: accountRoles, optional: true, brief: "What the person is there" },
      unit: optionalNamed("Unit of a resident or host", "NAME"),
      vendor: switched("Of the vendor's support: has no role, may open and read nothing"),
      passwordFile: optionalNamed(
        "File that holds the password alone (default: a reset token is printed)",
        "FILE",
      ),
    },
  },
  docs: {
    brief: "Add a person with an account to log in to the service",
    fullDescription: withExits(
      "Add a person with an account to log in to the service. Without a password file it prints a reset token, with " +
        "which the person chooses a password within the hour.",
      "name, address or password is unfit, or the address is taken",
    ),
    customUsage: [
      {
        input: '--data ./office --name "Mona Manager" --email mona@example.org --role manager',
        brief: "the first manager",
      },
    ],
  },
});

const commission = buildCommand<Work.CommissionFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).commission,
  parameters: {
    flags: {
      ...baseFlags,
      door: doorFlag,
      setup: named("Setup text printed with the lock (DOORSYNC:1:…), or a file that holds it", "TEXT|FILE"),
      mailbox: mailboxFlag,
      replace: switched("The lock was reset from inside, or another lock hangs here now"),
      epoch: optionalWhole("Lowest epoch to use, for a lock that had owners before", "N", 1, epochMax),
    },
  },
  docs: {
    brief: "Offer a factory-fresh lock its owner",
    fullDescription: withExits(
      "Writes a commission parcel. A phone carries it to the lock; `receive` reads the lock's reply and issues the " +
        "first table. The setup text is a secret: the phone must not know it.",
      "a lock is commissioned there already",
    ),
    customUsage: [
      {
        input: '--data ./office --door "Unit 4B" --setup ./lock/setup.txt --mailbox ./mail',
        brief: "from a file",
      },
    ],
  },
});

const assign = buildCommand<Work.AssignFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).assign,
  parameters: {
    flags: {
      ...baseFlags,
      door: doorFlag,
      person: personFlag,
      length: lengthFlag,
      uses: optionalWhole("Times it opens (default: any number)", "N", 1, 0xff),
      minutes: optionalWhole("Minutes it lives after its first use", "N", 1, 0xffff),
      from: optionalInstant("Not before this, as 2026-12-24T15:00:00Z"),
      until: optionalInstant("Not from this on, as 2026-12-26T10:00:00Z"),
    },
  },
  docs: {
    brief: "Give a person a generated code for a door",
    fullDescription: withExits(
      "Give a person a generated code for a door.",
      "there is a code already, none is left, or length or terms are not allowed",
    ),
    customUsage: [
      { input: '--data ./office --door "Unit 4B" --person "Ada Osei"', brief: "prints the code" },
      {
        input: '--data ./office --door "Unit 4B" --person "Parcel service" --uses 1',
        brief: "for one delivery",
      },
    ],
  },
});

const suspend = buildCommand<Work.SuspendFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).suspend,
  parameters: { flags: { ...baseFlags, door: doorFlag, person: personFlag } },
  docs: {
    brief: "Close the door to a person's code for a while; it works until the door has synced",
    fullDescription: withExits(
      "Code, hours and ends stay as they are; resume opens again.",
      "there is no code",
    ),
    customUsage: [{ input: '--data ./office --door "Unit 4B" --person "Ada Osei"', brief: "until resume" }],
  },
});

const resume = buildCommand<Work.SuspendFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).resume,
  parameters: { flags: { ...baseFlags, door: doorFlag, person: personFlag } },
  docs: {
    brief: "Open the door again to a code that was suspended",
    fullDescription: withExits(
      "The code is the same as before, with the same hours and ends.",
      "there is no code",
    ),
    customUsage: [{ input: '--data ./office --door "Unit 4B" --person "Ada Osei"', brief: "the same code" }],
  },
});

const reset = buildCommand<Work.CodeFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).reset,
  parameters: { flags: { ...baseFlags, door: doorFlag, person: personFlag, length: lengthFlag } },
  docs: {
    brief: "Give a person another code; the old one works until the door has synced",
    fullDescription: withExits(
      "Give a person another code; the old one works until the door has synced.",
      "there is no code, none is left, or the length is not allowed",
    ),
    customUsage: [
      { input: '--data ./office --door "Unit 4B" --person "Ada Osei"', brief: "prints the new code" },
    ],
  },
});

const revoke = buildCommand<Work.RevokeFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).revoke,
  parameters: {
    flags: {
      ...baseFlags,
      door: optionalNamed('Name of the door, or "PROPERTY/DOOR"; or say --all', "DOOR"),
      person: personFlag,
      all: switched("At every door"),
    },
  },
  docs: {
    brief: "Take a person's code away, at one door or at all",
    fullDescription: withExits(
      "Take a person's code away, at one door or at all. One of --door and --all is needed.",
      "there is no code",
    ),
    customUsage: [
      { input: '--data ./office --door "Unit 4B" --person "Ada Osei"', brief: "at one door" },
      { input: '--data ./office --person "Ada Osei" --all', brief: "everywhere" },
    ],
  },
});

const issue = buildCommand<Work.IssueFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).issue,
  parameters: {
    flags: {
      ...baseFlags,
      door: doorFlag,
      mailbox: mailboxFlag,
      snapshot: switched("Add a parcel with the whole table"),
      renew: switched("A new version even without a change, so that leases start anew"),
      trustBooks: switched("After a backup: whoever was suspended or revoked since is so again"),
      lifeHours: lifeFlag,
    },
  },
  docs: {
    brief: "Sign the newest table of a door and put its parcels into the mailbox",
    fullDescription: withExits(
      "Raises the version when the table should differ from the newest one, and writes one parcel for each version the " +
        "lock may hold. Parcels that are overtaken are withdrawn. Run again, it writes the same parcels.",
      "no lock is commissioned there, its credential ids are used up, or its books are in doubt",
    ),
    customUsage: [{ input: '--data ./office --door "Unit 4B" --mailbox ./mail', brief: "after any change" }],
  },
});

const receive = buildCommand<Work.ReceiveFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).receive,
  parameters: { flags: { ...baseFlags, mailbox: mailboxFlag, lifeHours: lifeFlag } },
  docs: {
    brief: "Take in what couriers brought back: receipts, commissioning replies, refusals, logs",
    fullDescription: withExits(
      "Take in what couriers brought back: receipts, commissioning replies, refusals, logs.",
    ),
    customUsage: [{ input: "--data ./office --mailbox ./mail", brief: "moves codes to set and removed" }],
  },
});

const status = buildCommand<Work.StatusFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).status,
  parameters: {
    flags: {
      ...baseFlags,
      door: optionalNamed('Name of the door, or "PROPERTY/DOOR" (default: all)', "DOOR"),
      removed: switched("Also codes that are proven gone"),
    },
  },
  docs: {
    brief: "What each door is proven to know, and what waits for a sync",
    fullDescription: withExits("What each door is proven to know, and what waits for a sync."),
    customUsage: [{ input: "--data ./office", brief: "every door" }],
  },
});

const keysRotate = buildCommand<Work.RotateFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).keysRotate,
  parameters: {
    flags: {
      ...baseFlags,
      mailbox: mailboxFlag,
      lifeHours: lifeFlag,
      root: optionalNamed("The file with the root key, if export-root took it away", "FILE"),
    },
  },
  docs: {
    brief: "Replace the keys that work online, under the root key's signature",
    fullDescription: withExits(
      "Draws new keys for tables, capabilities, time and logs, and writes for every lock a parcel that tells it so and one " +
        "with its whole table. Codes work on as they do until the door has synced; then nothing that the old keys sign counts.",
      "a lock cannot take other keys any more",
    ),
    customUsage: [
      { input: "--data ./office --mailbox ./mail", brief: "after a theft" },
      {
        input: "--data ./office --mailbox ./mail --root /media/safe/root.seed",
        brief: "with the root offline",
      },
    ],
  },
});

const keysInit = buildCommand<Keys.KeysInitFlags, [], Cli>({
  loader: async () => (await import("./keys.ts")).keysInit,
  parameters: { flags: baseFlags },
  docs: {
    brief: "Create the keys alone, without a database",
    fullDescription: withExits(
      "Draws the keys into DIR/keys, for example on a machine that is never online. Run again, it replaces nothing.",
    ),
    customUsage: [{ input: "--data ./office", brief: "before init" }],
  },
});

const keysExportRoot = buildCommand<Keys.ExportRootFlags, [], Cli>({
  loader: async () => (await import("./keys.ts")).keysExportRoot,
  parameters: { flags: { ...baseFlags, to: named("New file for the root key", "FILE") } },
  docs: {
    brief: "Take the root key away, to be kept offline",
    fullDescription: withExits(
      "Moves the root key's seed into FILE and leaves its public key. Whoever breaks into the service can then not " +
        "appoint keys of their own; only keys rotate needs the seed again.",
    ),
    customUsage: [{ input: "--data ./office --to /media/safe/root.seed", brief: "onto a stick" }],
  },
});

const log = buildCommand<Work.LogFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).log,
  parameters: {
    flags: {
      ...baseFlags,
      door: doorFlag,
      last: optionalWhole("How many of the newest events (default 200)", "N", 1, 100_000),
    },
  },
  docs: {
    brief: "What a door's lock has written down, as far as couriers brought it",
    fullDescription: withExits(
      "Events in Matter's names, each proven by the lock's own key; what is missing is said where it is missing. Times " +
        "are the lock's, and only a lower bound where its clock was lost.",
      "no lock is commissioned there",
    ),
    customUsage: [{ input: '--data ./office --door "Unit 4B"', brief: "the newest 200" }],
  },
});

const codes = buildCommand<Work.CodesFlags, [], Cli>({
  loader: async () => (await import("./work.ts")).codes,
  parameters: { flags: { ...baseFlags, person: personFlag } },
  docs: {
    brief: "A person's codes with their digits: what works now, and what will after a sync",
    fullDescription: withExits(
      "A person's codes with their digits: what works now, and what will after a sync.",
    ),
    customUsage: [{ input: '--data ./office --person "Ada Osei"', brief: "for that person's eyes" }],
  },
});

const restored = buildCommand<BaseFlags, [], Cli>({
  loader: async () => (await import("./restored.ts")).restored,
  parameters: { flags: baseFlags },
  docs: {
    brief: "Say that the database comes out of a backup",
    fullDescription: withExits(
      "Ends every log-in and every link for a password, and hands no door a table until management has said that its " +
        "books are right: whoever was suspended or revoked since the backup is neither in it. Run it before serve.",
    ),
    customUsage: [{ input: "--data ./office", brief: "after the folder was put back" }],
  },
});

const serve = buildCommand<ServeFlags, [], Cli>({
  loader: async () => (await import("./serve.ts")).serve,
  parameters: {
    flags: {
      ...baseFlags,
      listen: {
        kind: "parsed",
        parse: parseListen,
        default: "127.0.0.1:8480",
        placeholder: "HOST:PORT",
        brief: "Where to listen; port 0 picks one",
      },
      publicUrl: {
        kind: "parsed",
        parse: parseUrl,
        optional: true,
        placeholder: "URL",
        brief: "How people reach it, for links in messages; left out: where it listens",
      },
    },
  },
  docs: {
    brief: "Run the property side as a service over HTTP",
    fullDescription: withExits(
      "Serves people, phones and the property's page until it is told to end. It speaks plain HTTP: put a proxy with " +
        "TLS in front of it. Settings from the environment: DATABASE_URL, SMTP_URL, MAIL_FROM, MESSAGE_WEBHOOK_URL, " +
        "MESSAGE_WEBHOOK_TOKEN, MQTT_URL.",
    ),
    customUsage: [
      { input: "--data ./office", brief: "on 127.0.0.1:8480" },
      { input: "--data ./office --listen 127.0.0.1:0 --json", brief: "for programs: a line says where" },
    ],
  },
});

const root = buildRouteMap({
  routes: {
    init,
    serve,
    property: buildRouteMap({ routes: { add: propertyAdd }, docs: { brief: "Properties" } }),
    door: buildRouteMap({ routes: { add: doorAdd }, docs: { brief: "Doors" } }),
    person: buildRouteMap({ routes: { add: personAdd }, docs: { brief: "People" } }),
    account: buildRouteMap({ routes: { add: accountAdd }, docs: { brief: "Accounts of the service" } }),
    commission,
    assign,
    reset,
    suspend,
    resume,
    revoke,
    issue,
    receive,
    keys: buildRouteMap({
      routes: { init: keysInit, rotate: keysRotate, "export-root": keysExportRoot },
      docs: { brief: "The authority's own keys" },
    }),
    status,
    log,
    codes,
    restored,
  },
  docs: {
    brief: "The property side of DoorSync: who may open which door, and what each lock has proven",
    fullDescription:
      "Keeps who may open which door, signs that for each lock, and says what each lock has proven. serve runs it as a " +
      "service with a page; the other commands work on the same folder while no service does.\n\n" +
      "Exit status: 0 done; 1 refused, with a number and a name; 2 wrong use, no such name, or keys, database or a folder " +
      "not as they should be.\n\n" +
      "Examples:\n" +
      "  doorsync-authority init --data ./office\n" +
      '  doorsync-authority property add --data ./office --name "Maple Court"\n' +
      '  doorsync-authority account add --data ./office --name "Mona Manager" --email mona@example.org --role manager\n' +
      "  doorsync-authority serve --data ./office",
  },
});

export const app: Application<Cli> = buildApplication(root, {
  name: program,
  versionInfo: { currentVersion: version },
  scanner: { caseStyle: "allow-kebab-for-camel" },
  documentation: { caseStyle: "convert-camel-to-kebab", onlyRequiredInUsageLine: true },
  localization: {
    text: {
      ...text_en,
      exceptionWhileParsingArguments(error, ansiColor) {
        const said =
          text_en.exceptionWhileParsingArguments.call(text_en, error, ansiColor).split("\n")[0] ?? "";
        return `${program}: ${said}; see ${program} --help`;
      },
      noCommandRegisteredForInput(args) {
        const said = text_en.noCommandRegisteredForInput.call(text_en, args);
        return `${program}: ${said}; see ${program} --help`;
      },
    },
  },
});
