/** All doors of a property: what is set, what waits and since when, and which lock needs somebody. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "../api.ts";
import { call } from "../call.ts";
import { announce } from "../live.tsx";
import { useLoad } from "../load.ts";
import { noteNames } from "../news.ts";
import { Badge } from "../parts/badge.tsx";
import { Cancel, DialogButton } from "../parts/dialog.tsx";
import { SelectField, TextField, UnitField } from "../parts/fields.tsx";
import { Form } from "../parts/form.tsx";
import { Heading } from "../parts/heading.tsx";
import { Show } from "../parts/loading.tsx";
import { hrefOf } from "../route.ts";
import { count, type DoorKind, doorKinds, healthWords, lockStates, moment } from "../words.ts";
import { Doubted } from "./doubted.tsx";

type Door = Api["doors"]["answer"]["doors"][number];
type Only = "all" | "pending" | "trouble";

export function Doors(props: { readonly property: string; readonly mayAdd: boolean }): JSX.Element {
  const { property, mayAdd } = props;
  const doors = useLoad("doors", { params: { property } }, (change) => change.property === property);
  const [only, setOnly] = useState<Only>("all");
  const [find, setFind] = useState("");
  return (
    <Show of={doors}>
      {(value) => {
        noteNames(value.doors);
        const shown = value.doors.filter((door) => isShown(door, only, find));
        return (
          <>
            <Heading text="Doors" />
            {mayAdd ? <Doubted property={property} again={doors.again} /> : null}
            {mayAdd ? <Adding property={property} again={doors.again} /> : null}
            <div class="filters">
              <TextField label="Find" name="find" isFilter onText={setFind} />
              <SelectField
                label="Show"
                name="only"
                value={only}
                choices={[
                  { value: "all", label: "all doors" },
                  { value: "pending", label: "doors where something is pending" },
                  { value: "trouble", label: "doors that need somebody" },
                ]}
                onChoice={(value) => setOnly(value as Only)}
              />
            </div>
            <DoorTable property={property} doors={shown} all={value.doors.length} />
          </>
        );
      }}
    </Show>
  );
}

function isShown(door: Door, only: Only, find: string): boolean {
  const text = `${door.name} ${door.unit ?? ""}`.toLowerCase();
  if (!text.includes(find.trim().toLowerCase())) return false;
  if (only === "pending") return door.pending;
  return only === "all" || door.alarm || door.delayed || door.health !== "ok";
}

function DoorTable(props: {
  readonly property: string;
  readonly doors: readonly Door[];
  readonly all: number;
}): JSX.Element {
  const { property, doors, all } = props;
  return (
    <section aria-label="Doors">
      <div class="wide">
        <table class="cards">
          <caption>
            {doors.length === all ? count(all, "door") : `${doors.length} of ${count(all, "door")}`}
          </caption>
          <thead>
            <tr>
              <th scope="col">Door</th>
              <th scope="col">Codes</th>
              <th scope="col">Pending</th>
              <th scope="col">Last sync</th>
              <th scope="col">Lock</th>
            </tr>
          </thead>
          <tbody>
            {doors.map((door) => (
              <DoorRow key={door.id} property={property} door={door} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function DoorRow({ property, door }: { readonly property: string; readonly door: Door }): JSX.Element {
  const { counts, alarm, delayed, health } = door;
  return (
    <tr>
      <th scope="row">
        <a href={hrefOf("door", { property, door: door.id })}>{door.name}</a>
        <br />
        <span class="aside">
          {door.unit === null ? doorKinds[door.kind] : `${door.unit}, ${doorKinds[door.kind]}`}
        </span>
      </th>
      <td data-label="Codes">
        {counts.set} set
        {counts.unknown === 0 ? "" : `, ${counts.unknown} unknown`}
      </td>
      <td data-label="Pending">
        <PendingCell door={door} />
        {delayed ? (
          <p class="warning">
            <span aria-hidden="true">▲</span> longer than usual
          </p>
        ) : null}
      </td>
      <td data-label="Last sync">{door.lastSync === null ? "never" : moment(door.lastSync.receivedAt)}</td>
      <td data-label="Lock">
        {alarm ? <Badge tone="bad" sign="▲" text="Alarm: wrong answer" /> : null}
        {!alarm && door.lock !== "owned" ? (
          <Badge
            tone="wait"
            sign="○"
            text={door.lock === "absent" ? (healthWords["noLock"] ?? "") : lockStates[door.lock]}
          />
        ) : null}
        {!alarm && door.lock === "owned" ? (
          <Badge
            tone={health === "ok" ? "good" : "wait"}
            sign={health === "ok" ? "●" : "▲"}
            text={healthWords[health] ?? health}
          />
        ) : null}
      </td>
    </tr>
  );
}

function PendingCell({ door }: { readonly door: Door }): JSX.Element {
  const { unset, setting, removing } = door.counts;
  const parts = [
    unset + setting === 0 ? "" : `${unset + setting} to set`,
    removing === 0 ? "" : `${removing} to remove`,
  ].filter((part) => part !== "");
  if (door.lock === "absent") return <Badge tone="wait" sign="○" text={lockStates.absent} />;
  if (!door.pending) return <span class="aside">nothing</span>;
  return (
    <>
      <Badge tone="wait" sign="◔" text={parts.length === 0 ? "settings" : parts.join(", ")} />
      {door.waitingSince === null ? null : (
        <>
          <br />
          <span class="aside">since {moment(door.waitingSince)}</span>
        </>
      )}
    </>
  );
}

function Adding({ property, again }: { readonly property: string; readonly again: () => void }): JSX.Element {
  const units = useLoad("units", { params: { property } }, ({ kind }) => kind === "unit.added");
  const [kind, setKind] = useState<DoorKind>("residence");
  return (
    <div class="buttons above">
      <DialogButton label="Add a door" title="Add a door" tone="main">
        {(close) => (
          <Form
            submit="Add the door"
            act={async (fields) => {
              const unit = fields.text("unit");
              return await call("addDoor", {
                params: { property },
                body: {
                  name: fields.text("name"),
                  kind: fields.text("kind") as DoorKind,
                  link: fields.text("link") as "offline" | "connected" | "both",
                  ...(unit === "" ? {} : { unit }),
                },
              });
            }}
            done={(door) => {
              close();
              announce(`${door.name} is added. It has no lock yet.`);
              again();
            }}
            beside={<Cancel close={close} />}
          >
            <TextField label="Name" name="name" maxLength={100} />
            <SelectField
              label="Kind"
              name="kind"
              value={kind}
              onChoice={(value) => setKind(value as DoorKind)}
              choices={(Object.keys(doorKinds) as DoorKind[]).map((value) => ({
                value,
                label: doorKinds[value],
              }))}
            />
            <UnitField
              units={units.value?.units ?? []}
              isNeeded={kind === "residence"}
              none="none: shared"
              hint="A residence's door belongs to a unit."
            />
            <SelectField
              label="Lock's connection"
              name="link"
              choices={[
                { value: "offline", label: "offline: phones bring what it must know" },
                { value: "connected", label: "connected: over the building's network" },
                { value: "both", label: "both" },
              ]}
            />
          </Form>
        )}
      </DialogButton>
      <DialogButton label="Add a unit" title="Add a unit">
        {(close) => (
          <Form
            submit="Add the unit"
            act={async (fields) =>
              await call("addUnit", { params: { property }, body: { name: fields.text("name") } })
            }
            done={(unit) => {
              close();
              announce(`${unit.name} is added.`);
              units.again();
            }}
            beside={<Cancel close={close} />}
          >
            <TextField label="Name" name="name" maxLength={100} hint="Somebody's home, such as 12 B." />
          </Form>
        )}
      </DialogButton>
    </div>
  );
}
