/**
 * `account add`: the first accounts of a property, by whoever runs the service. What managers do for their people goes
 * over HTTP and is not here.
 */
import { readFileSync } from "node:fs";
import { type NewAccount, openAccount } from "../desk/accounts.ts";
import { beginReset, resetSeconds } from "../desk/password.ts";
import { grant } from "../model/denial.ts";
import { passwordCharactersMax } from "../model/password.ts";
import { findProperty, type Office } from "../office/office.ts";
import { unitsOf } from "../store/houses.ts";
import { nameKey } from "../store/registry.ts";
import { Trouble } from "../trouble.ts";
import { noteCommand } from "./audit.ts";
import type { Cli } from "./context.ts";
import type { BaseFlags } from "./flags.ts";
import { sayDecision, withOffice } from "./session.ts";

export interface AccountFlags extends BaseFlags {
  readonly name: string;
  readonly email: string;
  readonly property?: string;
  readonly role?: "manager" | "resident" | "host";
  readonly unit?: string;
  readonly vendor: boolean;
  readonly passwordFile?: string;
}

export async function accountAdd(this: Cli, flags: AccountFlags): Promise<void> {
  await withOffice(this, flags, async (office, say) => {
    const { name, email, vendor: isVendor, passwordFile } = flags;
    const standing = await standingOf(office, flags);
    const password = passwordFile === undefined ? undefined : readPassword(passwordFile);
    const opened = await openAccount(office, {
      name,
      email,
      isVendor,
      ...(standing === undefined ? {} : { standing }),
      ...(password === undefined ? {} : { password }),
    });
    if (!opened.ok) {
      sayDecision(this, flags, say, opened, () => []);
      return;
    }
    const { accountId, personId } = opened.value;
    // The vendor's people stand in no property's book.
    if (standing !== undefined)
      await noteCommand(office, "cli.accountAdd", { propertyId: standing.propertyId, personId });
    const resetToken = password === undefined ? await beginReset(office, accountId) : null;
    const done = { account: accountId, person: personId, name, email, resetToken };
    sayDecision(this, flags, say, grant(done), () => [
      `added the account of "${name}" (${email})`,
      ...(resetToken === null
        ? []
        : [
            `reset token, good once and for ${resetSeconds / 60} minutes: ${resetToken}`,
            `next: whoever it is opens URL/reset#${resetToken} and chooses a password; URL is what serve says`,
          ]),
    ]);
  });
}

/** Undefined: the vendor's people stand nowhere. Trouble where role, unit and property do not go together. */
async function standingOf(office: Office, flags: AccountFlags): Promise<NewAccount["standing"]> {
  const { role, unit, vendor, property } = flags;
  if (vendor) {
    if (role === undefined && unit === undefined && property === undefined) return undefined;
    throw new Trouble(
      "the vendor's people have no role at a property",
      "leave out --role, --unit and --property",
    );
  }
  if (role === undefined)
    throw new Trouble("an account needs a role", "say --role manager, resident or host, or --vendor");
  const { id: propertyId } = await findProperty(office, property);
  // Without its unit, a resident would be one at every door.
  if (role === "manager" ? unit !== undefined : unit === undefined) {
    const why = role === "manager" ? "a manager has no unit" : `a ${role} belongs to a unit`;
    throw new Trouble(why, role === "manager" ? "leave out --unit" : "name it with --unit");
  }
  return { propertyId, unitId: unit === undefined ? "" : await unitId(office, propertyId, unit), role };
}

async function unitId(office: Office, propertyId: string, name: string): Promise<string> {
  const units = await unitsOf(office.db, propertyId);
  const found = units.find((unit) => nameKey(unit.name) === nameKey(name));
  if (found !== undefined) return found.id;
  const known = units.length === 0 ? "there is none yet" : `known: ${namesOf(units)}`;
  throw new Trouble(
    `no unit is named "${name}" (${known})`,
    "let a manager add it, or add its door with: door add --name NAME --unit UNIT",
  );
}

const namesShownMax = 8;

function namesOf(units: readonly { readonly name: string }[]): string {
  const some = units.slice(0, namesShownMax).map(({ name }) => `"${name}"`);
  return `${some.join(", ")}${units.length > namesShownMax ? " …" : ""}`;
}

/** UTF-8 takes four bytes for a character at most, and a line may end in two more. */
const passwordFileBytesMax: number = 4 * passwordCharactersMax + 2;

/** The file's one line. */
function readPassword(file: string): string {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new Trouble(
      `the password file ${file} cannot be read`,
      "name a file that holds the password alone",
      {
        cause: error,
      },
    );
  }
  const text = bytes.length > passwordFileBytesMax ? "\n\n" : new TextDecoder().decode(bytes);
  const line = text.replace(/\r?\n$/, "");
  if (!/[\r\n]/.test(line)) return line;
  throw new Trouble(`the password file ${file} holds more than one line`, "let it hold the password alone");
}
