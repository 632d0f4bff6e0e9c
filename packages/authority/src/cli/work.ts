/**
 * What each command does: open the office, call the act, say the result. No rule and no query lives here.
 */
import { readFileSync } from "node:fs";
import { lifeHoursDefault, parseSetup, type Setup, toHex } from "@doorsync/protocol/authority";
import { createKeys, publicKeys, readKeys } from "../keys/ring.ts";
import { isMailbox, openMailbox } from "../mailbox/folder.ts";
import type { DoorKind } from "../model/ledger.ts";
import * as codeActs from "../office/codes.ts";
import * as commissionAct from "../office/commission.ts";
import * as issueAct from "../office/issue.ts";
import * as receiveAct from "../office/receive.ts";
import { registerDoor, registerPerson, registerProperty } from "../office/register.ts";
import * as statusAct from "../office/status.ts";
import { Trouble } from "../trouble.ts";
import type { Cli } from "./context.ts";
import type { BaseFlags } from "./flags.ts";
import {
  crypto,
  demandNoDatabaseWithoutKeys,
  fill,
  guarded,
  keysFolder,
  makeFolder,
  sayDecision,
  withDatabase,
  withOffice,
} from "./session.ts";
import { codeLine, doorLines, nextLines, slipLine } from "./words.ts";

export type InitFlags = BaseFlags;
export type PropertyFlags = BaseFlags & {
  readonly name: string;
  readonly sixDigits: boolean;
  readonly leaseHours?: number;
};
export type DoorFlags = BaseFlags & {
  readonly name: string;
  readonly property?: string;
  readonly kind: DoorKind;
};
export type PersonFlags = BaseFlags & { readonly name: string };
export type CommissionFlags = BaseFlags & {
  readonly door: string;
  readonly setup: string;
  readonly mailbox: string;
  readonly replace: boolean;
  readonly epoch?: number;
};
export type CodeFlags = BaseFlags & {
  readonly door: string;
  readonly person: string;
  readonly length?: number;
};
export type RevokeFlags = BaseFlags & {
  readonly door?: string;
  readonly person: string;
  readonly all: boolean;
};
export type IssueFlags = BaseFlags & {
  readonly door: string;
  readonly mailbox: string;
  readonly snapshot: boolean;
  readonly renew: boolean;
  readonly lifeHours?: number;
};
export type ReceiveFlags = BaseFlags & { readonly mailbox: string; readonly lifeHours?: number };
export type StatusFlags = BaseFlags & { readonly door?: string; readonly removed: boolean };
export type CodesFlags = BaseFlags & { readonly person: string };

export async function init(this: Cli, flags: InitFlags): Promise<void> {
  await guarded(this, flags, async (say) => {
    makeFolder(flags.data);
    demandNoDatabaseWithoutKeys(flags.data);
    createKeys(keysFolder(flags.data), fill);
    const keys = readKeys(keysFolder(flags.data));
    await withDatabase(this, flags, keys, true, async () => {
      const tableKey = toHex(publicKeys(crypto, keys).table);
      const isRemote = (this.process.env?.["DATABASE_URL"] ?? "") !== "";
      const database = isRemote ? "postgresql" : "embedded";
      say({ data: flags.data, database, tableKey }, [
        `ready: ${flags.data} (${database} database); locks will trust table key ${tableKey}`,
        `keep a copy of ${keysFolder(flags.data)} in a safe place: without it every lock must be commissioned again`,
      ]);
    });
  });
}

export async function propertyAdd(this: Cli, flags: PropertyFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const { name, sixDigits, leaseHours = 0 } = flags;
    const added = await registerProperty(office, { name, sixDigits, leaseHours });
    sayDecision(this, flags, say, added, ({ property }) => [`added property "${property}"`]);
  });
}

export async function doorAdd(this: Cli, flags: DoorFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const added = await registerDoor(office, {
      property: flags.property,
      name: flags.name,
      kind: flags.kind,
    });
    sayDecision(this, flags, say, added, ({ property, door, kind }) => [
      `added door "${door}" (${kind}) to "${property}"`,
    ]);
  });
}

export async function personAdd(this: Cli, flags: PersonFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const added = await registerPerson(office, flags.name);
    sayDecision(this, flags, say, added, ({ person }) => [`added "${person}"`]);
  });
}

export async function commission(this: Cli, flags: CommissionFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const setup = readSetup(flags.setup);
    const mailbox = openMailbox(flags.mailbox);
    const { door: name, replace, epoch: epochMin = 1 } = flags;
    const wish = { door: name, setup, replace, epochMin };
    const offered = await commissionAct.commission(office, mailbox, wish);
    sayDecision(this, flags, say, offered, ({ door, epoch, parcels }) => [
      `"${door}": offer for epoch ${epoch} in ${parcels.join(", ")}; carry it to the lock, then run receive`,
    ]);
  });
}

export async function assign(this: Cli, flags: CodeFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const { door, person, length } = flags;
    sayDecision(this, flags, say, await codeActs.assign(office, { door, person, length }), (word) => [
      codeLine(word),
      ...nextLines(word, flags.data, door),
    ]);
  });
}

export async function reset(this: Cli, flags: CodeFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const { door, person, length } = flags;
    sayDecision(this, flags, say, await codeActs.reset(office, { door, person, length }), (word) => [
      codeLine(word),
      ...nextLines(word, flags.data, door),
    ]);
  });
}

export async function revoke(this: Cli, flags: RevokeFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    if ((flags.door === undefined) !== flags.all) {
      throw new Trouble("revoke needs one of --door and --all", "name the door, or say --all for every door");
    }
    const revoked = await codeActs.revoke(office, { door: flags.door, person: flags.person });
    if (!revoked.ok) {
      sayDecision(this, flags, say, revoked, () => []);
      return;
    }
    for (const one of revoked.value) {
      const { property, door, person, state, pending } = one;
      const after = pending ? "still opens until the door has synced" : "never reached the lock";
      say(one, [
        `"${door}": code of ${person} revoked, ${state}; it ${after}`,
        ...nextLines(one, flags.data, flags.door ?? `${property}/${door}`),
      ]);
    }
  });
}

export async function issue(this: Cli, flags: IssueFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const { door, renew, snapshot, lifeHours = lifeHoursDefault } = flags;
    const issued = await issueAct.issue(office, openMailbox(flags.mailbox), {
      door,
      renew,
      snapshot,
      lifeHours,
    });
    sayDecision(this, flags, say, issued, (value) => [
      value.isNew
        ? `"${value.door}": version ${value.version} (+${value.puts} -${value.removes}), proven is ${value.proven}`
        : `"${value.door}": version ${value.version} already says it all, proven is ${value.proven}`,
      ...value.parcels.map((name) => `  parcel ${name}`),
    ]);
  });
}

export async function receive(this: Cli, flags: ReceiveFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    // Made here, a mistyped folder would say for ever that no lock has answered.
    if (!isMailbox(flags.mailbox)) {
      throw new Trouble(
        `there is no mailbox at ${flags.mailbox}`,
        "check --mailbox; commission and issue make a new one",
      );
    }
    const wish = { lifeHours: flags.lifeHours ?? lifeHoursDefault, renew: false, snapshot: false };
    const received = await receiveAct.receive(office, openMailbox(flags.mailbox), wish);
    for (const { file, why } of received.ignored) {
      this.process.stderr.write(`doorsync-authority: left ${file} where it is: ${why}\n`);
    }
    for (const slip of received.slips) {
      const { door = null, version = null, refusal = null } = slip;
      say({ ...slip, door, version, refusal }, [slipLine(slip)]);
    }
    for (const { door, parcels, withdrawn, ...rest } of received.doors) {
      say({ door, ...rest, parcels, withdrawn }, [
        `"${door}": ${parcels.length} parcel(s) in the mailbox, ${withdrawn.length} withdrawn`,
      ]);
    }
    if (received.slips.length === 0) say({ slips: 0 }, ["nothing to take in"]);
  });
}

export async function status(this: Cli, flags: StatusFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    for (const door of await statusAct.status(office, { door: flags.door, removed: flags.removed })) {
      say(door, doorLines(door));
    }
  });
}

export async function codes(this: Cli, flags: CodesFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const words = await codeActs.codesOf(office, flags.person);
    for (const word of words) say(word, [codeLine(word)]);
    if (words.length === 0 && !flags.json) say({}, [`${flags.person} has no code`]);
  });
}

const setupPattern = /DOORSYNC:1:[0-9a-f]{16}:[0-9a-f]{32}/i;
const setupFileBytesMax = 65_536;

/** The setup text itself, or a file in which it stands (a label, a vendor's file, what `lock-sim new` writes). */
function readSetup(given: string): Setup {
  let text = given;
  if (!/^DOORSYNC:/i.test(given)) {
    try {
      text = readFileSync(given).subarray(0, setupFileBytesMax).toString("latin1");
    } catch (error) {
      throw new Trouble(
        `the setup file ${given} cannot be read`,
        "give the text DOORSYNC:1:… or a file that holds it",
        {
          cause: error,
        },
      );
    }
  }
  const found = setupPattern.exec(text)?.[0];
  const setup = found === undefined ? undefined : parseSetup(crypto, found);
  if (setup !== undefined) return setup;
  const why = found === undefined ? "holds no text of the form DOORSYNC:1:…" : "has a mistyped digit";
  throw new Trouble(`the setup text ${why}`, "copy it again from the label of the lock");
}
