/**
 * `lock-sim inspect`: any bytes of the system in words. It verifies nothing, opens nothing sealed, and shows no secret
 * key: of a secure element only what is public or harmless, and nothing at all of files that it does not know. The key
 * that opens a lock's updates elsewhere it writes to a file, and only when it is told to.
 */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { decodeParcel, decodeReturnSlip } from "@doorsync/protocol/courier";
import { describeMessage, describeParcel, diagnose } from "@doorsync/protocol/inspect";
import {
  ascii,
  type Bytes,
  createCrypto,
  emptyInbox,
  equal,
  fromHex,
  hear,
  messageBytesMax,
  messageCatalog,
  parseSetup,
  setupTag,
  toHex,
} from "@doorsync/protocol/lock";
import { openssl } from "@doorsync/protocol/node-crypto";
import { homeFiles, unpackSecure } from "../edge/home.ts";
import { codeOf, Trouble, troubleOf } from "../edge/trouble.ts";
import { decodeSecure, type Secure } from "../firmware/secure.ts";
import type { Context, InspectFlags } from "./context.ts";
import { describeImage, geometryOf } from "./image.ts";
import type { Visits } from "./visits.ts";

interface Inspected {
  readonly kind:
    | "parcel"
    | "return slip"
    | "secure element"
    | "flash image"
    | "setup text"
    | "message"
    | "cbor"
    | "capture";
  readonly lines: readonly string[];
  /** Of a capture, the same as values. */
  readonly capture?: Visits;
}

export async function inspectCommand(this: Context, flags: InspectFlags, what: string): Promise<void> {
  const { stdout, stderr } = this.terminal;
  try {
    const typed = readOrHex(what);
    if (flags.keys !== undefined) {
      writeKeys(typed.bytes, what, flags.keys);
      const written = { keys: flags.keys };
      stdout.write(flags.json ? `${JSON.stringify({ written })}\n` : `${keysWritten(flags.keys)}\n`);
      return;
    }
    const inspected = isCapture(typed.bytes)
      ? await inspectCapture(typed.bytes, what)
      : inspectBytes(typed.bytes, typed.isFile);
    if (inspected === undefined) {
      if (flags.json) stdout.write(`${JSON.stringify({ unknown: { bytes: typed.bytes.length } })}\n`);
      else stderr.write(`lock-sim: ${typed.bytes.length} bytes of no kind that lock-sim knows\n`);
      this.leave(1);
      return;
    }
    stdout.write(flags.json ? `${JSON.stringify({ inspected })}\n` : `${inspected.lines.join("\n")}\n`);
    if (inspected.capture?.visits.length === 0) this.leave(1);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    if (flags.json) stdout.write(`${JSON.stringify({ trouble: error.message })}\n`);
    stderr.write(`lock-sim: ${error.message}\n`);
    this.leave(2);
  }
}

/** Captures are the largest files that are looked at. */
const fileBytesMax = 32 * 1_024 * 1_024;

/** The first bytes of a btsnoop file. */
const captureMagic = ascii("btsnoop\0");

function isCapture(bytes: Bytes): boolean {
  return equal(bytes.subarray(0, captureMagic.length), captureMagic);
}

async function inspectCapture(bytes: Bytes, what: string): Promise<Inspected> {
  // Loaded for captures only: everything else is inspected without a package for radios.
  const { readVisits } = await import("./visits.ts").catch((error: unknown) => {
    if (codeOf(error) !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Trouble("captures are read by a package that is missing: npm install @doorsync/virtual-radio");
  });
  const { visitsInWords } = await import("./visit-words.ts");
  const capture = readVisits(bytes);
  if (typeof capture === "string") throw new Trouble(`${what} is no capture that can be read: ${capture}`);
  return { kind: "capture", lines: visitsInWords(capture), capture };
}

/** What tools/wireshark reads to open a lock's updates: lock, epoch and key; nothing that signs or opens a door. */
function writeKeys(bytes: Bytes, what: string, file: string): void {
  const record = unpackSecure(bytes);
  const secure = record === undefined ? undefined : decodeSecure(record);
  if (secure?.ok !== true) {
    throw new Trouble(`${what} is no secure element: name the ${homeFiles.secure} of a lock's home`);
  }
  const { phase, lockId, epoch, keys, tag } = secure.value;
  if (phase === "factory")
    throw new Trouble(`the lock of ${what} has no owner yet, and no keys: commission it first`);
  const text = `# opens the updates of lock ${toHex(tag)}; keep it as you keep the lock\nupdate ${toHex(lockId)} ${epoch} ${toHex(keys.update)}\n`;
  try {
    // Never over another file, and readable by its owner alone.
    writeFileSync(file, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (codeOf(error) === "EEXIST") throw new Trouble(`${file} exists: name a new file`);
    throw troubleOf(error, file);
  }
}

function keysWritten(file: string): string {
  return `wrote ${file}: give it to Wireshark as doorsync.keys (tools/wireshark/README.md); whoever has it reads this lock's updates`;
}

/** A file of that name, or else hex. A file of hex digits is taken as the bytes it spells. */
function readOrHex(what: string): { readonly bytes: Bytes; readonly isFile: boolean } {
  try {
    const stat = statSync(what);
    const { size } = stat;
    if (stat.isDirectory()) {
      throw new Trouble(`${what} is a folder: name a file in it, for example ${homeFiles.flash}`);
    }
    if (size > fileBytesMax) {
      throw new Trouble(
        `${what} has ${size} bytes, and at most ${fileBytesMax} are read: capture a single visit`,
      );
    }
    const bytes = new Uint8Array(readFileSync(what));
    if (isCapture(bytes)) return { bytes, isFile: true };
    return { bytes: hexOf(new TextDecoder("latin1").decode(bytes)) ?? bytes, isFile: true };
  } catch (error) {
    if (codeOf(error) !== "ENOENT" && codeOf(error) !== "ENAMETOOLONG") throw troubleOf(error, what);
  }
  const bytes = hexOf(what);
  if (bytes === undefined) throw new Trouble(`${what} is neither a file nor hex: check the path`);
  return { bytes, isFile: false };
}

function hexOf(text: string): Bytes | undefined {
  const bytes = fromHex(text);
  return bytes === undefined || bytes.length === 0 ? undefined : bytes;
}

function inspectBytes(bytes: Bytes, isFile: boolean): Inspected | undefined {
  const geometry = geometryOf(bytes.length);
  if (geometry !== undefined) return { kind: "flash image", lines: describeImage(geometry, bytes) };
  const parcel = decodeParcel(bytes);
  if (parcel.ok) return { kind: "parcel", lines: describeParcel(parcel.value).split("\n") };
  const slip = decodeReturnSlip(bytes);
  if (slip.ok) {
    const { kind, tag, epoch, to, body } = slip.value;
    const said = describeMessage({ type: messageCatalog[kind === "log" ? "segment" : kind].type, body });
    const head = `return slip (${kind}) of lock ${toHex(tag)} epoch ${epoch}, for version ${to}`;
    return { kind: "return slip", lines: [head, `  ${said}`] };
  }
  const record = unpackSecure(bytes);
  const secure = record === undefined ? undefined : decodeSecure(record);
  if (secure?.ok === true) return { kind: "secure element", lines: describeSecure(secure.value) };
  const crypto = createCrypto(openssl);
  const setup = parseSetup(crypto, new TextDecoder("latin1").decode(bytes));
  if (setup !== undefined) {
    const line = `setup text of the lock ${toHex(setupTag(crypto, setup))}; its secret is not shown`;
    return { kind: "setup text", lines: [line] };
  }
  const message = describeAsMessage(bytes);
  if (message !== undefined) return { kind: "message", lines: message };
  // An unknown file may hold anybody's secrets; bytes that were typed are known to whoever typed them.
  const notation = isFile ? undefined : diagnose(bytes);
  return notation === undefined || notation.startsWith("h'")
    ? undefined
    : { kind: "cbor", lines: [notation] };
}

function describeSecure(secure: Secure): readonly string[] {
  const { phase, tag, epoch, version, state, bank, generation, authority } = secure;
  return [
    `secure element of a lock, ${phase}; its keys are not shown`,
    `  tag ${toHex(tag)}, epoch ${epoch}`,
    `  names version ${version}, state ${toHex(state)}, in bank ${bank === 0 ? "A" : "B"} of generation ${generation}`,
    ...(phase === "factory" ? [] : [`  believes the authority's table key ${toHex(authority.table)}`]),
  ];
}

/** A message in one frame, or the body of one; a body may fit several types. */
function describeAsMessage(bytes: Bytes): readonly string[] | undefined {
  const heard = hear(emptyInbox, withFirstSequence(bytes), () => messageBytesMax);
  const framed = heard.kind === "message" ? said(heard.type, heard.body) : undefined;
  if (framed !== undefined) return [`one frame: ${framed}`];
  // Hello requests are empty or one byte, handshakes and sealed events are any bytes: none can be told by looking.
  const types = Object.values(messageCatalog).map(({ type }) => type);
  const bodies = bytes.length < 2 ? [] : types.flatMap((type) => said(type, bytes) ?? []);
  return bodies.length === 0 ? undefined : bodies;
}

const unknowable: readonly number[] = [
  messageCatalog.commission.type,
  messageCatalog.segment.type,
  messageCatalog["unlock-start"].type,
  messageCatalog.unlock.type,
  messageCatalog.unlocked.type,
];

function said(type: number, body: Bytes): string | undefined {
  const words = describeMessage({ type, body });
  return unknowable.includes(type) || /not (of the documented shape|known)/.test(words) ? undefined : words;
}

/** Any frame passes for the first of a connection, so that one taken from the middle of a trace is understood. */
function withFirstSequence(frame: Bytes): Bytes {
  const first = new Uint8Array(frame);
  first[0] = (frame[0] ?? 0) & 0xc0;
  return first;
}
