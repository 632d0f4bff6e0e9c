/**
 * What a hostile phone can bring about: nothing but refusals. What the authority did not make for this very lock, bit
 * for bit, is never taken (P4 altered, P5 another lock's, P6 under another type), and tells nothing by how it is
 * refused (P19); verifying it costs the lock a bounded effort (P18).
 */
import { messageName, refusalByCode } from "@doorsync/protocol/lock";
import { type Checker, lockAt } from "./checker.ts";

/** What takes something in; a lock that says one of these has believed what it heard. */
const believing = ["receipt", "next", "segment", "commission"];

export function onlyAuthentic(): Checker {
  /** The last word of a stranger at each door, as long as it was not answered. */
  const last = new Map<number, { readonly trick: string; readonly isAuthentic: boolean }>();
  return {
    property: "P4",
    claim: "what the authority did not make for this lock, bit for bit, is refused",
    hear(seen) {
      if (seen.kind === "forged") {
        last.set(seen.door, seen);
        return undefined;
      }
      if (seen.kind !== "answered") return undefined;
      const said = last.get(seen.door);
      const name = messageName(seen.type) ?? "";
      if (said === undefined || said.isAuthentic || !believing.includes(name)) return undefined;
      return `lock ${seen.door} answered a ${said.trick} with ${name}`;
    },
  };
}

/** Refusals of which a stranger with nothing signed may hear: of size, of order, and one for all the rest. */
const quiet = ["REJECTED", "BUSY", "TOO_LARGE", "UNSUPPORTED"];

export function quietRefusals(): Checker {
  const last = new Map<number, boolean>();
  return {
    property: "P19",
    claim: "who brings nothing signed hears one refusal, whatever was wrong with it",
    hear(seen) {
      if (seen.kind === "forged") last.set(seen.door, seen.isAuthentic);
      if (seen.kind !== "answered" || messageName(seen.type) !== "refusal") return undefined;
      const isAuthentic = last.get(seen.door) ?? true;
      const name = refusalByCode(seen.body[0] === undefined ? -1 : codeOf(seen.body));
      if (isAuthentic || name === undefined || quiet.includes(name)) return undefined;
      return `lock ${seen.door} told a stranger ${name}`;
    },
  };
}

/** The first number in a refusal: a CBOR array that begins with a small integer. */
function codeOf(body: Uint8Array): number {
  const first = body[1] ?? 0;
  return first < 24 ? first : (body[2] ?? 0);
}

const costly = ["U9", "K3", "A2", "N4"];
const perSessionMax = 3;
const perMinuteMax = 10;
const minuteMs = 60_000;

export function boundedEffort(): Checker {
  const bySession = new Map<string, number>();
  const lately = new Map<number, number[]>();
  /** Power-ons by door: a lock numbers its connections from each of them. */
  const boots = new Map<number, number>();
  return {
    property: "P18",
    claim: "bad signatures cost a lock three verifications a connection and ten a minute",
    hear(seen, view) {
      if (seen.kind === "power") {
        lately.delete(seen.door);
        if (seen.is === "on") boots.set(seen.door, (boots.get(seen.door) ?? 0) + 1);
      }
      if (seen.kind !== "note" || seen.note.what !== "refused" || !costly.includes(seen.note.check))
        return undefined;
      const { state } = lockAt(view, seen.door);
      if (state.power === "off" || state.session === undefined) return undefined;
      const name = `${seen.door}/${boots.get(seen.door) ?? 0}/${state.session.number}`;
      const count = (bySession.get(name) ?? 0) + 1;
      bySession.set(name, count);
      const times = [...(lately.get(seen.door) ?? []).filter((ms) => view.nowMs - ms < minuteMs), view.nowMs];
      lately.set(seen.door, times);
      if (count > perSessionMax)
        return `lock ${seen.door} verified ${count} bad signatures in one connection`;
      if (times.length > perMinuteMax)
        return `lock ${seen.door} verified ${times.length} bad signatures in a minute`;
      return undefined;
    },
  };
}
