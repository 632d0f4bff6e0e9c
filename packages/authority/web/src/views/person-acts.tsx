/** What is done with somebody's access, each behind a question that says what will be true at the doors afterwards. */
import type { JSX } from "preact";
import type { Api } from "../api.ts";
import { call, lacking } from "../call.ts";
import { useLoad } from "../load.ts";
import { Cancel, DialogButton } from "../parts/dialog.tsx";
import { CheckField, Group, LengthField, SelectField } from "../parts/fields.tsx";
import { Form } from "../parts/form.tsx";
import { count } from "../words.ts";

export type PersonInFull = Api["person"]["answer"];
/** Doors with digits that are told this once. */
export type Granted = Api["grantAccess"]["answer"]["doors"];

interface ActProps {
  readonly property: string;
  readonly person: PersonInFull;
  readonly done: (sentence: string, granted?: Granted) => void;
}

type Reason = Api["suspend"]["body"]["reason"];

const untilSync = "Each door goes on as before until a phone syncs it; a connected lock follows at once.";

type Keys = PersonInFull["keys"];

function keysNamed(keys: Keys): string {
  return keys.length === 0 ? "" : `: ${keys.map(({ door, label }) => `${door} (${label})`).join(", ")}`;
}

/** A sentence more where something opens on. */
function keysOut(keys: Keys): string {
  return keys.length === 0 ? "" : ` Ask back what no lock knows of${keysNamed(keys)}.`;
}

export function GrantButton({ property, person, done }: ActProps): JSX.Element {
  return (
    <DialogButton label="Grant access" title={`Grant access to ${person.name}`} tone="main">
      {(close) => (
        <Form
          submit="Grant access"
          act={async (fields) => {
            const [length, doors] = [fields.text("length"), fields.all("doors")];
            if (doors.length === 0) return lacking("tick at least one door");
            return await call("grantAccess", {
              params: { property, person: person.id },
              body: { doors, ...(length === "" ? {} : { length: Number(length) }) },
            });
          }}
          done={({ doors }) => {
            close();
            done(`A code is drawn for ${count(doors.length, "door")}. ${untilSync}`, doors);
          }}
          beside={<Cancel close={close} />}
        >
          <p>A new code is drawn for each door. It opens after a door sync.</p>
          <DoorChoice property={property} without={held(person)} />
          <PropertyLength property={property} />
        </Form>
      )}
    </DialogButton>
  );
}

function PropertyLength({ property }: { readonly property: string }): JSX.Element {
  const allowed = useLoad("property", { params: { property } });
  return <LengthField lengths={allowed.value?.policy.sixDigits === true ? [4, 6] : [4]} />;
}

/** Doors where there is a code that stays. */
function held(person: PersonInFull): ReadonlySet<string> {
  const doors = person.doors.filter(({ codes }) =>
    codes.some((code) => code.class === "code" && (code.worksAfterSync || code.suspended)),
  );
  return new Set(doors.map(({ doorId }) => doorId));
}

function DoorChoice(props: {
  readonly property: string;
  readonly without: ReadonlySet<string>;
}): JSX.Element {
  const doors = useLoad("doors", { params: { property: props.property } });
  const choices = (doors.value?.doors ?? []).filter(({ id }) => !props.without.has(id));
  return (
    <Group legend="Doors">
      {choices.length === 0 ? <p>There is a code at every door already.</p> : null}
      <div class="choices">
        {choices.map((door) => (
          <CheckField
            key={door.id}
            label={door.unit === null ? door.name : `${door.name}, ${door.unit}`}
            name="doors"
            value={door.id}
          />
        ))}
      </div>
    </Group>
  );
}

export function RegrantButton({ property, person, done }: ActProps): JSX.Element {
  // What was taken away already is still shown until its sync, and given back only when somebody says so.
  const stays = held(person);
  return (
    <DialogButton label="Revoke all and grant anew" title={`Revoke all of ${person.name} and grant anew?`}>
      {(close) => (
        <Form
          submit="Revoke all and grant anew"
          tone="danger"
          act={async (fields) => {
            const doors = fields.all("doors");
            if (doors.length === 0) return lacking("tick at least one door, or revoke all");
            return await call("regrant", { params: { property, person: person.id }, body: { doors } });
          }}
          done={({ doors }) => {
            close();
            done(`Every code is replaced. ${untilSync}`, doors);
          }}
          beside={<Cancel close={close} />}
        >
          <p>
            Every code, card and key of this person ends, and a new code is drawn for each door that stays
            checked. Old and new change places with one sync of each door.
          </p>
          <Group legend="Doors that get a new code">
            <div class="choices">
              {person.doors.map(({ doorId, door }) => (
                <CheckField
                  key={doorId}
                  label={door}
                  name="doors"
                  value={doorId}
                  checked={stays.has(doorId)}
                />
              ))}
            </div>
          </Group>
        </Form>
      )}
    </DialogButton>
  );
}

export function RevokeDoorButton({ property, person, done }: ActProps): JSX.Element | null {
  const stays = held(person);
  const doors = person.doors.filter(({ doorId }) => stays.has(doorId));
  if (doors.length === 0) return null;
  return (
    <DialogButton label="Take one door away" title={`Take one door from ${person.name}?`} tone="caution">
      {(close) => (
        <Form
          submit="Take the door away"
          tone="danger"
          act={async (fields) =>
            await call("revokeDoor", { params: { property, person: person.id, door: fields.text("door") } })
          }
          done={({ doors: ended }) => {
            close();
            done(`Taken away: ${ended.map(({ door }) => door).join(", ")}. ${untilSync}`);
          }}
          beside={<Cancel close={close} />}
        >
          <p>
            Code, card and key of this person end at one door. Their codes at all others stay as they are.
          </p>
          <SelectField
            label="Door"
            name="door"
            choices={doors.map(({ doorId, door }) => ({ value: doorId, label: door }))}
          />
        </Form>
      )}
    </DialogButton>
  );
}

export function RevokeButton({ property, person, done }: ActProps): JSX.Element {
  return (
    <DialogButton label="Revoke all" title={`Revoke all access of ${person.name}?`} tone="caution">
      {(close) => (
        <Form
          submit="Revoke all"
          tone="danger"
          act={async () => await call("revokeAll", { params: { property, person: person.id } })}
          done={({ doors, keys }) => {
            close();
            done(`Revoked at ${count(doors.length, "door")}. ${untilSync}${keysOut(keys)}`);
          }}
          beside={<Cancel close={close} />}
        >
          <p>Every code, card and key of this person ends at every door. {untilSync}</p>
          <p>Mechanical keys are not taken back by this{keysNamed(person.keys)}.</p>
        </Form>
      )}
    </DialogButton>
  );
}

const reasons: readonly { readonly value: Reason; readonly label: string }[] = [
  { value: "stolen", label: "a phone was stolen" },
  { value: "lost", label: "a phone was lost" },
  { value: "other", label: "another reason" },
];

export function SuspendButton({ property, person, done }: ActProps): JSX.Element {
  return (
    <DialogButton label="Suspend" title={`Suspend ${person.name}?`} tone="caution">
      {(close) => (
        <Form
          submit="Suspend"
          tone="danger"
          act={async (fields) =>
            await call("suspend", {
              params: { property, person: person.id },
              body: { reason: fields.text("reason") as Reason },
            })
          }
          done={({ doors, sessionsEnded, dailyCodes, keys }) => {
            close();
            const out = sessionsEnded ? " Every device is logged out." : "";
            const daily =
              dailyCodes.length === 0 ? "" : " Daily doorcodes they gave out open still: see below.";
            const where = count(doors.length, "door");
            done(`${person.name} is suspended at ${where}.${out}${daily} ${untilSync}${keysOut(keys)}`);
          }}
          beside={<Cancel close={close} />}
        >
          <p>
            Every code, card and key stops for a while; hours and limits stay as they are. {untilSync}{" "}
            Mechanical keys go on opening{keysNamed(person.keys)}.
          </p>
          <SelectField label="Reason" name="reason" choices={reasons} />
        </Form>
      )}
    </DialogButton>
  );
}

export function ResumeButton({ property, person, done }: ActProps): JSX.Element {
  const wasStolen = person.suspended?.reason === "stolen";
  return (
    <DialogButton label="Resume" title={`Resume the access of ${person.name}?`} tone="main">
      {(close) => (
        <Form
          submit="Resume"
          act={async (fields) =>
            await call("resume", {
              params: { property, person: person.id },
              body: { newCodes: fields.isChecked("newCodes") },
            })
          }
          done={({ newCodes, doors }) => {
            close();
            const which = newCodes ? "with new codes" : "with the same codes";
            done(`${person.name} is resumed ${which}. ${untilSync}`, doors);
          }}
          beside={<Cancel close={close} />}
        >
          <p>The doors open again after their next sync.</p>
          <CheckField
            label="Draw new codes"
            name="newCodes"
            checked={wasStolen}
            hint="Whoever has the phone may have read the old ones."
          />
        </Form>
      )}
    </DialogButton>
  );
}
