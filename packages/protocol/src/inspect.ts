/**
 * The face for people who look: any bytes of the protocol in words. It verifies nothing and opens nothing that is
 * sealed; what it prints is what the bytes claim.
 */

export { diagnose } from "./cbor/diagnose.ts";
export { describeEvent, describeItem, describeMessage, describeParcel } from "./messages/describe.ts";
