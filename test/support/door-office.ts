/**
 * One door with everything real but the walls: the shipped firmware on its board, the courier's errand, the authority's
 * core with its ledger and its journal. Synchronous. What is missing is the database, and it is tested elsewhere.
 */
import {
  ackParcel,
  buildParcels,
  type CodeLife,
  emptyJournal,
  handOut,
  isInEpoch,
  type Journal,
  type Ledger,
  type LogOutcome,
  nextVersion,
  openEpoch,
  type ReceiptOutcome,
  rotateEpoch,
  rotationParcel,
  type Signer,
  takeReceipt,
  takeSegment,
} from "@doorsync/authority/core";
import {
  carry,
  type Effect,
  type Errand,
  type Event,
  emptySatchel,
  type Report,
  startErrand,
  stepErrand,
  waits,
} from "@doorsync/phone-client/core";
import * as authority from "@doorsync/protocol/authority";
import { type Message, messageName } from "@doorsync/protocol/courier";
import {
  authoritySeeds,
  type Bytes,
  bytesOf,
  commission,
  crypto,
  makeLock,
  noon,
  openLink,
  type TestLock,
} from "../world.ts";

type Seeds = typeof authoritySeeds;

export interface Trip {
  readonly report: Report;
  readonly slips: readonly authority.ReturnSlip[];
  /** Names of all messages, in order, as `>hello` and `<hello`. */
  readonly said: readonly string[];
  readonly bytes: number;
}

export interface Courier {
  /** Gets time tokens. */
  readonly time?: (asked: Extract<Effect, { readonly kind: "ask-time" }>) => Bytes | undefined;
  /** Whether a message gets through; the link breaks where one does not. */
  readonly passes?: (direction: "out" | "in", message: Message) => boolean;
}

/** One visit of the shipped errand at a lock. */
export function travel(lock: TestLock, parcels: readonly authority.Parcel[], courier: Courier = {}): Trip {
  const lent = { crypto, waits, hasTime: courier.time !== undefined };
  const start = startErrand(lent, carry(emptySatchel, parcels));
  let errand: Errand = start.errand;
  const slips: authority.ReturnSlip[] = [];
  const said: string[] = [];
  const events: Event[] = [{ kind: "connected" }];
  const passes = courier.passes ?? (() => true);
  let report: Report | undefined;
  const link = openLink(lock, 244, (message) => {
    said.push(`<${messageName(message.type)}`);
    events.push(passes("in", message) ? { kind: "message", ...message } : { kind: "closed", why: "lost" });
  });
  if (link === undefined) throw new Error("the lock is dark");
  const obey = (effect: Effect): void => {
    switch (effect.kind) {
      case "send":
        said.push(`>${messageName(effect.message.type)}`);
        if (passes("out", effect.message)) link.say(effect.message);
        else events.push({ kind: "closed", why: "lost" });
        break;
      case "ask-time":
        events.push({ kind: "time", token: courier.time?.(effect) });
        break;
      case "owe":
        slips.push(effect.slip);
        break;
      case "done":
        report = effect.report;
        break;
      case "deadline":
      case "progress":
      case "ignored":
        break;
      default:
        effect satisfies never;
    }
  };
  for (let steps = 0; report === undefined && steps < 500; steps++) {
    const event = events.shift() ?? { kind: "deadline" as const };
    const step = stepErrand(lent, errand, event);
    errand = step.errand;
    step.effects.forEach(obey);
  }
  link.close();
  if (report === undefined) throw new Error("the visit hangs");
  return { report, slips, said, bytes: link.bytes.toLock + link.bytes.toPhone };
}

export interface DoorOffice {
  readonly lock: TestLock;
  readonly keys: authority.LockKeys;
  now: number;
  ledger: Ledger;
  journal: Journal;
  readonly events: authority.LockEvent[];
  /** What stands for the tag of a code: its digits, or a card's bytes. */
  tagOf(code: CodeLife): Bytes;
  name(): authority.LockName;
  seeds(): Seeds;
  issue(): number;
  parcels(): readonly authority.Parcel[];
  take(slip: authority.ReturnSlip): LogOutcome | ReceiptOutcome | "old-epoch" | "refusal";
  takeAll(trip: Trip): readonly string[];
  rotate(name: string): void;
}

/** A commissioned door that holds the empty table of version 0. Digits of a code are its `mark`. */
export function doorOffice(name: string, options: Parameters<typeof makeLock>[1] = {}): DoorOffice {
  const lock = makeLock(name, options);
  const met = commission(lock, name);
  const { lockId } = met.lock.name;
  const { keys } = met.lock;
  let seeds: Seeds = authoritySeeds;
  let rotation: Bytes | undefined;
  const tag = bytesOf(`${name} tag 1`, 8);
  const signer = (): Signer => ({
    tableSeed: seeds.table,
    tableKey: crypto.signPublic(seeds.table),
    lockKey: met.lockPublic.sign,
    tag,
  });
  const emptyState = authority.tableState(crypto, keys.state, 0, authority.emptyTable);
  const office: DoorOffice = {
    lock,
    keys,
    now: noon,
    ledger: openEpoch({ kind: "residence", leaseHours: 0, codes: [], lock: undefined }, 1, emptyState, noon),
    journal: emptyJournal,
    events: [],
    tagOf: (code) => authority.pinTag(crypto, keys.pin, code.mark),
    name: () => ({ lockId, epoch: office.ledger.lock?.epoch ?? 0 }),
    seeds: () => seeds,
    issue() {
      const at = { issuedAt: office.now, lifeHours: 168, renew: false };
      const next = nextVersion(crypto, keys, office.ledger, at, (code) => office.tagOf(code));
      if (!next.ok) throw new Error(next.denial);
      office.ledger = handOut(next.value.ledger, next.value.version);
      return next.value.version;
    },
    parcels() {
      const standing = office.ledger.lock;
      if (standing === undefined) throw new Error("no lock");
      const known = { name: office.name(), keys };
      const rootKey = crypto.signPublic(seeds.root);
      const { held } = office.journal;
      return [
        ...(rotation === undefined || isInEpoch(standing)
          ? []
          : [rotationParcel(signer(), lockId, standing.epoch, rootKey, rotation)]),
        ...buildParcels(crypto, signer(), known, standing, office.now),
        ...(held.seq === 0 ? [] : [ackParcel(crypto, signer(), known, held)]),
      ];
    },
    take(slip) {
      if (slip.epoch !== office.name().epoch) return "old-epoch";
      if (slip.kind === "refusal") return "refusal";
      if (slip.kind === "log") {
        const known = { name: office.name(), keys };
        const taken = takeSegment(crypto, known, seeds.box, office.journal, slip.body);
        office.journal = taken.journal;
        office.events.push(...taken.fresh);
        return taken.outcome;
      }
      const receipt = authority.acceptReceipt(crypto, office.name(), met.lockPublic.sign, slip.body);
      if (!receipt.ok) throw new Error(`a receipt was refused: ${receipt.check}`);
      const damaged = (receipt.value.flags & authority.receiptFlags.damaged) !== 0;
      const taken = takeReceipt(office.ledger, { ...receipt.value, damaged }, office.now);
      office.ledger = taken.ledger;
      return taken.outcome;
    },
    takeAll: (trip) => trip.slips.map((slip) => `${slip.kind} ${office.take(slip)}`),
    rotate(named) {
      const rotated = rotateEpoch(office.ledger, office.name().epoch + 1);
      if (!rotated.ok) throw new Error(rotated.denial);
      office.ledger = rotated.value;
      const drawn = (purpose: string): Bytes => bytesOf(`${named} ${purpose}`, 32);
      const [table, capability, time, box] = ["table", "capability", "time", "box"].map(drawn) as [
        Bytes,
        Bytes,
        Bytes,
        Bytes,
      ];
      seeds = { root: seeds.root, table, capability, time, box };
      rotation = authority.issueRotation(crypto, seeds.root, lockId, {
        epoch: office.name().epoch,
        issuedAt: office.now,
        table: crypto.signPublic(table),
        capability: crypto.signPublic(capability),
        time: crypto.signPublic(time),
        box: crypto.agreePublic(box),
      });
    },
  };
  return office;
}

/** A person's code, as the ledger is told of it. */
export function codeFor(person: string, digits: string) {
  return {
    id: `${person}/${digits}`,
    person,
    mark: digits,
    length: 4 as const,
    sealed: authority.noBytes,
    createdAt: noon,
  };
}
