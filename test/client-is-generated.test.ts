// The typed client and the OpenAPI document say what the endpoints say, and the printer refuses what it does not know.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { api } from "@doorsync/phone-client";
import { describe, expect, test } from "vitest";
import { apiFiles, printType, type Schema } from "../packages/authority/src/http/client-source.ts";
import { isChange } from "../packages/authority/src/http/endpoint.ts";
import { endpoints } from "../packages/authority/src/http/endpoints.ts";
import { root } from "./law/law.ts";

const { version } = JSON.parse(readFileSync(join(root, "packages/authority/package.json"), "utf8"));
const made = await apiFiles(version);

/** As `npm run api` writes it. */
function formatted(file: string, text: string): string {
  const biome = join(root, "node_modules", ".bin", "biome");
  return execFileSync(biome, ["format", `--stdin-file-path=${file}`], {
    cwd: root,
    input: text,
    encoding: "utf8",
    maxBuffer: 64 << 20,
  });
}

test.each([
  ["packages/phone-client/src/account/api.ts", made.client],
  ["packages/authority/web/src/api.ts", made.client],
  ["docs/openapi.json", made.openapi],
])("%s is what the endpoints say: if not, run npm run api", (file, text) => {
  expect(existsSync(join(root, file)), file).toBe(true);
  expect(readFileSync(join(root, file), "utf8")).toBe(formatted(file, text));
});

test("every endpoint is in the client and in the document, by one name", () => {
  const document = JSON.parse(made.openapi);
  const operations = Object.entries<Record<string, { operationId: string }>>(document.paths).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [operationId, method.toUpperCase(), path]),
  );
  const listed = endpoints.map(({ name, method, path }) => [name, method, path]);
  // The stream of events is no call of the client.
  const stream = ["events", "GET", "/v1/events"];
  expect(operations.sort()).toEqual([...listed, stream].sort());
  const keyed = Object.values<Record<string, { parameters?: { name: string }[]; operationId: string }>>(
    document.paths,
  )
    .flatMap((methods) => Object.values(methods))
    .filter(({ parameters = [] }) => parameters.some(({ name }) => name === "idempotency-key"))
    .map(({ operationId }) => operationId);
  const changes = endpoints.filter((one) => isChange(one) && one.access === "session" && !one.isKeyless);
  expect(keyed.sort()).toEqual(changes.map(({ name }) => name).sort());
  expect(Object.entries(api).map(([name, { method, path }]) => [name, method, path])).toEqual(listed);
});

test("what is not one transaction under a key is never said twice", () => {
  for (const one of endpoints) {
    const row = Object.entries(api).find(([name]) => name === one.name)?.[1];
    const isKeyed = one.access === "session" && !one.isAlone;
    expect(row?.isRepeatable, one.name).toBe(!isChange(one) || isKeyed);
  }
  expect(api.logIn.isRepeatable).toBe(false);
  expect(api.resetCode.isRepeatable).toBe(true);
});

describe("the printer", () => {
  const text: Schema = { type: "string" };
  const nothing: Schema = { type: "null" };
  const literals: Schema = { anyOf: [{ type: "string", const: "a" }, { const: 2 }, nothing] };
  const fields: Schema = { type: "object", required: ["b-c"], properties: { a: text, "b-c": nothing } };

  test.each<[string, Schema, string]>([
    ["text", text, "string"],
    ["whole numbers", { type: "integer" }, "number"],
    ["literals", literals, '"a" | 2 | null'],
    ["an enum", { enum: ["a", "b"] }, '"a" | "b"'],
    ["a list", { type: "array", items: literals }, 'readonly ("a" | 2 | null)[]'],
    ["a record", { type: "object", patternProperties: { "^.*$": text } }, "Readonly<Record<string, string>>"],
    ["anything", { description: "whatever" }, "unknown"],
    ["nothing", { type: "object", properties: {} }, "Readonly<Record<string, never>>"],
    ["fields", fields, '{ readonly a?: string; readonly "b-c": null }'],
  ])("prints %s", (_what, schema, printed) => {
    expect(printType(schema, "out")).toBe(printed);
  });

  test("a caller may say undefined for what may be left out", () => {
    expect(printType({ type: "object", properties: { a: text } }, "in")).toBe(
      "{ readonly a?: string | undefined }",
    );
  });

  const tuple = { type: "array", items: [text] } as unknown as Schema;
  const intersection = { allOf: [fields, fields] } as Schema;
  const reference = { $ref: "other" } as Schema;
  test.each<[string, Schema]>([
    ["a tuple", tuple],
    ["an intersection", intersection],
    ["a reference", reference],
  ])("refuses %s", (_what, schema) => {
    expect(() => printType(schema, "out")).toThrow("no type is known");
  });
});
