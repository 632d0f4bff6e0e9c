/** The people of a property, a page at a time by name, and taking somebody in. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "../api.ts";
import { call } from "../call.ts";
import { announce } from "../live.tsx";
import { useLoad } from "../load.ts";
import { Badge } from "../parts/badge.tsx";
import { Cancel, DialogButton } from "../parts/dialog.tsx";
import { SelectField, TextField, UnitField } from "../parts/fields.tsx";
import { Form } from "../parts/form.tsx";
import { Heading } from "../parts/heading.tsx";
import { Show } from "../parts/loading.tsx";
import { hrefOf } from "../route.ts";
import { count, standingWords } from "../words.ts";

type Person = Api["people"]["answer"]["people"][number];
type NewRole = Api["addPerson"]["body"]["role"];

const perPage = 100;

export function People(props: { readonly property: string; readonly isManager: boolean }): JSX.Element {
  const { property, isManager } = props;
  const [find, setFind] = useState("");
  const [skip, setSkip] = useState(0);
  const wanted = find.trim();
  const people = useLoad(
    "people",
    {
      params: { property },
      query: { count: String(perPage), skip: String(skip), ...(wanted === "" ? {} : { find: wanted }) },
    },
    (change) => change.property === property,
  );
  return (
    <>
      <Heading text="People" />
      <div class="buttons above">
        <AddPerson property={property} isManager={isManager} />
      </div>
      <div class="filters">
        <TextField
          label="Find by name"
          name="find"
          isFilter
          onText={(text) => {
            setFind(text);
            setSkip(0);
          }}
        />
      </div>
      <Show of={people}>
        {(value) => (
          <section aria-label="People">
            {value.people.length === 0 ? (
              <p>Nobody is found.</p>
            ) : (
              <PeopleTable property={property} people={value.people} />
            )}
            <div class="buttons">
              {skip === 0 ? null : (
                <button type="button" onClick={() => setSkip(Math.max(0, skip - perPage))}>
                  Back
                </button>
              )}
              {value.more ? (
                <button type="button" onClick={() => setSkip(skip + perPage)}>
                  More
                </button>
              ) : null}
            </div>
          </section>
        )}
      </Show>
    </>
  );
}

function PeopleTable(props: { readonly property: string; readonly people: readonly Person[] }): JSX.Element {
  return (
    <div class="wide">
      <table class="cards">
        <caption>{count(props.people.length, "person", "people")} by name</caption>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">Standing</th>
            <th scope="col">Access</th>
            <th scope="col">Account</th>
          </tr>
        </thead>
        <tbody>
          {props.people.map((person) => (
            <tr key={person.id}>
              <th scope="row">
                <a href={hrefOf("person", { property: props.property, person: person.id })}>{person.name}</a>
              </th>
              <td data-label="Standing">{standingsText(person)}</td>
              <td data-label="Access">
                {person.suspended === null ? (
                  count(person.doors, "door")
                ) : (
                  <Badge tone="calm" sign="‖" text={`Suspended: ${person.suspended.reason}`} />
                )}
              </td>
              <td data-label="Account">
                {person.account === null ? (
                  <span class="aside">none</span>
                ) : (
                  <>
                    {person.account.email}
                    {person.account.hasPassword ? "" : " (invited)"}
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function standingsText({ standings, guest }: Person): string {
  if (standings.length > 0) return standings.map(standingWords).join("; ");
  return guest === null ? "none" : `guest of somebody here${guest.kind === null ? "" : `, ${guest.kind}`}`;
}

const newRoles: readonly { readonly value: NewRole; readonly label: string }[] = [
  { value: "resident", label: "resident" },
  { value: "guest", label: "guest" },
  { value: "host", label: "host: answers for a unit" },
  { value: "manager", label: "manager: answers for the property" },
];

function AddPerson({
  property,
  isManager,
}: {
  readonly property: string;
  readonly isManager: boolean;
}): JSX.Element {
  const units = useLoad("units", { params: { property } }, ({ kind }) => kind === "unit.added");
  const [role, setRole] = useState<NewRole>("resident");
  const roles = isManager ? newRoles : newRoles.slice(0, 2);
  return (
    <DialogButton label="Add a person" title="Add a person" tone="main">
      {(close) => (
        <Form
          submit="Add the person"
          act={async (fields) => {
            const [email, unit] = [fields.text("email"), fields.text("unit")];
            return await call("addPerson", {
              params: { property },
              body: {
                name: fields.text("name"),
                role: fields.text("role") as NewRole,
                ...(email === "" ? {} : { email }),
                ...(unit === "" ? {} : { unit }),
              },
            });
          }}
          done={({ personId, invited }) => {
            close();
            announce(
              invited ? "An invitation is on its way. Grant access next." : "Added. Grant access next.",
            );
            location.hash = hrefOf("person", { property, person: personId });
          }}
          beside={<Cancel close={close} />}
        >
          <TextField label="Name" name="name" maxLength={100} />
          <TextField
            label="E-mail address"
            name="email"
            type="email"
            required={false}
            hint="With one, an invitation goes out, and the person can log in."
          />
          <SelectField
            label="Role"
            name="role"
            value={role}
            choices={roles}
            onChoice={(value) => setRole(value as NewRole)}
          />
          {role === "manager" ? null : (
            <UnitField
              units={units.value?.units ?? []}
              isNeeded={role !== "host"}
              none={isManager ? "none: the whole property" : undefined}
              hint="Residents and guests belong to a unit."
            />
          )}
        </Form>
      )}
    </DialogButton>
  );
}
