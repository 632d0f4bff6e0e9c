// The browser's transport at a real lock: what a page would be given by its browser is made of noble's own objects here,
// and behind them are software controllers, bleno and the shipped firmware. A real browser: test/browser.
import { readFileSync } from "node:fs";
import { type WebDevice, webBluetoothTransport } from "@doorsync/phone-client/web-bluetooth";
import { gatt } from "@doorsync/protocol/courier";
import { afterEach, beforeEach, expect, test } from "vitest";
import type {
  NobleCharacteristic,
  NoblePeripheral,
  NobleService,
} from "../../packages/phone-client/src/edge/noble-stack.ts";
import { undashed } from "../../packages/phone-client/src/edge/noble-stack.ts";
import { type BleDoor, type BlePhone, type BleRig, bleRig, until } from "../support/ble-rig.ts";
import { snippetsOf } from "../support/snippets.ts";
import { inForce } from "../world.ts";

let rig: BleRig;
let door: BleDoor;
let phone: BlePhone;
beforeEach(async () => {
  rig = bleRig();
  door = await rig.door("A");
  phone = await rig.phone();
});
afterEach(() => rig.close());

type Raw<T> = T & { once(event: string, listener: (...given: never[]) => void): unknown };
const next = <T>(from: unknown, event: string, act: () => void): Promise<T> =>
  new Promise((resolve) => {
    (from as Raw<object>).once(event, resolve as never);
    act();
  });

/** The lock as a browser shows it to a page. `renews`: the system had restored an older subscription, which ends first. */
async function device({
  renews = false,
} = {}): Promise<WebDevice & { readonly peripheral: NoblePeripheral }> {
  await until(() => phone.stack.state === "poweredOn", "the adapter is on");
  const peripheral = await next<NoblePeripheral>(phone.stack, "discover", () =>
    phone.stack.startScanning([undashed(gatt.service)], true),
  );
  phone.stack.stopScanning();
  const target = new EventTarget();
  peripheral.on("disconnect", () => void target.dispatchEvent(new Event("gattserverdisconnected")));
  const characteristic = (own: NobleCharacteristic) => {
    const face = Object.assign(new EventTarget(), {
      value: undefined as DataView | undefined,
      async startNotifications() {
        for (const on of renews ? [true, false, true] : [true])
          await next(own, "notify", () => own.notify(on));
      },
      writeValueWithoutResponse: (value: ArrayBufferView | ArrayBuffer) =>
        next<void>(own, "write", () => own.write(Buffer.from(value as Uint8Array), true)),
      writeValueWithResponse: (value: ArrayBufferView | ArrayBuffer) =>
        next<void>(own, "write", () => own.write(Buffer.from(value as Uint8Array), false)),
    });
    own.on("data", (value: Buffer) => {
      face.value = new DataView(value.buffer, value.byteOffset, value.byteLength);
      face.dispatchEvent(new Event("characteristicvaluechanged"));
    });
    return face;
  };
  const server = {
    get connected() {
      return peripheral.state === "connected";
    },
    async connect() {
      await next(peripheral, "connect", () => peripheral.connect());
      return server;
    },
    disconnect: () => peripheral.state === "connected" && peripheral.disconnect(),
    async getPrimaryService() {
      const [service] = await next<NobleService[]>(peripheral, "servicesDiscover", () =>
        peripheral.discoverServices([undashed(gatt.service)]),
      );
      if (service === undefined) throw new Error("NotFoundError");
      return {
        async getCharacteristic(uuid: string) {
          const [own] = await next<NobleCharacteristic[]>(service, "characteristicsDiscover", () =>
            service.discoverCharacteristics([undashed(uuid)]),
          );
          if (own === undefined) throw new Error("NotFoundError");
          return characteristic(own);
        },
      };
    },
  };
  return Object.assign(target, { gatt: server, peripheral }) as never;
}

const parcel = () =>
  door.parcel(
    door.property.snapshot(
      door.property.tableOf(new Map(Array.from({ length: 30 }, (_, n) => [n, String(4_000 + n)]))),
    ),
  );

test.each([false, true])("a table streams (writes with a response: %s)", async (withResponse) => {
  const transport = webBluetoothTransport({ device: await device(), withResponse });
  const visited = await phone.visit([parcel()], { transport });
  expect(visited.outcome).toEqual({ kind: "synced", version: 1 });
  expect(door.lock.press("4021")).toBe("accepted");
  await until(() => !door.radio.isConnected, "the connection is free");
});

test("a subscription that is ended and made anew before the first frame ends no visit", async () => {
  const transport = webBluetoothTransport({ device: await device({ renews: true }) });
  const visited = await phone.visit([parcel()], { transport });
  expect(visited.outcome).toEqual({ kind: "synced", version: 1 });
});

test("visits one behind the other wait until the one before has hung up", async () => {
  const page = await device();
  const transport = webBluetoothTransport({ device: page });
  await phone.visit([parcel()], { transport });
  const began = performance.now();
  const link = await transport.open(new AbortController().signal);
  expect(performance.now() - began).toBeGreaterThan(800);
  link.close();
});

test("the code that the page on Bluetooth gives is the example, which type-checks", () => {
  const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
  const [block] = snippetsOf(read("docs/BLUETOOTH.md")).filter(({ mark }) => mark === "web-page");
  const example = read("packages/phone-client/examples/web-page.ts");
  expect(block?.code).toBe(example.slice(example.indexOf("import {")));
});

test("a link that is lost is told, the lock has the old table, and a second visit ends it", async () => {
  const page = await device();
  const transport = webBluetoothTransport({ device: page });
  const carried = parcel();
  let isLost = false;
  const onProgress = (): void => {
    if (!isLost) rig.air.links[0]?.lose();
    isLost = true;
  };
  const first = await phone.visit([carried], { transport, onProgress });
  expect(first.outcome).toMatchObject({ kind: "dropped" });
  expect([0, 1]).toContain(inForce(door.lock)?.version);
  const second = await phone.visit([carried], { transport });
  expect(second.outcome).toMatchObject({ version: 1 });
});

test("an abort while it connects rejects, and lets go of the lock", async () => {
  const controller = new AbortController();
  const opening = webBluetoothTransport({ device: await device() }).open(controller.signal);
  const told = expect(opening).rejects.toThrow("given up");
  await until(() => door.radio.isConnected, "connected");
  controller.abort();
  await told;
  await until(() => !door.radio.isConnected, "let go of");
});
