/** What was asked for in a property and what was decided: the audit, the newest first. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useLoad } from "../load.ts";
import { Badge } from "../parts/badge.tsx";
import { Heading } from "../parts/heading.tsx";
import { Show } from "../parts/loading.tsx";
import { hrefOf } from "../route.ts";
import { actionWords, moment } from "../words.ts";
import { linesPerPage, Pages } from "./log.tsx";

export function Activity({ property }: { readonly property: string }): JSX.Element {
  const [before, setBefore] = useState<number | undefined>();
  const query = { count: String(linesPerPage), ...(before === undefined ? {} : { before: String(before) }) };
  const audit = useLoad("audit", { params: { property }, query }, (change) => change.property === property);
  const doors = useLoad("doors", { params: { property } });
  const doorName = (id: string): string =>
    doors.value?.doors.find((door) => door.id === id)?.name ?? "a door";
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
                        {one.person === null || one.personId === null ? null : (
                          <a href={hrefOf("person", { property, person: one.personId })}>{one.person}</a>
                        )}
                        {one.person !== null && one.doorId !== null ? ", " : ""}
                        {one.doorId === null ? null : (
                          <a href={hrefOf("door", { property, door: one.doorId })}>{doorName(one.doorId)}</a>
                        )}
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
