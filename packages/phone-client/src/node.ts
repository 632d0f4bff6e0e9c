/** What a courier on Node adds: a TCP transport, a mailbox in a folder, an encrypted storage in another. */
export {
  type AdapterChoice,
  type OpenAdapter,
  openAdapter,
  parseAdapter,
  RadioError,
} from "./edge/adapter.ts";
export {
  type CarriedFile,
  type FolderMailbox,
  folderMailbox,
  MailboxError,
  slipFileName,
} from "./edge/folder.ts";
export { type NobleOptions, type NobleRadio, nobleRadio, radioWaits, type Seen } from "./edge/noble.ts";
export { type NobleRadarOptions, nobleRadar } from "./edge/noble-radar.ts";
export type { NobleStack } from "./edge/noble-stack.ts";
export { linkOver, type SocketPlace, socketTransport } from "./edge/socket.ts";
export { VaultError, vaultFolder } from "./edge/vault-folder.ts";
