/**
 * How long a code may still open in the worst case: what the property says, against the shipped firmware to which
 * nobody brings anything any more. And which changes have waited too long for their proof.
 */
import {
  assignCode,
  type CodeLife,
  changeTerms,
  codeState,
  handOut,
  nextVersion,
  plainTerms,
  resetCode,
  revokeCode,
  suspendCode,
  type Terms,
} from "@doorsync/authority/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Exposure, exposureAt } from "../packages/authority/src/model/exposure.ts";
import type { CodeState } from "../packages/authority/src/model/proof.ts";
import { delayWarning } from "../packages/authority/src/model/warnings.ts";
import { runs } from "./replay.ts";
import { codeFor, type DoorOffice, doorOffice, travel } from "./support/door-office.ts";
import { crypto, noon, reboot, wait } from "./world.ts";

const hour = 3_600;

type Change = (ledger: DoorOffice["ledger"]) => ReturnType<typeof assignCode>;

function change(office: DoorOffice, act: Change): void {
  const after = act(office.ledger);
  if (!after.ok) throw new Error(after.denial);
  office.ledger = after.value;
}

const give = (office: DoorOffice, person: string, digits: string, terms?: Partial<Terms>): void =>
  change(office, (ledger) =>
    assignCode(ledger, {
      ...codeFor(person, digits),
      ...(terms === undefined ? {} : { terms: { ...plainTerms, ...terms } }),
    }),
  );

function sync(office: DoorOffice): void {
  office.issue();
  office.takeAll(travel(office.lock, office.parcels()));
}

function codeOf(office: DoorOffice, digits: string): CodeLife {
  const code = office.ledger.codes.find(({ mark }) => mark === digits);
  if (code === undefined) throw new Error("no such code");
  return code;
}

const exposureOf = (office: DoorOffice, digits: string): Exposure =>
  exposureAt(office.ledger.lock)(codeOf(office, digits));

function office(name: string, leaseHours: number): DoorOffice {
  const made = doorOffice(name);
  made.ledger = { ...made.ledger, leaseHours };
  return made;
}

/** Powered time passes, and the lock's clock with it. */
function pass({ lock }: DoorOffice, seconds: number): void {
  lock.clock.rtcSeconds = (lock.clock.rtcSeconds ?? noon) + seconds;
  wait(lock, seconds);
}
const opens = (from: DoorOffice, digits: string): boolean => from.lock.press(digits) === "accepted";

describe("of a code that was taken away", () => {
  test("with a lease: until it ends, counted from the version and not from the sync or the revocation", () => {
    const door = office("exposure lease", 72);
    give(door, "eve", "4711");
    expect(exposureOf(door, "4711")).toEqual({ kind: "gone" });
    door.issue();
    pass(door, 5 * hour);
    door.takeAll(travel(door.lock, door.parcels()));
    change(door, (ledger) => revokeCode(ledger, "eve", door.now));
    const until = exposureOf(door, "4711");
    expect(until).toEqual({ kind: "until", atSeconds: noon + 72 * hour });
    // Nobody comes. The lock's clock may be off by what it drifts in 72 hours.
    pass(door, 66 * hour);
    expect(opens(door, "4711")).toBe(true);
    pass(door, hour);
    expect(opens(door, "4711")).toBe(false);
    // A version without it is in a phone: the lock may hold either.
    door.issue();
    expect(exposureOf(door, "4711")).toEqual(until);
    door.takeAll(travel(door.lock, door.parcels()));
    expect(exposureOf(door, "4711")).toEqual({ kind: "gone" });
  });

  test("without a lease: until a sync, and gone only with the receipt", () => {
    const door = office("exposure none", 0);
    give(door, "eve", "4711");
    sync(door);
    change(door, (ledger) => revokeCode(ledger, "eve", door.now));
    expect(exposureOf(door, "4711")).toEqual({ kind: "untilSync" });
    door.issue();
    const trip = travel(door.lock, door.parcels());
    expect(opens(door, "4711")).toBe(false);
    expect(exposureOf(door, "4711")).toEqual({ kind: "untilSync" });
    door.takeAll(trip);
    expect(exposureOf(door, "4711")).toEqual({ kind: "gone" });
  });

  test("never handed out: gone at once; handed out to any phone: as if the lock had it", () => {
    const door = office("exposure phone", 24);
    give(door, "eve", "4711");
    const at = { issuedAt: door.now + hour, lifeHours: 168, renew: false };
    const next = nextVersion(crypto, door.keys, door.ledger, at, door.tagOf);
    if (!next.ok) throw new Error(next.denial);
    door.ledger = next.value.ledger;
    change(door, (ledger) => revokeCode(ledger, "eve", door.now));
    expect(exposureOf(door, "4711")).toEqual({ kind: "gone" });
    door.ledger = handOut(door.ledger, next.value.version);
    expect(exposureOf(door, "4711")).toEqual({ kind: "until", atSeconds: noon + 25 * hour });
  });

  test("a reset exposes the old code as a revocation does", () => {
    const door = office("exposure reset", 24);
    give(door, "ada", "4711");
    sync(door);
    change(door, (ledger) => resetCode(ledger, codeFor("ada", "8053")));
    expect(exposureOf(door, "4711")).toEqual({ kind: "until", atSeconds: noon + 24 * hour });
    expect(exposureOf(door, "8053")).toEqual({ kind: "gone" });
  });
});

describe("the terms that count are those the lock may hold", () => {
  test("a shorter lease helps from the version that says it; a longer one of an older version lasts", () => {
    const door = office("exposure changed", 240);
    give(door, "eve", "4711");
    sync(door);
    door.ledger = { ...door.ledger, leaseHours: 24 };
    expect(exposureOf(door, "4711")).toEqual({ kind: "until", atSeconds: noon + 240 * hour });
    door.now = noon + 10 * hour;
    door.issue();
    expect(exposureOf(door, "4711")).toEqual({ kind: "until", atSeconds: noon + 240 * hour });
    door.takeAll(travel(door.lock, door.parcels()));
    expect(exposureOf(door, "4711")).toEqual({ kind: "until", atSeconds: noon + 34 * hour });
  });

  test("its own end comes first where it is earlier, and counts without a lease too", () => {
    const door = office("exposure end", 24);
    give(door, "soon", "4711", { notAfter: noon + 2 * hour, failOpen: false });
    give(door, "late", "8053", { notAfter: noon + 90 * hour, failOpen: false });
    give(door, "free", "2946", { notAfter: noon + 90 * hour, failOpen: false, leaseHours: 0 });
    give(door, "owner", "3159", { notAfter: noon + 2 * hour, failOpen: true });
    sync(door);
    const said = ["4711", "8053", "2946", "3159"].map((digits) => exposureOf(door, digits));
    expect(said).toEqual([
      { kind: "until", atSeconds: noon + 2 * hour },
      { kind: "until", atSeconds: noon + 24 * hour },
      { kind: "until", atSeconds: noon + 90 * hour },
      // It ends by the lower bound, which a lost clock holds still.
      { kind: "untilSync" },
    ]);
    // And the lock bears it out: a clock that was lost ends all of them but the owner's.
    door.lock.clock.rtcSeconds = undefined;
    reboot(door.lock);
    const tried = ["4711", "8053", "2946", "3159"].map((digits) => opens(door, digits));
    expect(tried).toEqual([false, false, false, true]);
  });

  test("suspended in every version that the lock may hold is gone; in one of them is not", () => {
    const door = office("exposure suspended", 24);
    give(door, "ada", "4711");
    sync(door);
    change(door, (ledger) => suspendCode(ledger, "ada", true, door.now));
    door.issue();
    expect(exposureOf(door, "4711")).toEqual({ kind: "until", atSeconds: noon + 24 * hour });
    door.takeAll(travel(door.lock, door.parcels()));
    expect(exposureOf(door, "4711")).toEqual({ kind: "gone" });
    change(door, (ledger) => suspendCode(ledger, "ada", false, door.now));
    expect(exposureOf(door, "4711")).toEqual({ kind: "gone" });
    door.issue();
    expect(exposureOf(door, "4711")).toEqual({ kind: "until", atSeconds: noon + 24 * hour });
  });

  test("where the lock signed for a table that was never issued, nothing but a sync ends it", () => {
    const door = office("exposure alarm", 24);
    give(door, "ada", "4711");
    sync(door);
    const { lock } = door.ledger;
    if (lock === undefined) throw new Error("no lock");
    const alarmed = { ...lock, contradicted: 9 };
    expect(exposureAt(alarmed)(codeOf(door, "4711"))).toEqual({ kind: "untilSync" });
    expect(exposureAt(alarmed)({ ...codeOf(door, "4711"), released: true })).toEqual({ kind: "gone" });
    expect(exposureAt(undefined)(codeOf(door, "4711"))).toEqual({ kind: "gone" });
  });
});

describe("whatever was done in whatever order", () => {
  const people = ["ada", "bob", "eve"] as const;
  const deeds = ["give", "give", "reset", "revoke", "suspend", "resume", "ends"] as const;
  const trips = ["fetch", "carry", "sync", "sync"] as const;
  const step = fc.record({
    does: fc.oneof(fc.constantFrom(...deeds), fc.constantFrom(...trips), fc.constant("lease" as const)),
    who: fc.constantFrom(...people),
    hours: fc.constantFrom(0, 1, 7),
  });

  /** A door after these steps; every code has digits of its own. */
  function lived(steps: readonly { does: string; who: string; hours: number }[]): DoorOffice {
    const door = office("exposure drawn", 48);
    let nextCode = 4_100;
    const drawn = (who: string) => codeFor(who, String(nextCode++));
    for (const { does, who, hours } of steps) {
      door.now += hours * hour;
      pass(door, hours * hour);
      const ends = { ...plainTerms, notAfter: door.now + 9 * hour, failOpen: false };
      const acts: Readonly<Record<string, Change>> = {
        give: (ledger) => assignCode(ledger, drawn(who)),
        reset: (ledger) => resetCode(ledger, drawn(who)),
        revoke: (ledger) => revokeCode(ledger, who, door.now),
        suspend: (ledger) => suspendCode(ledger, who, true, door.now),
        resume: (ledger) => suspendCode(ledger, who, false, door.now),
        ends: (ledger) => changeTerms(ledger, who, ends, door.now),
      };
      const after = acts[does]?.(door.ledger);
      if (after?.ok === true) door.ledger = after.value;
      if (does === "lease") door.ledger = { ...door.ledger, leaseHours: who === "eve" ? 0 : 24 };
      if (does === "fetch" || does === "carry" || does === "sync") door.issue();
      // Carried, and the receipt is lost: the property does not know.
      if (does === "carry") travel(door.lock, door.parcels());
      if (does === "sync") door.takeAll(travel(door.lock, door.parcels()));
    }
    return door;
  }

  test("no code opens the lock from the second that was said, though nobody comes any more", () => {
    let opened = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 6, maxLength: 16 }), (steps) => {
        const door = lived([{ does: "give", who: "ada", hours: 0 }, ...steps]);
        const exposureOfCode = exposureAt(door.ledger.lock);
        const said = door.ledger.codes.map((code) => ({ digits: code.mark, ...exposureOfCode(code) }));
        // The day has room for 24 wrong codes: few are typed, each where it tells most.
        for (const one of said.filter(({ kind }) => kind === "gone").slice(-6)) {
          expect([one.digits, opens(door, one.digits)]).toEqual([one.digits, false]);
          pass(door, 300);
        }
        const ends = said.filter((one) => one.kind === "until").sort((a, b) => a.atSeconds - b.atSeconds);
        for (const { digits, atSeconds } of ends) {
          const clock = (): number => door.lock.clock.rtcSeconds ?? 0;
          const early = atSeconds - hour - clock();
          if (early > 0) {
            pass(door, early);
            if (opens(door, digits)) opened++;
          }
          pass(door, Math.max(300, atSeconds - clock()));
          expect([digits, opens(door, digits)]).toEqual([digits, false]);
        }
      }),
      runs(60),
    );
    expect(opened).toBeGreaterThan(5);
  });
});

describe("what waits too long", () => {
  const states: readonly CodeState[] = ["unset", "setting", "set", "removing", "removed", "unknown"];
  const policy = { delayHours: 24 };

  test("is warned about in Seam's words, from the very second, and only while something waits", () => {
    const said = (now: number) => states.map((state) => delayWarning(policy, state, noon, now));
    const none = states.map(() => undefined);
    expect(said(noon + 24 * hour - 1)).toEqual(none);
    expect(said(noon - 99)).toEqual(none);
    expect(said(noon + 24 * hour)).toEqual([
      "delay_in_setting_on_device",
      "delay_in_setting_on_device",
      undefined,
      "delay_in_removing_from_device",
      undefined,
      undefined,
    ]);
  });

  test("ends with the receipt, however late", () => {
    const door = office("warned", 0);
    give(door, "ada", "4711");
    const warned = () =>
      delayWarning(policy, codeState(codeOf(door, "4711"), door.ledger.lock), noon, noon + 90 * hour);
    expect(warned()).toBe("delay_in_setting_on_device");
    sync(door);
    expect(warned()).toBeUndefined();
  });
});
