/**
 * Wireshark reads what we say: tshark with the dissector of tools/wireshark takes captures apart, and each field that it
 * finds is compared with what our own decoder says, and none may be missing on either side. Two decoders, written apart.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Bytes, fromHex, toHex } from "../../packages/protocol/src/bytes.ts";
import { emptyOutbox, segment } from "../../packages/protocol/src/link/frame.ts";
import { encodeScanResponse } from "../../packages/protocol/src/link/gatt.ts";
import { type MessageName, messageCatalog } from "../../packages/protocol/src/messages/catalog.ts";
import { conditionFlags } from "../../packages/protocol/src/messages/condition.ts";
import { helloFlags } from "../../packages/protocol/src/messages/hello.ts";
import { refusals } from "../../packages/protocol/src/refusal.ts";
import { runs } from "../replay.ts";
import { createPaperAir, type PaperAir } from "../support/paper-air.ts";
import { type Dissected, dissect, inFolder, runLua, tshark, writeCapture } from "../support/tshark.ts";
import type { MessageVectors } from "../vectors/vector.ts";
import { messagesFile } from "../vectors/write.ts";
import { begin, expectedOf, messageOf, saidIn, shown, speaker } from "./dissector/expected.ts";
import { tablesFile, tablesText } from "./dissector/tables.ts";

const vectors = JSON.parse(readFileSync(messagesFile, "utf8")) as MessageVectors;
const bytesOf = (hex: string): Bytes => fromHex(hex) as Bytes;

/** Everything that the committed vectors say, good and bad, in the direction in which it is said. */
const utterances = vectors.messages.map(({ id, judged, message }) => {
  const name = judged.as.replace(/-(offer|reply)$/, "") as MessageName;
  const row: { readonly type: number; readonly toPhone?: number; readonly toLock?: number } =
    messageCatalog[name];
  const isAnswer =
    judged.as.endsWith("-reply") || row.toLock === undefined || ["hello", "receipt"].includes(name);
  return { id, type: row.type, body: bytesOf(message), direction: isAnswer ? "toPhone" : "toLock" } as const;
});

/** The least and the most that `next` may say, and its neighbours. */
const nexts = [
  "820000",
  "8219041201",
  "821affffffff19ffff",
  "821b000000010000000000",
  "82001a00010000",
  "8200",
  "83000000",
  "00",
];

/** What is no CBOR of the profile, where numbers are expected: paddings, tags, floats, texts, indefinite and cut ones. */
const traps = [
  ...[
    "82180101",
    "8219000101",
    "821a0000000101",
    "821b000000000000000101",
    "9800",
    "98020101",
    "990002010100",
  ],
  ...[
    "c0820101",
    "82f90000",
    "82f601",
    "82fb3ff000000000000001",
    "82612001",
    "822001",
    "9f0101ff",
    "825f40ff01",
  ],
  ...["8201", "82", "", "820101 00".replace(" ", ""), "821c01", "82ff01", "a10101", "818181818181818101"],
];

describe("the dissector's tables", () => {
  test("are those of the code", () => {
    expect(readFileSync(tablesFile, "utf8"), "run test/radio/dissector/make.ts").toBe(tablesText());
  });
});

describe.skipIf(tshark === undefined)("tshark and our decoder agree", () => {
  test("there is a layout for every message of the catalogue", () => {
    const printed = runLua(`
      local messages = dofile("FOLDER/doorsync-messages.lua")
      for name in pairs(messages.layouts) do print("layout " .. name) end`);
    const layouts = [...printed.matchAll(/^layout ([\w-]+)$/gm)].map(([, name]) => name).sort();
    expect(layouts).toEqual(Object.keys(messageCatalog).sort());
  });

  test.each([23, 100, 185, 247, 517])("on every field of every vector, good and bad, at MTU %i", (mtu) => {
    inFolder((folder) => {
      const air = createPaperAir({ aclBytes: mtu === 23 ? 27 : 251 });
      const told = new Map<number, Dissected>();
      begin(air, mtu);
      const speakers = {
        toLock: speaker(air, "toLock", mtu, told),
        toPhone: speaker(air, "toPhone", mtu, told),
      };
      for (const { direction, type, body } of utterances) speakers[direction].say(type, body);
      for (const { code } of Object.values(refusals)) {
        speakers.toPhone.say(
          messageCatalog.refusal.type,
          Uint8Array.of(0x82, ...(code < 24 ? [code] : [0x18, code]), 0x07),
        );
      }
      for (const body of [...nexts, ...traps]) speakers.toPhone.say(messageCatalog.next.type, bytesOf(body));
      // The widest number there is, and the next one, which nobody says.
      for (const detail of ["1b001fffffffffffff", "1b0020000000000000"]) {
        speakers.toPhone.say(messageCatalog.refusal.type, bytesOf(`8202${detail}`));
      }
      for (const request of ["", "01", "02"])
        speakers.toLock.say(messageCatalog.hello.type, bytesOf(request));
      speakers.toLock.say(messageCatalog.receipt.type, new Uint8Array(0));

      const file = join(folder, "all.btsnoop");
      writeCapture(file, air.packets);
      const { packets, malformed } = dissect(file);
      expect(malformed).toEqual([]);
      expect([...packets.keys()]).toEqual([...told.keys()]);
      for (const [number, expected] of told)
        expect(saidIn(packets.get(number)), `packet ${number}`).toEqual(expected);

      // It happened: every message was there whole, many of a wrong shape, some over their bound.
      const seen = [...told.values()];
      const names = new Set(seen.flatMap((each) => each["message"] ?? []));
      expect([...names].sort()).toEqual(Object.keys(messageCatalog).sort());
      expect(seen.filter((each) => "message.trouble" in each).length).toBeGreaterThan(20);
      expect(seen.filter((each) => each["frame.trouble"]?.[0] === "frame/length").length).toBeGreaterThan(1);
    });
  });

  test("on every field of a hello that is read, and of what is advertised", () => {
    inFolder((folder) => {
      const air = createPaperAir({ here: "server" });
      const whole = bytesOf(vectors.messages.find(({ id }) => id === "hello")?.message ?? "");
      const body = Uint8Array.of(0x86, ...whole.slice(1, -17));
      const hint = {
        tag: body.slice(3, 11),
        version: 1_041,
        flags: helloFlags.wantsSnapshot | conditionFlags.logWaiting,
      };
      air.advert(true, encodeScanResponse(hint));
      begin(air, 247);
      air.readHello(body);
      const file = join(folder, "hello.btsnoop");
      writeCapture(file, air.packets);
      const { packets, malformed } = dissect(file);
      expect(malformed).toEqual([]);
      expect(messageOf(packets.get(air.packets.length))).toEqual(expectedOf(messageCatalog.hello.type, body));
      expect(packets.get(1)).toEqual({
        "hint.tag": [shown(toHex(hint.tag))],
        "hint.version": ["1041"],
        "hint.flags": ["18"],
        "hint.flags.factory": ["0"],
        "hint.flags.wantsSnapshot": ["1"],
        "hint.flags.damaged": ["0"],
        "hint.flags.wantsTime": ["0"],
        "hint.flags.logWaiting": ["1"],
      });
    });
  });

  test("on what is wrong with broken frames, and where a message begins again", () => {
    const hows = ["lose", "double", "swap", "flip", "cut"] as const;
    // Long enough for five frames, and no longer than its type may be.
    const long = utterances.findIndex(({ id, body }) => id === "update" && body.length > 100);
    const fault = fc.record({
      at: fc.nat(60),
      how: fc.constantFrom(...hows),
      with: fc.nat(255),
    });
    const connection = fc.record({
      mtu: fc.constantFrom(23, 40, 100, 247),
      said: fc.array(fc.nat(utterances.length - 1), { minLength: 3, maxLength: 8 }),
      faults: fc.array(fault, { minLength: 1, maxLength: 4 }),
    });
    /** One fault each, whatever is drawn beside: what it breaks is known. */
    const certain = [
      ["frame/sequence", { at: 0, how: "lose", with: 0 }],
      ["frame/behind-a-broken-one", { at: 1, how: "double", with: 0 }],
      ["frame/no-first", { at: 0, how: "flip", with: 0x00 }],
      ["frame/type", { at: 0, how: "flip", with: 0xfd }],
      ["frame/overrun", { at: 0, how: "flip", with: 0x03 }],
      ["frame/length", { at: 0, how: "flip", with: 0xfe }],
      ["frame/underrun", { at: 0, how: "flip", with: 0xff }],
      ["frame/unfinished-before", { at: 4, how: "flip", with: 0x84 }],
      ["frame/cut-head", { at: 0, how: "cut", with: 0 }],
      ["frame/no-data", { at: 1, how: "cut", with: 0 }],
    ] as const;
    const always = certain.map(([, one]) => ({ mtu: 23 as const, said: [long], faults: [one] }));
    const checks = new Set<string>();
    fc.assert(
      fc.property(fc.array(connection, { minLength: 25, maxLength: 25 }), (connections) => {
        const packets: PaperAir["packets"][number][] = [];
        const told = new Map<number, Dissected>();
        for (const { mtu, said, faults } of connections) {
          // One controller, one connection after the other: the handle is used again.
          const air = createPaperAir({ startAt: 1_767_225_600_000 + 10_000 * packets.length });
          begin(air, mtu);
          const inner = new Map<number, Dissected>();
          const speakers = {
            toLock: speaker(air, "toLock", mtu, inner),
            toPhone: speaker(air, "toPhone", mtu, inner),
          };
          const boxes = { toLock: emptyOutbox, toPhone: emptyOutbox };
          const frames: { direction: "toLock" | "toPhone"; bytes: Bytes }[] = [];
          for (const index of said) {
            const { direction, type, body } = utterances[index] as (typeof utterances)[number];
            const cut = segment(boxes[direction], type, body, mtu - 3);
            boxes[direction] = cut.outbox;
            frames.push(...cut.frames.map((bytes) => ({ direction, bytes })));
          }
          for (const { at, how, with: value } of faults) {
            const index = at % frames.length;
            const frame = frames[index];
            if (frame === undefined) continue;
            const bytes = frame.bytes.slice();
            if (how === "lose" && frames.length > 1) frames.splice(index, 1);
            else if (how === "double") frames.splice(index, 0, frame);
            else if (how === "swap") frames.push(...frames.splice(index, 1));
            else if (how === "flip") {
              bytes[value % Math.min(4, bytes.length)] = value;
              frames[index] = { ...frame, bytes };
            } else if (bytes.length > 1)
              frames[index] = { ...frame, bytes: bytes.slice(0, 1 + (value % (bytes.length - 1))) };
          }
          for (const { direction, bytes } of frames) speakers[direction].frame(bytes);
          for (const [number, fields] of inner) told.set(packets.length + number, fields);
          air.closed(0x08);
          packets.push(...air.packets);
        }
        inFolder((folder) => {
          const file = join(folder, "broken.btsnoop");
          writeCapture(file, packets);
          const dissection = dissect(file);
          expect(dissection.malformed).toEqual([]);
          for (const [number, expected] of told)
            expect(saidIn(dissection.packets.get(number)), `packet ${number}`).toEqual(expected);
        });
        for (const each of told.values()) for (const check of each["frame.trouble"] ?? []) checks.add(check);
      }),
      // Whoever fails here has a packet's number; making it smaller takes minutes.
      { ...runs(3), examples: [[always]], endOnFailure: true },
    );
    // It happened: all that one fault can break was broken.
    expect([...checks].sort()).toEqual(expect.arrayContaining(certain.map(([check]) => check)));
  });
});
