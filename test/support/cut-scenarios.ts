/**
 * What a lock may be doing when the power fails: each scenario with the state it starts from and the judgement of the
 * states it may leave behind. Tables and storage are here, people in `cut-door.ts`, owners in `cut-owner.ts`. Not the
 * cuts themselves; they are in `power-cuts.ts`.
 */
import * as air from "@doorsync/protocol/courier";
import { wantsCompaction } from "../../packages/lock-sim/src/firmware/chores.ts";
import { decodeSecure } from "../../packages/lock-sim/src/firmware/secure.ts";
import { slotsPerGroup } from "../../packages/lock-sim/src/firmware/slot.ts";
import type { Running } from "../../packages/lock-sim/src/firmware/state.ts";
import {
  commissionMessage,
  deliver,
  finishMeeting,
  forkParts,
  inForce,
  type LockParts,
  makeLock,
  noon,
  offerTo,
  openLink,
  type TestAuthority,
  tellTime,
  visit,
} from "../world.ts";
import { app, card, dayOfTheDailyCode, limitedCodes } from "./cut-door.ts";
import { acknowledgement, changeOfKeys, factoryReset, firstTableOfOtherKeys } from "./cut-owner.ts";
import {
  afterwards,
  type Change,
  type Codes,
  change,
  codesOf,
  demand,
  fresh,
  held,
  judgeTable,
  name,
  owned,
  running,
  type Start,
} from "./cut-start.ts";
import type { Scenario } from "./power-cuts.ts";

export { running } from "./cut-start.ts";

function factoryParts(): LockParts {
  const lock = makeLock(name);
  lock.board.powerOff();
  return lock;
}

function commissioning(): Scenario {
  let met: TestAuthority | undefined;
  return {
    name: "commissioning",
    lock: name,
    parts: factoryParts(),
    run(lock) {
      if (lock.board.state.power === "off") return;
      // The very same offer: a lock whose answer was lost gives it again.
      const offered = offerTo(lock.setup, name);
      const [reply] = visit(lock, [commissionMessage(offered)]);
      if (reply !== undefined) met = finishMeeting(offered, reply);
    },
    judge(lock, when, past) {
      const { secure, inForce: table } = running(lock);
      demand(table.version === 0 && table.table.count === 0, "a table from nowhere");
      demand(secure.phase === (secure.epoch === 0 ? "factory" : "provisional"), secure.phase);
      const answered = past.said.some(({ type }) => type === air.messageType("commission"));
      demand(!answered || secure.epoch === 1, "answered, and forgot");
      demand(lock.press("4821") === "refused", "a code from nowhere opens");
      if (when === "cut") return;
      demand(met !== undefined && met.lock.name.epoch === secure.epoch, "they did not meet");
      // That they can work with each other from here shows that both hold the same keys.
      const later = makeLock(name, { parts: forkParts(lock) });
      const receipt = met.receipt(deliver(later, met.snapshot(met.tableOf(codesOf(1)), 1)));
      demand(
        receipt?.version === 1 && later.press("1000") === "accepted",
        "they do not understand each other",
      );
    },
  };
}

function timeToken(start: Start): Scenario {
  const { property, parts } = start;
  const seconds = noon + 43_200;
  const before = running(makeLock(name, { parts: forkParts(parts) })).store.floorSeconds;
  const same = held(start, new Map());
  return {
    name: "time token",
    lock: name,
    parts,
    run(lock) {
      tellTime(lock, property, seconds);
    },
    judge(lock, when, past) {
      const answered = past.said.some((message) => {
        const hello = air.readHello(message.body);
        return hello.ok && hello.value.nonce === undefined;
      });
      const { floorSeconds } = running(lock).store;
      const kept = when === "cut" && !answered && floorSeconds === before;
      demand(floorSeconds === seconds || kept, `floor ${floorSeconds}`);
      judgeTable(lock, [same], property, past);
    },
  };
}

/** The lock idles: it has something to tidy up as soon as it is on. */
function chores(what: string, start: Start, tidy: (state: Running) => boolean): Scenario {
  const { property, parts } = start;
  const same = held(start, new Map());
  return {
    name: what,
    lock: name,
    parts,
    run() {},
    judge(lock, when, past) {
      judgeTable(lock, [same], property, past);
      if (when === "done") demand(tidy(running(lock)), "not tidied up");
    },
  };
}

/**
 * A snapshot whose chunks come while the one before is being written: they are said from within the lock's answer, so
 * that the board has their frames before that of its storage.
 */
function inFlight(): Scenario {
  const { issued, ...first } = change("chunks in flight", fresh(), codesOf(66), "snapshot");
  const [head, ...chunks] = issued.messages;
  demand(head !== undefined && chunks.length === 2, "a snapshot of two chunks");
  return {
    ...first,
    run(lock) {
      let asked = 0;
      const link = openLink(lock, 244, (message) => {
        const next = air.messageName(message.type) === "next" ? air.readNext(message.body) : undefined;
        if (next?.ok !== true) return;
        if (asked++ === 0) for (const chunk of chunks.slice(next.value.index)) link?.say(chunk);
        else
          demand(running(lock).lanes.table !== undefined, "the second chunk was not held behind the first");
      });
      link?.say(head);
      link?.close();
    },
  };
}

/** A lock that took a delta after the other until `enough`, and was switched off before it could tidy up. */
function interrupted(
  start: Start,
  next: (round: number) => Codes,
  enough: (state: Running) => boolean,
): Start {
  const { property } = start;
  const parts = forkParts(start.parts);
  const lock = makeLock(name, { parts });
  // While somebody is connected the lock begins no chore.
  const link = openLink(lock, 244, () => {});
  let { version, table, codes } = start;
  for (let round = 0; !enough(running(lock)); round++) {
    codes = next(round);
    const issued = property.delta(property.tableOf(codes), version);
    for (const message of issued.messages) link?.say(message);
    demand(inForce(lock)?.version === issued.to, "the delta was not taken");
    ({ to: version, table } = issued);
  }
  lock.board.powerOff();
  return { property, parts, version, table, codes };
}

/** Attempts at the keypad: one in vain, one right. A wrong one that was compared is on record for good. */
function keypad(what: string, start: Start): Scenario {
  const { property, parts } = start;
  const same = held(start, new Map());
  const [right = ""] = same.opens;
  return {
    name: what,
    lock: name,
    parts,
    run(lock) {
      if (lock.board.state.power === "off") return;
      lock.press("5790");
      lock.press(right);
    },
    judge(lock, _, past) {
      const compared = past.notes.filter((note) => note.what === "denied").length;
      const onRecord = running(lock).notebook.attempts.filter((attempt) => !attempt.right).length;
      demand(onRecord >= compared, `${compared} wrong codes compared, ${onRecord} on record`);
      judgeTable(lock, [same], property, past);
    },
  };
}

function withFullNotebook(start: Start): Start {
  const parts = forkParts(start.parts);
  const lock = makeLock(name, { parts });
  const [right = ""] = start.codes.values();
  const { group } = running(lock).notebook;
  const full = slotsPerGroup(running(lock).notebook.geometry);
  while (running(lock).notebook.slot < full) lock.press(right);
  demand(running(lock).notebook.group === group, "the notebook moved too early");
  lock.board.powerOff();
  return { ...start, parts };
}

/** Half of a snapshot that will never be finished; what is in force is still the old table. */
function halfWay(start: Start): Start {
  const parts = forkParts(start.parts);
  const lock = makeLock(name, { parts });
  const { property } = start;
  const [manifest, chunk] = property.snapshot(property.tableOf(codesOf(66, 4_000))).messages;
  demand(manifest !== undefined && chunk !== undefined, "a snapshot of two chunks");
  visit(lock, [manifest, chunk]);
  const { spare } = running(lock).store;
  demand(spare.kind === "open" && spare.blocks === 1, "the snapshot is not on its way");
  lock.board.powerOff();
  return { ...start, parts };
}

/** A snapshot took over, and the other bank is still to be erased. */
function unerased(start: Start): Start {
  const parts = forkParts(start.parts);
  const lock = makeLock(name, { parts });
  const { property } = start;
  const codes = codesOf(3, 7_000);
  const link = openLink(lock, 244, () => {});
  const issued = property.snapshot(property.tableOf(codes));
  for (const message of issued.messages) link?.say(message);
  demand(running(lock).store.spare.kind === "dirty", "nothing is left to erase");
  lock.board.powerOff();
  return { property, parts, version: issued.to, table: issued.table, codes };
}

function bankOf({ parts }: Start): number {
  const secure = decodeSecure(parts.secure.read());
  demand(secure.ok, "the secure element does not read");
  return secure.value.bank;
}

/** `base`, and `count` others behind it. */
function also(base: Codes, count: number, first: number): Codes {
  return new Map([...base, ...[...codesOf(count, first)].map(([n, code]) => [n + 20, code] as const)]);
}

/** Each change starts where the one before it led. */
function put(): Change {
  const start = owned(4);
  return change("delta that puts", start, also(start.codes, 1, 4_821), "delta");
}

function remove(): Change {
  const start = afterwards(put());
  return change("delta that removes", start, new Map([...start.codes].slice(1)), "delta");
}

function replace(): Change {
  const start = afterwards(remove());
  return change("delta that replaces", start, also(start.codes, 1, 42), "delta");
}

function streamed(): Change {
  const start = afterwards(replace());
  const codes = also(new Map([...start.codes].slice(1)), 14, 3_000);
  const delta = change("streamed delta", start, codes, "delta");
  demand(delta.issued.messages.length === 2, "the delta fits one message");
  return delta;
}

function compaction(): Scenario {
  const small = owned(3);
  const full = interrupted(
    small,
    (round) => also(small.codes, 12, 2_000 + round),
    ({ store }) => wantsCompaction(store),
  );
  const bank = bankOf(full);
  const isTidy = ({ store }: Running): boolean => store.force?.bank !== bank && !wantsCompaction(store);
  return chores("compaction", full, isTidy);
}

/** Everything a lock writes, one scenario each. 66 codes and their rule are two chunks. */
export const scenarios: Readonly<Record<string, () => Scenario>> = {
  commissioning,
  "first snapshot, in chunks": () => change("first snapshot", fresh(), codesOf(66), "snapshot"),
  "first snapshot, with chunks in flight": inFlight,
  "delta that puts": put,
  "delta that removes": remove,
  "delta that replaces": replace,
  "streamed delta": streamed,
  "snapshot over half a snapshot": () =>
    change("snapshot over half a snapshot", halfWay(owned(3)), codesOf(5, 6_000), "snapshot"),
  "time token": () => timeToken(owned(3)),
  "idle erase": () => chores("idle erase", unerased(owned(3)), ({ store }) => store.spare.kind === "clean"),
  compaction,
  "keypad, an attempt and a success": () => keypad("keypad", owned(2)),
  "keypad, with the notebook full": () => keypad("keypad, full", withFullNotebook(owned(2))),
  "codes with a limit": limitedCodes,
  "a card": card,
  "an unlock by app": app,
  "the daily doorcode": dayOfTheDailyCode,
  "events, fetched and acknowledged": acknowledgement,
  "a change of the authority's keys": changeOfKeys,
  "the first table of other keys": firstTableOfOtherKeys,
  "factory reset": factoryReset,
};
