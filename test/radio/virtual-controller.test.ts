/**
 * One controller, packet by packet, without air and time: every command has its answer, no bytes of a host make it
 * throw, and no attribute longer than the MTU leaves it. What the stacks make of its answers is tested beside this.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createAttGuard } from "../../packages/virtual-radio/src/att-guard.ts";
import { step } from "../../packages/virtual-radio/src/controller.ts";
import {
  type ControllerState,
  createController,
  type HandlePolicy,
  type Output,
} from "../../packages/virtual-radio/src/controller-state.ts";
import { createPacketCutter } from "../../packages/virtual-radio/src/h4.ts";
import { type CommandName, commands, handleMax, le16, status } from "../../packages/virtual-radio/src/hci.ts";
import { runs } from "../replay.ts";
import { addressParameters, command, u16 } from "../support/raw-host.ts";

const own = "02:00:00:00:00:aa";
const peer = "02:00:00:00:00:bb";
const parameters = { intervalUnits: 12, latencyEvents: 0, timeoutUnits: 42 };

const make = (handles: HandlePolicy = "lowest-free"): ControllerState =>
  createController({ address: own, bufferBytes: 251, bufferCount: 8, handles });
const say = (state: ControllerState, name: CommandName, ...given: readonly number[]): readonly Output[] =>
  step(state, { kind: "host", packet: command(name, ...given) });
const toHost = (outputs: readonly Output[]): Uint8Array[] =>
  outputs.flatMap((output) => (output.kind === "to-host" ? [output.packet] : []));
const link = (state: ControllerState, id: number, role: "central" | "peripheral" = "peripheral"): number => {
  const [packet] = toHost(step(state, { kind: "linked", link: id, role, peer, parameters }));
  return le16(packet ?? new Uint8Array(0), 5);
};
const hex = (packet: Uint8Array | undefined): string => Buffer.from(packet ?? []).toString("hex");
const acl = (handle: number, flag: number, data: readonly number[]): Uint8Array =>
  Uint8Array.of(2, ...u16(handle | (flag << 12)), ...u16(data.length), ...data);

/** The opcode that an event answers; undefined if it answers none. */
const answers = (packet: Uint8Array): number | undefined =>
  packet[1] === 0x0e ? le16(packet, 4) : packet[1] === 0x0f ? le16(packet, 5) : undefined;

describe("every command has one answer", () => {
  test.each(Object.entries(commands))("%s", (name, { opcode }) => {
    const state = make();
    const handle = link(state, 1);
    const outputs = say(state, name as CommandName, ...u16(handle));
    const answered = toHost(outputs)
      .map(answers)
      .filter((code) => code === opcode);
    // The strength of a signal is the air's to know; its answer is the answer.
    const asked = outputs.some(({ kind }) => kind === "ask-rssi");
    expect(answered.length + (asked ? 1 : 0)).toBe(1);
  });

  test("an unknown one is said to be unknown, a short one to have wrong parameters", () => {
    expect(toHost(step(make(), { kind: "host", packet: Uint8Array.of(1, 0x41, 0x20, 0) })).map(hex)).toEqual([
      "040e0401412001",
    ]);
    for (const [name, { opcode, bytesMin }] of Object.entries(commands)) {
      if (bytesMin === 0) continue;
      const packet = Uint8Array.of(1, ...u16(opcode), bytesMin - 1, ...new Array(bytesMin - 1).fill(0));
      const [answer] = toHost(step(make(), { kind: "host", packet }));
      expect(hex(answer), name).toBe(
        hex(Uint8Array.of(4, 0x0e, 4, 1, ...u16(opcode), status.invalidParameters)),
      );
    }
  });

  test("the answers that noble and bleno wait for, to the byte", () => {
    const state = make();
    const said = (name: CommandName, ...given: readonly number[]) =>
      toHost(say(state, name, ...given)).map(hex);
    expect(said("readLocalVersion")).toEqual(["040e0c010110000c00000cffff0000"]);
    expect(said("leReadBufferSize")).toEqual(["040e0701022000fb0008"]);
    expect(said("readAddress")).toEqual(["040e0a01091000aa0000000002"]);
    expect(said("leSetScanParameters", 1)).toEqual(["040e04010b2000"]);
    expect(said("leSetAdvertisingParameters", 0xa0)).toEqual(["040e0401062000"]);
    const wish = [0x60, 0, 0x30, 0, 0, 0, ...addressParameters(peer), 0, 6, 0, 18, 0, 0, 0, 42, 0];
    expect(said("leCreateConnection", ...wish)).toEqual(["040f0400010d20"]);
    expect(said("leCreateConnection", ...wish), "one attempt at a time").toEqual(["040f040c010d20"]);
    expect(said("leCancelConnection")).toEqual([
      "040e04010e2000",
      "043e1301020000000 0bb0000000002 0000 0000 0000 00".replaceAll(" ", ""),
    ]);
    expect(said("leCancelConnection"), "nothing to call off").toEqual(["040e04010e200c"]);
  });

  test("parameters of a link that Bluetooth does not know are refused", () => {
    const wish = (...units: readonly number[]) => [
      0,
      0,
      0,
      0,
      0,
      0,
      ...addressParameters(peer),
      0,
      ...units.flatMap(u16),
    ];
    for (const units of [
      [5, 18, 0, 42],
      [18, 6, 0, 42],
      [6, 3_201, 0, 42],
      [6, 18, 500, 42],
      [6, 18, 0, 9],
      [6, 18, 0, 3_201],
      [0, 0, 0, 0],
    ]) {
      const state = make();
      const answered = say(state, "leCreateConnection", ...wish(...units));
      const handle = link(state, 1);
      expect(toHost(answered).map(hex), String(units)).toEqual(["040f0412010d20"]);
      const updated = say(state, "leUpdateConnection", ...u16(handle), ...units.flatMap(u16));
      expect(
        updated.map(({ kind }) => kind),
        String(units),
      ).toEqual(["to-host"]);
      expect(toHost(updated).map(hex)).toEqual(["040f0412011320"]);
    }
  });

  test("advertising data beyond 31 bytes is refused, parameters do not change while it runs", () => {
    const state = make();
    expect(toHost(say(state, "leSetAdvertisingData", 32)).map(hex)).toEqual(["040e0401082012"]);
    say(state, "leSetAdvertisingEnable", 1);
    expect(toHost(say(state, "leSetAdvertisingParameters", 32)).map(hex)).toEqual(["040e040106200c"]);
  });
});

describe("no host makes it throw", () => {
  const anyPacket = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .tuple(fc.constantFrom(...Object.keys(commands)), fc.array(fc.nat(255), { maxLength: 40 }))
      .map(([name, given]) => command(name as CommandName, ...given)),
    fc
      .tuple(fc.nat(3), fc.nat(3), fc.array(fc.nat(255), { maxLength: 260 }))
      .map(([handle, flag, data]) => acl(handle, flag, data)),
  );
  test("whatever it writes, and whatever happens meanwhile; every whole command is answered once", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyPacket, fc.nat(9)), { maxLength: 30 }), (packets) => {
        const state = make();
        let links = 0;
        for (const [packet, meanwhile] of packets) {
          const outputs = step(state, { kind: "host", packet });
          const isWhole = packet[0] === 1 && packet.length >= 4 && packet.length === 4 + (packet[3] ?? 0);
          if (isWhole && !outputs.some(({ kind }) => kind === "ask-rssi"))
            expect(toHost(outputs).filter((event) => answers(event) === le16(packet, 1))).toHaveLength(1);
          if (meanwhile === 0) link(state, ++links, "central");
          if (meanwhile === 1) link(state, ++links);
          if (meanwhile === 2) step(state, { kind: "unlinked", link: links, reason: 8 });
          if (meanwhile === 3) step(state, { kind: "received", link: links, starts: true, data: packet });
          if (meanwhile === 4) step(state, { kind: "sent", link: links, count: 1 });
          if (meanwhile === 5) step(state, { kind: "connect-failed", code: 0x3e });
        }
      }),
      runs(200),
    );
  });
});

describe("handles", () => {
  test("the lowest that is free, or never one twice", () => {
    const handlesOf = (policy: HandlePolicy): number[] => {
      const state = make(policy);
      const [first, second] = [link(state, 1), link(state, 2)];
      step(state, { kind: "unlinked", link: 1, reason: 8 });
      return [first, second, link(state, 3), link(state, 4)];
    };
    expect(handlesOf("lowest-free")).toEqual([1, 2, 1, 3]);
    expect(handlesOf("ever-increasing")).toEqual([1, 2, 3, 4]);
  });

  test("begin again at the end of their range, and pass over what is in use", () => {
    const state = make("ever-increasing");
    state.lastHandle = handleMax - 1;
    expect([link(state, 1), link(state, 2)]).toEqual([handleMax, 1]);
    state.lastHandle = handleMax - 1;
    expect(link(state, 3)).toBe(2);
  });

  test("that do not exist: packets go nowhere, commands are told so", () => {
    const state = make();
    expect(step(state, { kind: "host", packet: acl(7, 0, [1, 0, 4, 0, 1]) })).toEqual([]);
    expect(toHost(say(state, "disconnect", 7, 0, 0x13)).map(hex)).toEqual(["040f0402010604"]);
    expect(toHost(say(state, "readRssi", 7, 0)).map(hex)).toEqual(["040e0701051402070000"]);
  });
});

describe("attributes keep to the MTU", () => {
  const mtu = (opcode: number, value: number) => Uint8Array.of(3, 0, 4, 0, opcode, ...u16(value));
  const write = (length: number) => Uint8Array.of(...u16(length), 4, 0, ...new Array(length).fill(0x52));

  test("which is 23 until both have said theirs, then the smaller one, and never less than 23", () => {
    for (const [mine, theirs, agreed] of [
      [256, 100, 100],
      [100, 256, 100],
      [10, 10, 23],
    ] as const) {
      const guard = createAttGuard();
      expect(guard.lets(true, write(23))).toBe(true);
      expect(guard.lets(true, write(24))).toBe(false);
      expect(guard.lets(true, mtu(2, mine))).toBe(true);
      expect(guard.lets(true, write(24)), "asked, not answered").toBe(false);
      guard.hears(true, mtu(3, theirs));
      expect(guard.mtuBytes).toBe(agreed);
      expect(guard.lets(true, write(agreed))).toBe(true);
      expect(guard.lets(true, write(agreed + 1))).toBe(false);
    }
  });

  test("an answer that nobody asked for changes nothing", () => {
    const guard = createAttGuard();
    guard.hears(true, mtu(3, 200));
    expect(guard.mtuBytes).toBe(23);
  });

  test("a refused PDU is refused to its last piece, is counted once, and frees its buffers", () => {
    const state = make();
    const handle = link(state, 1);
    const pieces = [acl(handle, 0, [...write(30).subarray(0, 27)]), acl(handle, 1, [1, 2, 3, 4, 5, 6, 7])];
    const outputs = pieces.flatMap((packet) => step(state, { kind: "host", packet }));
    expect(outputs.map(({ kind }) => kind)).toEqual(["to-host", "to-host"]);
    expect(toHost(outputs).map(hex)).toEqual(["0413050101000100", "0413050101000100"]);
    expect(state.overlongPdus).toBe(1);
    const next = step(state, { kind: "host", packet: acl(handle, 0, [...write(23)]) });
    expect(next.map(({ kind }) => kind)).toEqual(["transmit"]);
  });

  test("data whose length is not what it says goes nowhere", () => {
    const state = make();
    const handle = link(state, 1);
    const packet = acl(handle, 0, [...write(10)]);
    expect(step(state, { kind: "host", packet })).toHaveLength(1);
    expect(step(state, { kind: "host", packet: packet.subarray(0, -1) })).toEqual([]);
  });

  test("other channels have no MTU of attributes", () => {
    const guard = createAttGuard();
    expect(guard.lets(true, Uint8Array.of(100, 0, 5, 0, ...new Array(100).fill(0)))).toBe(true);
  });
});

describe("a stream of packets is cut by their lengths", () => {
  const packets = [
    command("reset"),
    command("leCreateConnection", 1, 2, 3),
    acl(1, 0, new Array(300).fill(7)),
    Uint8Array.of(4, 0x0e, 4, 1, 3, 12, 0),
  ];
  test("wherever it is cut", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 }), (cuts) => {
        const stream = Uint8Array.from(packets.flatMap((packet) => [...packet]));
        const cutter = createPacketCutter();
        const out: Uint8Array[] = [];
        for (let [at, turn] = [0, 0]; at < stream.length; turn += 1) {
          const length = cuts[turn % cuts.length] ?? 1;
          out.push(...(cutter.push(stream.subarray(at, at + length)) ?? []));
          at += length;
        }
        expect(out.map(hex)).toEqual(packets.map(hex));
      }),
    );
  });
  test("what is no packet ends it for good", () => {
    const cutter = createPacketCutter();
    expect(cutter.push(Uint8Array.of(9, 9))).toBeUndefined();
    expect(cutter.push(command("reset"))).toBeUndefined();
  });
});
