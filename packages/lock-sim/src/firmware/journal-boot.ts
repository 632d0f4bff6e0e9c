/**
 * From what the flash chip reads at power-on to the journal. Pure: it repairs nothing itself, but names the operations
 * that make what was believed read the same for ever. The rules by which records get there, and why this may believe
 * them, are in `journal.ts`.
 *
 * A ring that holds no anchor was never used. Its first sector is then one that was made ready before, or else one whose
 * first word does not say so: a header's generation is begun when that word is whole, so a sector in which an anchor
 * can lie is not erased for a second time, unless power failed in all of them.
 * Cost: one pass over the ring.
 */
import { type Bytes, encodeEvent, equal, eventClasses, eventFlags, readUint } from "@doorsync/protocol/lock";
import { type Geometry, journalSectors, wordBytes } from "./geometry.ts";
import {
  type Acknowledged,
  blankJournal,
  failuresAmong,
  headerOp,
  type Journal,
  type JournalRecord,
  journalSectorAddress,
  journalWord,
  nothingAcked,
  planFirstAnchor,
  planFormat,
  seqOf,
  slotAddress,
  slotBytes,
  slotsPerSector,
} from "./journal.ts";
import { encodeRecord, type LogRecord, type RecordOf, readRecord } from "./record.ts";
import { commitOp, recordOps, type StorageOp } from "./store.ts";

interface Restored {
  /** Holds once the repairs are executed; if one did not take, see `spoilt`. */
  readonly journal: Journal;
  /** To be executed, each read back, before anything is appended or sent. May be repeated after another cut. */
  readonly repairs: readonly StorageOp[];
}

interface FoundHere {
  readonly record: JournalRecord;
  readonly at: number;
  readonly sector: number;
  readonly committed: boolean;
}

/** One sector as it reads today. */
interface SectorReading {
  readonly sector: number;
  readonly generation: number;
  readonly records: readonly FoundHere[];
  /** Slots up to the last that does not read blank. */
  readonly slots: number;
}

/** The generation in a header, from either of its copies; 0 if neither holds. */
function generationOf(image: Bytes, address: number): number {
  for (const at of [address + wordBytes, address + 2 * wordBytes]) {
    const generation = readUint(image, at, 4);
    if (readUint(image, at + 4, 4) === ~generation >>> 0) return generation;
  }
  return 0;
}

function isOfJournal(record: LogRecord): record is JournalRecord {
  return record.kind === "event" || record.kind === "anchor";
}

function isBlank(image: Bytes, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (image[at] !== 0xff) return false;
  return true;
}

function readSector(geometry: Geometry, image: Bytes, sector: number): SectorReading {
  const records: FoundHere[] = [];
  let slots = 0;
  for (let slot = 0; slot < slotsPerSector; slot++) {
    const at = slotAddress(geometry, sector, slot);
    if (isBlank(image, at, at + slotBytes)) continue;
    slots = slot + 1;
    const reading = readRecord(image, at, at + slotBytes);
    if (reading.what !== "record") continue;
    const { record, committed } = reading.found;
    if (isOfJournal(record)) records.push({ record, at, sector, committed });
  }
  const generation = generationOf(image, journalSectorAddress(geometry, sector));
  return { sector, generation, records, slots };
}

/** What the records that count say, read one after the other. */
interface Story {
  /** With the sector in which each lies. */
  events: { readonly seq: number; readonly event: Bytes; readonly sector: number }[];
  anchor: RecordOf<"anchor"> | undefined;
  acked: Acknowledged;
  lastSeq: number;
  /** The last record that counts. */
  last: FoundHere | undefined;
}

function tell(story: Story, { record, sector }: FoundHere): void {
  switch (record.kind) {
    case "event": {
      const { event } = record.body;
      const seq = seqOf(event);
      // Of two with one number the later one was read back.
      while ((story.events.at(-1)?.seq ?? 0) >= seq) story.events.pop();
      story.events.push({ seq, event, sector });
      story.lastSeq = Math.max(story.acked.seq, seq);
      return;
    }
    case "anchor": {
      const { voids, seq, head } = record.body;
      if (voids === 1) {
        story.events = [];
        story.lastSeq = 0;
      }
      story.anchor = record;
      story.acked = { seq, head };
      story.lastSeq = Math.max(story.lastSeq, seq);
      return;
    }
    default:
      throw new TypeError(`no such record: ${String(record satisfies never)}`);
  }
}

/** Whether a record without a commit word follows from those before it. */
function follows({ acked, lastSeq, anchor }: Story, record: JournalRecord): boolean {
  if (record.kind === "event") return anchor !== undefined && seqOf(record.body.event) === lastSeq + 1;
  if (anchor === undefined || record.body.voids === 1) return true;
  return record.body.seq >= acked.seq && record.body.seq <= lastSeq;
}

function storyOf(sectors: readonly SectorReading[]): Story {
  const found = sectors.flatMap(({ records }) => records);
  const story: Story = { events: [], anchor: undefined, acked: nothingAcked(), lastSeq: 0, last: undefined };
  for (const one of found) {
    if (!one.committed && (one !== found.at(-1) || !follows(story, one.record))) continue;
    tell(story, one);
    story.last = one;
  }
  return story;
}

/**
 * Stands for an event that can no longer be read: a bit of it flipped by itself. Its bytes follow from its seq alone, so
 * that the log's chain is the same at every boot, also when its neighbours are gone.
 */
function illegible(seq: number): Bytes {
  return encodeEvent({
    seq,
    at: 0,
    kind: "Gap",
    flags: eventFlags.timeUnknown | eventFlags.atLeast,
    source: "Unspecified",
    detail: eventClasses.security,
    credential: 0,
    version: 0,
    count: 1,
  });
}

/** The events that wait behind `ackedSeq`, one for each seq. */
function waitingAfter(ackedSeq: number, events: Story["events"]): readonly Bytes[] {
  const waiting: Bytes[] = [];
  for (const { seq, event } of events) {
    if (seq <= ackedSeq) continue;
    while (ackedSeq + waiting.length + 1 < seq) waiting.push(illegible(ackedSeq + waiting.length + 1));
    waiting.push(event);
  }
  return waiting;
}

function isNamed(sectors: number, sector: number): boolean {
  return (sectors >> sector) % 2 === 1;
}

function firstWordIs(image: Bytes, geometry: Geometry, sector: number, word: Bytes): boolean {
  const at = journalSectorAddress(geometry, sector);
  return equal(image.subarray(at, at + word.length), word);
}

/** A ring without an anchor. */
function begin(geometry: Geometry, image: Bytes, readings: readonly SectorReading[]): Restored {
  const blank = blankJournal(geometry);
  const ready = readings
    .filter(({ generation, slots }) => generation !== 0 && slots < slotsPerSector)
    .sort((a, b) => b.slots - a.slots || a.sector - b.sector)[0];
  if (ready !== undefined) {
    const { sector, generation, slots } = ready;
    const sectors = [{ sector, generation, lastSeq: 0 }];
    const { ops, after } = planFirstAnchor({ ...blank, sectors, slot: slots });
    return { journal: after, repairs: [headerOp(geometry, sector, generation), ...ops] };
  }
  const untried = readings.find(({ sector }) => !firstWordIs(image, geometry, sector, journalWord));
  const { ops, after } = planFormat(blank, untried?.sector ?? 0);
  return { journal: after, repairs: ops };
}

/** The journal after power-on, and what to execute before it is used. Blank flash is an empty journal. */
export function restoreJournal(geometry: Geometry, image: Bytes): Restored {
  const readings = Array.from({ length: journalSectors }, (_, sector) => readSector(geometry, image, sector));
  const inOrder = readings
    .filter(({ generation }) => generation !== 0)
    .sort((a, b) => a.generation - b.generation);
  const { anchor } = storyOf(inOrder);
  if (anchor === undefined) return begin(geometry, image, readings);
  const { sectors } = anchor.body;
  const youngest = inOrder.findLastIndex(({ sector }) => isNamed(sectors, sector));
  // Younger ones are named by no anchor that reads: with records only if a bit of that anchor flipped by itself.
  const told = inOrder.filter(
    ({ sector, records }, index) => isNamed(sectors, sector) || (index > youngest && records.length > 0),
  );
  const { events, acked, lastSeq, last } = storyOf(told);
  const begun = told.findLast(({ slots }) => slots > 0);
  if (last === undefined || begun === undefined)
    throw new Error("an anchor that counts is not in a sector that counts");
  const waiting = waitingAfter(acked.seq, events);
  const journal: Journal = {
    ...blankJournal(geometry),
    lastSeq,
    acked,
    events: waiting,
    failures: failuresAmong(waiting),
    sectors: told.map(({ sector, generation }) => ({
      sector,
      generation,
      lastSeq: events.findLast((one) => one.sector === sector)?.seq ?? 0,
    })),
    filling: told.indexOf(begun),
    slot: begun.slots,
    believed: last.record,
  };
  const again = encodeRecord(last.record);
  return {
    journal,
    repairs: last.committed ? [commitOp(last.at, again)] : recordOps(last.at, again),
  };
}
