/**
 * Denials as problem details (RFC 9457): one status for each, in one table. What they mean and what to do stands in
 * `model/denial.ts`.
 */

import { type TObject, Type } from "typebox";
import { type DenialName, type Denied, denials } from "../model/denial.ts";

export const problemType = "application/problem+json";

export const Problem: TObject = Type.Object({
  type: Type.String({ description: "urn:doorsync:denial:NAME" }),
  title: Type.String(),
  status: Type.Integer(),
  detail: Type.Optional(Type.String()),
  code: Type.Integer({ description: "stable number of the denial" }),
  name: Type.String({ description: "stable name of the denial" }),
  remedy: Type.String(),
});

/** 422 unless it stands here: understood, and not possible as asked. */
const statuses: Partial<Record<DenialName, number>> = {
  UNAUTHENTICATED: 401,
  BAD_CREDENTIALS: 401,
  NOT_ALLOWED: 403,
  NO_CODE_HERE: 403,
  SUSPENDED_HERE: 403,
  MOBILE_ONLY: 403,
  CODE_NOT_PRIVATE: 403,
  CANNOT_SPECIFY_PIN_CODE: 403,
  NO_SUCH: 404,
  NOT_ASSIGNED: 404,
  RESET_INVALID: 404,
  ALREADY_ASSIGNED: 409,
  ALREADY_COMMISSIONED: 409,
  NAME_TAKEN: 409,
  PERSON_SUSPENDED: 409,
  CARD_TAKEN: 409,
  APP_KEY_ELSEWHERE: 409,
  EMAIL_TAKEN: 409,
  NOT_COMMISSIONED: 409,
  BOOKS_DOUBTED: 409,
  REQUEST_UNFIT: 400,
  UPGRADE_REQUIRED: 426,
  TOO_MANY: 429,
  DAILY_LIMIT: 429,
  UNAVAILABLE: 503,
  FAULT: 500,
};

export interface ProblemDetails {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly code: number;
  readonly name: DenialName;
  readonly remedy: string;
}

export function problem(denied: Denied): ProblemDetails {
  const { code, meaning, remedy } = denials[denied.denial];
  return {
    type: `urn:doorsync:denial:${denied.denial}`,
    title: meaning,
    status: statuses[denied.denial] ?? 422,
    ...(denied.detail === undefined ? {} : { detail: denied.detail }),
    code,
    name: denied.denial,
    remedy,
  };
}
