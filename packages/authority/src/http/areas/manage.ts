/** Endpoints of managers and hosts: a property, its units and doors in short, its people and what they are granted. */
import { type Static, Type } from "typebox";
import { readAudit } from "../../desk/books.ts";
import { listDoorStates } from "../../desk/door-state.ts";
import { grantAccess, regrant, revokeAll, revokeDoor } from "../../desk/grants.ts";
import { addPerson, listRoll } from "../../desk/people.ts";
import {
  addDoor,
  addUnit,
  changePolicy,
  listUnits,
  ownProperties,
  type PolicyWish as PolicyChange,
  type PropertySaid,
  readProperty,
} from "../../desk/property.ts";
import { resumePerson, suspendPerson, suspendReasons } from "../../desk/suspend.ts";
import { type Decision, grant } from "../../model/denial.ts";
import { roles } from "../../model/permission.ts";
import type { House } from "../../model/terms.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { Email, Id, PropertyPath, Seconds } from "../shapes.ts";
import {
  AnyLength,
  AnyName,
  Change,
  Count,
  Digits,
  doorKinds,
  Granted,
  LastSync,
  LockStates,
  orNull,
  PolicyWish,
  Property,
  StillDaily,
  StillGuests,
  StillKeys,
  TextOrNull,
} from "./manage-shapes.ts";

const PersonPath = Type.Object({ property: Id, person: Id });
const Unit = Type.Object({ id: Id, name: Type.String() });
const doorsMax = 64;
const Doors = Type.Array(Id, { minItems: 1, maxItems: doorsMax });
const peopleMax = 1_000;
const linesMax = 500;

export const numberOf = (text: string | undefined, otherwise: number, max: number): number =>
  text === undefined ? otherwise : Math.max(1, Math.min(Number(text), max));

/** What JSON cannot leave undefined it says as null. */
function houseOf(house: Static<typeof PolicyWish>["house"]): Partial<House> {
  return Object.fromEntries(Object.entries(house ?? {}).map(([name, value]) => [name, value ?? undefined]));
}

function wishOf(propertyId: string, body: Static<typeof PolicyWish>): PolicyChange {
  const { leaseHours, house, ...policy } = body;
  return { propertyId, policy: policy as PolicyChange["policy"], leaseHours, house: houseOf(house) };
}

/** The settings that a change names, without their values: `leaseHours, house.zone`. */
function namedIn({ house, ...rest }: Static<typeof PolicyWish>): string {
  return [...Object.keys(rest), ...Object.keys(house ?? {}).map((name) => `house.${name}`)].join(", ");
}

function propertySaid(read: Decision<PropertySaid>): Decision<Static<typeof Property>> {
  if (!read.ok) return read;
  const { policy, house, ...rest } = read.value;
  return grant({
    ...rest,
    policy: { ...policy, deliveryDoorKinds: [...policy.deliveryDoorKinds] },
    house: {
      ...house,
      autoRelockSeconds: house.autoRelockSeconds ?? null,
      wrongCodeEntryLimit: house.wrongCodeEntryLimit ?? null,
      userCodeTemporaryDisableSeconds: house.userCodeTemporaryDisableSeconds ?? null,
      wrongCodesPerDayMax: house.wrongCodesPerDayMax ?? null,
      zone: [...house.zone],
      holidays: [...house.holidays],
    },
  });
}

const wholeProperty: readonly Endpoint[] = [
  endpoint({
    name: "properties",
    method: "GET",
    path: "/v1/properties",
    summary: "The properties that one has to do with",
    area: "manage",
    answer: Type.Object({
      properties: Type.Array(
        Type.Object({ id: Id, name: Type.String(), roles: Type.Array(Type.Enum([...roles])) }),
      ),
    }),
    run: async ({ office, actor }) => {
      const own = await ownProperties(office, actor);
      return own.ok ? grant({ properties: own.value }) : own;
    },
  }),
  endpoint({
    name: "property",
    method: "GET",
    path: "/v1/properties/{property}",
    summary: "What a property allows, and what its doors keep to",
    area: "manage",
    params: PropertyPath,
    answer: Property,
    run: async ({ office, actor, params }) =>
      propertySaid(await readProperty(office, actor, params.property)),
  }),
  endpoint({
    name: "setPolicy",
    method: "PATCH",
    path: "/v1/properties/{property}",
    summary: "Changes what is named and leaves the rest; a door follows with its next sync",
    area: "manage",
    params: PropertyPath,
    body: PolicyWish,
    answer: Property,
    run: async ({ office, actor, params, body }) =>
      propertySaid(await changePolicy(office, actor, wishOf(params.property, body))),
    about: ({ body }) => ({ detail: namedIn(body) }),
  }),
  endpoint({
    name: "units",
    method: "GET",
    path: "/v1/properties/{property}/units",
    summary: "The units that one answers for",
    area: "manage",
    params: PropertyPath,
    answer: Type.Object({ units: Type.Array(Unit) }),
    run: async ({ office, actor, params }) => {
      const units = await listUnits(office, actor, params.property);
      return units.ok ? grant({ units: units.value }) : units;
    },
  }),
  endpoint({
    name: "addUnit",
    method: "POST",
    path: "/v1/properties/{property}/units",
    summary: "Another unit: somebody's home, with doors of its own",
    area: "manage",
    params: PropertyPath,
    body: Type.Object({ name: AnyName }, { additionalProperties: false }),
    answer: Unit,
    run: ({ office, actor, params, body }) =>
      addUnit(office, actor, { propertyId: params.property, name: body.name }),
    about: (_, { name }) => ({ detail: name }),
  }),
  endpoint({
    name: "doors",
    method: "GET",
    path: "/v1/properties/{property}/doors",
    summary: "Every door that one answers for, with how its codes and its lock stand",
    area: "manage",
    params: PropertyPath,
    answer: Type.Object({
      doors: Type.Array(
        Type.Object({
          id: Id,
          name: Type.String(),
          kind: Type.Enum(doorKinds),
          link: Type.String(),
          unitId: orNull(Id),
          unit: TextOrNull,
          lock: LockStates,
          provenVersion: orNull(Count),
          newestVersion: orNull(Count),
          lastSync: LastSync,
          counts: Type.Object({ unset: Count, setting: Count, set: Count, removing: Count, unknown: Count }),
          pending: Type.Boolean(),
          waitingSince: orNull(Seconds),
          delayed: Type.Boolean({ description: "something waits longer than the property finds usual" }),
          alarm: Type.Boolean({ description: "the lock signed for a table that was never issued" }),
          health: Type.String({ description: "as of the door itself, in one word" }),
        }),
      ),
    }),
    run: async ({ office, actor, params }) => {
      const doors = await listDoorStates(office, actor, params.property);
      return doors.ok ? grant({ doors: doors.value }) : doors;
    },
  }),
  endpoint({
    name: "addDoor",
    method: "POST",
    path: "/v1/properties/{property}/doors",
    summary: "Another door, without a lock yet",
    area: "manage",
    params: PropertyPath,
    body: Type.Object(
      {
        name: AnyName,
        kind: Type.Enum(doorKinds),
        unit: Type.Optional(Id),
        link: Type.Optional(Type.Enum(["offline", "connected", "both"])),
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({ id: Id, name: Type.String(), kind: Type.Enum(doorKinds) }),
    run: ({ office, actor, params, body }) => {
      const { name, kind, unit, link = "offline" } = body;
      return addDoor(office, actor, { propertyId: params.property, name, kind, unit, link });
    },
    about: (_, { id }) => ({ door: id }),
  }),
  endpoint({
    name: "audit",
    method: "GET",
    path: "/v1/properties/{property}/audit",
    summary: "What was asked for and decided, the newest first",
    area: "manage",
    params: PropertyPath,
    query: Type.Object(
      { before: Type.Optional(Digits), count: Type.Optional(Digits) },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      decisions: Type.Array(
        Type.Object({
          id: Count,
          at: Seconds,
          action: Type.String(),
          decision: Type.String({ description: "granted, or the name of the denial" }),
          detail: TextOrNull,
          actor: TextOrNull,
          doorId: TextOrNull,
          doors: Type.Array(Id, { description: "further doors that the request named" }),
          personId: TextOrNull,
          person: TextOrNull,
        }),
      ),
    }),
    run: async ({ office, actor, params, query }) => {
      const before = query.before === undefined ? undefined : Number(query.before);
      const countMax = numberOf(query.count, 100, linesMax);
      const read = await readAudit(office, actor, { propertyId: params.property, countMax, before });
      return read.ok ? grant({ decisions: read.value }) : read;
    },
  }),
];

const people: readonly Endpoint[] = [
  endpoint({
    name: "people",
    method: "GET",
    path: "/v1/properties/{property}/people",
    summary: "Who there is, in which standing, a page at a time by name",
    area: "manage",
    params: PropertyPath,
    query: Type.Object(
      {
        find: Type.Optional(Type.String({ pattern: "^[^\\x00]{1,100}$", description: "part of a name" })),
        skip: Type.Optional(Digits),
        count: Type.Optional(Digits),
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      people: Type.Array(
        Type.Object({
          id: Id,
          name: Type.String(),
          standings: Type.Array(
            Type.Object({
              role: Type.Enum([...roles]),
              unitId: orNull(Id),
              unit: TextOrNull,
              revoked: Type.Boolean({ description: "the next grant brings it back" }),
            }),
          ),
          suspended: orNull(Type.Object({ since: Seconds, reason: Type.String() })),
          account: orNull(Type.Object({ email: Type.String(), hasPassword: Type.Boolean() })),
          guest: orNull(Type.Object({ hostId: Id, kind: TextOrNull })),
          doors: Count,
        }),
      ),
      more: Type.Boolean(),
    }),
    run: ({ office, actor, params, query }) =>
      listRoll(office, actor, {
        propertyId: params.property,
        find: query.find,
        skip: Number(query.skip ?? 0),
        countMax: numberOf(query.count, 200, peopleMax),
      }),
  }),
  endpoint({
    name: "addPerson",
    method: "POST",
    path: "/v1/properties/{property}/people",
    summary: "Takes somebody in; with an e-mail address there is an account, and an invitation goes out",
    area: "manage",
    params: PropertyPath,
    body: Type.Object(
      {
        name: AnyName,
        email: Type.Optional(Email),
        role: Type.Enum(["resident", "guest", "host", "manager"]),
        unit: Type.Optional(Id),
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({ personId: Id, invited: Type.Boolean() }),
    run: ({ office, actor, params, body }) => {
      const { name, email, role, unit } = body;
      return addPerson(office, actor, { propertyId: params.property, name, email, role, unit });
    },
    about: ({ body }, { personId }) => ({ person: personId, detail: body.role }),
  }),
  endpoint({
    name: "grantAccess",
    method: "POST",
    path: "/v1/properties/{property}/people/{person}/grants",
    summary: "A code at each of these doors, other than every one this person ever had there",
    area: "manage",
    params: PersonPath,
    body: Type.Object({ doors: Doors, length: Type.Optional(AnyLength) }, { additionalProperties: false }),
    answer: Type.Object({ doors: Type.Array(Granted) }),
    run: ({ office, actor, params, body }) =>
      grantAccess(office, actor, { ...whom(params), doors: body.doors, length: body.length }),
  }),
  endpoint({
    name: "revokeAll",
    method: "DELETE",
    path: "/v1/properties/{property}/people/{person}/grants",
    summary: "Takes back whatever opens a door within reach; each opens until it is synced",
    area: "manage",
    params: PersonPath,
    answer: Type.Object({
      doors: Type.Array(Change),
      guests: StillGuests,
      dailyCodes: StillDaily,
      keys: StillKeys,
    }),
    run: ({ office, actor, params }) => revokeAll(office, actor, whom(params)),
  }),
  endpoint({
    name: "revokeDoor",
    method: "DELETE",
    path: "/v1/properties/{property}/people/{person}/grants/{door}",
    summary: "Takes one door from somebody: what opens it ends with its sync, everything else stays as it is",
    area: "manage",
    params: Type.Object({ property: Id, person: Id, door: Id }),
    answer: Type.Object({
      doors: Type.Array(Change),
      guests: StillGuests,
      dailyCodes: StillDaily,
      keys: StillKeys,
    }),
    run: ({ office, actor, params }) => revokeDoor(office, actor, { ...whom(params), doorId: params.door }),
  }),
  endpoint({
    name: "regrant",
    method: "POST",
    path: "/v1/properties/{property}/people/{person}/regrant",
    summary: "Revokes all and grants anew in one step: old out and new in with one sync of each door",
    area: "manage",
    params: PersonPath,
    body: Type.Object(
      { doors: Type.Optional(Doors) },
      { additionalProperties: false, description: "doors left out: wherever there was a code" },
    ),
    answer: Type.Object({
      doors: Type.Array(Granted),
      guests: StillGuests,
      dailyCodes: StillDaily,
      keys: StillKeys,
    }),
    run: ({ office, actor, params, body }) => regrant(office, actor, { ...whom(params), doors: body.doors }),
  }),
  endpoint({
    name: "suspend",
    method: "POST",
    path: "/v1/properties/{property}/people/{person}/suspend",
    summary: "Takes somebody's access away for a while: every code, card and key; hours and limits stay",
    area: "manage",
    params: PersonPath,
    body: Type.Object({ reason: Type.Enum([...suspendReasons]) }, { additionalProperties: false }),
    answer: Type.Object({
      doors: Type.Array(Change),
      sessionsEnded: Type.Boolean({ description: "where a phone is in other hands, it is logged out" }),
      guests: StillGuests,
      dailyCodes: StillDaily,
      keys: StillKeys,
    }),
    run: ({ office, actor, params, body }) =>
      suspendPerson(office, actor, { ...whom(params), reason: body.reason }),
  }),
  endpoint({
    name: "resume",
    method: "POST",
    path: "/v1/properties/{property}/people/{person}/resume",
    summary: "Opens the doors again; with new codes when something was stolen, unless told otherwise",
    area: "manage",
    params: PersonPath,
    body: Type.Object({ newCodes: Type.Optional(Type.Boolean()) }, { additionalProperties: false }),
    answer: Type.Object({ doors: Type.Array(Granted), newCodes: Type.Boolean() }),
    run: ({ office, actor, params, body }) =>
      resumePerson(office, actor, { ...whom(params), newCodes: body.newCodes }),
  }),
];

function whom(params: Static<typeof PersonPath>): { readonly propertyId: string; readonly personId: string } {
  return { propertyId: params.property, personId: params.person };
}

export const manage: readonly Endpoint[] = [...wholeProperty, ...people];
