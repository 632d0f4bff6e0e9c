/**
 * A storage in a folder, encrypted: every value is one file, sealed with ChaCha20-Poly1305 under a key that lies beside
 * them (mode 600) or comes from a passphrase. Files are whole or absent. It keeps a stolen backup or a foreign reader
 * out, and whoever holds the key file as well is let in: that is what the passphrase is for.
 *
 *   key            32 random bytes | check 16; absent with a passphrase
 *   salt           the same, as scrypt's salt; absent without one. The check tells a wrong passphrase from an empty vault
 *   <32 hex>.sealed   nonce 12 | sealed (length of the name u16 | name | value); the file's name is a MAC of the value's
 *
 * Wiping deletes the key first, so that what a power cut leaves is unreadable. No medium promises that deleted bytes are
 * overwritten, so nothing here pretends to.
 */
import { randomFillSync, scrypt } from "node:crypto";
import { chmod, link, mkdir, open, readdir, readFile, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { type Bytes, createCrypto, toHex } from "@doorsync/protocol/courier";
import { openssl } from "@doorsync/protocol/node-crypto";
import type { Storage } from "../ports.ts";

/** What is wrong with a vault, in one sentence that says what to do. */
export class VaultError extends Error {
  override readonly name = "VaultError";
}

const keyBytes = 32;
const secretBytes = 32;
const checkBytes = 16;
const nonceBytes = 12;
const nameBytesMax = 200;
const sealedName = /^[0-9a-f]{32}\.sealed$/;
/** Everything that this storage ever writes; nothing else in the folder is touched. */
const ownName = /^(key|salt|[0-9a-f]{32}\.sealed)(\.[0-9a-f]{16}\.tmp)?$/;
/** 2^15 blocks of 1 KiB, about 0.1 s: OWASP's choice for scrypt with r = 8 and three lanes. */
const scryptCost = { N: 2 ** 15, r: 8, p: 3, maxmem: 64 * 1_024 * 1_024 };

const crypto = createCrypto(openssl);
const ascii = (text: string): Bytes => new TextEncoder().encode(text);

interface Keys {
  readonly seal: Bytes;
  readonly name: Bytes;
}

/** With a passphrase, its key is derived at the first use. Its promises reject with VaultError. */
export function vaultFolder(folder: string, passphrase?: string): Storage {
  let opening: Promise<Keys> | undefined;

  function keys(): Promise<Keys> {
    opening ??= openKeys().catch((error: unknown) => {
      opening = undefined;
      throw error;
    });
    return opening;
  }

  async function openKeys(): Promise<Keys> {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch(fail(`cannot make the folder ${folder}`));
    await chmod(folder, 0o700).catch(fail(`cannot keep others out of ${folder}`));
    const [file, other] = passphrase === undefined ? ["key", "salt"] : ["salt", "key"];
    if ((await readOrNothing(join(folder, other))) !== undefined)
      throw new VaultError(
        passphrase === undefined
          ? `${folder} is kept under a passphrase: set DOORSYNC_PHONE_PASSPHRASE`
          : `${folder} is kept without a passphrase: unset DOORSYNC_PHONE_PASSPHRASE, or log out first`,
      );
    const found = (await readOrNothing(join(folder, file))) ?? (await putOnce(file, await freshSecret()));
    const secret = found.slice(0, secretBytes);
    const root = await rootOf(secret);
    if (!crypto.same(checked(secret, root), found)) throw damaged(file);
    const key = (purpose: string): Bytes => crypto.expand(root, ascii(`doorsync-phone ${purpose}`), keyBytes);
    return { seal: key("seal"), name: key("name") };
  }

  async function rootOf(secret: Bytes): Promise<Bytes> {
    return passphrase === undefined ? secret : await derived(passphrase, secret);
  }

  async function freshSecret(): Promise<Bytes> {
    const secret = new Uint8Array(secretBytes);
    randomFillSync(secret);
    return checked(secret, await rootOf(secret));
  }

  /** Two programs may begin at once: whose key is there first, it is. */
  async function putOnce(file: string, fresh: Bytes): Promise<Bytes> {
    const temporary = join(folder, temporaryName(file));
    try {
      await writeWhole(temporary, fresh);
      // Unlike a rename, a link never replaces what is there.
      await link(temporary, join(folder, file));
      await syncFolder(folder);
      return fresh;
    } catch (error) {
      if (codeOf(error) !== "EEXIST") throw new VaultError(`cannot write in ${folder} (${codeOf(error)})`);
      const theirs = await readOrNothing(join(folder, file));
      if (theirs === undefined) throw damaged(file);
      return theirs;
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  function damaged(file: string): VaultError {
    return new VaultError(
      `${join(folder, file)} cannot be opened: another key or passphrase, or it is damaged; log out to begin anew`,
    );
  }

  function fileOf({ name }: Keys, key: string): string {
    if (key.length === 0 || ascii(key).length > nameBytesMax) throw new RangeError(`a value's name: ${key}`);
    return `${toHex(crypto.mac(name, ascii(key)).slice(0, 16))}.sealed`;
  }

  async function opened({ seal }: Keys, file: string): Promise<readonly [string, Bytes] | undefined> {
    const bytes = await readOrNothing(join(folder, file));
    if (bytes === undefined) return undefined;
    const plain = crypto.open(seal, bytes.slice(0, nonceBytes), ascii(file), bytes.slice(nonceBytes));
    if (plain === undefined) throw damaged(file);
    const length = new DataView(plain.buffer, plain.byteOffset).getUint16(0);
    return [new TextDecoder().decode(plain.slice(2, 2 + length)), plain.slice(2 + length)];
  }

  return {
    async get(key) {
      const own = await keys();
      return (await opened(own, fileOf(own, key)))?.[1];
    },
    async put(key, bytes) {
      const own = await keys();
      const file = fileOf(own, key);
      const name = ascii(key);
      const plain = new Uint8Array(2 + name.length + bytes.length);
      new DataView(plain.buffer).setUint16(0, name.length);
      plain.set(name, 2);
      plain.set(bytes, 2 + name.length);
      const nonce = new Uint8Array(nonceBytes);
      randomFillSync(nonce);
      const sealed = crypto.seal(own.seal, nonce, ascii(file), plain);
      const temporary = join(folder, temporaryName(file));
      try {
        await writeWhole(temporary, concat(nonce, sealed));
        await rename(temporary, join(folder, file));
        await syncFolder(folder);
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined);
        throw new VaultError(
          `cannot write in ${folder} (${codeOf(error)}): free space or fix the permissions`,
        );
      }
    },
    async delete(key) {
      const own = await keys();
      await rm(join(folder, fileOf(own, key)), { force: true }).catch(fail(`cannot delete in ${folder}`));
    },
    async list() {
      const own = await keys();
      const names: string[] = [];
      for (const file of (await namesIn(folder)).filter((name) => sealedName.test(name))) {
        const value = await opened(own, file);
        if (value !== undefined) names.push(value[0]);
      }
      return names;
    },
    async wipe() {
      opening = undefined;
      const mine = (await namesIn(folder)).filter((name) => ownName.test(name));
      const isKey = (name: string): boolean => name.startsWith("key") || name.startsWith("salt");
      for (const name of [...mine.filter(isKey), ...mine.filter((one) => !isKey(one))])
        await rm(join(folder, name), { force: true }).catch(fail(`cannot delete ${join(folder, name)}`));
      // Somebody else's files in it keep the folder; ours are gone.
      await rmdir(folder).catch(() => undefined);
    },
  };
}

/** With a MAC of nothing secret behind it, under the key that it leads to. */
function checked(secret: Bytes, root: Bytes): Bytes {
  return concat(secret, crypto.mac(root, ascii("doorsync-phone check")).slice(0, checkBytes));
}

function concat(a: Bytes, b: Bytes): Bytes {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function derived(passphrase: string, salt: Bytes): Promise<Bytes> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFKC"), salt, keyBytes, scryptCost, (error, key) =>
      error === null ? resolve(new Uint8Array(key)) : reject(error),
    );
  });
}

/** No two writers share one, not even in one program. */
function temporaryName(file: string): string {
  const random = new Uint8Array(8);
  randomFillSync(random);
  return `${file}.${toHex(random)}.tmp`;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return [];
    throw new VaultError(`cannot read ${folder} (${codeOf(error)})`);
  });
}

async function readOrNothing(path: string): Promise<Bytes | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw new VaultError(`cannot read ${path} (${codeOf(error)})`);
  }
}

/** Content on the medium before the name is. */
async function writeWhole(path: string, bytes: Bytes): Promise<void> {
  const file = await open(path, "w", 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders; there the rename alone has to do.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}

function fail(what: string): (error: unknown) => never {
  return (error) => {
    throw new VaultError(`${what} (${codeOf(error)})`);
  };
}
