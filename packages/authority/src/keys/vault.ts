/**
 * What the database may only hold sealed: digits of codes, keys of locks, setup secrets. ChaCha20/Poly1305 under the
 * vault key with a random nonce in front; each box is bound to what it is and whose, so that rows cannot be swapped.
 */
import {
  type Bytes,
  type Crypto,
  concat,
  type LockKeys,
  lockKeyNames,
  toHex,
} from "@doorsync/protocol/authority";
import type { Fill } from "../model/code.ts";
import { Trouble } from "../trouble.ts";

const nonceBytes = 12;
const keyBytes = 32;

/** What a box holds; part of what it is bound to. */
export type Content = "code" | "lock-keys" | "setup" | "ephemeral" | "answer" | "message" | "daily-recipient";

export interface Vault {
  /** nonce 12 | ciphertext | tag 16 */
  seal(content: Content, owner: string, plaintext: Bytes): Bytes;
  /** Throws Trouble when the box was not sealed here, for this content and owner. */
  open(content: Content, owner: string, sealed: Bytes): Bytes;
  /** Stands for digits on one door: equal for equal digits, and useless without the key. 32 hex digits. */
  mark(doorId: string, digits: string): string;
}

export function createVault(crypto: Crypto, vaultKey: Bytes, fill: Fill): Vault {
  const prk = crypto.extract(new Uint8Array(keyBytes), vaultKey);
  const sealKey = crypto.expand(prk, text("doorsync authority seal"), keyBytes);
  const markKey = crypto.expand(prk, text("doorsync authority mark"), keyBytes);
  const bound = (content: Content, owner: string): Bytes => text(`doorsync vault 1/${content}/${owner}`);
  return {
    seal(content, owner, plaintext) {
      const nonce = new Uint8Array(nonceBytes);
      fill(nonce);
      return concat(nonce, crypto.seal(sealKey, nonce, bound(content, owner), plaintext));
    },
    open(content, owner, sealed) {
      const nonce = sealed.slice(0, nonceBytes);
      const opened = crypto.open(sealKey, nonce, bound(content, owner), sealed.slice(nonceBytes));
      if (opened !== undefined) return opened;
      throw new Trouble(
        `a sealed ${content} in the database does not open`,
        "the database and the keys folder do not belong together, or a row was changed: restore both from one backup",
      );
    },
    mark: (doorId, digits) => toHex(crypto.mac(markKey, text(`${doorId}/${digits}`)).slice(0, 16)),
  };
}

export function packLockKeys(keys: LockKeys): Bytes {
  return concat(...lockKeyNames.map((name) => keys[name]));
}

export function unpackLockKeys(packed: Bytes): LockKeys {
  if (packed.length !== keyBytes * lockKeyNames.length)
    throw new RangeError(`lock keys of ${packed.length} bytes`);
  const key = (name: keyof LockKeys): Bytes => {
    const at = keyBytes * lockKeyNames.indexOf(name);
    return packed.slice(at, at + keyBytes);
  };
  return {
    update: key("update"),
    iv: key("iv"),
    pin: key("pin"),
    digest: key("digest"),
    state: key("state"),
    daily: key("daily"),
    log: key("log"),
  };
}

function text(label: string): Bytes {
  return new TextEncoder().encode(label);
}
