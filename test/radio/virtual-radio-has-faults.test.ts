/**
 * What the air can do to unmodified noble and bleno, and what becomes of them. Some of it is what these two do wrong:
 * a transport over them has to live with it, so it is held here. How a transport lives with it is not tested here.
 */
import { hciStatus, tamperOnce } from "@doorsync/virtual-radio";
import { afterEach, describe, expect, test } from "vitest";
import {
  find,
  look,
  meet,
  pause,
  type StackRig,
  settles,
  stackRig,
  supervisionMs,
  until,
} from "../support/stack-rig.ts";

let rig: StackRig | undefined;
afterEach(() => {
  rig?.close();
  rig = undefined;
});
const begin = (...options: Parameters<typeof stackRig>): StackRig => {
  rig = stackRig(...options);
  return rig;
};
const some = Buffer.from("0123456789");
async function connected(
  make: StackRig,
  options: Parameters<StackRig["mirror"]>[1] = {},
  timeoutMs?: number,
) {
  const mirror = await make.mirror("mirror", options);
  const phone = await make.central();
  const remote = await find(phone, "mirror");
  const { value } = await meet(remote, timeoutMs);
  const [link] = make.air.links;
  if (link === undefined) throw new Error("a link stands");
  const ended = new Promise<unknown>((resolve) => remote.once("disconnect", resolve));
  return { mirror, phone, remote, value, link, ended };
}

describe("the link goes", () => {
  test("lost while idle: both know at once, the central with the reason, and a new one carries", async () => {
    const make = begin();
    const { mirror, phone, link, ended } = await connected(make);
    link.lose();
    expect(await ended).toBe(hciStatus.connectionTimeout);
    await until(() => mirror.events.includes("disconnect"), "the peripheral knows");
    expect(link.isOpen).toBe(false);
    const again = await meet(await find(phone, "mirror"));
    await again.value.writeAsync(some, false);
    expect(mirror.written).toHaveLength(1);
  });

  test("lost under a write: noble never settles it", async () => {
    const make = begin();
    const { mirror, value, link, ended } = await connected(make);
    mirror.holds = true;
    const write = value.writeAsync(some, false);
    await until(() => mirror.held.length === 1, "the write arrived and is not answered");
    link.lose();
    await ended;
    expect(await settles(write, 200)).toBe("never");
  });

  test.each(["to-peripheral", "to-central", "both"] as const)(
    "a stall %s ends it after the supervision timeout, not before",
    async (which) => {
      const make = begin();
      const { mirror, link, ended, value } = await connected(make);
      const begun = performance.now();
      link.stall(which);
      void value.writeAsync(some, true);
      expect(await ended).toBe(hciStatus.connectionTimeout);
      // Not later either, as virtual time shows; a busy machine is late by itself.
      expect(performance.now() - begun).toBeGreaterThan(supervisionMs - 2);
      // What only the answer is missing of has arrived.
      expect(mirror.written).toHaveLength(which === "to-central" ? 1 : 0);
      await until(() => mirror.events.includes("disconnect"), "the peripheral gives up as well");
    },
  );

  test("a stall that heals in time costs nothing but time", async () => {
    const make = begin();
    const { mirror, link, value } = await connected(make, {}, 5_000);
    link.stall("both");
    const write = value.writeAsync(some, false);
    expect(await settles(write, 50)).toBe("never");
    link.heal();
    await write;
    expect(link.isOpen).toBe(true);
    expect(mirror.written).toHaveLength(1);
  });

  test("who walks away loses the link, and is not found from there", async () => {
    const make = begin();
    const { mirror, phone, ended } = await connected(make);
    phone.adapter.move({ xMetres: 2_000, yMetres: 0 });
    expect(await ended).toBe(hciStatus.connectionTimeout);
    await until(() => mirror.events.includes("disconnect"), "the peripheral gives up as well");
    await expect(find(phone, "mirror", 100)).rejects.toThrow("in vain");
    phone.adapter.move({ xMetres: 30, yMetres: 0 });
    expect((await find(phone, "mirror")).rssi).toBe(-70);
  });
});

describe("packets go wrong, as only broken stacks let them", () => {
  test("a lost write request: it and all that come after hang until the link ends", async () => {
    const make = begin();
    const { mirror, link, value } = await connected(make);
    link.tamper(({ direction }) => (direction === "to-peripheral" ? { kind: "drop" } : { kind: "pass" }));
    const lost = value.writeAsync(some, false);
    await pause(20);
    link.tamper(undefined);
    const next = value.writeAsync(some, false);
    expect(await settles(lost, 100)).toBe("never");
    expect(await settles(next, 100)).toBe("never");
    expect(mirror.written).toHaveLength(0);
  });

  test.each([
    ["duplicate", [1, 1, 2]],
    ["swap", [2, 1]],
    ["drop", [2]],
    ["delay", [1, 2]],
  ] as const)("%s: the peripheral gets it so", async (kind, order) => {
    const make = begin();
    const { mirror, link, value } = await connected(make);
    let first = true;
    link.tamper(({ direction }) => {
      if (direction !== "to-peripheral" || !first) return { kind: "pass" };
      first = false;
      return kind === "delay" ? { kind, ms: 50 } : { kind };
    });
    const begun = performance.now();
    for (const mark of [1, 2]) await value.writeAsync(Buffer.of(mark), true);
    await until(() => mirror.written.length === order.length, "they arrived");
    expect(mirror.written.map(({ data }) => data[0])).toEqual(order);
    if (kind === "delay") expect(performance.now() - begun).toBeGreaterThanOrEqual(49);
    await pause(40);
    expect(mirror.written).toHaveLength(order.length);
  });

  test("a flipped bit arrives as it is: nothing below the application notices", async () => {
    const make = begin();
    const { mirror, link, value } = await connected(make);
    link.tamper(({ data, direction }) => {
      if (direction !== "to-peripheral") return { kind: "pass" };
      const flipped = data.slice();
      flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 0x80;
      return { kind: "replace", data: flipped };
    });
    await value.writeAsync(Buffer.of(1, 2, 3), true);
    await until(() => mirror.written.length === 1, "it arrived");
    expect(mirror.written[0]?.data).toEqual(Buffer.of(1, 2, 0x83));
  });

  test("a lost MTU request leaves the attributes unfound: the central hangs in discovery", async () => {
    const make = begin({ tamper: tamperOnce("to-peripheral", 0, { kind: "drop" }) });
    await make.mirror("mirror");
    const remote = await find(await make.central(), "mirror");
    expect(await settles(meet(remote), 300)).toBe("never");
  });
});

describe("no link comes about", () => {
  test("an attempt fails with the status it was given, and the next one succeeds", async () => {
    const make = begin();
    await make.mirror("mirror");
    const remote = await find(await make.central(), "mirror");
    make.air.failConnections(1);
    await expect(remote.connectAsync()).rejects.toThrow(/0x3e/);
    await remote.connectAsync();
    expect(make.air.links).toHaveLength(1);
  });

  test("who is hushed is not heard; an attempt to connect waits until it is called off", async () => {
    const make = begin();
    const mirror = await make.mirror("mirror");
    const phone = await make.central();
    const remote = await find(phone, "mirror");
    mirror.adapter.hush(true);
    const attempt = remote.connectAsync();
    const outcome = settles(attempt, 10_000);
    expect(await settles(attempt, 60)).toBe("never");
    remote.cancelConnect();
    expect(await outcome).toBe("rejected");
    mirror.adapter.hush(false);
    await meet(await find(phone, "mirror"));
  });
});

describe("an adapter goes down and comes up", () => {
  test("the peripheral's: bleno hears nothing, its peer gives up; up again, it can be met once it advertises", async () => {
    const make = begin();
    const { mirror, phone, ended } = await connected(make);
    mirror.adapter.power(false);
    expect(await ended).toBe(hciStatus.connectionTimeout);
    look(mirror.stack);
    expect(mirror.stack.state).toBe("poweredOff");
    await expect(find(phone, "mirror", 50)).rejects.toThrow("in vain");
    mirror.adapter.power(true);
    look(mirror.stack);
    await until(() => mirror.stack.state === "poweredOn", "bleno is on again");
    mirror.stack.startAdvertising("mirror", ["a0000000000000000000000000000001"], () => {});
    const { value } = await meet(await find(phone, "mirror"));
    await value.writeAsync(some, false);
    expect(mirror.written).toHaveLength(1);
  });

  test("the central's: the peripheral gives up and is free for others", async () => {
    const make = begin();
    const { mirror, phone } = await connected(make);
    const other = await make.central();
    phone.adapter.power(false);
    await until(() => mirror.events.includes("disconnect"), "the peripheral gives up");
    look(phone.stack);
    expect(phone.stack._state).toBe("poweredOff");
    await meet(await find(other, "mirror"));
    phone.adapter.power(true);
    look(phone.stack);
    await until(() => phone.stack._state === "poweredOn", "noble is on again");
  });
});

describe("handles", () => {
  /** Holds a write, loses the link, answers too late; whether bleno still speaks on the next link. */
  async function lateAnswer(handles: "lowest-free" | "ever-increasing", waitMs: number): Promise<string> {
    const make = begin();
    const { mirror, phone, value, link, ended } = await connected(make, { handles });
    mirror.holds = true;
    void value.writeAsync(some, false);
    await until(() => mirror.held.length === 1, "the write is held");
    link.lose();
    await ended;
    await until(() => mirror.events.includes("disconnect"), "bleno knows");
    mirror.held[0]?.(0);
    mirror.holds = false;
    const again = await find(phone, "mirror");
    return settles(meet(again), waitMs);
  }

  test("that are used again hide bleno's poison: a late answer counts for the next link", async () => {
    expect(await lateAnswer("lowest-free", 10_000)).toBe("yes");
  });

  test("that are never used again show it: after one late answer bleno never speaks again", async () => {
    expect(await lateAnswer("ever-increasing", 400)).toBe("never");
  });
});
