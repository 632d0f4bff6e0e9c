// The encrypted storage in a folder: whole values, nothing readable without its key, and nothing left after a wipe.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryStorage } from "@doorsync/phone-client";
import { VaultError, vaultFolder } from "@doorsync/phone-client/node";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Storage } from "../../packages/phone-client/src/ports.ts";

let above = "";
let folder = "";
beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), "doorsync-vault-"));
  folder = join(above, "phone");
});
afterEach(() => rmSync(above, { recursive: true, force: true }));

const text = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes);
const bytes = (said: string): Uint8Array => new TextEncoder().encode(said);
const files = (): string[] => readdirSync(folder).sort();

const storages: readonly (readonly [string, () => Storage])[] = [
  ["memory", memoryStorage],
  ["a folder with its key beside", () => vaultFolder(folder)],
  ["a folder under a passphrase", () => vaultFolder(folder, "open sesame, please")],
];

describe.each(storages)("a storage in %s", (_name, make) => {
  test("gives back what was put, by name; the newest counts, and what was deleted is gone", async () => {
    const storage = make();
    expect(await storage.get("a")).toBeUndefined();
    await storage.put("a", bytes("one"));
    await storage.put("owed/b", bytes(""));
    await storage.put("a", bytes("two"));
    expect(text(await storage.get("a"))).toBe("two");
    expect(text(await storage.get("owed/b"))).toBe("");
    expect([...(await storage.list())].sort()).toEqual(["a", "owed/b"]);
    await storage.delete("a");
    await storage.delete("never");
    expect(await storage.get("a")).toBeUndefined();
    expect(await storage.list()).toEqual(["owed/b"]);
  });

  test("is empty after a wipe, and can be used again", async () => {
    const storage = make();
    await storage.put("a", bytes("one"));
    await storage.wipe();
    expect(await storage.list()).toEqual([]);
    expect(await storage.get("a")).toBeUndefined();
    await storage.put("b", bytes("two"));
    expect(text(await storage.get("b"))).toBe("two");
  });
});

describe("on the medium", () => {
  const secret = "the token that nobody may read";

  test.each([undefined, "open sesame, please"])(
    "neither names nor values can be read (passphrase %s)",
    async (phrase) => {
      const storage = vaultFolder(folder, phrase);
      await storage.put("session", bytes(secret));
      for (const file of files()) {
        const raw = readFileSync(join(folder, file), "latin1");
        for (const told of [secret, "session", phrase ?? secret]) {
          expect(raw.includes(told), file).toBe(false);
          expect(file.includes(told)).toBe(false);
        }
      }
      expect(files().length).toBe(2);
      expect(text(await vaultFolder(folder, phrase).get("session")), "a restart").toBe(secret);
    },
  );

  test("nobody else may look: folder 700, files 600", async () => {
    await vaultFolder(folder).put("session", bytes(secret));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const file of files()) expect(statSync(join(folder, file)).mode & 0o777, file).toBe(0o600);
  });

  test("another key, another passphrase, a flipped byte or a value under another's name opens nothing", async () => {
    const storage = vaultFolder(folder, "right");
    await storage.put("a", bytes(secret));
    const wrong = vaultFolder(folder, "wrong");
    await expect(wrong.get("a")).rejects.toThrow(VaultError);
    await expect(wrong.put("c", bytes("more"))).rejects.toThrow("another key or passphrase");
    await expect(vaultFolder(folder).get("a")).rejects.toThrow("DOORSYNC_PHONE_PASSPHRASE");
    await storage.put("b", bytes("another"));
    const [one, two] = files()
      .filter((file) => file.endsWith(".sealed"))
      .map((file) => join(folder, file));
    if (one === undefined || two === undefined) throw new Error("two values were put");
    const sealed = readFileSync(one);
    writeFileSync(one, readFileSync(two));
    await expect(storage.list()).rejects.toThrow("cannot be opened");
    sealed[20] = (sealed[20] ?? 0) ^ 1;
    writeFileSync(one, sealed);
    await expect(storage.list()).rejects.toThrow("cannot be opened");
    writeFileSync(one, "");
    await expect(storage.list()).rejects.toThrow("cannot be opened");
  });

  test("the same value is never sealed into the same bytes", async () => {
    const storage = vaultFolder(folder);
    const sealed = new Set<string>();
    for (let i = 0; i < 5; i++) {
      await storage.put("a", bytes(secret));
      const [file] = files().filter((name) => name.endsWith(".sealed"));
      sealed.add(readFileSync(join(folder, file ?? ""), "hex"));
    }
    expect(sealed.size).toBe(5);
  });

  test("two programs that begin at once share one key", async () => {
    const [a, b] = [vaultFolder(folder), vaultFolder(folder)];
    await Promise.all([a.put("a", bytes("one")), b.put("b", bytes("two"))]);
    expect(text(await b.get("a"))).toBe("one");
    expect(text(await a.get("b"))).toBe("two");
    expect(files().filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("a wipe takes everything of ours, what a crash left too, and nothing of others", async () => {
    const storage = vaultFolder(folder);
    await storage.put("a", bytes(secret));
    writeFileSync(join(folder, `${"0".repeat(32)}.sealed.0123456789abcdef.tmp`), secret);
    await storage.wipe();
    expect(readdirSync(above), "the folder itself").toEqual([]);
    await storage.put("a", bytes(secret));
    writeFileSync(join(folder, "notes.txt"), "mine");
    await storage.wipe();
    expect(files()).toEqual(["notes.txt"]);
  });

  test("a wipe needs no passphrase", async () => {
    await vaultFolder(folder, "right").put("a", bytes(secret));
    await vaultFolder(folder).wipe();
    expect(readdirSync(above)).toEqual([]);
  });
});
