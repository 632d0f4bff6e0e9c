/** `lock-sim trace`: one history, of a seed or of a script, as text or as a sequence diagram. It judges nothing. */
import { openssl } from "@doorsync/protocol/node-crypto";
import { Trouble } from "../edge/trouble.ts";
import { faultNames, parseFaults } from "../sim/faults.ts";
import { type RunOptions, runSeed } from "../sim/run.ts";
import { type TraceLine, traceText } from "../sim/trace.ts";
import type { Context, ExitStatus, TraceFlags } from "./context.ts";
import { parseReplay } from "./fuzz-said.ts";
import { mermaid } from "./mermaid.ts";
import { perform } from "./play.ts";
import { readScript } from "./script.ts";

/** Lines of a diagram that can still be read; renderers stop at some hundreds of arrows. */
const diagramLinesDefault = 200;

interface History {
  readonly trace: readonly TraceLine[];
  /** What failed at its end. */
  readonly failure: string | undefined;
}

export function traceCommand(this: Context, flags: TraceFlags): void {
  const { stdout, stderr } = this.terminal;
  try {
    const { trace, failure } = historyOf(flags);
    const last = flags.last ?? (flags.mermaid ? diagramLinesDefault : trace.length);
    const shown = trace.slice(-last);
    const left = trace.length - shown.length;
    const write = (text: string): void => void stdout.write(`${text}\n`);
    if (flags.json) {
      for (const line of shown) write(JSON.stringify(line));
      write(JSON.stringify({ history: { lines: trace.length, failure: failure ?? null } }));
    } else if (flags.mermaid) {
      write(mermaid(shown, left, failure));
    } else {
      if (left > 0)
        write(`(the last ${shown.length === 1 ? "line" : shown.length} of ${trace.length} lines)`);
      for (const line of shown) write(traceText(line));
      if (failure !== undefined) write(failure);
    }
    this.leave(failure === undefined ? 0 : 1);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    stderr.write(`lock-sim: ${error.message}\n`);
    this.leave(2 satisfies ExitStatus);
  }
}

function historyOf(flags: TraceFlags): History {
  const { seed, replay, script } = flags;
  if ([seed, replay, script].filter((one) => one !== undefined).length !== 1) {
    throw new Trouble("which history? give one of --seed S, --replay LINE and --script FILE.sim");
  }
  if (flags.json && flags.mermaid) throw new Trouble("--json or --mermaid, not both");
  if (script !== undefined) {
    const { trace, failure } = perform(readScript(script), {});
    if (failure === undefined) return { trace, failure };
    const { line, expected, found } = failure;
    return { trace, failure: `${script}:${line}: expected ${expected}, but found ${found}` };
  }
  const { trace, finding } = runSeed(seed !== undefined ? { seed } : optionsOf(replay ?? ""), openssl);
  return {
    trace,
    failure:
      finding === undefined ? undefined : `${finding.property} fails (${finding.claim}): ${finding.detail}`,
  };
}

function optionsOf(replay: string): RunOptions {
  // The whole command may be pasted, as the failure printed it.
  const line = parseReplay(replay.replace(/^.*--replay[ =]/, "").replace(/ .*$/, ""));
  if (line === undefined) throw new Trouble(`--replay takes the line that a failure printed, not ${replay}`);
  const { seed, families, keep } = line;
  const parsed = families === undefined ? undefined : parseFaults(families);
  if (parsed?.ok === false) {
    throw new Trouble(
      `no fault is called ${JSON.stringify(parsed.unknown)}; there are: ${faultNames.join(", ")}`,
    );
  }
  return {
    seed,
    ...(parsed === undefined ? {} : { faults: parsed.value }),
    ...(keep === undefined ? {} : { keep }),
  };
}
