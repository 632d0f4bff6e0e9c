/** One's own account: the password, and where one is logged in. */
import type { JSX } from "preact";
import type { Api } from "../api.ts";
import { call } from "../call.ts";
import { announce } from "../live.tsx";
import { useLoad } from "../load.ts";
import { Cancel, DialogButton } from "../parts/dialog.tsx";
import { TextField } from "../parts/fields.tsx";
import { Form } from "../parts/form.tsx";
import { Heading } from "../parts/heading.tsx";
import { Show } from "../parts/loading.tsx";
import { endSession } from "../session.ts";
import { moment } from "../words.ts";
import { NewPassword } from "./log-in.tsx";

type Me = Api["me"]["answer"];

export function Account({ me }: { readonly me: Me }): JSX.Element {
  const sessions = useLoad("sessions", {});
  return (
    <>
      <Heading text="Account" />
      <p>
        {me.name}, {me.email}
      </p>
      <section aria-labelledby="password">
        <h2 id="password">Password</h2>
        <p>A new password logs out every other device.</p>
        <Form
          submit="Change the password"
          act={async (fields) =>
            await call("changePassword", {
              body: { old: fields.exact("old"), new: fields.exact("password") },
            })
          }
          done={() => {
            announce("The password is changed. Every other device is logged out.");
            sessions.again();
          }}
        >
          <input type="hidden" name="username" autoComplete="username" value={me.email} />
          <TextField label="Present password" name="old" type="password" autocomplete="current-password" />
          <NewPassword />
        </Form>
      </section>
      <section aria-labelledby="sessions">
        <h2 id="sessions">Logged in</h2>
        <Show of={sessions}>
          {(value) => (
            <ul class="plain-list">
              {value.sessions.map((one) => (
                <li key={one.phoneId}>
                  <strong>{one.clientName === "" ? "Unnamed" : one.clientName}</strong>
                  {one.isThis ? " (this one)" : ""}
                  <br />
                  {one.client === "mobile" ? "Phone" : "Desktop"}, since {moment(one.createdAt)}, last used{" "}
                  {moment(one.usedAt)}
                </li>
              ))}
            </ul>
          )}
        </Show>
        <div class="buttons">
          <button type="button" onClick={() => void leave()}>
            Log out
          </button>
          <DialogButton label="Log out on every device" title="Log out on every device?">
            {(close) => (
              <Form
                submit="Log out everywhere"
                tone="danger"
                act={async () => await call("endSessions", {})}
                done={() => endSession("left")}
                beside={<Cancel close={close} />}
              >
                <p>This browser and every phone will have to log in again.</p>
              </Form>
            )}
          </DialogButton>
        </div>
      </section>
    </>
  );
}

/** Here at once, whether or not the service can be told. */
export async function leave(): Promise<void> {
  const told = call("logOut", {});
  endSession("left");
  await told;
}
