/**
 * One world: doors with their locks, phones, an authority and people, in one virtual time. It carries intents out and
 * tells its checkers and its trace what happened. It draws no intents and judges nothing.
 */
import { type Crypto, equal, lifeHoursDefault, setupTag } from "@doorsync/protocol/lock";
import { type Agenda, createAgenda } from "./agenda.ts";
import { type CastLock, createCastLock } from "./cast/lock.ts";
import { createOffice, type Office } from "./cast/office.ts";
import { typedAt } from "./cast/person.ts";
import { createPhone, messageWord, type Phone, type PhoneCharacter } from "./cast/phone.ts";
import { playTrick } from "./cast/stranger.ts";
import type { Chance } from "./chance.ts";
import { type FaultName, type FaultPlan, noFaults } from "./faults.ts";
import { type Act, type Intent, isOfficeAct, type OfficeAct, type Scale } from "./intents.ts";
import { cleaner, type Entry, type Offset, personName, staff } from "./plain.ts";
import type { Seen } from "./seen.ts";
import type { Trace } from "./trace.ts";
import { dailyTrials, tellingMoments } from "./trials.ts";

export interface WorldParts {
  readonly crypto: Crypto;
  readonly chance: Chance;
  readonly scale: Scale;
  readonly faults: FaultPlan;
  readonly trace: Trace;
  readonly seen: (seen: Seen) => void;
  /** Counts what was met on the way, by name. */
  readonly met: (name: string) => void;
}

export interface World {
  readonly agenda: Agenda;
  readonly locks: readonly CastLock[];
  readonly phones: readonly Phone[];
  readonly office: Office;
  readonly nowSeconds: number;
  carryOut(intent: Intent): void;
  /** From here on things go wrong, by the plan. */
  storm(): void;
  /** Nothing goes wrong any more, and every lock has power. */
  calm(): void;
  /** An honest phone with everything in the mailbox goes to a door, and brings back what it owes. */
  send(door: number): void;
  show(door: number, who: string, by: "keypad" | "card", digits: string): void;
  /** What a property does by hand for locks that its books do not fit: owners for those without, new keys, resets. */
  mend(): void;
}

/** What a phone does around a visit. */
type Does = Pick<Extract<Act, { readonly kind: "visit" }>, "fetches" | "returns" | "isOnline">;

/** The phone that goes round when locks are installed, and in the calm. */
const caretaker = 0;

export function createWorld(parts: WorldParts): World {
  const { crypto, chance, scale, trace, seen, met } = parts;
  const agenda = createAgenda();
  let faults: FaultPlan = noFaults;
  const nowSeconds = (): number => scale.startSeconds + Math.floor(agenda.nowMs / 1_000);

  const say = (actor: string, what: string, to?: string): void => {
    trace.say({ atMs: agenda.nowMs, actor, what, ...(to === undefined ? {} : { to }) });
  };
  const struck = (actor: string, fault: FaultName, door?: number): void => {
    met(`fault ${fault}`);
    say(actor, `fault: ${fault}`);
    seen({ kind: "fault", fault, door });
  };

  const locks = Array.from({ length: scale.doors }, (_, i): CastLock => {
    const door = i + 1;
    const name = `lock ${door}`;
    return createCastLock({
      crypto,
      agenda,
      chance: chance.fork(name),
      door,
      startSeconds: scale.startSeconds,
      faults: () => faults,
      onNote(note) {
        seen({ kind: "note", door, note });
        const detail =
          "refusal" in note ? ` ${note.refusal} ${note.check}` : "reason" in note ? ` ${note.reason}` : "";
        met(`note ${note.what}${detail}`);
        const version = "version" in note ? ` at version ${note.version}` : "";
        say(name, `${note.what}${detail}${version}`);
      },
      onAlarm(alarm) {
        met(`alarm ${alarm}`);
        say(name, `alarm: ${alarm}`);
        seen({ kind: "alarm", door, alarm });
      },
      onPower(is) {
        say(name, is === "on" ? "has power" : "is dark");
        seen({ kind: "power", door, is });
      },
      onFault: (fault) => struck(name, fault, door),
      onJam: () => seen({ kind: "jammed", door }),
    });
  });
  for (const lock of locks) lock.restore();

  const keyChance = chance.fork("authority/keys");
  const offsets = offsetsOf(scale);
  const endSeconds = scale.startSeconds + Math.floor(scale.lengthMs / 1_000);
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
    doors: scale.doors,
    lifeHours: locks.map((_, i) => chance.fork(`door ${i + 1}/life`).pick([2, 6, 24, lifeHoursDefault])),
    leaseHours: locks.map((_, i) => chance.fork(`door ${i + 1}/lease`).pick([0, 12, 48, 720])),
    offsets,
    now: nowSeconds,
    seen,
  });

  const phones = Array.from({ length: scale.phones + 1 }, (_, number): Phone => {
    return createPhone({
      crypto,
      agenda,
      number,
      character: number <= 1 ? "honest" : characterOf(chance.fork(`phone ${number}`), parts.faults),
      onFault: (fault) => struck(`phone ${number}`, fault),
    });
  });

  function phoneAt(number: number): Phone {
    const phone = phones[number];
    if (phone === undefined) throw new Error(`no phone ${number}`);
    return phone;
  }

  function lockOf(door: number): CastLock {
    const lock = locks[door - 1];
    if (lock === undefined) throw new Error(`no door ${door}`);
    return lock;
  }

  /** Parcels are made when somebody asks for them; what the books want said is signed first. */
  function fetch(phone: Phone): void {
    for (const { door } of locks) {
      const said = office.issue(door, false);
      if (!said.includes("says it all")) say("authority", `${said}, door ${door}`);
    }
    const parcels = office.parcels();
    phone.fetch(parcels);
    say(phone.name, `fetches ${parcels.length} ${parcels.length === 1 ? "parcel" : "parcels"}`);
  }

  function bringBack(phone: Phone): void {
    for (const slip of phone.owed) {
      const taken = office.take(slip);
      met(`slip ${taken.replace(/\d+/g, "n")}`);
      say(phone.name, `brings a ${slip.kind}: ${taken}`, "authority");
      phone.forget(slip);
    }
  }

  function visit(phone: Phone, lock: CastLock, own: Chance, does: Does): void {
    if (phone.isVisiting) {
      say(phone.name, "is on a visit already");
      return;
    }
    if (does.fetches) fetch(phone);
    lock.dare(own.fork("lock"));
    say(phone.name, "visits", lock.name);
    phone.visit({
      lock,
      chance: own.fork("visit"),
      odds: faults,
      time: does.isOnline ? (asked) => office.time(asked) : undefined,
      onHeard(message) {
        say(lock.name, messageWord(message), phone.name);
        seen({ kind: "heard", door: lock.door, ...message });
      },
      onSaid: (message) => say(phone.name, messageWord(message), lock.name),
      onOver(outcome) {
        const reason = "refusal" in outcome ? ` ${outcome.refusal}` : "";
        met(`visit ${outcome.kind}${reason}`);
        say(phone.name, `${outcome.kind}${reason}`);
        if (!does.returns || outcome.kind === "died") return;
        if (phone.character === "withholding" && own.strikes(700))
          return struck(phone.name, "phone-withholds");
        bringBack(phone);
      },
    });
  }

  /** Somebody shows digits or a card to a lock. */
  function show(door: number, who: string, by: "keypad" | "card", digits: string): void {
    const lock = lockOf(door);
    const { pressed, moved } = lock.show(by, digits);
    met(`${by} ${pressed.result}`);
    const verb = by === "card" ? "holds up card" : "types";
    // The daily code comes from keys, and no line of a trace may.
    const shown = who === personName("guest", staff) ? "a code of the day" : digits;
    say(who, `${verb} ${shown}: ${pressed.result}`, lock.name);
    seen({ kind: "shown", door, who, by, digits, pressed, moved });
  }

  function guess(
    { door, tries, apartMs, pulls, hasHelp }: Extract<Act, { kind: "guess" }>,
    own: Chance,
  ): void {
    const lock = lockOf(door);
    for (let i = 0; i < tries; i++) {
      const digits = String(own.below(10_000)).padStart(4, "0");
      soon(i * apartMs, () => {
        const help = hasHelp && i % 4 === 3 ? residentCode(door) : undefined;
        if (help !== undefined) show(door, help.person, "keypad", help.digits);
        const mayPull = pulls && faults["power-cut"] > 0;
        if (mayPull) lock.pullDuring(own.fork(`try ${i}`));
        show(door, "guesser", "keypad", digits);
        if (mayPull) lock.restore();
      });
    }
    // Whatever the keypad does, a card opens.
    soon(tries * apartMs, () => {
      const card = office.digitsOf(door, personName("guest", cleaner));
      if (card !== undefined) show(door, "cleaner", "card", card);
    });
  }

  function residentCode(door: number): Entry | undefined {
    return office.entries(door).find(({ person }) => person.startsWith("resident"));
  }

  function soon(milliseconds: number, act: () => void): void {
    agenda.at(agenda.nowMs + milliseconds, act);
  }

  /** An honest phone takes the newest table to a door; again a little later, in case the first went wrong. */
  function bringNews(lock: CastLock, own: Chance): void {
    for (const [i, afterMs] of [1_000, 45_000].entries()) {
      const does = { fetches: true, returns: true, isOnline: true };
      soon(afterMs, () => visit(phoneAt(caretaker), lock, own.fork(`news ${i}`), does));
    }
  }

  /** A guest from invitation to last try. */
  function tryOut(act: Extract<Act, { kind: "trial" }>, own: Chance): void {
    const lock = lockOf(act.door);
    const person = personName("guest", act.guest);
    say("authority", `${person} ${office.invite(act.door, act.guest, act.terms, own)}`);
    bringNews(lock, own.fork("invited"));
    const now = nowSeconds();
    const until = endSeconds - 600;
    const at = (seconds: number, show: () => void): void => soon(1_000 * (seconds - now), show);
    const present = (): void => {
      const digits = office.digitsOf(act.door, person);
      const by = act.guest === cleaner ? "card" : "keypad";
      if (digits !== undefined) show(act.door, person, by, digits);
    };
    if (act.guest === staff) {
      for (const { seconds, fromToday } of dailyTrials(offsets, now, until)) {
        at(seconds, () => {
          const digits =
            fromToday === 0 ? office.digitsOf(act.door, person) : office.formerOf(act.door, person);
          if (digits !== undefined) show(act.door, person, "keypad", digits);
        });
      }
    } else for (const seconds of tellingMoments(act.terms, offsets, now, until)) at(seconds, present);
    if (act.pauses) {
      for (const [change, afterSeconds] of [
        ["suspend", 1_000],
        ["resume", 3_000],
      ] as const) {
        soon(1_000 * afterSeconds, () => {
          say("authority", `${person} ${office.changeGuest(act.door, act.guest, change)}`);
          bringNews(lock, own.fork(change));
          soon(120_000, present);
        });
      }
    }
    if (act.loses && faults["clock-lost"] > 0) {
      soon(3_700_000, () => {
        lock.loseClock();
        soon(20_000, present);
      });
    }
  }

  /** Everybody who has a code at a door types it. */
  function everybodyTries(door: number): void {
    for (const { person, kind, digits } of office.entries(door)) {
      if (kind !== "daily") show(door, person, kind === "card" ? "card" : "keypad", digits);
    }
  }

  /** The lock forgets its owner; later the property offers to own it again, in a new epoch. */
  function reset(lock: CastLock, laterSeconds: number, own: Chance): void {
    seen({ kind: "button", door: lock.door });
    lock.dare(own.fork("lock"));
    lock.holdButton();
    agenda.at(agenda.nowMs + 1_000 * laterSeconds, () => adopt(lock));
  }

  function adopt(lock: CastLock): void {
    if (lock.state.power === "on" && lock.state.secure.phase === "factory") offer(lock);
  }

  /** After the loss of books a lock may be ahead of them, or belong to keys that nobody has any more. */
  function mend(lock: CastLock): void {
    const { state } = lock;
    if (state.power === "off") return;
    const hung = office.hungAt(lock.door);
    const { phase, lockId, epoch, authority } = state.secure;
    const isOurs = hung !== undefined && equal(hung.lockId, lockId);
    if (phase !== "factory" && !isOurs) {
      seen({ kind: "button", door: lock.door });
      lock.holdButton();
    }
    if (lock.state.power === "on" && lock.state.secure.phase === "factory") offer(lock);
    else if (
      isOurs &&
      // Old books count to an epoch that was there before, and then the lock knows it with other keys.
      (hung.epoch < epoch || (hung.epoch === epoch && !equal(hung.tableKey, authority.table)))
    ) {
      const epochs = locks.map((one) => (one.state.power === "on" ? one.state.secure.epoch + 1 : 0));
      office.rotate(epochs);
      say("authority", "has new keys, because its books are old");
    }
  }

  /** Whoever fits a lock reads the epoch off it, and looks at its clock. */
  function offer(lock: CastLock): void {
    const { state } = lock;
    const epochMin = state.power === "on" ? state.secure.epoch + 1 : 1;
    say("authority", `${office.offer(lock.door, lock.setup, epochMin)}, door ${lock.door}`);
  }

  function trick(act: Extract<Act, { kind: "trick" }>, own: Chance): void {
    const lock = lockOf(act.door);
    // Strangers pool what they have.
    const archive = phones.flatMap((phone) => phone.archive);
    const ownTag = setupTag(crypto, lock.setup);
    const isSwap = act.trick === "swap";
    struck(`phone ${act.phone}`, isSwap ? "phone-swaps" : "phone-replays");
    met(`trick ${act.trick}`);
    if (archive.length === 0) return;
    lock.dare(own.fork("lock"));
    playTrick({
      agenda,
      chance: own.fork("trick"),
      lock,
      trick: act.trick,
      archive,
      isForIt({ kind, lockId, tag }) {
        if (kind === "commission") return equal(tag, ownTag);
        return lock.state.power === "on" && equal(lockId, lock.state.secure.lockId);
      },
      onFault: (fault) => struck(`phone ${act.phone}`, fault),
      onHeard(message) {
        say(lock.name, messageWord(message), `phone ${act.phone}`);
        seen({ kind: "answered", door: lock.door, ...message });
      },
      onSaid(message, isAuthentic) {
        say(`phone ${act.phone}`, messageWord(message), lock.name);
        seen({ kind: "forged", door: lock.door, trick: act.trick, type: message.type, isAuthentic });
      },
      onOver: () => say(`phone ${act.phone}`, "leaves"),
    });
  }

  /** What the authority does, and what came of it in words. */
  function decide(act: OfficeAct, own: Chance): string {
    switch (act.kind) {
      case "assign":
      case "reset":
        return `resident ${act.resident} ${office.give(act.kind, act.door, act.resident, own)}`;
      case "revoke": {
        const person = personName("resident", act.resident);
        soon(60_000 * own.between(1, 40), () => {
          const digits = office.formerOf(act.door, person);
          if (digits !== undefined) show(act.door, person, "keypad", digits);
        });
        return `${person} ${office.revoke(act.door, act.resident)}`;
      }
      case "invite":
        return `guest ${act.guest} ${office.invite(act.door, act.guest, act.terms, own)}`;
      case "uninvite":
      case "suspend":
      case "resume":
        return `guest ${act.guest} ${office.changeGuest(act.door, act.guest, act.kind)}`;
      case "rotate":
        office.rotate();
        return "has new keys";
      case "renew":
        return `${office.issue(act.door, true)}, door ${act.door}`;
      case "restart":
        // Its books are all that it has: what is not in them is gone, and nothing must be missing.
        office.restart();
        struck("authority", "office-restart");
        return "starts anew";
      case "back-up":
        office.backUp();
        return "copies its books";
      case "restore":
        if (!office.restoreBackup()) return "has no copy of its books";
        struck("authority", "office-backup");
        // Life goes on: other codes than those that were lost, under the same numbers.
        for (const lock of locks) {
          soon(300_000, () => {
            say(
              "authority",
              `resident 1 ${office.give("reset", lock.door, 1, own.fork(`door ${lock.door}`))}`,
            );
            bringNews(lock, own.fork(`news for ${lock.door}`));
          });
        }
        return "works on with the copy of its books";
      default:
        return act satisfies never;
    }
  }

  function pass({ door, how, seconds }: Extract<Act, { kind: "pass" }>, actor: string, lock: CastLock): void {
    const { state, mechanics } = lock;
    const isLocked = mechanics.doorIs === "closed" && mechanics.boltAt === "locked";
    const knows =
      state.power === "on" && state.mechanics.door.is === "closed" && state.mechanics.bolt.at === "locked";
    met(`door ${how}`);
    say(actor, lock.passDoor(how, 1_000 * seconds) ? how : "finds it locked", lock.name);
    if (how === "forces" && isLocked && knows) seen({ kind: "forced", door });
  }

  /** What happens at a door, by somebody's hand or by itself. */
  function befall(act: Exclude<Act, OfficeAct>, actor: string, own: Chance): void {
    const lock = lockOf(act.door);
    switch (act.kind) {
      case "visit":
        visit(phoneAt(act.phone), lock, own, act);
        break;
      case "trick":
        trick(act, own);
        break;
      case "type": {
        const digits = typedAt(office, act, scale.doors);
        if (digits === undefined) {
          say(act.person, `knows no ${act.code} code for door ${act.door}`);
          break;
        }
        lock.dare(own.fork("lock"));
        show(act.door, act.person, act.person === personName("guest", cleaner) ? "card" : "keypad", digits);
        break;
      }
      case "guess":
        guess(act, own);
        break;
      case "trial":
        tryOut(act, own);
        break;
      case "key":
        lock.turnKey();
        say(actor, "turns the key", lock.name);
        if (lock.isOn) seen({ kind: "turned", door: act.door });
        break;
      case "pass":
        pass(act, actor, lock);
        break;
      case "button":
        say(actor, "holds the button", lock.name);
        reset(lock, act.laterSeconds, own);
        break;
      case "repeat-slips": {
        const phone = phoneAt(act.phone);
        struck(phone.name, "phone-replays");
        for (const slip of phone.slips) {
          const taken = office.take(slip);
          met(`old slip ${taken.replace(/\d+/g, "n")}`);
          say(phone.name, `brings an old ${slip.kind}: ${taken}`, "authority");
        }
        break;
      }
      case "clear-clock":
        lock.clearClock();
        break;
      case "drift":
        lock.driftClock(act.ppm);
        break;
      case "charge":
        struck(lock.name, "battery-low", act.door);
        lock.charge(act.percent);
        agenda.at(agenda.nowMs + 1_000 * act.seconds, () => lock.charge(100));
        break;
      case "pull":
        if (lock.isOn) struck(lock.name, "power-off", act.door);
        lock.pull(1_000 * act.seconds);
        break;
      case "jump":
        lock.jumpClock(act.seconds);
        break;
      case "lose":
        lock.loseClock();
        soon(60_000, () => everybodyTries(act.door));
        break;
      case "rot": {
        // Where the table lies, and noticed when the lock next starts.
        const bank = lock.state.power === "on" ? lock.state.secure.bank : own.below(2);
        const address = lock.geometry.bankAddress[bank === 0 ? 0 : 1];
        lock.rot(address + own.below(own.pick([1_200, lock.geometry.bankBytes])), own.below(8));
        soon(2_000, () => lock.pull(3_000));
        soon(30_000, () => everybodyTries(act.door));
        break;
      }
      default:
        throw new Error(`${actor} does nothing known: ${String(act satisfies never)}`);
    }
  }

  function carryOut({ number, actor, act }: Intent): void {
    const own = chance.fork(`intent ${number}`);
    met(`act ${act.kind}`);
    if (isOfficeAct(act)) say(actor, decide(act, own));
    else befall(act, actor, own);
  }

  return {
    agenda,
    locks,
    phones,
    office,
    get nowSeconds() {
      return nowSeconds();
    },
    carryOut,
    storm() {
      faults = parts.faults;
    },
    calm() {
      faults = noFaults;
      for (const lock of locks) {
        lock.dare(undefined);
        lock.restore();
        lock.charge(100);
      }
      say("world", "is calm");
    },
    send(door) {
      const own = chance.fork(`caretaker ${agenda.nowMs}`);
      // A phone that was never here: what others remember of a lock is no help, and must be no harm.
      const phone = createPhone({
        crypto,
        agenda,
        number: caretaker,
        character: "honest",
        onFault: () => {},
      });
      visit(phone, lockOf(door), own, { fetches: true, returns: true, isOnline: true });
    },
    show,
    mend() {
      for (const lock of locks) mend(lock);
    },
  };
}

/** Summer time until some hour in the middle, winter time after it. */
function offsetsOf({ startSeconds, lengthMs }: Scale): readonly Offset[] {
  const middle = startSeconds + Math.floor(lengthMs / 2_000);
  return [
    { at: 1_700_000_000, minutes: 120 },
    { at: middle - (middle % 3_600), minutes: 60 },
  ];
}

function characterOf(chance: Chance, faults: FaultPlan): PhoneCharacter {
  if (chance.strikes(faults["phone-withholds"])) return "withholding";
  return chance.strikes(300) ? "slow" : "honest";
}
