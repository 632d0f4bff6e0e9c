/**
 * Figures that are timed: ratios between things done in turn in one run, never seconds.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import {
  bodyBytesMax,
  emptyInbox,
  emptyOutbox,
  hear,
  type Message,
  messageCatalog,
  messageName,
  segment,
} from "@doorsync/protocol/courier";
import { credential, crypto, deliver, issue, type Owned, ownedLock } from "./cast.ts";
import { atMost, type Figure, median, twice } from "./figures.ts";

export async function times(): Promise<readonly Figure[]> {
  return [
    await twice(async () => atMost("size-cpu-ratio", await sizeRatio(), "lock CPU, 10,000:10", 1.2)),
    await twice(async () =>
      atMost("worst-rejection-verifies", await worstRejection(hostileMessages), "verifications' time", 3),
    ),
    await twice(async () =>
      atMost(
        "stranger-handshake-verifies",
        await worstRejection(strangerHandshake),
        "verifications' time",
        3,
      ),
    ),
    await twice(() => atMost("cli-start-ratio", startRatio(), "x an empty program", 1.3)),
  ];
}

function timed(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** Time from an update's frames to the receipt, one changed code each, in turn in a large and in a small table. */
async function sizeRatio(): Promise<number> {
  const rounds = 60;
  const { owned: small } = await ownedLock("small", 10);
  const { owned: large } = await ownedLock("large", 10_000);
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [ofLarge, ofSmall] = [large, small].map((owned) => changeTime(owned, 200_000 + round));
    if (round >= 5 && ofLarge !== undefined && ofSmall !== undefined) ratios.push(ofLarge / ofSmall);
  }
  return median(ratios);
}

function changeTime(owned: Owned, code: number): number {
  const issued = issue(owned, { removes: [], puts: [credential(owned, code % 10, code)] });
  const [head] = issued.messages;
  if (head === undefined) throw new Error("an update without a message");
  const talk = talkTo(owned);
  const milliseconds = timed(() => talk.say(head));
  if (talk.answers().at(-1) !== "receipt") throw new Error(`the lock answered ${talk.answers().join(", ")}`);
  talk.close();
  Object.assign(owned, { version: issued.to, table: issued.table });
  return milliseconds;
}

function talkTo(owned: Owned): { say(message: Message): void; answers(): readonly string[]; close(): void } {
  const answers: string[] = [];
  let inbox = emptyInbox;
  let outbox = emptyOutbox;
  const link = owned.lock.board.connect({
    frameBytesMax: 244,
    send(frame) {
      const heard = hear(inbox, frame, bodyBytesMax("toPhone"));
      if (heard.kind === "refused") throw new Error(heard.refused.check);
      inbox = heard.inbox;
      if (heard.kind === "message") answers.push(messageName(heard.type) ?? "?");
    },
    close() {},
  });
  return {
    say(message) {
      const cut = segment(outbox, message.type, message.body, 244);
      outbox = cut.outbox;
      for (const frame of cut.frames) link?.frame(frame);
    },
    answers: () => answers,
    close: () => link?.closed(),
  };
}

/** The dearest message that a stranger can say, over a corpus of the ways to be dear, in verifications of one run. */
async function worstRejection(
  make: (owned: Owned, past: readonly Message[]) => readonly Message[],
): Promise<number> {
  const { owned } = await ownedLock("hostile", 10_000);
  const seed = new Uint8Array(32).fill(1);
  const publicKey = crypto.signPublic(seed);
  const message = new Uint8Array(200).fill(2);
  const signature = crypto.sign(seed, message);
  const corpus = make(owned, await pastMessages(owned));
  let worst = 0;
  for (const hostile of corpus) {
    const ratios: number[] = [];
    for (let round = 0; round < 15; round++) {
      const verify = timed(() => crypto.verify(publicKey, message, signature));
      const talk = talkTo(owned);
      const reject = timed(() => talk.say(hostile));
      if (talk.answers().some((answer) => answer === "receipt"))
        throw new Error("a hostile message was accepted");
      talk.close();
      // The budget of bad signatures would answer for the lock after ten a minute.
      owned.lock.pass(61);
      if (round >= 3) ratios.push(reject / verify);
    }
    worst = Math.max(worst, median(ratios));
  }
  return worst;
}

/** What the authority truly signed and the lock already took: dear to judge, because the signature is good. */
async function pastMessages(owned: Owned): Promise<readonly Message[]> {
  const past: Message[] = [];
  for (const puts of [[credential(owned, 1, 987_654)], manyPuts(owned)]) {
    const issued = issue(owned, { removes: [], puts });
    await deliver(owned, issued);
    past.push(...issued.messages);
  }
  // One more, so that neither is the version in force: a courier may have that one's receipt again.
  await deliver(owned, issue(owned, { removes: [], puts: [credential(owned, 2, 987_653)] }));
  return past;
}

function manyPuts(owned: Owned): Uint8Array[] {
  return Array.from({ length: 64 }, (_, i) => credential(owned, 100 + i, 300_000 + i));
}

/** Good signatures of the past, bent ones of the present, and every shape that a decoder may dislike, under every type. */
/** As long as a handshake, and of nobody who knows the lock: it is found out by what the two keys agree on, not before. */
function strangerHandshake(): readonly Message[] {
  return [{ type: messageCatalog["unlock-start"].type, body: new Uint8Array(48).fill(9) }];
}

function hostileMessages(owned: Owned, past: readonly Message[]): readonly Message[] {
  const present = [
    [credential(owned, 1, 987_652)],
    manyPuts(owned).map((_, i) => credential(owned, 200 + i, 400_000 + i)),
  ];
  const bent = present
    .flatMap((puts) => issue(owned, { removes: [], puts }).messages)
    .map(({ type, body }) => {
      const turned = new Uint8Array(body);
      turned[turned.length - 1] = (turned[turned.length - 1] ?? 0) ^ 1;
      return { type, body: turned };
    });
  const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
  const bodies = [
    ...[...bent, ...past].map(({ body }) => body),
    filled(512, 0),
    filled(512, 0x81),
    filled(512, 0xff),
    // A bignum tag, a length bomb, a map that never ends.
    new Uint8Array([0xc2, 0x59, 0x01, 0xf0, ...filled(496, 0xff)]),
    new Uint8Array([0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    new Uint8Array([0xbf, ...filled(500, 0x01)]),
    filled(2_048, 0x40),
    filled(65_535, 0x80),
  ];
  return Object.values(messageCatalog).flatMap(({ type }) => bodies.map((body) => ({ type, body })));
}

/** `lock-sim --version` against an empty program, in turn. */
function startRatio(): number {
  const folder = mkdtempSync(join(tmpdir(), "doorsync-bench-"));
  try {
    const empty = join(folder, "empty.mjs");
    writeFileSync(empty, "");
    const program = fileURLToPath(new URL("../../packages/lock-sim/bin/lock-sim.mjs", import.meta.url));
    const start = (...args: string[]): number =>
      timed(() => spawnSync(process.execPath, args, { stdio: "ignore" }));
    const ratios: number[] = [];
    for (let round = 0; round < 13; round++) {
      const bare = start(empty);
      const ours = start(program, "--version");
      if (round >= 2) ratios.push(ours / bare);
    }
    return median(ratios);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
