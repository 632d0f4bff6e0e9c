/** Keycards and mechanical keys of one door. A lock knows of cards; of mechanical keys only these books do. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "../api.ts";
import { call } from "../call.ts";
import { announce } from "../live.tsx";
import { useLoad } from "../load.ts";
import { Cancel, DialogButton } from "../parts/dialog.tsx";
import { SelectField, TextField } from "../parts/fields.tsx";
import { Form } from "../parts/form.tsx";
import { moment } from "../words.ts";

export type DoorInFull = Api["door"]["answer"];

interface KeysProps {
  readonly property: string;
  readonly door: DoorInFull;
  readonly again: () => void;
}

/** People to choose from in one list; where there are more, one says whom. */
const peopleMax = 200;

function PersonField({ property }: { readonly property: string }): JSX.Element {
  const [find, setFind] = useState("");
  const wanted = find.trim();
  const people = useLoad("people", {
    params: { property },
    query: { count: String(peopleMax), ...(wanted === "" ? {} : { find: wanted }) },
  });
  const choices = (people.value?.people ?? []).map(({ id, name }) => ({ value: id, label: name }));
  return (
    <>
      {wanted !== "" || people.value?.more === true ? (
        <TextField label="Find by name" name="find" isFilter onText={setFind} />
      ) : null}
      <SelectField label="Person" name="person" choices={choices} />
    </>
  );
}

export function Cards({ property, door, again }: KeysProps): JSX.Element {
  const cards = door.codes.filter((code) => code.class === "keycard" && code.worksAfterSync);
  return (
    <section aria-labelledby="cards">
      <h2 id="cards">Keycards</h2>
      {cards.length === 0 ? (
        <p>No keycard is assigned.</p>
      ) : (
        <ul class="plain-list">
          {cards.map((card) => (
            <li key={card.personId}>
              {card.person}{" "}
              <DialogButton
                label="Take back"
                about={`the card of ${card.person}`}
                title={`Take the card of ${card.person} back?`}
              >
                {(close) => (
                  <Form
                    submit="Take it back"
                    tone="danger"
                    act={async () =>
                      await call("revokeKeycard", { params: { door: door.id, person: card.personId } })
                    }
                    done={() => {
                      close();
                      announce(
                        `The card of ${card.person} is taken back. It opens until the door is synced.`,
                      );
                      again();
                    }}
                    beside={<Cancel close={close} />}
                  >
                    <p>The card goes on opening until the door is synced.</p>
                  </Form>
                )}
              </DialogButton>
            </li>
          ))}
        </ul>
      )}
      <DialogButton label="Assign a keycard" title={`Assign a keycard for ${door.name}`}>
        {(close) => (
          <Form
            submit="Assign it"
            act={async (fields) =>
              await call("assignKeycard", {
                params: { door: door.id },
                body: { person: fields.text("person"), card: fields.text("card").toLowerCase() },
              })
            }
            done={() => {
              close();
              announce("The keycard is assigned. It opens after a door sync.");
              again();
            }}
            beside={<Cancel close={close} />}
          >
            <PersonField property={property} />
            <TextField label="Card" name="card" hint="What a reader reads from it: 8 to 20 hex digits." />
          </Form>
        )}
      </DialogButton>
    </section>
  );
}

export function Keys({ property, door, again }: KeysProps): JSX.Element {
  return (
    <section aria-labelledby="keys">
      <h2 id="keys">Mechanical keys</h2>
      <p>Who has one is known from these notes alone: no lock notices a key, and no sync takes one back.</p>
      {door.keys.length === 0 ? (
        <p>None is outstanding.</p>
      ) : (
        <ul class="plain-list">
          {door.keys.map((key) => (
            <li key={key.id}>
              {key.person} has key {key.label} since {moment(key.givenAt)}{" "}
              <DialogButton
                label="Returned"
                about={`: key ${key.label}`}
                title={`Was key ${key.label} returned?`}
              >
                {(close) => (
                  <Form
                    submit="It was returned"
                    act={async () => await call("returnKey", { params: { door: door.id, key: key.id } })}
                    done={() => {
                      close();
                      announce(`Key ${key.label} is back.`);
                      again();
                    }}
                    beside={<Cancel close={close} />}
                  >
                    <p>
                      {key.person} has had it since {moment(key.givenAt)}.
                    </p>
                  </Form>
                )}
              </DialogButton>
            </li>
          ))}
        </ul>
      )}
      <DialogButton label="Note a key" title={`A key for ${door.name} was handed over`}>
        {(close) => (
          <Form
            submit="Note it"
            act={async (fields) =>
              await call("noteKey", {
                params: { door: door.id },
                body: { person: fields.text("person"), label: fields.text("label") },
              })
            }
            done={() => {
              close();
              announce("The key is noted.");
              again();
            }}
            beside={<Cancel close={close} />}
          >
            <PersonField property={property} />
            <TextField label="Mark on the key" name="label" maxLength={100} />
          </Form>
        )}
      </DialogButton>
    </section>
  );
}
