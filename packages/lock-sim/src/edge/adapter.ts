/**
 * Loads bleno on an adapter: the machine's own, or one of software in the air that programs on this machine share. It
 * is the only place that loads a radio, and only when it is asked to. On the machine's own adapter bleno never
 * lets go of its process, closed or not: a program has to end itself.
 */
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { advertisedName } from "@doorsync/protocol/lock";
import type { CaptureSink, openCaptureFile } from "@doorsync/virtual-radio";
import type { BlenoStack } from "./bleno-stack.ts";
import { Trouble } from "./trouble.ts";

export type AdapterChoice =
  /** Undefined: the first one. */
  | { readonly kind: "hardware"; readonly deviceId: number | undefined }
  /** A Unix socket at which the programs meet. */
  | { readonly kind: "virtual"; readonly path: string };

export interface OpenAdapter {
  readonly stack: BlenoStack;
  /** Settles with why the capture is not whole, if it is not. */
  close(): Promise<string | undefined>;
}

interface Loaded {
  readonly stack: BlenoStack;
  close(): Promise<void>;
}

/** `N`, `virtual` or `virtual:PATH`. Throws with what is expected. */
export function parseAdapter(text: string): AdapterChoice {
  const match = /^(?:(\d{1,2})|virtual(?::(.+))?)$/.exec(text);
  if (match === null) throw new Error("give the number of an adapter, virtual, or virtual:PATH");
  // Each user has one: what others leave in a shared folder cannot be taken away.
  const own = `doorsync-air-${process.getuid?.() ?? 0}.sock`;
  const [, number, path = join(tmpdir(), own)] = match;
  return number === undefined ? { kind: "virtual", path } : { kind: "hardware", deviceId: Number(number) };
}

/** With a file, everything that goes between bleno and the adapter is written to it. Rejects with Trouble. */
export async function openAdapter(choice: AdapterChoice, captureFile?: string): Promise<OpenAdapter> {
  // bleno's part for macOS tells of no connection, so nothing could be answered.
  if (choice.kind === "hardware" && process.platform === "darwin")
    throw new Trouble(
      `a lock with a radio runs on Linux only, on macOS the phone alone: use Linux, ${otherwise}`,
    );
  const require = createRequire(import.meta.url);
  // What its standard service says; the machine's own name is nobody's business.
  process.env["BLENO_DEVICE_NAME"] = advertisedName;
  const file = captureFile === undefined ? undefined : await openCapture(captureFile);
  try {
    const loaded =
      choice.kind === "virtual"
        ? await openVirtual(require, choice.path, file?.capture)
        : await openHardware(require, choice.deviceId, file?.capture);
    return {
      stack: loaded.stack,
      async close() {
        await loaded.close();
        file?.close();
        return file?.trouble;
      },
    };
  } catch (error) {
    file?.close();
    throw troubleOf(error, choice);
  }
}

async function openCapture(path: string): Promise<ReturnType<typeof openCaptureFile>> {
  try {
    return (await import("@doorsync/virtual-radio")).openCaptureFile(path);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new Trouble(`the capture cannot be written to ${path} (${code}): name another file`);
  }
}

async function openVirtual(
  require: NodeJS.Require,
  path: string,
  capture: CaptureSink | undefined,
): Promise<Loaded> {
  const { installRadio, meetAir, openBleno } = await import("@doorsync/virtual-radio");
  const met = await meetAir(path);
  let uninstall = (): void => {};
  try {
    uninstall = installRadio({ air: met.air });
    const adapter = met.air.adapter(capture === undefined ? {} : { capture });
    const opened = await openBleno<BlenoStack>(require, adapter.deviceId);
    return {
      stack: opened.stack,
      async close() {
        opened.close();
        uninstall();
        await met.close();
      },
    };
  } catch (error) {
    uninstall();
    await met.close();
    throw error;
  }
}

async function openHardware(
  require: NodeJS.Require,
  deviceId: number | undefined,
  capture: CaptureSink | undefined,
): Promise<Loaded> {
  const uninstall =
    capture === undefined ? () => {} : (await import("@doorsync/virtual-radio")).installRadio({ capture });
  try {
    if (deviceId !== undefined) process.env["BLENO_HCI_DEVICE_ID"] = String(deviceId);
    const stack = require("@abandonware/bleno") as BlenoStack;
    // bleno begins with the first listener, and throws where it cannot.
    stack.on("stateChange", () => {});
    return {
      stack,
      async close() {
        uninstall();
      },
    };
  } catch (error) {
    uninstall();
    throw error;
  }
}

const otherwise = "or use --adapter virtual, which needs none; see docs/BLUETOOTH.md";

function troubleOf(error: unknown, choice: AdapterChoice): Error {
  if (!(error instanceof Error)) return new Trouble(`no Bluetooth: ${String(error)}`);
  const { message } = error;
  const code = "code" in error ? String(error.code) : "";
  if (code === "EALREADY")
    return new Trouble(
      "one adapter at a time in a process: close the open one first, or begin another process",
    );
  if (choice.kind === "virtual" && code !== "MODULE_NOT_FOUND" && code !== "ERR_MODULE_NOT_FOUND") {
    const why = code === "EBUSY" ? message : code || message;
    return new Trouble(`no virtual air at ${choice.path} (${why}): name another path`);
  }
  if (code.endsWith("MODULE_NOT_FOUND")) {
    return new Trouble(
      /hci[-_]socket/.test(message)
        ? `Bluetooth's native part is not built: npx pnpm rebuild @abandonware/bluetooth-hci-socket, ${otherwise}`
        : `a package for Bluetooth is missing: npm install @abandonware/bleno @doorsync/virtual-radio, ${otherwise}`,
    );
  }
  if (/EPERM|EACCES/.test(`${code} ${message}`)) {
    return new Trouble(
      `no permission to use Bluetooth: see docs/BLUETOOTH.md for what to grant, ${otherwise}`,
    );
  }
  return new Trouble(`this machine has no Bluetooth adapter to use (${message}): plug one in, ${otherwise}`);
}
