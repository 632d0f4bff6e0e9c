/**
 * One air for several processes, over a Unix socket that carries plain H4: real stacks in processes of their own, and
 * what becomes of the others when one of them dies, lies or is rude. Inside one process it is tested beside this.
 */
import { type ChildProcess, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createAir,
  type HciPacket,
  hciStatus,
  joinAir,
  meetAir,
  radioAt,
  serveAir,
} from "@doorsync/virtual-radio";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { takeAway } from "../../packages/virtual-radio/src/remote.ts";
import { command } from "../support/raw-host.ts";
import { pause, until } from "../support/stack-rig.ts";

const script = fileURLToPath(new URL("../support/stack-child.mjs", import.meta.url));
let folder = "";
const ends: (() => void | Promise<void>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "air-"));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  rmSync(folder, { recursive: true, force: true });
});

function start(role: "peripheral" | "central", path: string, name: string) {
  const child: ChildProcess = spawn(process.execPath, [script, role, path, name], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines: string[] = [];
  let rest = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  ends.push(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return {
    lines,
    says: (line: string) =>
      until(() => lines.includes(line), `${role} says ${line}; it said ${lines}`, 15_000),
    async kill() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

/** An open adapter that keeps what it hears. */
function ear(radio: ReturnType<typeof radioAt>, options = {}) {
  const adapter = radio.adapter(options);
  const heard: Uint8Array[] = [];
  const port = adapter.open((packet) => heard.push(packet));
  return { adapter, port, heard };
}
const hex = (packet: Uint8Array | undefined): string => Buffer.from(packet ?? []).toString("hex");

async function served(path: string) {
  const air = createAir({ advertisingIntervalMs: 20 });
  const service = await serveAir(air, path);
  ends.push(async () => {
    await service.close();
    air.close();
  });
  return { air, service };
}

describe("three processes", () => {
  test("bleno here, noble there, the air between; the survivor hears of a death by its timeout", async () => {
    const path = join(folder, "air");
    const { air, service } = await served(path);
    const lock = start("peripheral", path, "over there");
    await lock.says("ready");
    const phone = start("central", path, "over there");
    await phone.says("answer desserts c0:ff:ee:00:00:01");
    expect(service.guests).toBe(2);
    expect(air.links).toHaveLength(1);
    await lock.kill();
    await phone.says(`lost ${hciStatus.connectionTimeout}`);
    expect(service.guests).toBe(1);
    expect(air.adapters).toHaveLength(1);
  });
});

describe("guests", () => {
  test("have the address they ask for and hear only answers of their own; their host can be captured", async () => {
    const path = join(folder, "air");
    await served(path);
    const radio = await joinAir(path);
    const packets: HciPacket[] = [];
    const [first, second] = [
      ear(radio, { address: "c0:ff:ee:00:00:02", capture: (packet: HciPacket) => packets.push(packet) }),
      ear(radio),
    ];
    first.port.write(command("readAddress"));
    await until(() => first.heard.length === 1, "the answer comes");
    expect(hex(first.heard[0])).toBe("040e0a010910000200 00eeffc0".replaceAll(" ", ""));
    expect(packets.map(({ direction, bytes }) => [direction, hex(bytes)])).toEqual([
      ["sent", "01091000"],
      ["received", hex(first.heard[0])],
    ]);
    await pause(10);
    expect(second.heard).toEqual([]);
    expect([first.adapter.deviceId, second.adapter.deviceId]).toEqual([0, 1]);
  });

  test("who sends what is no H4 is put out; the others stay", async () => {
    const path = join(folder, "air");
    const { service } = await served(path);
    const good = ear(await joinAir(path));
    const rude = connect(path);
    await until(() => service.guests === 2, "both are in");
    rude.write(Buffer.from("GET / HTTP/1.1\r\n"));
    await new Promise((resolve) => rude.once("close", resolve));
    expect(service.guests).toBe(1);
    good.port.write(command("readLocalVersion"));
    await until(() => good.heard.length === 1, "the other is answered");
  });

  test("who does not read what it is told is put out, and costs a bounded memory", async () => {
    const path = join(folder, "air");
    const { service } = await served(path);
    const deaf = connect(path);
    deaf.on("error", () => {});
    deaf.pause();
    await until(() => service.guests === 1, "it is in");
    const question = Buffer.concat(
      Array.from({ length: 1_000 }, () => Buffer.from(command("readLocalVersion"))),
    );
    const asking = setInterval(() => deaf.write(question), 1);
    ends.push(() => clearInterval(asking));
    await until(() => service.guests === 0, "it is put out", 10_000);
    clearInterval(asking);
  });

  test("may take the address that a later one would have had; all who come afterwards have one of their own", async () => {
    const path = join(folder, "air");
    const { air, service } = await served(path);
    const radio = radioAt(path);
    const first = ear(radio);
    await until(() => air.adapters.length === 1, "the first is in");
    // A guest's address is its number in the air: these are the next but one, and the one after.
    const taken = ["02:00:00:00:00:02", "02:00:00:00:00:03"];
    const rude = taken.map((address) => ear(radio, { address }));
    await until(() => taken.every((one) => air.adapters.some(({ address }) => address === one)), "taken");
    const later = Array.from({ length: 3 }, () => ear(radio));
    for (const { port } of [first, ...rude, ...later]) port.write(command("readAddress"));
    await until(
      () => [first, ...rude, ...later].every(({ heard }) => heard.length === 1),
      "all are answered",
    );
    const addresses = air.adapters.map(({ address }) => address);
    expect(new Set(addresses).size).toBe(6);
    expect(new Set([first, ...rude, ...later].map(({ heard }) => hex(heard[0]))).size).toBe(6);
    expect(service.guests).toBe(6);
  });

  test("for whom there is no address are put out, and the others stay", async () => {
    const path = join(folder, "air");
    const air = createAir();
    const service = await serveAir(air, path, { address: "c0:ff:ee:00:00:05" });
    ends.push(async () => {
      await service.close();
      air.close();
    });
    const only = ear(radioAt(path));
    await until(() => service.guests === 1, "the first is in");
    const second = ear(radioAt(path));
    await until(() => !second.adapter.isUp, "the second is put out");
    only.port.write(command("readLocalVersion"));
    await until(() => only.heard.length === 1, "the first is answered");
    expect(service.guests).toBe(1);
  });

  test("find their adapter down when the air is gone", async () => {
    const path = join(folder, "air");
    const { service } = await served(path);
    const guest = ear(await joinAir(path));
    await until(() => service.guests === 1, "the guest is in");
    expect(guest.adapter.isUp).toBe(true);
    await service.close();
    await until(() => !guest.adapter.isUp, "the adapter is down");
    guest.port.write(command("reset"));
  });

  test("whom nobody serves: joining is refused, an adapter there goes down", async () => {
    const path = join(folder, "nobody");
    await expect(joinAir(path)).rejects.toMatchObject({ code: "ENOENT" });
    const { adapter } = ear(radioAt(path));
    await until(() => !adapter.isUp, "the adapter is down");
  });

  test("cannot choose what only the one who serves can give", async () => {
    const path = join(folder, "air");
    await served(path);
    expect(() => radioAt(path).adapter({ bufferBytes: 27 })).toThrow("bufferBytes");
  });
});

describe("meeting at a socket", () => {
  test("the first serves, the second joins, and the next serves again when the first has gone", async () => {
    const path = join(folder, "air");
    const first = await meetAir(path);
    const second = await meetAir(path);
    expect([first.isServed, second.isServed]).toEqual([true, false]);
    const { heard, port } = ear(second.air);
    port.write(command("readLocalVersion"));
    await until(() => heard.length === 1, "an answer from the other's air");
    await first.close();
    const third = await meetAir(path);
    ends.push(() => third.close());
    expect(third.isServed).toBe(true);
  });

  test("who joined and has enough takes its adapters along, and the air goes on", async () => {
    const path = join(folder, "air");
    const { air, service } = await served(path);
    const met = await meetAir(path);
    const [one, other] = [ear(met.air), ear(met.air)];
    await until(() => service.guests === 2 && air.adapters.length === 2, "both are in");
    const staying = ear(await joinAir(path));
    one.adapter.remove();
    await until(() => service.guests === 2 && air.adapters.length === 2, "one is taken out");
    expect([one.adapter.isUp, met.air.adapters.length]).toEqual([false, 1]);
    // Its number is not given again: a stack that looks for it finds nobody else.
    expect(met.air.adapter().deviceId).toBe(2);
    await met.close();
    await until(() => service.guests === 1 && air.adapters.length === 1, "all are taken out");
    expect([other.adapter.isUp, met.air.adapters.length]).toEqual([false, 0]);
    staying.port.write(command("readLocalVersion"));
    await until(() => staying.heard.length === 1, "the others are answered");
  });

  test("several at once: exactly one serves", async () => {
    const path = join(folder, "air");
    const met = await Promise.all([1, 2, 3, 4].map(() => meetAir(path)));
    ends.push(async () => {
      for (const one of met) await one.close();
    });
    expect(met.filter(({ isServed }) => isServed)).toHaveLength(1);
  });

  test("a socket that a dead process left is taken over", async () => {
    const path = join(folder, "air");
    const holder = spawn(process.execPath, [
      "-e",
      `require("net").createServer().listen(${JSON.stringify(path)})`,
    ]);
    await until(() => existsSync(path), "the socket is there");
    await pause(50);
    holder.kill("SIGKILL");
    await new Promise((resolve) => holder.once("exit", resolve));
    expect(existsSync(path)).toBe(true);
    const met = await Promise.all([1, 2, 3].map(() => meetAir(path)));
    ends.push(async () => {
      for (const one of met) await one.close();
    });
    expect(met.filter(({ isServed }) => isServed)).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(["air"]);
  });

  test("a lock folder that cannot be taken away: it is named, in time", async () => {
    const path = join(folder, "air");
    const dead = [
      `require("net").createServer()`,
      `.listen(${JSON.stringify(path)},()=>process.kill(process.pid,9))`,
    ];
    await new Promise((resolve) => spawn(process.execPath, ["-e", dead.join("")]).once("exit", resolve));
    expect(existsSync(path), "a dead one's socket").toBe(true);
    mkdirSync(`${path}.lock`);
    writeFileSync(join(`${path}.lock`, "not-ours"), "");
    const begun = performance.now();
    await expect(meetAir(path)).rejects.toMatchObject({
      code: "EBUSY",
      message: expect.stringContaining(`${path}.lock`),
    });
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(readdirSync(folder).sort()).toEqual(["air", "air.lock"]);
  }, 15_000);

  test("a socket that somebody put there in the meantime stays", async () => {
    const path = join(folder, "air");
    await served(path);
    await takeAway(path);
    expect(readdirSync(folder)).toEqual(["air"]);
    await joinAir(path);
  });

  test("what is no socket is left alone", async () => {
    const path = join(folder, "letter");
    writeFileSync(path, "dear friend");
    await expect(meetAir(path)).rejects.toMatchObject({ code: "ENOTSOCK" });
    expect(readFileSync(path, "utf8")).toBe("dear friend");
    await expect(meetAir(join(folder, "no-such-folder", "air"))).rejects.toThrow();
  });
});
