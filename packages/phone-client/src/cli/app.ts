/** The command tree of `doorsync-phone`: flags, help and exit status. What the commands do is in their own files. */
import {
  type Application,
  ArgumentScannerError,
  buildApplication,
  buildCommand,
  buildRouteMap,
  formatMessageForArgumentScannerError,
  run,
  text_en,
} from "@stricli/core";
import { accountRoutes } from "./account-routes.ts";
import { bleFlags, commonFlags, jsonFlag, mailboxFlag, parseDuration, parseLock, parseMtu } from "./flags.ts";
import type { Context, ExitStatus, ParcelsFlags, SyncFlags, Terminal } from "./terminal.ts";

export { parseDuration, parseLock, parseMtu } from "./flags.ts";

const sync = buildCommand<SyncFlags, [], Context>({
  loader: async () => (await import("./sync.ts")).syncCommand,
  parameters: {
    flags: {
      ...commonFlags,
      lock: {
        kind: "parsed",
        parse: parseLock,
        optional: true,
        placeholder: "HOST:PORT",
        brief: "Where the lock listens; or --ble",
      },
      ...bleFlags,
      mailbox: mailboxFlag,
      watch: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: "Stay, and sync whenever something is to be carried and the lock is in range",
      },
      timeout: {
        kind: "parsed",
        parse: parseDuration,
        optional: true,
        placeholder: "30s",
        brief: "Longest silence borne, in every wait; 5 to 20 s by the kind of wait when left out",
      },
      mtu: {
        kind: "parsed",
        parse: parseMtu,
        default: "247",
        placeholder: "247",
        brief: "ATT MTU that frames are cut for, 23 to 517",
      },
      trace: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: "One line for each message; --json has them always",
      },
      json: { ...jsonFlag, brief: "One JSON object a line: every message, progress, warnings, the result" },
    },
  },
  docs: {
    brief: "Visit a lock: deliver what it lacks, bring its receipt back",
    fullDescription:
      "Visits one lock, delivers what it lacks of the sealed parcels that this phone carries and brings its signed " +
      "receipt back. The phone can neither read nor change what it carries, and a sync never unlocks.\n\n" +
      "Whoever is logged in carries what the service has for their doors; without a network, what it had last. With " +
      "--mailbox the parcels come from a folder, and nobody need be logged in.\n\n" +
      "With --watch it asks the service every 30 seconds, visits when something is to be carried, and leaves a lock " +
      "that did not answer alone for 15 seconds; it says when lock or service go and come back. Ctrl-C ends it.\n\n" +
      "With --ble it goes to a lock in range; a visit that is cut off is made again, up to three times.\n\n" +
      "Exit status: 0 synced, commissioned, or nothing to do; 1 refused by the lock, no receipt, or what " +
      "is carried for it is not whole; 2 wrong use, no connection, no lock there, or no mailbox.\n\n" +
      "Examples:\n" +
      "  doorsync-phone sync --lock 127.0.0.1:7001\n" +
      "  doorsync-phone sync --lock 127.0.0.1:7001 --watch\n" +
      "  doorsync-phone sync --ble\n" +
      "  doorsync-phone sync --ble --adapter virtual --capture visit.btsnoop\n" +
      "  doorsync-phone sync --lock [::1]:7001 --mailbox ./mailbox --trace --mtu 23\n" +
      "  doorsync-phone sync --lock 127.0.0.1:7001 --mailbox ./mailbox --json --timeout 10s",
  },
});

const parcels = buildCommand<ParcelsFlags, [], Context>({
  loader: async () => (await import("./parcels.ts")).parcelsCommand,
  parameters: { flags: { ...commonFlags, mailbox: mailboxFlag } },
  docs: {
    brief: "List what is carried; its contents are sealed",
    fullDescription:
      "Lists the parcels that this phone keeps, or those in a mailbox folder: for which lock, from and to which " +
      "version, until when, how many bytes. What is inside is sealed to the lock.\n\n" +
      "Examples:\n  doorsync-phone parcels\n  doorsync-phone parcels --mailbox ./mailbox",
  },
});

function application(): Application<Context> {
  return buildApplication(
    buildRouteMap({
      routes: { ...accountRoutes, sync, parcels },
      docs: {
        brief: "One's own codes, and sealed updates carried to door locks and their receipts back",
        fullDescription:
          "Shows one's own doors and codes, and carries sealed updates to door locks and their receipts back.\n\n" +
          "Everything that stays on this phone is encrypted, and `logout` wipes it. DOORSYNC_PHONE_PASSPHRASE, when " +
          "set, takes the place of the key that otherwise lies beside it.\n\n" +
          "Exit status: 0 done; 1 refused by the service or the lock; 2 wrong use or environment.\n\n" +
          "Examples:\n" +
          "  doorsync-phone login --url https://doors.example.org --email ada@example.org\n" +
          "  doorsync-phone codes\n" +
          "  doorsync-phone sync --lock 127.0.0.1:7001\n" +
          "  doorsync-phone logout",
      },
    }),
    {
      name: "doorsync-phone",
      scanner: { caseStyle: "allow-kebab-for-camel" },
      documentation: { disableAnsiColor: true, caseStyle: "convert-camel-to-kebab" },
      localization: {
        text: {
          ...text_en,
          exceptionWhileParsingArguments: (error) =>
            `doorsync-phone: ${
              error instanceof ArgumentScannerError
                ? formatMessageForArgumentScannerError(error, {
                    ArgumentParseError: ({ externalFlagNameOrPlaceholder: flag, input, exception }) =>
                      `--${flag} ${JSON.stringify(input)}: ${exception instanceof Error ? exception.message : String(exception)}`,
                  })
                : String(error)
            }; see --help`,
          noCommandRegisteredForInput: ({ input }) =>
            `doorsync-phone: no command ${JSON.stringify(input)}; see doorsync-phone --help`,
        },
      },
    },
  );
}

/** Runs one command line. Never throws for what the user typed or the environment lacks; says it in one line. */
export async function runCommands(args: readonly string[], terminal: Terminal): Promise<ExitStatus> {
  let status: ExitStatus | undefined;
  const shown = {
    stdout: { write: (text: string) => void terminal.stdout.write(text) },
    stderr: { write: (text: string) => void terminal.stderr.write(text) },
    exitCode: null as number | string | null,
  };
  const leave = (left: ExitStatus): void => {
    status = left;
  };
  await run(application(), args.length === 0 ? ["--help"] : args, { process: shown, terminal, leave });
  if (shown.exitCode !== 0) return 2;
  return status ?? 0;
}
