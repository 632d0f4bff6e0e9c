/**
 * A capture that anybody may have written: a file of any bytes, or a connection to a lock in which anything is said.
 * Reading ends, throws nothing, tells no more than there is, and says where it stopped (P16).
 *
 *   u8 mode; even: the file                                    odd: PDUs in a connection whose discovery is there:
 *                                                              u8 side and pieces | u8 length | the PDU
 */

import { visitsInWords } from "../../packages/lock-sim/src/cli/visit-words.ts";
import { readVisits } from "../../packages/lock-sim/src/cli/visits.ts";
import { readSnoop, snoopHeader, snoopRecord } from "../../packages/virtual-radio/src/btsnoop.ts";
import { hold } from "../cast/claim.ts";
import { createDraws, type Draws } from "../cast/draws.ts";
import { attPackets, discovered } from "../cast/packets.ts";
import { reached } from "../cast/reached.ts";

const packetsMax = 300;

export function fuzz(data: Buffer): void {
  const draws = createDraws(data);
  if (draws.u8() % 2 === 0) readFile(Uint8Array.from(draws.rest()));
  else readFile(fileOf(draws));
}

function fileOf(draws: Draws): Uint8Array {
  const packets = [...discovered];
  while (draws.left > 0 && packets.length < packetsMax) {
    const how = draws.u8();
    const pdu = draws.bytes(draws.u8());
    packets.push(...attPackets((how & 1) === 0 ? "client" : "server", pdu, (how & 2) === 0 ? 251 : 27));
  }
  return Uint8Array.from(Buffer.concat([snoopHeader(), ...packets.map(snoopRecord)]));
}

function readFile(file: Uint8Array): void {
  const read = readSnoop(file);
  const told = readVisits(file);
  hold(read.ok === (typeof told !== "string"), "P16: what can be read is told, and nothing else");
  if (!read.ok || typeof told === "string") return;

  const { packets, damage } = read;
  const bytes = packets.reduce((sum, packet) => sum + packet.bytes.length, 0);
  hold(bytes + 24 * packets.length + 16 <= file.length, "P16: no byte is told twice");
  hold(damage === undefined || damage.atByte <= file.length, "P16: damage lies inside the file");
  if (damage !== undefined) reached("capture: damage");
  if (packets.every(({ missingBytes }) => missingBytes === 0)) {
    const again = readSnoop(Uint8Array.from(Buffer.concat([snoopHeader(), ...packets.map(snoopRecord)])));
    hold(again.ok && again.damage === undefined, "P15: what was read can be written");
    hold(
      again.ok && again.packets.every(({ at }, i) => at === packets[i]?.at),
      "P15: times stay what they are",
    );
  }

  for (const { steps, toLock, toPhone, roundTrips } of told.visits) {
    reached("capture: a visit");
    for (const { messages, frames, bytes: framed } of [toLock, toPhone]) {
      hold(messages <= frames, "P17: no message without a frame");
      hold(framed <= bytes, "P17: no more was said than was captured");
    }
    const said = steps.filter((step) => step.kind === "message");
    hold(roundTrips <= said.length, "a round trip has an answer");
    for (const { bytes: length } of said) hold(length <= bytes, "P17: no message is longer than the capture");
    for (const step of steps) reached(`capture: ${step.kind}`);
  }
  const lines = visitsInWords(told);
  hold(
    lines.length > 0 && lines.every((line) => !line.includes("\n")),
    "P16: something is said, a line a step",
  );
}
