/** Endpoints of management where the books of doors are in doubt, as after an old backup. */
import { Type } from "typebox";
import { doorsPerTrustMax, doubtedDoors, trustBooks } from "../../desk/doubt.ts";
import { grant } from "../../model/denial.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { Id, PropertyPath, Seconds } from "../shapes.ts";
import { Count, classes } from "./manage-shapes.ts";

const Doubted = Type.Object({
  doors: Type.Array(
    Type.Object({
      doorId: Id,
      door: Type.String(),
      since: Seconds,
      lockVersion: Type.Union([Count, Type.Null()], {
        description: "what the lock signed for; null: it has not contradicted these books yet",
      }),
      booksVersion: Count,
      opens: Type.Array(Type.Object({ personId: Id, person: Type.String(), class: Type.Enum(classes) }), {
        description: "who opens there by these books",
      }),
    }),
  ),
});

export const manageBooks: readonly Endpoint[] = [
  endpoint({
    name: "doubtedDoors",
    method: "GET",
    path: "/v1/properties/{property}/books",
    summary:
      "Doors that are handed nothing because their books may lack what was taken away, with who would open",
    area: "manage",
    params: PropertyPath,
    answer: Doubted,
    run: async ({ office, actor, params }) => {
      const read = await doubtedDoors(office, actor, params.property);
      return read.ok ? grant({ doors: read.value }) : read;
    },
  }),
  endpoint({
    name: "trustBooks",
    method: "PUT",
    path: "/v1/properties/{property}/books",
    summary: "The books of these doors are right again: tables go out, and the next receipt ends the doubt",
    area: "manage",
    params: PropertyPath,
    body: Type.Object(
      { doors: Type.Array(Id, { minItems: 1, maxItems: doorsPerTrustMax }) },
      { additionalProperties: false },
    ),
    answer: Doubted,
    run: async ({ office, actor, params, body }) => {
      const done = await trustBooks(office, actor, { propertyId: params.property, doors: body.doors });
      return done.ok ? grant({ doors: done.value }) : done;
    },
  }),
];
