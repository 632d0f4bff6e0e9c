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
import type { Context, ExitStatus, ParcelsFlags, SyncFlags, Terminal } from "./terminal.ts";

/** `HOST:PORT`, with an IPv6 address in brackets. Throws with what is expected. */
export function parseLock(text: string): SyncFlags["lock"] {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port < 1 || port > 65_535) {
    throw new Error("give HOST:PORT, for example 127.0.0.1:7001 or [::1]:7001");
  }
  return { host, port };
}

/** A duration in milliseconds: `500ms`, `30s`, `2m`; a bare number means seconds. */
export function parseDuration(text: string): number {
  const match = /^(\d{1,6})(ms|s|m)?$/.exec(text);
  const factors = { ms: 1, s: 1_000, m: 60_000 };
  const unit = match?.[2] === "ms" || match?.[2] === "m" ? match[2] : "s";
  const milliseconds = Number(match?.[1]) * factors[unit];
  if (!(milliseconds >= 1 && milliseconds <= 3_600_000)) {
    throw new Error("give a duration up to one hour, for example 30s, 500ms or 2m");
  }
  return milliseconds;
}

/** An ATT MTU in bytes. */
export function parseMtu(text: string): number {
  const mtu = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (mtu < 23 || mtu > 517) throw new Error("give an MTU from 23 to 517 bytes");
  return mtu;
}

const mailboxFlag = {
  kind: "parsed",
  parse: String,
  placeholder: "DIR",
  brief: "Folder with parcels/ in and returns/ out",
} as const;
const jsonFlag = {
  kind: "boolean",
  default: false,
  withNegated: false,
  brief: "One JSON object a line",
} as const;

const sync = buildCommand<SyncFlags, [], Context>({
  loader: async () => (await import("./sync.ts")).syncCommand,
  parameters: {
    flags: {
      lock: { kind: "parsed", parse: parseLock, placeholder: "HOST:PORT", brief: "Where the lock listens" },
      mailbox: mailboxFlag,
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
      "Visits one lock, delivers what it lacks of the sealed parcels in the mailbox and puts its signed receipt into " +
      "the mailbox. The phone can neither read nor change what it carries.\n\n" +
      "Exit status: 0 synced, commissioned, or nothing to do; 1 refused by the lock, no receipt, or what " +
      "is carried for it is not whole; 2 wrong use, no connection, no lock there, or no mailbox.\n\n" +
      "Examples:\n" +
      "  doorsync-phone sync --lock 127.0.0.1:7001 --mailbox ./mailbox\n" +
      "  doorsync-phone sync --lock [::1]:7001 --mailbox ./mailbox --trace --mtu 23\n" +
      "  doorsync-phone sync --lock 127.0.0.1:7001 --mailbox ./mailbox --json --timeout 10s",
  },
});

const parcels = buildCommand<ParcelsFlags, [], Context>({
  loader: async () => (await import("./parcels.ts")).parcelsCommand,
  parameters: { flags: { mailbox: mailboxFlag, json: jsonFlag } },
  docs: {
    brief: "List what is carried; its contents are sealed",
    fullDescription:
      "Lists the parcels in the mailbox: for which lock, from and to which version, until when, how many bytes. What " +
      "is inside is sealed to the lock.\n\nExample:\n  doorsync-phone parcels --mailbox ./mailbox",
  },
});

function application(): Application<Context> {
  return buildApplication(
    buildRouteMap({
      routes: { sync, parcels },
      docs: {
        brief: "Carries sealed updates to door locks, and their receipts back",
        fullDescription:
          "Carries sealed updates to door locks, and their receipts back.\n\n" +
          "Example:\n  doorsync-phone sync --lock 127.0.0.1:7001 --mailbox ./mailbox",
      },
    }),
    {
      name: "doorsync-phone",
      documentation: { disableAnsiColor: true },
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
