// The README's story, as its readers type it: the built programs of all three parties in a folder of its own. The other
// blocks of the README have their tests in test/readme.test.ts.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { lastLineClaimed, moved, snippetsOf } from "../support/snippets.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Programs may listen there: it was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === "object" ? resolve(address.port) : reject(),
      );
    });
  });
}

/** The lock that the story left running, where it broke off in the middle. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // All of it ended by itself, as it should.
  }
}

test("the story, by the built programs in a folder of its own", async () => {
  const [{ code } = { code: "" }, ...others] = snippetsOf(
    readFileSync(join(root, "README.md"), "utf8"),
  ).filter(({ mark }) => mark === "story");
  expect([code === "", others.length], "the README has one story").toEqual([false, 0]);
  const home = mkdtempSync(join(tmpdir(), "doorsync-story-"));
  const port = await freePort();
  const shell = spawn(
    "bash",
    ["-euo", "pipefail", "-c", moved(code, "127.0.0.1:7001", `127.0.0.1:${port}`, 4)],
    {
      cwd: home,
      // No database of the tests: the story says that the property's is embedded.
      env: {
        PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter),
        HOME: home,
      },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
      timeout: 115_000,
    },
  );
  let said = "";
  let complaint = "";
  shell.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  shell.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  const closed = new Promise((resolve) => shell.on("close", resolve));
  try {
    const status = await new Promise((resolve) => shell.on("exit", resolve));
    endGroup(shell.pid);
    await closed;
    expect(status, said + complaint).toBe(0);
    expect(said.trimEnd().split("\n").at(-1)?.trim()).toBe(lastLineClaimed(code));
    expect(readFileSync(join(home, "lock.log"), "utf8")).toContain("version 2 is in force");
    expect(said).toMatch(/version 2 proven; Ada: removing -> removed; Ada: setting -> set$/m);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}, 120_000);
