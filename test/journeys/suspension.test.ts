// F15 at the door: management takes somebody's access away for a while, with whichever phone, and what ends by itself.
import { expect } from "vitest";
import { becomes, opens, opensByCard } from "../support/journey-door.ts";
import { type Door, openHouse } from "../support/journey-house.ts";
import { phoneOver } from "../support/journey-phone.ts";
import { journey } from "./journey.ts";

journey("F15", "management suspends whoever's phone was stolen, and resumes", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const vic = await house.moveIn("Vic", "resident", unit);
  const ruth = await house.moveIn("Ruth", "resident", unit);
  const stolen = await house.phone(vic);
  const ruths = await house.phone(ruth);
  const card = "04a1b2c3d4e5f6";
  let door = {} as Door;
  let code = "";
  await given(
    "a resident with a code and a card, and two phones that have fetched what the door waits for",
    async () => {
      door = await house.door("1A front", "residence", unit);
      await house.give(vic, [door]);
      await house.give(ruth, [door]);
      await house.asks("assignKeycard", {
        params: { door: door.doorId },
        body: { person: vic.personId, card },
      });
      await stolen.syncs(door);
      code = await stolen.now(door);
      expect([opens(door, code), opensByCard(door, card)]).toEqual([true, true]);
      await house.give(await house.moveIn("Gil", "resident", unit), [door]);
      await stolen.fetches();
      await ruths.fetches();
    },
  );
  await when("the phone is stolen and management suspends its owner", () => house.suspend(vic, "stolen"));
  await holds("the thief's phone is logged out and sees no code", async () => {
    const answer = await stolen.account.codes();
    expect(answer.ok).toBe(false);
    expect(answer.ok === false && answer.problem?.name).toBe("UNAUTHENTICATED");
  });
  await when("another resident's phone and the stolen one deliver what they had fetched before", async () => {
    ruths.network.on = false;
    expect((await ruths.syncs(door)).outcome.kind).toBe("synced");
    ruths.network.on = true;
    expect((await ruths.account.mailbox.flush()).taken.map(({ outcome }) => outcome)).toContain("proven");
    stolen.network.on = false;
    expect((await stolen.syncs(door)).outcome.kind).toBe("already");
  });
  await holds("nothing is called removed: the door still opens to code and card", async () => {
    const { codes } = await house.sees(door);
    const vics = codes.filter((one: { personId: string }) => one.personId === vic.personId);
    expect(vics.length).toBeGreaterThan(0);
    expect(vics.every((one: { pending: boolean }) => one.pending)).toBe(true);
    expect([opens(door, code), opensByCard(door, card)]).toEqual([true, true]);
  });
  await when("the other resident fetches again and syncs the door", async () => {
    expect((await ruths.syncs(door)).outcome.kind).toBe("synced");
  });
  await holds("neither code nor card opens, and management sees the proof", async () => {
    expect([opens(door, code), opensByCard(door, card)]).toEqual([false, false]);
    expect(opens(door, await ruths.now(door))).toBe(true);
    const { codes } = await house.sees(door);
    const vics = codes.filter((one: { personId: string }) => one.personId === vic.personId);
    expect(vics.some((one: { pending: boolean; worksNow: boolean }) => one.pending || one.worksNow)).toBe(
      false,
    );
  });
  await when("management resumes the access and the door is synced", async () => {
    await house.resume(vic);
    await ruths.syncs(door);
  });
  await holds("after a theft the code is a new one, and the card opens again", async () => {
    const fresh = await (await house.phone(vic)).now(door);
    expect(fresh).not.toBe(code);
    expect([opens(door, code), opens(door, fresh), opensByCard(door, card)]).toEqual([false, true, true]);
    code = fresh;
  });
  await when(
    "he is suspended for another reason, resumed, and each time the manager's phone syncs",
    async () => {
      const managers = await house.managersPhone();
      await house.suspend(vic, "other");
      await managers.syncs(door);
      expect(opens(door, code)).toBe(false);
      await house.resume(vic);
      await managers.syncs(door);
    },
  );
  await holds("the same code opens again", () => expect(opens(door, code)).toBe(true));
  await holds("a phone that nobody is logged in on can do nothing more", async () => {
    expect(await phoneOver(service).isDenied("myCodes")).toBe("UNAUTHENTICATED");
  });
});

journey("F15", "with a lease, a suspended code ends even if nobody ever syncs", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const vic = await house.moveIn("Vic", "resident", unit);
  const phone = await house.phone(vic);
  let door = {} as Door;
  let code = "";
  let ends = 0;
  await given("a community whose codes live for a day without a newer table", async () => {
    await house.policy({ leaseHours: 24 });
    door = await house.door("1A front", "residence", unit);
    await house.give(vic, [door]);
    await phone.syncs(door);
    code = await phone.now(door);
  });
  await when("a resident is suspended, and whoever has the phone keeps away from every sync", async () => {
    await house.suspend(vic, "stolen");
    const { codes } = await house.sees(door);
    const own = codes.find((one: { personId: string }) => one.personId === vic.personId);
    expect(own.exposure.kind).toBe("until");
    ends = own.exposure.until;
  });
  await holds(
    "the code opens until the second that management was told, give or take the lock's clock",
    () => {
      becomes(service, [door], ends - 60);
      expect(opens(door, code)).toBe(true);
      becomes(service, [door], ends);
      expect(opens(door, code)).toBe(false);
    },
  );
});
