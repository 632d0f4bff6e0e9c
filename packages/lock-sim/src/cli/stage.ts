/**
 * The world of a story: locks on their benches, the property, phones and people in one virtual time, doing what a
 * script says and nothing by themselves. The same script gives the same story. It prints nothing.
 */
import type { Crypto, Setup } from "@doorsync/protocol/lock";
import type { LinkPort } from "../board/ports.ts";
import { geometryFor } from "../firmware/geometry.ts";
import { factoryRecord, flashShapeOf, type Pressed } from "../lock.ts";
import { createClock } from "../parts/clock.ts";
import { createFlash } from "../parts/flash.ts";
import { createSecureElement } from "../parts/secure-element.ts";
import { createAgenda } from "../sim/agenda.ts";
import { createOffice } from "../sim/cast/office.ts";
import { createPhone, messageWord, type Phone } from "../sim/cast/phone.ts";
import { playTrick } from "../sim/cast/stranger.ts";
import { type Chance, chanceFrom } from "../sim/chance.ts";
import { noFaults } from "../sim/faults.ts";
import { always, cleaner, localSeconds, type Offset, personName, staff } from "../sim/plain.ts";
import type { Books } from "../sim/seen.ts";
import type { TraceLine } from "../sim/trace.ts";
import { type Bench, createBench } from "./bench.ts";
import type { Held } from "./expect.ts";
import { obey } from "./obey.ts";
import { type Said, saidByNote, toWords } from "./said.ts";
import type { Setting, StoryCommand, StoryExpectation } from "./story.ts";
import type { Command } from "./words.ts";

/** 2026-06-01, 08:00 UTC: a Monday. */
const startSecondsDefault = 1_780_300_800;
const capacity = 24;
const minuteMs = 60_000;
const visitMsMax = 10 * minuteMs;
/** How often a lock is ticked: while something goes on, and while nothing does. */
const busyTickMs = 1_000;
const idleTickMs = 60 * minuteMs;
/** Numbers of guests who have a code of their own. */
const codeGuestsMax = 3;

export interface StageParts {
  readonly crypto: Crypto;
  readonly settings: readonly Setting[];
  /** `message`: one message of a visit; else whatever happened. */
  readonly tell: (line: TraceLine, level: "message" | "event") => void;
}

export interface Stage {
  readonly nowMs: number;
  readonly nowSeconds: number;
  /** The same on the wall of the house. */
  readonly wallSeconds: number;
  /** The lock that the words speak of. */
  readonly bench: Bench;
  obey(command: Command): Said;
  /** What a word of the story came to: only expectations answer. Throws WrongStory for what cannot be. */
  act(command: Exclude<StoryCommand, Setting>): Held | undefined;
  pass(seconds: number): void;
}

/** The script asks for what cannot be: a person who has no code, a door that is not there. */
export class WrongStory extends Error {
  override readonly name = "WrongStory";
}

interface House {
  readonly door: number;
  readonly name: string;
  readonly bench: Bench;
  readonly setup: Setup;
  passedMs: number;
  /** What the bench does when its lock has a new table. */
  onCommit: () => void;
}

interface Person {
  readonly kind: "resident" | "guest";
  readonly number: number;
}

export function createStage({ crypto, settings, tell }: StageParts): Stage {
  const setting = settingsOf(settings);
  const { startSeconds, offsets } = setting;
  const chance = chanceFrom(1);
  const agenda = createAgenda();
  const nowSeconds = (): number => startSeconds + Math.floor(agenda.nowMs / 1_000);
  let isQuiet = true;
  let door = 1;
  let acts = 0;
  let outcome = "none";
  const books = new Map<number, Books>();
  const phones = new Map<string, Phone>();
  const people = new Map<string, Person>();
  /** Digits by person and door, as they were told: the newest last. */
  const told = new Map<string, readonly string[]>();

  /** What is told later, while something is under way that has to be told first. */
  let heldBack: (() => void)[] | undefined;
  const line = (actor: string, what: string, to?: string, level: "message" | "event" = "event"): void => {
    if (isQuiet) return;
    const { nowMs: atMs } = agenda;
    const telling = (): void => tell({ atMs, actor, what, ...(to === undefined ? {} : { to }) }, level);
    if (heldBack === undefined) telling();
    else heldBack.push(telling);
  };
  /** Does something and tells what came of it, and only then what followed from it. */
  const first = <T>(act: () => T, told: (result: T) => void): void => {
    const followed: (() => void)[] = [];
    heldBack = followed;
    let result: T;
    try {
      result = act();
    } finally {
      heldBack = undefined;
    }
    told(result);
    for (const telling of followed) telling();
  };
  const houses = Array.from({ length: setting.doors }, (_, i) => createHouse(i + 1));
  const keyChance = chance.fork("authority/keys");
  const office = createOffice({
    crypto,
    keys: {
      root: keyChance.fork("root").bytes(32),
      table: keyChance.fork("table").bytes(32),
      capability: keyChance.fork("capability").bytes(32),
      time: keyChance.fork("time").bytes(32),
      box: keyChance.fork("box").bytes(32),
    },
    chance: chance.fork("authority"),
    doors: setting.doors,
    leaseHours: houses.map(() => setting.leaseHours),
    offsets,
    now: nowSeconds,
    seen(seen) {
      if (seen.kind === "books") books.set(seen.books.door, seen.books);
    },
  });

  function createHouse(number: number): House {
    const name = setting.doors === 1 ? "lock" : `lock ${number}`;
    const own = chance.fork(`door ${number}`);
    const geometry = geometryFor(capacity);
    const setup: Setup = { secret: own.fork("setup secret").bytes(16) };
    const entropy = own.fork("entropy");
    const weak = own.fork("battery");
    const heard = (said: Said): void => {
      const isRefusal = said.kind === "refused";
      line(
        name,
        isRefusal ? `refuses it: ${said.value.refusal}, check ${said.value.check}` : toWords(said)[1],
      );
    };
    const bench = createBench({
      crypto,
      geometry,
      storage: {
        flash: createFlash(flashShapeOf(geometry)),
        secure: createSecureElement(factoryRecord(crypto, setup.secret)),
      },
      clock: createClock({ elapsedMs: () => agenda.nowMs, rtcSeconds: startSeconds }),
      entropy: { draw: () => entropy.bytes(32) },
      chance: () => weak.below(2 ** 30) / 2 ** 30,
      onNote(note) {
        const { state } = bench.lock.board;
        const said = saidByNote(note, state.power === "on" ? state.secure.phase : "off");
        if (said !== undefined && said.kind !== "session" && said.kind !== "chunk") heard(said);
        if (note.what === "committed") house.onCommit();
      },
      onBolt: (value) => heard({ kind: "bolt", value }),
      onStruck(struck, sinceArmed) {
        heard({ kind: "power", value: "cut", struck, ...(sinceArmed === undefined ? {} : { sinceArmed }) });
      },
      onBrownOut: (value) => heard({ kind: "brown-out", value }),
    });
    const house: House = { door: number, name, bench, setup, passedMs: 0, onCommit: () => {} };
    return house;
  }

  function houseAt(number: number): House {
    const house = houses[number - 1];
    if (house === undefined)
      throw new WrongStory(`there is no door ${number}: say "doors ${number}" at the beginning`);
    return house;
  }

  function isBusy({ bench }: House): boolean {
    const { state } = bench.lock.board;
    if (state.power === "off") return false;
    const { bolt, door: leaf } = state.mechanics;
    return state.session !== undefined || bolt.at !== "locked" || leaf.is === "open";
  }

  /** Time goes on to `ms`, for everybody, or until something is over. */
  function advance(ms: number, isOver: () => boolean = () => false): void {
    while (agenda.nowMs < ms && !isOver()) {
      const stepMs = houses.some(isBusy) ? busyTickMs : idleTickMs;
      const untilMs = Math.min(ms, agenda.nowMs + stepMs);
      while (!isOver() && agenda.next(untilMs));
      if (isOver()) return;
      agenda.rest(untilMs);
      for (const house of houses) {
        house.bench.passed(agenda.nowMs - house.passedMs);
        house.passedMs = agenda.nowMs;
      }
    }
  }

  function phoneOf(name: string): Phone {
    const known = phones.get(name);
    if (known !== undefined) return known;
    const phone = createPhone({
      crypto,
      agenda,
      number: phones.size,
      character: "honest",
      onFault: () => {},
    });
    phones.set(name, phone);
    return phone;
  }

  function sign(): void {
    for (const house of houses) {
      const said = office.issue(house.door, false);
      if (!said.includes("says it all")) line("property", `signs ${said.replace(/\b1 codes/, "1 code")}`);
    }
  }

  function fetch(name: string): void {
    sign();
    const parcels = office.parcels();
    phoneOf(name).fetch(parcels);
    line(
      `phone ${name}`,
      `fetches ${parcels.length} ${parcels.length === 1 ? "parcel" : "parcels"}`,
      "property",
    );
  }

  function bringBack(name: string): void {
    const phone = phoneOf(name);
    if (phone.owed.length === 0) line(`phone ${name}`, "has nothing to bring back", "property");
    for (const slip of phone.owed) {
      line(`phone ${name}`, `brings a ${slip.kind}: ${office.take(slip)}`, "property");
      phone.forget(slip);
    }
  }

  function visit(name: string, breaksOff: boolean): void {
    const phone = phoneOf(name);
    const house = houseAt(door);
    const actor = `phone ${name}`;
    let isOver = false;
    const lock = breaksOff ? breaking(house) : { connect: (link: LinkPort) => house.bench.connect(link) };
    line(actor, "visits", house.name);
    phone.visit({
      lock,
      chance: ownChance("visit"),
      odds: noFaults,
      onHeard: (message) => line(house.name, messageWord(message), actor, "message"),
      onSaid: (message) => line(actor, messageWord(message), house.name, "message"),
      onOver(ended) {
        isOver = true;
        const reason = "refusal" in ended ? ` ${ended.refusal}` : "";
        outcome = `${ended.kind}${reason}`;
        const version = "version" in ended ? `, version ${ended.version}` : "";
        line(actor, `${outcome}${version}`);
      },
    });
    advance(agenda.nowMs + visitMsMax, () => isOver);
    if (!isOver) throw new Error("a visit that does not end");
  }

  /** A link that dies the moment the lock has a new table. */
  function breaking(house: House): { connect: Bench["connect"] } {
    return {
      connect(link) {
        let isDead = false;
        const board = house.bench.connect({
          ...link,
          send(frame) {
            if (!isDead) link.send(frame);
          },
        });
        house.onCommit = () => {
          isDead = true;
          house.onCommit = () => {};
          line(house.name, "the link breaks before the lock can give its receipt");
          agenda.at(agenda.nowMs + 1, () => {
            board?.closed();
            link.close();
          });
        };
        return board;
      },
    };
  }

  function trick(name: string, which: Parameters<typeof playTrick>[0]["trick"]): void {
    const house = houseAt(door);
    const actor = `phone ${name}`;
    const { archive } = phoneOf(name);
    if (archive.length === 0)
      throw new WrongStory(`phone ${name} has nothing to try with: let it fetch first`);
    let isOver = false;
    line(actor, `tries ${which}`, house.name);
    playTrick({
      agenda,
      chance: ownChance("trick"),
      lock: { name: house.name, connect: (link) => house.bench.connect(link) },
      trick: which,
      archive,
      onFault: () => {},
      onHeard: (message) => line(house.name, messageWord(message), actor, "message"),
      onSaid: (message) => line(actor, messageWord(message), house.name, "message"),
      onOver: () => {
        isOver = true;
        line(actor, "leaves");
      },
    });
    advance(agenda.nowMs + visitMsMax, () => isOver);
  }

  function ownChance(what: string): Chance {
    return chance.fork(`${what} ${acts}`);
  }

  /** Who somebody is to the office: numbers are given as names are met. */
  function enlist(name: string, kind: Person["kind"], fixed?: number): Person {
    const known = people.get(name);
    if (known !== undefined) return known;
    const others = [...people.values()].filter((one) => one.kind === kind);
    if (fixed !== undefined && others.some(({ number }) => number === fixed)) {
      throw new WrongStory("there is one card and one reader of the daily code in a story");
    }
    const number = fixed ?? others.filter((one) => one.number < cleaner).length + 1;
    if (kind === "guest" && fixed === undefined && number > codeGuestsMax) {
      throw new WrongStory(`a story has room for ${codeGuestsMax} guests`);
    }
    const person = { kind, number };
    people.set(name, person);
    return person;
  }

  function personCalled(name: string): Person {
    const person = people.get(name);
    if (person === undefined) {
      throw new WrongStory(`nobody is called ${name}: let the property give ${name} a code first`);
    }
    return person;
  }

  function remember(name: string, person: Person): void {
    const digits = office.digitsOf(door, personName(person.kind, person.number));
    if (digits === undefined) return;
    const key = `${name}/${door}`;
    const before = told.get(key) ?? [];
    if (before.at(-1) !== digits) told.set(key, [...before, digits]);
  }

  function give(command: Extract<StoryCommand, { word: "gives" }>): void {
    const { name, what } = command;
    houseAt(door);
    if (what === "code" || what === "new code") {
      const person = enlist(name, "resident");
      const verb = what === "code" ? "assign" : "reset";
      const said = office.give(verb, door, person.number, ownChance("code"));
      if (said.startsWith("denied")) throw new WrongStory(`the property cannot: ${said}`);
      remember(name, person);
      line(
        "property",
        `gives ${name} ${what === "code" ? "the code" : "a new code,"} ${told.get(`${name}/${door}`)?.at(-1) ?? ""}`,
      );
      return;
    }
    const person = enlist(name, "guest", what === "card" ? cleaner : staff);
    const terms = { ...always, leaseHours: setting.leaseHours, failOpen: setting.leaseHours === 0 };
    office.invite(door, person.number, terms, ownChance("card"));
    remember(name, person);
    line("property", what === "card" ? `gives ${name} a card` : `lets ${name} use the code of the day`);
  }

  function changeOf(name: string, word: "revokes" | "suspends" | "resumes"): void {
    const person = personCalled(name);
    if (person.kind === "resident") {
      if (word !== "revokes")
        throw new WrongStory(`${name} lives here: only those who were invited can be suspended`);
      const said = office.revoke(door, person.number);
      if (said.startsWith("denied")) throw new WrongStory(`the property cannot: ${said}`);
      line("property", `takes away ${name}'s code`);
      return;
    }
    const change = { revokes: "uninvite", suspends: "suspend", resumes: "resume" } as const;
    office.changeGuest(door, person.number, change[word]);
    line("property", `${word} ${name}`);
  }

  /** What somebody types or holds up, now or formerly. */
  function shownBy(name: string, code: "present" | "former"): string {
    const person = personCalled(name);
    const called = personName(person.kind, person.number);
    if (person.kind === "guest" && person.number === staff) {
      const digits = code === "present" ? office.digitsOf(door, called) : office.formerOf(door, called);
      if (digits === undefined) throw new WrongStory(`there is no code of the day for ${name}`);
      return digits;
    }
    const known = told.get(`${name}/${door}`) ?? [];
    const digits = code === "present" ? known.at(-1) : known.at(-2);
    if (digits === undefined) throw new WrongStory(`${name} has no ${code} code for door ${door}`);
    return digits;
  }

  function type(name: string, code: "present" | "former"): void {
    const digits = shownBy(name, code);
    const { bench, name: to } = houseAt(door);
    first(
      () => bench.press(`*${digits}#`),
      (pressed) => line(name, `types ${digits}: ${shownWords(pressed)}`, to),
    );
  }

  function shownWords(pressed: Pressed): string {
    return pressed.result === "refused" && pressed.reason !== undefined
      ? `refused (${pressed.reason})`
      : pressed.result;
  }

  function guess(command: Extract<StoryCommand, { word: "guesses" }>): void {
    const { name, tries, apartSeconds } = command;
    const { bench, name: to } = houseAt(door);
    const own = ownChance("guess");
    const known = new Set([...told.values()].flat());
    const came = new Map<string, number>();
    for (let i = 0; i < tries; i++) {
      let digits = "";
      do digits = String(own.below(10_000)).padStart(4, "0");
      while (known.has(digits));
      const { result } = bench.press(`*${digits}#`);
      came.set(result, (came.get(result) ?? 0) + 1);
      if (i < tries - 1) advance(agenda.nowMs + 1_000 * apartSeconds);
    }
    const words = [...came].map(([result, times]) => `${times} ${result}`).join(", ");
    line(name, `guesses ${tries} times: ${words}`, to);
  }

  /** To the next time that the clock on the wall shows it; the wall's clock may be put on or back in between. */
  function waitUntil(minute: number): void {
    const shows = (seconds: number): boolean => localSeconds(offsets, seconds) % 86_400 === 60 * minute;
    let then = Math.floor(nowSeconds() / 60) * 60 + 60;
    while (!shows(then)) then += 60;
    advance(agenda.nowMs + 1_000 * (then - nowSeconds()));
  }

  function judge(expectation: StoryExpectation): Held {
    switch (expectation.what) {
      case "settled":
      case "pending": {
        const found = office.isSettled(door) ? "settled" : "pending";
        return { held: found === expectation.what, expected: expectation.what, found };
      }
      case "visit": {
        const [kind] = outcome.split(" ");
        const held = expectation.outcome === outcome || expectation.outcome === kind;
        return { held, expected: `visit ${expectation.outcome}`, found: `visit ${outcome}` };
      }
      case "proven": {
        const proven = books.get(door)?.proven ?? 0;
        const expected = `proven ${expectation.version}`;
        return { held: proven === expectation.version, expected, found: `proven ${proven}` };
      }
      case "code": {
        const { name, state } = expectation;
        const digits = told.get(`${name}/${door}`)?.at(-1);
        const code = books.get(door)?.codes.findLast((one) => one.digits === digits);
        const found = code?.state ?? "removed";
        return {
          held: found === state,
          expected: `code of ${name} ${state}`,
          found: `code of ${name} ${found}`,
        };
      }
      default:
        return expectation satisfies never;
    }
  }

  function act(command: Exclude<StoryCommand, Setting>): Held | undefined {
    acts++;
    switch (command.word) {
      case "at door":
        houseAt(command.door);
        door = command.door;
        return undefined;
      case "gives":
        give(command);
        return undefined;
      case "invites": {
        const person = enlist(command.name, "guest");
        const said = office.invite(door, person.number, command.terms, ownChance("code"));
        if (said.startsWith("denied")) throw new WrongStory(`the property cannot: ${said}`);
        remember(command.name, person);
        line(
          "property",
          `invites ${command.name} with the code ${told.get(`${command.name}/${door}`)?.at(-1) ?? ""}`,
        );
        return undefined;
      }
      case "revokes":
      case "suspends":
      case "resumes":
        changeOf(command.name, command.word);
        return undefined;
      case "renews":
        line("property", `signs ${office.issue(door, true).replace(/\b1 codes/, "1 code")}`);
        return undefined;
      case "copies its books":
        office.backUp();
        line("property", "copies its books");
        return undefined;
      case "loses its books":
        if (!office.restoreBackup())
          throw new WrongStory('there is no copy: let "property copies its books" come first');
        line("property", "loses its books and works on with the copy");
        return undefined;
      case "fetches":
        fetch(command.phone);
        return undefined;
      case "visits":
        visit(command.phone, command.breaksOff);
        return undefined;
      case "brings back":
        bringBack(command.phone);
        return undefined;
      case "syncs":
        fetch(command.phone);
        visit(command.phone, false);
        bringBack(command.phone);
        return undefined;
      case "tries":
        trick(command.phone, command.trick);
        return undefined;
      case "types":
        type(command.name, command.code);
        return undefined;
      case "holds up": {
        const uid = shownBy(command.name, "present");
        const { bench, name } = houseAt(door);
        first(
          () => bench.tap(uid),
          (pressed) => line(command.name, `holds up the card ${uid}: ${shownWords(pressed)}`, name),
        );
        return undefined;
      }
      case "guesses":
        guess(command);
        return undefined;
      case "wait until":
        waitUntil(command.minute);
        return undefined;
      case "expect told":
        return judge(command.expectation);
      default:
        return command satisfies never;
    }
  }

  /** Every lock gets its owner and its first table, before the story begins. */
  function install(): void {
    for (const house of houses) {
      house.bench.powerOn();
      door = house.door;
      office.offer(door, house.setup, 1);
      for (let visits = 0; visits < 2; visits++) {
        fetch("installer");
        visit("installer", false);
        bringBack("installer");
      }
      if (!office.isSettled(door)) throw new Error(`lock ${door} could not be installed`);
    }
    door = 1;
    outcome = "none";
    isQuiet = false;
  }

  install();
  return {
    get nowMs() {
      return agenda.nowMs;
    },
    get nowSeconds() {
      return nowSeconds();
    },
    get wallSeconds() {
      return localSeconds(offsets, nowSeconds());
    },
    get bench() {
      return houseAt(door).bench;
    },
    obey: (command) =>
      obey(houseAt(door).bench, command, (seconds) => advance(agenda.nowMs + 1_000 * seconds)),
    act,
    pass: (seconds) => advance(agenda.nowMs + 1_000 * seconds),
  };
}

interface Settings {
  readonly startSeconds: number;
  readonly doors: number;
  readonly leaseHours: number;
  readonly offsets: readonly Offset[];
}

function settingsOf(settings: readonly Setting[]): Settings {
  let read: Settings = { startSeconds: startSecondsDefault, doors: 1, leaseHours: 0, offsets: [] };
  for (const setting of settings) {
    switch (setting.word) {
      case "starts":
        read = { ...read, startSeconds: setting.seconds };
        break;
      case "doors":
        read = { ...read, doors: setting.count };
        break;
      case "lease":
        read = { ...read, leaseHours: setting.hours };
        break;
      case "zone":
        read = { ...read, offsets: [...read.offsets, { at: setting.from, minutes: setting.minutes }] };
        break;
      default:
        throw new Error(`no such setting: ${String(setting satisfies never)}`);
    }
  }
  const offsets = read.offsets.length === 0 ? [{ at: 0, minutes: 0 }] : read.offsets;
  return { ...read, offsets: offsets.toSorted((a, b) => a.at - b.at) };
}
