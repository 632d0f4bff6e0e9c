/** Endpoints of accounts: logging in and out, who one is, and passwords. */
import { Type } from "typebox";
import { endMySessions, mySessions, whoAmI } from "../../desk/accounts.ts";
import { isKnownPlace, placeOf } from "../../desk/log-in-tries.ts";
import { accountOfReset, askPasswordReset, changePassword, resetPassword } from "../../desk/password.ts";
import { logIn, logOut } from "../../desk/sign-in.ts";
import { clientClasses, roles } from "../../model/permission.ts";
import { accountByEmail, emailKey } from "../../store/accounts.ts";
import { type Endpoint, endpoint } from "../endpoint.ts";
import { Email, Id, Seconds } from "../shapes.ts";

/** Longer than any password may be: the rule, and not the shape, says so. */
const Password = Type.String({ maxLength: 400 });
const Client = Type.Enum([...clientClasses]);

export const accounts: readonly Endpoint[] = [
  endpoint({
    name: "logIn",
    method: "POST",
    path: "/v1/sessions",
    summary: "Log in: a token for this client",
    description:
      "Idempotency-Key is not looked at: without a session a key is nobody's. Said again, it opens another session.",
    area: "accounts",
    access: "open",
    isAlone: true,
    limits: [
      { rule: "logIn", key: ({ body, address }) => `${emailKey(body.email)} ${placeOf(address)}` },
      {
        rule: "logInAnywhere",
        key: ({ body }) => emailKey(body.email),
        isFree: ({ office, body, address }) => isKnownPlace(office, body.email, address),
      },
      { rule: "logInFrom", key: ({ address }) => placeOf(address) },
    ],
    body: Type.Object(
      {
        email: Email,
        password: Password,
        client: Type.Object({
          class: Client,
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
    accountOf: async ({ office, body }) => (await accountByEmail(office.db, body.email))?.id,
    run: ({ office, body, address }) => logIn(office, body, address),
  }),
  endpoint({
    name: "logOut",
    method: "DELETE",
    path: "/v1/sessions/current",
    summary: "Log out: this token is worth nothing from now on",
    area: "accounts",
    run: ({ office, actor }) => logOut(office, actor),
  }),
  endpoint({
    name: "sessions",
    method: "GET",
    path: "/v1/sessions",
    summary: "One's own log-ins that last",
    area: "accounts",
    answer: Type.Object({
      sessions: Type.Array(
        Type.Object({
          phoneId: Id,
          client: Client,
          clientName: Type.String(),
          clientVersion: Type.String(),
          createdAt: Seconds,
          usedAt: Type.Integer({ description: "seconds since 1970, to the hour" }),
          expiresAt: Seconds,
          isThis: Type.Boolean(),
        }),
      ),
    }),
    run: ({ office, actor }) => mySessions(office, actor),
  }),
  endpoint({
    name: "endSessions",
    method: "DELETE",
    path: "/v1/sessions",
    summary: "Log out on every device, this one too",
    area: "accounts",
    run: ({ office, actor }) => endMySessions(office, actor),
  }),
  endpoint({
    name: "me",
    method: "GET",
    path: "/v1/me",
    summary: "Who one is, where one stands, and which app one's properties ask for",
    area: "accounts",
    answer: Type.Object({
      accountId: Id,
      personId: Id,
      phoneId: Id,
      name: Type.String(),
      email: Email,
      client: Client,
      clientVersion: Type.String(),
      isVendor: Type.Boolean(),
      standings: Type.Array(
        Type.Object({
          propertyId: Id,
          property: Type.String(),
          unitId: Type.Union([Id, Type.Null()], { description: "null: the property as a whole" }),
          unit: Type.Union([Type.String(), Type.Null()]),
          role: Type.Enum([...roles]),
          since: Seconds,
          isSuspended: Type.Boolean(),
        }),
      ),
      properties: Type.Array(
        Type.Object({
          propertyId: Id,
          name: Type.String(),
          appVersionMin: Type.String(),
          isUpgradeRequired: Type.Boolean({ description: "this client is older than that" }),
        }),
      ),
    }),
    run: ({ office, actor }) => whoAmI(office, actor),
  }),
  endpoint({
    name: "changePassword",
    method: "PUT",
    path: "/v1/me/password",
    summary: "Another password, for who knows the present one; every other device is logged out",
    area: "accounts",
    isAlone: true,
    limits: [{ rule: "logIn", key: ({ actor }) => actor.accountId }],
    body: Type.Object({ old: Password, new: Password }, { additionalProperties: false }),
    run: ({ office, actor, body }) => changePassword(office, actor, body),
  }),
  endpoint({
    name: "askPasswordReset",
    method: "POST",
    path: "/v1/password-resets",
    summary: "Have a link for a new password sent; the answer is the same whether or not there is an account",
    description:
      "Idempotency-Key is not looked at: without a session a key is nobody's. Said again, it sends another link, and the last one is good.",
    area: "accounts",
    access: "open",
    isAlone: true,
    limits: [
      { rule: "passwordReset", key: ({ body }) => emailKey(body.email) },
      { rule: "passwordResetFrom", key: ({ address }) => placeOf(address) },
    ],
    body: Type.Object({ email: Email }, { additionalProperties: false }),
    run: ({ office, body }) => askPasswordReset(office, body),
  }),
  endpoint({
    name: "resetPassword",
    method: "POST",
    path: "/v1/password-resets/use",
    summary: "A new password by the link's token, once; every device is logged out",
    description:
      "Idempotency-Key is not looked at: without a session a key is nobody's. The token is its own key, and is good once.",
    area: "accounts",
    access: "open",
    isAlone: true,
    body: Type.Object(
      { token: Type.String({ maxLength: 64 }), password: Password },
      { additionalProperties: false },
    ),
    accountOf: ({ office, body }) => accountOfReset(office, body.token),
    run: ({ office, body }) => resetPassword(office, body),
  }),
];
