/** How far a door's lock has come, in one word: said the same in lists, at the door, on phones and on the command line. */

/** absent: no lock. offered: a commission is on its way. commissioned: no version proven yet. owned: one is. */
export const lockStates = ["absent", "offered", "commissioned", "owned"] as const;
export type LockState = (typeof lockStates)[number];

/** `proven`: the last version that the lock has proven; null or undefined where none answers to the property. */
export function lockState(proven: number | null | undefined, isOffered: boolean): LockState {
  if (proven === null || proven === undefined) return isOffered ? "offered" : "absent";
  return proven === 0 ? "commissioned" : "owned";
}
