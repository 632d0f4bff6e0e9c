/** What an act has come to, door by door: nothing of it is done before a lock says so. */
import type { JSX } from "preact";
import type { Api } from "../api.ts";
import { hrefOf } from "../route.ts";
import { credentialClasses, exposureWords, spelled, type Terms, termsWords } from "../words.ts";
import { Badge, StateBadge } from "./badge.tsx";

type DoorChange = Api["revokeAll"]["answer"]["doors"][number] & { readonly digits?: string | null };

export function DoorChanges(props: {
  readonly property: string;
  readonly caption: string;
  readonly doors: readonly DoorChange[];
}): JSX.Element {
  const { property, caption, doors } = props;
  const rows = doors.flatMap((door) => door.codes.map((code, i) => ({ door, code, isFirst: i === 0 })));
  return (
    <div class="wide">
      <table class="cards">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">Door</th>
            <th scope="col">What</th>
            <th scope="col">State</th>
            <th scope="col">At the door now</th>
            <th scope="col">After a sync</th>
            <th scope="col">May open</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ door, code, isFirst }, i) => (
            <tr key={`${door.doorId}${i}`}>
              <th scope="row">
                <a href={hrefOf("door", { property, door: door.doorId })}>{door.door}</a>
                {isFirst && door.digits !== undefined && door.digits !== null ? (
                  <p class="digits small">
                    <span aria-hidden="true">{door.digits}</span>
                    <span class="spoken">{spelled(door.digits)}</span>
                  </p>
                ) : null}
              </th>
              <WhatCell code={code} />
              <td data-label="State">
                <StateBadge state={code.state} />
                {code.suspended ? (
                  <>
                    {" "}
                    <Badge tone="calm" sign="‖" text="Suspended" />
                  </>
                ) : null}
              </td>
              <WorksCells code={code} />
              <td data-label="May open">{exposureWords(code)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** What it is, and in which hours, how long and how often it opens. */
export function WhatCell({
  code,
}: {
  readonly code: Pick<DoorChange["codes"][number], "class" | "terms">;
}): JSX.Element {
  const terms = termsWords(code.terms);
  return (
    <td data-label="What">
      {credentialClasses[code.class]}
      {terms === "" ? null : (
        <>
          <br />
          <span class="aside">{terms}</span>
        </>
      )}
    </td>
  );
}

interface Works {
  readonly worksNow: boolean;
  readonly worksAfterSync: boolean;
  readonly certain: boolean;
  readonly terms: Terms;
}

export function WorksCells({ code }: { readonly code: Works }): JSX.Element {
  const opens = code.terms.windows === null ? "opens" : "opens within its hours";
  return (
    <>
      <td data-label="At the door now">
        {code.worksNow ? opens : "does not open"}
        {code.certain ? "" : ", unless a phone has synced it or it was used up since"}
      </td>
      <td data-label="After a sync">{code.worksAfterSync ? opens : "does not open"}</td>
    </>
  );
}
