// The refusals that every endpoint owes: no session, one that ended or ran out, another property's manager, and a key
// that was used for something else. Requests are drawn from the endpoints' own shapes, so that a new endpoint is asked too.

import { registerProperty } from "@doorsync/authority";
import { type Endpoint, endpoints, openAccount } from "@doorsync/authority/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sessionSeconds } from "../../packages/authority/src/desk/sign-in.ts";
import { fittingRequest } from "../support/from-schema.ts";
import { type Answer, password, type Service, startService } from "../support/service.ts";

let service: Service;
let lent: Readonly<Record<string, unknown>>;
let stranger: string;
let ended: string;

beforeAll(async () => {
  service = await startService();
  const at = { token: service.manager, params: { property: service.propertyId } };
  const unit = (await service.call("addUnit", { ...at, body: { name: "4B" } })).body.id;
  const body = { name: "Apartment 4B", kind: "residence", unit };
  const door = (await service.call("addDoor", { ...at, body })).body.id;
  const person = (await service.call("addPerson", { ...at, body: { name: "Rita", role: "resident", unit } }))
    .body.personId;
  lent = {
    property: service.propertyId,
    unit,
    door,
    doors: [door],
    person,
    card: "0a0b0c0d",
    name: "Somebody",
  };
  await registerProperty(service.office(), { name: "Birch House", sixDigits: false, leaseHours: 0 });
  const birch = await service
    .office()
    .db.selectFrom("properties")
    .select("id")
    .where("name", "=", "Birch House")
    .executeTakeFirstOrThrow();
  const standing = { propertyId: birch.id, unitId: "", role: "manager" } as const;
  const opened = await openAccount(service.office(), {
    name: "Bert Birch",
    email: "bert@example.org",
    password,
    standing,
  });
  expect(opened.ok).toBe(true);
  stranger = await service.logIn("bert@example.org", "mobile");
  ended = await service.logIn("manager@example.org", "mobile");
  expect((await service.call("logOut", { token: ended })).status).toBe(204);
});
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

const ask = async (endpoint: Endpoint, token: string | undefined): Promise<Answer> =>
  await service.call(endpoint.name, { token, ...fittingRequest(endpoint, lent, 4) });
const named = (of: (endpoint: Endpoint) => boolean) =>
  endpoints.filter(of).map((endpoint) => [endpoint.name, endpoint] as const);

const withSession = named(({ access }) => access === "session");

test("most endpoints want a session, and few do not", () => {
  expect(withSession.length).toBeGreaterThan(30);
  const open = endpoints.filter(({ access }) => access === "open").map(({ name }) => name);
  expect(open.sort()).toEqual(["askPasswordReset", "logIn", "resetPassword"]);
});

test.each(withSession)("%s: no session, and one that was ended, are no session", async (_name, endpoint) => {
  for (const token of [undefined, ended, "x".repeat(43)])
    expect((await ask(endpoint, token)).body).toMatchObject({ status: 401, name: "UNAUTHENTICATED" });
});

const ofOnePlace = named(({ path, access }) => access === "session" && /\{(property|door)\}/.test(path));
describe.each(ofOnePlace)("%s", (_name, endpoint) => {
  test("the manager of another property is told that there is no such thing", async () => {
    const answer = await ask(endpoint, stranger);
    expect(answer.body, JSON.stringify(answer.body)).toMatchObject({ status: 404, name: "NO_SUCH" });
    expect(JSON.stringify(answer.body)).not.toMatch(/Rita|Apartment 4B/);
  });
});

test("under one key another body, another path or another endpoint is refused, and nothing of it is done", async () => {
  const at = { token: service.manager, params: { property: service.propertyId } };
  const idempotencyKey = "one-key-for-all";
  const first = await service.call("addUnit", { ...at, idempotencyKey, body: { name: "5A" } });
  expect(first.status).toBe(200);
  const others = [
    await service.call("addUnit", { ...at, idempotencyKey, body: { name: "5B" } }),
    await service.call("addDoor", { ...at, idempotencyKey, body: { name: "5A", kind: "communal" } }),
    await service.call("noteKey", {
      token: service.manager,
      idempotencyKey,
      params: { door: String(lent["door"]) },
      body: { person: lent["person"], label: "spare" },
    }),
  ];
  for (const answer of others) expect(answer).toMatchObject({ status: 422, body: { name: "KEY_REUSED" } });
  expect(await service.call("addUnit", { ...at, idempotencyKey, body: { name: "5A" } })).toEqual(first);
  const units = (await service.call("units", at)).body.units as { name: string }[];
  expect(units.map(({ name }) => name).sort()).toEqual(["4B", "5A"]);
});

test("a refusal uses no key up: put right, the same request is done", async () => {
  const at = { token: service.manager, params: { property: service.propertyId } };
  const idempotencyKey = "refused-at-first";
  expect((await service.call("addUnit", { ...at, idempotencyKey, body: { name: "4B" } })).status).toBe(409);
  expect((await service.call("addUnit", { ...at, idempotencyKey, body: { name: "6C" } })).status).toBe(200);
});

test("a session runs out by itself, to the second", async () => {
  const token = await service.logIn("manager@example.org", "mobile");
  const { clock } = service;
  const begun = clock.now;
  clock.now = begun + sessionSeconds - 1;
  expect((await service.call("me", { token })).status).toBe(200);
  clock.now = begun + sessionSeconds;
  for (const name of ["me", "myDoors", "sessions"])
    expect((await service.call(name, { token })).body).toMatchObject({ name: "UNAUTHENTICATED" });
  clock.now = begun;
});
