/** The phones by which people open doors: the public half of each one's key. Rows only; what a key opens, ledgers say. */
import type { Bytes } from "@doorsync/protocol/authority";
import type { Reader } from "./registry.ts";
import type { AppKeyTable } from "./schema.ts";

export async function appKeyOf(db: Reader, personId: string): Promise<AppKeyTable | undefined> {
  return await db.selectFrom("app_keys").selectAll().where("person_id", "=", personId).executeTakeFirst();
}

/** In place of the one that there was. */
export async function putAppKey(db: Reader, key: AppKeyTable): Promise<void> {
  await db
    .insertInto("app_keys")
    .values(key)
    .onConflict((conflict) => conflict.column("person_id").doUpdateSet(key))
    .execute();
}

export async function dropAppKey(db: Reader, personId: string): Promise<void> {
  await db.deleteFrom("app_keys").where("person_id", "=", personId).execute();
}

/** Keys whose phone is logged in no more: of one account, or of all. */
export async function appKeysOver(
  db: Reader,
  accountId: string | undefined,
  now: number,
): Promise<readonly AppKeyTable[]> {
  const all = db
    .selectFrom("app_keys")
    .selectAll()
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom("sessions")
            .select("sessions.phone_id")
            .whereRef("sessions.phone_id", "=", "app_keys.phone_id")
            .where("sessions.expires_at", ">", now),
        ),
      ),
    )
    .orderBy("person_id");
  return await (accountId === undefined ? all : all.where("account_id", "=", accountId)).execute();
}

/** Whether somebody else's phone has this key. */
export async function isKeyOfAnother(db: Reader, publicKey: Bytes, personId: string): Promise<boolean> {
  const row = await db
    .selectFrom("app_keys")
    .select("person_id")
    .where("public_key", "=", publicKey)
    .where("person_id", "<>", personId)
    .executeTakeFirst();
  return row !== undefined;
}

/** People at whose doors a phone's key is to open, though no phone of theirs has one. */
export async function keysWithoutPhone(db: Reader): Promise<readonly string[]> {
  const rows = await db
    .selectFrom("codes")
    .select("person_id")
    .distinct()
    .where("class", "=", "app")
    .where("revoked", "=", false)
    .where((row) =>
      row.not(
        row.exists(
          row
            .selectFrom("app_keys")
            .select("app_keys.person_id")
            .whereRef("app_keys.person_id", "=", "codes.person_id"),
        ),
      ),
    )
    .execute();
  return rows.map((row) => row.person_id);
}
