/**
 * A record as a table of fields: one declaration gives the type, the encoder and the decoder of a positional array.
 * Not a general schema language: what our records do not use is not here.
 */
import type { Bytes } from "../bytes.ts";
import { accept, refuse, type Verdict } from "../refusal.ts";
import { type CborValue, decode, encode } from "./codec.ts";

/** One place of a record. `name` says what it takes, for the message of a thrown bug; values are never quoted. */
export interface Field<T> {
  readonly name: string;
  /** May be missing at the end of the array. Only `optional` sets it. */
  readonly optional?: boolean;
  /** Throws RangeError when the value violates the field: our bug. */
  toCbor(value: T): CborValue;
  /** The value, or undefined when foreign CBOR does not fit. */
  fromCbor(value: CborValue): T | undefined;
}

export interface OptionalField<T> extends Field<T> {
  readonly optional: true;
}

/** A whole record. */
export interface Shape<T> {
  readonly name: string;
  /** Throws RangeError when a value violates its field: our bug. */
  toCbor(value: T): CborValue;
  fromCbor(value: CborValue): T | undefined;
  encode(value: T): Bytes;
  /** MALFORMED with the scanner's check ("cbor/..."), or with "record/<name>" when a field does not fit. */
  decode(bytes: Bytes, bytesMax: number): Verdict<T>;
}

export type FieldValue<F> = F extends Field<infer T> ? T : never;
export type ShapeValue<S> = S extends Shape<infer T> ? T : never;

type OptionalNames<F> = { [K in keyof F]: F[K] extends OptionalField<unknown> ? K : never }[keyof F];
type Flat<T> = { [K in keyof T]: T[K] };

/** What a table of fields carries; optional fields are properties that may be absent, not undefined. */
export type FieldsValue<F> = Flat<
  { readonly [K in Exclude<keyof F, OptionalNames<F>>]: FieldValue<F[K]> } & {
    readonly [K in OptionalNames<F>]?: FieldValue<F[K]>;
  }
>;

/** A field whose CBOR value is the value itself, guarded by one predicate in both directions. */
function plain<T extends CborValue>(name: string, fits: (value: CborValue) => value is T): Field<T> {
  return {
    name,
    toCbor(value) {
      if (!fits(value)) throw new RangeError(`not ${name}`);
      return value;
    },
    fromCbor: (value) => (fits(value) ? value : undefined),
  };
}

/** An integer 0 to `max`. */
export const uint = (max: number): Field<number> =>
  plain(
    `an integer 0 to ${max}`,
    (value): value is number => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= max,
  );

/** A byte string of `min` to `max` bytes. */
export const someBytes = (min: number, max: number): Field<Bytes> =>
  plain(
    `${min} to ${max} bytes`,
    (value): value is Bytes => value instanceof Uint8Array && value.length >= min && value.length <= max,
  );

/** A byte string of exactly `length` bytes. */
export const fixedBytes = (length: number): Field<Bytes> => someBytes(length, length);

/** A text of at most `max` UTF-16 units. */
export const shortText = (max: number): Field<string> =>
  plain(
    `a text of at most ${max} units`,
    (value): value is string => typeof value === "string" && value.length <= max,
  );

/** Exactly this number or text, and nothing else. */
export const constant = <const T extends number | string>(expected: T): Field<T> =>
  plain(JSON.stringify(expected), (value): value is T => value === expected);

/** An array of at most `max` values of one field; a longer one is refused before its values are looked at. */
export const listOf = <T>(field: Field<T>, max: number): Field<readonly T[]> => ({
  name: `at most ${max} of: ${field.name}`,
  toCbor(values) {
    if (values.length > max) throw new RangeError(`not at most ${max} of: ${field.name}`);
    return values.map((value) => field.toCbor(value));
  },
  fromCbor(value) {
    if (!isArray(value) || value.length > max) return undefined;
    const values: T[] = [];
    for (const inner of value) {
      const read = field.fromCbor(inner);
      if (read === undefined) return undefined;
      values.push(read);
    }
    return values;
  },
});

/** A record as one field of another. */
export const nested = <T>(record: Shape<T>): Field<T> => ({
  name: record.name,
  toCbor: (value) => record.toCbor(value),
  fromCbor: (value) => record.fromCbor(value),
});

/** A field that may be missing; only at the end of a record, where a shorter array says so. */
export const optional = <T>(field: Field<T>): OptionalField<T> => ({
  name: field.name,
  optional: true,
  toCbor: (value) => field.toCbor(value),
  fromCbor: (value) => field.fromCbor(value),
});

/**
 * A record named `name`, as a positional array in the order of declaration. Throws on a table that has no one
 * order: a required field after an optional one, or a name that JavaScript would move to the front.
 */
export function shape<const F extends Readonly<Record<string, Field<unknown>>>>(
  name: string,
  fields: F,
): Shape<FieldsValue<F>> {
  const table = Object.entries(fields);
  const required = table.filter(([, field]) => field.optional !== true).length;
  if (table.slice(0, required).some(([, field]) => field.optional === true)) {
    throw new RangeError(`record ${name}: an optional field must come last`);
  }
  if (table.some(([key]) => /^\d/.test(key)))
    throw new RangeError(`record ${name}: a field named as a number`);

  const toCbor = (value: FieldsValue<F>): CborValue => {
    const source = value as Readonly<Record<string, unknown>>;
    const row: CborValue[] = [];
    for (const [index, [key, field]] of table.entries()) {
      const part = source[key];
      if (part === undefined && field.optional === true) continue;
      if (row.length !== index) throw new RangeError(`record ${name}: ${key} without the field before it`);
      try {
        row.push(field.toCbor(part));
      } catch (cause) {
        throw new RangeError(`record ${name}, field ${key}: ${(cause as Error).message}`, { cause });
      }
    }
    return row;
  };

  const fromCbor = (value: CborValue): FieldsValue<F> | undefined => {
    if (!isArray(value) || value.length < required) return undefined;
    const read: Record<string, unknown> = {};
    for (const [index, inner] of value.entries()) {
      const row = table[index];
      const part = row?.[1].fromCbor(inner);
      // No row: the array is longer than the record.
      if (row === undefined || part === undefined) return undefined;
      read[row[0]] = part;
    }
    return read as FieldsValue<F>;
  };

  return {
    name,
    toCbor,
    fromCbor,
    encode: (value) => encode(toCbor(value)),
    decode(bytes, bytesMax) {
      const decoded = decode(bytes, bytesMax);
      if (!decoded.ok) return decoded;
      const value = fromCbor(decoded.value);
      return value === undefined ? refuse("MALFORMED", `record/${name}`) : accept(value);
    },
  };
}

function isArray(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value);
}
