/**
 * What `lock-sim fuzz` says: one JSON object a line for programs, or lines for people. Nothing in JSON depends on a
 * clock or on the number of threads. It formats; it runs nothing.
 */
import type { Ran, Tally } from "../sim/campaign.ts";
import type { FaultName } from "../sim/faults.ts";
import type { Plant } from "../sim/plants.ts";
import { type History, keepText, parseKeep } from "../sim/shrink.ts";

/** One history, as `--replay` takes it: `SEED`, then its families of faults, then the intents kept. */
export interface ReplayLine {
  readonly seed: number;
  /** Undefined: as the seed draws them. */
  readonly families: string | undefined;
  readonly keep: readonly number[] | undefined;
}

/** `7`, `7:power-cut,radio-loss`, `7:none:0-3.9`; undefined for anything else. The families are not looked at. */
export function parseReplay(line: string): ReplayLine | undefined {
  const [seedText = "", families, keepWords, ...more] = line.split(":");
  const seed = parseSeed(seedText);
  const keep = keepWords === undefined ? undefined : parseKeep(keepWords);
  if (seed === undefined || families === "" || more.length > 0) return undefined;
  if (keepWords !== undefined && keep === undefined) return undefined;
  return { seed, families, keep };
}

/** 32 bits, decimal or with 0x. */
export function parseSeed(text: string): number | undefined {
  const seed = /^(\d{1,10}|0x[0-9a-fA-F]{1,8})$/.test(text) ? Number(text) : Number.NaN;
  return seed <= 0xffff_ffff ? seed : undefined;
}

/** The command that runs exactly this history again. */
export function replayCommand(
  seed: number,
  named: {
    readonly families: readonly FaultName[] | undefined;
    readonly keep: readonly number[] | undefined;
  },
  plant: Plant | undefined,
): string {
  const families = named.families?.length === 0 ? "none" : named.families?.join(",");
  const keep = named.keep === undefined ? undefined : keepText(named.keep);
  const line = [`${seed}`, families, keep].filter((part) => part !== undefined).join(":");
  return `lock-sim fuzz --replay ${line}${plant === undefined ? "" : ` --plant ${plant.id}`}`;
}

/** `drawn`: the seed, where nobody named one. */
export function summaryJson(tally: Tally, found: Plant | undefined, drawn: number | undefined): string {
  const { seeds, failed } = tally;
  return JSON.stringify({
    summary: {
      seeds,
      failed,
      traceDigest: tally.traceDigest(),
      ...(found === undefined ? {} : { found: found.id }),
      ...(drawn === undefined ? {} : { seed: drawn }),
    },
  });
}

/** What was met, by name, and how often. */
function situationsOf(tally: Tally): readonly (readonly [string, number])[] {
  return [...tally.coverage].filter(([, times]) => times > 0).sort(([a], [b]) => (a < b ? -1 : 1));
}

export function situationsJson(tally: Tally): string {
  return JSON.stringify({ situations: Object.fromEntries(situationsOf(tally)) });
}

/** First line of an error: where it stands in which file is this machine's business. */
function headline(crash: string): string {
  return crash.split("\n", 1)[0] ?? crash;
}

export function failureJson(ran: Ran, replay: string): string {
  const { seed, crash, finding } = ran;
  if (crash !== undefined) return JSON.stringify({ crashed: { seed, says: headline(crash), replay } });
  return JSON.stringify({ failed: { seed, ...finding, replay } });
}

export function failureWords(ran: Ran, replay: string): string {
  const { seed, crash, finding } = ran;
  if (crash !== undefined) return `seed ${seed} crashed: ${crash}\n  ${replay}`;
  if (finding === undefined) return `seed ${seed}: all properties hold`;
  const { property, claim, detail, atSeconds } = finding;
  return `seed ${seed} fails ${property} (${claim}) ${spanWords(atSeconds)} into its history: ${detail}\n  ${replay}`;
}

/** Trace lines shown of a history that failed: its end is where it went wrong. */
const traceLinesMax = 60;

export function historyWords(history: History, ran: Ran): readonly string[] {
  const { words } = ran;
  if (words === undefined) return [];
  const kept = words.intents.filter(([index]) => history.keep.includes(index));
  const left = words.trace.length - traceLinesMax;
  return [
    `faults: ${words.faults}`,
    kept.length === 0 ? "nobody wants anything" : "what people and machines want:",
    ...kept.map(([index, intent]) => `  ${index}. ${intent}`),
    left > 0 ? `what happened, without its first ${left} lines:` : "what happened:",
    ...words.trace.slice(-traceLinesMax).map((line) => `  ${line}`),
  ];
}

export function historyJson(history: History, ran: Ran, replay: string): string {
  const { words } = ran;
  const intents = words?.intents
    .filter(([index]) => history.keep.includes(index))
    .map(([, intent]) => intent);
  return JSON.stringify({
    history: { faults: words?.faults, intents, trace: words?.trace.slice(-traceLinesMax), replay },
  });
}

/** So many situations are told: the rare ones are what a longer campaign would be for. */
const rarestMax = 10;

function situationWords(tally: Tally, tellsAll: boolean): readonly string[] {
  const met = situationsOf(tally);
  const words = ([name, times]: readonly [string, number]): string => `${name} ${times}`;
  if (tellsAll) return [`${met.length} situations met:`, ...met.map((one) => `  ${words(one)}`)];
  const rarest = [...met].sort(([, a], [, b]) => a - b).slice(0, rarestMax);
  const which = rarest.length < met.length ? "; the rarest" : "";
  return [`${met.length} situations met${which}: ${rarest.map(words).join("; ")}`];
}

export function summaryWords(tally: Tally, seconds: number, tellsAll: boolean): readonly string[] {
  const counters = [...tally.counters].map(([name, value]) => counterWords(name, value));
  const perSecond = seconds > 0 ? tally.seeds / seconds : 0;
  return [
    `${tally.seeds} ${tally.seeds === 1 ? "seed" : "seeds"}, ${tally.failed} failed, ${perSecond.toFixed(1)} a second`,
    ...(counters.length === 0 ? [] : [counters.join(", ")]),
    ...situationWords(tally, tellsAll),
    `trace digest ${tally.traceDigest()}`,
  ];
}

function counterWords(name: string, value: number): string {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${words} ${Number.isInteger(value) ? value : value.toFixed(1)}`;
}

export function progressWords(tally: Tally, runs: number, seconds: number): string {
  const of = Number.isFinite(runs) ? ` of ${runs}` : "";
  const rate = seconds > 0 ? (tally.seeds / seconds).toFixed(1) : "0.0";
  return `${tally.seeds}${of} seeds, ${rate} a second, ${tally.failed} failed, ${tally.coverage.size} situations met`;
}

/** Seconds as days and hours, or the smaller units that matter. */
function spanWords(seconds: number): string {
  if (seconds >= 86_400) return `${(seconds / 86_400).toFixed(1)} days`;
  return seconds >= 3_600 ? `${(seconds / 3_600).toFixed(1)} hours` : `${Math.round(seconds)} s`;
}

/** `--plant list`: one bug a line, its id first. */
export function plantLine(plant: Plant): string {
  return `${plant.id.padEnd(30)} ${plant.finder.padEnd(5)} ${plant.fault}`;
}

export function plantJson({ id, finder, fault }: Plant): string {
  return JSON.stringify({ plant: { id, finder, fault } });
}

export const plantTableHead: readonly string[] = [
  "| bug | fault | finder | seeds to find |",
  "|---|---|---|---|",
];

/** A row of the table in docs/TESTING.md. */
export function plantRow(plant: Plant, seeds: number | undefined): string {
  return `| \`${plant.id}\` | ${plant.fault} | ${plant.finder} | ${seeds ?? "not found"} |`;
}
