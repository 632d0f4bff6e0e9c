/**
 * Who asks: an account with a session, from a kind of client. Not what they may: `access.ts` finds their roles, and
 * `model/permission.ts` judges them.
 */
import type { ClientClass } from "../model/permission.ts";

export interface Actor {
  readonly accountId: string;
  /** The person behind the account. */
  readonly personId: string;
  /** This log-in, as courier books know it. */
  readonly phoneId: string;
  readonly client: ClientClass;
  readonly clientName: string;
  readonly clientVersion: string;
  /** Of the vendor's support: may open, read and change nothing. */
  readonly isVendor: boolean;
}
