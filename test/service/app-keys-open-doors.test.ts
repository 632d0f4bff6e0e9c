/**
 * The phone by which somebody opens doors, at the service and at real locks: enrolled with a proof, in the table after a
 * sync, given leave for hours, and over with the log-in. Every refusal by its name. F15, F22, F26, F27, F29.
 */

import { issueCapability, toHex } from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { enrolmentText } from "../../packages/authority/src/desk/app-key.ts";
import { sweep } from "../../packages/authority/src/desk/sweep.ts";
import { plainTerms } from "../../packages/authority/src/model/terms.ts";
import { accepted } from "../accepted.ts";
import { becomes, opens } from "../support/journey-door.ts";
import {
  addDoorTo,
  decide,
  give,
  moveIn,
  type Residence,
  type Resident,
  resident,
} from "../support/residence.ts";
import { type Answer, password, type Service, startService } from "../support/service.ts";
import { type Hung, hangRealLock, visit } from "../support/service-door.ts";
import { bytesOf, crypto, openLink, wait } from "../world.ts";

let service: Service;
let house: Residence;
beforeAll(async () => {
  service = await startService();
  house = await moveIn(service);
});
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

const hour = 3_600;
const seedOf = (name: string): Uint8Array => bytesOf(`phone of ${name}`, 32);

async function phoneIdOf(token: string): Promise<string> {
  return (await service.call("me", { token })).body.phoneId;
}

interface Wish {
  readonly seed?: Uint8Array;
  readonly text?: Uint8Array;
  readonly publicKey?: string;
  readonly replace?: boolean;
}

async function enrol(token: string, name: string, wish: Wish = {}): Promise<Answer> {
  const seed = wish.seed ?? seedOf(name);
  const text = wish.text ?? enrolmentText(await phoneIdOf(token));
  const proof = Buffer.from(crypto.sign(seed, text)).toString("base64url");
  const publicKey = wish.publicKey ?? toHex(crypto.signPublic(seed));
  const body = { publicKey, proof, ...(wish.replace === undefined ? {} : { replace: wish.replace }) };
  return await service.call("enrolAppKey", { token, body });
}

interface Leave {
  readonly doorId: string;
  readonly lockId: string;
  readonly epoch: number;
  readonly dh: string;
  readonly capability: string;
  readonly notAfter: number;
  readonly minTableVersion: number;
}

async function leave(
  token: string,
): Promise<{ capabilities: Leave[]; refused: { doorId: string; denial: string }[] }> {
  const answer = await service.call("fetchCapabilities", { token });
  if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
  return answer.body;
}

async function leaveAt(token: string, { doorId }: Hung): Promise<Leave> {
  const { capabilities, refused } = await leave(token);
  const found = capabilities.find((one) => one.doorId === doorId);
  if (found === undefined) throw new Error(`no leave: ${JSON.stringify(refused)}`);
  return found;
}

let knocks = 0;

/** What a lock answers to this phone: "opened" only when the bolt moved, or the refusal. */
function knock({ lock }: Hung, given: Leave, seed: Uint8Array): string {
  const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, "hex"));
  const door = { name: { lockId: bytes(given.lockId), epoch: given.epoch }, dh: bytes(given.dh) };
  const heard: air.Message[] = [];
  const link = openLink(lock, 244, (message) => heard.push(message));
  if (link === undefined) throw new Error("the lock is occupied, or dark");
  const ephemeral = bytesOf(`knock ${knocks++}`, 32);
  link.say({
    type: air.messageType("unlock-start"),
    body: accepted(air.startUnlock(crypto, door, ephemeral)),
  });
  const reply = heard.at(-1);
  if (reply === undefined || reply.type !== air.messageType("unlock-start")) throw new Error("no handshake");
  const capability = new Uint8Array(Buffer.from(given.capability, "base64url"));
  const asked = air.askUnlock(crypto, door, ephemeral, reply.body, { capability, seed });
  if (!asked.ok) throw new Error(asked.check);
  link.say({ type: air.messageType("unlock"), body: asked.value.message });
  const answer = heard.at(-1);
  if (answer === undefined || answer.type !== air.messageType("unlocked")) throw new Error("no answer");
  const read = air.readUnlocked(crypto, asked.value.answerKey, answer.body);
  link.close();
  if (!read.ok) throw new Error(read.check);
  const isOpen = lock.unlocked;
  if (isOpen !== (read.value.kind === "opened"))
    throw new Error(`said ${read.value.kind}, and the bolt: ${isOpen}`);
  if (isOpen) wait(lock, 6);
  return read.value.kind === "opened" ? "opened" : read.value.refusal;
}

/** A resident of unit 4 with a code at a door of their own, whose lock is synced. */
async function neighbour(
  name: string,
): Promise<{ who: Resident; door: Hung; digits: string; seed: Uint8Array }> {
  // So that the log-ins of this file do not look like somebody's guesses.
  service.clock.now += 600;
  const who = await resident(service, name, house.units.four);
  const doorId = await addDoorTo(service, `Door of ${name}`, "residence", house.units.four);
  const digits = await give(service, doorId, who);
  return { who, door: await hangRealLock(service, doorId), digits, seed: seedOf(name) };
}

const appState = async (token: string, { doorId }: Hung): Promise<string | undefined> => {
  const { body } = await service.call("myCodes", { token });
  const entry = body.codes.find(
    (one: { door: { id: string }; class: string }) => one.door.id === doorId && one.class === "app",
  );
  return entry?.faces.at(-1)?.state;
};

describe("a phone that is let open doors", () => {
  test("opens after a sync that it may carry itself, and not before", async () => {
    const { who, door, seed } = await neighbour("Ada One");
    expect((await enrol(who.phone, who.name)).status).toBe(200);
    const given = await leaveAt(who.phone, door);
    expect(given.notAfter).toBe(service.clock.now + 48 * hour);
    expect(knock(door, given, seed)).toBe("SYNC_FIRST");
    const { report } = await visit(service, who.phone, door);
    expect(report.outcome.kind).toBe("synced");
    expect(await appState(who.phone, door)).toBe("set");
    expect(knock(door, given, seed)).toBe("opened");
    expect(knock(door, given, seedOf("somebody else"))).toBe("DENIED");
  });

  test("is shown without its key, and a manager sees it beside the code", async () => {
    const { who, door } = await neighbour("Bea Two");
    await enrol(who.phone, who.name);
    const { body } = await service.call("myCodes", { token: who.phone });
    const text = JSON.stringify(body);
    expect(text).toContain('"class":"app"');
    expect(text).not.toContain(toHex(crypto.signPublic(seedOf(who.name))));
    const seen = await service.call("person", {
      token: service.manager,
      params: { property: service.propertyId, person: who.personId },
    });
    expect(seen.status).toBe(200);
    expect(JSON.stringify(seen.body)).toContain('"class":"app"');
    expect(JSON.stringify(seen.body)).not.toContain(toHex(crypto.signPublic(seedOf(who.name))));
    expect(door.doorId).not.toBe("");
  });

  test("another phone takes its place only when told so; the first opens nothing after the next sync", async () => {
    const { who, door, seed } = await neighbour("Cleo Three");
    await enrol(who.phone, who.name);
    const first = await leaveAt(who.phone, door);
    await visit(service, who.phone, door);
    expect(knock(door, first, seed)).toBe("opened");
    const second = await service.logIn(who.email);
    const refused = await enrol(second, "new phone");
    expect(refused).toMatchObject({ status: 409, body: { name: "APP_KEY_ELSEWHERE" } });
    expect((await service.call("fetchCapabilities", { token: second })).body.name).toBe("NO_APP_KEY");
    expect((await enrol(second, "new phone", { replace: true })).status).toBe(200);
    expect((await service.call("fetchCapabilities", { token: who.phone })).body.name).toBe("NO_APP_KEY");
    const given = await leaveAt(second, door);
    expect(knock(door, first, seed)).toBe("opened");
    await visit(service, second, door);
    expect(knock(door, given, seedOf("new phone"))).toBe("opened");
    expect(knock(door, first, seed)).not.toBe("opened");
  });

  test("gets leave at a door where its owner has a code later, too; none where the code is counted", async () => {
    const { who, seed } = await neighbour("Dora Four");
    await enrol(who.phone, who.name);
    const doorId = await addDoorTo(service, "Store room", "residence", house.units.four);
    await give(service, doorId, who);
    const later = await hangRealLock(service, doorId);
    const given = await leaveAt(who.phone, later);
    await visit(service, who.phone, later);
    expect(knock(later, given, seed)).toBe("opened");
    const counted = await addDoorTo(service, "Roof", "residence", house.units.four);
    await give(service, counted, who, { ...plainTerms, useLimit: 2 });
    const roof = await hangRealLock(service, counted);
    const { refused } = await leave(who.phone);
    expect(refused).toEqual([expect.objectContaining({ doorId: roof.doorId, denial: "CODE_IS_COUNTED" })]);
  });
});

describe("a phone opens nothing any more", () => {
  const openedUntil = async (
    name: string,
    act: (who: Resident) => Promise<unknown>,
  ): Promise<{ door: Hung; given: Leave; seed: Uint8Array; who: Resident }> => {
    const { who, door, seed } = await neighbour(name);
    await enrol(who.phone, who.name);
    const given = await leaveAt(who.phone, door);
    await visit(service, who.phone, door);
    expect(knock(door, given, seed)).toBe("opened");
    await act(who);
    return { door, given, seed, who };
  };
  const courier = (): string => house.rob.phone;

  const endings: readonly (readonly [string, (who: Resident) => Promise<unknown>])[] = [
    ["its log-out", (who) => service.call("logOut", { token: who.phone })],
    ["a log-out everywhere", (who) => service.call("endSessions", { token: who.phone })],
    [
      "another password, set elsewhere",
      async (who) => {
        const token = await service.logIn(who.email, "desktop");
        const body = { old: password, new: "another horse battery" };
        expect((await service.call("changePassword", { token, body })).status).toBe(204);
      },
    ],
    ["its owner's word", (who) => service.call("endAppKey", { token: who.phone })],
    [
      "a suspension for a stolen phone",
      (who) =>
        service.call("suspend", {
          token: service.manager,
          params: { property: service.propertyId, person: who.personId },
          body: { reason: "stolen" },
        }),
    ],
    [
      "revoke-all",
      (who) =>
        service.call("revokeAll", {
          token: service.manager,
          params: { property: service.propertyId, person: who.personId },
        }),
    ],
  ];
  test.each(endings)(
    "after %s: one sync by any phone, and its leave, though in time, is refused",
    async (name, act) => {
      const { door, given, seed } = await openedUntil(`Ed${name.replace(/[^a-z]/g, "")} Six`, act);
      expect(knock(door, given, seed)).toBe("opened");
      await visit(service, courier(), door);
      expect(knock(door, given, seed)).toBe("DENIED");
    },
  );

  test("while its owner is suspended for another reason: no new leave, and it comes back with them", async () => {
    const { who, door, seed, given } = await openedUntil("Fay Five", (one) =>
      service.call("suspend", {
        token: service.manager,
        params: { property: service.propertyId, person: one.personId },
        body: { reason: "other" },
      }),
    );
    const { capabilities, refused } = await leave(who.phone);
    expect(capabilities).toEqual([]);
    expect(refused.map(({ doorId }) => doorId)).toEqual([door.doorId]);
    await visit(service, courier(), door);
    expect(knock(door, given, seed)).toBe("DENIED");
    await service.call("resume", {
      token: service.manager,
      params: { property: service.propertyId, person: who.personId },
      body: {},
    });
    await visit(service, courier(), door);
    expect(knock(door, await leaveAt(who.phone, door), seed)).toBe("opened");
  });

  test("without any sync it opens until its leave is over, and not a second longer", async () => {
    const { door, given, seed } = await openedUntil("Gus Six", (who) =>
      service.call("logOut", { token: who.phone }),
    );
    becomes(service, [door], given.notAfter - 60);
    expect(knock(door, given, seed)).toBe("opened");
    becomes(service, [door], given.notAfter + 1);
    expect(["DENIED", "TIME_NEEDED"]).toContain(knock(door, given, seed));
  });

  test("a log-in that ran out takes the key with it, when the books are swept", async () => {
    const { who, door } = await openedUntil("Hal Seven", async () => undefined);
    const { db } = service.office();
    await db
      .updateTable("sessions")
      .set({ expires_at: service.clock.now })
      .where("phone_id", "=", await phoneIdOf(who.phone))
      .execute();
    await sweep(service.office());
    const again = await service.logIn(who.email);
    expect((await service.call("appKey", { token: again })).body).toEqual({ appKey: null });
    expect(await appState(again, door)).toBe("removing");
  });
});

describe("what no phone may enrol", () => {
  test("a key of small order, a proof of another log-in, a proof by another key: APP_KEY_UNFIT (T42)", async () => {
    const { who } = await neighbour("Ida Eight");
    const smallOrder = "01".padEnd(64, "0");
    expect((await enrol(who.phone, who.name, { publicKey: smallOrder })).body.name).toBe("APP_KEY_UNFIT");
    const text = enrolmentText(await phoneIdOf(house.rita.phone));
    expect((await enrol(who.phone, who.name, { text })).body.name).toBe("APP_KEY_UNFIT");
    const other = toHex(crypto.signPublic(seedOf("another")));
    expect((await enrol(who.phone, who.name, { publicKey: other })).body.name).toBe("APP_KEY_UNFIT");
    expect((await service.call("appKey", { token: who.phone })).body).toEqual({ appKey: null });
  });

  test("a key that another phone has: the doors go on being served, and their tables stand", async () => {
    const [one, other] = [await neighbour("Nat Thirteen"), await neighbour("Oda Fourteen")];
    await give(service, one.door.doorId, other.who);
    // Given up and taken anew, so that the books would tell the two apart.
    expect((await enrol(one.who.phone, one.who.name)).status).toBe(200);
    expect((await service.call("endAppKey", { token: one.who.phone })).status).toBe(204);
    expect((await enrol(one.who.phone, one.who.name)).status).toBe(200);
    const refused = await enrol(other.who.phone, other.who.name, { seed: one.seed });
    expect(refused.body.name).toBe("APP_KEY_UNFIT");
    expect((await visit(service, house.rob.phone, one.door)).report.outcome.kind).toBe("synced");
    expect((await service.call("endAppKey", { token: one.who.phone })).status).toBe(204);
    // Nobody has it any more, and the lock may know it still.
    const again = await enrol(other.who.phone, other.who.name, { seed: one.seed });
    expect(again.body.name).toBe("APP_KEY_UNFIT");
    expect((await visit(service, house.rob.phone, one.door)).report.outcome.kind).toBe("synced");
    expect((await enrol(other.who.phone, other.who.name, { seed: one.seed })).status).toBe(200);
    expect((await visit(service, house.rob.phone, one.door)).report.outcome.kind).toBe("synced");
  });

  test("a desktop, and the vendor whatever it says", async () => {
    const { who } = await neighbour("Jo Nine");
    const desk = await service.logIn(who.email, "desktop");
    expect(await enrol(desk, who.name)).toMatchObject({ status: 403, body: { name: "MOBILE_ONLY" } });
    expect((await service.call("fetchCapabilities", { token: desk })).body.name).toBe("MOBILE_ONLY");
  });

  test("an app that is too old is told to upgrade, and given no leave", async () => {
    const { who, door } = await neighbour("Kit Ten");
    await enrol(who.phone, who.name);
    await decide(service, { appVersionMin: "2.0.0" });
    const { capabilities, refused } = await leave(who.phone);
    await decide(service, {});
    expect(capabilities).toEqual([]);
    expect(refused).toEqual([
      expect.objectContaining({
        doorId: door.doorId,
        denial: "UPGRADE_REQUIRED",
        why: expect.stringContaining("latest version of the app"),
      }),
    ]);
  });
});

test("leave that the table's key signed opens nothing: one key a purpose", async () => {
  const { who, door, seed } = await neighbour("Lea Eleven");
  await enrol(who.phone, who.name);
  const given = await leaveAt(who.phone, door);
  await visit(service, who.phone, door);
  expect(knock(door, given, seed)).toBe("opened");
  const { keys } = service.office();
  const name = { lockId: new Uint8Array(Buffer.from(given.lockId, "hex")), epoch: given.epoch };
  const forged = issueCapability(crypto, keys.table, name, {
    notBefore: service.clock.now - hour,
    notAfter: given.notAfter,
    deviceKey: crypto.signPublic(seed),
    minTableVersion: given.minTableVersion,
  });
  if (!forged.ok) throw new Error(forged.check);
  const capability = Buffer.from(forged.value).toString("base64url");
  expect(knock(door, { ...given, capability }, seed)).toBe("REJECTED");
});

test("a code that opened still does: the phone's key stands beside it", async () => {
  const { who, door, digits } = await neighbour("Mia Twelve");
  await enrol(who.phone, who.name);
  await visit(service, who.phone, door);
  expect(opens(door, digits)).toBe(true);
});
