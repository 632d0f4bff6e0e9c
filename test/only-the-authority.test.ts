/**
 * P3, P5, P6 and P23 over the whole lock: a table comes from this lock's authority, or not at all. Not from a
 * stranger's bytes, not from another lock's or another epoch's messages, not from a message taken for another, and not
 * from everything that is inside another lock.
 */

import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeSecure } from "../packages/lock-sim/src/firmware/secure.ts";
import { encode } from "../packages/protocol/src/cbor/codec.ts";
import { context } from "../packages/protocol/src/crypto/context.ts";
import { sign1, splitSign1 } from "../packages/protocol/src/crypto/sign1.ts";
import { updatePayload } from "../packages/protocol/src/messages/update.ts";
import { acceptManifest, acceptUpdate } from "../packages/protocol/src/rules/accept-update.ts";
import { acceptAck, issueSegment } from "../packages/protocol/src/rules/log.ts";
import { issueReceipt } from "../packages/protocol/src/rules/receipt.ts";
import { acceptRotation } from "../packages/protocol/src/rules/rotation.ts";
import { acceptTime } from "../packages/protocol/src/rules/time.ts";
import { type LockTrust, signedContext } from "../packages/protocol/src/rules/trust.ts";
import { acceptUnlock } from "../packages/protocol/src/rules/unlock.ts";
import { accepted } from "./accepted.ts";
import { runs } from "./replay.ts";
import {
  answerName,
  authoritySeeds,
  bytesOf,
  commission,
  crypto,
  deliver,
  forkParts,
  inForce,
  makeLock,
  noon,
  storesOf,
  type TestAuthority,
  type TestLock,
  visit,
} from "./world.ts";

interface Home {
  readonly lock: TestLock;
  readonly property: TestAuthority;
}

const codes = (...list: string[]): Map<number, string> => new Map(list.map((code, i) => [i, code]));

/** A lock with the same codes, versions and authority as every other one here, under its own name and keys. */
function home(name: string, epoch = 1): Home {
  const lock = makeLock(name);
  const property = commission(lock, name, epoch);
  expect(answerName(deliver(lock, property.snapshot(property.tableOf(codes("4821", "7001")))))).toBe(
    "receipt",
  );
  return { lock, property };
}

const a = home("A");
const b = home("B");
const next = {
  a: a.property.delta(a.property.tableOf(codes("0042", "7001"))),
  b: b.property.delta(b.property.tableOf(codes("0042", "7001"))),
};
const stream = {
  a: a.property.snapshot(a.property.tableOf(codes("1212", "7001"))),
  b: b.property.snapshot(b.property.tableOf(codes("1212", "7001"))),
};

/** What a lock of this property believes. */
function believed(property: TestAuthority): LockTrust {
  const { root, table, capability, time, box } = authoritySeeds;
  return {
    ...property.lock,
    authority: {
      root: crypto.signPublic(root),
      table: crypto.signPublic(table),
      capability: crypto.signPublic(capability),
      time: crypto.signPublic(time),
      box: crypto.agreePublic(box),
    },
  };
}

/** One of each thing that is said to a lock, in earnest, plus what a lock and its authority answer. */
function messagesOf(
  { lock, property }: Home,
  update: authority.Issued,
  whole: authority.Issued,
): air.Message[] {
  const said = [...update.messages, ...whole.messages];
  const receipt = visit(makeLock("copy", { parts: forkParts(lock) }), [
    { type: air.messageType("receipt"), body: new Uint8Array(0) },
  ]);
  const nonce = bytesOf("nonce", 16);
  const time = authority.issueTime(crypto, property.timeSeed, property.lock.name, nonce, noon);
  const { root, table } = authoritySeeds;
  const { name } = property.lock;
  const keys = offerOf(name);
  const place = { seq: 0, head: bytesOf("head", 16) };
  const bodies = {
    time,
    rotation: authority.issueRotation(crypto, root, name.lockId, { ...keys, epoch: name.epoch + 1 }),
    pull: air.encodePull(0),
    segment: issueSegment(crypto, believed(property), bytesOf("segment", 32), place, []),
    ack: authority.issueAck(crypto, table, name, place),
    "unlock-start": accepted(air.startUnlock(crypto, { name, dh: property.lockPublic.dh }, nonce32)),
    unlock: capabilityFor(authoritySeeds.capability, name),
  };
  const types = Object.keys(bodies) as (keyof typeof bodies)[];
  return [...said, ...receipt, ...types.map((type) => ({ type: air.messageType(type), body: bodies[type] }))];
}

test("P3: any stream of bytes leaves the table as the authority signed it", () => {
  const lock = makeLock("A", { parts: forkParts(a.lock) });
  const before = inForce(lock);
  const known = messagesOf(a, next.a, stream.a).map((message) => message.body);
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    // Pieces of what was really said, moved, doubled and cut.
    fc.tuple(fc.nat(known.length - 1), fc.nat(200), fc.nat(400)).map(([n, from, length]) => {
      return (known[n] ?? new Uint8Array(0)).slice(from, from + length);
    }),
  );
  const types = fc.oneof(fc.nat(255), fc.constantFrom(1, 2, 3, 4, 5, 6, 10, 11, 12, 14, 16, 17));
  let messages = 0;
  fc.assert(
    fc.property(fc.array(fc.tuple(types, fc.array(piece, { maxLength: 4 })), { maxLength: 8 }), (said) => {
      for (const [type, pieces] of said) {
        const body = authority.concat(...pieces);
        if (known.some((one) => authority.equal(one, body))) continue;
        visit(lock, [{ type, body }], 514);
        messages++;
      }
      expect(inForce(lock)).toEqual(before);
    }),
    runs(150),
  );
  expect(messages).toBeGreaterThan(300);
  expect(lock.press("4821")).toBe("accepted");
  expect(answerName(deliver(lock, next.a)), "and the authority is still heard, after a while").toMatch(
    /receipt|BUSY/,
  );
});

test("P5: an update of one lock is refused by the other, with equal versions, tables and authority", () => {
  for (const issued of [next.b, stream.b]) {
    const lock = makeLock("A", { parts: forkParts(a.lock) });
    const before = storesOf(lock);
    expect(answerName(deliver(lock, issued))).toBe("REJECTED");
    expect(storesOf(lock)).toBe(before);
    expect(lock.notes.at(-2)).toMatchObject({ what: "refused", check: "U9" });
  }
});

test("P5: even a lock that holds the very keys of another is another lock by its name", () => {
  // The same keys under another lock id: only the name in the signature tells them apart.
  const { name, keys } = a.property.lock;
  const elsewhere = { name: { ...name, lockId: bytesOf("elsewhere", 16) }, keys };
  const table = a.property.tableOf(codes("6666"));
  const issued = authority.issueSnapshot(crypto, authoritySeeds.table, elsewhere, {
    table,
    to: 9,
    issuedAt: noon,
    lifeHours: 168,
  });
  const lock = makeLock("A", { parts: forkParts(a.lock) });
  expect(answerName(deliver(lock, issued))).toBe("REJECTED");
  expect(lock.press("6666")).toBe("refused");
});

test("the other epoch's messages are refused, with equal keys and lock id", () => {
  const { name, keys } = a.property.lock;
  for (const epoch of [0, 2, 3]) {
    const other = { name: { ...name, epoch }, keys };
    const issued = authority.issueSnapshot(crypto, authoritySeeds.table, other, {
      table: a.property.tableOf(codes("6666")),
      to: 9,
      issuedAt: noon,
      lifeHours: 168,
    });
    const lock = makeLock("A", { parts: forkParts(a.lock) });
    expect(answerName(deliver(lock, issued))).toBe("REJECTED");
    expect(inForce(lock)).toEqual(inForce(a.lock));
  }
});

test("P6, T11: no message is taken for another, in any type", () => {
  let tried = 0;
  for (const message of messagesOf(a, next.a, stream.a)) {
    const lock = makeLock("A", { parts: forkParts(a.lock) });
    const before = storesOf(lock);
    for (let type = 0; type < 256; type++) {
      if (type === message.type) continue;
      // A minute later the lock spends signature verifications on strangers again.
      lock.clock.uptimeMs += 60_000;
      const answers = visit(lock, [{ type, body: message.body }]);
      expect(["REJECTED", "UNSUPPORTED", "TOO_LARGE"]).toContain(answerName(answers.at(-1)));
      tried++;
    }
    expect(storesOf(lock)).toBe(before);
  }
  expect(tried).toBeGreaterThan(1_000);
});

test("P6, T11: no signed or sealed object is believed by the judge of another, though every key be the right one", () => {
  // One key for every purpose: only type and record tell the objects apart.
  const { lock: door, tableSeed: seed } = a.property;
  const key = crypto.signPublic(seed);
  const trust: LockTrust = {
    ...believed(a.property),
    authority: { root: key, table: key, capability: key, time: key, box: believed(a.property).authority.box },
  };
  const nonce = bytesOf("nonce", 16);
  const place = { seq: 3, head: bytesOf("head", 16) };
  const tableOf = (list: Map<number, string>) => a.property.tableOf(list);
  const at = { to: 3, issuedAt: noon, lifeHours: 168, table: tableOf(codes("4821", "7001")) };
  const held = {
    version: 2,
    table: at.table,
    state: authority.tableState(crypto, door.keys.state, 2, at.table),
    lowerSeconds: noon,
    capacity: 1_000,
    snapshotOnly: false,
  };
  const put = a.property.item(5, "5555");
  const delta = authority.issueUpdate(crypto, seed, door, { ...at, from: 2 }, { removes: [], puts: [put] });
  const bodyOf = (issued: authority.Issued | undefined): Uint8Array =>
    issued?.messages[0]?.body ?? new Uint8Array(0);
  const offer = { ...offerOf(door.name), epoch: 2 };
  const said = { version: 3, issuedAt: noon, state: held.state, lowerSeconds: noon, flags: 0 };
  const objects = {
    update: bodyOf(delta.ok ? delta.value : undefined),
    manifest: bodyOf(authority.issueSnapshot(crypto, seed, door, at)),
    receipt: issueReceipt(crypto, seed, door.name, said),
    time: authority.issueTime(crypto, seed, door.name, nonce, noon),
    rotation: authority.issueRotation(crypto, seed, door.name.lockId, offer),
    segment: issueSegment(crypto, trust, bytesOf("segment", 32), place, []),
    ack: authority.issueAck(crypto, seed, door.name, place),
    capability: capabilityFor(seed, door.name),
  };
  type Kind = keyof typeof objects;
  const judges: Readonly<Record<Kind, (body: Uint8Array) => authority.Verdict<unknown>>> = {
    update: (body) => acceptUpdate(crypto, trust, held, body),
    manifest: (body) => acceptManifest(crypto, trust, held, body),
    receipt: (body) => authority.acceptReceipt(crypto, door.name, key, body),
    time: (body) => {
      const asked = { nonce, elapsedSeconds: 1, floorSeconds: 0, tableIssuedAt: noon };
      return acceptTime(crypto, trust, asked, body);
    },
    rotation: (body) => acceptRotation(crypto, trust, body),
    segment: (body) => authority.acceptSegment(crypto, door, authoritySeeds.box, place, body),
    ack: (body) => acceptAck(crypto, trust, { ackedSeq: 0, lastSeq: 9, headOf: () => place.head }, body),
    capability: (body) => {
      const channel = { hash: bytesOf("h", 32), toResponder: nonce32, toInitiator: nonce32 };
      const signature = crypto.sign(deviceSeed, context(18, channel.hash, 1));
      const request = encode([body.subarray(0, 160), 1, signature]);
      const sealed = crypto.seal(nonce32, new Uint8Array(12), new Uint8Array(0), request);
      const met = {
        channel,
        elapsedSeconds: 0,
        version: 9,
        snapshotOnly: false,
        time: { lower: noon, upper: noon },
      };
      return acceptUnlock(crypto, trust, met, sealed);
    },
  };
  const kinds = Object.keys(objects) as Kind[];
  let tried = 0;
  for (const kind of kinds) {
    expect(judges[kind](objects[kind]), `${kind} in its own place`).toMatchObject({ ok: true });
    for (const other of kinds.filter((one) => one !== kind)) {
      const verdict = judges[other](objects[kind]);
      expect(verdict.ok ? "believed" : verdict.refusal, `${kind} as ${other}`).toMatch(/REJECTED|TOO_LARGE/);
      tried++;
    }
  }
  expect(tried).toBe(kinds.length * (kinds.length - 1));

  // Each payload signed anew by the right key, in every context but its own.
  const contexts: readonly Uint8Array[] = [2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 16, 17, 18].flatMap((type) => [
    context(type, door.name.lockId),
    signedContext(type, door.name),
    signedContext(type, door.name, nonce),
  ]);
  const signed = kinds.filter((kind) => kind !== "segment");
  for (const kind of signed) {
    const parts = splitSign1(objects[kind], 512);
    if (!parts.ok) throw new Error(`${kind} is no COSE_Sign1`);
    const believedIn = contexts.filter(
      (bound) => judges[kind](sign1(crypto, seed, bound, parts.value.payload)).ok,
    );
    expect(believedIn.length, kind).toBe(1);
  }
});

test("P6: what a key of another purpose signed is refused", () => {
  const payload = updatePayload.encode({
    to: 9,
    sealed: { iv: new Uint8Array(12), ciphertext: new Uint8Array(64) },
  });
  for (const [purpose, seed] of Object.entries(authoritySeeds)) {
    const type = air.messageType("update");
    const body = sign1(crypto, seed, signedContext(type, a.property.lock.name), payload);
    const lock = makeLock("A", { parts: forkParts(a.lock) });
    const answer = answerName(visit(lock, [{ type, body }])[0]);
    // The table key's signature is good, and what is behind it opens nothing.
    expect(answer).toBe(purpose === "table" ? "BODY_INVALID" : "REJECTED");
    expect(inForce(lock)).toEqual(inForce(a.lock));
  }
});

test("P23: everything that is inside one lock makes nothing that another believes", () => {
  const read = decodeSecure(a.lock.secure.read());
  if (!read.ok) throw new Error("the secure element does not read");
  const stolen = read.value;
  const target = b.property.lock.name;
  const table = a.property.tableOf(codes("6666"));
  const at = { to: 9, issuedAt: noon, lifeHours: 168 };
  const seeds = [stolen.signSeed, stolen.dhSecret, stolen.setupSecret, ...Object.values(stolen.keys)];
  let tried = 0;
  for (const raw of seeds) {
    const seed = raw.length === 32 ? raw : crypto.hash(raw);
    for (const keys of [stolen.keys, { ...stolen.keys, update: seed, iv: seed }]) {
      const lock = makeLock("B", { parts: forkParts(b.lock) });
      const before = storesOf(lock);
      const forged = authority.issueSnapshot(crypto, seed, { name: target, keys }, { ...at, table });
      expect(answerName(deliver(lock, forged))).toBe("REJECTED");
      const offered = {
        setup: { secret: stolen.setupSecret },
        ephemeral: seed,
        offer: { ...offerOf(target), epoch: 7 },
      };
      const body = authority.issueCommission(crypto, offered);
      expect(answerName(visit(lock, [{ type: air.messageType("commission"), body }])[0])).toBe("REJECTED");
      expect(storesOf(lock)).toBe(before);
      // Nor does B's authority take A's word for B's.
      const said = { version: 9, issuedAt: noon, state: new Uint8Array(8), lowerSeconds: noon, flags: 0 };
      expect(
        b.property.receipt({ type: air.messageType("receipt"), body: receiptBy(seed, target, said) }),
      ).toBeUndefined();
      tried++;
    }
  }
  // Three secrets of its own and the seven keys shared with its authority, each twice.
  expect(tried).toBe(20);
  expect(makeLock("B", { parts: forkParts(b.lock) }).press("6666")).toBe("refused");
});

const nonce32 = bytesOf("nonce", 32);
const deviceSeed = bytesOf("device", 32);

/** Leave for one device, an hour around noon. */
function capabilityFor(seed: Uint8Array, name: authority.LockName): Uint8Array {
  const deviceKey = crypto.signPublic(deviceSeed);
  const said = { notBefore: noon - 1_800, notAfter: noon + 1_800, deviceKey, minTableVersion: 1 };
  const issued = authority.issueCapability(crypto, seed, name, said);
  if (!issued.ok) throw new Error(issued.check);
  return issued.value;
}

function offerOf(name: authority.LockName): authority.CommissionOffer {
  const key = crypto.signPublic(bytesOf("mine", 32));
  const all = { root: key, table: key, capability: key, time: key, box: key };
  return { ...name, tag: bytesOf("tag", 8), issuedAt: noon, ...all };
}

function receiptBy(seed: Uint8Array, name: authority.LockName, said: authority.ReceiptSaid): Uint8Array {
  return issueReceipt(crypto, seed, name, said);
}
