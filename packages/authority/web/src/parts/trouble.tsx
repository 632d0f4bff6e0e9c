/** What did not work and what to do about it, where it is read out at once. */
import type { JSX } from "preact";
import type { Trouble } from "../call.ts";
import { detailWords, sentence } from "../words.ts";

/** A request's form is no matter for people: theirs is what they typed, or did not. */
const unfit = "something here is missing, or not as it should be";

export function TroubleBox({ trouble }: { readonly trouble: Trouble }): JSX.Element {
  const { name, title, remedy, detail } = trouble;
  const more = detail === undefined || detail === "" ? "" : ` ${detailWords(name, detail)}`;
  return (
    <div class="trouble" role="alert" data-name={name}>
      <p class="trouble-title">
        <span class="sign" aria-hidden="true">
          ▲
        </span>{" "}
        {sentence(name === "REQUEST_UNFIT" ? unfit : title)}
        {more}
      </p>
      {name === "REQUEST_UNFIT" ? null : <p>{sentence(remedy)}</p>}
    </div>
  );
}
