/**
 * What single plans and judgements do at bounds that a whole lock keeps away from: a bank, a ring or a slot without
 * room, a sector that is no good, an item or an event that nobody can read. They refuse, pass over, or throw; nothing
 * opens. The same bounds met by a whole lock are in `what-rarely-happens.test.ts`.
 */
import * as authority from "@doorsync/protocol/authority";
import {
  alarmCodes,
  credentialTag,
  decodedCredential,
  emptyTable,
  firstCredentialId,
  itemBytes,
  itemId,
} from "@doorsync/protocol/lock";
import { describe, expect, test } from "vitest";
import { planChore } from "../packages/lock-sim/src/firmware/chores.ts";
import { nextLine } from "../packages/lock-sim/src/firmware/diary.ts";
import { judge } from "../packages/lock-sim/src/firmware/door.ts";
import { geometryFor, journalSectors } from "../packages/lock-sim/src/firmware/geometry.ts";
import {
  blankJournal,
  headerOp,
  type Journal,
  journalSectorAddress,
  journalWord,
  mayAppend,
  planMend,
  planReclaim,
  planWipe,
  slotAddress,
  slotsPerSector,
  worn,
} from "../packages/lock-sim/src/firmware/journal.ts";
import { restoreJournal } from "../packages/lock-sim/src/firmware/journal-boot.ts";
import {
  afterFailure,
  planAttempt,
  planClockSet,
  unfirm,
} from "../packages/lock-sim/src/firmware/notebook.ts";
import { encodeRecord, purposes } from "../packages/lock-sim/src/firmware/record.ts";
import { isWiping } from "../packages/lock-sim/src/firmware/reset.ts";
import { blankCalendar, readInto } from "../packages/lock-sim/src/firmware/schedule.ts";
import { headerAddresses } from "../packages/lock-sim/src/firmware/slot.ts";
import {
  bankEnd,
  blankStore,
  planActivate,
  planBlock,
  planDelta,
  planFloor,
  program,
  recordOps,
  type Store,
} from "../packages/lock-sim/src/firmware/store.ts";
import { running } from "./support/cut-scenarios.ts";
import { append, execute, newBench, geometry as ring } from "./support/journal-rig.ts";
import { commission, crypto, deliver, makeLock, noon } from "./world.ts";

const geometry = geometryFor(70);
const home = makeLock("bounds");
const property = commission(home, "bounds");
deliver(home, property.snapshot(property.tableOf(new Map([[0, "4821"]]))));
const state = running(home);
const { store } = state;
const delta = { from: 1, to: 2, issuedAt: noon, state: new Uint8Array(8), removes: [], puts: [] };
const block = { items: new Uint8Array(itemBytes), next: new Uint8Array(32), digest: new Uint8Array(32) };
const begin = {
  epoch: 1,
  generation: 9,
  to: 1,
  issuedAt: noon,
  floorSeconds: 0,
  items: 2,
  purpose: purposes.compaction,
  state: state.inForce.state,
  root: new Uint8Array(32),
  siv: new Uint8Array(16),
};

/** The store while a bank is open; without room for anything more. */
function open(items: number): Store {
  const { bank } = store.spare;
  const appendAt = bankEnd(geometry, bank);
  return { ...store, spare: { kind: "open", bank, begin, appendAt, blocks: 0, items } };
}

describe("the table's banks", () => {
  test("take no delta without a table, and none that starts elsewhere", () => {
    expect(planDelta(blankStore(geometry, { bank: 0, generation: 0 }), delta)).toBe("full");
    expect(planDelta(store, delta)).not.toBe("full");
    expect(() => planDelta(store, { ...delta, from: 5 })).toThrow(RangeError);
  });

  test("take no block, no activation and no time without room, and no block beyond what was announced", () => {
    expect(planBlock(open(0), block)).toBe("full");
    expect(() => planBlock(open(2), block)).toThrow(RangeError);
    expect(() => planBlock(open(0), { ...block, items: new Uint8Array(0) })).toThrow(RangeError);
    expect(planActivate({ ...open(2), floorSeconds: noon + 1 })).toBe("full");
    const { force } = store;
    if (force === undefined) throw new Error("no table");
    const full = { ...store, force: { ...force, appendAt: bankEnd(geometry, force.bank) } };
    expect(planFloor(full, noon + 9_000)).toBe("full");
  });

  test("give up a compaction that finds no room, or that is of an older table", () => {
    const { force } = store;
    if (force === undefined) throw new Error("no table");
    const { table } = state.inForce;
    const held = { ...state.inForce, epoch: 1 };
    for (const spoiled of [open(0), { ...open(0), force: { ...force, version: 2 } }]) {
      const tired = { ...spoiled, force: { ...(spoiled.force ?? force), worn: true } };
      expect(planChore(tired, table, held)?.commit[0]?.kind).toBe("erase");
    }
    expect(
      planChore(blankStore(geometry, { bank: 0, generation: 0 }), emptyTable, held)?.commit[0]?.kind,
    ).toBe("erase");
  });
});

describe("the journal", () => {
  const used = append(newBench(), 3).journal;
  const sectors = used.sectors;
  const filled = (left: number): Journal => ({
    ...used,
    sectors: sectors.slice(0, 1),
    filling: 0,
    slot: slotsPerSector - left,
  });

  test("without a sector has no room, and begins anew where it is wiped", () => {
    const blank = blankJournal(ring);
    expect(mayAppend(blank, "gap")).toBe(false);
    expect(planWipe(blank).ops[0]?.kind).toBe("erase");
    const hopeless = { ...blank, unusable: Array.from({ length: journalSectors }, (_, sector) => sector) };
    expect(planReclaim(hopeless)).toBeUndefined();
  });

  test("makes nothing ready, and mends nothing, without room for the anchors", () => {
    expect(planReclaim(filled(2))).toBeUndefined();
    const { believed } = restoreJournal(ring, append(newBench(), 1).flash.read()).journal;
    expect(believed).toBeDefined();
    expect(planMend({ ...filled(0), believed })).toBeUndefined();
    expect(planMend({ ...filled(5), believed })).toBeDefined();
  });

  test("is wiped within its one sector where no other takes anything", () => {
    const unusable = Array.from({ length: journalSectors }, (_, sector) => sector);
    const { ops, after } = planWipe({ ...filled(9), unusable });
    expect([ops.every(({ kind }) => kind === "program"), after.lastSeq]).toEqual([true, 0]);
    expect(() => worn({ ops, after, stages: [] }, 0)).toThrow(RangeError);
  });

  test("passes over a record that is none of its own", () => {
    const { flash, journal } = append(newBench(), 3);
    const at = slotAddress(ring, journal.sectors[journal.filling]?.sector ?? 0, journal.slot);
    for (const op of recordOps(at, encodeRecord({ kind: "floor", body: { seconds: noon } })))
      execute(flash, op);
    expect(restoreJournal(ring, flash.read()).journal.events).toEqual(journal.events);
  });

  test("without an anchor begins in the fullest sector, else the first; where no word helps, in 0", () => {
    const image = (prepare: (flash: ReturnType<typeof newBench>["flash"]) => void): Uint8Array => {
      const { flash } = newBench();
      for (let sector = 0; sector < journalSectors; sector++) flash.erase(sector);
      prepare(flash);
      return flash.read();
    };
    const two = image((flash) => {
      for (const sector of [5, 3]) execute(flash, headerOp(ring, sector, sector + 1));
    });
    expect(restoreJournal(ring, two).journal.sectors[0]?.sector).toBe(3);
    const further = image((flash) => {
      for (const sector of [5, 3]) execute(flash, headerOp(ring, sector, sector + 1));
      execute(flash, program(slotAddress(ring, 5, 0), authority.ascii("doorsync")));
    });
    expect(restoreJournal(ring, further).journal.sectors[0]?.sector).toBe(5);
    const words = image((flash) => {
      for (let sector = 0; sector < journalSectors; sector++)
        execute(flash, program(journalSectorAddress(ring, sector), journalWord));
    });
    expect(restoreJournal(ring, words).repairs[0]).toEqual({ kind: "erase", sector: 0 });
  });

  test("a gap that has grown waits where there is no room even for it", () => {
    const missing = { count: 9, told: 1, isAtLeast: false };
    const diary = { ...state.diary, waiting: [], missing: { ...state.diary.missing, access: missing } };
    const full = {
      ...state.journal,
      sectors: Array.from({ length: journalSectors }, (_, sector) => ({
        sector,
        generation: sector + 1,
        lastSeq: 9,
      })),
      filling: journalSectors - 1,
      slot: slotsPerSector - 16,
    };
    const turn = { crypto, now: { uptimeMs: 0, rtcSeconds: noon }, effects: [] };
    expect(nextLine({ ...state, diary, journal: full }, turn).job).toBeUndefined();
    const roomier = { ...full, slot: slotsPerSector - 17 };
    expect(nextLine({ ...state, diary, journal: roomier }, turn).job).toBeDefined();
  });

  test("of a former owner is wiped also where its first line cannot be read", () => {
    const secure = { ...state.secure, phase: "factory" } as const;
    const unreadable = { ...state.journal, events: [new Uint8Array(24).fill(0xee)], lastSeq: 1 };
    expect(isWiping({ ...state, secure, journal: unreadable })).toBe(true);
    expect(alarmCodes.LockFactoryReset).toBeGreaterThan(0);
  });
});

describe("the notebook", () => {
  const always = (): boolean => true;
  const told = planClockSet(state.notebook, 10, noon, noon, always).after;

  test("takes the setting of the clock along when it moves, and tries both headers where neither took", () => {
    const group = told.group === 0 ? 1 : 0;
    const headers = headerAddresses(geometry, group);
    const moved = planAttempt({ ...unfirm(told), avoided: headers }, 20, always);
    expect(moved.after.clockSetSeconds).toBe(noon);
    const programmed = moved.ops.map((op) => (op.kind === "program" ? op.address : -1));
    expect(programmed).toEqual(expect.arrayContaining([...headers]));
  });

  test("passes over no word where it was a sector that failed", () => {
    const move = planAttempt(unfirm(told), 20, always);
    const erase = move.ops.findIndex(({ kind }) => kind === "erase");
    expect(erase).toBeGreaterThanOrEqual(0);
    expect(afterFailure(told, move, erase).avoided).toEqual(told.avoided);
  });
});

describe("what cannot be read opens nothing", () => {
  const garbage = new Uint8Array(itemBytes).fill(0xee);
  const noTag = new Uint8Array(authority.tagBytes);

  test("an item that nobody knows says nothing of the hour", () => {
    const blank = blankCalendar({ lower: noon, upper: noon });
    expect(readInto(blank, garbage)).toBe(blank);
  });

  test("a daily code without its rule, or whose credential cannot be read, stays outside", () => {
    const slot = firstCredentialId;
    const day = Math.floor(noon / 86_400);
    const digits = authority.dailyCode(crypto, property.lock.keys.daily, { generation: 0, slot, day });
    const shown = { by: "keypad", digits } as const;
    const zone = { kind: "zone", id: authority.firstZoneId, changes: [{ at: 0, offsetMinutes: 0 }] } as const;
    const credential = authority.encodeItem(authority.alwaysCredential(slot, 1, noTag));
    const spoiled = Array.from({ length: itemBytes }, (_, at) =>
      credential.map((byte, i) => (i === at ? 0 : byte)),
    );
    const unreadable = spoiled.find((item) => {
      const isSame = itemId(item) === slot && credentialTag(item).every((byte) => byte === 0);
      return isSame && decodedCredential(item) === undefined;
    });
    if (unreadable === undefined) throw new Error("every byte of a credential may be anything");
    const opens = (kind: "dailyCode" | "code", last: Uint8Array) => {
      const items = [
        authority.encodeItem(authority.plainRule(1, kind, 0, false)),
        authority.encodeItem(zone),
        last,
      ];
      const table = {
        ...emptyTable,
        get: (id: number) => items.find((item) => itemId(item) === id),
        items: () => items,
      };
      const door = {
        table,
        keys: property.lock.keys,
        issuedAt: noon,
        time: { lower: noon, upper: noon },
        damaged: false,
        uses: [],
        lastDay: -1,
      };
      return judge(crypto, door, shown).opens;
    };
    expect([
      opens("dailyCode", credential),
      opens("code", credential),
      opens("dailyCode", unreadable),
    ]).toEqual([true, false, false]);
  });
});
