/** The vectors of what travels to a lock: update, manifest, chunk. Written to messages.json by way of messages.ts. */
import { type Bytes, concat, noBytes, toHex } from "../../packages/protocol/src/bytes.ts";
import { firstCredentialId } from "../../packages/protocol/src/codes/item.ts";
import { packItems, type Table, tableState } from "../../packages/protocol/src/codes/table.ts";
import { splitSign1 } from "../../packages/protocol/src/crypto/sign1.ts";
import { messageBytesMax, updateBytesMax, versionLeapMax } from "../../packages/protocol/src/limits.ts";
import { messageCatalog } from "../../packages/protocol/src/messages/catalog.ts";
import { readChunk } from "../../packages/protocol/src/messages/chunk.ts";
import { manifestPayload } from "../../packages/protocol/src/messages/manifest.ts";
import { updatePayload } from "../../packages/protocol/src/messages/update.ts";
import { issueSnapshot } from "../../packages/protocol/src/rules/issue-update.ts";
import { chunkKey, chunkNonce, signedContext } from "../../packages/protocol/src/rules/trust.ts";
import { accepted } from "../accepted.ts";
import { codeItem, fast, issuedAt, secret } from "../arbitraries.ts";
import { flipped, forgeManifest, forgeUpdate } from "../forge.ts";
import {
  after,
  at,
  before,
  body,
  from,
  hexes,
  keys,
  lock,
  name,
  neighbours,
  rejected,
  sealedParts,
  seeds,
  signedNeighbours,
  signedParts,
  to,
  update,
} from "./example.ts";
import type { Judged, MessageVector } from "./vector.ts";

export function updateVectors(): readonly MessageVector[] {
  const { type } = messageCatalog.update;
  const judged: Judged = { as: "update", table: "before", version: from, lowerSeconds: issuedAt };
  const forged = (spoilt: Partial<typeof body>, version = to): Bytes =>
    forgeUpdate(fast, seeds.table, lock, version, { ...body, ...spoilt });
  const { sealed } = accepted(
    updatePayload.decode(accepted(splitSign1(update, updateBytesMax)).payload, updateBytesMax),
  );
  const twins = concat(
    codeItem(keys, firstCredentialId + 3, 1, "4821"),
    codeItem(keys, firstCredentialId + 4, 1, "4821"),
  );
  return [
    {
      id: "update",
      why: "One code goes and one comes.",
      judged,
      made: hexes({ ...sealedParts(type, sealed), ...signedParts(type, update) }),
      message: toHex(update),
      verdict: "accepted",
    },
    ...neighbours("update", judged, [
      ...signedNeighbours(type, seeds.table, update, "REJECTED", rejected),
      [
        "leap",
        "65,537 versions ahead, refused unread.",
        forged({}, from + versionLeapMax + 1),
        "REJECTED",
        "U8",
      ],
      ["stale", "The lock holds a later version.", update, "STALE", "U10", { version: to + 1 }],
      [
        "other-body-key",
        "Sealed under another key.",
        forgeUpdate(fast, seeds.table, { ...lock, keys: { ...keys, update: secret("other") } }, to, body),
        "BODY_INVALID",
        "U11",
      ],
      ["span-0", "A span of 0 is a snapshot's.", forged({ span: 0 }), "BODY_INVALID", "U12"],
      [
        "ragged-removes",
        "Two bytes are no id.",
        forged({ removes: new Uint8Array(2) }),
        "BODY_INVALID",
        "U12",
      ],
      [
        "again",
        "The same version with the same content: nothing to do, the receipt again.",
        update,
        "already",
        "",
        { version: to, table: "after" },
      ],
      ["conflict", "The same version as held, other content.", update, "CONFLICT", "U13", { version: to }],
      [
        "expired",
        "A second too late by the lock's lower bound.",
        update,
        "EXPIRED",
        "U14",
        { lowerSeconds: issuedAt + 168 * 3_600 + 1 },
      ],
      [
        "other-base",
        "The held version with another table.",
        update,
        "NEED_SNAPSHOT",
        "U15",
        { table: "after" },
      ],
      ["span-2", "From a version that the lock does not hold.", forged({ span: 2 }), "NEED_SNAPSHOT", "U15"],
      [
        "removes-absent",
        "Removes an id that is not there.",
        forged({ removes: new Uint8Array([1, 0, 9]) }),
        "BODY_INVALID",
        "table/removes-absent",
      ],
      ["duplicate", "Two people with one code.", forged({ puts: twins }), "DUPLICATE", "table/duplicate-tag"],
      [
        "other-result",
        "Signed for a table that does not result.",
        forged({ state: flipped(body.state, 0) }),
        "NEED_SNAPSHOT",
        "U17",
      ],
    ]),
  ];
}

export function streamVectors(): readonly MessageVector[] {
  const { type } = messageCatalog.manifest;
  const snapshotTable: Table = after;
  const snapshot = issueSnapshot(fast, seeds.table, lock, { ...at, table: snapshotTable });
  const [manifest = noBytes, chunk = noBytes] = snapshot.messages.map((message) => message.body);
  const payload = accepted(
    manifestPayload.decode(accepted(splitSign1(manifest, updateBytesMax)).payload, updateBytesMax),
  );
  const { stream } = payload;
  const snapshotBody = {
    ...body,
    span: 0,
    base: noBytes,
    state: snapshot.state,
    removes: noBytes,
    puts: noBytes,
  };
  const forged = (spoilt: Partial<typeof body>, streamed = stream): Bytes =>
    forgeManifest(fast, seeds.table, lock, to, { ...snapshotBody, ...spoilt }, streamed);
  const judged: Judged = { as: "manifest", table: "before", version: 7, lowerSeconds: issuedAt };
  const first: Judged = { as: "chunk", index: 0, hash: toHex(stream.root), afterId: -1 };
  const read = readChunk(chunk, messageBytesMax);
  const chunkAad = signedContext(messageCatalog.chunk.type, name, to, stream.items, 0);
  return [
    {
      id: "manifest",
      why: "A snapshot of the table after the update, in one chunk.",
      judged,
      made: hexes({
        ...sealedParts(type, payload.sealed),
        siv: stream.siv,
        root: stream.root,
        ...signedParts(type, manifest),
      }),
      message: toHex(manifest),
      verdict: "accepted",
    },
    ...neighbours("manifest", judged, [
      ...signedNeighbours(type, seeds.table, manifest, "REJECTED", rejected),
      ["stale", "The lock holds a later version.", manifest, "STALE", "U10", { version: to + 1 }],
      [
        "expired",
        "A second too late by the lock's lower bound.",
        manifest,
        "EXPIRED",
        "U14",
        { lowerSeconds: issuedAt + 168 * 3_600 + 1 },
      ],
      [
        "snapshot-with-removes",
        "A snapshot removes nothing.",
        forged({ removes: new Uint8Array([1, 0, 0]) }),
        "BODY_INVALID",
        "U12",
      ],
      [
        "delta-of-65",
        "A delta's puts fit one chunk.",
        forged({ span: to - 7, base: tableState(fast, keys.state, 7, before) }, { ...stream, items: 65 }),
        "BODY_INVALID",
        "U12",
      ],
      [
        "root-of-nothing",
        "No items, and yet a first chunk.",
        forged({}, { ...stream, items: 0 }),
        "BODY_INVALID",
        "U12",
      ],
      [
        "too-many",
        "More than the profile of 1,000 codes holds.",
        forged({}, { ...stream, items: 1_513 }),
        "RESOURCE_EXHAUSTED",
        "U16",
      ],
    ]),
    {
      id: "chunk",
      why: "The manifest's only chunk.",
      judged: first,
      made: hexes({
        items: packItems(snapshotTable),
        key: chunkKey(fast, keys, stream.siv),
        nonce: chunkNonce(0),
        aad: chunkAad,
        next: read?.next ?? noBytes,
        sealed: read?.sealed ?? noBytes,
        hash: fast.hash(chunk),
      }),
      message: toHex(chunk),
      verdict: "accepted",
    },
    ...neighbours("chunk", first, [
      ["too-long", "2,049 bytes.", new Uint8Array(messageBytesMax + 1), "TOO_LARGE", "C1"],
      ["bit", "One bit of the seal flipped.", flipped(chunk, 8 * chunk.length - 1), "REJECTED", "C2"],
      [
        "wrong-turn",
        "The lock waits for the second chunk, whose hash this happens to be.",
        chunk,
        "BODY_INVALID",
        "C3",
        { index: 1 },
      ],
      ["ids-go-back", "The lock has heard higher ids.", chunk, "BODY_INVALID", "C6", { afterId: 1 }],
    ]),
  ];
}
