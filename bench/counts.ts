/** Figures that are counted, the same in every run on every machine: bytes, round trips, flash. */

import { firstCredentialId } from "@doorsync/protocol/authority";
import { acknowledge, credential, deliver, issue, type Owned, ownedLock } from "./cast.ts";
import { atMost, exactly, type Figure, plain } from "./figures.ts";

/** Whole visits by the phone's courier, hello to verified receipt, and what they leave in flash. */
export async function counts(): Promise<readonly Figure[]> {
  const { owned, snapshot } = await ownedLock("counted", 1_000);
  const revocation = await deliver(owned, issue(owned, { removes: [firstCredentialId + 7], puts: [] }));
  const withLog = await deliver(
    owned,
    issue(owned, { removes: [firstCredentialId + 8], puts: [] }),
    "waiting",
  );
  const ten = await deliver(owned, issue(owned, newCodes(owned, 2_000, 10)));
  const twelve = await deliver(owned, issue(owned, newCodes(owned, 3_000, 12)));
  const thirteen = await deliver(owned, issue(owned, newCodes(owned, 4_000, 13)));
  const fifty = await deliver(owned, issue(owned, newCodes(owned, 5_000, 50)));
  return [
    atMost("revocation-bytes", revocation.bytes, "bytes, both ways", 300),
    atMost("revocation-bytes-stretch", revocation.bytes, "bytes, both ways", 275),
    // As it is where people come and go: the courier takes two events along as well.
    plain("revocation-with-log-bytes", withLog.bytes, "bytes, both ways"),
    exactly("revocation-round-trips", revocation.roundTrips, "round trips", 2),
    atMost("ten-codes-bytes", ten.bytes, "bytes, both ways", 600),
    atMost("per-code-bytes", (fifty.bytes - ten.bytes) / 40, "bytes each, 10 to 50", 32),
    // The thirteenth new code makes the update a manifest with a chunk: so much more, once, and a third round trip.
    plain("streaming-step-bytes", thirteen.bytes - twelve.bytes, "bytes, once, at 13"),
    atMost("snapshot-1000-bytes", snapshot.bytes, "bytes, both ways", 31_000),
    ...(await sizes()),
  ];
}

/** The same one change in tables of 10, 1,000 and 10,000 codes. */
async function sizes(): Promise<readonly Figure[]> {
  const measured: { bytes: number; flash: number; erases: number; ratio: number }[] = [];
  for (const codes of [10, 1_000, 10_000]) {
    const { owned } = await ownedLock(`of ${codes}`, codes);
    for (const change of [
      { removes: [firstCredentialId + 3], puts: [] },
      { removes: [], puts: [credential(owned, 5, 999_999)] },
    ]) {
      const issued = issue(owned, change);
      const signed = issued.messages[0]?.body.length ?? 0;
      // Until the receipt is out; what an idle lock does afterwards is not on the commit's path.
      acknowledge(owned);
      const before = owned.lock.supply.flash.counters;
      let after = before;
      const watched: Owned = {
        ...owned,
        lock: whenReceipt(owned, () => (after = owned.lock.supply.flash.counters)),
      };
      const { bytes } = await deliver(watched, issued, "waiting");
      Object.assign(owned, { version: issued.to, table: issued.table });
      measured.push({
        bytes,
        flash: after.programBytes - before.programBytes,
        erases: after.erases - before.erases,
        ratio: (after.programBytes - before.programBytes) / signed,
      });
    }
  }
  const spread = (of: (one: (typeof measured)[number]) => number): number => {
    const kinds = [
      measured.filter((_, i) => i % 2 === 0).map(of),
      measured.filter((_, i) => i % 2 === 1).map(of),
    ];
    return Math.max(...kinds.map((values) => Math.max(...values) - Math.min(...values)));
  };
  return [
    atMost(
      "size-bytes-spread",
      spread(({ bytes }) => bytes),
      "bytes, 10 to 10,000",
      8,
    ),
    exactly(
      "size-flash-spread",
      spread(({ flash }) => flash),
      "bytes, 10 to 10,000",
      0,
    ),
    atMost("flash-per-delta", Math.max(...measured.map(({ ratio }) => ratio)), "x the signed delta", 2),
    exactly("flash-erases-per-delta", Math.max(...measured.map(({ erases }) => erases)), "erases", 0),
  ];
}

/** The same lock, whose link tells when something was said to the phone. */
function whenReceipt(owned: Owned, said: () => void): Owned["lock"] {
  const { board } = owned.lock;
  return {
    ...owned.lock,
    board: {
      ...board,
      connect: (link) =>
        board.connect({
          ...link,
          send(frame) {
            said();
            link.send(frame);
          },
        }),
    },
  };
}

function newCodes(owned: Owned, first: number, count: number): { removes: []; puts: Uint8Array[] } {
  return {
    removes: [],
    puts: Array.from({ length: count }, (_, i) => credential(owned, first + i, 100_000 + first + i)),
  };
}
