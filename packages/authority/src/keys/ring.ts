/**
 * The authority's own keys: a folder of files that only their owner may read. They are never in the database, and
 * this file never prints one. Losing the folder means commissioning every lock again; keep a copy in a safe place.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import {
  type AuthorityPublic,
  ascii,
  type Bytes,
  type Crypto,
  concat,
  fromHex,
  toHex,
} from "@doorsync/protocol/authority";
import { writeWhole } from "../files/whole.ts";
import type { Fill } from "../model/code.ts";
import { codeOf, Trouble } from "../trouble.ts";

/** The root's seed, or only its public key where the seed is kept elsewhere. */
export type Root =
  | { readonly kind: "here"; readonly seed: Bytes }
  | { readonly kind: "away"; readonly key: Bytes };

/** 32-byte seeds and secrets, one per purpose: what one key signs, no other can. */
export interface KeyRing {
  /** Ed25519: appoints the others, when they are rotated and never else. */
  readonly root: Root;
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

type FileName = keyof KeyRing;

/** Stands where `root.seed` was, when that was taken away. */
const rootKeyFile = "root.public";

const files: Readonly<Record<FileName, string>> = {
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
    // A root that was taken away is not drawn anew.
    if (name === "root" && existsSync(join(folder, rootKeyFile))) continue;
    drawKey(join(folder, files[name]), fill);
  }
}

/**
 * Takes the root's seed out of the folder into a file that does not exist yet, to be kept where no service runs; its
 * public key stays. Stopped half-way it may be asked again: the seed is removed last. Throws Trouble.
 */
export function exportRoot(crypto: Crypto, folder: string, to: string): Bytes {
  const { root } = readKeys(folder);
  if (root.kind === "away")
    throw new Trouble("the root key was taken away before", "look where it was exported to, then");
  if (existsSync(to)) throw new Trouble(`${to} exists`, "name a new file with --to");
  const key = crypto.signPublic(root.seed);
  writeWhole(to, Buffer.from(`${toHex(root.seed)}\n`, "ascii"), 0o600);
  writeWhole(join(folder, rootKeyFile), Buffer.from(`${toHex(key)}\n`, "ascii"), 0o600);
  rmSync(join(folder, files.root));
  return key;
}

/** The ring with the root's seed from where it is kept. Throws Trouble when it is another one's. */
export function withRoot(crypto: Crypto, ring: KeyRing, file: string): KeyRing {
  const seed = readKey(file);
  if (!crypto.same(crypto.signPublic(seed), rootKey(crypto, ring)))
    throw new Trouble(`${file} holds another root key`, "give the file that export-root made of this one");
  return { ...ring, root: { kind: "here", seed } };
}

function drawKey(path: string, fill: Fill): void {
  if (existsSync(path)) return;
  const seed = new Uint8Array(seedBytes);
  fill(seed);
  writeWhole(path, Buffer.from(`${toHex(seed)}\n`, "ascii"), 0o600);
}

/** What works online, and can be replaced under the root's signature. */
const onlineNames = ["table", "capability", "time", "box"] as const;
const nextFolder = (folder: string): string => join(folder, "next");

/**
 * Draws the keys that shall take the place of those that work online, beside them; what is there is left. Gives the
 * ring as it will be.
 */
export function drawNextKeys(folder: string, fill: Fill): KeyRing {
  mkdirSync(nextFolder(folder), { recursive: true, mode: 0o700 });
  for (const name of onlineNames) drawKey(join(nextFolder(folder), files[name]), fill);
  return nextKeys(folder);
}

/** The ring with what lies ready in place of what works now; the present one when nothing does. */
export function nextKeys(folder: string): KeyRing {
  const next: Partial<Record<(typeof onlineNames)[number], Bytes>> = {};
  for (const name of onlineNames) {
    const path = join(nextFolder(folder), files[name]);
    if (existsSync(path)) next[name] = readKey(path);
  }
  return { ...readKeys(folder), ...next };
}

/**
 * Puts the next keys in place of the present ones, once the database says so. Stopped half-way it is finished by the
 * next command.
 */
export function adoptNextKeys(folder: string): void {
  const from = nextFolder(folder);
  if (!existsSync(from)) return;
  for (const name of readdirSync(from)) {
    if (onlineNames.some((one) => files[one] === name)) renameSync(join(from, name), join(folder, name));
  }
  rmSync(from, { recursive: true, force: true });
}

/** Whether every key file is there. Says nothing of what they hold. */
export function hasKeys(folder: string): boolean {
  const isThere = (name: FileName): boolean => existsSync(join(folder, files[name]));
  return names.every((name) => isThere(name) || (name === "root" && existsSync(join(folder, rootKeyFile))));
}

/** The keys, or Trouble: missing, damaged, or readable by others. */
export function readKeys(folder: string): KeyRing {
  const read = (name: FileName): Bytes => readKey(join(folder, files[name]));
  // Both are there when an export stopped half-way: nothing was taken away then.
  const isAway = !existsSync(join(folder, files.root)) && existsSync(join(folder, rootKeyFile));
  return {
    root: isAway
      ? { kind: "away", key: readKey(join(folder, rootKeyFile)) }
      : { kind: "here", seed: read("root") },
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
    root: rootKey(crypto, ring),
    table: crypto.signPublic(ring.table),
    capability: crypto.signPublic(ring.capability),
    time: crypto.signPublic(ring.time),
    box: crypto.agreePublic(ring.box),
  };
}

/** The root's public key. */
export function rootKey(crypto: Crypto, { root }: KeyRing): Bytes {
  return root.kind === "here" ? crypto.signPublic(root.seed) : root.key;
}

/** Tells one folder of keys from another without telling anything about them: what lasts, root and vault. */
export function keyFingerprint(crypto: Crypto, ring: KeyRing): Bytes {
  return crypto.mac(ring.vault, rootKey(crypto, ring));
}

/** Tells the keys that work online from those before and after them. */
export function onlineFingerprint(crypto: Crypto, ring: KeyRing): Bytes {
  const { table, capability, time, box } = publicKeys(crypto, ring);
  return crypto.mac(ring.vault, concat(ascii("online"), table, capability, time, box));
}
