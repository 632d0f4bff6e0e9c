/**
 * A phone's errand at a hostile lock: any answers, genuine ones out of turn, silence, hanging up (T1, P4). It never
 * throws, says only what it carries, ends after a bounded number of messages with one report, and calls nothing done
 * without a receipt that the lock signed.
 *
 *   u8 parcels carried (bits) | lines: u8 what, then its arguments
 */
import {
  carry,
  describeOutcome,
  type Effect,
  type Errand,
  type Event,
  emptySatchel,
  startErrand,
  stepErrand,
  waits,
} from "@doorsync/phone-client/core";
import {
  encodeNext,
  encodeReturnSlip,
  type Message,
  messageType,
  refusals,
} from "@doorsync/protocol/courier";
import { encodeHello, encodeRefusal, type Hello, type RefusalName, refuse } from "@doorsync/protocol/lock";
import { hold } from "../cast/claim.ts";
import { crypto } from "../cast/crypto.ts";
import { changed, createDraws, type Draws } from "../cast/draws.ts";
import {
  beside,
  commissionParcel,
  messageKey,
  parcels,
  receipts,
  reply,
  segment,
  tag,
} from "../cast/house.ts";
import { reached } from "../cast/reached.ts";

const lent = { crypto, waits, hasTime: true };
const linesMax = 120;
/** Heads once, receipts twice, each chunk three times, few hellos, sixteen pulls: more than any visit may say. */
const sendsMax = 80;
/** What asks and tells nothing, with the longest body it has. */
const askings = new Map([
  [messageType("hello"), 1],
  [messageType("receipt"), 0],
  [messageType("pull"), 8],
]);
const carried = [...parcels, commissionParcel, ...beside];
/** What the authority would give for a lock's nonce; a courier cannot tell it from any other bytes. */
const token = new Uint8Array(79).fill(5);
const mayBeSaid = new Set([
  ...carried.flatMap(({ messages }) => messages.map(messageKey)),
  messageKey({ type: messageType("time"), body: token }),
]);
const refusalNames = Object.keys(refusals) as RefusalName[];

export function fuzz(data: Buffer): void {
  const draws = createDraws(data);
  const chosen = draws.u8();
  const own = carried.filter((_, i) => (chosen & (1 << i)) !== 0);
  let { errand, effects } = startErrand(lent, carry(emptySatchel, own));
  const heard: Message[] = [];
  let sends = 0;
  let reports = 0;

  const judge = (step: readonly Effect[], isOver: boolean): void => {
    for (const effect of step) {
      hold(reports === 0, "nothing follows the report");
      if (effect.kind === "done") reports++;
      if (effect.kind === "owe")
        hold(encodeReturnSlip(effect.slip).length > 0, "what is owed can be written down");
      if (effect.kind !== "send") continue;
      sends++;
      const { type, body } = effect.message;
      const isAsking = body.length <= (askings.get(type) ?? -1);
      hold(
        isAsking || mayBeSaid.has(messageKey(effect.message)),
        "T1: a courier says what it carries, and asks",
      );
    }
    hold(sends <= sendsMax, "P18: a visit ends");
    hold(isOver === (reports === 1), "an errand that is over has reported once");
  };

  judge(effects, isOver(errand));
  for (let line = 0; line < linesMax && draws.left > 0; line++) {
    const what = draws.u8() % 16;
    const event = happening(draws, what);
    if (event.kind === "message") heard.push({ type: event.type, body: event.body });
    ({ errand, effects } = stepErrand(lent, errand, event));
    judge(effects, isOver(errand));
  }
  if (errand.phase !== "over") {
    ({ errand, effects } = stepErrand(lent, errand, { kind: "aborted" }));
    judge(effects, isOver(errand));
  }
  hold(errand.phase === "over", "P18: an abort ends a visit");
  if (errand.phase !== "over") return;
  const { outcome, delivered, receipt } = errand.report;
  reached(`errand: ${outcome.kind}`);
  hold(describeOutcome(outcome).length > 0, "any outcome can be said");
  const proofs = heard.filter((message) => receipts.some((one) => messageKey(one) === messageKey(message)));
  if (outcome.kind === "synced" || outcome.kind === "already" || receipt !== undefined) {
    hold(proofs.length > 0, "P3: nothing is done without the lock's signature");
  }
  for (const parcel of delivered) {
    hold(own.includes(parcel), "only what was carried is delivered");
    hold(
      parcel.kind === "commission" || proofs.length > 0,
      "P3: nothing is delivered without the lock's signature",
    );
  }
}

/** What comes next: mostly something that the lock says. */
function happening(draws: Draws, what: number): Event {
  switch (what) {
    case 11:
      return { kind: "time", token: draws.u8() % 2 === 0 ? undefined : token };
    case 12:
      return { kind: "garbled", check: "frame/fuzz" };
    case 13:
      return { kind: "closed", why: "it went away" };
    case 14:
      return { kind: "deadline" };
    case 15:
      return { kind: "connected" };
    default:
      return { kind: "message", ...lockSays(draws, what) };
  }
}

function isOver(errand: Errand): boolean {
  return errand.phase === "over";
}

function flagsAndResume(draws: Draws): Pick<Hello, "flags" | "resume" | "nonce"> {
  const low = draws.u8();
  const resume = draws.u8() % 4 === 3 ? [draws.u8(), draws.u8()] : [];
  const flags = low | ((draws.u8() & 1) << 8);
  return draws.u8() % 4 === 3 ? { flags, resume, nonce: new Uint8Array(16).fill(7) } : { flags, resume };
}

function lockSays(draws: Draws, what: number): Message {
  switch (what) {
    case 0:
    case 1:
      return {
        type: messageType("hello"),
        body: encodeHello({
          protocol: 1,
          tag: draws.u8() % 8 === 7 ? commissionParcel.tag : tag,
          epoch: draws.u8() % 8 === 7 ? draws.u8() : 1,
          version: draws.u8() % 8 === 7 ? draws.u32() : draws.u8() % 7,
          ...flagsAndResume(draws),
        }),
      };
    case 2:
    case 3:
      return draws.pick(receipts);
    case 4:
    case 5:
      return { type: messageType("next"), body: encodeNext({ to: draws.u8() % 7, index: draws.u8() % 4 }) };
    case 6:
    case 7: {
      const refusal = draws.pick(refusalNames);
      const detail = draws.u8() % 2 === 0 ? undefined : draws.u8() % 7;
      return { type: messageType("refusal"), body: encodeRefusal(refuse(refusal, "fuzz", detail)) };
    }
    case 8:
      return reply;
    case 9: {
      const { type, body } = draws.pick([...receipts, reply, segment]);
      return { type, body: changed(draws, body) };
    }
    default:
      return draws.u8() % 2 === 0 ? segment : { type: draws.u8() % 16, body: draws.bytes(draws.u8()) };
  }
}
