/** Visits of a capture in words, a line a step, and what to do where the capture lacks something. It reads nothing. */
import { conditionFlags, frameBytesFor, frameBytesMax, helloFlags } from "@doorsync/protocol/lock";
import type { Step, Total } from "./listen-in.ts";
import type { Hinted, Visit, Visits } from "./visits.ts";

/** Lines for people. `lacking`: nothing of a lock could be read. */
export function visitsInWords(visits: Visits): readonly string[] {
  const lines = visits.hints.map(hintInWords);
  for (const [index, visit] of visits.visits.entries()) {
    if (lines.length > 0) lines.push("");
    const title = visits.visits.length > 1 ? `visit ${index + 1}` : "a visit";
    for (const line of visitInWords(visit, title)) lines.push(line);
  }
  const notes = notesOf(visits);
  return [...lines, ...(lines.length > 0 && notes.length > 0 ? [""] : []), ...notes];
}

/** What a file lacks, with what to do; nothing for a file that is whole. */
function notesOf(visits: Visits): readonly string[] {
  const { damage } = visits;
  const notes: string[] = [];
  if (visits.visits.length === 0) {
    notes.push(
      `no visit to a lock in ${visits.packets} packets: begin the capture before the phone connects` +
        `, on the adapter that it connects with`,
    );
  }
  if (visits.otherConnections > 0)
    notes.push(`${count(visits.otherConnections, "connection")} to other devices left out`);
  if (visits.failedConnections > 0)
    notes.push(`${count(visits.failedConnections, "connection")} did not come about`);
  if (visits.connectionsLeftOut > 0)
    notes.push(`${count(visits.connectionsLeftOut, "more connection")}, too many to tell: capture fewer`);
  if (visits.droppedPackets > 0)
    notes.push(`whoever captured lost ${count(visits.droppedPackets, "packet")}`);
  if (damage !== undefined) {
    notes.push(
      `the file can be read up to byte ${damage.atByte} (${damage.says}); what came after is not told`,
    );
  }
  return notes;
}

function hintInWords({ address, tag, version, flags, times }: Hinted): string {
  const who = address === undefined ? "this side" : address;
  const names = Object.entries({ ...helloFlags, ...conditionFlags }).filter(
    ([, flag]) => (flags & flag) !== 0,
  );
  const flagged = names.length === 0 ? "" : ` (${names.map(([name]) => name).join(", ")})`;
  return `${who} advertised lock ${tag} at version ${version}${flagged}, ${count(times, "time")}; a hint, not signed`;
}

function visitInWords(visit: Visit, title: string): readonly string[] {
  const { seenBy, peer, steps } = visit;
  const view = seenBy === undefined ? "" : `, as the ${seenBy} saw it`;
  const whom = peer === undefined ? "" : `, with ${peer}`;
  const lines = [`${title} at ${visit.startedAt}${view}${whom}`];
  if (!visit.hasBeginning) {
    lines.push(
      "  the capture began after this connection: what is missing before its first line is not known",
    );
  }
  if (visit.namelessValues > 0) {
    const values = count(visit.namelessValues, "value");
    lines.push(
      `  ${values} of unknown attributes: the discovery is not in the capture; begin it before the phone connects`,
    );
  }
  for (const step of steps) {
    lines.push(
      ...wrapped(`${milliseconds(step.atMs).padStart(timeColumns)}  ${stepInWords(step)}`, timeColumns + 4),
    );
  }
  if (visit.stepsLeftOut > 0) lines.push(`  ${count(visit.stepsLeftOut, "more step")}, too many to tell`);
  if (!visit.hasEnd) lines.push("  the capture ended before this connection did");
  if (visit.lostPdus > 0)
    lines.push(`  ${count(visit.lostPdus, "packet")} could not be put together: fragments are missing`);
  lines.push(...wrapped(`  ${summaryOf(visit)}`, 4));
  return lines;
}

const columns = 118;
const timeColumns = 10;

/** Lines of at most `columns`, broken at blanks; all but the first are indented. A word longer than that stays whole. */
function wrapped(line: string, indent: number): readonly string[] {
  const lines: string[] = [];
  let rest = line;
  while (rest.length > columns) {
    const end = rest.lastIndexOf(" ", columns);
    if (end <= indent) break;
    lines.push(rest.slice(0, end));
    rest = `${" ".repeat(indent)}${rest.slice(end + 1)}`;
  }
  return [...lines, rest];
}

function summaryOf(visit: Visit): string {
  const { toLock, toPhone, roundTrips, roundTripsToReceipt, attributePdus, durationMs } = visit;
  const receipt =
    roundTripsToReceipt === undefined ? "no receipt" : `the receipt after ${roundTripsToReceipt}`;
  return (
    `${count(roundTrips, "round trip")}, ${receipt}; to the lock ${totalInWords(toLock)}; to the phone ` +
    `${totalInWords(toPhone)}; ${attributePdus} attribute packets in ${milliseconds(durationMs)}`
  );
}

function totalInWords({ messages, frames, bytes }: Total): string {
  return `${count(messages, "message")} in ${count(frames, "frame")}, ${bytes} bytes`;
}

function stepInWords(step: Step): string {
  switch (step.kind) {
    case "mtu":
      return `MTU ${step.mtu}: frames of at most ${frameBytesFor(step.mtu, frameBytesMax)} bytes fit`;
    case "timing":
      return `connection interval ${step.intervalMs} ms, given up after ${step.supervisionMs} ms of silence`;
    case "discovery": {
      const found = Object.entries(step.handles).map(
        ([name, handle]) => `${name} 0x${handle.toString(16).padStart(4, "0")}`,
      );
      return `phone discovers the lock's service: ${found.join(", ")}`;
    }
    case "subscription":
      return `phone ${step.on ? "subscribes to" : "leaves"} the outbox`;
    case "message": {
      const read = step.frames === 0;
      const cut = read
        ? ""
        : ` in ${count(step.frames, "frame")}${step.forMs > 0 ? ` over ${milliseconds(step.forMs)}` : ""}`;
      const who = read ? "phone reads" : step.from === "phone" ? "phone -> lock" : "lock -> phone";
      return `${who} ${step.name}, ${step.bytes} bytes${cut}: ${step.says}`;
    }
    case "trouble":
      return `${step.from === "phone" ? "phone -> lock" : "lock -> phone"} a frame that is refused: ${step.check}`;
    case "refusedAttribute":
      return `lock refuses the ${step.at} (ATT error 0x${step.code.toString(16).padStart(2, "0")}${nameOfCode(step.code)})`;
    case "end":
      return `${endInWords(step.by, step.reason)} (reason 0x${step.reason.toString(16).padStart(2, "0")})`;
    default:
      return step satisfies never;
  }
}

/** The codes that stacks give for a value; others are shown by their number alone. */
const attributeErrors: Readonly<Record<number, string>> = {
  2: "not readable",
  3: "not writable",
  5: "authentication is missing",
  6: "not supported",
  7: "offset past the end",
  13: "wrong length",
  14: "unlikely error",
  17: "no resources",
};

function nameOfCode(code: number): string {
  const name = attributeErrors[code];
  return name === undefined ? "" : `, ${name}`;
}

const supervisionTimeout = 0x08;
const neverEstablished = 0x3e;

function endInWords(by: string, reason: number): string {
  if (by !== "radio") return `${by} disconnects`;
  if (reason === supervisionTimeout)
    return "the link is lost: nothing was heard for the supervision timeout; come closer";
  return reason === neverEstablished ? "the connection did not come about" : "the link ends";
}

function milliseconds(value: number): string {
  return value < 10_000 ? `${value.toFixed(1)} ms` : `${(value / 1_000).toFixed(2)} s`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
