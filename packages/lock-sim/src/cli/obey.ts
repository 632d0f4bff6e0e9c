/** Carries one command out on a lock on its bench, and gives its one answer. It prints nothing and ends nothing. */
import type { Bench } from "./bench.ts";
import { eventWords } from "./event-words.ts";
import { judgeExpectation } from "./expect.ts";
import { clockOf, opsOf, statusOf, tableOf } from "./look.ts";
import type { Said, ToldEvent } from "./said.ts";
import { isoTime } from "./status.ts";
import { type ClockChange, type Command, helpLines } from "./words.ts";

const isDark = `the lock is dark; type "power on"`;

/** `pass`: lets so many seconds go by, for this lock and whatever is around it. */
export function obey(bench: Bench, command: Command, pass: (seconds: number) => void): Said {
  const { lock, fuse } = bench;
  switch (command.word) {
    case "press":
      return { kind: "press", value: { keys: command.keys, ...bench.press(command.keys) } };
    case "tap":
      return { kind: "tap", value: { uid: command.uid, ...bench.tap(command.uid) } };
    case "turn key":
      bench.turnKey(command.to);
      return { kind: "key", value: command.to };
    case "door": {
      const moved = bench.moveDoor(command.does);
      return { kind: "door", value: { is: bench.mechanics.doorIs, moved } };
    }
    case "hold button": {
      const wasOn = lock.board.state.power === "on";
      bench.holdButton();
      return { kind: "button", value: wasOn ? "held" : "dark" };
    }
    case "battery":
      bench.charge(command.percent);
      return { kind: "battery", value: bench.battery.percent };
    case "jam":
      bench.jam(command.moves);
      return { kind: "jam", value: command.moves };
    case "radio":
      bench.tune(command.mood);
      return { kind: "radio", value: command.mood };
    case "rot":
      return rot(bench, command.address, command.bit);
    case "status":
      return { kind: "status", value: statusOf(bench), asJson: command.json };
    case "table": {
      const lines = tableOf(bench);
      return lines === undefined
        ? { kind: "error", value: { line: "table", says: isDark } }
        : { kind: "table", value: lines };
    }
    case "events":
      return { kind: "events", value: toldEvents(bench) };
    case "cut power":
      disarm(bench);
      bench.powerOff();
      return { kind: "power", value: "cut" };
    case "cut power at":
      lock.supply.failAt(command.cut);
      fuse.armed = { cut: command.cut, opsBefore: lock.supply.ops };
      return { kind: "armed", value: command.cut };
    case "cut power never":
      disarm(bench);
      return { kind: "armed", value: null };
    case "power on":
      bench.powerOn();
      // It may fail again at once, in the repairs of booting.
      return { kind: "power", value: lock.board.state.power === "on" ? "on" : "cut" };
    case "clock":
      changeClock(bench, command.change);
      return {
        kind: "clock",
        value: clockOf(bench),
        ...(command.change.kind === "drift" ? { driftPpm: command.change.ppm } : {}),
      };
    case "wait":
      pass(command.seconds);
      return { kind: "waited", value: command.seconds };
    case "ops":
      return { kind: "ops", value: opsOf(bench) };
    case "note":
      return { kind: "notes", value: command.on ? "on" : "off" };
    case "say":
      return { kind: "say", value: command.text };
    case "expect": {
      const { pressed, alarms, events } = bench;
      const last = events.at(-1);
      const event = last === undefined ? undefined : eventWords(last);
      const observed = { status: statusOf(bench), pressed, alarms, event };
      return { kind: "expect", value: judgeExpectation(command.expectation, observed) };
    }
    case "help":
      return { kind: "help", value: helpLines };
    case "quit":
      return { kind: "quit", value: true };
    default:
      return command satisfies never;
  }
}

function disarm({ lock, fuse }: Bench): void {
  lock.supply.failAt(undefined);
  fuse.armed = undefined;
}

/** The journal's events in words, oldest first. */
export function toldEvents({ lock, events }: Bench): readonly ToldEvent[] {
  const { state } = lock.board;
  const acknowledged = state.power === "on" ? state.journal.acked.seq : 0;
  return events.map((event) => ({
    ...event,
    time: isoTime(event.at),
    says: eventWords(event),
    acknowledged: event.seq <= acknowledged,
  }));
}

/** The middle of what the table in force occupies first: its beginning and its items. */
const rotOffset = 0x60;

function rot({ lock, flash }: Bench, wanted: number | undefined, bit: number): Said {
  const { state } = lock.board;
  const bytes = lock.supply.flash.read().length;
  const table =
    state.power === "on" ? state.store.geometry.bankAddress[state.secure.bank] + rotOffset : undefined;
  const address = wanted ?? table;
  if (address === undefined) {
    return { kind: "error", value: { line: "rot", says: `${isDark}, or name an address: rot 0x5040` } };
  }
  if (address >= bytes) {
    const says = `the flash has ${bytes} bytes: name an address below 0x${bytes.toString(16)}`;
    return { kind: "error", value: { line: "rot", says } };
  }
  flash.rot(address, bit);
  return { kind: "rot", value: { address, bit } };
}

function changeClock({ lock: { clock } }: Bench, change: ClockChange): void {
  switch (change.kind) {
    case "show":
      return;
    case "lost":
      clock.lose();
      return;
    case "jump":
      clock.jump(change.seconds);
      return;
    case "set":
      clock.set(change.seconds);
      return;
    case "drift":
      clock.drift(change.ppm);
      return;
    default:
      change satisfies never;
  }
}
