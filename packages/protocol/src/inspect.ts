/**
 * The face for people who look: any bytes of the protocol in words. It verifies nothing and opens nothing that is
 * sealed; what it prints is what the bytes claim.
 */

export { diagnose } from "./cbor/diagnose.ts";
export { type Advertised, gatt, type Hint, readAdvertised, readHint } from "./link/gatt.ts";
export { describeEvent, describeItem, describeMessage, describeParcel } from "./messages/describe.ts";
export { type MessageFields, messageFields } from "./messages/fields.ts";
