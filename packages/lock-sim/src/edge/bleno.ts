/**
 * The lock's radio on bleno: the GATT service, its advertising, and one connection at a time as frames. It is lent a
 * loaded stack (`adapter.ts` loads one) and a tick; it has no timers of its own. Not secure and not meant to be: what
 * travels is sealed and signed already.
 *
 * What bleno does not do for its callers, and this does:
 * - A callback of a connection that is gone poisons its send queue for ever. So nothing is kept from one connection to
 *   the next: all that is said goes through the connection of the moment, and is dropped where there is none.
 * - Values longer than the MTU carries are cut without a word: lengths are checked here, in both directions.
 * - Bytes that it cannot read make it throw out of a socket's event: what a peer sends ends at most its connection.
 * - Pieces of a packet that are longer than it announced are kept for ever, from one connection to the next: whoever
 *   sends such is sent away.
 * - A peer that connects and says nothing would hold the only connection: it has until `subscribeMilliseconds`.
 * - It advertises again after a connection, whether or not there is still a lock: one that went dark stops it first.
 * - A queue that stands still, or a goodbye that is not answered, resets the controller.
 */
import {
  type Bytes,
  encodeAdvertisement,
  encodeHello,
  encodeScanResponse,
  equal,
  firstByteSecondsMax,
  frameBytesDefault,
  frameBytesFor,
  frameBytesMax,
  gatt,
  type Hello,
  hintedFlags,
  mtuMin,
  noBytes,
} from "@doorsync/protocol/lock";
import type { LinkPort } from "../board/ports.ts";
import type { BlenoStack, Reply } from "./bleno-stack.ts";
import { forgetPieces, guardEars, isPoisoned, waiting } from "./bleno-stack.ts";
import type { Received } from "./socket.ts";

/** From a connection to the subscription with which a session begins. */
const subscribeMilliseconds = 1_000 * firstByteSecondsMax;
/** How long what was said last may take to go out before the lock hangs up. */
const farewellMilliseconds = 1_000;
/** From hanging up to the controller's word that it did; and how long its queue may stand still. */
const stuckMilliseconds = 3_000;
/** From an adapter's refusal to advertise to the next try. */
const refusedMilliseconds = 10_000;

/** The lock behind the radio. */
export interface Advertised {
  /** Undefined: dark. */
  hello(): Hello | undefined;
  /** Undefined: dark, busy, or deaf. */
  connect(link: LinkPort): Received | undefined;
}

export interface RadioOptions {
  readonly stack: BlenoStack;
  readonly lock: Advertised;
  /** The largest MTU agreed to; 256 at the most, which is what bleno can. */
  readonly mtu: number;
  /** Something went wrong that the stack or this had to mend: one sentence. */
  readonly onTrouble?: (says: string) => void;
}

export interface LockRadio {
  /** To be called a few times a second with milliseconds that never go back: advertises, and watches over the stack. */
  look(nowMs: number): void;
  readonly isAdvertising: boolean;
  readonly isConnected: boolean;
  /** How often the controller had to be reset. */
  readonly resets: number;
  /** Ends the connection, falls silent, takes its listeners away. The stack itself goes on. */
  close(): void;
}

/** One connection of a central. Of an older one nothing is heard any more. */
interface Central {
  mtu: number;
  /** Since connecting until subscribed, since hanging up until gone; undefined: not counted yet. */
  sinceMs: number | undefined;
  say: ((value: Buffer) => void) | undefined;
  received: Received | undefined;
  frameBytesMax: number;
  standing: "fresh" | "talking" | "leaving" | "left";
  /** Whether a frame came. */
  isHeard: boolean;
  /** What hello read at offset 0, for the pieces after it. */
  hello: Bytes;
}

export function createLockRadio({ stack, lock, mtu, onTrouble }: RadioOptions): LockRadio {
  let central: Central | undefined;
  let shown: Bytes | undefined;
  /** Whether it was asked to advertise: it then does so again after each connection, whatever was `shown`. */
  let isAsked = false;
  let nowMs = 0;
  /** The adapter refused to advertise: not before then. */
  let againMs = 0;
  let queue = { length: 0, sinceMs: 0 };
  let resets = 0;
  const { Characteristic } = stack;
  const { RESULT_SUCCESS, RESULT_UNLIKELY_ERROR, RESULT_INVALID_OFFSET, RESULT_INVALID_ATTRIBUTE_LENGTH } =
    Characteristic;

  const ended = (): void => {
    const gone = central;
    central = undefined;
    if (gone === undefined) return;
    const { received } = gone;
    gone.standing = "left";
    gone.say = undefined;
    gone.received = undefined;
    received?.closed();
  };
  /** No further word from either side; the link goes when what was said is out. */
  const leave = (one: Central): void => {
    if (one.standing === "leaving" || one.standing === "left") return;
    one.standing = "leaving";
    one.sinceMs = nowMs;
    if (waiting(stack) === 0) stack.disconnect();
  };
  const begin = (one: Central, say: (value: Buffer) => void): void => {
    one.say = say;
    if (one.standing !== "fresh") return;
    one.standing = "talking";
    one.frameBytesMax = frameBytesFor(one.mtu, frameBytesDefault);
    const received = lock.connect({
      frameBytesMax: one.frameBytesMax,
      send(frame) {
        if (frame.length > one.frameBytesMax) throw new RangeError(`a frame of ${frame.length} bytes`);
        if (one !== central || one.standing !== "talking" || one.say === undefined) return;
        // The peer has agreed to a smaller MTU meanwhile: bleno would cut the frame and say nothing.
        if (frame.length > frameBytesFor(one.mtu)) leave(one);
        else one.say(Buffer.from(frame));
      },
      close: () => leave(one),
    });
    if (received === undefined) leave(one);
    else if (one === central) one.received = received;
  };

  const hello = new Characteristic({
    uuid: gatt.hello.uuid,
    properties: gatt.hello.properties,
    onReadRequest(offset: number, reply: Reply) {
      const one = central;
      const said = lock.hello();
      if (one === undefined || said === undefined) return reply(RESULT_UNLIKELY_ERROR);
      if (offset === 0) one.hello = encodeHello(said);
      if (offset > one.hello.length) return reply(RESULT_INVALID_OFFSET);
      reply(RESULT_SUCCESS, Buffer.from(one.hello.subarray(offset)));
    },
  });
  const inbox = new Characteristic({
    uuid: gatt.inbox.uuid,
    properties: gatt.inbox.properties,
    onWriteRequest(value: Buffer, offset: number, _isCommand: boolean, reply: Reply) {
      const one = central;
      if (one === undefined) return reply(RESULT_UNLIKELY_ERROR);
      if (one.standing === "leaving" || one.standing === "left") return reply(RESULT_UNLIKELY_ERROR);
      const isFrame = value.length > 0 && value.length <= frameBytesFor(one.mtu, frameBytesMax);
      // Who does not listen is not heard: what the lock answers would be dropped without a word.
      if (offset !== 0 || !isFrame || one.say === undefined || one.received === undefined) {
        reply(isFrame ? RESULT_UNLIKELY_ERROR : RESULT_INVALID_ATTRIBUTE_LENGTH);
        return leave(one);
      }
      // First the stack's own answer, then what the frame causes: the frames that answer it come after.
      reply(RESULT_SUCCESS);
      one.isHeard = true;
      one.received.frame(new Uint8Array(value));
    },
  });
  const outbox = new Characteristic({
    uuid: gatt.outbox.uuid,
    properties: gatt.outbox.properties,
    onSubscribe(_valueBytesMax: number, say: (value: Buffer) => void) {
      if (central !== undefined) begin(central, say);
    },
    onUnsubscribe() {
      if (central === undefined) return;
      // BlueZ restores the subscription of a link that was lost, and Chromium then ends it and makes its own.
      if (central.isHeard) leave(central);
      else central.say = undefined;
    },
  });

  const advertise = (): void => {
    if (stack.state !== "poweredOn" || central !== undefined) return;
    const said = lock.hello();
    if (said === undefined) {
      if (isAsked) stack.stopAdvertising();
      isAsked = false;
      shown = undefined;
      return;
    }
    const { tag, version, flags } = said;
    const hint = encodeScanResponse({ tag, version, flags: hintedFlags(flags) });
    if ((shown !== undefined && equal(shown, hint)) || nowMs < againMs) return;
    shown = hint;
    isAsked = true;
    stack.startAdvertisingWithEIRData(Buffer.from(encodeAdvertisement()), Buffer.from(hint));
  };
  const powered = (state: string): void => {
    shown = undefined;
    againMs = 0;
    ended();
    if (state !== "poweredOn") return;
    stack.setServices([
      new stack.PrimaryService({ uuid: gatt.service, characteristics: [hello, inbox, outbox] }),
    ]);
    advertise();
  };
  const reset = (why: string): void => {
    resets += 1;
    onTrouble?.(`the Bluetooth controller was reset: ${why}`);
    ended();
    shown = undefined;
    queue = { length: 0, sinceMs: nowMs };
    stack._bindings?._hci?.reset();
    advertise();
  };

  const accepted = (): void => {
    ended();
    forgetPieces(stack);
    central = {
      mtu: mtuMin,
      sinceMs: nowMs,
      say: undefined,
      received: undefined,
      frameBytesMax: frameBytesFor(mtuMin),
      standing: "fresh",
      isHeard: false,
      hello: noBytes,
    };
  };
  const agreed = (agreedMtu: number): void => {
    if (central !== undefined) central.mtu = agreedMtu;
  };
  const disconnected = (): void => {
    ended();
    forgetPieces(stack);
    // bleno advertises again by itself, with what it showed before, unless it is told not to before this returns.
    shown = undefined;
    advertise();
  };
  const failed = (error: Error): void => {
    shown = undefined;
    againMs = nowMs + refusedMilliseconds;
    onTrouble?.(`the lock cannot advertise: ${error.message}`);
  };

  const watchQueue = (): void => {
    const length = waiting(stack) ?? 0;
    if (length === 0 || length !== queue.length) queue = { length, sinceMs: nowMs };
    if (isPoisoned(stack)) reset("its queue was poisoned");
    else if (nowMs - queue.sinceMs > stuckMilliseconds) reset("its queue stood still");
  };
  const watchCentral = (one: Central): void => {
    const forMs = nowMs - (one.sinceMs ?? nowMs);
    if (one.standing === "fresh" && forMs > subscribeMilliseconds) leave(one);
    if (one.standing !== "leaving") return;
    if (forMs > farewellMilliseconds + stuckMilliseconds) reset("it did not hang up");
    // Where the stack does not tell what waits, one look's time has to do.
    else if (forMs > farewellMilliseconds || (waiting(stack) ?? 0) === 0) stack.disconnect();
  };

  const unguard = guardEars(stack, (error) => {
    onTrouble?.(`what a peer sent could not be read (${error.message})`);
    if (central !== undefined) leave(central);
  });
  if (stack._bindings?._gatt !== undefined) stack._bindings._gatt.maxMtu = mtu;
  const listeners = {
    stateChange: powered,
    accept: accepted,
    mtuChange: agreed,
    disconnect: disconnected,
    advertisingStartError: failed,
  };
  for (const [event, listener] of Object.entries(listeners)) stack.on(event, listener as never);
  if (stack.state === "poweredOn") powered(stack.state);

  return {
    look(now) {
      nowMs = now;
      watchQueue();
      if (central !== undefined) watchCentral(central);
      advertise();
    },
    get isAdvertising() {
      return shown !== undefined && central === undefined;
    },
    get isConnected() {
      return central !== undefined;
    },
    get resets() {
      return resets;
    },
    close() {
      for (const [event, listener] of Object.entries(listeners))
        stack.removeListener(event, listener as never);
      unguard();
      stack.stopAdvertising();
      if (central !== undefined) stack.disconnect();
      ended();
    },
  };
}
