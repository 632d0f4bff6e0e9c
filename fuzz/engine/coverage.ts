/**
 * What an input makes V8 run: block counts of one script, by way of `node:inspector`, as a set of features. A feature
 * is a block of code together with the order of magnitude of its count. Not a coverage report.
 */
import { Session } from "node:inspector";

export interface Coverage {
  /** Features of everything that ran since the last look. */
  taken(): readonly number[];
  stop(): void;
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** Counts that are told apart: 0, 1, 2, 3, 4 to 7, 8 to 15, 16 to 31, 32 to 127, more. */
function magnitude(count: number): number {
  if (count < 4) return count;
  if (count < 8) return 4;
  if (count < 16) return 5;
  if (count < 32) return 6;
  return count < 128 ? 7 : 8;
}

const offsets = 2 ** 21;

/** A block's place and the magnitude of its count as one exact number; scripts up to 2 MiB. */
function feature(range: Range): number {
  return (range.startOffset * offsets + range.endOffset) * 16 + magnitude(range.count);
}

/** Whether the block of this feature ran at all. */
export function hasRun(one: number): boolean {
  return one % 16 > 0;
}

/** The block of a feature, without its count. */
export function blockOf(one: number): number {
  return Math.floor(one / 16);
}

/** Begins to count in the script whose URL ends with `urlEnd`. Load the script afterwards. */
export function startCoverage(urlEnd: string): Coverage {
  const session = new Session();
  session.connect();
  const ask = <R>(method: string, parameters?: object): R | undefined => {
    let answer: R | undefined;
    // A session with its own thread answers before `post` returns.
    session.post(method, parameters, (error, result) => {
      if (error !== null) throw error;
      answer = result as R;
    });
    return answer;
  };
  ask("Profiler.enable");
  ask("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  return {
    taken() {
      const found: number[] = [];
      const taken = ask<import("node:inspector").Profiler.TakePreciseCoverageReturnType>(
        "Profiler.takePreciseCoverage",
      );
      for (const script of taken?.result ?? []) {
        if (!script.url.endsWith(urlEnd)) continue;
        for (const { ranges } of script.functions) for (const range of ranges) found.push(feature(range));
      }
      return found;
    },
    stop() {
      ask("Profiler.stopPreciseCoverage");
      session.disconnect();
    },
  };
}
