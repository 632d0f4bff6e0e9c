/**
 * A lock that wakes up over a flash image of any bytes, under an honest secure element (P2, P16, P23): it boots, what it
 * believes is what the secure element vouches for, or nothing; a second boot believes the same; and a snapshot helps.
 *
 *   u8 stage | u8 wear: bit 0 blank first, bit 1 the other stage's flash, bit 2 of another history | patches: u8 region, u16 offset, u8 how, bytes
 */
import { createSecureElement } from "@doorsync/lock-sim";
import { messageName } from "@doorsync/protocol/courier";
import { sectorBytes } from "../../packages/lock-sim/src/firmware/geometry.ts";
import { hold } from "../cast/claim.ts";
import { createDraws, type Draws } from "../cast/draws.ts";
import { deliver, geometry, lockOver, noon, rewritten, stages, versions } from "../cast/house.ts";
import { judgeLock, judgePress } from "../cast/judged-lock.ts";
import { createPlainChip } from "../cast/plain-chip.ts";
import { reached } from "../cast/reached.ts";

const owned = stages.filter(({ name }) => name !== "factory");
const newest = versions.at(-1);
const patchesMax = 24;

/** Where edits go: the beginning of every part of the map, and the ends of what was written. */
const regions: readonly number[] = [
  0,
  geometry.bankAddress[0],
  geometry.bankAddress[1],
  geometry.bankAddress[0] - sectorBytes,
  geometry.bankAddress[0] + sectorBytes,
  geometry.bankAddress[1] + sectorBytes,
  geometry.imageBytes - sectorBytes,
  sectorBytes,
  geometry.notebookSectors * sectorBytes,
  geometry.journalAddress,
  geometry.journalAddress + sectorBytes,
];

export function fuzz(data: Buffer): void {
  const draws = createDraws(data);
  const stage = draws.pick(owned);
  const wear = draws.u8();
  const other = draws.pick(owned);
  const image = new Uint8Array((wear & 4) !== 0 ? rewritten : (wear & 2) !== 0 ? other.flash : stage.flash);
  if ((wear & 1) === 1) image.fill(0xff);
  for (let i = 0; i < patchesMax && draws.left > 0; i++) patch(draws, image, other.flash);

  const chip = createPlainChip(image);
  const lock = lockOver({ flash: chip.flash, secure: createSecureElement(stage.secure), rtcSeconds: noon });
  lock.board.powerOn();
  const version = judgeLock(lock);
  hold(version !== undefined, "P16: a lock boots from any flash");
  judgePress(lock, "4821");
  judgePress(lock, "9999");

  const damaged = isDamaged(lock.board.state);
  reached(damaged ? "flash: damaged" : `flash: version ${version}`);
  lock.board.powerOff();
  lock.board.powerOn();
  hold(judgeLock(lock) === version, "P2: the next boot believes the same version");
  hold(isDamaged(lock.board.state) === damaged, "P2: what is damaged stays so, and what is whole stays so");

  if (newest === undefined) return;
  const answer = deliver(lock, newest.issued.messages);
  hold(messageName(answer?.type ?? 0) === "receipt", "P23: a snapshot helps whatever flash held");
  hold(judgeLock(lock) === newest.version, "P23: and is in force");
  lock.board.powerOff();
  lock.board.powerOn();
  hold(judgeLock(lock) === newest.version && !isDamaged(lock.board.state), "P2: and outlives the next boot");
}

function isDamaged(state: ReturnType<typeof lockOver>["board"]["state"]): boolean {
  return state.power === "on" && state.store.damaged;
}

function patch(draws: Draws, image: Uint8Array, other: Uint8Array): void {
  const at = (draws.pick(regions) + (draws.u16() % (4 * sectorBytes))) % image.length;
  const how = draws.u8();
  const length = 1 + (how >> 3);
  const end = Math.min(image.length, at + length * 8);
  switch (how % 5) {
    case 0: // any bytes
      image.set(draws.bytes(Math.min(length, image.length - at)), at);
      return;
    case 1: // bits that fell
      image[at] = (image[at] ?? 0) & draws.u8();
      return;
    case 2: // blank words
      image.fill(0xff, at, end);
      return;
    case 3: // words of another time of this lock
      image.set(other.subarray(at, end), at);
      return;
    default: // words of another place
      copyWords(draws, image, at, 8 * length);
  }
}

function copyWords(draws: Draws, image: Uint8Array, at: number, length: number): void {
  const from = (draws.pick(regions) + (draws.u16() % sectorBytes)) % image.length;
  image.copyWithin(at, from, from + length);
}
