/**
 * One request from its session to its answer: limits, one transaction, the idempotency key, the audit. It knows neither
 * sockets nor JSON.
 */
import type { Actor } from "../desk/actor.ts";
import { whoHolds } from "../desk/sign-in.ts";
import { type Decision, type Denied, deny, grant } from "../model/denial.ts";
import { judgeLimit, limits } from "../model/limit.ts";
import type { Office } from "../office/office.ts";
import { holdKey, type KeptAnswer, keepAnswer, keptAnswer } from "../store/answers.ts";
import { attemptsSince, noteAttempt, noteDecision } from "../store/trail.ts";
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
  const free = await withinLimits(office, endpoint, call);
  if (!free.ok) return free;
  if (!isChange(endpoint)) return await endpoint.run(call);
  const decision = await changing(office, endpoint, call, request);
  if (!decision.ok) await audit(office, endpoint, call, decision);
  return decision;
}

/** TOO_MANY with the seconds to wait. A try counts before it is known what comes of it. */
async function withinLimits(
  office: Office,
  endpoint: Endpoint,
  call: Call<never, never, never>,
): Promise<Decision<true>> {
  for (const { rule, key, ruleOf } of endpoint.limits) {
    const name = `${rule}/${key(call)}`;
    const set = ruleOf === undefined ? limits[rule] : await ruleOf(call);
    const free = await office.db.transaction().execute(async (trx) => {
      const tries = await attemptsSince(trx, name, office.now - set.windowSeconds);
      const judged = judgeLimit(set, tries, office.now);
      if (judged.ok) await noteAttempt(trx, name, office.now);
      return judged;
    });
    if (!free.ok) return free;
  }
  return grant(true);
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
): Promise<Decision<unknown>> {
  if (request.idempotencyKey !== undefined && !idempotencyKeyPattern.test(request.idempotencyKey))
    return deny("REQUEST_UNFIT", "idempotency-key");
  // A courier's calls do no more the second time; their answers are large, and not kept.
  const key = endpoint.area === "courier" ? undefined : request.idempotencyKey;
  if (endpoint.isAlone) {
    const decision = await endpoint.run(call);
    if (decision.ok) await audit(office, endpoint, call, decision);
    return decision;
  }
  const digest = digestOf(office, endpoint, request);
  for (let tries = 1; ; tries++) {
    try {
      return await office.db.transaction().execute(async (trx): Promise<Decision<unknown>> => {
        const desk = { ...office, db: trx };
        if (key !== undefined && call.actor.accountId !== "") {
          await holdKey(trx, call.actor.accountId, key);
          const kept = await keptAnswer(trx, call.actor.accountId, key);
          if (kept !== undefined) return again(office, call.actor, key, kept, digest);
        }
        const decision = await endpoint.run({ ...call, office: desk });
        if (!decision.ok) throw new Undone(decision);
        if (key !== undefined && call.actor.accountId !== "") {
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
        await audit(desk, endpoint, call, decision);
        return decision;
      });
    } catch (error) {
      if (error instanceof Undone) return error.denied;
      if (tries >= triesMax || !isWorthAnotherTry(error)) throw error;
    }
  }
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

/** Under the vault's key: a request may hold digits, and a plain hash of four is as good as the digits. */
function digestOf(office: Office, endpoint: Endpoint, request: Request): Uint8Array {
  const { params, query, body } = request;
  const text = JSON.stringify([endpoint.name, params ?? null, query ?? null, body ?? null]);
  return new Uint8Array(Buffer.from(office.vault.mark("request", text), "hex"));
}

/** Two transactions stood in each other's way, and one of them was chosen to begin again. */
function isWorthAnotherTry(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "40001" || code === "40P01" || code === "23505";
}

async function audit(
  office: Office,
  endpoint: Endpoint,
  call: Call<never, never, never>,
  decision: Decision<unknown>,
): Promise<void> {
  const {
    door = null,
    property = null,
    person = null,
  } = (call.params ?? {}) as Record<string, string | null>;
  await noteDecision(office.db, {
    at: office.now,
    account_id: call.actor.accountId === "" ? null : call.actor.accountId,
    property_id: property ?? (door === null ? null : await propertyOfDoor(office, door)),
    door_id: door,
    person_id: person,
    action: endpoint.name,
    decision: decision.ok ? "granted" : decision.denial,
    detail: decision.ok ? null : (decision.detail ?? null),
  });
}

async function propertyOfDoor(office: Office, doorId: string): Promise<string | null> {
  const row = await office.db
    .selectFrom("doors")
    .select("property_id")
    .where("id", "=", doorId)
    .executeTakeFirst();
  return row?.property_id ?? null;
}
