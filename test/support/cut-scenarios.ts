/**
 * What a lock may be doing when the power fails: each scenario with the state it starts from and the judgement of the
 * states it may leave behind. Not the cuts themselves; they are in `power-cuts.ts`.
 */
import type { Bytes, Table } from "@doorsync/protocol/authority";
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { wantsCompaction } from "../../packages/lock-sim/src/firmware/chores.ts";
import { decodeSecure } from "../../packages/lock-sim/src/firmware/secure.ts";
import type { Running } from "../../packages/lock-sim/src/firmware/state.ts";
import {
  commission,
  commissionMessage,
  crypto,
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
  type TestLock,
  visit,
  wait,
} from "../world.ts";
import type { Past, Scenario } from "./power-cuts.ts";

const name = "cut";

export function running(lock: TestLock): Running {
  const { state } = lock.board;
  if (state.power === "off") throw new Error("the lock stays dark");
  return state;
}

function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** A table in force, and what its door does. */
interface Held {
  readonly version: number;
  readonly items: Bytes;
  readonly opens: readonly string[];
  readonly refuses: readonly string[];
}

type Codes = ReadonlyMap<number, string>;

/** A lock in some state of its life with its authority, and the codes that open it. */
interface Start {
  readonly property: TestAuthority;
  readonly parts: LockParts;
  readonly version: number;
  readonly table: Table;
  readonly codes: Codes;
}

type Change = Scenario & {
  readonly property: TestAuthority;
  readonly issued: authority.Issued;
  readonly leadsTo: Codes;
};

function held({ version, table, codes }: Pick<Start, "version" | "table" | "codes">, others: Codes): Held {
  const opens = [...codes.values()];
  const refuses = [...others.values(), "9753"].filter((code) => !opens.includes(code));
  // A few of each: the judge types them, and the door counts.
  return {
    version,
    items: authority.packItems(table),
    opens: [...opens.slice(0, 2), ...opens.slice(-1)],
    refuses: refuses.slice(0, 1),
  };
}

function codesOf(count: number, first = 1_000): Map<number, string> {
  return new Map(Array.from({ length: count }, (_, i) => [i, String(first + 37 * i).padStart(4, "0")]));
}

/** No receipt that was ever heard says more than what is in force now (P11). */
function keepsItsWord(lock: TestLock, property: TestAuthority, past: Past): void {
  const version = inForce(lock)?.version ?? -1;
  for (const message of past.said) {
    const said = property.receipt(message);
    demand(said === undefined || said.version <= version, `a receipt said ${said?.version}, held ${version}`);
  }
}

function judgeTable(lock: TestLock, allowed: readonly Held[], property: TestAuthority, past: Past): void {
  const now = inForce(lock);
  demand(now !== undefined, "the lock stays dark");
  demand(!running(lock).store.damaged, "damaged");
  const is = allowed.find((one) => one.version === now.version && authority.equal(one.items, now.items));
  demand(is !== undefined, `version ${now.version}, not exactly one of ${allowed.map((one) => one.version)}`);
  demand(running(lock).secure.version === now.version, "the secure element counts otherwise");
  keepsItsWord(lock, property, past);
  const press = (code: string): ReturnType<TestLock["press"]> => {
    // A success that the cut kept from being noted counts as a failure, so a pause may be on.
    wait(lock, 61);
    return lock.press(code);
  };
  for (const code of is.refuses) demand(press(code) === "refused", `${code} is not refused`);
  for (const code of is.opens) demand(press(code) === "accepted", `${code} does not open`);
}

/** A change of the table on its way to a lock. */
function change(what: string, start: Start, codes: Codes, kind: "delta" | "snapshot"): Change {
  const { property, parts } = start;
  const table = property.tableOf(codes);
  const issued = kind === "delta" ? property.delta(table, start.version) : property.snapshot(table);
  const old = held(start, codes);
  const fresh = held({ version: issued.to, table, codes }, start.codes);
  return {
    name: what,
    lock: name,
    parts,
    property,
    issued,
    leadsTo: codes,
    run(lock) {
      deliver(lock, issued);
    },
    judge(lock, after, past) {
      judgeTable(lock, after === "cut" ? [old, fresh] : [fresh], property, past);
      if (after === "cut") return;
      const heard = past.said.flatMap((message) => property.receipt(message) ?? []);
      const proves = heard.some(
        ({ version, state }) => version === issued.to && authority.equal(state, issued.state),
      );
      demand(proves, "no receipt");
    },
  };
}

/** What a change leaves behind when nothing goes wrong, switched off. */
function afterwards(done: Change): Start {
  const { property } = done;
  const parts = forkParts(done.parts);
  const lock = makeLock(name, { parts });
  done.run(lock);
  demand(inForce(lock)?.version === done.issued.to, `${done.name} was not taken`);
  lock.board.powerOff();
  return { property, parts, version: done.issued.to, table: done.issued.table, codes: done.leadsTo };
}

function fresh(): Start {
  const lock = makeLock(name);
  const property = commission(lock, name);
  lock.board.powerOff();
  return { property, parts: lock, version: 0, table: authority.emptyTable, codes: new Map() };
}

/** Owned, with so many codes, and nothing left to do. */
function owned(count: number): Start {
  return afterwards(change("first", fresh(), codesOf(count), "snapshot"));
}

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
  const seconds = noon + 86_400;
  const before = running(makeLock(name, { parts: forkParts(parts) })).store.floorSeconds;
  const same = held(start, new Map());
  return {
    name: "time token",
    lock: name,
    parts,
    run(lock) {
      const link = openLink(lock, 244, (message) => {
        const hello = air.readHello(message.body);
        if (!hello.ok || hello.value.nonce === undefined) return;
        const token = authority.issueTime(
          crypto,
          property.timeSeed,
          property.lock.name,
          hello.value.nonce,
          seconds,
        );
        link?.say({ type: air.messageType("time"), body: token });
      });
      link?.say({ type: air.messageType("hello"), body: air.encodeHelloRequest(true) });
      link?.close();
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
      const onRecord = running(lock).tally.attempts.filter((attempt) => !attempt.right).length;
      demand(onRecord >= compared, `${compared} wrong codes compared, ${onRecord} on record`);
      judgeTable(lock, [same], property, past);
    },
  };
}

function withFullTally(start: Start): Start {
  const parts = forkParts(start.parts);
  const lock = makeLock(name, { parts });
  const [right = ""] = start.codes.values();
  const { sector } = running(lock).tally;
  const full = Math.floor((4_096 - 8) / 24);
  while (running(lock).tally.slot < full) lock.press(right);
  demand(running(lock).tally.sector === sector, "the tally moved too early");
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
  "keypad, with the tally full": () => keypad("keypad, full", withFullTally(owned(2))),
};
