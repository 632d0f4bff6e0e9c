/**
 * A D-Bus of this test alone: the real daemon on a socket in a folder of its own, which a browser is told to take for
 * the system's. Nothing of the machine's own buses is read or reached.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import dbus, { type MessageBus } from "@particle/dbus-next";

/** Where the daemon is; undefined where there is none. */
export const daemonPath: string | undefined = ["/usr/bin/dbus-daemon", "/bin/dbus-daemon"].find(existsSync);

export interface PrivateBus {
  /** For `DBUS_SYSTEM_BUS_ADDRESS`. */
  readonly address: string;
  /** A connection of our own to it. */
  readonly bus: MessageBus;
  close(): Promise<void>;
}

/** Everybody on it may do everything. */
const configuration = (address: string): string =>
  `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
  "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>${address}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
`;

export async function startBus(): Promise<PrivateBus> {
  if (daemonPath === undefined) throw new Error("no dbus-daemon");
  const folder = mkdtempSync(join(tmpdir(), "doorsync-bus-"));
  const address = `unix:path=${join(folder, "bus")}`;
  const file = join(folder, "bus.conf");
  writeFileSync(file, configuration(address));
  const daemon = spawn(daemonPath, [`--config-file=${file}`, "--nofork", "--nopidfile", "--print-address"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let complaints = "";
  daemon.stderr.on("data", (data: Buffer) => {
    complaints += data.toString();
  });
  const ended = once(daemon, "exit");
  await Promise.race([
    once(daemon.stdout, "data"),
    ended.then(([status]) => {
      throw new Error(`dbus-daemon ended with status ${status}: ${complaints}`);
    }),
  ]);
  const bus = dbus.sessionBus({ busAddress: address });
  await new Promise<void>((resolve, reject) => {
    bus.on("connect", resolve);
    bus.on("error", reject);
  });
  return {
    address,
    bus,
    async close() {
      bus.disconnect();
      await end(daemon, ended);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function end(daemon: ChildProcess, ended: Promise<unknown>): Promise<void> {
  daemon.kill();
  await ended;
}
