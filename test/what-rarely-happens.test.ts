/**
 * A whole lock in moments that hardly any visit meets: the courier is gone before flash has answered, a word of flash
 * does not take, a bank or the memory for uses is full, the motor is slow. Power cuts are tested elsewhere, as is what
 * single plans do at their bounds (`plans-know-their-bounds.test.ts`).
 */
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { boltSecondsMax, decodeEvent, firstCredentialId, nextHead } from "@doorsync/protocol/lock";
import { describe, expect, test } from "vitest";
import type { Event, Happening } from "../packages/lock-sim/src/firmware/events.ts";
import { geometryFor, lineBytes, wordBytes } from "../packages/lock-sim/src/firmware/geometry.ts";
import { encodeRecord, readRecord } from "../packages/lock-sim/src/firmware/record.ts";
import type { Running } from "../packages/lock-sim/src/firmware/state.ts";
import { createFirmware } from "../packages/lock-sim/src/firmware/step.ts";
import { bankEnd, firstRecordAt } from "../packages/lock-sim/src/firmware/store.ts";
import { running } from "./support/cut-scenarios.ts";
import { type SlowLock, slowLock } from "./support/slow-lock.ts";
import {
  answerName,
  commission,
  crypto,
  deliver,
  forkParts,
  type LockParts,
  makeLock,
  noon,
  type TestAuthority,
  visit,
} from "./world.ts";

const geometry = geometryFor(70);
const codes = (count: number): Map<number, string> =>
  new Map(Array.from({ length: count }, (_, id) => [id, String(4_821 + id)]));

const home = makeLock("rare");
const property = commission(home, "rare");
const { name, keys } = property.lock;
deliver(home, property.snapshot(property.tableOf(codes(1))));
home.board.powerOff();
const delta = property.delta(property.tableOf(codes(2)), 1);
const deltaAfter = property.delta(property.tableOf(codes(3)), 2);
const large = property.snapshot(property.tableOf(codes(66)), 9);
const [manifest, firstChunk, lastChunk] = large.messages as [air.Message, air.Message, air.Message];

const message = (type: air.MessageName, body: Uint8Array = authority.noBytes): air.Message => ({
  type: air.messageType(type),
  body,
});

function on({ state }: SlowLock): Running {
  if (state.power === "off") throw new Error("the lock is dark");
  return state;
}

/** Works until nothing is outstanding; throws where there is no end of it. */
function finish(lock: SlowLock): void {
  for (let operations = 0; lock.work(); operations++)
    if (operations > 2_000) throw new Error("the lock writes without end");
}

/** A lock that has done all that it does by itself after power-on, with a courier. */
function visited(parts: LockParts = forkParts(home)): SlowLock {
  const lock = slowLock(parts);
  finish(lock);
  lock.connect();
  return lock;
}

/** Says each message when the one before is answered; the name of the last answer. */
function tell(lock: SlowLock, ...messages: readonly air.Message[]): string {
  for (const one of messages) {
    lock.say(one);
    finish(lock);
  }
  return answerName(lock.heard().at(-1));
}

function leave(lock: SlowLock): void {
  lock.happen({ kind: "disconnected" });
  finish(lock);
}

/** The next operation does nothing, and does not tell. */
function loseOne({ parts: { flash } }: SlowLock): void {
  flash.arm({ kind: "lost", atOp: flash.counters.ops });
}

/** The chip of `parts`, of which a part takes nothing while `isDead` says so, and reads back blank. */
function dying(parts: LockParts, isDead: (address: number) => boolean): LockParts {
  const { flash, secure } = parts;
  const program: typeof flash.program = (address, bytes) =>
    isDead(address) ? "done" : flash.program(address, bytes);
  const read: typeof flash.read = (address, length) =>
    address !== undefined && isDead(address)
      ? new Uint8Array(length ?? 0).fill(0xff)
      : flash.read(address, length);
  return { secure, flash: { ...flash, program, read } };
}

const isInJournal = (address: number): boolean =>
  address >= geometry.journalAddress && address < geometry.bankAddress[0];

/** The signed word that all events up to now have arrived. */
function acknowledgement({ journal, secure }: Running): air.Message {
  const head = journal.events.reduce(
    (chain, event) => nextHead(crypto, secure.keys.log, chain, event),
    journal.acked.head,
  );
  return message("ack", authority.issueAck(crypto, property.tableSeed, name, { seq: journal.lastSeq, head }));
}

function token(lock: SlowLock, seconds: number): air.Message {
  lock.say(message("hello", air.encodeHelloRequest(true)));
  const hello = air.readHello(lock.heard().at(-1)?.body ?? authority.noBytes);
  if (!hello.ok || hello.value.nonce === undefined) throw new Error("no nonce");
  return message("time", authority.issueTime(crypto, property.timeSeed, name, hello.value.nonce, seconds));
}

describe("what a courier brought before it left", () => {
  const brought: Readonly<Record<string, (lock: SlowLock) => [air.Message, (state: Running) => unknown]>> = {
    "an update": () => [delta.messages[0] ?? manifest, (state) => state.inForce.version],
    "a chunk": (lock) => {
      tell(lock, manifest);
      return [firstChunk, (state) => state.half?.expected.index];
    },
    "the time": (lock) => [token(lock, noon + 9_000), (state) => state.store.floorSeconds],
    "an acknowledgement": (lock) => [acknowledgement(on(lock)), (state) => state.journal.acked.seq],
  };

  test.each(Object.entries(brought))("%s, is kept or not, and nobody is answered", (_, bring) => {
    for (const isLost of [false, true]) {
      const lock = visited();
      const [last, kept] = bring(lock);
      const before = kept(on(lock));
      const heard = lock.heard().length;
      lock.say(last);
      expect(lock.pending, "flash is at work").toBeDefined();
      if (isLost) loseOne(lock);
      lock.happen({ kind: "disconnected" });
      lock.connect();
      finish(lock);
      expect(lock.heard()).toEqual([]);
      expect(heard).toBeGreaterThanOrEqual(0);
      expect(lock.notes.some(({ what }) => what === "storage-failed")).toBe(isLost);
      if (isLost) expect(kept(on(lock))).toEqual(before);
      else expect(kept(on(lock))).not.toEqual(before);
    }
  });
});

describe("a stream", () => {
  test("under way keeps out an older one, and goes on", () => {
    const lock = visited();
    expect(tell(lock, manifest, firstChunk)).toBe("next");
    const older = property.snapshot(property.tableOf(codes(65)), 8);
    expect(tell(lock, ...older.messages.slice(0, 1))).toBe("STALE");
    expect(tell(lock, manifest, lastChunk)).toBe("receipt");
    expect(on(lock).inForce.version).toBe(large.to);
  });

  test("whose opening did not take has no place for its chunks", () => {
    const lock = visited();
    loseOne(lock);
    expect(tell(lock, manifest)).toBe("STORAGE");
    expect(tell(lock, firstChunk)).toBe("REJECTED");
    expect(tell(lock, manifest, firstChunk, lastChunk)).toBe("receipt");
  });

  test("in a bank where block after block does not take is refused when the bank is full; a later one is taken", () => {
    let isWorn = true;
    const { bank } = on(slowLock(forkParts(home))).store.spare;
    expect(bank, "the spare bank").toBe(0);
    // All but the heads of the blocks: where a head is, boot sees how far the record goes.
    const blocks = geometry.bankAddress[0] + firstRecordAt + 128;
    const isBody = (at: number): boolean =>
      at >= blocks && at < bankEnd(geometry, 0) && at % lineBytes === 2 * wordBytes;
    const lock = visited(dying(forkParts(home), (at) => isWorn && isBody(at)));
    const checks = (): string[] => lock.notes.map((note) => ("check" in note ? note.check : note.what));
    for (let tries = 0; tries < 30 && !checks().includes("C7"); tries++) {
      expect(tell(lock, manifest, firstChunk)).toBe("STORAGE");
      leave(lock);
      lock.connect();
    }
    expect(checks().at(-2)).toBe("C7");
    isWorn = false;
    const later = property.snapshot(property.tableOf(codes(66)), 10);
    expect(tell(lock, ...later.messages)).toBe("receipt");
  });

  /** `lock` with a changed memory, and what follows from it: what takes a year of bad luck to come about. */
  function inState(lock: SlowLock, changes: Partial<Running>) {
    const { step } = createFirmware({ crypto, geometry });
    let state = { ...on(lock), ...changes } as Running;
    const notes: string[] = [];
    return {
      notes,
      happen(happening: Happening): void {
        const event: Event = { now: { ...lock.now }, ...happening };
        const stepped = step(state, event);
        state = stepped.state as Running;
        for (const effect of stepped.effects) {
          if (effect.kind !== "note") continue;
          notes.push(effect.note.what === "refused" ? effect.note.check : effect.note.what);
        }
      },
    };
  }

  test("that came whole is refused where the time has no room beside it", () => {
    const lock = visited();
    tell(lock, manifest, firstChunk);
    lock.say(lastChunk);
    leave(lock);
    const { store, half } = on(lock);
    const { spare } = store;
    if (spare.kind !== "open") throw new Error("no stream");
    expect([half?.expected.index, spare.items], "all of it lies there").toEqual([2, 67]);
    const full = { ...spare, appendAt: bankEnd(geometry, spare.bank) };
    const changed = inState(lock, { store: { ...store, floorSeconds: noon + 1, spare: full } });
    changed.happen({ kind: "connected", entropy: new Uint8Array(32), frameBytesMax: 244 });
    for (const bytes of air.segment(air.emptyOutbox, manifest.type, manifest.body, 244).frames)
      changed.happen({ kind: "frame", bytes });
    expect(changed.notes).toEqual(["S3"]);
  });

  test("that does not come to what its manifest says is refused as a whole", () => {
    const lock = visited();
    const table = property.tableOf(codes(4));
    const other = { ...table, count: table.count, items: () => table.items(), digest: new Uint8Array(32) };
    const wrong = authority.issueSnapshot(crypto, property.tableSeed, property.lock, {
      to: 12,
      table: other as typeof table,
      issuedAt: noon,
      lifeHours: 168,
    });
    expect(tell(lock, ...wrong.messages)).not.toBe("receipt");
    expect(lock.heard().map(answerName)).toEqual(["next", expect.not.stringMatching(/next|receipt/)]);
    const base = property.signed.get(1) ?? table;
    const at = { from: 1, to: 13, table: base, issuedAt: noon, lifeHours: 168 };
    const change = authority.changeBetween(base, property.tableOf(codes(61)));
    const astray = { ...property.lock, keys: { ...keys, digest: new Uint8Array(32) } };
    const issued = authority.issueUpdate(crypto, property.tableSeed, astray, at, change);
    if (!issued.ok) throw new Error(issued.check);
    expect(issued.value.messages.length, "a delta in a stream").toBe(2);
    expect(tell(lock, ...issued.value.messages)).not.toBe("receipt");
    expect(lock.heard().map(answerName).slice(-2)).toEqual([
      "next",
      expect.not.stringMatching(/next|receipt/),
    ]);
    expect(on(lock).inForce.version).toBe(1);
  });
});

describe("storage that does not take", () => {
  test("a commit word: the lock takes no more until it has moved its table, and then it does", () => {
    const lock = visited();
    expect(tell(lock, manifest, firstChunk), "a snapshot is on its way").toBe("next");
    lock.say(delta.messages[0] ?? manifest);
    while (lock.pending?.kind !== "secure") lock.work();
    loseOne(lock);
    finish(lock);
    expect(answerName(lock.heard().at(-1)), "the secure element has it").toBe("receipt");
    expect(tell(lock, ...deltaAfter.messages)).toBe("BUSY");
    expect(tell(lock, token(lock, noon + 9_000))).toBe("BUSY");
    leave(lock);
    lock.connect();
    expect(tell(lock, ...deltaAfter.messages)).toBe("receipt");
    expect(on(lock).inForce.version).toBe(deltaAfter.to);
  });

  test("the journal's repair at power-on: the door opens, and what happened is written later", () => {
    let isWorn = true;
    const lock = slowLock(dying(forkParts(home), (address) => isWorn && isInJournal(address)));
    lock.connect();
    finish(lock);
    expect(on(lock).journalToMend).toBe(true);
    const { lastSeq } = on(lock).journal;
    lock.press("4821#");
    finish(lock);
    expect(lock.notes.some(({ what }) => what === "opened")).toBe(true);
    expect(on(lock).journal.lastSeq).toBe(lastSeq);
    expect(tell(lock, acknowledgement(on(lock)))).toBe("BUSY");
    isWorn = false;
    leave(lock);
    const kinds = on(lock).journal.events.map((bytes) => {
      const event = decodeEvent(bytes);
      return event.ok ? event.value.kind : undefined;
    });
    expect(kinds.slice(-2)).toEqual(["Boot", "LockOperation"]);
  });

  test("the notebook's repair at power-on: attempts are counted all the same, elsewhere", () => {
    let isWorn = true;
    const lock = slowLock(dying(forkParts(home), (address) => isWorn && address < geometry.journalAddress));
    const { group } = on(lock).notebook;
    while (on(lock).lanes.keypad?.then.next === "repaired") lock.work();
    isWorn = false;
    finish(lock);
    expect(on(lock).notebook.group).not.toBe(group);
    lock.press("0000#");
    finish(lock);
    expect(on(lock).notebook.attempts.at(-1)?.right).toBe(false);
  });

  test("the repair of a first snapshot on its way: it is begun anew", () => {
    const fresh = makeLock("rare first");
    const owner: TestAuthority = commission(fresh, "rare first");
    const issued = owner.snapshot(owner.tableOf(codes(66)));
    visit(fresh, issued.messages.slice(0, 2));
    fresh.board.powerOff();
    const lock = slowLock(dying(forkParts(fresh), (address) => address >= geometry.bankAddress[0] && isWorn));
    let isWorn = true;
    expect(on(lock).half?.expected.index).toBe(1);
    lock.connect();
    finish(lock);
    expect([on(lock).half, on(lock).store.force]).toEqual([undefined, undefined]);
    isWorn = false;
    leave(lock);
    lock.connect();
    expect(tell(lock, ...issued.messages)).toBe("receipt");
  });
});

test("a table whose code was exchanged in flash is damaged: nothing opens, and the lock says so", () => {
  const lock = makeLock("rare", { parts: forkParts(home) });
  const { bank } = running(lock).store.force ?? { bank: 0 };
  const image = home.flash.read();
  const start = geometry.bankAddress[bank] + firstRecordAt;
  const begin = readRecord(image, start, bankEnd(geometry, bank));
  if (begin.what !== "record") throw new Error("no begin");
  const at = start + begin.found.extent;
  const block = readRecord(image, at, bankEnd(geometry, bank));
  if (block.what !== "record" || block.found.record.kind !== "block") throw new Error("no block");
  const { body } = block.found.record;
  const items = authority.concat(body.items.slice(0, -29), property.item(0, "6666"));
  const { head, rest, commit } = encodeRecord({ kind: "block", body: { ...body, items } });
  image.set(authority.concat(head, rest, commit), at);
  const exchanged = slowLock(forkParts(home));
  finish(exchanged);
  exchanged.happen({ kind: "power-off" });
  exchanged.happen({ kind: "power-on", flash: image, secure: home.secure.read() });
  expect(on(exchanged).store.damaged).toBe(true);
  finish(exchanged);
  for (const code of ["6666", "4821"]) {
    exchanged.press(`${code}#`);
    finish(exchanged);
  }
  exchanged.connect();
  expect(tell(exchanged, message("hello"))).toBe("hello");
  const hello = air.readHello(exchanged.heard().at(-1)?.body ?? authority.noBytes);
  expect(hello.ok && hello.value.flags & air.helloFlags.damaged).toBeTruthy();
  tell(exchanged, message("receipt"));
  const receipt = property.receipt(exchanged.heard().at(-1));
  expect((receipt?.flags ?? 0) & authority.receiptFlags.damaged).toBeTruthy();
  const opened = exchanged.notes.filter(({ what }) => what === "opened");
  const denied = exchanged.notes.filter((note) => note.what === "denied" && note.reason === "damaged");
  expect([opened.length, denied.length]).toEqual([0, 2]);
});

test.each(["receipt", "pull"] as const)("a courier that says %s again and again is sent away", (name) => {
  const lock = visited();
  let asked = 0;
  while (on(lock).session !== undefined && asked++ < 20) lock.say(message(name));
  expect(asked).toBeLessThan(20);
  expect(lock.heard().map(answerName).at(-1)).toBe("BUSY");
});

test("of more than 32 events that wait for flash none is lost uncounted", () => {
  const lock = slowLock(forkParts(home));
  expect(lock.pending).toBeDefined();
  for (let turned = 0; turned < 40; turned++) lock.happen({ kind: "cylinder", to: "unlocked" });
  expect(on(lock).diary.waiting.length).toBe(32);
  finish(lock);
  const events = on(lock).journal.events.map((bytes) => {
    const event = decodeEvent(bytes);
    if (!event.ok) throw new Error(event.check);
    return event.value;
  });
  const manual = events.filter(({ source }) => source === "Manual").length;
  const gaps = events.filter(({ kind }) => kind === "Gap");
  expect(manual + (gaps.at(-1)?.count ?? 0)).toBe(40);
});

test("a limited code does not open where its use could not be remembered beside the others", () => {
  const crowded = makeLock("rare uses", {
    firmware: (lent) => createFirmware({ ...lent, geometry: { ...lent.geometry, usesMax: 1 } }),
  });
  const owner = commission(crowded, "rare uses");
  const tag = (code: string): Uint8Array => authority.pinTag(crypto, owner.lock.keys.pin, code);
  const items = [
    { ...authority.plainRule(1, "code", 0, false), useLimit: 3 },
    authority.alwaysCredential(firstCredentialId, 1, tag("4821")),
    authority.alwaysCredential(firstCredentialId + 1, 1, tag("7001")),
  ].map(authority.encodeItem);
  const table = authority.tableFromItems(crypto, owner.lock.keys.digest, authority.concat(...items));
  if (!table.ok) throw new Error(table.check);
  deliver(crowded, owner.snapshot(table.value));
  expect([crowded.press("4821"), crowded.press("7001"), crowded.press("4821")]).toEqual([
    "accepted",
    "refused",
    "accepted",
  ]);
  expect(crowded.notes).toContainEqual({ what: "denied", reason: "use-not-noted", by: "keypad" });
  const without = authority.tableFromItems(
    crypto,
    owner.lock.keys.digest,
    authority.concat(...items.filter((_, index) => index !== 1)),
  );
  if (!without.ok) throw new Error(without.check);
  deliver(crowded, owner.delta(without.value));
  expect(crowded.press("7001"), "the other one is gone").toBe("accepted");
});

test("a motor that is slow is waited for; one that does not answer is jammed, tried again, and heard once", () => {
  const lock = visited();
  const orders = (): number => lock.did.filter(({ kind }) => kind === "bolt").length;
  const alarms = (): number => lock.did.filter(({ kind }) => kind === "alarm").length;
  const after = (seconds: number): void => {
    lock.now.uptimeMs += 1_000 * seconds;
    lock.happen({ kind: "tick" });
    finish(lock);
  };
  lock.happen({ kind: "bolt-at", at: "locked" });
  lock.press("4821#");
  finish(lock);
  const ordered = orders();
  after(boltSecondsMax);
  expect([alarms(), orders()]).toEqual([0, ordered]);
  after(1);
  expect([alarms(), orders()]).toEqual([1, ordered]);
  after(11);
  after(boltSecondsMax + 1);
  expect([alarms(), orders()], "once more, without an answer").toEqual([1, ordered + 1]);
  lock.happen({ kind: "bolt-at", at: "locked" });
  expect(on(lock).mechanics.jamRaised).toBe(false);
});

test("an answer of the board to nothing, or to something else, is a bug that shows", () => {
  const lock = slowLock(forkParts(home));
  expect(lock.pending?.kind).toBe("program");
  expect(() => lock.happen({ kind: "erased" })).toThrow(/erased answers no program/);
  expect(() => lock.happen({ kind: "secured" })).toThrow(/secured answers no program/);
  finish(lock);
  expect(() => lock.happen({ kind: "erased" })).toThrow(/nothing was asked/);
});

test("the lock wakes from an image that lies anywhere in memory, and from none of another size", () => {
  const image = home.flash.read();
  const shifted = new Uint8Array(image.length + 1).subarray(1);
  shifted.set(image);
  const lock = slowLock(forkParts(home));
  const before = on(lock).inForce;
  finish(lock);
  lock.happen({ kind: "power-off" });
  lock.happen({ kind: "power-on", flash: shifted, secure: home.secure.read() });
  expect(on(lock).inForce.version).toBe(before.version);
  expect(() => lock.happen({ kind: "power-on", flash: image.slice(8), secure: home.secure.read() })).toThrow(
    RangeError,
  );
});
