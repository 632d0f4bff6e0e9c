/** A wire between a program and a server on the loopback, which a test cuts and mends. It understands nothing. */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Wire {
  readonly port: number;
  /** Breaks what goes over it; until `mend` nobody gets through. */
  readonly cut: () => Promise<void>;
  readonly mend: () => Promise<void>;
}

export async function wireTo(host: string, port: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on("data", (data) => to.write(data));
    }
  });
  const listen = (at: number): Promise<void> =>
    new Promise((resolve) => server.listen(at, "127.0.0.1", () => resolve()));
  await listen(0);
  const at = (server.address() as AddressInfo).port;
  return {
    port: at,
    cut: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
    mend: () => listen(at),
  };
}
