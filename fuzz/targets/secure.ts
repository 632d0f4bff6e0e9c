/**
 * Any bytes as the secure element's record: what is read is written again to the same bytes; a lock with a record that
 * cannot be read stays off; a lock with any other boots, whatever its flash holds.
 *
 *   u8 stage | u8: even: the record is the stage's, changed; odd: it is the rest
 */
import { createSecureElement, decodeSecure, encodeSecure } from "@doorsync/lock-sim";
import { encodePull, messageType } from "@doorsync/protocol/courier";
import { hold } from "../cast/claim.ts";
import { changed, createDraws } from "../cast/draws.ts";
import { genuine, lockOver, noon, said, stages } from "../cast/house.ts";
import { createPlainChip } from "../cast/plain-chip.ts";
import { reached } from "../cast/reached.ts";

/** What tells of the record: two hellos, a receipt, the log. */
const asked = [
  ...genuine.filter(({ body }) => body.length <= 1),
  { type: messageType("pull"), body: encodePull(0) },
];

export function fuzz(data: Buffer): void {
  const draws = createDraws(data);
  const stage = draws.pick(stages);
  const record = draws.u8() % 2 === 0 ? changed(draws, stage.secure) : draws.rest();
  const read = decodeSecure(record);
  if (read.ok) {
    hold(Buffer.compare(encodeSecure(read.value), record) === 0, "P15: a record has one spelling");
  }
  const chip = createPlainChip(new Uint8Array(stage.flash));
  const lock = lockOver({ flash: chip.flash, secure: createSecureElement(record, 8_192), rtcSeconds: noon });
  lock.board.powerOn();
  const { state } = lock.board;
  hold(
    (state.power === "on") === read.ok,
    "P16: a lock whose record cannot be read stays off, any other boots",
  );
  reached(`secure: ${state.power}`);
  if (state.power === "off") return;
  const isSame =
    read.ok && read.value.version === stage.version && Buffer.compare(record, stage.secure) === 0;
  hold(!isSame || !state.store.damaged, "P2: an unchanged record finds its table");
  const { result } = lock.press("4821#");
  hold(result !== "typed", "P18: the keypad answers");
  lock.pass(2);
  for (const message of asked) {
    const answered = said(lock, message).length > 0;
    hold(answered || lock.board.state.power === "off", "P18: whoever asks is answered");
  }
}
