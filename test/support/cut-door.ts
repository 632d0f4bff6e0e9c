/**
 * People at the door when the power fails: codes with a limit, a card, the daily doorcode. What a lock let somebody do
 * before the cut is never forgotten by it afterwards. Not the cuts themselves; they are in `power-cuts.ts`.
 */
import type { Item } from "@doorsync/protocol/authority";
import * as authority from "@doorsync/protocol/authority";
import type { TestAuthority, TestLock } from "../world.ts";
import {
  bytesOf,
  commission,
  crypto,
  deliver,
  forkParts,
  type LockParts,
  makeLock,
  noon,
  wait,
} from "../world.ts";
import { demand, name, running } from "./cut-start.ts";
import type { Past, Scenario } from "./power-cuts.ts";
import { capability, hour, resident, unlock } from "./unlock-cast.ts";

const { firstCredentialId } = authority;

interface Home {
  readonly property: TestAuthority;
  /** Switched off. */
  readonly parts: LockParts;
}

/** An owned lock with these items in force, signed two days ago, so that its clock may go back by one. */
function homeOf(itemsOf: (property: TestAuthority) => readonly Item[]): Home {
  const lock = makeLock(name);
  const property = commission(lock, name);
  const packed = authority.concat(...itemsOf(property).map(authority.encodeItem));
  const table = authority.tableFromItems(crypto, property.lock.keys.digest, packed);
  demand(table.ok, "a table that no lock would take");
  const receipt = property.receipt(deliver(lock, property.snapshot(table.value, 1, noon - 2 * 86_400)));
  demand(receipt?.version === 1, "the table was not taken");
  lock.board.powerOff();
  return { property, parts: lock };
}

function twinOf(lock: TestLock): TestLock {
  return makeLock(name, { parts: forkParts(lock) });
}

/** How often a credential opened, in all lives so far. */
function openedIn({ notes }: Past, credential: number): number {
  return notes.filter((note) => note.what === "opened" && note.credential === credential).length;
}

/** P21, the half that no cut breaks: whenever the bolt moved, the journal says for whom. */
function everyOpeningIsWrittenDown(lock: TestLock, past: Past, credential: number): void {
  const written = running(lock).journal.events.filter((bytes) => {
    const event = authority.decodeEvent(bytes);
    return event.ok && event.value.kind === "LockOperation" && event.value.credential === credential;
  }).length;
  const opened = openedIn(past, credential);
  demand(written >= opened, `credential ${credential} opened ${opened} times, written down ${written} times`);
}

/** Types a code after any pause of the keypad. */
function typed(lock: TestLock, digits: string): string | undefined {
  wait(lock, 3_600);
  return lock.press(digits);
}

export function limitedCodes(): Scenario {
  // More than there are cuts in a row: each may use one up before the door opens.
  const usesMax = 4;
  const minutes = 15;
  const [plain, twice, quarter] = [firstCredentialId, firstCredentialId + 1, firstCredentialId + 2] as const;
  const { parts } = homeOf(({ lock }) => {
    const tag = (code: string): Uint8Array => authority.pinTag(crypto, lock.keys.pin, code);
    return [
      authority.plainRule(1, "code", 0, false),
      { ...authority.plainRule(2, "code", 0, false), useLimit: usesMax },
      { ...authority.plainRule(3, "code", 0, false), expiringMinutes: minutes },
      authority.alwaysCredential(plain, 1, tag("4821")),
      authority.alwaysCredential(twice, 2, tag("7001")),
      authority.alwaysCredential(quarter, 3, tag("1357")),
    ];
  });
  return {
    name: "limited codes",
    lock: name,
    parts,
    run(lock) {
      lock.press("7001");
      lock.press("1357");
    },
    judge(lock, when, past) {
      for (const credential of [twice, quarter]) everyOpeningIsWrittenDown(lock, past, credential);
      const twin = twinOf(lock);
      let uses = openedIn(past, twice);
      demand(when === "cut" || uses > 0, "the limited code never opened");
      for (let time = 0; time <= usesMax; time++) if (typed(twin, "7001") === "accepted") uses++;
      demand(uses <= usesMax, `a code for ${usesMax} uses opened ${uses} times`);
      demand(typed(twin, "4821") === "accepted", "the plain code does not open");
      const end = noon + 60 * minutes;
      const at = (seconds: number): string | undefined => {
        const other = twinOf(lock);
        other.clock.rtcSeconds = seconds;
        return typed(other, "1357");
      };
      demand(at(end - 1) === "accepted", "its minutes are over too early");
      const late = at(end);
      demand(openedIn(past, quarter) === 0 || late !== "accepted", "its minutes began anew");
    },
  };
}

export function card(): Scenario {
  const own = new Uint8Array([4, 0x9a, 0x21, 0xff, 0x10, 0x33, 0x7c]);
  const foreign = own.with(6, 0x7d);
  const { parts } = homeOf(({ lock }) => [
    authority.plainRule(1, "keycard", 0, false),
    authority.alwaysCredential(firstCredentialId, 1, authority.cardTag(crypto, lock.keys.pin, own)),
  ]);
  return {
    name: "card",
    lock: name,
    parts,
    run(lock) {
      lock.board.tap(own);
      lock.board.tap(foreign);
    },
    judge(lock, when, past) {
      everyOpeningIsWrittenDown(lock, past, firstCredentialId);
      demand(when === "cut" || openedIn(past, firstCredentialId) > 0, "the card never opened");
      demand(running(lock).notebook.attempts.length === 0, "a card was counted as a guess");
      const twin = twinOf(lock);
      const opens = (uid: Uint8Array): boolean => {
        twin.board.tap(uid);
        return twin.unlocked;
      };
      demand(!opens(foreign) && opens(own), "not its own card, or another one");
    },
  };
}

export function app(): Scenario {
  const usesMax = 4;
  const credential = firstCredentialId;
  const { parts, property } = homeOf(({ lock }) => [
    { ...authority.plainRule(1, "app", 0, false), useLimit: usesMax },
    authority.alwaysCredential(credential, 1, authority.appTag(crypto, lock.keys.pin, resident.key)),
  ]);
  // As old as the table: a clock that is put back by a day is still within it.
  const leave = capability(property, { notBefore: noon - 47 * hour, notAfter: noon + 25 * hour });
  // Always the same phone key: the lock's own makes each handshake another one.
  const straying = { capability: leave, ephemeral: bytesOf("cut phone", 32) };
  const opens = (lock: TestLock): boolean => unlock(lock, property, straying).result === "opened";
  return {
    name: "app",
    lock: name,
    parts,
    run(lock) {
      if (opens(lock)) demand(lock.unlocked, "it was told that it opened, and the bolt is where it was");
    },
    judge(lock, when, past) {
      everyOpeningIsWrittenDown(lock, past, credential);
      let uses = openedIn(past, credential);
      demand(when === "cut" || uses > 0, "the app never opened");
      demand(running(lock).notebook.attempts.length === 0, "an unlock was counted as a guess");
      const twin = twinOf(lock);
      for (let time = 0; time <= usesMax; time++) if (opens(twin)) uses++;
      demand(uses <= usesMax, `a device for ${usesMax} uses opened ${uses} times`);
    },
  };
}

export function dayOfTheDailyCode(): Scenario {
  // One o'clock at night, so that yesterday's code still counts; until today's was used.
  const offsetMinutes = 660;
  const today = authority.localDay(noon, offsetMinutes);
  const { parts, property } = homeOf(() => [
    authority.plainRule(1, "dailyCode", 0, false),
    { kind: "zone", id: authority.firstZoneId, changes: [{ at: 0, offsetMinutes }] },
    authority.alwaysCredential(firstCredentialId, 1, new Uint8Array(16)),
  ]);
  const codeOf = (day: number): string => {
    const { daily } = property.lock.keys;
    return authority.dailyCode(crypto, daily, { generation: 0, slot: firstCredentialId, day });
  };
  demand(makeLock(name, { parts: forkParts(parts) }).press(codeOf(today - 1)) === "accepted", "no grace");
  return {
    name: "the daily code's day",
    lock: name,
    parts,
    run(lock) {
      lock.press(codeOf(today));
    },
    judge(lock, when, past) {
      everyOpeningIsWrittenDown(lock, past, firstCredentialId);
      const used = openedIn(past, firstCredentialId) > 0;
      demand(when === "cut" || used, "today's code never opened");
      const twin = twinOf(lock);
      if (used) {
        for (const rtcSeconds of [noon - 86_400, noon]) {
          twin.clock.rtcSeconds = rtcSeconds;
          const shown = twin.press(codeOf(today - 1));
          demand(shown === "refused", `yesterday's code after today's, by a clock at ${rtcSeconds}`);
        }
      }
      demand(twin.press(codeOf(today)) === "accepted", "today's code does not open");
    },
  };
}
