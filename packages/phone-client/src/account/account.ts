/**
 * What a person does with a phone: log in, see doors and codes, change them, carry syncs, log out and leave nothing.
 * It decides nothing that is the service's to decide, and shows as done only what a lock has signed for.
 */
import type { Crypto } from "@doorsync/protocol/courier";
import type { Clock, Fill, Storage, Timers } from "../ports.ts";
import type { Api } from "./api.ts";
import { type Answer, type CallOptions, type Client, describeFailure } from "./client.ts";
import { createDoorKeys, type DoorKeys } from "./door-keys.ts";
import { type AccountMailbox, accountMailbox } from "./mailbox.ts";
import { createDoorOpener, type Opened, type OpenOptions } from "./open-door.ts";
import { createCaller, keepSession, kept, type Session, storedSession } from "./session.ts";
import { fromJsonBytes, toJsonBytes } from "./text.ts";
import { type UnderWay, underWay } from "./under-way.ts";
import { type AccountVisit, createVisitor, type VisitOptions } from "./visit.ts";
import { type WatchOptions, watch } from "./watch.ts";

export interface AccountOptions {
  readonly client: Client;
  readonly storage: Storage;
  readonly crypto: Crypto;
  readonly timers: Timers;
  readonly now: Clock;
  /** For the key by which this phone opens doors, and for each asking at one. */
  readonly fill: Fill;
  /** What the service is told about the app: its version decides about `upgrade_required`. */
  readonly app: { readonly name: string; readonly version: string };
}

type Signalled = Pick<CallOptions, "signal">;
type Body<N extends keyof Api> = Exclude<Api[N]["body"], undefined>;
type Told<N extends keyof Api> = Promise<Answer<Api[N]["answer"]>>;

export interface LogInWish extends Signalled {
  readonly email: string;
  readonly password: string;
}

export interface LoggedOut {
  /** False: the service could not be told, and keeps the session until it ends or the password is reset. */
  readonly isServiceTold: boolean;
  readonly why: string | undefined;
  /** Answers of locks that were on this phone only; another phone's visit brings them again. */
  readonly lost: number;
}

export type MyDoor = Api["myDoors"]["answer"]["doors"][number];

export interface DoorList {
  readonly doors: readonly MyDoor[];
  /** A manager's further doors are not among them. */
  readonly more: boolean;
  /** When the service said so; seconds since 1970. */
  readonly at: number;
  /** The service cannot be reached: this is what it said then. */
  readonly isKept: boolean;
}

export interface AtDoor extends Signalled {
  /** The door's id. */
  readonly door: string;
}

export interface Account {
  /** Who is logged in on this phone. */
  session(): Promise<Session | undefined>;
  /** Whatever somebody else left on this phone is wiped first, and a log-in that was left here ends. */
  logIn(wish: LogInWish): Promise<Answer<Session>>;
  /** Wipes this phone in any case, whether or not the service can be told (F25). */
  logOut(wish?: Signalled): Promise<LoggedOut>;
  /** With the last sync and whether anything is pending at each; without a network, as it was last told. */
  doors(wish?: Signalled): Promise<Answer<DoorList>>;
  /** One's own codes with both faces while one changes (F3). Never kept on the phone. */
  codes(wish?: Signalled): Told<"myCodes">;
  reset(wish: AtDoor & Body<"resetCode">): Told<"resetCode">;
  pick(wish: AtDoor & Body<"pickCode">): Told<"pickCode">;
  guests(wish: AtDoor): Told<"guests">;
  inviteGuest(wish: AtDoor & Body<"inviteGuest">): Told<"inviteGuest">;
  revokeGuest(wish: AtDoor & { readonly person: string }): Told<"revokeGuest">;
  dailyCode(wish: AtDoor & Body<"dailyCode">): Told<"dailyCode">;
  /** One visit at a lock that the person stands at. It never unlocks (F17). */
  sync(options: VisitOptions): Promise<AccountVisit>;
  /** Visits whenever a lock comes into range for which something is carried (F21), until the signal aborts. */
  autoSync(options: WatchOptions): Promise<void>;
  /** Asks a door to open, by this phone's key; a door that wants to be synced first is, in the same visit. */
  open(options: OpenOptions): Promise<Opened>;
  /** The key by which this phone opens doors. */
  readonly doorKeys: DoorKeys;
  readonly mailbox: AccountMailbox;
}

export function createAccount(options: AccountOptions): Account {
  const { client, storage, crypto, timers, now, fill, app } = options;
  const caller = createCaller(client, storage);
  const mailbox = accountMailbox({ caller, storage, crypto, now });
  const doorKeys = createDoorKeys({ caller, mailbox, storage, crypto, fill, now });
  /** Of this log-in: who logs out ends its visits, and what they would still keep is nobody's. */
  let stay = newStay();

  function newStay() {
    const visits = underWay(timers);
    const held = mailboxDuring(visits, mailbox);
    const visitor = createVisitor({ caller, mailbox: held, crypto, timers });
    const opener = createDoorOpener({ caller, mailbox: held, keys: doorKeys, crypto, timers, fill, now });
    return { visits, visitor, opener, mailbox: held };
  }

  async function endStay(): Promise<void> {
    const { visits } = stay;
    stay = newStay();
    await visits.end();
  }

  async function logIn({ email, password, signal }: LogInWish): Promise<Answer<Session>> {
    const body = { email, password, client: { class: "mobile" as const, ...app } };
    const answer = await client.call("logIn", { body, signal });
    if (!answer.ok) return answer;
    const { token, accountId, expiresAt } = answer.value;
    const left = await storedSession(storage);
    if (left?.url === client.url) await client.call("logOut", { token: left.token, signal, tries: 1 });
    const before = await storage.get(kept.owner);
    if (before !== undefined && fromJsonBytes(before) !== accountId) {
      await endStay();
      await storage.wipe();
    }
    await storage.put(kept.owner, toJsonBytes(accountId));
    const session = { url: client.url, email, token, accountId, expiresAt };
    await keepSession(storage, session);
    return { ok: true, value: session };
  }

  async function logOut({ signal }: Signalled = {}): Promise<LoggedOut> {
    let session: Session | undefined;
    let lost = 0;
    let why: string | undefined;
    try {
      session = await storedSession(storage);
      // What they brought by now is sent below.
      await endStay();
      lost = (await mailbox.flush(signal)).owed;
    } catch (error) {
      // The storage cannot be read: the more reason to wipe it.
      why = error instanceof Error ? error.message : String(error);
    }
    // First here, then there: the phone goes back to its owner now, whatever the network does.
    await storage.wipe();
    if (session === undefined || session.url !== client.url)
      return { isServiceTold: why === undefined, why, lost };
    const answer = await client.call("logOut", { token: session.token, signal });
    const isTold = answer.ok || answer.problem?.name === "UNAUTHENTICATED";
    return { isServiceTold: isTold, why: isTold ? undefined : describeFailure(answer), lost };
  }

  async function doors({ signal }: Signalled = {}): Promise<Answer<DoorList>> {
    const before = await storage.get(kept.doors);
    // Whoever has something to show need not try for long.
    const answer = await caller.call("myDoors", before === undefined ? { signal } : { signal, tries: 1 });
    if (answer.ok) {
      const list = { ...answer.value, at: now(), isKept: false };
      await storage.put(kept.doors, toJsonBytes(list));
      return { ok: true, value: list };
    }
    const isShown = answer.problem === undefined && before !== undefined;
    const read = isShown ? (fromJsonBytes(before) as DoorList | undefined) : undefined;
    return read === undefined ? answer : { ok: true, value: { ...read, isKept: true } };
  }

  /**
   * What somebody changed on this phone waits at the door from now on, and this phone carries it, whatever becomes of the
   * network: the kept list would call the door up to date, and an offline visit would have nothing to bring.
   */
  async function noteWaiting(door: string, signal: AbortSignal | undefined): Promise<void> {
    const before = await storage.get(kept.doors);
    const list = before === undefined ? undefined : (fromJsonBytes(before) as DoorList | undefined);
    if (list !== undefined) {
      const doors = list.doors.map((one) => (one.id === door ? { ...one, pending: true } : one));
      await storage.put(kept.doors, toJsonBytes({ ...list, doors }));
    }
    // What is carried already stays where this fails; the next visit asks again.
    await mailbox.refresh(signal === undefined ? {} : { signal });
  }

  /** `pends`: whether what was answered waits for a door sync. */
  async function changing<T>(
    { door, signal }: AtDoor,
    answer: Promise<Answer<T>>,
    pends: (value: T) => boolean,
  ): Promise<Answer<T>> {
    const changed = await answer;
    if (!changed.ok || !pends(changed.value)) return changed;
    try {
      // Nothing is kept for who has logged out meanwhile (F25).
      if ((await storedSession(storage)) !== undefined) await noteWaiting(door, signal);
    } catch {
      // A storage that fails says so at the next thing that is kept; the answer to what was changed is told once.
    }
    return changed;
  }

  return {
    session: () => storedSession(storage),
    logIn,
    logOut,
    doors,
    codes: ({ signal } = {}) => caller.call("myCodes", { signal }),
    reset: ({ door, signal, ...body }) =>
      changing(
        { door, signal },
        caller.call("resetCode", { params: { door }, body, signal }),
        ({ entry }) => entry.pending,
      ),
    pick: ({ door, signal, ...body }) =>
      changing(
        { door, signal },
        caller.call("pickCode", { params: { door }, body, signal }),
        ({ changed, entry }) => changed && entry.pending,
      ),
    guests: ({ door, signal }) => caller.call("guests", { params: { door }, signal }),
    inviteGuest: ({ door, signal, ...body }) =>
      changing({ door, signal }, caller.call("inviteGuest", { params: { door }, body, signal }), hasPending),
    revokeGuest: ({ door, person, signal }) =>
      changing(
        { door, signal },
        caller.call("revokeGuest", { params: { door, person }, signal }),
        hasPending,
      ),
    dailyCode: ({ door, signal, ...body }) => caller.call("dailyCode", { params: { door }, body, signal }),
    sync: (wish) => {
      const { visits, visitor } = stay;
      return visits.run(wish.signal, (signal) => visitor.visit({ wantsWord: true, ...wish, signal }));
    },
    autoSync: (wish) => {
      const { visits, ...lent } = stay;
      return visits.run(wish.signal, (signal) => watch({ ...lent, now }, { ...wish, signal }));
    },
    open: (wish) => {
      const { visits, opener } = stay;
      return visits.run(wish.signal, (signal) => opener.open({ ...wish, signal }));
    },
    doorKeys,
    mailbox,
  };
}

function hasPending({ entries }: Api["inviteGuest"]["answer"]): boolean {
  return entries.some(({ pending }) => pending);
}

/** Once the stay is over nothing more is kept: whose slips these would be has logged out (F25). */
function mailboxDuring(visits: UnderWay, mailbox: AccountMailbox): AccountMailbox {
  return {
    ...mailbox,
    async keep(slip) {
      if (!visits.isOver) await mailbox.keep(slip);
    },
    async keepVisit(report) {
      if (!visits.isOver) await mailbox.keepVisit(report);
    },
  };
}
