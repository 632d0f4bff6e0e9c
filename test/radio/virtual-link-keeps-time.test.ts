/**
 * A link in virtual time, with hosts that speak HCI and no stack: rates and round trips are those of the air model,
 * timeouts are exact, and the same seed gives the same packets at the same moments. Real stacks have their own timers
 * and are tested in real time, in the two files beside this one.
 */
import {
  type AdapterOptions,
  type Air,
  type AirOptions,
  attBytesPerSecond,
  createAir,
  createVirtualClock,
  hciStatus,
  type LinkModel,
  tamperByChance,
  tamperOnce,
  type VirtualClock,
  visitMs,
} from "@doorsync/virtual-radio";
import { describe, expect, test } from "vitest";
import { addressParameters, command, type RawHost, rawHost, u16 } from "../support/raw-host.ts";

interface Pair {
  readonly clock: VirtualClock;
  readonly air: Air;
  readonly central: RawHost;
  readonly peripheral: RawHost;
}

const buffers = { bytes: 251, count: 64 };
const supervisionMs = 1_000;

/** Two hosts in an air, not yet connected. */
function pair(options: AirOptions = {}, adapter: AdapterOptions = {}): Pair {
  const clock = createVirtualClock(1_000);
  const air = createAir({ clock, ...options });
  const [central, peripheral] = [0, 1].map(() =>
    rawHost(air.adapter({ bufferCount: buffers.count, ...adapter }), clock.nowMs, buffers),
  ) as [RawHost, RawHost];
  return { clock, air, central, peripheral };
}

function advertise({ peripheral }: Pair): void {
  peripheral.say("leSetAdvertisingParameters", ...u16(160), ...u16(160), 0);
  peripheral.say("leSetAdvertisingEnable", 1);
}

function connect(both: Pair, intervalUnits: number, intervalUnitsMax = intervalUnits): void {
  const { clock, central, peripheral } = both;
  advertise(both);
  const interval = [...u16(intervalUnits), ...u16(intervalUnitsMax)];
  const peer = addressParameters(peripheral.adapter.address);
  central.say(
    "leCreateConnection",
    0,
    0,
    0,
    0,
    0,
    0,
    ...peer,
    0,
    ...interval,
    0,
    0,
    ...u16(supervisionMs / 10),
  );
  clock.advance(200);
  if (central.handle === undefined || peripheral.handle === undefined) throw new Error("connected");
}

const linked = (options: AirOptions = {}, intervalUnits = 12, adapter: AdapterOptions = {}): Pair => {
  const both = pair(options, adapter);
  connect(both, intervalUnits);
  return both;
};

/** On a channel that is not ATT, so that no MTU is in the way: what an ATT value and its head are together. */
const channel = 0x40;
const pdu = (valueBytes: number, mark = 0): Uint8Array => new Uint8Array(valueBytes + 3).fill(mark);

const models: readonly (readonly [number, LinkModel])[] = [
  [23, { phy: "1M", dle: false, intervalMs: 30, packetsPerEventMax: 1 }],
  [23, { phy: "1M", dle: false, intervalMs: 30, packetsPerEventMax: 6 }],
  [23, { phy: "2M", dle: false, intervalMs: 15 }],
  [185, { phy: "1M", dle: true, intervalMs: 7.5 }],
  [185, { phy: "1M", dle: false, intervalMs: 15 }],
  [247, { phy: "2M", dle: true, intervalMs: 15, packetsPerEventMax: 6 }],
  [247, { phy: "2M", dle: true, intervalMs: 15 }],
  [247, { phy: "1M", dle: true, intervalMs: 30 }],
  [517, { phy: "1M", dle: true, intervalMs: 15 }],
];
const withRate = ({ intervalMs: _, ...rate }: LinkModel): AirOptions => ({ rate });

describe("the rate is the model's", () => {
  test.each(models)("MTU %i, %o: bulk in either direction", (mtuBytes, model) => {
    for (const [from, to] of [
      ["central", "peripheral"],
      ["peripheral", "central"],
    ] as const) {
      const both = linked(withRate(model), model.intervalMs / 1.25);
      const seconds = 2;
      const expected = attBytesPerSecond(mtuBytes, model);
      const values = Math.ceil((expected * seconds * 1.2) / (mtuBytes - 3));
      for (let at = 0; at < values; at += 1) both[from].send(channel, pdu(mtuBytes - 3, at & 0xff));
      both.clock.advance(seconds * 1_000);
      const arrived = both[to].pdus.length;
      expect(arrived, "there was always something to send").toBeLessThan(values);
      // The seconds end somewhere between two events, in the middle of a value.
      const oneEvent = (expected * model.intervalMs) / 1_000 + mtuBytes;
      expect(Math.abs(arrived * (mtuBytes - 3) - expected * seconds)).toBeLessThanOrEqual(oneEvent);
      expect(both[to].pdus.map(({ body }) => body[0])).toEqual(
        Array.from({ length: arrived }, (_, at) => at & 0xff),
      );
    }
  });

  test.each(models)("MTU %i, %o: an answer goes in the event after its question", (mtuBytes, model) => {
    const { clock, central, peripheral } = linked(withRate(model), model.intervalMs / 1.25);
    const roundTrips = 10;
    const bytesEach = Math.min(20, mtuBytes - 3);
    peripheral.onPdu = () => peripheral.send(channel, pdu(bytesEach));
    let left = roundTrips;
    central.onPdu = () => {
      left -= 1;
      if (left > 0) central.send(channel, pdu(bytesEach));
    };
    const begun = clock.nowMs();
    central.send(channel, pdu(bytesEach));
    clock.advance(2_000);
    const took = (central.pdus.at(-1)?.atMs ?? Number.NaN) - begun;
    const expected = visitMs({ roundTrips, bytes: 0 }, mtuBytes, model);
    expect(central.pdus).toHaveLength(roundTrips);
    // The first event may be up to one interval away, and the last answer takes less than one.
    expect(took).toBeGreaterThan(expected - model.intervalMs);
    expect(took).toBeLessThanOrEqual(expected + model.intervalMs);
  });

  test("at the edge of the range packets are repeated: slower, but each once and in order", () => {
    const model = { phy: "2M", dle: true, intervalMs: 15 } as const;
    const near = linked(withRate(model));
    const far = linked({ ...withRate(model), range: { fadeDb: 6 } });
    far.central.adapter.move({ xMetres: 350, yMetres: 0 });
    for (const { clock, central } of [near, far]) {
      for (let at = 0; at < 200; at += 1) central.send(channel, pdu(244, at));
      clock.advance(3_000);
    }
    const last = ({ peripheral }: Pair): number => peripheral.pdus.at(-1)?.atMs ?? Number.NaN;
    expect(far.peripheral.pdus.map(({ body }) => body[0])).toEqual(
      Array.from({ length: 200 }, (_, at) => at),
    );
    expect(last(far) - 1_000).toBeGreaterThan(1.2 * (last(near) - 1_000));
  });
});

describe("timeouts are exact", () => {
  test.each([
    ["both", 1, 1],
    ["to-peripheral", 1, 1],
    // The peripheral still hears the central, until that has given up.
    ["to-central", 1, 2],
  ] as const)(
    "stalled %s: the central gives up after %i, the peripheral after %i",
    (which, central, peripheral) => {
      const both = linked();
      const stalled = both.clock.nowMs();
      both.air.links[0]?.stall(which);
      both.clock.advance(5_000);
      expect(both.central).toMatchObject({ endedBecause: hciStatus.connectionTimeout });
      expect(both.central.endedAtMs).toBe(stalled + central * supervisionMs);
      expect(both.peripheral.endedBecause).toBe(hciStatus.connectionTimeout);
      expect(both.peripheral.endedAtMs).toBe(stalled + peripheral * supervisionMs);
      expect(both.air.links).toEqual([]);
    },
  );

  test("healed at the last moment the link stands, and what waited arrives", () => {
    const { clock, air, central, peripheral } = linked({ rate: { phy: "1M", dle: true } });
    air.links[0]?.stall("both");
    central.send(channel, pdu(20, 1));
    clock.advance(supervisionMs - 1);
    expect(peripheral.pdus).toEqual([]);
    air.links[0]?.heal();
    clock.advance(100);
    expect(peripheral.pdus).toHaveLength(1);
    clock.advance(5_000);
    expect(air.links).toHaveLength(1);
  });

  test("time that passed in silence is not made up for: after a stall the rate is what it was", () => {
    const { clock, air, central, peripheral } = linked({
      rate: { phy: "1M", dle: true, packetsPerEventMax: 1 },
    });
    air.links[0]?.stall("both");
    for (let at = 0; at < 60; at += 1) central.send(channel, pdu(20));
    clock.advance(supervisionMs - 100);
    air.links[0]?.heal();
    clock.advance(15 * 20 + 5);
    expect(peripheral.pdus.length).toBeGreaterThanOrEqual(20);
    expect(peripheral.pdus.length).toBeLessThanOrEqual(21);
  });

  test("a central that hears no answer repeats one packet, which counts once; its buffer is not free", () => {
    const { clock, air, central, peripheral } = linked();
    air.links[0]?.stall("to-central");
    for (const mark of [1, 2, 3]) central.send(channel, pdu(20, mark));
    clock.advance(supervisionMs - 1);
    expect(peripheral.pdus.map(({ body }) => body[0])).toEqual([1]);
    expect(central.waiting).toBe(3);
    air.links[0]?.heal();
    clock.advance(100);
    expect(peripheral.pdus.map(({ body }) => body[0])).toEqual([1, 2, 3]);
    expect(central.waiting).toBe(0);
  });

  test("who hangs up into a stall hears so after the timeout, the other hears of a timeout", () => {
    const { clock, air, central, peripheral } = linked();
    air.links[0]?.stall("both");
    central.say("disconnect", ...u16(central.handle ?? 0), 0x13);
    clock.advance(supervisionMs);
    expect(central.endedBecause).toBe(hciStatus.localHostEnded);
    expect(peripheral.endedBecause).toBe(hciStatus.connectionTimeout);
  });
});

test("who hangs up and hears no answer waits for its timeout, though the other has gone", () => {
  const { clock, air, central, peripheral } = linked();
  air.links[0]?.stall("to-central");
  central.say("disconnect", ...u16(central.handle ?? 0), 0x13);
  clock.advance(supervisionMs - 1);
  expect(peripheral.endedBecause).toBe(hciStatus.remoteUserEnded);
  expect(central.endedBecause).toBeUndefined();
  clock.advance(1);
  expect(central.endedBecause).toBe(hciStatus.localHostEnded);
});

describe("hanging up", () => {
  const hangUp = (options: AirOptions): Pair => {
    const both = linked(options);
    const { clock, central, peripheral } = both;
    for (let at = 0; at < 50; at += 1) peripheral.send(channel, pdu(244, at));
    peripheral.say("disconnect", ...u16(peripheral.handle ?? 0), 0x13);
    clock.advance(500);
    expect(central.endedBecause).toBe(hciStatus.remoteUserEnded);
    expect(peripheral.endedBecause).toBe(hciStatus.localHostEnded);
    return both;
  };
  test("overtakes what was sent before it, on the air", () => {
    expect(hangUp({ rate: { phy: "1M", dle: true } }).central.pdus).toEqual([]);
  });
  test("waits for it where packets take no time, and for packets that are late", () => {
    expect(hangUp({}).central.pdus).toHaveLength(50);
    expect(
      hangUp({ tamper: tamperOnce("to-central", 20, { kind: "delay", ms: 100 }) }).central.pdus,
    ).toHaveLength(50);
  });
});

test("a wish for another interval comes true for both, and the rate follows", () => {
  const { clock, central, peripheral } = linked({ rate: { phy: "1M", dle: true, packetsPerEventMax: 1 } }, 6);
  central.say("leUpdateConnection", ...u16(central.handle ?? 0), ...u16(24), ...u16(24), 0, 0, ...u16(50));
  clock.advance(200);
  for (const { heard } of [central, peripheral])
    expect(heard.filter(({ packet }) => packet[1] === 0x3e && packet[3] === 3)).toHaveLength(1);
  const before = peripheral.pdus.length;
  for (let at = 0; at < 60; at += 1) central.send(channel, pdu(20));
  clock.advance(30 * 20);
  expect(peripheral.pdus.length - before).toBe(20);
});

test("a packet that is late is late, whatever went before it, and so is what comes behind", () => {
  const { clock, central, peripheral } = linked({
    tamper: tamperOnce("to-peripheral", 1, { kind: "delay", ms: 100 }),
  });
  const begun = clock.nowMs();
  for (const mark of [1, 2, 3]) central.send(channel, pdu(20, mark));
  clock.advance(500);
  expect(peripheral.pdus.map(({ atMs, body }) => [body[0], atMs - begun])).toEqual([
    [1, 0],
    [2, 100],
    [3, 100],
  ]);
});

test("a packet that nothing overtakes passes by itself; latency is what was given", () => {
  const { clock, central, peripheral } = linked({
    latencyMs: 5,
    tamper: tamperOnce("to-peripheral", 1, { kind: "swap" }),
  });
  const begun = clock.nowMs();
  for (const mark of [1, 2]) central.send(channel, pdu(20, mark));
  clock.advance(500);
  expect(peripheral.pdus.map(({ atMs, body }) => [body[0], atMs - begun])).toEqual([
    [1, 5],
    [2, 30],
  ]);
});

test.each([
  [undefined, 18],
  [15, 12],
  [100, 18],
  [1, 6],
])("an air with intervals of %s ms keeps within what the central allows: %i units", (intervalMs, units) => {
  const both = pair(intervalMs === undefined ? {} : { intervalMs });
  connect(both, 6, 18);
  expect(both.air.links[0]?.parameters.intervalUnits).toBe(units);
});

describe("chance has a seed", () => {
  const play = (seed: number): string => {
    const both = linked({
      seed,
      rate: { phy: "1M", dle: true },
      range: { fadeDb: 8 },
      tamper: tamperByChance(seed, { drop: 0.1, duplicate: 0.1, swap: 0.1, corrupt: 0.1 }),
    });
    both.central.adapter.move({ xMetres: 100, yMetres: 0 });
    for (let at = 0; at < 100; at += 1) both.central.send(channel, pdu(100, at));
    both.clock.advance(3_000);
    return JSON.stringify(both.peripheral.heard.map(({ atMs, packet }) => [atMs, [...packet]]));
  };
  test("the same seed, the same packets at the same moments; another seed, others", () => {
    expect(play(1)).toBe(play(1));
    expect(play(1)).not.toBe(play(2));
  });
});

describe("advertising and scanning", () => {
  const reports = ({ heard }: RawHost) => heard.filter(({ packet }) => packet[1] === 0x3e && packet[3] === 2);
  test("each event is heard, with the scan response only if it is asked for, and once each if the host wants so", () => {
    for (const [isActive, onlyOnce, kinds] of [
      [1, 0, [0, 4]],
      [0, 0, [0]],
      [1, 1, [0, 4]],
    ] as const) {
      const both = pair();
      both.peripheral.say("leSetAdvertisingData", 3, 2, 1, 6);
      both.peripheral.say("leSetScanResponse", 2, 1, 8);
      advertise(both);
      both.central.say("leSetScanParameters", isActive);
      both.central.say("leSetScanEnable", 1, onlyOnce);
      both.clock.advance(1_050);
      const seen = reports(both.central).map(({ packet }) => packet[5] ?? -1);
      expect(new Set(seen)).toEqual(new Set(kinds));
      // An interval of 100 ms and up to 10 more, from now.
      const events = onlyOnce ? 1 : Math.round(seen.length / kinds.length);
      expect(seen).toHaveLength(events * kinds.length);
      if (!onlyOnce) expect(events).toBeGreaterThanOrEqual(9);
      expect(events).toBeLessThanOrEqual(11);
    }
  });
});

test("who is out of range hears no advertising, and connects to nobody", () => {
  const both = pair();
  both.central.adapter.move({ xMetres: 2_000, yMetres: 0 });
  both.central.say("leSetScanEnable", 1, 0);
  expect(() => connect(both, 6)).toThrow("connected");
  const reported = () =>
    both.central.heard.filter(({ packet }) => packet[1] === 0x3e && packet[3] === 2).length;
  expect(reported()).toBe(0);
  both.central.adapter.move({ xMetres: 20, yMetres: 0 });
  both.clock.advance(200);
  expect(reported()).toBeGreaterThan(0);
  expect(both.air.links).toHaveLength(1);
});

test("an adapter that was down for a moment has forgotten its links, and its peer finds out by the timeout", () => {
  const { clock, air, central, peripheral } = linked();
  peripheral.adapter.power(false);
  peripheral.adapter.power(true);
  central.adapter.move({ xMetres: 1, yMetres: 0 }); // whoever moves is looked at again
  central.send(channel, pdu(20));
  clock.advance(supervisionMs - 1);
  expect(central.endedBecause).toBeUndefined();
  clock.advance(1);
  expect(central.endedBecause).toBe(hciStatus.connectionTimeout);
  expect(peripheral.pdus).toEqual([]);
  expect(peripheral.endedBecause).toBeUndefined();
  expect(air.links).toEqual([]);
  peripheral.say("disconnect", ...u16(peripheral.handle ?? 0), 0x13);
  clock.advance(1);
  expect(peripheral.heard.at(-1)?.packet).toEqual(
    Uint8Array.of(4, 0x0f, 4, hciStatus.unknownConnection, 1, 6, 4),
  );
});

test("a host that throws over a packet still gets the next ones, each once", () => {
  const clock = createVirtualClock();
  const air = createAir({ clock });
  const heard: number[] = [];
  const port = air.adapter().open((packet) => {
    heard.push(packet[4] ?? 0);
    if (heard.length === 1) throw new Error("cannot read this");
  });
  for (const name of ["readLocalVersion", "readAddress", "reset"] as const) port.write(command(name));
  expect(() => clock.advance(1)).toThrow("cannot read this");
  clock.advance(1);
  expect(heard).toHaveLength(3);
  port.write(command("reset"));
  clock.advance(1);
  expect(heard).toHaveLength(4);
});

test("hundreds of links, ended in every way, leave nothing behind", () => {
  const both = linked({ rate: { phy: "2M", dle: true } }, 6);
  const { clock, air, central, peripheral } = both;
  const ends: readonly (() => void)[] = [
    () => central.say("disconnect", ...u16(central.handle ?? 0), 0x13),
    () => peripheral.say("disconnect", ...u16(peripheral.handle ?? 0), 0x13),
    () => air.links[0]?.lose(),
    () => air.links[0]?.stall("both"),
    () => air.links[0]?.stall("to-central"),
  ];
  for (let round = 0; round < 300; round += 1) {
    expect(air.links).toHaveLength(1);
    central.send(channel, pdu(200));
    peripheral.send(channel, pdu(200));
    ends[round % ends.length]?.();
    clock.advance(2 * supervisionMs + 100);
    expect(air.links).toHaveLength(0);
    expect(clock.waiting, "timers").toBe(0);
    for (const host of [central, peripheral]) host.heard.length = 0;
    connect(both, 6);
  }
});

test("an air that is closed leaves no timer behind", () => {
  const { clock, air, central } = linked({
    rate: { phy: "1M", dle: true },
    tamper: () => ({ kind: "swap" }),
  });
  central.send(channel, pdu(200));
  air.links[0]?.stall("both");
  expect(clock.advance(1)).toBeGreaterThanOrEqual(0);
  air.close();
  expect(air.links).toEqual([]);
  clock.advance(50); // what was under way at that moment
  expect(clock.advance(100_000)).toBe(0);
});
