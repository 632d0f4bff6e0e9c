/**
 * A whole capture, from packets up to attribute values: its connections one after the other, and who advertised. Data
 * are put together from their fragments first. Not a judge of what the values mean: that is whoever owns the UUIDs.
 */
import { type AttSaid, createAttReader } from "./att.ts";
import type { SnoopPacket } from "./file.ts";
import { createAssembler } from "./fragments.ts";
import { type HciSaid, hearHci, type LinkChanged, type LinkOpened } from "./hci.ts";

/** Where in the capture something stands. */
export interface Place {
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  /** Counts from 1, as Wireshark's frame.number. */
  readonly packet: number;
}

export type Said = AttSaid & Place;

/** One connection, as far as the capture shows it. */
export interface Connection {
  readonly handle: number;
  /** Undefined: it was there before the capture began. */
  readonly opened: (LinkOpened & Place) | undefined;
  /** `byHost`: the side that captured ended it. Undefined: it outlived the capture. */
  readonly closed: (Place & { readonly reason: number; readonly byHost: boolean }) | undefined;
  readonly timing: readonly (LinkChanged & Place)[];
  /** Whether the client (who reads and writes) is the side that captured; undefined: no attribute was asked for. */
  readonly isClientHere: boolean | undefined;
  readonly said: readonly Said[];
  readonly mtu: number;
  /** Attribute PDUs of each side, and their bytes. */
  readonly pdus: { readonly client: Count; readonly server: Count };
  /** PDUs that could not be put together: fragments are missing. */
  readonly lostPdus: number;
}

export interface Count {
  readonly pdus: number;
  readonly bytes: number;
}

/** One payload that somebody advertised, how often, and first when. */
export interface Sighting extends Place {
  /** Undefined: the side that captured. */
  readonly address: string | undefined;
  readonly isScanResponse: boolean;
  readonly data: Uint8Array;
  readonly times: number;
}

export interface Capture {
  readonly connections: readonly Connection[];
  readonly sightings: readonly Sighting[];
  /** Connections that did not come about. */
  readonly failures: readonly (Place & { readonly status: number })[];
  /** Connections that were too many to be read. */
  readonly connectionsLeftOut: number;
}

/** Different advertisements and connections beyond these numbers are not kept; connections are counted. */
const sightingsMax = 4_096;
const connectionsMax = 4_096;
/** Of one connection. */
const timingsMax = 256;
const attributeChannel = 4;

/** Reads a capture. Never throws, whatever the packets are. */
export function readCapture(packets: readonly SnoopPacket[]): Capture {
  const connections: OpenConnection[] = [];
  const current = new Map<number, OpenConnection>();
  const sightings = new Map<string, { -readonly [K in keyof Sighting]: Sighting[K] }>();
  const failures: (Place & { readonly status: number })[] = [];
  let connectionsLeftOut = 0;

  /** Undefined: there are too many to keep this one. */
  const begin = (handle: number, opened: (LinkOpened & Place) | undefined): OpenConnection | undefined => {
    current.delete(handle);
    if (connections.length === connectionsMax) {
      if (opened !== undefined) connectionsLeftOut++;
      return undefined;
    }
    const connection = openConnection(handle, opened);
    connections.push(connection);
    current.set(handle, connection);
    return connection;
  };
  const see = (said: Extract<HciSaid, { kind: "advert" }>, place: Place): void => {
    const key = `${said.address} ${said.isScanResponse} ${Array.from(said.data).join(",")}`;
    const seen = sightings.get(key);
    if (seen !== undefined) seen.times++;
    else if (sightings.size < sightingsMax) {
      const { address, isScanResponse, data } = said;
      sightings.set(key, { ...place, address, isScanResponse, data, times: 1 });
    }
  };

  for (const [index, packet] of packets.entries()) {
    const place: Place = { at: packet.at, packet: index + 1 };
    for (const said of hearHci(packet)) {
      switch (said.kind) {
        case "opened":
          begin(said.handle, { ...said, ...place });
          break;
        case "changed":
          current.get(said.handle)?.changed({ ...said, ...place });
          break;
        case "ends":
          current.get(said.handle)?.endsHere();
          break;
        case "closed":
          current.get(said.handle)?.closed(said.reason, place);
          current.delete(said.handle);
          break;
        case "failed":
          if (failures.length < connectionsMax) failures.push({ status: said.status, ...place });
          break;
        case "advert":
          see(said, place);
          break;
        case "data":
          (current.get(said.handle) ?? begin(said.handle, undefined))?.data(said, packet.direction, place);
          break;
        default:
          said satisfies never;
      }
    }
  }
  for (const connection of connections) connection.end();
  return {
    connections: connections.map((connection) => connection.said()),
    sightings: [...sightings.values()],
    failures,
    connectionsLeftOut,
  };
}

interface OpenConnection {
  changed(timing: LinkChanged & Place): void;
  endsHere(): void;
  closed(reason: number, place: Place): void;
  data(said: Extract<HciSaid, { kind: "data" }>, direction: SnoopPacket["direction"], place: Place): void;
  end(): void;
  said(): Connection;
}

/** PDUs that only a client sends: requests, commands and confirmations are even but for the answers. */
const clientOpcodes: readonly number[] = [
  0x02, 0x04, 0x06, 0x08, 0x0a, 0x0c, 0x0e, 0x10, 0x12, 0x16, 0x18, 0x1e, 0x20, 0x52, 0xd2,
];

function openConnection(handle: number, opened: (LinkOpened & Place) | undefined): OpenConnection {
  const said: Said[] = [];
  const timing: (LinkChanged & Place)[] = [];
  const reader = createAttReader();
  const counts = { client: { pdus: 0, bytes: 0 }, server: { pdus: 0, bytes: 0 } };
  const assemblers = { sent: createAssembler(), received: createAssembler() };
  let lostPdus = 0;
  let isClientHere: boolean | undefined;
  let endedHere = false;
  let ended: Connection["closed"];
  let last: Place = opened ?? { at: 0, packet: 0 };

  const hear = (pdu: Uint8Array, direction: SnoopPacket["direction"], place: Place): void => {
    const isClients = clientOpcodes.includes(pdu[0] ?? 0);
    if (isClients) isClientHere ??= direction === "sent";
    const count = isClients ? counts.client : counts.server;
    count.pdus++;
    count.bytes += pdu.length;
    for (const each of reader.hear(pdu)) said.push({ ...each, ...place });
  };

  return {
    changed(change) {
      if (timing.length < timingsMax) timing.push(change);
    },
    endsHere() {
      endedHere = true;
    },
    closed(reason, place) {
      ended = { ...place, reason, byHost: endedHere };
    },
    data({ isStart, bytes, isDamaged }, direction, place) {
      last = place;
      const { frame, lost } = assemblers[direction].hear(bytes, isStart, isDamaged);
      lostPdus += lost;
      if (frame?.channel === attributeChannel) hear(frame.data, direction, place);
    },
    end() {
      lostPdus += assemblers.sent.end().lost + assemblers.received.end().lost;
      for (const each of reader.end()) said.push({ ...each, ...last });
    },
    said: () => ({
      handle,
      opened,
      closed: ended,
      timing,
      isClientHere: isClientHere ?? (opened === undefined ? undefined : opened.role === "central"),
      said,
      mtu: reader.mtu,
      pdus: counts,
      lostPdus,
    }),
  };
}
