/**
 * Domain separation: the external AAD under which each kind of message is signed or sealed. Not a message: it never
 * travels, both sides build it from what they already know.
 */
import type { Bytes } from "../bytes.ts";
import { encode } from "../cbor/codec.ts";

/**
 * `encode(["doorsync/1", type, ...parts])`. CBOR keeps the parts apart, so that no two lists give the same bytes.
 * `type` is the message type number; the parts are what the message must be bound to and does not carry.
 */
export function context(type: number, ...parts: readonly (number | Bytes | string)[]): Bytes {
  return encode(["doorsync/1", type, ...parts]);
}
