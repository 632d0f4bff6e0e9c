/**
 * A link over TCP: every frame, in either direction, is `length u16 | frame`. Not secure and not meant to be: what
 * travels is sealed and signed already. The other end is a simulated lock.
 */
import { connect, type Socket } from "node:net";
import { type Bytes, frameBytesDefault, frameBytesMax as frameBytesMost } from "@doorsync/protocol/courier";
import { AddressError, type Link, type Transport } from "../ports.ts";

const lengthBytes = 2;

export interface SocketPlace {
  readonly host: string;
  /** TCP port, 1 to 65,535. */
  readonly port: number;
  /** Longest frame to send, in bytes (MTU - 3); 244 when left out. Frames of up to 514 are heard in any case. */
  readonly frameBytesMax?: number;
}

/** A transport that connects to one address, once per `open`. */
export function socketTransport(place: SocketPlace): Transport {
  const name = `${place.host.includes(":") ? `[${place.host}]` : place.host}:${place.port}`;
  return {
    open: (signal) =>
      new Promise<Link>((resolve, reject) => {
        if (signal.aborted) {
          reject(new Error(`given up before ${name} answered`));
          return;
        }
        const socket = connect({ host: place.host, port: place.port, noDelay: true });
        const stop = (): void => {
          signal.removeEventListener("abort", aborted);
          socket.removeListener("connect", connected);
          socket.removeListener("error", failed);
        };
        const aborted = (): void => {
          stop();
          // A socket that is torn down while it connects may still report why.
          socket.on("error", () => {});
          socket.destroy();
          reject(new Error(`given up before ${name} answered`));
        };
        const failed = (error: NodeJS.ErrnoException): void => {
          stop();
          if (error.code === "ENOTFOUND" || error.code === "EAI_AGAIN") {
            reject(new AddressError(`the name ${place.host} does not resolve (${error.code})`));
            return;
          }
          reject(new Error(`cannot connect to ${name} (${error.code ?? error.message})`));
        };
        const connected = (): void => {
          stop();
          resolve(linkOver(socket, place.frameBytesMax ?? frameBytesDefault));
        };
        signal.addEventListener("abort", aborted);
        socket.once("error", failed);
        socket.once("connect", connected);
      }),
  };
}

/** A link over a connected socket, which it owns from here on. Also the lock's side of a test. */
export function linkOver(socket: Socket, frameBytesMax: number): Link {
  const closedListeners = new Set<(why: string) => void>();
  let why = "the other side closed the connection";
  let isOurs = false;

  socket.on("error", (error: NodeJS.ErrnoException) => {
    why = `the connection broke (${error.code ?? error.message})`;
  });
  socket.once("close", () => {
    socket.removeAllListeners("data");
    if (!isOurs) for (const listener of [...closedListeners]) listener(why);
    closedListeners.clear();
  });

  return {
    frameBytesMax,
    send: (frame) =>
      new Promise<void>((resolve, reject) => {
        if (frame.length === 0 || frame.length > frameBytesMax) {
          throw new RangeError(`a frame of ${frame.length} bytes on a link of ${frameBytesMax}`);
        }
        const packet = new Uint8Array(lengthBytes + frame.length);
        new DataView(packet.buffer).setUint16(0, frame.length);
        packet.set(frame, lengthBytes);
        socket.write(packet, (error) => (error ? reject(error) : resolve()));
      }),
    onFrame(listener) {
      // No listener, no reading: what is not wanted yet waits in the kernel, and the peer is slowed down.
      const parse = createParser(listener, (fault) => {
        why = fault;
        socket.destroy();
      });
      socket.on("data", parse);
      socket.resume();
      return () => {
        socket.removeListener("data", parse);
        socket.pause();
      };
    },
    onClosed(listener) {
      closedListeners.add(listener);
      return () => {
        closedListeners.delete(listener);
      };
    },
    close() {
      isOurs = true;
      // Orderly when everything is out; a peer that does not read must not keep us.
      if (socket.writableLength === 0) socket.destroySoon();
      else socket.destroy();
    },
  };
}

/** Cuts a byte stream into frames. Keeps less than one frame, whatever comes. */
function createParser(take: (frame: Bytes) => void, broken: (why: string) => void): (data: Bytes) => void {
  let rest: Bytes = new Uint8Array(0);
  let isBroken = false;
  return (data) => {
    if (isBroken) return;
    const bytes = new Uint8Array(rest.length + data.length);
    bytes.set(rest);
    bytes.set(data, rest.length);
    const view = new DataView(bytes.buffer);
    let at = 0;
    while (bytes.length - at >= lengthBytes) {
      const length = view.getUint16(at);
      if (length === 0 || length > frameBytesMost) {
        isBroken = true;
        rest = new Uint8Array(0);
        broken(`the other side announced a frame of ${length} bytes (1 to ${frameBytesMost} are possible)`);
        return;
      }
      if (bytes.length - at - lengthBytes < length) break;
      at += lengthBytes;
      take(bytes.slice(at, at + length));
      at += length;
    }
    rest = bytes.slice(at);
  };
}
