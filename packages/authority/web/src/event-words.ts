/** What the page says of a lock's log, of the property's audit and of changes as they happen, name by name. */
import type { Change } from "./feed.ts";

const eventWords: Readonly<Record<string, string>> = {
  "LockOperation/Lock": "Locked",
  "LockOperation/Unlock": "Opened",
  "LockOperation/NonAccessUserEvent": "A code without access was typed",
  "LockOperation/ForcedUserEvent": "Opened under duress",
  "LockOperation/Unlatch": "Unlatched",
  "LockOperationError/Unspecified": "Refused",
  "LockOperationError/InvalidCredential": "Refused: unknown code, card or key",
  "LockOperationError/DisabledUserDenied": "Refused: suspended",
  "LockOperationError/Restricted": "Refused: outside of its hours or limits",
  "LockOperationError/InsufficientBattery": "Refused: the battery is too weak",
  "DoorLockAlarm/LockJammed": "Alarm: the bolt is jammed",
  "DoorLockAlarm/LockFactoryReset": "Alarm: the lock was reset from inside",
  "DoorLockAlarm/LockRadioPowerCycled": "Alarm: the radio was restarted",
  "DoorLockAlarm/WrongCodeEntryLimit": "Alarm: too many wrong codes, the keypad paused",
  "DoorLockAlarm/FrontEsceutcheonRemoved": "Alarm: the front was taken off",
  "DoorLockAlarm/DoorForcedOpen": "Alarm: the door was forced open",
  "DoorLockAlarm/DoorAjar": "Alarm: the door stands open",
  "DoorLockAlarm/ForcedUser": "Alarm: opened under duress",
  LockUserChange: "The table of codes changed",
  TimeSet: "The clock was set",
  Boot: "The lock started",
  KeyRotation: "The lock took other keys",
  SyncRefused: "The lock refused a message",
};

const sources: Readonly<Record<string, string>> = {
  Manual: "by hand",
  ProprietaryRemote: "by app",
  Keypad: "at the keypad",
  Auto: "by itself",
  Button: "by the button",
  Remote: "by app",
  Rfid: "by card",
};

export function eventText(event: { readonly kind: string; readonly detail: string | null }): string {
  const { kind, detail } = event;
  const words = eventWords[`${kind}/${detail ?? ""}`];
  if (words !== undefined) return words;
  const plain = eventWords[kind] ?? kind;
  return detail === null ? plain : `${plain}: ${detail}`;
}

export function sourceText(source: string): string {
  return sources[source] ?? "";
}

const gapClasses: Readonly<Record<string, string>> = {
  failure: "refused tries",
  access: "openings",
  security: "alarms and changes",
};

/** What is missing between two lines. */
export function gapText(gap: {
  readonly class: string;
  readonly count: number;
  readonly isAtLeast: boolean;
  readonly isOpen: boolean;
}): string {
  const number = `${gap.isAtLeast ? "at least " : ""}${gap.count}`;
  const what = gapClasses[gap.class] ?? gap.class;
  return `Gap: ${number} ${what} are missing, the lock had no room${gap.isOpen ? "; it goes on" : ""}`;
}

const changeWords: Readonly<Record<string, string>> = {
  "code.unset": "a code waits for a door sync",
  "code.setting": "a code is on its way: setting",
  "code.set": "a code is set",
  "code.removing": "a code waits to be removed",
  "code.removed": "a code is removed",
  "code.unknown": "a code is in doubt",
  "door.visited": "a phone was at the door",
  "door.added": "a door was added",
  "door.daily-code": "a daily doorcode was given",
  "lock.offered": "a lock was offered to the property",
  "lock.commissioned": "the lock belongs to the property now",
  "lock.proven": "the door was synced",
  "lock.contradicts": "alarm: the lock signed for a table that was never issued",
  "lock.trusted": "management said that the books of the door are right again",
  "lock.events": "the lock's log came in",
  "lock.held-up": "something that was granted waits: the door has no room for it",
  "lock.goes-on": "there is room for what waited",
  "person.added": "a person was added",
  "person.granted": "access was granted",
  "person.revoked": "access was revoked",
  "person.door-revoked": "a door was taken away",
  "person.regranted": "access was granted anew",
  "person.suspended": "a person was suspended",
  "person.resumed": "a person was resumed",
  "policy.set": "the policy was changed",
  "unit.added": "a unit was added",
};

/** Undefined for what is no news to a person. */
export function changeText(change: Change): string | undefined {
  return changeWords[change.kind];
}
