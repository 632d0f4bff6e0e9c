/**
 * The keypad's notebook and the event journal of a flash image in words, as the lock would find them at its next
 * power-on. Not record by record as it lies; image.ts does that for the table.
 */
import { type Bytes, decodeEvent, toHex } from "@doorsync/protocol/lock";
import { type Geometry, journalSectors, sectorBytes } from "../firmware/geometry.ts";
import { ringRecords } from "../firmware/journal.ts";
import { restoreJournal } from "../firmware/journal-boot.ts";
import { restoreNotebook } from "../firmware/notebook.ts";
import { eventWords } from "./event-words.ts";
import { isoTime, spanWords } from "./status.ts";

/** Attempts and uses shown; the rest is counted. */
const rowsMax = 12;

export function describeNotebook(geometry: Geometry, image: Bytes): readonly string[] {
  const { notebook, repairs } = restoreNotebook(geometry, image);
  const { attempts, uses, uptimeSeconds, rtcMarkSeconds, clockSetSeconds, lastDay, boots } = notebook;
  const wrong = attempts.filter((one) => !one.right).length;
  const bytes = 2 * geometry.notebookSectors * sectorBytes;
  return [
    `notebook at ${place(geometry.notebookAddress)}, ${bytes} bytes: ${wrong} wrong of the last codes tried, ${uptimeSeconds} s of powered uptime written down`,
    ...newest(attempts).map(
      (one) =>
        `  tried at ${one.uptimeSeconds} s of uptime: ${one.right ? "right" : "wrong, or never judged"}`,
    ),
    ...left(attempts.length, "tries before these"),
    ...(rtcMarkSeconds === 0 ? [] : [`  the clock showed at least ${isoTime(rtcMarkSeconds)}`]),
    ...(clockSetSeconds === 0 ? [] : [`  the authority last set the clock: ${isoTime(clockSetSeconds)}`]),
    ...(lastDay < 0 ? [] : [`  the last daily code was of ${isoTime(lastDay * 86_400).slice(0, 10)}, local`]),
    ...newest(uses).map(
      ({ credential, count, firstSeconds }) =>
        `  credential ${credential} was used ${count === 1 ? "once" : `${count} times`}, first at ${isoTime(firstSeconds)}`,
    ),
    ...left(uses.length, "credentials with uses before these"),
    ...(boots.length === 0
      ? []
      : [
          `  ${boots.length} ${boots.length === 1 ? "boot" : "boots"} in the last ${spanWords(3_600)} of uptime`,
        ]),
    ...repairWords(repairs.length),
  ];
}

export function describeJournal(geometry: Geometry, image: Bytes): readonly string[] {
  const { journal, repairs } = restoreJournal(geometry, image);
  const { acked, events, lastSeq, sectors, filling, slot } = journal;
  const at = sectors[filling];
  return [
    `journal at ${place(geometry.journalAddress)}, ${journalSectors * sectorBytes} bytes: ${lastSeq} events so far, ${events.length} of ${ringRecords} wait for the authority`,
    ...(acked.seq === 0 ? [] : [`  the authority has those up to ${acked.seq}, head ${toHex(acked.head)}`]),
    ...(at === undefined
      ? []
      : [`  ${sectors.length} sectors count, sector ${at.sector} is filled up to slot ${slot}`]),
    ...left(events.length, "events before these"),
    ...newest(events).map((bytes) => {
      const event = decodeEvent(bytes);
      if (!event.ok) return `  ${toHex(bytes)}`;
      return `  ${String(event.value.seq).padStart(5)}  ${isoTime(event.value.at)}  ${eventWords(event.value)}`;
    }),
    ...repairWords(repairs.length),
  ];
}

function newest<T>(list: readonly T[]): readonly T[] {
  return list.slice(-rowsMax);
}

function left(count: number, what: string): readonly string[] {
  return count > rowsMax ? [`  ${count - rowsMax} ${what}`] : [];
}

/** The last word written is always written again: that is no news. */
function repairWords(repairs: number): readonly string[] {
  return repairs < 2 ? [] : [`  the next power-on writes ${repairs} times to make sure of it`];
}

function place(address: number): string {
  return `0x${address.toString(16).padStart(6, "0")}`;
}
