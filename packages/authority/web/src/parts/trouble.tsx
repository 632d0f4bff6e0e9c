/** What did not work and what to do about it, where it is read out at once. */
import type { JSX } from "preact";
import type { Trouble } from "../call.ts";
import { detailWords, sentence } from "../words.ts";

export function TroubleBox({ trouble }: { readonly trouble: Trouble }): JSX.Element {
  const { name, title, remedy, detail } = trouble;
  const more = detail === undefined || detail === "" ? "" : ` ${detailWords(name, detail)}`;
  return (
    <div class="trouble" role="alert" data-name={name}>
      <p class="trouble-title">
        <span class="sign" aria-hidden="true">
          ▲
        </span>{" "}
        {sentence(title)}
        {more}
      </p>
      {name === "REQUEST_UNFIT" && more !== "" ? null : <p>{sentence(remedy)}</p>}
    </div>
  );
}
