// What a phone keeps between two networks: fetches that overlap undo nothing of one another, and visits that nobody
// heard of are told later, with the time at which they were. The service and the locks are real; the storage takes its
// time, as a folder does, and answers are held back where their order matters.
import { randomFillSync } from "node:crypto";
import {
  type Account,
  createAccount,
  createClient,
  memoryStorage,
  type Storage,
  systemTimers,
  type Transport,
} from "@doorsync/phone-client";
import { toHex } from "@doorsync/protocol/courier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { visitReportsMax } from "../../packages/phone-client/src/account/visit-reports.ts";
import { airTo, becomes } from "../support/journey-door.ts";
import { give, moveIn, type Residence, resident } from "../support/residence.ts";
import { password, type Service, startService } from "../support/service.ts";
import type { Hung } from "../support/service-door.ts";
import { crypto } from "../world.ts";

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

interface Phone {
  readonly account: Account;
  readonly storage: Storage;
  readonly network: { on: boolean };
  /** Answers to this path wait until they are let go, in any order; what was asked is counted. */
  holding(path: string): { readonly held: (() => void)[] };
}

/** As a folder: nothing is written before a turn has passed. */
function slowStorage(): Storage {
  const inner = memoryStorage();
  return {
    ...inner,
    async put(key, bytes) {
      await new Promise((resolve) => setTimeout(resolve, 3));
      await inner.put(key, bytes);
    },
  };
}

async function phoneOf(email: string, storage: Storage = slowStorage()): Promise<Phone> {
  const network = { on: true };
  let held: { readonly path: string; readonly waiting: (() => void)[] } | undefined;
  const client = createClient({
    url: service.url,
    async fetch(url, request) {
      if (!network.on) throw new Error("no network");
      const answer = await fetch(url, request);
      const { path, waiting } = held ?? { path: undefined, waiting: [] };
      if (path !== undefined && url.endsWith(path)) await new Promise<void>((go) => waiting.push(go));
      return answer;
    },
    timers: systemTimers,
    fill: (bytes) => void randomFillSync(bytes),
  });
  const account = createAccount({
    client,
    storage,
    crypto,
    timers: systemTimers,
    now: () => service.clock.now,
    fill: (bytes) => void randomFillSync(bytes),
    app: { name: "test", version: "9.0.0" },
  });
  const answer = await account.logIn({ email, password });
  if (!answer.ok) throw new Error(`nobody was logged in: ${JSON.stringify(answer)}`);
  return {
    account,
    storage,
    network,
    holding(path) {
      const waiting: (() => void)[] = [];
      held = { path, waiting };
      return { held: waiting };
    },
  };
}

const tagsCarried = async ({ account }: Phone): Promise<readonly string[]> =>
  [...new Set((await account.mailbox.carried()).parcels.map(({ tag }) => toHex(tag)))].sort();

async function tagOf({ account }: Phone, { doorId }: Hung): Promise<Uint8Array> {
  const list = await account.doors();
  const tag = list.ok ? list.value.doors.find(({ id }) => id === doorId)?.lockTag : undefined;
  if (typeof tag !== "string") throw new Error("no such door, or one without a lock");
  return new Uint8Array(Buffer.from(tag, "hex"));
}

describe("two fetches at once", () => {
  test("one for all doors and one for a lock that was met: what both brought is carried", async () => {
    const rita = await phoneOf(house.rita.email);
    await rita.account.reset({ door: house.home.doorId });
    const [home, entrance] = [await tagOf(rita, house.home), await tagOf(rita, house.entrance)];
    // Ralph lives behind both doors and has a code at neither: he carries what he asks for by tag.
    const ralph = await resident(service, "Ralph Resident", house.units.four);
    const phone = await phoneOf(ralph.email);
    const gate = phone.holding("/courier/parcels");
    const both = [
      phone.account.mailbox.refresh({ tags: [home] }),
      phone.account.mailbox.refresh({ tags: [entrance] }),
    ];
    both.push(phone.account.mailbox.refresh());
    await expect.poll(() => gate.held.length, { timeout: 20_000 }).toBe(3);
    for (const go of gate.held) go();
    expect((await Promise.all(both)).every(({ ok }) => ok)).toBe(true);
    expect(await tagsCarried(phone)).toEqual([toHex(entrance), toHex(home)].sort());
    const met = (await phone.storage.list()).filter((key) => key.startsWith("met/"));
    expect(met, "each lock's answer was kept").toHaveLength(2);
    expect((await phone.account.mailbox.carried()).at, "and so was the answer for all doors").toBe(
      service.clock.now,
    );
  });

  test("an answer that comes late does not undo what was asked for after it", async () => {
    const phone = await phoneOf(house.rita.email);
    await phone.account.sync({ transport: airTo(house.home) });
    const gate = phone.holding("/courier/parcels");
    const before = phone.account.mailbox.refresh();
    await expect.poll(() => gate.held.length, { timeout: 20_000 }).toBe(1);
    const reset = await phone.account.reset({ door: house.home.doorId });
    expect(reset.ok && reset.value.entry.pending).toBe(true);
    const after = phone.account.mailbox.refresh();
    await expect.poll(() => gate.held.length, { timeout: 20_000 }).toBe(2);
    gate.held[1]?.();
    await after;
    const home = toHex(await tagOf(phone, house.home));
    const updates = async () =>
      (await phone.account.mailbox.carried()).parcels.filter(
        ({ kind, tag }) => kind === "update" && toHex(tag) === home,
      ).length;
    expect(await updates(), "the change was fetched").toBeGreaterThan(0);
    gate.held[0]?.();
    await before;
    expect(await updates(), "and is carried still").toBeGreaterThan(0);
  });

  test("more locks than are kept: those that were met last are carried on", async () => {
    const phone = await phoneOf(house.rita.email);
    for (let lock = 0; lock < 66; lock++) {
      service.clock.now += 1;
      const tag = new Uint8Array(8).fill(lock);
      expect((await phone.account.mailbox.refresh({ tags: [tag] })).ok).toBe(true);
    }
    const met = (await phone.storage.list()).filter((key) => key.startsWith("met/")).sort();
    expect(met).toHaveLength(64);
    expect(met).not.toContain(`met/${"00".repeat(8)}`);
    expect(met).toContain(`met/${"41".repeat(8)}`);
  });
});

describe("a visit without a network", () => {
  const visitsOf = async ({ doorId }: Hung) =>
    await service
      .office()
      .db.selectFrom("visits")
      .select(["outcome", "at", "account_id as account"])
      .where("door_id", "=", doorId)
      .where("outcome", "!=", "receipt")
      .orderBy("id")
      .execute();
  const kept = async ({ storage }: Phone): Promise<number> =>
    (await storage.list()).filter((key) => key.startsWith("visit/")).length;

  test("is told when there is one again, with the time at which it was", async () => {
    const phone = await phoneOf(house.rita.email);
    await phone.account.reset({ door: house.home.doorId });
    await phone.account.mailbox.refresh();
    const before = await visitsOf(house.home);
    phone.network.on = false;
    const visitedAt = service.clock.now;
    becomes(service, [house.home, house.entrance], visitedAt);
    const visit = await phone.account.sync({ transport: airTo(house.home) });
    expect(visit.stale?.unreachable, "there was none").toContain("no network");
    expect(visit.outcome.kind).toBe("synced");
    expect(await visitsOf(house.home)).toEqual(before);
    expect(await kept(phone)).toBe(1);

    service.clock.now += 7_200;
    phone.network.on = true;
    expect(await phone.account.mailbox.flush()).toMatchObject({ owed: 0, untold: 0 });
    expect((await visitsOf(house.home)).slice(before.length)).toEqual([
      { outcome: "synced", at: visitedAt, account: house.rita.accountId },
    ]);
    await phone.account.mailbox.flush();
    expect((await visitsOf(house.home)).length, "once").toBe(before.length + 1);
    becomes(service, [house.home, house.entrance], service.clock.now);
  });

  test("does not accuse a phone of keeping back what it was given afterwards", async () => {
    const phone = await phoneOf(house.nora.email);
    const first = await resident(service, "Fred First", house.units.five);
    await give(service, house.entrance.doorId, first);
    await phone.account.mailbox.refresh();
    phone.network.on = false;
    becomes(service, [house.home, house.entrance], service.clock.now);
    expect((await phone.account.sync({ transport: airTo(house.entrance) })).outcome.kind).toBe("synced");
    expect(await kept(phone), "it was at the door").toBe(1);
    service.clock.now += 3_600;
    // Only now is there something more for that door.
    await give(service, house.entrance.doorId, await resident(service, "Gina Later", house.units.five));
    phone.network.on = true;
    // A minute passes between what it asks the service and what it tells it at the end.
    const far: Transport = {
      open() {
        service.clock.now += 60;
        return Promise.reject(new Error("out of range"));
      },
    };
    const idle = await phone.account.sync({ transport: far });
    expect([idle.outcome.kind, await kept(phone)]).toEqual(["unreachable", 0]);
    service.clock.now += 3_600;
    const { body } = await service.call("door", {
      token: service.manager,
      params: { door: house.entrance.doorId },
    });
    const mine = body.couriers.filter(({ person }: { person: string }) => person === house.nora.name);
    expect(mine.length, "its phone was handed the change").toBeGreaterThan(0);
    expect(mine.filter(({ withheld }: { withheld: unknown }) => withheld !== null)).toEqual([]);
    becomes(service, [house.home, house.entrance], service.clock.now);
  });

  test("leaves no more than a bounded number of reports, the latest", async () => {
    const phone = await phoneOf(house.rita.email);
    phone.network.on = false;
    for (let visit = 0; visit < visitReportsMax + 3; visit++) {
      service.clock.now += 1;
      await phone.account.mailbox.keepVisit({ tag: "00".repeat(8), outcome: "nothing", conditions: [] });
    }
    const keys = (await phone.storage.list()).filter((key) => key.startsWith("visit/")).sort();
    expect(keys).toHaveLength(visitReportsMax);
    expect(Number(keys.at(-1)?.slice(6, 18))).toBe(service.clock.now);
    expect(Number(keys[0]?.slice(6, 18))).toBe(service.clock.now - visitReportsMax + 1);
    // A lock that the service does not know is nothing to try again.
    phone.network.on = true;
    expect(await phone.account.mailbox.flush()).toMatchObject({ untold: 0 });
  });

  test("goes with the log-out, and is kept for nobody where nobody is logged in", async () => {
    const phone = await phoneOf(house.rita.email);
    await phone.account.reset({ door: house.home.doorId });
    await phone.account.mailbox.refresh();
    phone.network.on = false;
    expect((await phone.account.sync({ transport: airTo(house.home) })).outcome.kind).toBe("synced");
    expect(await kept(phone)).toBe(1);
    expect(await phone.account.logOut()).toMatchObject({ isServiceTold: false });
    expect(await phone.storage.list()).toEqual([]);
    // Nobody is logged in: the visit is nobody's to tell.
    await phone.account.mailbox.keepVisit({ tag: "00".repeat(8), outcome: "nothing", conditions: [] });
    expect(await kept(phone)).toBe(0);
  });
});
