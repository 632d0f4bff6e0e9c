/**
 * The command line of the authority, run in this process with a lent database and a lock on paper: what each command
 * says, its exit status, and one clear line with a remedy for whatever is wrong around it.
 */
import { createHash } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, openStore } from "@doorsync/authority";
import {
  createCrypto,
  decodeParcel,
  encodeReturnSlip,
  formatSetup,
  lifeHoursDefault,
  lifeHoursMax,
  type Setup,
  secondsMax,
  versionMax,
} from "@doorsync/protocol/authority";
import { openssl } from "@doorsync/protocol/node-crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as bounds from "../../packages/authority/src/cli/bounds.ts";
import { explain } from "../../packages/authority/src/cli/explain.ts";
import { runCli } from "../../packages/authority/src/cli/run.ts";
import { logLines, nextLines, slipLine } from "../../packages/authority/src/cli/words.ts";
import { nameCharactersMax } from "../../packages/authority/src/model/name.ts";
import type { SlipOutcome } from "../../packages/authority/src/office/receive.ts";
import { paperLock } from "../support/paper-lock.ts";

const crypto = createCrypto(openssl);
const setup: Setup = { secret: new Uint8Array(16).fill(0x5a) };
const lock = paperLock(crypto, setup, 1);
let database: Database;
let root: string;

interface Said {
  readonly status: number;
  readonly objects: readonly Record<string, unknown>[];
  readonly out: string;
  readonly errors: string;
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "doorsync-cli-"));
  database = await openStore({ kind: "memory" });
});

afterAll(async () => {
  await database.destroy();
  rmSync(root, { recursive: true, force: true });
});

async function run(
  inputs: readonly string[],
  env: Record<string, string> = {},
  lent?: Database,
): Promise<Said> {
  let out = "";
  let errors = "";
  const streams = {
    stdout: {
      write: (text: string): void => {
        out += text;
      },
    },
    stderr: {
      write: (text: string): void => {
        errors += text;
      },
    },
    env,
  };
  const status = await runCli(inputs, streams, lent);
  const objects = inputs.includes("--json")
    ? out
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Record<string, unknown>)
    : [];
  return { status, objects, out, errors };
}

const data = (): readonly string[] => ["--data", join(root, "office"), "--now", "1750000000"];
const mailbox = (): readonly string[] => ["--mailbox", join(root, "mail")];
const json = async (...inputs: readonly string[]): Promise<Said> =>
  await run([...inputs, ...data(), "--json"], {}, database);

/** One courier's visit: every parcel of the mailbox is shown to the lock, every answer brought back. */
function visit(): void {
  for (const name of readdirSync(join(root, "mail", "parcels"))) {
    const parcel = decodeParcel(new Uint8Array(readFileSync(join(root, "mail", "parcels", name))));
    if (!parcel.ok) throw new Error(parcel.check);
    const slip = lock.hear(parcel.value);
    if (!("body" in slip)) continue;
    const bytes = encodeReturnSlip(slip);
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
    const file = `${Buffer.from(slip.tag).toString("hex")}-${slip.epoch}-${slip.to}-${hash}.slip`;
    writeFileSync(join(root, "mail", "returns", file), bytes);
  }
}

test("the story of one reset, command by command", async () => {
  expect(await json("init")).toMatchObject({ status: 0, objects: [{ database: "embedded" }] });
  const empty = await run(["status", ...data()], {}, database);
  expect([empty.status, empty.out]).toEqual([
    0,
    expect.stringMatching(/^no doors yet; add one with: .* door add/),
  ]);
  expect((await json("status")).out).toBe("");
  expect(statSync(join(root, "office", "keys", "table.seed")).mode & 0o777).toBe(0o600);
  expect((await json("property", "add", "--name", "Maple Court")).status).toBe(0);
  expect((await json("door", "add", "--name", "Unit 4B", "--unit", "4B")).objects).toEqual([
    { property: "Maple Court", door: "Unit 4B", kind: "residence", unit: "4B", isNewUnit: true },
  ]);
  expect((await json("person", "add", "--name", "Ada Osei")).status).toBe(0);

  const label = join(root, "setup.txt");
  writeFileSync(label, `label of the lock\n${formatSetup(crypto, setup)}\n`);
  const offered = await json("commission", "--door", "unit 4b", "--setup", label, ...mailbox());
  expect(offered).toMatchObject({ status: 0, objects: [{ door: "Unit 4B", epoch: 1 }] });
  visit();
  expect((await json("receive", ...mailbox())).objects).toMatchObject([
    { kind: "commission", outcome: "commissioned", door: "Unit 4B", version: 0 },
    {
      door: "Unit 4B",
      epoch: 1,
      proven: 0,
      parcels: [expect.stringMatching(/^[0-9a-f]{16}-1-snapshot-1\.parcel$/)],
    },
  ]);

  const where = ["--door", "Unit 4B", "--person", "Ada Osei"];
  const [assigned] = (await json("assign", ...where)).objects;
  expect(assigned).toMatchObject({ state: "unset", pending: true, worksNow: false, worksAfterSync: true });
  expect(assigned).toMatchObject({ needsIssue: true });
  const first = String(assigned?.["code"]);
  expect(first).toMatch(/^[0-9]{4}$/);
  expect((await json("issue", "--door", "Unit 4B", ...mailbox())).objects).toMatchObject([
    { door: "Unit 4B", version: 2, proven: 0, isNew: true, puts: 1, removes: 0 },
  ]);
  visit();
  expect((await json("receive", ...mailbox())).objects).toMatchObject([
    { outcome: "proven", version: 2, changes: [{ person: "Ada Osei", from: "setting", to: "set" }] },
    { door: "Unit 4B", proven: 2, parcels: [] },
  ]);
  expect(lock.opens(first)).toBe(true);

  const [again] = (await json("reset", ...where)).objects;
  const second = String(again?.["code"]);
  expect(second).not.toBe(first);
  expect((await json("status")).objects).toMatchObject([
    {
      property: "Maple Court",
      door: "Unit 4B",
      provenVersion: 2,
      newestVersion: 2,
      pending: true,
      needsIssue: true,
      alarm: false,
      codes: [
        { person: "Ada Osei", state: "removing", worksNow: true, worksAfterSync: false },
        { person: "Ada Osei", state: "unset", worksNow: false, worksAfterSync: true },
      ],
    },
  ]);
  await json("issue", "--door", "Unit 4B", ...mailbox());
  expect((await json("issue", "--door", "Unit 4B", ...mailbox())).objects[0]).toMatchObject({
    version: 3,
    isNew: false,
  });
  visit();
  expect((await json("receive", ...mailbox())).objects[0]).toMatchObject({
    outcome: "proven",
    version: 3,
    changes: [
      { person: "Ada Osei", from: "removing", to: "removed" },
      { person: "Ada Osei", from: "setting", to: "set" },
    ],
  });
  expect([lock.opens(first), lock.opens(second)]).toEqual([false, true]);
  expect((await json("codes", "--person", "ada osei")).objects).toMatchObject([
    { code: second, state: "set", pending: false },
  ]);
  expect((await json("revoke", "--person", "Ada Osei", "--all")).objects).toMatchObject([
    { door: "Unit 4B", state: "removing", needsIssue: true },
  ]);
  expect(readdirSync(join(root, "mail", "returns", "taken"))).toHaveLength(3);
});

test("the door of a residence belongs to a unit, which is added where it is new", async () => {
  const units = async (): Promise<readonly string[]> =>
    (await database.selectFrom("units").select("name").orderBy("name").execute()).map(({ name }) => name);
  const say = async (...inputs: readonly string[]): Promise<string> =>
    (await run([...inputs, ...data()], {}, database)).out;
  const before = await units();
  const bare = await json("door", "add", "--name", "Unit 5C");
  expect(bare.status).toBe(2);
  expect(bare.errors).toMatch(/belongs to a unit; name it with --unit/);
  // A taken name leaves no unit behind.
  expect((await json("door", "add", "--name", "unit 4b", "--unit", "Other")).status).toBe(1);
  expect(await units()).toEqual(before);
  expect(await say("door", "add", "--name", "4B back", "--unit", "4b")).toBe(
    'added door "4B back" (residence) to "Maple Court"\nit belongs to the unit "4B"\n',
  );
  expect(await say("door", "add", "--name", "Unit 5C", "--unit", "5C")).toContain('unit "5C", which is new');
  expect(await units()).toEqual([...before, "5C"]);
  const shared = await json("door", "add", "--name", "Front door", "--kind", "buildingEntrance");
  expect(shared.objects).toMatchObject([{ unit: null, isNewUnit: false }]);
  const rows = await database
    .selectFrom("doors")
    .leftJoin("units", "units.id", "doors.unit_id")
    .select(["doors.name", "units.name as unit"])
    .where("doors.name", "in", ["4B back", "Unit 5C", "Front door"])
    .orderBy("doors.name")
    .execute();
  expect(rows.map(({ name, unit }) => [name, unit])).toEqual([
    ["4B back", "4B"],
    ["Front door", null],
    ["Unit 5C", "5C"],
  ]);
});

test("what is denied says number and name and ends with status 1", async () => {
  const where = ["--door", "Unit 4B", "--person", "Ada Osei"];
  await json("assign", ...where);
  const denied = await json("assign", ...where);
  expect(denied).toMatchObject({
    status: 1,
    objects: [{ denied: { number: 102, name: "ALREADY_ASSIGNED" } }],
  });
  expect(denied.errors).toMatch(/denied 102 ALREADY_ASSIGNED: .*; reset it/);
  expect(await json("reset", ...where, "--length", "6")).toMatchObject({
    status: 1,
    objects: [{ denied: { number: 101 } }],
  });
  expect(await json("reset", ...where, "--length", "5")).toMatchObject({
    status: 1,
    objects: [{ denied: { number: 100 } }],
  });
  expect(await json("person", "add", "--name", " ADA  osei ")).toMatchObject({
    status: 1,
    objects: [{ denied: { number: 108 } }],
  });
});

test("what was changed at a commissioned door names the issue that is missing, and only then", async () => {
  const say = async (...inputs: readonly string[]): Promise<string> =>
    (await run([...inputs, ...data()], {}, database)).out;
  const next = (door: string): string =>
    `next: doorsync-authority issue --data ${join(root, "office")} --door ${door} --mailbox DIR, then a phone syncs the door\n`;
  await say("person", "add", "--name", "Bo");
  const who = ["--person", "Bo"];
  expect(await say("assign", "--door", "unit 4b", ...who)).toContain(next('"unit 4b"'));
  expect(await say("reset", "--door", "unit 4b", ...who)).toContain(next('"unit 4b"'));
  await say("issue", "--door", "Unit 4B", ...mailbox());
  expect(await say("revoke", "--all", ...who)).toContain(next('"Maple Court/Unit 4B"'));
  await say("issue", "--door", "Unit 4B", ...mailbox());
  // Given and taken before any version held it: the newest version says it all again.
  expect(await say("assign", "--door", "Unit 4B", ...who)).toContain(next('"Unit 4B"'));
  expect(await say("revoke", "--door", "Unit 4B", ...who)).toMatch(/^"Unit 4B": code of Bo revoked.*\n$/);
  // No lock: nothing can be issued.
  await say("door", "add", "--name", 'The "$HOME" door', "--unit", "4B");
  const bare = ["--door", 'The "$HOME" door', ...who];
  expect(await say("assign", ...bare)).not.toMatch(/next:/);
  expect((await json("reset", ...bare)).objects).toMatchObject([{ needsIssue: false }]);
  expect(nextLines({ needsIssue: true }, "it's $1", "B's")).toEqual([
    `next: doorsync-authority issue --data 'it'\\''s $1' --door "B's" --mailbox DIR, then a phone syncs the door`,
  ]);
});

test("terms are given by flags; suspending and resuming name the issue that is missing, and revoke ends both", async () => {
  await json("person", "add", "--name", "Parcel service");
  const where = ["--door", "Unit 4B", "--person", "Parcel service"];
  for (const odd of [
    ["--uses", "0"],
    ["--uses", "256"],
    ["--until", "tomorrow"],
    ["--from", "2026-12-24"],
  ]) {
    expect((await json("assign", ...where, ...odd)).status).toBe(2);
  }
  const backwards = ["--from", "2026-12-24T15:00:00Z", "--until", "2026-12-24T16:00:00+01:00"];
  expect(await json("assign", ...where, ...backwards)).toMatchObject({
    status: 1,
    objects: [{ denied: { number: 111, name: "TERMS_UNFIT" } }],
  });
  const once = await json("assign", ...where, "--uses", "1", "--until", "2030-12-24T16:00:00+01:00");
  expect(once.objects).toMatchObject([{ state: "unset", needsIssue: true, worksAfterSync: true }]);
  await json("issue", "--door", "Unit 4B", ...mailbox());
  expect((await json("suspend", ...where)).objects).toMatchObject([
    { needsIssue: true, worksAfterSync: false },
  ]);
  expect((await json("resume", ...where)).objects).toMatchObject([
    { needsIssue: true, worksAfterSync: true },
  ]);
  expect((await json("revoke", ...where)).status).toBe(0);
  expect((await json("suspend", ...where)).status).toBe(1);
});

test("a door's log is said event by event, and what is missing where it is missing", async () => {
  expect((await json("log", "--door", "Unit 4B")).objects).toEqual([
    { door: "Unit 4B", held: 0, waiting: 0, alarm: false },
  ]);
  const nothing = {
    uncertain: false,
    receivedAt: 0,
    credential: undefined,
    person: undefined,
    version: 0,
    count: 0,
  };
  const plain = { ...nothing, source: "Keypad", gap: undefined } as const;
  const lines = logLines({
    door: "Unit 4B",
    held: 4,
    waiting: 2,
    alarm: true,
    entries: [
      { ...plain, seq: 1, at: 0, kind: "LockOperation", detail: 1, credential: 65_536, person: "Ada Osei" },
      { ...plain, seq: 2, at: 60, kind: "LockOperation", detail: 1, uncertain: true, credential: 65_599 },
      {
        ...plain,
        ...{ seq: 3, at: 61, kind: "Gap", detail: 0, count: 40, source: "Unspecified" },
        gap: { class: "failure", count: 40, isAtLeast: true, isOpen: false },
      },
      {
        ...plain,
        seq: 4,
        at: 62,
        kind: "SyncRefused",
        detail: 17,
        version: 3,
        count: 2,
        source: "Unspecified",
      },
    ],
  });
  expect(lines).toEqual([
    '"Unit 4B": 4 event(s) held, 2 more wait in the lock',
    expect.stringMatching(/^ {2}ALARM: .*old backup\?$/),
    "  1  1970-01-01T00:00:00Z  LockOperation Unlock  Ada Osei  by Keypad",
    "  2  not before 1970-01-01T00:01:00Z  LockOperation Unlock  credential 65599  by Keypad",
    "  3  1970-01-01T00:01:01Z  GAP: at least 40 failure event(s) missing here, the lock had no room for them",
    expect.stringMatching(/^ {2}4 {2}1970-01-01T00:01:02Z {2}SyncRefused \w+ at version 3, 2 time\(s\)$/),
  ]);
});

test("other keys: new files once the database says so, also when a rotation was stopped half-way", async () => {
  const keysFolder = join(root, "office", "keys");
  const online = ["table.seed", "capability.seed", "time.seed", "box.secret"];
  const read = (): string[] => online.map((name) => readFileSync(join(keysFolder, name), "ascii"));
  const before = read();
  const rotated = await json("keys", "rotate", ...mailbox());
  expect([rotated.status, rotated.errors]).toEqual([0, ""]);
  expect(rotated.objects).toMatchObject([{ door: "Unit 4B", epoch: 2, denied: null }, { doors: 1 }]);
  expect(
    readdirSync(join(root, "mail", "parcels")).filter((name) => name.includes("-rotation-2.")),
  ).toHaveLength(1);
  const after = read();
  expect(after.every((key, i) => key !== before[i])).toBe(true);
  expect(online.map((name) => statSync(join(keysFolder, name)).mode & 0o777)).toEqual([384, 384, 384, 384]);
  expect((await json("status", "--door", "Unit 4B")).objects).toMatchObject([{ epoch: 2 }]);

  // Stopped between the database and the files: the next command finishes it.
  mkdirSync(join(keysFolder, "next"));
  for (const [i, name] of online.entries()) {
    writeFileSync(join(keysFolder, "next", name), after[i] ?? "", { mode: 0o600 });
    if (i > 1) writeFileSync(join(keysFolder, name), before[i] ?? "");
  }
  expect((await json("status")).status).toBe(0);
  expect(read()).toEqual(after);
  expect(readdirSync(keysFolder)).not.toContain("next");

  // A folder of keys from before the rotation, with nothing that leads on: one line, and nothing is signed.
  writeFileSync(join(keysFolder, "table.seed"), before[0] ?? "");
  const old = await json("issue", "--door", "Unit 4B", ...mailbox());
  expect(old.status).toBe(2);
  expect(old.errors).toMatch(/restore keys and database from one backup\n$/);
  writeFileSync(join(keysFolder, "table.seed"), after[0] ?? "");
});

test("a slip that proves nothing says so in a sentence", () => {
  const line = (outcome: SlipOutcome, version?: number): string =>
    slipLine({
      slip: "a.slip",
      kind: "receipt",
      outcome,
      door: "Unit 4B",
      version,
      changes: [],
      refusal: undefined,
      events: 0,
    });
  expect(line("old-epoch")).toBe(
    '"Unit 4B": receipt of an earlier epoch of this door (reset, or other keys, since); it proves nothing any more',
  );
  expect(line("not-verified")).toMatch(
    /: receipt without a valid signature of this lock; it proves nothing$/,
  );
  expect(line("contradicts", 9)).toMatch(
    /: ALARM: receipt version 9, in which .* never issued; see issue --trust-books$/,
  );
  expect(line("damaged", 9)).toMatch(/table is damaged; it proves nothing/);
  expect(line("proven", 9)).toBe('"Unit 4B": receipt version 9 proven');
});

test("a name that would break a line, or is too long, is refused in one line", async () => {
  const adds = [["property"], ["door", "--property", "Maple Court", "--unit", "4B"], ["person"]];
  for (const [what = "", ...more] of adds) {
    const add = async (name: string): Promise<Said> => await json(what, "add", "--name", name, ...more);
    for (const bad of [
      "Eve\nAda: set",
      "Eve\u001b[2J",
      "Eve\u2028x",
      "Eve\u0085x",
      "\ud800x",
      "x".repeat(101),
    ]) {
      const said = await add(bad);
      expect(said, JSON.stringify(bad)).toMatchObject({ status: 1, objects: [{ denied: { number: 110 } }] });
      expect(said.errors).toMatch(
        /^doorsync-authority: denied 110 NAME_UNFIT \((U\+\w{4}|101 characters)\): .*\n$/,
      );
    }
    expect((await add("\u{1f6aa}".repeat(nameCharactersMax))).status).toBe(0);
    expect((await add('Zo\u00eb O\u2019Neil-\u5c71\u7530 & "Co"')).status).toBe(0);
  }
  expect((await json("status")).out).not.toMatch(/Eve/);
  const unknown = await json("codes", "--person", "Eve\nset\u2028x");
  expect(unknown.errors).toMatch(/^doorsync-authority: no person is named "Eve\ufffdset\ufffdx".*\n$/);
});

test("init touches no folder of somebody else's, and takes its own again", async () => {
  const initWith = async (folder: string): Promise<Said> =>
    await run(["init", "--data", folder], {}, database);
  const owner = await database.selectFrom("installation").selectAll().executeTakeFirstOrThrow();
  // Each of these folders begins with a database that has no keys yet.
  const init = async (folder: string): Promise<Said> => {
    await database.deleteFrom("installation").execute();
    return await initWith(folder);
  };
  const theirs = join(root, "theirs");
  mkdirSync(theirs);
  expect((await init(theirs)).status).toBe(0);
  rmSync(join(theirs, "keys"), { recursive: true });
  for (const entry of ["notes.txt", ".hidden"]) {
    writeFileSync(join(theirs, entry), "");
    const refused = await init(theirs);
    expect(refused).toMatchObject({ status: 2, out: "" });
    expect(refused.errors).toMatch(
      /^doorsync-authority: the folder \S+ is not empty .*; name a new or .*\n$/,
    );
    expect(readdirSync(theirs)).toEqual([entry]);
    rmSync(join(theirs, entry));
  }
  // Stopped while its first key was written; later with a neighbour's file beside whole keys.
  mkdirSync(join(theirs, "keys"));
  expect((await init(theirs)).status).toBe(0);
  writeFileSync(join(theirs, "notes.txt"), "");
  expect((await init(theirs)).status).toBe(0);
  const file = join(theirs, "notes.txt");
  for (const command of ["init", "status"]) {
    const refused = await run([command, "--data", file], {}, database);
    expect(refused).toMatchObject({
      status: 2,
      errors: expect.stringMatching(/notes\.txt is a file; name .*\n$/),
    });
  }

  await database.deleteFrom("installation").execute();
  await database.insertInto("installation").values(owner).execute();
  expect((await initWith(join(root, "later"))).errors).toMatch(/does not belong to the keys in .*\n$/);
});

test("keys that were lost are not made anew under a database that had them", async () => {
  const folder = join(root, "bereft");
  mkdirSync(join(folder, "database"), { recursive: true });
  writeFileSync(join(folder, "database", "PG_VERSION"), "18\n");
  const refused = await run(["init", "--data", folder], {}, database);
  expect(refused).toMatchObject({ status: 2, out: "" });
  expect(refused.errors).toMatch(/is there, but not all its keys in .*; restore them from their copy\n$/);
  expect(readdirSync(folder)).toEqual(["database"]);
});

test("wrong use and a wrong environment are one line with a remedy and status 2", async () => {
  const office = join(root, "office");
  const key = join(office, "keys", "vault.key");
  const lines = async (
    inputs: readonly string[],
    env: Record<string, string> = {},
    lent?: Database,
  ): Promise<string> => {
    const { status, errors, out } = await run(inputs, env, lent);
    expect({ status, out, lines: errors.trimEnd().split("\n").length }).toEqual({
      status: 2,
      out: "",
      lines: 1,
    });
    return errors;
  };
  expect(await lines(["assing"])).toMatch(/did you mean .assign.*--help/);
  expect(await lines(["status", "--dta", office])).toMatch(/--data.*--help/);
  expect(await lines(["status", "--data", office, "--now", "soon"])).toMatch(/whole number/);
  expect(await lines(["status", "--data", join(root, "nowhere")])).toMatch(
    /does not exist; create it with: .* init/,
  );
  expect(await lines(["status", "--data", office])).toMatch(/has no database; run init/);
  const unreachable = { DATABASE_URL: "postgres://someone:secret@127.0.0.1:1/none" };
  expect(await lines(["status", "--data", office], unreachable)).toMatch(/cannot be reached.*DATABASE_URL/);
  expect(await lines(["status", "--data", office], unreachable)).not.toMatch(/secret/);
  expect(await lines(["codes", "--data", office, "--person", "Bob"], {}, database)).toMatch(
    /no person .*known: "Ada Osei"/,
  );
  const commissioning = ["commission", "--data", office, "--door", "Unit 4B", "--replace", ...mailbox()];
  const mistyped = formatSetup(crypto, setup).replace(/5a$/, "5b");
  expect(await lines([...commissioning, "--setup", mistyped], {}, database)).toMatch(
    /mistyped digit; copy it again/,
  );
  expect(await lines([...commissioning, "--setup", join(root, "no-file")], {}, database)).toMatch(
    /cannot be read/,
  );
  chmodSync(key, 0o640);
  expect(await lines(["status", "--data", office], {}, database)).toMatch(
    /open to others \(mode 640\); run: chmod 600/,
  );
  chmodSync(key, 0o600);
  writeFileSync(join(root, "other.txt"), "not a folder");
  expect(
    await lines(
      ["issue", "--data", office, "--door", "Unit 4B", "--mailbox", join(root, "other.txt")],
      {},
      database,
    ),
  ).toMatch(/not what it should be/);
  // A mistyped mailbox, a folder of another kind and a file: none is made into a mailbox.
  for (const wrong of [join(root, "mial"), office, join(root, "other.txt")]) {
    const files = readdirSync(root, { recursive: true });
    expect(await lines(["receive", "--data", office, "--mailbox", wrong], {}, database)).toMatch(
      /there is no mailbox at .*; check --mailbox; commission and issue make a new one/,
    );
    expect(readdirSync(root, { recursive: true })).toEqual(files);
  }
  const seed = readFileSync(key);
  writeFileSync(key, "00".repeat(32));
  expect(await lines(["status", "--data", office], {}, database)).toMatch(/does not belong to the keys/);
  writeFileSync(key, "damaged");
  expect(await lines(["status", "--data", office], {}, database)).toMatch(
    /damaged \(64 hex digits expected\); restore/,
  );
  rmSync(key);
  expect(await lines(["status", "--data", office], {}, database)).toMatch(
    /is missing; restore the keys folder/,
  );
  writeFileSync(key, seed, { mode: 0o600 });
  expect((await run(["status", "--data", office], {}, database)).status).toBe(0);
});

test("a full disk is told apart from our own bugs, in every form in which it comes", () => {
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    path: "/m/p",
  });
  expect(explain(full)?.message).toBe("the disk is full (/m/p)");
  expect(explain(Object.assign(new Error("could not extend file"), { code: "53100" }))?.message).toBe(
    "the disk is full",
  );
  expect(explain({ name: "ErrnoError", errno: 51 })?.message).toBe("the disk is full");
  expect(explain(new TypeError("undefined is not a function"))).toBeUndefined();
});

test("the version is the package's, help has an example, and the flags' bounds are the protocol's", async () => {
  const manifest = JSON.parse(
    readFileSync(new URL("../../packages/authority/package.json", import.meta.url), "utf8"),
  );
  expect(await run(["--version"])).toMatchObject({ status: 0, out: `${manifest.version}\n` });
  const whole = await run(["--help"]);
  expect(whole.out).toMatch(/^Exit status: 0 done; 1 refused.*; 2 wrong use/m);
  expect(whole.out).toMatch(/^Examples:\n\s+doorsync-authority init/m);
  for (const what of ["property", "door", "person"]) {
    expect((await run([what, "add", "--help"])).out).toMatch(/^Exit status: 0 done; 1 .*; 2 wrong use/m);
  }
  const commands = ["init", "commission", "assign", "reset", "revoke", "issue", "receive", "status", "codes"];
  for (const command of commands) {
    const help = await run([command, "--help"]);
    expect(help.status).toBe(0);
    expect(help.out).toMatch(/^Exit status: 0 done; .*2 wrong use/m);
    expect(help.out).toMatch(new RegExp(`doorsync-authority ${command} --data ./office`));
  }
  expect(bounds).toMatchObject({ lifeHoursDefault, lifeHoursMax, secondsMax, epochMax: versionMax });
});
