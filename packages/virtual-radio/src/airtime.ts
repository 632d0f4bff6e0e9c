/**
 * How long Bluetooth LE takes: a model of one connection from the lengths of its packets, pure arithmetic. Loss,
 * connection set-up, discovery, the MTU exchange and the processors at both ends are not in it.
 */

export type Phy = "1M" | "2M";

export interface LinkModel {
  readonly phy: Phy;
  /** Data length extension: up to 251 bytes in one packet of the air instead of 27. */
  readonly dle: boolean;
  readonly intervalMs: number;
  /** Many chips end a connection event after some packets, whatever time is left. */
  readonly packetsPerEventMax?: number;
  /** With link-layer encryption each packet that is not empty carries four bytes more. True if not given. */
  readonly encrypted?: boolean;
}

const interFrameUs = 150;
/** What a connection event keeps free before the next one. */
const eventReserveUs = 300;
const preambleBytes = { "1M": 1, "2M": 2 } as const;
const bitsPerUs = { "1M": 1, "2M": 2 } as const;
const [accessAddressBytes, headerBytes, micBytes, crcBytes] = [4, 2, 4, 3];
/** The L2CAP header and the opcode and handle of a write, notification or indication. */
const valueOverheadBytes = 7;
const attHeaderBytes = 3;

export const llPayloadBytesMax = (dle: boolean): number => (dle ? 251 : 27);

type OnAir = Pick<LinkModel, "phy" | "encrypted">;

/** T(L): microseconds of one packet with this many bytes of payload. */
export function packetUs(payloadBytes: number, { phy, encrypted = true }: OnAir): number {
  const mic = encrypted && payloadBytes > 0 ? micBytes : 0;
  const bytes = preambleBytes[phy] + accessAddressBytes + headerBytes + payloadBytes + mic + crcBytes;
  return (8 * bytes) / bitsPerUs[phy];
}

/** Microseconds of one exchange: a packet, its answer, and the silence behind each. */
export const exchangeUs = (payloadBytes: number, answerBytes: number, model: OnAir): number =>
  packetUs(payloadBytes, model) + interFrameUs + packetUs(answerBytes, model) + interFrameUs;

/** Microseconds of a connection event that exchanges may fill. */
export const eventUs = (model: Pick<LinkModel, "intervalMs">): number =>
  model.intervalMs * 1_000 - eventReserveUs;

/** Lengths of the packets of the air that carry one attribute value of this length. */
export function packetsOf(valueBytes: number, dle: boolean): readonly number[] {
  const [sdu, most] = [valueBytes + valueOverheadBytes, llPayloadBytesMax(dle)];
  return Array.from({ length: Math.ceil(sdu / most) }, (_, index) => Math.min(most, sdu - index * most));
}

/**
 * Bytes of attribute values per second, in one direction, with values as long as the MTU lets them be. Values run on
 * from one event to the next; the rate is that of the events after which everything repeats.
 */
export function attBytesPerSecond(mtuBytes: number, model: LinkModel): number {
  const valueBytes = mtuBytes - attHeaderBytes;
  const packets = packetsOf(valueBytes, model.dle).map((payload) => exchangeUs(payload, 0, model));
  const cap = model.packetsPerEventMax ?? Number.POSITIVE_INFINITY;
  /** By the packet that an event began with: how many events and whole values there were before it. */
  const seen = new Map<number, { readonly events: number; readonly values: number }>();
  let [next, values, events] = [0, 0, 0];
  for (;;) {
    const before = seen.get(next);
    if (before !== undefined) {
      const seconds = ((events - before.events) * model.intervalMs) / 1_000;
      return ((values - before.values) * valueBytes) / seconds;
    }
    seen.set(next, { events, values });
    let spentUs = 0;
    for (let sent = 0; sent < cap; sent += 1) {
      const cost = packets[next] ?? 0;
      // The first exchange of an event always happens: no interval is too short for a packet.
      if (sent > 0 && spentUs + cost > eventUs(model)) break;
      spentUs += cost;
      next = (next + 1) % packets.length;
      if (next === 0) values += 1;
    }
    events += 1;
  }
}

/** What a visit needs of the air. */
export interface VisitBytes {
  /** How often one side must wait for the other. */
  readonly roundTrips: number;
  /** Bytes of attribute values, both directions together. */
  readonly bytes: number;
}

/** Milliseconds of a visit on a link that stands: an answer goes in the event after its question. */
export const visitMs = ({ roundTrips, bytes }: VisitBytes, mtuBytes: number, model: LinkModel): number =>
  roundTrips * 2 * model.intervalMs + (bytes * 1_000) / attBytesPerSecond(mtuBytes, model);
