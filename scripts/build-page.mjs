// Builds the page for the property: packages/authority/web into packages/authority/dist/web, only when a source is newer
// than what was built. It uses Vite's own interface and no settings file; what the page is made of, its sources say.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const authority = join(root, "packages", "authority");
const sources = join(authority, "web");
const built = join(authority, "dist", "web");

/** Of files and of folders, whose own time changes when a file goes. What is written beside the sources does not count. */
function newest(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  const names = readdirSync(path).filter((name) => name !== "dist" && name !== "node_modules");
  return Math.max(path === sources ? 0 : mtimeMs, ...names.map((name) => newest(join(path, name))));
}

export function isPageStale() {
  const index = join(built, "index.html");
  if (!existsSync(index)) return true;
  const { mtimeMs } = statSync(index);
  const others = [
    fileURLToPath(import.meta.url),
    join(root, "pnpm-lock.yaml"),
    join(authority, "package.json"),
  ];
  return [sources, ...others].some((path) => newest(path) > mtimeMs);
}

export async function buildPage() {
  const { build } = await import("vite");
  const { version } = JSON.parse(readFileSync(join(authority, "package.json"), "utf8"));
  rmSync(built, { recursive: true, force: true });
  await build({
    root: sources,
    configFile: false,
    logLevel: "warn",
    // Relative, so that a proxy may serve it under any path.
    base: "./",
    define: { __VERSION__: JSON.stringify(version) },
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    build: {
      outDir: built,
      emptyOutDir: true,
      target: "es2022",
      // The page allows nothing inline, so nothing may become a data: address.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
}

/** What a browser fetches, compressed as the service sends it. */
function size() {
  const files = ["index.html", ...readdirSync(join(built, "assets")).map((name) => join("assets", name))];
  return files.map((name) => [name, gzipSync(readFileSync(join(built, name)), { level: 9 }).length]);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  if (process.argv.includes("--size") || isPageStale()) await buildPage();
  if (process.argv.includes("--size")) {
    const rows = size();
    for (const [name, bytes] of rows) console.log(`${name}: ${bytes} bytes compressed`);
    console.log(`all: ${rows.reduce((sum, [, bytes]) => sum + bytes, 0)} bytes compressed`);
  }
}
