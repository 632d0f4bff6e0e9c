/**
 * P22 and T26, the part that can be counted: for every entry one MAC under the PIN key and one constant-time comparison with
 * each credential, match or not and wherever the match lies; so time at the keypad tells nothing about the table. How
 * long one comparison takes is not measured here.
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
  wait,
  watched,
} from "./world.ts";

const count = { compares: 0, macs: 0 };
let pinKey: Uint8Array | undefined;

const lock = makeLock("visits", {
  firmware: watched({
    onCompare: () => count.compares++,
    onMac(key) {
      if (pinKey !== undefined && authority.equal(key, pinKey)) count.macs++;
    },
  }),
});
const property: TestAuthority = commission(lock, "visits");
pinKey = property.lock.keys.pin;

/** Seven credentials: plain at both ends, between them one for each reason why a right code does not open. */
const kinds = ["first", "suspended", "not yet", "ended", "scheduled", "keycard", "last"] as const;
const codeOf = (kind: (typeof kinds)[number]): string => String(3_001 + 17 * kinds.indexOf(kind));

function credential(kind: (typeof kinds)[number]): Uint8Array {
  const id = authority.firstCredentialId + kinds.indexOf(kind);
  const plain = authority.alwaysCredential(
    id,
    kind === "keycard" ? 2 : kind === "scheduled" ? 3 : 1,
    authority.pinTag(crypto, property.lock.keys.pin, codeOf(kind)),
  );
  return authority.encodeItem({
    ...plain,
    suspended: kind === "suspended",
    ...(kind === "not yet" ? { notBefore: noon + 86_400 } : {}),
    ...(kind === "ended" ? { notAfter: noon - 86_400 } : {}),
  });
}

const items = [
  authority.encodeItem(authority.plainRule(1, "code", 720, false)),
  authority.encodeItem(authority.plainRule(2, "keycard", 720, false)),
  authority.encodeItem({ ...authority.plainRule(3, "code", 720, false), scheduled: true }),
  ...kinds.map(credential),
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
function cost(digits: string): { shown: string | undefined; compares: number; macs: number } {
  wait(lock, 61);
  const before = { ...count };
  const shown = lock.press(digits);
  return { shown, compares: count.compares - before.compares, macs: count.macs - before.macs };
}

test("every entry visits every credential once, whether and where it matches", () => {
  expect(inForce(lock)?.version).toBe(1);
  const all = { compares: kinds.length, macs: 1 };
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

test("the panel shows one thing for unknown, suspended, early, ended, off hours and foreign; only the notes know which", () => {
  const reasons = (["suspended", "not yet", "ended", "scheduled", "keycard"] as const).map((kind) => {
    cost(codeOf(kind));
    const note = lock.notes.at(-1);
    return note?.what === "denied" ? note.reason : note?.what;
  });
  expect(reasons).toEqual(["suspended", "not-yet", "ended", "out-of-schedule", "unknown-code"]);
});

test("the same after a reboot, and after a delta laid some of the table over the rest", () => {
  reboot(lock);
  expect(cost("9753")).toMatchObject({ shown: "refused", compares: kinds.length, macs: 1 });
  const change = { removes: [authority.firstCredentialId + 1], puts: [property.item(50, "8642")] };
  const at = { from: 1, to: 2, table: table.value, issuedAt: noon, lifeHours: 168 };
  const issued = authority.issueUpdate(crypto, authoritySeeds.table, property.lock, at, change);
  if (!issued.ok) throw new Error(issued.check);
  expect(property.receipt(deliver(lock, issued.value))?.version).toBe(2);
  for (const digits of ["9753", codeOf("suspended")]) {
    expect(cost(digits)).toEqual({ shown: "refused", compares: kinds.length, macs: 1 });
  }
  expect(cost("8642")).toEqual({ shown: "accepted", compares: kinds.length, macs: 1 });
});
