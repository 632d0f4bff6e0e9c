/** Endpoints of what people do at their doors: own codes, guests, the daily doorcode. */
import { credentialClasses, lockProfiles } from "@doorsync/protocol/authority";
import { Type } from "typebox";
import { myCodes, pickKey, pickOwnCode, pickRule, resetOwnCode } from "../../desk/codes.ts";
import { giveDailyCode, setDaily } from "../../desk/daily.ts";
import { inviteGuest, listGuests, revokeGuest } from "../../desk/guests.ts";
import { myDoors } from "../../desk/my-doors.ts";
import { grant } from "../../model/denial.ts";
import { guestKinds } from "../../model/guest.ts";
import { lockStates } from "../../model/lock-state.ts";
import { roles } from "../../model/permission.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { DoorPath, Email, Id, Seconds, Terms, Windows } from "../shapes.ts";

const states = ["unset", "setting", "set", "removing", "removed", "unknown"] as const;
const warnings = ["delay_in_setting_on_device", "delay_in_removing_from_device"] as const;
const classes = Object.keys(credentialClasses) as (keyof typeof credentialClasses)[];

const SecondsOrNull = Type.Union([Seconds, Type.Null()]);
const TextOrNull = Type.Union([Type.String(), Type.Null()]);

/** Longer, larger or fewer than any rule allows: the rule, and not the shape, says so. */
const AnyLength = Type.Integer({ minimum: 0, maximum: 255, description: "digits: 4 or 6" });
const AnyDigits = Type.String({ maxLength: 64 });
const AnyName = Type.String({ maxLength: 400 });

const Door = {
  id: Id,
  name: Type.String(),
  kind: Type.Enum(Object.keys(lockProfiles) as (keyof typeof lockProfiles)[]),
  propertyId: Id,
  property: Type.String(),
};
const Face = Type.Object({
  code: Type.Union([Type.String(), Type.Null()], { description: "null: not to be shown, or none" }),
  state: Type.Enum([...states]),
  pending: Type.Boolean(),
  suspended: Type.Boolean(),
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
  since: Seconds,
  terms: Terms,
  warnings: Type.Array(Type.Enum([...warnings])),
  exposure: Type.Object(
    { kind: Type.Enum(["gone", "until", "untilSync"]), until: SecondsOrNull },
    { description: "until when it may open in the worst case, if nobody brings the lock anything" },
  ),
});
const Entry = Type.Object({
  door: Type.Object(Door),
  class: Type.Enum(classes),
  pending: Type.Boolean(),
  faces: Type.Array(Face, { description: "while a code changes: the old one first, then the new one" }),
});
const OwnCode = Type.Object({
  changed: Type.Boolean({ description: "false: it is as it was, and needs no sync" }),
  entry: Entry,
});
const Guest = Type.Object({
  person: Id,
  name: Type.String(),
  kind: Type.Enum([...guestKinds]),
  invitedBy: Type.Union([Type.Object({ person: Id, name: Type.String() }), Type.Null()]),
  entries: Type.Array(Entry),
});
const May = Type.Object({ ok: Type.Boolean(), denial: TextOrNull, why: TextOrNull });

export const codes: readonly Endpoint[] = [
  endpoint({
    name: "myDoors",
    method: "GET",
    path: "/v1/me/doors",
    summary: "The doors that one has to do with, what waits there, and what one may do",
    area: "codes",
    answer: Type.Object({
      doors: Type.Array(
        Type.Object({
          ...Door,
          unit: Type.Union([Type.Object({ id: Id, name: Type.String() }), Type.Null()]),
          link: Type.String(),
          lock: Type.Enum([...lockStates]),
          lockTag: Type.Union([Type.String(), Type.Null()], {
            description: "how the lock shows itself, in hex",
          }),
          roles: Type.Array(Type.Enum([...roles])),
          lastSync: Type.Union([Type.Object({ at: Seconds, lockSeconds: Seconds }), Type.Null()]),
          pending: Type.Boolean({ description: "something at this door waits for a sync" }),
          pendingChanges: Type.Integer({ minimum: 0, description: "of one's own codes" }),
          lengths: Type.Array(Type.Integer(), {
            description: "digits that a code may have here: 4, perhaps 6",
          }),
          canReset: May,
          canPick: May,
          canInvite: May,
          canGiveDaily: May,
          alarm: Type.Boolean(),
        }),
      ),
      more: Type.Boolean({ description: "a manager's further doors are in the property's list" }),
    }),
    run: ({ office, actor }) => myDoors(office, actor),
  }),
  endpoint({
    name: "myCodes",
    method: "GET",
    path: "/v1/me/codes",
    summary: "One's own codes with every face that they have; on a phone only",
    area: "codes",
    answer: Type.Object({ codes: Type.Array(Entry) }),
    run: async ({ office, actor }) => {
      const own = await myCodes(office, actor);
      return own.ok ? grant({ codes: own.value }) : own;
    },
  }),
  endpoint({
    name: "resetCode",
    method: "POST",
    path: "/v1/doors/{door}/code/reset",
    summary: "Another code instead of one's own; the old one opens until the door is synced",
    area: "codes",
    params: DoorPath,
    body: Type.Object({ length: Type.Optional(AnyLength) }, { additionalProperties: false }),
    answer: OwnCode,
    run: ({ office, actor, params, body }) =>
      resetOwnCode(office, actor, { door: params.door, length: body.length }),
  }),
  endpoint({
    name: "pickCode",
    method: "POST",
    path: "/v1/doors/{door}/code/pick",
    summary: "A chosen code instead of one's own, where the community allows it",
    area: "codes",
    limits: [
      {
        rule: "pick",
        key: ({ actor, params }) => pickKey(actor, params.door),
        ruleOf: ({ office, params }) => pickRule(office, params.door),
      },
    ],
    params: DoorPath,
    body: Type.Object({ code: AnyDigits }, { additionalProperties: false }),
    answer: OwnCode,
    run: ({ office, actor, params, body }) =>
      pickOwnCode(office, actor, { door: params.door, code: body.code }),
  }),
  endpoint({
    name: "inviteGuest",
    method: "POST",
    path: "/v1/doors/{door}/guests",
    summary: "A code for a guest, drawn at random; its digits are told this once",
    area: "codes",
    params: DoorPath,
    body: Type.Object(
      {
        name: AnyName,
        kind: Type.Enum([...guestKinds]),
        from: Type.Optional(Seconds),
        until: Type.Optional(Seconds),
        windows: Type.Optional(Windows),
        length: Type.Optional(AnyLength),
        code: Type.Optional(Type.String({ maxLength: 64, description: "always refused" })),
      },
      { additionalProperties: false },
    ),
    answer: Guest,
    limits: [{ rule: "inviteGuest", key: ({ actor }) => actor.accountId }],
    run: ({ office, actor, params, body }) => {
      const { name, kind, from, until, windows, length, code } = body;
      return inviteGuest(office, actor, {
        door: params.door,
        name,
        kind,
        from,
        until,
        windows,
        length,
        code,
      });
    },
    about: (_, { person }) => ({ person }),
  }),
  endpoint({
    name: "guests",
    method: "GET",
    path: "/v1/doors/{door}/guests",
    summary: "Guests with a code at this door whom one may send away",
    area: "codes",
    params: DoorPath,
    answer: Type.Object({ guests: Type.Array(Guest) }),
    run: async ({ office, actor, params }) => {
      const guests = await listGuests(office, actor, params);
      return guests.ok ? grant({ guests: guests.value }) : guests;
    },
  }),
  endpoint({
    name: "revokeGuest",
    method: "DELETE",
    path: "/v1/doors/{door}/guests/{person}",
    summary: "Takes a guest's code, card and key back; they open until the door is synced",
    area: "codes",
    params: Type.Object({ door: Id, person: Id }),
    answer: Guest,
    run: ({ office, actor, params }) => revokeGuest(office, actor, params),
  }),
  endpoint({
    name: "dailyCode",
    method: "POST",
    path: "/v1/doors/{door}/daily-code",
    summary: "Today's doorcode, sent to an address of one's choice or told in the answer",
    area: "codes",
    limits: [{ rule: "dailyCode", key: ({ actor }) => actor.accountId }],
    params: DoorPath,
    body: Type.Object(
      {
        to: Type.Optional(
          Type.Object(
            {
              email: Type.Optional(Email),
              phone: Type.Optional(
                Type.String({ pattern: "^\\+[1-9][0-9]{6,14}$", description: "with its country's prefix" }),
              ),
            },
            { additionalProperties: false, description: "one of the two; left out: told in the answer" },
          ),
        ),
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      code: Type.Union([Type.String(), Type.Null()], { description: "null: it was sent" }),
      sentTo: Type.Union([Type.Enum(["email", "phone"]), Type.Null()]),
      day: Type.String({ description: "the door's local day, as 2026-11-21" }),
      validUntil: Type.Integer({ minimum: 0, description: "the midnight that ends its day" }),
      opensAtLatestUntil: Type.Integer({
        minimum: 0,
        description: "the lock may take it until then, unless the next day's is used before",
      }),
      limits: Type.Array(Type.String()),
    }),
    run: ({ office, actor, params, body }) =>
      giveDailyCode(office, actor, { door: params.door, to: body.to }),
  }),
  endpoint({
    name: "setDailyCode",
    method: "PUT",
    path: "/v1/doors/{door}/daily-code",
    summary: "Whether this door takes daily doorcodes at all",
    area: "codes",
    params: DoorPath,
    body: Type.Object({ enabled: Type.Boolean() }, { additionalProperties: false }),
    answer: Type.Object({
      enabled: Type.Boolean(),
      pending: Type.Boolean({ description: "a sync will make it so" }),
    }),
    run: ({ office, actor, params, body }) =>
      setDaily(office, actor, { door: params.door, enabled: body.enabled }),
  }),
];
