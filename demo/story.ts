/**
 * The story of one reset: Ada's doorcode changes at the property, her door has no internet, and until a phone stands in
 * front of it the old code opens and the new one does not. Every line of it is played by the real programs.
 */

import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { socketTransport } from "@doorsync/phone-client/node";
import type { Message } from "@doorsync/protocol/courier";
import { airsIn, type Way } from "./air.ts";
import { openParcel, sayTo, tamper } from "./hostile.ts";
import { type Line, type Ran, type RunningLock, run, runLock } from "./programs.ts";
import type { Teller } from "./tell.ts";

const door = "Unit 4B";
const neighbour = "Unit 5A";

export interface Told {
  /** Over Bluetooth, through a radio of software, and not over TCP. */
  readonly isOnAir: boolean;
  /** Where to leave what the phones' adapters saw. */
  readonly capture: string | undefined;
}

export async function tellStory(teller: Teller, told: Told): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "doorsync-demo-"));
  const airs = airsIn(folder, told.capture !== undefined);
  try {
    await play(teller, folder, told.isOnAir ? airs.way : overTcp);
    if (told.capture !== undefined) await airs.keep(told.capture);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function overTcp(): Way {
  return {
    lockArgs: [],
    phoneArgs: (address) => ["--lock", address],
    with(address, use) {
      const [host = "", port = ""] = address.split(":");
      return use(socketTransport({ host, port: Number(port) }));
    },
  };
}

/** A lock that runs, and how phones get there. */
type Reached = RunningLock & { readonly way: Way };

async function play(teller: Teller, folder: string, wayTo: (door: number) => Way): Promise<void> {
  const data = join(folder, "office");
  const mailbox = join(folder, "mailbox");
  await mkdir(mailbox);
  const office = (...args: string[]): Promise<Ran> => run("doorsync-authority", [...args, "--data", data]);
  const issue = (name: string): Promise<Ran> => office("issue", "--door", name, "--mailbox", mailbox);
  const receive = (): Promise<Ran> => office("receive", "--mailbox", mailbox);

  teller.chapter("A property with two doors, and locks without internet");
  teller.say("the property makes its keys and its database; each door gets a lock fresh from its box");
  await office("init");
  await office("property", "add", "--name", "Maple Court");
  await office("person", "add", "--name", "Ada");
  await office("person", "add", "--name", "Ben");
  const locks: Reached[] = [];
  for (const name of [door, neighbour]) {
    const home = join(folder, `lock of ${name}`);
    const made = await run("lock-sim", ["new", "--home", home]);
    const { setup } = only(made.lines, "created");
    await office("door", "add", "--name", name, "--unit", name);
    await office("commission", "--door", name, "--setup", String(setup), "--mailbox", mailbox);
    const way = wayTo(locks.length);
    locks.push({ ...(await runLock(home, way.lockArgs)), way });
  }
  const [lock, otherLock] = locks;
  if (lock === undefined || otherLock === undefined) throw new Error("two locks were started");
  const sync = ({ address, way }: Reached): Promise<Ran> =>
    run("doorsync-phone", ["sync", ...way.phoneArgs(address), "--mailbox", mailbox]);
  /** A phone that meets a lock which goes dark, and does not wait for it for long. */
  const syncInVain = ({ address, way }: Reached): Promise<Ran> =>
    run("doorsync-phone", ["sync", ...way.phoneArgs(address), "--mailbox", mailbox, "--timeout", "3s"], true);
  const say = ({ address, way }: Reached, message: Message): Promise<string> =>
    way.with(address, (transport) => sayTo(transport, message));

  try {
    for (const reached of locks) {
      const visit = await sync(reached);
      teller.say("a phone brings lock and authority together: they agree on keys that the phone never sees");
      teller.messages(visit.lines);
    }
    await receive();
    for (const reached of locks) await sync(reached);
    await receive();
    teller.say("both locks proved that they hold their first, empty table");

    teller.chapter("Ada has a code");
    const old = await codeOf(office("assign", "--door", door, "--person", "Ada"));
    await office("assign", "--door", neighbour, "--person", "Ben");
    const firstParcel = await deltaOf(mailbox, await issue(door));
    const foreign = await deltaOf(mailbox, await issue(neighbour));
    teller.messages((await sync(lock)).lines);
    await receive();
    teller.say(`the lock of ${door} proved that it holds her code ${old}`);

    teller.chapter("Ada resets it; the door knows nothing yet");
    const fresh = await codeOf(office("reset", "--door", door, "--person", "Ada"));
    const parcel = await deltaOf(mailbox, await issue(door));
    teller.say(`the property signed an update that replaces ${old} by ${fresh}; it waits in the mailbox`);
    teller.step("old-opens-before-sync", "opened", await lock.press(`${old}#`));
    teller.step("new-refused-before-sync", "refused", await lock.press(`${fresh}#`));
    teller.step("pending-before-sync", "removing+setting", await statesOf(office("status", "--door", door)));

    teller.chapter("Phones that must not be trusted");
    teller.say("one bit of the update is turned over on the way");
    teller.step("tampered-update-refused", "REJECTED", await say(lock, tamper(parcel)));
    teller.say(`the update of ${neighbour}, signed by the same property, is brought to ${door}`);
    teller.step("other-locks-update-refused", "REJECTED", await say(lock, head(foreign)));

    teller.chapter("The power fails in the middle of a sync");
    await lock.word("cut power at op 1 byte 16", "armed");
    const dropped = syncInVain(lock);
    await lock.next("power");
    await dropped;
    await lock.word("power on", "power");
    const afterCut = `old ${await lock.press(`${old}#`)}, new ${await lock.press(`${fresh}#`)}`;
    teller.step("power-cut-mid-sync-keeps-old", "old opened, new refused", afterCut);

    teller.chapter("Door sync");
    const visit = await sync(lock);
    teller.messages(visit.lines);
    teller.step("sync", "synced", String(only(visit.lines, "result")["outcome"]));
    teller.step("new-opens-after-sync", "opened", await lock.press(`${fresh}#`));
    teller.step("old-refused-after-sync", "refused", await lock.press(`${old}#`));
    teller.say("somebody replays the update before it, which would bring the old code back");
    teller.step("replayed-update-refused", "STALE", await say(lock, head(firstParcel)));
    teller.step("old-still-refused-after-replay", "refused", await lock.press(`${old}#`));

    teller.chapter("The property believes only the lock's signed word");
    teller.step(
      "pending-until-the-receipt",
      "removing+setting",
      await statesOf(office("status", "--door", door)),
    );
    await receive();
    teller.step("receipt-makes-it-set", "set", await statesOf(office("status", "--door", door)));
  } finally {
    await Promise.all(locks.map((running) => running.stop()));
  }
}

/** The object under `kind` of the one line that has it. */
function only(lines: readonly Line[], kind: string): Line {
  const found = lines.find((line) => kind in line);
  if (found === undefined) throw new Error(`no line "${kind}" among ${JSON.stringify(lines)}`);
  return found[kind] as Line;
}

async function codeOf(ran: Promise<Ran>): Promise<string> {
  const code = (await ran).lines.find((line) => "code" in line)?.["code"];
  if (typeof code !== "string") throw new Error("no code was given");
  return code;
}

/** The states of a door's codes, as the property sees them. */
async function statesOf(ran: Promise<Ran>): Promise<string> {
  const codes = (await ran).lines[0]?.["codes"] as readonly { readonly state: string }[] | undefined;
  return (codes ?? [])
    .map(({ state }) => state)
    .sort()
    .join("+");
}

/** A copy of the delta that was just put into the mailbox, as a thief of the mailbox would keep it. */
async function deltaOf(mailbox: string, issued: Ran): Promise<ReturnType<typeof openParcel>> {
  const names = (issued.lines[0]?.["parcels"] ?? []) as readonly string[];
  const name = names.find((one) => !one.includes("-snapshot-"));
  if (name === undefined) throw new Error(`no delta among ${names.join(", ")}`);
  return openParcel(await readFile(join(mailbox, "parcels", name)));
}

function head(parcel: ReturnType<typeof openParcel>): ReturnType<typeof openParcel>["messages"][number] {
  const [first] = parcel.messages;
  if (first === undefined) throw new Error("an empty parcel");
  return first;
}
