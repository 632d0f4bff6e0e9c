/**
 * One door with its history: a lock that met its authority, the versions that were signed for it, and its two stores as
 * they lay after each. Real keys, real signatures, the shipped lock. Everything in it is the same in every run.
 */
import {
  createFlash,
  createSecureElement,
  createSimulatedLock,
  type Flash,
  type SimulatedLock,
} from "@doorsync/lock-sim";
import * as authority from "@doorsync/protocol/authority";
import * as air from "@doorsync/protocol/courier";
import { geometryFor } from "../../packages/lock-sim/src/firmware/geometry.ts";
import { composeLock, flashShapeOf, repeatableEntropy } from "../../packages/lock-sim/src/lock.ts";
import { createClock } from "../../packages/lock-sim/src/parts/clock.ts";
import { crypto } from "./crypto.ts";

type Bytes = Uint8Array;

/** Deterministic bytes by name. */
export function bytesOf(name: string, length: number): Bytes {
  const prk = crypto.extract(authority.ascii("fuzz house"), authority.ascii(name));
  return crypto.expand(prk, authority.ascii(""), length);
}

/** The hour in which it all happens: seconds since 1970. */
export const noon = 1_790_000_000;
export const lifeHours = 168;
export const capacity = 70;
export const geometry = geometryFor(capacity);

export const seeds = {
  root: bytesOf("root", 32),
  table: bytesOf("table", 32),
  capability: bytesOf("capability", 32),
  time: bytesOf("time", 32),
  box: bytesOf("box", 32),
};

const authorityPublic: authority.AuthorityPublic = {
  root: crypto.signPublic(seeds.root),
  table: crypto.signPublic(seeds.table),
  capability: crypto.signPublic(seeds.capability),
  time: crypto.signPublic(seeds.time),
  box: crypto.agreePublic(seeds.box),
};

const setupSecret = bytesOf("setup", 16);
export const commission: authority.Commission = {
  setup: { secret: setupSecret },
  ephemeral: bytesOf("ephemeral", 32),
  offer: {
    lockId: bytesOf("lock id", 16),
    tag: bytesOf("tag", 8),
    epoch: 1,
    issuedAt: noon,
    ...authorityPublic,
  },
};
export const tag: Bytes = commission.offer.tag;

/** A lock's two stores, byte for byte, and how it came to them. */
export interface Stage {
  readonly name: string;
  readonly flash: Bytes;
  readonly secure: Bytes;
  readonly version: number;
}

/** One message said whole, and what came back. */
export function said(lock: SimulatedLock, message: air.Message, frameBytesMax = 244): air.Message[] {
  const answers: air.Message[] = [];
  const line = openLine(lock, frameBytesMax, (answer) => answers.push(answer));
  line?.say(message);
  line?.close();
  return answers;
}

export interface Line {
  say(message: air.Message): void;
  /** One frame, whatever it holds. */
  frame(bytes: Bytes): void;
  close(): void;
  readonly closed: boolean;
}

/** A courier's end of a connection; what the lock says that makes no message is a bug of the lock, and throws. */
export function openLine(
  lock: SimulatedLock,
  frameBytesMax: number,
  onMessage: (message: air.Message) => void,
): Line | undefined {
  let inbox = air.emptyInbox;
  let outbox = air.emptyOutbox;
  let closed = false;
  const link = lock.board.connect({
    frameBytesMax,
    send(frame) {
      const heard = air.hear(inbox, frame, air.bodyBytesMax("toPhone"));
      if (heard.kind === "refused") throw new Error(`the lock spoke badly: ${heard.refused.check}`);
      inbox = heard.inbox;
      if (heard.kind === "message") onMessage({ type: heard.type, body: heard.body });
    },
    close() {
      closed = true;
    },
  });
  if (link === undefined) return undefined;
  return {
    say({ type, body }) {
      const cut = air.segment(outbox, type, body, frameBytesMax);
      outbox = cut.outbox;
      for (const frame of cut.frames) link.frame(frame);
    },
    frame: (bytes) => link.frame(bytes),
    close: () => link.closed(),
    get closed() {
      return closed;
    },
  };
}

/** Delivers a version as a courier does, chunk by chunk as they are asked for; at most `chunksMax` of them. */
export function deliver(
  lock: SimulatedLock,
  messages: readonly air.Message[],
  chunksMax = 1_000,
): air.Message | undefined {
  let last: air.Message | undefined;
  const asked: number[] = [];
  const line = openLine(lock, 244, (message) => {
    last = message;
    const next = air.messageName(message.type) === "next" ? air.readNext(message.body) : undefined;
    if (next?.ok === true) asked.push(next.value.index);
  });
  const [head, ...chunks] = messages;
  if (line === undefined || head === undefined) return undefined;
  line.say(head);
  for (
    let count = 0, index = asked.shift();
    index !== undefined && count < chunksMax;
    index = asked.shift()
  ) {
    const chunk = chunks[index];
    if (chunk !== undefined) line.say(chunk);
    count++;
  }
  line.close();
  return last;
}

export interface Lent {
  readonly flash: Parameters<typeof composeLock>[0]["storage"]["flash"];
  readonly secure: Parameters<typeof composeLock>[0]["storage"]["secure"];
  /** What the battery-backed clock shows; undefined: lost. */
  readonly rtcSeconds?: number | undefined;
  /** The bolt's motor; a faultless one when left out. */
  readonly drive?: NonNullable<Parameters<typeof composeLock>[0]["drive"]>;
}

/** A lock over these stores. It is dark. */
export function lockOver({ flash, secure, rtcSeconds, drive }: Lent): SimulatedLock {
  return composeLock({
    crypto,
    geometry,
    storage: { flash, secure },
    clock: createClock(rtcSeconds === undefined ? {} : { rtcSeconds }),
    entropy: repeatableEntropy(crypto, setupSecret),
    ...(drive === undefined ? {} : { drive }),
  });
}

const chips = new Map<Stage, Flash>();

/** The strict chip as it lay at a stage; a copy each time. */
export function chipOf(stage: Stage): Flash {
  const chip = chips.get(stage) ?? createFlash(flashShapeOf(geometry), stage.flash);
  chips.set(stage, chip);
  return chip.fork();
}

/** A lock as it was at a stage, switched on at noon. */
export function lockAt(stage: Stage): SimulatedLock {
  const lock = lockOver({
    flash: chipOf(stage),
    secure: createSecureElement(stage.secure),
    rtcSeconds: noon,
  });
  lock.board.powerOn();
  return lock;
}

const fresh = createSimulatedLock({
  setupSecret,
  capacity,
  crypto,
  clock: createClock({ rtcSeconds: noon }),
});
const stages: Stage[] = [];

function keep(name: string, version: number): void {
  const { flash, secure } = fresh.supply;
  stages.push({ name, version, flash: flash.read(), secure: secure.read() });
}

keep("factory", 0);
export const offer: air.Message = {
  type: air.messageType("commission"),
  body: authority.issueCommission(crypto, commission),
};
const [replied] = said(fresh, offer);
const finished = authority.finishCommission(crypto, commission, replied?.body ?? authority.noBytes);
if (replied === undefined || !finished.ok) throw new Error("the house's lock did not meet its authority");
keep("commissioned", 0);

/** The answer that the lock gave to `offer`. */
export const reply: air.Message = replied;

export const name: authority.LockName = { lockId: commission.offer.lockId, epoch: 1 };
export const keys: authority.LockKeys = finished.value.keys;
export const lockPublic: authority.LockPublic = finished.value.lockPublic;
export const lockOfAuthority: authority.AuthorityLock = { name, keys };
export const trust = { name, authority: authorityPublic, keys };

const settings = authority.encodeItem({
  kind: "settings",
  profile: "residence",
  autoRelockSeconds: 5,
  wrongCodeEntryLimit: 5,
  userCodeTemporaryDisableSeconds: 60,
  wrongCodesPerDayMax: 24,
  dailyGeneration: 0,
});
/** The owner's rule ends by the lower bound: its codes open whatever the clock says. */
export const ruleItem: Bytes = authority.encodeItem(authority.plainRule(1, "code", 720, true));

/** Credential number `n` opens with `code`. */
export function codeItem(n: number, code: string): Bytes {
  const pin = authority.pinTag(crypto, keys.pin, code);
  return authority.encodeItem(authority.alwaysCredential(authority.firstCredentialId + n, 1, pin));
}

export function tableOf(codes: readonly string[], firstNumber = 0): authority.Table {
  const items = codes.map((code, i) => codeItem(firstNumber + i, code));
  const made = authority.tableFromItems(crypto, keys.digest, authority.concat(settings, ruleItem, ...items));
  if (!made.ok) throw new Error(`the house's table: ${made.check}`);
  return made.value;
}

/** A version that was signed, the codes that open under it, and its messages in order. */
export interface Version {
  readonly version: number;
  readonly codes: readonly string[];
  readonly table: authority.Table;
  readonly issued: authority.Issued;
}

const many = Array.from({ length: capacity - 2 }, (_, i) => String(5_000 + 7 * i));
const codesOf: readonly (readonly string[])[] = [
  [],
  ["4821", "7001", "0042"],
  ["4821", "7001", "1212"],
  ["4821", "7001", "1212", ...many.slice(0, 40)],
  ["4821", "9090"],
  ["4821", ...many],
];

const versions: Version[] = [];
for (const [version, codes] of codesOf.entries()) {
  if (version === 0) continue;
  const table = tableOf(codes);
  const before = versions.at(-1);
  const at = { to: version, issuedAt: noon, lifeHours };
  // Versions 2, 3 and 4 are changes of the one before: a small one, one with a chunk, and mostly removals.
  const isChange = before !== undefined && version < 5;
  const issued = isChange
    ? authority.issueUpdate(
        crypto,
        seeds.table,
        lockOfAuthority,
        { ...at, from: before.version, table: before.table },
        authority.changeBetween(before.table, table),
      )
    : authority.accept(authority.issueSnapshot(crypto, seeds.table, lockOfAuthority, { ...at, table }));
  if (!issued.ok) throw new Error(`the house's version ${version}: ${issued.check}`);
  versions.push({ version, codes, table, issued: issued.value });
}
/** Version 5 is half received before it is whole. */
for (const { version, issued } of versions) {
  if (version === 5) {
    deliver(fresh, issued.messages, 1);
    keep("half received", 4);
  }
  const answer = deliver(fresh, issued.messages);
  if (air.messageName(answer?.type ?? 0) !== "receipt") throw new Error(`version ${version} was not taken`);
  keep(`version ${version}`, version);
}

export { stages, versions };

/**
 * The flash of the same lock had version 2 been another one: every record in it is whole and every version is right, and
 * only the secure element knows that it is not so.
 */
export const rewritten: Bytes = (() => {
  const [first] = versions;
  const stage = stages.find(({ version }) => version === 1);
  if (first === undefined || stage === undefined) throw new Error("the house has no version 1");
  const table = tableOf(["4821", "3333", "1212"]);
  const issued = authority.issueUpdate(
    crypto,
    seeds.table,
    lockOfAuthority,
    { from: 1, to: 2, issuedAt: noon, lifeHours, table: first.table },
    authority.changeBetween(first.table, table),
  );
  const lock = lockAt(stage);
  if (!issued.ok || air.messageName(deliver(lock, issued.value.messages)?.type ?? 0) !== "receipt") {
    throw new Error("the house's other version 2 was not taken");
  }
  return lock.supply.flash.read();
})();

/** The lock's receipt for each version that it holds, signed anew. */
export function receiptOf(stage: Stage): air.Message | undefined {
  return said(lockAt(stage), { type: air.messageType("receipt"), body: authority.noBytes })[0];
}
export const receipts: readonly air.Message[] = stages
  .filter((stage) => stage.version > 0)
  .flatMap((stage) => receiptOf(stage) ?? []);

/** New keys of the authority, from epoch 2 on; the same keys, because nobody stole any. */
export const rotation: air.Message = (() => {
  const { table, capability, time, box } = authorityPublic;
  const said = { epoch: 2, issuedAt: noon, table, capability, time, box };
  const body = authority.issueRotation(crypto, seeds.root, commission.offer.lockId, said);
  return { type: air.messageType("rotation"), body };
})();

/** The newest lock's log in one segment, and the authority's word that it holds it. */
export const { segment, ack, ackedSeq } = (() => {
  const stage = stages.at(-1);
  const pull = { type: air.messageType("pull"), body: air.encodePull(0) };
  const pulled = stage === undefined ? undefined : said(lockAt(stage), pull)[0];
  const nothing = { seq: 0, head: authority.firstHead };
  const held = pulled && authority.acceptSegment(crypto, lockOfAuthority, seeds.box, nothing, pulled.body);
  if (pulled === undefined || held?.ok !== true) throw new Error("the house's lock gave no log");
  const { seq, head } = held.value;
  const body = authority.issueAck(crypto, seeds.table, name, { seq, head });
  return { segment: pulled, ack: { type: air.messageType("ack"), body }, ackedSeq: seq };
})();

/** Everything that an honest authority ever said to this lock, and what may be asked of it. */
export const genuine: readonly air.Message[] = [
  { type: air.messageType("hello"), body: authority.noBytes },
  { type: air.messageType("hello"), body: Uint8Array.of(1) },
  { type: air.messageType("receipt"), body: authority.noBytes },
  offer,
  ...versions.flatMap(({ issued }) => issued.messages),
  rotation,
  ack,
];

/** How a message is told from every other. */
export function messageKey({ type, body }: air.Message): string {
  return `${type}:${authority.toHex(body)}`;
}
export const genuineKeys: ReadonlySet<string> = new Set(genuine.map(messageKey));

/** The parcels that a courier may carry for this lock. */
export const parcels: readonly air.Parcel[] = versions.map(({ version, issued }) => ({
  ...name,
  kind: issued.from === undefined ? "snapshot" : "update",
  tag,
  from: issued.from ?? 0,
  to: version,
  notAfter: issued.notAfter,
  lockKey: lockPublic.sign,
  tableKey: authorityPublic.table,
  messages: issued.messages,
}));
export const commissionParcel: air.Parcel = {
  lockId: name.lockId,
  epoch: 1,
  kind: "commission",
  tag: authority.setupTag(crypto, commission.setup),
  from: 0,
  to: 0,
  notAfter: noon + 3_600 * lifeHours,
  lockKey: new Uint8Array(32),
  tableKey: authorityPublic.table,
  messages: [offer],
};

/** What beside tables travels to this lock: other keys, and the acknowledgement of its log. */
export const beside: readonly air.Parcel[] = [
  { kind: "rotation" as const, to: 2, messages: [rotation], tableKey: authorityPublic.root },
  { kind: "ack" as const, to: ackedSeq, messages: [ack], tableKey: authorityPublic.table },
].map((parcel) => ({
  ...name,
  tag,
  from: 0,
  notAfter: authority.secondsNever,
  lockKey: lockPublic.sign,
  ...parcel,
}));
