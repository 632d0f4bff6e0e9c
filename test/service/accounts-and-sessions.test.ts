// Accounts on the real service: what one is told about oneself, how a password is replaced and what ends with it, and
// that nothing of either can be read in the database.
import { randomBytes } from "node:crypto";
import { registerDoor } from "@doorsync/authority";
import { openAccount } from "@doorsync/authority/service";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { knownSeconds } from "../../packages/authority/src/desk/log-in-tries.ts";
import { beginReset, resetPassword, resetSeconds } from "../../packages/authority/src/desk/password.ts";
import { hashPassword, logIn, sessionSeconds, whoHolds } from "../../packages/authority/src/desk/sign-in.ts";
import { answerSeconds, sweep } from "../../packages/authority/src/desk/sweep.ts";
import { plainPolicy } from "../../packages/authority/src/model/policy.ts";
import { endSessionsOf, setPasswordHash } from "../../packages/authority/src/store/accounts.ts";
import { addUnit, setPolicy } from "../../packages/authority/src/store/houses.ts";
import type { Place } from "../../packages/authority/src/store/open.ts";
import { suspendRoll } from "../../packages/authority/src/store/roll.ts";
import { holdAccount } from "../../packages/authority/src/store/sessions.ts";
import { password, type Service, startService } from "../support/service.ts";

const url = process.env["DATABASE_URL"];
const schema = `accounts_${randomBytes(6).toString("hex")}`;
const places: Place[] = [{ kind: "memory" }];
if (url !== undefined && url !== "") places.push({ kind: "postgres", url, schema });
if (places.length === 1) {
  test("PostgreSQL: skipped, DATABASE_URL is not set", (context) => {
    context.skip("accounts were tried on the embedded database only");
  });
}

interface Somebody {
  readonly email: string;
  readonly accountId: string;
  readonly personId: string;
}

const client = { class: "desktop", name: "Ada's Notebook", version: "1.0.0" } as const;
const here = "127.0.0.1";
const next = "a better horse battery";
const id = (digit: string): string => digit.repeat(24);

describe.each(places)("accounts on $kind", (place) => {
  let service: Service;
  let people = 0;

  beforeAll(async () => {
    service = await startService(place);
    const { db } = service.office();
    await addUnit(db, { id: id("a"), propertyId: service.propertyId, name: "4B" });
    await registerDoor(service.office(), { property: undefined, name: "Unit 4B", kind: "residence" });
  });

  afterAll(async () => {
    const { db } = service.office();
    if (place.kind === "postgres") await sql.raw(`drop schema ${schema} cascade`).execute(db);
    await service.close();
    expect(service.faults).toEqual([]);
  });

  /** Somebody new, so that no test meets another's limits or sessions. */
  async function somebody(): Promise<Somebody> {
    people += 1;
    const email = `person${people}@example.org`;
    const standing = { propertyId: service.propertyId, unitId: id("a"), role: "resident" } as const;
    const opened = await openAccount(service.office(), {
      name: `Person ${people}`,
      email,
      password,
      standing,
    });
    if (!opened.ok) throw new Error(opened.denial);
    return { email, ...opened.value };
  }

  /** Texts of the messages to somebody that wait to leave. */
  async function letters(to: string): Promise<readonly string[]> {
    const { db, vault } = service.office();
    const rows = await db.selectFrom("messages").selectAll().where("state", "=", "queued").execute();
    return rows
      .map(({ kind, sealed }) => JSON.parse(new TextDecoder().decode(vault.open("message", kind, sealed))))
      .filter((message) => message.to === to)
      .map((message) => message.text);
  }

  async function resetToken(email: string): Promise<string> {
    expect((await service.call("askPasswordReset", { body: { email } })).status).toBe(204);
    const link = /\/reset#([A-Za-z0-9_-]{43})\n/.exec((await letters(email)).at(-1) ?? "");
    if (link?.[1] === undefined) throw new Error(`no link was sent to ${email}`);
    return link[1];
  }

  const use = async (token: string, to: string = next) =>
    await service.call("resetPassword", { body: { token, password: to } });
  const tryLogIn = async (email: string, word: string) =>
    await service.call("logIn", { body: { email, password: word, client } });
  const statusOf = async (token: string) => (await service.call("me", { token })).status;

  /** Everything in the database, as text: bytes as they are, in hex and in base64url. */
  async function everything(): Promise<string> {
    const { db } = service.office();
    const tables = await sql<{ name: string }>`
      select table_name as name from information_schema.tables where table_schema = current_schema()`.execute(
      db,
    );
    const rows = [];
    for (const { name } of tables.rows)
      rows.push((await sql<object>`select * from ${sql.table(name)}`.execute(db)).rows);
    const said = (_: string, value: unknown): unknown => {
      const isBytes = value instanceof Uint8Array || (value as { type?: string } | null)?.type === "Buffer";
      if (!isBytes) return value;
      const bytes = Buffer.from(value as Uint8Array);
      return ["latin1", "hex", "base64url"].map((spelled) => bytes.toString(spelled as BufferEncoding));
    };
    return rows
      .flat(1)
      .map((row) => JSON.stringify(row, said))
      .join("\n");
  }

  test("me: who one is, where one stands, and that this app is too old for the property", async () => {
    const { email, accountId, personId } = await somebody();
    const token = await service.logIn(email, "mobile", "1.4.0");
    const { db } = service.office();
    const me = (await service.call("me", { token })).body;
    expect(me).toMatchObject({
      accountId,
      personId,
      email,
      name: `Person ${people}`,
      client: "mobile",
      clientVersion: "1.4.0",
      isVendor: false,
      standings: [
        {
          propertyId: service.propertyId,
          property: "Maple Court",
          unitId: id("a"),
          unit: "4B",
          role: "resident",
          isSuspended: false,
        },
      ],
    });
    expect(me.properties).toMatchObject([{ appVersionMin: "0.0.0", isUpgradeRequired: false }]);
    await setPolicy(db, service.propertyId, { ...plainPolicy, appVersionMin: "1.10.0" });
    expect((await service.call("me", { token })).body.properties).toEqual([
      {
        propertyId: service.propertyId,
        name: "Maple Court",
        appVersionMin: "1.10.0",
        isUpgradeRequired: true,
      },
    ]);
    await setPolicy(db, service.propertyId, plainPolicy);
    const manager = (await service.call("me", { token: service.manager })).body;
    expect(manager.standings).toMatchObject([{ role: "manager", unitId: null, unit: null }]);
  });

  test("who is suspended can log in and is told so, without the reason", async () => {
    const { email, personId } = await somebody();
    const { db } = service.office();
    const suspended = { at: service.clock.now, reason: "phone was stolen" };
    await suspendRoll(db, personId, service.propertyId, suspended);
    const token = await service.logIn(email);
    const me = (await service.call("me", { token })).body;
    expect(me.standings).toMatchObject([{ role: "resident", isSuspended: true }]);
    expect(JSON.stringify(me)).not.toContain("stolen");
    expect((await service.call("fetchParcels", { token, body: {} })).body.parcels).toEqual([]);
  });

  test("sessions are listed for their owner alone, with a use that is true to the hour", async () => {
    const { email } = await somebody();
    const other = await service.logIn(email, "desktop");
    const token = await service.logIn(email, "mobile", "2.0.0");
    const uses = async () => {
      const { sessions } = (await service.call("sessions", { token })).body;
      expect(sessions).toHaveLength(2);
      return sessions.find((one: { isThis: boolean }) => one.isThis);
    };
    expect(await uses()).toMatchObject({ client: "mobile", clientName: "test", clientVersion: "2.0.0" });
    const begun = service.clock.now;
    service.clock.now = begun + 3_599;
    expect(await uses()).toMatchObject({ createdAt: begun, usedAt: begun });
    service.clock.now = begun + 3_600;
    expect(await uses()).toMatchObject({ createdAt: begun, usedAt: begun + 3_600 });
    service.clock.now = begun;
    const { sessions } = (await service.call("sessions", { token: other })).body;
    expect(sessions.filter((one: { isThis: boolean }) => one.isThis)).toMatchObject([{ client: "desktop" }]);
    expect(JSON.stringify(sessions)).not.toContain("token");
  });

  test("logging out leaves nothing of that phone but the couriers' books", async () => {
    const { email, accountId } = await somebody();
    const answer = await tryLogIn(email, password);
    const { token, phoneId } = answer.body;
    expect(await everything()).toContain(phoneId);
    expect(await everything()).toContain(client.name);
    expect((await service.call("logOut", { token, idempotencyKey: "log-out-once" })).status).toBe(204);
    const left = await everything();
    expect(left).toContain(accountId);
    expect(left).not.toContain(phoneId);
    expect(left).not.toContain(client.name);
    expect(await statusOf(token)).toBe(401);
  });

  test("one can log out everywhere at once, and nobody else is", async () => {
    const { email } = await somebody();
    const tokens = [await service.logIn(email), await service.logIn(email, "desktop")];
    expect(await Promise.all(tokens.map(statusOf))).toEqual([200, 200]);
    expect((await service.call("endSessions", { token: tokens[0] })).status).toBe(204);
    expect(await Promise.all(tokens.map(statusOf))).toEqual([401, 401]);
    expect(await statusOf(service.manager)).toBe(200);
  });

  test("asking for a reset is answered alike, and as late, whether or not there is an account", async () => {
    const { email } = await somebody();
    const answers = [];
    for (const address of [email, "nobody@example.org"]) {
      const begun = performance.now();
      const response = await fetch(`${service.url}/v1/password-resets`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ email: address }),
      });
      // A timer may fire a millisecond early.
      expect(performance.now() - begun).toBeGreaterThan(295);
      const headers = [...response.headers].filter(([name]) => name !== "date");
      answers.push({ status: response.status, headers, body: await response.text() });
    }
    expect(answers[0]).toMatchObject({ status: 204, body: "" });
    expect(answers[1]).toEqual(answers[0]);
    expect(await letters(email)).toHaveLength(1);
    expect(await letters("nobody@example.org")).toEqual([]);
    const last = [];
    for (const address of [email, "nobody@example.org"])
      for (let i = 0; i < 3; i++)
        last.push((await service.call("askPasswordReset", { body: { email: address } })).status);
    expect(last).toEqual([204, 204, 429, 204, 204, 429]);
    service.clock.now += 3_600;
  });

  test("a reset, from a computer, ends every session on every device", async () => {
    const { email } = await somebody();
    const tokens = [
      await service.logIn(email),
      await service.logIn(email),
      await service.logIn(email, "desktop"),
    ];
    const token = await resetToken(email);
    expect(await Promise.all(tokens.map(statusOf))).toEqual([200, 200, 200]);
    expect((await use(token)).status).toBe(204);
    for (const old of tokens) {
      const fetched = await service.call("fetchParcels", { token: old, body: {} });
      expect([fetched.status, await statusOf(old)]).toEqual([401, 401]);
    }
    expect((await tryLogIn(email, password)).body.name).toBe("BAD_CREDENTIALS");
    expect((await tryLogIn(email, next)).status).toBe(200);
    expect(await statusOf(service.manager)).toBe(200);
  });

  test("a link works once, for an hour, and a newer one takes its place", async () => {
    const { email } = await somebody();
    const first = await resetToken(email);
    const second = await resetToken(email);
    expect((await use(first)).body).toMatchObject({ name: "RESET_INVALID", status: 404 });
    const weak = await use(second, "password123");
    expect(weak.body).toMatchObject({ name: "PASSWORD_UNFIT", status: 422 });
    expect((await use(second)).status).toBe(204);
    expect((await use(second)).body.name).toBe("RESET_INVALID");
    const third = await resetToken(email);
    service.clock.now += resetSeconds;
    for (const word of [next, "weak"]) expect((await use(third, word)).body.name).toBe("RESET_INVALID");
    for (const odd of ["", "x", "A".repeat(43), `${third}=`])
      expect((await use(odd)).body.name).toBe("RESET_INVALID");
    expect((await tryLogIn(email, next)).status).toBe(200);
  });

  test("of two who use one link at once, one sets the password", async () => {
    const { email } = await somebody();
    const token = await resetToken(email);
    const words = ["the first of two words", "the second of two words"];
    const statuses = (await Promise.all(words.map((word) => use(token, word)))).map(({ status }) => status);
    expect([...statuses].sort()).toEqual([204, 404]);
    const winner = statuses.indexOf(204);
    expect((await tryLogIn(email, words[winner] ?? "")).status).toBe(200);
    expect((await tryLogIn(email, words[1 - winner] ?? "")).status).toBe(401);
  });

  test("a log-in that is under way when the password is reset does not outlive it", async () => {
    const { email, accountId } = await somebody();
    const wish = { email, client };
    let old = password;
    let met = 0;
    for (let turn = 0; turn < 24; turn++) {
      const fresh = `another password, number ${turn}`;
      const token = await beginReset(service.office(), accountId);
      const reset = resetPassword(service.office(), { token, password: fresh });
      // Later and later, so that some of them compare the old password while the new one is put in place.
      await new Promise((resolve) => setTimeout(resolve, turn));
      const loggedIn = await logIn(service.office(), { ...wish, password: old }, here);
      expect((await reset).ok).toBe(true);
      if (loggedIn.ok) {
        met += 1;
        expect((await whoHolds(service.office(), loggedIn.value.token)).ok).toBe(false);
      }
      old = fresh;
    }
    expect((await logIn(service.office(), { ...wish, password: old }, here)).ok).toBe(true);
    expect(met).toBeLessThan(24);
  });

  test("nor does one that finds the password while another process is about to replace it", async () => {
    const { email, accountId } = await somebody();
    const { db } = service.office();
    const hashed = await hashPassword(next);
    let late: ReturnType<typeof logIn> | undefined;
    await db.transaction().execute(async (trx) => {
      await holdAccount(trx, accountId);
      await setPasswordHash(trx, accountId, hashed);
      await endSessionsOf(trx, accountId);
      late = logIn(service.office(), { email, password, client }, here);
      // Long enough to compare the password, which is still the old one to everybody else.
      await new Promise((resolve) => setTimeout(resolve, 500));
    });
    expect(await late).toMatchObject({ ok: false, denial: "BAD_CREDENTIALS" });
    expect(await db.selectFrom("sessions").where("account_id", "=", accountId).execute()).toEqual([]);
  });

  test("a changed password needs the old one, ends every other session and every link", async () => {
    const { email } = await somebody();
    const [token, other] = [await service.logIn(email, "desktop"), await service.logIn(email)];
    const link = await resetToken(email);
    const change = async (old: string, fresh: string) =>
      await service.call("changePassword", { token, body: { old, new: fresh } });
    expect((await change("not the password", next)).body.name).toBe("BAD_CREDENTIALS");
    expect((await change(password, "short")).body.name).toBe("PASSWORD_UNFIT");
    expect(await Promise.all([token, other].map(statusOf))).toEqual([200, 200]);
    expect((await change(password, next)).status).toBe(204);
    expect(await Promise.all([token, other].map(statusOf))).toEqual([200, 401]);
    expect((await use(link)).body.name).toBe("RESET_INVALID");
    expect((await tryLogIn(email, password)).status).toBe(401);
    expect((await tryLogIn(email, next)).status).toBe(200);
    // The answer was lost and the request is made again.
    expect((await change(password, next)).status).toBe(204);
    const guesses = [];
    for (let i = 0; i < 5; i++) guesses.push((await change("a guess of a thief", "whatever it be")).status);
    expect(guesses.at(-1)).toBe(429);
  });

  test("a change of password under a key is done once, answered alike, and another one under it is refused", async () => {
    const ada = await somebody();
    const token = await service.logIn(ada.email, "mobile");
    const idempotencyKey = `password-of-${ada.accountId}`;
    const change = { token, body: { old: password, new: next }, idempotencyKey };
    const wrong = { ...change, body: { old: "not the password at all", new: next } };
    const { db } = service.office();
    const hashNow = async (): Promise<string | null | undefined> =>
      (
        await db
          .selectFrom("accounts")
          .select("password_hash")
          .where("id", "=", ada.accountId)
          .executeTakeFirst()
      )?.password_hash;
    // Refused, it keeps no key.
    expect((await service.call("changePassword", wrong)).body.name).toBe("BAD_CREDENTIALS");
    expect((await service.call("changePassword", change)).status).toBe(204);
    const hashed = await hashNow();
    const third = { token, body: { old: next, new: "the third horse battery" } };
    expect(await service.call("changePassword", { ...third, idempotencyKey })).toMatchObject({
      status: 422,
      body: { name: "KEY_REUSED" },
    });
    expect(await hashNow()).toBe(hashed);
    expect((await service.call("changePassword", third)).status).toBe(204);
    const last = await hashNow();
    // By now neither of its passwords is the account's; the answer is that of the first time, and nothing is done.
    expect((await service.call("changePassword", change)).status).toBe(204);
    expect(await hashNow()).toBe(last);
    // The key of another request is not free for this one either.
    expect((await service.call("logOut", { token, idempotencyKey })).body?.name).toBe("KEY_REUSED");
    // A process that died between the deed and the answer leaves the key to this request alone.
    await db
      .updateTable("idempotency")
      .set({ status: 0, body: "" })
      .where("account_id", "=", ada.accountId)
      .execute();
    expect(
      (
        await service.call("changePassword", {
          token,
          body: { old: "?".repeat(12), new: next },
          idempotencyKey,
        })
      ).body.name,
    ).toBe("KEY_REUSED");
    expect(await hashNow()).toBe(last);
  });

  test("no password and no token can be read in the database", async () => {
    const { email } = await somebody();
    const session = await service.logIn(email);
    const link = await resetToken(email);
    const secret = "only Ada knows this one";
    const change = { old: password, new: secret };
    expect((await service.call("changePassword", { token: session, body: change })).status).toBe(204);
    const pending = await resetToken(email);
    const held = await everything();
    // The search finds what is there.
    expect(held).toContain(email);
    expect(held).toContain("$argon2id$");
    const hashed = (token: string): string =>
      Buffer.from(service.office().crypto.hash(new Uint8Array(Buffer.from(token, "base64url")))).toString(
        "hex",
      );
    expect(held).toContain(hashed(session));
    expect(held).toContain(hashed(pending));
    for (const word of [password, secret, session, link, pending, service.manager]) {
      expect(held).not.toContain(word);
      expect(held).not.toContain(Buffer.from(word).toString("hex"));
      expect(held).not.toContain(Buffer.from(word, "base64url").toString("hex"));
    }
  });

  test("what is over is swept, and what is not stays", async () => {
    const { email } = await somebody();
    const { db } = service.office();
    const begun = service.clock.now;
    const token = await service.logIn(email);
    await resetToken(email);
    await service.call("endAppKey", { token, idempotencyKey: "end-once-and-keep" });
    const count = async (table: "sessions" | "password_resets" | "attempts" | "idempotency") => {
      const { rows } = await sql<{ n: string }>`select count(*) as n from ${sql.table(table)}`.execute(db);
      return Number(rows[0]?.n);
    };
    const counts = async () => [
      await count("sessions"),
      await count("password_resets"),
      await count("attempts"),
      await count("idempotency"),
    ];
    await sweep(service.office());
    const before = await counts();
    expect(before.every((n) => n > 0)).toBe(true);
    const at = async (seconds: number) => {
      service.clock.now = begun + seconds;
      await sweep(service.office());
      return (await counts()).map((n) => n > 0);
    };
    expect(await at(resetSeconds - 1)).toEqual([true, true, true, true]);
    expect(await at(resetSeconds)).toEqual([true, false, true, true]);
    const known = db.selectFrom("attempts").select("key").where("key", "not like", "known/%");
    expect(await known.execute()).not.toEqual([]);
    expect(await at(86_400 + 1)).toEqual([true, false, true, true]);
    expect(await known.execute(), "tries; what lasts is the place of a log-in").toEqual([]);
    expect(await at(answerSeconds + 1)).toEqual([true, false, true, false]);
    expect(await at(sessionSeconds)).toEqual([false, false, true, false]);
    expect(await at(knownSeconds + 1)).toEqual([false, false, false, false]);
    service.clock.now = begun;
  });

  test("an address has one account, also when two are opened at once", async () => {
    const wish = { name: "Twice", email: "twice@example.org", password };
    const opened = await Promise.all([
      openAccount(service.office(), wish),
      openAccount(service.office(), { ...wish, email: " Twice@Example.org " }),
    ]);
    expect(opened.map(({ ok }) => ok).sort()).toEqual([false, true]);
    expect(opened.find(({ ok }) => !ok)).toMatchObject({ denial: "EMAIL_TAKEN" });
    const { db } = service.office();
    expect(await db.selectFrom("people").select("id").where("name", "=", "Twice").execute()).toHaveLength(1);
  });
});
