// A page in a real Chromium at a real lock, through Web Bluetooth: D-Bus, noble, software controllers, bleno. It syncs,
// it opens, and whatever the link does, it can come again. What the transport does without a browser: test/radio.
import { gatt, readHello } from "@doorsync/protocol/courier";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { complaints } from "../page/chromium.ts";
import { until } from "../support/ble-rig.ts";
import { isOpenNow, opens } from "../support/journey-door.ts";
import { inForce } from "../world.ts";
import { type AtTheDoor, missing, stand, type Tab } from "./at-the-door.ts";

describe.skipIf(missing !== undefined)(`a page at a lock${missing ?? ""}`, () => {
  let at: AtTheDoor;
  let tab: Tab;

  beforeAll(async () => {
    at = await stand();
  });
  afterEach(async () => {
    at.bluez.onWrite = undefined;
    await tab?.page.context().close();
    await until(() => !at.radio.radio.isConnected, "a tab that is closed lets go of the lock");
    expect(at.radio.troubles.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await at?.close();
    expect(complaints).toEqual([]);
    expect(at?.service.faults ?? []).toEqual([]);
  });

  const asked = (name: string): number => at.bluez.asked.filter((one) => one === name).length;
  const version = (): number => inForce(at.door.lock)?.version ?? 0;
  const lostWords = /^the lock closed the connection, or went out of range/;
  /** A change for which the lock has to be visited; the codes before and after it. */
  const change = async (): Promise<{ readonly old: string; readonly code: string }> => {
    const old = await at.ritas.now(at.door);
    const answer = await at.ritas.account.reset({ door: at.door.doorId });
    if (!answer.ok) throw new Error(JSON.stringify(answer));
    const code = await at.ritas.next(at.door);
    expect((await at.ritas.door(at.door)).pending).toBe(true);
    expect([opens(at.door, old), opens(at.door, code)]).toEqual([true, false]);
    return { old, code };
  };
  const isSet = async ({ old, code }: { readonly old: string; readonly code: string }): Promise<void> => {
    expect([opens(at.door, old), opens(at.door, code)]).toEqual([false, true]);
    expect((await at.ritas.door(at.door)).pending, "its receipt came back, and checks").toBe(false);
  };

  test("whoever closes the browser's list visits nobody", async () => {
    tab = await at.tab();
    tab.chooser.refuses = true;
    expect(await tab.clicks("Sync")).toMatch(/^NotFoundError: User cancelled/);
    expect(tab.chooser.shown).toEqual([["DoorSync"]]);
    expect(asked("Device1.Connect")).toBe(0);
  });

  test("a code opens after the sync and not before, and the service has the lock's own word for it", async () => {
    tab = await at.tab();
    const codes = await change();
    expect(await tab.clicks("Sync")).toBe(`synced: the lock proved version ${version()}`);
    expect(tab.chooser.shown).toEqual([["DoorSync"]]);
    await isSet(codes);
    expect(isOpenNow(at.door), "a sync unlocks nothing").toBe(false);
  });

  test("visits one behind the other wait until the browser has hung up, and need no further choice", async () => {
    tab = await at.tab();
    const before = asked("Device1.Connect");
    for (let n = 0; n < 3; n++)
      expect(await tab.clicks("Sync")).toMatch(
        /^nothing to do: the lock proved that it holds version \d+ already$/,
      );
    expect(asked("Device1.Connect") - before, "connections of its own for each").toBeGreaterThanOrEqual(3);
    expect(tab.chooser.shown).toHaveLength(1);
  });

  test("a page that is the phone of its owner opens the door, and syncs it first where that is due", async () => {
    tab = await at.tab();
    expect(await tab.clicks("Open")).toMatch(/^this phone opens no doors yet/);
    expect(isOpenNow(at.door)).toBe(false);
    expect(await tab.clicks("Enrol")).toBe("done");
    const before = version();
    expect(await tab.clicks("Open")).toBe("opened");
    expect(isOpenNow(at.door), "the bolt moved").toBe(true);
    expect(version(), "with the page's key in its table").toBe(before + 1);
    const connects = asked("Device1.Connect");
    expect(await tab.clicks("Open")).toBe("opened");
    expect(isOpenNow(at.door)).toBe(true);
    expect([version(), asked("Device1.Connect")], "and then at once").toEqual([before + 1, connects + 1]);
  });

  test("what any page reads before it writes is the lock's hello; one that writes nonsense is hung up on", async () => {
    tab = await at.tab();
    // A click's leave comes with what a test evaluates.
    const told = (await tab.page.evaluate(`(async () => {
      const device = await navigator.bluetooth.requestDevice({ filters: [{ services: ["${gatt.service}"] }] });
      const gone = new Promise((resolve) => device.addEventListener("gattserverdisconnected", resolve));
      const service = await (await device.gatt.connect()).getPrimaryService("${gatt.service}");
      const hello = await (await service.getCharacteristic("${gatt.hello.uuid}")).readValue();
      await (await service.getCharacteristic("${gatt.outbox.uuid}")).startNotifications();
      const inbox = await service.getCharacteristic("${gatt.inbox.uuid}");
      await inbox.writeValueWithResponse(new Uint8Array(200).fill(0xff));
      await gone;
      return [...new Uint8Array(hello.buffer)];
    })()`)) as number[];
    const hello = readHello(Uint8Array.from(told));
    expect(hello).toMatchObject({ ok: true, value: { version: version() } });
    const codes = await change();
    expect(await tab.clicks("Sync"), "the next visit is served").toMatch(/^synced/);
    await isSet(codes);
  });

  test("a browser that refuses long writes is heard: the next visit speaks in short ones", async () => {
    tab = await at.tab();
    const codes = await change();
    const { _gatt: insides } = at.radio.stack._bindings as unknown as { _gatt: { maxMtu: number } };
    const mtu = insides.maxMtu;
    insides.maxMtu = 100;
    const lengths: number[] = [];
    at.bluez.onWrite = (bytes) => lengths.push(bytes);
    const before = version();
    try {
      expect(await tab.clicks("Sync")).toMatch(/^GATT operation failed/);
      expect(Math.max(...lengths), "it was too long").toBeGreaterThan(97);
      expect(version()).toBe(before);
      lengths.length = 0;
      expect(await tab.clicks("Sync")).toMatch(/^synced/);
      expect(Math.max(...lengths)).toBe(20);
    } finally {
      insides.maxMtu = mtu;
    }
    await isSet(codes);
  });

  test("a lock that hangs up, and a link that is lost, are told; the next visit goes on where the lock stands", async () => {
    tab = await at.tab();
    const codes = await change();
    const before = version();
    for (let n = 0; n < guests; n++) {
      const guest = { name: `Guest ${n}`, email: `guest${n}@example.org`, role: "resident", unit: at.unit };
      const place = { property: at.service.propertyId };
      const { personId } = await at.house.asks("addPerson", { params: place, body: guest });
      await at.house.give({ ...guest, personId }, [at.door]);
    }
    const cuts = [
      { atWrite: 13, cut: () => at.radio.stack.disconnect() },
      { atWrite: 4, cut: () => at.rig.air.links[0]?.lose() },
    ];
    const progress: (readonly string[])[] = [];
    for (const { atWrite, cut } of cuts) {
      let writes = 0;
      at.bluez.onWrite = () => {
        if (++writes === atWrite) cut();
      };
      const said = await tab.clicks("Sync");
      expect(said).toMatch(lostWords);
      expect(writes).toBeGreaterThanOrEqual(atWrite);
      progress.push(await tab.progress());
      expect(version(), "the old table").toBe(before);
      expect([opens(at.door, codes.old), opens(at.door, codes.code)]).toEqual([true, false]);
    }
    at.bluez.onWrite = undefined;
    expect(await tab.clicks("Sync")).toMatch(/^synced/);
    progress.push(await tab.progress());
    expect(progress, "no chunk that the lock has is sent again").toEqual([
      ["1 of 2", "2 of 2"],
      ["2 of 2"],
      ["2 of 2"],
    ]);
    await isSet(codes);
  });
});

/** More than one chunk holds. */
const guests = 90;
