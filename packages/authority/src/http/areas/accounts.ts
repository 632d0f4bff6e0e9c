/** Endpoints of accounts: logging in and out, and who one is. */
import { Type } from "typebox";
import { logIn, logOut } from "../../desk/sign-in.ts";
import { clientClasses } from "../../model/permission.ts";
import { emailKey } from "../../store/accounts.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { Email, Id, Seconds } from "../shapes.ts";

export const accounts: readonly Endpoint[] = [
  endpoint({
    name: "logIn",
    method: "POST",
    path: "/v1/sessions",
    summary: "Log in: a token for this client",
    area: "accounts",
    access: "open",
    isAlone: true,
    limits: [
      { rule: "logIn", key: ({ body }) => emailKey(body.email) },
      { rule: "logInFrom", key: ({ address }) => address },
    ],
    body: Type.Object(
      {
        email: Email,
        password: Type.String({ maxLength: 200 }),
        client: Type.Object({
          class: Type.Union(clientClasses.map((one) => Type.Literal(one))),
          name: Type.String({ maxLength: 100 }),
          version: Type.String({ maxLength: 64 }),
        }),
      },
      { additionalProperties: false },
    ),
    answer: Type.Object({
      token: Type.String(),
      accountId: Id,
      personId: Id,
      phoneId: Id,
      expiresAt: Seconds,
    }),
    run: ({ office, body }) => logIn(office, body),
  }),
  endpoint({
    name: "logOut",
    method: "DELETE",
    path: "/v1/sessions/current",
    summary: "Log out: this token is worth nothing from now on",
    area: "accounts",
    run: ({ office, actor }) => logOut(office, actor),
  }),
];
