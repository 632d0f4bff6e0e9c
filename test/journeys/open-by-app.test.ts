// F15, F17, F22, F25 and F26 at the door, for the phone as a credential: it opens, it is taken away, it leaves nothing.
import { expect } from "vitest";
import { becomes, opens, passes } from "../support/journey-door.ts";
import { type Door, openHouse, type Tenant } from "../support/journey-house.ts";
import type { Phone } from "../support/journey-phone.ts";
import { phoneOver } from "../support/journey-phone.ts";
import { password } from "../support/service.ts";
import { journey } from "./journey.ts";

const hour = 3_600;

async function enrolled(phone: Phone): Promise<void> {
  const answer = await phone.account.doorKeys.enrol();
  if (!answer.ok) throw new Error(JSON.stringify(answer));
}

journey(
  "F22",
  "a phone is a credential beside the doorcode: it brings its own right and opens",
  async (story) => {
    const { service, given, when, holds } = story;
    const house = openHouse(service);
    const unit = await house.unit("1A");
    const rita = await house.moveIn("Rita", "resident", unit);
    const phone = await house.phone(rita);
    let door = {} as Door;
    let code = "";
    await given("a resident whose code opens the door, and whose phone does not", async () => {
      door = await house.door("1A front", "residence", unit);
      await house.give(rita, [door]);
      await phone.syncs(door);
      code = await phone.now(door);
      expect(opens(door, code)).toBe(true);
      expect(await phone.unlocks(door)).toMatchObject({ said: "no-key" });
    });
    await when("she makes her phone the one that opens her doors, stands at hers and asks it to open", () =>
      enrolled(phone),
    );
    await holds(
      "the phone syncs the door first, with its own right in the parcel, and the door opens in the same visit",
      async () => {
        expect(await phone.unlocks(door)).toMatchObject({ said: "opened", sync: "synced" });
      },
    );
    await holds(
      "from then on it opens at once, with the network or without, and the code opens too",
      async () => {
        expect(await phone.unlocks(door)).toMatchObject({ said: "opened", sync: undefined });
        phone.network.on = false;
        expect(await phone.restarts().unlocks(door)).toMatchObject({ said: "opened" });
        phone.network.on = true;
        expect(opens(door, code)).toBe(true);
      },
    );
    await holds("the log tells management who opened, and by what", async () => {
      await phone.syncs(door);
      const { entries } = await house.asks("doorLog", { params: { door: door.doorId } });
      const openings = entries.filter((one: { kind: string }) => one.kind === "LockOperation");
      expect(JSON.stringify(openings)).toContain("Rita");
    });
    await when("another resident's change waits for a courier, and she opens her door", async () => {
      const rob = await house.moveIn("Rob", "resident", unit);
      await house.give(rob, [door]);
      const robs = await house.phone(rob);
      expect((await robs.door(door)).pending).toBe(true);
      expect(await phone.unlocks(door)).toMatchObject({ said: "opened", sync: "synced" });
      expect(opens(door, await robs.now(door))).toBe(true);
    });
    await holds("her unlock has brought it: each honest unlock pulls the table forward", async () => {
      expect((await phone.door(door)).pending).toBe(false);
    });
  },
);

journey(
  "F15",
  "a stolen phone opens nothing after one sync, and without any no longer than its leave",
  async (story) => {
    const { service, given, when, holds } = story;
    const house = openHouse(service);
    const unit = await house.unit("1A");
    const vic = await house.moveIn("Vic", "resident", unit);
    const ruth = await house.moveIn("Ruth", "resident", unit);
    const stolen = await house.phone(vic);
    const ruths = await house.phone(ruth);
    let door = {} as Door;
    let back = {} as Door;
    await given("a phone that opens two doors", async () => {
      await house.policy({ capabilityHours: 24 });
      door = await house.door("1A front", "residence", unit);
      back = await house.door("1A back", "residence", unit);
      await house.give(vic, [door, back]);
      await house.give(ruth, [door, back]);
      await enrolled(stolen);
      expect(await stolen.unlocks(door)).toMatchObject({ said: "opened" });
      expect(await stolen.unlocks(back)).toMatchObject({ said: "opened" });
    });
    await when("it is stolen, and management suspends its owner", async () => {
      await house.suspend(vic, "stolen");
      stolen.network.on = false;
    });
    await holds(
      "the doors do not know it yet: the thief, who keeps it off the network, still gets in",
      async () => {
        expect(await stolen.unlocks(door)).toMatchObject({ said: "opened" });
      },
    );
    await when("a neighbour syncs one door", () => ruths.syncs(door));
    await holds(
      "that door opens to the phone no more, whatever it carries; the other still does",
      async () => {
        expect(await stolen.unlocks(door)).toMatchObject({ said: "DENIED" });
        expect(await stolen.unlocks(back)).toMatchObject({ said: "opened" });
      },
    );
    await when("a day has passed and nobody was at the other door", () => {
      becomes(service, [door, back], service.clock.now + 25 * hour);
    });
    await holds("its leave is over there, too, and the thief is told no more than that", async () => {
      const { said, advice } = await stolen.unlocks(back);
      expect(said).toBe("leave-over");
      expect(advice).toContain("doorcode");
      // A thief's app need not be so polite: with the phone's clock set back the lock itself says no.
      const turned = phoneOver(
        { ...service, clock: { now: service.clock.now - 24 * hour } },
        { storage: stolen.storage },
      );
      turned.network.on = false;
      expect((await turned.unlocks(back)).said).toMatch(/^(DENIED|TIME_NEEDED)$/);
    });
  },
);

journey(
  "F17",
  "who stands without a network opens by what came with the leave; a sync alone never unlocks",
  async (story) => {
    const { service, given, when, holds } = story;
    const house = openHouse(service);
    const unit = await house.unit("1A");
    const rita = await house.moveIn("Rita", "resident", unit);
    const phone = await house.phone(rita);
    let door = {} as Door;
    let code = "";
    await given("a phone that was let open the door, where nobody has been since", async () => {
      door = await house.door("1A front", "residence", unit);
      await house.give(rita, [door]);
      await phone.syncs(door);
      code = await phone.now(door);
      await enrolled(phone);
    });
    await when("she stands there without a network", () => {
      phone.network.on = false;
    });
    await holds(
      "a sync brings what the phone carries, and opens nothing; her code works as before",
      async () => {
        expect((await phone.syncs(door)).outcome.kind).toBe("synced");
        expect(door.lock.unlocked).toBe(false);
        expect(opens(door, code)).toBe(true);
      },
    );
    await holds("and the phone opens the door", async () => {
      expect(await phone.unlocks(door)).toMatchObject({ said: "opened", sync: undefined });
    });
    await when(
      "her flatmate's change makes a newer table, and the network is gone between leave and parcels",
      async () => {
        phone.network.on = true;
        const rob = await house.moveIn("Rob", "resident", unit);
        await house.give(rob, [door]);
        phone.network.off = "/courier/parcels";
        expect((await phone.account.doorKeys.refresh()).ok).toBe(false);
      },
    );
    await holds(
      "the leave that she had opens on: one that asks for a table she does not carry is no better",
      async () => {
        phone.network.on = false;
        expect(await phone.unlocks(door)).toMatchObject({ said: "opened", sync: undefined });
      },
    );
  },
);

journey(
  "F25",
  "a phone that is given back keeps no key, and a borrowed one takes nobody's place by itself",
  async (story) => {
    const { service, given, when, holds } = story;
    const house = openHouse(service);
    const unit = await house.unit("1A");
    const rita = await house.moveIn("Rita", "resident", unit);
    const own = await house.phone(rita);
    let door = {} as Door;
    let friends = {} as Phone;
    await given("a resident whose phone opens her door", async () => {
      door = await house.door("1A front", "residence", unit);
      await house.give(rita, [door]);
      await enrolled(own);
      expect(await own.unlocks(door)).toMatchObject({ said: "opened" });
    });
    await when("its battery is dead and she logs in on a friend's phone", async () => {
      friends = await house.phone(rita);
    });
    await holds(
      "the friend's phone shows her code and opens nothing; it may not quietly become the one",
      async () => {
        expect(opens(door, await friends.now(door))).toBe(true);
        expect(await friends.unlocks(door)).toMatchObject({ said: "no-key" });
        const answer = await friends.account.doorKeys.enrol();
        expect(answer.ok === false && answer.problem?.name).toBe("APP_KEY_ELSEWHERE");
        expect(await friends.storage.list()).not.toContain("door-key");
        expect(await own.unlocks(door)).toMatchObject({ said: "opened" });
      },
    );
    await when("she makes it the one all the same, opens her door, and logs out there", async () => {
      const replaced = await friends.account.doorKeys.enrol({ replace: true });
      expect(replaced.ok).toBe(true);
      expect(await friends.unlocks(door)).toMatchObject({ said: "opened", sync: "synced" });
      expect(await friends.storage.list()).toContain("door-key");
      await friends.account.logOut();
    });
    await holds("no key is left on it, and her own phone is told that it is the one no more", async () => {
      expect(await friends.storage.list()).toEqual([]);
      expect(await own.unlocks(door)).toMatchObject({ said: "no-key" });
      expect(await own.storage.list()).not.toContain("door-key");
    });
    await holds("she enrols hers anew, and it opens in one visit", async () => {
      await enrolled(own);
      expect(await own.unlocks(door)).toMatchObject({ said: "opened", sync: "synced" });
    });
  },
);

journey("F26", "another password ends the key on every phone", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita: Tenant = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  await given("a phone that opens a door", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await enrolled(phone);
    expect(await phone.unlocks(door)).toMatchObject({ said: "opened" });
  });
  await when("its owner changes the password from another device", async () => {
    passes(service, [door], 60);
    const other = await house.phone(rita);
    await other.asks("changePassword", { body: { old: password, new: "quite another horse 9" } });
    await other.syncs(door);
  });
  await holds("the phone has lost its log-in and its key, and the door is shut to it", async () => {
    expect(await phone.unlocks(door)).toMatchObject({ said: "no-key" });
    expect(await phone.storage.list()).not.toContain("door-key");
  });
});
