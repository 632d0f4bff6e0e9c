/** Little-endian numbers out of a stranger's bytes: what is not there is undefined, never a throw. */

/** An unsigned integer of `width` bytes at `at`, or undefined when they are not all there. */
export function little(bytes: Uint8Array, at: number, width: 1 | 2): number | undefined {
  const low = bytes[at];
  if (width === 1) return low;
  const high = bytes[at + 1];
  return low === undefined || high === undefined ? undefined : low + 256 * high;
}

/** A UUID of 2 or 16 little-endian bytes as text: `2902`, or lower-case with dashes. */
export function uuidText(bytes: Uint8Array): string {
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .reverse()
    .join("");
  return digits.length === 32 ? digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-") : digits;
}

/** A device address of 6 little-endian bytes as text. */
export function addressText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .reverse()
    .join(":");
}
