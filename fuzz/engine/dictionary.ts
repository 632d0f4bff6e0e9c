/**
 * Words that inputs are made of, taken from the declarations that the code under test uses itself: message types,
 * bounds, labels, heads of records, commands. Hints for a search, not a grammar.
 */
import { helpLines } from "../../packages/lock-sim/src/cli/words.ts";
import * as limits from "../../packages/protocol/src/limits.ts";
import { messageCatalog } from "../../packages/protocol/src/messages/catalog.ts";
import { refusals } from "../../packages/protocol/src/refusal.ts";

type Bytes = Uint8Array;

const ascii = (text: string): Bytes => Uint8Array.from(text, (unit) => unit.charCodeAt(0) & 0xff);
const hex = (digits: string): Bytes => Uint8Array.from(Buffer.from(digits, "hex"));
const uint = (width: number, value: number): Bytes =>
  Uint8Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** (width - 1 - i)) & 0xff);

/** A number as CBOR writes it, with the head of its major type. */
function cborHead(major: number, value: number): Bytes {
  const lead = major << 5;
  if (value < 24) return Uint8Array.of(lead | value);
  if (value < 0x100) return Uint8Array.of(lead | 24, value);
  if (value < 0x1_0000) return Uint8Array.of(lead | 25, ...uint(2, value));
  if (value <= 0xffff_ffff) return Uint8Array.of(lead | 26, ...uint(4, value));
  return Uint8Array.of(lead | 27, ...uint(8, value));
}

/** First frames and only frames of every message type. */
const frames: readonly Bytes[] = Object.values(messageCatalog).flatMap(({ type }) => [
  Uint8Array.of(0xc0, type),
  Uint8Array.of(0x80, type, 2, 0),
]);

const bounds = Object.values(limits).filter((value): value is number => typeof value === "number");
const numbers: readonly Bytes[] = [...new Set(bounds)].flatMap((bound) => [
  cborHead(0, bound),
  cborHead(2, bound),
  uint(2, bound),
  cborHead(0, bound + 1),
]);

const heads: readonly Bytes[] = [
  // COSE_Sign1 and COSE_Encrypt0 as they open here, and what is forbidden: tags, floats, indefinite lengths, null.
  ...["8443a10127a0", "5840", "8344a1011818", "a1054c", "d2", "f9", "fb", "9f", "5f", "bf", "ff", "f6", "1b"],
  ...["80", "81", "82", "83", "84", "85", "86", "87", "8b", "a0", "a1", "40", "48", "4c", "50", "5820"],
  // The openings of flash records and of blank flash.
  "ffffffffffffffff",
  "0000000000000000",
].map(hex);

const texts: readonly Bytes[] = [
  "doorsync-parcel/1",
  "doorsync-return/1",
  "doorsync/1",
  "factory",
  "provisional",
  "owned",
  "is-clean",
  "committed",
  ...helpLines.flatMap((line) => line.trim().split(/[\s[\]|]+/)),
]
  .filter((word) => word.length > 1)
  .map(ascii);

export const dictionary: readonly Bytes[] = [
  ...frames,
  ...numbers,
  ...heads,
  ...texts,
  ...Object.values(refusals).map(({ code }) => Uint8Array.of(0x81, code)),
];

/** The same as a file of libFuzzer's: one quoted word a line. */
export function dictionaryFile(): string {
  const quoted = (word: Bytes): string =>
    `"${[...word].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`;
  return `# Written by \`npm run fuzz:corpus\` from the declarations in the sources.\n${[...new Set(dictionary.map(quoted))].join("\n")}\n`;
}
