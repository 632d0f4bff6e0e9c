/**
 * How two column types come out of either database: int8 as a number, bytea as bytes of their own. Not a schema.
 */

export const int8Oid = 20;
export const byteaOid = 17;

/** Our integers are seconds, versions and epochs below 2^32; a larger one means a damaged row. */
export function numberOf(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`an integer beyond 2^53 in the database: ${text}`);
  return value;
}

/** PostgreSQL's hex form of bytea (`\x…`) as plain bytes. */
export function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), "hex"));
}
