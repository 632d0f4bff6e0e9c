/**
 * A wire between a program and a server on the loopback, which a test cuts, silences and mends. It understands nothing of
 * what goes over it, but for one word after which it may fall silent.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Wire {
  readonly port: number;
  /** Breaks what goes over it; until `mend` nobody gets through. */
  readonly cut: () => Promise<void>;
  readonly mend: () => Promise<void>;
  /** Takes everything and passes nothing on, and breaks nothing either; whoever comes new is heard as little. */
  readonly hush: () => void;
  /** The answer to the first message that holds this word is lost, and everything after it; resolves when it was passed on. */
  readonly hushAfter: (word: string) => Promise<void>;
  /** Whoever comes new is heard again; what fell silent stays so. */
  readonly listen: () => void;
}

export async function wireTo(host: string, port: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  const silent = new WeakSet<Socket>();
  let isHushed = false;
  let last: { readonly word: string; readonly passed: () => void } | undefined;
  const hush = (): void => {
    isHushed = true;
    for (const socket of sockets) silent.add(socket);
  };
  const server = createServer((near) => {
    const far = connect(port, host);
    if (isHushed) for (const end of [near, far]) silent.add(end);
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
      from.on("data", (data) => {
        if (silent.has(from)) return;
        to.write(data);
        if (last === undefined || from !== near || !data.includes(last.word)) return;
        hush();
        last.passed();
        last = undefined;
      });
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
    hush,
    hushAfter: (word) =>
      new Promise((resolve) => {
        last = { word, passed: resolve };
      }),
    listen: () => {
      isHushed = false;
    },
  };
}
