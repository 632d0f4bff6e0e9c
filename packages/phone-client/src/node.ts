/** What a courier on Node adds: a TCP transport and a mailbox in a folder. */
export {
  type CarriedFile,
  type FolderMailbox,
  folderMailbox,
  MailboxError,
  slipFileName,
} from "./edge/folder.ts";
export { linkOver, type SocketPlace, socketTransport } from "./edge/socket.ts";
