/**
 * What a community decides for its doors: one record of flags and numbers, and what a property begins with. Not the
 * terms of a code (terms.ts) and not who may set it (permission.ts).
 */
import { capabilityHoursMax, lockProfiles } from "@doorsync/protocol/authority";
import { type Decision, deny, grant } from "./denial.ts";
import type { DoorKind } from "./ledger.ts";

/** literal: as the articles spell it. hardened: runs within a code and across 9 and 0 count as weak too. */
export const codePolicies = ["literal", "hardened"] as const;
export type CodePolicy = (typeof codePolicies)[number];

export interface Policy {
  readonly sixDigits: boolean;
  readonly customCodes: boolean;
  readonly codePolicy: CodePolicy;
  /** Apps before this version are told to upgrade; compared by `compareVersions`. */
  readonly appVersionMin: string;
  /** Doors that a delivery's code may open, and for how many hours from its beginning. */
  readonly deliveryDoorKinds: readonly DoorKind[];
  readonly deliveryHours: number;
  /** By account and local day. */
  readonly dailyCodesPerDayMax: number;
  readonly dailyRecipientsNewPerDayMax: number;
  /** By person and door, in any 24 hours. */
  readonly picksPerDayMax: number;
  /** Hours a change may wait for its proof before a warning. */
  readonly delayHours: number;
  /** Hours a phone may open doors by its key without having been online: how long a stolen one can, unsynced. */
  readonly capabilityHours: number;
}

/** A parcel is left at the building; whether it may be left in a home is for the community to say. */
export const plainPolicy: Policy = {
  sixDigits: false,
  customCodes: false,
  codePolicy: "literal",
  appVersionMin: "0.0.0",
  deliveryDoorKinds: ["buildingEntrance", "communal", "service"],
  deliveryHours: 2,
  dailyCodesPerDayMax: 5,
  dailyRecipientsNewPerDayMax: 2,
  picksPerDayMax: 10,
  delayHours: 24,
  capabilityHours: 48,
};

export const deliveryHoursMax = 168;
export const delayHoursMax = 8_760;
/** The hour before now, from which a capability counts, is taken from what a lock grants at most. */
export const capabilityHoursMost: number = capabilityHoursMax - 1;
/** More a day would undo the limit that they are. */
export const perDayMax = 100;

/** The policy, or POLICY_UNFIT with the first setting that no property can have. */
export function fitPolicy(policy: Policy): Decision<Policy> {
  const bounds = [
    ["delivery hours", policy.deliveryHours, 1, deliveryHoursMax],
    ["daily codes a day", policy.dailyCodesPerDayMax, 0, perDayMax],
    ["new recipients a day", policy.dailyRecipientsNewPerDayMax, 0, perDayMax],
    ["picks a day", policy.picksPerDayMax, 0, perDayMax],
    ["delay hours", policy.delayHours, 1, delayHoursMax],
    ["capability hours", policy.capabilityHours, 1, capabilityHoursMost],
  ] as const;
  for (const [what, value, least, most] of bounds) {
    if (!Number.isInteger(value) || value < least || value > most)
      return deny("POLICY_UNFIT", `${what} ${value}`);
  }
  if (!codePolicies.includes(policy.codePolicy)) return deny("POLICY_UNFIT", "code policy");
  const kinds = policy.deliveryDoorKinds;
  if (kinds.some((kind) => !Object.hasOwn(lockProfiles, kind)) || new Set(kinds).size !== kinds.length)
    return deny("POLICY_UNFIT", "delivery doors");
  if (versionParts(policy.appVersionMin) === undefined) return deny("POLICY_UNFIT", "app version");
  return grant(policy);
}

/** Three numbers, a pre-release behind a hyphen, build words behind a plus: as semver 2.0 spells a version. */
const versionForm = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(-[0-9A-Za-z.-]{1,64})?(\+[0-9A-Za-z.-]{1,64})?$/;

/** Numbers to compare one by one; a pre-release (0) comes before its release (1). */
function versionParts(text: string): readonly number[] | undefined {
  const [, major, minor, patch, pre] = versionForm.exec(text) ?? [];
  return major === undefined ? undefined : [major, minor, patch, pre === undefined ? 1 : 0].map(Number);
}

/** Below 0: `one` is older. Undefined where either is no version. Pre-releases of one version count as equal. */
export function compareVersions(one: string, other: string): number | undefined {
  const [a, b] = [versionParts(one), versionParts(other)];
  if (a === undefined || b === undefined) return undefined;
  const at = a.findIndex((part, i) => part !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/** UPGRADE_REQUIRED with the oldest version that will do. An app that says none, or nonsense, is too old to say it. */
export function judgeAppVersion(policy: Policy, app: string | undefined): Decision<true> {
  const order = app === undefined ? undefined : compareVersions(app, policy.appVersionMin);
  const isFit = order !== undefined && order >= 0;
  return isFit ? grant(true) : deny("UPGRADE_REQUIRED", policy.appVersionMin);
}

/** What is behind a browser's name where the page speaks, and the name of the command line. */
const pageMark = " (page)";
const commandLine = "doorsync-phone";

/**
 * The same for whoever asks. The page and the command line come out of the service's own house, with a version of their
 * own: what a community asks of the app on its people's phones is not asked of them.
 */
export function judgeApp(
  policy: Policy,
  { clientName, clientVersion }: { readonly clientName: string; readonly clientVersion: string },
): Decision<true> {
  const isOwn = clientName === commandLine || clientName.endsWith(pageMark);
  return isOwn ? grant(true) : judgeAppVersion(policy, clientVersion);
}
