/** One person: what opens where and until when, and granting, suspending, revoking all, granting anew. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../live.tsx";
import { useLoad } from "../load.ts";
import { Badge } from "../parts/badge.tsx";
import { DoorChanges } from "../parts/changes.tsx";
import { Heading } from "../parts/heading.tsx";
import { Show } from "../parts/loading.tsx";
import { hrefOf } from "../route.ts";
import { count, guestKinds, moment, spelled, standingWords } from "../words.ts";
import { DailyOut } from "./daily-out.tsx";
import {
  GrantButton,
  type Granted,
  type PersonInFull,
  RegrantButton,
  ResumeButton,
  RevokeButton,
  RevokeDoorButton,
  SuspendButton,
} from "./person-acts.tsx";

interface PersonProps {
  readonly property: string;
  readonly person: string;
  readonly isManager: boolean;
  /** One's own access is somebody else's to take. */
  readonly isSelf: boolean;
}

export function Person({ property, person, isManager, isSelf }: PersonProps): JSX.Element {
  const state = useLoad(
    "person",
    { params: { property, person } },
    (change) => change.person === person || change.person === null,
  );
  const [granted, setGranted] = useState<Granted>([]);
  const done = (sentence: string, doors: Granted = []): void => {
    announce(sentence);
    setGranted(doors.filter(({ digits }) => digits !== null));
    state.again();
  };
  return (
    <Show of={state}>
      {(value) => (
        <>
          <p>
            <a class="back" href={hrefOf("people", { property })}>
              People
            </a>
          </p>
          <Heading text={value.name} />
          <Standing property={property} person={value} />
          {granted.length === 0 ? null : <FreshDigits name={value.name} granted={granted} />}
          <section aria-labelledby="access">
            <h2 id="access">Access</h2>
            {value.doors.length === 0 ? (
              <p>No door opens to this person, and none may.</p>
            ) : (
              <DoorChanges
                property={property}
                caption="The last column says what holds if nobody brings the lock anything more."
                doors={value.doors}
              />
            )}
            {isSelf ? (
              <p class="hint">Your own access is for another manager to change.</p>
            ) : (
              <div class="buttons">
                {value.suspended === null ? (
                  <>
                    <GrantButton property={property} person={value} done={done} />
                    {value.doors.length === 0 ? null : (
                      <>
                        <RevokeDoorButton property={property} person={value} done={done} />
                        <RegrantButton property={property} person={value} done={done} />
                        <RevokeButton property={property} person={value} done={done} />
                      </>
                    )}
                    {isManager ? <SuspendButton property={property} person={value} done={done} /> : null}
                  </>
                ) : isManager ? (
                  <ResumeButton property={property} person={value} done={done} />
                ) : null}
              </div>
            )}
          </section>
          <DailyOut property={property} person={value} isManager={isManager} done={done} />
          {value.keys.length === 0 ? null : (
            <section aria-labelledby="keys">
              <h2 id="keys">Mechanical keys that are out</h2>
              <p>No lock knows of them: they open until they are brought back.</p>
              <ul>
                {value.keys.map(({ id, doorId, door, label, givenAt }) => (
                  <li key={id}>
                    <a href={hrefOf("door", { property, door: doorId })}>{door}</a>: {label}, given{" "}
                    {moment(givenAt)}
                  </li>
                ))}
              </ul>
            </section>
          )}
          {value.guests.length === 0 ? null : (
            <section aria-labelledby="guests">
              <h2 id="guests">Guests who may still come in</h2>
              <p>
                They keep their codes, whatever happens to the access of {value.name}, until those are
                revoked.
              </p>
              <ul>
                {value.guests.map((guest) => (
                  <li key={guest.id}>
                    <a href={hrefOf("person", { property, person: guest.id })}>{guest.name}</a>,{" "}
                    {count(guest.doors, "door")}
                  </li>
                ))}
              </ul>
            </section>
          )}
        </>
      )}
    </Show>
  );
}

function Standing(props: { readonly property: string; readonly person: PersonInFull }): JSX.Element {
  const { property, person } = props;
  const { standings, suspended, account, guest } = person;
  return (
    <section aria-labelledby="standing">
      <h2 id="standing">Standing</h2>
      {suspended === null ? null : (
        <p>
          <Badge
            tone="calm"
            sign="‖"
            text={`Suspended since ${moment(suspended.since)}: ${suspended.reason}`}
          />
        </p>
      )}
      <dl class="facts">
        <dt>Role</dt>
        <dd>{standings.length === 0 ? "none" : standings.map(standingWords).join("; ")}</dd>
        {guest === null ? null : (
          <>
            <dt>Guest</dt>
            <dd>
              {guestKinds[guest.kind]}
              {guest.invitedBy === null ? "" : ", invited by "}
              {guest.invitedBy === null ? null : (
                <a href={hrefOf("person", { property, person: guest.invitedBy.id })}>
                  {guest.invitedBy.name}
                </a>
              )}
            </dd>
          </>
        )}
        <dt>Account</dt>
        <dd>
          {account === null ? "none: codes are told to the person by hand" : account.email}
          {account === null || account.hasPassword ? "" : " (invited, no password yet)"}
        </dd>
      </dl>
    </section>
  );
}

function FreshDigits({ name, granted }: { readonly name: string; readonly granted: Granted }): JSX.Element {
  return (
    <section class="card" aria-labelledby="digits">
      <h2 id="digits">Tell {name}</h2>
      <p>This person has no account to see codes in. They are shown this once, and open after a door sync.</p>
      <dl class="facts">
        {granted.map(({ doorId, door, digits }) => (
          <div key={doorId}>
            <dt>{door}</dt>
            <dd class="digits">
              <span aria-hidden="true">{digits}</span>
              <span class="spoken">{spelled(digits ?? "")}</span>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
