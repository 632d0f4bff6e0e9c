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
import { sign1 } from "../packages/protocol/src/crypto/sign1.ts";
import { updatePayload } from "../packages/protocol/src/messages/update.ts";
import { issueReceipt } from "../packages/protocol/src/rules/receipt.ts";
import { signedContext } from "../packages/protocol/src/rules/trust.ts";
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
  return [...said, ...receipt, { type: air.messageType("time"), body: time }];
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
  const types = fc.oneof(fc.nat(255), fc.constantFrom(1, 2, 3, 4, 5, 6, 10));
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

test("P6: no message is taken for another, in any type", () => {
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
  expect(tried).toBe(18);
  expect(makeLock("B", { parts: forkParts(b.lock) }).press("6666")).toBe("refused");
});

function offerOf(name: authority.LockName): authority.CommissionOffer {
  const key = crypto.signPublic(bytesOf("mine", 32));
  const all = { root: key, table: key, capability: key, time: key, box: key };
  return { ...name, tag: bytesOf("tag", 8), issuedAt: noon, ...all };
}

function receiptBy(seed: Uint8Array, name: authority.LockName, said: authority.ReceiptSaid): Uint8Array {
  return issueReceipt(crypto, seed, name, said);
}
