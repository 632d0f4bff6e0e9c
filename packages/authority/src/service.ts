/**
 * The face `@doorsync/authority/service`: the property side as an HTTP service, for programs that run it. The command
 * line (`serve`) is one; tests are others.
 */
export { type NewAccount, type OpenedAccount, openAccount } from "./desk/accounts.ts";
export { type ApiFiles, apiFiles } from "./http/client-source.ts";
export { areas, type Endpoint } from "./http/endpoint.ts";
export { endpoints } from "./http/endpoints.ts";
export type { ServerOptions } from "./http/reply.ts";
export { createServer } from "./http/server.ts";
