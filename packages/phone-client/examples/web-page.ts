/**
 * A page that syncs a lock and opens it over Web Bluetooth, on a click, in the name of who is logged in. Type-checked
 * against the browser's own types, and run in a real one by test/browser. No page of yours: it shows nothing by itself.
 */
import {
  createAccount,
  createClient,
  describeOutcome,
  describeUnlock,
  memoryStorage,
  systemTimers,
  type Transport,
} from "@doorsync/phone-client";
import { requestOptions, webBluetoothTransport } from "@doorsync/phone-client/web-bluetooth";
import { createCrypto, portable } from "@doorsync/protocol/courier";

const fill = (bytes: Uint8Array<ArrayBuffer>) => void crypto.getRandomValues(bytes);

export const account = createAccount({
  client: createClient({
    url: location.origin, // where the service is
    fetch: (url, request) => fetch(url, request),
    timers: systemTimers,
    fill,
  }),
  storage: memoryStorage(), // gone with the page, and the key with it; an app brings one that is encrypted
  crypto: createCrypto(portable),
  timers: systemTimers,
  now: () => Math.floor(Date.now() / 1_000),
  fill,
  app: { name: "my app", version: "1.0.0" },
});

let device: BluetoothDevice | undefined;

/** Must begin in a click. The browser shows its own list of locks in range; the page learns of the chosen one only. */
async function atDoor(): Promise<Transport> {
  device ??= await navigator.bluetooth.requestDevice(requestOptions);
  return webBluetoothTransport({ device });
}

/** What a click on "Sync" does; the answer is for the person. */
export async function syncOnClick(show: (text: string) => void): Promise<string> {
  const { outcome, advice } = await account.sync({
    transport: await atDoor(),
    onProgress: ({ chunk, chunks }) => show(`${chunk} of ${chunks}`),
  });
  return [describeOutcome(outcome), ...advice].join("; ");
}

/** What a click on "Open" does, once `account.doorKeys.enrol()` has made this the phone that opens its owner's door. */
export async function openOnClick(door: string): Promise<string> {
  const opened = await account.open({ door, transport: await atDoor() });
  if (!opened.ok) return opened.why;
  return [describeUnlock(opened.value.outcome), ...opened.value.advice].join("; ");
}
