/** `keys init` and `keys export-root`: the authority's keys without its database. Rotation is in `work.ts`. */
import { toHex } from "@doorsync/protocol/authority";
import { createKeys, exportRoot, publicKeys, readKeys } from "../keys/ring.ts";
import type { Cli } from "./context.ts";
import type { BaseFlags } from "./flags.ts";
import { crypto, demandNoDatabaseWithoutKeys, fill, guarded, keysFolder, makeFolder } from "./session.ts";

export type KeysInitFlags = BaseFlags;
export type ExportRootFlags = BaseFlags & { readonly to: string };

/** Draws the keys alone, for example on a machine that is never online; `init` makes the database later. */
export async function keysInit(this: Cli, flags: KeysInitFlags): Promise<void> {
  await guarded(this, flags, (say) => {
    makeFolder(flags.data);
    demandNoDatabaseWithoutKeys(flags.data);
    const folder = keysFolder(flags.data);
    createKeys(folder, fill);
    const { root, table } = publicKeys(crypto, readKeys(folder));
    say({ keys: folder, rootKey: toHex(root), tableKey: toHex(table) }, [
      `keys in ${folder}; root key ${toHex(root)}, table key ${toHex(table)}`,
      "next: init makes the database, keys export-root takes the root key away",
    ]);
    return Promise.resolve();
  });
}

export async function keysExportRoot(this: Cli, flags: ExportRootFlags): Promise<void> {
  await guarded(this, flags, (say) => {
    const key = toHex(exportRoot(crypto, keysFolder(flags.data), flags.to));
    say({ rootKey: key, to: flags.to }, [
      `root key ${key} is in ${flags.to} and no longer in ${keysFolder(flags.data)}`,
      "keep it where no service runs, and a copy of it: keys rotate asks for it with --root",
    ]);
    return Promise.resolve();
  });
}
