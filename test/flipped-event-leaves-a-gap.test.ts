/**
 * T39: an event of which a bit flipped in flash is lost, but not its place in the log: a gap stands there, the same at
 * every boot, so that the chain goes on and the authority hears that something is missing. What power cuts do to the
 * journal is `journal-survives-cuts.test.ts`.
 */
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { describe, expect, test } from "vitest";
import { slotAddress, slotsPerSector } from "../packages/lock-sim/src/firmware/journal.ts";
import { restoreJournal } from "../packages/lock-sim/src/firmware/journal-boot.ts";
import { running } from "./support/cut-start.ts";
import {
  acknowledge,
  append,
  type Bench,
  fill,
  geometry,
  headOf,
  newBench,
  reclaimAll,
} from "./support/journal-rig.ts";
import {
  authoritySeeds,
  commission,
  crypto,
  deliver,
  makeLock,
  reboot,
  type TestLock,
  visit,
  wait,
} from "./world.ts";

/** Flips one bit of every record that holds these 24 bytes; returns how many there were. */
function flip(flash: TestLock["flash"], event: Uint8Array, bit: number): number {
  const image = Buffer.from(flash.read());
  let found = 0;
  for (let at = image.indexOf(event); at >= 0; at = image.indexOf(event, at + 1)) {
    flash.rot(at + 8, bit);
    found++;
  }
  return found;
}

const gap = {
  at: 0,
  kind: "Gap",
  flags: authority.eventFlags.timeUnknown | authority.eventFlags.atLeast,
  source: "Unspecified",
  detail: authority.eventClasses.security,
  credential: 0,
  version: 0,
  count: 1,
};

function decoded(events: readonly Uint8Array[]): authority.LockEvent[] {
  return events.map((bytes) => {
    const event = authority.decodeEvent(bytes);
    if (!event.ok) throw new Error(event.check);
    return event.value;
  });
}

const journalOf = ({ flash }: Bench) => {
  flash.powerOn();
  return restoreJournal(geometry, flash.read()).journal;
};

describe("in the journal", () => {
  test.each([
    ["one event", [3]],
    ["several in a row", [2, 3, 4]],
    ["the first that waits", [1]],
  ])("a gap stands for each that is illegible: %s", (_name, lost) => {
    const bench = append(newBench(), 6);
    const whole = bench.journal.events;
    for (const seq of lost) expect(flip(bench.flash, whole[seq - 1] ?? new Uint8Array(24), seq % 8)).toBe(1);
    const { events, lastSeq } = journalOf(bench);
    expect(lastSeq).toBe(6);
    expect(decoded(events).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const [index, event] of events.entries()) {
      if (lost.includes(index + 1)) expect(decoded([event])[0]).toEqual({ seq: index + 1, ...gap });
      else expect(event).toEqual(whole[index]);
    }
    expect(journalOf(bench).events).toEqual(events);
  });

  test("an illegible event that the authority has needs none", () => {
    const bench = acknowledge(append(newBench(), 4), 3);
    const { sector = 0 } = bench.journal.sectors[0] ?? {};
    bench.flash.rot(slotAddress(geometry, sector, 2) + 16, 3);
    expect(decoded(journalOf(bench).events).map(({ kind }) => kind)).toEqual(["TimeSet"]);
  });

  test("the gap stays the same when the sector before it was erased meanwhile", () => {
    const edge = reclaimAll(newBench());
    const full = append(fill(edge, "security", slotsPerSector - edge.journal.slot), 4);
    const first = full.journal.sectors[1];
    const seq = full.journal.lastSeq - 3;
    expect(full.journal.filling).toBe(1);
    expect(flip(full.flash, full.journal.events[seq - 1] ?? new Uint8Array(24), 2)).toBe(1);
    const before = journalOf(full).events;
    expect(decoded(before)[seq - 1]).toEqual({ seq, ...gap });
    const acked = acknowledge({ ...full, journal: journalOf(full) }, seq - 1);
    const wear = acked.flash.wear()[0] ?? 0;
    const later = reclaimAll(acked);
    expect(later.flash.wear()[0], "the sector before was erased").toBeGreaterThan(wear);
    const after = journalOf(later);
    expect(after.acked).toEqual({ seq: seq - 1, head: headOf(seq - 1) });
    expect(after.sectors[0]?.sector).toBe(first?.sector);
    expect(after.events).toEqual(before.slice(seq - 1));
  });
});

test("the authority takes the log with the gap, and its acknowledgement is taken", () => {
  const lock = makeLock("flipped");
  const property = commission(lock, "flipped");
  deliver(lock, property.snapshot(property.tableOf(new Map([[0, "4821"]]))));
  for (let i = 0; i < 3; i++) {
    expect(lock.press("4821")).toBe("accepted");
    wait(lock, 61);
  }
  const { events } = running(lock).journal;
  const lost = decoded(events).findIndex(({ kind }) => kind === "LockOperation");
  expect(flip(lock.flash, events[lost] ?? new Uint8Array(24), 1)).toBe(1);
  reboot(lock);
  const place = { seq: 0, head: new Uint8Array(16) };
  const pull = { type: air.messageType("pull"), body: air.encodePull(0) };
  const [segment] = visit(lock, [pull]);
  const told = authority.acceptSegment(
    crypto,
    property.lock,
    authoritySeeds.box,
    place,
    segment?.body ?? new Uint8Array(0),
  );
  if (!told.ok) throw new Error(told.check);
  expect(told.value.events[lost]).toEqual({ seq: lost + 1, ...gap });
  expect(told.value.events.length).toBeGreaterThan(lost + 1);
  const body = authority.issueAck(crypto, property.tableSeed, property.lock.name, told.value);
  visit(lock, [{ type: air.messageType("ack"), body }]);
  expect(running(lock).journal.acked.seq).toBe(told.value.seq);
});
