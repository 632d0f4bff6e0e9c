/**
 * E-mail by SMTP. Away from this machine only under TLS with a checked certificate, because the text may hold a
 * doorcode or a reset link. It keeps no queue and no open connection: what fails stays the caller's.
 */
import { isLoopback } from "./loopback.ts";
import {
  failed,
  type Message,
  type Messenger,
  type Sent,
  sendMillisecondsMax,
  unfitness,
} from "./message.ts";

export interface SmtpPlace {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte; otherwise STARTTLS, which is demanded away from loopback. */
  readonly isTls: boolean;
  readonly auth?: { readonly user: string; readonly pass: string };
}

/** The place behind `smtp[s]://[user:password@]host[:port]`, or undefined. */
export function smtpPlace(url: string): SmtpPlace | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(url);
  const isTls = protocol === "smtps:";
  if ((!isTls && protocol !== "smtp:") || hostname === "") return undefined;
  if (!["", "/"].includes(pathname) || search !== "" || hash !== "") return undefined;
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const place = { host, port: port === "" ? (isTls ? 465 : 587) : Number(port), isTls };
  if (username === "") return place;
  const user = unescaped(username);
  const pass = unescaped(password);
  return user === undefined || pass === undefined ? undefined : { ...place, auth: { user, pass } };
}

function unescaped(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a % that escapes nothing
  }
}

export function smtpMessenger(
  place: SmtpPlace,
  from: string,
  millisecondsMax: number = sendMillisecondsMax,
): Messenger {
  return {
    async send(message) {
      const unfit = unfitness(message);
      if (unfit !== undefined) return failed(unfit, true);
      return await handOver(place, from, message, millisecondsMax);
    },
  };
}

async function handOver(
  place: SmtpPlace,
  from: string,
  message: Message,
  millisecondsMax: number,
): Promise<Sent> {
  // Loaded by the first message: a program that sends none does not need it.
  const { createTransport } = await import("nodemailer");
  const isHere = isLoopback(place.host);
  const transport = createTransport({
    host: place.host,
    port: place.port,
    secure: place.isTls,
    requireTLS: !isHere,
    // A relay on this machine has no certificate worth checking, and nothing leaves the machine on the way to it.
    ignoreTLS: isHere,
    ...(place.auth === undefined ? {} : { auth: place.auth }),
    connectionTimeout: millisecondsMax,
    greetingTimeout: millisecondsMax,
    socketTimeout: millisecondsMax,
    dnsTimeout: millisecondsMax,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const sending: Promise<Sent> = transport
    .sendMail({
      from,
      to: message.to,
      subject: message.subject,
      text: message.text,
      messageId: `<${message.id}@doorsync.invalid>`,
    })
    .then(
      () => ({ ok: true }),
      (error: unknown) => refused(error),
    );
  // Each step has a limit of its own; a server that is slow in every one must not hold the caller for their sum.
  let stop = (): void => {};
  const late = new Promise<Sent>((resolve) => {
    const timer = setTimeout(
      () => resolve(failed(`the mail server took longer than ${millisecondsMax / 1_000} s`)),
      millisecondsMax,
    );
    stop = () => clearTimeout(timer);
  });
  try {
    return await Promise.race([sending, late]);
  } finally {
    stop();
    transport.close();
  }
}

/**
 * 5xx about the recipient or the text is the server's last word. About who we are (the sender, a login, and by the
 * class 5.7 also whether it relays for us) it is a setting, which somebody can mend.
 */
function refused(error: unknown): Sent {
  const said = error instanceof Error ? error : new Error(String(error));
  const { responseCode, command } = said as Error & {
    readonly responseCode?: unknown;
    readonly command?: unknown;
  };
  const isLastWord = typeof responseCode === "number" && responseCode >= 500 && responseCode < 600;
  const isAboutMessage = command === "RCPT TO" || command === "DATA";
  const isAboutUs = /\b5\.7\.\d/.test(said.message);
  return failed(`the mail server: ${oneLine(said.message)}`, isLastWord && isAboutMessage && !isAboutUs);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 200);
}
