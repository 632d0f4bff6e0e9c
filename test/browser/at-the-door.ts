/**
 * Everything between a page and a bolt, all real but the air: the service, Chromium, D-Bus, noble, bleno, the shipped
 * firmware. One lock at one door, and tabs before it. BlueZ itself is missing: `bluez.ts` stands in for it.
 */
import type { Browser } from "playwright-core";
import { chromiumPath, openChromium, whySkipped } from "../page/chromium.ts";
import { type BleDoor, type BleRig, bleRig } from "../support/ble-rig.ts";
import { type Door, type House, openHouse } from "../support/journey-house.ts";
import type { Phone } from "../support/journey-phone.ts";
import { password, type Service, startService } from "../support/service.ts";
import { type App, type Chooser, chooser, openApp } from "./app.ts";
import { type Bluez, serveBluez } from "./bluez.ts";
import { nobleCentral } from "./noble-central.ts";
import { daemonPath, type PrivateBus, startBus } from "./private-bus.ts";

/** For the name of a suite; undefined: nothing is missing. */
export const missing: string | undefined =
  chromiumPath === undefined
    ? whySkipped
    : daemonPath === undefined
      ? " (skipped: no dbus-daemon; install the package dbus)"
      : undefined;

if (chromiumPath !== undefined && missing !== undefined) console.warn(`test/browser${missing}`);

export interface AtTheDoor {
  readonly service: Service;
  readonly house: House;
  readonly unit: string;
  readonly door: Door;
  readonly radio: BleDoor;
  readonly rig: BleRig;
  readonly bluez: Bluez;
  /** Another phone of who lives there and has a code that opens, to know what the service tells her. */
  readonly ritas: Phone;
  /** A fresh tab in which she is logged in. */
  tab(): Promise<Tab>;
  close(): Promise<void>;
}

export interface Tab extends App {
  readonly chooser: Chooser;
}

/** Codes that the lock has room for. */
const capacity = 200;

export async function stand(): Promise<AtTheDoor> {
  const closes: (() => Promise<void>)[] = [];
  const opened = <T extends { close(): Promise<void> }>(one: T): T => {
    closes.push(() => one.close());
    return one;
  };
  const service = opened(await startService());
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const door = await house.door("1A front", "residence", unit, { capacity });
  await house.give(rita, [door]);
  const ritas = await house.phone(rita);
  await ritas.syncs(door);
  const rig = opened(bleRig());
  const radio = await rig.door("1A front", { lock: door.lock });
  const { stack } = await rig.phone();
  const bus: PrivateBus = opened(await startBus());
  const bluez = await serveBluez(bus.bus, nobleCentral(stack, "c0:ff:ee:00:00:01"));
  const browser: Browser = opened(
    await openChromium({
      args: ["--enable-features=WebBluetooth"],
      env: { DBUS_SYSTEM_BUS_ADDRESS: bus.address, DBUS_SESSION_BUS_ADDRESS: bus.address },
    }),
  );
  return {
    service,
    house,
    unit,
    door,
    radio,
    rig,
    bluez,
    ritas,
    async tab() {
      const app = await openApp(browser, service.url);
      const tab = { ...app, chooser: await chooser(app.page) };
      await app.writes("E-mail", rita.email);
      await app.writes("Password", password);
      await app.writes("Door", door.doorId);
      const said = await app.clicks("Log in");
      if (said !== "done") throw new Error(`she cannot log in: ${said}`);
      return tab;
    },
    async close() {
      for (const close of closes.reverse()) await close();
    },
  };
}
