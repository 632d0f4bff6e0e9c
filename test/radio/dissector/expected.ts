/**
 * What our own decoder says, in the words in which tshark prints it, and captures on paper that both are given. Not the
 * dissector: nothing here asks tshark.
 */
import { createOverhearer } from "../../../packages/lock-sim/src/cli/overhear.ts";
import type { Bytes } from "../../../packages/protocol/src/bytes.ts";
import { emptyOutbox, segment } from "../../../packages/protocol/src/link/frame.ts";
import { type MessageName, messageName } from "../../../packages/protocol/src/messages/catalog.ts";
import { conditionFlags } from "../../../packages/protocol/src/messages/condition.ts";
import { messageFields } from "../../../packages/protocol/src/messages/fields.ts";
import { helloFlags } from "../../../packages/protocol/src/messages/hello.ts";
import { receiptFlags } from "../../../packages/protocol/src/messages/receipt.ts";
import { refusalByCode } from "../../../packages/protocol/src/refusal.ts";
import type { PaperAir } from "../../support/paper-air.ts";
import type { Dissected } from "../../support/tshark.ts";

// ---- What our decoder says, as tshark prints it ----

/** A value as tshark prints it. */
export const shown = (value: number | string | boolean): string => {
  if (typeof value === "boolean") return value ? "1" : "0";
  return typeof value === "number" ? String(value) : (value.match(/../g) ?? []).join(":");
};

const flagTables: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  hello: { ...helloFlags, ...conditionFlags },
  receipt: { ...receiptFlags, ...conditionFlags },
};

/** Every field of a message; a shape that is not the documented one is the only thing said of it. */
export function expectedOf(type: number, body: Bytes): Dissected {
  const name = messageName(type) as MessageName;
  const fields = messageFields({ type, body });
  const head = { message: [name], "message.type": [String(type)], "message.bytes": [String(body.length)] };
  if (fields === undefined) return { ...head, "message.trouble": ["not of the documented shape"] };
  const said: Record<string, string[]> = {};
  for (const [key, value] of Object.entries(fields)) {
    if (value !== "") said[`${name}.${key}`] = [shown(value)];
    if (key !== "flags") continue;
    for (const [flag, mask] of Object.entries(flagTables[name] ?? {})) {
      said[`${name}.flags.${flag}`] = [shown((Number(value) & mask) !== 0)];
    }
  }
  const refusal = name === "refusal" ? refusalByCode(Number(fields["code"])) : undefined;
  if (refusal !== undefined) said["refusal.name"] = [refusal];
  return { ...head, ...said };
}

/** What tshark says of the message in a packet, without how it was cut. */
export function messageOf(dissected: Dissected | undefined): Dissected {
  return Object.fromEntries(
    Object.entries(dissected ?? {}).filter(
      ([name]) => !/^(frame|expert)\./.test(name) && name !== "message.frames",
    ),
  );
}

// ---- Saying things on paper ----

export interface Speaker {
  say(type: number, body: Bytes): void;
  frame(bytes: Bytes): void;
}

/** One direction of a connection; `told`: what our own decoder made of each frame, by the packet that ended it. */
export function speaker(
  air: PaperAir,
  direction: "toLock" | "toPhone",
  mtu: number,
  told: Map<number, Dissected>,
): Speaker {
  const overhear = createOverhearer(direction);
  let outbox = emptyOutbox;
  const frame = (bytes: Bytes): void => {
    air[direction](bytes);
    const heard = overhear(bytes);
    const number = air.packets.length;
    if (heard.kind === "more") told.set(number, {});
    else if (heard.kind === "trouble") told.set(number, { "frame.trouble": [heard.check] });
    else {
      const { type, body } = heard.message;
      told.set(number, { ...expectedOf(type, body), "message.frames": [String(heard.frames)] });
    }
  };
  return {
    frame,
    say(type, body) {
      const cut = segment(outbox, type, body, mtu - 3);
      outbox = cut.outbox;
      for (const each of cut.frames) frame(each);
    },
  };
}

/** Fields beside those of a frame's head, which are in every packet, and beside Wireshark's own remarks. */
export function saidIn(dissected: Dissected | undefined): Dissected {
  const own = ["frame.first", "frame.last", "frame.sequence"];
  return Object.fromEntries(
    Object.entries(dissected ?? {}).filter(([name]) => !own.includes(name) && !name.startsWith("expert.")),
  );
}

/** What comes before the first frame of every visit. */
export function begin(air: PaperAir, mtu: number): void {
  air.opened();
  air.exchangeMtu(mtu);
  air.discover();
  air.subscribe();
}
