// The whole road over Bluetooth stacks: noble, software controllers, bleno. What opens before a sync, and what after it,
// at every size of packet.
import { type Hello, messageName } from "@doorsync/protocol/courier";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BleRig, bleRig, pause } from "../support/ble-rig.ts";
import { inForce } from "../world.ts";

let rig: BleRig;
beforeEach(() => {
  rig = bleRig();
});
afterEach(() => rig.close());

describe.each([23, 100, 185, 247, 256])("at an MTU of %i", (mtu) => {
  test("a table streams, a code opens after the sync, and the next update revokes it", async () => {
    const door = await rig.door("A", { mtu });
    const phone = await rig.phone();
    const frames: number[] = [];
    const first = door.parcel(
      door.property.snapshot(
        door.property.tableOf(new Map(Array.from({ length: 60 }, (_, n) => [n, String(4_000 + n)]))),
      ),
    );
    const visited = await phone.visit([first], {
      onMessage: ({ bytes, frames: count }) => frames.push(bytes / count),
    });
    expect(visited.outcome).toEqual({ kind: "synced", version: 1 });
    expect(Math.max(...frames), "frames as long as the MTU allows, and no longer").toBeLessThanOrEqual(
      Math.min(mtu - 3, 244),
    );
    expect(Math.max(...frames)).toBeGreaterThan(0.8 * Math.min(mtu - 3, 244));
    expect(door.lock.press("4021")).toBe("accepted");
    const second = door.parcel(door.property.delta(door.property.tableOf(new Map([[0, "4000"]]))));
    expect((await phone.visit([second])).outcome).toEqual({ kind: "synced", version: 2 });
    expect([door.lock.press("4021"), door.lock.press("4000")]).toEqual(["refused", "accepted"]);
    expect(inForce(door.lock)?.version).toBe(2);
    expect(phone.slips.map(({ kind, to }) => `${kind} ${to}`)).toContain("receipt 2");
    expect(door.troubles).toEqual([]);
  });
});

test("what is advertised is what hello says, follows the version, and spares the question", async () => {
  const door = await rig.door("A");
  const phone = await rig.phone();
  const seen = async () => (await phone.radio.look(300, new AbortController().signal))[0]?.hint;
  const own = door.lock.board.hello();
  expect(await seen()).toMatchObject({ tag: own?.tag, version: 0 });
  const table = door.property.tableOf(new Map([[0, "4821"]]));
  await phone.visit([door.parcel(door.property.snapshot(table))]);
  await phone.radio.idle();
  expect(await seen()).toMatchObject({ tag: own?.tag, version: 1 });
  const said: (string | undefined)[] = [];
  const update = door.parcel(door.property.delta(door.property.tableOf(new Map([[0, "0042"]]))));
  const visited = await phone.visit([update], { onMessage: ({ type }) => said.push(messageName(type)) });
  expect(visited.outcome).toEqual({ kind: "synced", version: 2 });
  expect(said.slice(0, 2), "one round trip from the connection to the receipt").toEqual([
    "update",
    "receipt",
  ]);
});

describe("a lock that lies in its advertising", () => {
  test.each([
    ["of a newer version", (hello: Hello) => ({ ...hello, version: hello.version + 7 }), 1],
    ["of an older version", (hello: Hello) => ({ ...hello, version: 0 }), 0],
    ["with another lock's tag", (hello: Hello) => ({ ...hello, tag: new Uint8Array(8).fill(9) }), 0],
    ["that it is new", (hello: Hello) => ({ ...hello, flags: hello.flags | 1 }), 0],
  ])("%s is synced all the same, for one question more at most", async (_what, lie, questionsMore) => {
    let isLying = false;
    const door = await rig.door("A", { lie: (hello) => (isLying ? lie(hello) : hello) });
    const phone = await rig.phone({ waits: { choice: 100 }, wants: ({ hint }) => hint?.tag[0] !== 9 });
    const table = (code: string) => door.property.tableOf(new Map([[0, code]]));
    await phone.visit([door.parcel(door.property.snapshot(table("4821")))]);
    isLying = true;
    await pause(50);
    const update = door.parcel(door.property.delta(table("0042")));
    const said: (string | undefined)[] = [];
    const { outcome } = await phone.visit([update], {
      onMessage: ({ direction, type }) => direction === "out" && said.push(messageName(type)),
    });
    expect(outcome).toEqual({ kind: "synced", version: 2 });
    expect(said.filter((name) => name !== "pull").length).toBeLessThanOrEqual(2 + questionsMore);
    expect(door.lock.press("0042")).toBe("accepted");
  });
});
