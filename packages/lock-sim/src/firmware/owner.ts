/**
 * Whom the lock believes: its first meeting with an owner, and the change of the keys by which it knows that owner. Both
 * are one write of the secure element. Not how an owner is forgotten; that is reset.ts.
 */

import {
  acceptCommission,
  acceptRotation,
  type Bytes,
  emptyTable,
  equal,
  refuse,
  tableState,
} from "@doorsync/protocol/lock";
import { answerNo, busySeconds } from "./answer.ts";
import { markAhead } from "./clock.ts";
import { withTableJob } from "./commit.ts";
import { witness } from "./diary.ts";
import { isWiping } from "./reset.ts";
import { encodeSecure, heldVersion, type Secure, trustOf } from "./secure.ts";
import { draw, say, type Turn } from "./session.ts";
import type { InForce, Running } from "./state.ts";
import { blankStore, dirtied, moveOn } from "./store.ts";

/** Only a whole table helps: there is none yet, or it is damaged, or of an epoch before. */
export function wantsSnapshot({ secure, store }: Running): boolean {
  return secure.phase === "provisional" || store.damaged || secure.tableEpoch !== secure.epoch;
}

export function hearCommission(running: Running, turn: Turn, body: Bytes): Running {
  const { secure } = running;
  if (secure.phase === "owned") return answerNo(running, turn, "commission", refuse("REJECTED", "M0"));
  if (isWiping(running) || running.resetPressed)
    return answerNo(running, turn, "commission", refuse("BUSY", "wiping", busySeconds));
  const offerHash = turn.crypto.hash(body);
  // The reply was lost on its way: the same offer is answered with the same reply, and nothing changes.
  if (secure.phase === "provisional" && equal(offerHash, secure.offerHash)) {
    return say(running, turn, "commission", secure.reply);
  }
  const { running: drawn, bytes: entropy } = draw(running, turn, "identity");
  const lock = { setup: { secret: secure.setupSecret }, lastEpoch: secure.epoch, entropy };
  const verdict = acceptCommission(turn.crypto, lock, body);
  if (!verdict.ok) return answerNo(drawn, turn, "commission", verdict);
  const { offer, authority, keys, signSeed, dhSecret, reply } = verdict.value;
  const { lockId, tag, epoch } = offer;
  const state = tableState(turn.crypto, keys.state, 0, emptyTable);
  const { issuedAt: commissionedAt } = offer;
  const place = { epoch, tableEpoch: epoch, version: 0, state, commissionedAt } as const;
  const owner = { phase: "provisional", lockId, tag, ...place, offerHash, reply } as const;
  const next: Secure = { ...secure, ...moveOn(secure), ...owner, signSeed, dhSecret, authority, keys };
  const ops = [{ kind: "secure", record: encodeSecure(next) } as const];
  return withTableJob(drawn, ops, { next: "commissioned", asker: running.sessions, secure: next });
}

/** The new owner's keys are durable: the lock starts anew, with no table. */
export function takeOwner(running: Running, turn: Turn, secure: Secure): Running {
  turn.effects.push({ kind: "note", note: { what: "commissioned", epoch: secure.epoch } });
  const store = blankStore(running.store.geometry, secure);
  const { state, commissionedAt: issuedAt } = secure;
  const inForce: InForce = { version: 0, state, issuedAt, table: emptyTable };
  const clockToNote = markAhead(secure, running.notebook);
  return { ...running, secure, store, inForce, half: undefined, clockToNote };
}

/** The authority's other keys take the place of the ones it works with online. The table stays until the next snapshot. */
export function hearRotation(running: Running, turn: Turn, body: Bytes): Running {
  const { secure } = running;
  const verdict = acceptRotation(turn.crypto, trustOf(secure), body);
  if (!verdict.ok) return answerNo(running, turn, "rotation", verdict);
  const { epoch, authority } = verdict.value;
  const next: Secure = { ...secure, epoch, authority };
  const ops = [{ kind: "secure", record: encodeSecure(next) } as const];
  return withTableJob(running, ops, { next: "rotated", asker: running.sessions, secure: next });
}

/** The new keys are durable. Versions start again; the table in force waits for a snapshot of the new epoch. */
export function takeKeys(running: Running, turn: Turn, secure: Secure): Running {
  turn.effects.push({ kind: "note", note: { what: "rotated", epoch: secure.epoch } });
  const { store, inForce } = running;
  const version = heldVersion(secure);
  const force = store.force && { ...store.force, version };
  const rotated: Running = {
    ...running,
    secure,
    // Half of a snapshot that the old keys vouched for is worth nothing now.
    store: store.spare.kind === "open" ? dirtied({ ...store, force }) : { ...store, force },
    half: undefined,
    inForce: { ...inForce, version },
  };
  return witness(rotated, turn, { kind: "KeyRotation", version: secure.epoch });
}
