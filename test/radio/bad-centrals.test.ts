// Strangers with a radio at a lock's real stack: writes that the service does not know, silence, floods, loops. Flash stays
// as it was, the one connection is freed, and the next honest phone is served.
import {
  bodyBytesMax,
  emptyInbox,
  emptyOutbox,
  encodeHelloRequest,
  hear,
  messageType,
  readHello,
  readRefusal,
  refusalByCode,
  segment,
} from "@doorsync/protocol/courier";
import { sessionBytesMax } from "@doorsync/protocol/lock";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
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

/** The same with an air that takes its time, as a radio does: one packet an event, 30 ms from one to the next. */
async function slowRig(): Promise<BleDoor> {
  await rig.close();
  rig = bleRig({ rate: { phy: "1M", dle: false, packetsPerEventMax: 1 }, intervalMs: 30 });
  door = await rig.door("A");
  stranger = rawCentral(rig.air);
  return door;
}

/** Frames that say hello. */
const hello = segment(emptyOutbox, messageType("hello"), encodeHelloRequest(false), 20)
  .frames[0] as Uint8Array;
/** A session's bytes and some more. */
const floodBytes = sessionBytesMax + 20_000;
const errorTo = (opcode: number) => (pdu: Uint8Array) => pdu[0] === 0x01 && pdu[1] === opcode;

const talking = (): Promise<void> => talkTo(stranger, door.address);

/** The refusals that the lock said in notifications, oldest first. */
function refusalsHeard(): readonly (string | undefined)[] {
  const refusals: (string | undefined)[] = [];
  let inbox = emptyInbox;
  for (const pdu of stranger.heard.filter(([opcode]) => opcode === 0x1b)) {
    const heard = hear(inbox, pdu.slice(3), bodyBytesMax("toPhone"));
    if (heard.kind === "refused") throw new Error(`the lock spoke badly: ${heard.refused.check}`);
    inbox = heard.inbox;
    if (heard.kind !== "message" || heard.type !== messageType("refusal")) continue;
    const said = readRefusal(heard.body);
    refusals.push(said.ok ? refusalByCode(said.value.code) : "unreadable");
  }
  return refusals;
}

const servesTheNext = (before: string, freedWithinMs = 0): Promise<void> =>
  nextAfterStrangers(rig, door, before, freedWithinMs);

describe("a central that does not keep to the service", () => {
  test("hello is readable before anything was written, in pieces where it does not fit", async () => {
    await stranger.connect(door.address);
    stranger.send(att.read(handles.hello));
    await until(() => stranger.heard.length === 1, "an answer");
    const body = stranger.heard[0]?.slice(1) ?? new Uint8Array();
    expect(readHello(body)).toMatchObject({
      ok: true,
      value: { version: 0, tag: door.lock.board.hello()?.tag },
    });
    stranger.send(Uint8Array.of(0x0c, handles.hello, 0, 10, 0));
    await until(() => stranger.heard.length === 2, "the rest");
    expect(stranger.heard[1]?.slice(1)).toEqual(body.slice(10));
    stranger.send(Uint8Array.of(0x0c, handles.hello, 0, 200, 0));
    await until(() => stranger.heard.length === 3, "a refusal");
    expect(stranger.heard[2]?.[4], "invalid offset").toBe(0x07);
    stranger.disconnect();
  });

  test.each([
    ["before it subscribed", false, [att.write(handles.inbox, hello)], 0x12, 0x0e],
    ["of no byte", true, [att.write(handles.inbox, new Uint8Array())], 0x12, 0x0d],
    [
      "in pieces, longer than the MTU carries",
      true,
      [0, 1, 2].map((n) => att.prepare(handles.inbox, 15 * n, new Uint8Array(15))).concat(att.execute),
      0x18,
      0x0d,
    ],
    ["in pieces, at an offset", true, [att.prepare(handles.inbox, 3, hello), att.execute], 0x18, 0x0e],
  ])("a write %s is refused and ends the connection", async (_what, subscribes, pdus, opcode, code) => {
    const before = storesOf(door.lock);
    if (subscribes) await talking();
    else await stranger.connect(door.address);
    for (const pdu of pdus) stranger.send(pdu);
    await until(() => stranger.heard.some(errorTo(opcode)), "an ATT error");
    expect(stranger.heard.find(errorTo(opcode))?.[4]).toBe(code);
    await until(() => !stranger.isConnected, "sent away");
    await servesTheNext(before);
  });

  test("a write after it left the outbox off is refused and ends the connection; after it is back on, it is heard", async () => {
    const before = storesOf(door.lock);
    await talking();
    stranger.send(att.write(handles.outboxCccd, Uint8Array.of(0, 0)));
    await until(() => stranger.heard.length === 1, "the outbox is off");
    stranger.send(att.subscribe());
    await until(() => stranger.heard.length === 2, "and on again");
    stranger.send(att.write(handles.outboxCccd, Uint8Array.of(0, 0)));
    await until(() => stranger.heard.length === 3, "and off");
    expect(stranger.heard.map(([opcode]) => opcode)).toEqual([0x13, 0x13, 0x13]);
    stranger.send(att.write(handles.inbox, hello));
    await until(() => stranger.heard.some(errorTo(0x12)), "an ATT error");
    expect(stranger.heard.find(errorTo(0x12))?.[4]).toBe(0x0e);
    await until(() => !stranger.isConnected, "sent away");
    expect(
      stranger.heard.some(([opcode]) => opcode === 0x1b),
      "nothing was heard of it",
    ).toBe(false);
    await servesTheNext(before);

    await talking();
    stranger.send(att.write(handles.outboxCccd, Uint8Array.of(0, 0)));
    stranger.send(att.subscribe());
    stranger.send(att.write(handles.inbox, hello));
    await until(() => stranger.heard.some(([opcode]) => opcode === 0x1b), "an answer");
    stranger.disconnect();
  });

  test("frames that make no sense are refused in words, and end the connection", async () => {
    const before = storesOf(door.lock);
    await talking();
    stranger.send(att.command(handles.inbox, Uint8Array.of(0xc5, 1)));
    await until(() => !stranger.isConnected, "sent away");
    expect(refusalsHeard(), "said before the goodbye").toEqual(["REJECTED"]);
    await servesTheNext(before);
  });

  test("a message of another protocol's numbers: UNSUPPORTED, and the connection ends", async () => {
    const before = storesOf(door.lock);
    await talking();
    stranger.send(att.command(handles.inbox, Uint8Array.of(0xc0, 0xee, 1, 2, 3)));
    await until(() => !stranger.isConnected, "sent away");
    expect(refusalsHeard()).toEqual(["UNSUPPORTED"]);
    await servesTheNext(before);
  });

  test("what was said last goes out before the goodbye, however slow the air is", async () => {
    const slow = await slowRig();
    await talking();
    stranger.send(att.command(handles.inbox, Uint8Array.of(0xc5, 1)));
    await until(() => !stranger.isConnected, "sent away");
    expect(refusalsHeard()).toEqual(["REJECTED"]);
    expect(slow.troubles).toEqual([]);
  });

  test.each([
    ["in the middle: the session is over", true],
    ["before a word was said: it has as long as anybody to begin", false],
  ])("the outbox left off %s", async (_what, isHeard) => {
    const before = storesOf(door.lock);
    await talking();
    if (isHeard) {
      const [ask] = segment(emptyOutbox, messageType("hello"), encodeHelloRequest(false), 20).frames;
      stranger.send(att.command(handles.inbox, ask as Uint8Array));
    }
    const began = performance.now();
    stranger.send(att.write(handles.outboxCccd, Uint8Array.of(0, 0)));
    if (!isHeard) {
      await pause(1_000);
      expect(stranger.isConnected).toBe(true);
    }
    await until(() => !stranger.isConnected, "sent away");
    if (isHeard) expect(performance.now() - began, "at once").toBeLessThan(2_000);
    await servesTheNext(before);
  });

  test("a smaller MTU agreed to in the middle: nothing is cut short; the connection ends", async () => {
    const before = storesOf(door.lock);
    await stranger.connect(door.address);
    stranger.send(att.mtu(247));
    stranger.send(att.subscribe());
    await until(() => stranger.heard.length === 2, "subscribed");
    stranger.heard.length = 0;
    stranger.send(att.mtu(23));
    // Asks for a nonce: its hello is longer than 20 bytes.
    const ask = segment(emptyOutbox, messageType("hello"), encodeHelloRequest(true), 20)
      .frames[0] as Uint8Array;
    stranger.send(att.command(handles.inbox, ask));
    await until(() => !stranger.isConnected, "sent away");
    expect(stranger.heard.filter(([opcode]) => opcode === 0x1b)).toEqual([]);
    await servesTheNext(before);
  });
});

describe("packets in pieces, of a length that they do not keep to", () => {
  /** An ATT command of 10 bytes is announced, and one byte of it comes. */
  const begun = Uint8Array.of(10, 0, 4, 0, 0x52);
  /** Bytes that the lock's stack keeps of packets that are not whole yet. */
  const kept = (): number =>
    Object.values(door.stack._bindings?._hci?._handleBuffers ?? {}).reduce(
      (sum, { data }) => sum + data.length,
      0,
    );

  test("more than was announced: nothing of it is kept, and the connection ends", async () => {
    const before = storesOf(door.lock);
    await stranger.connect(door.address);
    stranger.sendRaw(begun);
    await until(() => kept() > 0, "a packet is begun");
    let keptMost = 0;
    for (let piece = 0; piece < 200 && stranger.isConnected; piece++) {
      stranger.sendMore(new Uint8Array(251));
      await pause(1);
      keptMost = Math.max(keptMost, kept());
    }
    expect(keptMost).toBeLessThan(251);
    await until(() => !stranger.isConnected, "sent away");
    expect(door.troubles).toEqual([expect.stringContaining("longer than it announced")]);
    await servesTheNext(before);
  });

  test("all that was announced and more, at once", async () => {
    const before = storesOf(door.lock);
    await stranger.connect(door.address);
    stranger.sendRaw(Uint8Array.of(1, 0, 4, 0, 0x52, 1, 2, 3));
    await until(() => !stranger.isConnected, "sent away");
    expect(kept()).toBe(0);
    await servesTheNext(before);
  });

  test("what one connection began is not gone on with in the next", async () => {
    const before = storesOf(door.lock);
    await stranger.connect(door.address);
    stranger.sendRaw(begun);
    await until(() => kept() > 0, "a packet is begun");
    stranger.disconnect();
    await until(() => !stranger.isConnected && !door.radio.isConnected, "gone");
    expect(kept()).toBe(0);
    await talking();
    // The rest of what the first one announced: a command that nobody of this connection began.
    stranger.sendMore(new Uint8Array(9));
    await pause(50);
    expect([kept(), door.troubles, stranger.isConnected]).toEqual([0, [], true]);
    await servesTheNext(before);
  });

  test("a message in pieces that keeps to its length is heard", async () => {
    await talking();
    const whole = Uint8Array.of(3 + hello.length, 0, 4, 0, ...att.command(handles.inbox, hello));
    stranger.sendRaw(whole.subarray(0, 6));
    stranger.sendMore(whole.subarray(6));
    await until(() => stranger.heard.some(([opcode]) => opcode === 0x1b), "an answer");
  });
});

describe("P18: a central that holds the only connection", () => {
  test.each([
    ["and subscribes to nothing", 3_200, async () => stranger.connect(door.address)],
    ["and says nothing", 3_200, talking],
    [
      "and stops in the middle of a message",
      5_200,
      async () => {
        await talking();
        stranger.send(att.command(handles.inbox, Uint8Array.of(0x80, 2, 1, 0, ...new Uint8Array(16))));
        await pause(50);
      },
    ],
  ])("%s is sent away in time", async (_what, milliseconds, begin) => {
    const before = storesOf(door.lock);
    await begin();
    expect(door.radio.isConnected).toBe(true);
    door.passes(milliseconds - 1_700);
    await pause(40);
    expect(stranger.isConnected, "not before its time").toBe(true);
    await servesTheNext(before, 2_000);
  });

  test("floods with what nobody asked for: its bytes run out, and it is sent away", async () => {
    const before = storesOf(door.lock);
    await talking();
    let outbox = emptyOutbox;
    let bytes = 0;
    // Enough for its bytes to run out, and then nothing: were it not for them, it would stay for 5 s more. A busy machine
    // may take its time to read it all.
    while (stranger.isConnected && bytes < floodBytes) {
      const cut = segment(outbox, messageType("chunk"), new Uint8Array(2_000), 20);
      outbox = cut.outbox;
      for (const frame of cut.frames) stranger.send(att.command(handles.inbox, frame));
      bytes += cut.frames.reduce((sum, frame) => sum + frame.length, 0);
      await pause(1);
    }
    await until(() => !stranger.isConnected, "sent away", 20_000);
    expect(bytes, "as many as a session may have, at least").toBeGreaterThan(sessionBytesMax);
    expect(refusalsHeard().at(-1)).toBe("TOO_LARGE");
    await servesTheNext(before);
  });

  test("and goes and comes in a loop: it never keeps the next one waiting", async () => {
    const before = storesOf(door.lock);
    for (let round = 0; round < 30; round++) {
      await stranger.connect(door.address);
      if (round % 3 === 1) stranger.send(att.subscribe());
      if (round % 3 === 2) stranger.send(att.command(handles.inbox, hello));
      stranger.disconnect();
      await until(() => !stranger.isConnected, "gone");
    }
    await servesTheNext(before);
  });

  test("a second central finds nobody while the first is served, and is served afterwards", async () => {
    const before = storesOf(door.lock);
    await talking();
    const second = await rig.phone();
    expect(await second.radio.look(150, new AbortController().signal), "not advertised").toEqual([]);
    const third = rawCentral(rig.air);
    const connecting = third.connect(door.address).then(
      () => "connected",
      () => "refused",
    );
    expect(await Promise.race([connecting, pause(300).then(() => "waits")])).toBe("waits");
    stranger.disconnect();
    expect(await connecting).toBe("connected");
    third.disconnect();
    await servesTheNext(before);
  });
});

describe("a lock that goes dark", () => {
  /** Longer than the pauses of its advertising and of whoever looks. */
  const lookMs = 300;
  const seen = async (): Promise<number> => {
    const phone = await rig.phone();
    return (await phone.radio.look(lookMs, new AbortController().signal)).length;
  };

  test.each([
    ["while a central is connected", true],
    ["while nobody is there", false],
  ])("%s is not to be found, until it is back", async (_what, isMet) => {
    if (isMet) await talking();
    expect(door.radio.isConnected).toBe(isMet);
    door.lock.board.powerOff();
    await until(() => !stranger.isConnected && !door.radio.isConnected, "sent away");
    // bleno advertises again by itself, some time after the end of a connection.
    await pause(lookMs);
    expect([await seen(), door.radio.isAdvertising]).toEqual([0, false]);
    door.lock.board.powerOn();
    await until(() => door.radio.isAdvertising, "it advertises again");
    expect(await seen()).toBe(1);
    await servesTheNext(storesOf(door.lock));
  });
});
