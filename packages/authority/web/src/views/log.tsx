/** What a lock wrote down, the newest first. What is missing is a line of its own. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "../api.ts";
import { eventText, gapText, sourceText } from "../event-words.ts";
import { useLoad } from "../load.ts";
import { Heading } from "../parts/heading.tsx";
import { Show } from "../parts/loading.tsx";
import { hrefOf } from "../route.ts";
import { count, moment } from "../words.ts";

type Line = Api["doorLog"]["answer"]["entries"][number];

export function Log({ property, door }: { readonly property: string; readonly door: string }): JSX.Element {
  const [before, setBefore] = useState<number | undefined>();
  const query = { count: String(linesPerPage), ...(before === undefined ? {} : { before: String(before) }) };
  const log = useLoad("doorLog", { params: { door }, query }, (change) => change.door === door);
  return (
    <>
      <p>
        <a class="back" href={hrefOf("door", { property, door })}>
          The door
        </a>
      </p>
      <Heading text="Log of the lock" />
      <Show of={log}>
        {({ held, waiting, alarm, entries }) => (
          <section aria-label="Events">
            {alarm ? (
              <p class="badge bad">
                <span aria-hidden="true">▲</span> Alarm: another history came under this lock's key. What is
                held here, or the lock, is not what it was.
              </p>
            ) : null}
            <p>
              {count(held, "event")} held without a hole.{" "}
              {waiting === 0
                ? ""
                : `The lock has ${count(waiting, "newer event")} that no phone has brought yet.`}
            </p>
            <div class="wide">
              <table class="cards">
                <caption>Events, the newest first</caption>
                <thead>
                  <tr>
                    <th scope="col">Number</th>
                    <th scope="col">When</th>
                    <th scope="col">What</th>
                    <th scope="col">Who</th>
                  </tr>
                </thead>
                <tbody>
                  {entries.map((line) => (
                    <EventRow key={line.seq} line={line} />
                  ))}
                </tbody>
              </table>
            </div>
            <Pages first={before} last={entries.at(-1)?.seq} turn={setBefore} />
          </section>
        )}
      </Show>
    </>
  );
}

function EventRow({ line }: { readonly line: Line }): JSX.Element {
  const { gap, seq } = line;
  if (gap !== null)
    return (
      <tr class="gap">
        <td data-label="Number">{seq}</td>
        <td colSpan={3}>
          <span aria-hidden="true">▲</span> {gapText(gap)}
        </td>
      </tr>
    );
  const source = sourceText(line.source);
  return (
    <tr>
      <td data-label="Number">{seq}</td>
      <td data-label="When">
        {line.uncertain ? "not before " : ""}
        {moment(line.at)}
      </td>
      <td data-label="What">
        {eventText(line)}
        {source === "" ? "" : `${eventText(line).includes(":") ? "," : ""} ${source}`}
        {line.count > 1 ? `, ${line.count} times` : ""}
      </td>
      <td data-label="Who">{line.person ?? ""}</td>
    </tr>
  );
}

/** Lines that one page asks for. */
export const linesPerPage = 50;

export function Pages(props: {
  readonly first: number | undefined;
  /** Number of the oldest line, undefined where none is older. */
  readonly last: number | undefined;
  readonly turn: (before: number | undefined) => void;
}): JSX.Element {
  const { first, last, turn } = props;
  return (
    <div class="buttons">
      {first === undefined ? null : (
        <button type="button" onClick={() => turn(undefined)}>
          Newest
        </button>
      )}
      {last === undefined || last <= 1 ? null : (
        <button type="button" onClick={() => turn(last)}>
          Older
        </button>
      )}
    </div>
  );
}
