/**
 * The 24 bytes of an event: every event has exactly one spelling, every other spelling is refused by its own check,
 * and an event's class is what decides who gives way where room runs short.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { describeEvent } from "../packages/protocol/src/messages/describe.ts";
import {
  alarmCodes,
  decodeEvent,
  type EventKind,
  encodeEvent,
  eventBytes,
  eventClasses,
  eventClassOf,
  eventKinds,
  type LockEvent,
  lockOperationTypes,
  operationErrors,
  operationSources,
} from "../packages/protocol/src/messages/event.ts";
import { refusals } from "../packages/protocol/src/refusal.ts";
import { accepted } from "./matchers.ts";
import { runs } from "./replay.ts";

/** The details that each kind knows, written out once more. */
const detailsOf: Readonly<Record<EventKind, readonly number[]>> = {
  LockOperation: Object.values(lockOperationTypes),
  LockOperationError: Object.values(operationErrors),
  LockUserChange: [0],
  DoorLockAlarm: Object.values(alarmCodes),
  Gap: Object.values(eventClasses),
  SyncRefused: Object.values(refusals)
    .map(({ code }) => code)
    .filter((code) => code >= 16),
  TimeSet: [0],
  Boot: [0],
  KeyRotation: [0],
};
const kinds = Object.keys(eventKinds) as EventKind[];
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });

const events: fc.Arbitrary<LockEvent> = fc.constantFrom(...kinds).chain((kind) =>
  fc.record({
    seq: fc.integer({ min: 1, max: 0xffff_ffff }),
    at: u32,
    kind: fc.constant(kind),
    flags: fc.integer({ min: 0, max: kind === "Gap" ? 3 : 1 }),
    source: fc.constantFrom(...(Object.keys(operationSources) as (keyof typeof operationSources)[])),
    detail: fc.constantFrom(...detailsOf[kind]),
    credential: fc.integer({ min: 0, max: 0xff_ffff }),
    version: u32,
    count: u32,
  }),
);

test("every event is 24 bytes that mean it and nothing else", () => {
  fc.assert(
    fc.property(events, (event) => {
      const bytes = encodeEvent(event);
      expect(bytes).toHaveLength(eventBytes);
      expect(accepted(decodeEvent(bytes))).toEqual(event);
      expect(describeEvent(event)).toContain(event.kind);
    }),
    runs(300),
  );
});

test("any 24 bytes are refused, or are the one spelling of an event", () => {
  const near = fc
    .tuple(events, fc.oneof(fc.nat(eventBytes - 1), fc.constantFrom(8, 9, 10, 11, 15)), fc.nat(255))
    .map(([event, at, value]) => encodeEvent(event).with(at, value));
  const seen = { refused: 0, meant: 0 };
  fc.assert(
    fc.property(near, (bytes) => {
      const said = decodeEvent(bytes);
      if (!said.ok) {
        seen.refused++;
        return;
      }
      seen.meant++;
      expect(encodeEvent(said.value)).toEqual(bytes);
    }),
    runs(400),
  );
  expect(Math.min(seen.refused, seen.meant)).toBeGreaterThan(50);
});

test("each wrong byte falls to the check of its field", () => {
  const nothing = { flags: 0, source: "Manual", credential: 0, version: 0, count: 0 } as const;
  const good = encodeEvent({ ...nothing, seq: 1, at: 2, kind: "LockOperation", detail: 1 });
  for (const [at, value, check] of [
    [3, 0, "event/seq"],
    [8, 0, "event/kind"],
    [8, 10, "event/kind"],
    [9, 2, "event/reserved"],
    [9, 0x80, "event/reserved"],
    [10, 6, "event/source"],
    [10, 9, "event/source"],
    [11, 5, "event/detail"],
    [15, 1, "event/reserved"],
  ] as const) {
    expect(decodeEvent(good.with(at, value)), `${at}: ${value}`).toRefuseWith("BODY_INVALID", check);
  }
  for (const length of [0, 23, 25]) {
    expect(decodeEvent(new Uint8Array(length))).toRefuseWith("BODY_INVALID", "event/length");
  }
  for (const kind of kinds) {
    for (let detail = 0; detail < 256; detail++) {
      const fits = decodeEvent(good.with(8, eventKinds[kind]).with(11, detail)).ok;
      expect(fits, `${kind} ${detail}`).toBe(detailsOf[kind].includes(detail));
    }
  }
});

test("our own mistakes throw instead of becoming bytes that nobody reads", () => {
  const event = { seq: 1, at: 0, flags: 0, source: "Manual", credential: 0, version: 0, count: 0 } as const;
  expect(() => encodeEvent({ ...event, kind: "Boot", detail: 1 })).toThrow("event/detail");
  expect(() => encodeEvent({ ...event, kind: "Boot", detail: 0, seq: 0 })).toThrow("event/seq");
  expect(() => encodeEvent({ ...event, kind: "Boot", detail: 0, flags: 2 })).toThrow("event/reserved");
  expect(() => encodeEvent({ ...event, kind: "Boot", detail: 0, credential: 2 ** 24 })).toThrow(RangeError);
});

test("what a stranger can cause at will never counts as evidence to be kept", () => {
  const classes = new Set<string>();
  for (const kind of kinds) for (const detail of detailsOf[kind]) classes.add(eventClassOf(kind, detail));
  expect([...classes].sort()).toEqual(Object.keys(eventClasses).sort());
  expect(eventClassOf("LockOperationError", operationErrors.InvalidCredential)).toBe("failure");
  expect(eventClassOf("SyncRefused", refusals.STALE.code)).toBe("failure");
  for (const detail of detailsOf.LockOperation) {
    const forced = detail === lockOperationTypes.ForcedUserEvent;
    expect(eventClassOf("LockOperation", detail)).toBe(forced ? "security" : "access");
  }
  expect(eventClassOf("DoorLockAlarm", alarmCodes.DoorAjar)).toBe("access");
  expect(eventClassOf("DoorLockAlarm", alarmCodes.WrongCodeEntryLimit)).toBe("failure");
  expect(eventClassOf("DoorLockAlarm", alarmCodes.DoorForcedOpen)).toBe("security");
  expect(eventClassOf("DoorLockAlarm", alarmCodes.DoorForcedOpen)).toBe("security");
});
