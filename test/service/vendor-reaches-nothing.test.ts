// A vendor's account can do nothing (F24, F29): every endpoint that there is refuses it or says nothing. A new endpoint
// is tried without anybody's doing.
import { registerDoor } from "@doorsync/authority";
import { endpoints, openAccount } from "@doorsync/authority/service";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addUnit } from "../../packages/authority/src/store/houses.ts";
import { fittingRequest } from "../support/from-schema.ts";
import { password, type Service, startService } from "../support/service.ts";

let service: Service;
const unitId = "a".repeat(24);
let personId: string;

beforeAll(async () => {
  service = await startService();
  const office = service.office();
  await addUnit(office.db, { id: unitId, propertyId: service.propertyId, name: "4B" });
  await registerDoor(office, { property: undefined, name: "Unit 4B", kind: "residence" });
  const standing = { propertyId: service.propertyId, unitId, role: "resident" } as const;
  const ada = { name: "Ada Osei", email: "ada@example.org", password, standing };
  const vera = { name: "Vera Vendor", email: "vera@example.org", password, isVendor: true };
  const [opened, support] = [await openAccount(office, ada), await openAccount(office, vera)];
  if (!opened.ok || !support.ok) throw new Error("no accounts");
  personId = opened.value.personId;
});
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

/** What anybody with a session may do about oneself. */
const ownOnly = ["me", "sessions", "logOut", "endSessions", "changePassword"];

test("a vendor's account reaches nothing: every endpoint refuses it, or says nothing", async () => {
  const { db } = service.office();
  const door = await db.selectFrom("doors").select("id").executeTakeFirstOrThrow();
  const lent = {
    door: door.id,
    property: service.propertyId,
    person: personId,
    unit: unitId,
    email: "stranger@example.org",
    name: "A Name",
  };
  for (const kind of ["mobile", "desktop"] as const) {
    const token = await service.logIn("vera@example.org", kind, "9.0.0");
    const me = (await service.call("me", { token })).body;
    expect(me).toMatchObject({ isVendor: true, standings: [], properties: [] });
    const asked = endpoints.filter(({ access, name }) => access === "session" && !ownOnly.includes(name));
    expect(asked.length).toBeGreaterThan(0);
    const reached = [];
    for (const endpoint of asked) {
      const { status, body } = await service.call(endpoint.name, {
        token,
        ...fittingRequest(endpoint, lent, 7),
      });
      const isRefused = status === 403 || status === 404;
      if (!isRefused && !(status === 200 && isEmpty(body)))
        reached.push(`${endpoint.name} as ${kind}: ${status} ${JSON.stringify(body)}`);
    }
    expect(reached).toEqual([]);
    expect((await service.call("me", { token })).status).toBe(200);
  }
});

/** Nothing but empty lists, nothings and zeros. */
function isEmpty(value: unknown): boolean {
  if (typeof value === "object" && value !== null) return Object.values(value).every(isEmpty);
  return value === null || value === undefined || value === false || value === 0;
}
