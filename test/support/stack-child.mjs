// One stack in a process of its own, on the air behind a Unix socket: `peripheral PATH NAME` or `central PATH NAME`. It
// prints a line for each thing that happened and ends when its standard input does. It judges nothing.
import { createRequire } from "node:module";
import { installRadio, joinAir, openBleno, openNoble } from "@doorsync/virtual-radio";

const [role, path, name] = process.argv.slice(2);
const tell = (...words) => process.stdout.write(`${words.join(" ")}\n`);
process.stdin.on("end", () => process.exit(0)).resume();

const [serviceUuid, valueUuid] = ["a0000000000000000000000000000001", "a0000000000000000000000000000002"];
const air = await joinAir(path);
installRadio({ air });
const adapter = air.adapter(role === "peripheral" ? { address: "c0:ff:ee:00:00:01" } : {});

if (role === "peripheral") {
  const require = createRequire(new URL("../../packages/lock-sim/package.json", import.meta.url));
  const { stack } = await openBleno(require, adapter.deviceId);
  let say;
  const value = new stack.Characteristic({
    uuid: valueUuid,
    properties: ["write", "notify"],
    onSubscribe: (_bytesMax, notify) => {
      say = notify;
    },
    onWriteRequest: (data, _offset, _isCommand, answer) => {
      answer(0);
      say?.(Buffer.from(data).reverse());
    },
  });
  stack.on("accept", () => tell("accept"));
  stack.on("disconnect", () => tell("disconnect"));
  const begin = () => {
    if (stack.state !== "poweredOn") return;
    stack.setServices([new stack.PrimaryService({ uuid: serviceUuid, characteristics: [value] })]);
    stack.startAdvertising(name, [serviceUuid], () => tell("ready"));
  };
  stack.on("stateChange", begin);
  begin();
} else {
  const require = createRequire(new URL("../../packages/phone-client/package.json", import.meta.url));
  const { stack } = await openNoble(require, adapter.deviceId);
  let isMet = false;
  stack.on("discover", async (remote) => {
    if (isMet || remote.advertisement.localName !== name) return;
    isMet = true; // until scanning has stopped there may be another report
    await stack.stopScanningAsync();
    await remote.connectAsync({ timeout: 50 });
    remote.once("disconnect", (reason) => tell("lost", reason));
    const { characteristics } = await remote.discoverAllServicesAndCharacteristicsAsync();
    const value = characteristics.find(({ uuid }) => uuid === valueUuid);
    await value.subscribeAsync();
    const answer = new Promise((resolve) => value.once("data", resolve));
    await value.writeAsync(Buffer.from("stressed"), false);
    tell("answer", await answer, remote.address);
  });
  const begin = () => {
    if (stack._state === "poweredOn") void stack.startScanningAsync([serviceUuid], true);
  };
  stack.on("stateChange", begin);
  begin();
}
