// F25 to F28 at the door: borrowed and stolen phones, passwords, and a lock that does not respond.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endpoints } from "@doorsync/authority/service";
import { describeOutcome } from "@doorsync/phone-client";
import { vaultFolder } from "@doorsync/phone-client/node";
import { expect } from "vitest";
import { fittingRequest } from "../support/from-schema.ts";
import { mute, nowhere, opens, passes } from "../support/journey-door.ts";
import { type Door, openHouse, tokenForm } from "../support/journey-house.ts";
import { found, lastLetter, lettersTo } from "../support/journey-post.ts";
import { tagAt } from "../support/journey-radio.ts";
import { reboot, wait } from "../world.ts";
import { journey } from "./journey.ts";

journey("F25", "codes on a borrowed phone, and nothing left on it", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const folder = mkdtempSync(join(tmpdir(), "doorsync-borrowed-"));
  let door = {} as Door;
  let code = "";
  try {
    await given("a resident whose own phone is gone, and a code that no sync has brought yet", async () => {
      door = await house.door("1A front", "residence", unit);
      await house.give(rita, [door]);
    });
    const borrowed = await house.phone(rita, { storage: vaultFolder(join(folder, "app")) });
    await when("she logs in on a neighbour's phone, looks at her code, syncs, and goes in", async () => {
      expect((await borrowed.syncs(door)).outcome.kind).toBe("synced");
      code = await borrowed.now(door);
      expect(opens(door, code)).toBe(true);
      expect((await borrowed.door(door)).pending).toBe(false);
      expect(readdirSync(join(folder, "app")).length).toBeGreaterThan(0);
    });
    const token = await borrowed.token();
    await when("she signs out, while the phone syncs once more", async () => {
      await house.give(await house.moveIn("Nora", "resident", unit), [door]);
      const visit = borrowed.syncs(door);
      expect(await borrowed.account.logOut()).toMatchObject({ isServiceTold: true, lost: 0 });
      await visit;
    });
    await holds("nothing remains on the phone: no session, code, parcel or log", () => {
      const left = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) =>
        one.isFile(),
      );
      expect(left.map((one) => readFileSync(join(one.parentPath, one.name)).length)).toEqual([]);
    });
    await holds("the session is dead at the service, too", async () => {
      expect((await service.call("myCodes", { token })).status).toBe(401);
      expect(await borrowed.isDenied("fetchParcels", { body: {} })).toBe("UNAUTHENTICATED");
      expect(opens(door, code)).toBe(true);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

journey("F26", "a password reset logs out every device", async ({ service, given, when, holds }) => {
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const ruth = await house.moveIn("Ruth", "resident", unit);
  const ruths = await house.phone(ruth);
  const stolen = await house.phone(rita);
  const other = await house.phone(rita);
  let door = {} as Door;
  let old = "";
  await given("a resident logged in on two phones, one of them stolen with a change in its bag", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await stolen.syncs(door);
    old = await stolen.now(door);
    await other.account.reset({ door: door.doorId });
    await stolen.fetches();
  });
  await when("she resets the password", async () => {
    await service.call("askPasswordReset", { body: { email: rita.email } });
    const token = found(await lastLetter(service, rita.email), tokenForm);
    const body = { token, password: "a wholly new secret" };
    expect((await service.call("resetPassword", { body })).status).toBe(204);
    expect((await service.call("resetPassword", { body })).body.name).toBe("RESET_INVALID");
  });
  await holds(
    "no phone shows a code or fetches anything, and the old password is worth nothing",
    async () => {
      for (const phone of [stolen, other]) {
        const answer = await phone.account.codes();
        expect(answer.ok === false && answer.problem?.name).toBe("UNAUTHENTICATED");
        expect(await phone.isDenied("fetchParcels", { body: {} })).toBe("UNAUTHENTICATED");
      }
      await expect(house.phone(rita)).rejects.toThrow(/BAD_CREDENTIALS/);
    },
  );
  await when("the stolen phone is held to the door, with the parcels that it had", async () => {
    stolen.network.on = false;
    expect((await stolen.syncs(door)).outcome.kind).toBe("synced");
  });
  await holds("that does no harm: it brought what she had asked for, and could not read it", async () => {
    const phone = await house.phone(rita, { password: "a wholly new secret" });
    const fresh = await phone.next(door);
    expect([opens(door, old), opens(door, fresh)]).toEqual([false, true]);
    const texts: string[] = [];
    for (const key of await stolen.storage.list())
      texts.push(Buffer.from((await stolen.storage.get(key)) ?? new Uint8Array()).toString("latin1"));
    expect(texts.join("")).not.toContain(`"${fresh}"`);
    await house.give(ruth, [door]);
    await ruths.syncs(door);
    expect((await phone.codes(door)).map(({ digits, state }) => [digits, state])).toEqual([[fresh, "set"]]);
  });
});

/** Would end the log-in that the story goes on with, or is the password's own. */
const endsIt = new Set(["logOut", "endSessions", "changePassword"]);

journey("F27", "from a computer the password can be reset, and nothing else", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let code = "";
  await given("a resident with a code, who sits at a computer", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
    code = await phone.now(door);
  });
  const token = await service.logIn(rita.email, "desktop");
  const params = { door: door.doorId };
  await when("she asks there for codes, a reset, a guest, parcels", async () => {
    for (const [name, asked] of [
      ["myCodes", {}],
      ["resetCode", { params, body: {} }],
      ["inviteGuest", { params, body: { name: "Gran", kind: "permanent" } }],
      ["dailyCode", { params, body: {} }],
      ["fetchParcels", { body: {} }],
    ] as const) {
      const answer = await service.call(name, { ...asked, token });
      expect([name, answer.status, answer.body.name]).toEqual([name, 403, "MOBILE_ONLY"]);
    }
  });
  await when("she asks there for everything that the service has", async () => {
    const lent = {
      property: service.propertyId,
      door: door.doorId,
      doors: [door.doorId],
      person: rita.personId,
    };
    const granted: string[] = [];
    for (const endpoint of endpoints.filter(
      ({ access, name }) => access === "session" && !endsIt.has(name),
    )) {
      const answer = await service.call(endpoint.name, { token, ...fittingRequest(endpoint, lent, 4) });
      if (answer.status < 300) granted.push(endpoint.name);
      else expect(answer.status, endpoint.name).toBeLessThan(500);
    }
    // Who one is, where one is logged in, and whether a phone of one's own opens doors; nothing of any door.
    expect(granted.sort()).toEqual(["appKey", "endAppKey", "me", "properties", "sessions"]);
  });
  await when("she resets the password there", async () => {
    await service.call("askPasswordReset", { body: { email: rita.email } });
    const reset = found(await lastLetter(service, rita.email), tokenForm);
    const body = { token: reset, password: "a wholly new secret" };
    expect((await service.call("resetPassword", { body })).status).toBe(204);
  });
  await holds("the new password works on a phone, which shows the code that opens the door", async () => {
    const fresh = await house.phone(rita, { password: "a wholly new secret" });
    expect(await fresh.now(door)).toBe(code);
    expect(opens(door, code)).toBe(true);
    expect(await lettersTo(service, rita.email)).toHaveLength(2);
  });
});

journey("F28", "a lock that does not respond, and what to do about it", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let isJammed = false;
  let code = "";
  const health = async () => (await house.sees(door)).health;
  await given("a door that works", async () => {
    door = await house.door("1A front", "residence", unit, { drive: (to) => (isJammed ? "jammed" : to) });
    await house.give(rita, [door]);
    await phone.syncs(door);
    code = await phone.now(door);
    expect(opens(door, code)).toBe(true);
    expect((await health()).state).toBe("ok");
  });
  const seen: Record<string, string> = {};
  await when("the phone is not near the door", async () => {
    const visit = await phone.syncs(door, { transport: nowhere(), tag: tagAt(door) });
    seen["not near"] = visit.outcome.kind;
    expect(describeOutcome(visit.outcome)).toContain("out of range");
    expect((await health()).state).toBe("notInRange");
  });
  await when("the phone sees the lock and gets no answer", async () => {
    passes(service, [door], 60);
    const visit = await phone.syncs(door, { transport: mute(), tag: tagAt(door), patience: 100 });
    seen["no answer"] = visit.outcome.kind;
    const { state, nextSteps } = await health();
    expect(state).toBe("noAnswer");
    expect(nextSteps.join(" ")).toMatch(/batter/);
  });
  await holds("the two are told apart", () =>
    expect(seen).toEqual({ "not near": "unreachable", "no answer": "silent" }),
  );
  await when("the battery is low", async () => {
    passes(service, [door], 60);
    door.lock.board.battery(15);
    const visit = await phone.syncs(door);
    expect(visit.conditions).toContain("lowBattery");
  });
  await holds("resident and management hear of it, and the door still opens", async () => {
    expect((await health()).state).toBe("batteryLow");
    expect(opens(door, code)).toBe(true);
  });
  await when("the bolt jams", async () => {
    door.lock.board.battery(100);
    isJammed = true;
    door.lock.press(code);
    expect(door.lock.unlocked).toBe(false);
    expect(door.lock.alarms).toContain("LockJammed");
    const visit = await phone.syncs(door);
    expect(visit.conditions).toContain("jammed");
  });
  await holds("management is told what to do, and a jammed lock is still synced", async () => {
    const { state, words, nextSteps } = await health();
    expect(state).toBe("jammed");
    expect(words).toMatch(/bolt/);
    expect(nextSteps.length).toBeGreaterThan(0);
  });
  await when("it moves again, and then restarts again and again", async () => {
    isJammed = false;
    wait(door.lock, 20);
    for (let boots = 0; boots < 8; boots++) reboot(door.lock);
    const visit = await phone.syncs(door);
    expect(visit.conditions).toContain("rebooting");
  });
  await holds("management sees the restarts, and the code opens all the same", async () => {
    expect((await health()).troubles).toContain("rebootLoop");
    expect(opens(door, code)).toBe(true);
  });
  await when("the battery is dead", async () => {
    door.lock.board.powerOff();
    expect((await phone.syncs(door, { tag: tagAt(door) })).outcome.kind).toBe("unreachable");
  });
  await holds("nothing is lost: with a new battery the code opens", () => {
    door.lock.board.powerOn();
    expect(opens(door, code)).toBe(true);
  });
});
