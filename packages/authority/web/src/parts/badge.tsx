/** A state in a word with a shape; colour only repeats what they say. */
import type { JSX } from "preact";
import { type CodeState, codeStates } from "../words.ts";

export type Tone = "good" | "wait" | "bad" | "calm";

export function Badge(props: {
  readonly tone: Tone;
  readonly sign: string;
  readonly text: string;
}): JSX.Element {
  return (
    <span class={`badge ${props.tone}`}>
      <span class="sign" aria-hidden="true">
        {props.sign}
      </span>{" "}
      {props.text}
    </span>
  );
}

export function StateBadge({ state }: { readonly state: CodeState }): JSX.Element {
  const { tone, sign, label } = codeStates[state];
  return <Badge tone={tone} sign={sign} text={label} />;
}
