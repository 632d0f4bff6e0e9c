/**
 * One request from its session to its answer: limits, one transaction, the idempotency key, the audit. It knows neither
 * sockets nor JSON.
 */
import type { Actor } from "../desk/actor.ts";
import { whoHolds } from "../desk/sign-in.ts";
import { type Decision, type Denied, deny, grant } from "../model/denial.ts";
import { judgeLimit, limits } from "../model/limit.ts";
import type { Office } from "../office/office.ts";
import {
  claimKey,
  freeKey,
  holdKey,
  type KeptAnswer,
  keepAnswer,
  keptAnswer,
  settleKey,
  underWay,
} from "../store/answers.ts";
import { attemptsSince, noteAttempt } from "../store/trail.ts";
import { noteAudit } from "./audit.ts";
import { type Call, type Endpoint, isChange } from "./endpoint.ts";

export interface Request {
  readonly token: string | undefined;
  readonly idempotencyKey: string | undefined;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly address: string;
}

/** Who asks where nobody need say so. It has no standing anywhere. */
const nobody: Actor = {
  accountId: "",
  personId: "",
  phoneId: "",
  client: "desktop",
  clientName: "",
  clientVersion: "",
  isVendor: false,
};

const triesMax = 5;
export const idempotencyKeyPattern = /^[\x21-\x7e]{8,128}$/;

/** The answer's value, undefined where there is nothing to say. */
export async function serveCall(
  office: Office,
  endpoint: Endpoint,
  request: Request,
): Promise<Decision<unknown>> {
  const who = endpoint.access === "open" ? grant(nobody) : await whoHolds(office, request.token);
  if (!who.ok) return who;
  const actor = who.value;
  const { params, query, body, address } = request;
  const call = { office, actor, params, query, body, address } as Call<never, never, never>;
  const kept = await answeredBefore(office, endpoint, call, request);
  if (kept !== undefined) return kept;
  const free = await withinLimits(office, endpoint, call);
  if (!free.ok) return free;
  if (!isChange(endpoint)) return await endpoint.run(call);
  // Before anything is done: a token that is used tells nobody any more whose it was.
  const account = await endpoint.accountOf?.(call);
  const decision = await changing(office, endpoint, call, request, account);
  if (!decision.ok) await noteAudit(office, endpoint, call, decision, account);
  return decision;
}

/** A request that was answered is no new try: its answer under the same key, before anything is counted. */
async function answeredBefore(
  office: Office,
  endpoint: Endpoint,
  { actor }: Call<never, never, never>,
  request: Request,
): Promise<Decision<unknown> | undefined> {
  const key = request.idempotencyKey;
  if (endpoint.limits.length === 0 || key === undefined || !looksAtKeys(endpoint, actor)) return undefined;
  const kept = await keptAnswer(office.db, actor.accountId, key);
  if (kept === undefined || kept.status === underWay) return undefined;
  return again(office, actor, key, kept, digestOf(office, endpoint, actor, request));
}

/** Without a session a key is nobody's. */
function looksAtKeys(endpoint: Endpoint, actor: Actor): boolean {
  return isChange(endpoint) && !endpoint.isKeyless && actor.accountId !== "";
}

/**
 * TOO_MANY with the seconds to wait. A try counts before it is known what comes of it. The first that is one too many
 * within a window is in the audit, the others are not: they would be a way to fill it.
 */
async function withinLimits(
  office: Office,
  endpoint: Endpoint,
  call: Call<never, never, never>,
): Promise<Decision<true>> {
  for (const { rule, key, ruleOf, isFree } of endpoint.limits) {
    if ((await isFree?.(call)) === true) continue;
    const name = `${rule}/${key(call)}`;
    const set = ruleOf === undefined ? limits[rule] : await ruleOf(call);
    const free = await office.db.transaction().execute(async (trx) => {
      const tries = await attemptsSince(trx, name, office.now - set.windowSeconds);
      const judged = judgeLimit(set, tries, office.now);
      if (judged.ok) await noteAttempt(trx, name, office.now);
      return judged;
    });
    if (free.ok) continue;
    if (await isFirstRefusal(office, name, set.windowSeconds))
      await noteAudit(office, endpoint, call, free, await endpoint.accountOf?.(call));
    return free;
  }
  return grant(true);
}

async function isFirstRefusal(office: Office, name: string, windowSeconds: number): Promise<boolean> {
  const refused = `refused/${name}`;
  return await office.db.transaction().execute(async (trx) => {
    if ((await attemptsSince(trx, refused, office.now - windowSeconds)).length > 0) return false;
    await noteAttempt(trx, refused, office.now);
    return true;
  });
}

/** Carries a denial out of a transaction, which it undoes. */
class Undone extends Error {
  readonly denied: Denied;
  constructor(denied: Denied) {
    super(denied.denial);
    this.denied = denied;
  }
}

async function changing(
  office: Office,
  endpoint: Endpoint,
  call: Call<never, never, never>,
  request: Request,
  account: string | undefined,
): Promise<Decision<unknown>> {
  if (request.idempotencyKey !== undefined && !idempotencyKeyPattern.test(request.idempotencyKey))
    return deny("REQUEST_UNFIT", "idempotency-key");
  const key = looksAtKeys(endpoint, call.actor) ? request.idempotencyKey : undefined;
  const digest = digestOf(office, endpoint, call.actor, request);
  if (endpoint.isAlone) return await changingAlone(office, endpoint, call, { key, digest, account });
  for (let tries = 1; ; tries++) {
    try {
      return await office.db.transaction().execute(async (trx): Promise<Decision<unknown>> => {
        const desk = { ...office, db: trx };
        if (key !== undefined) {
          await holdKey(trx, call.actor.accountId, key);
          const kept = await keptAnswer(trx, call.actor.accountId, key);
          if (kept !== undefined) return again(office, call.actor, key, kept, digest);
        }
        const decision = await endpoint.run({ ...call, office: desk });
        if (!decision.ok) throw new Undone(decision);
        if (key !== undefined) {
          const body = sealAnswer(office, call.actor, key, decision.value);
          await keepAnswer(trx, {
            account_id: call.actor.accountId,
            key,
            digest,
            status: 200,
            body,
            at: office.now,
          });
        }
        await noteAudit(desk, endpoint, call, decision, account);
        return decision;
      });
    } catch (error) {
      if (error instanceof Undone) return error.denied;
      if (tries >= triesMax || !isWorthAnotherTry(error)) throw error;
    }
  }
}

/**
 * A change whose work waits in no transaction. The key is taken before and the answer kept after it: a process that dies
 * between leaves the key to the same request alone, which such an endpoint does once more with the same end.
 */
async function changingAlone(
  office: Office,
  endpoint: Endpoint,
  call: Call<never, never, never>,
  asked: {
    readonly key: string | undefined;
    readonly digest: Uint8Array;
    readonly account: string | undefined;
  },
): Promise<Decision<unknown>> {
  const { key, digest, account } = asked;
  const { actor } = call;
  const isKeyed = key !== undefined;
  const claim = { account_id: actor.accountId, key: key ?? "", digest, at: office.now };
  if (isKeyed) {
    const kept = await claimKey(office.db, claim);
    const isOurs = kept?.status === underWay && office.crypto.same(kept.digest, digest);
    if (kept !== undefined && !isOurs) return again(office, actor, key, kept, digest);
  }
  const decision = await endpoint.run(call);
  if (isKeyed && decision.ok) {
    const body = sealAnswer(office, actor, key, decision.value);
    await settleKey(office.db, { ...claim, status: 200, body });
  }
  if (isKeyed && !decision.ok) await freeKey(office.db, actor.accountId, key);
  if (decision.ok) await noteAudit(office, endpoint, call, decision, account);
  return decision;
}

/** The same answer as the first time; KEY_REUSED for another request under the same key. */
function again(
  office: Office,
  actor: Actor,
  key: string,
  kept: KeptAnswer,
  digest: Uint8Array,
): Decision<unknown> {
  if (!office.crypto.same(kept.digest, digest)) return deny("KEY_REUSED");
  const opened = office.vault.open("answer", `${actor.accountId}/${key}`, Buffer.from(kept.body, "base64"));
  const { value } = JSON.parse(new TextDecoder().decode(opened)) as { readonly value?: unknown };
  return grant(value);
}

/** An answer may hold digits, so it lies sealed as they do. */
function sealAnswer(office: Office, actor: Actor, key: string, value: unknown): string {
  const text = new TextEncoder().encode(JSON.stringify({ value }));
  return Buffer.from(office.vault.seal("answer", `${actor.accountId}/${key}`, text)).toString("base64");
}

/**
 * Under the vault's key: a request may hold digits, and a plain hash of four is as good as the digits. What a phone was
 * told is not told at a desktop (F27).
 */
function digestOf(office: Office, endpoint: Endpoint, { client }: Actor, request: Request): Uint8Array {
  const { params, query, body } = request;
  const text = JSON.stringify([endpoint.name, client, params ?? null, query ?? null, body ?? null]);
  return new Uint8Array(Buffer.from(office.vault.mark("request", text), "hex"));
}

/** Two transactions stood in each other's way, and one of them was chosen to begin again. */
function isWorthAnotherTry(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "40001" || code === "40P01" || code === "23505";
}
