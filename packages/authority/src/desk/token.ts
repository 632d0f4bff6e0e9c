/**
 * Tokens that only their holder knows: a session's, a password reset's. The database knows their hashes. Not what a
 * token is good for.
 */
import type { Bytes } from "@doorsync/protocol/authority";
import { type Office, randomBytes } from "../office/office.ts";

const tokenBytes = 32;

export interface DrawnToken {
  /** base64url, for its holder alone. */
  readonly token: string;
  readonly hashed: Bytes;
}

export function drawToken(office: Office): DrawnToken {
  const bytes = randomBytes(office, tokenBytes);
  return { token: Buffer.from(bytes).toString("base64url"), hashed: office.crypto.hash(bytes) };
}

/** Undefined for what no token looks like. */
export function tokenHash(office: Office, token: string | undefined): Bytes | undefined {
  if (token === undefined || !/^[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
  return office.crypto.hash(new Uint8Array(Buffer.from(token, "base64url")));
}
