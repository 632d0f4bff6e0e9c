/** Daily doorcodes that somebody gave out and that open still, whatever becomes of their own access; and how to end them. */
import type { JSX } from "preact";
import { call } from "../call.ts";
import { Cancel, DialogButton } from "../parts/dialog.tsx";
import { Form } from "../parts/form.tsx";
import { hrefOf } from "../route.ts";
import { moment } from "../words.ts";
import type { PersonInFull } from "./person-acts.tsx";

interface DailyOutProps {
  readonly property: string;
  readonly person: PersonInFull;
  readonly isManager: boolean;
  readonly done: (sentence: string) => void;
}

export function DailyOut({ property, person, isManager, done }: DailyOutProps): JSX.Element | null {
  if (person.dailyCodes.length === 0) return null;
  return (
    <section aria-labelledby="daily-out">
      <h2 id="daily-out">Daily doorcodes that open still</h2>
      <p>{person.name} gave them out. No suspension ends them.</p>
      <ul>
        {person.dailyCodes.map((given, i) => (
          <li key={`${given.doorId}${given.givenAt}${i}`}>
            <a href={hrefOf("door", { property, door: given.doorId })}>{given.door}</a>, of {given.day},{" "}
            {given.to === null ? "told to whoever asked" : `sent to ${given.to}`}: opens until{" "}
            {moment(given.opensUntil)} at the latest
          </li>
        ))}
      </ul>
      {isManager ? <EndButton property={property} done={done} /> : null}
    </section>
  );
}

/** Raises the generation of all doors: there is no way to end one alone. */
function EndButton({ property, done }: Pick<DailyOutProps, "property" | "done">): JSX.Element {
  return (
    <DialogButton label="End daily doorcodes" title="End every daily doorcode?" tone="caution">
      {(close) => (
        <Form
          submit="End them"
          tone="danger"
          act={async () => {
            const now = await call("property", { params: { property } });
            if (!now.ok) return now;
            const dailyGeneration = now.value.house.dailyGeneration + 1;
            return await call("setPolicy", { params: { property }, body: { house: { dailyGeneration } } });
          }}
          done={() => {
            close();
            done("Every daily doorcode ends at each door with its next sync.");
          }}
          beside={<Cancel close={close} />}
        >
          <p>
            Those of all doors and of everybody end, each door's with its next sync. New ones can be given
            once the door is synced.
          </p>
        </Form>
      )}
    </DialogButton>
  );
}
