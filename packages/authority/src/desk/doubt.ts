/**
 * Doors whose books are in doubt: their lock has signed for more than the books know, or the books come out of a backup.
 * What was taken away from somebody since is not in them, so that nothing is carried there until management has looked
 * through who would open. Not how the doubt begins: that is `model/proof.ts` and the command `restored`.
 */
import { lifeHoursDefault } from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "../model/denial.ts";
import { classOf, doubted, isDoubted, type Ledger, newestVersion, trusted } from "../model/ledger.ts";
import { raised } from "../office/issue.ts";
import type { Office } from "../office/office.ts";
import { loadLedger, withDoor } from "../store/ledgers.ts";
import { namesOf } from "../store/names.ts";
import { type DoorEntry, doorsOfProperty, presentLock } from "../store/registry.ts";
import { type Changed, noteChanges } from "../store/trail.ts";
import { atProperty } from "./access.ts";
import type { Actor } from "./actor.ts";
import { changesAt } from "./hand-out.ts";

export const doorsPerTrustMax = 1_000;

export interface WouldOpen {
  readonly personId: string;
  readonly person: string;
  readonly class: ReturnType<typeof classOf>;
}

export interface DoubtedDoor {
  readonly doorId: string;
  readonly door: string;
  readonly since: number;
  /** What the lock signed for; null: the books come out of a backup and the lock has not contradicted them yet. */
  readonly lockVersion: number | null;
  readonly booksVersion: number;
  /** Who opens there by these books, once a table made of them arrives. */
  readonly opens: readonly WouldOpen[];
}

/** NO_SUCH, NOT_ALLOWED: for management. */
export async function doubtedDoors(
  office: Office,
  actor: Actor,
  propertyId: string,
): Promise<Decision<readonly DoubtedDoor[]>> {
  const access = await atProperty(office, actor, propertyId, "commission");
  if (!access.ok) return access;
  const found: DoubtedDoor[] = [];
  const inDoubt = await doubtedIds(office, propertyId);
  for (const door of await doorsOfProperty(office.db, propertyId)) {
    if (!inDoubt.has(door.id)) continue;
    const said = await doubtOf(office, door, await loadLedger(office.db, door.id));
    if (said !== undefined) found.push(said);
  }
  return grant(found.sort((a, b) => a.door.localeCompare(b.door, "en")));
}

/** From rows alone: of a thousand doors few are in doubt. */
async function doubtedIds(office: Office, propertyId: string): Promise<ReadonlySet<string>> {
  const rows = await office.db
    .selectFrom("locks")
    .innerJoin("doors", (join) =>
      join.onRef("doors.id", "=", "locks.door_id").onRef("doors.epoch", "=", "locks.epoch"),
    )
    .select("doors.id")
    .where("doors.property_id", "=", propertyId)
    .where("locks.doubted_at", "is not", null)
    .where("locks.doubt_settled_at", "is", null)
    .execute();
  return new Set(rows.map(({ id }) => id));
}

async function doubtOf(office: Office, door: DoorEntry, ledger: Ledger): Promise<DoubtedDoor | undefined> {
  const { lock } = ledger;
  if (lock?.doubt === undefined || !isDoubted(lock)) return undefined;
  const live = ledger.codes.filter(
    (code) => !code.revoked && code.terms?.suspended !== true && classOf(code) !== "dailyCode",
  );
  const names = await namesOf(
    office.db,
    live.map(({ person }) => person),
  );
  return {
    doorId: door.id,
    door: door.name,
    since: lock.doubt.since,
    lockVersion: lock.contradicted ?? null,
    booksVersion: newestVersion(lock).version,
    opens: live.map((code) => ({
      personId: code.person,
      person: names.get(code.person) ?? code.person,
      class: classOf(code),
    })),
  };
}

/**
 * Management says that the books of these doors are right again: whoever was suspended or revoked since the backup is so
 * anew. Each door gets a version of its own, with the whole table. Answers for the doors that were in doubt, with who
 * opens there; NO_SUCH for a door of another property, and then nothing is done.
 */
export async function trustBooks(
  office: Office,
  actor: Actor,
  wish: { readonly propertyId: string; readonly doors: readonly string[] },
): Promise<Decision<readonly DoubtedDoor[]>> {
  const { propertyId } = wish;
  const access = await atProperty(office, actor, propertyId, "commission");
  if (!access.ok) return access;
  const all = new Map((await doorsOfProperty(office.db, propertyId)).map((door) => [door.id, door]));
  const doors = [...new Set(wish.doors)].sort().map((id) => all.get(id));
  if (doors.includes(undefined)) return deny("NO_SUCH", "door");
  const settled: Settled[] = [];
  for (const door of doors) {
    const one = door === undefined ? undefined : await settle(office, door);
    if (one !== undefined) settled.push(one);
  }
  const blank = { at: office.now, property_id: propertyId, person_id: null, detail: null };
  await noteChanges(office.db, [
    ...settled.map(({ said }): Changed => ({ ...blank, door_id: said.doorId, kind: "lock.trusted" })),
    ...settled.flatMap(({ changes }) => changes),
  ]);
  return grant(settled.map(({ said }) => said));
}

interface Settled {
  readonly said: DoubtedDoor;
  readonly changes: readonly Changed[];
}

async function settle(office: Office, door: DoorEntry): Promise<Settled | undefined> {
  return await withDoor(office.db, door.id, async (ledger, trx) => {
    const lock = await presentLock(trx, door.id);
    const said = await doubtOf({ ...office, db: trx }, door, ledger);
    if (lock === undefined || said === undefined) return { ledger, result: undefined };
    // A version of its own even where nothing changed: the receipt for it is what ends the doubt.
    const wish = { lifeHours: lifeHoursDefault, renew: true, snapshot: true };
    const right = trusted(ledger, office.now);
    const next = raised(office, lock, right, wish);
    const after = next.ok ? next.value.ledger : right;
    return { ledger: after, result: { said, changes: changesAt(office, door, ledger, after) } };
  });
}

/**
 * The whole database comes out of a backup: log-ins and links that were ended since are there again, and so are codes.
 * Ends every log-in and every link, and puts every door with a lock in doubt. By whoever runs the service.
 */
export async function noteRestored(
  office: Office,
): Promise<{ readonly doors: number; readonly sessions: number }> {
  const { db, now } = office;
  const ended = await db.deleteFrom("sessions").executeTakeFirst();
  await db.deleteFrom("password_resets").execute();
  const doors = await db
    .selectFrom("doors")
    .select("id")
    .where("epoch", "is not", null)
    .orderBy("id")
    .execute();
  for (const { id } of doors)
    await withDoor(db, id, async (ledger) => ({ ledger: doubted(ledger, now), result: undefined }));
  return { doors: doors.length, sessions: Number(ended.numDeletedRows) };
}
