/**
 * Doors whose locks have a connection of their own: what they may need is put out as soon as it changes, and again while
 * it is pending. The bytes are those that a phone would carry. Not the broker: that is `connected/`.
 */
import { equal, toHex } from "@doorsync/protocol/authority";
import type { Broker } from "../connected/broker.ts";
import type { Returned } from "../connected/topics.ts";
import type { Office } from "../office/office.ts";
import { inOne } from "../store/ledgers.ts";
import { forgetLying, lyingTags, noteLying } from "../store/lying.ts";
import { type DoorEntry, doorEntries, presentLock } from "../store/registry.ts";
import { changedDoors, newestChange, noteChanges } from "../store/trail.ts";
import type { Carrier } from "./courier.ts";
import { serveDoor } from "./hand-out.ts";
import { deliverSlip } from "./take-in.ts";

/** The broker in the books on couriers. */
const courier: Carrier = { phoneId: "broker", accountId: null };

/** Seconds after which all is put out once more, changed or not: the answer to whatever was lost. */
const renewSeconds = 60;

export interface Connected {
  /** Puts out what changed since the last round. Doors that could not be served come again in the next. */
  round(): Promise<void>;
  /** After the broker was away: the next round puts out everything. */
  all(): void;
  /** Takes a slip in; settles when it is safe. */
  take(returned: Pick<Returned, "bytes">): Promise<void>;
}

export function createConnected(office: () => Office, broker: () => Broker): Connected {
  let seen: number | undefined;
  let renewedAt = 0;
  const waiting = new Set<string>();

  async function putOut(door: DoorEntry): Promise<boolean> {
    const now = office();
    const { parcels, changes } = await serveDoor(now, door, courier);
    await inOne(now.db, async (trx) => await noteChanges(trx, changes));
    const present = await presentLock(now.db, door.id);
    const lying = await lyingTags(now.db, door.id);
    const wanted = parcels.map(({ tag }) => tag);
    // First the note, then the deed: what lies there unknown would never be withdrawn.
    await noteLying(now.db, door.id, wanted);
    const tags = [...wanted, ...(present === undefined ? [] : [present.tag]), ...lying];
    const unique = new Map(tags.map((tag) => [toHex(tag), tag]));
    let isOut = true;
    for (const tag of unique.values()) {
      const ofTag = parcels.filter((parcel) => equal(parcel.tag, tag));
      const done = await broker().publish({ property: door.propertyId, tag }, ofTag);
      isOut &&= done.ok;
      if (done.ok && ofTag.length === 0 && lying.some((one) => equal(one, tag)))
        await forgetLying(now.db, door.id, tag);
    }
    return isOut;
  }

  return {
    async round() {
      if (broker().state.kind !== "connected") return;
      const { db, now } = office();
      const newest = await newestChange(db);
      const isTime = seen === undefined || now - renewedAt >= renewSeconds;
      const some = isTime ? undefined : [...(await changedDoors(db, seen ?? 0)), ...waiting];
      if (some?.length === 0) return;
      let query = doorEntries(db).where("doors.link", "!=", "offline");
      if (some !== undefined) query = query.where("doors.id", "in", some);
      let fault: unknown;
      for (const door of await query.orderBy("doors.id").execute()) {
        try {
          if (await putOut(door)) waiting.delete(door.id);
          else waiting.add(door.id);
        } catch (error) {
          // One door that cannot be served keeps none behind it waiting.
          waiting.add(door.id);
          fault ??= error;
        }
      }
      seen = newest;
      if (isTime) renewedAt = now;
      if (fault !== undefined) throw fault;
    },
    all() {
      seen = undefined;
    },
    async take({ bytes }) {
      const desk = office();
      await desk.db
        .transaction()
        .execute(async (trx) => await deliverSlip({ ...desk, db: trx }, courier, bytes));
    },
  };
}
