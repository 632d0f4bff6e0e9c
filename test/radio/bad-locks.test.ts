// What calls itself a lock on the air and is none, breaks off, or answers nonsense; adapters that come and go: the phone's
// promises settle with a sentence, nothing is left behind, and the next visit at a real lock succeeds.
import { randomFillSync } from "node:crypto";
import type { EventEmitter } from "node:events";
import { unlock } from "@doorsync/phone-client";
import { type Hint, equal as same } from "@doorsync/protocol/courier";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { nobleRadio, type Seen } from "../../packages/phone-client/src/edge/noble.ts";
import { nothingIsLeft } from "../support/ble-faults.ts";
import { type BleDoor, type BlePhone, type BleRig, bleRig, pause, until } from "../support/ble-rig.ts";
import { rawLock } from "../support/raw-ble.ts";
import { capability, doorKey, put, resident, tableWith } from "../support/unlock-cast.ts";
import { crypto, inForce, wait } from "../world.ts";

const waits = {
  power: 2_000,
  connect: 1_500,
  services: 600,
  characteristics: 600,
  subscribe: 600,
  gone: 1_000,
  choice: 150,
};
let rig: BleRig;
let phone: BlePhone;
beforeEach(async () => {
  rig = bleRig();
  phone = await rig.phone({ waits });
});
afterEach(() => rig.close());

const hint: Hint = { tag: new Uint8Array(8).fill(7), version: 0, flags: 0 };
const never = new AbortController().signal;
const parcelAt = (door: BleDoor, code = "4821") =>
  door.parcel(door.property.snapshot(door.property.tableOf(new Map([[0, code]]))));

/** A real lock comes, and is served by the same phone. */
async function theNextIsServed(): Promise<void> {
  await nothingIsLeft(phone);
  const door = await rig.door("A");
  const { outcome } = await phone.visit([parcelAt(door)], { waits: { open: 8_000 } });
  expect(outcome).toEqual({ kind: "synced", version: 1 });
  await nothingIsLeft(phone);
}

const error = (opcode: number, code: number): Uint8Array => Uint8Array.of(0x01, opcode, 1, 0, code);
const agree = (pdu: Uint8Array): Uint8Array | undefined =>
  pdu[0] === 0x02 ? Uint8Array.of(3, 0, 1) : undefined;

describe("what is no lock", () => {
  test.each([
    ["answers nothing at all", () => undefined, /did not name its services within 0.6 s/],
    ["agrees to a size and then says nothing", agree, /did not name its services/],
    ["has no services", (pdu: Uint8Array) => agree(pdu) ?? error(pdu[0] ?? 0, 0x0a), /no service of a lock/],
    [
      "answers the size with half a word",
      () => Uint8Array.of(3, 0),
      /no Bluetooth that can be read|services/,
    ],
    ["answers with an empty list", (pdu: Uint8Array) => agree(pdu) ?? Uint8Array.of(0x11, 6), /./],
    [
      "answers with a list of no width",
      (pdu: Uint8Array) => agree(pdu) ?? Uint8Array.of(0x11, 0, 1, 2, 3),
      /./,
    ],
    ["answers with rubbish", () => Uint8Array.from({ length: 40 }, (_, n) => n), /./],
  ])("one that %s: a sentence, and nothing is left", async (_what, answer, says) => {
    const decoy = rawLock(rig.air, hint, answer);
    const told = expect(phone.radio.open(never)).rejects.toThrow(says);
    await until(() => decoy.heard.length > 0, "it was connected to");
    await told;
    await phone.radio.idle();
    expect(decoy.isConnected, "it is let go of").toBe(false);
    decoy.close();
    await theNextIsServed();
  });

  /** Bytes that the phone's stack keeps of packets that are not whole yet. */
  const kept = (): number =>
    Object.values(phone.stack._bindings?._hci?._handleBuffers ?? {}).reduce(
      (sum, { data }) => sum + data.length,
      0,
    );

  test("one that sends more than it announced: nothing of it is kept", async () => {
    const decoy = rawLock(rig.air, hint, agree);
    const told = expect(phone.radio.open(never)).rejects.toThrow("did not name its services");
    await until(() => decoy.heard.length > 0, "it was connected to");
    decoy.sendRaw(Uint8Array.of(10, 0, 4, 0, 0x1b));
    await until(() => kept() > 0, "a packet is begun");
    let keptMost = 0;
    let pieces = 0;
    for (; pieces < 100 && decoy.isConnected; pieces++) {
      decoy.sendMore(new Uint8Array(251));
      await pause(1);
      keptMost = Math.max(keptMost, kept());
    }
    expect(pieces).toBeGreaterThan(10);
    expect(keptMost).toBeLessThan(251);
    await told;
    await phone.radio.idle();
    decoy.close();
    await theNextIsServed();
  });

  test("one that leaves a packet half said: the next connection does not go on with it", async () => {
    const decoy = rawLock(rig.air, hint, agree);
    const told = expect(phone.radio.open(never)).rejects.toThrow("did not name its services");
    await until(() => decoy.heard.length > 0, "it was connected to");
    decoy.sendRaw(Uint8Array.of(10, 0, 4, 0, 0x1b));
    await until(() => kept() > 0, "a packet is begun");
    await told;
    await phone.radio.idle();
    decoy.close();
    await phone.radio.look(50, never);
    expect(kept()).toBe(0);
    await theNextIsServed();
  });

  test("one that hangs up in the middle of discovery is tried three times", async () => {
    let visits = 0;
    const decoy = rawLock(rig.air, hint, (pdu) => {
      if (pdu[0] === 0x02) visits += 1;
      else decoy.disconnect();
      return agree(pdu);
    });
    await expect(phone.radio.open(never)).rejects.toThrow("ended before the lock was ready");
    expect(visits).toBe(3);
    decoy.close();
    await theNextIsServed();
  });

  test("one that shows the wanted lock's tag, talks, and is seen more often, is gone to once", async () => {
    const door = await rig.door("A");
    put(door, tableWith(door.property));
    const tag = door.lock.board.hello()?.tag ?? new Uint8Array(8);
    const liar = await rig.door("B", { lie: (hello) => ({ ...hello, tag }) });
    // The real one is quiet at first, and later for most of the time.
    const own = rig.air.adapters.find(({ address }) => address === door.address);
    const kinds: string[] = [];
    let beats = 0;
    own?.hush(true);
    const blinking = setInterval(() => own?.hush(kinds.length === 0 || beats++ % 3 > 0), 40);
    const wants = ({ hint: said }: Seen): boolean => said !== undefined && same(said.tag, tag);
    const { radio, timers } = await rig.phone({ wants, waits: { choice: 1_000 } });
    const ask = { transport: radio, timers, crypto, deviceSeed: resident.seed };
    const at = { door: { ...doorKey(door.property), tag }, capability: capability(door.property) };
    for (let visit = 0; visit < 8; visit++) {
      const { outcome } = await unlock({ ...ask, ...at, fill: (bytes) => void randomFillSync(bytes) });
      await radio.idle();
      kinds.push(outcome.kind);
      wait(door.lock, 6);
    }
    clearInterval(blinking);
    await until(() => liar.radio.isAdvertising, "it is still there");
    expect(kinds).toEqual(["other-lock", ...Array.from({ length: 7 }, () => "opened")]);
  });

  test("one that shows the wanted lock's tag keeps the phone from it for one attempt only", async () => {
    const door = await rig.door("A");
    const tag = door.lock.board.hello()?.tag ?? new Uint8Array(8);
    // Keeps the real one off the air until the decoy was met.
    const decoy = rawLock(rig.air, { tag, version: 0, flags: 0 });
    const own = rig.air.adapters.find(({ address }) => address === door.address);
    own?.hush(true);
    const parcel = parcelAt(door);
    const first = await phone.visit([parcel], { waits: { open: 2_000 } });
    expect(first.outcome.kind).toBe("unreachable");
    own?.hush(false);
    await phone.radio.idle();
    const second = await phone.visit([parcel], { waits: { open: 4_000 } });
    expect(second.outcome).toEqual({ kind: "synced", version: 1 });
    decoy.close();
  });
});

describe("connections and adapters that fail", () => {
  test("an attempt that fails is made again", async () => {
    const door = await rig.door("A");
    rig.air.failConnections(2);
    expect((await phone.visit([parcelAt(door)])).outcome).toEqual({ kind: "synced", version: 1 });
    await nothingIsLeft(phone);
  });

  test("after so many failures the visit says so, and a later one succeeds", async () => {
    const door = await rig.door("A");
    rig.air.failConnections(9);
    const { outcome } = await phone.visit([parcelAt(door)], { waits: { open: 3_000 } });
    expect(outcome).toMatchObject({ kind: "unreachable", why: expect.stringContaining("did not connect") });
    rig.air.failConnections(0);
    expect((await phone.visit([parcelAt(door)])).outcome).toMatchObject({ version: 2 });
  });

  test("the phone's adapter goes off under a visit and comes back", async () => {
    const door = await rig.door("A");
    const own = rig.air.adapters.at(0);
    const codes = new Map(Array.from({ length: 60 }, (_, n) => [n, String(4_000 + n)]));
    const parcel = door.parcel(door.property.snapshot(door.property.tableOf(codes)));
    let isOff = false;
    const visited = await phone.visit([parcel], {
      waits: { streaming: 3_000 },
      onProgress: () => {
        if (!isOff) own?.power(false);
        isOff = true;
      },
    });
    expect(isOff, "it was switched off").toBe(true);
    expect(["dropped", "silent"]).toContain(visited.outcome.kind);
    own?.power(true);
    await until(() => phone.stack.state === "poweredOn", "the stack noticed", 4_000);
    await nothingIsLeft(phone);
    expect((await phone.visit([parcel], { waits: { open: 6_000 } })).outcome).toMatchObject({ version: 1 });
  });

  test("the lock's adapter goes off under a visit and comes back: it advertises again and is served", async () => {
    const door = await rig.door("A");
    const own = rig.air.adapters.find(({ address }) => address === door.address);
    const codes = new Map(Array.from({ length: 60 }, (_, n) => [n, String(4_000 + n)]));
    const parcel = door.parcel(door.property.snapshot(door.property.tableOf(codes)));
    let isOff = false;
    const visited = await phone.visit([parcel], {
      waits: { streaming: 3_000 },
      onProgress: () => {
        if (!isOff) own?.power(false);
        isOff = true;
      },
    });
    expect(isOff).toBe(true);
    expect(visited.outcome.kind).not.toBe("synced");
    expect([0, 1]).toContain(inForce(door.lock)?.version);
    await until(() => !door.radio.isAdvertising && !door.radio.isConnected, "the lock noticed", 3_000);
    own?.power(true);
    await until(() => door.radio.isAdvertising, "it advertises again", 4_000);
    expect((await phone.visit([parcel], { waits: { open: 6_000 } })).outcome).toMatchObject({ version: 1 });
  });
});

describe("given up", () => {
  test("an abort at any moment of opening rejects at once, and the lock is free again", async () => {
    const door = await rig.door("A");
    let aborted = 0;
    for (const afterMs of [0, 1, 3, 6, 10, 15, 20, 25, 30, 40, 60]) {
      const controller = new AbortController();
      const opening = phone.radio.open(controller.signal).then(
        (link) => link.close(),
        (error: Error) => {
          expect(error.message).toContain("given up");
          aborted += 1;
        },
      );
      await pause(afterMs);
      const begun = performance.now();
      controller.abort();
      await opening;
      expect(performance.now() - begun).toBeLessThan(1_000);
      await nothingIsLeft(phone);
      await until(() => !door.radio.isConnected, "the lock is free", 2_000);
    }
    expect(aborted).toBeGreaterThan(3);
    expect((await phone.visit([parcelAt(door)])).outcome).toEqual({ kind: "synced", version: 1 });
  });

  test("sends on a link that is closed reject, and so do those that wait", async () => {
    await rig.door("A");
    const link = await phone.radio.open(never);
    const sends = [1, 2, 3].map(() =>
      link.send(Uint8Array.of(0xc0, 1)).then(
        () => "sent",
        () => "rejected",
      ),
    );
    link.close();
    expect((await Promise.all(sends)).slice(1)).toEqual(["rejected", "rejected"]);
    await expect(link.send(Uint8Array.of(0xc0, 1))).rejects.toThrow("closed");
    await expect(link.send(new Uint8Array(300))).rejects.toThrow(RangeError);
    await nothingIsLeft(phone);
  });
});

describe("several radios on one stack", () => {
  test("leave it as one does", () => {
    const heard = (): readonly number[] =>
      ["warning", "discover", "stateChange"].map((event) =>
        (phone.stack as unknown as EventEmitter).listenerCount(event),
      );
    const before = heard();
    const flush = phone.stack._bindings?._hci?.flushAcl;
    for (let n = 0; n < 15; n++) nobleRadio({ stack: phone.stack });
    expect(heard()).toEqual(before);
    expect(flush, "it was mended").toBeDefined();
    expect(phone.stack._bindings?._hci?.flushAcl, "once").toBe(flush);
  });

  test("wait for one another", async () => {
    const door = await rig.door("A");
    const second = nobleRadio({ stack: phone.stack });
    const link = await phone.radio.open(never);
    expect(door.radio.isConnected).toBe(true);
    let looked: readonly unknown[] | undefined;
    const looking = second.look(200, never).then((seen) => (looked = seen));
    await pause(400);
    expect(looked, "the other has its link").toBe(undefined);
    link.close();
    await looking;
    expect(looked, "the lock advertises again").toHaveLength(1);
    await nothingIsLeft(phone);
  });
});
