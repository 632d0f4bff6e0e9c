/**
 * One connection heard from outside: steps of a visit, in the order in which they were said, and their sums. It takes
 * values of attributes; whose connection it was, and how it began and ended, is in visits.ts.
 */
import { describeMessage, gatt, type MessageFields, messageFields } from "@doorsync/protocol/inspect";
import { type Bytes, messageCatalog, messageName } from "@doorsync/protocol/lock";
import type { Said } from "@doorsync/virtual-radio/btsnoop";
import { createOverhearer, type Overheard } from "./overhear.ts";

export type Side = "phone" | "lock";

/** One step of a visit, `atMs` after its beginning, in the packet of that number. */
export type Step = { readonly atMs: number; readonly packet: number } & (
  | { readonly kind: "mtu"; readonly mtu: number }
  | { readonly kind: "timing"; readonly intervalMs: number; readonly supervisionMs: number }
  | { readonly kind: "discovery"; readonly handles: Readonly<Partial<Record<Characteristic, number>>> }
  | { readonly kind: "subscription"; readonly on: boolean }
  | {
      readonly kind: "message";
      readonly from: Side;
      readonly name: string;
      readonly bytes: number;
      /** 0: read as a value, without a frame. */
      readonly frames: number;
      /** How long it took from its first frame to its last. */
      readonly forMs: number;
      readonly says: string;
      readonly fields: MessageFields | undefined;
    }
  | { readonly kind: "trouble"; readonly from: Side; readonly check: string }
  | { readonly kind: "refusedAttribute"; readonly at: Characteristic; readonly code: number }
  | { readonly kind: "end"; readonly reason: number; readonly by: Side | "radio" }
);

/** Added up over one direction. */
export interface Total {
  readonly messages: number;
  readonly frames: number;
  /** Of frames, their heads included. */
  readonly bytes: number;
}

/** What a connection comes to. */
export interface Heard {
  readonly steps: readonly Step[];
  /** Steps that were too many to tell; what they said is in the sums. */
  readonly stepsLeftOut: number;
  /** How often the phone spoke and the lock answered. */
  readonly roundTrips: number;
  /** Until the first receipt, if there was one. */
  readonly roundTripsToReceipt?: number;
  readonly toLock: Total;
  readonly toPhone: Total;
}

/** A visit of a whole table has some hundreds. */
const stepsMax = 10_000;

const characteristics = ["hello", "inbox", "outbox"] as const;
export type Characteristic = (typeof characteristics)[number];

/** Which of the lock's characteristics a UUID names, if any. */
export const characteristicOf = (uuid: string | undefined): Characteristic | undefined =>
  characteristics.find((name) => gatt[name].uuid === uuid);

/** ATT requests whose refusal is worth a line; a discovery ends with one. */
const valueRequests: readonly number[] = [0x0a, 0x12, 0x16, 0x18];

/** Hears what a connection's attributes said, in order. */
export interface Listener {
  hear(said: Said): void;
  readonly heard: Heard;
}

export function createListener(beganMs: number): Listener {
  const steps: Step[] = [];
  let stepsLeftOut = 0;
  const put = (step: Step): void => {
    if (steps.length < stepsMax) steps.push(step);
    else stepsLeftOut++;
  };
  const totals = {
    toLock: { messages: 0, frames: 0, bytes: 0 },
    toPhone: { messages: 0, frames: 0, bytes: 0 },
  };
  const overhear = { toLock: createOverhearer("toLock"), toPhone: createOverhearer("toPhone") };
  const begunAt: { toLock?: number | undefined; toPhone?: number | undefined } = {};
  let roundTrips = 0;
  let toReceipt: number | undefined;
  let isAsked = false;
  let discovery: { -readonly [K in Characteristic]?: number } | undefined;

  const tell = (from: Side, type: number, body: Bytes, frames: number, forMs: number, place: Said): void => {
    const name = messageName(type) ?? `type ${type}`;
    if (from === "lock" && isAsked) roundTrips++;
    isAsked = from === "phone";
    if (from === "lock" && type === messageCatalog.receipt.type) toReceipt ??= roundTrips;
    // Words for what is not told would be most of the work.
    if (steps.length === stepsMax) {
      stepsLeftOut++;
      return;
    }
    put({
      kind: "message",
      atMs: place.at - beganMs,
      packet: place.packet,
      from,
      name,
      bytes: body.length,
      frames,
      forMs,
      says: describeMessage({ type, body }).replace(/^[^:]*: /, ""),
      fields: messageFields({ type, body }),
    });
  };
  const hearFrame = (direction: "toLock" | "toPhone", frame: Bytes, place: Said): void => {
    const from: Side = direction === "toLock" ? "phone" : "lock";
    const heard: Overheard = overhear[direction](frame);
    totals[direction].frames++;
    totals[direction].bytes += frame.length;
    const begun = begunAt[direction] ?? place.at;
    begunAt[direction] = begun;
    if (heard.kind === "more") return;
    begunAt[direction] = undefined;
    if (heard.kind === "trouble") {
      put({
        kind: "trouble",
        atMs: place.at - beganMs,
        packet: place.packet,
        from,
        check: heard.check,
      });
      return;
    }
    totals[direction].messages++;
    tell(from, heard.message.type, heard.message.body, heard.frames, place.at - begun, place);
  };
  const hearValue = (said: Extract<Said, { kind: "value" }>): void => {
    const which = characteristicOf(said.uuid);
    if (which === "inbox" && said.from === "client") hearFrame("toLock", said.value, said);
    else if (which === "outbox" && said.from === "server") hearFrame("toPhone", said.value, said);
    else if (which === "hello" && said.from === "server") {
      // The question is the read itself.
      isAsked = true;
      tell("lock", messageCatalog.hello.type, said.value, 0, 0, said);
    }
  };

  return {
    hear(said) {
      const place = { atMs: said.at - beganMs, packet: said.packet };
      switch (said.kind) {
        case "mtu":
          put({ kind: "mtu", ...place, mtu: said.mtu });
          break;
        case "subscribed":
          if (characteristicOf(said.uuid) === "outbox") put({ kind: "subscription", ...place, on: said.on });
          break;
        case "discovered": {
          const which = characteristicOf(said.uuid);
          if (which === undefined) break;
          if (discovery === undefined) {
            discovery = {};
            put({ kind: "discovery", ...place, handles: discovery });
          }
          discovery[which] = said.handle;
          break;
        }
        case "error": {
          const at = characteristicOf(said.uuid);
          if (at === undefined || !valueRequests.includes(said.request)) break;
          put({ kind: "refusedAttribute", ...place, at, code: said.code });
          break;
        }
        case "value":
          hearValue(said);
          break;
        default:
          said satisfies never;
      }
    },
    get heard() {
      const receipt = toReceipt === undefined ? {} : { roundTripsToReceipt: toReceipt };
      return { steps, stepsLeftOut, roundTrips, ...receipt, ...totals };
    },
  };
}
