/**
 * The endpoints as TypeScript for a client: one row each with method and path, and the types of what goes in and comes
 * out. A printer of the JSON-schema subset that our shapes use; what it does not know, it refuses to print. The client
 * itself is written by hand elsewhere.
 */
import type { TSchema } from "typebox";
import { type Endpoint, isChange } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";
import { Problem } from "./problem.ts";
import { createServer } from "./server.ts";

/** Both files that are made from the endpoints, as text that nobody has formatted yet. */
export interface ApiFiles {
  /** Source of the phone's `account/api.ts`. */
  readonly client: string;
  /** OpenAPI 3.1, as the service answers it. */
  readonly openapi: string;
}

export async function apiFiles(version: string): Promise<ApiFiles> {
  const noOffice = (): never => {
    throw new Error("documentation is made without an office");
  };
  const server = await createServer({ office: noOffice, onFault: noOffice, version });
  try {
    return { client: clientSource(endpoints), openapi: JSON.stringify(server.swagger(), null, 2) };
  } finally {
    await server.close();
  }
}

const head = `/**
 * The endpoints of the authority's service, as a client needs them: method and path of each, and the types of what goes
 * in and comes out. Made by \`npm run api\` from the authority's own records; never edited by hand.
 */
`;

export function clientSource(listed: readonly Endpoint[]): string {
  const types = listed.map((one) => `  readonly ${one.name}: ${shapeOf(one)};`);
  const rows = listed.map((one) => `  ${one.name}: ${rowOf(one)},`);
  return [
    head,
    "/** A denial as problem details (RFC 9457). */",
    `export interface ProblemDetails ${printType(Problem, "out")}\n`,
    "export interface Api {",
    ...types,
    "}\n",
    "export type ApiName = keyof Api;\n",
    "export interface ApiRow {",
    '  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";',
    "  readonly path: string;",
    "  /** Whether saying it again after a lost answer changes nothing more: reads, and changes under one key. */",
    "  readonly isRepeatable: boolean;",
    "}\n",
    "export const api: Readonly<Record<ApiName, ApiRow>> = {",
    ...rows,
    "};\n",
  ].join("\n");
}

function shapeOf({ params, query, body, answer }: Endpoint): string {
  const typeOf = (schema: TSchema | undefined, way: Way): string =>
    schema === undefined ? "undefined" : printType(schema, way);
  return [
    `{ readonly params: ${typeOf(params, "in")};`,
    `readonly query: ${typeOf(query, "in")};`,
    `readonly body: ${typeOf(body, "in")};`,
    `readonly answer: ${typeOf(answer, "out")} }`,
  ].join(" ");
}

function rowOf(one: Endpoint): string {
  // A key counts for who has a session, and where the work is one transaction (serve-call.ts).
  const isRepeatable = !isChange(one) || (one.access === "session" && !one.isAlone);
  return `{ method: ${JSON.stringify(one.method)}, path: ${JSON.stringify(one.path)}, isRepeatable: ${isRepeatable} }`;
}

/** in: what a caller says, where undefined is as good as left out. out: what the service says. */
type Way = "in" | "out";

/** The part of JSON schema that is printed. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
}

export function printType(schema: Schema, way: Way): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => printType(one, way)).join(" | ");
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "integer":
    case "number":
      return "number";
    case "array":
      if (schema.items === undefined || Array.isArray(schema.items)) break;
      return `readonly (${printType(schema.items, way)})[]`;
    case "object":
      return printObject(schema, way);
    case undefined:
      if (Object.keys(schema).every((key) => key === "description")) return "unknown";
      break;
  }
  throw new Error(`no type is known for ${JSON.stringify(schema)}`);
}

function printObject({ properties, patternProperties, required = [] }: Schema, way: Way): string {
  const patterns = Object.values(patternProperties ?? {});
  if (properties === undefined && patterns.length === 1 && patterns[0] !== undefined)
    return `Readonly<Record<string, ${printType(patterns[0], way)}>>`;
  const fields = Object.entries(properties ?? {}).map(([name, field]) => {
    const told = field.description === undefined ? "" : `\n/** ${field.description} */\n`;
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    const isOptional = !required.includes(name);
    const absent = isOptional && way === "in" ? " | undefined" : "";
    return `${told}readonly ${key}${isOptional ? "?" : ""}: ${printType(field, way)}${absent}`;
  });
  return fields.length === 0 ? "Readonly<Record<string, never>>" : `{ ${fields.join("; ")} }`;
}
