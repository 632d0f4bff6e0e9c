/**
 * One lock at version 1,041, an update and a snapshot for it, and shorthand to judge and to forge: the case that the
 * tests of judgement share. Not a fixture of the whole stack.
 */
import { type Bytes, noBytes } from "../packages/protocol/src/bytes.ts";
import { firstCredentialId } from "../packages/protocol/src/codes/item.ts";
import type { Change } from "../packages/protocol/src/codes/table.ts";
import { splitSign1 } from "../packages/protocol/src/crypto/sign1.ts";
import { lifeHoursDefault } from "../packages/protocol/src/limits.ts";
import { manifestPayload } from "../packages/protocol/src/messages/manifest.ts";
import type { UpdateBody } from "../packages/protocol/src/messages/update.ts";
import { acceptManifest, acceptUpdate, type Held } from "../packages/protocol/src/rules/accept-update.ts";
import { issueSnapshot, issueUpdate } from "../packages/protocol/src/rules/issue-update.ts";
import { codeItem, commissionedPair, fast, holding, issuedAt, modelOfCodes, tableOf } from "./arbitraries.ts";
import { bodyFor, forgeManifest, forgeUpdate } from "./forge.ts";
import { accepted } from "./matchers.ts";

export const pair = commissionedPair("updates are judged");
export const { lock, trust, seeds } = pair;
export const { keys } = lock;
export const [from, to] = [1_041, 1_042];
export const base = tableOf(keys, modelOfCodes(keys, 10));
export const held = holding(keys, from, base);
export const put = codeItem(keys, firstCredentialId + 20, 1, "4821");
export const change: Change = { removes: [firstCredentialId], puts: [put] };
export const at = { from, to, table: base, issuedAt, lifeHours: lifeHoursDefault };
export const issued = accepted(issueUpdate(fast, seeds.table, lock, at, change));
export const update = only(issued.messages.map(({ body }) => body));
export const good: UpdateBody = bodyFor(fast, keys, { from, to, base, result: issued.table }, change);

export const snapshotTable = tableOf(keys, modelOfCodes(keys, 130));
export const snapshot = issueSnapshot(fast, seeds.table, lock, { ...at, table: snapshotTable });
export const [manifest = noBytes, ...chunks] = snapshot.messages.map(({ body }) => body);
export const stream = accepted(
  manifestPayload.decode(accepted(splitSign1(manifest, 512)).payload, 512),
).stream;
export const snapshotBody: UpdateBody = {
  ...good,
  span: 0,
  base: noBytes,
  state: snapshot.state,
  removes: noBytes,
  puts: noBytes,
};

export function only<T>(list: readonly T[]): T {
  const [value] = list;
  if (value === undefined || list.length !== 1) throw new Error(`${list.length} instead of one`);
  return value;
}

export function judgeUpdate(message: Bytes, at: Partial<Held> = {}) {
  return acceptUpdate(fast, trust, { ...held, ...at }, message);
}

export function judgeManifest(message: Bytes, at: Partial<Held> = {}) {
  return acceptManifest(fast, trust, { ...held, ...at }, message);
}

export const forged = (body: UpdateBody | Bytes, version = to): Bytes =>
  forgeUpdate(fast, seeds.table, lock, version, body);
export const forgedManifest = (body: UpdateBody | Bytes, streamed = stream): Bytes =>
  forgeManifest(fast, seeds.table, lock, to, body, streamed);
