// Checks what would be published, not what lies in the tree: builds everything, packs every package into a temporary
// folder with pnpm, and looks into the archives. It publishes nothing, and leaves nothing behind unless `--out DIR` says
// where the archives go: for apps, before the packages are in a registry.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const readJson = (file) => JSON.parse(readFileSync(file, "utf8"));
const { packageManager, license } = readJson(join(root, "package.json"));

const usage = "usage: npm run build [-- --out DIR]; DIR is made, and archives of the same name are replaced";
const out = outOf(process.argv.slice(2));

/** Where the archives are left; undefined: nowhere. */
function outOf(args) {
  try {
    const { values } = parseArgs({ args, options: { out: { type: "string" } } });
    if (values.out === "") throw new Error("--out names no folder");
    return values.out === undefined ? undefined : resolve(process.env.INIT_CWD ?? ".", values.out);
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
}

/** Every file that a manifest promises: the targets of its exports and bins. */
function promisedFiles(manifest) {
  const targets = (value) =>
    typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(targets);
  return [...targets(manifest.exports), ...targets(manifest.bin)].map((path) => path.replace(/^\.\//, ""));
}

/** What is wrong with one packed archive, as sentences. */
function faultsOf(archive) {
  const tar = (...args) => execFileSync("tar", args, { encoding: "utf8", maxBuffer: 64 << 20 });
  const files = new Set(
    tar("-tzf", archive)
      .split("\n")
      .map((line) => line.replace(/^package\//, "")),
  );
  const manifest = JSON.parse(tar("-xzOf", archive, "package/package.json"));
  const faults = [];
  for (const group of ["dependencies", "optionalDependencies", "peerDependencies"]) {
    for (const [name, range] of Object.entries(manifest[group] ?? {})) {
      if (range.startsWith("workspace:")) faults.push(`${group} still says ${name} ${range}`);
      if (!/^\d/.test(range)) faults.push(`${group} does not pin ${name} exactly: ${range}`);
    }
  }
  for (const file of promisedFiles(manifest)) {
    if (!files.has(file)) faults.push(`the manifest promises ${file}, the archive lacks it`);
  }
  for (const file of files) {
    if (/(^|\/)(node_modules|tsconfig\.json)|\.(tsbuildinfo|test\.ts)$/.test(file))
      faults.push(`${file} does not belong in it`);
  }
  for (const file of files) {
    // tsc never deletes: what was compiled from a file that is gone would travel along unseen.
    const [, stem] = /^dist\/(?!web\/)(.+)\.js$/.exec(file) ?? [];
    if (stem !== undefined && !files.has(`${stem}.ts`) && !files.has(`src/${stem}.ts`))
      faults.push(`${file} has no source`);
  }
  if (manifest.name === "@doorsync/authority" && !files.has("dist/web/index.html"))
    faults.push("the page is not in it");
  if (manifest.license !== license) faults.push(`licence is ${manifest.license}, not ${license}`);
  if (!files.has("LICENSE")) faults.push("no LICENSE");
  const publint = spawnSync(
    join(root, "node_modules", ".bin", "publint"),
    ["run", archive, "--level", "warning"],
    {
      encoding: "utf8",
    },
  );
  if (publint.status !== 0) faults.push(`publint: ${publint.stdout}${publint.stderr}`);
  return { manifest, count: [...files].filter(Boolean).length, faults };
}

const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
const built = spawnSync(process.execPath, [tsc, "-b"], { cwd: root, stdio: "inherit" });
if (built.status !== 0) process.exit(1);

const folder = mkdtempSync(join(tmpdir(), "doorsync-pack-"));
let faulty = 0;
try {
  const names = readdirSync(join(root, "packages")).filter((name) =>
    existsSync(join(root, "packages", name, "package.json")),
  );
  for (const name of names) {
    execFileSync("npx", ["--yes", packageManager, "pack", "--pack-destination", folder], {
      cwd: join(root, "packages", name),
      stdio: ["ignore", "ignore", "inherit"],
    });
  }
  const archives = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  if (archives.length !== names.length)
    throw new Error(`${names.length} packages, but ${archives.length} archives`);
  for (const file of archives.sort()) {
    const { manifest, count, faults } = faultsOf(join(folder, file));
    faulty += faults.length > 0 ? 1 : 0;
    console.log(
      `${faults.length === 0 ? "ok  " : "BAD "} ${manifest.name}@${manifest.version}: ${count} files`,
    );
    for (const fault of faults) console.log(`     ${fault}`);
  }
  // Nothing faulty is left for anybody to install.
  if (out !== undefined && faulty === 0) {
    try {
      mkdirSync(out, { recursive: true });
      for (const file of archives) copyFileSync(join(folder, file), join(out, file));
      console.log(`left in ${out}: ${archives.join(", ")}`);
    } catch (error) {
      process.stderr.write(`${error.message}: name a folder that can be made with --out\n`);
      process.exitCode = 2;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(faulty === 0 ? (process.exitCode ?? 0) : 1);
