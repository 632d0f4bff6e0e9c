/**
 * Phone messages by a gateway: one `POST` of `{"to", "text"}` in JSON, with a bearer token. Which gateway that is, the
 * property chooses. It follows no redirect, which would carry the text elsewhere.
 */
import {
  failed,
  type Message,
  type Messenger,
  type Sent,
  sendMillisecondsMax,
  unfitness,
} from "./message.ts";

export interface WebhookPlace {
  readonly url: string;
  readonly token?: string;
}

/** Answers that are about this message, and would be the same next time. Others are about us, or pass. */
const lastWords: readonly number[] = [400, 410, 413, 422];

export function webhookMessenger(
  place: WebhookPlace,
  millisecondsMax: number = sendMillisecondsMax,
): Messenger {
  return {
    async send(message) {
      const unfit = unfitness(message);
      if (unfit !== undefined) return failed(unfit, true);
      return await post(place, message, millisecondsMax);
    },
  };
}

async function post(place: WebhookPlace, message: Message, millisecondsMax: number): Promise<Sent> {
  try {
    const response = await fetch(place.url, {
      method: "POST",
      redirect: "error",
      headers: {
        "content-type": "application/json",
        "idempotency-key": message.id,
        ...(place.token === undefined ? {} : { authorization: `Bearer ${place.token}` }),
      },
      body: JSON.stringify({ to: message.to, text: message.text }),
      signal: AbortSignal.timeout(millisecondsMax),
    });
    // What it says beside the status is not read: a gateway may echo the text, and it may never end.
    await response.body?.cancel();
    if (response.ok) return { ok: true };
    return failed(`the message gateway answered ${response.status}`, lastWords.includes(response.status));
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    const why = isLate
      ? `said nothing for ${millisecondsMax / 1_000} s`
      : `cannot be reached (${causeOf(error)})`;
    return failed(`the message gateway ${why}`);
  }
}

/** fetch hides the reason one level down. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof Error && "code" in cause) return String(cause.code);
  return cause instanceof Error ? cause.message : error.message;
}
