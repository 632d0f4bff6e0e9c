/** What was asked for in a property and what was decided: the audit, the newest first. */
import { type ComponentChildren, Fragment, type JSX } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "../api.ts";
import { useLoad } from "../load.ts";
import { Badge } from "../parts/badge.tsx";
import { Heading } from "../parts/heading.tsx";
import { Show } from "../parts/loading.tsx";
import { hrefOf } from "../route.ts";
import { actionWords, moment } from "../words.ts";
import { linesPerPage, Pages } from "./log.tsx";

type Line = Api["audit"]["answer"]["decisions"][number];

export function Activity({ property }: { readonly property: string }): JSX.Element {
  const [before, setBefore] = useState<number | undefined>();
  const query = { count: String(linesPerPage), ...(before === undefined ? {} : { before: String(before) }) };
  const audit = useLoad("audit", { params: { property }, query }, (change) => change.property === property);
  const doors = useLoad("doors", { params: { property } });
  const doorName = (id: string): string =>
    doors.value?.doors.find((door) => door.id === id)?.name ?? "a door";
  const doorLink = (door: string): JSX.Element => (
    <a href={hrefOf("door", { property, door })}>{doorName(door)}</a>
  );
  /** Who, at which doors, and what was made or changed. */
  const aboutOf = ({
    person,
    personId,
    doorId,
    doors,
    decision,
    detail,
  }: Line): readonly ComponentChildren[] => [
    ...(person === null || personId === null
      ? []
      : [<a href={hrefOf("person", { property, person: personId })}>{person}</a>]),
    ...(doorId === null ? [] : [doorLink(doorId)]),
    ...doors.map(doorLink),
    ...(decision === "granted" && detail !== null ? [detail] : []),
  ];
  return (
    <>
      <Heading text="Activity" />
      <p>Every change that somebody asked for, granted or not.</p>
      <Show of={audit}>
        {({ decisions }) => (
          <section aria-label="Decisions">
            <div class="wide">
              <table class="cards">
                <caption>Decisions, the newest first</caption>
                <thead>
                  <tr>
                    <th scope="col">When</th>
                    <th scope="col">Who asked</th>
                    <th scope="col">What</th>
                    <th scope="col">About</th>
                    <th scope="col">Decision</th>
                  </tr>
                </thead>
                <tbody>
                  {decisions.map((one) => (
                    <tr key={one.id}>
                      <td data-label="When">{moment(one.at)}</td>
                      <td data-label="Who asked">{one.actor ?? "nobody logged in"}</td>
                      <td data-label="What">{actionWords(one.action)}</td>
                      <td data-label="About">
                        {aboutOf(one).map((part, i) => (
                          <Fragment key={i}>
                            {i === 0 ? "" : ", "}
                            {part}
                          </Fragment>
                        ))}
                      </td>
                      <td data-label="Decision">
                        {one.decision === "granted" ? (
                          <Badge tone="good" sign="●" text="Granted" />
                        ) : (
                          <Badge tone="calm" sign="✕" text={`Refused: ${one.decision}`} />
                        )}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <Pages
              first={before}
              last={decisions.length < linesPerPage ? undefined : decisions.at(-1)?.id}
              turn={setBefore}
            />
          </section>
        )}
      </Show>
    </>
  );
}
