/**
 * The community in which the journeys happen, as its manager runs it over HTTP: units, doors with real locks, people
 * with accounts, policy. Every step is a call of the service; what it refuses ends the story with its own words.
 */

import { type Fresh, joinPhone, type Phone } from "./journey-phone.ts";
import { found, lastLetter } from "./journey-post.ts";
import { type Answer, type Asked, password, type Service } from "./service.ts";
import { type Hung, hangRealLock, type LockOptions } from "./service-door.ts";

export interface Tenant {
  readonly name: string;
  readonly email: string;
  readonly personId: string;
}

export interface Door extends Hung {
  readonly name: string;
}

export type DoorKind = "residence" | "buildingEntrance" | "communal" | "service";
export type Granting = "resident" | "guest" | "host" | "manager";

export interface House {
  readonly service: Service;
  /** What the manager asks at the desk; a denial ends the story. */
  asks(name: string, asked?: Omit<Asked, "token">): Promise<Answer["body"]>;
  /** The same, for what must be refused: the name of the denial. */
  isDenied(name: string, asked?: Omit<Asked, "token">): Promise<string>;
  policy(changes: Readonly<Record<string, unknown>>): Promise<void>;
  /** The locks are told the local time, with their next table. */
  localTime(zone: readonly { readonly at: number; readonly offsetMinutes: number }[]): Promise<void>;
  unit(name: string): Promise<string>;
  /** A door with a real lock that belongs to the property and has its first table. */
  door(name: string, kind: DoorKind, unit?: string, options?: LockOptions): Promise<Door>;
  /** A door without a lock. */
  bareDoor(name: string, kind: DoorKind, unit?: string, link?: "offline" | "connected"): Promise<string>;
  /** Somebody gets an account by letter, chooses a password, and stands in this relation to the house. */
  moveIn(name: string, role: Granting, unit?: string): Promise<Tenant>;
  /** The tenant logs in on a phone of their own. */
  phone(tenant: Tenant, phone?: Fresh): Promise<Phone>;
  give(tenant: Tenant, doors: readonly Door[], length?: number): Promise<void>;
  revokeAll(tenant: Tenant): Promise<void>;
  regrant(tenant: Tenant, doors?: readonly Door[]): Promise<void>;
  suspend(tenant: Tenant, reason: "stolen" | "lost" | "other"): Promise<void>;
  resume(tenant: Tenant, newCodes?: boolean): Promise<void>;
  /** What the manager sees of one door. */
  sees(door: Door): Promise<Answer["body"]>;
  /** The manager's own phone. */
  managersPhone(): Promise<Phone>;
}

const at = (tenant: Tenant, service: Service): Record<string, string> => ({
  property: service.propertyId,
  person: tenant.personId,
});

export function openHouse(service: Service): House {
  const property = { property: service.propertyId };
  const asks: House["asks"] = async (name, asked = {}) => {
    const answer = await service.call(name, { ...asked, token: service.manager });
    if (answer.status >= 300) throw new Error(`${name} was refused: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const bareDoor: House["bareDoor"] = async (name, kind, unit, link = "offline") => {
    const body = { name, kind, link, ...(unit === undefined ? {} : { unit }) };
    return (await asks("addDoor", { params: property, body })).id;
  };
  const ids = (doors: readonly Door[]): string[] => doors.map(({ doorId }) => doorId);
  return {
    service,
    asks,
    bareDoor,
    async isDenied(name, asked = {}) {
      const answer = await service.call(name, { ...asked, token: service.manager });
      if (answer.status < 400) throw new Error(`${name} was not refused`);
      return answer.body.name;
    },
    async policy(changes) {
      await asks("setPolicy", { params: property, body: changes });
    },
    async localTime(zone) {
      await asks("setPolicy", { params: property, body: { house: { zone } } });
    },
    async unit(name) {
      return (await asks("addUnit", { params: property, body: { name } })).id;
    },
    async door(name, kind, unit, options = {}) {
      const doorId = await bareDoor(name, kind, unit);
      return { ...(await hangRealLock(service, doorId, options)), name };
    },
    async moveIn(name, role, unit) {
      const email = `${name.toLowerCase().replace(/[^a-z]+/g, ".")}@example.org`;
      const body = { name, email, role, ...(unit === undefined ? {} : { unit }) };
      const { personId } = await asks("addPerson", { params: property, body });
      const token = found(await lastLetter(service, email), tokenForm);
      const chosen = await service.call("resetPassword", { body: { token, password } });
      if (chosen.status >= 300) throw new Error(`no first password: ${JSON.stringify(chosen.body)}`);
      return { name, email, personId };
    },
    phone: (tenant, phone) => joinPhone(service, tenant.email, phone),
    async give(tenant, doors, length) {
      const body = { doors: ids(doors), ...(length === undefined ? {} : { length }) };
      await asks("grantAccess", { params: at(tenant, service), body });
    },
    async revokeAll(tenant) {
      await asks("revokeAll", { params: at(tenant, service) });
    },
    async regrant(tenant, doors) {
      const body = doors === undefined ? {} : { doors: ids(doors) };
      await asks("regrant", { params: at(tenant, service), body });
    },
    async suspend(tenant, reason) {
      await asks("suspend", { params: at(tenant, service), body: { reason } });
    },
    async resume(tenant, newCodes) {
      await asks("resume", {
        params: at(tenant, service),
        body: newCodes === undefined ? {} : { newCodes },
      });
    },
    sees: (door) => asks("door", { params: { door: door.doorId } }),
    managersPhone: () => joinPhone(service, "manager@example.org"),
  };
}

/** The token that stands behind the # of a reset's link. */
export const tokenForm = /\/reset#([A-Za-z0-9_-]{43})/;
