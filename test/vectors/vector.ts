/** What a vector of a message says: the file format of messages.json. Not the vectors themselves. */
/** What the judge holds and is told; byte strings as hex. */
export type Judged =
  | {
      readonly as: "update" | "manifest";
      readonly table: "before" | "after";
      readonly version: number;
      readonly lowerSeconds: number;
    }
  | { readonly as: "chunk"; readonly index: number; readonly hash: string; readonly afterId: number }
  | { readonly as: "receipt" | "hello" }
  | {
      readonly as: "time";
      readonly nonce: string;
      readonly elapsedSeconds: number;
      readonly floorSeconds: number;
      readonly tableIssuedAt: number;
    }
  | {
      readonly as: "commission-offer";
      readonly setupSecret: string;
      readonly lastEpoch: number;
      readonly entropy: string;
    }
  | { readonly as: "commission-reply" | "pull" }
  | { readonly as: "rotation"; readonly heldEpoch: number }
  | { readonly as: "segment"; readonly heldSeq: number; readonly heldHead: string }
  /** `heads`: after each event from number 0 on, with spaces between. */
  | { readonly as: "ack"; readonly ackedSeq: number; readonly heads: string }
  /** `ephemeral`: the secret of who judges. */
  | { readonly as: "unlock-start" | "unlock-start-reply"; readonly ephemeral: string }
  /** Over the handshake of the vector unlock-start; null: the clock was lost. */
  | {
      readonly as: "unlock";
      readonly elapsedSeconds: number;
      readonly version: number;
      readonly snapshotOnly: boolean;
      readonly lowerSeconds: number;
      readonly upperSeconds: number | null;
    }
  | { readonly as: "unlocked" };

export interface MessageVector {
  readonly id: string;
  readonly why: string;
  readonly near?: string;
  readonly judged: Judged;
  /** Every value on the way to the message, as hex; good vectors only. */
  readonly made?: Readonly<Record<string, string>>;
  readonly message: string;
  readonly verdict: "accepted" | "already" | { readonly refusal: string; readonly check: string };
}

/** A derived code; `day` counts local days since 1970-01-01. */
export interface DailyVector {
  readonly generation: number;
  readonly slot: number;
  readonly day: number;
  readonly code: string;
}

export interface MessageVectors {
  readonly about: string;
  readonly lock: { readonly lockId: string; readonly epoch: number };
  readonly keys: Readonly<Record<string, string>>;
  readonly tables: Readonly<
    Record<
      "before" | "after",
      { readonly version: number; readonly items: string; readonly digest: string; readonly state: string }
    >
  >;
  readonly dailyCodes: readonly DailyVector[];
  readonly messages: readonly MessageVector[];
}
