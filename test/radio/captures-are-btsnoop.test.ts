/**
 * The btsnoop files that we write are read back whole, a killed writer leaves a readable one, and no file, however
 * damaged, does more than say where its damage begins. That others read them: wireshark-reads-us.test.ts.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type HciPacket,
  packetBytesMax,
  readCapture,
  readSnoop,
  type SnoopPacket,
  snoopHeader,
  snoopRecord,
} from "../../packages/virtual-radio/src/btsnoop.ts";
import { openCaptureFile } from "../../packages/virtual-radio/src/capture-file.ts";
import { runs } from "../replay.ts";
import { createPaperAir } from "../support/paper-air.ts";

const packet: fc.Arbitrary<HciPacket> = fc.record({
  direction: fc.constantFrom("sent", "received"),
  bytes: fc
    .tuple(fc.constantFrom(1, 2, 4), fc.uint8Array({ maxLength: 80 }))
    .map(([type, rest]) => Uint8Array.of(type, ...rest)),
  // Whole microseconds of this century.
  at: fc.integer({ min: 0, max: 4_000_000_000_000_000 }).map((microseconds) => microseconds / 1_000),
});

const fileOf = (packets: readonly HciPacket[]): Uint8Array =>
  Uint8Array.from([snoopHeader(), ...packets.map(snoopRecord)].flatMap((part) => [...part]));

const plain = ({ direction, bytes, at }: HciPacket): object => ({ direction, bytes: [...bytes], at });

function packetsOf(file: Uint8Array): readonly SnoopPacket[] {
  const read = readSnoop(file);
  if (!read.ok) throw new Error(read.says);
  return read.packets;
}

/** A visit's packets: a whole connection, with discovery and values in pieces. */
function paperVisit(): readonly HciPacket[] {
  const air = createPaperAir({ aclBytes: 27 });
  air.opened();
  air.exchangeMtu(185);
  air.discover();
  air.subscribe();
  air.readHello(new Uint8Array(20).fill(7));
  air.toLock(new Uint8Array(180).fill(1));
  air.toPhone(new Uint8Array(98).fill(2));
  air.closed(0x16);
  return air.packets;
}

describe("the file", () => {
  test("gives back every packet that was put in, in order, to the microsecond", () => {
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 20 }), (packets) => {
        const read = readSnoop(fileOf(packets));
        expect(read).toMatchObject({ ok: true, droppedPackets: 0 });
        expect(read.ok && read.damage).toBeUndefined();
        expect(packetsOf(fileOf(packets)).map(plain)).toEqual(packets.map(plain));
      }),
      runs(100),
    );
  });

  test("is the documented bytes", () => {
    const at = Date.UTC(2026, 0, 1);
    const record = snoopRecord({ direction: "received", bytes: Uint8Array.of(4, 0x0e, 0), at });
    expect(Buffer.from(snoopHeader()).toString("hex")).toBe("6274736e6f6f700000000001000003ea");
    // 3 bytes on the line, 3 here, received and an event, none dropped, then microseconds since the year 0.
    const micros = (0x00dcddb30f2f8000n + BigInt(at) * 1_000n).toString(16).padStart(16, "0");
    expect(Buffer.from(record).toString("hex")).toBe(`00000003000000030000000300000000${micros}040e00`);
  });

  test("cut anywhere, it gives the packets before the cut and says where it was", () => {
    const packets = paperVisit();
    const whole = fileOf(packets);
    const ends = [16];
    for (const each of packets) ends.push((ends.at(-1) ?? 0) + 24 + each.bytes.length);
    let cuts = 0;
    for (let length = 16; length < whole.length; length++) {
      const read = readSnoop(whole.subarray(0, length));
      const before = ends.filter((end) => end <= length).length - 1;
      if (!read.ok) throw new Error(read.says);
      expect(read.packets).toHaveLength(before);
      expect(read.damage?.atByte).toBe(ends.includes(length) ? undefined : ends[before]);
      cuts++;
    }
    expect(cuts).toBeGreaterThan(1_000);
  });

  test("is refused with a reason where it is another format, version or kind of link", () => {
    const [, good] = [0, fileOf(paperVisit())];
    const changed = (at: number, value: number): Uint8Array => {
      const bytes = good.slice();
      bytes[at] = value;
      return bytes;
    };
    expect(readSnoop(good)).toMatchObject({ ok: true });
    expect(readSnoop(changed(0, 0x42))).toEqual({ ok: false, says: "it does not begin as a btsnoop file" });
    expect(readSnoop(changed(11, 2))).toEqual({ ok: false, says: "btsnoop version 2, where 1 is known" });
    expect(readSnoop(changed(15, 0xe9))).toMatchObject({ ok: false, says: expect.stringContaining("1001") });
    expect(readSnoop(good.subarray(0, 15))).toMatchObject({
      ok: false,
      says: expect.stringContaining("cut short"),
    });
  });

  test("a record may not declare more than a packet, nor more here than on the line", () => {
    const file = fileOf(paperVisit());
    const declaring = (line: number, here: number): Uint8Array => {
      const bytes = file.slice();
      new DataView(bytes.buffer).setUint32(16, line);
      new DataView(bytes.buffer).setUint32(20, here);
      return bytes;
    };
    for (const [line, here] of [
      [4, 5],
      [0, 0],
      [packetBytesMax + 1, 3],
      [0xffff_ffff, 0xffff_ffff],
    ] as const) {
      expect(readSnoop(declaring(line, here))).toMatchObject({
        ok: true,
        packets: [],
        damage: { atByte: 16 },
      });
    }
  });

  test("a packet that no controller sends is our bug, and thrown", () => {
    const bytes = Uint8Array.of(1);
    expect(() => snoopRecord({ direction: "sent", bytes: new Uint8Array(0), at: 0 })).toThrow(RangeError);
    expect(() =>
      snoopRecord({ direction: "sent", bytes: new Uint8Array(packetBytesMax + 1), at: 0 }),
    ).toThrow(RangeError);
    expect(() => snoopRecord({ direction: "sent", bytes, at: Number.NaN })).toThrow(RangeError);
  });
});

describe("what a capture says", () => {
  test("a whole visit: its connection, its characteristics by name, its values whole", () => {
    const { connections } = readCapture(packetsOf(fileOf(paperVisit())));
    expect(connections).toHaveLength(1);
    const [visit] = connections;
    expect(visit).toMatchObject({
      mtu: 185,
      lostPdus: 0,
      isClientHere: true,
      opened: { role: "central", peer: "c0:ff:ee:00:00:01", intervalMs: 15, supervisionMs: 420 },
      closed: { reason: 0x16, byHost: true },
    });
    const values = visit?.said.filter((said) => said.kind === "value") ?? [];
    expect(values.map(({ from, by, uuid, value }) => [from, by, uuid?.slice(0, 8), value.length])).toEqual([
      ["server", "read", "5d6f0002", 20],
      ["client", "write command", "5d6f0003", 180],
      ["server", "notification", "5d6f0004", 98],
    ]);
    expect(visit?.said.filter((said) => said.kind === "subscribed")).toMatchObject([
      { on: true, uuid: "5d6f0004-d005-4c9e-a1b2-6c6f636b7379" },
    ]);
  });

  test("a capture that begins in the middle says so, and guesses no name", () => {
    const packets = paperVisit();
    const late = packets.slice(packets.length - 16);
    const { connections } = readCapture(packetsOf(fileOf(late)));
    expect(connections).toHaveLength(1);
    expect(connections[0]?.opened).toBeUndefined();
    const values = connections[0]?.said.filter((said) => said.kind === "value") ?? [];
    expect(values.length).toBeGreaterThan(0);
    expect(values.map(({ uuid }) => uuid)).toEqual(values.map(() => undefined));
  });

  test("a hole in the middle costs the one PDU it tore, and is counted", () => {
    const packets = paperVisit();
    const pieces = packets.flatMap(({ bytes }, index) =>
      bytes[0] === 2 && (bytes[2] ?? 0) >> 4 === 1 ? [index] : [],
    );
    expect(pieces.length).toBeGreaterThan(5);
    const whole = readCapture(packetsOf(fileOf(packets))).connections[0];
    for (const hole of pieces) {
      const torn = readCapture(packetsOf(fileOf(packets.filter((_, index) => index !== hole))))
        .connections[0];
      expect(torn?.lostPdus).toBe(1);
      expect((torn?.pdus.client.pdus ?? 0) + (torn?.pdus.server.pdus ?? 0)).toBe(
        (whole?.pdus.client.pdus ?? 0) + (whole?.pdus.server.pdus ?? 0) - 1,
      );
    }
  });

  test("a value longer than one answer is read in parts, and is one value", () => {
    const air = createPaperAir();
    air.opened();
    air.discover();
    const value = Uint8Array.from({ length: 50 }, (_, i) => i);
    air.readHello(value.subarray(0, 22));
    air.att("client", 0x0c, Uint8Array.of(0x12, 0, 22, 0));
    air.att("server", 0x0d, value.subarray(22, 44));
    air.toPhone(Uint8Array.of(9));
    air.att("client", 0x0c, Uint8Array.of(0x12, 0, 44, 0));
    air.att("server", 0x0d, value.subarray(44));
    const values = readCapture(packetsOf(fileOf(air.packets))).connections[0]?.said.filter(
      (said) => said.kind === "value",
    );
    expect(values).toMatchObject([{ by: "notification" }, { by: "read", value }]);
  });

  test("whatever the bytes, reading ends, throws nothing and holds to what is there", () => {
    const visit = fileOf(paperVisit());
    const edit = fc.record({ at: fc.nat(visit.length - 1), value: fc.nat(255) });
    let connections = 0;
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 40 }), (edits) => {
        const file = visit.slice();
        for (const { at, value } of edits) file[at] = value;
        const read = readSnoop(file);
        if (!read.ok) return;
        const capture = readCapture(read.packets);
        connections += capture.connections.length;
        for (const { said } of capture.connections) {
          for (const each of said)
            if (each.kind === "value") expect(each.value.length).toBeLessThanOrEqual(file.length);
        }
      }),
      runs(300),
    );
    expect(connections).toBeGreaterThan(100);
  });

  test("packets of any bytes are read without a throw", () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 64 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ direction: fc.constantFrom("sent", "received"), bytes, at: fc.nat() })),
        (packets) => {
          readCapture(packets.map((each) => ({ ...each, missingBytes: 0 }) as SnoopPacket));
        },
      ),
      runs(300),
    );
  });
});

describe("a file that grows", () => {
  const folder = (): string => mkdtempSync(join(tmpdir(), "doorsync-capture-"));

  test("whoever is killed while writing leaves whole records", async () => {
    const home = folder();
    try {
      const path = join(home, "phone.btsnoop");
      const built = join(home, "capture-file.mjs");
      const entry = fileURLToPath(
        new URL("../../packages/virtual-radio/src/capture-file.ts", import.meta.url),
      );
      buildSync({ entryPoints: [entry], outfile: built, bundle: true, platform: "node", format: "esm" });
      const program = `
        import { openCaptureFile } from ${JSON.stringify(built)};
        const { capture } = openCaptureFile(${JSON.stringify(path)});
        const bytes = new Uint8Array(251).fill(2);
        for (let at = 0; ; at++) { capture({ direction: "sent", bytes, at }); if (at === 500) console.log("writing"); }`;
      const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await new Promise((resolve) => child.stdout.once("data", resolve));
      const gone = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
      child.kill("SIGKILL");
      expect(await gone).toBe("SIGKILL");
      const read = readSnoop(new Uint8Array(readFileSync(path)));
      if (!read.ok) throw new Error(read.says);
      expect(read.packets.length).toBeGreaterThan(500);
      expect(read.damage).toBeUndefined();
      expect(read.packets.map(({ at }) => at)).toEqual(read.packets.map((_, index) => index));
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  test("only its owner may read it, and what happens after its end is nobody's trouble", () => {
    const home = folder();
    try {
      const path = join(home, "lock.btsnoop");
      const file = openCaptureFile(path);
      for (const each of paperVisit()) file.capture(each);
      file.close();
      file.capture({ direction: "sent", bytes: Uint8Array.of(1), at: 0 });
      file.close();
      expect(file.trouble).toBeUndefined();
      expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(packetsOf(new Uint8Array(readFileSync(path))).map(plain)).toEqual(paperVisit().map(plain));
    } finally {
      rmSync(home, { recursive: true });
    }
  });

  test.skipIf(!existsSync("/dev/full"))(
    "a full disk ends the capture and is told, and nothing is thrown",
    () => {
      const file = openCaptureFile("/dev/full");
      expect(file.trouble).toMatch(/ENOSPC/);
      file.capture({ direction: "sent", bytes: Uint8Array.of(1), at: 0 });
      file.close();
    },
  );
});
