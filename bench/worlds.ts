/**
 * Figures of the simulation: what a session costs under each crypto provider, how many days of a lock's life a minute
 * of computing covers, and how soon a large lock is back after its power failed. Ratios within one run, as in times.ts.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { type SimulatedLock, tornPatterns } from "@doorsync/lock-sim";
import { idealSignatures, runSeed } from "@doorsync/lock-sim/sim";
import * as authority from "@doorsync/protocol/authority";
import { openssl } from "@doorsync/protocol/node-crypto";
import { credential, crypto, issue, type Owned, ownedLock } from "./cast.ts";
import { atLeast, atMost, type Figure, median, plain, twice } from "./figures.ts";
import { nullCrypto } from "./null-crypto.ts";
import { type Sessions, sessionsWith, talk } from "./sessions.ts";

export async function worlds(): Promise<readonly Figure[]> {
  return [...sessionFigures(), lockDays(), ...threads(), await twice(restart)];
}

/** Milliseconds of each, in turn, round by round. */
function inTurn(parties: readonly Sessions[], rounds: number, perRound: number): readonly number[] {
  const spent = parties.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, party] of parties.entries()) {
      const start = performance.now();
      for (let session = 0; session < perRound; session++) party.run();
      // The first rounds are for the compiler.
      if (round >= 3) spent[i]?.push((performance.now() - start) / perRound);
    }
  }
  return spent.map(median);
}

/**
 * The portable provider is the one that any lock or phone can have; OpenSSL is some thirty times as fast at signatures,
 * so there the rest of a session weighs more. The targets are for the portable one; the other is told beside it.
 */
function sessionFigures(): readonly Figure[] {
  const providers = [authority.portable, openssl, idealSignatures(openssl), nullCrypto];
  const [slow = 0, fast = 0, ideal = 0, free = 0] = inTurn(providers.map(sessionsWith), 11, 6);
  return [
    atLeast("ideal-to-portable", slow / ideal, "x sessions a second", 15),
    plain("ideal-to-openssl", fast / ideal, "x sessions a second"),
    atMost("overhead-of-portable", free / slow, "of a session", 0.05),
    plain("overhead-of-openssl", free / fast, "of a session"),
  ];
}

/** Days that locks live, all checkers on, in a minute of one core. */
function lockDays(): Figure {
  let days = 0;
  const before = process.cpuUsage();
  const spentMs = (): number => process.cpuUsage(before).user / 1_000;
  for (let seed = 1; spentMs() < 3_000; seed++) days += runSeed({ seed }, openssl).counters.lockDays;
  return atLeast("lock-days", (days * 60_000) / spentMs(), "a CPU minute", 30);
}

/** The same campaign on one thread and on two, of the program as it is shipped. */
function threads(): readonly Figure[] {
  if (availableParallelism() < 2) return [];
  const program = fileURLToPath(new URL("../../packages/lock-sim/bin/lock-sim.mjs", import.meta.url));
  const time = (workers: number): number => {
    const start = performance.now();
    const args = ["fuzz", "--seed", "1", "--runs", "40", "--workers", `${workers}`, "--json"];
    spawnSync(process.execPath, [program, ...args], { stdio: "ignore" });
    return performance.now() - start;
  };
  const ratios = Array.from({ length: 3 }, () => time(1) / time(2));
  return [atLeast("two-threads", median(ratios), "x one thread", 1.6)];
}

const codes = 10_000;

/** Power-on after power failed in each operation of a change and of the chores behind it, against one decode. */
async function restart(): Promise<Figure> {
  const { owned } = await ownedLock("restarted", codes);
  const { lock, name } = owned;
  const items = authority.packItems(owned.table);
  const decode = (): number => {
    const start = performance.now();
    const table = authority.tableFromItems(crypto, name.keys.digest, items);
    if (!table.ok || table.value.count < codes) throw new Error("the snapshot does not decode");
    return performance.now() - start;
  };
  const ratios: number[] = [];
  for (let op = 0; op < 6; op++) {
    for (const pattern of tornPatterns) {
      changeWithCut(owned, op, pattern);
      const tries = Array.from({ length: 3 }, () => bootTime(lock) / decode());
      ratios.push(median(tries));
    }
  }
  return atMost("restart-of-10000", Math.max(...ratios), "x one decode, worst cut", 1.5);
}

/** Power fails in a storage operation of a change; the lock wakes, and is brought the change once more. */
function changeWithCut(owned: Owned, op: number, pattern: (typeof tornPatterns)[number]): void {
  const { lock } = owned;
  const issued = issue(owned, { removes: [], puts: [credential(owned, op, 500_000 + owned.version)] });
  lock.supply.failAt({ op, byte: 8, pattern, seed: owned.version });
  talk(lock, issued.messages);
  lock.supply.failAt(undefined);
  lock.board.powerOff();
  lock.board.powerOn();
  talk(lock, issued.messages);
  const { state } = lock.board;
  if (state.power === "off" || state.inForce.version !== issued.to)
    throw new Error("the change did not take");
  Object.assign(owned, { version: issued.to, table: issued.table });
}

function bootTime(lock: SimulatedLock): number {
  lock.board.powerOff();
  const start = performance.now();
  lock.board.powerOn();
  const spent = performance.now() - start;
  if (lock.board.state.power === "off") throw new Error("the lock does not wake");
  return spent;
}
