/**
 * Who may do what: the matrix of the articles, restated here by hand, against the table of the model; every refusal in
 * it one by one, and the rule that codes and syncs belong on phones. That the service asks is tested with the service.
 */
import { describeDenial } from "@doorsync/authority/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DoorKind } from "../packages/authority/src/model/ledger.ts";
import {
  type Action,
  actions,
  type ClientClass,
  clientClasses,
  matrixRows,
  mayAct,
  mayAny,
  mayDo,
  mayOnClient,
  type Role,
  roles,
} from "../packages/authority/src/model/permission.ts";

const kinds: readonly DoorKind[] = ["residence", "buildingEntrance", "communal", "service"];

/** y: may. n: may not. r: at a residence only. h: at homes and on the way to them, not at a service door. In the order of `roles`: resident, guest, host, manager, vendor. */
const stated: Readonly<Record<Action, string>> = {
  grantAccess: "n n y y n",
  revokeAll: "n n y y n",
  suspend: "n n n y n",
  resetCode: "r n r n n",
  pickCode: "r n r n n",
  issueGuest: "h n y y n",
  dailyCode: "r n r y n",
  sync: "y y y y n",
  viewOwnCodes: "y y y y n",
  openByApp: "y y y y n",
  troubleshoot: "n n r y n",
  assignKeycard: "n n n y n",
  setPolicy: "n n n y n",
  viewPeople: "n n y y n",
  viewLog: "r n r y n",
  commission: "n n n y n",
  viewAudit: "n n n y n",
};

const fields = actions.flatMap((action) =>
  stated[action].split(" ").map((may, i) => ({ action, role: roles[i] ?? "vendor", may })),
);

test("the stated matrix has every field of the model's, and no other", () => {
  expect(actions.toSorted()).toEqual(Object.keys(stated).toSorted());
  const pairs = matrixRows().map(({ action, role }) => `${action} ${role}`);
  expect(pairs).toEqual(fields.map(({ action, role }) => `${action} ${role}`));
  expect(new Set(pairs).size).toBe(actions.length * roles.length);
});

describe("each field of the matrix", () => {
  test.each(fields)("$action by a $role: $may", ({ action, role, may }) => {
    for (const kind of kinds) {
      const isFit = may === "r" ? kind === "residence" : may === "h" && kind !== "service";
      const expected = may === "y" || isFit;
      const said = mayDo(role, action, kind);
      expect([kind, said.ok]).toEqual([kind, expected]);
      if (!said.ok) expect(said).toMatchObject({ denial: "NOT_ALLOWED", detail: `${role} ${action}` });
    }
    // A forgotten door is not a residence.
    expect(mayDo(role, action).ok).toBe(may === "y");
  });
});

test("every field has a reason in words, and tells the articles' word from our own decision", () => {
  for (const { why, ground } of matrixRows()) {
    expect(why.split(" ").length).toBeGreaterThan(3);
    expect(["articles", "decided"]).toContain(ground);
  }
  const ours = (action: Action, role: Role) =>
    matrixRows().find((row) => row.action === action && row.role === role)?.ground;
  // Where the articles leave a question mark.
  const open: readonly (readonly [Action, Role])[] = [
    ["suspend", "host"],
    ["resetCode", "guest"],
    ["resetCode", "host"],
    ["resetCode", "manager"],
    ["pickCode", "host"],
    ["issueGuest", "host"],
    ["issueGuest", "manager"],
    ["dailyCode", "host"],
    ["troubleshoot", "host"],
  ];
  for (const [action, role] of open)
    expect([action, role, ours(action, role)]).toEqual([action, role, "decided"]);
  expect(ours("resetCode", "resident")).toBe("articles");
});

test("the vendor may do nothing at all, whatever the door and the client", () => {
  for (const action of actions)
    for (const kind of [...kinds, undefined])
      for (const client of clientClasses)
        expect(mayAct({ roles: ["vendor"], client }, action, kind).ok).toBe(false);
});

const anyRoles = fc.uniqueArray(fc.constantFrom(...roles));
const anyAction = fc.constantFrom(...actions);
const anyKind = fc.constantFrom(...kinds);

test("several roles may exactly what one of them may, and no role may nothing", () => {
  fc.assert(
    fc.property(anyRoles, anyAction, anyKind, (held, action, kind) => {
      expect(mayAny(held, action, kind).ok).toBe(held.some((role) => mayDo(role, action, kind).ok));
    }),
  );
  const nobody = mayAny([], "sync", "residence");
  if (nobody.ok) throw new Error("nobody was let in");
  expect(describeDenial(nobody)).toMatch(/^denied 115 NOT_ALLOWED \(nobody sync\)/);
});

test("codes and syncs are for phones; managers give guest and daily codes at a desk, and see none there", () => {
  const desk = (role: Role, action: Action) => mayOnClient(role, action, "desktop");
  for (const action of ["viewOwnCodes", "sync", "resetCode", "pickCode"] as const)
    for (const role of roles)
      expect(desk(role, action)).toMatchObject({ denial: "MOBILE_ONLY", detail: action });
  for (const action of ["issueGuest", "dailyCode"] as const) {
    for (const role of ["resident", "guest", "host"] as const)
      expect(desk(role, action)).toMatchObject({ denial: "MOBILE_ONLY" });
    expect(desk("manager", action).ok).toBe(true);
  }
  const rest = ["grantAccess", "revokeAll", "suspend", "troubleshoot", "viewLog", "viewAudit"] as const;
  for (const action of rest) expect(desk("manager", action).ok).toBe(true);
  for (const action of actions) expect(mayOnClient("guest", action, "mobile").ok).toBe(true);
});

test("one role must both be allowed and be on the right client; whoever may nowhere learns nothing of clients", () => {
  fc.assert(
    fc.property(
      anyRoles,
      anyAction,
      anyKind,
      fc.constantFrom(...clientClasses),
      (held, action, kind, client) => {
        const said = mayAct({ roles: held, client }, action, kind);
        const able = held.filter((role) => mayDo(role, action, kind).ok);
        const here = able.filter((role) => mayOnClient(role, action, client).ok);
        expect(said.ok).toBe(here.length > 0);
        if (!said.ok) expect(said.denial).toBe(able.length === 0 ? "NOT_ALLOWED" : "MOBILE_ONLY");
      },
    ),
  );
  const both = (client: ClientClass, action: Action) =>
    mayAct({ roles: ["resident", "manager"], client }, action, "residence");
  expect(both("desktop", "dailyCode").ok).toBe(true);
  // The resident in them may, but on a phone; being a manager does not help.
  expect(both("desktop", "pickCode")).toMatchObject({ denial: "MOBILE_ONLY" });
});
