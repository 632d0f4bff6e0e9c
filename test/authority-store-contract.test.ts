/**
 * One contract for both databases: PGlite always, PostgreSQL when DATABASE_URL is set (a schema of its own, dropped
 * afterwards). The office works on it with a lock on paper; rules are tested elsewhere, here it is about rows.
 */
import { createHash, randomBytes, randomFillSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  assignCode,
  claimInstallation,
  createVault,
  type Database,
  keyFingerprint,
  loadLedger,
  loadSpans,
  type MailboxFolder,
  type Office,
  openMailbox,
  openStore,
  type Place,
  plainHouse,
  plainTerms,
  readLog,
  receive,
  registerDoor,
  registerPerson,
  registerProperty,
  rotateKeys,
  status,
  suspendCode,
  tablesAt,
  unpackLockKeys,
  withDoor,
} from "@doorsync/authority";
import {
  createCrypto,
  decodeParcel,
  encodeReturnSlip,
  lifeHoursDefault,
  type Parcel,
  type ReturnSlip,
  type Setup,
  tableState,
} from "@doorsync/protocol/authority";
import { openssl } from "@doorsync/protocol/node-crypto";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packHouse } from "../packages/authority/src/store/packed.ts";
import { assign, commission, issue, revoke } from "./support/by-name.ts";
import { travel } from "./support/door-office.ts";
import { type PaperLock, paperLock } from "./support/paper-lock.ts";
import { makeLock, type TestLock } from "./world.ts";

const crypto = createCrypto(openssl);
const url = process.env["DATABASE_URL"];
const schema = `contract_${randomBytes(6).toString("hex")}`;
const places: Place[] = [{ kind: "memory" }];
if (url !== undefined && url !== "") places.push({ kind: "postgres", url, schema });

const seed = (): Uint8Array => new Uint8Array(randomBytes(32));
const root = { kind: "here", seed: seed() } as const;
const keys = { root, table: seed(), capability: seed(), time: seed(), box: seed(), vault: seed() };
const fill = (bytes: Uint8Array): void => {
  randomFillSync(bytes);
};
const wish = { renew: false, snapshot: false, lifeHours: lifeHoursDefault };

if (places.length === 1) {
  test("PostgreSQL: skipped, DATABASE_URL is not set", (context) => {
    context.skip("the contract ran on the embedded database only");
  });
}

describe.each(places)("the store contract on $kind", (place) => {
  let db: Database;
  let folder: string;
  let mailbox: MailboxFolder;
  let doors = 0;
  let now = 1_750_000_000;

  beforeAll(async () => {
    db = await openStore(place);
    await claimInstallation(db, keyFingerprint(crypto, keys), now);
    folder = mkdtempSync(join(tmpdir(), "doorsync-contract-"));
    mailbox = openMailbox(folder);
    await registerProperty(office(), { name: "Maple Court", sixDigits: false, leaseHours: 0 });
    for (const name of ["ada", "ben", "cy", "dee", "eve", "fay"]) await registerPerson(office(), name);
  });

  afterAll(async () => {
    if (place.kind === "postgres") await sql`drop schema ${sql.id(place.schema)} cascade`.execute(db);
    await db.destroy();
    rmSync(folder, { recursive: true, force: true });
  });

  function office(): Office {
    now += 60;
    return { db, crypto, keys, vault: createVault(crypto, keys.vault, fill), fill, now };
  }

  function parcels(): Parcel[] {
    return readdirSync(join(folder, "parcels")).map((name) => {
      const parcel = decodeParcel(new Uint8Array(readFileSync(join(folder, "parcels", name))));
      if (!parcel.ok) throw new Error(`${name}: ${parcel.check}`);
      return parcel.value;
    });
  }

  function bring(slip: ReturnSlip): void {
    const bytes = encodeReturnSlip(slip);
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8);
    const tag = Buffer.from(slip.tag).toString("hex");
    writeFileSync(join(folder, "returns", `${tag}-${slip.epoch}-${slip.to}-${hash}.slip`), bytes);
  }

  /** One visit at the lock with everything that lies in the mailbox for it. */
  async function sync(lock: PaperLock) {
    for (const parcel of parcels()) {
      const answer = lock.hear(parcel);
      if ("body" in answer) bring(answer);
    }
    return await receive(office(), mailbox, wish);
  }

  async function door(kind: "commissioned" | "bare" = "commissioned") {
    const name = `Door ${++doors}`;
    await registerDoor(office(), { property: undefined, name, kind: "residence" });
    const row = await db.selectFrom("doors").select("id").where("name", "=", name).executeTakeFirstOrThrow();
    const setup: Setup = { secret: new Uint8Array(randomBytes(16)) };
    const lock = paperLock(crypto, setup, doors);
    if (kind === "commissioned") {
      expect(
        await commission(office(), mailbox, { door: name, setup, replace: false, epochMin: 1 }),
      ).toMatchObject({ ok: true });
      expect((await sync(lock)).slips.map(({ outcome }) => outcome)).toEqual(["commissioned"]);
      expect((await sync(lock)).slips.map(({ outcome }) => outcome)).toEqual(["proven"]);
    }
    return { id: row.id, name, setup, lock };
  }

  const statesOf = async (name: string): Promise<Record<string, string>> => {
    const [seen] = await status(office(), { door: name, removed: true });
    return Object.fromEntries((seen?.codes ?? []).map((code) => [code.person, code.state]));
  };

  test("versions come without gaps and without doubles, however many issue at once", async () => {
    const { id, name } = await door();
    const desk = office();
    const before = (await loadLedger(db, id)).lock?.issued.at(-1)?.version ?? 0;
    const many = Array.from({ length: 12 }, () => issue(desk, mailbox, { ...wish, door: name, renew: true }));
    const got = (await Promise.all(many))
      .map((one) => (one.ok ? one.value.version : -1))
      .sort((a, b) => a - b);
    expect(got).toEqual(got.map((_, i) => before + 1 + i));
    expect(new Set(parcels().map(({ to }) => to))).toEqual(new Set([before + 12]));
    rmSync(join(folder, "parcels"), { recursive: true });
    mailbox = openMailbox(folder);
  });

  test("people who are given codes at once are given different ones", async () => {
    const { id, name } = await door("bare");
    // Every draw begins at the same few digits: only the door's lock keeps two people from the same code.
    const narrow = (): Office => {
      let next = 1_300;
      return {
        ...office(),
        fill: (bytes) => (bytes.length === 4 ? new DataView(bytes.buffer).setUint32(0, next++) : fill(bytes)),
      };
    };
    const given = await Promise.all(
      ["ada", "ben", "cy", "dee", "eve", "fay"].map((person) =>
        assign(narrow(), { door: name, person, length: 4 }),
      ),
    );
    const codes = given.map((one) => (one.ok ? one.value.code : "denied"));
    expect([...codes].sort()).toEqual(["1300", "1301", "1302", "1303", "1304", "1305"]);
    const twice = db
      .insertInto("codes")
      .columns([
        "id",
        "door_id",
        "person_id",
        "mark",
        "length",
        "sealed",
        "created_at",
        "wished_at",
        "revoked",
        "released",
      ])
      .expression(
        db
          .selectFrom("codes")
          .select([
            sql<string>`'copy'`.as("id"),
            "door_id",
            "person_id",
            "mark",
            "length",
            "sealed",
            "created_at",
            "wished_at",
            sql<boolean>`true`.as("revoked"),
            "released",
          ])
          .where("door_id", "=", id)
          .limit(1),
      );
    await expect(twice.execute()).rejects.toThrow(/codes_unique_while_quarantined/);
  });

  test("the digits are in no column of the database, not even as a plain hash", async () => {
    const { id, name } = await door("bare");
    const given = await assign(office(), { door: name, person: "ada", length: 4 });
    if (!given.ok) throw new Error(given.denial);
    const row = await db.selectFrom("codes").selectAll().where("door_id", "=", id).executeTakeFirstOrThrow();
    const { code } = given.value;
    const plain = createHash("sha256").update(code).digest("hex");
    const shown = JSON.stringify({
      ...row,
      id: "",
      door_id: "",
      person_id: "",
      created_at: 0,
      sealed: Buffer.from(row.sealed).toString("latin1"),
    });
    expect(shown).not.toContain(code);
    expect(row.mark).not.toBe(plain.slice(0, row.mark.length));
  });

  test("every issued version's table can be put together again", async () => {
    const { id, name } = await door();
    const acts = [
      () => assign(office(), { door: name, person: "ada", length: 4 }),
      () => assign(office(), { door: name, person: "ben", length: 4 }),
      () => revoke(office(), { door: name, person: "ada" }),
      () => assign(office(), { door: name, person: "cy", length: 4 }),
      () => revoke(office(), { door: name, person: "ben" }),
    ];
    for (const act of acts) {
      expect((await act()).ok).toBe(true);
      expect((await issue(office(), mailbox, { ...wish, door: name })).ok).toBe(true);
    }
    const lock = await db.selectFrom("locks").selectAll().where("door_id", "=", id).executeTakeFirstOrThrow();
    const lockKeys = unpackLockKeys(
      createVault(crypto, keys.vault, fill).open("lock-keys", `${id}/1`, lock.sealed_keys),
    );
    const issued = await db
      .selectFrom("issued")
      .selectAll()
      .where("door_id", "=", id)
      .orderBy("version")
      .execute();
    expect(issued.map(({ version }) => version)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    const tables = tablesAt(
      crypto,
      lockKeys,
      await loadSpans(db, id, 1, 0),
      issued.map(({ version }) => version),
    );
    for (const { version, state, digest } of issued) {
      const table = tables.get(version);
      // Each is made from the one before; here every item is counted.
      if (version > 0) expect(digest).toEqual(table?.digest);
      expect(table === undefined ? undefined : tableState(crypto, lockKeys.state, version, table)).toEqual(
        state,
      );
    }
    // Changes are rows of their own: six versions with one change each are not six tables.
    const items = await db.selectFrom("items").selectAll().where("door_id", "=", id).execute();
    expect(items).toHaveLength(2 + 3);
    rmSync(join(folder, "parcels"), { recursive: true });
    mailbox = openMailbox(folder);
  });

  test("receipts are idempotent and cumulative, whatever order they come in", async () => {
    const { id, name, lock } = await door();
    await assign(office(), { door: name, person: "ada", length: 4 });
    await issue(office(), mailbox, { ...wish, door: name });
    for (const parcel of parcels()) lock.hear(parcel);
    const early = lock.receipt();
    await revoke(office(), { door: name, person: "ada" });
    await issue(office(), mailbox, { ...wish, door: name });
    for (const parcel of parcels()) lock.hear(parcel);
    bring(lock.receipt());
    expect((await receive(office(), mailbox, wish)).slips).toMatchObject([
      { outcome: "proven", version: 3, changes: [{ person: "ada", from: "removing", to: "removed" }] },
    ]);
    bring(early);
    bring(lock.receipt());
    const outcomes = (await receive(office(), mailbox, wish)).slips.map(({ outcome }) => outcome).sort();
    expect(outcomes).toEqual(["again", "older"]);
    expect(await statesOf(name)).toEqual({ ada: "removed" });
    // Version 1, 2 (late) and 3; the repeated one is the same row.
    expect(
      await db.selectFrom("receipts").select("version").where("door_id", "=", id).execute(),
    ).toHaveLength(3);
    expect(parcels()).toEqual([]);
  });

  test("a new epoch reopens everything: wanted codes are unset again, unwanted ones are gone with the old table", async () => {
    const { name, setup, lock } = await door();
    const kept = await assign(office(), { door: name, person: "ada", length: 4 });
    await assign(office(), { door: name, person: "ben", length: 4 });
    await issue(office(), mailbox, { ...wish, door: name });
    await sync(lock);
    await revoke(office(), { door: name, person: "ben" });
    const old = lock.receipt();
    expect(await statesOf(name)).toEqual({ ada: "set", ben: "removing" });
    expect(
      await commission(office(), mailbox, { door: name, setup, replace: false, epochMin: 1 }),
    ).toMatchObject({ denial: "ALREADY_COMMISSIONED" });

    lock.wipe();
    await commission(office(), mailbox, { door: name, setup, replace: true, epochMin: 1 });
    // Until the lock has answered, the old lock still counts.
    expect(await statesOf(name)).toEqual({ ada: "set", ben: "removing" });
    const commissionOnly = parcels().filter(({ kind }) => kind === "commission");
    expect(commissionOnly).toHaveLength(1);
    for (const parcel of commissionOnly) {
      const answer = lock.hear(parcel);
      if ("body" in answer) bring(answer);
    }
    expect((await receive(office(), mailbox, wish)).slips).toMatchObject([{ outcome: "commissioned" }]);
    expect(await statesOf(name)).toEqual({ ada: "setting", ben: "removed" });
    bring(old);
    expect((await receive(office(), mailbox, wish)).slips).toMatchObject([{ outcome: "old-epoch" }]);
    await sync(lock);
    expect(await statesOf(name)).toEqual({ ada: "set", ben: "removed" });
    expect(lock.opens(kept.ok ? kept.value.code : "")).toBe(true);
    const [seen] = await status(office(), { door: name, removed: false });
    expect(seen).toMatchObject({
      epoch: 2,
      provenVersion: 1,
      newestVersion: 1,
      pending: false,
      lock: "owned",
    });
  });

  test("a replaced lock leaves no parcel behind, also after a crash between replacing and withdrawing", async () => {
    const { name, lock } = await door();
    const names = (): string[] => readdirSync(join(folder, "parcels")).sort();
    await assign(office(), { door: name, person: "ada", length: 4 });
    await issue(office(), mailbox, { ...wish, door: name });
    const oldTag = Buffer.from(lock.receipt().tag).toString("hex");
    const left = names().filter((file) => file.startsWith(oldTag));
    expect(left).toEqual([`${oldTag}-1-1-2.parcel`]);
    const crashed = readFileSync(join(folder, "parcels", `${left}`));

    const setup: Setup = { secret: new Uint8Array(randomBytes(16)) };
    const next = paperLock(crypto, setup, 200);
    await commission(office(), mailbox, { door: name, setup, replace: true, epochMin: 1 });
    // Until the new lock has answered, the old one still gets its change.
    expect(names()).toContain(`${left}`);
    for (const parcel of parcels().filter(({ kind }) => kind === "commission")) {
      const answer = next.hear(parcel);
      if ("body" in answer) bring(answer);
    }
    const received = await receive(office(), mailbox, wish);
    expect(received).toMatchObject({ slips: [{ outcome: "commissioned" }], doors: [{ withdrawn: left }] });
    const newTag = Buffer.from(next.receipt().tag).toString("hex");
    expect(names()).toEqual([`${newTag}-2-snapshot-1.parcel`]);

    writeFileSync(join(folder, "parcels", `${left}`), crashed);
    expect(await issue(office(), mailbox, { ...wish, door: name })).toMatchObject({
      value: { withdrawn: left },
    });
    expect(names()).toEqual([`${newTag}-2-snapshot-1.parcel`]);
    await sync(next);
    expect([await statesOf(name), names()]).toEqual([{ ada: "set" }, []]);
  });

  test("slips that are forged, foreign or half-written move nothing", async () => {
    const { name, lock } = await door();
    await assign(office(), { door: name, person: "ada", length: 4 });
    await issue(office(), mailbox, { ...wish, door: name });
    for (const parcel of parcels()) lock.hear(parcel);
    const honest = lock.receipt();
    const forged = new Uint8Array(honest.body);
    forged[20] = (forged[20] ?? 0) ^ 1;
    bring({ ...honest, body: forged });
    bring({ ...honest, lockId: new Uint8Array(16).fill(0xee) });
    writeFileSync(join(folder, "returns", "half.slip"), encodeReturnSlip(honest).subarray(0, 40));
    const taken = await receive(office(), mailbox, wish);
    expect(taken.slips.map(({ outcome }) => outcome)).toEqual(["not-verified"]);
    expect(taken.ignored.map(({ file }) => file)).toHaveLength(2);
    expect(await statesOf(name)).toEqual({ ada: "setting" });
    for (const file of taken.ignored) rmSync(join(folder, "returns", file.file));
    bring(honest);
    await receive(office(), mailbox, wish);
    expect(await statesOf(name)).toEqual({ ada: "set" });
  });

  test("an act that fails half-way leaves no trace", async () => {
    const { id } = await door("bare");
    const before = await loadLedger(db, id);
    const failing = withDoor(db, id, async (ledger, trx) => {
      await trx.updateTable("doors").set({ name: "half-way" }).where("id", "=", id).execute();
      if (ledger.codes.length === 0) throw new Error("power cut");
      return { ledger, result: undefined };
    });
    await expect(failing).rejects.toThrow("power cut");
    expect(await loadLedger(db, id)).toEqual(before);
    expect(await db.selectFrom("doors").select("name").where("id", "=", id).execute()).not.toEqual([
      { name: "half-way" },
    ]);
  });

  /** A visit of the shipped errand at a real lock, with everything that lies in the mailbox. */
  async function travelled(lock: TestLock) {
    const trip = travel(lock, parcels());
    trip.slips.forEach(bring);
    return { trip, received: await receive(office(), mailbox, wish) };
  }

  /** A real lock, commissioned, with Ada's code proven. */
  async function realDoor() {
    const name = `Door ${++doors}`;
    const lock = makeLock(`contract ${place.kind} ${doors}`, { rtcSeconds: now });
    await registerDoor(office(), { property: undefined, name, kind: "residence" });
    await commission(office(), mailbox, { door: name, setup: lock.setup, replace: false, epochMin: 1 });
    await travelled(lock);
    const given = await assign(office(), { door: name, person: "ada", length: 4 });
    await issue(office(), mailbox, { ...wish, door: name });
    await travelled(lock);
    if (!given.ok) throw new Error(given.denial);
    const row = await db.selectFrom("doors").select("id").where("name", "=", name).executeTakeFirstOrThrow();
    return { id: row.id, name, lock, code: given.value.code };
  }

  test("a lock's events are booked before they are acknowledged, in order, under the names of people", async () => {
    const { name, lock, code } = await realDoor();
    const before = await readLog(office(), { door: name, countMax: 100 });
    if (before === undefined) throw new Error("no log");
    expect(lock.press(code)).toBe("accepted");
    const { trip, received } = await travelled(lock);
    expect(received.slips.filter(({ kind }) => kind === "log")).toMatchObject([{ outcome: "logged" }]);
    const log = await readLog(office(), { door: name, countMax: 100 });
    expect(log).toMatchObject({ waiting: 0, alarm: false });
    expect(log?.entries.map(({ seq }) => seq)).toEqual(
      Array.from({ length: log?.held ?? 0 }, (_, i) => i + 1),
    );
    expect(log?.entries.find(({ kind, detail }) => kind === "LockOperation" && detail === 1)).toMatchObject({
      person: "ada",
      source: "Keypad",
    });
    const acks = parcels().filter(({ kind }) => kind === "ack");
    expect(acks.some(({ to, tag }) => to === log?.held && tag.join() === trip.slips[0]?.tag.join())).toBe(
      true,
    );
    // The same slips once more, and in the end the last event alone: nothing twice, nothing changed.
    trip.slips.forEach(bring);
    const again = await receive(office(), mailbox, wish);
    expect(again.slips.map(({ outcome }) => outcome)).not.toContain("logged");
    expect((await readLog(office(), { door: name, countMax: 1 }))?.entries).toEqual(log?.entries.slice(-1));
    rmSync(join(folder, "parcels"), { recursive: true });
    mailbox = openMailbox(folder);
  });

  test("terms and houses are the same after a round through rows", async () => {
    const { id, name } = await door();
    const terms = {
      ...plainTerms,
      useLimit: 3,
      expiringMinutes: 90,
      notBefore: 5,
      notAfter: 4_000_000_000,
      windows: [{ days: 62, startMinute: 540, endMinute: 1_020 }],
      skipHolidays: true,
      leaseHours: 12,
      failOpen: true,
      suspended: true,
      duress: true,
    };
    const variants = [terms, { ...terms, class: "keycard" as const, windows: undefined, failOpen: false }];
    const people = await db.selectFrom("people").select(["id", "name"]).execute();
    const person = people.find((one) => one.name === "fay")?.id ?? "";
    const codes = variants.map((one, i) => ({
      id: `terms ${doors} ${i}`,
      person,
      mark: `mark ${doors} ${i}`,
      length: 0 as const,
      sealed: office().vault.seal("code", `terms ${doors} ${i}`, new TextEncoder().encode(`0${i}`)),
      createdAt: now,
      terms: one,
    }));
    await withDoor(db, id, async (ledger) => {
      const given = codes.reduce((before, code) => {
        const after = assignCode(before, code);
        if (!after.ok) throw new Error(after.denial);
        return after.value;
      }, ledger);
      return { ledger: given, result: undefined };
    });
    const house = {
      ...plainHouse,
      autoRelockSeconds: 0,
      wrongCodeEntryLimit: 3,
      dailyGeneration: 7,
      zone: [
        { at: 0, offsetMinutes: -210 },
        { at: 1_790_000_000, offsetMinutes: 840 },
      ],
      holidays: [{ start: 10, end: 20 }],
    };
    await db
      .updateTable("properties")
      .set({ house: packHouse(house) })
      .execute();
    const loaded = await loadLedger(db, id);
    expect(loaded.codes.map((code) => code.terms)).toEqual(variants);
    expect(loaded.house).toEqual(house);
    await db.updateTable("properties").set({ house: null }).execute();
    await withDoor(db, id, async (ledger) => {
      const changed = suspendCode(ledger, person, false, now);
      if (!changed.ok) throw new Error(changed.denial);
      return { ledger: changed.value, result: undefined };
    });
    const [code] = (await loadLedger(db, id)).codes;
    expect(code).toMatchObject({ terms: { suspended: false, useLimit: 3 }, termsFrom: undefined });
    expect(name).toBe(`Door ${doors}`);
  });

  test("other keys: every lock has its parcel, codes stand as they stood, and nothing signed before counts again", async () => {
    const { name, lock, code } = await realDoor();
    const bare = await door("bare");
    await commission(office(), mailbox, { door: bare.name, setup: bare.setup, replace: false, epochMin: 1 });
    await assign(office(), { door: name, person: "ben", length: 4 });
    await issue(office(), mailbox, { ...wish, door: name });
    const old = parcels();
    const late = travel(lock, old);
    const before = await statesOf(name);
    const next = { ...keys, table: seed(), capability: seed(), time: seed(), box: seed() };
    let isAdopted = false;
    const rotated = await rotateKeys(office(), mailbox, next, wish, () => {
      isAdopted = true;
    });
    expect(isAdopted).toBe(true);
    expect(rotated.find((one) => one.door === name)).toMatchObject({ epoch: 2, denied: undefined });
    expect(rotated.find((one) => one.door === bare.name)).toMatchObject({ epoch: undefined });
    // Whoever still works with the keys before writes nothing any more.
    await expect(issue(office(), mailbox, { ...wish, door: name })).rejects.toThrow(/rotated/);
    Object.assign(keys, next);
    expect(await statesOf(name)).toEqual(before);
    late.slips.forEach(bring);
    const stale = await receive(office(), mailbox, wish);
    expect(new Set(stale.slips.map(({ outcome }) => outcome))).toEqual(new Set(["old-epoch"]));
    expect(await statesOf(name)).toEqual(before);

    const { trip } = await travelled(lock);
    expect(trip.said.slice(0, 4)).toEqual([">hello", "<hello", ">rotation", "<hello"]);
    expect(await statesOf(name)).toEqual({ ada: "set", ben: "set" });
    expect(lock.press(code)).toBe("accepted");
    const { received } = await travelled(lock);
    expect(received.slips.map(({ outcome }) => outcome)).toContain("logged");
    const log = await readLog(office(), { door: name, countMax: 100 });
    expect(log?.entries.map(({ kind }) => kind)).toContain("KeyRotation");
    expect(travel(lock, old).report.delivered).toEqual([]);
    // The offer that was under way names the new keys now, and its lock is met by it.
    for (const parcel of parcels().filter(({ kind }) => kind === "commission")) {
      const answer = bare.lock.hear(parcel);
      if ("body" in answer) bring(answer);
    }
    expect((await receive(office(), mailbox, wish)).slips).toMatchObject([{ outcome: "commissioned" }]);
  });
});
