// A lock's home folder outlives its process: killed anywhere, with a full disk, after a power cut inside any operation,
// or damaged by somebody, it boots to the old table or the new one, or says in one line what to do and changes nothing.
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setupTag } from "@doorsync/protocol/lock";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Disk, disk } from "../packages/lock-sim/src/edge/disk.ts";
import { createHome, type Home, openHome, unpackSecure } from "../packages/lock-sim/src/edge/home.ts";
import { Trouble } from "../packages/lock-sim/src/edge/trouble.ts";
import { decodeSecure } from "../packages/lock-sim/src/firmware/secure.ts";
import { tornPatterns } from "../packages/lock-sim/src/parts/flash.ts";
import { createSupply } from "../packages/lock-sim/src/parts/supply.ts";
import {
  answerName,
  bytesOf,
  commission,
  crypto,
  deliver,
  inForce,
  makeLock,
  type TestAuthority,
  type TestLock,
} from "./world.ts";

const name = "a lock at home";
const capacity = 8;
let folder = "";
/** Commissioned, version 1 with the code 1111. */
let base = "";
let office: TestAuthority;
let newer: ReturnType<TestAuthority["delta"]>;
let copies = 0;

/** The real disk, without waiting for it: what is tested here is a killed process, not a killed machine. */
const hasty: Disk = { ...disk, sync: () => {} };

function wake(home: Home): TestLock {
  return makeLock(name, { capacity, parts: home.storage });
}

function copyOfBase(): string {
  const copied = join(folder, `copy-${copies++}`);
  cpSync(base, copied, { recursive: true });
  return copied;
}

/** Opens a home in a new "process": what the old one held in memory is gone, its guard too. */
function reopened(at: string): { home: Home; lock: TestLock } {
  rmSync(join(at, "run.pid"), { force: true });
  const home = openHome(at, hasty);
  return { home, lock: wake(home) };
}

const filesOf = (at: string) =>
  readdirSync(at)
    .filter((file) => file !== "run.pid")
    .map((file) => [file, readFileSync(join(at, file)).toString("hex")]);

/** The sentence with which a home is refused. */
function refusedWith(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof Trouble) return error.message;
    throw error;
  }
  throw new Error("it was not refused");
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "doorsync-home-"));
  base = join(folder, "base");
  const setupSecret = bytesOf(`${name} setup`, 16);
  createHome(
    crypto,
    { folder: base, capacity, setupSecret, tag: setupTag(crypto, { secret: setupSecret }) },
    hasty,
  );
  const home = openHome(base, hasty);
  const lock = wake(home);
  office = commission(lock, name);
  expect(answerName(deliver(lock, office.snapshot(office.tableOf(new Map([[1, "1111"]])))))).toBe("receipt");
  newer = office.delta(office.tableOf(new Map([[1, "2222"]])));
  home.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Old or new and nothing between: the version and what the codes do agree. */
function expectOldOrNew(lock: TestLock, wasReceipted: boolean, how: string): number | undefined {
  const version = inForce(lock)?.version;
  expect([1, 2], how).toContain(version);
  if (wasReceipted) expect(version, `${how}: a receipt was given`).toBe(2);
  expect(lock.press("1111"), how).toBe(version === 1 ? "accepted" : "refused");
  expect(lock.press("2222"), how).toBe(version === 2 ? "accepted" : "refused");
  return version;
}

/** Delivers the newer version to a home on this disk, then drops the process. True if a receipt came out. */
function deliverOn(at: string, failing: Disk): boolean {
  const home = openHome(at, failing);
  try {
    return answerName(deliver(wake(home), newer)) === "receipt";
  } catch (error) {
    if (!(error instanceof Killed || error instanceof Trouble)) throw error;
    return false;
  } finally {
    home.close();
  }
}

class Killed extends Error {}

/** A disk of which the n-th call and all later ones go wrong in the given way. */
function diskFailingAt(n: number, how: "killed" | "full"): { disk: Disk; calls: () => number } {
  let calls = 0;
  const fails = (): boolean => ++calls > n;
  const stop = (): never => {
    if (how === "killed") throw new Killed();
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  };
  return {
    calls: () => calls,
    disk: {
      write(file, bytes, position) {
        if (!fails()) return disk.write(file, bytes, position);
        // A disk that fills up takes what still fits.
        if (how === "full") disk.write(file, bytes.subarray(0, bytes.length >> 1), position);
        return stop();
      },
      sync: () => (fails() ? stop() : undefined),
      rename: (from, to) => (fails() ? stop() : disk.rename(from, to)),
      syncFolder: disk.syncFolder,
    },
  };
}

describe("a home outlives its process", () => {
  test.each(["killed", "full"] as const)(
    "at every single call to the disk (%s) the next run boots to the old table or the new one",
    (how) => {
      const seen = new Set<number | undefined>();
      const receipts = new Set<boolean>();
      for (let n = 0; ; n++) {
        const at = copyOfBase();
        const failing = diskFailingAt(n, how);
        const wasReceipted = deliverOn(at, failing.disk);
        const { home, lock } = reopened(at);
        seen.add(expectOldOrNew(lock, wasReceipted, `${how} at call ${n}`));
        receipts.add(wasReceipted);
        home.close();
        rmSync(at, { recursive: true });
        if (failing.calls() <= n) break;
        expect(n, "the scenario ends").toBeLessThan(200);
      }
      expect(seen).toEqual(new Set([1, 2]));
      expect(receipts).toEqual(new Set([true, false]));
    },
  );

  test("power cut in any operation, process killed, run again: the old table or the new one", () => {
    const seen = new Set<number | undefined>();
    for (const pattern of tornPatterns) {
      for (const byte of [0, 8, 1 << 20]) {
        for (let op = 0; ; op++) {
          const at = copyOfBase();
          const home = openHome(at, hasty);
          const supply = createSupply(home.storage);
          const lock = makeLock(name, { capacity, parts: { ...home.storage, ...supplied(home, supply) } });
          supply.failAt({ op, byte, pattern, seed: op });
          const wasReceipted = answerName(deliver(lock, newer)) === "receipt";
          const struck = supply.struck() !== undefined;
          const kept = readFileSync(join(at, "flash.img"));
          expect(kept.equals(home.storage.flash.read()), "torn words lie in the file").toBe(true);
          home.close();
          const again = reopened(at);
          const how = `op ${op} byte ${byte} ${pattern}`;
          seen.add(expectOldOrNew(again.lock, wasReceipted, how));
          again.home.close();
          rmSync(at, { recursive: true });
          if (!struck) break;
          expect(op, "the scenario ends").toBeLessThan(60);
        }
      }
    }
    expect(seen).toEqual(new Set([1, 2]));
  });

  test("a second process is refused, and a guard whose owner died is not in the way", () => {
    const at = copyOfBase();
    const home = openHome(at, hasty);
    expect(refusedWith(() => openHome(at, hasty))).toMatch(/in use by process \d+: end that one/);
    home.close();
    // No process has this id; then this process's id, but from an earlier life of it; then rubbish.
    for (const stale of ["4194999 77", `${process.pid} 1`, "", "nobody"]) {
      writeFileSync(join(at, "run.pid"), stale);
      openHome(at, hasty).close();
      expect(readdirSync(at).filter((file) => file.startsWith("run.pid"))).toEqual([]);
    }
  });
});

describe("a damaged home is refused in one line and left as it is", () => {
  const damages: Readonly<Record<string, [(at: string) => void, RegExp]>> = {
    "no folder": [(at) => rmSync(at, { recursive: true }), /no lock home at .*: create one with/],
    "an empty folder": [
      (at) => {
        rmSync(at, { recursive: true });
        mkdirSync(at);
      },
      /has no lock\.json: .*create one/,
    ],
    "no flash image": [(at) => rmSync(join(at, "flash.img")), /has no flash\.img: restore/],
    "a short flash image": [
      (at) => truncateSync(join(at, "flash.img"), 5_000),
      /has 5000 bytes, not the .*: restore/,
    ],
    "no secure element": [(at) => rmSync(join(at, "secure.bin")), /has no secure\.bin: restore/],
    "an empty secure element": [(at) => truncateSync(join(at, "secure.bin"), 0), /damaged.*: restore/],
    "a spoilt secure element": [
      (at) => writeFileSync(join(at, "secure.bin"), "rubbish"),
      /damaged.*: restore/,
    ],
    "one byte of the setup secret overwritten": [
      (at) => {
        const file = readFileSync(join(at, "secure.bin"));
        const where = file.indexOf(bytesOf(`${name} setup`, 16)) + 3;
        expect(where).toBeGreaterThan(3);
        const spoilt = Buffer.from(file.with(where, 0xff ^ (file[where] ?? 0)));
        // The record reads all the same: it is the checksum that tells.
        expect(decodeSecure(new Uint8Array(spoilt.subarray(0, -4))).ok).toBe(true);
        writeFileSync(join(at, "secure.bin"), spoilt);
      },
      /secure\.bin is damaged.*: restore/,
    ],
    "a foreign card": [
      (at) => writeFileSync(join(at, "lock.json"), '{"format":"x"}'),
      /does not say .*: restore/,
    ],
    "a card that is no JSON": [(at) => writeFileSync(join(at, "lock.json"), "{"), /does not say .*: restore/],
    "another capacity": [
      (at) =>
        writeFileSync(
          join(at, "lock.json"),
          readFileSync(join(at, "lock.json"), "utf8").replace(`${capacity}`, "9000"),
        ),
      /bytes, not the .* of capacity 9000: restore/,
    ],
  };
  test.each(Object.keys(damages))("%s", (what) => {
    const [damage, says] = damages[what] ?? [() => {}, /never/];
    const at = copyOfBase();
    damage(at);
    const before = existing(at);
    const said = refusedWith(() => openHome(at, hasty));
    expect(said).toMatch(says);
    expect(said).not.toContain("\n");
    expect(existing(at)).toEqual(before);
  });

  test("no single byte of a secure element can be another one without notice", () => {
    const at = copyOfBase();
    const file = new Uint8Array(readFileSync(join(at, "secure.bin")));
    expect(file.length).toBeGreaterThan(500);
    expect(unpackSecure(file)).toEqual(file.slice(0, -4));
    file.forEach((byte, where) => {
      for (const other of [byte ^ 1, byte ^ 0x80, byte ^ 0xff]) {
        expect(unpackSecure(file.with(where, other)), `byte ${where}`).toBeUndefined();
      }
    });
  });

  test("a new home's name is on the disk before anybody is told its setup text", () => {
    const at = join(folder, "flushed");
    const calls: string[] = [];
    const watched: Disk = {
      ...hasty,
      rename(from, to) {
        calls.push(`rename ${to}`);
        disk.rename(from, to);
      },
      syncFolder: (of) => calls.push(`sync ${of}`),
    };
    const secret = bytesOf("flushed", 16);
    createHome(
      crypto,
      { folder: at, capacity, setupSecret: secret, tag: setupTag(crypto, { secret }) },
      watched,
    );
    expect(calls.slice(-2)).toEqual([`rename ${at}`, `sync ${folder}`]);
  });

  test("a new home is whole or not there, and never over something else", () => {
    const secret = bytesOf("another", 16);
    const fresh = (at: string) => ({
      folder: at,
      capacity,
      setupSecret: secret,
      tag: setupTag(crypto, { secret }),
    });
    const taken = copyOfBase();
    const before = existing(taken);
    expect(refusedWith(() => createHome(crypto, fresh(taken), hasty))).toMatch(/not empty: name a folder/);
    expect(existing(taken)).toEqual(before);
    const file = join(folder, "a-file");
    writeFileSync(file, "");
    expect(refusedWith(() => createHome(crypto, fresh(file), hasty))).toMatch(/not a folder/);
    expect(refusedWith(() => createHome(crypto, fresh(join(file, "below")), hasty))).toMatch(/not a folder/);

    const at = join(folder, "fresh");
    let failures = 0;
    for (let n = 0; ; n++) {
      const full = diskFailingAt(n, "full").disk;
      const siblings = readdirSync(folder);
      try {
        createHome(crypto, fresh(at), full);
        break;
      } catch (error) {
        expect(error).toBeInstanceOf(Trouble);
        expect((error as Trouble).message).toMatch(/disk is full.*free some space/);
        expect(readdirSync(folder), "nothing is left behind").toEqual(siblings);
        failures++;
      }
    }
    expect(failures).toBeGreaterThan(4);
    openHome(at, hasty).close();
    expect(statSync(join(at, "secure.bin")).mode & 0o077, "its keys are its owner's").toBe(0);
  });

  test("a home that may not be written is refused with what to do", (context) => {
    if (process.getuid?.() === 0) context.skip("root may write anywhere");
    const at = copyOfBase();
    chmodSync(join(at, "flash.img"), 0o400);
    expect(refusedWith(() => openHome(at, hasty))).toMatch(/no permission .*: change its permissions/);
  });
});

/** The files of a folder, or nothing where there is none. */
function existing(at: string): unknown {
  try {
    return filesOf(at);
  } catch {
    return undefined;
  }
}

/** A home's parts behind a supply, with everything else that a part can be asked. */
function supplied(home: Home, supply: ReturnType<typeof createSupply>) {
  const { flash, secure } = home.storage;
  return { flash: { ...flash, ...ports(supply.flash) }, secure: { ...secure, ...ports(supply.secure) } };
}

/** Only functions: a getter would be read once and for ever. */
function ports<T extends object>(part: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(part).filter(([, value]) => typeof value === "function"),
  ) as Partial<T>;
}
