/** An event of a lock's journal as people say it, short. Not the precise words of every field (inspect has those). */
import {
  type AlarmName,
  alarmCodes,
  eventClasses,
  eventFlags,
  type LockEvent,
  lockOperationTypes,
  operationErrors,
  refusalByCode,
} from "@doorsync/protocol/lock";

/** What Matter's alarms mean at a door. */
export const alarmWords: Readonly<Record<AlarmName, string>> = {
  LockJammed: "the bolt is jammed",
  LockFactoryReset: "the lock was reset from inside",
  LockRadioPowerCycled: "the radio was started anew",
  WrongCodeEntryLimit: "too many wrong codes",
  FrontEsceutcheonRemoved: "somebody opens the lock's case",
  DoorForcedOpen: "the door opened though it was locked",
  DoorAjar: "the door stands open",
  ForcedUser: "somebody was forced to open, in silence",
};

const sourceWords: Readonly<Record<LockEvent["source"], string>> = {
  Unspecified: "",
  Manual: " with the key",
  ProprietaryRemote: " from afar",
  Keypad: " at the keypad",
  Auto: " by itself",
  Button: " with the button",
  Remote: " by app",
  Rfid: " with a card",
};

const refusedWords: Readonly<Record<number, string>> = {
  [operationErrors.Unspecified]: "",
  [operationErrors.InvalidCredential]: ": nobody's",
  [operationErrors.DisabledUserDenied]: ": suspended",
  [operationErrors.Restricted]: ": not now",
  [operationErrors.InsufficientBattery]: ": too little battery",
};

/** How the words of an alarm begin. */
export const alarmMark = "ALARM ";

export function eventWords(event: LockEvent): string {
  const { kind, detail, credential, version, count, flags } = event;
  const whose = credential === 0 ? "" : `, credential ${credential}`;
  const how = sourceWords[event.source];
  switch (kind) {
    case "LockOperation":
      if (detail === lockOperationTypes.Lock) return `locked${how}`;
      if (detail === lockOperationTypes.ForcedUserEvent) return `opened${how} under duress${whose}`;
      return `opened${how}${whose}`;
    case "LockOperationError":
      return `refused${how}${refusedWords[detail] ?? ""}${whose}`;
    case "LockUserChange":
      return `version ${version} in force, ${count} ${count === 1 ? "entry" : "entries"} changed`;
    case "DoorLockAlarm":
      return `${alarmMark}${alarmName(detail)}`;
    case "Gap": {
      const atLeast = (flags & eventFlags.atLeast) === 0 ? "" : "at least ";
      const goesOn = (flags & eventFlags.open) === 0 ? "" : ", and more to come";
      return `gap: ${atLeast}${count} events of class ${className(detail)} found no room${goesOn}`;
    }
    case "SyncRefused":
      return `refused a signed message: ${refusalByCode(detail) ?? detail}${count > 1 ? `, ${count} times` : ""}`;
    case "TimeSet":
      return "the authority set the clock";
    case "Boot":
      return "power came";
    case "KeyRotation":
      return "the authority's keys were changed";
    default:
      return kind satisfies never;
  }
}

function alarmName(code: number): string {
  for (const [name, value] of Object.entries(alarmCodes)) if (value === code) return name;
  return String(code);
}

function className(value: number): string {
  for (const [name, number] of Object.entries(eventClasses)) if (number === value) return name;
  return String(value);
}
