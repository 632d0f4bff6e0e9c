/**
 * What a lock's advertising spares a visit: hello need not be asked for where the hint says enough. A hint is nobody's
 * word and is believed in one thing only, what to say first; whatever is not plain sailing is greeted as without it.
 */
import {
  type Bytes,
  equal,
  type Hello,
  type Hint,
  helloFlags,
  protocolVersion,
} from "@doorsync/protocol/courier";
import type { Satchel } from "../satchel.ts";

/** With these there is more to learn from hello than the version. */
const telling = helloFlags.factory | helloFlags.wantsSnapshot | helloFlags.damaged;

/** The hello that the lock would say if the hint is true; undefined: it has to be asked. */
export function presumed(satchel: Satchel, hint: Hint, hasTime: boolean): Hello | undefined {
  const { tag, version, flags } = hint;
  if ((flags & telling) !== 0 || (hasTime && (flags & helloFlags.wantsTime) !== 0)) return undefined;
  const epoch = epochOf(satchel, tag);
  return epoch === undefined
    ? undefined
    : { protocol: protocolVersion, tag, epoch, version, flags, resume: [] };
}

/** The one epoch in which tables are carried for this tag. Where keys are to be changed there is more than one. */
function epochOf({ parcels }: Satchel, tag: Bytes): number | undefined {
  const own = parcels.filter((parcel) => equal(parcel.tag, tag));
  if (own.some(({ kind }) => kind === "rotation" || kind === "commission")) return undefined;
  const epochs = new Set(own.filter(({ kind }) => kind !== "ack").map(({ epoch }) => epoch));
  const [epoch] = epochs;
  return epochs.size === 1 ? epoch : undefined;
}
