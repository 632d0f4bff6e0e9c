// The mailbox that is a folder: whole files in, whole files out, everything else ignored with a warning.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { folderMailbox, MailboxError, slipFileName } from "@doorsync/phone-client/node";
import {
  decodeReturnSlip,
  encodeParcel,
  encodeReturnSlip,
  parcelBytesMax,
  type ReturnSlip,
  toHex,
} from "@doorsync/protocol/courier";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createHouse, must } from "./courier-cast.ts";

const house = createHouse(1);
const parcel = house.delta(1, 2);
const slip: ReturnSlip = { kind: "receipt", ...house.name, tag: house.tag, to: 2, body: house.receipt(2) };
const tag = toHex(house.tag);

let folder = "";
let warnings: string[] = [];
const open = (path = folder) => folderMailbox(path, (line) => warnings.push(line));
const put = (name: string, bytes: Uint8Array | string): void => {
  mkdirSync(join(folder, "parcels"), { recursive: true });
  writeFileSync(join(folder, "parcels", name), bytes);
};
const returns = (): string[] =>
  existsSync(join(folder, "returns")) ? readdirSync(join(folder, "returns")) : [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "doorsync-mailbox-"));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("parcels", () => {
  test("whole ones are read, by the documented names of all three kinds", async () => {
    put(`${tag}-1-1-2.parcel`, encodeParcel(parcel));
    put(`${tag}-1-snapshot-3.parcel`, encodeParcel(house.snapshot(3)));
    put(`${tag}-1-commission-0.parcel`, encodeParcel({ ...parcel, kind: "commission" }));
    const read = await open().parcels();
    expect(read.map(({ kind }) => kind)).toEqual(["update", "commission", "snapshot"]);
    expect(read[0]).toMatchObject(parcel);
    expect(warnings).toEqual([]);
  });

  test.each<[string, () => void]>([
    ["half-written", () => put(`${tag}-1-1-2.parcel`, encodeParcel(parcel).slice(0, 100))],
    ["longer than it says", () => put(`${tag}-1-1-2.parcel`, new Uint8Array([...encodeParcel(parcel), 0]))],
    ["empty", () => put(`${tag}-1-1-2.parcel`, "")],
    ["a huge file", () => put(`${tag}-1-1-2.parcel`, new Uint8Array(1 << 20))],
    ["a folder", () => mkdirSync(join(folder, "parcels", `${tag}-1-1-2.parcel`), { recursive: true })],
    ["under a temporary name", () => put(`.${tag}-1-1-2.parcel.tmp`, encodeParcel(parcel))],
    ["foreign", () => put("holiday.jpg", "JFIF")],
    ["a return slip in disguise", () => put(`${tag}-1-1-2.parcel`, encodeReturnSlip(slip))],
  ])(
    "one that is %s is ignored with a warning, and the whole one beside it is read",
    async (_what, plant) => {
      plant();
      put(`${tag}-1-1-3.parcel`, encodeParcel(house.delta(1, 3)));
      expect((await open().parcels()).map(({ to }) => to)).toEqual([3]);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toContain("ignored");
    },
  );

  test("a file too long for any parcel is not even read", async () => {
    put(`${tag}-1-1-2.parcel`, new Uint8Array(parcelBytesMax + 1));
    expect(await open().parcels()).toEqual([]);
    expect(warnings).toEqual([expect.stringMatching(/not a file of at most \d+ bytes; ignored$/)]);
  });

  test("a link to nowhere is as good as withdrawn: no parcel, no warning", async () => {
    put(`${tag}-1-1-3.parcel`, encodeParcel(house.delta(1, 3)));
    symlinkSync("/nowhere", join(folder, "parcels", `${tag}-1-1-2.parcel`));
    expect([(await open().parcels()).length, warnings]).toEqual([1, []]);
  });

  test("a missing mailbox, and a file in its place, are named in one line that says what to do", async () => {
    const missing = join(folder, "nowhere");
    await expect(open(missing).parcels()).rejects.toThrow(MailboxError);
    await expect(open(missing).parcels()).rejects.toThrow(/^no mailbox at .*nowhere: give the folder/);
    writeFileSync(missing, "");
    await expect(open(missing).parcels()).rejects.toThrow(/not a folder/);
    expect([await open().parcels(), warnings.length], "an empty mailbox is no error").toEqual([[], 1]);
  });
});

describe("return slips", () => {
  test("a slip is stored whole under its documented name, and once however often it is delivered", async () => {
    await open().deliver(slip);
    await open().deliver(slip);
    const [name = ""] = returns();
    expect(returns()).toHaveLength(1);
    expect(name).toMatch(new RegExp(`^${tag}-1-2-[0-9a-f]{8}\\.slip$`));
    expect(name).toBe(slipFileName(slip, encodeReturnSlip(slip)));
    expect(must(decodeReturnSlip(new Uint8Array(readFileSync(join(folder, "returns", name)))))).toMatchObject(
      slip,
    );
  });

  test("two different slips for one version lie side by side", async () => {
    await open().deliver(slip);
    await open().deliver({ ...slip, kind: "refusal", body: Uint8Array.of(0x81, 19) });
    expect(returns()).toHaveLength(2);
  });

  test("no reader ever sees a name without its whole content, or a left-over temporary file", async () => {
    const many = Array.from({ length: 40 }, (_, i): ReturnSlip => ({ ...slip, to: i }));
    let isDone = false;
    const mailbox = open();
    const writing = Promise.all(many.map((one) => mailbox.deliver(one))).then(() => {
      isDone = true;
    });
    let seen = 0;
    while (!isDone) {
      for (const name of returns().filter((one) => one.endsWith(".slip"))) {
        must(decodeReturnSlip(new Uint8Array(readFileSync(join(folder, "returns", name)))));
        seen += 1;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    await writing;
    expect(seen, "the reader looked while slips were written").toBeGreaterThan(0);
    expect(returns().filter((name) => !name.endsWith(".slip"))).toEqual([]);
    expect(returns()).toHaveLength(40);
  });

  test("where nothing can be written, the error says what to do, and nothing half-written stays", async () => {
    writeFileSync(join(folder, "returns"), "a file where the folder should be");
    await expect(open().deliver(slip)).rejects.toThrow(/cannot store a return slip .*nothing is lost/);
    renameSync(join(folder, "returns"), join(folder, "elsewhere"));
    await open().deliver(slip);
    expect(returns()).toHaveLength(1);
  });
});
