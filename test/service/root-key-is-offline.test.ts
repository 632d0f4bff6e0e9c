// The root key may be kept where no service runs: taken away it is in no folder of the service, everything but a rotation
// goes on without it, and a rotation wants that very key.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../../packages/authority/src/cli/run.ts";
import { memoryStore } from "../support/memory-store.ts";

let folder: string;
let db: Awaited<ReturnType<typeof memoryStore>>;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "doorsync-root-"));
  db = await memoryStore();
});
afterAll(async () => {
  await db.destroy();
  rmSync(folder, { recursive: true, force: true });
});

async function run(...inputs: string[]): Promise<{ status: number; out: string; errors: string }> {
  const [out, errors]: [string[], string[]] = [[], []];
  const lent = {
    stdout: { write: (text: string): void => void out.push(text) },
    stderr: { write: (text: string): void => void errors.push(text) },
    env: {},
  };
  return { status: await runCli(inputs, lent, db), out: out.join(""), errors: errors.join("") };
}

const data = (): string => join(folder, "office");
const away = (): string => join(folder, "root.seed");

/** Every file of a folder and below, as text. */
function texts(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"));
}

test("exported, the seed is in one file and nowhere else, and there is nothing to export twice", async () => {
  expect((await run("init", "--data", data())).status).toBe(0);
  const exported = await run("keys", "export-root", "--data", data(), "--to", away());
  expect(exported.errors).toBe("");
  const seed = readFileSync(away(), "latin1").trim();
  expect(seed).toMatch(/^[0-9a-f]{64}$/);
  expect(texts(data()).length).toBeGreaterThan(5);
  expect(texts(data()).some((text) => text.includes(seed))).toBe(false);
  expect(exported.out).not.toContain(seed);
  const twice = await run("keys", "export-root", "--data", data(), "--to", join(folder, "again"));
  expect([twice.status, twice.errors]).toEqual([2, expect.stringContaining("taken away before")]);
});

test("without it the office works, init draws no other one, and only a rotation asks for it", async () => {
  expect((await run("property", "add", "--data", data(), "--name", "Maple Court")).status).toBe(0);
  expect((await run("init", "--data", data())).status).toBe(0);
  expect(readdirSync(join(data(), "keys"))).not.toContain("root.seed");
  const rotate = ["keys", "rotate", "--data", data(), "--mailbox", join(folder, "mail")];
  const refused = await run(...rotate);
  expect([refused.status, refused.errors]).toEqual([2, expect.stringContaining("--root")]);
  expect((await run("keys", "init", "--data", join(folder, "other"))).status).toBe(0);
  const wrong = await run(...rotate, "--root", join(folder, "other", "keys", "root.seed"));
  expect([wrong.status, wrong.errors]).toEqual([2, expect.stringContaining("another root key")]);
  const table = readFileSync(join(data(), "keys", "table.seed"), "latin1");
  expect((await run(...rotate, "--root", away())).status).toBe(0);
  expect(readFileSync(join(data(), "keys", "table.seed"), "latin1")).not.toBe(table);
});
