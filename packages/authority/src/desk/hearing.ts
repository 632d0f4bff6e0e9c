/**
 * Who hears of which change as it happens. A change says that something is otherwise and where; what it is now, the
 * endpoints say to whom they say it. How it reaches a client is `http/feed.ts`.
 */
import type { Office } from "../office/office.ts";
import { invitedAmong } from "../store/guests.ts";
import { doorEntries } from "../store/registry.ts";
import { peopleOfUnits, type Standing, standingsOf } from "../store/standings.ts";
import { type ChangeRow, changesAfter } from "../store/trail.ts";
import type { Actor } from "./actor.ts";
import { doorsToServe } from "./doors.ts";

/** Looked through at once. */
const changesPerLookMax = 200;

export interface Heard {
  readonly changes: readonly ChangeRow[];
  /** Looked through up to here, also where nothing was to be told: others' changes must not stand in the way. */
  readonly seen: number;
}

/**
 * A manager hears of the whole property; a host of the doors and people of the unit; everybody of themselves, of the codes
 * of guests whom they invited, of what happens at doors they have to do with and concerns nobody by name, and of the
 * policy; who is suspended of what is theirs alone, and the vendor of nothing.
 */
export async function changesFor(office: Office, actor: Actor, after: number): Promise<Heard> {
  const { personId } = actor;
  const standings = actor.isVendor ? [] : await standingsOf(office.db, personId);
  const properties = [...new Set(standings.map(({ propertyId }) => propertyId))];
  const changes = await changesAfter(office.db, properties, after, changesPerLookMax);
  const seen = changes.at(-1)?.id ?? after;
  const live = standings.filter(({ isSuspended }) => !isSuspended);
  const managed = new Set(live.filter(({ role }) => role === "manager").map(({ propertyId }) => propertyId));
  const isPlain = (change: ChangeRow): boolean =>
    managed.has(change.property_id) || change.person_id === personId;
  // The database is asked only where something is left that is not plainly told or kept back.
  const others = changes.filter((change) => !isPlain(change));
  const guests = await invitedAmong(
    office.db,
    personId,
    others.flatMap(({ kind, person_id }) => (isOfCode(kind) && person_id !== null ? [person_id] : [])),
  );
  const here = new Set(live.map(({ propertyId }) => propertyId));
  const isOfGuest = ({ kind, person_id, property_id }: ChangeRow): boolean =>
    isOfCode(kind) && person_id !== null && guests.has(person_id) && here.has(property_id);
  const isOfHost = await hostHears(office, live, others);
  const isNobodys = await nobodysHeard(office, actor, live, others);
  return {
    seen,
    changes: changes.filter(
      (change) => isPlain(change) || isOfGuest(change) || isOfHost(change) || isNobodys(change),
    ),
  };
}

type Hears = (change: ChangeRow) => boolean;
const none: Hears = () => false;

/** What happens at the doors of a host's units, and to people of them where no door is named. */
async function hostHears(
  office: Office,
  live: readonly Standing[],
  changes: readonly ChangeRow[],
): Promise<Hears> {
  const units = live.flatMap(({ role, unitId }) => (role === "host" && unitId !== "" ? [unitId] : []));
  if (units.length === 0 || changes.length === 0) return none;
  const entries = await doorEntries(office.db).where("doors.unit_id", "in", units).execute();
  const doors = new Set(entries.map(({ id }) => id));
  const people = new Set(await peopleOfUnits(office.db, units));
  return ({ door_id, person_id }) =>
    door_id === null ? person_id !== null && people.has(person_id) : doors.has(door_id);
}

/** What concerns nobody by name: the policy of one's property, locks and visits at doors one has to do with. */
async function nobodysHeard(
  office: Office,
  actor: Actor,
  live: readonly Standing[],
  changes: readonly ChangeRow[],
): Promise<Hears> {
  const properties = new Set(live.map(({ propertyId }) => propertyId));
  const isNobodys = ({ person_id, property_id }: ChangeRow): boolean =>
    person_id === null && properties.has(property_id);
  const isAtDoor = changes.some((change) => isNobodys(change) && change.door_id !== null);
  const doors = new Set(isAtDoor ? (await doorsToServe(office, actor)).map(({ id }) => id) : []);
  return (change) =>
    isNobodys(change) && (change.door_id === null ? change.kind === "policy.set" : doors.has(change.door_id));
}

function isOfCode(kind: string): boolean {
  return kind.startsWith("code.");
}
