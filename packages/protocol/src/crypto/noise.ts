/**
 * The Noise handshakes of this protocol (revision 34) as tables of tokens: NNpsk0 for commissioning and NK for a
 * session with a known lock, over 25519, ChaChaPoly and SHA-256. Not a channel: what is done with the two keys at
 * the end is the caller's; and not a source of randomness: the ephemeral secret is an argument, used for one handshake.
 */
import { ascii, type Bytes, concat, copy, noBytes } from "../bytes.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import type { Crypto } from "./crypto.ts";

export type Pattern = "NNpsk0" | "NK";
export type Role = "initiator" | "responder";

type Token = "e" | "ee" | "es" | "psk";

/** Messages alternate, the initiator's first. In NK the responder's static key is known beforehand (`<- s`). */
const messages: Record<Pattern, readonly (readonly Token[])[]> = {
  NNpsk0: [
    ["psk", "e"],
    ["e", "ee"],
  ],
  NK: [
    ["e", "es"],
    ["e", "ee"],
  ],
};

const keyBytes = 32;
const hashBytes = 32;
const tagBytes = 16;

export interface HandshakeKeys {
  /** What both sides must already agree on; a difference fails the first message. */
  readonly prologue: Bytes;
  /** 32 fresh random bytes. */
  readonly ephemeral: Bytes;
  /** 32 bytes; NNpsk0 only. */
  readonly psk?: Bytes;
  /** The responder's public key, 32 bytes; NK's initiator only. Pinned, so one of small order is our bug and throws. */
  readonly remoteStatic?: Bytes;
  /** The responder's own secret, 32 bytes; NK's responder only. */
  readonly staticSecret?: Bytes;
}

/** One run. Calls out of turn, and any call after a refusal, throw: they are our bugs, never the peer's doing. */
export interface Handshake {
  /** The next message, carrying `payload` sealed: 48 bytes more than the payload. */
  write(payload: Bytes): Bytes;
  /** The payload of the peer's message, or REJECTED, which ends the handshake. */
  read(message: Bytes): Verdict<Bytes>;
  /** h as it stands now, 32 bytes. At the end it names this handshake and no other. */
  readonly hash: Bytes;
  /** The two transport keys, 32 bytes each, once every message has passed. */
  split(): { readonly toResponder: Bytes; readonly toInitiator: Bytes };
}

/** Noise's HKDF (section 4.3) is RFC 5869 with empty info; its two outputs are the first two of its three. */
function derive(crypto: Crypto, chainingKey: Bytes, input: Bytes): readonly [Bytes, Bytes, Bytes] {
  const output = crypto.expand(crypto.extract(chainingKey, input), noBytes, 3 * hashBytes);
  const part = (i: number): Bytes => copy(output.subarray(i * hashBytes, (i + 1) * hashBytes));
  return [part(0), part(1), part(2)];
}

/** SymmetricState and CipherState of the specification, section 5. */
function createSymmetric(crypto: Crypto, protocolName: string) {
  const name = ascii(protocolName);
  let h = name.length > hashBytes ? crypto.hash(name) : concat(name, new Uint8Array(hashBytes - name.length));
  let chainingKey = h;
  /** None before the first mixKey: sealing or opening under no key throws. */
  let key = noBytes;
  let counter = 0;

  /** Four zero bytes and the counter as little-endian u64. A handshake never seals more than twice under one key. */
  function nextNonce(): Bytes {
    const nonce = new Uint8Array(12);
    nonce[4] = counter++;
    return nonce;
  }

  function mixHash(data: Bytes): void {
    h = crypto.hash(concat(h, data));
  }

  return {
    mixHash,
    hash: (): Bytes => copy(h),
    mixKey(input: Bytes): void {
      [chainingKey, key] = derive(crypto, chainingKey, input);
      counter = 0;
    },
    mixKeyAndHash(input: Bytes): void {
      const [next, hashed, sealing] = derive(crypto, chainingKey, input);
      chainingKey = next;
      mixHash(hashed);
      key = sealing;
      counter = 0;
    },
    sealAndHash(plaintext: Bytes): Bytes {
      const sealed = crypto.seal(key, nextNonce(), h, plaintext);
      mixHash(sealed);
      return sealed;
    },
    openAndHash(sealed: Bytes): Bytes | undefined {
      const opened = crypto.open(key, nextNonce(), h, sealed);
      if (opened !== undefined) mixHash(sealed);
      return opened;
    },
    split(): { readonly toResponder: Bytes; readonly toInitiator: Bytes } {
      const [toResponder, toInitiator] = derive(crypto, chainingKey, noBytes);
      return { toResponder, toInitiator };
    },
  };
}

function demandKey(what: string, key: Bytes | undefined): Bytes {
  if (key?.length !== keyBytes) throw new RangeError(`noise: ${what} must be ${keyBytes} bytes`);
  return key;
}

/**
 * Starts a handshake. Throws when a key of the pattern is missing or has a wrong length.
 * In NNpsk0 a wrong psk fails at the first tag, before the responder spends a Diffie-Hellman on the stranger.
 */
export function createHandshake(
  crypto: Crypto,
  pattern: Pattern,
  role: Role,
  keys: HandshakeKeys,
): Handshake {
  const script = messages[pattern];
  const initiator = role === "initiator";
  const ephemeral = copy(demandKey("the ephemeral secret", keys.ephemeral));
  const psk = pattern === "NNpsk0" ? demandKey("the psk", keys.psk) : undefined;
  const staticSecret =
    pattern === "NK" && !initiator ? demandKey("the static secret", keys.staticSecret) : undefined;
  const remoteStatic =
    pattern === "NK" && initiator ? demandKey("the remote static key", keys.remoteStatic) : undefined;

  const symmetric = createSymmetric(crypto, `Noise_${pattern}_25519_ChaChaPoly_SHA256`);
  symmetric.mixHash(keys.prologue);
  const knownStatic = staticSecret === undefined ? remoteStatic : crypto.agreePublic(staticSecret);
  if (knownStatic !== undefined) symmetric.mixHash(knownStatic);

  let done = 0;
  let refused = false;
  let remoteEphemeral: Bytes | undefined;
  let sharedEphemeral: Bytes | undefined;

  /** A public ephemeral key, ours or theirs. With a psk it is also mixed into the key (section 9.2). */
  function mixEphemeral(publicKey: Bytes): void {
    symmetric.mixHash(publicKey);
    if (psk !== undefined) symmetric.mixKey(publicKey);
  }

  /** ee, computed once. Undefined when the peer's point has small order: the result would be known to everybody. */
  function agreeEphemeral(): Bytes | undefined {
    sharedEphemeral ??= crypto.agree(ephemeral, demandKey("the peer's e", remoteEphemeral));
    return sharedEphemeral;
  }

  /** es: the initiator's e and the responder's s, whichever of the two is ours. */
  function agreeStatic(): Bytes | undefined {
    return staticSecret === undefined
      ? crypto.agree(ephemeral, demandKey("the remote static key", remoteStatic))
      : crypto.agree(staticSecret, demandKey("the peer's e", remoteEphemeral));
  }

  /** Mixes every token but "e". False when a Diffie-Hellman came to nothing. */
  function mixToken(token: "ee" | "es" | "psk"): boolean {
    switch (token) {
      case "psk": {
        symmetric.mixKeyAndHash(demandKey("the psk", psk));
        return true;
      }
      case "ee":
      case "es": {
        const shared = token === "ee" ? agreeEphemeral() : agreeStatic();
        if (shared === undefined) return false;
        symmetric.mixKey(shared);
        return true;
      }
      default:
        throw new Error(`noise: no such token: ${String(token satisfies never)}`);
    }
  }

  /** The tokens of the next message, if it is this side's turn to write (or to read) it. */
  function take(writing: boolean): readonly Token[] {
    if (refused) throw new Error("noise: the handshake was refused");
    const tokens = script[done];
    if (tokens === undefined) throw new Error("noise: the handshake is over");
    if (((done % 2 === 0) === initiator) !== writing) throw new Error("noise: out of turn");
    done++;
    return tokens;
  }

  function reject(check: string): Verdict<Bytes> {
    refused = true;
    return refuse("REJECTED", check);
  }

  return {
    write(payload: Bytes): Bytes {
      let publicKey = noBytes;
      for (const token of take(true)) {
        if (token === "e") {
          publicKey = crypto.agreePublic(ephemeral);
          mixEphemeral(publicKey);
        } else if (!mixToken(token)) {
          throw new Error("noise: the pinned static key has small order"); // the peer's e was checked when read
        }
      }
      return concat(publicKey, symmetric.sealAndHash(payload));
    },

    read(message: Bytes): Verdict<Bytes> {
      const tokens = take(false);
      if (message.length < keyBytes + tagBytes) return reject("noise/short");
      for (const token of tokens) {
        if (token === "e") {
          remoteEphemeral = copy(message.subarray(0, keyBytes));
          mixEphemeral(remoteEphemeral);
        } else if (!mixToken(token)) {
          return reject("noise/small-order");
        }
      }
      const payload = symmetric.openAndHash(message.subarray(keyBytes));
      if (payload === undefined) return reject("noise/tag");
      // The answer's ee can no longer refuse, so a point of small order is refused here, where it came from.
      if (agreeEphemeral() === undefined) return reject("noise/small-order");
      return accept(payload);
    },

    get hash(): Bytes {
      return symmetric.hash();
    },

    split(): { readonly toResponder: Bytes; readonly toInitiator: Bytes } {
      if (refused) throw new Error("noise: the handshake was refused");
      if (done < script.length) throw new Error("noise: split before the last message");
      return symmetric.split();
    },
  };
}
