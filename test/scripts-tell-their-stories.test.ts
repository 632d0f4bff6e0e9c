// The shipped scripts are played as users play them: each tells its story, comes out the same every time, and stops at
// a false expectation with its line. The shipped firmware, phone and authority cores are what plays.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { parseScript } from "../packages/lock-sim/src/cli/script.ts";
import { run } from "./lock-program.ts";

const examples = fileURLToPath(new URL("../packages/lock-sim/examples/", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "doorsync-scripts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (text: string): string => {
  const file = join(folder, "story.sim");
  writeFileSync(file, text);
  return file;
};

/** What each story is about: lines that it must tell. */
const stories: Readonly<Record<string, readonly RegExp[]>> = {
  "stolen-phone.sim": [
    /phone thief \u2192 lock: tries replay/,
    /anna \u2192 lock: types \d+: refused \(unknown-code\)/,
    /carl \u2192 lock: types \d+: refused \(lease-ended\)/,
  ],
  "lost-receipt.sim": [
    /the link breaks before the lock can give its receipt/,
    /\u2713 code of anna setting/,
    /\u2713 code of anna set\n/,
  ],
  "late-delivery.sim": [/refuses it: STALE/, /\u2713 proven 4/],
  "dead-battery.sim": [/\(insufficient-battery\)/, /power failed in storage operation/, /ALARM LockJammed/],
  "midnight.sim": [/\(out-of-schedule\)/, /\u2713 clock lost/],
  "flood.sim": [
    /ALARM WrongCodeEntryLimit/,
    /guesses 400 times: 38\d wait, 1\d refused/,
    /holds up the card/,
  ],
};

describe("shipped scripts", () => {
  test("are all known here", () => {
    expect(readdirSync(examples).sort()).toEqual(Object.keys(stories).sort());
  });

  test.each(Object.keys(stories))("%s tells its story, and all that it expects holds", async (name) => {
    const file = join(examples, name);
    const expected = parseScript(name, readFileSync(file, "utf8")).lines.filter(({ text }) =>
      text.startsWith("expect "),
    );
    expect(expected.length).toBeGreaterThan(10);
    const played = await run("play", file);
    expect([played.status, played.err]).toEqual([0, ""]);
    expect(played.out.trimEnd().split("\n").at(-1)).toBe(`${expected.length} expectations held`);
    for (const told of stories[name] ?? []) expect(played.out, name).toMatch(told);
    expect(played.out).not.toContain("\u001b[");
  });

  test("are the same story every time, and by run --script without a home", async () => {
    const file = join(examples, "lost-receipt.sim");
    const played = await run("play", file);
    expect(await run("play", file)).toEqual(played);
    expect(await run("run", "--script", file)).toEqual(played);
    expect(await run("play", "lost-receipt"), "by its name alone").toEqual(played);
  });

  test("answer programs in lines of JSON, the last of which says how many expectations held", async () => {
    const { out, status } = await run("play", join(examples, "lost-receipt.sim"), "--json");
    const rows = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(status).toBe(0);
    expect(rows.at(-1)).toEqual({ played: { held: 16, failed: null } });
    expect(rows.filter((row) => row.expect?.held === true)).toHaveLength(16);
    expect(rows.find((row) => row.told?.to === "lock").told).toMatchObject({
      actor: "phone ben",
      what: "visits",
    });
  });
});

describe("a false expectation", () => {
  const claims: readonly (readonly [string, string])[] = [
    ["anna types\nexpect refused", "expected refused, but found opened"],
    ["anna types\nexpect wait", "expected wait, but found opened"],
    ["expect opens", "expected opens, but found nobody typed anything or held up a card"],
    ["expect version 7", "expected version 7, but found version 2"],
    ["expect alarm DoorAjar", "expected alarm DoorAjar, but found no alarm"],
    ["door force\nexpect no alarm", "expected no alarm, but found alarm DoorForcedOpen"],
    ["expect bolt jammed", "expected bolt jammed, but found bolt locked"],
    ["expect door open", "expected door open, but found door closed"],
    ["expect power cut", "expected power cut, but found power on"],
    ["expect clock lost", "expected clock lost, but found clock known"],
    ["expect phase factory", "expected phase factory, but found phase owned"],
    ["expect battery 12", "expected battery 12, but found battery 100"],
    ["expect tells lowBattery", "expected tells lowBattery, but found logWaiting"],
    ["expect event alarm", 'expected event alarm, but found "version 2 in force, 1 entry changed"'],
    ["expect pending", "expected pending, but found settled"],
    ["expect visit refused", "expected visit refused, but found visit synced"],
    ["expect proven 1", "expected proven 1, but found proven 2"],
    ["expect code of anna removing", "expected code of anna removing, but found code of anna set"],
  ];
  test.each(claims)("stops the story with its line: %s", async (lines, says) => {
    const file = written(`property gives anna a code\nphone ben syncs\n${lines}\nsay never told\n`);
    const { status, out, err } = await run("play", file);
    const line = 2 + lines.split("\n").length;
    expect([status, err]).toEqual([1, `lock-sim: ${file}:${line}: ${says}\n`]);
    expect(out).not.toContain("never told");
    expect(out).not.toContain("held");
  });

  test("also stops a script on a lock of one's own", async () => {
    const home = join(folder, "home");
    expect((await run("new", "--home", home, "--capacity", "5")).status).toBe(0);
    const file = written("press 1#\nexpect refused unknown-code\nexpect version 0\nexpect opens\nquit\n");
    const failed = await run("run", "--home", home, "--script", file);
    expect([failed.status, failed.err]).toEqual([
      1,
      `lock-sim: ${file}:4: expected opens, but found refused unknown-code\n`,
    ]);
    const good = await run("run", "--home", home, "--script", written("press 1#\nexpect refused\nquit\n"));
    expect([good.status, good.err]).toEqual([0, ""]);
    expect(good.out).toContain("1 expectation held\n");
    const story = await run("run", "--home", home, "--script", join(examples, "midnight.sim"));
    expect(story.status).toBe(0);
    expect(story.err).toContain("this script brings its own locks");
  });
});

describe("what makes no sense is named with its line, status 2", () => {
  test.each([
    ["property dances", /:1: not understood; write: property gives NAME a code/],
    ["open sesame", /:1: no such word: open/],
    ["expect miracles", /:1: expect takes one of: opens; refused \[WHY\]/],
    ["say first\nanna types", /:2: nobody is called anna: let the property give anna a code first/],
    ["at door 3", /:1: there is no door 3: say "doors 3" at the beginning/],
    ["phone thief tries replay", /:1: phone thief has nothing to try with/],
    ["wait 1s\nlease 24h", /:2: lease belongs to the beginning/],
    ["property invites bob on noday 08:00-09:00", /:1: not understood; write: no such terms: on noday/],
    ["property loses its books", /:1: there is no copy/],
    ["cut power\nrot", /:2: the lock is dark/],
  ])("%s", async (text, says) => {
    const { status, err } = await run("play", written(`${text}\n`));
    expect(status).toBe(2);
    expect(err).toMatch(says);
    expect(err.split("\n")).toHaveLength(2);
  });

  test("a file that is not there", async () => {
    expect(await run("play", join(folder, "none.sim"))).toMatchObject({
      status: 2,
      err: expect.stringContaining("there is no script"),
    });
    expect((await run("run")).err).toContain("which lock? give --home DIR");
  });
});

test("guests have terms: a window, uses, minutes, an end, a lease; two doors are two doors", async () => {
  const { status, err } = await run(
    "play",
    written(`starts 2026-06-01T08:00:00Z
doors 2
zone +120
property invites bob on mon-fri 08:00-12:00, until 2026-06-03T00:00:00Z
property invites once-only once
property invites brief for 30m, 3 times
phone dora syncs
expect settled
bob types
expect opens
once-only types
expect opens
once-only types
expect refused used-up
brief types
expect opens
wait 31m
brief types
expect refused minutes-over
property suspends bob
phone dora syncs
bob types
expect refused suspended
property resumes bob
phone dora syncs
wait until 11:59
bob types
expect opens
wait until 12:01
bob types
expect refused out-of-schedule
wait 2d
bob types
expect refused ended
at door 2
expect version 1
press 1111#
expect refused unknown-code
property copies its books
property gives anna a code
phone dora syncs
expect version 2
anna types
expect opens
property loses its books
phone dora syncs
`),
  );
  expect([status, err]).toEqual([0, ""]);
});
