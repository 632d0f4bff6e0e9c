/**
 * The keypad's notebook: what has to outlive the battery beside the table. Attempts, uses of credentials that have a
 * limit, the last day whose daily doorcode was taken, boots, and hourly marks of powered uptime and of the clock. Pure:
 * it plans storage operations; what an attempt or a use allows is said in `guessing.ts` and `door.ts`.
 *
 * Two groups of sectors take turns; each holds slots (`slot.ts`) and a header with its generation. Time is powered
 * uptime in seconds; it resumes from the largest stored value. Invariants:
 * 1. What is noted is in flash, read back, before anybody acts on it: before a code is compared, before a limited
 *    credential opens. An attempt counts as wrong until its success word is in.
 * 2. The first word of every slot is the same, and read back before the rest is programmed. A torn or lost one is
 *    finished by the next slot; any other touched word lies in a slot that does not read blank.
 * 3. A group is left only when it is full, did not read back, or holds uses of credentials that are gone and has no
 *    room for another. What still matters was carried over and read back before either header of the new group is
 *    begun. Boot programs the headers in force again and erases a group that was about to take over. Its header may
 *    have been begun, and read whole tomorrow, from a group half erased: so boot first writes outside it, in the group
 *    in force, that its generation is void. Where a void was torn and the header reads whole, boot writes behind it that
 *    the generation is kept, before anything is noted there. Only a decision that is the last and was read back is acted
 *    on; a torn one lies before it for ever. A void at place i of group g names g + 1 + i, and a move takes
 *    g + 1 + the places in use: no void names a generation that comes after it, however torn, for boot puts another
 *    void behind one that is. A group is erased header first, decisions last, so that none of them outlives a later
 *    one. Each power cut costs a place at most; when 16 are gone in one group, boot erases without a void, rather than
 *    close the keypad for ever: what is noted stays safe, but for two more cuts as unlucky as those above.
 * 4. A slot torn before it was read back was never acted on, so it does not matter whether it counts. Boot programs the
 *    last slot again, and those of the uses and the day, on which a door opens without another note: what it believes of
 *    them does not change any more.
 * 5. Uses and the day never go down, nor does a count by which of two slots lies behind. Uses are dropped only with the
 *    group, and only if `StillMatters` says so.
 * 6. An operation that did not read back leaves its slot used up (`afterFailure`): no word gets a second value.
 */
import type { Bytes } from "@doorsync/protocol/lock";
import { type Geometry, wordBytes } from "./geometry.ts";
import { type Attempt, attemptsThatMatter } from "./guessing.ts";
import {
  type Decision,
  decisionSlot,
  decisionsOf,
  encodeSlot,
  type GroupIndex,
  generationOf,
  groupBytes,
  headerAddresses,
  headerWord,
  openWord,
  readSlot,
  type Slot,
  sectorsOf,
  slotAddress,
  slotBytes,
  slotsPerGroup,
  successWord,
} from "./slot.ts";
import type { StorageOp } from "./store.ts";
import { strictest, type Use, usesBeside, withUse } from "./uses.ts";

/** How often uptime and the clock are written down. */
export const markSeconds = 3_600;

/** Boots are remembered for an hour of uptime, and no more than tell a loop from a change of battery. */
export const bootsRememberedSeconds = 3_600;
export const bootsRememberedMax = 16;

/** Words that did not take and are passed over until power is cut. */
const avoidedMax = 32;

export interface Notebook {
  readonly geometry: Geometry;
  readonly group: GroupIndex;
  readonly generation: number;
  /** Places in use of those for decisions about the other group. */
  readonly decisions: number;
  /** Where the next free slot is looked for. */
  readonly slot: number;
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
  /** One for each credential and mark; the latest last. */
  readonly uses: readonly Use[];
  /** Largest uptime written down. */
  readonly uptimeSeconds: number;
  /** Uptime of the last mark. */
  readonly markedSeconds: number;
  /** Lower bound of the time by the clock at the last mark, seconds since 1970; 0: none. */
  readonly rtcMarkSeconds: number;
  /** Since when the clock's drift counts, by its last time token; seconds since 1970, 0: none. */
  readonly clockSetSeconds: number;
  /** The last local day whose daily doorcode was taken; -1: none. */
  readonly lastDay: number;
  /** Under whom: issuedAt of the commission. */
  readonly dayOwner: number;
  /** Uptimes of the boots of the last hour. */
  readonly boots: readonly number[];
  /** Where the last attempt lies, while it can still be called right. */
  readonly attemptSlot: number | undefined;
  /** Addresses where something did not read back. */
  readonly avoided: readonly number[];
}

/** Take `after` once every operation was read back, `afterFailure` if one was not. */
export interface NotebookPlan {
  readonly ops: readonly StorageOp[];
  readonly after: Notebook;
}

/** Whether the credential of a use is in the table in force, with that mark; asked when uses are carried over. */
export type StillMatters = (use: Use) => boolean;

/** What a slot adds to memory; the same when it is written and when it is read. */
function withSlot(notebook: Notebook, slot: Slot): Notebook {
  switch (slot.kind) {
    case "attempt": {
      const { uptimeSeconds, right } = slot;
      const attempts = [...notebook.attempts, { uptimeSeconds, right }];
      return { ...laterThan(notebook, uptimeSeconds), attempts };
    }
    case "mark":
      return {
        ...laterThan(notebook, slot.uptimeSeconds),
        markedSeconds: slot.uptimeSeconds,
        rtcMarkSeconds: slot.rtcSeconds,
      };
    case "clock":
      return { ...notebook, clockSetSeconds: slot.setSeconds, rtcMarkSeconds: slot.rtcSeconds };
    case "use": {
      const { credential, mark, count, firstSeconds } = slot;
      return { ...notebook, uses: withUse(notebook.uses, { credential, mark, count, firstSeconds }) };
    }
    case "day":
      return {
        ...notebook,
        lastDay: lastDayOf(notebook, slot.owner, slot.day),
        dayOwner: slot.owner,
      };
    case "boot":
      return { ...notebook, boots: [...notebook.boots, slot.uptimeSeconds].slice(-bootsRememberedMax) };
    case "void":
    case "kept":
      return notebook;
    default:
      throw new TypeError(`no such slot: ${String(slot satisfies never)}`);
  }
}

function laterThan(notebook: Notebook, uptimeSeconds: number): Notebook {
  return { ...notebook, uptimeSeconds: Math.max(notebook.uptimeSeconds, uptimeSeconds) };
}

function recentBoots({ boots }: Notebook, uptimeSeconds: number): readonly number[] {
  return boots.filter((at) => uptimeSeconds - at < bootsRememberedSeconds);
}

/** The slots from `from` on that are not passed over. */
function usableSlots({ geometry, avoided }: Notebook, group: GroupIndex, from: number): readonly number[] {
  const usable: number[] = [];
  for (let slot = from; slot < slotsPerGroup(geometry); slot++) {
    const start = slotAddress(geometry, group, slot);
    if (!avoided.some((at) => at >= start && at < start + slotBytes)) usable.push(slot);
  }
  return usable;
}

/** Each piece is read back before the next: no word but the open word is ever touched in a slot that reads blank. */
function slotOps(geometry: Geometry, group: GroupIndex, index: number, slot: Slot): readonly StorageOp[] {
  const address = slotAddress(geometry, group, index);
  return [
    { kind: "program", address, bytes: openWord },
    { kind: "program", address: address + wordBytes, bytes: encodeSlot(slot) },
  ];
}

/** A header that did not take is left to its copy; if neither did, both are tried. */
function headerOps(
  geometry: Geometry,
  group: GroupIndex,
  generation: number,
  avoided: readonly number[],
): readonly StorageOp[] {
  const both = headerAddresses(geometry, group);
  const sound = both.filter((address) => !avoided.includes(address));
  const bytes = headerWord(generation);
  return (sound.length === 0 ? both : sound).map((address) => ({ kind: "program", address, bytes }));
}

function eraseOps(geometry: Geometry, group: GroupIndex): readonly StorageOp[] {
  return sectorsOf(geometry, group).map((sector) => ({ kind: "erase", sector }));
}

/** Into the other group, with what still matters. */
function planMove(notebook: Notebook, stillMatters: StillMatters): NotebookPlan {
  const { geometry, uptimeSeconds, rtcMarkSeconds, clockSetSeconds, lastDay, dayOwner } = notebook;
  const group = notebook.group === 0 ? 1 : 0;
  const generation = notebook.generation + 1 + notebook.decisions;
  const usable = usableSlots(notebook, group, 0);
  const beside: readonly Slot[] = [
    { kind: "mark", uptimeSeconds, rtcSeconds: rtcMarkSeconds },
    ...(clockSetSeconds === 0
      ? []
      : [{ kind: "clock", setSeconds: clockSetSeconds, rtcSeconds: rtcMarkSeconds } as const]),
    ...attemptsThatMatter(notebook.attempts, uptimeSeconds).map((one): Slot => ({ kind: "attempt", ...one })),
    ...recentBoots(notebook, uptimeSeconds).map((at): Slot => ({ kind: "boot", uptimeSeconds: at })),
    ...(lastDay < 0 ? [] : [{ kind: "day", day: lastDay, owner: dayOwner } as const]),
  ];
  // Room for one slot more, whatever a torn group pretends to hold.
  const usesRoom = Math.max(0, usable.length - beside.length - 1);
  const uses = notebook.uses.filter(stillMatters);
  const carried = [
    ...beside,
    ...uses.slice(Math.max(0, uses.length - usesRoom)).map((use): Slot => ({ kind: "use", ...use })),
  ];
  const empty: Notebook = { ...notebook, attempts: [], uses: [], boots: [], lastDay: -1 };
  const after = carried.reduce(withSlot, empty);
  const next = usable[carried.length];
  if (next === undefined) throw new Error("a group without room for what is carried over and one slot more");
  const ops = carried.flatMap((slot, index) => slotOps(geometry, group, usable[index] as number, slot));
  return {
    ops: [...eraseOps(geometry, group), ...ops, ...headerOps(geometry, group, generation, notebook.avoided)],
    after: {
      ...after,
      group,
      generation,
      decisions: 0,
      slot: next,
      attemptSlot: undefined,
    },
  };
}

/** One slot more; if there is none, after moving into the other group. */
function planSlot(notebook: Notebook, slot: Slot, stillMatters: StillMatters): NotebookPlan {
  const stays = usableSlots(notebook, notebook.group, notebook.slot).length > 0;
  const room = stays ? { ops: [], after: notebook } : planMove(notebook, stillMatters);
  const { geometry, group } = room.after;
  const [index] = usableSlots(room.after, group, room.after.slot);
  if (index === undefined) throw new Error("a fresh group without a slot");
  return {
    ops: [...room.ops, ...slotOps(geometry, group, index, slot)],
    after: { ...withSlot(room.after, slot), slot: index + 1 },
  };
}

/** Writes an attempt down, as wrong. Only then may the code be compared. */
export function planAttempt(
  notebook: Notebook,
  uptimeSeconds: number,
  stillMatters: StillMatters,
): NotebookPlan {
  const attempts = attemptsThatMatter(notebook.attempts, uptimeSeconds);
  const now = laterThan({ ...notebook, attempts }, uptimeSeconds);
  const { ops, after } = planSlot(now, { kind: "attempt", uptimeSeconds, right: false }, stillMatters);
  return { ops, after: { ...after, attemptSlot: after.slot - 1 } };
}

/**
 * The attempt just written was right after all. The door need not wait for this; if it is lost, or the group was left
 * meanwhile, the attempt goes on counting as wrong after the next power-on. Throws without an attempt.
 */
export function planSuccess(notebook: Notebook): NotebookPlan {
  const attempt = notebook.attempts.at(-1);
  if (attempt === undefined) throw new TypeError("a success without an attempt");
  const { geometry, group, attemptSlot } = notebook;
  const attempts = [...notebook.attempts.slice(0, -1), { ...attempt, right: true }];
  const after = { ...notebook, attempts, attemptSlot: undefined };
  if (attemptSlot === undefined) return { ops: [], after };
  const address = slotAddress(geometry, group, attemptSlot) + 2 * wordBytes;
  return { ops: [{ kind: "program", address, bytes: successWord }], after };
}

/**
 * Writes a use down; only then may the credential open. "full": so many other credentials' uses are remembered that
 * this one could not be, so it must not open.
 */
export function planUse(notebook: Notebook, use: Use, stillMatters: StillMatters): NotebookPlan | "full" {
  const others = usesBeside(notebook.uses, use);
  const isCrowded = others.length >= notebook.geometry.usesMax;
  if (isCrowded && others.filter(stillMatters).length >= notebook.geometry.usesMax) return "full";
  const slot: Slot = { kind: "use", ...strictest(notebook.uses, use) };
  // Moving drops the uses of credentials that are gone.
  return planSlot(isCrowded ? unfirm(notebook) : notebook, slot, stillMatters);
}

/** The day whose daily doorcode is about to open; no operations if it was taken before. */
export function planDay(
  notebook: Notebook,
  owner: number,
  day: number,
  stillMatters: StillMatters,
): NotebookPlan {
  if (day <= lastDayOf(notebook, owner)) return { ops: [], after: notebook };
  return planSlot(notebook, { kind: "day", day, owner }, stillMatters);
}

/** The last day taken under this owner, or `day` if it is later; -1 for none. Another owner's days do not count. */
export function lastDayOf({ lastDay, dayOwner }: Notebook, owner: number, day = -1): number {
  return owner === dayOwner ? Math.max(lastDay, day) : day;
}

/** Notes this boot; no operations where a loop of boots is on record already, so that it cannot wear the flash out. */
export function planBoot(
  notebook: Notebook,
  uptimeSeconds: number,
  stillMatters: StillMatters,
): NotebookPlan {
  const boots = recentBoots(notebook, uptimeSeconds);
  if (boots.length >= bootsRememberedMax) return { ops: [], after: { ...notebook, boots } };
  return planSlot({ ...notebook, boots }, { kind: "boot", uptimeSeconds }, stillMatters);
}

/** Hourly, uptime and the lower bound of the time, which never falls by this. */
export function planMark(
  notebook: Notebook,
  uptimeSeconds: number,
  lowerSeconds: number,
  stillMatters: StillMatters,
): NotebookPlan {
  if (uptimeSeconds < notebook.markedSeconds + markSeconds) return { ops: [], after: notebook };
  const rtcSeconds = Math.max(notebook.rtcMarkSeconds, lowerSeconds);
  const now = laterThan(notebook, uptimeSeconds);
  return planSlot(now, { kind: "mark", uptimeSeconds: now.uptimeSeconds, rtcSeconds }, stillMatters);
}

/** What the authority says of the time stands, even where it is earlier; the clock's drift counts from `setSeconds`. */
export function planClockSet(
  notebook: Notebook,
  uptimeSeconds: number,
  rtcSeconds: number,
  setSeconds: number,
  stillMatters: StillMatters,
): NotebookPlan {
  // The mark first: from it uptime counts, and a new time with an old uptime would run ahead.
  const mark = planSlot(
    laterThan(notebook, uptimeSeconds),
    { kind: "mark", uptimeSeconds, rtcSeconds },
    stillMatters,
  );
  const clock = planSlot(mark.after, { kind: "clock", setSeconds, rtcSeconds }, stillMatters);
  return { ops: [...mark.ops, ...clock.ops], after: clock.after };
}

/** The notebook whose group could not be made firm at boot: the next slot goes into the other group. */
export function unfirm(notebook: Notebook): Notebook {
  return { ...notebook, slot: slotsPerGroup(notebook.geometry) };
}

/**
 * After operation `at` of `plan` did not read back, and nobody has acted on it. Several plans, each made on the `after`
 * of the one before, may be one plan here. Attempts count all the same; uses and the day do not. What is planned next
 * passes over the words that did not take, and marks are not tried again before the next hour.
 */
export function afterFailure(before: Notebook, { ops, after }: NotebookPlan, at: number): Notebook {
  const failed = ops[at];
  const taken = failed?.kind === "program" ? [failed.address] : [];
  const avoided = [...before.avoided.filter((one) => !taken.includes(one)), ...taken].slice(-avoidedMax);
  const { markedSeconds } = after;
  const { geometry, uses, lastDay, dayOwner, rtcMarkSeconds, clockSetSeconds } = before;
  const headers = headerAddresses(geometry, after.group);
  const lastHeader = ops.findLastIndex((op) => op.kind === "program" && headers.includes(op.address));
  if (at <= lastHeader) return { ...unfirm(before), markedSeconds, avoided };
  return { ...after, uses, lastDay, dayOwner, rtcMarkSeconds, clockSetSeconds, avoided };
}

function blankNotebook(geometry: Geometry): Notebook {
  return {
    geometry,
    group: 0,
    generation: 1,
    decisions: 0,
    slot: 0,
    attempts: [],
    uses: [],
    uptimeSeconds: 0,
    markedSeconds: 0,
    rtcMarkSeconds: 0,
    clockSetSeconds: 0,
    lastDay: -1,
    dayOwner: 0,
    boots: [],
    attemptSlot: undefined,
    avoided: [],
  };
}

/**
 * The notebook after power-on, and what to execute before anything is noted; `unfirm` if one of these does not read
 * back. Blank flash is an empty notebook.
 */
export function restoreNotebook(
  geometry: Geometry,
  image: Bytes,
): { readonly notebook: Notebook; readonly repairs: readonly StorageOp[] } {
  const generations = [generationOf(geometry, image, 0), generationOf(geometry, image, 1)] as const;
  const decided = [decisionsOf(geometry, image, 0), decisionsOf(geometry, image, 1)] as const;
  const newer: GroupIndex = generations[1] > generations[0] ? 1 : 0;
  const older: GroupIndex = newer === 0 ? 1 : 0;
  const verdict = generations[older] === 0 ? undefined : decided[older].last;
  const isNewerVoid = verdict?.kind === "void" && verdict.generation >= generations[newer];
  const [group, other] = isNewerVoid ? [older, newer] : [newer, older];
  const generation = generations[group];
  const blank = blankNotebook(geometry);
  if (generation === 0) {
    return { notebook: blank, repairs: [...eraseOps(geometry, 0), ...headerOps(geometry, 0, 1, [])] };
  }

  let notebook: Notebook = { ...blank, group, generation };
  let last: readonly StorageOp[] = [];
  /** The latest slot of each use, and of the day. */
  const relied = new Map<string, readonly StorageOp[]>();
  for (let index = 0; index < slotsPerGroup(geometry); index++) {
    const slot = readSlot(image, slotAddress(geometry, group, index));
    if (slot === "blank") continue;
    last = slot === "torn" ? [] : slotOps(geometry, group, index, slot);
    if (slot !== "torn" && (slot.kind === "use" || slot.kind === "day"))
      relied.set(slot.kind === "day" ? "day" : `${slot.credential} ${slot.mark}`, last);
    notebook = { ...(slot === "torn" ? notebook : withSlot(notebook, slot)), slot: index + 1 };
  }
  const { last: before, used, isTorn } = decided[group];
  const wasTakingOver =
    isNewerVoid ||
    (generations[other] === 0 && groupBytes(geometry, image, other).some((byte) => byte !== 0xff));
  const decide = (where: GroupIndex, decision: Decision): readonly StorageOp[] => {
    const index = decisionSlot(geometry, decided[where], decision);
    return index === undefined ? [] : slotOps(geometry, where, index, decision);
  };
  const isDecided = isNewerVoid && !isTorn && before !== undefined;
  const refusal: Decision = isDecided ? before : { kind: "void", generation: generation + 1 + used };
  const refused = wasTakingOver || isTorn ? decide(group, refusal) : [];
  return {
    notebook: {
      ...notebook,
      decisions: refused.length === 0 || isDecided ? used : used + 1,
      boots: recentBoots(notebook, notebook.uptimeSeconds),
    },
    repairs: [
      ...headerOps(geometry, group, generation, []),
      ...refused,
      ...(wasTakingOver ? eraseOps(geometry, other) : []),
      ...(wasTakingOver || generations[other] === 0 ? [] : decide(other, { kind: "kept", generation })),
      ...[...relied.values()].flatMap((ops) => (ops === last ? [] : ops)),
      ...last,
    ],
  };
}
