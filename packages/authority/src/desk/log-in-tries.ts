/**
 * What is known of tries to log in: which of them count together, which are forgotten once one succeeds, and from where
 * an account was logged in before. How many there may be stands in `model/limit.ts`.
 */
import type { Office } from "../office/office.ts";
import { emailKey } from "../store/accounts.ts";
import type { Reader } from "../store/registry.ts";
import {
  attemptedSince,
  forgetAttempt,
  forgetAttemptsOf,
  forgetAttemptsUnder,
  knownPrefix,
  noteAttempt,
} from "../store/trail.ts";

/** For so long a place is known from which somebody logged in. */
export const knownSeconds: number = 90 * 86_400;

const groupsOfNetwork = 4;

/** One place on the network: of IPv6 the first 64 bits, because who has one such address has all that share them. */
export function placeOf(address: string): string {
  if (!address.includes(":") || address.includes(".")) return address.replace(/^::ffff:/i, "");
  const [head = "", tail] = address.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => "0"), ...after];
  return groups
    .slice(0, groupsOfNetwork)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":");
}

/** Whether this account was logged in from there within the last 90 days. The place lies in the database as a mark. */
export async function isKnownPlace(office: Office, email: string, address: string): Promise<boolean> {
  return await attemptedSince(office.db, knownKey(office, email, address), office.now - knownSeconds);
}

/** Whoever knows the password was not guessing it: what counted against them is forgotten, their place is known. */
export async function noteLogIn(
  office: Office,
  db: Reader,
  { email, address }: { readonly email: string; readonly address: string },
): Promise<void> {
  const place = placeOf(address);
  const key = emailKey(email);
  await forgetAttemptsOf(db, `logIn/${key} ${place}`);
  // Of what others tried too, only this one.
  await forgetAttempt(db, `logInAnywhere/${key}`, office.now);
  await forgetAttempt(db, `logInFrom/${place}`, office.now);
  const known = knownKey(office, email, address);
  await forgetAttemptsOf(db, known);
  await noteAttempt(db, known, office.now);
}

/** Whoever tried to guess a password that is no more does not keep its owner out, from wherever they tried. */
export async function forgetTriesAt(db: Reader, key: string): Promise<void> {
  await forgetAttemptsUnder(db, `logIn/${key} `);
  await forgetAttemptsOf(db, `logInAnywhere/${key}`);
}

function knownKey(office: Office, email: string, address: string): string {
  return `${knownPrefix}${office.vault.mark("place", `${emailKey(email)} ${placeOf(address)}`)}`;
}
