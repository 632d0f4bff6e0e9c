/**
 * bleno as far as the lock's radio uses it, and the few things that can be learned or mended only below its surface
 * (on Linux; elsewhere they are not there, and nothing is learned). Types and looks; it loads nothing.
 */

export type Reply = (result: number, value?: Buffer) => void;

interface CharacteristicOptions {
  readonly uuid: string;
  readonly properties: readonly string[];
  readonly onReadRequest?: (offset: number, reply: Reply) => void;
  readonly onWriteRequest?: (value: Buffer, offset: number, isCommand: boolean, reply: Reply) => void;
  readonly onSubscribe?: (valueBytesMax: number, say: (value: Buffer) => void) => void;
  readonly onUnsubscribe?: () => void;
}

interface CharacteristicClass {
  new (options: CharacteristicOptions): object;
  readonly RESULT_SUCCESS: number;
  readonly RESULT_INVALID_OFFSET: number;
  readonly RESULT_INVALID_ATTRIBUTE_LENGTH: number;
  readonly RESULT_UNLIKELY_ERROR: number;
}

/** An emitter whose listeners can be exchanged. */
interface Ears {
  listeners(event: "data"): readonly unknown[];
  on(event: "data", listener: (data: Buffer) => void): unknown;
  removeListener(event: "data", listener: (data: Buffer) => void): unknown;
}

/** bleno 0.6.2's own inside on Linux. */
interface Inside {
  readonly _hci?: {
    readonly _socket?: Ears;
    readonly _aclOutQueue?: readonly unknown[];
    readonly _handleAclsInProgress?: Readonly<Record<string, number>>;
    /** Packets that are not whole yet, by connection; `length`: as announced by their first piece. */
    readonly _handleBuffers?: Record<string, { readonly length: number; readonly data: Buffer }>;
    reset(): void;
  };
  readonly _gatt?: { maxMtu: number };
}

export interface BlenoStack {
  readonly state: string;
  readonly PrimaryService: new (options: {
    readonly uuid: string;
    readonly characteristics: readonly object[];
  }) => object;
  readonly Characteristic: CharacteristicClass;
  readonly _bindings?: Inside;
  on(event: string, listener: (...given: never[]) => void): unknown;
  removeListener(event: string, listener: (...given: never[]) => void): unknown;
  setServices(services: readonly object[]): void;
  startAdvertisingWithEIRData(advertisement: Buffer, scanResponse: Buffer): void;
  stopAdvertising(): void;
  disconnect(): void;
}

/** Packets that did not leave yet; undefined where the stack does not tell. */
export function waiting({ _bindings }: BlenoStack): number | undefined {
  const hci = _bindings?._hci;
  if (hci?._aclOutQueue === undefined) return undefined;
  const inFlight = Object.values(hci._handleAclsInProgress ?? {}).reduce((sum, count) => sum + count, 0);
  return hci._aclOutQueue.length + (Number.isNaN(inFlight) ? 0 : inFlight);
}

/** Whether bleno counts what is under way on a connection that is gone: then it never sends anything again. */
export function isPoisoned({ _bindings }: BlenoStack): boolean {
  return Object.values(_bindings?._hci?._handleAclsInProgress ?? {}).some(Number.isNaN);
}

/** Lets go of what was begun on a connection that is gone: bleno would go on with it in the next one. */
export function forgetPieces({ _bindings }: BlenoStack): void {
  const begun = _bindings?._hci?._handleBuffers ?? {};
  for (const handle of Object.keys(begun)) delete begun[handle];
}

/** Whether pieces came to more than their first announced; bleno waits for that very length, and keeps all that comes. */
function isOverlong({ _bindings }: BlenoStack): boolean {
  const begun = Object.values(_bindings?._hci?._handleBuffers ?? {});
  return begun.some(({ length, data }) => data.length > length);
}

/** Catches what bleno throws over bytes that it cannot read, and what it would keep of them. Gives the way back. */
export function guardEars(stack: BlenoStack, threw: (error: Error) => void): () => void {
  const socket = stack._bindings?._hci?._socket;
  if (socket === undefined) return () => {};
  const exchanged = socket.listeners("data").map((listener) => {
    const plain = listener as (data: Buffer) => void;
    const guarded = (data: Buffer): void => {
      try {
        plain(data);
      } catch (error) {
        threw(error instanceof Error ? error : new Error(String(error)));
      }
      if (!isOverlong(stack)) return;
      forgetPieces(stack);
      threw(new Error("a packet is longer than it announced"));
    };
    socket.removeListener("data", plain);
    socket.on("data", guarded);
    return { plain, guarded };
  });
  return () => {
    for (const { plain, guarded } of exchanged) {
      socket.removeListener("data", guarded);
      socket.on("data", plain);
    }
  };
}
