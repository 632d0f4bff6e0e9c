/** Endpoints of opening by app: the phone's key, and the leave that it fetches. */
import { Type } from "typebox";
import { endMyAppKey, enrolAppKey, giveCapabilities, myAppKey } from "../../desk/app-key.ts";
import type { Office } from "../../office/office.ts";
import { propertiesOf } from "../audit.ts";
import { type About, type Endpoint, endpoint } from "../endpoint.ts";
import { Id, Seconds } from "../shapes.ts";

const AppKey = Type.Object({
  phoneId: Id,
  isThis: Type.Boolean({ description: "the phone that asks" }),
  enrolledAt: Seconds,
});
const Hex = (bytes: number) => Type.String({ pattern: `^[0-9a-f]{${2 * bytes}}$`, description: "hex" });

/** A phone's key concerns every property whose doors its owner opens. */
async function keyOf(office: Office, person: string): Promise<About> {
  return { person, properties: await propertiesOf(office, person) };
}

export const appKeys: readonly Endpoint[] = [
  endpoint({
    name: "appKey",
    method: "GET",
    path: "/v1/me/app-key",
    summary: "Which of one's phones opens one's doors",
    area: "courier",
    answer: Type.Object({ appKey: Type.Union([AppKey, Type.Null()]) }),
    run: ({ office, actor }) => myAppKey(office, actor),
  }),
  endpoint({
    name: "enrolAppKey",
    method: "PUT",
    path: "/v1/me/app-key",
    summary: "Let this phone open one's doors, each from its next sync on",
    area: "courier",
    limits: [{ rule: "enrolAppKey", key: ({ actor }) => actor.accountId }],
    body: Type.Object(
      {
        publicKey: Type.String({ pattern: "^[0-9a-f]{64}$", description: "Ed25519, in hex" }),
        proof: Type.String({
          pattern: "^[A-Za-z0-9_-]{86}$",
          description: "signature by that key over `doorsync/1 app key PHONE-ID`, base64url",
        }),
        replace: Type.Optional(Type.Boolean({ description: "in place of another phone of one's own" })),
      },
      { additionalProperties: false },
    ),
    answer: AppKey,
    run: ({ office, actor, body }) => enrolAppKey(office, actor, { replace: false, ...body }),
    about: async ({ office, actor, body }) => ({
      ...(await keyOf(office, actor.personId)),
      ...(body.replace === true ? { detail: "in place of another phone" } : {}),
    }),
  }),
  endpoint({
    name: "endAppKey",
    method: "DELETE",
    path: "/v1/me/app-key",
    summary: "One's phone opens no door any more, each from its next sync on",
    area: "courier",
    run: ({ office, actor }) => endMyAppKey(office, actor),
    about: ({ office, actor }) => keyOf(office, actor.personId),
  }),
  endpoint({
    name: "fetchCapabilities",
    method: "POST",
    path: "/v1/courier/capabilities",
    summary: "Leave for this phone to open one's doors, for hours; fetch the parcels after it",
    description: "Idempotency-Key is not looked at: asked again, it answers what leave there is then.",
    area: "courier",
    isKeyless: true,
    answer: Type.Object({
      capabilities: Type.Array(
        Type.Object({
          doorId: Id,
          door: Type.String(),
          lockId: Hex(16),
          lockTag: Hex(8),
          epoch: Type.Integer(),
          dh: Hex(32),
          capability: Type.String({ description: "CWT (RFC 8392), base64url" }),
          notAfter: Seconds,
          minTableVersion: Type.Integer(),
        }),
      ),
      refused: Type.Array(
        Type.Object({
          doorId: Id,
          door: Type.String(),
          denial: Type.String(),
          why: Type.String(),
        }),
      ),
    }),
    run: ({ office, actor }) => giveCapabilities(office, actor),
  }),
];
