/**
 * Puts a radio, or a tap around the real one, where Node looks for `@abandonware/bluetooth-hci-socket`. Unmodified noble
 * and bleno that are loaded afterwards find it there, whether that package is installed or not.
 */
import Module from "node:module";
import type { CaptureSink, Radio } from "./radio.ts";
import { radioAt } from "./remote.ts";
import { type HciSocketClass, socketClass } from "./socket.ts";
import { type AnySocketClass, tapped } from "./tap.ts";

export const hciSocketModule = "@abandonware/bluetooth-hci-socket";

export type RadioChoice =
  /** An air of this process, or what `joinAir` and `meetAir` gave. */
  | { readonly air: Radio }
  /** A Unix socket behind which each connection is a controller. */
  | { readonly path: string }
  /** The machine's own radio, with every packet told to a sink. */
  | { readonly capture: CaptureSink };

type Load = (request: string, ...rest: unknown[]) => unknown;
const loader = Module as unknown as { _load: Load };

let installed: Radio | undefined;
let isInstalled = false;

const current = (): Radio => {
  if (installed === undefined)
    throw Object.assign(new Error("ENODEV, No such device: no radio is installed any more"), {
      code: "ENODEV",
    });
  return installed;
};
/** One class for all radios of a process: stacks that stay in Node's cache find the radio of the day. */
const virtualSocket: HciSocketClass = socketClass(current);

/**
 * From here on the stacks find this radio; the answer takes it out again. Only one can be installed at a time: a second
 * throws with the code EALREADY.
 */
export function installRadio(choice: RadioChoice): () => void {
  if (isInstalled)
    throw Object.assign(new Error("a radio is installed already; uninstall it first"), { code: "EALREADY" });
  const load = loader._load;
  if ("capture" in choice) {
    let real: AnySocketClass | undefined;
    loader._load = function (request, ...rest) {
      const loaded = load.call(this, request, ...rest);
      if (request !== hciSocketModule) return loaded;
      real ??= tapped(loaded as AnySocketClass, choice.capture);
      return real;
    };
  } else {
    installed = "air" in choice ? choice.air : radioAt(choice.path);
    loader._load = function (request, ...rest) {
      return request === hciSocketModule ? virtualSocket : load.call(this, request, ...rest);
    };
  }
  isInstalled = true;
  const patched = loader._load;
  let isDone = false;
  return () => {
    if (isDone) return;
    if (loader._load !== patched)
      throw new Error("somebody patched the loader later and must take it out first");
    loader._load = load;
    installed = undefined;
    isInstalled = false;
    isDone = true;
  };
}
