/** The face `@doorsync/protocol/node-crypto`: the fast provider for programs that run on Node. Nothing else lives here. */
export { openssl } from "./openssl.ts";
