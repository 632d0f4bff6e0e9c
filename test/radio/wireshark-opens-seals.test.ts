/**
 * With a lock's keys, Wireshark opens what was sealed to that lock and nothing else: bodies and items come out as our own
 * decoder says them, and the ciphers in Lua agree with those of the code. What is not sealed: wireshark-reads-us.test.ts.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Bytes, fromHex, toHex } from "../../packages/protocol/src/bytes.ts";
import {
  credentialClasses,
  decodeItem,
  type Item,
  itemBytes,
  lockProfiles,
} from "../../packages/protocol/src/codes/item.ts";
import { createCrypto } from "../../packages/protocol/src/crypto/crypto.ts";
import { messageCatalog } from "../../packages/protocol/src/messages/catalog.ts";
import { unpackItems, unpackRemoves, updateBody } from "../../packages/protocol/src/messages/update.ts";
import { openssl } from "../../packages/protocol/src-node/index.ts";
import { createPaperAir } from "../support/paper-air.ts";
import { type Dissected, dissect, inFolder, runLua, tshark, writeCapture } from "../support/tshark.ts";
import type { MessageVectors } from "../vectors/vector.ts";
import { itemsFile, messagesFile } from "../vectors/write.ts";
import { begin, shown, speaker } from "./dissector/expected.ts";

const crypto = createCrypto(openssl);
const vectors = JSON.parse(readFileSync(messagesFile, "utf8")) as MessageVectors;
const bytesOf = (hex: string): Bytes => fromHex(hex) as Bytes;

describe.skipIf(tshark === undefined)("tshark and our decoder agree", () => {
  test("on what a lock's keys open, item by item; without them, and under others, it stays sealed", () => {
    inFolder((folder) => {
      const air = createPaperAir();
      const told = new Map<number, Dissected>();
      begin(air, 247);
      const toLock = speaker(air, "toLock", 247, told);
      const opened: { readonly packet: number; readonly body?: Bytes; readonly items: readonly Bytes[] }[] =
        [];
      for (const id of ["update", "manifest", "chunk", "update/other-body-key"]) {
        const vector = vectors.messages.find((each) => each.id === id);
        const type = messageCatalog[(vector?.judged.as ?? "update") as "update"].type;
        toLock.say(type, bytesOf(vector?.message ?? ""));
        if (id.includes("/")) continue;
        const body = vector?.made?.["body"];
        const items = vector?.made?.["items"];
        const put = body === undefined ? undefined : updateBody.decode(bytesOf(body), 512);
        opened.push({
          packet: air.packets.length,
          ...(body === undefined ? {} : { body: bytesOf(body) }),
          items:
            unpackItems(
              items === undefined ? (put?.ok ? put.value.puts : new Uint8Array(0)) : bytesOf(items),
            ) ?? [],
        });
      }
      const file = join(folder, "sealed.btsnoop");
      writeCapture(file, air.packets);
      const { lockId, epoch } = vectors.lock;
      const [right, wrong] = [join(folder, "right.keys"), join(folder, "wrong.keys")];
      const other = "00".repeat(32);
      writeFileSync(
        right,
        `update ${"11".repeat(16)} 1 ${other}\nupdate ${lockId} ${epoch} ${vectors.keys["update"]}\n`,
      );
      writeFileSync(
        wrong,
        `update ${lockId} ${epoch} ${other}\nupdate ${lockId} ${epoch + 1} ${vectors.keys["update"]}\n`,
      );

      for (const keys of [undefined, wrong]) {
        const { packets, malformed } = dissect(file, keys);
        expect(malformed).toEqual([]);
        for (const [, fields] of packets) {
          expect(Object.keys(fields).filter((name) => /^(opened|body|item)/.test(name))).toEqual([]);
        }
      }
      const { packets, malformed } = dissect(file, right);
      expect(malformed).toEqual([]);
      expect(dissect(file, right, 2)).toEqual({ packets, malformed });
      const openedIn = [...packets].filter(([, fields]) => "opened" in fields).map(([number]) => number);
      expect(openedIn).toEqual(opened.map(({ packet }) => packet));
      expect(opened.flatMap(({ items }) => items).length).toBeGreaterThan(4);
      for (const { packet, body, items } of opened) {
        const found = Object.entries(packets.get(packet) ?? {}).filter(([name]) =>
          /^(body|item)\./.test(name),
        );
        expect(Object.fromEntries(found)).toEqual({ ...bodyFields(body), ...itemFields(items) });
      }
    });
  });

  test("opens by the epoch that the lock says, when the key file is of another one", () => {
    inFolder((folder) => {
      const message = (id: string): Bytes =>
        bytesOf(vectors.messages.find((each) => each.id === id)?.message ?? "");
      const { lockId, epoch } = vectors.lock;
      const keys = join(folder, "older.keys");
      writeFileSync(keys, `update ${lockId} ${epoch + 6} ${vectors.keys["update"]}\n`);
      for (const isSaid of [true, false]) {
        const air = createPaperAir();
        begin(air, 247);
        // The hello of the vectors, in epoch 1, without its nonce.
        if (isSaid) air.readHello(Uint8Array.of(0x86, ...message("hello").slice(1, -17)));
        speaker(air, "toLock", 247, new Map()).say(messageCatalog.update.type, message("update"));
        const file = join(folder, "epoch.btsnoop");
        writeCapture(file, air.packets);
        const opened = [...dissect(file, keys).packets.values()].filter((fields) => "opened" in fields);
        expect(opened).toHaveLength(isSaid ? 1 : 0);
      }
    });
  });

  test("on every kind of item there is", () => {
    const good = JSON.parse(readFileSync(itemsFile, "utf8")) as {
      items: { id: string; hex: string; verdict: unknown }[];
    };
    const items = good.items.filter(({ verdict }) => verdict === "accepted").map(({ hex }) => bytesOf(hex));
    const kinds = new Set(
      items.map((item) => {
        const read = decodeItem(item);
        return read.ok ? read.value.kind : "none";
      }),
    );
    expect([...kinds].sort()).toEqual(["credential", "holiday", "rule", "settings", "zone"]);
    const printed = runLua(`
        local items = dofile("FOLDER/doorsync-items.lua")
        for hex in ("${items.map(toHex).join(" ")}"):gmatch("%x+") do
          local s = hex:gsub("..", function(pair) return string.char(tonumber(pair, 16)) end)
          local readings, kind = items.read(s, 0)
          local out = { "item item.kind=" .. kind }
          for _, reading in ipairs(readings) do
            local value = reading.value
            if value == nil then
              value = s:sub(reading.at + 1, reading.at + reading.length):gsub(".", function(c) return ("%02x:"):format(c:byte()) end):sub(1, -2)
            elseif value == true then value = 1 elseif value == false then value = 0 end
            out[#out + 1] = reading.name .. "=" .. tostring(value)
          end
          print(table.concat(out, " "))
        end`);
    const lines = printed.split("\n").filter((line) => line.startsWith("item "));
    expect(lines).toHaveLength(items.length);
    for (const [index, line] of lines.entries()) {
      const found: Record<string, string[]> = {};
      for (const [, name = "", value = ""] of line.matchAll(/(item\.\S+?)=(\S+)/g))
        found[name] = [...(found[name] ?? []), value];
      expect(found).toEqual(itemFields([items[index] as Bytes]));
    }
  });

  test("on what ChaCha20/Poly1305, SHA-256 and HKDF come to, at every length around their blocks", () => {
    const lengths = [
      0, 1, 15, 16, 17, 31, 32, 33, 55, 56, 63, 64, 65, 119, 127, 128, 129, 255, 256, 500, 1_872,
    ];
    const cases = lengths.map((length, index) => {
      const draw = (label: number, count: number): Bytes => {
        const bytes = new Uint8Array(count);
        for (let at = 0; at < count; at += 32)
          bytes.set(crypto.hash(Uint8Array.of(label, index, at >> 5)).subarray(0, count - at), at);
        return bytes;
      };
      // Extreme digits: carries travel furthest where everything is set.
      const key = index % 4 === 0 ? new Uint8Array(32).fill(0xff) : draw(1, 32);
      const text = index % 3 === 0 ? new Uint8Array(length).fill(0xff) : draw(2, length);
      const [nonce, aad] = [draw(3, 12), draw(4, (index * 7) % 40)];
      return { key, nonce, aad, text, sealed: crypto.seal(key, nonce, aad, text) };
    });
    const printed = runLua(`
      local seal = dofile("FOLDER/doorsync-seal.lua")
      local function unhex(t) return (t:gsub("..", function(p) return string.char(tonumber(p, 16)) end)) end
      local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
      for key, nonce, aad, sealed in ("${cases.map(({ key, nonce, aad, sealed }) => [key, nonce, aad, sealed].map((part) => `${toHex(part)}.`).join("")).join(" ")}"):gmatch("(%x*)%.(%x*)%.(%x*)%.(%x*)%.") do
        key, nonce, aad, sealed = unhex(key), unhex(nonce), unhex(aad), unhex(sealed)
        local plain = seal.open(key, nonce, aad, sealed)
        local bent = sealed:sub(1, -2) .. string.char((sealed:byte(-1) + 1) % 256)
        print("case " .. (plain and hex(plain) or "shut") .. " " .. tostring(seal.open(key, nonce, aad, bent)) .. " "
          .. tostring(seal.open(key, nonce, aad .. "x", sealed)) .. " " .. hex(seal.sha256(sealed)) .. " " .. hex(seal.derive(aad, key, "doorsync/1 chunk")))
      end`);
    const found = printed.split("\n").filter((line) => line.startsWith("case "));
    const info = new TextEncoder().encode("doorsync/1 chunk");
    expect(found).toEqual(
      cases.map(({ key, aad, text, sealed }) => {
        const derived = crypto.expand(crypto.extract(aad, key), info, 32);
        return `case ${toHex(text)} nil nil ${toHex(crypto.hash(sealed))} ${toHex(derived)}`;
      }),
    );
  });
});

function bodyFields(body: Bytes | undefined): Dissected {
  const read = body === undefined ? undefined : updateBody.decode(body, 512);
  if (read === undefined || !read.ok) return {};
  const fields: Record<string, string[]> = {};
  for (const [name, value] of Object.entries(read.value)) {
    const text = shown(typeof value === "number" ? value : toHex(value));
    if (text !== "") fields[`body.${name}`] = [text];
  }
  const removed = unpackRemoves(read.value.removes) ?? [];
  return removed.length === 0 ? fields : { ...fields, "body.remove": removed.map(String) };
}

function itemFields(items: readonly Bytes[]): Dissected {
  const fields: Record<string, string[]> = {};
  const put = (name: string, value: number | string | boolean): void => {
    fields[`item.${name}`] = [...(fields[`item.${name}`] ?? []), shown(value)];
  };
  for (const bytes of items) {
    expect(bytes).toHaveLength(itemBytes);
    const read = decodeItem(bytes);
    if (!read.ok) throw new Error(read.check);
    fields["item.kind"] = [...(fields["item.kind"] ?? []), read.value.kind];
    putItem(read.value, put);
  }
  return fields;
}

function putItem(item: Item, put: (name: string, value: number | string | boolean) => void): void {
  const numbers: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    class: credentialClasses,
    profile: lockProfiles,
  };
  if (item.kind === "settings") put("id", 0);
  for (const [name, value] of Object.entries(item)) {
    if (name === "kind") continue;
    if (value instanceof Uint8Array) put(name, toHex(value));
    else if (Array.isArray(value)) {
      const prefix = { windows: "window", changes: "change", spans: "span" }[name];
      for (const row of value)
        for (const [inner, each] of Object.entries(row)) put(`${prefix}.${inner}`, each as number);
    } else put(name, numbers[name]?.[value as string] ?? (value as number | boolean));
  }
}
