/**
 * What each command does: open the office, call the act, say the result. No rule and no query lives here.
 */
import { readFileSync } from "node:fs";
import { lifeHoursDefault, parseSetup, type Setup, toHex } from "@doorsync/protocol/authority";
import { adoptNextKeys, createKeys, drawNextKeys, publicKeys, readKeys, withRoot } from "../keys/ring.ts";
import { isMailbox, openMailbox } from "../mailbox/folder.ts";
import { deny, describeDenial } from "../model/denial.ts";
import type { DoorKind } from "../model/ledger.ts";
import { plainTerms, type Terms } from "../model/terms.ts";
import * as codeActs from "../office/codes.ts";
import * as commissionAct from "../office/commission.ts";
import * as issueAct from "../office/issue.ts";
import * as logAct from "../office/log.ts";
import { findDoor, findPerson, type Office } from "../office/office.ts";
import * as receiveAct from "../office/receive.ts";
import { registerDoor, registerPerson, registerProperty } from "../office/register.ts";
import { rotateKeys } from "../office/rotate.ts";
import * as statusAct from "../office/status.ts";
import { Trouble } from "../trouble.ts";
import { noteCommand, noting } from "./audit.ts";
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
import { codeLine, doorLines, logLines, nextLines, slipLine } from "./words.ts";

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
  readonly unit?: string;
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
export type AssignFlags = CodeFlags & {
  readonly uses?: number;
  readonly minutes?: number;
  readonly from?: number;
  readonly until?: number;
};
export type SuspendFlags = BaseFlags & { readonly door: string; readonly person: string };
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
  readonly trustBooks: boolean;
  readonly lifeHours?: number;
};
export type ReceiveFlags = BaseFlags & { readonly mailbox: string; readonly lifeHours?: number };
export type StatusFlags = BaseFlags & { readonly door?: string; readonly removed: boolean };
export type RotateFlags = BaseFlags & {
  readonly mailbox: string;
  readonly lifeHours?: number;
  readonly root?: string;
};
export type LogFlags = BaseFlags & { readonly door: string; readonly last?: number };
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
    const { property, name, kind, unit } = flags;
    // Whoever lives anywhere in a property is at home at the doors that belong to no unit.
    if (kind === "residence" && unit === undefined) {
      throw new Trouble(
        "the door of a residence belongs to a unit",
        "name it with --unit (a new one is added), or say --kind buildingEntrance, communal or service",
      );
    }
    const added = await registerDoor(office, { property, name, kind, unit });
    sayDecision(this, flags, say, added, (door) => [
      `added door "${door.door}" (${door.kind}) to "${door.property}"`,
      ...(door.unit === null
        ? []
        : [`it belongs to the unit "${door.unit}"${door.isNewUnit ? ", which is new" : ""}`]),
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
    const wish = { door: await findDoor(office, name), setup, replace, epochMin };
    const offered = await commissionAct.commission(office, mailbox, wish);
    const about = { propertyId: wish.door.propertyId, doorId: wish.door.id };
    if (offered.ok) await noteCommand(office, "cli.commission", about);
    sayDecision(this, flags, say, offered, ({ door, epoch, parcels }) => [
      `"${door}": offer for epoch ${epoch} in ${parcels.join(", ")}; carry it to the lock, then run receive`,
    ]);
  });
}

/** Undefined where nothing but a resident's code was asked for. */
function termsOf({ uses, minutes, from, until }: AssignFlags): Terms | undefined {
  const isPlain = [uses, minutes, from, until].every((one) => one === undefined);
  if (isPlain) return undefined;
  return {
    ...plainTerms,
    useLimit: uses ?? 0,
    expiringMinutes: minutes ?? 0,
    notBefore: from ?? 0,
    notAfter: until ?? plainTerms.notAfter,
  };
}

/** The door and the person that a command names. */
async function named(
  office: Office,
  flags: { readonly door: string; readonly person: string },
): Promise<codeActs.CodeWish> {
  return { door: await findDoor(office, flags.door), person: await findPerson(office, flags.person) };
}

async function suspending(cli: Cli, flags: SuspendFlags, suspended: boolean): Promise<void> {
  await withOffice(cli, flags, async (office, say) => {
    const { door } = flags;
    const whose = await named(office, flags);
    const action = suspended ? "cli.suspend" : "cli.resume";
    sayDecision(
      cli,
      flags,
      say,
      await noting(office, action, whose, (inside) => codeActs.suspend(inside, { ...whose, suspended })),
      (word) => [codeLine(word), ...nextLines(word, flags.data, door)],
    );
  });
}

export async function suspend(this: Cli, flags: SuspendFlags): Promise<void> {
  await suspending(this, flags, true);
}

export async function resume(this: Cli, flags: SuspendFlags): Promise<void> {
  await suspending(this, flags, false);
}

export async function assign(this: Cli, flags: AssignFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const { door, length } = flags;
    const terms = termsOf(flags);
    const whose = await named(office, flags);
    const wish = terms === undefined ? { ...whose, length } : { ...whose, length, terms };
    const given = await noting(office, "cli.assign", whose, (inside) => codeActs.assign(inside, wish));
    sayDecision(this, flags, say, given, (word) => [codeLine(word), ...nextLines(word, flags.data, door)]);
  });
}

export async function reset(this: Cli, flags: CodeFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const { door, length } = flags;
    const whose = await named(office, flags);
    sayDecision(
      this,
      flags,
      say,
      await noting(office, "cli.reset", whose, (inside) => codeActs.reset(inside, { ...whose, length })),
      (word) => [codeLine(word), ...nextLines(word, flags.data, door)],
    );
  });
}

export async function revoke(this: Cli, flags: RevokeFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    if ((flags.door === undefined) !== flags.all) {
      throw new Trouble("revoke needs one of --door and --all", "name the door, or say --all for every door");
    }
    const person = await findPerson(office, flags.person);
    const door = flags.door === undefined ? undefined : await findDoor(office, flags.door);
    const revoked = await office.db.transaction().execute(async (trx) => {
      const inside = { ...office, db: trx };
      const done = await codeActs.revoke(inside, { person, door });
      for (const one of done.ok ? done.value : []) {
        const { id: doorId, propertyId } = await findDoor(inside, `${one.property}/${one.door}`);
        await noteCommand(inside, "cli.revoke", { propertyId, doorId, personId: person.id });
      }
      return done;
    });
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
    const { door, renew, snapshot, trustBooks, lifeHours = lifeHoursDefault } = flags;
    const found = await findDoor(office, door);
    const issued = await issueAct.issue(office, openMailbox(flags.mailbox), {
      door: found,
      renew,
      snapshot,
      trustBooks,
      lifeHours,
    });
    if (issued.ok && trustBooks)
      await noteCommand(office, "cli.trustBooks", { propertyId: found.propertyId, doorId: found.id });
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
    const doors = await statusAct.status(office, { door: flags.door, removed: flags.removed });
    for (const door of doors) say(door, doorLines(door));
    if (doors.length === 0 && !flags.json)
      say({}, ["no doors yet; add one with: doorsync-authority door add --name NAME --unit UNIT --data DIR"]);
  });
}

export async function keysRotate(this: Cli, flags: RotateFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const folder = keysFolder(flags.data);
    const wish = { lifeHours: flags.lifeHours ?? lifeHoursDefault, renew: false, snapshot: false };
    const drawn = drawNextKeys(folder, fill);
    const next = flags.root === undefined ? drawn : withRoot(crypto, drawn, flags.root);
    const adopt = (): void => adoptNextKeys(folder);
    const rotated = await rotateKeys(office, openMailbox(flags.mailbox), next, wish, adopt);
    await noteCommand(office, "cli.keysRotate");
    for (const { door, epoch = null, parcels, denied = null } of rotated) {
      const words =
        denied === null
          ? `"${door}": ${epoch === null ? "a new offer" : `epoch ${epoch}`}, ${parcels.length} parcel(s); codes stay as they are until the door has synced`
          : `"${door}": ${describeDenial({ ok: false, denial: denied })}`;
      if (denied !== null) this.process.exitCode = 1;
      say({ door, epoch, parcels, denied }, [words]);
    }
    const tableKey = toHex(publicKeys(crypto, next).table);
    say({ tableKey, doors: rotated.length }, [`new table key ${tableKey}; keep a new copy of ${folder}`]);
  });
}

const entriesShown = 200;

export async function log(this: Cli, flags: LogFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const countMax = flags.last ?? entriesShown;
    const found = await logAct.readLog(office, { door: flags.door, countMax });
    if (found === undefined) {
      sayDecision(this, flags, say, deny("NOT_COMMISSIONED", flags.door), () => []);
      return;
    }
    const { entries, ...head } = found;
    say(head, logLines(found));
    if (!flags.json) return;
    for (const { gap = null, person = null, credential = null, ...entry } of entries) {
      say({ ...entry, credential, person, gap }, []);
    }
  });
}

export async function codes(this: Cli, flags: CodesFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const words = await codeActs.codesOf(office, await findPerson(office, flags.person));
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
