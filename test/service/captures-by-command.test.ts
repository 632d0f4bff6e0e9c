/**
 * `--capture` of the built programs, each side in a process of its own, meeting in an air of software: both files tell
 * the visits, the lock's survives its being killed, and with the lock's keys Wireshark opens what the phone carried sealed.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Dissected, dissect, tshark } from "../support/tshark.ts";

const packages = fileURLToPath(new URL("../../packages", import.meta.url));
const programs = {
  authority: join(packages, "authority/bin/doorsync-authority.mjs"),
  phone: join(packages, "phone-client/bin/doorsync-phone.mjs"),
  lock: join(packages, "lock-sim/bin/lock-sim.mjs"),
} as const;

let folder = "";
let lock: ChildProcess | undefined;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "doorsync-by-command-"));
});
afterAll(() => {
  lock?.kill("SIGKILL");
  rmSync(folder, { recursive: true });
});

function run(program: keyof typeof programs, ...args: readonly string[]): string {
  return execFileSync(process.execPath, [programs[program], ...args], { cwd: folder, encoding: "utf8" });
}

/** Settles when the lock says so. */
async function lockAdvertises(capture: string): Promise<ChildProcess> {
  const adapter = ["--ble", "--adapter", `virtual:${join(folder, "air.sock")}`];
  const args = [
    programs.lock,
    "run",
    "--home",
    "lock",
    "--listen",
    "127.0.0.1:0",
    ...adapter,
    "--capture",
    capture,
    "--json",
  ];
  const child = spawn(process.execPath, args, { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  await new Promise<void>((resolve, reject) => {
    child.once("exit", (status) => reject(new Error(`the lock ended with ${status}`)));
    lines.on("line", (line) => {
      if (line === '{"bluetooth":"advertising"}') resolve();
    });
  });
  return child;
}

function sync(capture: string): string {
  return run(
    "phone",
    "sync",
    "--ble",
    "--adapter",
    `virtual:${join(folder, "air.sock")}`,
    "--mailbox",
    "mail",
    "--capture",
    capture,
  );
}

test("both sides' captures tell the same visits, and the lock's keys open what was sealed", async () => {
  run("authority", "init", "--data", "office");
  run("authority", "property", "add", "--data", "office", "--name", "Maple Court");
  run("authority", "door", "add", "--data", "office", "--name", "4B", "--unit", "4B");
  run("authority", "person", "add", "--data", "office", "--name", "Ada");
  run("authority", "assign", "--data", "office", "--door", "4B", "--person", "Ada");
  run("lock", "new", "--home", "lock");
  lock = await lockAdvertises("lock.btsnoop");
  run(
    "authority",
    "commission",
    "--data",
    "office",
    "--door",
    "4B",
    "--setup",
    "lock/setup.txt",
    "--mailbox",
    "mail",
  );
  expect(sync("first.btsnoop")).toMatch(/commissioned/);
  run("authority", "receive", "--data", "office", "--mailbox", "mail");
  expect(sync("second.btsnoop")).toMatch(/synced: the lock proved version 1/);

  // Killed where it stands, as a lock loses its power.
  const gone = new Promise((resolve) => lock?.once("exit", (_, signal) => resolve(signal)));
  lock.kill("SIGKILL");
  expect(await gone).toBe("SIGKILL");
  for (const file of ["lock.btsnoop", "first.btsnoop", "second.btsnoop"]) {
    expect(statSync(join(folder, file)).mode & 0o777, file).toBe(0o600);
  }

  const said = (file: string): readonly string[] =>
    [
      ...run("lock", "inspect", file).matchAll(/(?:phone -> lock|lock -> phone|phone reads) \w+, \d+ bytes/g),
    ].map(String);
  expect(run("lock", "inspect", "lock.btsnoop")).not.toMatch(/can be read up to byte/);
  expect(said("first.btsnoop")).toContain("phone -> lock commission, 252 bytes");
  expect(said("second.btsnoop").join()).toMatch(/manifest.*chunk.*receipt/);
  expect(said("lock.btsnoop")).toEqual([...said("first.btsnoop"), ...said("second.btsnoop")]);

  run("lock", "inspect", "lock/secure.bin", "--keys", "door.keys");
  if (tshark === undefined) return;
  const read = (keys?: string): readonly Dissected[] => [
    ...dissect(join(folder, "second.btsnoop"), keys).packets.values(),
  ];
  expect(read().filter((fields) => "opened" in fields)).toEqual([]);
  const opened = read(join(folder, "door.keys")).filter((fields) => "opened" in fields);
  expect(opened.map((fields) => fields["opened"])).toEqual([["manifest"], ["chunk"]]);
  expect(opened[1]?.["item.kind"]).toContain("credential");
});

test("a file that cannot be written is said in one line, before anything is sent", () => {
  const refused = (): string => {
    try {
      return sync("nowhere/at/all.btsnoop");
    } catch (error) {
      return `${(error as { status: number }).status} ${(error as { stderr: string }).stderr}`;
    }
  };
  expect(refused()).toMatch(
    /^2 doorsync-phone: the capture cannot be written to nowhere\/at\/all.btsnoop \(ENOENT\): name another file\n$/,
  );
});
