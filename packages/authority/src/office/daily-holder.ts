/** In whose name a property's doors keep the place of the daily doorcode: a person in the books, and nobody's name. */
import { type Crypto, toHex } from "@doorsync/protocol/authority";

/** Nobody with an account, and no guest. */
export function dailyHolderOf({ crypto }: { readonly crypto: Crypto }, propertyId: string): string {
  const name = new TextEncoder().encode(`doorsync daily doorcode of ${propertyId}`);
  return toHex(crypto.hash(name).slice(0, 12));
}
