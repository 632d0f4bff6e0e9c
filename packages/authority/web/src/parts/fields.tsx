/** Labelled fields. A hint belongs to its field and is read with it. */
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface Base {
  readonly label: string;
  readonly name: string;
  readonly hint?: string;
}

export interface TextProps extends Base {
  readonly type?: "text" | "email" | "password" | "tel" | "number" | "date" | "datetime-local" | "time";
  readonly value?: string | number;
  readonly required?: boolean;
  /** Narrows a list, and is part of no form. */
  readonly isFilter?: boolean;
  readonly autocomplete?: string;
  readonly inputMode?: "numeric" | "text";
  readonly pattern?: string;
  readonly min?: number;
  readonly max?: number;
  readonly maxLength?: number;
  /** Hears what is typed as it is typed. */
  readonly onText?: (text: string) => void;
}

export function TextField(props: TextProps): JSX.Element {
  const {
    label,
    name,
    hint,
    type = "text",
    value,
    isFilter = false,
    required = !isFilter,
    autocomplete = "off",
    onText,
    ...rest
  } = props;
  const id = useId();
  // The library's types tie every attribute to one kind of input; which it is, is known only here.
  const attributes = { type, ...rest } as JSX.IntrinsicElements["input"];
  return (
    <div class="field">
      <label for={id}>
        {label}
        {required || isFilter ? null : <span class="aside"> (optional)</span>}
      </label>
      <input
        {...attributes}
        id={id}
        name={name}
        defaultValue={value === undefined ? undefined : String(value)}
        required={required}
        onInput={(event) => onText?.(event.currentTarget.value)}
        autoComplete={autocomplete}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      />
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export interface Choice {
  readonly value: string;
  readonly label: string;
}

export function SelectField(
  props: Base & {
    readonly choices: readonly Choice[];
    readonly value?: string;
    /** Something other than the empty choice is to be chosen. */
    readonly required?: boolean;
    readonly onChoice?: (value: string) => void;
  },
): JSX.Element {
  const { label, name, hint, choices, value, required = false, onChoice } = props;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        name={name}
        required={required}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onChoice?.(event.currentTarget.value)}
      >
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value} selected={choice.value === value}>
            {choice.label}
          </option>
        ))}
      </select>
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

export function CheckField(
  props: Base & { readonly value?: string; readonly checked?: boolean },
): JSX.Element {
  const { label, name, hint, value = "on", checked = false } = props;
  const id = useId();
  return (
    <div class="check">
      <input
        id={id}
        name={name}
        type="checkbox"
        value={value}
        defaultChecked={checked}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
      />
      <label for={id}>{label}</label>
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

/** A unit where one is needed; else `none` says what it means to name none, and undefined that one is needed always. */
export function UnitField(props: {
  readonly units: readonly { readonly id: string; readonly name: string }[];
  readonly isNeeded: boolean;
  readonly none: string | undefined;
  readonly hint: string;
}): JSX.Element {
  const { units, none, hint } = props;
  const isNeeded = props.isNeeded || none === undefined;
  const empty = !isNeeded
    ? none
    : units.length === 0
      ? "there is none yet: add a unit first"
      : "choose a unit";
  return (
    <SelectField
      label="Unit"
      name="unit"
      hint={hint}
      required={isNeeded}
      value={isNeeded && units.length === 1 ? (units[0]?.id ?? "") : ""}
      choices={[{ value: "", label: empty }, ...units.map(({ id, name }) => ({ value: id, label: name }))]}
    />
  );
}

/** Nothing to choose where a property gives one length. */
export function LengthField({ lengths }: { readonly lengths: readonly number[] }): JSX.Element | null {
  if (lengths.length < 2) return null;
  return (
    <SelectField
      label="Length"
      name="length"
      choices={[
        { value: "", label: "as the property has it" },
        ...lengths.map((length) => ({ value: String(length), label: `${length} digits` })),
      ]}
    />
  );
}

/** Fields that answer one question. */
export function Group(props: { readonly legend: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <fieldset>
      <legend>{props.legend}</legend>
      {props.children}
    </fieldset>
  );
}
