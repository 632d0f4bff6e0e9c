/**
 * A person's phone in a journey: the shipped account and courier over real HTTP, at real locks over the air. It adds
 * nothing but a network that can be switched off and a storage that outlives the app.
 */
import { randomFillSync } from "node:crypto";
import {
  type Account,
  type AccountVisit,
  createAccount,
  createClient,
  type Fault,
  memoryStorage,
  type Radar,
  type Storage,
  systemTimers,
  type Transport,
} from "@doorsync/phone-client";
import { crypto } from "../world.ts";
import { airTo, isOpenNow } from "./journey-door.ts";
import { type Answer, type Asked, password, type Service } from "./service.ts";
import type { Hung } from "./service-door.ts";

type Named = Omit<Asked, "token">;
/** One face of one code at one door, as its owner sees it. */
export interface CodeSeen {
  readonly doorId: string;
  readonly class: string;
  readonly digits: string;
  readonly state: string;
  readonly pending: boolean;
  readonly suspended: boolean;
  readonly worksNow: boolean;
  readonly worksAfterSync: boolean;
  readonly certain: boolean;
  readonly warnings: readonly string[];
  readonly exposure: { readonly kind: string; readonly until: number | null };
}

/** The entries of codes in an answer, face by face. */
export function facesIn(entries: Answer["body"]): readonly CodeSeen[] {
  return entries.flatMap(({ door, class: of, faces }: Answer["body"]) =>
    faces.map(({ code, ...face }: Answer["body"]) => ({ ...face, doorId: door.id, class: of, digits: code })),
  );
}

export interface Phone {
  readonly account: Account;
  readonly storage: Storage;
  /** Whether it has a network; `off`: an endpoint's path has none. */
  readonly network: { on: boolean; off?: string };
  token(): Promise<string>;
  /** Any endpoint by its name, in this phone's name; a denial ends the story. */
  asks(name: string, asked?: Named): Promise<Answer["body"]>;
  /** The name of the denial; being granted ends the story. */
  isDenied(name: string, asked?: Named): Promise<string>;
  /** All faces of the owner's doorcodes, at one door or at all. */
  codes(door?: Hung): Promise<readonly CodeSeen[]>;
  /** The one code that the door opens to now, and the one that it will after the sync. */
  now(door: Hung): Promise<string>;
  next(door: Hung): Promise<string>;
  /** What the owner sees of one door. */
  door(door: Hung): Promise<Answer["body"]>;
  /** What the doors wait for is fetched and kept. */
  fetches(): Promise<void>;
  syncs(door: Hung, how?: Syncing): Promise<AccountVisit>;
  /** The phone asks the door to open: "opened" when the bolt moved, or why not. The door is locked again afterwards. */
  unlocks(door: Hung): Promise<Unlocking>;
  /** The app watches for locks until what it met is what `enough` waits for. */
  watches(radar: Radar, enough: (visit: AccountVisit) => boolean): Promise<readonly AccountVisit[]>;
  /** The app is killed and started again, on the same phone. */
  restarts(): Phone;
}

/** `sync`: what became of the sync that the door asked for first; undefined when it asked for none. */
export interface Unlocking {
  readonly said: string;
  readonly sync: string | undefined;
  readonly advice: string;
}

export interface Syncing {
  /** How the lock shows itself, where the phone has seen it advertise. */
  readonly tag?: Uint8Array;
  readonly faults?: readonly Fault[];
  readonly transport?: Transport;
  /** Longest silence after hello, in milliseconds. */
  readonly patience?: number;
}

export interface Fresh {
  readonly version?: string;
  readonly password?: string;
  readonly storage?: Storage;
}

/** Somebody logs in on a phone. */
export async function joinPhone(service: Service, email: string, fresh: Fresh = {}): Promise<Phone> {
  const phone = phoneOver(service, fresh);
  const answer = await phone.account.logIn({ email, password: fresh.password ?? password });
  if (!answer.ok) throw new Error(`${email} cannot log in: ${JSON.stringify(answer)}`);
  return phone;
}

/** A phone as it lies there: whoever its storage says is logged in. */
export function phoneOver(service: Service, fresh: Fresh = {}): Phone {
  const { version = "9.0.0", storage = memoryStorage() } = fresh;
  const network: Phone["network"] = { on: true };
  const client = createClient({
    url: service.url,
    fetch: (url, request) =>
      network.on && !(network.off !== undefined && url.includes(network.off))
        ? fetch(url, request)
        : Promise.reject(new Error("no network")),
    timers: systemTimers,
    fill: (bytes) => void randomFillSync(bytes),
  });
  const account = createAccount({
    client,
    storage,
    crypto,
    timers: systemTimers,
    now: () => service.clock.now,
    fill: (bytes) => void randomFillSync(bytes),
    app: { name: "journeys", version },
  });

  const token = async (): Promise<string> => (await account.session())?.token ?? "nobody";
  const asks: Phone["asks"] = async (name, asked = {}) => {
    const said = await service.call(name, { ...asked, token: await token() });
    if (said.status >= 300) throw new Error(`${name} was refused: ${JSON.stringify(said.body)}`);
    return said.body;
  };
  const codes: Phone["codes"] = async (door) => {
    const answer = await account.codes();
    if (!answer.ok) throw new Error(`no codes: ${JSON.stringify(answer)}`);
    return facesIn(answer.value.codes).filter(
      (one) => one.class === "code" && (door === undefined || one.doorId === door.doorId),
    );
  };
  const theOne = async (door: Hung, of: (code: CodeSeen) => boolean): Promise<string> => {
    const [one, ...others] = (await codes(door)).filter(of);
    if (one === undefined || others.length > 0)
      throw new Error(`one code was meant: ${JSON.stringify(await codes(door))}`);
    return one.digits;
  };

  return {
    account,
    storage,
    network,
    token,
    asks,
    codes,
    async isDenied(name, asked = {}) {
      const said = await service.call(name, { ...asked, token: await token() });
      if (said.status < 400) throw new Error(`${name} was not refused: ${JSON.stringify(said.body)}`);
      return said.body.name;
    },
    now: (door) => theOne(door, ({ worksNow }) => worksNow),
    next: (door) => theOne(door, ({ worksAfterSync }) => worksAfterSync),
    async door(door) {
      const answer = await account.doors();
      if (!answer.ok) throw new Error(`no doors: ${JSON.stringify(answer)}`);
      const { doors } = answer.value;
      const one = doors.find(({ id }: { id: string }) => id === door.doorId);
      if (one === undefined) throw new Error(`not among the doors: ${JSON.stringify(doors)}`);
      return one;
    },
    async fetches() {
      const answer = await account.mailbox.refresh();
      if (!answer.ok) throw new Error(`nothing was fetched: ${JSON.stringify(answer)}`);
    },
    syncs: (door, how = {}) =>
      account.sync({
        transport: how.transport ?? airTo(door, how.faults),
        tag: how.tag,
        ...(how.patience === undefined ? {} : { waits: { greeting: how.patience, streaming: how.patience } }),
      }),
    async unlocks(door) {
      if (door.lock.unlocked) throw new Error("the door stood open before it was asked");
      const opened = await account.open({ door: door.doorId, transport: airTo(door) });
      const isOpen = isOpenNow(door);
      if (!opened.ok) return { said: opened.kind, sync: undefined, advice: opened.why };
      const { outcome, sync, advice } = opened.value;
      if (isOpen !== (outcome.kind === "opened"))
        throw new Error(`the phone says ${outcome.kind}, the bolt ${isOpen}`);
      return {
        said: outcome.kind === "refused" ? outcome.refusal : outcome.kind,
        sync: sync?.outcome.kind,
        advice: advice.join(" "),
      };
    },
    async watches(radar, enough) {
      const ending = new AbortController();
      const visits: AccountVisit[] = [];
      await account.autoSync({
        radar,
        signal: ending.signal,
        refreshSeconds: 0,
        againSeconds: 0,
        onVisit(visit) {
          visits.push(visit);
          if (enough(visit)) ending.abort();
        },
      });
      return visits;
    },
    restarts: () => phoneOver(service, { ...fresh, storage }),
  };
}

export interface Guest {
  readonly person: string;
  readonly code: string;
}

/** A guest's code, which is told once. */
export async function invited(phone: Phone, door: Hung, body: object): Promise<Guest> {
  const guest = await phone.asks("inviteGuest", { params: { door: door.doorId }, body });
  const [face] = facesIn(guest.entries);
  if (face === undefined) throw new Error(`a guest without a code: ${JSON.stringify(guest)}`);
  return { person: guest.person, code: face.digits };
}
