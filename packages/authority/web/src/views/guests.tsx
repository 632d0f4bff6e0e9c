/** Guests at one door: who has a code, a code for another one, and taking one back. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "../api.ts";
import { type Asked, call } from "../call.ts";
import { announce } from "../live.tsx";
import { useLoad } from "../load.ts";
import { Cancel, Dialog, DialogButton } from "../parts/dialog.tsx";
import { CheckField, Group, SelectField, TextField } from "../parts/fields.tsx";
import { type Fields, Form } from "../parts/form.tsx";
import { Heading } from "../parts/heading.tsx";
import { Show } from "../parts/loading.tsx";
import { hrefOf } from "../route.ts";
import { type GuestKind, guestKinds, weekdays } from "../words.ts";
import { EntryFaces } from "./codes.tsx";

type Guest = Api["guests"]["answer"]["guests"][number];

const hints: Readonly<Record<GuestKind, string>> = {
  permanent: "It opens until you take it back.",
  temporary: "It opens from a beginning to an end.",
  recurring: "It opens in the same hours of chosen weekdays.",
  delivery: "It opens once, within the hours that the property allows deliveries.",
};

export function Guests({ door }: { readonly door: string }): JSX.Element {
  const guests = useLoad("guests", { params: { door } }, () => true);
  const doors = useLoad("myDoors", {});
  const [invited, setInvited] = useState(0);
  const [fresh, setFresh] = useState<Guest | undefined>();
  const name = doors.value?.doors.find(({ id }) => id === door)?.name ?? "this door";
  return (
    <Show of={guests}>
      {(value) => (
        <>
          <p>
            <a class="back" href={hrefOf("codes")}>
              My codes
            </a>
          </p>
          <Heading text={`Guests of ${name}`} />
          <Invite
            key={invited}
            door={door}
            done={(guest) => {
              setInvited(invited + 1);
              setFresh(guest);
              guests.again();
            }}
          />
          {fresh === undefined ? null : (
            <Dialog title={`The code for ${fresh.name}`} close={() => setFresh(undefined)}>
              <p>Note it now or tell it to your guest: it is shown this once.</p>
              {fresh.entries.map((entry) => (
                <EntryFaces key={entry.class} entry={entry} />
              ))}
              <div class="buttons">
                <button type="button" class="main" onClick={() => setFresh(undefined)}>
                  Done
                </button>
              </div>
            </Dialog>
          )}
          {value.guests.length === 0 ? <p>Nobody is invited at the moment.</p> : null}
          {value.guests.map((guest) => (
            <GuestCard key={guest.person} door={door} guest={guest} again={guests.again} />
          ))}
        </>
      )}
    </Show>
  );
}

function GuestCard(props: {
  readonly door: string;
  readonly guest: Guest;
  readonly again: () => void;
}): JSX.Element {
  const { door, guest, again } = props;
  const id = `guest-${guest.person}`;
  const faces = guest.entries.flatMap((entry) => entry.faces);
  const isGiven = faces.some((face) => face.worksAfterSync || face.suspended);
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{guest.name}</h2>
      <p class="aside">
        {guestKinds[guest.kind]}
        {guest.invitedBy === null ? "" : `, invited by ${guest.invitedBy.name}`}
      </p>
      {guest.entries.map((entry) => (
        <EntryFaces key={entry.class} entry={entry} />
      ))}
      {isGiven ? (
        <div class="buttons">
          <DialogButton
            label="Take back"
            about={`the code of ${guest.name}`}
            title={`Take the code of ${guest.name} back?`}
          >
            {(close) => (
              <Form
                submit="Take it back"
                tone="danger"
                act={async () => await call("revokeGuest", { params: { door, person: guest.person } })}
                done={() => {
                  close();
                  announce(`The code of ${guest.name} is taken back. It opens until the door is synced.`);
                  again();
                }}
                beside={<Cancel close={close} />}
              >
                <p>It goes on opening until the door is synced.</p>
              </Form>
            )}
          </DialogButton>
        </div>
      ) : null}
    </section>
  );
}

function Invite(props: { readonly door: string; readonly done: (guest: Guest) => void }): JSX.Element {
  const [kind, setKind] = useState<GuestKind>("temporary");
  return (
    <section aria-labelledby="invite">
      <h2 id="invite">Invite a guest</h2>
      <Form
        submit="Give a code"
        act={async (fields) =>
          await call("inviteGuest", { params: { door: props.door }, body: bodyOf(kind, fields) })
        }
        done={props.done}
      >
        <TextField label="Name" name="name" maxLength={100} />
        <SelectField
          label="Kind"
          name="kind"
          value={kind}
          hint={hints[kind]}
          choices={(Object.keys(guestKinds) as GuestKind[]).map((value) => ({
            value,
            label: guestKinds[value],
          }))}
          onChoice={(value) => setKind(value as GuestKind)}
        />
        {kind === "temporary" ? (
          <>
            <TextField label="From" name="from" type="datetime-local" />
            <TextField label="Until" name="until" type="datetime-local" />
          </>
        ) : null}
        {kind === "recurring" ? (
          <>
            <Group legend="Weekdays">
              {weekdays.map((day, bit) => (
                <CheckField key={day} label={day} name="days" value={String(bit)} />
              ))}
            </Group>
            <TextField label="From (the door's local time)" name="start" type="time" value="09:00" />
            <TextField label="To" name="end" type="time" value="17:00" />
          </>
        ) : null}
        <p class="hint">The code is drawn at random. It opens after the next door sync.</p>
      </Form>
    </section>
  );
}

type InviteBody = Asked<"inviteGuest">["body"];

function bodyOf(kind: GuestKind, fields: Fields): InviteBody {
  const body = { name: fields.text("name"), kind };
  switch (kind) {
    case "permanent":
    case "delivery":
      return body;
    case "temporary":
      return { ...body, from: secondsOf(fields.text("from")), until: secondsOf(fields.text("until")) };
    case "recurring": {
      const days = fields.all("days").reduce((mask, bit) => mask | (1 << Number(bit)), 0);
      const window = {
        days,
        startMinute: minuteOf(fields.text("start")),
        endMinute: minuteOf(fields.text("end")),
      };
      return { ...body, windows: days === 0 ? [] : [window] };
    }
    default:
      return kind satisfies never;
  }
}

/** Of a moment as the browser's own field gives it, in the browser's zone. */
function secondsOf(local: string): number {
  return Math.floor(new Date(local).getTime() / 1_000);
}

function minuteOf(time: string): number {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  return hour * 60 + minute;
}
