/**
 * What a lock's stores may hold: nothing older than before (P1), the old table or the new one and nothing between (P2),
 * and only what the authority signed for this very lock (P3, P5, P7).
 */
import { firstCredentialId, itemId, toHex } from "@doorsync/protocol/lock";
import type { InForce } from "../../firmware/state.ts";
import type { Signed } from "../plain.ts";
import type { Checker } from "./checker.ts";

const slackSeconds = 180;

interface Held {
  readonly epoch: number;
  readonly version: number;
  readonly state: string;
}

export function monotone(): Checker {
  const held = new Map<number, Held>();
  const pressed = new Set<number>();
  return {
    property: "P1",
    claim: "the version of a lock never goes back, and one version is one table",
    hear(seen, view) {
      // Only the button inside leads back, and no further than to nothing.
      if (seen.kind === "button") pressed.add(seen.door);
      if (seen.kind !== "step") return undefined;
      for (const { door, state } of view.locks) {
        if (state.power === "off") continue;
        const before = held.get(door);
        const { epoch } = state.secure;
        const { version } = state.inForce;
        if (before !== undefined && before.epoch === epoch && before.version === version) continue;
        const now = { epoch, version, state: toHex(state.inForce.state) };
        held.set(door, now);
        if (before === undefined) continue;
        const isReset = state.secure.phase === "factory" && epoch === before.epoch;
        if (isReset && pressed.delete(door)) continue;
        const isBack = epoch < before.epoch || (epoch === before.epoch && version < before.version);
        if (isBack) {
          return `lock ${door} went back from ${before.epoch}/${before.version} to ${epoch}/${version}`;
        }
      }
      return undefined;
    },
  };
}

export function oneTablePerVersion(): Checker {
  const held = new Map<string, string>();
  const last = new Map<number, InForce>();
  return {
    property: "P1b",
    claim: "a version that a lock holds never becomes another table",
    hear(seen, view) {
      if (seen.kind !== "step") return undefined;
      for (const { door, state } of view.locks) {
        if (state.power === "off" || last.get(door) === state.inForce) continue;
        last.set(door, state.inForce);
        if (state.inForce.version === 0) continue;
        const name = `${door}/${state.secure.epoch}/${state.inForce.version}`;
        const content = toHex(state.inForce.state);
        const before = held.get(name);
        held.set(name, content);
        if (before !== undefined && before !== content)
          return `lock ${door}: version ${name} changed its table`;
      }
      return undefined;
    },
  };
}

export function onlySigned(): Checker {
  const signed = new Map<string, Signed>();
  const last = new Map<number, InForce>();
  /** When power failed: what a lock has when it wakes up, it had taken by then. */
  const offSeconds = new Map<number, number>();
  const nameOf = (door: number, epoch: number, version: number, state: string, issuedAt: number): string =>
    [door, epoch, version, state, issuedAt].join("/");
  return {
    property: "P3",
    claim: "a lock holds a table that the authority signed for it, whole, or none",
    hear(seen, view) {
      if (seen.kind === "signed") {
        const { door, epoch, version, state, issuedAt } = seen.signed;
        signed.set(nameOf(door, epoch, version, state, issuedAt), seen.signed);
      }
      if (seen.kind === "power" && seen.is === "off") offSeconds.set(seen.door, view.nowSeconds);
      if (seen.kind !== "step") return undefined;
      for (const lock of view.locks) {
        const { door, state } = lock;
        const before = last.get(door);
        const takenSeconds = state.power === "on" ? (offSeconds.get(door) ?? view.nowSeconds) : 0;
        if (state.power === "on") offSeconds.delete(door);
        if (state.power === "off" || before === state.inForce) continue;
        last.set(door, state.inForce);
        const { issuedAt, table } = state.inForce;
        // The first table after a commission is judged by the commission's own time.
        const isNew = before !== undefined && before.version > 0 && before.issuedAt !== issuedAt;
        const { version } = state.secure;
        const codes = [...table.items()].filter((item) => itemId(item) >= firstCredentialId).length;
        if (version === 0 || state.store.damaged) {
          if (codes > 0) return `lock ${door} has ${codes} codes and no table to have them from`;
          continue;
        }
        const content = toHex(state.inForce.state);
        const known = signed.get(nameOf(door, state.secure.tableEpoch, version, content, issuedAt));
        if (known === undefined) return `lock ${door} holds a version ${version} that nobody signed`;
        // An update that was kept back is worth nothing after its day: leases and dates were meant for that time.
        if (lock.clockStory === "right" && isNew && takenSeconds > known.notAfter + slackSeconds) {
          const detail = `lock ${door} took version ${version} ${takenSeconds - known.notAfter} s after its end`;
          return { property: "P10", detail };
        }
        if (known.entries.length !== codes) {
          return `lock ${door} holds ${codes} codes at version ${version}, not ${known.entries.length}`;
        }
      }
      return undefined;
    },
  };
}

export function neverTorn(): Checker {
  const spoilt = new Set<number>();
  return {
    property: "P2",
    claim: "power cuts alone never spoil a table: it is the old one or the new one",
    hear(seen, view) {
      if (seen.kind === "fault" && seen.door !== undefined) {
        if (seen.fault === "flash-rot" || seen.fault === "flash-dud") spoilt.add(seen.door);
      }
      if (seen.kind !== "power" || seen.is === "off") return undefined;
      const state = view.locks[seen.door - 1]?.state;
      if (state?.power !== "on" || !state.store.damaged || spoilt.has(seen.door)) return undefined;
      return `lock ${seen.door} woke up with a spoilt table, and nothing but its power had failed`;
    },
  };
}
