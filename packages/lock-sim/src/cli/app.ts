/** The command tree of `lock-sim`: flags, help and exit status. What the commands do is in their own files. */
import { availableParallelism } from "node:os";
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
import { parseAdapter } from "../edge/adapter.ts";
import { parseBroker } from "../edge/mqtt.ts";
import type {
  Context,
  ExitStatus,
  ExposureFlags,
  FuzzFlags,
  InspectFlags,
  NewFlags,
  PlayFlags,
  RunFlags,
  Terminal,
  TraceFlags,
} from "./context.ts";
import { parseSeed } from "./fuzz-said.ts";
import { storyLines } from "./story.ts";
import { helpLines, parseSpan } from "./words.ts";

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

/** 32 bits, decimal or with 0x. */
function parseSeedFlag(text: string): number {
  const seed = parseSeed(text);
  if (seed === undefined) throw new Error("give a seed from 0 to 4294967295, or 0x and up to 8 hex digits");
  return seed;
}

/** A count of `what`, at least one. */
function countOf(what: string): (text: string) => number {
  return (text) => {
    const count = /^\d{1,7}$/.test(text) ? Number(text) : 0;
    if (count < 1) throw new Error(`give a number of ${what} from 1 to 9999999`);
    return count;
  };
}

/** Seconds of `90s`, `5m`, `2h`. */
function parseTime(text: string): number {
  const seconds = parseSpan(text);
  if (seconds === undefined || seconds < 1) throw new Error("give a time such as 60s, 5m or 2h");
  return seconds;
}

function parseWorkers(text: string): number {
  const workers = /^\d{1,2}$/.test(text) ? Number(text) : 0;
  if (workers < 1 || workers > 64) throw new Error("give a number of threads from 1 to 64");
  return workers;
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
      home: {
        ...homeFlag,
        optional: true,
        brief: "The lock's home folder; left out, the script brings its own locks",
      },
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
      ble: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: "Over Bluetooth as well: advertises, and serves one phone at a time",
      },
      adapter: {
        kind: "parsed",
        parse: parseAdapter,
        optional: true,
        placeholder: "N|virtual[:PATH]",
        brief: "Bluetooth adapter; virtual: one of software, in the air that programs here share",
      },
      capture: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE",
        brief: "Write what goes over the adapter into a btsnoop file, for Wireshark",
      },
      mqtt: {
        kind: "parsed",
        parse: parseBroker,
        optional: true,
        placeholder: "URL",
        brief: "A connected lock: fetches its parcels from this MQTT broker, and answers there",
      },
      script: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE",
        brief: "A .sim file: on this lock, carried out first; without --home, the whole story",
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
      "(u16). At a terminal there is a prompt below a picture of the lock, otherwise lines are read from standard " +
      "input; type `help` for the words: keys, cards, the mechanical key, the door, battery, bolt, clock, radio and " +
      "power cuts. After the end of standard input it goes on serving until SIGTERM or SIGINT; `quit` ends it too. With " +
      "--json each line of input gets exactly one answer, and events come in between. The process may be killed at " +
      "any moment: nothing committed is lost.\n\n" +
      "With --ble phones reach it over Bluetooth, too; whoever is served by one way keeps the others waiting.\n\n" +
      "With --mqtt the lock is connected as well: what a broker holds for it is delivered as by a phone at the door, " +
      "and its receipts and log go back there. A broker that is away is tried again.\n\n" +
      "Without --home the script is played in a world of its own, as by `lock-sim play`.\n\n" +
      "Exit status: 0 ended on request; 1 an expectation of the script does not hold; 2 wrong use, the port is in use, " +
      "or the home is missing, damaged or full.\n\n" +
      "Examples:\n" +
      "  lock-sim run --home ./front-door --listen 127.0.0.1:7001\n" +
      "  lock-sim run --home ./front-door --listen 127.0.0.1:0 --json --trace\n" +
      "  lock-sim run --home ./front-door --ble --adapter virtual\n" +
      "  lock-sim run --home ./front-door --mqtt mqtt://127.0.0.1:1883\n" +
      "  lock-sim run --home ./front-door --script ./morning.sim\n" +
      "  printf 'press 4821#\\nturn key\\nbattery 4\\nstatus\\nquit\\n' | lock-sim run --home ./front-door",
  },
});

const play = buildCommand<PlayFlags, [string], Context>({
  loader: async () => (await import("./play.ts")).playCommand,
  parameters: {
    flags: {
      trace: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: "Also the single messages between phones and locks",
      },
      json: jsonFlag,
    },
    positional: {
      kind: "tuple",
      parameters: [
        { brief: "A script, or the name of one that ships", placeholder: "FILE.sim", parse: String },
      ],
    },
  },
  docs: {
    brief: "Play a story: locks, phones, a property and people, with expectations",
    fullDescription:
      "Plays a .sim file in a world of its own and tells it as it happens: the property gives and takes codes, phones " +
      "carry them or keep them, people stand at the door, and things go wrong. Time is virtual, and the same file always " +
      "gives the same story. Lines that begin with # are comments; `expect` lines must hold.\n\n" +
      "Words of the story:\n" +
      `${storyLines.map((line) => `  ${line}\n`).join("")}\n` +
      "Words for the lock:\n" +
      `${helpLines.map((line) => `  ${line}\n`).join("")}\n` +
      "Exit status: 0 every expectation held; 1 one did not, said with its line; 2 wrong use, no such file, or words " +
      "that make no sense.\n\n" +
      "Examples; six stories ship and may be named without a path: stolen-phone, lost-receipt, late-delivery,\n" +
      "dead-battery, midnight, flood\n" +
      "  lock-sim play stolen-phone\n" +
      "  lock-sim play ./mine.sim --json",
  },
});

const trace = buildCommand<TraceFlags, [], Context>({
  loader: async () => (await import("./history.ts")).traceCommand,
  parameters: {
    flags: {
      seed: {
        kind: "parsed",
        parse: parseSeedFlag,
        optional: true,
        placeholder: "S",
        brief: "The world of this seed, as fuzz runs it",
      },
      replay: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "LINE",
        brief: "One history again, from the line that its failure printed",
      },
      script: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE",
        brief: "The story of a .sim file",
      },
      mermaid: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: "A sequence diagram in Mermaid's language",
      },
      last: {
        kind: "parsed",
        parse: countOf("lines"),
        optional: true,
        placeholder: "N",
        brief: "Only the last lines; diagrams show 200 unless told otherwise",
      },
      json: jsonFlag,
    },
  },
  docs: {
    brief: "Render a history: time, who, what; as text or as a sequence diagram",
    fullDescription:
      "Renders the history of a simulated world or of a script: one line for each thing that happened, with its time, " +
      "who did it and to whom. With --mermaid it is a sequence diagram, which GitHub and mermaid.live draw. A history " +
      "that fails a property ends with the property and what failed.\n\n" +
      "Exit status: 0 rendered, and every property or expectation held; 1 rendered, and one failed; 2 wrong use.\n\n" +
      "Examples:\n" +
      "  lock-sim trace --seed 7\n" +
      "  lock-sim trace --replay 7:power-cut:0-3.9 --last 40\n" +
      "  lock-sim trace --script lost-receipt --mermaid > lost-receipt.mmd",
  },
});

const exposure = buildCommand<ExposureFlags, [], Context>({
  loader: async () => (await import("./exposure.ts")).exposureCommand,
  parameters: {
    flags: {
      svg: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE",
        brief: "Also draw the chart into this file",
      },
      json: jsonFlag,
    },
  },
  docs: {
    brief: "How long a revoked code still opens when a thief keeps every sync back",
    fullDescription:
      "Runs the lock's firmware through weeks in which a code was revoked and the only phone that passes belongs to a " +
      "thief, who brings nothing. Without a lease the code opens for ever; with one it dies when the lease ends, " +
      "whatever is done to the lock's power and clock. Prints a table, and draws it with --svg.\n\n" +
      "Exit status: 0 done; 2 wrong use, or the file cannot be written.\n\n" +
      "Examples:\n" +
      "  lock-sim exposure\n" +
      "  lock-sim exposure --svg docs/exposure.svg",
  },
});

const fuzz = buildCommand<FuzzFlags, [], Context>({
  loader: async () => (await import("./fuzz.ts")).fuzzCommand,
  parameters: {
    flags: {
      seed: {
        kind: "parsed",
        parse: parseSeedFlag,
        optional: true,
        placeholder: "S",
        brief: "Where all chance comes from; alone: one run. Left out: drawn and printed",
      },
      runs: {
        kind: "parsed",
        parse: countOf("runs"),
        optional: true,
        placeholder: "N",
        brief: "So many runs, each of a seed drawn from the first; 200 unless --seed stands alone",
      },
      time: {
        kind: "parsed",
        parse: parseTime,
        optional: true,
        placeholder: "60s",
        brief: "Begin no further run after so long",
      },
      replay: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "LINE",
        brief: "One history again, from the line that its failure printed",
      },
      faults: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "LIST",
        brief: "Families of faults with commas between, none, or all; left out: each run draws its own",
      },
      plant: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "BUG",
        brief: "Plant a bug and look for it; list: name them; all: find every one, as a table",
      },
      workers: {
        kind: "parsed",
        parse: parseWorkers,
        default: String(Math.min(availableParallelism(), 64)),
        placeholder: "N",
        brief: "Threads; the results are the same for any number",
      },
      situations: {
        kind: "boolean",
        default: false,
        withNegated: false,
        brief: "Every situation met, a line each, not the ten rarest alone",
      },
      json: jsonFlag,
    },
  },
  docs: {
    brief: "Run whole simulated worlds from seeds, and see whether every property holds",
    fullDescription:
      "Simulates locks, phones, an authority and people in one virtual time, with faults of flash, power, clock, radio, " +
      "phones and authority, and checks after every step that what a lock promises holds. The same seed gives the same " +
      "history on every machine. A failure is made small, told in words, and followed by the line that replays it. With " +
      "--json the last line is the summary; nothing in it depends on a clock or on the number of threads, and it names " +
      "the seed where none was given.\n\n" +
      "A planted bug counts as found only when the property named for it fails; a crash does not count.\n\n" +
      "Exit status: 0 every property held (--plant all: every bug was found); 1 a property failed, or something " +
      "crashed; 2 wrong use.\n\n" +
      "Examples:\n" +
      "  lock-sim fuzz --runs 200\n" +
      "  lock-sim fuzz --time 60s --workers 2\n" +
      "  lock-sim fuzz --seed 7 --json\n" +
      "  lock-sim fuzz --seed 7 --runs 50 --faults power-cut,flash-torn\n" +
      "  lock-sim fuzz --replay 7:power-cut:0-3.9\n" +
      "  lock-sim fuzz --plant list\n" +
      "  lock-sim fuzz --plant receipt-before-commit",
  },
});

const inspect = buildCommand<InspectFlags, [string], Context>({
  loader: async () => (await import("./inspect.ts")).inspectCommand,
  parameters: {
    flags: {
      keys: {
        kind: "parsed",
        parse: String,
        optional: true,
        placeholder: "FILE",
        brief: "Of a secure element: write what opens its updates in Wireshark to FILE",
      },
      json: jsonFlag,
    },
    positional: {
      kind: "tuple",
      parameters: [{ brief: "A file, or bytes in hex", placeholder: "FILE|HEX", parse: String }],
    },
  },
  docs: {
    brief: "Say in words what a message, parcel, flash image, secure element or capture holds",
    fullDescription:
      "Says in words what bytes claim: a message, a parcel or return slip of a mailbox, a flash image, a secure " +
      "element, or a capture of Bluetooth (btsnoop), visit by visit. It verifies no signature, opens nothing sealed and " +
      "prints no secret key. With --keys the key that opens a lock's updates goes to a new file, for its owner alone.\n\n" +
      "Exit status: 0 said; 1 bytes of no known kind, or a capture without a visit to a lock; 2 no such file, or one " +
      "that cannot be read.\n\n" +
      "Examples:\n" +
      "  lock-sim inspect ./front-door/flash.img\n" +
      "  lock-sim inspect ./mailbox/parcels/0011223344556677-1-3-4.parcel\n" +
      "  lock-sim inspect ./visit.btsnoop\n" +
      "  lock-sim inspect ./front-door/secure.bin --keys ./front-door.keys\n" +
      "  lock-sim inspect 8111",
  },
});

function application(): Application<Context> {
  return buildApplication(
    buildRouteMap({
      routes: { new: fresh, run: serve, play, fuzz, trace, exposure, inspect },
      docs: {
        brief: "A simulated door lock",
        fullDescription:
          "A simulated door lock: the firmware on simulated parts, with its state in a folder.\n\n" +
          "Examples:\n" +
          "  lock-sim new --home ./front-door\n" +
          "  lock-sim run --home ./front-door --listen 127.0.0.1:7001\n" +
          "  lock-sim play stolen-phone\n" +
          "  lock-sim fuzz --runs 200\n" +
          "  lock-sim trace --seed 7 --mermaid\n" +
          "  lock-sim exposure --svg exposure.svg\n" +
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
