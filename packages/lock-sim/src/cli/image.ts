/**
 * A flash image in words: notebook and journal as they would be found, the banks record by record as they lie. Which
 * table is in force it cannot say: the secure element does.
 */
import { describeItem } from "@doorsync/protocol/inspect";
import {
  type Bytes,
  capacityMax,
  decodeEvent,
  decodeItem,
  itemBytes,
  itemId,
  secondsMax,
  toHex,
} from "@doorsync/protocol/lock";
import { type BankIndex, type Geometry, geometryFor, lineBytes } from "../firmware/geometry.ts";
import { type Found, purposes, readRecord } from "../firmware/record.ts";
import { bankEnd, cleanWord, firstRecordAt } from "../firmware/store.ts";
import { describeJournal, describeNotebook } from "./regions.ts";
import { isoTime } from "./status.ts";

/** The geometry of an image of so many bytes, or undefined when no lock has such a chip. */
export function geometryOf(imageBytes: number): Geometry | undefined {
  let low = 1;
  let high = capacityMax;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (geometryFor(middle).imageBytes < imageBytes) low = middle + 1;
    else high = middle;
  }
  const geometry = geometryFor(low);
  return geometry.imageBytes === imageBytes ? geometry : undefined;
}

export function describeImage(geometry: Geometry, image: Bytes): readonly string[] {
  return [
    `flash image, ${image.length} bytes`,
    ...describeNotebook(geometry, image),
    ...describeJournal(geometry, image),
    ...([0, 1] as const).flatMap((bank) => describeBank(geometry, image, bank)),
  ];
}

function describeBank(geometry: Geometry, image: Bytes, bank: BankIndex): readonly string[] {
  const start = geometry.bankAddress[bank];
  const end = bankEnd(geometry, bank);
  const isClean = cleanWord.every((byte, at) => image[start + at] === byte);
  const lines: string[] = [];
  let debrisFrom: number | undefined;
  const endDebris = (at: number): void => {
    if (debrisFrom !== undefined) lines.push(`  ${place(debrisFrom)}  ${at - debrisFrom} bytes of no record`);
    debrisFrom = undefined;
  };
  for (let at = start + firstRecordAt; at < end; ) {
    const reading = isBlank(image.subarray(at, at + lineBytes)) ? "blank" : readRecord(image, at, end);
    if (reading !== "blank" && reading.what === "debris") {
      debrisFrom ??= at;
      at += lineBytes;
      continue;
    }
    endDebris(at);
    if (reading !== "blank" && reading.what === "torn") lines.push(`  ${place(at)}  a torn record`);
    if (reading !== "blank" && reading.what === "record") lines.push(...describeRecord(reading.found));
    at += reading !== "blank" && reading.what === "record" ? reading.found.extent : lineBytes;
  }
  endDebris(end);
  const head = `bank ${bank === 0 ? "A" : "B"} at ${place(start)}`;
  if (lines.length === 0) return [`${head}: ${isClean ? "erased, ready" : "no records"}`];
  return [`${head}:`, ...lines];
}

function describeRecord({ record, at, committed }: Found): readonly string[] {
  const standing = committed ? "" : ", not committed";
  switch (record.kind) {
    case "begin": {
      const { generation, epoch, to, issuedAt, items, purpose } = record.body;
      const why = purpose === purposes.snapshot ? "snapshot" : "compaction";
      return [
        `  ${place(at)}  begin: ${why} of version ${to}, epoch ${epoch}, issued ${isoTime(issuedAt)}, ${items} items, generation ${generation}${standing}`,
      ];
    }
    case "block":
      return [`  ${place(at)}  block ${record.body.index}${standing}`, ...describeItems(record.body.items)];
    case "delta": {
      const { from, to, issuedAt, removes, puts } = record.body;
      const removed: string[] = [];
      for (let id = 0; id < removes.length; id += 3)
        removed.push(`      removes ${itemId(removes.subarray(id))}`);
      return [
        `  ${place(at)}  delta: version ${from} to ${to}, issued ${isoTime(issuedAt)}${standing}`,
        ...removed,
        ...describeItems(puts),
      ];
    }
    case "floor":
      return [
        `  ${place(at)}  floor: not earlier than ${isoTime(Math.min(record.body.seconds, secondsMax))}${standing}`,
      ];
    case "event": {
      const event = decodeEvent(record.body.event);
      const what = event.ok ? `${event.value.seq} ${event.value.kind}` : toHex(record.body.event);
      return [`  ${place(at)}  event ${what}${standing}`];
    }
    case "anchor":
      return [`  ${place(at)}  anchor: acknowledged up to ${record.body.seq}${standing}`];
    default:
      return record satisfies never;
  }
}

function describeItems(items: Bytes): readonly string[] {
  const lines: string[] = [];
  for (let at = 0; at < items.length; at += itemBytes) {
    const bytes = items.subarray(at, at + itemBytes);
    const item = decodeItem(bytes);
    lines.push(`      ${item.ok ? describeItem(item.value) : `item ${itemId(bytes)}: ${toHex(bytes)}`}`);
  }
  return lines;
}

function isBlank(bytes: Bytes): boolean {
  return bytes.every((byte) => byte === 0xff);
}

function place(address: number): string {
  return `0x${address.toString(16).padStart(6, "0")}`;
}
