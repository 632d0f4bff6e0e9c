/** Entry of `lock-sim`. It answers `--version` without loading anything else; the commands are in `app.ts`. */
import { readFileSync } from "node:fs";

/** The version that the package was published with. */
function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  const hasVersion = typeof manifest === "object" && manifest !== null && "version" in manifest;
  return hasVersion ? String(manifest.version) : "unknown";
}

// Whoever reads our output may stop early (`| head`); that is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

/** How long what a command left behind may keep a process that is done. */
const lingerMilliseconds = 300;

const args = process.argv.slice(2);
if (args.length === 1 && (args[0] === "--version" || args[0] === "-v")) {
  process.stdout.write(`${ownVersion()}\n`);
} else {
  const { runCommands } = await import("./app.ts");
  process.exitCode = await runCommands(args, process);
  // The command is done; a radio's stack, which never lets go of its process, must not keep it.
  setTimeout(() => process.stdout.write("", () => process.exit()), lingerMilliseconds).unref();
}
