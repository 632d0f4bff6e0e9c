/**
 * The canary's faults, and the named test that must catch each. Most are the planted bugs that the simulated world finds
 * as well; the others only a unit sees. A fault that a second defence masks takes that defence out in the same plant.
 */
import { type Plant as WorldPlant, plants as worldPlants } from "../../packages/lock-sim/src/sim/plants.ts";

/** `test`: the whole name of a test in that file. It must fail by an assertion of its own, not by a crash. */
export interface Catcher {
  readonly file: string;
  readonly test: string;
}

export interface Plant extends Pick<WorldPlant, "id" | "fault" | "edits"> {
  readonly caughtBy: Catcher;
}

/** By id, for planted bugs of the simulated world. */
const catchers: Readonly<Record<string, Catcher>> = {
  "counter-after-compare": {
    file: "test/guesses-are-counted.test.ts",
    test: "whenever the code is compared, the attempt is already in flash",
  },
  "pause-at-multiples": {
    file: "test/guesses-are-counted.test.ts",
    test: "at whatever steady pace codes are tried, days on end, the keypad pauses, and says so",
  },
  "skip-signature": {
    file: "test/updates-are-bound.test.ts",
    test: "a key for another purpose, or another authority's, is refused",
  },
  "accept-older-version": {
    file: "test/older-never-wins.test.ts",
    test: "P1: the version in force never falls, and is always what was signed for it",
  },
  "receipt-before-commit": {
    file: "test/power-cut-anywhere.test.ts",
    test: "old or new, and true to its word, when power fails anywhere in: delta that replaces",
  },
  "count-before-stage": {
    file: "test/power-cut-anywhere.test.ts",
    test: "old or new, and true to its word, when power fails anywhere in: delta that replaces",
  },
  "in-place-write": {
    file: "test/door-sync.test.ts",
    test: "a code opens only after a verified sync, and its predecessor only before it",
  },
  "lost-clock-keeps-schedules": {
    file: "test/schedules-at-the-door.test.ts",
    test: "lies in no schedule, whatever the floor says and even where the code fails open",
  },
  "recycled-code": {
    file: "test/authority-planner-converges.test.ts",
    test: "a code that went out to a courier stays quarantined until a receipt overtakes it, even if it never arrives",
  },
};

const unlockRules = "packages/protocol/src/rules/unlock.ts";
const trust = "packages/protocol/src/rules/trust.ts";
const table = "packages/protocol/src/codes/table.ts";

/** What no world shows: another defence stands behind it, or nobody in a world is strong enough to use it. */
const unitPlants: readonly Plant[] = [
  {
    id: "accept-equal-version",
    fault: "the version in force may be replaced by other content of the same number",
    edits: [
      {
        file: "packages/protocol/src/rules/accept-update.ts",
        find: 'if (!crypto.same(body.state, held.state)) return refuse("CONFLICT", "U13"); if (!held.snapshotOnly) return accept(already);',
        put: "if (crypto.same(body.state, held.state)) return accept(already);",
      },
    ],
    caughtBy: {
      file: "test/older-never-wins.test.ts",
      test: "P1b: a version that is in force with other content is CONFLICT, and nothing moves",
    },
  },
  {
    id: "frames-in-any-order",
    fault: "a frame counts whatever its number is, so that one that comes twice is heard twice",
    edits: [
      {
        file: "packages/protocol/src/link/frame.ts",
        find: 'if (header % sequences !== inbox.nextSeq) return refused("REJECTED", "frame/sequence");',
        put: "",
      },
    ],
    caughtBy: {
      file: "test/frames-reassemble.test.ts",
      test: "the sequence runs on across messages: a whole message that vanishes is noticed",
    },
  },
  {
    id: "compare-stops-at-a-match",
    fault: "the comparison ends at the first code that matches, and its time tells how far it came",
    edits: [
      {
        file: "packages/lock-sim/src/firmware/door.ts",
        find: "if (isDaily) daily.push(item);",
        put: "if (isDaily) daily.push(item); if (isIt) break;",
      },
    ],
    caughtBy: {
      file: "test/keypad-visits-all.test.ts",
      test: "every entry visits every credential once, whether and where it matches",
    },
  },
  {
    id: "appends-behind-a-lost-head",
    fault: "after a record whose head did not take the next one goes where boot does not see it",
    edits: [
      {
        file: "packages/lock-sim/src/firmware/store.ts",
        find: 'if (head?.kind !== "program") return dropped;',
        put: "if (at >= 0 || head === undefined || readBack.length === 0) return dropped;",
      },
    ],
    caughtBy: {
      file: "test/lost-writes-are-told.test.ts",
      test: "a delta: the lock keeps to the rules of its flash, and a later try succeeds",
    },
  },
  {
    id: "skip-lock-id",
    fault: "what is signed for one lock counts at every lock",
    edits: [
      {
        file: trust,
        find: "return context(type, name.lockId, name.epoch, ...bound);",
        put: "return context(type, name.epoch, ...bound);",
      },
    ],
    caughtBy: {
      file: "test/only-the-authority.test.ts",
      test: "P5: even a lock that holds the very keys of another is another lock by its name",
    },
  },
  {
    id: "skip-epoch",
    fault: "what was signed before a reset counts after it",
    edits: [
      {
        file: trust,
        find: "return context(type, name.lockId, name.epoch, ...bound);",
        put: "return context(type, name.lockId, ...bound);",
      },
    ],
    caughtBy: {
      file: "test/only-the-authority.test.ts",
      test: "the other epoch's messages are refused, with equal keys and lock id",
    },
  },
  {
    id: "refused-change-leaves-trace",
    fault: "a change that is refused half-way has already changed the table in force",
    edits: [
      {
        file: table,
        find: "const byId = new Map(table.overlay.byId);",
        put: "const byId = table.overlay.byId;",
      },
    ],
    caughtBy: {
      file: "test/tables-agree.test.ts",
      test: "an old table is what it was after any change to it, and a refused change leaves no trace",
    },
  },
  {
    id: "unkeyed-digest",
    fault: "the table's state is a plain hash, and whoever has the key of its tags finds the code behind it",
    edits: [
      {
        file: table,
        find: "const term = crypto.mac(digestKey, item);",
        put: "const term = crypto.hash(item);",
      },
      {
        file: table,
        find: 'return crypto.mac(stateKey, encode(["doorsync/1 state", version, count, digest]))',
        put: 'return crypto.hash(encode(["doorsync/1 state", version, count, digest]))',
      },
    ],
    caughtBy: {
      file: "test/courier-sees-nothing.test.ts",
      test: "who tries all codes against the state8 of a receipt finds none without all three keys of the table",
    },
  },
  {
    id: "device-signs-no-handshake",
    fault: "what a device signs is the same every time, and whoever heard it once may show it",
    edits: [
      {
        file: "packages/protocol/src/messages/unlock.ts",
        find: "return context(messageCatalog.unlocked.type, handshakeHash, action);",
        put: "return context(messageCatalog.unlocked.type, handshakeHash.length, action);",
      },
    ],
    caughtBy: {
      file: "test/unlock-is-fresh.test.ts",
      test: "a signature over or by an earlier handshake",
    },
  },
  {
    id: "any-device-key",
    fault: "a device key of small order counts, and one signature fits every handshake",
    edits: [
      {
        file: unlockRules,
        find: 'if (!crypto.isStrictPublicKey(deviceKey)) return refuse("DENIED", "Q7");',
        put: "",
      },
      {
        file: "packages/protocol/src/crypto/crypto.ts",
        find: "if (!isStrictPublicKey(publicKey)) return false; if (!isBelow(yOf(r), fieldPrime)) return false;",
        put: "if (!isBelow(yOf(r), fieldPrime)) return false;",
      },
    ],
    caughtBy: {
      file: "test/capabilities-are-judged.test.ts",
      test: "a device key of order 1 is refused, whatever signature comes with it",
    },
  },
  {
    id: "table-age-ignored",
    fault: "a capability opens by whatever table the lock holds, and who never syncs is never asked to",
    edits: [
      {
        file: unlockRules,
        find: "if (met.snapshotOnly || met.version < minTableVersion)",
        put: "if (met.snapshotOnly)",
      },
    ],
    caughtBy: {
      file: "test/capabilities-are-judged.test.ts",
      test: "a table older than that is synced first, before the time is asked for; the answer says the held version",
    },
  },
  {
    id: "handshake-used-twice",
    fault: "a handshake goes on after its unlock, and the same request opens once more",
    edits: [
      {
        file: "packages/lock-sim/src/firmware/unlock.ts",
        find: "const used = withSession(running, { handshake: undefined });",
        put: "const used = running;",
      },
    ],
    caughtBy: {
      file: "test/unlock-is-fresh.test.ts",
      test: "is good for one request: the second is not heard, though it be the same bytes",
    },
  },
  {
    id: "lockout-keeps-apps-out",
    fault: "a keypad that somebody locked by guessing refuses apps too",
    edits: [
      {
        file: "packages/lock-sim/src/firmware/keypad.ts",
        find: 'if (shown.by !== "keypad") return judgeShown(running, turn, shown);',
        put: 'if (shown.by === "card") return judgeShown(running, turn, shown); if (shown.by === "app") return mayTry(running.notebook, poweredSeconds(running, turn.now), settingsOf(running.inForce.table)).ok ? judgeShown(running, turn, shown) : deny(running, turn, shown, "budget");',
      },
    ],
    caughtBy: {
      file: "test/unlock-at-the-door.test.ts",
      test: "T25: a keypad that somebody locked by guessing keeps no app out",
    },
  },
  {
    id: "denied-at-once",
    fault: "a capability that is over is denied without a look at the table, and its time tells so",
    edits: [
      {
        file: "packages/lock-sim/src/firmware/unlock.ts",
        find: 'if (verdict.refusal === "DENIED") return show(counted, turn, { by: "app", deviceKey: undefined, asker });',
        put: "",
      },
    ],
    caughtBy: {
      file: "test/unlock-at-the-door.test.ts",
      test: "DENIED is the same for every reason: the panel, the answer's length, and the credentials looked at",
    },
  },
  {
    id: "skip-s-below-l",
    fault: "S + L is taken for another good signature",
    edits: [
      {
        file: "packages/protocol/src/crypto/crypto.ts",
        find: "    if (!isBelow(s, groupOrder)) return false;\n",
        put: "    void s;\n    void groupOrder;\n",
      },
    ],
    caughtBy: {
      file: "test/providers-agree.test.ts",
      test: "S + kL is refused for every k that fits, though tweetnacl itself accepts it",
    },
  },
  {
    id: "held-chunks-out-of-order",
    fault: "of the chunks that a lock holds the last is written first",
    edits: [
      {
        file: "packages/lock-sim/src/firmware/stream.ts",
        find: "const [first, ...held] = running.held;",
        put: "const first = running.held.at(-1); const held = running.held.slice(0, -1);",
      },
    ],
    caughtBy: {
      file: "test/chunks-in-flight.test.ts",
      test: "takes three while the first is being written, answers each when it is durable, and writes them in order",
    },
  },
  {
    id: "held-chunks-go-with-the-link",
    fault: "what a lock held whole is forgotten when its courier is gone",
    edits: [
      {
        file: "packages/lock-sim/src/firmware/session.ts",
        find: "return { ...running, session: undefined };",
        put: "return { ...running, session: undefined, held: [] };",
      },
    ],
    caughtBy: {
      file: "test/chunks-in-flight.test.ts",
      test: "after a drop at any fragment at most one chunk is sent again: an operation every 4 frames",
    },
  },
  {
    id: "second-waits-for-the-sync",
    fault: "who comes second while a courier's stream is written is judged when all of it is written",
    edits: [
      {
        file: "packages/lock-sim/src/firmware/step.ts",
        find: "if (!isDone(settled.lanes.table)) settled = fillKeypadLane(settled, turn);",
        put: "if (settled.lanes.table === undefined) settled = fillKeypadLane(settled, turn); void isDone;",
      },
    ],
    caughtBy: {
      file: "test/door-answers-while-writing.test.ts",
      test: "is answered while a job of many operations goes on, not after it",
    },
  },
];

const fromWorld = worldPlants.flatMap((plant): readonly Plant[] => {
  const caughtBy = catchers[plant.id];
  return caughtBy === undefined ? [] : [{ ...plant, caughtBy }];
});

export const plants: readonly Plant[] = [...fromWorld, ...unitPlants];

/** Catchers that name no planted bug of the world. */
export const strayCatchers: readonly string[] = Object.keys(catchers).filter(
  (id) => !worldPlants.some((plant) => plant.id === id),
);
