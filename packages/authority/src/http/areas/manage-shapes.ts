/** Shapes of what managers and hosts say and are told. Longer or larger than any rule allows: the rule says so, not these. */
import { credentialClasses, lockProfiles } from "@doorsync/protocol/authority";
import { type TSchema, Type } from "typebox";
import type { DoorKind } from "../../model/ledger.ts";
import { lockStates } from "../../model/lock-state.ts";
import { codePolicies } from "../../model/policy.ts";
import { Id, Seconds, Terms } from "../shapes.ts";

export const doorKinds: DoorKind[] = Object.keys(lockProfiles) as DoorKind[];
export const classes = Object.keys(credentialClasses) as (keyof typeof credentialClasses)[];
const states = ["unset", "setting", "set", "removing", "removed", "unknown"] as const;
const warnings = ["delay_in_setting_on_device", "delay_in_removing_from_device"] as const;

export const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
export const Count = Type.Integer({ minimum: 0 });
export const TextOrNull = orNull(Type.String());
/** A name that is too long is refused by name. */
export const AnyName = Type.String({ maxLength: 400 });
const AnyWhole = Type.Integer({ minimum: 0, maximum: 0xffff_ffff });
export const AnyLength = Type.Integer({ minimum: 0, maximum: 255, description: "digits: 4 or 6" });
/** Numbers of a query are text: `skip`, `count`, `before`. */
export const Digits = Type.String({ pattern: "^[0-9]{1,15}$" });

const policyFields = {
  sixDigits: Type.Boolean(),
  customCodes: Type.Boolean(),
  codePolicy: Type.Enum([...codePolicies]),
  appVersionMin: Type.String({ maxLength: 200 }),
  deliveryDoorKinds: Type.Array(Type.Enum(doorKinds), { maxItems: 16 }),
  deliveryHours: AnyWhole,
  dailyCodesPerDayMax: AnyWhole,
  dailyRecipientsNewPerDayMax: AnyWhole,
  picksPerDayMax: AnyWhole,
  delayHours: AnyWhole,
  capabilityHours: AnyWhole,
};

const recommended = { description: "null: as the protocol recommends" };
const houseFields = {
  autoRelockSeconds: Type.Union([AnyWhole, Type.Null()], recommended),
  wrongCodeEntryLimit: Type.Union([AnyWhole, Type.Null()], recommended),
  userCodeTemporaryDisableSeconds: Type.Union([AnyWhole, Type.Null()], recommended),
  wrongCodesPerDayMax: Type.Union([AnyWhole, Type.Null()], recommended),
  dailyGeneration: Type.Integer({
    minimum: 0,
    maximum: 0xffff_ffff,
    description: "raising it ends every daily doorcode given out before, at each door with its next sync",
  }),
  zone: Type.Array(
    Type.Object(
      { at: AnyWhole, offsetMinutes: Type.Integer({ minimum: -0xffff, maximum: 0xffff }) },
      { additionalProperties: false },
    ),
    { maxItems: 2_048, description: "local time is UTC plus the offset, from each of these seconds on" },
  ),
  holidays: Type.Array(Type.Object({ start: AnyWhole, end: AnyWhole }, { additionalProperties: false }), {
    maxItems: 2_048,
  }),
};

export const PolicyWish = Type.Object(
  {
    ...Type.Partial(Type.Object(policyFields)).properties,
    leaseHours: Type.Optional(AnyWhole),
    house: Type.Optional(Type.Partial(Type.Object(houseFields), { additionalProperties: false })),
  },
  { additionalProperties: false },
);

export const Property = Type.Object({
  id: Id,
  name: Type.String(),
  policy: Type.Object(policyFields),
  leaseHours: Type.Integer({ description: "hours a code lives without a newer table; 0: until removed" }),
  house: Type.Object(houseFields),
});

const codeFields = {
  class: Type.Enum(classes),
  length: Type.Integer({ description: "digits; 0 for what has none of its own" }),
  createdAt: Seconds,
  state: Type.Enum([...states]),
  pending: Type.Boolean(),
  suspended: Type.Boolean({ description: "the door is to know it and not to open to it" }),
  terms: Terms,
  worksNow: Type.Boolean({
    description:
      "by the table that the lock last proved, its lease, and the code's dates and uses; within its hours",
  }),
  worksAfterSync: Type.Boolean(),
  certain: Type.Boolean({
    description: "false: a courier may have made it otherwise, or uses that are not known yet",
  }),
  worksUntil: Type.Union([Seconds, Type.Null()], {
    description: "where it works now: its end without a newer table; null: none",
  }),
  exposure: Type.Object(
    { kind: Type.Enum(["gone", "until", "untilSync"]), until: orNull(Seconds) },
    { description: "until when it may open in the worst case, if nobody brings the lock anything" },
  ),
};

export const CodeAtDoor = Type.Object({
  ...codeFields,
  personId: Id,
  person: Type.String(),
  credential: orNull(Type.Integer({ description: "its number in the lock's log" })),
  since: Type.Integer({ minimum: 0, description: "since when it is wished to be as it is" }),
  warnings: Type.Array(Type.Enum([...warnings])),
});

const changeFields = {
  doorId: Id,
  door: Type.String(),
  codes: Type.Array(
    Type.Object({ ...codeFields, changed: Type.Boolean({ description: "false: told because it may open" }) }),
  ),
};

/** Nothing of it is done before the lock's receipt: each code says what works now and what will. */
export const Change = Type.Object(changeFields);
export const Granted = Type.Object({
  ...changeFields,
  digits: Type.Union([Type.String(), Type.Null()], {
    description: "told this once, and only of somebody who has no account to see them in",
  }),
});
export const StillGuests = Type.Array(Type.Object({ id: Id, name: Type.String(), doors: Count }), {
  description: "guests whom this person invited: they keep their codes until those are taken back",
});

export const StillDaily = Type.Array(
  Type.Object({
    doorId: Id,
    door: Type.String(),
    day: Type.String({ description: "the door's local day, as 2026-11-21" }),
    givenAt: Seconds,
    opensUntil: Seconds,
    to: Type.Union([Type.String(), Type.Null()], {
      description: "where it was sent; null: told in the answer",
    }),
  }),
  { description: "daily doorcodes this person gave out: they open until then, whatever else is done" },
);

export const StillKeys = Type.Array(
  Type.Object({ id: Id, doorId: Id, door: Type.String(), label: Type.String(), givenAt: Seconds }),
  {
    description:
      "mechanical keys that this person has: no lock knows of them, and nothing but asking takes them back",
  },
);

export const LastSync = orNull(Type.Object({ lockSeconds: Seconds, receivedAt: Seconds }));
export const LockStates = Type.Enum([...lockStates]);
