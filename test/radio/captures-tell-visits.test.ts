/**
 * A visit over real stacks, captured on both sides, is told by `lock-sim inspect` as it was: every message with its size,
 * the round trips, the end; and tshark finds the same in it, field by field. What a file lacks is said.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { messageName } from "@doorsync/protocol/courier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommands } from "../../packages/lock-sim/src/cli/app.ts";
import type { Step } from "../../packages/lock-sim/src/cli/listen-in.ts";
import { visitsInWords } from "../../packages/lock-sim/src/cli/visit-words.ts";
import { readVisits, type Visit, type Visits } from "../../packages/lock-sim/src/cli/visits.ts";
import { type Bytes, fromHex, toHex } from "../../packages/protocol/src/bytes.ts";
import { emptyOutbox, segment } from "../../packages/protocol/src/link/frame.ts";
import { encodeScanResponse } from "../../packages/protocol/src/link/gatt.ts";
import { messageCatalog } from "../../packages/protocol/src/messages/catalog.ts";
import { helloFlags } from "../../packages/protocol/src/messages/hello.ts";
import { type HciPacket, readSnoop } from "../../packages/virtual-radio/src/btsnoop.ts";
import { bleRig, until } from "../support/ble-rig.ts";
import { codeBlock } from "../support/markdown.ts";
import { createPaperAir, type PaperAir } from "../support/paper-air.ts";
import { dissect, tshark, writeCapture } from "../support/tshark.ts";
import type { MessageVectors } from "../vectors/vector.ts";
import { messagesFile } from "../vectors/write.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "doorsync-visits-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** `lock-sim inspect` in this process. */
async function inspect(...words: readonly string[]): Promise<{ status: number; out: string; err: string }> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const status = await runCommands(["inspect", ...words], {
    stdin: new PassThrough(),
    stdout,
    stderr,
    env: {},
    once: () => {},
    removeListener: () => {},
  });
  const text = (stream: PassThrough): string => String(stream.read() ?? "");
  return { status, out: text(stdout), err: text(stderr) };
}

function visitsOf(file: string): Visits {
  const read = readVisits(new Uint8Array(readFileSync(file)));
  if (typeof read === "string") throw new Error(read);
  return read;
}

type MessageStep = Extract<Step, { kind: "message" }>;
const messagesOf = (visit: Visit | undefined): readonly MessageStep[] =>
  (visit?.steps ?? []).filter((step) => step.kind === "message");

interface Recorded {
  readonly phone: string;
  readonly lock: string;
  /** What the courier's own ears and mouth noted, by visit. */
  readonly said: readonly (readonly string[])[];
}

/** Two visits through noble and bleno: a table that streams, then one revocation. */
async function record(mtu: number): Promise<Recorded> {
  const [phone, lock]: HciPacket[][] = [[], []];
  const rig = bleRig();
  const said: string[][] = [];
  try {
    const door = await rig.door("A", { mtu, capture: (packet) => lock?.push(packet) });
    const courier = await rig.phone({ capture: (packet) => phone?.push(packet) });
    const codes = new Map(Array.from({ length: 60 }, (_, n) => [n, String(4_000 + n)] as const));
    const parcels = [
      () => door.property.snapshot(door.property.tableOf(codes)),
      () => door.property.delta(door.property.tableOf(new Map([...codes].slice(0, 59)))),
    ];
    for (const [index, issue] of parcels.entries()) {
      const lines: string[] = [];
      const visited = await courier.visit([door.parcel(issue())], {
        onMessage: ({ type, bytes, frames }) => lines.push(`${messageName(type)} ${frames} ${bytes}`),
      });
      expect(visited.outcome).toEqual({ kind: "synced", version: index + 1 });
      await courier.radio.idle();
      const ends = (): number =>
        (lock ?? []).filter(({ bytes }) => bytes[0] === 4 && bytes[1] === 0x05).length;
      await until(() => ends() === index + 1, "the lock, too, hears that the connection is over");
      said.push(lines);
    }
  } finally {
    await rig.close();
  }
  const files = { phone: join(folder, `phone-${mtu}.btsnoop`), lock: join(folder, `lock-${mtu}.btsnoop`) };
  writeCapture(files.phone, phone ?? []);
  writeCapture(files.lock, lock ?? []);
  return { ...files, said };
}

describe.each([23, 185, 256])("a visit through noble and bleno at an MTU of %i", (mtu) => {
  let recorded: Recorded;
  beforeAll(async () => {
    recorded = await record(mtu);
  });

  test("is told as the courier lived it, by either side's capture", () => {
    const [phone, lock] = [visitsOf(recorded.phone), visitsOf(recorded.lock)];
    for (const [side, told] of [
      ["phone", phone],
      ["lock", lock],
    ] as const) {
      expect(told.damage).toBeUndefined();
      expect(told.visits).toHaveLength(2);
      for (const [index, visit] of told.visits.entries()) {
        expect(visit).toMatchObject({
          seenBy: side,
          hasBeginning: true,
          hasEnd: true,
          lostPdus: 0,
          namelessValues: 0,
        });
        const framed = messagesOf(visit).filter(({ frames }) => frames > 0);
        expect(framed.map(({ name, frames }) => `${name} ${frames}`)).toEqual(
          recorded.said[index]?.map((line) => line.split(" ").slice(0, 2).join(" ")),
        );
        expect(visit.steps.find((step) => step.kind === "mtu")).toMatchObject({ mtu });
        expect(visit.steps.find((step) => step.kind === "discovery")).toMatchObject({
          handles: { hello: expect.any(Number), inbox: expect.any(Number), outbox: expect.any(Number) },
        });
        expect(visit.steps.filter((step) => step.kind === "trouble")).toEqual([]);
        expect(visit.steps.at(-1)).toMatchObject({ kind: "end", by: "phone" });
      }
    }
    const plain = (visits: Visits) =>
      visits.visits.map((visit) =>
        messagesOf(visit).map(({ from, name, bytes, fields }) => ({ from, name, bytes, fields })),
      );
    expect(plain(lock)).toEqual(plain(phone));
    expect(phone.hints.map(({ version }) => version)).toEqual(expect.arrayContaining([0, 1]));
    // A table that streams takes a round trip for each chunk; one revocation is one message and its receipt.
    expect(phone.visits[0]?.roundTrips).toBeGreaterThan(1);
    expect(messagesOf(phone.visits[1]).map(({ name }) => name)).toEqual(
      expect.arrayContaining(["update", "receipt"]),
    );
  });

  test.skipIf(tshark === undefined)(
    "is what tshark reads, message by message, with nothing malformed",
    () => {
      for (const file of [recorded.phone, recorded.lock]) {
        const { packets, malformed } = dissect(file);
        expect(malformed).toEqual([]);
        const messages = visitsOf(file).visits.flatMap((visit) => messagesOf(visit));
        expect(messages.length).toBeGreaterThan(4);
        const whole = [...packets].filter(([, fields]) => "message" in fields);
        expect(whole.map(([number]) => number)).toEqual(messages.map(({ packet }) => packet));
        for (const { packet, name, bytes, fields } of messages) {
          const found = packets.get(packet) ?? {};
          expect([found["message"], found["message.bytes"]]).toEqual([[name], [String(bytes)]]);
          for (const [field, value] of Object.entries(fields ?? {})) {
            if (value === "") continue;
            const shown =
              typeof value === "string" ? value.replace(/..(?=.)/g, "$&:") : String(Number(value));
            expect(found[`${name}.${field}`], `${name}.${field} in packet ${packet}`).toEqual([shown]);
          }
        }
      }
    },
  );
});

// ---- On paper, where every byte and every time is known ----

const vectors = JSON.parse(readFileSync(messagesFile, "utf8")) as MessageVectors;
const bodyOf = (id: string): Bytes =>
  fromHex(vectors.messages.find((each) => each.id === id)?.message ?? "") as Bytes;

interface PaperVisit {
  readonly air: PaperAir;
  say(direction: "toLock" | "toPhone", type: number, body: Bytes): void;
}

function paperVisit(): PaperVisit {
  const air = createPaperAir();
  const boxes = { toLock: emptyOutbox, toPhone: emptyOutbox };
  return {
    air,
    say(direction, type, body) {
      const cut = segment(boxes[direction], type, body, 97);
      boxes[direction] = cut.outbox;
      for (const frame of cut.frames) air[direction](frame);
    },
  };
}

/** A hello as it is read: the vector's, before the update, without what is half received and without its nonce. */
function readable(): Bytes {
  const body = Uint8Array.of(0x86, ...bodyOf("hello").slice(1, 16), 0x80);
  body[14] = 0x11;
  return body;
}

function example(): PaperAir {
  const { air, say } = paperVisit();
  air.advert(
    true,
    encodeScanResponse({ tag: bodyOf("hello").slice(3, 11), version: 1_041, flags: helloFlags.wantsTime }),
  );
  air.opened();
  air.exchangeMtu(100);
  air.discover();
  air.subscribe();
  air.readHello(readable());
  say("toLock", messageCatalog.update.type, bodyOf("update"));
  say("toPhone", messageCatalog.receipt.type, bodyOf("receipt"));
  say("toLock", messageCatalog.update.type, bodyOf("update/stale"));
  say("toPhone", messageCatalog.refusal.type, fromHex("8211190412") as Bytes);
  air.closed(0x16);
  return air;
}

function kept(name: string, packets: readonly HciPacket[]): string {
  const file = join(folder, name);
  writeCapture(file, packets);
  return file;
}

describe("lock-sim inspect of a capture", () => {
  test("prints the visit of docs/CAPTURES.md, to the letter", async () => {
    const { status, out } = await inspect(kept("example.btsnoop", example().packets));
    const page = readFileSync(new URL("../../docs/CAPTURES.md", import.meta.url), "utf8");
    expect(codeBlock(page, "text visit")).toBe(out);
    expect(status).toBe(0);
  });

  test("says a refusal with its meaning and its remedy, and counts round trips", async () => {
    const file = kept("refused.btsnoop", example().packets);
    const out = (await inspect(file)).out.replaceAll(/\n {14}/g, "");
    expect(out).toMatch(
      /lock -> phone refusal, 5 bytes in 1 frame: refused 17 STALE \[1042\]: .*; none needed/,
    );
    expect(visitsOf(file).visits[0]).toMatchObject({ roundTrips: 3, roundTripsToReceipt: 2 });
  });

  test("a round trip is an answer to a question, however many messages each of them is", async () => {
    const { air, say } = paperVisit();
    air.opened();
    air.discover();
    const [pull, segment] = [fromHex("8102") as Bytes, bodyOf("segment")];
    say("toLock", messageCatalog.pull.type, pull);
    say("toLock", messageCatalog.pull.type, pull);
    say("toPhone", messageCatalog.segment.type, segment);
    say("toPhone", messageCatalog.segment.type, segment);
    say("toLock", messageCatalog.pull.type, pull);
    say("toPhone", messageCatalog.segment.type, segment);
    const { visits } = visitsOf(kept("turns.btsnoop", air.packets));
    expect(visits[0]).toMatchObject({ roundTrips: 2, toLock: { messages: 3 }, toPhone: { messages: 3 } });
    expect(visits[0]).not.toHaveProperty("roundTripsToReceipt");
  });

  test("is the same as values with --json", async () => {
    const file = kept("json.btsnoop", example().packets);
    const { status, out } = await inspect(file, "--json");
    const { inspected } = JSON.parse(out) as {
      inspected: { kind: string; lines: string[]; capture: Visits };
    };
    expect(status).toBe(0);
    expect(inspected.kind).toBe("capture");
    expect(inspected.capture).toEqual(JSON.parse(JSON.stringify(visitsOf(file))));
    expect(`${inspected.lines.join("\n")}\n`).toBe((await inspect(file)).out);
  });

  test("says what is missing: the beginning, the discovery, the end, the rest of the file", async () => {
    const { packets } = example();
    // Behind the discovery nothing has a name any more; 1 is refused, since no visit could be read.
    const late = await inspect(kept("late.btsnoop", packets.slice(-10)));
    expect(late.out).toMatch(/the capture began after this connection/);
    expect(late.out).toMatch(
      /values of unknown attributes: the discovery is not in the capture; begin it before/,
    );

    // The discovery alone is enough to read the frames of a connection whose connect is missing.
    const found = await inspect(kept("found.btsnoop", packets.slice(4)));
    expect(found.out).toMatch(/the capture began after this connection/);
    expect(found.out).toMatch(/update, 179 bytes in 2 frames/);

    const open = await inspect(kept("open.btsnoop", packets.slice(0, -2)));
    expect(open).toMatchObject({
      status: 0,
      out: expect.stringMatching(/the capture ended before this connection did/),
    });

    const file = kept("cut.btsnoop", packets);
    writeFileSync(file, readFileSync(file).subarray(0, statSync(file).size - 7));
    const cut = await inspect(file);
    expect(cut).toMatchObject({
      status: 0,
      out: expect.stringMatching(/can be read up to byte \d+ \(the last record is cut short\)/),
    });
  });

  test("shows broken frames by the check that refuses them, and goes on at the next message", async () => {
    const { air, say } = paperVisit();
    air.opened();
    air.discover();
    say("toLock", messageCatalog.hello.type, new Uint8Array(0));
    air.toLock(Uint8Array.of(0xc7, messageCatalog.hello.type));
    say("toLock", messageCatalog.pull.type, fromHex("8102") as Bytes);
    air.closed(0x08);
    const { out } = await inspect(kept("broken.btsnoop", air.packets));
    expect(out).toMatch(/a frame that is refused: frame\/sequence\n.*phone -> lock pull, 2 bytes/);
    expect(out).toMatch(/the link is lost: .* come closer \(reason 0x08\)/);
  });

  test("ends with 1 where there is no visit, and with 2 for a file that it cannot read", async () => {
    const none = await inspect(kept("none.btsnoop", example().packets.slice(0, 1)));
    expect(none).toMatchObject({
      status: 1,
      out: expect.stringMatching(/no visit to a lock in 1 packet.*begin the capture before/),
    });

    const foreign = kept("foreign.btsnoop", example().packets);
    const bytes = readFileSync(foreign);
    bytes[15] = 0xe9;
    writeFileSync(foreign, bytes);
    const refused = await inspect(foreign);
    expect(refused).toMatchObject({
      status: 2,
      out: "",
      err: expect.stringMatching(/datalink 1001.*convert it with Wireshark/),
    });
  });

  test("tells only so many connections and steps of a file made to be endless, and how many more there are", () => {
    const { air } = paperVisit();
    air.opened();
    air.discover();
    const hello = Uint8Array.of(0xc0, messageCatalog.hello.type);
    for (let seq = 0; seq < 10_050; seq++) air.toLock(hello.with(0, 0xc0 | (seq % 64)));
    for (let connection = 0; connection < 5_000; connection++) air.opened();
    const file = kept("endless.btsnoop", air.packets);
    const { visits, otherConnections, connectionsLeftOut } = visitsOf(file);
    expect(visits).toHaveLength(1);
    expect(visits[0]?.steps).toHaveLength(10_000);
    expect(visits[0]).toMatchObject({ stepsLeftOut: 51, toLock: { messages: 10_050 } });
    expect([otherConnections, connectionsLeftOut]).toEqual([4_095, 905]);
    const lines = visitsInWords(visitsOf(file));
    expect(lines).toContain("  51 more steps, too many to tell");
    expect(lines.at(-1)).toBe("905 more connections, too many to tell: capture fewer");
  });

  test("throws at nothing, whatever bytes of a capture are others", () => {
    const good = readFileSync(kept("good.btsnoop", example().packets));
    let told = 0;
    for (let seed = 0; seed < 400; seed++) {
      const bytes = new Uint8Array(good);
      for (let edit = 0; edit < 1 + (seed % 6); edit++) {
        bytes[(seed * 7_919 + edit * 104_729) % bytes.length] = (seed * 31 + edit * 17) & 0xff;
      }
      const visits = readVisits(bytes);
      if (typeof visits !== "string") told += visits.visits.length;
    }
    expect(told).toBeGreaterThan(100);
    expect(readSnoop(new Uint8Array(good))).toMatchObject({ ok: true });
    expect(toHex(new Uint8Array(good).subarray(0, 4))).toBe("6274736e");
  });
});
