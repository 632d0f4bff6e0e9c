/** One's own codes on a phone, with every face that they have while they change, and what may be done at each door. */
import type { JSX } from "preact";
import type { Api } from "../api.ts";
import { call } from "../call.ts";
import { announce } from "../live.tsx";
import { useLoad } from "../load.ts";
import { noteNames } from "../news.ts";
import { StateBadge } from "../parts/badge.tsx";
import { Cancel, DialogButton } from "../parts/dialog.tsx";
import { LengthField, TextField } from "../parts/fields.tsx";
import { Form } from "../parts/form.tsx";
import { Heading } from "../parts/heading.tsx";
import { Show } from "../parts/loading.tsx";
import { hrefOf } from "../route.ts";
import {
  credentialClasses,
  doesAtTheDoor,
  doorKinds,
  doubtWords,
  type Face,
  leaseWords,
  moment,
  sentence,
  spelled,
  termsWords,
  warningWords,
} from "../words.ts";

export type Entry = Api["myCodes"]["answer"]["codes"][number];
type MyDoor = Api["myDoors"]["answer"]["doors"][number];

export function Codes(): JSX.Element {
  const codes = useLoad("myCodes", {}, () => true);
  const doors = useLoad("myDoors", {}, () => true);
  if (doors.value !== undefined) noteNames(doors.value.doors);
  const again = (): void => {
    codes.again();
    doors.again();
  };
  return (
    <Show of={doors}>
      {(mine) => (
        <Show of={codes}>
          {(own) => (
            <>
              <Heading text="My codes" />
              {mine.doors.length === 0 ? (
                <p>
                  You have access to no door at the moment. If you should have, ask the property's management:
                  it can give you access, or give it back.
                </p>
              ) : null}
              {mine.doors.map((door) => (
                <DoorCard
                  key={door.id}
                  door={door}
                  entries={own.codes.filter((entry) => entry.door.id === door.id)}
                  again={again}
                />
              ))}
              {mine.more ? <p>Further doors are in the list of the property.</p> : null}
            </>
          )}
        </Show>
      )}
    </Show>
  );
}

interface DoorCardProps {
  readonly door: MyDoor;
  readonly entries: readonly Entry[];
  readonly again: () => void;
}

function DoorCard({ door, entries, again }: DoorCardProps): JSX.Element {
  const id = `door-${door.id}`;
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{door.name}</h2>
      <p class="aside">
        {door.property}, {doorKinds[door.kind]}
      </p>
      {door.alarm ? (
        <p class="badge bad">
          <span aria-hidden="true">▲</span> This lock gave a wrong answer. Tell the property's management.
        </p>
      ) : null}
      {entries.map((entry) => (
        <EntryFaces key={entry.class} entry={entry} />
      ))}
      {entries.length === 0 ? <p>You have no code here.</p> : null}
      <dl class="facts">
        <dt>Last door sync</dt>
        <dd>{door.lastSync === null ? "never" : moment(door.lastSync.at)}</dd>
        {isSuspended(door) ? null : <PendingFact door={door} />}
      </dl>
      {isSuspended(door) ? (
        <p class="warning">
          <span aria-hidden="true">▲</span> Your access here is suspended. Ask the property's management to
          resume it.
        </p>
      ) : null}
      <Actions door={door} again={again} />
    </section>
  );
}

function PendingFact({ door }: { readonly door: MyDoor }): JSX.Element | null {
  const text =
    door.lock === "absent"
      ? "No lock yet: the property's management commissions one."
      : door.pending
        ? "Changes wait for a door sync. Any phone with the property's app does it at the door, also somebody else's; or ask the property's management."
        : "";
  if (text === "") return null;
  return (
    <>
      <dt>Pending</dt>
      <dd>{text}</dd>
    </>
  );
}

/** Both ends of a change: showing only the new code would lock people out. */
export function EntryFaces({ entry }: { readonly entry: Entry }): JSX.Element {
  const doubt = doubtWords(entry.faces);
  return (
    <div class="entry" data-class={entry.class}>
      <h3>{credentialClasses[entry.class]}</h3>
      <ul class="faces">
        {entry.faces.map((face, i) => (
          <li key={`${face.code ?? ""}${i}`} class={face.worksNow ? "face works" : "face"}>
            {face.code === null ? null : (
              <p class="digits">
                <span aria-hidden="true">{face.code}</span>
                <span class="spoken">{spelled(face.code)}</span>
              </p>
            )}
            <p>
              <strong>{doesAtTheDoor(face)}</strong>
            </p>
            <StateBadge state={face.state} />
            <FaceNotes face={face} />
          </li>
        ))}
      </ul>
      {doubt === "" ? null : <p class="hint">{doubt}</p>}
    </div>
  );
}

function FaceNotes({ face }: { readonly face: Face }): JSX.Element {
  const terms = termsWords(face.terms);
  const lease = leaseWords(face);
  return (
    <>
      {lease === "" ? null : <p>{lease}</p>}
      {terms === "" ? null : <p>{sentence(terms)}</p>}
      {face.warnings.map((warning) => (
        <p key={warning} class="warning">
          <span aria-hidden="true">▲</span> {warningWords[warning]}
        </p>
      ))}
    </>
  );
}

function Actions({ door, again }: { readonly door: MyDoor; readonly again: () => void }): JSX.Element {
  const done = (sentence: string): void => {
    announce(sentence);
    again();
  };
  return (
    <div class="buttons">
      {door.canReset.ok ? <ResetButton door={door} done={done} /> : null}
      {door.canPick.ok ? <PickButton door={door} done={done} /> : null}
      {door.canInvite.ok ? (
        <a class="button" href={hrefOf("guests", { door: door.id })}>
          Guests<span class="spoken"> of {door.name}</span>
        </a>
      ) : null}
      {door.canGiveDaily.ok ? (
        <a class="button" href={hrefOf("daily", { door: door.id })}>
          Daily doorcode<span class="spoken"> for {door.name}</span>
        </a>
      ) : null}
      <WhyNot door={door} />
    </div>
  );
}

function isSuspended(door: MyDoor): boolean {
  return door.canReset.denial === "SUSPENDED_HERE";
}

/** What is missing here has a reason, and most often somebody who can help. Of an old app one sentence is enough. */
function WhyNot({ door }: { readonly door: MyDoor }): JSX.Element | null {
  if (isSuspended(door)) return null;
  const { canReset, canPick, canInvite, canGiveDaily } = door;
  if (canReset.denial === "UPGRADE_REQUIRED") return <p class="hint">{sentence(canReset.why ?? "")}</p>;
  const isShared = canReset.denial === "NOT_ALLOWED" && door.kind !== "residence";
  const changed = "the code of a shared door is changed by the management, which revokes all and grants anew";
  const missing = [
    { what: "Reset code", may: canReset, why: isShared ? changed : canReset.why },
    { what: "Pick a code", may: canPick, why: canPick.why },
    { what: "Guests", may: canInvite, why: canInvite.why },
    { what: "Daily doorcode", may: canGiveDaily, why: canGiveDaily.why },
  ].filter(({ may }) => !may.ok);
  if (missing.length === 0) return null;
  return (
    <details>
      <summary>
        What cannot be done here, and why<span class="spoken">: {door.name}</span>
      </summary>
      <ul>
        {missing.map(({ what, why }) => (
          <li key={what}>
            <strong>{what}</strong>: {sentence(why ?? "")}
          </li>
        ))}
      </ul>
    </details>
  );
}

interface ActionProps {
  readonly door: MyDoor;
  readonly done: (sentence: string) => void;
}

const untilSync = "Your present code opens until the door is synced; the new one opens from then on.";

function ResetButton({ door, done }: ActionProps): JSX.Element {
  return (
    <DialogButton label="Reset code" about={`of ${door.name}`} title={`Another code for ${door.name}?`}>
      {(close) => (
        <Form
          submit="Reset code"
          act={async (fields) => {
            const length = fields.text("length");
            return await call("resetCode", {
              params: { door: door.id },
              body: length === "" ? {} : { length: Number(length) },
            });
          }}
          done={() => {
            close();
            done(`A new code is drawn for ${door.name}. ${untilSync}`);
          }}
          beside={<Cancel close={close} />}
        >
          <p>A new code is drawn for you. {untilSync}</p>
          <LengthField lengths={door.lengths} />
        </Form>
      )}
    </DialogButton>
  );
}

function PickButton({ door, done }: ActionProps): JSX.Element {
  return (
    <DialogButton label="Pick a code" about={`for ${door.name}`} title={`Pick a code for ${door.name}`}>
      {(close) => (
        <Form
          submit="Use this code"
          act={async (fields) =>
            await call("pickCode", { params: { door: door.id }, body: { code: fields.text("code") } })
          }
          done={({ changed }) => {
            close();
            done(
              changed
                ? `The code for ${door.name} is changed. ${untilSync}`
                : "That is your code already; nothing changed.",
            );
          }}
          beside={<Cancel close={close} />}
        >
          <p>{untilSync}</p>
          <TextField
            label="Code"
            name="code"
            inputMode="numeric"
            maxLength={Math.max(...door.lengths)}
            hint={`${door.lengths.join(" or ")} digits that are not all the same and do not count up or down.`}
          />
        </Form>
      )}
    </DialogButton>
  );
}
