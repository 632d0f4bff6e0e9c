/**
 * A small `org.bluez`: as much of BlueZ's D-Bus interface as a browser's Web Bluetooth uses, over any radio that can
 * scan, connect, read, write and notify. It has no Bluetooth itself, pairs with nobody, and knows nothing of locks.
 */
import dbus, { type Message, type MessageBus, type Variant } from "@particle/dbus-next";

type Bytes = Uint8Array;

/** What a radio has seen. UUIDs in lower case with dashes, an address as `aa:bb:cc:dd:ee:ff`. */
export interface Seen {
  readonly address: string;
  readonly name: string;
  readonly uuids: readonly string[];
  readonly rssiDbm: number;
}

export interface Attribute {
  readonly uuid: string;
  /** BlueZ's words: `read`, `write`, `write-without-response`, `notify`. */
  readonly flags: readonly string[];
  read(): Promise<Bytes>;
  write(value: Bytes, withResponse: boolean): Promise<void>;
  /** Values go to the listener until it is called with undefined. */
  notify(listener: ((value: Bytes) => void) | undefined): Promise<void>;
}

export interface AttributeService {
  readonly uuid: string;
  readonly attributes: readonly Attribute[];
}

export interface Central {
  readonly address: string;
  /** Tells what is in the air, the same again and again, until it is stopped. */
  look(saw: (seen: Seen) => void): () => void;
  connect(address: string): Promise<readonly AttributeService[]>;
  disconnect(address: string): Promise<void>;
  /** A connection is gone, whoever ended it. */
  onGone(listener: (address: string) => void): void;
}

export interface Bluez {
  /** What was asked of it, as `Device1.Connect`, oldest first. */
  readonly asked: readonly string[];
  /** Runs before each value that is written to a device, with its length. */
  onWrite: ((bytes: number) => void) | undefined;
}

type Properties = Record<string, Variant>;
type Reply = readonly [signature: string, ...body: readonly unknown[]];
type Method = (path: string, body: readonly unknown[]) => Promise<Reply | undefined> | Reply | undefined;

const adapterPath = "/org/bluez/hci0";
const objectManager = "org.freedesktop.DBus.ObjectManager";
const propertiesInterface = "org.freedesktop.DBus.Properties";
/** A radio hangs up within a few of its connection events, and a browser does not wait for that. */
const hangUpMilliseconds = 200;
/** Client Characteristic Configuration: a browser looks for it before it subscribes. */
const configurationUuid = "00002902-0000-1000-8000-00805f9b34fb";

const text = (value: string): Variant => new dbus.Variant("s", value);
const texts = (value: readonly string[]): Variant => new dbus.Variant("as", [...value]);
const flag = (value: boolean): Variant => new dbus.Variant("b", value);
const number = (value: number): Variant => new dbus.Variant("u", value);
const decibels = (value: number): Variant => new dbus.Variant("n", value);
const place = (value: string): Variant => new dbus.Variant("o", value);
const octets = (value: Bytes): Variant => new dbus.Variant("ay", Buffer.from(value));

/** What a caller hears of a refusal. */
class BluezError extends Error {
  readonly errorName: string;
  constructor(name: string, says: string) {
    super(says);
    this.errorName = `org.bluez.Error.${name}`;
  }
}

/** A device that was seen, and while it is connected its attributes by path. Their objects stay, as BlueZ caches them. */
interface Device {
  readonly path: string;
  readonly address: string;
  readonly attributes: Map<string, Attribute>;
  /** What is subscribed to, as long as it is connected. */
  readonly notifying: Set<string>;
  standing: "apart" | "connecting" | "connected";
}

export async function serveBluez(bus: MessageBus, central: Central): Promise<Bluez> {
  const objects = new Map<string, Map<string, Properties>>();
  const devices = new Map<string, Device>();
  const asked: string[] = [];
  let stopLooking: (() => void) | undefined;

  const signal = (path: string, iface: string, member: string, signature: string, body: unknown[]): void =>
    bus.send(dbus.Message.newSignal(path, iface, member, signature, body));
  const add = (path: string, iface: string, properties: Properties): void => {
    objects.set(path, new Map([[iface, properties]]));
    signal("/", objectManager, "InterfacesAdded", "oa{sa{sv}}", [path, { [iface]: properties }]);
  };
  const change = (path: string, iface: string, changed: Properties): void => {
    const own = objects.get(path)?.get(iface);
    if (own === undefined) return;
    Object.assign(own, changed);
    signal(path, propertiesInterface, "PropertiesChanged", "sa{sv}as", [iface, changed, []]);
  };

  const saw = ({ address, name, uuids, rssiDbm }: Seen): void => {
    const path = `${adapterPath}/dev_${address.toUpperCase().replaceAll(":", "_")}`;
    change(path, "org.bluez.Device1", { RSSI: decibels(rssiDbm) });
    if (devices.has(path)) return;
    devices.set(path, { path, address, attributes: new Map(), notifying: new Set(), standing: "apart" });
    add(path, "org.bluez.Device1", {
      Adapter: place(adapterPath),
      Address: text(address.toUpperCase()),
      AddressType: text("public"),
      Alias: text(name),
      Blocked: flag(false),
      Connected: flag(false),
      LegacyPairing: flag(false),
      Name: text(name),
      Paired: flag(false),
      RSSI: decibels(rssiDbm),
      ServicesResolved: flag(false),
      Trusted: flag(false),
      UUIDs: texts(uuids),
    });
  };
  const look = (isOn: boolean): void => {
    stopLooking?.();
    stopLooking = isOn ? central.look(saw) : undefined;
    change(adapterPath, "org.bluez.Adapter1", { Discovering: flag(isOn) });
  };

  const teller = (path: string) => (value: Bytes) =>
    change(path, "org.bluez.GattCharacteristic1", { Value: octets(value) });
  /** Objects of everything that the device offers, and only then the word that all is there. */
  const resolved = (device: Device, services: readonly AttributeService[]): void => {
    const put = (path: string, iface: string, properties: Properties): void => {
      if (!objects.has(path)) add(path, iface, properties);
    };
    let handle = 0;
    const next = (kind: string): string => `${kind}${(++handle).toString(16).padStart(4, "0")}`;
    for (const { uuid, attributes } of services) {
      const service = `${device.path}/${next("service")}`;
      put(service, "org.bluez.GattService1", {
        Device: place(device.path),
        Primary: flag(true),
        UUID: text(uuid),
      });
      for (const attribute of attributes) {
        const path = `${service}/${next("char")}`;
        device.attributes.set(path, attribute);
        put(path, "org.bluez.GattCharacteristic1", {
          Flags: texts(attribute.flags),
          Notifying: flag(false),
          Service: place(service),
          UUID: text(attribute.uuid),
          Value: octets(new Uint8Array(0)),
        });
        if (!attribute.flags.includes("notify")) continue;
        put(`${path}/${next("desc")}`, "org.bluez.GattDescriptor1", {
          Characteristic: place(path),
          UUID: text(configurationUuid),
          Value: octets(new Uint8Array(2)),
        });
      }
    }
    change(device.path, "org.bluez.Device1", { ServicesResolved: flag(true) });
  };
  const gone = (device: Device): void => {
    device.standing = "apart";
    device.attributes.clear();
    for (const path of device.notifying)
      change(path, "org.bluez.GattCharacteristic1", { Notifying: flag(false) });
    device.notifying.clear();
    change(device.path, "org.bluez.Device1", { Connected: flag(false), ServicesResolved: flag(false) });
  };
  central.onGone((address) => {
    for (const device of devices.values())
      if (device.address === address && device.standing === "connected") gone(device);
  });

  const deviceAt = (path: string): Device => {
    const device = devices.get(path);
    if (device === undefined) throw new BluezError("DoesNotExist", "no such device");
    return device;
  };
  const attributeAt = (path: string): Attribute => {
    for (const { attributes } of devices.values()) {
      const attribute = attributes.get(path);
      if (attribute !== undefined) return attribute;
    }
    throw new BluezError("NotConnected", "Not Connected");
  };
  const connect = async (path: string): Promise<undefined> => {
    const device = deviceAt(path);
    if (device.standing === "connecting") throw new BluezError("InProgress", "Operation already in progress");
    if (device.standing === "connected") return;
    look(false);
    device.standing = "connecting";
    try {
      const services = await central.connect(device.address);
      device.standing = "connected";
      change(path, "org.bluez.Device1", { Connected: flag(true) });
      resolved(device, services);
    } catch (error) {
      device.standing = "apart";
      throw error;
    }
  };
  const notify = async (path: string, isOn: boolean): Promise<undefined> => {
    const attribute = attributeAt(path);
    const { notifying } = deviceAt(path.replace(/\/service.*$/, ""));
    if (!isOn && !notifying.delete(path)) throw new BluezError("Failed", "No notify session started");
    if (isOn) notifying.add(path);
    await attribute.notify(isOn ? teller(path) : undefined);
    change(path, "org.bluez.GattCharacteristic1", { Notifying: flag(isOn) });
  };

  const nothing = (): undefined => undefined;
  /** All that can be asked, by interface and name. */
  const methods: Readonly<Record<string, Method>> = {
    "ObjectManager.GetManagedObjects": () => [
      "a{oa{sa{sv}}}",
      Object.fromEntries([...objects].map(([path, own]) => [path, Object.fromEntries(own)])),
    ],
    "Properties.GetAll": (path, [iface]) => ["a{sv}", objects.get(path)?.get(String(iface)) ?? {}],
    "Properties.Get": (path, [iface, name]) => {
      const value = objects.get(path)?.get(String(iface))?.[String(name)];
      if (value === undefined) throw new BluezError("InvalidArguments", `no property ${String(name)}`);
      return ["v", value];
    },
    "Properties.Set": (path, [iface, name, value]) => {
      change(path, String(iface), { [String(name)]: value as Variant });
      return undefined;
    },
    "AgentManager1.RegisterAgent": nothing,
    "AgentManager1.RequestDefaultAgent": nothing,
    "AgentManager1.UnregisterAgent": nothing,
    "Adapter1.SetDiscoveryFilter": nothing,
    "Adapter1.StartDiscovery": () => void look(true),
    "Adapter1.StopDiscovery": () => void look(false),
    "Device1.Connect": connect,
    "Device1.Disconnect": async (path) => {
      const device = deviceAt(path);
      if (device.standing === "apart") throw new BluezError("NotConnected", "Not Connected");
      await new Promise((resolve) => setTimeout(resolve, hangUpMilliseconds));
      await central.disconnect(device.address);
      if (device.standing === "connected") gone(device);
      return undefined;
    },
    "GattCharacteristic1.ReadValue": async (path) => ["ay", Buffer.from(await attributeAt(path).read())],
    "GattCharacteristic1.WriteValue": async (path, [value, options]) => {
      const { type } = (options ?? {}) as { type?: Variant<string> };
      const bytes = new Uint8Array(value as Buffer);
      bluez.onWrite?.(bytes.length);
      await attributeAt(path).write(bytes, type?.value !== "command");
      return undefined;
    },
    "GattCharacteristic1.StartNotify": (path) => notify(path, true),
    "GattCharacteristic1.StopNotify": (path) => notify(path, false),
  };

  const answer = async (message: Message, method: Method): Promise<void> => {
    try {
      const [signature, ...body] = (await method(message.path, message.body)) ?? [""];
      bus.send(dbus.Message.newMethodReturn(message, signature, body));
    } catch (error) {
      const says = error instanceof Error ? error.message : String(error);
      const name = error instanceof BluezError ? error.errorName : "org.bluez.Error.Failed";
      // Its types say that the message comes as a text.
      bus.send(dbus.Message.newError(message as never, name, says));
    }
  };
  bus.addMethodHandler((message: Message): boolean => {
    const name = `${message.interface.split(".").at(-1)}.${message.member}`;
    const method = methods[name];
    asked.push(name);
    if (method === undefined) return false;
    void answer(message, method);
    return true;
  });

  const bluez: Bluez = { asked, onWrite: undefined };
  objects.set("/org/bluez", new Map([["org.bluez.AgentManager1", {}]]));
  objects.set(
    adapterPath,
    new Map([
      [
        "org.bluez.Adapter1",
        {
          Address: text(central.address.toUpperCase()),
          AddressType: text("public"),
          Alias: text("software"),
          Class: number(0),
          Discoverable: flag(false),
          DiscoverableTimeout: number(0),
          Discovering: flag(false),
          Name: text("software"),
          Pairable: flag(false),
          Powered: flag(true),
          UUIDs: texts([]),
        },
      ],
    ]),
  );
  await bus.requestName("org.bluez", dbus.NameFlag.DO_NOT_QUEUE);
  return bluez;
}
