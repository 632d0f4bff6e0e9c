/** What did not work and what to do about it, where it is read out at once. */
import type { JSX } from "preact";
import type { Trouble } from "../call.ts";
import { sentence } from "../words.ts";

export function TroubleBox({ trouble }: { readonly trouble: Trouble }): JSX.Element {
  const { name, title, remedy, detail } = trouble;
  // What does not fit a form is said by what should be there instead, where the service knows it.
  const help = name === "REQUEST_UNFIT" && detail !== undefined ? detail : remedy;
  const wait = name === "TOO_MANY" && detail !== undefined ? ` Wait ${detail} seconds.` : "";
  return (
    <div class="trouble" role="alert" data-name={name}>
      <p class="trouble-title">
        <span class="sign" aria-hidden="true">
          ▲
        </span>{" "}
        {sentence(title)}
        {wait}
      </p>
      <p>{sentence(help)}</p>
    </div>
  );
}
