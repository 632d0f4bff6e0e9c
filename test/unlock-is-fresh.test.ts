/**
 * P12, and with it T8 and T9: a door opens by app only to a device that signed this very handshake, once and soon. Nothing
 * recorded, cut or spliced ever moves the bolt. What a capability has to say is in capabilities-are-judged, who may open
 * at all is the table's (unlock-at-the-door).
 */

import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createCrypto } from "../packages/protocol/src/crypto/crypto.ts";
import { portable } from "../packages/protocol/src/crypto/portable.ts";
import { acceptUnlock, acceptUnlockStart } from "../packages/protocol/src/rules/unlock.ts";
import { accepted } from "./accepted.ts";
import { runs } from "./replay.ts";
import {
  attempt,
  capability,
  device,
  doorKey,
  home,
  honest,
  type Met,
  meet,
  request,
  resident,
  signedFor,
  unlock,
} from "./support/unlock-cast.ts";
import {
  authoritySeeds,
  bytesOf,
  crypto,
  forkParts,
  makeLock,
  noon,
  openLink,
  reboot,
  storesOf,
  type TestLock,
} from "./world.ts";

type Bytes = Uint8Array;

const a = home("fresh", { leaseHours: 0 });
const b = home("fresh other");
const { name } = a.property.lock;
const copyOf = (): TestLock => makeLock("fresh", { parts: forkParts(a.lock) });
const copy = () => ({ lock: copyOf(), property: a.property });
a.lock.board.powerOff();
b.lock.board.powerOff();

test("the way in: one handshake, one request, one answer", () => {
  const visit = unlock(copyOf(), a.property);
  expect([visit.result, visit.opened]).toEqual(["opened", true]);
  expect(visit.toLock.map(({ body }) => body.length)).toEqual([48, 222]);
  expect(visit.toPhone.map(({ body }) => body.length)).toEqual([48, 21]);
});

/** The point of order 1, and a signature under it that fits every message: R the same point, S zero. */
const identity = new Uint8Array([1, ...new Uint8Array(31)]);
const fitsAll = new Uint8Array([...identity, ...new Uint8Array(32)]);

const other = device("somebody else");

describe("T8: the device signs this handshake, and nothing else counts", () => {
  const earlier: { hash?: Bytes } = {};
  const signatures: readonly (readonly [string, (met: Met) => Bytes])[] = [
    ["another device's key", ({ hash }) => crypto.sign(other.seed, signedFor(hash))],
    ["an earlier handshake", () => crypto.sign(resident.seed, signedFor(earlier.hash ?? new Uint8Array(32)))],
    ["another action", ({ hash }) => crypto.sign(resident.seed, signedFor(hash, 2))],
    ["the hash without its context", ({ hash }) => crypto.sign(resident.seed, hash)],
    ["the context of no handshake", () => crypto.sign(resident.seed, signedFor(new Uint8Array(0)))],
    ["the capability", () => crypto.sign(resident.seed, capability(a.property))],
    ["nothing: 64 zeros", () => new Uint8Array(64)],
    ["a key of small order", () => fitsAll],
  ];
  test.each(signatures)("a signature over or by %s", (_, signature) => {
    const at = copy();
    earlier.hash = undefined as never;
    attempt(at, (met) => {
      earlier.hash = met.hash;
      return honest(a.property, met);
    });
    const tried = attempt(at, (met) => [capability(a.property), 1, signature(met)]);
    expect(tried).toMatchObject({ result: "DENIED", opened: false, check: "Q8" });
  });

  test("the honest one, beside them, opens", () => {
    expect(attempt(copy(), (met) => honest(a.property, met))).toMatchObject({
      result: "opened",
      opened: true,
    });
  });
});

describe("a handshake", () => {
  const over = (
    act: (at: {
      lock: TestLock;
      link: NonNullable<ReturnType<typeof openLink>>;
      heard: air.Message[];
    }) => void,
  ) => {
    const lock = copyOf();
    const heard: air.Message[] = [];
    const link = openLink(lock, 244, (message) => heard.push(message));
    if (link === undefined) throw new Error("occupied");
    lock.unlocked = false;
    act({ lock, link, heard });
    link.close();
  };

  test("is good for one request: the second is not heard, though it be the same bytes", () => {
    over(({ lock, link, heard }) => {
      const met = meet(a.property, link, heard);
      const asked = honest(a.property, met);
      expect(request(link, heard, met, asked)).toBe("opened");
      lock.unlocked = false;
      expect(request(link, heard, met, asked)).toBe("REJECTED");
      expect(lock.unlocked).toBe(false);
    });
  });

  test("is used up by a request that fails", () => {
    over(({ lock, link, heard }) => {
      const met = meet(a.property, link, heard);
      expect(request(link, heard, met, new Uint8Array(10))).toBe("REJECTED");
      expect(request(link, heard, met, honest(a.property, met))).toBe("REJECTED");
      expect(lock.unlocked).toBe(false);
    });
  });

  test("is forgotten for the next one, and with its connection", () => {
    over(({ lock, link, heard }) => {
      const first = meet(a.property, link, heard);
      const second = meet(a.property, link, heard);
      expect(request(link, heard, first, honest(a.property, first))).not.toBe("opened");
      expect(lock.unlocked).toBe(false);
      link.close();
      const later = openLink(lock, 244, (message) => heard.push(message));
      if (later === undefined) throw new Error("occupied");
      expect(request(later, heard, second, honest(a.property, second))).toBe("REJECTED");
      expect(lock.unlocked).toBe(false);
      later.close();
    });
  });

  test("T9: is good for three seconds, however busy the courier keeps the lock meanwhile", () => {
    for (const [seconds, result] of [
      [3, "opened"],
      [3.1, "REJECTED"],
    ] as const) {
      over(({ lock, link, heard }) => {
        const met = meet(a.property, link, heard);
        for (let tenth = 0; tenth < seconds * 10; tenth++) {
          lock.clock.uptimeMs += 100;
          lock.board.tick();
          link.say({ type: air.messageType("hello"), body: new Uint8Array(0) });
        }
        expect(request(link, heard, met, honest(a.property, met))).toBe(result);
        expect(lock.unlocked).toBe(result === "opened");
      });
    }
  });

  test("is needed: a request without one is refused in clear", () => {
    over(({ lock, link, heard }) => {
      const met = {
        hash: new Uint8Array(32),
        toResponder: new Uint8Array(32),
        toInitiator: new Uint8Array(32),
      };
      expect(request(link, heard, met, honest(a.property, met))).toBe("REJECTED");
      expect(lock.unlocked).toBe(false);
    });
  });

  test("never has the lock's ephemeral key of another", () => {
    const lock = copyOf();
    const keys = new Set<string>();
    for (let time = 0; time < 40; time++) {
      const heard: air.Message[] = [];
      const link = openLink(lock, 244, (message) => heard.push(message));
      if (link === undefined) throw new Error("occupied");
      for (let again = 0; again < 3; again++) meet(a.property, link, heard);
      for (const { body } of heard) keys.add(authority.toHex(body.subarray(0, 32)));
      link.close();
    }
    expect(keys.size).toBe(120);
  });
});

describe("T8: recorded, cut and spliced", () => {
  // Three visits of the real thing, of which somebody heard every byte, and one that was refused.
  const lock = copyOf();
  const tapes = Array.from({ length: 3 }, () => unlock(lock, a.property));
  const refusedTape = unlock(lock, a.property, {
    capability: capability(a.property, { minTableVersion: 9 }),
  });
  const recorded = [...tapes, refusedTape].flatMap(({ toLock, toPhone }) => [...toLock, ...toPhone]);

  test("the visits that were recorded did open", () => {
    expect(tapes.map(({ opened }) => opened)).toEqual([true, true, true]);
    expect(recorded).toHaveLength(16);
  });

  test("a transcript said again, message by message, opens nothing, then or after a restart", () => {
    for (const restarts of [false, true]) {
      const at = lock;
      if (restarts) reboot(at);
      for (const { toLock } of tapes) {
        at.unlocked = false;
        const heard: air.Message[] = [];
        const link = openLink(at, 244, (message) => heard.push(message));
        for (const message of toLock) link?.say(message);
        link?.close();
        expect(at.unlocked).toBe(false);
        expect(heard.map(({ type }) => air.messageName(type))).toEqual(["unlock-start", "unlocked"]);
      }
    }
  });

  test("P12: any messages of any visits, whole, cut or spliced, with a fresh handshake before or among them", () => {
    const piece = fc.record({
      from: fc.nat(recorded.length - 1),
      with: fc.nat(recorded.length - 1),
      at: fc.nat(250),
      how: fc.constantFrom("whole", "cut", "spliced", "flipped", "handshake"),
      as: fc.constantFrom("unlock-start", "unlock"),
    });
    let heard = 0;
    let handshakes = 0;
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 7 }), (pieces) => {
        const at = copyOf();
        // The copy draws what the recorded lock drew: a restart puts it past that.
        reboot(at);
        at.unlocked = false;
        const answers: air.Message[] = [];
        const link = openLink(at, 244, (message) => answers.push(message));
        for (const one of pieces) {
          const body = recorded[one.from]?.body ?? new Uint8Array(0);
          const tail = recorded[one.with]?.body ?? new Uint8Array(0);
          if (link === undefined || link.closed) break;
          if (one.how === "handshake") {
            link.say({
              type: air.messageType("unlock-start"),
              body: accepted(
                air.startUnlock(crypto, doorKey(a.property), bytesOf(`p12 ${handshakes++}`, 32)),
              ),
            });
            continue;
          }
          const made = {
            whole: body,
            cut: body.subarray(0, one.at % (body.length + 1)),
            spliced: authority.concat(body.subarray(0, one.at), tail.subarray(one.at)),
            flipped: body.map((byte, i) => (i === one.at % body.length ? byte ^ 1 : byte)),
          }[one.how];
          const bound = air.messageCatalog[one.as].toLock;
          link.say({ type: air.messageType(one.as), body: made.subarray(0, bound) });
        }
        link?.close();
        heard += answers.length;
        expect(at.unlocked).toBe(false);
        expect(at.notes.some((note) => note.what === "opened")).toBe(false);
      }),
      runs(150),
    );
    expect(heard).toBeGreaterThan(300);
    expect(handshakes).toBeGreaterThan(50);
  });

  test("a request sealed for one lock's handshake does not fit a handshake with another, nor a later one", () => {
    const at = copyOf();
    const straying = { ephemeral: bytesOf("the same phone key twice", 32) };
    const first = unlock(at, a.property, straying);
    expect(first.opened).toBe(true);
    // The phone repeats its ephemeral key: the lock's own still makes the handshake another one.
    const heard: air.Message[] = [];
    at.unlocked = false;
    const link = openLink(at, 244, (message) => heard.push(message));
    for (const message of first.toLock) link?.say(message);
    link?.close();
    expect(at.unlocked).toBe(false);
    expect(unlock(at, a.property, straying).opened, "and said anew it opens").toBe(true);
  });
});

test("nothing that is refused changes anything but the journal", () => {
  const at = copyOf();
  const before = storesOf(at);
  unlock(at, a.property, { door: doorKey(b.property) });
  attempt({ lock: at, property: a.property }, () => new Uint8Array(30));
  attempt({ lock: at, property: a.property }, (met) => honest(a.property, met, capability(b.property)));
  expect(storesOf(at)).toBe(before);
});

test("T16: what is too short for a handshake is refused before any key is agreed upon or made public", () => {
  let agreements = 0;
  const counted = createCrypto({
    ...portable,
    x25519(secret, publicKey) {
      agreements++;
      return portable.x25519(secret, publicKey);
    },
    x25519Public(secret) {
      agreements++;
      return portable.x25519Public(secret);
    },
  });
  const lock = { name, dhSecret: bytesOf("dh", 32) };
  const judged = (message: Bytes) => acceptUnlockStart(counted, lock, bytesOf("lock", 32), message);
  for (const length of [0, 9, 47]) {
    expect(judged(new Uint8Array(length).fill(9))).toMatchObject({ ok: false, check: "noise/short" });
    expect(agreements, `${length} bytes`).toBe(0);
  }
  expect(judged(new Uint8Array(48).fill(9)), "a whole one has to be tried").toMatchObject({
    check: "noise/tag",
  });
  expect(agreements).toBeGreaterThan(0);
});

test("the rules say the same over the portable provider, which a lock may be built with", () => {
  const soft = createCrypto(portable);
  const lock = { name, dhSecret: bytesOf("dh", 32) };
  const door = { name, dh: soft.agreePublic(lock.dhSecret) };
  const ephemeral = bytesOf("phone", 32);
  const met = acceptUnlockStart(
    soft,
    lock,
    bytesOf("lock", 32),
    accepted(air.startUnlock(crypto, door, ephemeral)),
  );
  if (!met.ok) throw new Error(met.check);
  const with_ = { capability: capability(a.property), seed: resident.seed };
  const asked = air.askUnlock(crypto, door, ephemeral, met.value.reply, with_);
  if (!asked.ok) throw new Error(asked.check);
  const { keys } = a.property.lock;
  const pinned = Object.fromEntries(
    (["root", "table", "capability", "time"] as const).map((key) => [
      key,
      soft.signPublic(authoritySeeds[key]),
    ]),
  );
  const trust = { name, keys, authority: { ...pinned, box: soft.agreePublic(authoritySeeds.box) } } as never;
  const held = { elapsedSeconds: 0, version: 1, snapshotOnly: false, time: { lower: noon, upper: noon } };
  const verdict = acceptUnlock(soft, trust, { ...held, channel: met.value.channel }, asked.value.message);
  expect(verdict).toMatchObject({ ok: true, value: { deviceKey: resident.key } });
});
