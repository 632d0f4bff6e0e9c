/**
 * Loads noble and bleno afresh, one for each adapter: each keeps its adapter in its module, and neither can be closed.
 * It reaches into both only to find their socket and to end their timer; their protocol code is untouched.
 */
import os from "node:os";

/** What `createRequire` gives, made where noble or bleno is a dependency. */
export interface Require {
  (request: string): unknown;
  readonly cache: Record<string, unknown>;
}

/** A stack on one adapter. */
export interface OpenStack<Stack> {
  readonly stack: Stack;
  /** Ends the stack's polling and its listeners on the process; it says nothing more. Links and advertising are the caller's to end first. */
  close(): void;
}

interface Insides {
  on(name: string, listener: (...words: unknown[]) => void): unknown;
  off(name: string, listener: (...words: unknown[]) => void): unknown;
  readonly _bindings: {
    readonly _hci: {
      pollIsDevUp: () => void;
      removeAllListeners(): unknown;
      readonly _socket?: { stop?(): void };
    };
  };
}

const modules = { noble: "@abandonware/noble", bleno: "@abandonware/bleno" } as const;
const processEvents = ["SIGINT", "exit"] as const;

function fresh(require: Require, name: string, request: string): unknown {
  for (const path of Object.keys(require.cache))
    if (path.replaceAll("\\", "/").includes(`/${name}/`)) delete require.cache[path];
  return require(request);
}

/** Both take their HCI side on Linux and other ways elsewhere, and ask for the platform while they load and begin. */
function asOnLinux<Result>(run: () => Result): Result {
  const { platform } = os;
  os.platform = () => "linux";
  try {
    return run();
  } finally {
    os.platform = platform;
  }
}

type Listener = (...words: unknown[]) => void;
const listenersNow = (): readonly (readonly [string, Listener])[] =>
  processEvents.flatMap((name) =>
    process.listeners(name as "exit").map((listener) => [name, listener as Listener] as const),
  );

/** Starts the stack by listening to its state, and notes what it hung onto the process meanwhile. */
async function opened<Stack>(stack: Insides): Promise<OpenStack<Stack>> {
  const before = new Set(listenersNow().map(([, listener]) => listener));
  let trouble: unknown;
  const warn = (word: unknown): void => {
    trouble = word;
  };
  stack.on("warning", warn);
  stack.on("stateChange", () => {});
  // noble starts on the next tick and makes a warning of a failure; bleno starts at once and throws.
  await new Promise<void>((resolve) => setImmediate(resolve));
  stack.off("warning", warn);
  if (trouble !== undefined) throw new Error(`the radio did not start: ${String(trouble)}`);
  const own = listenersNow().filter(([, listener]) => !before.has(listener));
  return {
    stack: stack as unknown as Stack,
    close() {
      const hci = stack._bindings._hci;
      hci.pollIsDevUp = () => {};
      // The timer that runs already looks once more; nobody shall hear that the adapter is gone by then.
      hci.removeAllListeners();
      hci._socket?.stop?.();
      for (const [name, listener] of own) process.off(name, listener);
    },
  };
}

/** noble on this adapter. */
export async function openNoble<Stack = unknown>(
  require: Require,
  deviceId: number,
): Promise<OpenStack<Stack>> {
  const stack = asOnLinux(() => {
    const make = fresh(require, modules.noble, `${modules.noble}/with-custom-binding`);
    return (make as (options: object) => Insides)({ deviceId });
  });
  return opened(stack);
}

/** bleno on this adapter; it finds its number in the environment, which is put back at once. */
export async function openBleno<Stack = unknown>(
  require: Require,
  deviceId: number,
): Promise<OpenStack<Stack>> {
  const variable = "BLENO_HCI_DEVICE_ID";
  const before = process.env[variable];
  process.env[variable] = String(deviceId);
  try {
    // The part of it before the first wait is where bleno reads its number.
    return opened(asOnLinux(() => fresh(require, modules.bleno, modules.bleno) as Insides));
  } finally {
    if (before === undefined) delete process.env[variable];
    else process.env[variable] = before;
  }
}
