// Bytes at a lock's real stack that are no attribute protocol, or any of it in any order, and the stack's own faults: the
// lock lives, flash stays as it was, and the next honest phone is served.
import { emptyOutbox, encodeHelloRequest, messageType, segment } from "@doorsync/protocol/courier";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waiting } from "../../packages/lock-sim/src/edge/bleno-stack.ts";
import { nextAfterStrangers } from "../support/ble-faults.ts";
import { type BleDoor, type BleRig, bleRig, pause, until } from "../support/ble-rig.ts";
import { att, handles, type RawCentral, rawCentral, talkTo } from "../support/raw-ble.ts";
import { storesOf } from "../world.ts";

let rig: BleRig;
let door: BleDoor;
let stranger: RawCentral;
beforeEach(async () => {
  rig = bleRig();
  door = await rig.door("A");
  stranger = rawCentral(rig.air);
});
afterEach(() => rig.close());

const talking = (): Promise<void> => talkTo(stranger, door.address);
const servesTheNext = (before: string): Promise<void> => nextAfterStrangers(rig, door, before);
/** A frame that says hello. */
const hello = segment(emptyOutbox, messageType("hello"), encodeHelloRequest(false), 20)
  .frames[0] as Uint8Array;

describe("bytes that are no attribute protocol", () => {
  test.each([
    ["an ATT write without a handle", (c: RawCentral) => c.send(Uint8Array.of(0x12, 5))],
    [
      "a search for a service by no value",
      (c: RawCentral) => c.send(Uint8Array.of(0x06, 1, 0, 255, 255, 0, 0x28)),
    ],
    ["an empty PDU", (c: RawCentral) => c.send(new Uint8Array())],
    ["a packet shorter than its head", (c: RawCentral) => c.sendRaw(Uint8Array.of(7))],
    ["a PDU that promises more than comes", (c: RawCentral) => c.send(Uint8Array.of(0x12, 13, 0), 4, 200)],
    ["pairing that makes no sense", (c: RawCentral) => c.send(Uint8Array.of(3), 6)],
    ["signalling that makes no sense", (c: RawCentral) => c.send(Uint8Array.of(0x12, 1, 255), 5)],
    ["another channel", (c: RawCentral) => c.send(new Uint8Array(30), 99)],
  ])("%s: the lock lives, and serves the next one", async (_what, act) => {
    const before = storesOf(door.lock);
    await talking();
    act(stranger);
    await pause(30);
    stranger.disconnect();
    await servesTheNext(before);
  });

  test("whatever is sent in whatever order, flash is unchanged and the next phone is served", async () => {
    const before = storesOf(door.lock);
    const handle = fc.oneof(fc.constantFrom(...Object.values(handles)), fc.nat(20));
    const value = fc.uint8Array({ maxLength: 40 });
    const opcodes = [0x02, 0x04, 0x06, 0x08, 0x0a, 0x0c, 0x0e, 0x10, 0x12, 0x16, 0x18, 0x1e, 0x52, 0xd2];
    const pdu = fc.oneof(
      fc.tuple(handle, value).map(([at, bytes]) => att.write(at, bytes)),
      fc.tuple(handle, value).map(([at, bytes]) => att.command(at, bytes)),
      fc.tuple(fc.constantFrom(...opcodes), value).map(([opcode, bytes]) => Uint8Array.of(opcode, ...bytes)),
      fc.constantFrom(
        att.subscribe(),
        att.execute,
        att.mtu(0),
        att.mtu(65_535),
        att.command(handles.inbox, hello),
      ),
      value,
    );
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(pdu, { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async (pdus, subscribes) => {
          await until(() => !door.radio.isConnected, "free");
          await stranger.connect(door.address);
          if (subscribes) stranger.send(att.subscribe());
          for (const one of pdus) stranger.send(one);
          await pause(10);
          if (!stranger.isConnected || stranger.heard.length > 0) answered += 1;
          stranger.disconnect();
          await until(() => !stranger.isConnected, "gone");
          expect(storesOf(door.lock)).toBe(before);
        },
      ),
      { numRuns: 40 },
    );
    expect(answered, "runs in which the lock answered, or hung up").toBeGreaterThan(5);
    await servesTheNext(before);
  });
});

describe("the lock's own stack", () => {
  test("a word for a connection that is gone poisons it, and it is mended", async () => {
    const before = storesOf(door.lock);
    await talking();
    stranger.disconnect();
    await until(() => !door.radio.isConnected, "gone");
    const inside = door.stack._bindings?._hci as unknown as {
      queueAclDataPkt(handle: number, cid: number, data: Buffer): void;
    };
    inside.queueAclDataPkt(999, 4, Buffer.from([0x1b, 15, 0, 1]));
    await until(() => door.radio.resets === 1, "it was reset");
    expect(door.troubles).toEqual([expect.stringContaining("poisoned")]);
    await servesTheNext(before);
  });

  test("a controller that does not hang up is reset", async () => {
    const before = storesOf(door.lock);
    await talking();
    const stack = door.stack as { disconnect(): void };
    stack.disconnect = () => {};
    stranger.send(att.command(handles.inbox, Uint8Array.of(0xc5, 1)));
    await until(() => stranger.heard.length > 0, "it was refused");
    door.passes(2_500);
    expect(door.radio.resets, "not before its time").toBe(0);
    door.passes(2_000);
    expect([door.radio.resets, door.troubles]).toEqual([1, [expect.stringContaining("did not hang up")]]);
    await servesTheNext(before);
  });

  test("a queue that stands still is reset", async () => {
    const before = storesOf(door.lock);
    await talking();
    rig.air.links[0]?.stall("to-central");
    for (let n = 0; n < 3; n++) stranger.send(att.read(handles.hello));
    await until(() => (waiting(door.stack) ?? 0) > 0, "answers wait");
    door.passes(10);
    door.passes(3_200);
    expect([door.radio.resets, door.troubles]).toEqual([1, [expect.stringContaining("stood still")]]);
    await servesTheNext(before);
  });
});
