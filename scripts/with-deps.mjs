#!/usr/bin/env node
// Runs a command of this repository after making sure that its packages are installed and built. Plain Node, no
// dependency, so that it works in a fresh clone. It prints only on standard error: standard output is the command's.
//
//   node scripts/with-deps.mjs [--no-build] <command> [arguments…]
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isPageStale } from "./build-page.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const stampFile = join(root, "node_modules", ".setup-stamp");
const lockFolder = join(root, ".setup-lock");
const lockWaitMs = 10 * 60_000;
const nodeMin = [20, 19];

/** Ends with status 2: wrong use, or an environment in which nothing can work. */
function giveUp(sentence) {
  process.stderr.write(`doorsync: ${sentence}\n`);
  process.exit(2);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1])) {
    giveUp(`Node ${nodeMin.join(".")} or newer is needed; this is Node ${process.versions.node}`);
  }
}

/** Everything an installed tree depends on; when it changes (a `git pull`), the next command installs again. */
function setupHash(packageManager) {
  const hash = createHash("sha256").update(
    `${packageManager}\n${process.version}\n${process.platform}-${process.arch}\n`,
  );
  const manifests = readdirSync(join(root, "packages"))
    .sort()
    .map((name) => join("packages", name, "package.json"));
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests]) {
    if (existsSync(join(root, file))) hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

/** The environment without what npm tells its scripts: pnpm would mistake it for its own. */
function plainEnvironment() {
  const npmOwn = /^npm_(lifecycle_|package_|command$|execpath$)/;
  const entries = Object.entries(process.env).filter(([name]) => !npmOwn.test(name));
  return { ...Object.fromEntries(entries), CI: "true" };
}

/** Runs one step of the set-up; both its outputs go to our standard error. */
function setUp(what, command, args) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    env: plainEnvironment(),
    stdio: ["ignore", 2, 2],
  });
  if (error) giveUp(`${what} could not start: ${error.message}`);
  if (status !== 0) giveUp(`${what} failed; the lines above say why`);
}

function isInstalled(hash) {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === hash;
}

function install(packageManager, hash) {
  process.stderr.write(`doorsync: installing with ${packageManager} (only when dependencies changed)\n`);
  setUp("the install", "npx", [
    "--yes",
    packageManager,
    "install",
    "--frozen-lockfile",
    "--reporter=append-only",
  ]);
  writeFileSync(stampFile, hash);
}

/** Compiles what the bins, the demo and the benchmarks run, and the page. Incremental: about 0.1 s when nothing changed. */
function build() {
  setUp("the build", process.execPath, [
    join(root, "node_modules", "typescript", "bin", "tsc"),
    "-b",
    "demo",
    "bench",
  ]);
  if (isPageStale())
    setUp("the build of the page", process.execPath, [join(root, "scripts", "build-page.mjs")]);
}

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
};

const ownerOf = (folder) => {
  try {
    return Number(readFileSync(join(folder, "owner"), "utf8"));
  } catch {
    return undefined; // released between two looks
  }
};

const sleep = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/**
 * One set-up at a time in this folder. The lock appears by a rename, so it never exists without its owner's process
 * id; a lock whose owner has died is moved aside, and put back if a living owner took it in the meantime.
 */
function withLock(work) {
  const mine = `${lockFolder}-${process.pid}`;
  rmSync(mine, { recursive: true, force: true });
  mkdirSync(mine);
  writeFileSync(join(mine, "owner"), String(process.pid));
  const waitUntil = Date.now() + lockWaitMs;
  let saidSo = false;
  for (;;) {
    try {
      renameSync(mine, lockFolder);
      break;
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(error.code)) throw error;
    }
    const owner = ownerOf(lockFolder);
    if (owner !== undefined && !isAlive(owner)) {
      const aside = `${lockFolder}-stale-${process.pid}`;
      try {
        renameSync(lockFolder, aside);
        if (ownerOf(aside) === owner) rmSync(aside, { recursive: true, force: true });
        else renameSync(aside, lockFolder);
      } catch {
        // somebody else moved it first; the next turn of the loop looks again
      }
      continue;
    }
    if (!saidSo && owner !== undefined) {
      process.stderr.write(`doorsync: waiting for the set-up of process ${owner}\n`);
      saidSo = true;
    }
    if (Date.now() > waitUntil) {
      rmSync(mine, { recursive: true, force: true });
      giveUp(`another set-up (process ${owner}) holds ${lockFolder}`);
    }
    sleep(50);
  }
  const release = () => rmSync(lockFolder, { recursive: true, force: true });
  process.once("exit", release); // also when a step gives up
  try {
    return work();
  } finally {
    process.off("exit", release);
    release();
  }
}

/** Runs the command itself: our standard streams, its exit status, its signals. */
function run(command, args) {
  const file = command === "node" ? process.execPath : join(root, "node_modules", ".bin", command);
  if (command !== "node" && !existsSync(file)) giveUp(`no command named ${command} in node_modules/.bin`);
  const child = spawn(file, args, { cwd: root, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    // A terminal sends Ctrl-C to the whole group: the child has it already, and we only have to outlive it.
    process.on(signal, () => {
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on("error", (error) => giveUp(`${command} could not start: ${error.message}`));
  child.on("exit", (status, signal) => process.exit(status ?? 128 + constants.signals[signal]));
}

checkNode();
const args = process.argv.slice(2);
const mustBuild = args[0] !== "--no-build";
const [command, ...rest] = mustBuild ? args : args.slice(1);
if (command === undefined) giveUp("usage: node scripts/with-deps.mjs [--no-build] <command> [arguments…]");
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const hash = setupHash(packageManager);
if (mustBuild || !isInstalled(hash)) {
  withLock(() => {
    if (!isInstalled(hash)) install(packageManager, hash);
    if (mustBuild) build();
  });
}
run(command, rest);
