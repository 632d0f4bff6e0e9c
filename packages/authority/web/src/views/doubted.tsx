/** Doors whose books may lack what was taken away, with who would open there, and management's word that they are right. */
import type { JSX } from "preact";
import type { Api } from "../api.ts";
import { call } from "../call.ts";
import { announce } from "../live.tsx";
import { useLoad } from "../load.ts";
import { Cancel, DialogButton } from "../parts/dialog.tsx";
import { Form } from "../parts/form.tsx";
import { hrefOf } from "../route.ts";
import { count, credentialClasses, moment } from "../words.ts";

type DoubtedDoor = Api["doubtedDoors"]["answer"]["doors"][number];

/** `door` left out: all of the property. Nothing where none is in doubt. */
export function Doubted(props: {
  readonly property: string;
  readonly door?: string;
  readonly again: () => void;
}): JSX.Element | null {
  const { property, door, again } = props;
  const state = useLoad("doubtedDoors", { params: { property } }, ({ kind }) =>
    ["lock.contradicts", "lock.trusted"].includes(kind),
  );
  const doors = (state.value?.doors ?? []).filter((one) => door === undefined || one.doorId === door);
  if (doors.length === 0) return null;
  return (
    <section aria-labelledby="doubted" class="notice">
      <h2 id="doubted">Are the books right?</h2>
      <p class="warning">
        <span aria-hidden="true">▲</span> {reason(doors)} Nothing is carried to{" "}
        {doors.length === 1 ? "this lock" : "these locks"} until you say that the books are right: whoever was
        suspended or revoked since the backup is in them as if nothing had happened.
      </p>
      <ul class="plain-list">
        {doors.map((one) => (
          <DoubtedLine key={one.doorId} property={property} door={one} />
        ))}
      </ul>
      <DialogButton label="The books are right again" title="The books are right again" tone="caution">
        {(close) => (
          <Form
            submit="They are right"
            act={async () =>
              await call("trustBooks", {
                params: { property },
                body: { doors: doors.map(({ doorId }) => doorId) },
              })
            }
            done={() => {
              close();
              announce("Tables go out again. The next door sync ends the doubt.");
              state.again();
              again();
            }}
            beside={<Cancel close={close} />}
          >
            <p>
              Everybody who is listed opens {doors.length === 1 ? "this door" : count(doors.length, "door")}{" "}
              once {doors.length === 1 ? "it is" : "they are"} synced. First suspend and revoke anew whoever
              was since the backup.
            </p>
          </Form>
        )}
      </DialogButton>
    </section>
  );
}

function reason(doors: readonly DoubtedDoor[]): string {
  const isContradicted = doors.some(({ lockVersion }) => lockVersion !== null);
  return isContradicted
    ? "A lock has signed for more than this property's books know, as after an old backup."
    : "The books come out of a backup.";
}

function DoubtedLine({
  property,
  door,
}: {
  readonly property: string;
  readonly door: DoubtedDoor;
}): JSX.Element {
  return (
    <li>
      <a href={hrefOf("door", { property, door: door.doorId })}>{door.door}</a>, since {moment(door.since)}:{" "}
      {door.opens.length === 0
        ? "nobody would open"
        : door.opens.map((one) => `${one.person} (${credentialClasses[one.class].toLowerCase()})`).join(", ")}
    </li>
  );
}
