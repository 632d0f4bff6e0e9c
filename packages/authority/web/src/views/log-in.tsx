/** Logging in, asking for a new password, and choosing it by the link that was sent. */
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { call } from "../call.ts";
import { TextField } from "../parts/fields.tsx";
import { Form } from "../parts/form.tsx";
import { Heading } from "../parts/heading.tsx";
import { beginSession, clientClass, type Ended, pageVersion } from "../session.ts";

const whyOut: Readonly<Record<Ended, string | undefined>> = {
  out: undefined,
  left: "You are logged out. Nothing of yours is left in this browser.",
  ended: "This log-in has ended. Log in again.",
};

export function LogIn({ why }: { readonly why: Ended }): JSX.Element {
  const [isForgotten, setForgotten] = useState(false);
  if (isForgotten) return <Forgotten back={() => setForgotten(false)} />;
  return (
    <div class="narrow">
      <Heading text="Log in" />
      {whyOut[why] === undefined ? null : <p>{whyOut[why]}</p>}
      <Form
        submit="Log in"
        act={async (fields) =>
          await call("logIn", {
            body: {
              email: fields.text("email"),
              password: fields.exact("password"),
              client: { class: clientClass(), name: `${browserName()} (page)`, version: pageVersion },
            },
          })
        }
        done={({ token }) => beginSession(token)}
        beside={
          <button type="button" class="plain" onClick={() => setForgotten(true)}>
            Forgot the password?
          </button>
        }
      >
        <TextField label="E-mail address" name="email" type="email" autocomplete="username" />
        <TextField label="Password" name="password" type="password" autocomplete="current-password" />
      </Form>
    </div>
  );
}

function Forgotten({ back }: { readonly back: () => void }): JSX.Element {
  const [isAsked, setAsked] = useState(false);
  if (isAsked)
    return (
      <div class="narrow">
        <Heading text="Look at your e-mail" />
        <p>
          If there is an account with this address, a message is on its way with a link for a new password.
          The link works once and for one hour.
        </p>
        <button type="button" class="plain" onClick={back}>
          Back to log in
        </button>
      </div>
    );
  return (
    <div class="narrow">
      <Heading text="Ask for a new password" />
      <p>The new password ends every log-in on every device, also on a phone that was lost or stolen.</p>
      <Form
        submit="Send the link"
        act={async (fields) => await call("askPasswordReset", { body: { email: fields.text("email") } })}
        done={() => setAsked(true)}
        beside={
          <button type="button" class="plain" onClick={back}>
            Back to log in
          </button>
        }
      >
        <TextField label="E-mail address" name="email" type="email" autocomplete="username" />
      </Form>
    </div>
  );
}

/** What the link in the message opens; `token` stood behind the #, where no server saw it. */
export function ResetPassword({
  token,
  leave,
}: {
  readonly token: string;
  readonly leave: () => void;
}): JSX.Element {
  const [isDone, setDone] = useState(false);
  if (isDone)
    return (
      <div class="narrow">
        <Heading text="The password is changed" />
        <p>Every device is logged out. Log in with the new password.</p>
        <button type="button" class="main" onClick={leave}>
          Log in
        </button>
      </div>
    );
  return (
    <div class="narrow">
      <Heading text="Choose a new password" />
      <Form
        submit="Change the password"
        act={async (fields) =>
          await call("resetPassword", { body: { token, password: fields.exact("password") } })
        }
        done={() => setDone(true)}
        beside={
          <button type="button" class="plain" onClick={leave}>
            Back to log in
          </button>
        }
      >
        <NewPassword />
      </Form>
    </div>
  );
}

export function NewPassword(): JSX.Element {
  return (
    <TextField
      label="New password"
      name="password"
      type="password"
      autocomplete="new-password"
      hint="At least 10 characters; four words make a good one."
    />
  );
}

const browsers = [
  ["Edg/", "Edge"],
  ["OPR/", "Opera"],
  ["Firefox/", "Firefox"],
  ["Chrome/", "Chrome"],
  ["Safari/", "Safari"],
] as const;

/** As the list of log-ins shows it. */
function browserName(): string {
  const found = browsers.find(([mark]) => navigator.userAgent.includes(mark))?.[1] ?? "a browser";
  return `page in ${found}`;
}
