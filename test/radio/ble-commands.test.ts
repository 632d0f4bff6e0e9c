// `lock-sim run --ble` and `doorsync-phone sync --ble`, the built programs, two processes in one air of software: a lock is
// commissioned, synced and leaves captures behind; both end by themselves. And what they say where there is no radio.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setupTag } from "@doorsync/protocol/authority";
import { decodeReturnSlip, encodeParcel, messageType, type Parcel, toHex } from "@doorsync/protocol/courier";
import { readSnoop } from "@doorsync/virtual-radio/btsnoop";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCommands as runLock } from "../../packages/lock-sim/src/cli/app.ts";
import { runCommands as runPhone } from "../../packages/phone-client/src/cli/app.ts";
import { root } from "../law/law.ts";
import { until } from "../support/ble-rig.ts";
import { authoritySeeds, bytesOf, commissionMessage, crypto, finishMeeting, offerTo } from "../world.ts";

const programs = {
  lock: join(root, "packages/lock-sim/bin/lock-sim.mjs"),
  phone: join(root, "packages/phone-client/bin/doorsync-phone.mjs"),
};
let folder = "";
let lock: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "doorsync-ble-"));
});
afterEach(() => {
  lock?.kill("SIGKILL");
  lock = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const setup = { secret: bytesOf("front setup", 16) };
const mailbox = (): string => join(folder, "mailbox");

function put(parcel: Parcel): void {
  const kind = parcel.kind === "update" ? parcel.from : parcel.kind;
  const name = `${toHex(parcel.tag)}-${parcel.epoch}-${kind}-${parcel.to}.parcel`;
  rmSync(join(mailbox(), "parcels"), { recursive: true, force: true });
  mkdirSync(join(mailbox(), "parcels"), { recursive: true });
  mkdirSync(join(mailbox(), "returns"), { recursive: true });
  writeFileSync(join(mailbox(), "parcels", name), encodeParcel(parcel));
}

async function phone(
  ...args: string[]
): Promise<{ status: number | null; rows: Record<string, unknown>[]; err: string }> {
  const child = spawn(process.execPath, [programs.phone, "sync", "--mailbox", mailbox(), "--json", ...args]);
  let [out, err] = ["", ""];
  child.stdout.on("data", (data) => (out += data));
  child.stderr.on("data", (data) => (err += data));
  const status = await new Promise<number | null>((resolve) => child.on("close", resolve));
  const rows = out.split("\n").filter((line) => line !== "");
  return { status, rows: rows.map((line) => JSON.parse(line)), err };
}

test("a lock is commissioned and synced by programs over the air, and both leave a capture", async () => {
  const home = join(folder, "front");
  const made = spawnSync(process.execPath, [
    ...[programs.lock, "new", "--home", home, "--setup-secret", toHex(setup.secret), "--json"],
  ]);
  expect(made.status, String(made.stderr)).toBe(0);
  const adapter = `virtual:${join(folder, "air")}`;
  const child = spawn(process.execPath, [
    ...[programs.lock, "run", "--home", home, "--ble", "--json"],
    ...["--adapter", adapter, "--capture", join(folder, "lock.btsnoop")],
  ]);
  lock = child;
  let said = "";
  child.stdout.on("data", (data) => (said += data));
  await until(() => said.includes('{"bluetooth":"advertising"}'), "the lock advertises", 15_000);

  const offered = offerTo(setup, "front");
  const base = {
    lockId: offered.offer.lockId,
    epoch: 1,
    from: 0,
    notAfter: 0xffff_ffff,
    tableKey: crypto.signPublic(authoritySeeds.table),
  };
  put({
    ...base,
    kind: "commission",
    tag: setupTag(crypto, setup),
    to: 0,
    lockKey: new Uint8Array(32),
    messages: [commissionMessage(offered)],
  });
  const met = await phone("--ble", "--adapter", adapter);
  expect([met.status, met.rows.at(-1)], met.err).toMatchObject([0, { result: { outcome: "commissioned" } }]);
  const [slip] = readdirSync(join(mailbox(), "returns"));
  const reply = decodeReturnSlip(new Uint8Array(readFileSync(join(mailbox(), "returns", slip ?? ""))));
  if (!reply.ok) throw new Error(reply.check);
  const property = finishMeeting(offered, { type: messageType("commission"), body: reply.value.body });

  const issued = property.snapshot(
    property.tableOf(new Map([[0, "4821"]])),
    1,
    Math.floor(Date.now() / 1_000),
  );
  put({
    ...base,
    kind: "snapshot",
    tag: offered.offer.tag,
    to: issued.to,
    lockKey: property.lockPublic.sign,
    messages: issued.messages,
  });
  const capture = join(folder, "phone.btsnoop");
  const synced = await phone("--ble", "--adapter", adapter, "--capture", capture);
  expect([synced.status, synced.rows.at(-1)], synced.err).toMatchObject([0, { result: { version: 1 } }]);
  child.stdin.write("press 4821#\nquit\n");
  const status = await new Promise((resolve) => child.on("close", resolve));
  expect(status, "it ends by itself, whatever its stack keeps open").toBe(0);
  expect(said).toContain('"result":"opened"');
  for (const file of [capture, join(folder, "lock.btsnoop")]) {
    const read = readSnoop(new Uint8Array(readFileSync(file)));
    expect(read, file).toMatchObject({ ok: true });
    if (!read.ok) continue;
    expect(read.damage).toBe(undefined);
    expect(read.packets.length).toBeGreaterThan(50);
  }
});

/** A command in this process: both its streams in one. */
async function said(
  run: (args: readonly string[], terminal: never) => Promise<number>,
  args: readonly string[],
): Promise<{ readonly status: number; readonly text: string }> {
  let text = "";
  const stream = {
    write(more: string) {
      text += more;
    },
  };
  const terminal = { stdout: stream, stderr: stream, env: {}, once: () => {}, removeListener: () => {} };
  return { status: await run(args, terminal as never), text };
}

test.each([
  ["neither address nor radio", [], "--lock HOST:PORT, or --ble"],
  ["an adapter without a radio", ["--lock", "127.0.0.1:1", "--adapter", "0"], "go with --ble"],
  ["no adapter's name", ["--ble", "--adapter", "first"], "number of an adapter, virtual, or virtual:PATH"],
  ["an air that cannot be", ["--ble", "--adapter", "virtual:/no/such/folder/air"], "name another path"],
  ["a capture that cannot be", ["--ble", "--capture", "/no/such/folder/file"], "name another file"],
])("%s: one line, and status 2", async (_what, args, says) => {
  mkdirSync(mailbox(), { recursive: true });
  const { status, text } = await said(runPhone, ["sync", "--mailbox", mailbox(), ...args]);
  expect(status).toBe(2);
  expect(text).toContain(says);
  expect(text.trimEnd().split("\n").length).toBe(1);
});

/** Whether this machine has what a real adapter needs. */
const hasRadio = ((): boolean => {
  try {
    const require = createRequire(join(root, "packages/phone-client/package.json"));
    createRequire(require.resolve("@abandonware/noble"))("@abandonware/bluetooth-hci-socket");
    return true;
  } catch {
    return false;
  }
})();

test.skipIf(hasRadio)("where there is no radio: one line that says what to do, and status 2", async () => {
  mkdirSync(mailbox(), { recursive: true });
  const phoneSaid = await said(runPhone, ["sync", "--mailbox", mailbox(), "--ble"]);
  const home = join(folder, "front");
  await said(runLock, ["new", "--home", home]);
  const lockSaid = await said(runLock, ["run", "--home", home, "--ble"]);
  for (const { status, text } of [phoneSaid, lockSaid]) {
    expect(status).toBe(2);
    expect(text).toMatch(/rebuild @abandonware\/bluetooth-hci-socket, or use --adapter virtual/);
    expect(text).not.toMatch(/ {4}at /);
  }
});

test("a lock with a radio on macOS: one line that says where it runs, and status 2; without a radio it runs", async () => {
  const home = join(folder, "front");
  await said(runLock, ["new", "--home", home]);
  const own = Object.getOwnPropertyDescriptor(process, "platform") as PropertyDescriptor;
  Object.defineProperty(process, "platform", { ...own, value: "darwin" });
  try {
    const { status, text } = await said(runLock, ["run", "--home", home, "--ble"]);
    expect([status, text]).toEqual([2, expect.stringContaining("runs on Linux only")]);
    expect(text.match(/^lock-sim: .*$/gm), "one line of trouble").toHaveLength(1);
    expect(text).not.toMatch(/ {4}at /);
    const air = await said(runLock, [
      "run",
      "--home",
      home,
      "--ble",
      "--adapter",
      "virtual:/no/such/folder/air",
    ]);
    expect(air.text, "its own trouble").toContain("name another path");
  } finally {
    Object.defineProperty(process, "platform", own);
  }
});
