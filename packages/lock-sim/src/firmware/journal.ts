/**
 * The event journal in flash, as a pure value, and plans of storage operations that change it. Not the record layout
 * (`record.ts`), not reading it back after power-on (`journal-boot.ts`), and not what an event says: of its bytes only
 * seq matters, and its class where room is scarce. The caller executes a plan operation by operation, reading back each
 * program, and then takes `after`; if one did not read back, `worn`.
 *
 * A ring of sectors. Each begins with a line that holds its generation; 63 slots of two lines follow, each for one
 * record: an event, or an anchor, which says up to where the authority has the events and which sectors count.
 *   header   "journal:" | generation u32 | ~generation u32 | the same generation again
 * Sectors that count, by generation: some full, the one being filled, then ready ones. Appending never erases: a sector
 * is made ready in an idle moment. Invariants:
 * 1. A sector counts if the newest anchor names it. It is named only after it was erased whole and its header was read
 *    back; before it is erased again an anchor that no longer names it was read back, in a younger sector. So what a
 *    half-erased sector, or a torn header, reads like is of no account, however often it changes.
 * 2. A sector is erased only when it is the oldest that counts and every event in it is acknowledged, or when it does
 *    not count. The anchor of rule 1 says how far the acknowledgement goes, so the newest anchor is never erased.
 * 3. Every slot begins with the same word. One that was torn there and reads blank is finished by the next record or
 *    stays a hole; any later word of a slot is begun when the first one is whole, so it does not read blank.
 * 4. A record counts by its commit word; the very last whole one also without, if it follows from those before. Boot
 *    programs the last record that counts again, before anything is appended, read or sent: so all that was ever read
 *    back stays as it is.
 * 5. An unfinished record that did not count never counts behind others that do: it is no longer the last. Of two
 *    events with one seq that read as committed the later one was read back, the other never.
 * 6. A seq follows the one before. Events up to the anchor's are gone, wherever they still lie.
 * 7. The events of a former owner are void from one anchor on, which says so; erasing them follows.
 * 8. Room: failures fill at most a quarter of the ring, they and accesses leave an eighth to security; the last 32
 *    records are for gaps and anchors, the last 16 for anchors, the last 8 for anchors that let a sector go. So the
 *    authority's acknowledgement always finds room, and makes some.
 */
import {
  ascii,
  type Bytes,
  concat,
  decodeEvent,
  type EventClass,
  eventClassOf,
  readUint,
  writeUint,
} from "@doorsync/protocol/lock";
import { type Geometry, journalSectors, lineBytes, sectorBytes } from "./geometry.ts";
import { type Anchor, anchorHeadBytes, encodeRecord, type RecordOf } from "./record.ts";
import { program, recordOps, type StorageOp } from "./store.ts";

export type JournalRecord = RecordOf<"event"> | RecordOf<"anchor">;

/** Up to where the authority has the events: seq of the last one, and the value of the log's chain behind it. */
export interface Acknowledged {
  readonly seq: number;
  readonly head: Bytes;
}

/** A sector that counts. */
export interface JournalSector {
  /** Number in the ring. */
  readonly sector: number;
  readonly generation: number;
  /** Greatest seq of an event in it; 0 for none. */
  readonly lastSeq: number;
}

export interface Journal {
  readonly geometry: Geometry;
  /** Of the newest event; 0 before the first. */
  readonly lastSeq: number;
  readonly acked: Acknowledged;
  /** Not acknowledged, in order, 24 bytes each. */
  readonly events: readonly Bytes[];
  /** Those of class failure among them. */
  readonly failures: number;
  /** The sectors that count, oldest first. */
  readonly sectors: readonly JournalSector[];
  /** Which of them is being filled (index), and its next free slot. */
  readonly filling: number;
  readonly slot: number;
  /** The last thing programmed here was read back in this power session: nothing torn lies behind it. */
  readonly settled: boolean;
  /** Sectors of the ring whose header did not take in this power session. */
  readonly unusable: readonly number[];
  /** The last record that counts, as found at boot, until another was read back. */
  readonly believed: JournalRecord | undefined;
}

/** Take `after` once every operation was read back; if one was not, `worn`. */
export interface JournalPlan {
  readonly ops: readonly StorageOp[];
  readonly after: Journal;
  /** `failed` holds if an operation before `until`, and not of an earlier stage, did not read back. */
  readonly stages: readonly { readonly until: number; readonly failed: Journal }[];
}

export const slotBytes: number = 2 * lineBytes;
export const slotsPerSector: number = Math.floor((sectorBytes - lineBytes) / slotBytes);
export const ringRecords: number = journalSectors * slotsPerSector;

const failuresMax = ringRecords / 4;
const recordsForSecurity = ringRecords / 8;
const recordsForGapsAndAnchors = 32;
const recordsForAnchors = 16;
const recordsForAnchorsThatFree = 8;
/** The anchors before and after an erase. */
const anchorsPerReclaim = 2;

export const journalWord: Bytes = ascii("journal:");

export function nothingAcked(): Acknowledged {
  return { seq: 0, head: new Uint8Array(anchorHeadBytes) };
}

export function seqOf(event: Bytes): number {
  return readUint(event, 0, 4);
}

export function failuresAmong(events: readonly Bytes[]): number {
  return events.filter((bytes) => {
    const event = decodeEvent(bytes);
    return event.ok && eventClassOf(event.value.kind, event.value.detail) === "failure";
  }).length;
}

export function journalSectorAddress(geometry: Geometry, sector: number): number {
  return geometry.journalAddress + sector * sectorBytes;
}

export function slotAddress(geometry: Geometry, sector: number, slot: number): number {
  return journalSectorAddress(geometry, sector) + lineBytes + slot * slotBytes;
}

export function headerOp(geometry: Geometry, sector: number, generation: number): StorageOp {
  const number = new Uint8Array(8);
  writeUint(number, 0, 4, generation);
  writeUint(number, 4, 4, ~generation >>> 0);
  return program(journalSectorAddress(geometry, sector), concat(journalWord, number, number));
}

function eraseOp(geometry: Geometry, sector: number): StorageOp {
  return { kind: "erase", sector: geometry.journalAddress / sectorBytes + sector };
}

/** Records that can be appended before a further sector is made ready. */
export function roomOf({ sectors, filling, slot }: Journal): number {
  return sectors.length === 0 ? 0 : (sectors.length - filling) * slotsPerSector - slot;
}

/** The same place, as a slot that exists; throws without room. */
function placed(journal: Journal): Journal {
  if (roomOf(journal) === 0) throw new RangeError("no room in the journal");
  return journal.slot < slotsPerSector ? journal : { ...journal, filling: journal.filling + 1, slot: 0 };
}

function numbersOf(sectors: readonly { readonly sector: number }[]): number {
  return sectors.reduce((bits, { sector }) => bits | (1 << sector), 0);
}

function anchorOf({ acked, sectors }: Pick<Journal, "acked" | "sectors">, voids = 0): RecordOf<"anchor"> {
  const body: Anchor = { voids, seq: acked.seq, head: acked.head, sectors: numbersOf(sectors) };
  return { kind: "anchor", body };
}

function nothingYet(journal: Journal): JournalPlan {
  return { ops: [], after: journal, stages: [] };
}

/** One more record, in the next slot. `taken`: what it changes once it was read back. */
function withRecord(
  plan: JournalPlan,
  record: JournalRecord,
  taken: (journal: Journal) => Journal,
): JournalPlan {
  const at = placed(plan.after);
  const filled = at.sectors[at.filling];
  if (filled === undefined) throw new Error("room in no sector");
  const address = slotAddress(at.geometry, filled.sector, at.slot);
  const ops = [...plan.ops, ...recordOps(address, encodeRecord(record))];
  const passed: Journal = { ...at, slot: at.slot + 1, settled: false };
  return {
    ops,
    after: taken({ ...passed, settled: true, believed: undefined }),
    stages: [...plan.stages, { until: ops.length, failed: passed }],
  };
}

/** Erases a sector that does not count, gives it the next generation and lets it count. */
function withSector(plan: JournalPlan, sector: number, generation: number): JournalPlan {
  const { geometry, sectors, unusable } = plan.after;
  const ops = [...plan.ops, eraseOp(geometry, sector), headerOp(geometry, sector, generation)];
  const failed: Journal = { ...plan.after, unusable: [...unusable, sector] };
  const prepared: JournalPlan = {
    ops,
    after: plan.after,
    stages: [...plan.stages, { until: ops.length, failed }],
  };
  const named = [...sectors, { sector, generation, lastSeq: 0 }];
  // The very first anchor lies in the very sector that it names.
  const first = sectors.length === 0;
  const ready = first ? { ...prepared, after: { ...plan.after, sectors: named } } : prepared;
  const anchor = anchorOf({ ...plan.after, sectors: named });
  const whole = withRecord(ready, anchor, (journal) => ({ ...journal, sectors: named }));
  if (!first) return whole;
  return { ...whole, stages: whole.stages.map(({ until }) => ({ until, failed })) };
}

/** A journal that holds nothing. */
export function blankJournal(geometry: Geometry): Journal {
  return {
    geometry,
    lastSeq: 0,
    acked: nothingAcked(),
    events: [],
    failures: 0,
    sectors: [],
    filling: 0,
    slot: 0,
    settled: false,
    unusable: [],
    believed: undefined,
  };
}

/** The very first sector and anchor. The generation is the sector's own, so that no two first ones have the same. */
export function planFormat(journal: Journal, sector: number): JournalPlan {
  return withSector(nothingYet(journal), sector, sector + 1);
}

/** Goes on in a sector that was made ready, and maybe begun, without an anchor that reads. */
export function planFirstAnchor(journal: Journal): JournalPlan {
  return withRecord(nothingYet(journal), anchorOf(journal), (after) => after);
}

/** Sectors that do not count and may be made ready. */
function idleSectors({ sectors, unusable }: Journal): number[] {
  return Array.from({ length: journalSectors }, (_, sector) => sector).filter(
    (sector) => !unusable.includes(sector) && !sectors.some((one) => one.sector === sector),
  );
}

/** Full sectors, oldest first, of which every event is acknowledged up to `seq`. */
function freedBy({ sectors, filling }: Journal, seq: number): number {
  const kept = sectors.slice(0, filling).findIndex(({ lastSeq }) => lastSeq > seq);
  return kept === -1 ? filling : kept;
}

/** Whether there is room for one more event of a class, or for a "gap" that stands for those that found none. */
export function mayAppend(journal: Journal, eventClass: EventClass | "gap"): boolean {
  const room = roomOf(journal);
  if (eventClass === "gap") return room > recordsForAnchors;
  if (room <= recordsForGapsAndAnchors) return false;
  const soon = idleSectors(journal).length + freedBy(journal, journal.acked.seq);
  const leaves = room + soon * slotsPerSector - recordsForGapsAndAnchors > recordsForSecurity;
  switch (eventClass) {
    case "security":
      return true;
    case "access":
      return leaves;
    case "failure":
      return leaves && journal.failures < failuresMax;
    default:
      throw new TypeError(`no such class: ${String(eventClass satisfies never)}`);
  }
}

/** Writes events down, in order. Throws if there is no room or a seq does not follow: ask `mayAppend` for each first. */
export function planAppend(journal: Journal, events: readonly Bytes[]): JournalPlan {
  return events.reduce((plan, event) => {
    const seq = seqOf(event);
    if (seq !== plan.after.lastSeq + 1) throw new RangeError(`event ${seq} behind ${plan.after.lastSeq}`);
    return withRecord(plan, { kind: "event", body: { event } }, (after) => ({
      ...after,
      lastSeq: seq,
      events: [...after.events, event],
      failures: after.failures + failuresAmong([event]),
      sectors: after.sectors.map((one, index) => (index === after.filling ? { ...one, lastSeq: seq } : one)),
    }));
  }, nothingYet(journal));
}

/** Whether an acknowledgement up to `seq` is news and finds room. Where room is scarce it has to free a sector. */
export function mayAnchor(journal: Journal, seq: number): boolean {
  if (seq <= journal.acked.seq || seq > journal.lastSeq) return false;
  const room = roomOf(journal);
  return room > recordsForAnchorsThatFree || (room > anchorsPerReclaim && freedBy(journal, seq) > 0);
}

/** Writes an acknowledgement down; throws if it goes back, or beyond what happened, or there is no room. */
export function planAnchor(journal: Journal, acked: Acknowledged): JournalPlan {
  const { seq } = acked;
  if (seq < journal.acked.seq || seq > journal.lastSeq)
    throw new RangeError(`${seq} acknowledged, of ${journal.acked.seq} to ${journal.lastSeq}`);
  const anchor = anchorOf({ ...journal, acked });
  return withRecord(nothingYet(journal), anchor, (after) => {
    const events = after.events.filter((event) => seqOf(event) > seq);
    return { ...after, acked, events, failures: failuresAmong(events) };
  });
}

/** Takes the oldest sector out, to be made ready again. */
function withoutOldest(plan: JournalPlan): JournalPlan {
  const [, ...younger] = plan.after.sectors;
  return withRecord(plan, anchorOf({ ...plan.after, sectors: younger }), (after) => ({
    ...after,
    sectors: younger,
    filling: after.filling - 1,
  }));
}

function nextGeneration({ sectors }: Journal): number {
  const youngest = sectors.at(-1);
  if (youngest === undefined) throw new Error("the first sector is given its generation by its number");
  return youngest.generation + 1;
}

/** One plan after the other, as one. */
export function joined(first: JournalPlan, then: JournalPlan): JournalPlan {
  const shifted = then.stages.map(({ until, failed }) => ({ until: until + first.ops.length, failed }));
  return { ops: [...first.ops, ...then.ops], after: then.after, stages: [...first.stages, ...shifted] };
}

/** Makes one more sector ready: one that does not count, else the oldest if all in it is acknowledged. For idle moments. */
export function planReclaim(journal: Journal): JournalPlan | undefined {
  const [idle] = idleSectors(journal);
  if (journal.sectors.length === 0) {
    return idle === undefined ? undefined : planFormat(journal, idle);
  }
  if (roomOf(journal) <= anchorsPerReclaim) return undefined;
  const plan = nothingYet(placed(journal));
  const { settled, sectors, acked } = plan.after;
  if (idle !== undefined) {
    // Something torn behind the newest anchor might name this sector tomorrow, unless another record lies behind it.
    const firm = settled ? plan : withRecord(plan, anchorOf(plan.after), (after) => after);
    return withSector(firm, idle, nextGeneration(firm.after));
  }
  const [oldest] = sectors;
  if (oldest === undefined || freedBy(plan.after, acked.seq) === 0) return undefined;
  return withSector(withoutOldest(plan), oldest.sector, nextGeneration(plan.after));
}

/** For a new owner: voids everything by one anchor, then erases every sector in which something was written. */
export function planWipe(journal: Journal): JournalPlan {
  // Only where word after word did not take. Then the first sector is begun anew, as in a chip never used.
  if (roomOf(journal) === 0) return planFormat(blankJournal(journal.geometry), 0);
  const at = placed(journal);
  const sectors = at.sectors.slice(at.filling).map((one) => ({ ...one, lastSeq: 0 }));
  const next = { ...blankJournal(at.geometry), unusable: at.unusable, slot: at.slot, sectors };
  let plan = withRecord(nothingYet(next), anchorOf(next, 1), (after) => after);
  for (const sector of idleSectors(next)) plan = withSector(plan, sector, nextGeneration(plan.after));
  const [last, ready] = plan.after.sectors;
  if (last === undefined || ready === undefined) return plan;
  // What was being filled is left, so that it can be erased as well.
  const left = withoutOldest({ ...plan, after: { ...plan.after, filling: 1, slot: 0 } });
  return withSector(left, last.sector, nextGeneration(left.after));
}

/** The journal after operation `at` of a plan did not read back: goes on in the next slot, keeps what was written. */
export function worn(plan: JournalPlan, at: number): Journal {
  const stage = plan.stages.find(({ until }) => at < until);
  if (stage === undefined) throw new RangeError(`operation ${at} of ${plan.ops.length}`);
  return stage.failed;
}

/**
 * What to do when the repairs of boot, or this, did not take: the last record again, in the next slot; or, where there
 * was none, another first sector. Undefined: nothing more can be done, and nothing may be appended.
 */
export function planMend(journal: Journal): JournalPlan | undefined {
  if (journal.believed !== undefined)
    return roomOf(journal) === 0
      ? undefined
      : withRecord(nothingYet(journal), journal.believed, (after) => after);
  const { geometry, unusable, sectors } = journal;
  const tried = [...unusable, ...sectors.map(({ sector }) => sector)];
  return planReclaim({ ...blankJournal(geometry), unusable: tried });
}
