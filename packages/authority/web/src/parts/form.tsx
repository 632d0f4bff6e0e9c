/** A form that makes one change: it is sent once at a time, and says what came of it. Fields are its children. */
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import type { Answer, Trouble } from "../call.ts";
import { TroubleBox } from "./trouble.tsx";

export interface FormProps<T> {
  /** What the button says. */
  readonly submit: string;
  readonly tone?: "main" | "danger";
  readonly act: (fields: Fields) => Promise<Answer<T>>;
  readonly done: (value: T) => void;
  readonly children?: ComponentChildren;
  /** More buttons beside the one that sends. */
  readonly beside?: ComponentChildren;
}

export interface Fields {
  /** Without spaces around; empty when left empty. */
  readonly text: (name: string) => string;
  /** As typed: passwords. */
  readonly exact: (name: string) => string;
  readonly all: (name: string) => readonly string[];
  readonly isChecked: (name: string) => boolean;
}

export function Form<T>(props: FormProps<T>): JSX.Element {
  const { submit, tone = "main", act, done, children, beside } = props;
  const [trouble, setTrouble] = useState<Trouble | undefined>();
  const [isBusy, setBusy] = useState(false);
  const send = async (form: HTMLFormElement): Promise<void> => {
    if (isBusy) return;
    setBusy(true);
    setTrouble(undefined);
    const answer = await act(fieldsOf(new FormData(form)));
    setBusy(false);
    if (answer.ok) done(answer.value);
    else setTrouble(answer.trouble);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void send(event.currentTarget);
      }}
    >
      {children}
      {trouble === undefined ? null : <TroubleBox trouble={trouble} />}
      <div class="buttons">
        <button type="submit" class={tone} aria-disabled={isBusy}>
          {isBusy ? "Please wait…" : submit}
        </button>
        {beside}
      </div>
    </form>
  );
}

function fieldsOf(data: FormData): Fields {
  const exact = (name: string): string => {
    const value = data.get(name);
    return typeof value === "string" ? value : "";
  };
  return {
    exact,
    text: (name) => exact(name).trim(),
    all: (name) => data.getAll(name).filter((value) => typeof value === "string"),
    isChecked: (name) => data.has(name),
  };
}
