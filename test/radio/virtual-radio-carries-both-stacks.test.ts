/**
 * Unmodified noble and bleno do over software controllers what they do over a radio. What they do wrong is not hidden;
 * faults of the air are in virtual-radio-has-faults.test.ts, what a controller says byte by byte in virtual-controller.
 */
import type { HciPacket } from "@doorsync/virtual-radio";
import { afterEach, describe, expect, test } from "vitest";
import {
  find,
  meet,
  mirrorUuid,
  pause,
  type StackRig,
  settles,
  stackRig,
  until,
} from "../support/stack-rig.ts";

let rig: StackRig | undefined;
afterEach(() => {
  rig?.close();
  rig = undefined;
});
const begin = (...options: Parameters<typeof stackRig>): StackRig => {
  rig = stackRig(...options);
  return rig;
};
/** Bytes that differ from place to place, so that nothing can be swapped unseen. */
const bytes = (length: number, from = 0): Buffer =>
  Buffer.from(Array.from({ length }, (_, at) => (at * 7 + from) & 0xff));

describe("one central, one peripheral", () => {
  test("scan, connect, MTU, discovery, reads, writes, long values, notifications, indications, and all of it again", async () => {
    const { air, ...make } = begin();
    const mirror = await make.mirror("mirror");
    const phone = await make.central();
    const remote = await find(phone, "mirror");
    expect(remote).toMatchObject({ address: mirror.adapter.address, rssi: -40 });

    for (const round of [1, 2]) {
      const { value, indicate } = await meet(remote);
      expect(air.links).toHaveLength(1);
      expect(remote.mtu).toBe(256);

      await value.writeAsync(bytes(253, round), false);
      await value.writeAsync(bytes(253, round + 1), true);
      await value.writeAsync(bytes(500, round + 2), false);
      await until(() => mirror.written.length === 3, "all three writes arrived");
      expect(mirror.written.splice(0)).toEqual([
        { data: bytes(253, round), isCommand: false },
        { data: bytes(253, round + 1), isCommand: true },
        { data: bytes(500, round + 2), isCommand: false },
      ]);

      mirror.value = bytes(600, round);
      expect(await value.readAsync()).toEqual(mirror.value);

      const heard: Buffer[] = [];
      value.on("data", (data) => heard.push(data));
      indicate.on("data", (data) => heard.push(data));
      await value.subscribeAsync();
      await indicate.subscribeAsync();
      mirror.notify?.(bytes(253, round));
      mirror.indicate?.(bytes(100, round));
      await until(() => heard.length === 2 && mirror.events.includes("confirmed"), "both values came");
      expect(heard).toEqual([bytes(253, round), bytes(100, round)]);

      const ended = new Promise((resolve) => remote.once("disconnect", resolve));
      await remote.disconnectAsync();
      await ended;
      await until(() => mirror.events.includes("disconnect"), "the peripheral knows");
      expect(air.links).toHaveLength(0);
      mirror.events.length = 0;
    }
  });

  test("the peripheral hangs up, and is found again", async () => {
    const make = begin();
    const mirror = await make.mirror("mirror");
    const phone = await make.central();
    const remote = await find(phone, "mirror");
    await meet(remote);
    const reason = new Promise((resolve) => remote.once("disconnect", resolve));
    mirror.stack.disconnect();
    expect(await reason).toBe(0x13);
    const { value } = await meet(await find(phone, "mirror"));
    await value.writeAsync(bytes(20), false);
    expect(mirror.written).toEqual([{ data: bytes(20), isCommand: false }]);
  });

  test.each([23, 100, 185, 247, 256])("at MTU %i the longest values arrive whole", async (mtu) => {
    const make = begin();
    const mirror = await make.mirror("mirror", { mtu });
    const { value } = await meet(await find(await make.central(), "mirror"));
    for (const isCommand of [false, true]) await value.writeAsync(bytes(mtu - 3), isCommand);
    const heard: Buffer[] = [];
    value.on("data", (data) => heard.push(data));
    await value.subscribeAsync();
    mirror.notify?.(bytes(mtu - 3));
    await until(() => heard.length === 1 && mirror.written.length === 2, "all arrived");
    expect(heard).toEqual([bytes(mtu - 3)]);
    expect(mirror.written.map(({ data }) => data)).toEqual([bytes(mtu - 3), bytes(mtu - 3)]);
  });

  test("with small buffers values go in many packets, and none is lost or mixed", async () => {
    const make = begin();
    const mirror = await make.mirror("mirror", { bufferBytes: 27, bufferCount: 2 });
    const { value } = await meet(
      await find(await make.central({ bufferBytes: 27, bufferCount: 2 }), "mirror"),
    );
    const sent = Array.from({ length: 40 }, (_, at) => bytes(253, at));
    for (const data of sent) void value.writeAsync(data, true);
    await until(() => mirror.written.length === sent.length, "all arrived");
    expect(mirror.written.map(({ data }) => data)).toEqual(sent);
  });

  test("a value longer than the MTU, which noble sends without a word, does not leave the controller", async () => {
    const make = begin();
    const mirror = await make.mirror("mirror", { mtu: 100 });
    const phone = await make.central();
    const { value } = await meet(await find(phone, "mirror"));
    await value.writeAsync(bytes(98), true);
    await until(() => phone.adapter.overlongPdus === 1, "it was refused");
    await value.writeAsync(bytes(97), true);
    await until(() => mirror.written.length === 1, "the one that fits arrives");
    expect(mirror.written.map(({ data }) => data.length)).toEqual([97]);
  });

  test("the strength of the signal can be asked for while connected", async () => {
    const make = begin();
    const mirror = await make.mirror("mirror");
    const remote = await find(await make.central(), "mirror");
    await meet(remote);
    mirror.adapter.move({ xMetres: 10, yMetres: 0 });
    expect(await remote.updateRssiAsync()).toBe(-60);
  });
});

describe("several of each", () => {
  test("two centrals and two peripherals at the same time, and nobody hears what is not for them", async () => {
    const make = begin();
    const mirrors = [await make.mirror("left"), await make.mirror("right")];
    const phones = [await make.central(), await make.central()];
    await Promise.all(
      mirrors.map(async (mirror, at) => {
        const phone = phones[at];
        if (phone === undefined) throw new Error("a phone for each");
        const { value } = await meet(await find(phone, mirror.name));
        for (let round = 0; round < 20; round += 1)
          await value.writeAsync(bytes(200, round + 100 * at), false);
      }),
    );
    expect(make.air.links).toHaveLength(2);
    for (const [at, mirror] of mirrors.entries())
      expect(mirror.written.map(({ data }) => data)).toEqual(
        Array.from({ length: 20 }, (_, round) => bytes(200, round + 100 * at)),
      );
  });

  test("one central holds links to two peripherals", async () => {
    const make = begin();
    const [left, right] = [await make.mirror("left"), await make.mirror("right")];
    const phone = await make.central();
    const ways = [await meet(await find(phone, "left")), await meet(await find(phone, "right"))];
    for (const [at, { value }] of ways.entries()) await value.writeAsync(bytes(10, at), false);
    expect(left.written.map(({ data }) => data)).toEqual([bytes(10, 0)]);
    expect(right.written.map(({ data }) => data)).toEqual([bytes(10, 1)]);
  });

  test("a second central waits while the peripheral is taken, and gets it afterwards", async () => {
    const make = begin();
    await make.mirror("mirror");
    const [first, second] = [await make.central(), await make.central()];
    const [taken, waiting] = [await find(first, "mirror"), await find(second, "mirror")];
    await meet(taken);
    const attempt = waiting.connectAsync();
    expect(await settles(attempt, 60)).toBe("never");
    await taken.disconnectAsync();
    expect(await settles(attempt, 10_000)).toBe("yes");
  });
});

test("a capture has every packet of one side, in order, with the bytes that the host saw", async () => {
  const packets: HciPacket[] = [];
  const make = begin();
  const mirror = await make.mirror("mirror");
  const phone = await make.central({ capture: (packet) => packets.push(packet) });
  const remote = await find(phone, "mirror");
  const { value } = await meet(remote);
  await value.writeAsync(bytes(200), false);
  await pause(5);
  expect(mirror.written).toHaveLength(1);
  const hex = packets.map(({ bytes: packet }) => Buffer.from(packet).toString("hex"));
  const sent = packets.filter(({ direction }) => direction === "sent");
  const received = packets.filter(({ direction }) => direction === "received");
  expect(new Set(sent.map(({ bytes: packet }) => packet[0]))).toEqual(new Set([1, 2]));
  expect(new Set(received.map(({ bytes: packet }) => packet[0]))).toEqual(new Set([2, 4]));
  expect(hex.some((packet) => packet.startsWith("02") && packet.includes(bytes(200).toString("hex")))).toBe(
    true,
  );
  expect(
    hex.some((packet) => packet.includes(Buffer.from(mirrorUuid, "hex").reverse().toString("hex"))),
  ).toBe(true);
  const times = packets.map(({ at }) => at);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(Math.abs((times[0] ?? 0) - Date.now())).toBeLessThan(30_000);
  // Starts of PDUs: 00 from the host, 10 to it, as on real adapters.
  const flagsOf = (some: readonly HciPacket[]) =>
    new Set(some.filter((p) => p.bytes[0] === 2).map((p) => (p.bytes[2] ?? 0) >> 4));
  expect(flagsOf(sent)).toEqual(new Set([0]));
  expect(flagsOf(received)).toEqual(new Set([2]));
});
