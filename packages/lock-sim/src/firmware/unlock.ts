/**
 * Unlock by app: a handshake, one sealed request, one sealed answer. What a capability allows is the protocol's rule;
 * whether the device's key opens is judged at the same door as a keycard (keypad.ts), by the same table. A refusal that
 * the capability has earned takes that way too, so that it comes no sooner than any other.
 */

import { acceptUnlock, acceptUnlockStart, type Bytes, type Refused, refuse } from "@doorsync/protocol/lock";
import { answerNo, answerUnlock } from "./answer.ts";
import { keptBy, spanOf } from "./clock.ts";
import { witnessRefusal } from "./diary.ts";
import type { Asker } from "./door.ts";
import { show } from "./keypad.ts";
import { wantsSnapshot } from "./owner.ts";
import { trustOf } from "./secure.ts";
import { countedBad, draw, say, type Turn, withSession, witnessNo } from "./session.ts";
import type { Running } from "./state.ts";

/** The first half of a visit at the door. The handshake lives in this session only, until it is used or replaced. */
export function hearUnlockStart(running: Running, turn: Turn, body: Bytes): Running {
  const forgotten = withSession(running, { handshake: undefined });
  const { running: drawn, bytes: ephemeral } = draw(forgotten, turn, "handshake");
  const { dhSecret } = drawn.secure;
  const lock = { name: trustOf(drawn.secure).name, dhSecret };
  const verdict = acceptUnlockStart(turn.crypto, lock, ephemeral, body);
  if (!verdict.ok) return answerNo(drawn, turn, "unlock-start", verdict);
  const { reply, channel } = verdict.value;
  const met = withSession(drawn, { handshake: { channel, sinceMs: turn.now.uptimeMs } });
  return say(met, turn, "unlock-start", reply);
}

/** The one request of a handshake; whatever comes of it, the handshake is used up. */
export function hearUnlock(running: Running, turn: Turn, body: Bytes): Running {
  const { session, secure, inForce } = running;
  const handshake = session?.handshake;
  if (session === undefined || handshake === undefined) {
    return answerNo(running, turn, "unlock", refuse("REJECTED", "Q0"));
  }
  const used = withSession(running, { handshake: undefined });
  const asker: Asker = { session: session.number, answerKey: handshake.channel.toInitiator };
  const met = {
    channel: handshake.channel,
    elapsedSeconds: (turn.now.uptimeMs - handshake.sinceMs) / 1_000,
    version: inForce.version,
    snapshotOnly: wantsSnapshot(running),
    time: spanOf(keptBy(running), turn.now),
  };
  const verdict = acceptUnlock(turn.crypto, trustOf(secure), met, body);
  if (verdict.ok) return show(used, turn, { by: "app", deviceKey: verdict.value.deviceKey, asker });
  witnessNo(turn, "unlock", verdict);
  const counted = countedBad(used, turn, verdict.check);
  if (verdict.refusal === "DENIED") return show(counted, turn, { by: "app", deviceKey: undefined, asker });
  const told = answerUnlock(counted, turn, asker, verdict);
  const isEarned = verdict.refusal === "SYNC_FIRST" || verdict.refusal === "TIME_NEEDED";
  return isEarned ? witnessRefusal(told, turn, verdict.refusal, inForce.version) : told;
}

/** What the dialogue or the budgets refuse: sealed where a handshake stands, which is used up by it. */
export function refuseUnlock(running: Running, turn: Turn, refused: Refused): Running {
  const { session } = running;
  if (session?.handshake === undefined) return answerNo(running, turn, "unlock", refused);
  const { handshake, number } = session;
  witnessNo(turn, "unlock", refused);
  const asker = { session: number, answerKey: handshake.channel.toInitiator };
  return answerUnlock(withSession(running, { handshake: undefined }), turn, asker, refused);
}
