/**
 * The courier's only judgements: is this parcel what its wrapper says, and is this the lock's receipt for it? Both
 * are for an honest courier's own sake. The lock and the authority never rely on them.
 */

import { type Bytes, equal } from "../bytes.ts";
import type { Crypto } from "../crypto/crypto.ts";
import { splitSign1, verifySign1 } from "../crypto/sign1.ts";
import { messageBytesMax, updateBytesMax } from "../limits.ts";
import { type Message, messageCatalog } from "../messages/catalog.ts";
import { readChunk } from "../messages/chunk.ts";
import { ackPayload } from "../messages/log.ts";
import { chunksFor, manifestPayload, noHash } from "../messages/manifest.ts";
import type { Parcel } from "../messages/parcel.ts";
import type { ReceiptSaid } from "../messages/receipt.ts";
import { rotationPayload } from "../messages/rotation.ts";
import { updatePayload } from "../messages/update.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { acceptReceipt } from "./receipt.ts";
import { rotationContext } from "./rotation.ts";
import { signedContext } from "./trust.ts";

/**
 * P1 message types fit the kind, P2 the signature of the wrapper's table key over the first message, P3 the version
 * is the wrapper's, P4 every chunk is the one that the message before it announced. REJECTED otherwise. A commission
 * is opaque: only its form is checked.
 */
export function checkParcel(crypto: Crypto, parcel: Parcel): Verdict<undefined> {
  const [head, ...chunks] = parcel.messages;
  if (head === undefined) return refuse("REJECTED", "P1");
  if (parcel.kind === "commission") {
    const fits = head.type === messageCatalog.commission.type && chunks.length === 0;
    return fits ? accept(undefined) : refuse("REJECTED", "P1");
  }
  if (parcel.kind === "rotation" || parcel.kind === "ack") return checkLone(crypto, parcel, head, chunks);
  const update = head.type === messageCatalog.update.type;
  if (!update && head.type !== messageCatalog.manifest.type) return refuse("REJECTED", "P1");
  if (update && (parcel.kind === "snapshot" || chunks.length > 0)) return refuse("REJECTED", "P1");

  const parts = splitSign1(head.body, updateBytesMax);
  if (!parts.ok) return refuse("REJECTED", "P2");
  if (!verifySign1(crypto, parcel.tableKey, signedContext(head.type, parcel), parts.value)) {
    return refuse("REJECTED", "P2");
  }
  if (update) {
    const said = updatePayload.decode(parts.value.payload, updateBytesMax);
    return said.ok && said.value.to === parcel.to ? accept(undefined) : refuse("REJECTED", "P3");
  }
  const said = manifestPayload.decode(parts.value.payload, updateBytesMax);
  if (!said.ok || said.value.to !== parcel.to) return refuse("REJECTED", "P3");
  return checkChain(crypto, said.value.stream, chunks);
}

/** A rotation or an acknowledgement: one signed message that says the wrapper's number. */
function checkLone(
  crypto: Crypto,
  parcel: Parcel,
  head: Message,
  others: readonly Message[],
): Verdict<undefined> {
  const rotation = parcel.kind === "rotation";
  const { type } = rotation ? messageCatalog.rotation : messageCatalog.ack;
  if (head.type !== type || others.length > 0) return refuse("REJECTED", "P1");
  const parts = splitSign1(head.body, updateBytesMax);
  if (!parts.ok) return refuse("REJECTED", "P2");
  const bound = rotation ? rotationContext(parcel.lockId) : signedContext(type, parcel);
  if (!verifySign1(crypto, parcel.tableKey, bound, parts.value)) return refuse("REJECTED", "P2");
  const { payload } = parts.value;
  const epoch = rotationPayload.decode(payload, updateBytesMax);
  const ack = ackPayload.decode(payload, updateBytesMax);
  const said = rotation ? epoch.ok && epoch.value.epoch : ack.ok && ack.value.seq;
  return said === parcel.to ? accept(undefined) : refuse("REJECTED", "P3");
}

function checkChain(
  crypto: Crypto,
  stream: { readonly items: number; readonly root: Bytes },
  chunks: Parcel["messages"],
): Verdict<undefined> {
  if (chunks.length !== chunksFor(stream.items)) return refuse("REJECTED", "P4");
  let expected = stream.root;
  for (const [index, message] of chunks.entries()) {
    const chunk = readChunk(message.body, messageBytesMax);
    const fits = message.type === messageCatalog.chunk.type && equal(crypto.hash(message.body), expected);
    if (!fits || chunk?.index !== index) return refuse("REJECTED", "P4");
    expected = chunk.next;
  }
  return equal(expected, noHash) ? accept(undefined) : refuse("REJECTED", "P4");
}

/** The receipt that a lock gave for a parcel, verified under the lock's key in the wrapper. */
export function checkReceipt(crypto: Crypto, parcel: Parcel, message: Bytes): Verdict<ReceiptSaid> {
  return acceptReceipt(crypto, parcel, parcel.lockKey, message);
}
