/** `lock-sim new`: the home of a factory-fresh lock. The setup text alone goes to standard output. */
import { join } from "node:path";
import { createCrypto, setupSecretBytes, setupTag, toHex } from "@doorsync/protocol/lock";
import { openssl } from "@doorsync/protocol/node-crypto";
import { createHome, homeFiles } from "../edge/home.ts";
import { Trouble } from "../edge/trouble.ts";
import { drawBytes } from "../edge/wall.ts";
import type { Context, NewFlags } from "./context.ts";

export function newCommand(this: Context, flags: NewFlags): void {
  const { stdout, stderr } = this.terminal;
  const crypto = createCrypto(openssl);
  const { home, capacity, setupSecret = drawBytes(setupSecretBytes) } = flags;
  const tag = setupTag(crypto, { secret: setupSecret });
  try {
    const setup = createHome(crypto, { folder: home, capacity, setupSecret, tag });
    if (flags.json) {
      stdout.write(`${JSON.stringify({ created: { home, capacity, tag: toHex(tag), setup } })}\n`);
      return;
    }
    stdout.write(`${setup}\n`);
    stderr.write(
      `That is the text printed on the box of the new lock in ${home} (also in ${join(home, homeFiles.setup)}).\n` +
        `Next: lock-sim run --home ${home} --listen 127.0.0.1:7001\n`,
    );
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    if (flags.json) stdout.write(`${JSON.stringify({ trouble: error.message })}\n`);
    stderr.write(`lock-sim: ${error.message}\n`);
    this.leave(2);
  }
}
