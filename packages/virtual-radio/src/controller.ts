/**
 * One LE controller as a state machine: it takes what its host and the air say, one at a time, and gives back what it
 * answers to both. It has no clock, no chance and no queue; when something happens is the air's business. It does no
 * pairing and no link-layer encryption, and it knows legacy advertising only.
 */
import { createAttGuard } from "./att-guard.ts";
import {
  type Connection,
  type ControllerState,
  endInitiating,
  type Input,
  type Output,
  toHost,
} from "./controller-state.ts";
import {
  type Advert,
  aclToHost,
  advertisingReport,
  boundary,
  commandComplete,
  commands,
  completedPackets,
  connectionComplete,
  connectionUpdateComplete,
  disconnectionComplete,
  type HostPacket,
  handleMax,
  readHostPacket,
  status,
} from "./hci.ts";
import { obey } from "./obey.ts";

const connectionOf = (state: ControllerState, link: number): Connection | undefined =>
  [...state.connections.values()].find((connection) => connection.link === link);

function freeHandle(state: ControllerState): number {
  let handle = state.traits.handles === "lowest-free" ? 1 : (state.lastHandle % handleMax) + 1;
  while (state.connections.has(handle)) handle = (handle % handleMax) + 1;
  state.lastHandle = handle;
  return handle;
}

/** Takes one input, changes the state and gives the answers in their order. A stranger's bytes never make it throw. */
export function step(state: ControllerState, input: Input): readonly Output[] {
  switch (input.kind) {
    case "host":
      return hearHost(state, readHostPacket(input.packet));
    case "heard":
      return report(state, input.advert);
    case "linked": {
      const handle = freeHandle(state);
      state.connections.set(handle, { handle, link: input.link, peer: input.peer, guard: createAttGuard() });
      if (input.role === "central") state.initiating = undefined;
      else state.advertising = false;
      const said = connectionComplete(status.ok, handle, input.role, input.peer, input.parameters);
      return input.role === "central" ? [toHost(said)] : [{ kind: "advertising" }, toHost(said)];
    }
    case "connect-failed":
      return endInitiating(state, input.code);
    case "received": {
      const connection = connectionOf(state, input.link);
      if (connection === undefined) return [];
      connection.guard.hears(input.starts, input.data);
      return [toHost(aclToHost(connection.handle, input.starts, input.data))];
    }
    case "sent": {
      const connection = connectionOf(state, input.link);
      return connection === undefined ? [] : [toHost(completedPackets(connection.handle, input.count))];
    }
    case "rssi": {
      const connection = connectionOf(state, input.link);
      if (connection === undefined) return [];
      const { opcode } = commands.readRssi;
      const result = [connection.handle & 0xff, connection.handle >> 8, input.rssiDbm & 0xff];
      return [toHost(commandComplete(opcode, status.ok, result))];
    }
    case "updated": {
      const connection = connectionOf(state, input.link);
      if (connection === undefined) return [];
      return [toHost(connectionUpdateComplete(status.ok, connection.handle, input.parameters))];
    }
    case "unlinked": {
      const connection = connectionOf(state, input.link);
      if (connection === undefined) return [];
      state.connections.delete(connection.handle);
      return [toHost(disconnectionComplete(connection.handle, input.reason))];
    }
    default:
      return input satisfies never;
  }
}

function report(state: ControllerState, advert: Advert): readonly Output[] {
  if (!state.scanning) return [];
  const key = `${advert.address} ${advert.kind}`;
  if (state.reported?.has(key) === true) return [];
  state.reported?.add(key);
  return [toHost(advertisingReport(advert))];
}

function hearHost(state: ControllerState, packet: HostPacket): readonly Output[] {
  switch (packet.kind) {
    case "malformed":
      // Hosts that break off in the middle of a packet have no command to complete.
      return packet.opcode === undefined
        ? []
        : [toHost(commandComplete(packet.opcode, status.invalidParameters))];
    case "acl":
      return transmit(state, packet.handle, packet.boundary, packet.data);
    case "command":
      return packet.name === undefined
        ? [toHost(commandComplete(packet.opcode, status.unknownCommand))]
        : obey(state, packet.name, packet.parameters);
    default:
      return packet satisfies never;
  }
}

function transmit(state: ControllerState, handle: number, flag: number, data: Uint8Array): readonly Output[] {
  const connection = state.connections.get(handle);
  if (connection === undefined || data.length > state.traits.bufferBytes) return [];
  const starts = flag !== boundary.continuation;
  if (!connection.guard.lets(starts, data)) {
    if (starts) state.overlongPdus += 1;
    return [toHost(completedPackets(handle, 1))];
  }
  return [{ kind: "transmit", link: connection.link, starts, data: data.slice() }];
}
