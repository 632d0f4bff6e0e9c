/**
 * A transport for react-native-ble-plx, complete: `gattLink` keeps frames, deadlines and ends, the library moves values.
 * Type-checked against the library's own types; it was not run on a phone.
 */
import {
  frameBytesFor,
  gatt,
  gattLink,
  readHint,
  systemTimers,
  type Transport,
} from "@doorsync/phone-client/gatt-link";
import type { BleManager, Device } from "react-native-ble-plx";

/** Asked for on Android; iOS settles it by itself. What is agreed to stands in `device.mtu`. */
const mtuWanted = 247;
const stepMilliseconds = 10_000;

/** The way to a device that a scan for `gatt.service` has found. */
export function blePlxTransport(manager: BleManager, found: Device): Transport {
  return {
    async open(signal) {
      const giveUp = (): void => void manager.cancelDeviceConnection(found.id).catch(() => {});
      signal.addEventListener("abort", giveUp);
      try {
        const connected = await manager.connectToDevice(found.id, {
          requestMTU: mtuWanted,
          timeout: stepMilliseconds,
        });
        const device = await connected.discoverAllServicesAndCharacteristics();
        if (signal.aborted) throw new Error("given up before the lock answered");
        return gattLink(connectionTo(manager, device, hintOf(found)), {
          timers: systemTimers,
          writeMilliseconds: stepMilliseconds,
        });
      } catch (error) {
        giveUp();
        throw error;
      } finally {
        signal.removeEventListener("abort", giveUp);
      }
    },
  };
}

function connectionTo(
  manager: BleManager,
  device: Device,
  hint: ReturnType<typeof hintOf>,
): Parameters<typeof gattLink>[0] {
  return {
    frameBytesMax: frameBytesFor(device.mtu),
    hint,
    async write(frame) {
      await device.writeCharacteristicWithoutResponseForService(
        gatt.service,
        gatt.inbox.uuid,
        btoa(String.fromCharCode(...frame)),
      );
    },
    onValue(listener) {
      const subscription = device.monitorCharacteristicForService(
        gatt.service,
        gatt.outbox.uuid,
        (_error, characteristic) => {
          // An error here is the end of the connection, which is told below.
          const value = characteristic?.value;
          if (value != null) listener(bytesOf(value));
        },
      );
      return () => subscription.remove();
    },
    onClosed(listener) {
      const subscription = manager.onDeviceDisconnected(device.id, (error) =>
        listener(error === null ? "the connection ended" : `the connection ended (${error.message})`),
      );
      return () => subscription.remove();
    },
    close() {
      manager.cancelDeviceConnection(device.id).catch(() => {});
    },
  };
}

/** What the lock advertised: unsigned, and perhaps a lie; it may spare a question. */
function hintOf(device: Device) {
  const data = device.serviceData?.[gatt.service];
  const read = data === undefined ? undefined : readHint(bytesOf(data));
  return read?.ok === true ? read.value : undefined;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
