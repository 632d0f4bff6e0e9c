/** Endpoints of managers and hosts at one door: how it stands, its lock, its log, cards and mechanical keys. */
import { capacityMax } from "@doorsync/protocol/authority";
import { Type } from "typebox";
import { readDoorLog, readVisits } from "../../desk/books.ts";
import { readDoor } from "../../desk/door-state.ts";
import { assignKeycard, cardPattern, noteKey, returnKey, revokeKeycard } from "../../desk/keycards.ts";
import { offerDoor } from "../../desk/offer.ts";
import { grant } from "../../model/denial.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { DoorPath, Id, Seconds } from "../shapes.ts";
import { numberOf } from "./manage.ts";
import {
  AnyName,
  Change,
  CodeAtDoor,
  Count,
  Digits,
  doorKinds,
  LastSync,
  LockStates,
  orNull,
  TextOrNull,
} from "./manage-shapes.ts";

const linesMax = 500;
/** Of a session, or the broker of the connected locks. */
const Phone = Type.Union([Id, Type.Literal("broker")]);

export const manageDoors: readonly Endpoint[] = [
  endpoint({
    name: "door",
    method: "GET",
    path: "/v1/doors/{door}",
    summary: "One door in full: what is proven, what waits, who may open until when, and how the lock is",
    area: "manage",
    params: DoorPath,
    answer: Type.Object({
      id: Id,
      name: Type.String(),
      kind: Type.Enum(doorKinds),
      link: Type.String(),
      unitId: orNull(Id),
      propertyId: Id,
      lock: LockStates,
      lockId: TextOrNull,
      lockTag: Type.Union([Type.String(), Type.Null()], {
        description: "how the lock shows itself, in hex",
      }),
      epoch: orNull(Count),
      provenVersion: orNull(Count),
      newestVersion: orNull(Count),
      lastSync: LastSync,
      pending: Type.Boolean(),
      needsSnapshot: Type.Boolean(),
      alarm: Type.Boolean({ description: "the lock signed for a table that was never issued" }),
      heldUp: orNull(
        Type.Enum(["RULES_EXHAUSTED", "IDS_EXHAUSTED", "VERSIONS_EXHAUSTED", "LOCK_FULL"], {
          description: "why something that was granted is in no version: see the denial of this name",
        }),
      ),
      capacity: Type.Union([Count, Type.Null()], {
        description: "codes, cards and keys that the lock holds at most; null: not known yet",
      }),
      leaseHours: Count,
      codes: Type.Array(CodeAtDoor),
      health: Type.Object({
        state: Type.String(),
        words: Type.String(),
        nextSteps: Type.Array(Type.String()),
        troubles: Type.Array(Type.String()),
        hearsay: Type.Union(
          [Type.Object({ troubles: Type.Array(Type.String()), at: Seconds }), Type.Null()],
          {
            description: "what of it only a phone said: the lock has not signed for it",
          },
        ),
        lastContactAt: orNull(Seconds),
      }),
      couriers: Type.Array(
        Type.Object({
          phone: Phone,
          personId: orNull(Id),
          person: TextOrNull,
          version: Count,
          handedAt: Seconds,
          delivered: Type.Boolean(),
          withheld: orNull(Type.Object({ version: Count, seenAt: Seconds })),
        }),
        { description: "which phone was handed what, and which was at the door without delivering it" },
      ),
      refused: orNull(Type.Object({ at: Seconds, name: Type.String(), words: Type.String() })),
      keys: Type.Array(
        Type.Object({ id: Id, personId: Id, person: Type.String(), label: Type.String(), givenAt: Seconds }),
        { description: "mechanical keys that were not returned" },
      ),
    }),
    run: ({ office, actor, params }) => readDoor(office, actor, params.door),
  }),
  endpoint({
    name: "commissionDoor",
    method: "POST",
    path: "/v1/doors/{door}/commission",
    summary: "Offers a lock its new owner; a phone brings the offer, and the lock's answer makes it so",
    area: "manage",
    params: DoorPath,
    body: Type.Object(
      {
        setup: Type.String({ maxLength: 200, description: "DOORSYNC:1:…, from the lock's label" }),
        replace: Type.Optional(
          Type.Boolean({ description: "the lock was reset from inside, or is another one" }),
        ),
        epochMin: Type.Optional(Type.Integer({ minimum: 1, maximum: 0xffff })),
        capacity: Type.Optional(
          Type.Integer({
            minimum: 1,
            maximum: capacityMax,
            description: "codes, cards and keys that the lock holds; left out: it says so once it is full",
          }),
        ),
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({ epoch: Count, pending: Type.Boolean() }),
    run: ({ office, actor, params, body }) => {
      const { setup, replace = false, epochMin = 1, capacity } = body;
      return offerDoor(office, actor, { doorId: params.door, setup, replace, epochMin, capacity });
    },
  }),
  endpoint({
    name: "doorLog",
    method: "GET",
    path: "/v1/doors/{door}/log",
    summary: "What the lock wrote down, the newest first, with its gaps marked",
    area: "manage",
    params: DoorPath,
    query: Type.Object(
      { before: Type.Optional(Digits), count: Type.Optional(Digits) },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      held: Type.Integer({ description: "events held: 1 to this number, without a hole" }),
      waiting: Type.Integer({ description: "newer ones that the lock was last heard to have" }),
      alarm: Type.Boolean({ description: "another history came under this lock's key" }),
      entries: Type.Array(
        Type.Object({
          seq: Count,
          at: Seconds,
          uncertain: Type.Boolean({ description: "the lock did not know the time" }),
          receivedAt: Seconds,
          kind: Type.String(),
          detail: TextOrNull,
          source: Type.String(),
          credential: orNull(Count),
          person: TextOrNull,
          version: Count,
          count: Count,
          gap: orNull(
            Type.Object({
              class: Type.String(),
              count: Count,
              isAtLeast: Type.Boolean(),
              isOpen: Type.Boolean(),
            }),
          ),
        }),
      ),
    }),
    run: ({ office, actor, params, query }) =>
      readDoorLog(office, actor, {
        doorId: params.door,
        countMax: numberOf(query.count, 100, linesMax),
        before: query.before === undefined ? undefined : Number(query.before),
      }),
  }),
  endpoint({
    name: "doorVisits",
    method: "GET",
    path: "/v1/doors/{door}/visits",
    summary:
      "Which phone was at the door and how it fared, by its own word or with the lock's; the newest first",
    area: "manage",
    params: DoorPath,
    query: Type.Object(
      { before: Type.Optional(Digits), count: Type.Optional(Digits) },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      visits: Type.Array(
        Type.Object({
          id: Count,
          at: Seconds,
          phone: Phone,
          person: TextOrNull,
          outcome: Type.String({ description: "receipt: it brought the lock's signed word" }),
          version: orNull(Count),
          conditions: Type.Array(Type.String()),
        }),
      ),
    }),
    run: async ({ office, actor, params, query }) => {
      const read = await readVisits(office, actor, {
        doorId: params.door,
        countMax: numberOf(query.count, 100, linesMax),
        before: query.before === undefined ? undefined : Number(query.before),
      });
      return read.ok ? grant({ visits: read.value }) : read;
    },
  }),
  endpoint({
    name: "assignKeycard",
    method: "POST",
    path: "/v1/doors/{door}/keycards",
    summary: "A card for somebody at this door",
    area: "manage",
    params: DoorPath,
    body: Type.Object(
      {
        person: Id,
        card: Type.String({ pattern: cardPattern, description: "what a reader reads, in hex" }),
      },
      { additionalProperties: false },
    ),
    answer: Change,
    run: ({ office, actor, params, body }) =>
      assignKeycard(office, actor, { doorId: params.door, personId: body.person, card: body.card }),
  }),
  endpoint({
    name: "revokeKeycard",
    method: "DELETE",
    path: "/v1/doors/{door}/keycards/{person}",
    summary: "Takes somebody's card back; it opens until the door is synced",
    area: "manage",
    params: Type.Object({ door: Id, person: Id }),
    answer: Change,
    run: ({ office, actor, params }) =>
      revokeKeycard(office, actor, { doorId: params.door, personId: params.person }),
  }),
  endpoint({
    name: "noteKey",
    method: "POST",
    path: "/v1/doors/{door}/keys",
    summary: "Writes down who has a mechanical key: no lock knows of it, and nothing takes it back",
    area: "manage",
    params: DoorPath,
    body: Type.Object({ person: Id, label: AnyName }, { additionalProperties: false }),
    answer: Type.Object({ id: Id }),
    run: ({ office, actor, params, body }) =>
      noteKey(office, actor, { doorId: params.door, personId: body.person, label: body.label }),
  }),
  endpoint({
    name: "returnKey",
    method: "DELETE",
    path: "/v1/doors/{door}/keys/{key}",
    summary: "A mechanical key came back",
    area: "manage",
    params: Type.Object({ door: Id, key: Id }),
    run: ({ office, actor, params }) => returnKey(office, actor, { doorId: params.door, keyId: params.key }),
  }),
];
