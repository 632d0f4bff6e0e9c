// A phone opens a door over noble and bleno: at every MTU, on a slow air, with a sync inside, with the link lost at each
// message, and by the built program. What a lock makes of a stranger's request is in unlock-is-fresh; sync alone is in
// door-sync-over-bluetooth.
import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type UnlockOptions, type UnlockResult, unlock } from "@doorsync/phone-client";
import type { Issued } from "@doorsync/protocol/authority";
import { type AirOptions, serveAir } from "@doorsync/virtual-radio";
import { afterEach, expect, test } from "vitest";
import { root } from "../law/law.ts";
import { nothingIsLeft } from "../support/ble-faults.ts";
import { type BleDoor, type BlePhone, type BleRig, bleRig, until } from "../support/ble-rig.ts";
import { moveIn } from "../support/residence.ts";
import { password, startService } from "../support/service.ts";
import { capability, doorKey, put, resident, tableWith } from "../support/unlock-cast.ts";
import { bytesOf, crypto, wait } from "../world.ts";

let rig: BleRig;
afterEach(() => rig.close());

interface Asked {
  readonly result: UnlockResult;
  /** `>name` to the lock, `<name` from it. */
  readonly said: readonly string[];
  /** Between the lock's half of the handshake and its answer to the request. */
  readonly answeredMs: number;
  /** Whether the bolt moved for it. */
  readonly opened: boolean;
}

/** One visit for a person at the door; `at` is told each message as it passes. */
async function ask(
  door: BleDoor,
  phone: BlePhone,
  more: Partial<UnlockOptions> = {},
  at: (index: number) => void = () => {},
): Promise<Asked> {
  const said: string[] = [];
  const when = new Map<string, number>();
  door.lock.unlocked = false;
  const result = await unlock({
    transport: phone.radio,
    timers: phone.timers,
    crypto,
    door: { ...doorKey(door.property), tag: bytesOf("A tag 1", 8) },
    capability: capability(door.property),
    deviceSeed: resident.seed,
    fill: (bytes) => void randomFillSync(bytes),
    onMessage({ name, direction }) {
      const word = `${direction === "out" ? ">" : "<"}${name}`;
      when.set(word, performance.now());
      at(said.push(word) - 1);
    },
    ...more,
  });
  const answeredMs = (when.get("<unlocked") ?? Number.NaN) - (when.get("<unlock-start") ?? Number.NaN);
  return { result, said, answeredMs, opened: door.lock.unlocked };
}

/** The door at which the resident's key is known, in an air like this. */
async function doorIn(air: AirOptions, mtu: number): Promise<{ door: BleDoor; phone: BlePhone }> {
  rig = bleRig(air);
  const door = await rig.door("A", { mtu });
  put(door, tableWith(door.property));
  return { door, phone: await rig.phone() };
}

/** What makes the lock ask for a sync first: leave that names the version, and what brings it. */
function syncFirst(door: BleDoor, issued: Issued): Partial<UnlockOptions> {
  return {
    capability: capability(door.property, { minTableVersion: issued.to }),
    mailbox: { parcels: async () => [door.parcel(issued)], deliver: async () => {} },
  };
}

/** One packet in an event and none longer than 27 bytes, as the poorest phones have it. */
const slow: AirOptions = { rate: { phy: "1M", dle: false, packetsPerEventMax: 1 }, intervalMs: 22.5 };
/** The lock forgets a handshake after this long (Q1). */
const requestWithinMs = 3_000;

test.each([
  ["MTU 23", 23, {}],
  ["MTU 23 on a slow air", 23, slow],
  ["MTU 100", 100, {}],
  ["MTU 185", 185, {}],
  ["MTU 247", 247, {}],
  ["MTU 247 on a slow air", 247, slow],
  ["MTU 256", 256, {}],
])("%s: it opens, and after a sync in the same visit too", async (_what, mtu, air) => {
  const { door, phone } = await doorIn(air, mtu);
  const plain = await ask(door, phone);
  expect([plain.result.outcome, plain.opened]).toEqual([expect.objectContaining({ kind: "opened" }), true]);
  expect(plain.result.sync).toBe(undefined);
  expect(plain.answeredMs).toBeLessThan(requestWithinMs);
  await nothingIsLeft(phone);

  const issued = door.property.snapshot(tableWith(door.property));
  const synced = await ask(door, phone, syncFirst(door, issued));
  expect(synced.result.sync?.outcome, "synced inside").toMatchObject({ kind: "synced", version: issued.to });
  expect([synced.result.outcome.kind, synced.opened]).toEqual(["opened", true]);
  expect(synced.answeredMs).toBeLessThan(requestWithinMs);
  await nothingIsLeft(phone);
  expect(door.troubles).toEqual([]);
});

test("the link lost at each message: it settles, and bolt and word agree", async () => {
  const { door, phone } = await doorIn({}, 100);
  const whole = await ask(door, phone, syncFirst(door, door.property.snapshot(tableWith(door.property))));
  await phone.radio.idle();
  expect(whole.said, "all kinds of messages").toEqual(
    expect.arrayContaining([
      ">hello",
      ">chunk",
      "<receipt",
      ">unlock-start",
      "<unlock-start",
      ">unlock",
      "<unlocked",
    ]),
  );
  const seen = new Set<string>();
  for (let at = 0; at < whole.said.length; at++) {
    const issued = door.property.snapshot(tableWith(door.property));
    let lost = 0;
    const { result, said, opened } = await ask(door, phone, syncFirst(door, issued), (index) => {
      if (index !== at) return;
      for (const link of rig.air.links) link.lose();
      lost += 1;
    });
    const where = `lost at ${said[at]}, number ${at}: ${JSON.stringify(result.outcome)}`;
    expect(lost, where).toBe(1);
    await nothingIsLeft(phone);
    const { outcome } = result;
    seen.add(outcome.kind);
    if (outcome.kind === "opened") expect(opened, where).toBe(true);
    else {
      expect(outcome.kind, where).toBe("dropped");
      // Only who has asked may be in doubt, and hears so.
      if (opened) expect(outcome, where).toMatchObject({ wait: "unlocking" });
      if (!said.includes(">unlock")) expect(outcome, where).not.toMatchObject({ wait: "unlocking" });
    }
    await until(() => !door.radio.isConnected, "the one connection is free");
    wait(door.lock, 6);
    const next = await ask(door, phone, syncFirst(door, issued));
    expect([next.result.outcome.kind, next.opened], `the next one, ${where}`).toEqual(["opened", true]);
    await phone.radio.idle();
  }
  expect([...seen].sort(), "cut off before the answer, and after it").toEqual(["dropped", "opened"]);
});

interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

test("`doorsync-phone unlock --ble`, the built program, against the service and a lock in its air", async () => {
  const service = await startService();
  rig = bleRig();
  const folder = mkdtempSync(join(tmpdir(), "doorsync-unlock-"));
  const served = await serveAir(rig.air, join(folder, "air"));
  try {
    // A program has no other clock than the machine's.
    service.clock.now = Math.floor(Date.now() / 1_000);
    const manager = await service.logIn("manager@example.org", "desktop");
    const house = await moveIn({ ...service, manager });
    await rig.door("house", { lock: house.home.lock });
    const run = (args: readonly string[], typed = ""): Promise<Ran> =>
      new Promise((resolve) => {
        const program = join(root, "packages/phone-client/bin/doorsync-phone.mjs");
        const child = spawn(process.execPath, [program, ...args, "--home", join(folder, "home")]);
        let [out, err] = ["", ""];
        child.stdout.on("data", (data) => (out += data));
        child.stderr.on("data", (data) => (err += data));
        child.on("close", (status) => resolve({ status, out, err }));
        child.stdin.end(typed);
      });
    const at = ["unlock", "--door", "Door of unit 4", "--ble", "--adapter", `virtual:${served.path}`];
    const login = await run(["login", "--url", service.url, "--email", house.rita.email], `${password}\n`);
    expect(login.status, login.err).toBe(0);
    const none = await run(at);
    expect([none.status, none.err]).toEqual([2, expect.stringContaining("opens no doors yet")]);
    const enrolled = await run(["key", "enrol"]);
    expect(enrolled.status, enrolled.err).toBe(0);

    expect(house.home.lock.unlocked).toBe(false);
    const opened = await run(at);
    expect([opened.status, opened.out], opened.err).toEqual([
      0,
      expect.stringContaining("opened: Door of unit 4"),
    ]);
    expect(opened.out).toContain("synced first: ");
    expect(house.home.lock.unlocked).toBe(true);
    expect(service.faults).toEqual([]);
  } finally {
    await served.close();
    await service.close();
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);
