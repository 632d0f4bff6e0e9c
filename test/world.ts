/**
 * One lock, its authority's signing half, and the air between them, all real: the shipped firmware on its board over
 * simulated parts, the shipped rules. Not a mock of anything; what is missing is the SQL, the sockets and the phone's
 * own errand, which have tests of their own. Synchronous, so that properties can run thousands of visits.
 */

import type { Crypto, Table } from "@doorsync/protocol/authority";
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { openssl } from "@doorsync/protocol/node-crypto";
import { type Board, createBoard } from "../packages/lock-sim/src/board/board.ts";
import type { ClockPort, FlashPort, SecurePort } from "../packages/lock-sim/src/board/ports.ts";
import type { BoltReached, LoudAlarm, Note } from "../packages/lock-sim/src/firmware/events.ts";
import { geometryFor, sectorBytes, wordBytes } from "../packages/lock-sim/src/firmware/geometry.ts";
import { encodeSecure, factorySecure } from "../packages/lock-sim/src/firmware/secure.ts";
import { createFirmware, type Firmware } from "../packages/lock-sim/src/firmware/step.ts";
import { createFlash, type Flash } from "../packages/lock-sim/src/parts/flash.ts";
import { createSecureElement, type SecureElement } from "../packages/lock-sim/src/parts/secure-element.ts";

export type Bytes = Uint8Array;

const memories: Map<string, unknown>[] = [];

/** Lets go of all that was remembered, for whoever measures what is held. */
export function forgetComputed(): void {
  for (const memory of memories) memory.clear();
}

/** What was computed of the same bytes before; forgets everything when there is too much of it. */
function remembering<R>(compute: (...parts: Bytes[]) => R): (...parts: Bytes[]) => R {
  const known = new Map<string, R>();
  memories.push(known);
  const own = (result: R): R => (result instanceof Uint8Array ? (result.slice() as R) : result);
  return (...parts) => {
    const name = parts.map((part) => Buffer.from(part).toString("latin1")).join("|");
    const before = known.get(name);
    if (before !== undefined) return own(before);
    if (known.size >= 20_000) known.clear();
    const result = compute(...parts);
    known.set(name, result);
    return own(result);
  };
}

/** OpenSSL with a memory: after a thousand power cuts the same few messages are judged once more. */
export const crypto: Crypto = authority.createCrypto({
  ...openssl,
  ed25519Public: remembering(openssl.ed25519Public),
  ed25519Sign: remembering(openssl.ed25519Sign),
  ed25519Verify: remembering(openssl.ed25519Verify),
  x25519Public: remembering(openssl.x25519Public),
  x25519: remembering(openssl.x25519),
  hmacSha256: remembering(openssl.hmacSha256),
});

/** The hour in which tests happen. */
export const noon = 1_790_000_000;

/** Deterministic bytes by name: everything random in a test world comes from here. */
export function bytesOf(name: string, length: number): Bytes {
  return crypto.expand(
    crypto.extract(authority.ascii("test world"), authority.ascii(name)),
    authority.ascii(""),
    length,
  );
}

export const rule = { id: 1, leaseHours: 720 } as const;

const plainSettings: authority.Settings = {
  kind: "settings",
  profile: "residence",
  autoRelockSeconds: 5,
  wrongCodeEntryLimit: authority.wrongCodeEntryLimit,
  userCodeTemporaryDisableSeconds: authority.userCodeTemporaryDisableSeconds,
  wrongCodesPerDayMax: authority.wrongCodesPerDayMax,
  dailyGeneration: 0,
};

export interface LockParts {
  readonly flash: Flash;
  readonly secure: SecureElement;
}

export interface TestLock extends LockParts {
  readonly board: Board;
  readonly setup: authority.Setup;
  readonly notes: Note[];
  readonly clock: { rtcSeconds: number | undefined; uptimeMs: number };
  /** Types digits and ENTER; what the panel showed, or undefined when the lock is dark. */
  press(digits: string): "accepted" | "refused" | "wait" | undefined;
  unlocked: boolean;
  /** Alarms that it made heard, oldest first. */
  readonly alarms: LoudAlarm[];
  /** Every message that it ever said, on any connection. */
  readonly said: air.Message[];
}

/** All that a lock keeps, byte for byte, as one value that compares fast. */
export function storesOf({ flash, secure }: LockParts): string {
  return Buffer.from(crypto.hash(authority.concat(flash.read(), secure.read()))).toString("hex");
}

/** Copies of a lock's two stores, for another lock to wake up with. */
export function forkParts(parts: LockParts): LockParts {
  return { flash: parts.flash.fork(), secure: parts.secure.fork() };
}

/**
 * A lock on its board, switched on (it may be dark all the same, if the power was armed to fail). `parts`: an older
 * lock's flash and secure element.
 */
export function makeLock(
  name: string,
  options: {
    capacity?: number;
    parts?: LockParts;
    rtcSeconds?: number | undefined;
    firmware?: (lent: Parameters<typeof createFirmware>[0]) => Firmware;
    /** The bolt's motor; a faultless one when left out. */
    drive?: (to: "locked" | "unlocked") => BoltReached;
  } = {},
): TestLock {
  const geometry = geometryFor(options.capacity ?? 70);
  const setup: authority.Setup = { secret: bytesOf(`${name} setup`, 16) };
  const flash = options.parts?.flash ?? createFlash({ bytes: geometry.imageBytes, sectorBytes, wordBytes });
  const secure =
    options.parts?.secure ??
    createSecureElement(encodeSecure(factorySecure(setup.secret, authority.setupTag(crypto, setup))));
  const clock = { rtcSeconds: "rtcSeconds" in options ? options.rtcSeconds : noon, uptimeMs: 0 };
  const notes: Note[] = [];
  let shown: "accepted" | "refused" | "wait" | undefined;
  let draws = 0;
  const clockPort: ClockPort = {
    now: () => ({ uptimeMs: clock.uptimeMs, rtcSeconds: clock.rtcSeconds }),
    set: (seconds) => {
      clock.rtcSeconds = seconds;
    },
    powerOn: () => {
      clock.uptimeMs = 0;
    },
  };
  const lock: TestLock = {
    flash,
    secure,
    setup,
    notes,
    clock,
    unlocked: false,
    said: [],
    alarms: [],
    board: createBoard({
      firmware: (options.firmware ?? createFirmware)({ crypto, geometry }),
      flash: flash satisfies FlashPort,
      secure: secure satisfies SecurePort,
      clock: clockPort,
      panel: {
        bolt: (to) => {
          const at = options.drive?.(to) ?? to;
          if (at !== "jammed") lock.unlocked = at === "unlocked";
          return at;
        },
        alarm: (alarm) => {
          lock.alarms.push(alarm);
        },
        signal: (signal) => {
          shown = signal;
        },
      },
      // Every boot writes something, so no two connections of a lock or of its forks draw the same.
      entropy: { draw: () => bytesOf(`${name} entropy ${flash.counters.ops} ${draws++}`, 32) },
      onNote: (note) => notes.push(note),
    }),
    press(digits) {
      shown = undefined;
      lock.board.press(`${digits}#`);
      return shown;
    },
  };
  lock.board.powerOn();
  return lock;
}

/** Lets powered time pass, with the tick that a board gives at least once. */
export function wait(lock: TestLock, seconds: number): void {
  lock.clock.uptimeMs += 1_000 * seconds;
  lock.board.tick();
}

export function reboot(lock: TestLock): void {
  lock.board.powerOff();
  lock.board.powerOn();
}

/** Firmware whose cryptography is watched. `onCompare` hears of every constant-time comparison, `onMac` of every MAC's key. */
export function watched(watch: { onCompare?(): void; onMac?(key: Bytes): void }): typeof createFirmware {
  return (lent) =>
    createFirmware({
      ...lent,
      crypto: {
        ...lent.crypto,
        same(a, b) {
          watch.onCompare?.();
          return lent.crypto.same(a, b);
        },
        mac(key, message) {
          watch.onMac?.(key);
          return lent.crypto.mac(key, message);
        },
      },
    });
}

/** Says messages to a lock in one connection and returns what it answered to each, in order. */
export function visit(lock: TestLock, messages: readonly air.Message[], frameBytesMax = 244): air.Message[] {
  const answers: air.Message[] = [];
  const link = openLink(lock, frameBytesMax, (message) => answers.push(message));
  for (const message of messages) link?.say(message);
  link?.close();
  return answers;
}

export interface OpenLink {
  say(message: air.Message): void;
  close(): void;
  readonly closed: boolean;
  readonly bytes: { toLock: number; toPhone: number };
}

export function openLink(
  lock: TestLock,
  frameBytesMax: number,
  onMessage: (message: air.Message) => void,
): OpenLink | undefined {
  let inbox = air.emptyInbox;
  let outbox = air.emptyOutbox;
  let closed = false;
  const bytes = { toLock: 0, toPhone: 0 };
  const link = lock.board.connect({
    frameBytesMax,
    send(frame) {
      bytes.toPhone += frame.length;
      const heard = air.hear(inbox, frame, air.bodyBytesMax("toPhone"));
      if (heard.kind === "refused") throw new Error(`the lock spoke badly: ${heard.refused.check}`);
      inbox = heard.inbox;
      if (heard.kind !== "message") return;
      const message = { type: heard.type, body: heard.body };
      lock.said.push(message);
      onMessage(message);
    },
    close() {
      closed = true;
    },
  });
  if (link === undefined) return undefined;
  return {
    say(message) {
      const cut = air.segment(outbox, message.type, message.body, frameBytesMax);
      outbox = cut.outbox;
      for (const frame of cut.frames) {
        bytes.toLock += frame.length;
        link.frame(frame);
      }
    },
    close() {
      link.closed();
    },
    get closed() {
      return closed;
    },
    bytes,
  };
}

/** Delivers a version the way a courier would: the first message, then the chunks that the lock asks for. */
export function deliver(
  lock: TestLock,
  issued: { readonly messages: readonly air.Message[] },
  frameBytesMax = 244,
): air.Message | undefined {
  let last: air.Message | undefined;
  const asked: number[] = [];
  const link = openLink(lock, frameBytesMax, (message) => {
    last = message;
    if (air.messageName(message.type) !== "next") return;
    const next = air.readNext(message.body);
    if (next.ok) asked.push(next.value.index);
  });
  const [head, ...chunks] = issued.messages;
  if (link === undefined || head === undefined) return undefined;
  link.say(head);
  for (let index = asked.shift(); index !== undefined; index = asked.shift()) {
    const chunk = chunks[index];
    if (chunk !== undefined) link.say(chunk);
  }
  link.close();
  return last;
}

/** Sets a lock's clock as a courier that is online does: asks for a nonce, and brings the authority's token for it. */
export function tellTime(
  lock: TestLock,
  property: Pick<TestAuthority, "lock" | "timeSeed">,
  seconds: number,
): air.Message | undefined {
  let answer: air.Message | undefined;
  const link = openLink(lock, 244, (message) => {
    answer = message;
    const hello = air.readHello(message.body);
    if (!hello.ok || hello.value.nonce === undefined) return;
    const { name } = property.lock;
    const token = authority.issueTime(crypto, property.timeSeed, name, hello.value.nonce, seconds);
    link?.say({ type: air.messageType("time"), body: token });
  });
  link?.say({ type: air.messageType("hello"), body: air.encodeHelloRequest(true) });
  link?.close();
  return answer;
}

/** The name of a refusal, or of the message that was answered instead. */
export function answerName(message: air.Message | undefined): string {
  if (message === undefined) return "silence";
  const name = air.messageName(message.type) ?? `type ${message.type}`;
  if (name !== "refusal") return name;
  const said = air.readRefusal(message.body);
  return (said.ok ? air.refusalByCode(said.value.code) : undefined) ?? "unreadable refusal";
}

/** The authority of one lock: its keys, the tables it signed, and the receipts it believes. */
export interface TestAuthority {
  readonly lock: authority.AuthorityLock;
  readonly lockPublic: authority.LockPublic;
  readonly tableSeed: Bytes;
  readonly timeSeed: Bytes;
  /** Every version ever signed, with its table. */
  readonly signed: Map<number, Table>;
  readonly newest: { version: number; table: Table };
  /** A table of these codes by credential number; one plain rule, and the lock's settings if there are any. */
  tableOf(codes: ReadonlyMap<number, string>, settings?: Partial<authority.Settings>): Table;
  snapshot(table: Table, to?: number, issuedAt?: number): authority.Issued;
  delta(table: Table, from?: number, issuedAt?: number): authority.Issued;
  /** What the receipt proves, or undefined when it is not this lock's. */
  receipt(message: air.Message | undefined): authority.ReceiptSaid | undefined;
  item(number: number, code: string): Bytes;
}

export const authoritySeeds = {
  root: bytesOf("root", 32),
  table: bytesOf("table", 32),
  capability: bytesOf("capability", 32),
  time: bytesOf("time", 32),
  box: bytesOf("box", 32),
};

const authorityPublic = {
  root: crypto.signPublic(authoritySeeds.root),
  table: crypto.signPublic(authoritySeeds.table),
  capability: crypto.signPublic(authoritySeeds.capability),
  time: crypto.signPublic(authoritySeeds.time),
  box: crypto.agreePublic(authoritySeeds.box),
};

/** What the test authority offers a lock at their first meeting in an epoch; the same every time. */
export function offerTo(setup: authority.Setup, name: string, epoch = 1): authority.Commission {
  return {
    setup,
    ephemeral: bytesOf(`${name} ephemeral ${epoch}`, 32),
    offer: {
      lockId: bytesOf(`${name} id ${epoch}`, 16),
      tag: bytesOf(`${name} tag ${epoch}`, 8),
      epoch,
      issuedAt: noon,
      ...authorityPublic,
    },
  };
}

/** The first message of a commissioning. */
export function commissionMessage(offered: authority.Commission): air.Message {
  return { type: air.messageType("commission"), body: authority.issueCommission(crypto, offered) };
}

/** The authority's end of a commissioning, from the lock's answer. Throws when that is none. */
export function finishMeeting(offered: authority.Commission, reply: air.Message): TestAuthority {
  const finished = authority.finishCommission(crypto, offered, reply.body);
  if (!finished.ok) throw new Error(`commissioning: ${answerName(reply)}, ${finished.check}`);
  const { lockId, epoch } = offered.offer;
  return authorityFor({ name: { lockId, epoch }, keys: finished.value.keys }, finished.value.lockPublic);
}

/** Lock and authority meet, through the air, as they would at a door. */
export function commission(lock: TestLock, name: string, epoch = 1): TestAuthority {
  const offered = offerTo(lock.setup, name, epoch);
  const [reply] = visit(lock, [commissionMessage(offered)]);
  if (reply === undefined) throw new Error("the lock did not answer its commissioning");
  return finishMeeting(offered, reply);
}

function authorityFor(lock: authority.AuthorityLock, lockPublic: authority.LockPublic): TestAuthority {
  const signed = new Map<number, Table>([[0, authority.emptyTable]]);
  const newest = { version: 0, table: authority.emptyTable };
  const note = (issued: authority.Issued): authority.Issued => {
    signed.set(issued.to, issued.table);
    if (issued.to >= newest.version) Object.assign(newest, { version: issued.to, table: issued.table });
    return issued;
  };
  const item = (number: number, code: string): Bytes =>
    authority.encodeItem(
      authority.alwaysCredential(
        authority.firstCredentialId + number,
        rule.id,
        authority.pinTag(crypto, lock.keys.pin, code),
      ),
    );
  return {
    lock,
    lockPublic,
    tableSeed: authoritySeeds.table,
    timeSeed: authoritySeeds.time,
    signed,
    newest,
    item,
    tableOf(codes, settings) {
      const items = [...codes].sort(([a], [b]) => a - b).map(([number, code]) => item(number, code));
      const plain = authority.encodeItem(authority.plainRule(rule.id, "code", rule.leaseHours, false));
      const first = settings === undefined ? [] : [authority.encodeItem({ ...plainSettings, ...settings })];
      const packed = authority.concat(...first, plain, ...items);
      const table = authority.tableFromItems(crypto, lock.keys.digest, packed);
      if (!table.ok) throw new Error(`a table no lock would take: ${table.check}`);
      return table.value;
    },
    snapshot(table, to = newest.version + 1, issuedAt = noon) {
      return note(
        authority.issueSnapshot(crypto, authoritySeeds.table, lock, { table, to, issuedAt, lifeHours: 168 }),
      );
    },
    delta(table, from = newest.version, issuedAt = noon) {
      const base = signed.get(from);
      if (base === undefined) throw new Error(`version ${from} was never signed`);
      const at = { from, to: newest.version + 1, table: base, issuedAt, lifeHours: 168 };
      const issued = authority.issueUpdate(
        crypto,
        authoritySeeds.table,
        lock,
        at,
        authority.changeBetween(base, table),
      );
      if (!issued.ok) throw new Error(`delta: ${issued.check}`);
      return note(issued.value);
    },
    receipt(message) {
      if (message === undefined || air.messageName(message.type) !== "receipt") return undefined;
      const said = authority.acceptReceipt(crypto, lock.name, lockPublic.sign, message.body);
      return said.ok ? said.value : undefined;
    },
  };
}

/** What a lock's firmware holds in force: for assertions only. */
export function inForce(lock: TestLock): { version: number; items: Bytes } | undefined {
  const { state } = lock.board;
  if (state.power === "off") return undefined;
  return { version: state.inForce.version, items: authority.packItems(state.inForce.table) };
}
