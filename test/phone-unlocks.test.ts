/**
 * A phone opens a door, over links in memory against the real firmware: what it brings first, what it asks, and what it
 * tells the person, whatever the lock, the link or the mailbox do. What a lock makes of a stranger's request is in
 * unlock-is-fresh.
 */
import {
  describeUnlock,
  type Fault,
  memoryPair,
  memoryTransport,
  type Timers,
  type Transport,
  type UnlockOptions,
  type UnlockResult,
  unlock,
} from "@doorsync/phone-client";
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { encodeHello } from "@doorsync/protocol/lock";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runs } from "./replay.ts";
import {
  capability,
  type Home,
  home,
  hour,
  put,
  resident,
  tableWith,
  tableWithout,
} from "./support/unlock-cast.ts";
import {
  answerName,
  authoritySeeds,
  bytesOf,
  commissionMessage,
  crypto,
  inForce,
  makeLock,
  noon,
  offerTo,
  type TestLock,
  visit,
} from "./world.ts";

type Bytes = Uint8Array;

const { tag } = offerTo({ secret: new Uint8Array(16) }, "phone").offer;

/** The way to a lock; a dark one, or one that talks already, is not found. */
function airTo(lock: TestLock, faults: readonly Fault[] = [], frameBytesMax = 244): Transport {
  return memoryTransport(() => {
    const pair = memoryPair(frameBytesMax, faults);
    const end = lock.board.connect({
      frameBytesMax,
      send: (frame) => void pair.lock.send(frame).catch(() => {}),
      close: () => pair.lock.close(),
    });
    if (end === undefined) return undefined;
    pair.lock.onFrame((frame) => end.frame(frame));
    pair.lock.onClosed(() => end.closed());
    return pair.phone;
  });
}

interface Trip extends UnlockResult {
  /** `>name` to the lock, `<name` from it. */
  readonly said: readonly string[];
  readonly opened: boolean;
  readonly slips: readonly air.ReturnSlip[];
  /** Timers left over. */
  readonly left: number;
}

/** One visit to its end. A timer fires only when nothing else is left to happen. */
async function goTo(
  at: Home,
  more: Partial<UnlockOptions> & { parcels?: readonly air.Parcel[] } = {},
): Promise<Trip> {
  const { lock, property } = at;
  const waiting = new Set<{ readonly milliseconds: number; readonly run: () => void }>();
  const timers: Timers = {
    after(milliseconds, run) {
      const timer = { milliseconds, run };
      waiting.add(timer);
      return () => void waiting.delete(timer);
    },
  };
  const said: string[] = [];
  const slips: air.ReturnSlip[] = [];
  const { parcels } = more;
  const kept = {
    parcels: async () => parcels ?? [],
    deliver: async (slip: air.ReturnSlip) => void slips.push(slip),
  };
  lock.unlocked = false;
  let result: UnlockResult | undefined;
  let draws = 0;
  const going = unlock({
    transport: airTo(lock),
    timers,
    crypto,
    door: { name: property.lock.name, dh: property.lockPublic.dh, tag },
    capability: capability(property),
    deviceSeed: resident.seed,
    fill: (bytes) => bytes.set(bytesOf(`phone draws ${draws++} ${lock.said.length}`, bytes.length)),
    ...(parcels === undefined ? {} : { mailbox: kept }),
    onMessage: ({ direction, name }) => said.push(`${direction === "out" ? ">" : "<"}${name}`),
    ...more,
  }).then((one) => {
    result = one;
  });
  for (let quiet = 0; result === undefined; quiet++) {
    if (quiet > 200) {
      const [first] = [...waiting].sort((a, b) => a.milliseconds - b.milliseconds);
      if (first === undefined) throw new Error("nothing is under way and nothing waits: the visit hangs");
      waiting.delete(first);
      first.run();
      quiet = 0;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await going;
  return { ...result, said, slips, opened: lock.unlocked, left: waiting.size };
}

function parcelOf(
  { property }: Home,
  issued: authority.Issued,
  kind: "update" | "snapshot",
  from: number,
): air.Parcel {
  return {
    kind,
    lockId: property.lock.name.lockId,
    tag,
    epoch: property.lock.name.epoch,
    from,
    to: issued.to,
    notAfter: noon + 168 * hour,
    lockKey: property.lockPublic.sign,
    tableKey: crypto.signPublic(property.tableSeed),
    messages: issued.messages,
  };
}

test("a lock in order opens after hello, one handshake and one request; nothing is left behind", async () => {
  const trip = await goTo(home("phone"));
  expect(trip.outcome).toEqual({ kind: "opened" });
  expect(trip.opened).toBe(true);
  expect(trip.said).toEqual([">hello", "<hello", ">unlock-start", "<unlock-start", ">unlock", "<unlocked"]);
  expect([trip.sync, trip.left, trip.troubles]).toEqual([undefined, 0, []]);
});

describe("SYNC_FIRST: each honest unlock pulls the table forward", () => {
  test("a lock that is behind is synced over the same link, and opens then", async () => {
    const at = home("phone");
    const parcel = parcelOf(at, at.property.delta(tableWith(at.property, { leaseHours: 48 })), "update", 1);
    const trip = await goTo(at, { parcels: [parcel] });
    expect(inForce(at.lock)?.version).toBe(2);
    expect(trip.sync?.outcome).toEqual({ kind: "synced", version: 2 });
    expect(trip.slips.map(({ kind }) => kind)).toEqual(["receipt"]);
    expect([trip.outcome, trip.opened]).toEqual([{ kind: "opened" }, true]);
    expect(trip.said.filter((name) => name === ">unlock-start")).toHaveLength(1);
  });

  test("so it is when the lock's hello hid that it is behind: the lock itself says so, under its seal", async () => {
    const at = home("phone");
    const parcel = parcelOf(at, at.property.delta(tableWith(at.property, { leaseHours: 48 })), "update", 1);
    const trip = await goTo(at, { parcels: [parcel], transport: boasting(airTo(at.lock), 2) });
    expect(trip.said.filter((name) => name === ">unlock-start")).toHaveLength(2);
    expect(trip.said.indexOf(">update")).toBeGreaterThan(trip.said.indexOf("<unlocked"));
    expect([trip.outcome, inForce(at.lock)?.version]).toEqual([{ kind: "opened" }, 2]);
  });

  test("the revocation that the phone itself carries is its last unlock's end", async () => {
    const at = home("phone");
    const parcel = parcelOf(at, at.property.delta(tableWithout(at.property)), "update", 1);
    const trip = await goTo(at, { parcels: [parcel] });
    expect(trip.sync?.outcome).toEqual({ kind: "synced", version: 2 });
    expect([trip.outcome, trip.opened]).toEqual([{ kind: "refused", refusal: "DENIED" }, false]);
  });

  test("with nothing carried the person is told to sync first", async () => {
    const at = home("phone");
    at.property.delta(tableWith(at.property, { leaseHours: 48 }));
    const trip = await goTo(at, { parcels: [] });
    expect(trip.outcome).toEqual({ kind: "refused", refusal: "SYNC_FIRST", detail: 1 });
    expect(describeUnlock(trip.outcome)).toMatch(/sync the lock, then unlock again/);
    expect(trip.opened).toBe(false);
  });

  test("a mailbox that is silent, or cannot be read, keeps nobody outside", async () => {
    for (const parcels of [() => new Promise<never>(() => {}), () => Promise.reject(new Error("no disk"))]) {
      const trip = await goTo(home("phone"), { mailbox: { parcels, deliver: async () => {} } });
      expect([trip.outcome, trip.left]).toEqual([{ kind: "opened" }, 0]);
    }
  });
});

describe("the time", () => {
  const tokens = (at: Home) => {
    const { name } = at.property.lock;
    return ({ nonce }: { readonly nonce: Bytes }) =>
      Promise.resolve(authority.issueTime(crypto, authoritySeeds.time, name, nonce, noon + 60));
  };

  test("a lock that lost it is brought it first, and opens", async () => {
    const at = home("phone");
    at.lock.clock.rtcSeconds = undefined;
    const trip = await goTo(at, { time: tokens(at) });
    expect(trip.said.slice(0, 4)).toEqual([">hello", "<hello", ">time", "<hello"]);
    expect([trip.outcome, trip.opened]).toEqual([{ kind: "opened" }, true]);
  });

  test("so is one that says TIME_NEEDED and whose hello asked for nothing", async () => {
    const at = home("phone");
    at.lock.clock.rtcSeconds = undefined;
    const trip = await goTo(at, { time: tokens(at), transport: boasting(airTo(at.lock), 1) });
    expect(trip.said.filter((name) => name === ">unlock-start")).toHaveLength(2);
    expect(trip.said.indexOf(">time")).toBeGreaterThan(trip.said.indexOf("<unlocked"));
    expect([trip.outcome, trip.opened]).toEqual([{ kind: "opened" }, true]);
  });

  test.each([
    ["no source of it", undefined],
    ["a source that has none", () => Promise.resolve(undefined)],
    ["a source that fails", () => Promise.reject(new Error("offline"))],
    [
      "a source that throws",
      () => {
        throw new Error("a bug of the app");
      },
    ],
    ["a source that says nothing", () => new Promise<never>(() => {})],
  ])("with %s the lock stays shut, and says why", async (_, time) => {
    const at = home("phone");
    at.lock.clock.rtcSeconds = undefined;
    const trip = await goTo(at, time === undefined ? {} : { time });
    expect([trip.outcome, trip.opened]).toEqual([{ kind: "refused", refusal: "TIME_NEEDED" }, false]);
    expect(trip.left).toBe(0);
  });
});

describe("T7: whatever answers in a lock's place", () => {
  test("another lock's hello ends the visit before anything is asked", async () => {
    const at = home("phone");
    const trip = await goTo(home("another"), {
      door: { name: at.property.lock.name, dh: at.property.lockPublic.dh, tag },
    });
    expect(trip.outcome).toEqual({ kind: "other-lock" });
    expect(trip.said).toEqual([">hello", "<hello"]);
  });

  test("a lock that copies the tag, and the epoch, is found out by the handshake, and learns no capability", async () => {
    const at = home("phone");
    const impostor = makeLock("impostor");
    const own = { ...offerTo(impostor.setup, "phone").offer, lockId: at.property.lock.name.lockId };
    const offered = { ...offerTo(impostor.setup, "phone"), offer: own };
    expect(answerName(visit(impostor, [commissionMessage(offered)])[0])).toBe("commission");
    const trip = await goTo({ lock: impostor, property: at.property });
    // It cannot even read the first message: the phone's `es` is with the key of the real one.
    expect(trip.outcome).toMatchObject({ kind: "refused", refusal: "REJECTED" });
    expect(trip.said).not.toContain(">unlock");
  });

  test("a made-up answer to the handshake is no lock's, and the person is told so", async () => {
    const at = home("phone");
    const trip = await goTo(at, { transport: answering(at.lock, "unlock-start", bytesOf("made up", 48)) });
    expect(trip.outcome).toEqual({ kind: "broken", check: "noise/tag" });
    expect(trip.said).not.toContain(">unlock");
    expect(describeUnlock(trip.outcome)).toMatch(/not the lock that this phone knows/);
  });

  test("a made-up word that it opened is not believed", async () => {
    const at = home("phone");
    put(at, tableWithout(at.property));
    const trip = await goTo(at, { transport: answering(at.lock, "unlocked", new Uint8Array(21)) });
    expect(trip.outcome).toEqual({ kind: "broken", check: "unlocked/seal" });
  });
});

describe("what this phone was given for the door is not whole", () => {
  const at = home("phone");
  const door = { name: at.property.lock.name, dh: at.property.lockPublic.dh, tag };

  test.each<[string, Partial<UnlockOptions>, string]>([
    ["a key of small order", { door: { ...door, dh: new Uint8Array(32) } }, "unlock/dh"],
    ["a key that is too short", { door: { ...door, dh: door.dh.slice(1) } }, "unlock/dh"],
    ["no capability", { capability: new Uint8Array(0) }, "unlock/capability"],
    ["too long a capability", { capability: new Uint8Array(161) }, "unlock/capability"],
    ["a seed that is too short", { deviceSeed: new Uint8Array(31) }, "unlock/seed"],
  ])("%s: the person is told, the request is never made, and nothing is left", async (_, given, check) => {
    const trip = await goTo(at, given);
    expect(trip.outcome).toEqual({ kind: "broken", check });
    expect(trip.said.slice(0, 2)).toEqual([">hello", "<hello"]);
    expect(trip.said).not.toContain(">unlock");
    expect(describeUnlock(trip.outcome)).toContain("fetch it again");
    expect([trip.left, trip.opened]).toEqual([0, false]);
    expect((await goTo(at)).outcome).toEqual({ kind: "opened" });
  });
});

describe("an app whose callback throws", () => {
  const bugAt =
    (bad: string): NonNullable<UnlockOptions["onMessage"]> =>
    ({ direction, name }) => {
      if (`${direction} ${name}` === bad) throw new Error("a bug of the app");
    };

  test("before the request: the visit ends by its name", async () => {
    const trip = await goTo(home("phone"), { onMessage: bugAt("in hello") });
    const why = "a bug of the app";
    expect(trip.outcome).toEqual({ kind: "broken", check: "app/onMessage", why });
    expect(describeUnlock(trip.outcome)).toContain(why);
    expect([trip.troubles, trip.left]).toEqual([[`app/onMessage: ${why}`], 0]);
  });

  test("behind the request: the person is told to look at the door", async () => {
    const trip = await goTo(home("phone"), { onMessage: bugAt("in unlocked") });
    expect(trip.outcome).toMatchObject({ kind: "dropped", wait: "unlocking" });
    expect(describeUnlock(trip.outcome)).toContain("the door may be open");
    expect([trip.troubles, trip.left, trip.opened]).toEqual([["app/onMessage: a bug of the app"], 0, true]);
  });
});

test("a lock of another epoch is not asked: the leave is for this one", async () => {
  const at = home("phone");
  const { name, dh } = { name: at.property.lock.name, dh: at.property.lockPublic.dh };
  const trip = await goTo(at, { door: { name: { ...name, epoch: 2 }, dh, tag } });
  expect(trip.outcome).toEqual({ kind: "other-epoch", epoch: 1 });
  expect(trip.said).toEqual([">hello", "<hello"]);
});

test("a link that breaks anywhere: the visit settles, nothing is left, and the next one opens", async () => {
  const whole = await goTo(home("phone"), { transport: airTo(home("phone").lock, [], 20) });
  expect(whole.outcome).toEqual({ kind: "opened" });
  let cut = 0;
  let unknown = 0;
  for (const direction of ["to-lock", "to-phone"] as const) {
    for (let frame = 0; frame < 24; frame++) {
      for (const kind of ["cut", "lose"] as const) {
        const at = home("phone");
        const faults = [{ direction, frame, kind } as Fault];
        const trip = await goTo(at, { transport: airTo(at.lock, faults, 20) });
        expect(trip.left).toBe(0);
        if (trip.outcome.kind === "opened") expect(trip.opened).toBe(true);
        else cut++;
        if ("wait" in trip.outcome && trip.outcome.wait === "unlocking") {
          unknown++;
          expect(describeUnlock(trip.outcome)).toMatch(/the door may be open/);
        }
        at.lock.clock.uptimeMs += 10_000;
        at.lock.board.tick();
        expect((await goTo(at)).outcome).toEqual({ kind: "opened" });
      }
    }
  }
  expect(cut).toBeGreaterThan(40);
  expect(unknown).toBeGreaterThan(10);
});

test("given up on request, at any message", async () => {
  for (let after = 0; after < 6; after++) {
    const controller = new AbortController();
    const at = home("phone");
    let heard = 0;
    const trip = await goTo(at, {
      signal: controller.signal,
      onMessage: () => {
        if (heard++ === after) controller.abort();
      },
    });
    expect(heard).toBeGreaterThan(after);
    expect([trip.outcome.kind, trip.left]).toEqual(["aborted", 0]);
  }
});

test("whatever a lock answers, the visit ends in bounded steps, and never says opened of a lock that did not", async () => {
  const any = fc.uint8Array({ maxLength: 64 });
  const said = fc.array(fc.tuple(fc.constantFrom(1, 4, 7, 8, 13, 16, 18), any), { maxLength: 12 });
  const [hello] = visit(quiet.lock, [{ type: air.messageType("hello"), body: new Uint8Array(0) }]);
  const helloBody = hello?.body ?? new Uint8Array(0);
  let steps = 0;
  await fc.assert(
    fc.asyncProperty(said, async (answers) => {
      const at = { lock: quiet.lock, property: quiet.property };
      const trip = await goTo(at, { transport: babbling([[1, helloBody], ...answers]) });
      expect(trip.outcome.kind).not.toBe("opened");
      expect([trip.left, trip.opened]).toEqual([0, false]);
      steps += trip.said.filter((name) => name === ">unlock-start").length;
    }),
    runs(200),
  );
  expect(steps).toBeGreaterThan(150);
});

const quiet = home("phone");

// ---- Locks and links that stray ----

/** The lock's hello with another version, and without a wish for the time: a lie that anybody can tell. */
function boasting(transport: Transport, version: number): Transport {
  return rewriting(transport, (message) => {
    const hello = air.readHello(message.body);
    if (air.messageName(message.type) !== "hello" || !hello.ok) return message;
    const flags = hello.value.flags & ~air.helloFlags.wantsTime;
    return { type: message.type, body: encodeHello({ ...hello.value, version, flags }) };
  });
}

/** The real lock, but for one of its messages. */
function answering(lock: TestLock, name: air.MessageName, body: Bytes): Transport {
  return rewriting(airTo(lock), (message) =>
    air.messageName(message.type) === name ? { type: message.type, body } : message,
  );
}

/** Somebody in the middle who changes what the lock says. */
function rewriting(transport: Transport, change: (message: air.Message) => air.Message): Transport {
  return {
    async open(signal) {
      const link = await transport.open(signal);
      let inbox = air.emptyInbox;
      let outbox = air.emptyOutbox;
      return {
        ...link,
        frameBytesMax: link.frameBytesMax,
        onFrame: (listener) =>
          link.onFrame((frame) => {
            const heard = air.hear(inbox, frame, air.bodyBytesMax("toPhone"));
            if (heard.kind === "refused") throw new Error(heard.refused.check);
            inbox = heard.inbox;
            if (heard.kind !== "message") return;
            const other = change({ type: heard.type, body: heard.body });
            const cut = air.segment(outbox, other.type, other.body, link.frameBytesMax);
            outbox = cut.outbox;
            for (const one of cut.frames) listener(one);
          }),
      };
    },
  };
}

/** No lock at all: it says these things, one for each frame it hears. */
function babbling(answers: readonly (readonly [number, Bytes])[]): Transport {
  return memoryTransport(() => {
    const pair = memoryPair(244);
    let outbox = air.emptyOutbox;
    let at = 0;
    pair.lock.onFrame(() => {
      const [type, body] = answers[at++] ?? [1, new Uint8Array(0)];
      const cut = air.segment(outbox, type, body, 244);
      outbox = cut.outbox;
      for (const frame of cut.frames) void pair.lock.send(frame).catch(() => {});
    });
    return pair.phone;
  });
}
