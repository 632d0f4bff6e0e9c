/** When somebody's codes were last wished otherwise, from the feed of changes. Rows only; what is late is decided elsewhere. */
import type { Reader } from "./registry.ts";
import { handedDetail } from "./trail.ts";

/** What the feed notes when a code is asked for, changed or taken away; proofs are noted as `code.set` and the like. */
const wishKinds = ["code.unset", "code.setting", "code.removing"];

/** Seconds since 1970 by person, of those who wished for anything at this door. */
export async function lastWishes(
  db: Reader,
  doorId: string,
  personIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (personIds.length === 0) return new Map();
  const rows = await db
    .selectFrom("changes")
    .select("person_id")
    .select(({ fn }) => fn.max("at").as("at"))
    .where("door_id", "=", doorId)
    .where("person_id", "in", [...personIds])
    .where("kind", "in", wishKinds)
    .where("detail", "is distinct from", handedDetail)
    .groupBy("person_id")
    .execute();
  return new Map(rows.map(({ person_id, at }) => [person_id ?? "", at ?? 0]));
}
