/** Shapes that several endpoints share. */
import { type TInteger, type TObject, type TString, Type } from "typebox";

/** A row's id: 24 hex digits. */
export const Id: TString = Type.String({ pattern: "^[0-9a-f]{24}$" });
/** Seconds since 1970. */
export const Seconds: TInteger = Type.Integer({ minimum: 0, maximum: 0xffff_ffff });
export const Name: TString = Type.String({ minLength: 1, maxLength: 100 });
export const Email: TString = Type.String({ minLength: 3, maxLength: 254 });

export const DoorPath: TObject<{ door: typeof Id }> = Type.Object({ door: Id });
export const PropertyPath: TObject<{ property: typeof Id }> = Type.Object({ property: Id });
