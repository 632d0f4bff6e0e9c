/**
 * The lock's radio, over TCP: every frame, in either direction, is `length u16 | frame`. One connection at a time, as a
 * lock has; further ones, and any while it is dark, are closed at once. Not secure and not meant to be: what travels is
 * sealed and signed already.
 */
import { createServer, type Server, type Socket } from "node:net";
import { type Bytes, frameBytesMax as frameBytesMost } from "@doorsync/protocol/lock";
import type { LinkPort } from "../board/ports.ts";
import { codeOf, Trouble } from "./trouble.ts";

const lengthBytes = 2;

/** How long a peer that was sent away may take to read what was said to it. */
const farewellMilliseconds = 1_000;

export interface Address {
  readonly host: string;
  /** 0: the system picks one. */
  readonly port: number;
}

/** What is called with the peer's frames; calls after the end are the board's to ignore. */
export interface Received {
  frame(bytes: Bytes): void;
  closed(): void;
}

export interface Listening {
  readonly address: Address;
  /** Ends the connection and stops listening. */
  close(): void;
}

/** Listens; `connect` says whether the lock takes the connection. Rejects with Trouble. */
export function listen(
  at: Address,
  frameBytesMax: number,
  connect: (link: LinkPort) => Received | undefined,
): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serve(socket, frameBytesMax, connect);
  });
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(listenTrouble(error, at)));
    server.listen(at.port, at.host, () => {
      server.removeAllListeners("error");
      resolve({
        address: { host: at.host, port: portOf(server) },
        close() {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  return address.port;
}

function listenTrouble(error: Error, { host, port }: Address): Error {
  const name = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return new Trouble(`${name} is in use: name another port, or 0 to have one picked`);
    case "EACCES":
      return new Trouble(`no permission to listen on ${name}: name a port from 1024 on`);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new Trouble(`${host} is no address of this machine: use 127.0.0.1`);
    case undefined:
      return error;
    default:
      return new Trouble(`cannot listen on ${name} (${codeOf(error)}): name another address`);
  }
}

function serve(
  socket: Socket,
  frameBytesMax: number,
  connect: (link: LinkPort) => Received | undefined,
): void {
  let isOurs = false;
  // A peer that breaks off is no failure of ours; "close" follows.
  socket.on("error", () => {});
  const hangUp = (): void => {
    if (isOurs) return;
    isOurs = true;
    // Orderly: what was said last is still read by the peer; what it says from now on is not.
    socket.removeAllListeners("data");
    socket.resume();
    socket.end();
    setTimeout(() => socket.destroy(), farewellMilliseconds).unref();
  };
  const received = connect({
    frameBytesMax,
    send(frame) {
      const packet = new Uint8Array(lengthBytes + frame.length);
      new DataView(packet.buffer).setUint16(0, frame.length);
      packet.set(frame, lengthBytes);
      socket.write(packet);
    },
    close: hangUp,
  });
  if (received === undefined) {
    socket.destroy();
    return;
  }
  socket.on(
    "data",
    frameParser(
      (frame) => {
        if (!isOurs) received.frame(frame);
      },
      () => {
        hangUp();
        received.closed();
      },
    ),
  );
  socket.once("close", () => received.closed());
}

/** Cuts a byte stream into frames; keeps less than one frame, whatever comes. `broken`: no such frame can exist. */
function frameParser(take: (frame: Bytes) => void, broken: () => void): (data: Bytes) => void {
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
        broken();
        return;
      }
      if (bytes.length - at - lengthBytes < length) break;
      take(bytes.slice(at + lengthBytes, at + lengthBytes + length));
      at += lengthBytes + length;
    }
    rest = bytes.slice(at);
  };
}
