/** One answer of the service on the page: not there yet, there, or the reason why not or why it may be old. */
import type { ComponentChildren, JSX } from "preact";
import type { Loaded } from "../load.ts";
import { TroubleBox } from "./trouble.tsx";

export function Show<T>(props: {
  readonly of: Loaded<T>;
  readonly children: (value: T) => ComponentChildren;
}): JSX.Element {
  const { value, trouble, again } = props.of;
  if (value === undefined && trouble === undefined) return <p class="loading">Loading…</p>;
  return (
    <>
      {trouble === undefined ? null : (
        <>
          <TroubleBox trouble={trouble} />
          <p>
            <button type="button" onClick={again}>
              Try again
            </button>
          </p>
        </>
      )}
      {value === undefined ? null : props.children(value)}
    </>
  );
}
