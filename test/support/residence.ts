/**
 * A house with people in it: a unit with its door, the entrance, two who live there, a neighbour, each with an account
 * and with codes at their doors. The locks are real ones. Management's endpoints are tested elsewhere: what they would
 * make is made by the acts behind them.
 */
import { assign, type Terms } from "@doorsync/authority";
import { openAccount } from "@doorsync/authority/service";
import { enableDaily } from "../../packages/authority/src/desk/daily.ts";
import type { Policy } from "../../packages/authority/src/model/policy.ts";
import { plainPolicy } from "../../packages/authority/src/model/policy.ts";
import { plainHouse } from "../../packages/authority/src/model/terms.ts";
import { newId } from "../../packages/authority/src/office/office.ts";
import { addUnit, setHouse, setPolicy } from "../../packages/authority/src/store/houses.ts";
import { addDoor, doorById } from "../../packages/authority/src/store/registry.ts";
import { password, type Service } from "./service.ts";
import { type Hung, hangRealLock } from "./service-door.ts";

export interface Resident {
  readonly personId: string;
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
  /** Token of their phone. */
  readonly phone: string;
}

export interface Residence {
  readonly units: { readonly four: string; readonly five: string };
  readonly home: Hung;
  readonly entrance: Hung;
  /** Live in unit four. */
  readonly rita: Resident;
  readonly rob: Resident;
  /** Lives in unit five. */
  readonly nora: Resident;
  /** Digits of the codes that were given. */
  readonly digits: { readonly rita: string; readonly ritaEntrance: string; readonly nora: string };
}

export async function moveIn(service: Service): Promise<Residence> {
  const { propertyId } = service;
  const office = service.office();
  const utc = { ...plainHouse, zone: [{ at: 0, offsetMinutes: 0 }] };
  await setHouse(office.db, propertyId, utc);
  const units = { four: newId(office), five: newId(office) };
  await addUnit(office.db, { id: units.four, propertyId, name: "Unit 4" });
  await addUnit(office.db, { id: units.five, propertyId, name: "Unit 5" });
  const home = await addDoorTo(service, "Door of unit 4", "residence", units.four);
  const entrance = await addDoorTo(service, "Entrance", "buildingEntrance", null);
  const rita = await resident(service, "Rita Resident", units.four);
  const rob = await resident(service, "Rob Resident", units.four);
  const nora = await resident(service, "Nora Neighbour", units.five);
  const digits = {
    rita: await give(service, home, rita),
    ritaEntrance: await give(service, entrance, rita),
    nora: await give(service, entrance, nora),
  };
  return {
    units,
    home: await hangRealLock(service, home),
    entrance: await hangRealLock(service, entrance),
    rita,
    rob,
    nora,
    digits,
  };
}

export async function addDoorTo(
  service: Service,
  name: string,
  kind: "residence" | "buildingEntrance" | "communal" | "service",
  unitId: string | null,
): Promise<string> {
  const office = service.office();
  const id = newId(office);
  const { propertyId } = service;
  await addDoor(office.db, { id, propertyId, name, kind, unitId });
  await enableDaily(office, { id, propertyId });
  return id;
}

export async function resident(
  service: Service,
  name: string,
  unitId: string,
  role: "resident" | "host" = "resident",
): Promise<Resident> {
  const email = `${name.split(" ")[0]?.toLowerCase()}@example.org`;
  const standing = { propertyId: service.propertyId, unitId, role };
  const opened = await openAccount(service.office(), { name, email, password, standing });
  if (!opened.ok) throw new Error(opened.denial);
  return { ...opened.value, name, email, phone: await service.logIn(email) };
}

/** A code as management gives one. */
export async function give(
  service: Service,
  doorId: string,
  { personId, name }: Pick<Resident, "personId" | "name">,
  terms?: Terms,
): Promise<string> {
  const office = service.office();
  const door = await doorById(office.db, doorId);
  if (door === undefined) throw new Error("no such door");
  const person = { id: personId, name };
  const wish = { door, person, length: undefined };
  const given = await assign(office, terms === undefined ? wish : { ...wish, terms });
  if (!given.ok) throw new Error(given.denial);
  return given.value.code;
}

/** What the community decides; the rest is as it was at first. */
export async function decide(service: Service, policy: Partial<Policy>): Promise<void> {
  await setPolicy(service.office().db, service.propertyId, { ...plainPolicy, ...policy });
}
