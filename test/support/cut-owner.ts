/**
 * What passes between a lock and its owner besides tables, when the power fails: events are fetched and acknowledged,
 * the authority's keys change, the lock forgets its owner. Not the cuts themselves; they are in `power-cuts.ts`.
 */
import type { Bytes } from "@doorsync/protocol/authority";
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import {
  authoritySeeds,
  bytesOf,
  commission,
  crypto,
  deliver,
  forkParts,
  inForce,
  makeLock,
  noon,
  openLink,
  type TestAuthority,
  type TestLock,
  visit,
  wait,
} from "../world.ts";
import { codesOf, demand, held, judgeTable, name, owned, running, type Start } from "./cut-start.ts";
import type { Past, Scenario } from "./power-cuts.ts";

function twinOf(lock: TestLock): TestLock {
  return makeLock(name, { parts: forkParts(lock) });
}

/** Owned, and somebody came in a few times. */
function livedIn(): Start {
  const start = owned(2);
  const parts = forkParts(start.parts);
  const lock = makeLock(name, { parts });
  for (const code of ["1000", "1037", "5790"]) {
    lock.press(code);
    wait(lock, 61);
  }
  demand(running(lock).journal.events.length > 5, "nothing was written down");
  lock.board.powerOff();
  return { ...start, parts };
}

interface Place {
  readonly seq: number;
  readonly head: Bytes;
}

/** The place in the log after a message, if it is a segment that the authority believes; throws if it does not. */
function placeAfter(property: TestAuthority, place: Place, message: air.Message): Place {
  if (air.messageName(message.type) !== "segment") return place;
  const segment = authority.acceptSegment(crypto, property.lock, authoritySeeds.box, place, message.body);
  demand(segment.ok, `after event ${place.seq}: ${segment.ok ? "" : segment.check}`);
  return segment.value;
}

function pull(after: number): air.Message {
  return { type: air.messageType("pull"), body: air.encodePull(after) };
}

export function acknowledgement(): Scenario {
  const start = livedIn();
  const { property, parts } = start;
  const beginning: Place = { seq: 0, head: new Uint8Array(16) };
  const same = held(start, new Map());
  /** What the authority holds of the log once it has heard all of this; every told event follows from those before. */
  const heldAfter = ({ said }: Pick<Past, "said">, from = beginning): Place =>
    said.reduce((place, message) => placeAfter(property, place, message), from);
  return {
    name: "acknowledgement",
    lock: name,
    parts,
    run(lock) {
      if (lock.board.state.power === "off") return;
      // An authority that held what it once acknowledged.
      const { seq, head } = running(lock).journal.acked;
      let place: Place = { seq, head };
      const link = openLink(lock, 244, (message) => {
        place = placeAfter(property, place, message);
      });
      link?.say(pull(seq));
      if (place.seq > seq) {
        const body = authority.issueAck(crypto, property.tableSeed, property.lock.name, place);
        link?.say({ type: air.messageType("ack"), body });
      }
      link?.close();
    },
    judge(lock, when, past) {
      const place = heldAfter(past);
      const { acked } = running(lock).journal;
      demand(acked.seq <= place.seq, `acknowledged ${acked.seq}, and told ${place.seq}`);
      demand(when === "cut" || acked.seq > 0, "nothing was acknowledged");
      const noted = past.notes.flatMap((note) => (note.what === "acknowledged" ? [note.seq] : []));
      demand(acked.seq >= Math.max(0, ...noted), "an acknowledgement was forgotten");
      // What is left can still be fetched, to the last event, and follows from what was told.
      const twin = twinOf(lock);
      const rest = heldAfter({ said: visit(twin, [pull(place.seq)]) }, place);
      demand(rest.seq === running(twin).journal.lastSeq, `told up to ${rest.seq}`);
      judgeTable(twin, [same], property, past);
    },
  };
}

const laterSeeds = {
  table: bytesOf("later table", 32),
  capability: bytesOf("later capability", 32),
  time: bytesOf("later time", 32),
  box: bytesOf("later box", 32),
};

function rotationOf({ lock }: TestAuthority): air.Message {
  const { table, capability, time, box } = laterSeeds;
  const said = {
    epoch: lock.name.epoch + 1,
    issuedAt: noon,
    table: crypto.signPublic(table),
    capability: crypto.signPublic(capability),
    time: crypto.signPublic(time),
    box: crypto.agreePublic(box),
  };
  const body = authority.issueRotation(crypto, authoritySeeds.root, lock.name.lockId, said);
  return { type: air.messageType("rotation"), body };
}

/** The first table of the later keys. */
function laterSnapshot(property: TestAuthority, codes: ReadonlyMap<number, string>): authority.Issued {
  const { name: before, keys } = property.lock;
  const lock = { name: { ...before, epoch: before.epoch + 1 }, keys };
  const at = { table: property.tableOf(codes), to: 1, issuedAt: noon, lifeHours: 168 };
  return authority.issueSnapshot(crypto, laterSeeds.table, lock, at);
}

/** Whether a version is taken, and is then in force. */
function takes(lock: TestLock, issued: authority.Issued): boolean {
  deliver(lock, issued);
  const now = inForce(lock);
  return now?.version === issued.to && authority.equal(now.items, authority.packItems(issued.table));
}

export function changeOfKeys(): Scenario {
  const { property, parts, table, codes } = owned(2);
  const items = authority.packItems(table);
  const byOldKeys = property.delta(property.tableOf(codesOf(1, 8_000)));
  const byLaterKeys = laterSnapshot(property, codesOf(1, 9_000));
  const rotation = rotationOf(property);
  return {
    name: "change of keys",
    lock: name,
    parts,
    run(lock) {
      visit(lock, [rotation]);
    },
    judge(lock, when, past) {
      const { secure, store } = running(lock);
      demand(!store.damaged, "damaged");
      const changed = secure.epoch === 2;
      demand(changed || (when === "cut" && secure.epoch === 1), `epoch ${secure.epoch}`);
      const told = past.said.some((message) => {
        const hello = air.messageName(message.type) === "hello" ? air.readHello(message.body) : undefined;
        return hello?.ok === true && hello.value.epoch === 2;
      });
      demand(!told || changed, "it said that it had changed, and forgot");
      demand(authority.equal(inForce(lock)?.items ?? new Uint8Array(0), items), "another table");
      const twin = twinOf(lock);
      for (const code of codes.values()) demand(twin.press(code) === "accepted", `${code} shut out`);
      demand(takes(twin, byOldKeys) === !changed, "the old keys after the change, or not before it");
      demand(takes(twin, byLaterKeys) === changed, "the later keys before the change, or not after it");
    },
  };
}

export function firstTableOfOtherKeys(): Scenario {
  const start = owned(2);
  const { property, table } = start;
  const parts = forkParts(start.parts);
  const lock = makeLock(name, { parts });
  visit(lock, [rotationOf(property)]);
  demand(running(lock).secure.epoch === 2, "the keys did not change");
  lock.board.powerOff();
  const codes = codesOf(3, 9_000);
  const issued = laterSnapshot(property, codes);
  const [before, after] = [authority.packItems(table), authority.packItems(issued.table)];
  return {
    name: "first table of other keys",
    lock: name,
    parts,
    run(lock) {
      deliver(lock, issued);
    },
    judge(lock, when, past) {
      const { secure, store } = running(lock);
      demand(!store.damaged && secure.epoch === 2, `damaged, or epoch ${secure.epoch}`);
      const now = inForce(lock)?.items ?? new Uint8Array(0);
      const isNew = authority.equal(now, after);
      demand(isNew || (when === "cut" && authority.equal(now, before)), "neither table");
      const signedFor = past.said.some(({ type }) => air.messageName(type) === "receipt");
      demand(!signedFor || isNew, "a receipt for a table that is not in force");
      const twin = twinOf(lock);
      demand((twin.press("9000") === "accepted") === isNew, "a code of the new table at the door");
      demand((twin.press("1000") === "accepted") !== isNew, "a code of the old table at the door");
    },
  };
}

export function factoryReset(): Scenario {
  const start = livedIn();
  const { property, parts } = start;
  const same = held(start, new Map());
  const before = makeLock(name, { parts: forkParts(parts) });
  const events = running(before).journal.events.map((bytes) => Buffer.from(bytes));
  const snapshot = property.snapshot(start.table);
  return {
    name: "factory reset",
    lock: name,
    parts,
    run(lock) {
      if (lock.board.state.power === "off" || running(lock).secure.phase === "factory") return;
      lock.board.holdReset();
    },
    judge(lock, when, past) {
      const { secure, journal, inForce: table } = running(lock);
      const wasSaid = past.notes.some(({ what }) => what === "factory-reset");
      if (secure.phase === "owned") {
        demand(when === "cut" && !wasSaid, "the owner is not forgotten");
        judgeTable(twinOf(lock), [same], property, past);
        return;
      }
      demand(secure.phase === "factory" && secure.epoch === 1, `${secure.phase}, epoch ${secure.epoch}`);
      const keys = [secure.signSeed, secure.dhSecret, ...Object.values(secure.keys)];
      demand(
        keys.every((key) => key.every((byte) => byte === 0)),
        "a key of the last owner is left",
      );
      demand(table.table.count === 0, "a table of the last owner");
      const [first] = journal.events.map(authority.decodeEvent);
      const { LockFactoryReset } = authority.alarmCodes;
      demand(
        first?.ok === true && first.value.kind === "DoorLockAlarm" && first.value.detail === LockFactoryReset,
        "the reset is not at the head of the journal",
      );
      const image = Buffer.from(lock.flash.read());
      demand(!events.some((bytes) => image.includes(bytes)), "events of the last owner are left");
      // The next owner comes in, and the last one does not.
      const twin = twinOf(lock);
      demand(twin.press("1000") === "refused", "a code of the last owner");
      const next = commission(twin, name, 2);
      deliver(twin, snapshot);
      demand(inForce(twin)?.version === 0, "the last owner's table");
      demand(
        next.receipt(deliver(twin, next.snapshot(next.tableOf(codesOf(1, 9_000)))))?.version === 1,
        "no",
      );
      demand(
        twin.press("9000") === "accepted" && twin.press("1000") === "refused",
        "at the next owner's door",
      );
    },
  };
}
