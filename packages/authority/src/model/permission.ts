/**
 * Who may do what, where and from which kind of client, as one table with a reason for every field. Not who has which
 * role at a door (grants say that), and not what keeps a vendor out of a lock: those are the keys.
 */
import { type Decision, deny, grant } from "./denial.ts";
import type { DoorKind } from "./ledger.ts";

export const roles = ["resident", "guest", "host", "manager", "vendor"] as const;
export type Role = (typeof roles)[number];

/** How the app was reached; a phone or its library is mobile, a page on a computer is a desktop. */
export const clientClasses = ["mobile", "desktop"] as const;
export type ClientClass = (typeof clientClasses)[number];

/** residence: at the private door of a unit only. notService: at any door but those of plant and machinery. */
export type Permission = "yes" | "no" | "residence" | "notService";

/** articles: the support articles say so, or it follows from them. decided: they are silent, and this is our answer. */
export type Ground = "articles" | "decided";

/**
 * mobile: on a phone, whoever asks. mobileUnlessManager: the same, but managers may do it at their desk;
 * mobileUnlessOffice: managers and hosts.
 */
export type ClientRule = "any" | "mobile" | "mobileUnlessManager" | "mobileUnlessOffice";

/** Roles whose work at a desk each rule lets be. */
const atDesk: Readonly<Record<ClientRule, readonly Role[]>> = {
  any: ["resident", "guest", "host", "manager", "vendor"],
  mobile: [],
  mobileUnlessManager: ["manager"],
  mobileUnlessOffice: ["manager", "host"],
};

interface Field {
  readonly may: Permission;
  readonly ground: Ground;
  readonly why: string;
}

interface ActionRow extends Readonly<Record<Role, Field>> {
  readonly client: ClientRule;
}

const said = (may: Permission, why: string): Field => ({ may, ground: "articles", why });
const decided = (may: Permission, why: string): Field => ({ may, ground: "decided", why });

const vendorStaysOut: Field = said(
  "no",
  "for security the vendor can provide nobody with access, itself included",
);
const vendorSeesNothing: Field = decided("no", "what happens in a building is the building's own business");
const onlyManagement = "it concerns the whole property, and management answers for that";
const guestsOwnNothing = "a guest was let in by somebody else, who can take it back";

const matrix = {
  grantAccess: {
    client: "any",
    resident: decided("no", "residents invite guests; whose door it is, management or a host says"),
    guest: decided("no", guestsOwnNothing),
    host: said("yes", "the articles send people to management or their host to be granted access"),
    manager: said("yes", "the articles send people to management or their host to be granted access"),
    vendor: vendorStaysOut,
  },
  revokeAll: {
    client: "any",
    resident: decided("no", "nobody who lives in a unit may lock out who lives there too"),
    guest: decided("no", guestsOwnNothing),
    host: said("yes", "management or the host revokes all access and grants it anew"),
    manager: said("yes", "management or the host revokes all access and grants it anew"),
    vendor: vendorStaysOut,
  },
  suspend: {
    client: "any",
    resident: decided("no", "a resident whose phone was stolen resets the password or asks management"),
    guest: decided("no", guestsOwnNothing),
    host: decided("no", "the articles name management; a host who must act at once revokes all"),
    manager: said("yes", "management can temporarily remove somebody's building access"),
    vendor: decided("no", "who may not let in shuts nobody out either"),
  },
  resetCode: {
    client: "mobile",
    resident: said(
      "residence",
      "self-service is for private doors; elsewhere management or a host re-grants",
    ),
    guest: decided("no", "a guest's code is the inviter's to replace, or its term could be outlived"),
    host: decided("residence", "a host's own code at a private door is a code like a resident's"),
    manager: decided(
      "no",
      "staff's codes change by revoke-all; a manager who lives there is its resident too",
    ),
    vendor: vendorStaysOut,
  },
  pickCode: {
    client: "mobile",
    resident: said("residence", "custom codes exist where the community enables them, never at shared doors"),
    guest: said("no", "guest codes are randomly generated and not customizable"),
    host: decided("residence", "a host's own code at a private door is a code like a resident's"),
    manager: said("no", "management sets whether codes may be chosen; staff's own codes are generated"),
    vendor: vendorStaysOut,
  },
  issueGuest: {
    client: "mobileUnlessManager",
    resident: said(
      "notService",
      "residents give guest codes; who visits a home passes the entrance before it",
    ),
    guest: decided("no", "who was invited does not invite"),
    host: decided("yes", "inviting is what a host does"),
    manager: decided(
      "yes",
      "management receives deliveries and trades; each code stands under its name in the audit",
    ),
    vendor: vendorStaysOut,
  },
  dailyCode: {
    client: "mobileUnlessManager",
    resident: said("residence", "anyone with resident access to the unit can provide its daily doorcode"),
    guest: decided("no", "a guest's term would be outlived by a code that anybody can be sent"),
    host: decided(
      "residence",
      "a host answers for the unit as its residents do; shared doors are management's",
    ),
    manager: said("yes", "property management can provide a daily doorcode"),
    vendor: vendorStaysOut,
  },
  sync: {
    client: "mobile",
    resident: said("yes", "a door sync is performed by who stands at the door"),
    guest: decided("yes", "a parcel is sealed, so that any phone may carry what any person needs"),
    host: decided("yes", "a parcel is sealed, so that any phone may carry what any person needs"),
    manager: decided("yes", "somebody whose phone is gone needs another's to sync the door"),
    vendor: decided(
      "no",
      "a sealed parcel works whoever carries it, but the vendor's account is handed none",
    ),
  },
  viewOwnCodes: {
    client: "mobile",
    resident: said("yes", "codes are viewed again after logging in on any phone"),
    guest: decided("yes", "a guest with an account sees the code that was given, on a phone as all do"),
    host: decided("yes", "one's own and nobody else's"),
    manager: decided("yes", "one's own and nobody else's"),
    vendor: decided("no", "the vendor has no code, and nobody else's is its own"),
  },
  openByApp: {
    client: "mobile",
    resident: said("yes", "the app opens whatever one's doorcode opens"),
    guest: decided("yes", "while a code that is not counted is theirs; a counted one would be doubled"),
    host: decided("yes", "where a doorcode is theirs, so may their phone be"),
    manager: decided("yes", "where a doorcode is theirs, so may their phone be"),
    vendor: vendorStaysOut,
  },
  troubleshoot: {
    client: "any",
    resident: said("no", "for a device that does not respond, residents are sent to management"),
    guest: said("no", "for a device that does not respond, guests are sent to management or their host"),
    host: decided("residence", "the host is whom a visitor calls; shared devices are management's"),
    manager: said("yes", "management performs troubleshooting steps when a device is not responsive"),
    vendor: decided("no", "management asks the vendor; the vendor does not look by itself"),
  },
  assignKeycard: {
    client: "any",
    resident: decided("no", "a card opens for whoever holds it; management keeps count of them"),
    guest: decided("no", guestsOwnNothing),
    host: decided("no", "a card opens for whoever holds it; management keeps count of them"),
    manager: said("yes", "keys and keycards are property management's"),
    vendor: vendorStaysOut,
  },
  setPolicy: {
    client: "any",
    resident: said("no", "the community enables custom codes and six digits, not one resident"),
    guest: said("no", "the community enables custom codes and six digits, not its guests"),
    host: decided("no", onlyManagement),
    manager: said("yes", "the community enables custom codes and six digits"),
    vendor: decided("no", "the community decides for itself"),
  },
  viewPeople: {
    client: "any",
    resident: decided("no", "who else has access to a building is not a neighbour's to read"),
    guest: decided("no", "who else has access to a building is not a guest's to read"),
    host: decided("yes", "who revokes all of somebody's access must find them, at the host's own doors"),
    manager: decided("yes", "who suspends or re-grants must find the person"),
    vendor: vendorSeesNothing,
  },
  viewLog: {
    client: "mobileUnlessOffice",
    resident: decided(
      "residence",
      "who went in at home concerns who lives there; shared doors tell of neighbours",
    ),
    guest: decided("no", "a log tells when the hosts are out"),
    host: decided("residence", "a host answers for the unit; shared doors tell of its neighbours"),
    manager: decided("yes", "management answers for alarms and gaps"),
    vendor: vendorSeesNothing,
  },
  commission: {
    client: "any",
    resident: decided("no", onlyManagement),
    guest: decided("no", onlyManagement),
    host: decided("no", onlyManagement),
    manager: decided("yes", onlyManagement),
    vendor: decided("no", "who commissions a lock holds its keys"),
  },
  viewAudit: {
    client: "any",
    resident: decided("no", "it names other people"),
    guest: decided("no", "it names other people"),
    host: decided("no", "it names people of doors that are not the host's"),
    manager: decided("yes", onlyManagement),
    vendor: vendorSeesNothing,
  },
} as const satisfies Readonly<Record<string, ActionRow>>;

export type Action = keyof typeof matrix;
export const actions: readonly Action[] = Object.keys(matrix) as Action[];

/** NOT_ALLOWED. Where it depends on the door, `kind` left out is none that will do. */
export function mayDo(role: Role, action: Action, kind?: DoorKind): Decision<true> {
  const { may }: Field = matrix[action][role];
  const isAllowed =
    may === "yes" ||
    (may === "residence" && kind === "residence") ||
    (may === "notService" && kind !== undefined && kind !== "service");
  return isAllowed ? grant(true) : deny("NOT_ALLOWED", `${role} ${action}`);
}

/** NOT_ALLOWED unless one of the roles that somebody has here may. */
export function mayAny(roles: readonly Role[], action: Action, kind?: DoorKind): Decision<true> {
  const isAllowed = roles.some((role) => mayDo(role, action, kind).ok);
  return isAllowed ? grant(true) : deny("NOT_ALLOWED", `${namesOf(roles)} ${action}`);
}

/** MOBILE_ONLY: codes are seen, changed and given, and doors synced, on phones (F27); managers give at a desk. */
export function mayOnClient(role: Role, action: Action, client: ClientClass): Decision<true> {
  const rule: ClientRule = matrix[action].client;
  const isAllowed = client === "mobile" || atDesk[rule].includes(role);
  return isAllowed ? grant(true) : deny("MOBILE_ONLY", action);
}

/** The whole question: NOT_ALLOWED where no role may, MOBILE_ONLY where none of those that may can from here. */
export function mayAct(
  who: { readonly roles: readonly Role[]; readonly client: ClientClass },
  action: Action,
  kind?: DoorKind,
): Decision<true> {
  const able = who.roles.filter((role) => mayDo(role, action, kind).ok);
  if (able.length === 0) return mayAny(who.roles, action, kind);
  const isHere = able.some((role) => mayOnClient(role, action, who.client).ok);
  return isHere ? grant(true) : deny("MOBILE_ONLY", action);
}

export interface MatrixRow extends Field {
  readonly action: Action;
  readonly role: Role;
  readonly client: ClientRule;
}

/** Every field of the table, action by action in the order of `roles`. */
export function matrixRows(): readonly MatrixRow[] {
  return actions.flatMap((action) =>
    roles.map((role) => ({ action, role, client: matrix[action].client, ...matrix[action][role] })),
  );
}

function namesOf(roles: readonly Role[]): string {
  return roles.length === 0 ? "nobody" : roles.join("+");
}
