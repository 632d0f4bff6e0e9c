/**
 * noble as a radio for `bluez.ts`: what a browser asks of its system becomes packets of the real stack. One thing at a
 * time at each device, each under a deadline, since noble's promises need not settle. It knows nothing of locks.
 */
import { type Stop, systemTimers } from "@doorsync/phone-client";
import {
  listen,
  type NobleCharacteristic,
  type NoblePeripheral,
  type NobleService,
  type NobleStack,
} from "../../packages/phone-client/src/edge/noble-stack.ts";
import { gone, radioWaits } from "../../packages/phone-client/src/edge/noble-steps.ts";
import { all, type Ends, operation } from "../../packages/phone-client/src/edge/operation.ts";
import type { Attribute, AttributeService, Central, Seen } from "./bluez.ts";

type Peripheral = NoblePeripheral & {
  readonly address: string;
  readonly advertisement: { readonly localName?: string; readonly serviceUuids?: readonly string[] };
};
type Characteristic = NobleCharacteristic & { read(): void };

/** A system gives up on a device after about as long. */
const stepMilliseconds = 10_000;
/** ATT's header of a write or a notification. */
const headerBytes = 3;

/** A step at a device; it fails when the connection ends under it. */
function step<T>(peripheral: Peripheral, late: string, begin: (ends: Ends<T>) => Stop): Promise<T> {
  return operation<T>({
    late,
    milliseconds: stepMilliseconds,
    timers: systemTimers,
    begin: (ends) =>
      all(
        listen(peripheral, "disconnect", () => ends.failed(new Error("the connection ended"))),
        begin(ends),
      ),
  });
}

/** A UUID as BlueZ spells it; noble leaves out dashes, and what the standard adds to short ones. */
function dashed(uuid: string): string {
  const whole = uuid.length === 4 ? `0000${uuid}00001000800000805f9b34fb` : uuid;
  return whole.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const flags: Readonly<Record<string, string>> = { writeWithoutResponse: "write-without-response" };

export function nobleCentral(stack: NobleStack, address: string): Central {
  const known = new Map<string, Peripheral>();
  const goneListeners: ((address: string) => void)[] = [];

  const attributeOf = (peripheral: Peripheral, own: Characteristic): Attribute => {
    let stop: (() => void) | undefined;
    let turn: Promise<unknown> = Promise.resolve();
    /** noble tells neither which write was answered nor whose value came: so one after the other. */
    const inTurn = <T>(what: string, event: string, act: () => void): Promise<T> => {
      const mine = turn.then(() =>
        step<T>(peripheral, what, ({ done, failed }) => {
          const stop = listen(own, event, (value: T) => done(value));
          if (peripheral.state === "connected") act();
          else failed(new Error("Not Connected"));
          return stop;
        }),
      );
      turn = mine.catch(() => {});
      return mine;
    };
    return {
      uuid: dashed(own.uuid),
      flags: own.properties.map((name) => flags[name] ?? name),
      read: () => inTurn("the value was not read", "read", () => own.read()),
      async write(value, withResponse) {
        // noble would send it, and no stack of this world would take it.
        if (value.length > (peripheral.mtu ?? 0) - headerBytes) throw new Error("Failed to initiate write");
        await inTurn("the value was not written", "write", () =>
          own.write(Buffer.from(value), !withResponse),
        );
      },
      async notify(listener) {
        stop?.();
        stop = listener && listen(own, "data", (value: Buffer) => void listener(new Uint8Array(value)));
        await inTurn("the subscription was not taken", "notify", () => own.notify(listener !== undefined));
      },
    };
  };
  const discovered = async (peripheral: Peripheral): Promise<AttributeService[]> => {
    const services = await step<readonly NobleService[]>(peripheral, "no services were named", ({ done }) => {
      const stop = listen(peripheral, "servicesDiscover", done);
      peripheral.discoverServices([]);
      return stop;
    });
    const found: AttributeService[] = [];
    for (const service of services) {
      const own = await step<readonly Characteristic[]>(
        peripheral,
        "no attributes were named",
        ({ done }) => {
          const stop = listen(service, "characteristicsDiscover", done);
          service.discoverCharacteristics([]);
          return stop;
        },
      );
      found.push({ uuid: dashed(service.uuid), attributes: own.map((one) => attributeOf(peripheral, one)) });
    }
    return found;
  };

  const end = async (peripheral: Peripheral | undefined): Promise<void> => {
    if (peripheral !== undefined) await gone({ stack, timers: systemTimers, waits: radioWaits }, peripheral);
  };

  return {
    address,
    look(saw) {
      const stop = listen(stack, "discover", (peripheral: Peripheral) => {
        if (!known.has(peripheral.address)) {
          known.set(peripheral.address, peripheral);
          peripheral.on("disconnect", () => {
            for (const listener of goneListeners) listener(peripheral.address);
          });
        }
        saw(seen(peripheral));
      });
      stack.startScanning([], true);
      return () => {
        stop();
        stack.stopScanning();
      };
    },
    async connect(to) {
      const peripheral = known.get(to);
      if (peripheral === undefined) throw new Error("never seen");
      try {
        await step<void>(peripheral, "the device did not connect", ({ done, failed }) => {
          const stop = listen(peripheral, "connect", (error?: Error | null) =>
            error ? failed(error) : done(),
          );
          peripheral.connect();
          return stop;
        });
        return await discovered(peripheral);
      } catch (error) {
        await end(peripheral);
        throw error;
      }
    },
    disconnect: (from) => end(known.get(from)),
    onGone: (listener) => void goneListeners.push(listener),
  };
}

function seen({ address, advertisement, rssi }: Peripheral): Seen {
  const { localName = "", serviceUuids = [] } = advertisement;
  return { address, name: localName, uuids: serviceUuids.map(dashed), rssiDbm: rssi };
}
