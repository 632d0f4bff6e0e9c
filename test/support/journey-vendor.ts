/**
 * The vendor's support: an account of its own, and what it could do at worst. It knows the lock's id and every key that lock and property share, and signs a table
 * in which its own code is the only one. The property's signing key it has not.
 */
import { openAccount } from "@doorsync/authority/service";
import * as authority from "@doorsync/protocol/authority";
import { openLockKeys } from "../../packages/authority/src/office/office.ts";
import { presentLock } from "../../packages/authority/src/store/registry.ts";
import { bytesOf, crypto, inForce } from "../world.ts";
import { joinPhone, type Phone } from "./journey-phone.ts";
import { password, type Service } from "./service.ts";
import type { Hung } from "./service-door.ts";

/** Somebody of the vendor's support logs in on a phone. */
export async function vendorsPhone(service: Service): Promise<Phone> {
  const email = "support@vendor.example";
  const opened = await openAccount(service.office(), { name: "Support", email, password, isVendor: true });
  if (!opened.ok) throw new Error(opened.denial);
  return await joinPhone(service, email);
}

/** `signer`: whose key signs it. By the property's the lock must take it, or the test shows nothing. */
export async function vendorsTable(
  service: Service,
  { doorId, lock }: Hung,
  digits: string,
  signer: "vendor" | "property",
): Promise<authority.Issued> {
  const office = service.office();
  const row = await presentLock(office.db, doorId);
  if (row === undefined) throw new Error("no lock hangs there");
  const keys = openLockKeys(office, row);
  const items = [
    authority.plainRule(1, "code", 0, true),
    authority.alwaysCredential(authority.firstCredentialId, 1, authority.pinTag(crypto, keys.pin, digits)),
  ];
  const packed = authority.concat(...items.map(authority.encodeItem));
  const table = authority.tableFromItems(crypto, keys.digest, packed);
  if (!table.ok) throw new Error(table.check);
  const seed = signer === "vendor" ? bytesOf("vendor", 32) : office.keys.table;
  const to = (inForce(lock)?.version ?? 0) + 1;
  return authority.issueSnapshot(
    crypto,
    seed,
    { name: { lockId: row.lock_id, epoch: row.epoch }, keys },
    { table: table.value, to, issuedAt: office.now, lifeHours: 168 },
  );
}
