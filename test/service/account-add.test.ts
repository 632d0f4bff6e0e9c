// `account add` beside a running service: whom it adds can log in, and what does not go together is told with a remedy.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli } from "../../packages/authority/src/cli/run.ts";
import { addUnit } from "../../packages/authority/src/store/houses.ts";
import { password, type Service, startService } from "../support/service.ts";

let service: Service;
const unitId = "a".repeat(24);

beforeAll(async () => {
  service = await startService();
  await addUnit(service.office().db, { id: unitId, propertyId: service.propertyId, name: "4B" });
});
afterAll(async () => {
  await service.close();
  expect(service.faults).toEqual([]);
});

interface Said {
  readonly status: number;
  readonly out: string;
  readonly errors: string;
}

const add = (...flags: readonly string[]): Promise<Said> => run("account", "add", ...flags);

async function run(...flags: readonly string[]): Promise<Said> {
  let out = "";
  let errors = "";
  const stream = (take: (text: string) => void) => ({ write: (text: string): void => take(text) });
  const lent = {
    stdout: stream((text) => {
      out += text;
    }),
    stderr: stream((text) => {
      errors += text;
    }),
    env: {},
  };
  const base = ["--data", service.folder, "--now", `${service.clock.now}`];
  const status = await runCli([...flags, ...base], lent, service.office().db);
  return { status, out, errors };
}

const named = (name: string): readonly string[] => ["--name", name, "--email", `${name}@example.org`];

test("with a password in a file, a manager can log in at once", async () => {
  const file = join(service.folder, "password.txt");
  writeFileSync(file, `${password}\n`);
  const said = await add(...named("mo"), "--role", "manager", "--password-file", file);
  expect(said).toEqual({ status: 0, out: 'added the account of "mo" (mo@example.org)\n', errors: "" });
  const token = await service.logIn("mo@example.org", "desktop");
  const params = { property: service.propertyId };
  const { decisions } = (await service.call("audit", { token: service.manager, params })).body;
  expect(decisions[0]).toMatchObject({
    action: "cli.accountAdd",
    actor: null,
    person: "mo",
    decision: "granted",
  });
  const me = await service.call("me", { token });
  expect(me.body.standings).toMatchObject([{ property: "Maple Court", role: "manager", unit: null }]);
});

test("without one, a token is printed with which a resident chooses a password", async () => {
  const said = await add(...named("ada"), "--role", "resident", "--unit", "4b", "--json");
  expect(said.status).toBe(0);
  const { resetToken } = JSON.parse(said.out);
  const answer = await service.call("resetPassword", { body: { token: resetToken, password } });
  expect(answer.status).toBe(204);
  const token = await service.logIn("ada@example.org");
  const me = await service.call("me", { token });
  expect(me.body.standings).toMatchObject([{ role: "resident", unitId, unit: "4B" }]);
  const plain = await add(...named("hal"), "--role", "host", "--unit", "4B");
  expect(plain.out).toMatch(/^reset token, good once and for 60 minutes: [A-Za-z0-9_-]{43}$/m);
});

test("the vendor's people stand nowhere", async () => {
  expect((await add(...named("vera"), "--vendor")).status).toBe(0);
  const { db } = service.office();
  const account = await db
    .selectFrom("accounts")
    .selectAll()
    .where("email", "=", "vera@example.org")
    .executeTakeFirstOrThrow();
  expect(account.vendor).toBe(true);
  expect(
    await db.selectFrom("standings").selectAll().where("person_id", "=", account.person_id).execute(),
  ).toEqual([]);
});

test("what does not go together is told with a remedy, and nobody is added", async () => {
  const { db } = service.office();
  const before = await db.selectFrom("people").select("id").execute();
  const long = join(service.folder, "long.txt");
  writeFileSync(long, "two\nlines\n");
  const vera = named("vic");
  const wrong: readonly (readonly [readonly string[], RegExp])[] = [
    [vera, /needs a role; say --role/],
    [[...vera, "--role", "resident"], /a resident belongs to a unit; name it with --unit/],
    [[...vera, "--role", "host"], /a host belongs to a unit/],
    [[...vera, "--role", "manager", "--unit", "4B"], /a manager has no unit/],
    [[...vera, "--role", "resident", "--unit", "9Z"], /no unit is named "9Z" \(known: "4B"\)/],
    [[...vera, "--role", "manager", "--property", "Elm"], /no property is named "Elm"/],
    [[...vera, "--vendor", "--role", "manager"], /the vendor's people have no role/],
    [[...vera, "--vendor", "--property", "Maple Court"], /the vendor's people have no role/],
    [[...vera, "--role", "manager", "--password-file", join(service.folder, "none")], /cannot be read/],
    [[...vera, "--role", "manager", "--password-file", long], /more than one line/],
    [[...vera, "--role", "queen"], /one of \(manager\|resident\|host\)/],
  ];
  for (const [flags, message] of wrong) {
    const said = await add(...flags);
    expect(said).toMatchObject({ status: 2, out: "" });
    expect(said.errors).toMatch(message);
  }
  const taken = await add("--name", "Again", "--email", "Manager@Example.org", "--role", "manager");
  expect(taken).toMatchObject({ status: 1, out: "" });
  expect(taken.errors).toContain("EMAIL_TAKEN");
  const odd = await add("--name", "Odd", "--email", "odd", "--role", "manager");
  expect(odd.errors).toContain("EMAIL_UNFIT");
  expect(await db.selectFrom("people").select("id").execute()).toHaveLength(before.length);
});

test("what is done to codes on the command line stands in the audit, with door and person and without an actor", async () => {
  await run("door", "add", "--name", "Shed", "--kind", "communal");
  await run("person", "add", "--name", "Ada Osei");
  const whose = ["--door", "Shed", "--person", "Ada Osei"];
  for (const command of ["assign", "suspend", "resume", "reset", "revoke"])
    expect((await run(command, ...whose)).status, command).toBe(0);
  expect((await run("suspend", ...whose)).status, "denied").toBe(1);
  expect((await run("assign", ...whose)).status).toBe(0);
  expect((await run("revoke", "--person", "Ada Osei", "--all")).status).toBe(0);
  const params = { property: service.propertyId };
  const { decisions } = (await service.call("audit", { token: service.manager, params })).body;
  const { doors } = (await service.call("doors", { token: service.manager, params })).body;
  const shed = doors.find(({ name }: { name: string }) => name === "Shed").id;
  const about = { actor: null, person: "Ada Osei", doorId: shed, decision: "granted" };
  expect(decisions.slice(0, 7)).toMatchObject(
    ["revoke", "assign", "revoke", "reset", "resume", "suspend", "assign"].map((name) => ({
      action: `cli.${name}`,
      ...about,
    })),
  );
});

test("the command line says that a code is suspended, whom it knows, and what comes behind a backup", async () => {
  await run("door", "add", "--name", "Cellar", "--kind", "communal");
  await run("person", "add", "--name", "Ben Bower");
  const whose = ["--door", "Cellar", "--person", "Ben Bower"];
  expect((await run("assign", ...whose)).out).not.toContain("suspended");
  expect((await run("suspend", ...whose)).out).toMatch(
    /^"Cellar", Ben Bower: \d{4} {2}unset, suspended \(Pending\);/,
  );
  expect((await run("status")).out).toContain("  Ben Bower: unset, suspended (Pending);");
  expect((await run("resume", ...whose)).out).not.toContain("suspended");
  // A door of the service has a holder of its daily doorcode, who is nobody to be named.
  const params = { property: service.propertyId };
  const body = { name: "Served", kind: "communal" };
  expect((await service.call("addDoor", { token: service.manager, params, body })).status).toBe(200);
  const nobody = await run("codes", "--person", "Nobody");
  expect(nobody.errors).toContain('"Ben Bower"');
  expect(nobody.errors).not.toContain("daily doorcode");
  const half = await run("revoke", "--person", "Ben Bower");
  expect([half.status, half.errors]).toEqual([2, expect.stringContaining("one of --door and --all")]);
  const help = (await run("revoke", "--help")).out;
  expect(help).toMatch(/revoke --data \.\/office --door "Unit 4B" --person "Ada Osei"/);
  expect(help).toContain("or say --all");
  const restored = await run("restored");
  expect(restored.out).toMatch(/doorsync-authority issue --data \S+ --door DOOR --mailbox DIR --trust-books/);
});
