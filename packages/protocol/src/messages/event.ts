/**
 * One event of a lock's log, 24 bytes: the same in flash, under the chain of heads, in a segment. Not the log (that
 * is a chain, rules/log.ts), and not where it is kept. Names are Matter's (Door Lock cluster) where Matter has one.
 *
 *   seq u32 | at u32 | kind u8 | flags u8 | source u8 | detail u8 | credential u24 | zero u8 | version u32 | count u32
 */

import { type Bytes, readUint, writeUint } from "../bytes.ts";
import { accept, refusalByCode, refuse, type Verdict } from "../refusal.ts";

export const eventBytes = 24;

export const eventKinds = {
  LockOperation: 1,
  LockOperationError: 2,
  LockUserChange: 3,
  DoorLockAlarm: 4,
  /** Events that found no room. */
  Gap: 5,
  /** A message with a good signature that the lock refused all the same. */
  SyncRefused: 6,
  TimeSet: 7,
  Boot: 8,
  KeyRotation: 9,
} as const;
export type EventKind = keyof typeof eventKinds;

export const lockOperationTypes = {
  Lock: 0,
  Unlock: 1,
  NonAccessUserEvent: 2,
  ForcedUserEvent: 3,
  Unlatch: 4,
} as const;

export const operationErrors = {
  Unspecified: 0,
  InvalidCredential: 1,
  DisabledUserDenied: 2,
  Restricted: 3,
  InsufficientBattery: 4,
} as const;

/** Matter's AlarmCodeEnum, its spelling included. */
export const alarmCodes = {
  LockJammed: 0,
  LockFactoryReset: 1,
  LockRadioPowerCycled: 3,
  WrongCodeEntryLimit: 4,
  FrontEsceutcheonRemoved: 5,
  DoorForcedOpen: 6,
  DoorAjar: 7,
  ForcedUser: 8,
} as const;
export type AlarmName = keyof typeof alarmCodes;

export const operationSources = {
  Unspecified: 0,
  Manual: 1,
  ProprietaryRemote: 2,
  Keypad: 3,
  Auto: 4,
  Button: 5,
  Remote: 7,
  Rfid: 8,
} as const;
export type OperationSource = keyof typeof operationSources;

/** What may fill how much of the log; the numbers are a gap's `detail`. */
export const eventClasses = { failure: 0, access: 1, security: 2 } as const;
export type EventClass = keyof typeof eventClasses;

export const eventFlags = {
  /** The clock was lost; `at` is a lower bound that may lie far back. */
  timeUnknown: 1,
  /** Of a gap: at least `count` events are missing; power failed since, and what was counted after the last line is lost. */
  atLeast: 2,
  /** Of a gap: it goes on, and the next gap of its class takes this one's place. */
  open: 4,
} as const;

export interface LockEvent {
  /** Counts from 1 over the life of the chain. */
  readonly seq: number;
  /** The lock's lower time bound, seconds since 1970. */
  readonly at: number;
  readonly kind: EventKind;
  /** Bits of `eventFlags`. */
  readonly flags: number;
  readonly source: OperationSource;
  /**
   * By kind: a lock operation type, an operation error, an alarm code; of a gap the class of what is missing; of a
   * refused message the refusal's number on the wire; else 0.
   */
  readonly detail: number;
  /**
   * Id of the credential it was about, 0 for none. Of a message refused with RESOURCE_EXHAUSTED no id: how many
   * credentials the lock holds at most.
   */
  readonly credential: number;
  /** Of a user change the new version, of a refused message the version held; else 0. */
  readonly version: number;
  /** Of a user change the entries changed, of a gap the events missing, of a refused message how often; else 0. */
  readonly count: number;
}

/** The 24 bytes. Throws RangeError on what no decoder would take: the lock's own mistake. */
export function encodeEvent(event: LockEvent): Bytes {
  const bytes = new Uint8Array(eventBytes);
  writeUint(bytes, 0, 4, event.seq);
  writeUint(bytes, 4, 4, event.at);
  writeUint(bytes, 8, 1, eventKinds[event.kind]);
  writeUint(bytes, 9, 1, event.flags);
  writeUint(bytes, 10, 1, operationSources[event.source]);
  writeUint(bytes, 11, 1, event.detail);
  writeUint(bytes, 12, 3, event.credential);
  writeUint(bytes, 16, 4, event.version);
  writeUint(bytes, 20, 4, event.count);
  const said = decodeEvent(bytes);
  if (!said.ok) throw new RangeError(`an event that no authority would take: ${said.check}`);
  return bytes;
}

/** The meaning of 24 bytes, or BODY_INVALID: an unknown kind, source or detail, a reserved bit, seq 0. */
export function decodeEvent(bytes: Bytes): Verdict<LockEvent> {
  if (bytes.length !== eventBytes) return refuse("BODY_INVALID", "event/length");
  const kind = nameOf(eventKinds, readUint(bytes, 8, 1));
  if (kind === undefined) return refuse("BODY_INVALID", "event/kind");
  const source = nameOf(operationSources, readUint(bytes, 10, 1));
  if (source === undefined) return refuse("BODY_INVALID", "event/source");
  const flags = readUint(bytes, 9, 1);
  const flagsAllowed = eventFlags.timeUnknown | (kind === "Gap" ? eventFlags.atLeast | eventFlags.open : 0);
  if ((flags & ~flagsAllowed) !== 0 || readUint(bytes, 15, 1) !== 0) {
    return refuse("BODY_INVALID", "event/reserved");
  }
  const detail = readUint(bytes, 11, 1);
  if (!detailFits(kind, detail)) return refuse("BODY_INVALID", "event/detail");
  const seq = readUint(bytes, 0, 4);
  if (seq === 0) return refuse("BODY_INVALID", "event/seq");
  return accept({
    seq,
    at: readUint(bytes, 4, 4),
    kind,
    flags,
    source,
    detail,
    credential: readUint(bytes, 12, 3),
    version: readUint(bytes, 16, 4),
    count: readUint(bytes, 20, 4),
  });
}

/**
 * What an event counts as where room runs short. What a stranger can cause at will (wrong codes, replays of old
 * updates, power cuts) is a failure; what anybody at the door can cause, an access; the rest is kept for as long as can be.
 */
export function eventClassOf(kind: EventKind, detail: number): EventClass {
  switch (kind) {
    case "LockOperationError":
    case "SyncRefused":
    case "Boot":
      return "failure";
    case "LockOperation":
      return detail === lockOperationTypes.ForcedUserEvent ? "security" : "access";
    case "DoorLockAlarm":
      if (detail === alarmCodes.WrongCodeEntryLimit) return "failure";
      return detail === alarmCodes.LockJammed || detail === alarmCodes.DoorAjar ? "access" : "security";
    case "LockUserChange":
    case "Gap":
    case "TimeSet":
    case "KeyRotation":
      return "security";
    default:
      return kind satisfies never;
  }
}

function detailFits(kind: EventKind, detail: number): boolean {
  switch (kind) {
    case "LockOperation":
      return nameOf(lockOperationTypes, detail) !== undefined;
    case "LockOperationError":
      return nameOf(operationErrors, detail) !== undefined;
    case "DoorLockAlarm":
      return nameOf(alarmCodes, detail) !== undefined;
    case "Gap":
      return nameOf(eventClasses, detail) !== undefined;
    case "SyncRefused":
      // Only refusals that a verified signature earns are worth a line.
      return detail >= 16 && refusalByCode(detail) !== undefined;
    case "LockUserChange":
    case "TimeSet":
    case "Boot":
    case "KeyRotation":
      return detail === 0;
    default:
      return kind satisfies never;
  }
}

/** The name that stands for a number in one of the tables above. */
export function nameOf<K extends string>(table: Readonly<Record<K, number>>, value: number): K | undefined {
  for (const name of Object.keys(table) as K[]) if (table[name] === value) return name;
  return undefined;
}
