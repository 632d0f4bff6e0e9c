/**
 * The numbers and names of the Wireshark dissector, made from those of the code: tools/wireshark/doorsync-tables.lua is
 * this text, and a test compares. Layouts are not here: those are written in Lua, and tshark's reading is compared.
 */
import { fileURLToPath } from "node:url";
import {
  credentialClasses,
  firstCredentialId,
  firstHolidayId,
  firstRuleId,
  firstZoneId,
  lastCredentialId,
  lastHolidayId,
  lastRuleId,
  lastZoneId,
  lockProfiles,
  settingsId,
} from "../../../packages/protocol/src/codes/item.ts";
import * as limits from "../../../packages/protocol/src/limits.ts";
import { gatt, readHint } from "../../../packages/protocol/src/link/gatt.ts";
import { messageCatalog } from "../../../packages/protocol/src/messages/catalog.ts";
import { conditionFlags } from "../../../packages/protocol/src/messages/condition.ts";
import { helloFlags, protocolVersion } from "../../../packages/protocol/src/messages/hello.ts";
import { segmentEventsMax } from "../../../packages/protocol/src/messages/log.ts";
import { chunksFor } from "../../../packages/protocol/src/messages/manifest.ts";
import { receiptFlags } from "../../../packages/protocol/src/messages/receipt.ts";
import { refusals } from "../../../packages/protocol/src/refusal.ts";

export const tablesFile: string = fileURLToPath(
  new URL("../../../tools/wireshark/doorsync-tables.lua", import.meta.url),
);

type Lua = number | string | readonly Lua[] | { readonly [key: string]: Lua };

function lua(value: Lua, indent: string): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return JSON.stringify(value);
  const inner = `${indent}  `;
  if (Array.isArray(value))
    return `{\n${value.map((each) => `${inner}${lua(each, inner)},\n`).join("")}${indent}}`;
  const rows = Object.entries(value).map(([key, each]) => {
    const name = /^\d+$/.test(key) ? `[${key}]` : key;
    return `${inner}${name} = ${lua(each, inner)},\n`;
  });
  return `{\n${rows.join("")}${indent}}`;
}

const byNumber = (table: Readonly<Record<string, number>>): Lua =>
  Object.fromEntries(Object.entries(table).map(([name, value]) => [String(value), name]));

const flagsOf = (...tables: readonly Readonly<Record<string, number>>[]): Lua =>
  tables.flatMap((table) => Object.entries(table).map(([name, mask]) => ({ name, mask })));

const itemKinds: Lua = [
  { kind: "settings", first: settingsId, last: settingsId },
  { kind: "rule", first: firstRuleId, last: lastRuleId },
  { kind: "zone", first: firstZoneId, last: lastZoneId },
  { kind: "holiday", first: firstHolidayId, last: lastHolidayId },
  { kind: "credential", first: firstCredentialId, last: lastCredentialId },
];

/** Bits of the octet that is advertised, found by reading each of them alone. */
function hintFlags(): Lua {
  const names = Object.entries({ ...helloFlags, ...conditionFlags });
  return Array.from({ length: 8 }, (_, bit) => 1 << bit).flatMap((mask) => {
    const read = readHint(Uint8Array.from({ length: 13 }, (_, at) => (at === 12 ? mask : 0)));
    const name = names.find(([, flag]) => read.ok && read.value.flags === flag)?.[0];
    return name === undefined ? [] : [{ name, mask }];
  });
}

export function tablesText(): string {
  const wireRefusals = Object.entries(refusals).filter(([, { code }]) => code !== 0);
  const tables: Lua = {
    suite: "doorsync/1",
    protocolVersion,
    uuids: {
      service: gatt.service,
      hello: gatt.hello.uuid,
      inbox: gatt.inbox.uuid,
      outbox: gatt.outbox.uuid,
    },
    frame: { first: 0x80, last: 0x40, sequences: 64 },
    messages: Object.fromEntries(
      Object.entries(messageCatalog).map(([name, { type, ...bounds }]) => [
        String(type),
        { name, ...bounds },
      ]),
    ),
    refusals: Object.fromEntries(
      wireRefusals.map(([name, { code, meaning, remedy }]) => [String(code), { name, meaning, remedy }]),
    ),
    helloFlags: flagsOf(helloFlags, conditionFlags),
    receiptFlags: flagsOf(receiptFlags, conditionFlags),
    hintFlags: hintFlags(),
    credentialClasses: byNumber(credentialClasses),
    profiles: byNumber(lockProfiles),
    itemKinds,
    limits: {
      cborDepthMax: limits.cborDepthMax,
      integerMax: limits.integerMax,
      messageBytesMax: limits.messageBytesMax,
      updateBytesMax: limits.updateBytesMax,
      frameBytesMax: limits.frameBytesMax,
      itemsPerChunkMax: limits.itemsPerChunkMax,
      removesPerUpdateMax: limits.removesPerUpdateMax,
      tableItemsBesideCodesMax: limits.tableItemsBesideCodesMax,
      capacityMax: limits.capacityMax,
      chunksMax: chunksFor(limits.capacityMax + limits.tableItemsBesideCodesMax),
      versionMax: limits.versionMax,
      versionLeapMax: limits.versionLeapMax,
      secondsMax: limits.secondsMax,
      secondsNever: limits.secondsNever,
      lifeHoursMax: limits.lifeHoursMax,
      eventSeqMax: limits.eventSeqMax,
      segmentEventsMax,
      flagsMax: 0xffff,
    },
  };
  const opening =
    "-- Names, numbers and bounds of the protocol. Made from the code by test/radio/dissector/make.ts, and held to it by a\n" +
    "-- test: not to be changed here.\n";
  return `${opening}return ${lua(tables, "")}\n`;
}
