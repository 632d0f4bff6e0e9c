/**
 * Which doors a phone is served in one answer, where it may serve more than one answer holds: those that matter most
 * first, and in the end every one. Pure; not whether a door has anything to be carried.
 */

/** Doors served in one call. */
export const doorsPerFetchMax = 64;
/** Places of them that go by turns alone, however many doors are pending: nobody waits for ever. */
export const placesByTurn = 16;

export interface ServableDoor {
  readonly id: string;
  /** The phone owner's own comes first, then one at which something waits. */
  readonly rank: "own" | "waiting" | "other";
  /** In which turn this phone was served it last; undefined: never. */
  readonly turn: number | undefined;
}

/** Ids in no order. Within a rank, and for the places by turn, the least recently served. */
export function doorsOfTurn(doors: readonly ServableDoor[]): readonly string[] {
  if (doors.length <= doorsPerFetchMax) return doors.map(({ id }) => id);
  const byTurn = [...doors].sort(
    (a, b) => (a.turn ?? -1) - (b.turn ?? -1) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0),
  );
  const chosen = new Set<string>();
  for (const first of ["own", "waiting"] as const)
    for (const { id, rank } of byTurn)
      if (rank === first && chosen.size < doorsPerFetchMax - placesByTurn) chosen.add(id);
  for (const { id } of byTurn) if (chosen.size < doorsPerFetchMax) chosen.add(id);
  return [...chosen];
}
