/** What a property allows, and what its doors keep to. A door follows with its next sync. */
import type { JSX } from "preact";
import type { Api } from "../api.ts";
import { type Asked, call } from "../call.ts";
import { announce } from "../live.tsx";
import { useLoad } from "../load.ts";
import { CheckField, Group, SelectField, TextField } from "../parts/fields.tsx";
import { type Fields, Form } from "../parts/form.tsx";
import { Heading } from "../parts/heading.tsx";
import { Show } from "../parts/loading.tsx";
import { type DoorKind, doorKinds, hours, moment, timeZone } from "../words.ts";
import { offsetsOf, zoneNames } from "../zone.ts";

type PropertyInFull = Api["property"]["answer"];
type Wish = Asked<"setPolicy">["body"];

/** A lock that nobody visits for longer than this has other troubles than its clock. */
const zoneYears = 5;

export function Policy({ property }: { readonly property: string }): JSX.Element {
  const state = useLoad("property", { params: { property } }, ({ kind }) => kind === "policy.set");
  const send = async (body: Wish): ReturnType<typeof call<"setPolicy">> =>
    await call("setPolicy", { params: { property }, body });
  const done = (): void => {
    announce("The policy is changed. Each door follows with its next sync.");
    state.again();
  };
  return (
    <Show of={state}>
      {(value) => (
        <>
          <Heading text={`Policy of ${value.name}`} />
          <section aria-labelledby="codes">
            <h2 id="codes">Codes</h2>
            <Form submit="Change" act={async (fields) => await send(codesWish(fields))} done={done}>
              <CodesFields property={value} />
            </Form>
          </section>
          <section aria-labelledby="limits">
            <h2 id="limits">Guests, deliveries and limits</h2>
            <Form submit="Change" act={async (fields) => await send(limitsWish(fields))} done={done}>
              <LimitFields property={value} />
            </Form>
          </section>
          <section aria-labelledby="locks">
            <h2 id="locks">Locks</h2>
            <Form submit="Change" act={async (fields) => await send(locksWish(fields))} done={done}>
              <LockFields property={value} />
            </Form>
          </section>
          <section aria-labelledby="zone">
            <h2 id="zone">Local time of the doors</h2>
            <p>{zoneText(value)}</p>
            <Form submit="Change" act={async (fields) => await send(zoneWish(fields))} done={done}>
              <SelectField
                label="Time zone"
                name="zone"
                value={timeZone}
                choices={zones()}
                hint={`Locks are told its changes for the next ${zoneYears} years.`}
              />
            </Form>
          </section>
        </>
      )}
    </Show>
  );
}

function CodesFields({ property }: { readonly property: PropertyInFull }): JSX.Element {
  const { policy, leaseHours } = property;
  return (
    <>
      <CheckField
        label="6 digits"
        name="sixDigits"
        checked={policy.sixDigits}
        hint="Codes may have 6 digits instead of 4."
      />
      <CheckField
        label="Custom codes"
        name="customCodes"
        checked={policy.customCodes}
        hint="Residents may pick a code for their own door."
      />
      <SelectField
        label="Weak codes"
        name="codePolicy"
        value={policy.codePolicy}
        choices={[
          { value: "literal", label: "literal: refuse one repeated digit, and digits that count up or down" },
          { value: "hardened", label: "hardened: refuse runs within a code too" },
        ]}
      />
      <TextField
        label="Lease in hours"
        name="leaseHours"
        type="number"
        min={0}
        value={leaseHours}
        hint="How long codes open without a newer table; 0: until a sync removes them. A lease bounds how long a revoked code can open."
      />
      <TextField
        label="Oldest app that is accepted"
        name="appVersionMin"
        value={policy.appVersionMin}
        hint="Such as 1.4.0."
      />
    </>
  );
}

function codesWish(fields: Fields): Wish {
  return {
    sixDigits: fields.isChecked("sixDigits"),
    customCodes: fields.isChecked("customCodes"),
    codePolicy: fields.text("codePolicy") === "hardened" ? "hardened" : "literal",
    leaseHours: whole(fields, "leaseHours"),
    appVersionMin: fields.text("appVersionMin"),
  };
}

function LimitFields({ property }: { readonly property: PropertyInFull }): JSX.Element {
  const { policy } = property;
  return (
    <>
      <Group legend="Deliveries may open">
        {(Object.keys(doorKinds) as DoorKind[]).map((kind) => (
          <CheckField
            key={kind}
            label={doorKinds[kind]}
            name="deliveryDoorKinds"
            value={kind}
            checked={policy.deliveryDoorKinds.includes(kind)}
          />
        ))}
      </Group>
      <TextField
        label="Hours of a delivery's code"
        name="deliveryHours"
        type="number"
        value={policy.deliveryHours}
      />
      <TextField
        label="Daily doorcodes by one person and day"
        name="dailyCodesPerDayMax"
        type="number"
        value={policy.dailyCodesPerDayMax}
      />
      <TextField
        label="Of these, to new addresses"
        name="dailyRecipientsNewPerDayMax"
        type="number"
        value={policy.dailyRecipientsNewPerDayMax}
      />
      <TextField
        label="Tries to pick a code, by person, door and day"
        name="picksPerDayMax"
        type="number"
        value={policy.picksPerDayMax}
      />
      <TextField
        label="Hours until a pending change is warned of"
        name="delayHours"
        type="number"
        value={policy.delayHours}
      />
      <TextField
        label="Hours a phone opens doors without having been online"
        name="capabilityHours"
        type="number"
        value={policy.capabilityHours}
      />
    </>
  );
}

function limitsWish(fields: Fields): Wish {
  return {
    deliveryDoorKinds: fields.all("deliveryDoorKinds") as DoorKind[],
    deliveryHours: whole(fields, "deliveryHours"),
    dailyCodesPerDayMax: whole(fields, "dailyCodesPerDayMax"),
    dailyRecipientsNewPerDayMax: whole(fields, "dailyRecipientsNewPerDayMax"),
    picksPerDayMax: whole(fields, "picksPerDayMax"),
    delayHours: whole(fields, "delayHours"),
    capabilityHours: whole(fields, "capabilityHours"),
  };
}

const lockFields = [
  ["autoRelockSeconds", "Seconds until a door locks itself again"],
  ["wrongCodeEntryLimit", "Wrong codes in a row until the keypad pauses"],
  ["userCodeTemporaryDisableSeconds", "Seconds of that pause"],
  ["wrongCodesPerDayMax", "Wrong codes in a day until the keypad rests"],
] as const;

function LockFields({ property }: { readonly property: PropertyInFull }): JSX.Element {
  return (
    <>
      {lockFields.map(([name, label]) => {
        const value = property.house[name];
        return (
          <TextField
            key={name}
            label={label}
            name={name}
            type="number"
            required={false}
            hint="Left empty: as the protocol recommends."
            {...(value === null ? {} : { value })}
          />
        );
      })}
    </>
  );
}

function locksWish(fields: Fields): Wish {
  const house = Object.fromEntries(
    lockFields.map(([name]) => [name, fields.text(name) === "" ? null : whole(fields, name)]),
  );
  return { house };
}

/** What the property wishes; which lock was told it already is each door's own matter. */
function zoneText({ house }: PropertyInFull): string {
  const last = house.zone.at(-1);
  if (last === undefined)
    return "It is not set yet: codes with hours and daily doorcodes do not open before it is set and the door synced.";
  const now = Math.floor(Date.now() / 1_000);
  const present = house.zone.findLast(({ at }) => at <= now) ?? last;
  const { offsetMinutes } = present;
  const offset = `UTC${offsetMinutes < 0 ? "−" : "+"}${hours(Math.abs(offsetMinutes))}`;
  const told = "Each lock learns it with its next sync.";
  if (last.at <= now) return `The property's time is ${offset}, without changes to come. ${told}`;
  return `The property's time is ${offset} at present, with its changes up to ${moment(last.at)}. ${told}`;
}

function zones(): readonly { readonly value: string; readonly label: string }[] {
  const names = zoneNames();
  const all = names.includes(timeZone) ? names : [timeZone, ...names];
  return all.map((name) => ({ value: name, label: name }));
}

function zoneWish(fields: Fields): Wish {
  const zone = offsetsOf(fields.text("zone"), Math.floor(Date.now() / 1_000), zoneYears);
  return { house: { zone: [...zone] } };
}

/** What is no number is refused by the service, which knows the bounds. */
function whole(fields: Fields, name: string): number {
  return Number(fields.text(name));
}
