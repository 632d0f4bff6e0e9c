/**
 * The endpoints on a socket: routes and checks from their records, answers as JSON, denials as problem details. No rule
 * and no query lives here.
 */

import type { Socket } from "node:net";
import swagger from "@fastify/swagger";
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchema,
} from "fastify";
import { deny } from "../model/denial.ts";
import { type Endpoint, isChange } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";
import { serveFeed } from "./feed.ts";
import { servePage } from "./page.ts";
import { Problem, problem, problemType } from "./problem.ts";
import { bearer, type ServerOptions, sendDenied } from "./reply.ts";
import { idempotencyKeyPattern, type Request, serveCall } from "./serve-call.ts";

export const bodyBytesMax = 1_048_576;
const requestMilliseconds = 30_000;

/** A server that does not listen yet. Its documentation is at /v1/openapi.json. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: bodyBytesMax,
    requestTimeout: requestMilliseconds,
    // A proxy on this machine says for whom it asks; nobody else is believed about an address.
    trustProxy: "loopback",
    // What does not fit is refused; it is never bent into shape.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    forceCloseConnections: true,
    // What is refused before a route is looked for: a path that does not decode, a version that is none.
    frameworkErrors: (error, _request, reply) =>
      void sendDenied(reply as FastifyReply, deny("REQUEST_UNFIT", error.code)),
    clientErrorHandler: answerNoRequest,
  });
  // Answers hold digits and tokens, and a borrowed phone keeps none of them (F25).
  app.addHook("onSend", async (request, reply) => {
    if (request.url.startsWith("/v1/")) reply.header("cache-control", "no-store");
  });
  // No database keeps it in a text, and nothing that people or programs mean holds one.
  app.addHook("preValidation", async (request, reply) => {
    if (holdsNul([request.params, request.query, request.body]))
      return sendDenied(reply, deny("REQUEST_UNFIT", "a NUL character"));
    return undefined;
  });
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "DoorSync authority",
        description: "The property side of DoorSync: people, doors, codes and couriers.",
        version: options.version,
      },
      components: { securitySchemes: { session: { type: "http", scheme: "bearer" } } },
    },
    transform: ({ schema, url }) => ({ schema: withKey(schema), url }),
  });
  app.setErrorHandler((error: FastifyError, _request, reply) => answerError(options, error, reply));
  app.setNotFoundHandler((_request, reply) => sendDenied(reply, deny("NO_SUCH", "path")));
  app.after(() => {
    for (const endpoint of endpoints) route(app, options, endpoint);
    serveFeed(app, options);
    servePage(app, options.pageFolder);
    app.get("/v1/openapi.json", { schema: { hide: true } }, () => app.swagger());
  });
  await app.ready();
  return app;
}

/** In a text or a name at any depth. */
function holdsNul(value: unknown): boolean {
  if (typeof value === "string") return value.includes("\0");
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, held]) => name.includes("\0") || holdsNul(held));
}

/** Bytes that are no request: a problem as well, where the socket still takes one. */
function answerNoRequest(_error: unknown, socket: Socket): void {
  if (!socket.writable || socket.bytesWritten > 0) return void socket.destroy();
  const body = JSON.stringify(problem(deny("REQUEST_UNFIT", "no request of HTTP")));
  const head = `content-type: ${problemType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  socket.end(`HTTP/1.1 400 Bad Request\r\n${head}\r\n\r\n${body}`);
}

/** In the document and not in the check: a key of another form has a refusal of its own. */
function withKey(schema: FastifySchema): FastifySchema {
  const named = endpoints.find(({ name }) => name === schema?.operationId);
  if (named === undefined || !isChange(named) || named.isKeyless || named.access === "open") return schema;
  const key = {
    type: "string",
    pattern: idempotencyKeyPattern.source,
    description: "for seven days the same request under the same key is answered alike and done once",
  };
  return { ...schema, headers: { type: "object", properties: { "idempotency-key": key } } };
}

function route(app: FastifyInstance, options: ServerOptions, endpoint: Endpoint): void {
  const { params, query, body, answer } = endpoint;
  app.route({
    method: endpoint.method,
    url: endpoint.path.replace(/\{(\w+)\}/g, ":$1"),
    schema: {
      operationId: endpoint.name,
      summary: endpoint.summary,
      ...(endpoint.description === undefined ? {} : { description: endpoint.description }),
      tags: [endpoint.area],
      ...(endpoint.access === "session" ? { security: [{ session: [] }] } : {}),
      ...(params === undefined ? {} : { params }),
      ...(query === undefined ? {} : { querystring: query }),
      ...(body === undefined ? {} : { body }),
      response: {
        ...(answer === undefined ? { 204: { type: "null", description: "done" } } : { 200: answer }),
        default: { description: "refused", content: { [problemType]: { schema: Problem } } },
      },
    },
    handler: async (request, reply) => {
      const decision = await serveCall(options.office(), endpoint, requestOf(request));
      if (!decision.ok) return sendDenied(reply, decision);
      return answer === undefined ? reply.code(204).send() : reply.send(decision.value);
    },
  });
}

function requestOf(request: FastifyRequest): Request {
  const key = request.headers["idempotency-key"];
  return {
    token: bearer(request),
    idempotencyKey: typeof key === "string" ? key : undefined,
    params: request.params,
    query: request.query,
    body: request.body,
    address: request.ip,
  };
}

function answerError(options: ServerOptions, error: FastifyError, reply: FastifyReply): FastifyReply {
  if (error.validation !== undefined) {
    const [first] = error.validation;
    const where = `${error.validationContext ?? ""}${first?.instancePath ?? ""}`;
    return sendDenied(reply, deny("REQUEST_UNFIT", `${where} ${first?.message ?? ""}`.slice(0, 200)));
  }
  if (error.statusCode !== undefined && error.statusCode < 500)
    return sendDenied(reply, deny("REQUEST_UNFIT", error.code));
  if (isUnreachable(error)) {
    options.onFault(error, "the database cannot be reached");
    return sendDenied(reply, deny("UNAVAILABLE"));
  }
  options.onFault(error, "a request ended in a fault");
  return sendDenied(reply, deny("FAULT"));
}

/**
 * The database is gone, full, silent or shutting down: class 08, 53 or 57 of SQLSTATE, or no connection at all. Or so many
 * wanted the same rows that every try had to give way, or somebody holds them for longer than a statement may wait.
 */
function isUnreachable(error: Error): boolean {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return (
    /^(08|53|57|40001|40P01)/.test(code) ||
    /^(ECONN|ENOTFOUND|EPIPE|ETIMEDOUT|ENOSPC)/.test(code) ||
    /[Cc]onnection terminated|not queryable|timeout exceeded when trying to connect|PGlite is closed/.test(
      error.message,
    )
  );
}
