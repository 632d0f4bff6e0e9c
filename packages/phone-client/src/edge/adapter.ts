/**
 * Loads noble on an adapter: the machine's own, or one of software in the air that programs on this machine share. It
 * is the only place that loads a radio, and only when it is asked to. On the machine's own adapter noble never
 * lets go of its process, closed or not: a program has to end itself.
 */
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CaptureSink, openCaptureFile } from "@doorsync/virtual-radio";
import type { NobleStack } from "./noble-stack.ts";

export type AdapterChoice =
  /** Undefined: the first one. */
  | { readonly kind: "hardware"; readonly deviceId: number | undefined }
  /** A Unix socket at which the programs meet. */
  | { readonly kind: "virtual"; readonly path: string };

export interface OpenAdapter {
  readonly stack: NobleStack;
  /** Settles with why the capture is not whole, if it is not. */
  close(): Promise<string | undefined>;
}

interface Loaded {
  readonly stack: NobleStack;
  close(): Promise<void>;
}

/** No radio can be had; what to do about it is in the sentence. */
export class RadioError extends Error {
  override readonly name = "RadioError";
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

/** With a file, everything that goes between noble and the adapter is written to it. Rejects with RadioError. */
export async function openAdapter(choice: AdapterChoice, captureFile?: string): Promise<OpenAdapter> {
  const require = createRequire(import.meta.url);
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
    throw new RadioError(`the capture cannot be written to ${path} (${code}): name another file`);
  }
}

async function openVirtual(
  require: NodeJS.Require,
  path: string,
  capture: CaptureSink | undefined,
): Promise<Loaded> {
  const { installRadio, meetAir, openNoble } = await import("@doorsync/virtual-radio");
  const met = await meetAir(path);
  let uninstall = (): void => {};
  try {
    uninstall = installRadio({ air: met.air });
    const adapter = met.air.adapter(capture === undefined ? {} : { capture });
    const opened = await openNoble<NobleStack>(require, adapter.deviceId);
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
    const make = require("@abandonware/noble/with-custom-binding") as (options: object) => NobleStack;
    const stack = make(deviceId === undefined ? {} : { deviceId });
    await started(stack);
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

/** noble begins with the first listener, and makes a warning of it when it cannot. */
async function started(stack: NobleStack): Promise<void> {
  let trouble: string | undefined;
  const warned = (says: string): void => {
    trouble = says;
  };
  stack.on("warning", warned);
  stack.on("stateChange", () => {});
  await new Promise<void>((resolve) => setImmediate(resolve));
  stack.removeListener("warning", warned);
  if (trouble !== undefined) throw new Error(trouble);
}

const otherwise = "or use --adapter virtual, which needs none; see docs/BLUETOOTH.md";

function troubleOf(error: unknown, choice: AdapterChoice): Error {
  if (!(error instanceof Error)) return new RadioError(`no Bluetooth: ${String(error)}`);
  const { message } = error;
  const code = "code" in error ? String(error.code) : "";
  if (code === "EALREADY")
    return new RadioError(
      "one adapter at a time in a process: close the open one first, or begin another process",
    );
  if (choice.kind === "virtual" && code !== "MODULE_NOT_FOUND" && code !== "ERR_MODULE_NOT_FOUND") {
    const why = code === "EBUSY" ? message : code || message;
    return new RadioError(`no virtual air at ${choice.path} (${why}): name another path`);
  }
  if (code.endsWith("MODULE_NOT_FOUND")) {
    return new RadioError(
      /hci[-_]socket/.test(message)
        ? `Bluetooth's native part is not built: npx pnpm rebuild @abandonware/bluetooth-hci-socket, ${otherwise}`
        : `a package for Bluetooth is missing: npm install @abandonware/noble @doorsync/virtual-radio, ${otherwise}`,
    );
  }
  if (/EPERM|EACCES/.test(`${code} ${message}`)) {
    return new RadioError(
      `no permission to use Bluetooth: see docs/BLUETOOTH.md for what to grant, ${otherwise}`,
    );
  }
  return new RadioError(
    `this machine has no Bluetooth adapter to use (${message}): plug one in, ${otherwise}`,
  );
}
