// Every endpoint, fuzzed from its own schema: by nobody, by a stranger of another property, by the vendor and by those
// who belong here. Whatever comes, there is an answer of the documented form, no fault, and nothing of other people.

import { registerProperty } from "@doorsync/authority";
import { type Endpoint, endpoints, openAccount } from "@doorsync/authority/service";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { password, type Service, startService } from "../support/service.ts";

/** What only Maple Court's people may read. */
const secrets = ["Mona Manager", "manager@example.org", "Rita Resident", "rita@example.org", "Apartment 4B"];

let service: Service;
let ids: Readonly<Record<string, string>>;
let tokens: Readonly<Record<string, string | undefined>>;

beforeAll(async () => {
  service = await startService();
  const at = { token: service.manager, params: { property: service.propertyId } };
  const unit = (await service.call("addUnit", { ...at, body: { name: "4B" } })).body;
  const door = (
    await service.call("addDoor", { ...at, body: { name: "Apartment 4B", kind: "residence", unit: unit.id } })
  ).body;
  const rita = await account("Rita Resident", "rita@example.org", {
    propertyId: service.propertyId,
    unitId: unit.id,
    role: "resident",
  });
  ids = { property: service.propertyId, unit: unit.id, door: door.id, person: rita, account: rita };
  await registerProperty(service.office(), { name: "Birch House", sixDigits: false, leaseHours: 0 });
  const birch = await service
    .office()
    .db.selectFrom("properties")
    .select("id")
    .where("name", "=", "Birch House")
    .executeTakeFirstOrThrow();
  await account("Bert Birch", "bert@example.org", { propertyId: birch.id, unitId: "", role: "manager" });
  await account("Vera Vendor", "vera@example.org", undefined);
  tokens = {
    nobody: undefined,
    stranger: await service.logIn("bert@example.org", "desktop"),
    vendor: await service.logIn("vera@example.org", "desktop"),
    resident: await service.logIn("rita@example.org", "mobile"),
    manager: service.manager,
  };
});
afterAll(async () => {
  await service.close();
});

async function account(
  name: string,
  email: string,
  standing: Parameters<typeof openAccount>[1]["standing"],
): Promise<string> {
  const wish = { name, email, password, isVendor: standing === undefined };
  const opened = await openAccount(service.office(), standing === undefined ? wish : { ...wish, standing });
  if (!opened.ok) throw new Error(opened.denial);
  return opened.value.personId;
}

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
}

/** Values of a schema's shape, with the ids that exist where they fit, so that rules behind the check are reached. */
function fitting(schema: Schema, name = ""): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => fitting(one, name)));
  switch (schema.type) {
    case "object": {
      const properties = schema.properties ?? {};
      const fields = Object.entries(properties).map(([key, one]) => [key, fitting(one, key)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...(schema.required ?? [])] });
    }
    case "array":
      return fc.array(schema.items === undefined ? fc.anything() : fitting(schema.items, name), {
        maxLength: 3,
      });
    case "integer":
    case "number":
      return fc.integer({
        min: schema.minimum ?? -10,
        max: Math.min(schema.maximum ?? 2 ** 31, 2 ** 32 - 1),
      });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    default: {
      const known = Object.entries(ids)
        .filter(([key]) => name.toLowerCase().startsWith(key))
        .map(([, id]) => id);
      const words = schema.pattern === undefined ? [] : [fc.stringMatching(new RegExp(schema.pattern))];
      // Mostly what fits: a request has many parts, and one that does not fit ends it before any rule.
      return fc.oneof(
        ...(known.length === 0 ? [] : [{ weight: 12, arbitrary: fc.constantFrom(...known) }]),
        ...words.map((arbitrary) => ({ weight: 4, arbitrary })),
        fc.string({ maxLength: Math.min(schema.maxLength ?? 40, 200) }),
        fc.constantFrom("4711", "rita@example.org", "2468", "Apartment 4B"),
      );
    }
  }
}

/** A fitting value, or anything at all. */
function odd(schema: Schema | undefined): fc.Arbitrary<unknown> {
  const whatever = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant(undefined), fc.constant({}));
  return schema === undefined ? whatever : fc.oneof({ weight: 4, arbitrary: fitting(schema) }, whatever);
}

const asText = (value: unknown): Record<string, string> =>
  typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value).map(([key, one]) => [key, encodeURIComponent(String(one)) || "-"]),
      )
    : {};

test("there are endpoints, and the feed of changes is not among them", () => {
  expect(endpoints.length).toBeGreaterThan(20);
  expect(new Set(endpoints.map(({ name }) => name)).size).toBe(endpoints.length);
  expect(new Set(endpoints.map(({ method, path }) => `${method} ${path}`)).size).toBe(endpoints.length);
});

/** Not fuzzed by those whose session it would end. */
const endsSession = /^(logOut|endSessions|changePassword)$/;

test.each(endpoints.map((endpoint) => [endpoint.name, endpoint] as const))("%s", async (_name, endpoint) => {
  const who = Object.keys(tokens).filter((one) => one === "nobody" || !endsSession.test(endpoint.name));
  let answers = 0;
  let reached = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...who),
      odd(schemaOf(endpoint, "params")),
      odd(schemaOf(endpoint, "query")),
      odd(schemaOf(endpoint, "body")),
      async (one, params, query, body) => {
        const answer = await service.call(endpoint.name, {
          token: tokens[one],
          params: asText(params),
          query: asText(query),
          ...(endpoint.method === "GET" || body === undefined ? {} : { body }),
        });
        answers += 1;
        if (!/^(REQUEST_UNFIT|UNAUTHENTICATED)$/.test(answer.body?.name)) reached += 1;
        expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(500);
        expect(service.faults).toEqual([]);
        if (answer.status >= 400) {
          expect(answer.type).toContain("application/problem+json");
          expect(Object.keys(answer.body)).toEqual(
            expect.arrayContaining(["type", "title", "status", "code", "name", "remedy"]),
          );
        }
        const text = JSON.stringify(answer.body) ?? "";
        expect(text).not.toMatch(/node_modules|\.ts:\d+|at async /);
        if (one === "stranger" || one === "vendor" || (one === "nobody" && endpoint.access === "session"))
          for (const secret of secrets) expect(text, `${one} reads ${secret}`).not.toContain(secret);
      },
    ),
    { numRuns: 30, seed: 4, endOnFailure: true },
  );
  expect(answers).toBeGreaterThanOrEqual(30);
  // Some of it got past the shapes and the session, to the rules behind them.
  if (!endsSession.test(endpoint.name)) expect(reached).toBeGreaterThan(0);
});

function schemaOf(endpoint: Endpoint, part: "params" | "query" | "body"): Schema | undefined {
  return endpoint[part] as Schema | undefined;
}

test("a NUL in any text of any request is refused by name, by whomever it is asked", async () => {
  const nul = "a\u0000b@example.org";
  const client = { class: "mobile", name: "t", version: "1" };
  const rita = { email: "rita@example.org", password };
  const asked: [string, object][] = [
    ["logIn", { body: { email: nul, password: "x", client } }],
    ["logIn", { body: { ...rita, client: { ...client, name: nul } } }],
    ["logIn", { body: { ...rita, client: { ...client, version: nul } } }],
    ["logIn", { body: { ...rita, client, [nul]: 1 } }],
    ["askPasswordReset", { body: { email: nul } }],
    ["addPerson", { params: { property: ids["property"] }, body: { name: "X", email: nul, role: "host" } }],
    ["addUnit", { params: { property: ids["property"] }, body: { name: nul } }],
    ["people", { params: { property: ids["property"] }, query: { find: nul } }],
  ];
  for (const [name, what] of asked) {
    const answer = await service.call(name, { token: service.manager, ...what });
    expect([name, answer.status, answer.body.name]).toEqual([name, 400, "REQUEST_UNFIT"]);
  }
  expect(service.faults).toEqual([]);
});
