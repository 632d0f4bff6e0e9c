/** Today's doorcode for one door: sent to an address of one's choice, or shown here. Its limits are said with it. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Api } from "../api.ts";
import { call } from "../call.ts";
import { useLoad } from "../load.ts";
import { SelectField, TextField } from "../parts/fields.tsx";
import { Form } from "../parts/form.tsx";
import { Heading } from "../parts/heading.tsx";
import { hrefOf } from "../route.ts";
import { moment, spelled } from "../words.ts";

type Given = Api["dailyCode"]["answer"];
type Way = "email" | "phone" | "here";

const ways = [
  { value: "here", label: "show it here" },
  { value: "email", label: "send it by e-mail" },
  { value: "phone", label: "send it to a phone" },
] as const;

export function Daily({ door }: { readonly door: string }): JSX.Element {
  const doors = useLoad("myDoors", {});
  const name = doors.value?.doors.find(({ id }) => id === door)?.name ?? "this door";
  return (
    <>
      <p>
        <a class="back" href={hrefOf("codes")}>
          My codes
        </a>
      </p>
      <Heading text={`Daily doorcode for ${name}`} />
      <DailyCode door={door} />
    </>
  );
}

export function DailyCode({ door }: { readonly door: string }): JSX.Element {
  const [way, setWay] = useState<Way>("here");
  const [given, setGiven] = useState<Given | undefined>();
  return (
    <>
      <p>
        For somebody who has to get in today, without a door sync. Your name stands beside it in the
        property's records. It works until midnight and cannot be taken back before.
      </p>
      <Form
        submit="Give today's doorcode"
        act={async (fields) =>
          await call("dailyCode", {
            params: { door },
            body: way === "here" ? {} : { to: { [way]: fields.text("to") } },
          })
        }
        done={setGiven}
      >
        <SelectField
          label="How"
          name="way"
          value={way}
          choices={ways}
          onChoice={(value) => setWay(value as Way)}
        />
        {way === "email" ? <TextField label="E-mail address" name="to" type="email" /> : null}
        {way === "phone" ? (
          <TextField
            label="Phone number"
            name="to"
            type="tel"
            hint="With the country's prefix, such as +49."
          />
        ) : null}
      </Form>
      <div class="given" aria-live="polite">
        {given === undefined ? null : <GivenCode given={given} />}
      </div>
    </>
  );
}

function GivenCode({ given }: { readonly given: Given }): JSX.Element {
  return (
    <section class="card" aria-label="Today's doorcode">
      {given.code === null ? (
        <p>It is on its way by {given.sentTo === "phone" ? "phone message" : "e-mail"}.</p>
      ) : (
        <p class="digits">
          <span aria-hidden="true">{given.code}</span>
          <span class="spoken">{spelled(given.code)}</span>
        </p>
      )}
      <p>
        <strong>Until {moment(given.validUntil)}</strong>; the lock may take it until{" "}
        {moment(given.opensAtLatestUntil)}
      </p>
      <ul>
        {given.limits.map((limit) => (
          <li key={limit}>{limit}</li>
        ))}
      </ul>
    </section>
  );
}
