/** What a courier on Node adds: a TCP transport, a mailbox in a folder, an encrypted storage in another. */
export {
  type CarriedFile,
  type FolderMailbox,
  folderMailbox,
  MailboxError,
  slipFileName,
} from "./edge/folder.ts";
export { linkOver, type SocketPlace, socketTransport } from "./edge/socket.ts";
export { VaultError, vaultFolder } from "./edge/vault-folder.ts";
