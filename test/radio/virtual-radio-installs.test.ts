/**
 * Where the stacks look for a socket they find the radio that is installed, and after it was taken out none. The tap
 * for real adapters runs here around the software socket in the real one's place: its native part is not built here.
 */
import Module from "node:module";
import os from "node:os";
import { createAir, type HciPacket, hciSocketModule, installRadio } from "@doorsync/virtual-radio";
import { afterEach, describe, expect, test } from "vitest";
import { type HciSocketClass, socketClass } from "../../packages/virtual-radio/src/socket.ts";
import { command } from "../support/raw-host.ts";
import { find, meet, pause, stackRig, until } from "../support/stack-rig.ts";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

const loader = Module as unknown as { _load(request: string, ...rest: unknown[]): unknown };
const load = (): HciSocketClass => loader._load(hciSocketModule, undefined, false) as HciSocketClass;

describe("installing", () => {
  test("the module is the radio's, also for those that loaded it earlier; taken out, it is nobody's", () => {
    const before = loader._load;
    const [first, second] = [createAir(), createAir()];
    ends.push(first.close, second.close);
    const uninstall = installRadio({ air: first });
    const Socket = load();
    expect(new Socket().bindRaw(first.adapter().deviceId)).toBe(0);
    expect(() => installRadio({ air: second })).toThrow("installed already");
    uninstall();
    uninstall();
    expect(loader._load).toBe(before);
    expect(() => new Socket().bindRaw(0)).toThrow("no radio is installed");

    second.adapter();
    const { deviceId } = second.adapter();
    const again = installRadio({ air: second });
    expect(new Socket().bindRaw(deviceId)).toBe(1);
    again();
  });

  test("somebody who patched the loader later must go first", () => {
    const air = createAir();
    ends.push(air.close);
    const uninstall = installRadio({ air });
    const ours = loader._load;
    loader._load = (...given) => ours.apply(loader, given);
    expect(uninstall).toThrow("patched the loader");
    loader._load = ours;
    uninstall();
  });

  test("a stack that names an adapter gets that one or an error, one that names none gets one of its own", () => {
    const air = createAir();
    ends.push(air.close, installRadio({ air }));
    const Socket = load();
    const { deviceId } = air.adapter();
    expect(() => new Socket().bindRaw(7)).toThrow("ENODEV");
    expect(new Socket().bindRaw(deviceId)).toBe(0);
    expect([new Socket().bindRaw(), new Socket().bindRaw()]).toEqual([1, 2]);
    expect(air.adapters).toHaveLength(3);
  });
});

describe("a socket", () => {
  test("tells nothing before the call that asked has returned, and nothing once it is stopped", async () => {
    const air = createAir();
    ends.push(air.close, installRadio({ air }));
    const socket = new (load())();
    const heard: Buffer[] = [];
    socket.on("data", (data: Buffer) => heard.push(data));
    expect(socket.isDevUp()).toBe(false);
    socket.bindRaw();
    socket.start();
    expect(socket.isDevUp()).toBe(true);
    socket.write(command("readLocalVersion"));
    expect(heard).toEqual([]);
    await until(() => heard.length === 1, "the answer");
    expect(Buffer.isBuffer(heard[0])).toBe(true);
    socket.write(command("reset"));
    socket.stop();
    await pause(5);
    socket.write(command("reset"));
    await pause(5);
    expect(heard).toHaveLength(1);
  });

  test("for management is silent and belongs to no adapter", async () => {
    const air = createAir();
    ends.push(air.close, installRadio({ air }));
    const socket = new (load())();
    socket.on("data", () => expect.unreachable("it spoke"));
    socket.bindControl();
    socket.start();
    socket.write(Uint8Array.of(1, 2, 3));
    await pause(5);
    expect(air.adapters).toEqual([]);
  });
});

describe("the tap", () => {
  test("tells every packet between a stack and whatever socket is loaded, and nothing of management", async () => {
    const seen: HciPacket[] = [];
    const truth: HciPacket[] = [];
    // An air whose radio is not installed, but lies where the real socket would.
    const air = createAir({ advertisingIntervalMs: 10 });
    const original = loader._load;
    const Real = socketClass(() => air);
    loader._load = (request, ...rest) =>
      request === hciSocketModule ? Real : original.call(loader, request, ...rest);
    const uninstall = installRadio({ capture: (packet) => seen.push(packet) });
    ends.push(
      () => {
        loader._load = original;
      },
      uninstall,
      air.close,
    );
    const Tapped = load();
    expect(Tapped).not.toBe(Real);
    expect(load(), "one class for all").toBe(Tapped);
    const socket = new Tapped();
    expect(socket).toBeInstanceOf(Real);
    air.adapter({ capture: (packet) => truth.push(packet) });
    socket.bindRaw(0);
    socket.start();
    socket.on("data", () => {});
    for (const name of ["readLocalVersion", "leReadBufferSize", "readAddress"] as const)
      socket.write(command(name));
    await until(() => truth.length === 6, "three commands, three answers");
    // As noble does when an adapter comes up again; the tap is no listener.
    socket.removeAllListeners();
    socket.write(command("reset"));
    await until(() => truth.length === 8, "one more");
    const control = new Tapped();
    control.bindControl();
    control.write(Uint8Array.of(0x13, 0, 0, 0, 2, 0, 0, 0));
    const plain = (packets: readonly HciPacket[]) =>
      packets.map(({ direction, bytes }) => `${direction} ${Buffer.from(bytes).toString("hex")}`);
    expect(plain(seen)).toEqual(plain(truth));
  });
});

test("on another platform the stacks are opened on HCI sockets as well, and leave platform and environment as they were", async () => {
  const { platform } = os;
  const elsewhere = () => "darwin" as const;
  os.platform = elsewhere;
  const rig = stackRig();
  ends.push(rig.close, () => {
    os.platform = platform;
  });
  const variable = "BLENO_HCI_DEVICE_ID";
  const before = process.env[variable];
  const mirror = await rig.mirror("mirror");
  expect(process.env[variable], "where bleno found its number").toBe(before);
  const { value } = await meet(await find(await rig.central(), "mirror"));
  await value.writeAsync(Buffer.of(1), false);
  expect(mirror.written).toHaveLength(1);
  expect(os.platform).toBe(elsewhere);
});

test("stacks that were closed leave no listener on the process and no timer that goes on", async () => {
  const counts = () => ["SIGINT", "exit"].map((name) => process.listenerCount(name));
  const before = counts();
  const rig = stackRig();
  const mirror = await rig.mirror("mirror");
  const phone = await rig.central();
  await meet(await find(phone, "mirror"));
  expect(counts()).not.toEqual(before);
  rig.close();
  mirror.events.length = 0;
  expect(counts()).toEqual(before);
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  const left = timers();
  // Each rings a last time within its second, and once more for nothing.
  await until(() => timers() <= left - 2, "both timers have run out");
  expect(mirror.events, "the timer saw an adapter that is gone, and nobody was told").toEqual([]);
});
