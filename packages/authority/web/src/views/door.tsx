/** One door in full: what is proven and what waits, who may open until when, its lock, its couriers and its keys. */
import type { JSX } from "preact";
import { call } from "../call.ts";
import { announce } from "../live.tsx";
import { useLoad } from "../load.ts";
import { noteNames } from "../news.ts";
import { Badge, StateBadge } from "../parts/badge.tsx";
import { WhatCell, WorksCells } from "../parts/changes.tsx";
import { Cancel, DialogButton } from "../parts/dialog.tsx";
import { CheckField, TextField } from "../parts/fields.tsx";
import { Form } from "../parts/form.tsx";
import { Heading } from "../parts/heading.tsx";
import { Show } from "../parts/loading.tsx";
import { hrefOf } from "../route.ts";
import { clientClass } from "../session.ts";
import {
  count,
  doorKinds,
  exposureWords,
  healthWords,
  lockStates,
  moment,
  sentence,
  warningWords,
} from "../words.ts";
import { DailyCode } from "./daily.tsx";
import { Cards, type DoorInFull, Keys } from "./door-keys.tsx";
import { Doubted } from "./doubted.tsx";

interface DoorProps {
  readonly property: string;
  readonly door: string;
  readonly isManager: boolean;
}

export function Door({ property, door, isManager }: DoorProps): JSX.Element {
  const state = useLoad(
    "door",
    { params: { door } },
    (change) => change.door === door || change.door === null,
  );
  if (state.value !== undefined) noteNames([state.value]);
  return (
    <Show of={state}>
      {(value) => (
        <>
          <p>
            <a class="back" href={hrefOf("doors", { property })}>
              Doors
            </a>
          </p>
          <Heading text={value.name} />
          <Facts door={value} isManager={isManager} again={state.again} />
          {isManager ? <Doubted property={property} door={door} again={state.again} /> : null}
          <Health door={value} />
          <Codes property={property} door={value} />
          <Couriers door={value} />
          {isManager ? (
            <>
              <Cards property={property} door={value} again={state.again} />
              <Keys property={property} door={value} again={state.again} />
            </>
          ) : null}
          {isManager || clientClass() === "mobile" ? (
            <section aria-labelledby="daily">
              <h2 id="daily">Daily doorcode</h2>
              <DailyCode door={door} />
            </section>
          ) : null}
          <p>
            <a class="button" href={hrefOf("log", { property, door })}>
              Log of this lock
            </a>
          </p>
        </>
      )}
    </Show>
  );
}

function Facts(props: {
  readonly door: DoorInFull;
  readonly isManager: boolean;
  readonly again: () => void;
}): JSX.Element {
  const { door, isManager, again } = props;
  return (
    <section aria-labelledby="state">
      <h2 id="state">State</h2>
      {door.alarm ? (
        <p class="badge bad">
          <span aria-hidden="true">▲</span> Alarm: the lock signed for a table that this property never
          issued.
        </p>
      ) : null}
      <dl class="facts">
        <dt>Kind</dt>
        <dd>
          {doorKinds[door.kind]}, {door.link}
        </dd>
        <dt>Lock</dt>
        <dd>{lockStates[door.lock]}</dd>
        <dt>Table of codes</dt>
        <dd>
          {door.provenVersion === null
            ? "none yet"
            : `version ${door.provenVersion} is confirmed by the lock, ${door.newestVersion ?? 0} is the newest made`}
        </dd>
        <dt>Last sync</dt>
        <dd>{door.lastSync === null ? "never" : moment(door.lastSync.receivedAt)}</dd>
        <dt>Pending</dt>
        <dd>
          {door.lock === "absent" ? (
            <Badge tone="wait" sign="○" text={lockStates.absent} />
          ) : door.pending ? (
            <Badge tone="wait" sign="◔" text="Changes wait for a door sync" />
          ) : (
            <Badge tone="good" sign="●" text="Nothing: the lock has confirmed all of it" />
          )}
        </dd>
        <dt>Lease</dt>
        <dd>
          {door.leaseHours === 0
            ? "none: a code opens until a sync removes it"
            : `${count(door.leaseHours, "hour")}: without a newer table, codes stop opening by themselves`}
        </dd>
      </dl>
      {isManager ? <Commission door={door} again={again} /> : null}
    </section>
  );
}

function Commission({ door, again }: { readonly door: DoorInFull; readonly again: () => void }): JSX.Element {
  const isFirst = door.lock === "absent";
  return (
    <DialogButton
      label={isFirst ? "Commission a lock" : "Replace the lock"}
      title={isFirst ? `Commission a lock for ${door.name}` : `Replace the lock of ${door.name}`}
      tone={isFirst ? "main" : "plain"}
    >
      {(close) => (
        <Form
          submit="Offer it"
          act={async (fields) =>
            await call("commissionDoor", {
              params: { door: door.id },
              body: { setup: fields.text("setup"), replace: fields.isChecked("replace") },
            })
          }
          done={() => {
            close();
            announce("The offer waits for a phone. The lock's answer makes it the property's.");
            again();
          }}
          beside={<Cancel close={close} />}
        >
          <TextField
            label="Set-up code"
            name="setup"
            hint="It begins with DOORSYNC:1: and stands on the lock's label."
          />
          {isFirst ? null : (
            <CheckField
              label="The lock was reset from inside, or is another one"
              name="replace"
              hint="The lock that hangs there now answers to this property no more."
            />
          )}
        </Form>
      )}
    </DialogButton>
  );
}

function Health({ door }: { readonly door: DoorInFull }): JSX.Element {
  const { health, refused } = door;
  return (
    <section aria-labelledby="health">
      <h2 id="health">Health of the lock</h2>
      <p>
        <Badge
          tone={health.state === "ok" ? "good" : "wait"}
          sign={health.state === "ok" ? "●" : "▲"}
          text={health.words}
        />
      </p>
      {health.hearsay === null ? null : (
        <p class="aside">
          A phone said so on {moment(health.hearsay.at)}, and the lock has not signed for it:{" "}
          {health.hearsay.troubles.map((name) => healthWords[name] ?? name).join(", ")}.
        </p>
      )}
      {health.nextSteps.length === 0 ? null : (
        <>
          <h3>Next steps</h3>
          <ol>
            {health.nextSteps.map((step) => (
              <li key={step}>{step}</li>
            ))}
          </ol>
        </>
      )}
      {refused === null ? null : (
        <p class="warning">
          <span aria-hidden="true">▲</span> On {moment(refused.at)} the lock refused an update:{" "}
          {sentence(refused.words)}
        </p>
      )}
    </section>
  );
}

function Codes({ property, door }: { readonly property: string; readonly door: DoorInFull }): JSX.Element {
  const { codes } = door;
  return (
    <section aria-labelledby="codes">
      <h2 id="codes">Who may open</h2>
      {codes.length === 0 ? (
        <p>Nobody has a code, card or key here.</p>
      ) : (
        <div class="wide">
          <table class="cards">
            <caption>
              What opens at worst, if nobody brings the lock anything more, stands in the last column.
            </caption>
            <thead>
              <tr>
                <th scope="col">Who</th>
                <th scope="col">What</th>
                <th scope="col">State</th>
                <th scope="col">At the door now</th>
                <th scope="col">After a sync</th>
                <th scope="col">May open</th>
              </tr>
            </thead>
            <tbody>
              {codes.map((code, i) => (
                <tr key={`${code.personId}${code.credential ?? `-${i}`}`}>
                  <th scope="row">
                    {code.class === "dailyCode" ? (
                      "Whoever was given today's"
                    ) : (
                      <a href={hrefOf("person", { property, person: code.personId })}>{code.person}</a>
                    )}
                  </th>
                  <WhatCell code={code} />
                  <td data-label="State">
                    <StateBadge state={code.state} />
                    {code.suspended ? " " : ""}
                    {code.suspended ? <Badge tone="calm" sign="‖" text="Suspended" /> : null}
                    {code.pending ? (
                      <>
                        <br />
                        <span class="aside">since {moment(code.since)}</span>
                      </>
                    ) : null}
                    {code.warnings.map((warning) => (
                      <p key={warning} class="warning">
                        <span aria-hidden="true">▲</span> {warningWords[warning]}
                      </p>
                    ))}
                  </td>
                  <WorksCells code={code} />
                  <td data-label="May open">{exposureWords(code)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function Couriers({ door }: { readonly door: DoorInFull }): JSX.Element {
  return (
    <section aria-labelledby="couriers">
      <h2 id="couriers">Couriers</h2>
      {door.couriers.length === 0 ? (
        <p>No phone has fetched anything for this door in the last 30 days.</p>
      ) : (
        <ul class="plain-list">
          {door.couriers.map((one) => (
            <li key={one.phone}>
              <strong>{one.person ?? "Nobody who is known"}</strong>, phone {one.phone.slice(-4)}, was handed
              version {one.version} on {moment(one.handedAt)}.{" "}
              {one.delivered ? (
                <Badge tone="good" sign="●" text="Delivered" />
              ) : (
                <Badge tone="wait" sign="◔" text="Not delivered yet" />
              )}
              {one.withheld === undefined || one.withheld === null ? null : (
                <p class="warning">
                  <span aria-hidden="true">▲</span> It was at the door on {moment(one.withheld.seenAt)} and
                  did not deliver version {one.withheld.version}. Its radio may have been off.
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
