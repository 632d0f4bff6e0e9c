/**
 * A whole lock under a script of everything that can happen to it: frames and messages of any kind, keys, cards, doors,
 * time, clocks, power that fails in any operation (P1 to P4, P8, P16 to P18, P24). After every line the lock is judged;
 * at the end it has power, answers its keypad and hears the next courier.
 *
 *   u8 stage | lines: u8 what, then its arguments
 */
import { createSecureElement, keys as keypad, type SimulatedLock, tornPatterns } from "@doorsync/lock-sim";
import { acceptSegment, firstHead, issueAck, type LogPlace } from "@doorsync/protocol/authority";
import { encodePull, type Message, messageName, messageType } from "@doorsync/protocol/courier";
import { frameBytesMax, frameBytesMin } from "@doorsync/protocol/lock";
import { wordBytes } from "../../packages/lock-sim/src/firmware/geometry.ts";
import { hold } from "../cast/claim.ts";
import { crypto } from "../cast/crypto.ts";
import { changed, createDraws, type Draws } from "../cast/draws.ts";
import {
  ackedSeq,
  chipOf,
  deliver,
  genuine,
  keys,
  type Line,
  lockOver,
  name,
  noon,
  openLine,
  seeds,
  stages,
  versions,
} from "../cast/house.ts";
import { judgeLock, judgePress } from "../cast/judged-lock.ts";
import { reached } from "../cast/reached.ts";

const linesMax = 48;
const secondsMax = 1_500;
const newest = versions.at(-1);
const codes = ["4821", "7001", "1212", "9090", "5000", "0000", "123456789"];
const mayBeSaid: readonly Message[] = [...genuine, { type: messageType("pull"), body: encodePull(0) }];
const boltPositions = ["locked", "unlocked", "jammed"] as const;

/** What goes on around the lock while a script runs. */
interface Scene {
  readonly lock: SimulatedLock;
  readonly draws: Draws;
  line: Line | undefined;
  frameBytes: number;
  seconds: number;
  /** What the motor does; undefined: as it is told. */
  stuckAt: (typeof boltPositions)[number] | undefined;
  /** How far the authority holds the log. */
  held: LogPlace;
  /** The lock's memory as it was after the last line. */
  version: number;
  lastSeq: number;
  epoch: number;
}

export function fuzz(data: Buffer): void {
  const draws = createDraws(data);
  const stage = draws.pick(stages);
  const lock = lockOver({
    flash: chipOf(stage),
    secure: createSecureElement(stage.secure),
    rtcSeconds: noon,
    drive: (to) => scene.stuckAt ?? to,
  });
  const scene: Scene = {
    lock,
    draws,
    line: undefined,
    frameBytes: 244,
    seconds: 0,
    stuckAt: undefined,
    held: { seq: 0, head: firstHead },
    version: 0,
    lastSeq: 0,
    epoch: 0,
  };
  lock.board.powerOn();
  judge(scene);
  for (let count = 0; count < linesMax && draws.left > 0; count++) {
    happen(scene, draws.u8() % 20);
    if (lock.board.state.power === "off") {
      reached("lock: dark");
      scene.line = undefined;
      lock.board.powerOn();
    }
    judge(scene);
  }

  scene.line?.close();
  lock.supply.failAt(undefined);
  lock.board.powerOff();
  lock.board.powerOn();
  const { version } = scene;
  judge(scene);
  hold(scene.version === version, "P11: a reboot changes no table");
  judgePress(lock, "4821");
  lock.clock.set(noon + 60);
  const answer = newest === undefined ? undefined : deliver(lock, newest.issued.messages);
  hold(answer !== undefined && messageName(answer.type) !== undefined, "P18: the next courier is answered");
}

/** What may never go back goes on, unless somebody inside the room took the lock back to the factory. */
function judge(scene: Scene): void {
  const version = judgeLock(scene.lock);
  const { state } = scene.lock.board;
  if (version === undefined || state.power === "off") return;
  const { journal, secure } = state;
  if (secure.phase === "factory") {
    Object.assign(scene, { version: 0, lastSeq: 0, held: { seq: 0, head: firstHead }, epoch: secure.epoch });
    return;
  }
  // A new epoch counts its versions from the beginning.
  if (secure.epoch > scene.epoch) scene.version = 0;
  if (version > scene.version) reached("lock: a newer version");
  hold(version >= scene.version, "P1: the version does not fall");
  hold(secure.epoch >= scene.epoch, "P8: the epoch does not fall");
  hold(journal.lastSeq >= scene.lastSeq, "P24: no event that was written is forgotten");
  hold(
    journal.acked.seq <= Math.max(scene.held.seq, ackedSeq),
    "P24: nothing is dropped that the authority does not hold",
  );
  hold(
    journal.lastSeq - journal.acked.seq === journal.events.length,
    "P24: every event that is not acknowledged is there",
  );
  Object.assign(scene, { version, lastSeq: journal.lastSeq, epoch: secure.epoch });
}

function connected(scene: Scene): Line | undefined {
  if (scene.line === undefined || scene.line.closed) {
    scene.line = openLine(scene.lock, scene.frameBytes, (message) => hearAnswer(scene, message));
  }
  return scene.line;
}

/** The authority's side of the log: what it takes may never contradict what it took before. */
function hearAnswer(scene: Scene, { type, body }: Message): void {
  const { state } = scene.lock.board;
  if (type !== messageType("segment") || state.power === "off" || state.secure.phase === "factory") return;
  const authorityLock = { name: { ...name, epoch: state.secure.epoch }, keys };
  const verdict = acceptSegment(crypto, authorityLock, seeds.box, scene.held, body);
  hold(verdict.ok || verdict.check === "L5" || verdict.check === "L4", "P24: the log is one chain", () =>
    verdict.ok ? "" : verdict.check,
  );
  if (!verdict.ok) return;
  reached("lock: a segment of its log");
  scene.held = { seq: verdict.value.seq, head: verdict.value.head };
}

function happen(scene: Scene, what: number): void {
  const { lock, draws } = scene;
  switch (what) {
    case 0: // what was signed, as it is or changed
    case 1: {
      const { type, body } = draws.pick(mayBeSaid);
      connected(scene)?.say({ type, body: changed(draws, body) });
      return;
    }
    case 2: // any message
      connected(scene)?.say({ type: draws.u8(), body: draws.bytes(draws.u16() % 2_100) });
      return;
    case 3: // any frame
      connected(scene)?.frame(draws.bytes(draws.u8()));
      return;
    case 4:
      lock.press(Array.from({ length: 1 + (draws.u8() % 16) }, () => draws.pick(keypad)).join(""));
      return;
    case 5:
      reached(`lock: a code was ${judgePress(lock, draws.pick(codes))}`);
      return;
    case 6: {
      const passed = Math.min(draws.u16() % 200, secondsMax - scene.seconds);
      scene.seconds += passed;
      lock.pass(passed);
      return;
    }
    case 7: // another courier
      scene.line?.close();
      scene.line = undefined;
      scene.frameBytes = frameBytesMin + (draws.u16() % (frameBytesMax - frameBytesMin + 1));
      return;
    case 8: // power fails now
      lock.board.powerOff();
      return;
    case 9: // power will fail
      lock.supply.failAt({
        op: draws.u8() % 12,
        byte: wordBytes * draws.u8(),
        pattern: draws.pick(tornPatterns),
        seed: draws.u8(),
      });
      return;
    case 10:
      lock.supply.failAt(undefined);
      return;
    case 11:
      switch (draws.u8() % 4) {
        case 0:
          lock.clock.lose();
          return;
        case 1: // any time that 40 bits can say: years after the protocol's last second
          lock.clock.set(draws.u32() * 256 + draws.u8());
          return;
        default:
          lock.clock.jump(60 * (draws.u16() - 0x8000));
          return;
      }
    case 12:
      connected(scene)?.say({ type: messageType("pull"), body: encodePull(scene.held.seq) });
      return;
    case 13: {
      const body = issueAck(crypto, seeds.table, { ...name, epoch: scene.epoch }, scene.held);
      connected(scene)?.say({ type: messageType("ack"), body });
      return;
    }
    case 14:
      lock.tap(draws.bytes(draws.u8() % 12));
      return;
    case 15:
      lock.turnKey(draws.u8() % 2 === 0 ? "locked" : "unlocked");
      return;
    case 16:
      lock.board.door(draws.u8() % 2 === 0 ? "open" : "closed");
      return;
    case 17:
      lock.board.battery(draws.u8() % 101);
      return;
    case 18:
      scene.stuckAt = draws.u8() % 2 === 0 ? undefined : draws.pick(boltPositions);
      return;
    default: // rarely, or little else would be seen
      if (draws.u8() === 0xff) lock.board.holdReset();
  }
}
