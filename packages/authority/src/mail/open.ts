/**
 * Chooses how messages leave this house, from the environment: e-mail by SMTP, phone messages by a gateway, and the
 * outbox folder for either where nothing is set. It sends nothing itself.
 *
 *   SMTP_URL               smtp[s]://[user:password@]host[:port]
 *   MAIL_FROM              the sender's address
 *   MESSAGE_WEBHOOK_URL    https://…, takes phone messages
 *   MESSAGE_WEBHOOK_TOKEN  its bearer token
 */
import { join } from "node:path";
import { Trouble } from "../trouble.ts";
import { isLoopback } from "./loopback.ts";
import { failed, type Messenger, placeOf } from "./message.ts";
import { outboxMessenger } from "./outbox.ts";
import { smtpMessenger, smtpPlace } from "./smtp.ts";
import { type WebhookPlace, webhookMessenger } from "./webhook.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface OpenedMessenger extends Messenger {
  /** How each kind of address is served, for people; without passwords and tokens. */
  readonly ways: { readonly email: string; readonly phone: string };
}

/** Throws Trouble for a setting that cannot be meant. */
export function openMessenger(env: Environment, dataFolder: string): OpenedMessenger {
  const folder = join(dataFolder, "outbox");
  const from = senderOf(env);
  const outbox = outboxMessenger(folder, from);
  const mail = mailPlace(env);
  const gateway = gatewayPlace(env);
  const messengers = {
    email: mail === undefined ? outbox : smtpMessenger(mail, from),
    phone: gateway === undefined ? outbox : webhookMessenger(gateway),
  };
  return {
    ways: {
      email: mail === undefined ? `files in ${folder}` : `SMTP to ${mail.host}:${mail.port}`,
      phone: gateway === undefined ? `files in ${folder}` : `POST to ${new URL(gateway.url).host}`,
    },
    async send(message) {
      const place = placeOf(message.to);
      if (place === undefined) return failed("this is no e-mail address and no phone number", true);
      return await messengers[place].send(message);
    },
  };
}

function senderOf(env: Environment): string {
  const from = setting(env, "MAIL_FROM");
  if (from === undefined) return "doorsync@localhost";
  if (placeOf(from) === "email") return from;
  throw new Trouble("MAIL_FROM is no e-mail address", "give the sender's bare address: doors@example.org");
}

function mailPlace(env: Environment): ReturnType<typeof smtpPlace> {
  const url = setting(env, "SMTP_URL");
  if (url === undefined) return undefined;
  const place = smtpPlace(url);
  if (place !== undefined) return place;
  // The value is not repeated: it may hold a password.
  throw new Trouble("SMTP_URL is no address of a mail server", "give smtps://user:password@host:465");
}

function gatewayPlace(env: Environment): WebhookPlace | undefined {
  const url = setting(env, "MESSAGE_WEBHOOK_URL");
  if (url === undefined) return undefined;
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isSafe =
    parsed !== undefined &&
    parsed.username === "" &&
    (parsed.protocol === "https:" || (parsed.protocol === "http:" && isLoopback(parsed.hostname)));
  if (!isSafe) {
    throw new Trouble(
      "MESSAGE_WEBHOOK_URL is no https address",
      "give https://host/path, and the secret in MESSAGE_WEBHOOK_TOKEN",
    );
  }
  const token = setting(env, "MESSAGE_WEBHOOK_TOKEN");
  if (token === undefined) return { url };
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new Trouble("MESSAGE_WEBHOOK_TOKEN cannot stand in a header", "give visible ASCII characters only");
  }
  return { url, token };
}

/** An empty variable is an unset one. */
function setting(env: Environment, name: string): string | undefined {
  const value = env[name]?.trim();
  return value === "" ? undefined : value;
}
