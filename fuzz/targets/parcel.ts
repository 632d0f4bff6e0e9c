/**
 * Any bytes as a parcel and as a return slip: what is read is written again to the same bytes, and nothing that a
 * mailbox may hold makes a courier or an authority throw.
 */
import { equal } from "../../packages/protocol/src/bytes.ts";
import { describeParcel } from "../../packages/protocol/src/messages/describe.ts";
import {
  decodeParcel,
  decodeReturnSlip,
  encodeParcel,
  encodeReturnSlip,
  parcelBytesMax,
  returnSlipBytesMax,
} from "../../packages/protocol/src/messages/parcel.ts";
import { checkParcel, checkReceipt } from "../../packages/protocol/src/rules/check-parcel.ts";
import { hold } from "../cast/claim.ts";
import { crypto } from "../cast/crypto.ts";
import { genuineKeys, messageKey } from "../cast/house.ts";
import { reached } from "../cast/reached.ts";

export function fuzz(data: Buffer): void {
  const bytes = new Uint8Array(data);
  const parcel = decodeParcel(bytes);
  if (parcel.ok) {
    hold(bytes.length <= parcelBytesMax, "P15: no parcel is longer than its bound");
    hold(equal(encodeParcel(parcel.value), bytes), "P15: a parcel has one spelling");
    hold(describeParcel(parcel.value).length > 0, "P16: any parcel can be shown");
    reached(`parcel: ${parcel.value.kind}`);
    const checked = checkParcel(crypto, parcel.value);
    const [head] = parcel.value.messages;
    hold(
      !checked.ok ||
        (head !== undefined && (parcel.value.kind === "commission" || genuineKeys.has(messageKey(head)))),
      "P3: a parcel checks only around what an authority signed",
    );
    hold(!checkReceipt(crypto, parcel.value, bytes).ok, "P3: a parcel is no receipt");
  }
  const slip = decodeReturnSlip(bytes);
  if (!slip.ok) return;
  reached(`parcel: slip with a ${slip.value.kind}`);
  hold(bytes.length <= returnSlipBytesMax, "P15: no slip is longer than its bound");
  hold(equal(encodeReturnSlip(slip.value), bytes), "P15: a slip has one spelling");
}
