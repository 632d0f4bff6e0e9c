/** The endpoint of managers and hosts for one person of a property. */
import { Type } from "typebox";
import { readPerson } from "../../desk/person.ts";
import { guestKinds } from "../../model/guest.ts";
import { roles } from "../../model/permission.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { Id, Seconds } from "../shapes.ts";
import { Change, orNull, StillDaily, StillGuests, StillKeys, TextOrNull } from "./manage-shapes.ts";

export const managePerson: readonly Endpoint[] = [
  endpoint({
    name: "person",
    method: "GET",
    path: "/v1/properties/{property}/people/{person}",
    summary: "One person: standings, and how what they may open by stands at each door",
    area: "manage",
    params: Type.Object({ property: Id, person: Id }),
    answer: Type.Object({
      id: Id,
      name: Type.String(),
      standings: Type.Array(
        Type.Object({
          role: Type.Enum([...roles]),
          unitId: orNull(Id),
          unit: TextOrNull,
          revoked: Type.Boolean({ description: "the next grant brings it back" }),
        }),
      ),
      guest: Type.Union(
        [
          Type.Object({
            kind: Type.Enum([...guestKinds]),
            invitedBy: orNull(Type.Object({ id: Id, name: Type.String() })),
          }),
          Type.Null(),
        ],
        { description: "null: nobody's guest" },
      ),
      suspended: orNull(Type.Object({ since: Seconds, reason: Type.String() })),
      account: orNull(Type.Object({ email: Type.String(), hasPassword: Type.Boolean() })),
      doors: Type.Array(Change),
      guests: StillGuests,
      dailyCodes: StillDaily,
      keys: StillKeys,
    }),
    run: ({ office, actor, params }) =>
      readPerson(office, actor, { propertyId: params.property, personId: params.person }),
  }),
];
