/** Shapes that several endpoints share. */
import { type TInteger, type TObject, type TSchema, type TString, Type } from "typebox";

/** A row's id: 24 hex digits. */
export const Id: TString = Type.String({ pattern: "^[0-9a-f]{24}$" });
/** Seconds since 1970. */
export const Seconds: TInteger = Type.Integer({ minimum: 0, maximum: 0xffff_ffff });
export const Name: TString = Type.String({ minLength: 1, maxLength: 100 });
export const Email: TString = Type.String({ minLength: 3, maxLength: 254 });

/** Local hours of the week, as somebody asks for them and is told of them. */
export const Windows = Type.Array(
  Type.Object(
    {
      days: Type.Integer({ minimum: 0, maximum: 255, description: "bit 0 is Sunday" }),
      startMinute: Type.Integer({ minimum: 0, maximum: 0xffff, description: "of the local day" }),
      endMinute: Type.Integer({
        minimum: 0,
        maximum: 0xffff,
        description: "not after the start: it crosses midnight",
      }),
    },
    { additionalProperties: false },
  ),
  { maxItems: 64 },
);

const orNull = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
const Count = Type.Integer({ minimum: 0 });
/** What limits a code; null where nothing does. */
export const Terms = Type.Object({
  from: orNull(Seconds),
  until: orNull(Seconds),
  uses: orNull(Count),
  minutes: orNull(Count),
  windows: orNull(Windows),
});

export const DoorPath: TObject<{ door: typeof Id }> = Type.Object({ door: Id });
export const PropertyPath: TObject<{ property: typeof Id }> = Type.Object({ property: Id });
