// An adapter that will not advertise (another program has it, it is not allowed to): the lock asks again, now and then, and
// says so as often as it asks. The stack is a stand-in: neither the virtual one nor a healthy radio refuses.
import { EventEmitter } from "node:events";
import type { Hello } from "@doorsync/protocol/lock";
import { expect, test } from "vitest";
import { createLockRadio } from "../../packages/lock-sim/src/edge/bleno.ts";
import type { BlenoStack } from "../../packages/lock-sim/src/edge/bleno-stack.ts";

const hello: Hello = { protocol: 1, tag: new Uint8Array(8), epoch: 1, version: 1, flags: 0, resume: [] };

/** Stands for a service and a characteristic of bleno's. */
const Nothing = Object.assign(function Nothing() {}, {
  RESULT_SUCCESS: 0,
  RESULT_INVALID_OFFSET: 7,
  RESULT_INVALID_ATTRIBUTE_LENGTH: 0x0d,
  RESULT_UNLIKELY_ERROR: 0x0e,
});

test("an adapter that refuses to advertise is asked again every ten seconds, until it does", () => {
  const troubles: string[] = [];
  let asked = 0;
  let refuses = true;
  const stack = Object.assign(new EventEmitter(), {
    state: "poweredOn",
    PrimaryService: Nothing,
    Characteristic: Nothing,
    setServices() {},
    startAdvertisingWithEIRData() {
      asked += 1;
      if (refuses) stack.emit("advertisingStartError", new Error("Command Disallowed"));
    },
    stopAdvertising() {},
    disconnect() {},
  });
  const radio = createLockRadio({
    stack: stack as unknown as BlenoStack,
    lock: { hello: () => hello, connect: () => undefined },
    mtu: 256,
    onTrouble: (says) => troubles.push(says),
  });
  const passes = (fromMs: number, toMs: number): void => {
    for (let nowMs = fromMs; nowMs < toMs; nowMs += 250) radio.look(nowMs);
  };
  passes(0, 10_000);
  expect([asked, troubles.length, radio.isAdvertising]).toEqual([1, 1, false]);
  passes(10_000, 60_000);
  expect(asked).toBe(6);
  expect(troubles).toEqual(Array.from({ length: 6 }, () => "the lock cannot advertise: Command Disallowed"));
  refuses = false;
  passes(60_000, 80_000);
  expect([asked, troubles.length, radio.isAdvertising]).toEqual([7, 6, true]);
  // Off and on again by hand: nobody has to wait for that.
  refuses = true;
  stack.emit("stateChange", "poweredOff");
  stack.emit("stateChange", "poweredOn");
  expect(asked).toBe(8);
  refuses = false;
  stack.emit("stateChange", "poweredOff");
  stack.emit("stateChange", "poweredOn");
  expect([asked, radio.isAdvertising]).toEqual([9, true]);
  radio.close();
});
