/**
 * The byte budget: what every message costs, measured on messages that were really issued and accepted. The one
 * table that documents quote; not a benchmark of time.
 */
import { type Bytes, noBytes } from "../packages/protocol/src/bytes.ts";
import { firstCredentialId } from "../packages/protocol/src/codes/item.ts";
import type { Change } from "../packages/protocol/src/codes/table.ts";
import { frameBytesDefault, frameBytesMin, lifeHoursDefault } from "../packages/protocol/src/limits.ts";
import { emptyOutbox, segment } from "../packages/protocol/src/link/frame.ts";
import { encodeNext, encodeRefusal } from "../packages/protocol/src/messages/answers.ts";
import { type Direction, type Message, messageCatalog } from "../packages/protocol/src/messages/catalog.ts";
import { eventBytes } from "../packages/protocol/src/messages/event.ts";
import { encodeHello, encodeHelloRequest, protocolVersion } from "../packages/protocol/src/messages/hello.ts";
import { encodePull, headBytes } from "../packages/protocol/src/messages/log.ts";
import { refuse } from "../packages/protocol/src/refusal.ts";
import { issueCapability } from "../packages/protocol/src/rules/capability.ts";
import { type Issued, issueSnapshot, issueUpdate } from "../packages/protocol/src/rules/issue-update.ts";
import { issueAck, issueSegment } from "../packages/protocol/src/rules/log.ts";
import { issueReceipt } from "../packages/protocol/src/rules/receipt.ts";
import { issueRotation } from "../packages/protocol/src/rules/rotation.ts";
import { issueTime } from "../packages/protocol/src/rules/time.ts";
import {
  acceptUnlockStart,
  askUnlock,
  sealUnlocked,
  startUnlock,
} from "../packages/protocol/src/rules/unlock.ts";
import { accepted } from "./accepted.ts";
import {
  codeItem,
  commissionedPair,
  fast,
  issuedAt,
  modelOfCodes,
  secret,
  type TableModel,
  tableOf,
} from "./arbitraries.ts";

/** The version that every example of the documents is at. */
export const exampleVersion = 1_042;

export interface BudgetRow {
  readonly name: string;
  readonly direction: Direction | "both";
  /** Message bodies alone. */
  readonly body: number;
  /** With our frame headers, at MTU 247 and at MTU 23; ATT's 3 bytes a frame are not counted. */
  readonly framed: number;
  readonly framedAtMtu23: number;
  /** What must not be exceeded at MTU 247, where a target says so. */
  readonly framedMax?: number;
}

type Said = Message & { readonly direction: Direction };

const pair = commissionedPair("byte budget");
const { keys } = pair.lock;
const { type } = messageCatalog.hello;
const hello = encodeHello({
  protocol: protocolVersion,
  tag: pair.commission.offer.tag,
  epoch: 1,
  version: exampleVersion - 1,
  flags: 0,
  resume: [],
});
const opening: readonly Said[] = [
  { type, body: encodeHelloRequest(false), direction: "toLock" },
  { type, body: hello, direction: "toPhone" },
];
const receipt: Said = {
  type: messageCatalog.receipt.type,
  body: issueReceipt(fast, pair.atLock.signSeed, pair.trust.name, {
    version: exampleVersion,
    issuedAt,
    state: secret("state", 8),
    lowerSeconds: issuedAt + 3_600,
    flags: 0,
  }),
  direction: "toPhone",
};

function delta(model: TableModel, change: Change): Issued {
  const at = {
    from: exampleVersion - 1,
    to: exampleVersion,
    table: tableOf(keys, model),
    issuedAt,
    lifeHours: lifeHoursDefault,
  };
  return accepted(issueUpdate(fast, pair.seeds.table, pair.lock, at, change));
}

/** Puts of `count` new codes beside `before` codes that the table holds. */
export function newCodes(count: number, before = 10): Issued {
  const puts = Array.from({ length: count }, (_, i) =>
    codeItem(keys, firstCredentialId + before + i, 1, String(500_000 + 7 * i)),
  );
  return delta(modelOfCodes(keys, before), { removes: [], puts });
}

/** One code leaves a table of `size`. */
export function oneRemoval(size: number): Issued {
  return delta(modelOfCodes(keys, size), { removes: [firstCredentialId], puts: [] });
}

function snapshot(codes: number): Issued {
  const table = tableOf(keys, modelOfCodes(keys, codes));
  const at = { table, to: exampleVersion, issuedAt, lifeHours: lifeHoursDefault };
  return issueSnapshot(fast, pair.seeds.table, pair.lock, at);
}

/** Every message of a visit that delivers `issued`, both ways: hello, delivery with its answers, receipt. */
export function visit(issued: Issued): readonly Said[] {
  const delivery = issued.messages.flatMap((message, i): Said[] => {
    const said: Said = { ...message, direction: "toLock" };
    const isLast = i === issued.messages.length - 1;
    const next = encodeNext({ to: issued.to, index: i });
    return isLast ? [said] : [said, { type: messageCatalog.next.type, body: next, direction: "toPhone" }];
  });
  return [...opening, ...delivery, receipt];
}

function framedBytes(said: readonly Message[], frameBytesMax: number): number {
  let bytes = 0;
  for (const { type, body } of said) {
    for (const frame of segment(emptyOutbox, type, body, frameBytesMax).frames) bytes += frame.length;
  }
  return bytes;
}

export function bytesOf(said: readonly Message[]): Pick<BudgetRow, "body" | "framed" | "framedAtMtu23"> {
  return {
    body: said.reduce((sum, { body }) => sum + body.length, 0),
    framed: framedBytes(said, frameBytesDefault),
    framedAtMtu23: framedBytes(said, frameBytesMin),
  };
}

function row(name: string, direction: BudgetRow["direction"], type: number, body: Bytes): BudgetRow {
  return { name, direction, ...bytesOf([{ type, body }]) };
}

function head(name: string, issued: Issued, index = 0): BudgetRow {
  const message = issued.messages[index];
  if (message === undefined) throw new Error(`${name}: no message ${index}`);
  return row(name, "toLock", message.type, message.body);
}

function whole(name: string, issued: Issued, framedMax?: number): BudgetRow {
  const measured: BudgetRow = { name, direction: "both", ...bytesOf(visit(issued)) };
  return framedMax === undefined ? measured : { ...measured, framedMax };
}

/** Every message once, then whole visits. Deterministic: the same numbers on every machine. */
export function byteBudget(): readonly BudgetRow[] {
  const { name } = pair.lock;
  const nonce = secret("nonce", 16);
  const token = issueTime(fast, pair.seeds.time, name, nonce, issuedAt + 7_200);
  const withNonce = encodeHello({
    protocol: protocolVersion,
    tag: pair.commission.offer.tag,
    epoch: 1,
    version: exampleVersion,
    flags: 0,
    resume: [],
    nonce,
  });
  const thousand = snapshot(1_000);
  const { root, box, table } = pair.seeds;
  const keys = {
    table: fast.signPublic(table),
    capability: fast.signPublic(root),
    box: fast.agreePublic(box),
  };
  const renewed = { epoch: 2, issuedAt, ...keys, time: fast.signPublic(secret("time")) };
  const place = { seq: 100_000, head: secret("head", headBytes) };
  const events = Array.from({ length: 200 }, (_, i) => secret(`event ${i}`, eventBytes));
  const segmentOf = (count: number): Bytes =>
    issueSegment(fast, pair.trust, secret("ephemeral"), place, events.slice(0, count));
  const unlocking = unlockVisit();
  const stale = encodeRefusal(refuse("STALE", "U10", exampleVersion));
  return [
    row("hello request", "toLock", type, noBytes),
    row("hello request, nonce wanted", "toLock", type, encodeHelloRequest(true)),
    row("hello answer", "toPhone", type, hello),
    row("hello answer with nonce", "toPhone", type, withNonce),
    head("update, 1 removal", oneRemoval(10)),
    head("update, 1 put", newCodes(1)),
    head("update, 10 puts", newCodes(10)),
    head("update, 12 puts (the most)", newCodes(12)),
    head("manifest of a delta, 64 puts", newCodes(64)),
    head("manifest of a snapshot, 1,000 codes", thousand),
    head("chunk, 64 items", thousand, 1),
    row("next", "toPhone", messageCatalog.next.type, encodeNext({ to: exampleVersion, index: 1 })),
    row("refusal with detail", "toPhone", messageCatalog.refusal.type, stale),
    row("receipt request", "toLock", receipt.type, noBytes),
    row("receipt", "toPhone", receipt.type, receipt.body),
    row("time token", "toLock", messageCatalog.time.type, token),
    row("commission offer", "toLock", messageCatalog.commission.type, pair.offer),
    row("commission reply", "toPhone", messageCatalog.commission.type, pair.reply),
    row("rotation", "toLock", messageCatalog.rotation.type, issueRotation(fast, root, name.lockId, renewed)),
    row("log pull, after event 100,000", "toLock", messageCatalog.pull.type, encodePull(place.seq)),
    row("log segment, 1 event", "toPhone", messageCatalog.segment.type, segmentOf(1)),
    row("log segment, 81 events (the most)", "toPhone", messageCatalog.segment.type, segmentOf(200)),
    row(
      "log acknowledgement, event 100,000",
      "toLock",
      messageCatalog.ack.type,
      issueAck(fast, table, name, place),
    ),
    row("unlock-start, either way", "both", messageCatalog["unlock-start"].type, unlocking.start),
    row("unlock", "toLock", messageCatalog.unlock.type, unlocking.request),
    row("unlocked", "toPhone", messageCatalog.unlocked.type, unlocking.answer),
    whole("visit: one revocation", oneRemoval(10), 275),
    whole("visit: one code reset", resetOne()),
    whole("visit: ten new codes", newCodes(10), 600),
    whole("visit: eleven new codes", newCodes(11)),
    whole("visit: fifty new codes", newCodes(50)),
    whole("visit: snapshot of 1,000 codes", thousand, 31_000),
    { name: "visit: unlock by app", direction: "both", ...bytesOf(unlocking.visit) },
  ];
}

/** The same person, the same id, another code: the old one goes and the new one comes in one item. */
function resetOne(): Issued {
  const model = modelOfCodes(keys, 10);
  return delta(model, { removes: [], puts: [codeItem(keys, firstCredentialId, 1, "904213")] });
}

/** One unlock by app: hello, handshake, request, answer. */
function unlockVisit() {
  const { name } = pair.lock;
  const seed = secret("device");
  const capability = accepted(
    issueCapability(fast, pair.seeds.capability, name, {
      notBefore: issuedAt,
      notAfter: issuedAt + 86_400,
      deviceKey: fast.signPublic(seed),
      minTableVersion: exampleVersion,
    }),
  );
  const door = { name, dh: pair.lockPublic.dh };
  const phone = secret("phone");
  const start = accepted(startUnlock(fast, door, phone));
  const lock = { name, dhSecret: pair.atLock.dhSecret };
  const { reply, channel } = accepted(acceptUnlockStart(fast, lock, secret("lock"), start));
  const { message } = accepted(askUnlock(fast, door, phone, reply, { capability, seed }));
  const answer = sealUnlocked(fast, channel.toInitiator, "opened");
  const { "unlock-start": startRow, unlock, unlocked } = messageCatalog;
  const visit: readonly Said[] = [
    ...opening,
    { type: startRow.type, body: start, direction: "toLock" },
    { type: startRow.type, body: reply, direction: "toPhone" },
    { type: unlock.type, body: message, direction: "toLock" },
    { type: unlocked.type, body: answer, direction: "toPhone" },
  ];
  return { start, request: message, answer, visit };
}
