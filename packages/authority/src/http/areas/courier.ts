/** Endpoints of couriers: sealed parcels out, signed slips back. */
import { Type } from "typebox";
import { askTime, fetchParcels } from "../../desk/hand-out.ts";
import { deliverSlips, reportVisit, slipsPerDeliveryMax, visitSecondsMax } from "../../desk/take-in.ts";
import { grant } from "../../model/denial.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { Id } from "../shapes.ts";

const Tag = Type.String({ pattern: "^[0-9a-f]{16}$", description: "how a lock shows itself, in hex" });
const tagsMax = 64;

export const courier: readonly Endpoint[] = [
  endpoint({
    name: "fetchParcels",
    method: "POST",
    path: "/v1/courier/parcels",
    summary: "What the doors wait for, sealed to their locks; it is booked as handed to this phone",
    description: "Idempotency-Key is not looked at: asked again, it answers what the doors wait for then.",
    area: "courier",
    isKeyless: true,
    body: Type.Object(
      { tags: Type.Optional(Type.Array(Tag, { maxItems: tagsMax })) },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      parcels: Type.Array(Type.String({ description: "base64url" })),
      more: Type.Boolean({ description: "doors were left out: ask by tags" }),
    }),
    run: ({ office, actor, body }) => fetchParcels(office, actor, { tags: body.tags }),
  }),
  endpoint({
    name: "deliverSlips",
    method: "POST",
    path: "/v1/courier/slips",
    summary: "What locks answered; taken in on the lock's signature alone, twice does no harm",
    area: "courier",
    body: Type.Object(
      {
        slips: Type.Array(Type.String({ maxLength: 65_536 }), { minItems: 1, maxItems: slipsPerDeliveryMax }),
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      slips: Type.Array(
        Type.Object({
          outcome: Type.String(),
          doorId: Type.Union([Id, Type.Null()]),
          version: Type.Union([Type.Integer(), Type.Null()]),
          refusal: Type.Union([Type.String(), Type.Null()]),
          events: Type.Integer(),
        }),
      ),
    }),
    run: async ({ office, actor, body }) => {
      const done = await deliverSlips(office, actor, body);
      return done.ok ? grant({ slips: [...done.value] }) : done;
    },
  }),
  endpoint({
    name: "reportVisit",
    method: "POST",
    path: "/v1/courier/visits",
    summary: "What a phone met at a door: a hint for management, never a proof",
    area: "courier",
    limits: [{ rule: "reportVisit", key: ({ actor }) => actor.accountId }],
    body: Type.Object(
      {
        tag: Tag,
        outcome: Type.String({ pattern: "^[a-z-]{1,32}$" }),
        version: Type.Optional(Type.Integer({ minimum: 0, maximum: 0xffff_ffff })),
        conditions: Type.Array(Type.String({ pattern: "^[a-zA-Z-]{1,32}$" }), { maxItems: 16 }),
        secondsAgo: Type.Optional(
          Type.Integer({
            minimum: 0,
            maximum: visitSecondsMax,
            description:
              "when the visit was; left out: just now. A phone tells what it met without a network later",
          }),
        ),
      },
      { additionalProperties: false },
    ),
    run: ({ office, actor, body }) =>
      reportVisit(office, actor, { version: undefined, secondsAgo: 0, ...body }),
  }),
  endpoint({
    name: "askTime",
    method: "POST",
    path: "/v1/courier/time",
    summary: "What time it is, signed for one lock's nonce",
    area: "courier",
    body: Type.Object(
      {
        lockId: Type.String({ pattern: "^[0-9a-f]{32}$" }),
        epoch: Type.Integer({ minimum: 0, maximum: 0xffff_ffff }),
        nonce: Type.String({ pattern: "^[A-Za-z0-9_-]{22}$", description: "16 bytes, base64url" }),
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({ token: Type.String({ description: "base64url" }) }),
    run: ({ office, actor, body }) => askTime(office, actor, body),
  }),
];
