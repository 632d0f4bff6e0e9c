// Connected locks over a real MQTT 5 broker: the property side's end, the program `lock-sim run --mqtt`, and between
// them a wire that can be cut. What counts is the door: it opens, or it does not. Skipped where no broker answers.
import { once } from "node:events";
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { encodeParcel, equal, type Parcel, toHex } from "@doorsync/protocol/authority";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { createArrivals, waitingMax } from "../../packages/authority/src/connected/arrivals.ts";
import { connectBroker } from "../../packages/authority/src/connected/broker.ts";
import {
  packParcels,
  parcelSetBytesMax,
  parcelsTopic,
  type Returned,
  readReturned,
} from "../../packages/authority/src/connected/topics.ts";
import { readSet } from "../../packages/lock-sim/src/cli/gateway.ts";
import { run, started } from "../lock-program.ts";
import {
  answers,
  bare,
  brokerUrl,
  cleared,
  closedPort,
  endAll,
  ends,
  house,
  owned,
  propertyId,
  side,
  today,
  until,
  wire,
} from "../support/connected-cast.ts";
import { bytesOf } from "../world.ts";

/** Some parcel of ours, for no lock. */
const aParcel: Parcel = {
  kind: "ack",
  lockId: new Uint8Array(16),
  tag: new Uint8Array(8),
  epoch: 1,
  from: 0,
  to: 7,
  notAfter: today,
  lockKey: new Uint8Array(32),
  tableKey: new Uint8Array(32),
  messages: [{ type: 14, body: new Uint8Array(1_000) }],
};
const isThere = await answers(brokerUrl);
afterEach(endAll);

describe.runIf(isThere)("over a broker", () => {
  test("a lock is given its owner, and each change reaches the door and comes back proven", async () => {
    const authority = side();
    await authority.connected();
    const at = await house(brokerUrl);
    const { office, door, parcel, proven } = await owned(authority, at);
    expect(await at.press("1111")).toBe("opened");
    expect(await at.press("2222")).toBe("refused");

    const change = office.delta(office.tableOf(new Map([[1, "2222"]])), 1, today);
    expect(await at.press("1111")).toBe("opened");
    expect(await authority.broker.publish(door, [parcel("update", change)])).toEqual({ ok: true });
    await until("the receipt of version 2", () => proven() === 2);
    expect(await at.press("2222")).toBe("opened");
    expect(await at.press("1111")).toBe("refused");
    // Nothing that is not a slip of this lock came over the broker.
    expect(
      authority.returned.every(({ slip }) => equal(slip.tag, door.tag) || slip.kind === "commission"),
    ).toBe(true);
  });

  test("a broker that is down: nothing is lost, and what waited is delivered when it is back", async () => {
    const line = await wire();
    const authority = side(line.url);
    await authority.connected();
    const at = await house(brokerUrl);
    const { office, door, parcel, proven } = await owned(authority, at);

    await line.cut();
    await until("the loss to be noticed", () => authority.broker.state.kind === "down");
    const change = [parcel("update", office.delta(office.tableOf(new Map([[1, "2222"]])), 1, today))];
    const sent = await authority.broker.publish(door, change);
    expect(sent).toMatchObject({ ok: false });
    expect(sent.ok ? "" : sent.why).toMatch(/^the broker 127\.0\.0\.1:\d+/);
    expect(await at.press("1111")).toBe("opened");
    expect(proven()).toBe(1);

    await line.mend();
    await until("the broker again", () => authority.broker.state.kind === "connected");
    expect(authority.states.filter((kind) => kind === "connected").length).toBeGreaterThan(1);
    expect(await authority.broker.publish(door, change)).toEqual({ ok: true });
    await until("the receipt of version 2", () => proven() === 2);
    expect(await at.press("2222")).toBe("opened");
  });

  test("a lock that was away finds only the newest change: the one between never works", async () => {
    const line = await wire();
    const authority = side();
    await authority.connected();
    const at = await house(line.url);
    const { office, door, parcel, proven } = await owned(authority, at);

    await line.cut();
    await at.lock.next("broker");
    const between = office.delta(office.tableOf(new Map([[1, "2222"]])), 1, today);
    expect(await authority.broker.publish(door, [parcel("update", between)])).toEqual({ ok: true });
    const newest = office.delta(office.tableOf(new Map([[1, "3333"]])), 1, today);
    expect(newest.to).toBe(3);
    expect(await authority.broker.publish(door, [parcel("update", newest)])).toEqual({ ok: true });
    expect(await at.press("1111")).toBe("opened");

    await line.mend();
    await until("the receipt of version 3", () => proven() === 3);
    expect(await at.press("3333")).toBe("opened");
    expect(await at.press("2222")).toBe("refused");
    const versions = at.lock.rows.flatMap((row) => ("committed" in row ? [row["committed"]] : []));
    expect(versions).toEqual([
      { version: 1, by: "snapshot" },
      { version: 3, by: "delta" },
    ]);
  });

  test("said twice, or the older after the newer: the door stays as it is, and each time it is proven again", async () => {
    const authority = side();
    await authority.connected();
    const at = await house(brokerUrl);
    const { office, door, parcel, proven } = await owned(authority, at);
    const older = [parcel("update", office.delta(office.tableOf(new Map([[1, "2222"]])), 1, today))];
    const newer = [parcel("update", office.delta(office.tableOf(new Map([[1, "3333"]])), 1, today))];
    await authority.broker.publish(door, newer);
    await until("the receipt of version 3", () => proven() === 3);
    await until("the end of that visit", () => at.visits().length === 3);

    for (const [again, outcome] of [
      [newer, "already"],
      [older, "already"],
      [newer, "already"],
    ] as const) {
      const visitsBefore = at.visits().length;
      const slipsBefore = authority.returned.length;
      await authority.broker.publish(door, again);
      await until("another visit", () => at.visits().length > visitsBefore);
      expect(at.visits().at(-1)).toMatchObject({ visited: { outcome, version: 3 } });
      await until("another receipt", () => authority.returned.length > slipsBefore);
      expect(await at.press("3333")).toBe("opened");
      expect(await at.press("2222")).toBe("refused");
    }
    expect(proven()).toBe(3);
    expect(at.lock.rows.filter((row) => "committed" in row).length).toBe(2);
  });

  test("a slip that nobody hears is kept, and brought when somebody listens again", async () => {
    const line = await wire();
    const authority = side(line.url);
    await authority.connected();
    const at = await house(brokerUrl);
    const { office, door, parcel, proven } = await owned(authority, at);
    const change = office.delta(office.tableOf(new Map([[1, "2222"]])), 1, today);
    // It leaves the parcels behind and goes, as a service that is restarted does.
    await line.cut();
    const other = bare();
    await other.put(parcelsTopic(door), packParcels([parcel("update", change)]), true);
    const owing = await until("a visit that owes a slip", () =>
      at.visits().find((row) => (row["visited"] as { owed: number }).owed > 0),
    );
    expect(owing).toMatchObject({
      visited: { outcome: "synced", version: 2, says: expect.stringContaining("nobody listens") },
    });
    expect(proven()).toBe(1);
    expect(await at.press("2222")).toBe("opened");
    const visitsBefore = at.visits().length;
    await line.mend();
    await until("the receipt of version 2", () => proven() === 2);
    // The lock had done its part, and was not asked again. A visit would be told a little after its receipt.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(at.visits().length).toBe(visitsBefore);
  });

  test("a house that cannot take a slip just now is offered it again, once it can it takes it once", async () => {
    const tried: string[] = [];
    const returned: Returned[] = [];
    const authority = side(brokerUrl, {
      async onReturn(one) {
        tried.push(one.slip.kind);
        if (tried.length <= 2) throw new Error("the database is away");
        returned.push(one);
      },
    });
    await authority.connected();
    const at = await house(brokerUrl);
    const { proven } = await owned({ ...authority, returned }, at);
    expect(proven()).toBe(1);
    expect(tried.slice(0, 3)).toEqual(["commission", "commission", "commission"]);
    expect(returned.filter(({ slip }) => slip.kind === "commission").length).toBe(1);
  });

  test("while a phone is at the lock the wire waits, and comes in when the phone has left", async () => {
    const authority = side();
    await authority.connected();
    const at = await house(brokerUrl);
    const { office, door, parcel, proven } = await owned(authority, at);
    const phone = connectSocket(at.lock.port, "127.0.0.1");
    phone.on("error", () => {});
    await once(phone, "connect");
    const change = office.delta(office.tableOf(new Map([[1, "2222"]])), 1, today);
    await until(
      "the phone at the lock",
      async () => ((await at.lock.ask("status", "status")) as never)["status"]["session"] === "open",
    );
    await authority.broker.publish(door, [parcel("update", change)]);
    const refused = await until("a visit that finds it busy", () =>
      at.visits().find((row) => (row["visited"] as { outcome: string }).outcome === "unreachable"),
    );
    expect(refused).toMatchObject({ visited: { says: expect.stringContaining("busy with a phone") } });
    expect(proven()).toBe(1);
    phone.destroy();
    await until("the receipt of version 2", () => proven() === 2);
    expect(await at.press("2222")).toBe("opened");
  });

  test("oversized and garbage payloads are passed over at both ends, and hold no memory", async () => {
    const line = await wire();
    const authority = side();
    await authority.connected();
    const at = await house(line.url);
    const { office, door, parcel, proven } = await owned(authority, at);
    const stranger = bare();
    const visitsBefore = at.visits().length;
    const whole = packParcels([
      parcel("update", office.delta(office.tableOf(new Map([[1, "2222"]])), 1, today)),
    ]);

    const garbage: readonly Uint8Array[] = [
      bytesOf("noise", 4_000),
      whole.slice(0, -1),
      Uint8Array.of(0xff, 0xff, 0xff, 0xff, 1, 2, 3),
      Uint8Array.of(0, 0, 0, 0),
      new Uint8Array(10_000),
      Uint8Array.of(...whole, 9),
    ];
    for (const bytes of garbage) await stranger.put(parcelsTopic(door), bytes);
    // The broker keeps to itself what is longer than the lock said it takes.
    const downBefore = line.counted.down;
    for (let i = 0; i < 4; i++) await stranger.put(parcelsTopic(door), new Uint8Array(2 * parcelSetBytesMax));
    const returns = parcelsTopic(door).replace(/parcels$/, "returns");
    const slip = authority.returned.at(-1)?.bytes ?? new Uint8Array(0);
    expect(slip.length).toBeGreaterThan(0);
    await stranger.put(returns, bytesOf("noise", 500));
    await stranger.put(returns, slip.slice(0, -1));
    await stranger.put(returns, new Uint8Array(100_000));
    await stranger.put(returns.replace(toHex(door.tag), "00".repeat(8)), slip);
    await stranger.put("doorsync/someone/returns", slip);
    await stranger.put(returns, slip);
    const copies = (): number => authority.returned.filter(({ bytes }) => equal(bytes, slip)).length;
    expect(authority.broker.state.kind).toBe("connected");
    expect(authority.states.filter((kind) => kind === "connected").length).toBe(1);

    await authority.broker.publish(door, readSet(whole) ?? []);
    await until("the receipt of version 2", () => proven() === 2);
    expect(line.counted.down - downBefore).toBeLessThan(parcelSetBytesMax);
    await until("the end of that visit", () => at.visits().length > visitsBefore);
    expect(at.visits().length).toBe(visitsBefore + 1);
    expect(at.lock.rows.filter((row) => "broker" in row).length).toBe(1);
    // Of all that came back the one that was whole, and in its own place, counts.
    expect(copies()).toBe(2);
    expect(await at.press("2222")).toBe("opened");
  });

  test("a flood of good sets keeps the lock no busier than its rests allow, and does not shut the last one out", async () => {
    const authority = side();
    await authority.connected();
    const at = await house(brokerUrl);
    const { office, door, parcel, proven } = await owned(authority, at);
    const old = [parcel("update", office.delta(office.tableOf(new Map([[1, "2222"]])), 1, today))];
    const visitsBefore = at.visits().length;
    const begun = performance.now();
    // Faster than the rest, for longer than it: a rest that began anew with each message would never end.
    while (performance.now() - begun < 1_500) {
      await Promise.all(Array.from({ length: 10 }, () => authority.broker.publish(door, old)));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const visits = at.visits().length - visitsBefore;
    expect(visits).toBeGreaterThan(0);
    // One for each rest of 250 ms, and the one that was under way.
    expect(visits).toBeLessThan((performance.now() - begun) / 250 + 2);
    const last = [parcel("update", office.delta(office.tableOf(new Map([[1, "3333"]])), 2, today))];
    await authority.broker.publish(door, last);
    await until("the receipt of version 3", () => proven() === 3);
  });

  test("of many sets at once a bounded number is under way, and all are confirmed", async () => {
    const line = await wire();
    const authority = side(line.url);
    await authority.connected();
    const property = propertyId();
    const doors = Array.from({ length: 200 }, (_, n) =>
      cleared(authority.broker, { property, tag: bytesOf(`door ${n}`, 8) }),
    );
    const upBefore = line.counted.up;
    line.hold();
    const sending = Promise.all(doors.map((door) => authority.broker.publish(door, [aParcel])));
    const underWay = (): number => (line.counted.up - upBefore) / packParcels([aParcel]).length;
    await until("some of them", () => underWay() > 8);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(underWay()).toBeLessThan(32);
    line.release();
    expect((await sending).every(({ ok }) => ok)).toBe(true);
    await Promise.all(doors.map((door) => authority.broker.publish(door, [])));
    await authority.broker.close();
    expect(authority.states).toEqual(["connected", "closed"]);
  });

  test("a lock that is switched on later finds what was put out before", async () => {
    const authority = side();
    await authority.connected();
    const at = await house(brokerUrl);
    const { office, door, parcel, proven } = await owned(authority, at);
    await at.lock.quit();
    const change = office.delta(office.tableOf(new Map([[1, "2222"]])), 1, today);
    await authority.broker.publish(door, [parcel("update", change)]);
    const again = await started(at.home, "--mqtt", brokerUrl);
    ends.push(() => again.quit());
    await until("the receipt of version 2", () => proven() === 2);
    expect(await again.ask("press 2222#", "press")).toMatchObject({ press: { result: "opened" } });
  });
});

describe("without a broker", () => {
  test("a dead broker is a state, not an error; publishing says why, and closing ends it", async () => {
    const port = await closedPort();
    const { broker, states } = side(`mqtt://door:s3cret@127.0.0.1:${port}`);
    await until("the second try", () => states.filter((kind) => kind === "down").length >= 2);
    const sent = await broker.publish({ property: "p", tag: new Uint8Array(8) }, []);
    expect(sent.ok).toBe(false);
    expect(sent.ok ? "" : sent.why).toContain(`127.0.0.1:${port}`);
    expect(sent.ok ? "" : sent.why).not.toContain("s3cret");
    await broker.close();
    expect(broker.state).toEqual({ kind: "closed" });
    const told = states.length;
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    expect(states.length).toBe(told);
  });

  test("one that takes the connection and says nothing holds nobody", async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { broker } = side(`mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await until("the connection", () => sockets.length === 1);
    const begun = performance.now();
    expect(await broker.publish({ property: "p", tag: new Uint8Array(8) }, [])).toMatchObject({ ok: false });
    await broker.close();
    expect(performance.now() - begun).toBeLessThan(2_000);
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  test("a signal that aborts closes it", async () => {
    const ending = new AbortController();
    const { broker } = side(`mqtt://127.0.0.1:${await closedPort()}`, { signal: ending.signal });
    ending.abort();
    await until("the end", () => broker.state.kind === "closed");
  });

  test("an address of something else is said at once, without its password", async () => {
    for (const url of ["http://u:s3cret@host", "s3cret", "mqtt://", ""]) {
      const open = (): unknown => connectBroker(url, { onReturn: async () => {} });
      expect(open).toThrow(expect.objectContaining({ name: "Trouble" }));
      expect(open).not.toThrow(/s3cret/);
    }
    expect((await run("run", "--home", tmpdir(), "--mqtt", "http://127.0.0.1")).status).toBe(2);
  });

  test("a property id that would be another topic is a fault of ours", () => {
    for (const property of ["", "a/b", "+", "#", "x".repeat(65)]) {
      expect(() => parcelsTopic({ property, tag: new Uint8Array(8) })).toThrow(RangeError);
    }
  });

  test("slips that wait have a bound, and the one that is never taken is given up with a word", async () => {
    const told: string[] = [];
    const ending = new AbortController();
    let asked = 0;
    const arrivals = createArrivals({
      take: () => {
        asked++;
        return new Promise(() => {});
      },
      dropped: (why) => told.push(why),
      signal: ending.signal,
    });
    const slip = { property: "p", tag: new Uint8Array(8), bytes: new Uint8Array(0) } as Returned;
    for (let i = 0; i < waitingMax + 51; i++) arrivals.add(slip);
    await Promise.resolve();
    expect(asked).toBe(1);
    expect(told.length).toBe(50);
    ending.abort();
  });

  test("whatever bytes come, a set is read or passed over, and a whole one is read as it was packed", () => {
    const set = packParcels([aParcel, { ...aParcel, to: 8 }]);
    expect(readSet(set)).toEqual([aParcel, { ...aParcel, to: 8 }]);
    expect(readSet(new Uint8Array(0))).toEqual([]);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(set.length), (noise, at) => {
        const spoilt = Uint8Array.of(...set.slice(0, at), ...noise, ...set.slice(at));
        const read = readSet(spoilt);
        expect(read === undefined || read.length <= 4).toBe(true);
        const cut = readSet(set.slice(0, at));
        const isWhole = at === 0 || at === set.length || at === 4 + encodeParcel(aParcel).length;
        expect(cut !== undefined).toBe(isWhole);
        expect(readReturned("doorsync/p/0000000000000000/returns", noise)).toBeUndefined();
      }),
    );
  });
});

if (!isThere) {
  test("skipped: no broker answers", (context) => {
    context.skip(`no MQTT broker answers at ${brokerUrl} (MQTT_URL): connected locks were not tested`);
  });
}
