/**
 * Receipts, time tokens, commissions and rotations before real keys: what was signed, changed anyhow. Believed is only what the
 * right key signed, byte for byte.
 *
 *   u8 which (mod 5): receipt | time token | commission offer | commission reply | rotation, then `changed`
 */
import * as authority from "@doorsync/protocol/authority";
import * as protocol from "@doorsync/protocol/lock";
import { hold } from "../cast/claim.ts";
import { crypto } from "../cast/crypto.ts";
import { changed, createDraws, type Draws } from "../cast/draws.ts";
import {
  bytesOf,
  commission,
  lockPublic,
  name,
  noon,
  offer,
  receipts,
  reply,
  seeds,
  trust,
} from "../cast/house.ts";
import { reached } from "../cast/reached.ts";

const nonce = bytesOf("nonce", 16);
const token = authority.issueTime(crypto, seeds.time, name, nonce, noon + 5);
const forms = [receipt, time, commissionOffer, commissionReply, rotation] as const;
const rotations = [2, 3].map((epoch) => {
  const { table, capability, time, box } = trust.authority;
  const said = { epoch, issuedAt: noon, table: capability, capability: table, time, box };
  return { epoch, message: authority.issueRotation(crypto, seeds.root, name.lockId, said) };
});
const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

export function fuzz(data: Buffer): void {
  const draws = createDraws(data);
  draws.pick(forms)(draws);
}

function receipt(draws: Draws): void {
  const { body } = draws.pick(receipts);
  const message = changed(draws, body);
  const said = authority.acceptReceipt(crypto, name, lockPublic.sign, message);
  const isGenuine = receipts.some((one) => same(one.body, message));
  if (said.ok) reached("answers: a receipt");
  hold(said.ok === isGenuine, "P3: a receipt is believed if and only if the lock signed it");
  hold(said.ok || said.refusal === "REJECTED", "P19: whatever is wrong with a receipt, it is REJECTED");
}

function time(draws: Draws): void {
  const message = changed(draws, token);
  const elapsedSeconds = draws.u8();
  const floorSeconds = draws.u8() % 4 === 3 ? draws.u32() : noon;
  const asked = { nonce, elapsedSeconds, floorSeconds, tableIssuedAt: noon };
  const said = protocol.acceptTime(crypto, trust, asked, message);
  if (!said.ok) return;
  reached("answers: a time");
  hold(same(message, token), "P14: a time is believed only if the authority signed it for this nonce");
  hold(elapsedSeconds <= protocol.tokenAgeSecondsMax, "P14: no token is believed when it is old");
  hold(noon + 5 >= floorSeconds, "P14: time signed to a lock does not go back");
}

function commissionOffer(draws: Draws): void {
  const message = changed(draws, offer.body);
  const lastEpoch = draws.u8() % 3;
  const verdict = protocol.acceptCommission(
    crypto,
    { setup: commission.setup, lastEpoch, entropy: bytesOf("entropy", 32) },
    message,
  );
  hold(verdict.ok || verdict.refusal === "REJECTED", "P19: whatever is wrong with an offer, it is REJECTED");
  if (verdict.ok) reached("answers: an offer");
  hold(
    !verdict.ok || (same(message, offer.body) && lastEpoch === 0),
    "P3: a lock meets who knows its secret, once",
  );
}

function commissionReply(draws: Draws): void {
  const message = changed(draws, reply.body);
  const finished = authority.finishCommission(crypto, commission, message);
  if (finished.ok) reached("answers: a meeting");
  hold(
    finished.ok === same(message, reply.body),
    "P3: the authority meets the lock that answered, and no other",
  );
}

function rotation(draws: Draws): void {
  const signed = draws.pick(rotations);
  const message = changed(draws, signed.message);
  const epoch = draws.u8() % 4;
  const verdict = protocol.acceptRotation(crypto, { ...trust, name: { ...name, epoch } }, message);
  if (!rotations.some((one) => same(one.message, message))) {
    hold(
      !verdict.ok && verdict.refusal === "REJECTED",
      "P3: only the root replaces keys, and strangers hear nothing",
    );
    return;
  }
  if (!verdict.ok) return;
  reached("answers: a rotation");
  hold(verdict.value.epoch > epoch, "P8: an epoch does not come back");
  hold(same(verdict.value.authority.root, trust.authority.root), "P3: the root stays");
}
