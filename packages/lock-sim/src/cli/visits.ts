/**
 * A capture of Bluetooth as visits: what phone and lock said to each other, step by step, as values. Who said what when,
 * in how many frames, and what was wrong; told in visit-words.ts. It verifies nothing and opens nothing.
 */
import { readAdvertised } from "@doorsync/protocol/inspect";
import { type Bytes, toHex } from "@doorsync/protocol/lock";
import {
  type Capture,
  type Connection,
  readCapture,
  readSnoop,
  type SnoopDamage,
} from "@doorsync/virtual-radio/btsnoop";
import { characteristicOf, createListener, type Heard, type Side, type Step } from "./listen-in.ts";

export interface Visit extends Heard {
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly handle: number;
  /** Whose host captured. */
  readonly seenBy: Side | undefined;
  readonly peer: string | undefined;
  /** Whether the capture has its beginning; without it frames have no names, or are missing. */
  readonly hasBeginning: boolean;
  readonly hasEnd: boolean;
  readonly durationMs: number;
  /** Packets of the attribute protocol, discovery included. */
  readonly attributePdus: number;
  /** Values that went to or from attributes whose discovery the capture lacks. */
  readonly namelessValues: number;
  readonly lostPdus: number;
}

/** A lock that was seen to advertise. */
export interface Hinted {
  readonly address: string | undefined;
  readonly tag: string;
  readonly version: number;
  readonly flags: number;
  readonly times: number;
}

export interface Visits {
  readonly visits: readonly Visit[];
  readonly hints: readonly Hinted[];
  /** Connections without any attribute of a lock, though their discovery is there. */
  readonly otherConnections: number;
  readonly failedConnections: number;
  /** Connections that were too many to be read. */
  readonly connectionsLeftOut: number;
  readonly packets: number;
  readonly droppedPackets: number;
  readonly damage?: SnoopDamage;
}

/** What a file tells; a text when it is no btsnoop file that can be read. */
export function readVisits(file: Bytes): Visits | string {
  const read = readSnoop(file);
  if (!read.ok) return read.says;
  const capture = readCapture(read.packets);
  const told = capture.connections.map((connection) => visitOf(connection, read.packets.at(-1)?.at));
  return {
    visits: told.filter((visit) => visit !== undefined),
    hints: hintsOf(capture),
    otherConnections: told.filter((visit) => visit === undefined).length,
    failedConnections: capture.failures.length,
    connectionsLeftOut: capture.connectionsLeftOut,
    packets: read.packets.length,
    droppedPackets: read.droppedPackets,
    ...(read.damage === undefined ? {} : { damage: read.damage }),
  };
}

function visitOf(connection: Connection, lastMs: number | undefined): Visit | undefined {
  const { opened, closed, said } = connection;
  const values = said.filter((each) => each.kind === "value");
  const isOurs = said.some((each) => "uuid" in each && characteristicOf(each.uuid) !== undefined);
  const named = said.some((each) => each.kind === "discovered");
  if (!isOurs && (named || values.length === 0)) return undefined;

  const beganMs = opened?.at ?? said[0]?.at ?? 0;
  const listener = createListener(beganMs);
  for (const each of said) listener.hear(each);
  const { heard } = listener;
  const around: Step[] = connection.timing.map(({ at, packet, intervalMs, supervisionMs }) => {
    return { kind: "timing", atMs: at - beganMs, packet, intervalMs, supervisionMs };
  });
  if (closed !== undefined) {
    const { at, packet, reason, byHost } = closed;
    const by = endedBy(connection.isClientHere, reason, byHost);
    around.push({ kind: "end", atMs: at - beganMs, packet, reason, by });
  }
  const { pdus } = connection;
  return {
    startedAt: new Date(beganMs).toISOString(),
    handle: connection.handle,
    seenBy: connection.isClientHere === undefined ? undefined : connection.isClientHere ? "phone" : "lock",
    peer: opened?.peer,
    hasBeginning: opened !== undefined,
    hasEnd: closed !== undefined,
    // A clock that was set back in between has no duration to tell.
    durationMs: Math.max(0, (closed?.at ?? lastMs ?? beganMs) - beganMs),
    ...heard,
    steps: [...heard.steps, ...around].sort((one, other) => one.packet - other.packet),
    attributePdus: pdus.client.pdus + pdus.server.pdus,
    namelessValues: values.filter(({ uuid }) => uuid === undefined).length,
    lostPdus: connection.lostPdus,
  };
}

/** Reasons of the Bluetooth Core Specification (volume 1, part F): which side let go. */
const endedHere = 0x16;
const endedThere: readonly number[] = [0x13, 0x14, 0x15];

function endedBy(isClientHere: boolean | undefined, reason: number, byHost: boolean): Side | "radio" {
  const [here, there]: readonly [Side, Side] = isClientHere === false ? ["lock", "phone"] : ["phone", "lock"];
  if (reason === endedHere || byHost) return here;
  return endedThere.includes(reason) ? there : "radio";
}

function hintsOf(capture: Capture): readonly Hinted[] {
  return capture.sightings.flatMap(({ address, data, times }) => {
    const { hint } = readAdvertised(data);
    if (hint === undefined) return [];
    return [{ address, tag: toHex(hint.tag), version: hint.version, flags: hint.flags, times }];
  });
}
