// A person's phone against the real service and real locks: both faces of a code, carrying without a network, syncs
// that nobody asked for, sign-out that leaves nothing. Only the air between phone and lock is memory.
import { randomFillSync } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Account,
  type Answer,
  createAccount,
  createClient,
  knownPlaces,
  memoryStorage,
  type Radar,
  type Sighting,
  type Storage,
  systemTimers,
  type Timers,
} from "@doorsync/phone-client";
import { vaultFolder } from "@doorsync/phone-client/node";
import { toHex } from "@doorsync/protocol/courier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endSessionsOf } from "../../packages/authority/src/store/accounts.ts";
import { againSecondsMax } from "../../packages/phone-client/src/account/watch.ts";
import { airTo, becomes, opens } from "../support/journey-door.ts";
import { decide, give, moveIn, type Residence, type Resident, resident } from "../support/residence.ts";
import { password, type Service, startService } from "../support/service.ts";
import type { Hung } from "../support/service-door.ts";
import { crypto } from "../world.ts";

let service: Service;
let house: Residence;
/** Rita's phone; each test starts its app anew. */
let rita: Phone;
beforeAll(async () => {
  service = await startService();
  house = await moveIn(service);
  rita = await phoneOf(house.rita);
});
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

interface Phone {
  readonly account: Account;
  readonly storage: Storage;
  /** "deaf": what is sent arrives, and no answer comes back. */
  readonly network: { state: "on" | "off" | "deaf" };
  restarted(): Phone;
}

function phoneWith(storage: Storage = memoryStorage(), version = "9.0.0"): Phone {
  const network: Phone["network"] = { state: "on" };
  const client = createClient({
    url: service.url,
    async fetch(url, request) {
      if (network.state === "off") throw new Error("no network");
      const answer = await fetch(url, request);
      if (network.state === "deaf") throw new Error("the answer was lost");
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
    app: { name: "test", version },
  });
  return { account, storage, network, restarted: () => phoneWith(storage, version) };
}

function must<T>(answer: Answer<T>): T {
  if (!answer.ok) throw new Error(`refused: ${JSON.stringify(answer)}`);
  return answer.value;
}

async function phoneOf(
  { email }: Pick<Resident, "email">,
  storage?: Storage,
  version?: string,
): Promise<Phone> {
  const phone = phoneWith(storage, version);
  must(await phone.account.logIn({ email, password }));
  return phone;
}

const nameOf = (answer: Answer<unknown>): string =>
  answer.ok ? "granted" : (answer.problem?.name ?? "unreachable");

async function faces({ account }: Phone, door: Hung) {
  const { codes } = must(await account.codes());
  return codes
    .filter((one) => one.class === "code" && one.door.id === door.doorId)
    .flatMap((one) => one.faces);
}

async function faceThat(phone: Phone, door: Hung, works: "worksNow" | "worksAfterSync"): Promise<string> {
  const found = (await faces(phone, door)).filter((face) => face[works]);
  if (found.length !== 1 || typeof found[0]?.code !== "string") throw new Error("one code was meant");
  return found[0].code;
}

const now = (phone: Phone, door: Hung) => faceThat(phone, door, "worksNow");
const next = (phone: Phone, door: Hung) => faceThat(phone, door, "worksAfterSync");

async function doorOf({ account }: Phone, { doorId }: Hung) {
  const door = must(await account.doors()).doors.find(({ id }) => id === doorId);
  if (door === undefined) throw new Error("not among the doors");
  return door;
}

const settle = async (door: Hung): Promise<void> => {
  await rita.account.sync({ transport: airTo(door) });
};

describe("one's own codes", () => {
  test("while one changes both faces are shown, and they are what the door says (F3, F12)", async () => {
    const phone = rita.restarted();
    const old = await now(phone, house.home);
    const reset = must(await phone.account.reset({ door: house.home.doorId }));
    expect(reset.entry.pending).toBe(true);
    const fresh = await next(phone, house.home);
    expect(await now(phone, house.home)).toBe(old);
    expect(await doorOf(phone, house.home)).toMatchObject({ pending: true });
    expect([opens(house.home, old), opens(house.home, fresh)]).toEqual([true, false]);

    service.clock.now += 60;
    house.home.lock.clock.rtcSeconds = service.clock.now;
    const visit = await phone.account.sync({ transport: airTo(house.home) });
    expect(visit).toMatchObject({ outcome: { kind: "synced" }, stale: undefined, owed: 0, advice: [] });
    expect(visit.taken.map(({ outcome }) => outcome)).toContain("proven");
    expect([opens(house.home, old), opens(house.home, fresh)]).toEqual([false, true]);
    expect(await now(phone, house.home)).toBe(fresh);
    const door = await doorOf(phone, house.home);
    expect(door).toMatchObject({ pending: false, lastSync: { at: service.clock.now } });
  });

  test("an app that is too old is told to upgrade, and nothing changes (F11)", async () => {
    await decide(service, { appVersionMin: "2.0.0" });
    const phone = await phoneOf(house.rita, undefined, "1.9.9");
    const before = await faces(phone, house.home);
    expect(nameOf(await phone.account.reset({ door: house.home.doorId }))).toBe("UPGRADE_REQUIRED");
    expect(await faces(phone, house.home)).toEqual(before);
    await decide(service, {});
    expect(nameOf(await phone.account.reset({ door: house.home.doorId }))).toBe("granted");
    await settle(house.home);
  });

  test("a code is picked where the community allows it, and denied by name where it does not", async () => {
    const phone = rita.restarted();
    const wish = { door: house.home.doorId, code: "2580" };
    expect(nameOf(await phone.account.pick(wish))).toBe("CANNOT_SPECIFY_PIN_CODE");
    await decide(service, { customCodes: true });
    expect(nameOf(await phone.account.pick({ ...wish, code: "1234" }))).toBe("CODE_WEAK");
    expect(must(await phone.account.pick(wish))).toMatchObject({ changed: true, entry: { pending: true } });
    await phone.account.sync({ transport: airTo(house.home) });
    expect(opens(house.home, "2580")).toBe(true);
    await decide(service, {});
  });

  test("a guest's code opens after the sync, and not after the one that takes it back", async () => {
    const phone = rita.restarted();
    const door = house.home.doorId;
    const guest = must(await phone.account.inviteGuest({ door, name: "Grace", kind: "permanent" }));
    const code = guest.entries[0]?.faces[0]?.code ?? "";
    expect(code).toMatch(/^\d{4}$/);
    expect(opens(house.home, code)).toBe(false);
    await phone.account.sync({ transport: airTo(house.home) });
    expect(opens(house.home, code)).toBe(true);
    expect(must(await phone.account.guests({ door })).guests.map(({ name }) => name)).toEqual(["Grace"]);
    must(await phone.account.revokeGuest({ door, person: guest.person }));
    expect(opens(house.home, code)).toBe(true);
    await phone.account.sync({ transport: airTo(house.home) });
    expect(opens(house.home, code)).toBe(false);
  });

  test("the daily doorcode opens without a sync (F23)", async () => {
    const phone = rita.restarted();
    const { code, limits } = must(await phone.account.dailyCode({ door: house.home.doorId }));
    expect(limits.length).toBeGreaterThan(0);
    expect(opens(house.home, code ?? "")).toBe(true);
  });
});

describe("carrying", () => {
  test("without a network what was fetched is delivered, and the lock's answer is owed until there is one", async () => {
    const phone = rita.restarted();
    must(await phone.account.reset({ door: house.home.doorId }));
    const [old, fresh] = [await now(phone, house.home), await next(phone, house.home)];
    await phone.account.doors();
    must(await phone.account.mailbox.refresh());
    phone.network.state = "off";

    const visit = await phone.account.sync({ transport: airTo(house.home) });
    expect(visit).toMatchObject({ outcome: { kind: "synced" }, taken: [], troubles: [] });
    expect(visit.stale?.unreachable).toContain("no network");
    expect(visit.owed).toBeGreaterThan(0);
    expect(visit.advice.join(" ")).toContain("pending");
    expect([opens(house.home, old), opens(house.home, fresh)]).toEqual([false, true]);
    // The service has not heard of it: for it the change is pending still, and so the phone says.
    expect(must(await phone.account.doors())).toMatchObject({ isKept: true });
    expect(await doorOf(phone, house.home)).toMatchObject({ pending: true });

    const later = phone.restarted();
    const flushed = await later.account.mailbox.flush();
    expect(flushed).toMatchObject({ owed: 0, failed: undefined });
    expect(flushed.taken.map(({ outcome }) => outcome)).toContain("proven");
    expect(await doorOf(later, house.home)).toMatchObject({ pending: false });
    expect((await later.account.mailbox.flush()).taken).toEqual([]);
  });

  test("what one changed oneself is carried and pending at once, also when the network goes away behind it", async () => {
    const door = house.home.doorId;
    await settle(house.home);
    const acts: readonly (readonly [string, (phone: Phone) => Promise<Answer<unknown>>])[] = [
      ["reset", ({ account }) => account.reset({ door })],
      ["a guest is invited", ({ account }) => account.inviteGuest({ door, name: "Gil", kind: "permanent" })],
      [
        "and taken back",
        async ({ account }) => {
          const { guests } = must(await account.guests({ door }));
          const gil = guests.find(({ name }) => name === "Gil");
          return await account.revokeGuest({ door, person: gil?.person ?? "" });
        },
      ],
    ];
    for (const [what, act] of acts) {
      const phone = rita.restarted();
      expect(await doorOf(phone, house.home), what).toMatchObject({ pending: false });
      must(await act(phone));
      phone.network.state = "off";
      expect(must(await phone.account.doors()), what).toMatchObject({ isKept: true });
      expect(await doorOf(phone, house.home), what).toMatchObject({ pending: true });
      const visit = await phone.account.sync({ transport: airTo(house.home) });
      expect(visit.outcome, what).toMatchObject({ kind: "synced" });
      await phone.restarted().account.mailbox.flush();
    }
  });

  test("a phone that can keep nothing tells all the same what was changed, digits and all", async () => {
    const door = house.home.doorId;
    const phone = rita.restarted();
    await phone.account.doors();
    const { put } = phone.storage;
    let refused = 0;
    phone.storage.put = () => {
      refused += 1;
      return Promise.reject(new Error("the disk is full"));
    };
    try {
      const { entry } = must(await phone.account.reset({ door }));
      expect(entry.faces.at(-1)?.code).toMatch(/^[0-9]{4}$/);
      expect(refused).toBeGreaterThan(0);
    } finally {
      phone.storage.put = put;
    }
    await settle(house.home);
  });

  test("an answer that is lost leaves the slip owed; sent again it does no harm", async () => {
    const phone = rita.restarted();
    must(await phone.account.reset({ door: house.home.doorId }));
    must(await phone.account.mailbox.refresh());
    phone.network.state = "deaf";
    const visit = await phone.account.sync({ transport: airTo(house.home) });
    expect(visit.outcome.kind).toBe("synced");
    expect(visit.owed).toBeGreaterThan(0);
    phone.network.state = "on";
    expect(await doorOf(phone, house.home), "it had arrived").toMatchObject({ pending: false });
    expect(await phone.account.mailbox.flush()).toMatchObject({ owed: 0, failed: undefined });
    expect(await doorOf(phone, house.home)).toMatchObject({ pending: false });
  });

  test("what the service will never take does not keep back what it will", async () => {
    const phone = rita.restarted();
    must(await phone.account.reset({ door: house.home.doorId }));
    must(await phone.account.mailbox.refresh());
    phone.network.state = "off";
    expect((await phone.account.sync({ transport: airTo(house.home) })).outcome.kind).toBe("synced");
    phone.network.state = "on";
    await phone.storage.put("owed/00 too long", new Uint8Array(60_000));
    await phone.storage.put("owed/01 no slip", new Uint8Array(60));
    const { taken, owed } = await phone.account.mailbox.flush();
    expect(owed).toBe(0);
    expect(taken.map(({ outcome }) => outcome)).toEqual(expect.arrayContaining(["unreadable", "proven"]));
    expect(await doorOf(phone, house.home)).toMatchObject({ pending: false });
  });

  test("what is too old is refused by the lock; the person hears that, and what to do (F17)", async () => {
    const phone = rita.restarted();
    must(await phone.account.reset({ door: house.home.doorId }));
    const [old, fresh] = [await now(phone, house.home), await next(phone, house.home)];
    must(await phone.account.mailbox.refresh());
    phone.network.state = "off";
    becomes(service, [house.home, house.entrance], service.clock.now + 30 * 86_400 - 3_600);
    const visit = await phone.account.sync({ transport: airTo(house.home) });
    expect(visit.outcome).toMatchObject({ kind: "refused", refusal: "EXPIRED" });
    expect(visit.advice.join(" ")).toContain("too old for the lock");
    expect([opens(house.home, old), opens(house.home, fresh)]).toEqual([true, false]);
    // Thirty days on the session is over too: logging in is what there is to do.
    phone.network.state = "on";
    must(await phone.account.logIn({ email: house.rita.email, password }));
    const again = await phone.account.sync({ transport: airTo(house.home) });
    expect(again).toMatchObject({ outcome: { kind: "synced" }, advice: [] });
    expect([opens(house.home, old), opens(house.home, fresh)]).toEqual([false, true]);
  });

  test("anybody who may stand at a door can sync it, also one that is not among their own (F18)", async () => {
    const gus = await resident(service, "Gus Guest", house.units.five);
    const code = await give(service, house.entrance.doorId, gus);
    const courier = await phoneOf(house.nora);
    expect(opens(house.entrance, code)).toBe(false);
    const visit = await courier.account.sync({ transport: airTo(house.entrance) });
    expect(visit.outcome.kind).toBe("synced");
    expect(opens(house.entrance, code)).toBe(true);
    // At a neighbour's own door there is nothing for this phone, whatever waits there.
    must(await rita.account.reset({ door: house.home.doorId }));
    const stranger = await courier.account.sync({ transport: airTo(house.home) });
    expect(stranger.outcome.kind).toBe("nothing");
    await settle(house.home);
  });

  test("a lock that is none of their own doors' is asked for by its tag once it is met", async () => {
    const ralph = await resident(service, "Ralph Resident", house.units.four);
    const phone = await phoneOf(ralph);
    const code = await give(service, house.entrance.doorId, house.rob);
    must(await phone.account.mailbox.refresh());
    const { lockTag } = await doorOf(rita, house.entrance);
    const carried = async () =>
      (await phone.account.mailbox.carried()).parcels.filter(({ tag }) => toHex(tag) === lockTag);
    expect(await carried(), "the entrance is none of Ralph's own doors").toEqual([]);
    const visit = await phone.account.sync({ transport: airTo(house.entrance) });
    expect(visit.outcome.kind).toBe("synced");
    expect(opens(house.entrance, code)).toBe(true);
    expect(await carried(), "it is kept for the next time").not.toEqual([]);
  });

  test("a phone that carries nothing at all asks the lock who it is, and then the service what it lacks", async () => {
    const nell = await resident(service, "Nell Newcomer", house.units.five);
    const phone = await phoneOf(nell);
    const idle = await phone.account.sync({ transport: airTo(house.entrance) });
    expect(idle.tag, "the lock was met").toBeDefined();
    const fresh = await resident(service, "Fred Fresh", house.units.five);
    const code = await give(service, house.entrance.doorId, fresh);
    const other = phoneWith();
    must(await other.account.logIn({ email: nell.email, password }));
    must(await other.account.mailbox.refresh());
    expect((await other.account.mailbox.carried()).parcels, "nothing is carried").toEqual([]);
    const visit = await other.account.sync({ transport: airTo(house.entrance) });
    expect(visit.outcome.kind).toBe("synced");
    expect(opens(house.entrance, code)).toBe(true);
    const dark = await phoneWith().account.sync({ transport: airTo(house.entrance) });
    expect(dark.outcome.kind, "nobody is logged in").toBe("nothing");
  });

  test("management hears what the phone met, and a lock that lost the time is told it", async () => {
    const phone = rita.restarted();
    must(await phone.account.reset({ door: house.home.doorId }));
    house.home.lock.clock.rtcSeconds = undefined;
    house.home.lock.board.powerOff();
    house.home.lock.board.powerOn();
    const visit = await phone.account.sync({ transport: airTo(house.home) });
    expect(visit.outcome.kind).toBe("synced");
    expect(house.home.lock.clock.rtcSeconds).toBe(service.clock.now);
    const { db } = service.office();
    const visits = await db
      .selectFrom("visits")
      .select(["outcome", "version"])
      .where("door_id", "=", house.home.doorId)
      .orderBy("id", "desc")
      .limit(1)
      .execute();
    expect(visits).toEqual([{ outcome: "synced", version: visit.receipt?.version }]);
  });
});

describe("without being asked (F21)", () => {
  const sighted = (door: Hung): Sighting => ({ place: door.doorId, tag: undefined, transport: airTo(door) });

  /** Sees these, one after the other, and no more. */
  const seeing = (...sightings: (Sighting | (() => void))[]): Radar => ({
    async *watch() {
      for (const one of sightings)
        if (typeof one === "function") one();
        else yield one;
    },
  });

  test("what was pending when the app was killed is delivered when the lock comes into range, once", async () => {
    const phone = rita.restarted();
    must(await phone.account.reset({ door: house.home.doorId }));
    const fresh = await next(phone, house.home);
    must(await phone.account.mailbox.refresh());

    const later = phone.restarted();
    later.network.state = "off";
    const kinds: string[] = [];
    await later.account.autoSync({
      radar: seeing(sighted(house.home), sighted(house.home), sighted(house.home)),
      signal: new AbortController().signal,
      onVisit: ({ outcome }) => kinds.push(outcome.kind),
    });
    expect(kinds).toEqual(["synced"]);
    expect(opens(house.home, fresh)).toBe(true);
    later.network.state = "on";
    expect(await later.account.mailbox.flush()).toMatchObject({ owed: 0 });
    expect(await doorOf(later, house.home)).toMatchObject({ pending: false });
  });

  test("a change made while the phone watches is fetched and delivered; nothing to carry is no reason to go", async () => {
    const phone = rita.restarted();
    await settle(house.home);
    await settle(house.entrance);
    const kinds: string[] = [];
    let opened = 0;
    const watching: Sighting = {
      ...sighted(house.home),
      transport: {
        open(signal) {
          opened += 1;
          return airTo(house.home).open(signal);
        },
      },
    };
    const abort = new AbortController();
    let looks = 0;
    const counted: Timers = {
      after(milliseconds, run) {
        looks += 1;
        return systemTimers.after(milliseconds, run);
      },
    };
    const done = phone.account.autoSync({
      radar: knownPlaces([watching], counted, 1),
      signal: abort.signal,
      refreshSeconds: 0,
      onVisit({ outcome }) {
        kinds.push(outcome.kind);
        abort.abort();
      },
    });
    await expect.poll(() => looks).toBeGreaterThan(3);
    const before = opened;
    const fresh = must(await phone.account.reset({ door: house.home.doorId })).entry.faces.at(-1)?.code ?? "";
    await done;
    expect(before, "visits before anything was wanted").toBe(0);
    expect(kinds).toEqual(["synced"]);
    expect(opens(house.home, fresh)).toBe(true);
  });

  test("who answered once in a lock's place keeps nobody from the lock; who goes on is visited ever more rarely", async () => {
    const phone = rita.restarted();
    await settle(house.home);
    await settle(house.entrance);
    const fresh = must(await phone.account.reset({ door: house.home.doorId })).entry.faces.at(-1)?.code ?? "";
    const tag = house.home.lock.board.hello()?.tag;
    expect(tag).toBeDefined();
    // Another lock, at the address where the wanted one was seen.
    const instead: Sighting = { ...sighted(house.entrance), place: sighted(house.home).place, tag };
    const second = (): void => {
      service.clock.now += 1;
    };
    const later = (): void => {
      service.clock.now += againSecondsMax;
      house.home.lock.clock.rtcSeconds = service.clock.now;
    };
    const kinds: string[] = [];
    const at: number[] = [];
    const begun = service.clock.now;
    const hour = Array.from({ length: 3_600 }, () => [second, instead]).flat();
    await phone.account.autoSync({
      radar: seeing(instead, ...hour, later, { ...sighted(house.home), tag }),
      signal: new AbortController().signal,
      refreshSeconds: 1_000_000,
      onVisit({ outcome }) {
        kinds.push(outcome.kind);
        at.push(service.clock.now - begun);
      },
    });
    expect(at.slice(0, 5)).toEqual([0, 15, 45, 105, 225]);
    expect(at.length, "once in a quarter of an hour in the end").toBe(10);
    expect([new Set(kinds.slice(0, -1)), kinds.at(-1)]).toEqual([new Set(["nothing"]), "synced"]);
    expect(opens(house.home, fresh)).toBe(true);
  });

  test("a place without a lock is left alone for a while and is not told of", async () => {
    const phone = rita.restarted();
    must(await phone.account.reset({ door: house.home.doorId }));
    let tried = 0;
    const empty: Sighting = {
      place: "nowhere",
      tag: undefined,
      transport: {
        async open() {
          tried += 1;
          throw new Error("out of range");
        },
      },
    };
    const wait = (): void => {
      service.clock.now += 20;
    };
    const told: string[] = [];
    await phone.account.autoSync({
      radar: seeing(empty, empty, wait, empty),
      signal: new AbortController().signal,
      onVisit: ({ outcome }) => told.push(outcome.kind),
    });
    expect([tried, told]).toEqual([2, []]);
    house.home.lock.clock.rtcSeconds = service.clock.now;
    await settle(house.home);
  });
});

describe("a borrowed phone", () => {
  let folder = "";
  beforeAll(() => {
    folder = join(mkdtempSync(join(tmpdir(), "doorsync-borrowed-")), "home");
  });
  afterAll(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

  const everything = (): string =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, encoding: "utf8" })
          .map((file) => `${file} ${readFileSync(join(folder, file), "latin1")}`)
          .join("\n")
      : "";

  test("can sync, shows the codes, and after signing out has nothing of them (F25)", async () => {
    const phone = await phoneOf(house.rita, vaultFolder(folder));
    must(await phone.account.reset({ door: house.home.doorId }));
    const { token = "" } = (await phone.account.session()) ?? {};
    const digits = [await now(phone, house.home), await next(phone, house.home)];
    must(await phone.account.doors());
    expect((await phone.account.sync({ transport: airTo(house.home) })).outcome.kind).toBe("synced");
    const kept = everything();
    expect(kept.length, "something lies there while one is logged in").toBeGreaterThan(100);
    for (const told of [token, house.rita.email, "Door of unit 4"])
      expect(kept.includes(told), told).toBe(false);

    expect(await phone.account.logOut()).toMatchObject({ isServiceTold: true, lost: 0 });
    expect(everything()).toBe("");
    expect(existsSync(folder)).toBe(false);
    expect((await service.call("me", { token })).status).toBe(401);
    expect(nameOf(await phone.account.codes())).toBe("UNAUTHENTICATED");
    expect(digits.length).toBe(2);
  });

  test("codes are never kept, not even sealed: without a network there are none", async () => {
    const storage = memoryStorage();
    const phone = await phoneOf(house.rita, storage);
    const code = await now(phone, house.home);
    must(await phone.account.doors());
    must(await phone.account.mailbox.refresh());
    for (const key of await storage.list()) {
      const value = Buffer.from((await storage.get(key)) ?? []).toString("latin1");
      expect(value.includes(`"${code}"`), key).toBe(false);
    }
    phone.network.state = "off";
    expect(nameOf(await phone.account.codes())).toBe("unreachable");
  });

  test("keeps nothing of a visit that was under way at the sign-out, however far it had come (F25)", async () => {
    const left: string[] = [];
    let underWay = 0;
    for (const milliseconds of [0, 60, 120, 180, 240, 300]) {
      service.clock.now += 60;
      house.home.lock.clock.rtcSeconds = service.clock.now;
      const storage = memoryStorage();
      const phone = await phoneOf(house.rita, storage);
      must(await phone.account.reset({ door: house.home.doorId }));
      let isAtDoor = false;
      let isDone = false;
      const slow = {
        async open(signal: AbortSignal) {
          isAtDoor = true;
          const link = await airTo(house.home).open(signal);
          await new Promise((resolve) => setTimeout(resolve, 150));
          return link;
        },
      };
      const visit = phone.account.sync({ transport: slow }).finally(() => {
        isDone = true;
      });
      const watching = phone.account.autoSync({
        radar: { watch: async function* () {} },
        signal: new AbortController().signal,
      });
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
      if (isAtDoor && !isDone) underWay++;
      await phone.account.logOut();
      await watching;
      await visit;
      left.push(...(await storage.list()));
    }
    expect(underWay, "sign-outs in the middle of a visit").toBeGreaterThan(0);
    expect(left).toEqual([]);
    await settle(house.home);
  });

  test("is wiped also when the service cannot be told", async () => {
    const phone = await phoneOf(house.rita, vaultFolder(folder));
    phone.network.state = "off";
    expect(await phone.account.logOut()).toMatchObject({ isServiceTold: false });
    expect(existsSync(folder)).toBe(false);
  });

  test("loses what somebody else left there when another person logs in", async () => {
    const storage = memoryStorage();
    const rita = await phoneOf(house.rita, storage);
    must(await rita.account.doors());
    const { token = "" } = (await rita.account.session()) ?? {};
    await storage.put("left behind", new Uint8Array(1));
    expect((await service.call("me", { token })).status).toBe(200);
    await phoneOf(house.nora, storage);
    expect((await service.call("me", { token })).status, "Rita's session").toBe(401);
    expect([...(await storage.list())].sort()).toEqual(["owner", "session"]);
  });

  test("whose sessions were ended from elsewhere shows nothing more, and may still carry (F26)", async () => {
    const phone = rita.restarted();
    must(await phone.account.reset({ door: house.home.doorId }));
    const fresh = await next(phone, house.home);
    must(await phone.account.doors());
    must(await phone.account.mailbox.refresh());
    await endSessionsOf(service.office().db, house.rita.accountId);
    expect(nameOf(await phone.account.codes())).toBe("UNAUTHENTICATED");
    expect(await phone.account.session()).toBeUndefined();
    expect(nameOf(await phone.account.doors()), "what it was shown before").toBe("UNAUTHENTICATED");
    const visit = await phone.account.sync({ transport: airTo(house.home) });
    expect(visit).toMatchObject({ outcome: { kind: "synced" }, taken: [] });
    expect(visit.stale?.problem?.name).toBe("UNAUTHENTICATED");
    expect(opens(house.home, fresh)).toBe(true);
    must(await phone.account.logIn({ email: house.rita.email, password }));
    expect((await phone.account.mailbox.flush()).owed).toBe(0);
    expect(await doorOf(phone, house.home)).toMatchObject({ pending: false });
  });
});
