/**
 * tshark with our dissector, asked for every field that it finds in a capture. Not our decoder: that is what its answers
 * are compared with. Where there is no tshark, tests say so and are skipped.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type HciPacket, snoopHeader, snoopRecord } from "../../packages/virtual-radio/src/btsnoop.ts";

const dissector = fileURLToPath(new URL("../../tools/wireshark/doorsync.lua", import.meta.url));

/** The version, or undefined where there is none (or one without Lua). */
export const tshark: string | undefined = (() => {
  const { status, stdout } = spawnSync("tshark", ["--version"], { encoding: "utf8" });
  return status === 0 && /with Lua/.test(stdout) ? /^TShark[^\d]*([\d.]+)/.exec(stdout)?.[1] : undefined;
})();

if (tshark === undefined)
  console.warn("tshark is ABSENT: what Wireshark reads of us is not tested (skipped)");

/** Fields of ours in one packet: every value that each has, in the order of the bytes; without `doorsync.` in front. */
export type Dissected = Readonly<Record<string, readonly string[]>>;

export interface Dissection {
  /** By packet, counted from 1; packets without a field of ours are not there. */
  readonly packets: ReadonlyMap<number, Dissected>;
  /** Packets that Wireshark calls malformed, or in which the dissector failed. */
  readonly malformed: readonly number[];
}

/** A folder for one test's files. */
export function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "doorsync-tshark-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function writeCapture(file: string, packets: readonly HciPacket[]): void {
  writeFileSync(file, Buffer.concat([snoopHeader(), ...packets.map(snoopRecord)]));
}

function run(...args: readonly string[]): string {
  return execFileSync("tshark", args, {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "ignore"],
  });
}

const shown = "doorsync || _ws.malformed || _ws.lua.error";

/** `keys`: a key file. Two passes: as in a window, where every packet is looked at again when all are known. */
export function dissect(file: string, keys?: string, passes: 1 | 2 = 1): Dissection {
  const lua = [
    "-X",
    `lua_script:${dissector}`,
    ...(keys === undefined ? [] : ["-o", `doorsync.keys:${keys}`]),
  ];
  const text = run(
    ...lua,
    ...(passes === 2 ? ["-2"] : []),
    "-r",
    file,
    "-T",
    "json",
    "--no-duplicate-keys",
    "-Y",
    shown,
  );
  const packets = new Map<number, Dissected>();
  const malformed: number[] = [];
  for (const packet of JSON.parse(text) as { _source: { layers: { frame: Record<string, string> } } }[]) {
    const { layers } = packet._source;
    const fields: Record<string, string[]> = {};
    const number = Number(layers.frame["frame.number"]);
    collect(layers, fields);
    if (Object.keys(fields).length > 0) packets.set(number, fields);
    if (/"_ws\.(malformed|lua\.error)"/.test(JSON.stringify(layers))) malformed.push(number);
  }
  return { packets, malformed };
}

function collect(node: unknown, fields: Record<string, string[]>): void {
  if (typeof node !== "object" || node === null) return;
  if (Array.isArray(node)) {
    for (const each of node) collect(each, fields);
    return;
  }
  for (const [key, value] of Object.entries(node)) {
    const name = /^doorsync\.(.+)$/.exec(key)?.[1];
    const values = (Array.isArray(value) ? value : [value]).filter((each) => typeof each === "string");
    if (name !== undefined && values.length > 0) {
      fields[name] = [...(fields[name] ?? []), ...values];
    }
    collect(value, fields);
  }
}

/** What a Lua script prints that runs inside tshark, beside the dissector's files (`FOLDER` in its text). */
export function runLua(script: string): string {
  return inFolder((folder) => {
    const file = join(folder, "script.lua");
    const empty = join(folder, "empty.btsnoop");
    writeFileSync(file, script.replaceAll("FOLDER", join(dissector, "..")));
    writeCapture(empty, []);
    return run("-X", `lua_script:${file}`, "-r", empty);
  });
}
