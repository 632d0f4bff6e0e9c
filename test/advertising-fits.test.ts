// What a lock advertises, byte for byte, and how what the air brings is read: 31 bytes each, and any other bytes harmless.
import {
  encodeAdvertisement,
  encodeScanResponse,
  frameBytesFor,
  frameBytesMax,
  gatt,
  hintedFlags,
  readAdvertised,
  readHint,
  toHex,
} from "@doorsync/protocol/courier";
import { conditionFlags, helloFlags } from "@doorsync/protocol/lock";
import fc from "fast-check";
import { expect, test } from "vitest";

const tag = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
const service = "79736b636f6c" + "b2a1" + "9e4c" + "05d0" + "01006f5d";

test("the advertisement is flags, the service's UUID, last byte first, and the name", () => {
  expect(toHex(encodeAdvertisement())).toBe(`020106${"1107"}${service}${"0909"}446f6f7253796e63`);
  expect(encodeAdvertisement().length).toBe(31);
  expect(readAdvertised(encodeAdvertisement())).toEqual({ isLock: true, hint: undefined });
});

test("the scan response is the service's data: tag, version, flags", () => {
  const flags = helloFlags.wantsTime | conditionFlags.logWaiting;
  const bytes = encodeScanResponse({ tag, version: 1_042, flags });
  expect(toHex(bytes)).toBe(`1e21${service}0102030405060708${"00000412"}18`);
  expect(bytes.length).toBe(31);
  expect(readAdvertised(bytes)).toEqual({ isLock: true, hint: { tag, version: 1_042, flags } });
});

test("of hello's flags the lock's own four are advertised, and that its log waits; its condition is nobody's business", () => {
  const all = [...Object.values(helloFlags), ...Object.values(conditionFlags)].reduce((a, b) => a | b, 0);
  const shown = [...Object.values(helloFlags), conditionFlags.logWaiting].reduce((a, b) => a | b, 0);
  expect(hintedFlags(all)).toBe(shown);
  const said = readAdvertised(encodeScanResponse({ tag, version: 0, flags: all })).hint?.flags;
  expect(said).toBe(shown);
});

test("the four UUIDs differ in one digit, and are written as a dissector's table wants them", () => {
  const uuids = [gatt.service, gatt.hello.uuid, gatt.inbox.uuid, gatt.outbox.uuid];
  expect(uuids.map((uuid) => uuid.replace(/^5d6f000\d/, ""))).toEqual(
    uuids.map(() => "-d005-4c9e-a1b2-6c6f636b7379"),
  );
  expect(new Set(uuids).size).toBe(4);
});

test.each([
  [23, 20],
  [100, 97],
  [185, 182],
  [247, 244],
  [256, 244],
  [517, 244],
  [0, 20],
  [Number.NaN, 20],
])("at an MTU of %i frames are at most %i bytes", (mtu, bytes) => {
  expect(frameBytesFor(mtu)).toBe(bytes);
});

test("who asks for longer frames gets what the MTU carries, never more than a frame may have", () => {
  expect([256, 517, 600].map((mtu) => frameBytesFor(mtu, frameBytesMax))).toEqual([253, 514, 514]);
});

test("service data of any other length are no hint", () => {
  for (const length of [0, 12, 14, 31]) {
    expect(readHint(new Uint8Array(length))).toMatchObject({ ok: false, refusal: "MALFORMED" });
  }
});

test("whatever the air brings is read without harm, and is a lock only where our UUID stands whole", () => {
  const real = fc.constantFrom(encodeAdvertisement(), encodeScanResponse({ tag, version: 7, flags: 0 }));
  const bent = fc
    .tuple(real, fc.nat(30), fc.nat(255), fc.nat(31))
    .map(([bytes, at, value, length]) => bytes.with(at, value).slice(0, length));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), bent), (bytes) => {
      const { isLock, hint } = readAdvertised(bytes);
      expect(isLock).toBe(toHex(bytes.slice(0, 31)).includes(service) && isLock);
      if (hint !== undefined) expect(isLock).toBe(true);
    }),
  );
});
