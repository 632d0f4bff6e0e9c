/**
 * A phone on its way: the shipped errand and satchel, driven over the air of the world. What it owes is kept at once,
 * as an app keeps it; everything else of a visit is lost when the phone dies. Not a hostile one (stranger.ts).
 */
import {
  carry,
  type Effect,
  type Errand,
  type Event,
  emptySatchel,
  type Outcome,
  owe,
  returned,
  type Satchel,
  startErrand,
  stepErrand,
  waits,
} from "@doorsync/phone-client/core";
import {
  type Bytes,
  bodyBytesMax,
  type Crypto,
  emptyInbox,
  emptyOutbox,
  hear,
  type Message,
  messageName,
  type Parcel,
  type ReturnSlip,
  segment,
} from "@doorsync/protocol/courier";
import type { Agenda } from "../agenda.ts";
import type { Chance } from "../chance.ts";
import type { FaultName, FaultPlan } from "../faults.ts";
import { type AirLink, openAir } from "./air.ts";
import type { CastLock } from "./lock.ts";

/** slow: dawdles over each frame. withholding: fetches and visits, and brings nothing back. */
export type PhoneCharacter = "honest" | "slow" | "withholding";

export interface Phone {
  readonly name: string;
  readonly number: number;
  readonly character: PhoneCharacter;
  readonly isVisiting: boolean;
  readonly owed: readonly ReturnSlip[];
  /** Everything it ever carried. */
  readonly archive: readonly Parcel[];
  /** Every slip it ever brought. */
  readonly slips: readonly ReturnSlip[];
  fetch(parcels: readonly Parcel[]): void;
  visit(visit: VisitParts): void;
  /** Slips that are safe now. */
  forget(slip: ReturnSlip): void;
}

export interface VisitParts {
  readonly lock: Pick<CastLock, "connect">;
  readonly chance: Chance;
  readonly odds: FaultPlan;
  /** Asks the authority for a time token, where the phone has a network; it takes a moment. */
  readonly time?: ((asked: TimeAsked) => Bytes | undefined) | undefined;
  readonly onHeard: (message: Message) => void;
  readonly onSaid: (message: Message) => void;
  readonly onOver: (outcome: Outcome | { readonly kind: "died" }) => void;
}

export interface PhoneParts {
  readonly crypto: Crypto;
  readonly agenda: Agenda;
  readonly number: number;
  readonly character: PhoneCharacter;
  readonly onFault: (fault: FaultName) => void;
}

export type TimeAsked = Extract<Effect, { readonly kind: "ask-time" }>;

/** From a question to the authority to its answer. */
const networkMs = 400;

/** How much longer each frame of a slow phone takes. */
const slowMs = 700;

export function createPhone({ crypto, agenda, number, character, onFault }: PhoneParts): Phone {
  let satchel: Satchel = emptySatchel;
  let archive: readonly Parcel[] = [];
  let slips: readonly ReturnSlip[] = [];
  let isVisiting = false;

  function visit({ lock, chance, odds, time, onHeard, onSaid, onOver }: VisitParts): void {
    isVisiting = true;
    const lent = { crypto, waits, hasTime: time !== undefined };
    let link: AirLink | undefined;
    let inbox = emptyInbox;
    let outbox = emptyOutbox;
    let stopDeadline = (): void => {};
    const start = startErrand(lent, satchel);
    let errand: Errand = start.errand;
    const diesMs = chance.strikes(odds["phone-dies"]) ? chance.between(10, 400) : undefined;

    const leave = (): void => {
      stopDeadline();
      link?.close();
      isVisiting = false;
    };
    const feed = (event: Event): void => {
      if (!isVisiting) return;
      const stepped = stepErrand(lent, errand, event);
      errand = stepped.errand;
      for (const effect of stepped.effects) {
        switch (effect.kind) {
          case "send": {
            onSaid(effect.message);
            const cut = segment(outbox, effect.message.type, effect.message.body, link?.frameBytesMax ?? 20);
            outbox = cut.outbox;
            for (const frame of cut.frames) link?.send(frame);
            break;
          }
          case "deadline":
            stopDeadline();
            stopDeadline = agenda.at(agenda.nowMs + effect.milliseconds, () => feed({ kind: "deadline" }));
            break;
          case "ask-time": {
            const token = time?.(effect);
            agenda.at(agenda.nowMs + networkMs, () => feed({ kind: "time", token }));
            break;
          }
          case "owe":
            satchel = owe(satchel, effect.slip);
            break;
          case "done":
            leave();
            if (errand.phase === "over") satchel = errand.satchel;
            onOver(effect.report.outcome);
            break;
          case "progress":
          case "ignored":
            break;
          default:
            effect satisfies never;
        }
      }
    };

    if (diesMs !== undefined) {
      agenda.at(agenda.nowMs + diesMs, () => {
        if (!isVisiting) return;
        onFault("phone-dies");
        leave();
        onOver({ kind: "died" });
      });
    }
    link = openAir({
      agenda,
      chance: chance.fork("air"),
      odds,
      lock,
      slowMs: character === "slow" ? slowMs : 0,
      onFault,
      onFrame(frame) {
        const heard = hear(inbox, frame, bodyBytesMax("toPhone"));
        if (heard.kind === "refused") return feed({ kind: "garbled", check: heard.refused.check });
        inbox = heard.inbox;
        if (heard.kind !== "message") return;
        const message = { type: heard.type, body: heard.body };
        onHeard(message);
        feed({ kind: "message", ...message });
      },
      onClosed: () => feed({ kind: "closed", why: "the link broke" }),
    });
    if (link === undefined) feed({ kind: "closed", why: "no lock answers" });
    else feed({ kind: "connected" });
  }

  return {
    name: `phone ${number}`,
    number,
    character,
    get isVisiting() {
      return isVisiting;
    },
    get owed() {
      return satchel.owed;
    },
    get archive() {
      return archive;
    },
    get slips() {
      return slips;
    },
    fetch(parcels) {
      satchel = carry({ ...satchel, parcels: [] }, parcels);
      archive = carry({ ...emptySatchel, parcels: archive }, parcels).parcels;
    },
    visit,
    forget(slip) {
      satchel = returned(satchel, slip);
      slips = [...slips, slip];
    },
  };
}

/** What a message is called in the trace. */
export function messageWord(message: Message): string {
  return messageName(message.type) ?? `type ${message.type}`;
}
