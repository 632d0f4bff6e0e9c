// A house that an earlier version left in the middle of everything is taken over by this one: the books migrate, the
// firmware reads its flash, and what was pending ends at the doors as it would have. On both databases.
import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { opens, opensByCard, passes } from "../support/journey-door.ts";
import { openHouse, type Tenant } from "../support/journey-house.ts";
import { takeOver } from "../support/older-house.ts";
import { visit } from "../support/service-door.ts";

const databaseUrl = process.env["DATABASE_URL"] ?? "";
const places = databaseUrl === "" ? [undefined] : [undefined, databaseUrl];

describe.each(places)("older books (%s)", (url) => {
  test("are migrated, and what was pending ends at the doors", { timeout: 60_000 }, async () => {
    const schema = `older_${randomBytes(6).toString("hex")}`;
    const { service, home, entrance, laundry, bag, card, codes, people } = await takeOver(url, schema);
    try {
      const house = openHouse(service);
      const of = ({ personId }: Tenant) => ({ property: service.propertyId, person: personId });
      const listed = async () =>
        (await house.asks("doors", { params: { property: service.propertyId } })).doors;
      // By name: the door of unit 1, the entrance, the laundry.
      expect(await listed()).toMatchObject([
        { name: home.name, pending: true, alarm: false, counts: { removing: 1, unset: 1 } },
        { name: entrance.name, pending: true, alarm: false, counts: { set: 1, setting: 1, removing: 1 } },
        { name: laundry.name, pending: true, alarm: false },
      ]);

      // The locks hold what they held.
      expect(opens(home, codes.rita)).toBe(true);
      expect(opens(home, codes.ritaNext)).toBe(false);
      expect(opens(home, codes.guest)).toBe(true);
      expect(opensByCard(home, card)).toBe(true);
      expect(opens(home, codes.daily)).toBe(true);
      expect(opens(entrance, codes.omar)).toBe(true);
      expect(opens(entrance, codes.sam)).toBe(true);

      // What a phone took along before is still good, and its receipt is believed.
      const nina = await house.phone(people.nina);
      expect(opens(laundry, codes.ninaNext)).toBe(false);
      expect((await visit(service, await nina.token(), laundry, bag)).report.outcome.kind).toBe("synced");
      expect(opens(laundry, codes.ninaNext)).toBe(true);
      expect(opens(laundry, codes.omarLaundry)).toBe(false);
      expect((await nina.codes(laundry)).map(({ digits, state }) => [digits, state])).toEqual([
        [codes.ninaNext, "set"],
      ]);

      // The list works by what the migration reckoned for a version that an older service issued.
      expect((await listed())[2]).toMatchObject({ name: laundry.name, pending: false });

      // What waited goes out in new versions over the old ones.
      const manager = await house.managersPhone();
      for (const door of [home, entrance])
        expect((await manager.syncs(door)).outcome.kind, door.name).toBe("synced");
      expect(opens(home, codes.ritaNext)).toBe(true);
      expect(opens(home, codes.rita)).toBe(false);
      expect(opens(home, codes.guest)).toBe(true);
      expect(opensByCard(home, card)).toBe(true);
      passes(service, [home, entrance, laundry], 60);
      expect(opens(entrance, codes.ritaEntrance)).toBe(true);
      expect(opens(entrance, codes.omar)).toBe(false);
      expect(opens(entrance, codes.sam)).toBe(false);
      for (const door of [home, entrance, laundry])
        expect(await house.sees(door), door.name).toMatchObject({ pending: false, alarm: false });

      // What came since works in a house that is older: a phone that opens, and somebody who comes back.
      const rita = await house.phone(people.rita);
      expect((await rita.account.doorKeys.enrol()).ok).toBe(true);
      expect(await rita.unlocks(home)).toMatchObject({ said: "opened" });
      await house.resume(people.sam, true);
      expect(await house.isDenied("resume", { params: of(people.omar), body: {} })).toBe("NOT_ASSIGNED");
      await house.regrant(people.omar, [entrance, laundry]);
      for (const door of [entrance, laundry]) await manager.syncs(door);
      const omar = await house.phone(people.omar);
      expect(opens(laundry, await omar.now(laundry))).toBe(true);
      const sam = await house.phone(people.sam);
      expect(opens(entrance, await sam.now(entrance))).toBe(true);
      for (const door of [home, entrance, laundry])
        expect(
          (await house.asks("doorLog", { params: { door: door.doorId } })).entries.length,
        ).toBeGreaterThan(0);
      expect(service.faults).toEqual([]);
    } finally {
      if (url !== undefined) await sql.raw(`drop schema ${schema} cascade`).execute(service.office().db);
      await service.close();
    }
  });
});
