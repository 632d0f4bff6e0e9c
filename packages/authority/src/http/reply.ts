/** What all routes share: the session's token, how a denial is sent, and what a server is lent. */
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Denied } from "../model/denial.ts";
import type { Office } from "../office/office.ts";
import { problem, problemType } from "./problem.ts";

export interface ServerOptions {
  /** The office of one request: its clock is read now. */
  readonly office: () => Office;
  /** Hears what nobody else is told: faults, with their stack. */
  readonly onFault: (error: unknown, what: string) => void;
  readonly version: string;
  /** Where the page was built to; the package's own when left out. */
  readonly pageFolder?: string;
}

export function bearer(request: FastifyRequest): string | undefined {
  return /^Bearer (\S+)$/.exec(request.headers.authorization ?? "")?.[1];
}

export function sendDenied(reply: FastifyReply, denied: Denied): FastifyReply {
  const details = problem(denied);
  if (details.name === "TOO_MANY" && denied.detail !== undefined) reply.header("retry-after", denied.detail);
  if (details.name === "UNAVAILABLE") reply.header("retry-after", "30");
  return reply
    .code(details.status)
    .header("content-type", problemType)
    .serializer(JSON.stringify)
    .send(details);
}
