/**
 * Watches one connection for its ATT MTU and refuses attribute PDUs that are longer: stacks exist that send them. It
 * looks at the exchange only, in both directions, and holds no attribute.
 */
import { le16 } from "./hci.ts";

const attChannel = 4;
const l2capHeaderBytes = 4;
const mtuBytesMin = 23;
const [mtuRequest, mtuResponse] = [0x02, 0x03];

export interface AttGuard {
  /** What both sides may send at most, as far as their exchange has come. */
  readonly mtuBytes: number;
  /** Notes a piece that comes from the other side. */
  hears(starts: boolean, data: Uint8Array): void;
  /** Notes a piece that the host wants to send; false if it belongs to a PDU longer than the MTU. */
  lets(starts: boolean, data: Uint8Array): boolean;
}

export function createAttGuard(): AttGuard {
  let asked: number | undefined;
  let mtuBytes = mtuBytesMin;
  let refusing = false;

  const note = (data: Uint8Array): void => {
    if (data.length < l2capHeaderBytes + 3 || le16(data, 2) !== attChannel) return;
    const opcode = data[l2capHeaderBytes];
    const value = le16(data, l2capHeaderBytes + 1);
    if (opcode === mtuRequest) asked = value;
    else if (opcode === mtuResponse && asked !== undefined) {
      mtuBytes = Math.max(mtuBytesMin, Math.min(asked, value));
      asked = undefined;
    }
  };

  return {
    get mtuBytes() {
      return mtuBytes;
    },
    hears(starts, data) {
      if (starts) note(data);
    },
    lets(starts, data) {
      if (!starts) return !refusing;
      refusing = data.length >= l2capHeaderBytes && le16(data, 2) === attChannel && le16(data, 0) > mtuBytes;
      if (!refusing) note(data);
      return !refusing;
    },
  };
}
