/**
 * Any bytes as CBOR of our profile (P15): what the scanner accepts decodes, and encodes to the same bytes again; a
 * second decoder that shares no code with ours agrees on the value; what is refused has a name.
 */
import { decode as decodeOther } from "cborg";
import { equal } from "../../packages/protocol/src/bytes.ts";
import { type CborValue, decode, encode } from "../../packages/protocol/src/cbor/codec.ts";
import { diagnose } from "../../packages/protocol/src/cbor/diagnose.ts";
import { scan } from "../../packages/protocol/src/cbor/scan.ts";
import { hold } from "../cast/claim.ts";
import { reached } from "../cast/reached.ts";

const bytesMax = 2_048;

/** The same value with what the two decoders name differently brought to one name. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Uint8Array) return [...value].join(",");
  if (value instanceof Map) return [...value].map(([key, inner]) => [Number(key), plain(inner)]);
  if (Array.isArray(value)) return { list: value.map(plain) };
  return value;
}

export function fuzz(data: Buffer): void {
  const bytes = new Uint8Array(data);
  const scanned = scan(bytes, bytesMax);
  const decoded = decode(bytes, bytesMax);
  hold(scanned.ok === decoded.ok, "P15: the scanner alone decides what is decoded");
  hold(diagnose(bytes).length > 0, "P16: any bytes can be shown");
  if (!decoded.ok) {
    hold(decoded.refusal === "MALFORMED" && decoded.check.startsWith("cbor/"), "P15: every trap has a name");
    return;
  }
  reached("cbor: accepted");
  hold(bytes.length <= bytesMax, "P15: nothing longer than the bound is decoded");
  hold(equal(encode(decoded.value), bytes), "P15: what is accepted encodes to the same bytes");
  const other = decodeOther(bytes, { useMaps: true, rejectDuplicateMapKeys: true }) as CborValue;
  hold(
    JSON.stringify(plain(other)) === JSON.stringify(plain(decoded.value)),
    "P15: two decoders agree on what was accepted",
  );
}
