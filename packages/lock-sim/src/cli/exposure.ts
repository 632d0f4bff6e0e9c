/**
 * `lock-sim exposure`: how long a revoked code still opens while a thief is the only courier and brings nothing, by
 * lease and by what the thief does to the lock. Each figure is found by the lock's own firmware; only the drawing is in
 * chart.ts.
 */
import { openSync, writeFileSync } from "node:fs";
import { createCrypto } from "@doorsync/protocol/lock";
import { openssl } from "@doorsync/protocol/node-crypto";
import { Trouble, troubleOf } from "../edge/trouble.ts";
import { idealSignatures } from "../sim/signatures.ts";
import { chart, type Exposure, hoursWords, leaseWords } from "./chart.ts";
import type { Context, ExposureFlags } from "./context.ts";
import { createStage, type Stage } from "./stage.ts";

export const leases = [0, 24, 72, 168, 720] as const;

/** What the thief does besides keeping every sync back, at each hour since the code was revoked. */
export const thieves = [
  { name: "keeps every sync back", does: () => {} },
  {
    name: "and pulls the battery every night",
    does(stage: Stage, hour: number) {
      if (hour % 24 === 2) stage.obey({ word: "cut power" });
      if (hour % 24 === 8) stage.obey({ word: "power on" });
    },
  },
  {
    name: "and turns the clock back by a day",
    does(stage: Stage, hour: number) {
      if (hour === 12) stage.obey({ word: "clock", change: { kind: "jump", seconds: -86_400 } });
    },
  },
  {
    name: "and takes the clock's battery out",
    does(stage: Stage, hour: number) {
      if (hour === 6) stage.obey({ word: "clock", change: { kind: "lost" } });
    },
  },
] as const;

/** So long a code without a lease is watched. */
export const watchedHours: number = 45 * 24;
const hoursAfterLease = 48;

/** Every figure, in the order of `leases` and `thieves`. */
export function exposures(): readonly Exposure[] {
  return leases.flatMap((leaseHours) =>
    thieves.map((thief) => ({ leaseHours, thief: thief.name, hours: watch(leaseHours, thief.does) })),
  );
}

/** The worst case: the table was renewed in the very hour in which the code is revoked. */
function watch(leaseHours: number, does: (stage: Stage, hour: number) => void): number | undefined {
  const stage = createStage({
    crypto: createCrypto(idealSignatures(openssl)),
    settings: [{ word: "lease", hours: leaseHours }],
    tell: () => {},
  });
  stage.act({ word: "gives", name: "anna", what: "code" });
  stage.act({ word: "syncs", phone: "ben" });
  if (!opens(stage)) throw new Error("a code that never opened cannot be exposed");
  stage.act({ word: "revokes", name: "anna" });
  const until = leaseHours === 0 ? watchedHours : leaseHours + hoursAfterLease;
  let last = 0;
  for (let hour = 1; hour <= until; hour++) {
    stage.pass(3_600);
    does(stage, hour);
    if (isLookedAt(hour, leaseHours) && opens(stage)) last = hour;
  }
  return last + 24 > until ? undefined : last + 1;
}

/** Every hour where something may end, and one in twelve of the long time between. */
function isLookedAt(hour: number, leaseHours: number): boolean {
  return hour <= 24 || (leaseHours > 0 && Math.abs(hour - leaseHours) <= 30) || hour % 12 === 0;
}

function opens({ bench, act }: Stage): boolean {
  act({ word: "types", name: "anna", code: "present" });
  return bench.pressed?.result === "opened";
}

export function exposureCommand(this: Context, flags: ExposureFlags): void {
  const { stdout, stderr } = this.terminal;
  try {
    // Whether the chart can be written is known before the weeks are simulated.
    const file = flags.svg === undefined ? undefined : opened(flags.svg);
    const found = exposures();
    if (file !== undefined) writeFileSync(file, chart(found));
    if (flags.json)
      for (const one of found)
        stdout.write(`${JSON.stringify({ exposure: { ...one, hours: one.hours ?? null } })}\n`);
    else stdout.write(`${table(found).join("\n")}\n`);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    stderr.write(`lock-sim: ${error.message}\n`);
    this.leave(2);
  }
}

function opened(path: string): number {
  try {
    return openSync(path, "w");
  } catch (error) {
    throw troubleOf(error, path);
  }
}

function table(found: readonly Exposure[]): readonly string[] {
  const width = Math.max(...thieves.map(({ name }) => name.length)) + 2;
  const head = `${"a thief".padEnd(width)}${leases.map((hours) => leaseWords(hours).padStart(12)).join("")}`;
  const rows = thieves.map(({ name }) => {
    const cells = leases.map((lease) => found.find((one) => one.leaseHours === lease && one.thief === name));
    return `${name.padEnd(width)}${cells.map((cell) => hoursWords(cell?.hours).padStart(12)).join("")}`;
  });
  return [
    "how long a revoked code still opens, by the lease of its table",
    "",
    head,
    ...rows,
    "",
    `Watched without a lease for ${watchedHours / 24} days. The table was renewed just before: the worst case.`,
  ];
}
