/** The lock drawn in a few lines for a terminal: what stands above the prompt. It draws; it looks at nothing. */
import { alarmMark } from "./event-words.ts";
import type { Colour, Paint } from "./said.ts";
import { isoTime, journalWords, keypadWords, type LastEvent, type Status, spanWords } from "./status.ts";

const widthMax = 78;
const labelWidth = 9;
const gaugeCells = 10;
/** Beyond this uncertainty of its clock, either way, the picture shows no hours of events. */
const sharpSeconds = 600;

type Part = readonly [Colour, string];

/** Lines of at most `columns` characters; colour comes on top of that. */
export function picture(status: Status, columns: number, paint: Paint): readonly string[] {
  const inner = Math.max(20, Math.min(columns, widthMax) - 4);
  const row = (...parts: readonly Part[]): string => {
    let left = inner;
    let line = "";
    for (const [colour, text] of parts) {
      const fits = text.length > left ? `${text.slice(0, Math.max(0, left - 1))}\u2026`.slice(0, left) : text;
      line += paint(colour, fits);
      left -= fits.length;
    }
    return `\u2502 ${line}${" ".repeat(left)} \u2502`;
  };
  const title = status.power === "on" ? ` ${status.phase} lock ${status.tag} ` : " a lock in the dark ";
  const head = `\u256d\u2500${title.slice(0, inner)}${"\u2500".repeat(Math.max(0, inner + 1 - title.length))}\u256e`;
  const foot = `\u2570${"\u2500".repeat(inner + 2)}\u256f`;
  const isSharp = status.power === "on" && halfSpan(status) <= sharpSeconds;
  return [
    head,
    row(label("door"), ...doorParts(status)),
    row(label("lamp"), ...lampParts(status)),
    row(label("clock"), ...clockParts(status)),
    row(label("battery"), ...batteryParts(status)),
    ...(status.power === "on" ? [row(label("table"), ...tableParts(status))] : []),
    ...(status.power === "on" ? [row(label("keypad"), keypadPart(status))] : []),
    ...(status.power === "on" ? [row(label("journal"), ["plain", journalWords(status.journal)])] : []),
    ...status.lastEvents.map((event) =>
      row(
        ["dim", `  ${momentWords(event, isSharp)} `],
        [event.says.startsWith(alarmMark) ? "red" : "plain", event.says],
      ),
    ),
    foot,
  ];
}

function label(text: string): Part {
  return ["dim", text.padEnd(labelWidth)];
}

function doorParts(status: Status): readonly Part[] {
  const bolt: Part =
    status.boltAt === "locked"
      ? ["green", "\u2588\u2588\u2588\u2592 locked"]
      : status.boltAt === "jammed"
        ? ["red", "\u2588\u2588\u2592\u2592 jammed"]
        : ["yellow", "\u2588\u2592\u2592\u2592 unlocked"];
  const jams: Part =
    status.jams > 0 && status.boltAt !== "jammed" ? ["yellow", ", and will jam"] : ["plain", ""];
  const door: Part = status.door === "open" ? ["yellow", "door open"] : ["plain", "door closed"];
  const radio: Part = status.radio === "on" ? ["plain", ""] : ["red", `   radio ${status.radio}`];
  const session: Part =
    status.power === "on" && status.session === "open" ? ["green", "   a phone is connected"] : ["plain", ""];
  return [bolt, jams, ["plain", "   "], door, radio, session];
}

function lampParts(status: Status): readonly Part[] {
  if (status.power === "cut") return [["yellow", "\u25cb dark"]];
  switch (status.lamp) {
    case "accepted":
      return [["green", "\u25cf accepted"]];
    case "refused":
      return [["red", "\u25cf refused"]];
    case "wait":
      return [["yellow", "\u25cf wait"]];
    case null:
      return [["dim", "\u25cb off"]];
    default:
      throw new Error(`no such signal: ${String(status.lamp satisfies never)}`);
  }
}

function clockParts(status: Status): readonly Part[] {
  const clock: Part = status.clock === null ? ["red", "lost"] : ["plain", status.clock];
  if (status.power === "cut") return [clock];
  const half = halfSpan(status);
  if (!Number.isFinite(half)) return [clock, ["red", `   not before ${isoTime(status.time.lower)}`]];
  return [
    clock,
    [
      half > sharpSeconds ? "yellow" : "dim",
      half === 0 ? "   to the second" : `   \u00b1 ${spanWords(half)}`,
    ],
  ];
}

/** Half of the time between the earliest and the latest that the lock holds possible. */
function halfSpan({ time: { lower, upper } }: Extract<Status, { power: "on" }>): number {
  return upper === null ? Number.POSITIVE_INFINITY : Math.ceil((upper - lower) / 2);
}

/** An event's time is the earliest possible: worth showing only of a lock that knows the time. */
function momentWords({ time, seq }: LastEvent, isSharp: boolean): string {
  return isSharp ? time.slice(11, 19) : `#${seq}`.padStart(5);
}

function batteryParts({ battery, power }: Status): readonly Part[] {
  const full = Math.round((battery * gaugeCells) / 100);
  const colour: Colour = battery <= 5 ? "red" : battery <= 20 ? "yellow" : "green";
  const gauge: Part = [colour, `${"\u2588".repeat(full)}${"\u2591".repeat(gaugeCells - full)} ${battery} %`];
  return power === "on" ? [gauge] : [gauge, ["yellow", "   power is cut"]];
}

function tableParts(status: Extract<Status, { power: "on" }>): readonly Part[] {
  const { version, codes, capacity, epoch, damaged, half } = status;
  return [
    ["bold", `version ${version}`],
    ["plain", `, ${codes} of ${capacity} codes, epoch ${epoch}`],
    damaged ? ["red", "   damaged: needs a snapshot"] : ["plain", ""],
    half === null ? ["plain", ""] : ["yellow", `   half of version ${half.to}`],
  ];
}

function keypadPart(status: Extract<Status, { power: "on" }>): Part {
  const { waitSeconds, triesLeft } = status;
  return [waitSeconds > 0 ? "red" : triesLeft < 5 ? "yellow" : "plain", keypadWords(status)];
}
