/**
 * P9, P12 and P14 for unlock by app, against a plain model: whatever is enrolled, suspended, removed, delivered, minted and
 * replayed, in whatever order and at whatever hour, the door opens to a device exactly when a plain reading of table and
 * capability says so. The hour itself is the lock's own interval, which has to hold the true time.
 */
import type * as authority from "@doorsync/protocol/authority";
import fc from "fast-check";
import { expect, test } from "vitest";
import { keptBy, spanOf } from "../packages/lock-sim/src/firmware/clock.ts";
import { runs } from "./replay.ts";
import { running } from "./support/cut-scenarios.ts";
import {
  capability,
  device,
  hour,
  resident,
  tableWith,
  tableWithout,
  unlock,
} from "./support/unlock-cast.ts";
import {
  answerName,
  commission,
  deliver,
  makeLock,
  noon,
  openLink,
  reboot,
  type TestLock,
  wait,
} from "./world.ts";

/** What a version says of the resident's device. */
interface Version {
  readonly issued: authority.Issued;
  readonly issuedAt: number;
  readonly isEnrolled: boolean;
  readonly isSuspended: boolean;
  readonly leaseHours: number;
}

interface Leave {
  readonly bytes: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly least: number;
}

const step = fc.oneof(
  fc.record({
    do: fc.constant("issue" as const),
    enrolled: fc.boolean(),
    suspended: fc.boolean(),
    leaseHours: fc.constantFrom(0, 6, 48),
  }),
  fc.record({ do: fc.constant("deliver" as const), back: fc.constantFrom(0, 0, 1, 2) }),
  fc.record({
    do: fc.constant("mint" as const),
    ahead: fc.integer({ min: -2, max: 1 }),
    hours: fc.integer({ min: 1, max: 70 }),
    back: fc.nat(2),
  }),
  fc.record({ do: fc.constant("pass" as const), minutes: fc.integer({ min: 1, max: 1_500 }) }),
  fc.record({
    do: fc.constant("unlock" as const),
    leave: fc.nat(5),
    isResident: fc.integer({ min: 0, max: 6 }),
  }),
  fc.record({ do: fc.constant("unlock" as const), leave: fc.nat(5), isResident: fc.constant(1) }),
  fc.record({ do: fc.constant("replay" as const), tape: fc.nat(9) }),
  fc.record({ do: fc.constant("restart" as const) }),
  /** The clock is lost until time passes again. */
  fc.record({ do: fc.constant("lose" as const) }),
);

function spanNow(lock: TestLock): { readonly lower: number; readonly upper: number } {
  const { rtcSeconds, uptimeMs } = lock.clock;
  return spanOf(keptBy(running(lock)), { rtcSeconds, uptimeMs });
}

/** The rules, as a person would say them. */
function expected(
  span: { lower: number; upper: number },
  held: Version,
  version: number,
  leave: Leave,
): string {
  if (span.upper < leave.notBefore || span.lower >= leave.notAfter) return "DENIED";
  if (version < leave.least) return "SYNC_FIRST";
  if (span.lower < leave.notBefore || span.upper >= leave.notAfter) return "TIME_NEEDED";
  const isLeased = held.leaseHours === 0 || span.upper < held.issuedAt + held.leaseHours * hour;
  return held.isEnrolled && !held.isSuspended && isLeased ? "opened" : "DENIED";
}

test("whatever happens in whatever order, the door opens by app as a plain model says, and recordings do nothing", () => {
  const seen = new Map<string, number>();
  const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
  fc.assert(
    fc.property(fc.array(step, { minLength: 12, maxLength: 40, size: "max" }), (steps) => {
      const lock = makeLock("model");
      const property = commission(lock, "model");
      let now = noon;
      const pass = (minutes: number): void => {
        now += 60 * minutes;
        lock.clock.rtcSeconds = now;
        wait(lock, 60 * minutes);
      };
      const versions: Version[] = [];
      const issue = (enrolled: boolean, isSuspended: boolean, leaseHours: number): void => {
        const table = enrolled
          ? tableWith(property, { suspended: isSuspended, leaseHours })
          : tableWithout(property);
        const issued = property.snapshot(table, undefined, now);
        versions.push({ issued, issuedAt: now, isEnrolled: enrolled, isSuspended, leaseHours });
      };
      issue(true, false, 0);
      expect(answerName(deliver(lock, versions[0]?.issued ?? { messages: [] }))).toBe("receipt");
      let held = 1;
      const leaves: Leave[] = [];
      const mint = (ahead: number, hours: number, back: number): void => {
        const [notBefore, notAfter] = [now + ahead * hour, now + (ahead + hours) * hour];
        const least = Math.max(1, versions.length - back);
        const bytes = capability(property, { notBefore, notAfter, minTableVersion: least });
        leaves.push({ bytes, notBefore, notAfter, least });
      };
      mint(-1, 24, 0);
      const tapes: (readonly { type: number; body: Uint8Array }[])[] = [];
      for (const one of steps) {
        switch (one.do) {
          case "issue":
            issue(one.enrolled, one.suspended, one.leaseHours);
            break;
          case "deliver": {
            const to = Math.max(1, versions.length - one.back);
            const { issued, issuedAt } = versions[to - 1] ?? {};
            if (issued === undefined || issuedAt === undefined) throw new Error("no such version");
            const answer = answerName(deliver(lock, issued));
            const isLate = now > issuedAt + 168 * hour;
            if (answer === "receipt") held = to;
            else expect(to < held || isLate, answer).toBe(true);
            break;
          }
          case "mint":
            mint(one.ahead, one.hours, one.back);
            break;
          case "pass":
            pass(one.minutes);
            break;
          case "restart":
            reboot(lock);
            break;
          case "lose":
            lock.clock.rtcSeconds = undefined;
            break;
          case "replay": {
            const tape = tapes[one.tape % Math.max(1, tapes.length)] ?? [];
            lock.unlocked = false;
            const link = openLink(lock, 244, () => {});
            for (const message of tape) link?.say(message);
            link?.close();
            expect(lock.unlocked).toBe(false);
            if (tape.length > 0) count("replay");
            break;
          }
          case "unlock": {
            const leave = leaves[one.leave % leaves.length];
            const version = versions[held - 1];
            if (leave === undefined || version === undefined) throw new Error("nothing to try");
            const span = spanNow(lock);
            expect(span.lower, "P14: the true time lies in the interval").toBeLessThanOrEqual(now);
            expect(span.upper).toBeGreaterThanOrEqual(now);
            const isResident = one.isResident > 0;
            const seed = isResident ? resident.seed : device("somebody").seed;
            const visit = unlock(lock, property, { capability: leave.bytes, seed });
            // Signatures cost the lock something: a minute later it spends them on strangers again.
            if (!isResident) pass(1);
            const wanted = isResident ? expected(span, version, held, leave) : "DENIED";
            expect(visit.result).toBe(wanted);
            expect(visit.opened).toBe(wanted === "opened");
            if (visit.opened) tapes.push(visit.toLock);
            count(isResident ? wanted : "stranger");
            break;
          }
          default:
            throw new Error(`no such step: ${String(one satisfies never)}`);
        }
      }
    }),
    runs(40),
  );
  for (const what of ["opened", "DENIED", "SYNC_FIRST", "TIME_NEEDED", "stranger", "replay"]) {
    expect(seen.get(what) ?? 0, what).toBeGreaterThan(0);
  }
});
