// The commands of `doorsync-phone` that need an account, run in this process against the real service and a real lock
// over TCP: what they print, how they end, and that no secret goes through an argument or stays behind.
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { openAccount } from "@doorsync/authority/service";
import { linkOver } from "@doorsync/phone-client/node";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { runCommands } from "../../packages/phone-client/src/cli/app.ts";
import { localTime, zoneName } from "../../packages/phone-client/src/cli/command.ts";
import { parseDays, parseHours, parseMoment } from "../../packages/phone-client/src/cli/flags.ts";
import { parseUrl } from "../../packages/phone-client/src/cli/open.ts";
import { opens } from "../support/journey-door.ts";
import { addDoorTo, decide, give, moveIn, type Residence } from "../support/residence.ts";
import { password, type Service, startService } from "../support/service.ts";
import type { Hung } from "../support/service-door.ts";
import { wait } from "../world.ts";

let service: Service;
let house: Residence;
let listener: Server;
let lock = "";
let above = "";
let home = "";

beforeAll(async () => {
  service = await startService();
  house = await moveIn(service);
  listener = await serve(house.home);
  lock = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  above = mkdtempSync(join(tmpdir(), "doorsync-phone-"));
  home = join(above, "home");
});
afterAll(async () => {
  listener.close();
  await service.close();
  rmSync(above, { recursive: true, force: true });
  expect(service.faults).toEqual([]);
});

/** The lock of this door, listening. */
async function serve(hung: Hung): Promise<Server> {
  const server = createServer(lockAt(hung));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

/** Each connection is the one link of this door's lock. */
function lockAt({ lock: { board } }: Hung): (socket: Socket) => void {
  return (socket) => {
    const link = linkOver(socket, 244);
    const end = board.connect({
      frameBytesMax: 244,
      send: (frame) => void link.send(frame).catch(() => {}),
      close: () => link.close(),
    });
    if (end === undefined) return link.close();
    link.onFrame((frame) => end.frame(frame));
    link.onClosed(() => end.closed());
  };
}

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads rows as JSON, and asserts what it reads
  rows(): readonly any[];
}

async function run(
  args: readonly string[],
  given: {
    readonly typed?: string;
    readonly passphrase?: string;
    readonly until?: (out: string) => boolean;
  } = {},
): Promise<Ran> {
  let out = "";
  let err = "";
  const listeners = new Set<() => void>();
  const status = await runCommands([...args, "--home", home], {
    stdout: {
      write(text: string) {
        out += text;
        if (given.until?.(out) === true) for (const listener of listeners) listener();
      },
    },
    stderr: {
      write(text: string) {
        err += text;
      },
    },
    stdin: Readable.from(given.typed === undefined ? [] : [given.typed]),
    env: given.passphrase === undefined ? {} : { DOORSYNC_PHONE_PASSPHRASE: given.passphrase },
    once: (_signal, heard) => listeners.add(heard),
    removeListener: (_signal, heard) => listeners.delete(heard),
  });
  expect(listeners.size, "signal listeners left behind").toBe(0);
  const rows = () =>
    out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  return { status, out, err, rows };
}

const door = ["--door", "Door of unit 4"];
const logIn = (more: readonly string[] = []): Promise<Ran> =>
  run(["login", "--url", service.url, "--email", house.rita.email, ...more], { typed: `${password}\n` });

describe("logging in and out", () => {
  test("the password comes on standard input or in a file; a wrong one is denied with its number", async () => {
    const wrong = await run(["login", "--url", service.url, "--email", house.rita.email], {
      typed: "not the password\n",
    });
    expect([wrong.status, wrong.err]).toEqual([1, expect.stringContaining("denied 201 BAD_CREDENTIALS")]);
    const file = join(above, "password");
    writeFileSync(file, `${password}\nanother line\n`);
    const right = await run([
      "login",
      "--url",
      service.url,
      "--email",
      house.rita.email,
      "--password-file",
      file,
    ]);
    expect([right.status, right.out]).toEqual([0, `logged in as ${house.rita.email} at ${service.url}\n`]);
    expect(right.out + right.err).not.toContain(password);
    expect((await run(["logout"])).status).toBe(0);
  });

  test("a password on the command line is no argument, and none at all is said so", async () => {
    const args = ["login", "--url", service.url, "--email", house.rita.email];
    expect((await run([...args, "--password", password])).status).toBe(2);
    const none = await run(args);
    expect([none.status, none.err]).toEqual([2, expect.stringContaining("no password was given")]);
  });

  test("the session's token is in no output", async () => {
    const { rows } = await logIn(["--json"]);
    expect(Object.keys(rows()[0].session).sort()).toEqual(["accountId", "email", "expiresAt", "url"]);
    await run(["logout"]);
  });

  test("logout leaves nothing, also without a service; then nobody is logged in", async () => {
    await logIn();
    expect(existsSync(home)).toBe(true);
    const left = await run(["logout", "--json"]);
    expect(left.rows()).toEqual([{ loggedOut: true, isServiceTold: true, lost: 0 }]);
    expect(existsSync(home)).toBe(false);
    const nobody = await run(["codes"]);
    expect([nobody.status, nobody.err]).toEqual([2, expect.stringContaining("nobody is logged in")]);
    const again = await run(["logout"]);
    expect([again.status, again.out]).toEqual([0, "nobody was logged in; this phone is empty\n"]);
    expect(existsSync(home)).toBe(false);
  });

  test("a passphrase locks the phone's things; who forgot it can still empty the phone", async () => {
    const passphrase = "open sesame, please";
    const args = ["login", "--url", service.url, "--email", house.rita.email];
    expect((await run(args, { typed: `${password}\n`, passphrase })).status).toBe(0);
    expect((await run(["doors"], { passphrase })).status).toBe(0);
    const forgotten = await run(["doors"]);
    expect([forgotten.status, forgotten.err]).toEqual([
      2,
      expect.stringContaining("DOORSYNC_PHONE_PASSPHRASE"),
    ]);
    const left = await run(["logout"], { passphrase: "something else" });
    expect([left.status, left.out]).toEqual([0, expect.stringContaining("the service could not be told")]);
    expect(existsSync(home)).toBe(false);
  });

  test.each(["http://doors.example.org", "ftp://127.0.0.1", "doors.example.org"])(
    "%s is no place to send a password to",
    async (url) => {
      const { status, err } = await run(["login", "--url", url, "--email", "a@b.example"], { typed: "x\n" });
      expect([status, err]).toEqual([2, expect.stringContaining("https://")]);
    },
  );
});

describe("logged in", () => {
  beforeEach(async () => {
    if (!existsSync(home)) expect((await logIn()).status).toBe(0);
  });

  test("reset, both faces, sync, one face: and so does the door", async () => {
    const before = await run(["codes", "--json"]);
    const old = before.rows()[0].codes[0].faces[0].code;
    const reset = await run(["reset", ...door]);
    expect(reset.status).toBe(0);
    expect(reset.out).toMatch(/Door of unit 4 \(Maple Court\) {2}Pending: sync at the door/);
    expect(reset.out).toContain(`${old}      works at the door now, not after the next sync`);
    const fresh = /(\d{4}) +will work after a sync at the door/.exec(reset.out)?.[1] ?? "";
    expect([opens(house.home, old), opens(house.home, fresh)]).toEqual([true, false]);
    expect((await run(["doors"])).out).toMatch(
      /Door of unit 4 .*Pending: sync at the door; a code of yours changes/,
    );

    const synced = await run(["sync", "--lock", lock]);
    expect([synced.status, synced.err]).toEqual([0, ""]);
    expect(synced.out).toContain("the service verified the lock's receipt\n");
    expect(synced.out).toMatch(/synced: the lock proved version \d+/);
    expect([opens(house.home, old), opens(house.home, fresh)]).toEqual([false, true]);
    expect((await run(["codes"])).out).toContain(`  ${fresh}      works\n`);
    expect((await run(["doors"])).out).toMatch(/Door of unit 4 .*last sync 20\d\d-.*up to date/);
  });

  test("with --json a sync says every message, what the service made of it, and the result last", async () => {
    await run(["reset", ...door]);
    expect((await run(["parcels", "--json"])).status).toBe(0);
    const { status, rows } = await run(["sync", "--lock", lock, "--json"]);
    expect(status).toBe(0);
    const all = rows();
    expect(all[0]).toMatchObject({ message: { direction: "out", name: "hello" } });
    expect(all.at(-2)).toMatchObject({ account: { fresh: true, owed: 0, advice: [] } });
    expect(all.at(-2).account.taken.map(({ outcome }: { outcome: string }) => outcome)).toContain("proven");
    expect(all.at(-1)).toMatchObject({ result: { outcome: "synced" } });
    expect((await run(["parcels"])).status).toBe(0);
  });

  test("pick takes the code from standard input; a denial has its number and what to do", async () => {
    const denied = await run(["pick", ...door], { typed: "2580\n" });
    expect([denied.status, denied.err]).toEqual([
      1,
      expect.stringMatching(/denied 118 CANNOT_SPECIFY_PIN_CODE.*; /),
    ]);
    await decide(service, { customCodes: true });
    const picked = await run(["pick", ...door, "--json"], { typed: "2580\n" });
    expect(picked.rows()[0]).toMatchObject({ changed: true, entry: { pending: true } });
    await run(["sync", "--lock", lock]);
    expect(opens(house.home, "2580")).toBe(true);
    await decide(service, {});
  });

  test("a guest comes and goes", async () => {
    const guest = ["--name", "Grace Guest", "--kind", "recurring", "--days", "mon,tue,wed,thu,fri,sat,sun"];
    const half = await run(["guest", "add", ...door, ...guest]);
    expect([half.status, half.err]).toEqual([2, expect.stringContaining("--days and --hours together")]);
    const added = await run(["guest", "add", ...door, ...guest, "--hours", "00:00-24:00"]);
    expect([added.status, added.err]).toEqual([0, ""]);
    const code = /(\d{4}) +will work after a sync/.exec(added.out)?.[1] ?? "";
    await run(["sync", "--lock", lock]);
    expect(opens(house.home, code)).toBe(true);
    expect((await run(["guest", "list", ...door])).out).toContain("Grace Guest, recurring\n");
    const revoked = await run(["guest", "revoke", ...door, "--guest", "grace guest"]);
    expect(revoked.out).toContain("not after the next sync");
    expect(revoked.out).toMatch(/^taken back: Grace Guest; the code opens until the door is synced$/m);
    await run(["sync", "--lock", lock]);
    expect(opens(house.home, code)).toBe(false);
    // Again, and away before anybody synced.
    const early = ["--name", "Ellie Early", "--kind", "permanent", "--json"];
    expect((await run(["guest", "add", ...door, ...early])).status).toBe(0);
    const unfetched = await service.call("inviteGuest", {
      token: house.rita.phone,
      params: { door: house.home.doorId },
      body: { name: "Nell Never", kind: "permanent" },
    });
    expect(unfetched.status).toBe(200);
    expect((await run(["guest", "revoke", ...door, "--guest", "Nell Never"])).out).toBe(
      "taken back: Nell Never; the code never reached the lock\n",
    );
    const carried = await run(["guest", "revoke", ...door, "--guest", "Ellie Early"]);
    expect(carried.out).toMatch(
      /^taken back: Ellie Early; a phone carries the code, and it may open until the door is/,
    );
    const gone = await run(["guest", "revoke", ...door, "--guest", "Nobody"]);
    expect([gone.status, gone.err]).toEqual([
      2,
      expect.stringContaining("no guest at this door is called Nobody"),
    ]);
  });

  test("the daily doorcode is shown with its limits, or sent", async () => {
    const shown = await run(["daily-code", ...door]);
    expect(shown.status).toBe(0);
    expect(opens(house.home, /^(\d+) /.exec(shown.out)?.[1] ?? "")).toBe(true);
    expect(shown.out).toContain("valid until ");
    const sent = await run(["daily-code", ...door, "--email", "grace@example.org"]);
    expect(sent.out).toMatch(/^sent: the doorcode of /);
    const both = await run(["daily-code", ...door, "--email", "a@b.example", "--phone", "+4915112345678"]);
    expect(both.status).toBe(2);
  });

  test("a door that is none of theirs is not looked for at the service", async () => {
    const { status, err } = await run(["reset", "--door", "Door of unit 9"]);
    expect([status, err]).toEqual([2, expect.stringMatching(/no door of yours is called .*Door of unit 4/)]);
  });

  test("--watch syncs when something is due, says it, and stays until it is stopped", async () => {
    await run(["reset", ...door]);
    const { status, out, err } = await run(["sync", "--lock", lock, "--watch"], {
      until: (said) => said.includes("proved version"),
    });
    expect(status).toBe(0);
    expect(err).toBe(`watching ${lock}, asks the service every 30 s; end with Ctrl-C\n`);
    expect(out.match(/synced: the lock proved version/g)).toHaveLength(1);
    const folder = await run(["sync", "--lock", lock, "--watch", "--mailbox", above]);
    expect([folder.status, folder.err]).toEqual([2, expect.stringContaining("leave --mailbox out")]);
  });

  test("--watch says when the lock or the service goes, once, and when it comes back", async () => {
    await run(["reset", ...door]);
    const [host = "", port = ""] = lock.split(":");
    listener.close();
    const hung = setTimeout(async () => {
      listener = createServer(lockAt(house.home));
      listener.listen(Number(port), host);
    }, 4_000);
    // Longer than the rest after a visit that found nobody.
    vi.useFakeTimers({ toFake: ["Date"], shouldAdvanceTime: true, advanceTimeDelta: 20 });
    try {
      const sooner = setInterval(() => vi.setSystemTime(Date.now() + 20_000), 1_000);
      const { err } = await run(["sync", "--lock", lock, "--watch"], {
        until: (said) => said.includes("proved version"),
      });
      clearInterval(sooner);
      expect(err.match(/^the lock at .* is gone: .*$/gm)).toHaveLength(1);
      expect(err.match(/^the lock at .* is back$/gm)).toHaveLength(1);
    } finally {
      clearTimeout(hung);
      vi.useRealTimers();
    }
  }, 60_000);

  test("the phone's key: none, enrolled, opening in one visit, ended; each with its words and status", async () => {
    // Leave counts by the phone's own clock, which here must be the service's.
    vi.useFakeTimers({ toFake: ["Date"], now: service.clock.now * 1_000 });
    try {
      const at = ["unlock", ...door, "--lock", lock];
      const none = await run(at);
      expect([none.status, none.err]).toEqual([2, expect.stringContaining("opens no doors yet")]);
      expect((await run(["key", "show"])).out).toContain("doorsync-phone key enrol");

      const enrolled = await run(["key", "enrol"]);
      expect([enrolled.status, enrolled.out]).toEqual([0, expect.stringContaining("Door of unit 4  until ")]);
      const opened = await run(at);
      expect([opened.status, opened.out]).toEqual([0, expect.stringContaining("opened: Door of unit 4")]);
      expect(opened.out).toContain("synced first: ");
      expect(house.home.lock.unlocked).toBe(true);
      wait(house.home.lock, 6);
      const rows = (await run([...at, "--json"])).rows();
      expect(rows).toEqual([{ unlock: expect.objectContaining({ kind: "opened", sync: null, advice: [] }) }]);
      wait(house.home.lock, 6);
      const shown = await run(["key", "show", "--json"]);
      expect(shown.out).not.toContain('"capability"');
      expect(
        shown
          .rows()[0]
          .key.leaves.map((one: { door: string }) => one.door)
          .sort(),
      ).toEqual(["Door of unit 4", "Entrance"]);

      expect((await run(["unlock", ...door, "--lock", "127.0.0.1:1"])).status).toBe(2);
      const ended = await run(["key", "end"]);
      expect([ended.status, ended.out]).toEqual([0, expect.stringContaining("opens no doors any more")]);
      expect([(await run(at)).status, house.home.lock.unlocked]).toEqual([2, false]);
    } finally {
      vi.useRealTimers();
    }
  });

  test("who has no door and no code hears why that may be, and what to do", async () => {
    await run(["logout"]);
    const nobody = await openAccount(service.office(), { name: "Nils", email: "nils@example.org", password });
    expect(nobody.ok).toBe(true);
    await run(["login", "--url", service.url, "--email", "nils@example.org"], { typed: `${password}\n` });
    const none = await run(["doors"]);
    expect([none.status, none.out]).toEqual([
      0,
      expect.stringMatching(/^no doors: nils@example.org has no home/),
    ]);
    expect(none.out).toContain("next: ask the property's management");
    expect((await run(["doors", "--json"])).rows()).toMatchObject([{ doors: [], more: false }]);
    const codes = await run(["codes"]);
    expect([codes.status, codes.out]).toEqual([0, expect.stringMatching(/^no codes: .*\nnext: /)]);
    // With nothing to carry it is the lock that says what it lacks: not to have met it is no success.
    const dark = await run(["sync", "--lock", "127.0.0.1:1"]);
    expect([dark.status, dark.out]).toEqual([2, expect.stringContaining("no lock answers there")]);
    await run(["logout"]);
    await logIn();
  });

  test("a door without a lock is not one to stand at and sync", async () => {
    const bare = await addDoorTo(service, "Shed", "communal", null);
    await give(service, bare, house.rita);
    const { out } = await run(["doors"]);
    expect(out).toContain(
      "Shed  Maple Court, communal  no lock yet: the property's management commissions one\n",
    );
  });

  test("what cannot be reached is status 2 and says so", async () => {
    const { status, out } = await run(["sync", "--lock", "127.0.0.1:1"]);
    expect([status, out]).toEqual([2, expect.stringContaining("cannot connect to 127.0.0.1:1")]);
    const nowhere = await run(["login", "--url", "http://127.0.0.1:1", "--email", "a@b.example", "--json"], {
      typed: "x\n",
    });
    expect(nowhere.status).toBe(2);
    expect(nowhere.rows()).toEqual([{ error: expect.stringContaining("the service cannot be reached") }]);
  });
});

test("times are said with their zone, and the help of a term says what a day means", async () => {
  const date = new Date(2027, 0, 15, 18, 30);
  const zone = zoneName(date.getTimezoneOffset());
  expect(localTime(date.getTime() / 1_000)).toBe(`2027-01-15 18:30 ${zone}`);
  expect([0, -330, 210].map(zoneName)).toEqual(["UTC", "UTC+05:30", "UTC-03:30"]);
  const help = (await run(["guest", "add", "--help"])).out.replace(/\s+/g, " ");
  expect(help).toContain("a day alone is its first minute, in this phone's time zone");
});

test("every command has help with an example", async () => {
  const commands = [
    "login",
    "logout",
    "doors",
    "codes",
    "reset",
    "pick",
    "guest add",
    "guest list",
    "guest revoke",
    "key enrol",
    "key show",
    "key end",
    "unlock",
  ];
  for (const command of [...commands, "daily-code", "sync", "parcels"]) {
    let out = "";
    const terminal = {
      write(text: string) {
        out += text;
      },
    };
    const silent = { stdout: terminal, stderr: terminal, env: {}, once: () => {}, removeListener: () => {} };
    expect(await runCommands([...command.split(" "), "--help"], silent), command).toBe(0);
    expect(out, command).toMatch(new RegExp(`Examples?:\\n\\s+doorsync-phone ${command}`));
  }
});

describe("what is typed", () => {
  test("moments are local where no zone is given, and nothing odd is taken", () => {
    expect(parseMoment("2027-03-01T18:30Z")).toBe(Date.UTC(2027, 2, 1, 18, 30) / 1_000);
    expect(parseMoment("2027-03-01")).toBe(new Date(2027, 2, 1).getTime() / 1_000);
    for (const odd of ["", "tomorrow", "2027-13-01", "1", "2027-03-01 18:30"])
      expect(() => parseMoment(odd), odd).toThrow();
  });

  test("days and hours", () => {
    expect(parseDays("mon,Friday,mon")).toEqual([1, 5]);
    expect(() => parseDays("mon,someday")).toThrow();
    expect(parseHours("22:00-06:30")).toEqual({ startMinute: 1_320, endMinute: 390 });
    expect(parseHours("00:00-24:00"), "a whole day").toEqual({ startMinute: 0, endMinute: 0 });
    for (const odd of ["9-12", "24:00-25:00", "", "09:00"]) expect(() => parseHours(odd), odd).toThrow();
  });

  test("an address loses what is not part of it", () => {
    expect(parseUrl("https://doors.example.org/base/?a#b")).toBe("https://doors.example.org/base");
    expect(parseUrl("http://[::1]:8080/")).toBe("http://[::1]:8080");
  });
});
