/**
 * How thorough each scenario is cut, once, twice or three times in a row, and what is left out there. Not the scenarios.
 *
 * One cut alone: every word of every program, every word of every erased sector. With further cuts behind it: of a
 * program of more than 64 bytes the first two words, the last two and every 32nd between (what lies there is one torn
 * body to boot, whichever word it is), of an erased sector every 1,024th byte; and of the states that a cut left every
 * so many, spread over all operations, gets the next one. `every` 1 leaves none of them out, and takes hours.
 */
import { type CutPlan, everyWord, type Layer } from "./power-cuts.ts";

const behind: Layer = { innerEvery: 32, erasedEvery: 128, cutEvery: 1, stateEvery: 1 };

/** Of the states that a first cut left, and of those that a second one left, every so many gets a further cut. */
interface Thinned {
  readonly second: number;
  readonly third: number;
}

const small: Thinned = { second: 3, third: 50 };

/** Scenarios that write blocks, or much else, and so have more states than there is time for. */
const large: Readonly<Record<string, Thinned>> = {
  commissioning: { second: 6, third: 100 },
  "first snapshot, in chunks": { second: 9, third: 100 },
  "first snapshot, with chunks in flight": { second: 9, third: 100 },
  "snapshot over half a snapshot": { second: 9, third: 100 },
  "the first table of other keys": { second: 9, third: 100 },
  "factory reset": { second: 9, third: 100 },
  "streamed delta": { second: 6, third: 100 },
  "keypad, with the notebook full": { second: 6, third: 100 },
  compaction: { second: 9, third: 100 },
};

export function planFor(name: string, depth: number, every?: number): readonly CutPlan[] {
  if (depth === 1) return [{ layers: [everyWord], rebootsEvery: 4 }];
  const { second, third } = large[name] ?? small;
  const layers: Layer[] = [behind, { ...behind, stateEvery: every ?? second }];
  if (depth === 3) layers.push({ ...behind, stateEvery: every ?? third });
  return [
    { layers: [{ ...everyWord, erasedEvery: 16 }], rebootsEvery: 8 },
    { layers, rebootsEvery: 8 },
  ];
}
