/**
 * The seed corpus, written from the vectors and from the house's own messages: a few inputs for every target that get
 * past its first checks. `npm run fuzz -- seeds` writes it anew after a change of format. What a search finds on top of
 * it is not kept here.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as air from "@doorsync/protocol/courier";
import { helpLines } from "../packages/lock-sim/src/cli/words.ts";
import { type HciPacket, snoopHeader, snoopRecord } from "../packages/virtual-radio/src/btsnoop.ts";
import { changed, createDraws, script, two } from "./cast/draws.ts";
import {
  beside,
  commissionParcel,
  genuine,
  parcels,
  receipts,
  reply,
  segment,
  stages,
  tag,
} from "./cast/house.ts";
import { discovered } from "./cast/packets.ts";
import { dictionaryFile } from "./engine/dictionary.ts";
import { rows } from "./targets/messages.ts";

type Bytes = Uint8Array;
const hex = (digits: string): Bytes => Uint8Array.from(Buffer.from(digits, "hex"));
const text = (words: string): Bytes => Uint8Array.from(Buffer.from(words, "utf8"));

interface Vectors {
  readonly items: readonly { readonly bytes?: string }[];
  readonly messages: readonly { readonly id: string; readonly message: string; readonly made?: object }[];
}

/** The vectors, as the tests keep them. */
function vectorsOf(root: string, file: string): Vectors {
  return JSON.parse(readFileSync(join(root, "..", "test", "vectors", file), "utf8")) as Vectors;
}

/** Every byte string in a JSON value, by the name of its field. */
function hexesIn(value: unknown, field = ""): readonly { readonly field: string; readonly bytes: Bytes }[] {
  if (typeof value === "string") return /^([0-9a-f]{2})+$/.test(value) ? [{ field, bytes: hex(value) }] : [];
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    hexesIn(inner, Array.isArray(value) ? field : name),
  );
}

/** Nothing is changed: what `changed` reads where it should leave bytes alone. */
const asItIs = [0, 0] as const;

/** A PDU behind its length. */
const pdu = (...bytes: readonly number[]): Bytes => Uint8Array.of(bytes.length, ...bytes);

const asFile = (packets: readonly HciPacket[]): Bytes =>
  Uint8Array.from(Buffer.concat([snoopHeader(), ...packets.map(snoopRecord)]));

function seedsOf(root: string): Readonly<Record<string, readonly Bytes[]>> {
  const { messages } = vectorsOf(root, "messages.json");
  const items = hexesIn(vectorsOf(root, "items.json").items).filter(({ bytes }) => bytes.length === 29);
  const good = messages.filter(({ id }) => !id.includes("/"));
  const bodies = good.map(({ message }) => hex(message));
  const made = good.flatMap(({ made: parts }) => hexesIn(parts)).map(({ bytes }) => bytes);
  const inner = made.filter((bytes) => (bytes[0] ?? 0) >> 5 === 4);
  const table = [...items].map(({ bytes }) => bytes).sort(Buffer.compare);
  const house = genuine.map(({ body }) => body).filter((body) => body.length > 1 && body.length < 600);
  const short = [
    "01",
    "",
    "820501",
    "8101",
    "821113",
    "8118ff",
    "86014801020304050607080102030082",
    "0000000000",
    "2000000412",
  ].map(hex);
  const claims = made.filter(([head]) => head === 0xa4);
  const byRow = [...bodies, ...inner, ...claims, ...receipts.map(({ body }) => body), ...short];
  /** A lock's hello in an errand's script. */
  const hello = (version: number, flags = 0, moreFlags = 0, nonce = 0): Bytes =>
    script(0, 0, 0, 0, version, flags, 0, moreFlags, nonce);
  /** One event of each kind, spelled right. */
  const spelled = (kind: number, detail: number): Bytes =>
    script(0, 0, 0, 5, two(0x6ab2), two(0), kind, 0, 3, detail, 1, 0, 4, 0, 0, 0, 0, 9, 0, 0, 0, 1);
  /** A capability from an hour before noon to an hour after, in an unlock's script. */
  const leave = (...parts: readonly (number | Bytes)[]): Bytes =>
    script(1, two(0x7fc4), two(0x803c), ...parts);
  const every = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

  return {
    cbor: [...bodies, ...inner, ...["a0", "80", "60", "40", "00", "3bffffffffffffff", "a201020304"].map(hex)],
    item: [...table, Uint8Array.from(Buffer.concat(table.slice(0, 6)))],
    // Which decoder takes which body is for the decoders to say.
    messages: rows.flatMap(({ again }, row) =>
      byRow.filter((body) => again(body) !== undefined).map((body) => script(row, body)),
    ),
    cose: [
      ...bodies,
      ...house.slice(0, 4),
      hex("8344a1011818a1054c0102030405060708090a0b0c5000112233445566778899aabbccddeeff"),
    ],
    frames: [
      script(0, 2, 1, 0xc0, 0x01),
      script(2, 4, 1, 0xc0, 0x07, 0x80, 0x80),
      script(0, 6, 1, 0x80, 0x02, 0x00, 0x03, 1, 2, 2, 1, 0x41, 3),
      ...every(7).map((spoil) => script(1, 2, two(300), two(80), spoil, 1, text("a body"))),
      script(1, 6, two(2_048), two(0), 0, 0, text("chunk")),
    ],
    capture: [
      script(0, asFile(discovered)),
      script(0, asFile(discovered).subarray(0, -3)),
      // A subscription, a hello that is read, one that is asked for and given, in pieces; a refusal of the stack's own.
      script(
        1,
        0,
        pdu(0x12, 0x17, 0, 1, 0),
        1,
        pdu(0x13),
        0,
        pdu(0x0a, 0x12, 0),
        1,
        pdu(0x0b, ...(short.at(-1) ?? [])),
      ),
      script(1, 0, pdu(0x52, 0x14, 0, 0xc0, 1), 3, pdu(0x1b, 0x16, 0, 0xc0, 1, ...(short.at(-1) ?? []))),
      script(
        1,
        0,
        pdu(0x52, 0x14, 0, 0x80, 2, 0, 3, 1),
        0,
        pdu(0x52, 0x14, 0, 0x41, 2, 3),
        1,
        pdu(0x1b, 0x16, 0, 0xc5),
      ),
      script(
        1,
        0,
        pdu(0x16, 0x14, 0, 0, 0, 0xc0),
        0,
        pdu(0x16, 0x14, 0, 1, 0, 1),
        0,
        pdu(0x18, 1),
        1,
        pdu(1, 0x12, 0x14, 0, 13),
      ),
    ],
    parcel: [
      ...[...parcels, commissionParcel, ...beside].map(air.encodeParcel),
      air.encodeReturnSlip({ ...parcels[0], ...slipOf("receipt", receipts[0]?.body ?? hex("")) }),
      air.encodeReturnSlip({ ...parcels[0], ...slipOf("commission", reply.body) }),
      air.encodeReturnSlip(slipOf("log", segment.body)),
    ],
    update: [
      ...genuine.flatMap((_, i) => [script(0, i % 7, i, 0, ...asItIs), script(0, i % 7, i, 1, ...asItIs)]),
      // A version on, of one put; of two puts and a removal; the version that is held.
      script(1, 2, 0, 0, 1, 60, 5),
      script(1, 3, 0, 0, 2, 60, 5, 0, 61, 6, 0, 0, 1, 0, 3),
      script(1, 3, 0, 1),
      // Two people with one code, in either order of ids; one who takes the code of another.
      script(1, 2, 0, 0, 2, 60, 5, 0, 61, 5),
      script(1, 2, 0, 0, 2, 61, 5, 0, 60, 5, 0, 3),
      ...inner.filter(([head]) => head === 0x87).map((body) => script(2, 2, 0, 0, 0, 0, body)),
      ...inner.filter(([head]) => head === 0x87).map((body) => script(2, 2, 0, 0, 0, 1, body)),
      ...inner.slice(0, 4).map((payload) => script(2, 2, 0, 0, 1, 0, payload)),
      // A snapshot and a change in a stream.
      script(3, 0, 1, 0, 0, 3, 1, 5, 0, 2, 6, 0, 3, 7),
      script(3, 2, 0, 0, 2, 60, 5, 0, 61, 6),
      script(4, 0, two(3), 0, bodies[2] ?? hex("")),
    ],
    unlock: [
      ...[0, 1, 2, 3].flatMap((i) => [script(0, i, ...asItIs), script(0, i, 1, two(5), 1, 0)]),
      // An hour before noon to an hour after, then: version, key, hash, signer; nothing left out; the lock's time.
      leave(3, 0, 0, 0, 4, two(0x8000), 1, two(0), 1, 3, 0),
      leave(3, 0, 0, 0, 4, two(0x8000), 1, two(0), 1, 3, 5),
      leave(3, 0, 0, 0, 4, two(0x8000), 1, two(0), 1, 2, 0),
      leave(3, 0, 0, 0, 4, two(0x8000), 1, two(0), 7, 3, 0),
      leave(3, 0, 0, 0, 4, two(0x8000), 0, 1, 3, 0),
      leave(3, 0, 0, 0, 4, two(0x8040), 1, two(0), 1, 3, 0),
      ...every(5).map((left) => leave(3, 0, 0, 0, left, two(0x8000), 1, two(0), 1, 3, 0)),
      ...every(3).map((key) => leave(3, key + 1, 0, 0, 4, two(0x8000), 1, two(0), 1, 3, 0)),
      leave(3, 0, 1, 0, 4, two(0x8000), 1, two(0), 1, 3, 0),
      leave(3, 0, 0, 1, 4, two(0x8000), 1, two(0), 1, 3, 0),
      script(2, 5, 0, 0, 0, 0, 0),
      script(2, 5, 34, 0, 0, 0, 0, 1, two(3), 9),
      script(2, 5, 32, 0, 0, 4, 0x12),
      script(2, 4, 0, 0, 0, 0),
    ],
    answers: [
      ...receipts.map((_, i) => script(0, i, ...asItIs)),
      script(1, ...asItIs, 3),
      script(2, ...asItIs, 0),
      script(3, ...asItIs),
      script(4, 0, ...asItIs, 1),
      script(4, 1, ...asItIs, 2),
      script(4, 0, ...asItIs, 3),
      script(0, 0, 1, two(90), 1, 0),
    ],
    log: [
      ...every(9).map((i) => script(0, spelled(i + 1, i === 5 ? 17 : 0))),
      ...[0, 1, 2, 3].map((i) => script(1, i, 0, ...asItIs)),
      ...[5, 9, 12].map((held) => script(1, 2, held, ...asItIs)),
      ...[0, 1, 2].map((i) => script(2, i, 1, 11, ...asItIs)),
      script(3, 0, 0, 0, 4),
      script(3, 2, 0, 0, 4, 0, 0, 0, 0, 3),
      script(3, 4, 3, 0, 1, 0, 0, 4, 5),
    ],
    flash: [
      ...stages.slice(1).map((_, i) => script(i, 0, i)),
      ...stages.slice(1).map((_, i) => script(i, 2, i + 1)),
      script(2, 1, 0),
      ...stages.slice(1).map((_, i) => script(i, 4, i)),
      script(3, 0, 1, 1, two(48), 0x78, text("any fifteen bytes")),
      script(3, 0, 1, 1, two(16), 1, 0xfe),
      script(5, 0, 1, 2, two(0), 0xfa),
      script(4, 0, 2, 1, two(0), 0xfb, 2, two(0), 0xfb),
      script(4, 0, 2, 0, two(0), 0xfc, 1, two(64), 0),
    ],
    secure: [
      ...stages.map((_, i) => script(i, 0, ...asItIs)),
      ...stages.slice(1, 4).map(({ secure }, i) => script(i, 1, secure)),
      script(3, 1, text("no record")),
      script(3, 0, 1, two(26), 7, 0),
    ],
    lock: [
      // Meeting the authority, each version after the other, the door, and power failing within.
      script(0, 0, 3, ...asItIs, 5, 0),
      script(1, ...every(12).flatMap((i) => [0, i, ...asItIs, 5, i % 7])),
      script(2, 9, 3, 8, 1, 5, 0, 5, ...asItIs, 10, 5, 0, 0, 5, ...asItIs, 5, 2),
      script(4, 0, 10, ...asItIs, 0, 11, ...asItIs, 0, 12, ...asItIs, 6, two(70), 8, 5, 0),
      script(5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, two(61), 5, 0),
      // Every older message again, at the newest version; chunk upon chunk until the lock has heard enough.
      script(stages.length - 1, ...genuine.flatMap((_, i) => [0, i, ...asItIs]), 5, 0),
      script(stages.length - 1, ...every(40).flatMap(() => [0, genuine.length - 4, ...asItIs])),
      // The log is pulled and acknowledged; a card, the key, the door, a low battery, a jammed bolt; the reset button.
      script(5, 5, 0, 12, 13, 5, 2, 12, 13, 8, 12, 9, 0, 4, 2, 1, 13, 12),
      script(
        4,
        14,
        4,
        text("card"),
        15,
        1,
        16,
        0,
        6,
        two(190),
        16,
        1,
        17,
        3,
        18,
        1,
        2,
        5,
        0,
        18,
        0,
        5,
        0,
        12,
      ),
      script(
        4,
        11,
        1,
        0xff,
        0xff,
        0xff,
        0xff,
        0xff,
        5,
        0,
        0,
        0,
        ...asItIs,
        0,
        2,
        ...asItIs,
        12,
        6,
        two(100),
        8,
        12,
      ),
      script(4, 11, 1, 0x00, 0xff, 0xff, 0xff, 0xfe, 5, 0, 6, two(10), 0, 2, ...asItIs, 5, 0, 12),
      script(4, 19, 0xff, 0, 3, ...asItIs, 5, 0, 12),
      script(4, 0, genuine.length - 2, ...asItIs, 12, 13, 0, 5, ...asItIs),
      script(3, 7, two(0), 3, 2, 0xc0, 0x01, 3, 3, 0xc1, 0x01, 0x01, 11, 0, 5, 0),
      script(6, 1, 4, 1, two(70), 0x80, 0, 2, 8, two(40), text("some forty bytes of a refusal, or not even")),
    ],
    words: [
      text(helpLines.map((line) => line.trim().split(/ {2,}/)[0]).join("\n")),
      text(
        "press 4821#\nclock +3d\nclock -2h\nclock set 2026-01-31T12:00:00Z\nclock lost\nwait 31d\nnote off",
      ),
      text(
        "cut power at op 3 byte 16 marginal seed 7\ncut power never\ncut power\n# a comment\n\npower on\nquit",
      ),
    ],
    errand: [
      // A hello, then what an honest lock answers to change after change and a snapshot; and out of turn.
      script(0x3f, 15, hello(1), 3, 1, 4, 3, 0, 3, 2, 3, 3, 4, 5, 0, 4, 5, 1, 3, 5),
      script(0x01, 15, hello(0, 2), 4, 1, 0, 3, 0),
      script(0x20, 15, 0, 7, 0, 0, 0, 1, 0, 0, 0, 8),
      script(0x10, 15, hello(4), 6, 1, 0),
      script(0x1f, 15, hello(3), 6, 6, 1, 2, 3, 3, 6, 7, 0, 14),
      script(0x1f, 15, hello(1), 14),
      script(0x1f, 15, hello(1, 4), 3, 1, 13),
      // Other keys; the time that a lock lost; its log acknowledged, and carried along.
      script(0x50, 15, hello(4), 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 4, 5, 0),
      script(0x10, 15, hello(4, 8, 0, 3), 11, 1, hello(4), 4, 5, 0, 4, 5, 1, 3, 5),
      script(0x91, 15, hello(5, 0, 1), 3, 5, 10, 0, 10, 0, 10, 0),
      script(0x11, 15, hello(5, 0, 1), 3, 5, 10, 0, 6, 1, 0),
      script(0x03, 0, 15, 9, 0, ...asItIs, 10, 1, 8, 2, 0x81, 1),
    ],
  };
}

function slipOf(kind: air.ReturnKind, body: Bytes): air.ReturnSlip {
  const { lockId, epoch, to } = parcels[0] ?? commissionParcel;
  return { kind, lockId, tag, epoch, to, body };
}

/** Writes `corpus` and the dictionary into the fuzz folder; files are named by their content. */
export function writeSeeds(folder: string): void {
  let files = 0;
  let bytes = 0;
  rmSync(join(folder, "corpus"), { recursive: true, force: true });
  for (const [target, seeds] of Object.entries(seedsOf(folder))) {
    mkdirSync(join(folder, "corpus", target), { recursive: true });
    for (const seed of seeds) {
      const name = createHash("sha256").update(seed).digest("hex").slice(0, 16);
      writeFileSync(join(folder, "corpus", target, name), seed);
      files++;
      bytes += seed.length;
    }
  }
  writeFileSync(join(folder, "doorsync.dict"), dictionaryFile());
  process.stdout.write(`${files} seeds, ${bytes} bytes\n`);
}

/** A changed script reads as one: the seeds rely on it. */
if (changed(createDraws(script(...asItIs)), script(1)).length !== 1)
  throw new Error("asItIs changes something");
