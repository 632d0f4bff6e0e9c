/**
 * CRC-32 (ISO-HDLC, polynomial 0x04C11DB7 reflected): tells a torn or rotten record from a whole one. Not a MAC: who
 * wrote the record is settled by the secure element's `state`.
 */
import type { Bytes } from "@doorsync/protocol/lock";

const table: Uint32Array = new Uint32Array(256).map((_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  return value;
});

/** CRC-32 of `bytes[from, to)` as an unsigned number. */
export function crc32(bytes: Bytes, from = 0, to: number = bytes.length): number {
  let value = 0xffff_ffff;
  for (let i = from; i < to; i++) {
    value = (value >>> 8) ^ (table[(value ^ (bytes[i] as number)) & 0xff] as number);
  }
  return ~value >>> 0;
}
