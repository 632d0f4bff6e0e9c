/** The command tree of `lock-sim`: flags, help and exit status. What the commands do is in their own files. */
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
import type { Context, ExitStatus, InspectFlags, NewFlags, RunFlags, Terminal } from "./context.ts";

/** `HOST:PORT`, with an IPv6 address in brackets; port 0 has one picked. Throws with what is expected. */
export function parseListen(text: string): RunFlags["listen"] {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) {
    throw new Error("give HOST:PORT, for example 127.0.0.1:7001, or 127.0.0.1:0 to have a port picked");
  }
  return { host, port };
}

/** An ATT MTU in bytes. */
export function parseMtu(text: string): number {
  const mtu = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (mtu < 23 || mtu > 517) throw new Error("give an MTU from 23 to 517 bytes");
  return mtu;
}

/** Number of codes. */
export function parseCapacity(text: string): number {
  const capacity = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (capacity < 1 || capacity > 10_000) throw new Error("give a number of codes from 1 to 10000");
  return capacity;
}

/** 16 bytes in hex. */
export function parseSecret(text: string): Uint8Array {
  if (!/^[0-9a-f]{32}$/i.test(text)) throw new Error("give 32 hex digits");
  return Uint8Array.from({ length: 16 }, (_, at) => Number.parseInt(text.slice(2 * at, 2 * at + 2), 16));
}

const homeFlag = {
  kind: "parsed",
  parse: String,
  placeholder: "DIR",
  brief: "The lock's home folder: flash image, secure element, setup text",
} as const;
const jsonFlag = {
  kind: "boolean",
  default: false,
  withNegated: false,
  brief: "One JSON object a line",
} as const;

const fresh = buildCommand<NewFlags, [], Context>({
  loader: async () => (await import("./new.ts")).newCommand,
  parameters: {
    flags: {
      home: { ...homeFlag, brief: "Folder to make for the lock" },
      capacity: {
        kind: "parsed",
        parse: parseCapacity,
        default: "1000",
        placeholder: "1000",
        brief: "Codes the lock can hold, 1 to 10000",
      },
      setupSecret: {
        kind: "parsed",
        parse: parseSecret,
        optional: true,
        placeholder: "HEX",
        brief: "Setup secret of 32 hex digits instead of a random one; for tests",
      },
      json: jsonFlag,
    },
  },
  docs: {
    brief: "Make a factory-fresh lock; prints its setup text",
    fullDescription:
      "Makes the home folder of a factory-fresh lock and prints the setup text that stands on its box. The authority " +
      "needs that text to commission the lock.\n\n" +
      "Exit status: 0 made; 2 wrong use, or the folder cannot be made.\n\n" +
      "Examples:\n" +
      "  lock-sim new --home ./front-door\n" +
      "  lock-sim new --home ./big --capacity 10000 --json",
  },
});

const serve = buildCommand<RunFlags, [], Context>({
  loader: async () => (await import("./run.ts")).runCommand,
  parameters: {
    flags: {
      home: homeFlag,
      listen: {
        kind: "parsed",
        parse: parseListen,
        default: "127.0.0.1:0",
        placeholder: "HOST:PORT",
        brief: "Where phones connect; port 0 has one picked",
      },
      mtu: {
        kind: "parsed",
        parse: parseMtu,
        default: "247",
        placeholder: "247",
        brief: "ATT MTU that frames are cut for, 23 to 517",
      },
      script: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE",
        brief: "Lines of a .sim file, carried out first",
      },
      trace: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: "One line for each message, also with --json",
      },
      json: { ...jsonFlag, brief: "One JSON object a line; messages only with --trace" },
    },
  },
  docs: {
    brief: "Power a lock on, and serve phones over TCP",
    fullDescription:
      "Boots the lock of a home folder and serves one phone at a time over TCP; each frame is preceded by its length " +
      "(u16). At a terminal there is a prompt, otherwise lines are read from standard input; type `help` for the " +
      "words. After the end of standard input it goes on serving until SIGTERM or SIGINT; `quit` ends it too. With " +
      "--json each line of input gets exactly one answer, and events come in between. The process may be killed at " +
      "any moment: nothing committed is lost.\n\n" +
      "Exit status: 0 ended on request; 2 wrong use, the port is in use, or the home is missing, damaged or full.\n\n" +
      "Examples:\n" +
      "  lock-sim run --home ./front-door --listen 127.0.0.1:7001\n" +
      "  lock-sim run --home ./front-door --listen 127.0.0.1:0 --json --trace\n" +
      "  printf 'press 4821#\\ncut power\\npower on\\nquit\\n' | lock-sim run --home ./front-door",
  },
});

const inspect = buildCommand<InspectFlags, [string], Context>({
  loader: async () => (await import("./inspect.ts")).inspectCommand,
  parameters: {
    flags: { json: jsonFlag },
    positional: {
      kind: "tuple",
      parameters: [{ brief: "A file, or bytes in hex", placeholder: "FILE|HEX", parse: String }],
    },
  },
  docs: {
    brief: "Say in words what a message, parcel, flash image or secure element holds",
    fullDescription:
      "Says in words what bytes claim: a message, a parcel or return slip of a mailbox, a flash image, a secure " +
      "element. It verifies no signature, opens nothing sealed and prints no secret key.\n\n" +
      "Exit status: 0 said; 1 bytes of no known kind; 2 no such file.\n\n" +
      "Examples:\n" +
      "  lock-sim inspect ./front-door/flash.img\n" +
      "  lock-sim inspect ./mailbox/parcels/0011223344556677-1-3-4.parcel\n" +
      "  lock-sim inspect 8111",
  },
});

function application(): Application<Context> {
  return buildApplication(
    buildRouteMap({
      routes: { new: fresh, run: serve, inspect },
      docs: {
        brief: "A simulated door lock",
        fullDescription:
          "A simulated door lock: the firmware on simulated parts, with its state in a folder.\n\n" +
          "Examples:\n" +
          "  lock-sim new --home ./front-door\n" +
          "  lock-sim run --home ./front-door --listen 127.0.0.1:7001\n" +
          "  lock-sim inspect ./front-door/flash.img",
      },
    }),
    {
      name: "lock-sim",
      scanner: { caseStyle: "allow-kebab-for-camel" },
      documentation: { disableAnsiColor: true, caseStyle: "convert-camel-to-kebab" },
      localization: {
        text: {
          ...text_en,
          exceptionWhileParsingArguments: (error) =>
            `lock-sim: ${
              error instanceof ArgumentScannerError
                ? formatMessageForArgumentScannerError(error, {
                    ArgumentParseError: ({ externalFlagNameOrPlaceholder: flag, input, exception }) =>
                      `--${flag} ${JSON.stringify(input)}: ${exception instanceof Error ? exception.message : String(exception)}`,
                  })
                : String(error)
            }; see --help`,
          noCommandRegisteredForInput: ({ input }) =>
            `lock-sim: no command ${JSON.stringify(input)}; see lock-sim --help`,
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
