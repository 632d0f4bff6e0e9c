/**
 * What a controller does when its host commands: one case for each command of the table in hci.ts, each with its one
 * answer. Packets of data and what happens on the air are heard in controller.ts.
 */

import {
  type ControllerState,
  endInitiating,
  forgetAll,
  type Output,
  toHost,
  type Wish,
} from "./controller-state.ts";
import {
  addressBytes,
  advertisementBytesMax,
  type CommandName,
  commandComplete,
  commandStatus,
  commands,
  le16,
  readAddress,
  status,
} from "./hci.ts";

/** Bluetooth's own bounds: intervals of 7.5 ms to 4 s, timeouts of 100 ms to 32 s. */
const [intervalUnitsLeast, intervalUnitsMost] = [6, 3_200];
const [timeoutUnitsLeast, timeoutUnitsMost] = [10, 3_200];
const latencyEventsMost = 499;

/** A link's wished parameters, as two commands have them in the same order; undefined if they are out of bounds. */
function wishAt(parameters: Uint8Array, at: number): Omit<Wish, "peer"> | undefined {
  const [intervalUnitsMin, intervalUnitsMax] = [le16(parameters, at), le16(parameters, at + 2)];
  const [latencyEvents, timeoutUnits] = [le16(parameters, at + 4), le16(parameters, at + 6)];
  if (intervalUnitsMin < intervalUnitsLeast || intervalUnitsMin > intervalUnitsMax) return undefined;
  if (intervalUnitsMax > intervalUnitsMost || latencyEvents > latencyEventsMost) return undefined;
  if (timeoutUnits < timeoutUnitsLeast || timeoutUnits > timeoutUnitsMost) return undefined;
  return { intervalUnitsMin, intervalUnitsMax, latencyEvents, timeoutUnits };
}

/** A version of Bluetooth 5.3 from nobody: the company number that is kept for tests. */
const localVersion = [0x0c, 0x00, 0x00, 0x0c, 0xff, 0xff, 0x00, 0x00];

/** Obeys one command whose parameters are as long as they must be. */
export function obey(state: ControllerState, name: CommandName, parameters: Uint8Array): readonly Output[] {
  const { opcode } = commands[name];
  const { traits } = state;
  const done = (result: readonly number[] = []): Output => toHost(commandComplete(opcode, status.ok, result));
  const refused = (code: number): readonly Output[] => [toHost(commandComplete(opcode, code))];
  const started = (code: number = status.ok): Output => toHost(commandStatus(opcode, code));

  switch (name) {
    case "setEventMask":
    case "leSetEventMask":
    case "writeLeHostSupport":
      return [done()];
    case "readLeHostSupport":
      return [done([1, 0])];
    case "readLocalVersion":
      return [done(localVersion)];
    case "leReadLocalFeatures":
      return [done([0, 0, 0, 0, 0, 0, 0, 0])];
    case "readBufferSize":
      return [done([traits.bufferBytes & 0xff, traits.bufferBytes >> 8, 0, traits.bufferCount, 0, 0, 0])];
    case "leReadBufferSize":
      return [done([traits.bufferBytes & 0xff, traits.bufferBytes >> 8, traits.bufferCount])];
    case "readAddress":
      return [done([...addressBytes(state.address)])];
    case "writeAddress":
      state.address = readAddress(parameters, 0);
      return [done()];
    case "reset":
      forgetAll(state);
      return [{ kind: "silence" }, done()];

    case "leSetAdvertisingParameters":
      if (state.advertising) return refused(status.commandDisallowed);
      state.advertisingUnits = le16(parameters, 0);
      state.advertKind = parameters[4] ?? 0;
      return [done()];
    case "leSetAdvertisingData":
    case "leSetScanResponse": {
      const length = parameters[0] ?? 0;
      if (length > advertisementBytesMax) return refused(status.invalidParameters);
      const data = parameters.slice(1, 1 + length);
      if (name === "leSetAdvertisingData") state.advertData = data;
      else state.scanResponse = data;
      return [done()];
    }
    case "leSetAdvertisingEnable":
      state.advertising = parameters[0] === 1;
      return [{ kind: "advertising" }, done()];

    case "leSetScanParameters":
      if (state.scanning) return refused(status.commandDisallowed);
      state.scansActively = parameters[0] === 1;
      return [done()];
    case "leSetScanEnable":
      state.scanning = parameters[0] === 1;
      state.reported = parameters[1] === 1 ? new Set() : undefined;
      return [done()];

    case "leCreateConnection": {
      if (state.initiating !== undefined) return [started(status.commandDisallowed)];
      const peer = readAddress(parameters, 6);
      if ([...state.connections.values()].some((connection) => connection.peer === peer))
        return [started(status.connectionExists)];
      const wish = wishAt(parameters, 13);
      if (wish === undefined) return [started(status.invalidParameters)];
      state.initiating = { peer, ...wish };
      return [started()];
    }
    case "leCancelConnection":
      if (state.initiating === undefined) return refused(status.commandDisallowed);
      return [done(), ...endInitiating(state, status.unknownConnection)];
    case "leUpdateConnection":
    case "disconnect":
    case "readRssi": {
      const connection = state.connections.get(le16(parameters, 0));
      if (connection === undefined)
        return name === "readRssi"
          ? [
              toHost(
                commandComplete(opcode, status.unknownConnection, [
                  parameters[0] ?? 0,
                  parameters[1] ?? 0,
                  0,
                ]),
              ),
            ]
          : [started(status.unknownConnection)];
      const { link } = connection;
      if (name === "readRssi") return [{ kind: "ask-rssi", link }];
      if (name === "disconnect") return [started(), { kind: "hang-up", link, reason: parameters[2] ?? 0 }];
      const wish = wishAt(parameters, 2);
      return wish === undefined
        ? [started(status.invalidParameters)]
        : [started(), { kind: "ask-update", link, wish }];
    }
    default:
      return name satisfies never;
  }
}
