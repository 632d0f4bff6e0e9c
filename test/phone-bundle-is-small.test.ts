// What an app developer ships: the phone's library as a browser bundle is small, and nothing of Node is in it.
import { gzipSync } from "node:zlib";
import { type BuildOptions, buildSync } from "esbuild";
import { expect, test } from "vitest";
import { root } from "./law/law.ts";

/** Bytes, minified and compressed. */
const libraryBytesMax = 40_000;

const library =
  'export { createAccount, createClient, describeOutcome, sync, systemTimers } from "@doorsync/phone-client";';
const provider = 'export { createCrypto, portable } from "@doorsync/protocol/courier";';

function bundle(contents: string, options: BuildOptions = {}) {
  const { outputFiles, metafile } = buildSync({
    stdin: { contents, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    conditions: ["doorsync-source"],
    write: false,
    metafile: true,
    ...options,
  });
  const [file] = outputFiles ?? [];
  if (file === undefined || metafile === undefined) throw new Error("esbuild wrote nothing");
  return {
    text: file.text,
    bytes: gzipSync(file.contents, { level: 9 }).length,
    inputs: Object.keys(metafile.inputs),
  };
}

test(`account, client and courier are at most ${libraryBytesMax / 1_000} kB; the provider is the host's to lend`, () => {
  const { bytes, inputs } = bundle(library);
  expect(inputs.some((path) => path.endsWith("account/account.ts"))).toBe(true);
  expect(inputs.some((path) => path.endsWith("errand/errand.ts"))).toBe(true);
  expect(bytes).toBeLessThanOrEqual(libraryBytesMax);
});

test("nothing of Node is in it, with the portable provider neither", () => {
  const { inputs, text } = bundle(`${library}\n${provider}`);
  expect(inputs.length).toBeGreaterThan(40);
  expect(inputs.filter((path) => /(^node:|\/edge\/(?!timers)|\/cli\/|src-node)/.test(path))).toEqual([]);
  expect(text).not.toMatch(/["']node:/);
});

test("a bundle that names Node is seen: the other entry does not bundle for a browser", () => {
  const node = 'export { vaultFolder } from "@doorsync/phone-client/node";';
  expect(() => bundle(node, { logLevel: "silent" })).toThrow("node:");
});
