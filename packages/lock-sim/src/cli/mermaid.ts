/** A history as a sequence diagram in Mermaid's language. It draws no picture; whoever shows the text does. */
import { describeMs, type TraceLine } from "../sim/trace.ts";

/** Who says what a script says, in its trace. */
export const narrator = "story";

/** `left`: lines before these that are not shown. */
export function mermaid(trace: readonly TraceLine[], left: number, failure: string | undefined): string {
  const names = new Map<string, string>();
  for (const { actor, to } of trace) {
    // What the script says is said above everybody.
    for (const name of actor === narrator ? [] : to === undefined ? [actor] : [actor, to]) {
      if (!names.has(name)) names.set(name, `p${names.size}`);
    }
  }
  const everybody = [...names.values()];
  const across = everybody.length < 2 ? everybody.join() : `${everybody[0]},${everybody.at(-1)}`;
  const lines = ["sequenceDiagram"];
  if (everybody.length === 0)
    return "sequenceDiagram\n  participant p0 as nobody\n  Note over p0: nothing happened";
  for (const [name, id] of names) lines.push(`  participant ${id} as ${safe(name)}`);
  if (left > 0)
    lines.push(
      `  Note over ${across}: ${left === 1 ? "1 line before these is" : `${left} lines before these are`} not shown`,
    );
  let day = "";
  for (const { atMs, actor, what, to } of trace) {
    const [date, time] = splitTime(describeMs(atMs));
    if (date !== day) lines.push(`  Note over ${across}: ${date}`);
    day = date;
    const from = names.get(actor) ?? across;
    if (to === undefined) lines.push(`  Note over ${from}: ${time} ${safe(what)}`);
    else lines.push(`  ${from}->>${names.get(to) ?? ""}: ${time} ${safe(what)}`);
  }
  if (failure !== undefined) lines.push(`  Note over ${across}: ${safe(failure)}`);
  return lines.join("\n");
}

/** "day 2" and "10:14:03". */
function splitTime(text: string): readonly [string, string] {
  const at = text.lastIndexOf(" ");
  return [text.slice(0, at), text.slice(at + 1, at + 9)];
}

/** Text that Mermaid takes as text: its own signs as entities, one line. */
function safe(text: string): string {
  return text
    .replace(/#/g, "#35;")
    .replace(/;(?<!#35;)/g, "#59;")
    .replace(/[<>]/g, (sign) => (sign === "<" ? "#lt;" : "#gt;"))
    .replace(/\s*\n\s*/g, ", ");
}
