/**
 * P22 and T26, the part that can be counted: for every entry one MAC under the PIN key and two constant-time comparisons with
 * each credential (is it this code, is it one of the day), match or not and wherever the match lies; and for every entry
 * as long as a daily doorcode one more MAC and comparison for each of those. So time at the keypad tells nothing about
 * the codes in the table. How long one comparison takes is not measured here.
 */
import * as authority from "@doorsync/protocol/authority";
import { expect, test } from "vitest";
import {
  authoritySeeds,
  commission,
  crypto,
  deliver,
  inForce,
  makeLock,
  noon,
  reboot,
  type TestAuthority,
  watched,
} from "./world.ts";

const count = { compares: 0, macs: 0, dailyMacs: 0 };
let keys: authority.LockKeys | undefined;

const lock = makeLock("visits", {
  firmware: watched({
    onCompare: () => count.compares++,
    onMac(key) {
      if (keys === undefined) return;
      if (authority.equal(key, keys.pin)) count.macs++;
      if (authority.equal(key, keys.daily)) count.dailyMacs++;
    },
  }),
});
const property: TestAuthority = commission(lock, "visits");
keys = property.lock.keys;

/** Eight credentials: plain at both ends, between them one for each reason why a right code does not open. */
const kinds = ["first", "suspended", "not yet", "ended", "scheduled", "keycard", "long", "last"] as const;
/** The one that is as long as a daily doorcode is suspended. */
const codeOf = (kind: (typeof kinds)[number]): string =>
  kind === "long" ? "3001017" : String(3_001 + 17 * kinds.indexOf(kind));

const dailySlot = authority.firstCredentialId + 40;

function credential(kind: (typeof kinds)[number]): Uint8Array {
  const id = authority.firstCredentialId + kinds.indexOf(kind);
  const plain = authority.alwaysCredential(
    id,
    kind === "keycard" ? 2 : kind === "scheduled" ? 3 : 1,
    authority.pinTag(crypto, property.lock.keys.pin, codeOf(kind)),
  );
  return authority.encodeItem({
    ...plain,
    suspended: kind === "suspended" || kind === "long",
    ...(kind === "not yet" ? { notBefore: noon + 86_400 } : {}),
    ...(kind === "ended" ? { notAfter: noon - 86_400 } : {}),
  });
}

/** Codes that do not open are wrong codes: more of them than a day allows elsewhere. */
const patient: authority.Settings = {
  kind: "settings",
  profile: "residence",
  autoRelockSeconds: 5,
  wrongCodeEntryLimit: 99,
  userCodeTemporaryDisableSeconds: 60,
  wrongCodesPerDayMax: 99,
  dailyGeneration: 0,
};

const items = [
  authority.encodeItem(patient),
  authority.encodeItem(authority.plainRule(1, "code", 720, false)),
  authority.encodeItem(authority.plainRule(2, "keycard", 720, false)),
  authority.encodeItem({ ...authority.plainRule(3, "code", 720, false), scheduled: true }),
  authority.encodeItem(authority.plainRule(4, "dailyCode", 720, false)),
  authority.encodeItem({ kind: "zone", id: authority.firstZoneId, changes: [{ at: 0, offsetMinutes: 0 }] }),
  ...kinds.map(credential),
  authority.encodeItem(authority.alwaysCredential(dailySlot, 4, new Uint8Array(16))),
];
const table = authority.tableFromItems(crypto, property.lock.keys.digest, authority.concat(...items));
if (!table.ok) throw new Error(table.check);
deliver(
  lock,
  authority.issueSnapshot(crypto, authoritySeeds.table, property.lock, {
    table: table.value,
    to: 1,
    issuedAt: noon,
    lifeHours: 168,
  }),
);

/** What one entry showed and cost. */
function cost(digits: string): { shown: string | undefined } & typeof count {
  const before = { ...count };
  const shown = lock.press(digits);
  const { compares, macs, dailyMacs } = count;
  return {
    shown,
    compares: compares - before.compares,
    macs: macs - before.macs,
    dailyMacs: dailyMacs - before.dailyMacs,
  };
}

/** Two comparisons with each credential; a daily doorcode for the one slot and the one day. */
const all = { compares: 2 * (kinds.length + 1), macs: 1, dailyMacs: 0 };
const allAndTheDay = { compares: all.compares + 1, macs: 1, dailyMacs: 1 };

test("every entry visits every credential once, whether and where it matches", () => {
  expect(inForce(lock)?.version).toBe(1);
  expect(cost(codeOf("first"))).toEqual({ shown: "accepted", ...all });
  expect(cost(codeOf("last"))).toEqual({ shown: "accepted", ...all });
  for (const digits of [
    "9753",
    "1",
    "12345678",
    codeOf("suspended"),
    codeOf("not yet"),
    codeOf("ended"),
    codeOf("scheduled"),
    codeOf("keycard"),
  ]) {
    expect(cost(digits), digits).toEqual({ shown: "refused", ...all });
  }
});

test("every entry as long as a daily doorcode costs one, too, known or not", () => {
  const today = authority.localDay(noon, 0);
  const { daily } = property.lock.keys;
  const ofDay = (day: number): string =>
    authority.dailyCode(crypto, daily, { generation: 0, slot: dailySlot, day });
  expect(cost(codeOf("long"))).toEqual({ shown: "refused", ...allAndTheDay });
  expect(lock.notes.findLast((note) => note.what === "denied")).toMatchObject({ reason: "suspended" });
  for (const digits of ["1234567", ofDay(today - 1), ofDay(today + 1)]) {
    expect(cost(digits), digits).toEqual({ shown: "refused", ...allAndTheDay });
  }
  expect(cost(ofDay(today))).toEqual({ shown: "accepted", ...allAndTheDay });
});

test("the panel shows one thing for unknown, suspended, early, ended, off hours and foreign; only the notes know which", () => {
  const reasons = (["suspended", "not yet", "ended", "scheduled", "keycard"] as const).map((kind) => {
    cost(codeOf(kind));
    const note = lock.notes.findLast(({ what }) => what === "denied" || what === "opened");
    return note?.what === "denied" ? note.reason : note?.what;
  });
  expect(reasons).toEqual(["suspended", "not-yet", "ended", "out-of-schedule", "unknown-code"]);
});

test("the same after a reboot, and after a delta laid some of the table over the rest", () => {
  reboot(lock);
  expect(cost("9753")).toEqual({ shown: "refused", ...all });
  const change = { removes: [authority.firstCredentialId + 1], puts: [property.item(50, "8642")] };
  const at = { from: 1, to: 2, table: table.value, issuedAt: noon, lifeHours: 168 };
  const issued = authority.issueUpdate(crypto, authoritySeeds.table, property.lock, at, change);
  if (!issued.ok) throw new Error(issued.check);
  expect(property.receipt(deliver(lock, issued.value))?.version).toBe(2);
  for (const digits of ["9753", codeOf("suspended")]) {
    expect(cost(digits)).toEqual({ shown: "refused", ...all });
  }
  expect(cost("8642")).toEqual({ shown: "accepted", ...all });
});
