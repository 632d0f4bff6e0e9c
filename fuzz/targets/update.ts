/**
 * Updates, manifests and chunks before a real trust (P1, P3, P5, P6, P7, P19). A stranger changes what was signed, or an
 * authority signs nonsense. Believed is only what was signed; strangers hear nothing but REJECTED; a table that comes of
 * it is whole, and is the one that plain maps come to.
 *
 *   u8 who (mod 5): stranger | errs in a field | errs in the body | errs in a stream | a chunk | then that one's script
 */
import { type Bytes, concat, equal, noBytes } from "../../packages/protocol/src/bytes.ts";
import { itemBytes, itemId } from "../../packages/protocol/src/codes/item.ts";
import { applyChange, emptyTable, type Table, tableState } from "../../packages/protocol/src/codes/table.ts";
import { sealEncrypt0 } from "../../packages/protocol/src/crypto/encrypt0.ts";
import { sign1 } from "../../packages/protocol/src/crypto/sign1.ts";
import { itemsPerChunkMax, updateBytesMax } from "../../packages/protocol/src/limits.ts";
import { messageCatalog } from "../../packages/protocol/src/messages/catalog.ts";
import { encodeChunk, readChunk } from "../../packages/protocol/src/messages/chunk.ts";
import { chunksFor, manifestPayload, noHash } from "../../packages/protocol/src/messages/manifest.ts";
import { packRemoves, updateBody, updatePayload } from "../../packages/protocol/src/messages/update.ts";
import type { Verdict } from "../../packages/protocol/src/refusal.ts";
import {
  type AcceptedManifest,
  acceptChunk,
  acceptManifest,
  acceptUpdate,
  completeDelta,
  completeSnapshot,
  type Held,
} from "../../packages/protocol/src/rules/accept-update.ts";
import {
  bodyIv,
  chunkKey,
  chunkNonce,
  signedContext,
  streamSiv,
} from "../../packages/protocol/src/rules/trust.ts";
import { hold } from "../cast/claim.ts";
import { crypto } from "../cast/crypto.ts";
import { changed, createDraws, type Draws } from "../cast/draws.ts";
import {
  capacity,
  codeItem,
  genuine,
  genuineKeys,
  keys,
  lifeHours,
  lockOfAuthority,
  messageKey,
  name,
  noon,
  ruleItem,
  seeds,
  trust,
  versions,
} from "../cast/house.ts";
import { reached } from "../cast/reached.ts";
import { tableFault } from "../cast/table-fault.ts";

const { update: updateRow, manifest: manifestRow, chunk: chunkRow } = messageCatalog;

/** What locks hold: nothing, each version, and a table that only a snapshot can help. */
const holdings: readonly Held[] = [
  heldOf(0, emptyTable, true),
  ...versions.map(({ version, table }) => heldOf(version, table, false)),
  heldOf(3, emptyTable, true),
];

function heldOf(version: number, table: Table, snapshotOnly: boolean): Held {
  const state = tableState(crypto, keys.state, version, table);
  return { version, table, state, lowerSeconds: noon, capacity, snapshotOnly };
}

const scripts: readonly ((draws: Draws, held: Held) => void)[] = [
  stranger,
  erringField,
  erringBody,
  erringStream,
  anyChunk,
];

export function fuzz(data: Buffer): void {
  const draws = createDraws(data);
  const who = draws.u8() % scripts.length;
  const held = draws.pick(holdings);
  scripts[who]?.(draws, held);
}

/** What was signed, changed: it is judged as any other bytes, or it is unchanged. */
function stranger(draws: Draws, held: Held): void {
  const { type, body } = draws.pick(genuine);
  const asUpdate = draws.u8() % 2 === 0;
  const message = changed(draws, body);
  const verdict = asUpdate
    ? acceptUpdate(crypto, trust, held, message)
    : acceptManifest(crypto, trust, held, message);
  const row = asUpdate ? updateRow : manifestRow;
  const isGenuine = type === row.type && genuineKeys.has(messageKey({ type: row.type, body: message }));
  const isQuiet = !verdict.ok && (verdict.refusal === "REJECTED" || verdict.refusal === "TOO_LARGE");
  hold(isGenuine || isQuiet, "P3, P19: a stranger's bytes are rejected, and nothing more is said");
  if (verdict.ok && verdict.value.kind === "delta") judgeTable(verdict.value.table, verdict.value, held);
}

interface Result {
  readonly to: number;
  readonly state: Bytes;
}

function judgeTable(table: Table, { to, state }: Result, held: Held): void {
  reached("update: a table");
  const fault = tableFault(table, keys.digest);
  hold(fault === undefined, "P7: a table that comes of an update is whole", () => fault ?? "");
  hold(equal(tableState(crypto, keys.state, to, table), state), "P7: the result is the one that was signed");
  hold(to > held.version || (held.snapshotOnly && to === held.version), "P1: the version does not fall");
  hold(table.credentials <= capacity, "P7: no table is larger than the profile");
}

/** Two zeros: one version on. Numbers that end in 7 are any number; that is so in every script below. */
function spans(draws: Draws, held: Held): { readonly to: number; readonly span: number } {
  const how = draws.u8() % 8;
  const span = how === 7 ? draws.u32() % 0x1_0001 : ([1, 0, 2, 3][how % 4] ?? 1);
  const where = draws.u8() % 8;
  const to = where === 7 ? draws.u32() : Math.max(0, held.version + ([1, 0, 2, -1][where % 4] ?? 1));
  return { to, span };
}

/** Items of the house, items changed, and any bytes: some will be taken. */
function drawnItems(draws: Draws, most: number): readonly Bytes[] {
  const items = Array.from({ length: draws.u8() % (most + 1) }, () => {
    const number = draws.u8() % 80;
    const item = codeItem(number, String(4_000 + (draws.u8() % 100)));
    if (draws.u8() % 4 !== 3) return item;
    const at = draws.u8() % itemBytes;
    item[at] = draws.u8();
    return item;
  });
  // Mostly in order, or hardly any would be judged further.
  return draws.u8() % 4 === 3 ? items : [...items].sort((a, b) => itemId(a) - itemId(b));
}

/** Every field of the body is what it should be or is not, and all of it is signed. */
function erringField(draws: Draws, held: Held): void {
  const { to, span } = spans(draws, held);
  const puts = drawnItems(draws, 12);
  const heldIds = [...held.table.items()].map(itemId);
  const removes = Array.from({ length: draws.u8() % 6 }, () =>
    draws.u8() % 8 === 7
      ? draws.u32() % 0x100_0000
      : (heldIds[draws.u8() % Math.max(1, heldIds.length)] ?? 9),
  );
  if (draws.u8() % 4 !== 3) removes.sort((a, b) => a - b);
  const result = applyChange(crypto, keys.digest, held.table, { removes, puts });
  const state = result.ok ? tableState(crypto, keys.state, to, result.value) : new Uint8Array(8);
  const packed = concat(...puts).subarray(0, updateBytesMax);
  const body = updateBody.encode({
    span,
    issuedAt: draws.u8() % 8 === 7 ? draws.u32() : noon,
    lifeHours: draws.u8() % 8 === 7 ? draws.u16() % 8_761 : lifeHours,
    base: draws.u8() % 8 === 7 ? draws.bytes(draws.u8() % 9) : held.state,
    state: draws.u8() % 8 === 7 ? new Uint8Array(8) : state,
    removes: packRemoves(removes),
    puts: packed,
  });
  const verdict = acceptUpdate(crypto, trust, held, signedUpdate(to, body));
  if (!verdict.ok) return;
  if (verdict.value.kind === "already") {
    hold(to === held.version, "P1: only the held version is held already");
    return;
  }
  reached("update: a change that an authority made up");
  judgeTable(verdict.value.table, verdict.value, held);
  // A plain map comes to the same.
  const plain = new Map([...held.table.items()].map((item) => [itemId(item), item]));
  for (const id of removes) hold(plain.delete(id), "P7: only what is there is removed");
  for (const item of puts) plain.set(itemId(item), item);
  const expected = [...plain.values()].sort((a, b) => itemId(a) - itemId(b));
  hold(
    equal(concat(...expected), concat(...verdict.value.table.items())),
    "P7: the table is what a map says",
  );
}

function signedUpdate(to: number, body: Bytes): Bytes {
  const { type } = updateRow;
  const aad = signedContext(type, name, to);
  const sealed = sealEncrypt0(crypto, keys.update, bodyIv(crypto, keys, aad, body), aad, body);
  return sign1(crypto, seeds.table, signedContext(type, name), updatePayload.encode({ to, sealed }));
}

/** Any bytes, sealed and signed: as the body of an update, or as the payload itself. */
function erringBody(draws: Draws, held: Held): void {
  const { to } = spans(draws, held);
  const isPayload = draws.u8() % 2 === 1;
  const isManifest = draws.u8() % 2 === 1;
  const bytes = draws.rest().subarray(0, 380);
  const { type } = isManifest ? manifestRow : updateRow;
  const message = isPayload
    ? sign1(crypto, seeds.table, signedContext(type, name), bytes)
    : isManifest
      ? signedManifest(to, bytes, { items: 3, root: new Uint8Array(32).fill(5) })
      : signedUpdate(to, bytes);
  const verdict = isManifest
    ? acceptManifest(crypto, trust, held, message)
    : acceptUpdate(crypto, trust, held, message);
  if (!verdict.ok) {
    hold(!isPayload || verdict.check !== "U9", "P3: what is signed verifies");
    return;
  }
  if (verdict.value.kind === "delta") judgeTable(verdict.value.table, verdict.value, held);
  if (verdict.value.kind === "manifest") judgeManifest(verdict.value, held);
}

function judgeManifest(manifest: AcceptedManifest, held: Held): void {
  reached("update: a manifest");
  hold(manifest.to > held.version || held.snapshotOnly, "P1: the version does not fall");
  hold(manifest.items <= capacity + 512, "P16: no more is announced than the lock has room for");
  hold(manifest.span === 0 || manifest.chunks === 1, "a delta is one chunk");
}

function signedManifest(
  to: number,
  body: Bytes,
  stream: { readonly items: number; readonly root: Bytes },
  siv: Bytes = new Uint8Array(16),
): Bytes {
  const { type } = manifestRow;
  const aad = signedContext(type, name, to);
  const sealed = sealEncrypt0(crypto, keys.update, bodyIv(crypto, keys, aad, body), aad, body);
  const payload = manifestPayload.encode({ to, sealed, stream: { ...stream, siv } });
  return sign1(crypto, seeds.table, signedContext(type, name), payload);
}

/** A stream of any items under a manifest that mostly fits them. */
function erringStream(draws: Draws, held: Held): void {
  const { to, span } = spans(draws, held);
  const rule = span === 0 && draws.u8() % 8 !== 7 ? [ruleItem] : [];
  const items = concat(...rule, ...drawnItems(draws, 80));
  const count = items.length / itemBytes;
  const claimed = draws.u8() % 8 === 7 ? draws.u16() % 10_513 : count;
  const siv = streamSiv(crypto, lockOfAuthority, to, items);
  const made = applyChange(crypto, keys.digest, span === 0 ? emptyTable : held.table, {
    removes: [],
    puts: Array.from({ length: count }, (_, i) => items.slice(i * itemBytes, (i + 1) * itemBytes)),
  });
  const digest = made.ok ? made.value.digest : new Uint8Array(32);
  const state = made.ok ? tableState(crypto, keys.state, to, made.value) : new Uint8Array(8);
  const chunks = chunksOf(items, to, claimed, siv);
  const body = updateBody.encode({
    span,
    issuedAt: noon,
    lifeHours,
    base: span === 0 ? noBytes : held.state,
    state,
    removes: noBytes,
    puts: noBytes,
  });
  const first = chunks[0];
  const root = first === undefined ? noHash : crypto.hash(first);
  const verdict = acceptManifest(
    crypto,
    trust,
    held,
    signedManifest(to, body, { items: claimed, root }, siv),
  );
  if (!verdict.ok || verdict.value.kind === "already") return;
  const manifest = verdict.value;
  judgeManifest(manifest, held);
  const taken: Bytes[] = [];
  let expected = { index: 0, hash: manifest.root, afterId: -1 };
  for (const chunk of chunks) {
    const stranger = changed(draws, chunk);
    const strange = acceptChunk(crypto, trust, manifest, expected, stranger);
    hold(equal(stranger, chunk) || !strange.ok, "P3: only the announced chunk is taken");
    const heard = acceptChunk(crypto, trust, manifest, expected, chunk);
    if (!heard.ok) return;
    reached("update: a chunk");
    taken.push(heard.value.items);
    const afterId = itemId(heard.value.items.subarray(-itemBytes));
    expected = { index: expected.index + 1, hash: heard.value.next, afterId };
  }
  const all = concat(...taken);
  const result: Verdict<Result & { readonly table: Table }> =
    manifest.span === 0
      ? completeSnapshot(crypto, trust, held, manifest, all, digest)
      : completeDelta(crypto, trust, held, manifest, all);
  if (result.ok) judgeTable(result.value.table, result.value, held);
}

function chunksOf(items: Bytes, to: number, claimed: number, siv: Bytes): readonly Bytes[] {
  const chunks: Bytes[] = [];
  let next: Bytes = noHash;
  for (let index = chunksFor(items.length / itemBytes) - 1; index >= 0; index--) {
    const size = itemsPerChunkMax * itemBytes;
    const aad = signedContext(chunkRow.type, name, to, claimed, index);
    const plaintext = items.subarray(index * size, (index + 1) * size);
    const sealed = crypto.seal(chunkKey(crypto, keys, siv), chunkNonce(index), aad, plaintext);
    chunks.unshift(encodeChunk({ index, next, sealed }));
    next = crypto.hash(chunks[0] ?? noBytes);
  }
  return chunks;
}

/** Any bytes whose hash was announced: the authority's own nonsense. */
function anyChunk(draws: Draws): void {
  const items = 1 + (draws.u16() % 200);
  const index = draws.u8() % 4;
  const message = draws.rest();
  const manifest: AcceptedManifest = {
    kind: "manifest",
    to: 9,
    span: 0,
    issuedAt: noon,
    state: new Uint8Array(8),
    removes: [],
    items,
    chunks: chunksFor(items),
    root: noHash,
    siv: new Uint8Array(16),
  };
  const read = readChunk(message, chunkRow.toLock);
  if (read !== undefined) hold(equal(encodeChunk(read), message), "P15: a chunk has one spelling");
  const heard = acceptChunk(
    crypto,
    trust,
    manifest,
    { index, hash: crypto.hash(message), afterId: -1 },
    message,
  );
  hold(!heard.ok, "P3: nothing opens that was not sealed");
}
