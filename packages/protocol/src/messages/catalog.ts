/**
 * Every message on the air: number, direction, and the most bytes its body may have in each direction. Not their
 * layouts (one file each) and not who may say what when (session/dialogue.ts).
 */

import { messageBytesMax, updateBytesMax } from "../limits.ts";

interface MessageRow {
  readonly type: number;
  /** Most body bytes phone to lock; undefined: never said in this direction. */
  readonly toLock?: number;
  /** Most body bytes lock to phone. */
  readonly toPhone?: number;
}

/** Numbers are never reused. 15 and 19 to 31 are kept. */
export const messageCatalog = {
  hello: { type: 1, toLock: 1, toPhone: 64 },
  update: { type: 2, toLock: updateBytesMax },
  manifest: { type: 3, toLock: updateBytesMax },
  /** To the lock with an empty body: please say the receipt again. */
  receipt: { type: 4, toLock: 0, toPhone: 128 },
  time: { type: 5, toLock: 128 },
  chunk: { type: 6, toLock: messageBytesMax },
  next: { type: 7, toPhone: 16 },
  refusal: { type: 8, toPhone: 16 },
  commission: { type: 10, toLock: updateBytesMax, toPhone: updateBytesMax },
  rotation: { type: 11, toLock: updateBytesMax },
  pull: { type: 12, toLock: 8 },
  segment: { type: 13, toPhone: messageBytesMax },
  ack: { type: 14, toLock: 128 },
  "unlock-start": { type: 16, toLock: 48, toPhone: 48 },
  unlock: { type: 17, toLock: 256 },
  unlocked: { type: 18, toPhone: 32 },
} as const satisfies Record<string, MessageRow>;

export type MessageName = keyof typeof messageCatalog;
export type Direction = "toLock" | "toPhone";

/** One message, whole: what frames carry. */
export interface Message {
  readonly type: number;
  readonly body: Uint8Array;
}

export function messageType(name: MessageName): number {
  return messageCatalog[name].type;
}

/** Name of a type number, or undefined for one this version does not know. */
export function messageName(type: number): MessageName | undefined {
  for (const name of Object.keys(messageCatalog) as MessageName[]) {
    if (messageCatalog[name].type === type) return name;
  }
  return undefined;
}

/** Bound of a message's body in one direction, for the frames; undefined: not said there, refused as UNSUPPORTED. */
export function bodyBytesMax(direction: Direction): (type: number) => number | undefined {
  return (type) => {
    const name = messageName(type);
    const row: MessageRow | undefined = name === undefined ? undefined : messageCatalog[name];
    return row?.[direction];
  };
}
