/**
 * The office: what an act of the property needs at hand. Each act (`codes.ts`, `commission.ts`, `issue.ts`,
 * `receive.ts`) is one transaction; a command line or a service calls it and shows the result. It prints nothing.
 */
import {
  type AuthorityLock,
  type Bytes,
  type Crypto,
  type LockKeys,
  toHex,
} from "@doorsync/protocol/authority";
import type { KeyRing } from "../keys/ring.ts";
import { unpackLockKeys, type Vault } from "../keys/vault.ts";
import type { Fill } from "../model/code.ts";
import { shownName } from "../model/name.ts";
import type { Database } from "../store/open.ts";
import { type DoorEntry, listDoors, listPeople, listProperties, nameKey } from "../store/registry.ts";
import type { LockTable, PersonTable, PropertyTable } from "../store/schema.ts";
import { Trouble } from "../trouble.ts";
import { dailyHolderOf } from "./daily-holder.ts";

export interface Office {
  readonly db: Database;
  readonly crypto: Crypto;
  readonly keys: KeyRing;
  readonly vault: Vault;
  /** Random bytes from a CSPRNG. */
  readonly fill: Fill;
  /** Seconds since 1970, true for this whole act. */
  readonly now: number;
  /** Where people reach the page, for links in messages; without a slash at its end. */
  readonly publicUrl?: string;
}

const idBytes = 12;
const namesShownMax = 8;

/** A new row's id: random, so that ids tell neither order nor number. */
export function newId(office: Office): string {
  return toHex(randomBytes(office, idBytes));
}

export function randomBytes(office: Office, length: number): Bytes {
  const bytes = new Uint8Array(length);
  office.fill(bytes);
  return bytes;
}

/** The person of this name; Trouble when there is none. */
export async function findPerson(office: Office, name: string): Promise<PersonTable> {
  const people = await listPeople(office.db);
  const found = people.find((person) => person.name_key === nameKey(name));
  if (found !== undefined) return found;
  const nobodies = (await listProperties(office.db)).map(({ id }) => dailyHolderOf(office, id));
  throw unknownName(
    "person",
    name,
    people.filter(({ id }) => !nobodies.includes(id)).map((person) => person.name),
    "add the person with: person add --name NAME",
  );
}

/** The property of this name, or the only one when no name is given. */
export async function findProperty(office: Office, name: string | undefined): Promise<PropertyTable> {
  const properties = await listProperties(office.db);
  const [only] = properties;
  if (name === undefined) {
    if (only !== undefined && properties.length === 1) return only;
    const why = only === undefined ? "there is no property yet" : "there are several properties";
    const remedy = only === undefined ? "add one with: property add --name NAME" : "name one with --property";
    throw new Trouble(why, remedy);
  }
  const found = properties.find((property) => property.name_key === nameKey(name));
  if (found !== undefined) return found;
  const names = properties.map((property) => property.name);
  throw unknownName("property", name, names, "add it with: property add --name NAME");
}

/** The door of this name, or of `PROPERTY/DOOR` where several properties have one of the name. */
export async function findDoor(office: Office, name: string): Promise<DoorEntry> {
  const doors = await listDoors(office.db);
  const wanted = nameKey(name);
  const found = doors.filter(
    (door) => nameKey(door.name) === wanted || nameKey(`${door.property}/${door.name}`) === wanted,
  );
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  if (first === undefined) {
    throw unknownName(
      "door",
      name,
      doors.map((door) => door.name),
      "add it with: door add --name NAME --unit UNIT",
    );
  }
  const choices = found.map((door) => `"${door.property}/${door.name}"`).join(" or ");
  throw new Trouble(`several doors are named "${name}"`, `say ${choices}`);
}

function unknownName(what: string, name: string, known: readonly string[], remedy: string): Trouble {
  const some = known.slice(0, namesShownMax).map((one) => `"${one}"`);
  const more = known.length > namesShownMax ? " …" : "";
  const list = some.length === 0 ? "there is none yet" : `known: ${some.join(", ")}${more}`;
  return new Trouble(`no ${what} is named "${shownName(name)}" (${list})`, remedy);
}

export function openLockKeys(office: Office, lock: LockTable): LockKeys {
  return unpackLockKeys(
    office.vault.open("lock-keys", lockOwner(lock.door_id, lock.epoch), lock.sealed_keys),
  );
}

/** To what a lock's sealed keys are bound. */
export function lockOwner(doorId: string, epoch: number): string {
  return `${doorId}/${epoch}`;
}

export function authorityLock(office: Office, lock: LockTable): AuthorityLock {
  return { name: { lockId: lock.lock_id, epoch: lock.epoch }, keys: openLockKeys(office, lock) };
}

/** Digits as they are sealed. */
export function sealDigits(office: Office, codeId: string, digits: string): Bytes {
  return office.vault.seal("code", codeId, new TextEncoder().encode(digits));
}

export function openDigits(office: Office, code: { readonly id: string; readonly sealed: Bytes }): string {
  return new TextDecoder().decode(office.vault.open("code", code.id, code.sealed));
}
