// Optional: noble and bleno on the controllers of BlueZ's own emulator, `btvirt`, through our way to adapters behind a
// Unix socket. It shows that what we say to a controller is understood by one that is not ours. Where btvirt is missing
// or cannot run (it needs AF_ALG of the kernel) it says so and ends with 0. No test depends on it.
//
//   node scripts/check-btvirt.mjs        BTVIRT=/path/to/btvirt if it is not on the PATH; Debian: bluez-test-tools
import { spawn } from "node:child_process";
import { existsSync, unlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { installRadio, joinAir, openBleno, openNoble } from "@doorsync/virtual-radio";

const socketPath = "/tmp/bt-server-le"; // where btvirt puts it
const secondsMax = 20;
const [serviceUuid, valueUuid] = ["a0000000000000000000000000000001", "a0000000000000000000000000000002"];

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const skip = (why) => {
  console.log(`skipped: ${why}`);
  process.exit(0);
};

if (existsSync(socketPath)) {
  const isTaken = await joinAir(socketPath).then(
    () => true,
    () => false,
  );
  if (isTaken) skip(`somebody else's btvirt runs at ${socketPath}`);
  unlinkSync(socketPath); // not rmSync: Node 20 finds no linked package any more after it looked at a socket
}
const program = process.env["BTVIRT"] ?? "btvirt";
const emulator = spawn(program, ["-s"], { stdio: "ignore" });
emulator.on("error", () => skip(`there is no ${program} here`));
process.on("exit", () => emulator.kill());
for (let tries = 0; tries < 100 && !existsSync(socketPath); tries += 1) await pause(20);
if (!existsSync(socketPath)) skip("btvirt made no socket");
const isUsable = await new Promise((resolve) => {
  const probe = connect(socketPath);
  probe.on("error", () => resolve(false)).on("close", () => resolve(false));
  setTimeout(() => resolve(true), 300);
});
if (!isUsable) skip("btvirt closes its clients at once: this kernel has no AF_ALG");

const air = await joinAir(socketPath);
installRadio({ air });
const until = async (holds, what) => {
  const end = Date.now() + secondsMax * 1_000;
  while (!holds()) {
    if (Date.now() > end) {
      console.log(`failed: ${what}`);
      process.exit(1);
    }
    await pause(5);
  }
  console.log(`ok    ${what}`);
};

const lock = await openBleno(
  createRequire(new URL("../packages/lock-sim/package.json", import.meta.url)),
  air.adapter().deviceId,
);
const phone = await openNoble(
  createRequire(new URL("../packages/phone-client/package.json", import.meta.url)),
  air.adapter().deviceId,
);
await until(
  () => lock.stack.state === "poweredOn" && phone.stack._state === "poweredOn",
  "both stacks are on",
);

const written = [];
let say;
const value = new lock.stack.Characteristic({
  uuid: valueUuid,
  properties: ["read", "write", "writeWithoutResponse", "notify"],
  onReadRequest: (offset, answer) => answer(0, Buffer.alloc(600, 7).subarray(offset)),
  onWriteRequest: (data, _offset, _isCommand, answer) => {
    written.push(data.length);
    answer(0);
  },
  onSubscribe: (_bytesMax, notify) => {
    say = notify;
  },
});
lock.stack.setServices([new lock.stack.PrimaryService({ uuid: serviceUuid, characteristics: [value] })]);
lock.stack.startAdvertising("btvirt", [serviceUuid], () => {});

let door;
phone.stack.on("discover", (found) => {
  door = found;
});
await phone.stack.startScanningAsync([serviceUuid], true);
await until(() => door !== undefined, `discovered ${door?.address ?? ""}`);
await phone.stack.stopScanningAsync();
await door.connectAsync();
const { characteristics } = await door.discoverSomeServicesAndCharacteristicsAsync(
  [serviceUuid],
  [valueUuid],
);
const [remote] = characteristics;
await until(() => door.mtu === 256, "connected, discovered, MTU 256");
await remote.writeAsync(Buffer.alloc(253), false);
await remote.writeAsync(Buffer.alloc(200), true);
await until(() => written.join() === "253,200", "a write with and one without response");
const long = await remote.readAsync();
await until(() => long.length === 600, "a long read");
const heard = [];
remote.on("data", (data) => heard.push(data.length));
await remote.subscribeAsync();
say(Buffer.alloc(253));
await until(() => heard.join() === "253", "a notification");
let reason;
door.once("disconnect", (why) => {
  reason = why;
});
door.disconnect();
await until(() => reason !== undefined, "disconnected");
process.exit(0);
