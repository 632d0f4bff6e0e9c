/**
 * The authority's own keys: a folder of files that only their owner may read. They are never in the database, and
 * this file never prints one. Losing the folder means commissioning every lock again; keep a copy in a safe place.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  type AuthorityPublic,
  type Bytes,
  type Crypto,
  concat,
  fromHex,
  toHex,
} from "@doorsync/protocol/authority";
import { writeWhole } from "../files/whole.ts";
import type { Fill } from "../model/code.ts";
import { codeOf, Trouble } from "../trouble.ts";

/** 32-byte seeds and secrets, one per purpose: what one key signs, no other can. */
export interface KeyRing {
  /** Ed25519: appoints the others. Never used by a command here. */
  readonly root: Bytes;
  /** Ed25519: signs tables and their changes. */
  readonly table: Bytes;
  /** Ed25519: signs capabilities (unlock by app). */
  readonly capability: Bytes;
  /** Ed25519: signs time tokens. */
  readonly time: Bytes;
  /** X25519: opens event logs. */
  readonly box: Bytes;
  /** ChaCha20/Poly1305 and HMAC: seals codes and lock keys in the database. */
  readonly vault: Bytes;
}

const files: Readonly<Record<keyof KeyRing, string>> = {
  root: "root.seed",
  table: "table.seed",
  capability: "capability.seed",
  time: "time.seed",
  box: "box.secret",
  vault: "vault.key",
};

/** Drawn before the others: where it is, an `init` has begun. */
export const firstKeyFile: string = files.root;

const seedBytes = 32;
const names = Object.keys(files) as (keyof KeyRing)[];

/** Draws what is missing and leaves what is there: a second `init` never replaces a key. */
export function createKeys(folder: string, fill: Fill): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  for (const name of names) {
    const path = join(folder, files[name]);
    if (existsSync(path)) continue;
    const seed = new Uint8Array(seedBytes);
    fill(seed);
    writeWhole(path, Buffer.from(`${toHex(seed)}\n`, "ascii"), 0o600);
  }
}

/** Whether every key file is there. Says nothing of what they hold. */
export function hasKeys(folder: string): boolean {
  return names.every((name) => existsSync(join(folder, files[name])));
}

/** The keys, or Trouble: missing, damaged, or readable by others. */
export function readKeys(folder: string): KeyRing {
  const read = (name: keyof KeyRing): Bytes => readKey(join(folder, files[name]));
  return {
    root: read("root"),
    table: read("table"),
    capability: read("capability"),
    time: read("time"),
    box: read("box"),
    vault: read("vault"),
  };
}

function readKey(path: string): Bytes {
  let mode: number;
  let text: string;
  try {
    mode = statSync(path).mode;
    text = readFileSync(path, "ascii");
  } catch (error) {
    const isMissing = codeOf(error) === "ENOENT";
    const remedy = isMissing
      ? "restore the keys folder from its copy (a new key would not fit the locks), or run init for a new property"
      : "make the file readable for the user who runs this";
    throw new Trouble(
      `key file ${path} ${isMissing ? "is missing" : `cannot be read (${codeOf(error)})`}`,
      remedy,
    );
  }
  // Whoever reads the table key can write tables: an open file may have been read already.
  if ((mode & 0o077) !== 0) {
    const shown = (mode & 0o777).toString(8);
    throw new Trouble(
      `key file ${path} is open to others (mode ${shown})`,
      `run: chmod 600 '${path}', and ask who could read it until now`,
    );
  }
  const seed = fromHex(text);
  if (seed?.length !== seedBytes) {
    throw new Trouble(`key file ${path} is damaged (64 hex digits expected)`, "restore it from its copy");
  }
  return seed;
}

/** The public halves, as a lock pins them. */
export function publicKeys(crypto: Crypto, ring: KeyRing): AuthorityPublic {
  return {
    root: crypto.signPublic(ring.root),
    table: crypto.signPublic(ring.table),
    capability: crypto.signPublic(ring.capability),
    time: crypto.signPublic(ring.time),
    box: crypto.agreePublic(ring.box),
  };
}

/** Tells one folder of keys from another without telling anything about them: also covers the vault key. */
export function keyFingerprint(crypto: Crypto, ring: KeyRing): Bytes {
  const { root, table, capability, time, box } = publicKeys(crypto, ring);
  return crypto.mac(ring.vault, concat(root, table, capability, time, box));
}
