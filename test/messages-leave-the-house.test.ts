// Messages that leave the house: by a real SMTP server, a real HTTP gateway and real files, all on loopback. Each way
// out says clearly what failed and whether trying again helps, within its deadline. Not the rows that wait (the store).
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import {
  type Message,
  nextTry,
  placeOf,
  textCharactersMax,
  triesMax,
} from "../packages/authority/src/mail/message.ts";
import { openMessenger } from "../packages/authority/src/mail/open.ts";
import { smtpMessenger, smtpPlace } from "../packages/authority/src/mail/smtp.ts";
import { texts } from "../packages/authority/src/mail/texts.ts";
import { webhookMessenger } from "../packages/authority/src/mail/webhook.ts";

let folder = "";
const ends: (() => void)[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "doorsync-mail-"));
});
afterEach(() => {
  for (const end of ends.splice(0)) end();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const letter: Message = {
  id: "m-1",
  to: "guest@example.org",
  subject: "A doorcode for one day",
  text: "Tür 3: 0042\nBis Mitternacht.\n",
};
const dataFolder = (): string => mkdtempSync(join(folder, "data-"));

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return portOf(server);
}

/** A mail server with these manners, and what it took. */
async function mailServer(options: SMTPServerOptions = {}): Promise<{ url: string; taken: string[] }> {
  const taken: string[] = [];
  const server = new SMTPServer({
    authOptional: true,
    onData(stream, _session, done) {
      const parts: Buffer[] = [];
      stream.on("data", (part: Buffer) => parts.push(part));
      stream.on("end", () => {
        taken.push(Buffer.concat(parts).toString("utf8"));
        done();
      });
    },
    ...options,
  });
  server.on("error", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  ends.push(() => server.close());
  return { url: `smtp://127.0.0.1:${portOf(server.server)}`, taken };
}

interface Posted {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A message gateway that answers with this status, and what it was sent. */
async function gateway(status: number, headers: Readonly<Record<string, string>> = {}) {
  const posted: Posted[] = [];
  const server = createHttpServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      posted.push({ headers: request.headers, body: Buffer.concat(parts).toString("utf8") });
      response.writeHead(status, headers).end("an answer that nobody reads");
    });
  });
  return { url: `http://127.0.0.1:${await listening(server)}/send`, posted };
}

/** Takes connections and never says a word. */
async function mute(): Promise<number> {
  return await listening(createServer(() => {}));
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const port = portOf(server);
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

const placeAt = (url: string) => {
  const place = smtpPlace(url);
  if (place === undefined) throw new Error(`no place: ${url}`);
  return place;
};

describe("the outbox folder, where nothing is set up", () => {
  test("a message is one whole file that only its owner reads; sent twice it is still one", async () => {
    const data = dataFolder();
    const messenger = openMessenger({}, data);
    expect(await messenger.send(letter)).toEqual({ ok: true });
    expect(await messenger.send(letter)).toEqual({ ok: true });
    expect(await messenger.send({ ...letter, id: "m-2", to: "+4915112345678" })).toEqual({ ok: true });
    const outbox = join(data, "outbox");
    expect(readdirSync(outbox).sort()).toEqual(["m-1.eml", "m-2.eml"]);
    expect(statSync(join(outbox, "m-1.eml")).mode & 0o777).toBe(0o600);
    expect(statSync(outbox).mode & 0o777).toBe(0o700);
    const [head = "", text] = readFileSync(join(outbox, "m-1.eml"), "utf8").split("\r\n\r\n");
    expect(head.split("\r\n")).toEqual(
      expect.arrayContaining(["To: guest@example.org", "Subject: A doorcode for one day"]),
    );
    expect(text).toBe("Tür 3: 0042\r\nBis Mitternacht.\r\n");
    expect(messenger.ways).toEqual({ email: `files in ${outbox}`, phone: `files in ${outbox}` });
  });

  test("a folder that cannot be written is a failure to try again, and leaves no half file", async () => {
    const data = dataFolder();
    writeFileSync(join(data, "outbox"), "in the way");
    const sent = await openMessenger({}, data).send(letter);
    expect(sent).toMatchObject({ ok: false, isForGood: false });
    expect(readdirSync(data)).toEqual(["outbox"]);
  });
});

describe("nothing of a message can forge a header or a recipient", () => {
  const unfit: readonly (readonly [string, Partial<Message>])[] = [
    ["a line break in the address", { to: "guest@example.org\r\nBcc: other@example.org" }],
    ["two addresses", { to: "guest@example.org,other@example.org" }],
    ["a name around the address", { to: "Guest <guest@example.org>" }],
    ["no address", { to: "" }],
    ["a number without its country", { to: "015112345678" }],
    ["a line break in the subject", { subject: "hello\nBcc: other@example.org" }],
    ["an id that leaves the folder", { id: "../keys/root" }],
    ["a text without end", { text: "x".repeat(textCharactersMax + 1) }],
  ];
  test.each(unfit)("%s is refused for good, by every way out", async (_what, fault) => {
    const { url, taken } = await mailServer();
    const { url: hook, posted } = await gateway(200);
    const data = dataFolder();
    const both = openMessenger({ SMTP_URL: url, MESSAGE_WEBHOOK_URL: hook }, data);
    const bad = { ...letter, ...fault };
    for (const messenger of [
      openMessenger({}, data),
      both,
      smtpMessenger(placeAt(url), "a@b"),
      webhookMessenger({ url: hook }),
    ]) {
      expect(await messenger.send(bad)).toMatchObject({ ok: false, isForGood: true });
    }
    expect(taken).toEqual([]);
    expect(posted).toEqual([]);
    expect(existsSync(join(data, "outbox"))).toBe(false);
    expect(existsSync(join(data, "keys"))).toBe(false);
  });

  test("an address with one character that means more to a mail server is none", () => {
    const good = fc.constantFrom("a.b+c@example.org", "doors@localhost", "+15551234567", "x@a-b.c");
    const more = fc.constantFrom(...'<>(),;: \r\n\t\0"\\@é\u2028');
    fc.assert(
      fc.property(good, more, fc.nat(20), (address, character, at) => {
        expect(placeOf(address)).toBe(address.startsWith("+") ? "phone" : "email");
        // An @ makes an address of a number, and that is fair.
        fc.pre(character !== "@" || !address.startsWith("+"));
        const place = at % (address.length + 1);
        expect(placeOf(address.slice(0, place) + character + address.slice(place))).toBeUndefined();
      }),
    );
  });
});

describe("SMTP", () => {
  test("a message reaches the server as it was meant", async () => {
    const { url, taken } = await mailServer();
    const env = { SMTP_URL: url, MAIL_FROM: "doors@example.org" };
    expect(await openMessenger(env, dataFolder()).send(letter)).toEqual({ ok: true });
    expect(taken.length).toBe(1);
    expect(taken[0]).toContain("From: doors@example.org");
    expect(taken[0]).toContain("To: guest@example.org");
    expect(taken[0]).toContain("Subject: A doorcode for one day");
    expect(taken[0]).toContain("Message-ID: <m-1@doorsync.invalid>");
    expect(taken[0]).toContain("T=C3=BCr 3: 0042");
  });

  test("a name and a password from the URL are shown to the server, percent signs undone", async () => {
    const seen: unknown[] = [];
    const { url, taken } = await mailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth({ username, password }, _session, done) {
        seen.push([username, password]);
        done(null, { user: username });
      },
    });
    const messenger = smtpMessenger(placeAt(url.replace("://", "://door%40house:p%2Fw@")), "a@example.org");
    expect(await messenger.send(letter)).toEqual({ ok: true });
    expect(seen).toEqual([["door@house", "p/w"]]);
    expect(taken.length).toBe(1);
  });

  const refusals: readonly (readonly [string, number, string, "onRcptTo" | "onMailFrom", boolean])[] = [
    ["no such mailbox", 550, "5.1.1 no such user", "onRcptTo", true],
    ["a full mailbox", 452, "4.2.2 mailbox full", "onRcptTo", false],
    ["a server that does not relay for us", 554, "5.7.1 relay access denied", "onRcptTo", false],
    ["a sender it does not like", 550, "5.1.8 bad sender", "onMailFrom", false],
  ];
  test.each(refusals)(
    "%s: the answer says whether trying again helps",
    async (_what, responseCode, words, at, isForGood) => {
      const { url, taken } = await mailServer({
        [at]: (_address: unknown, _session: unknown, done: (error: Error) => void) =>
          done(Object.assign(new Error(words), { responseCode })),
      });
      const sent = await smtpMessenger(placeAt(url), "a@example.org").send(letter);
      expect(sent).toMatchObject({ ok: false, isForGood });
      expect(sent.ok ? "" : sent.why).toContain(words);
      expect(taken).toEqual([]);
    },
  );

  test("a dead server is a failure to try again, at once", async () => {
    const url = `smtp://127.0.0.1:${await closedPort()}`;
    const sent = await smtpMessenger(placeAt(url), "a@example.org").send(letter);
    expect(sent).toMatchObject({ ok: false, isForGood: false });
  });

  test("a server that says nothing holds nobody longer than the deadline", async () => {
    const url = `smtp://127.0.0.1:${await mute()}`;
    const begun = performance.now();
    const sent = await smtpMessenger(placeAt(url), "a@example.org", 300).send(letter);
    expect(sent).toMatchObject({ ok: false, isForGood: false });
    expect(performance.now() - begun).toBeLessThan(3_000);
  });

  test("a server that is slow in every step is given up on by the sum", async () => {
    const slow = (_a: unknown, _b: unknown, done: () => void): void => void setTimeout(done, 250);
    const { url, taken } = await mailServer({ onMailFrom: slow, onRcptTo: slow });
    const sent = await smtpMessenger(placeAt(url), "a@example.org", 400).send(letter);
    expect(sent).toMatchObject({ ok: false, isForGood: false });
    expect(taken).toEqual([]);
  });

  test("away from this machine nothing is said without TLS", async () => {
    // The name is this machine's, and not spelled as loopback: a server there that offers no STARTTLS gets no letter.
    const { url, taken } = await mailServer({ disabledCommands: ["STARTTLS"] });
    const place = { ...placeAt(url), host: "0.0.0.0" };
    const sent = await smtpMessenger(place, "a@example.org").send(letter);
    expect(sent).toMatchObject({ ok: false, isForGood: false });
    expect(sent.ok ? "" : sent.why).toMatch(/TLS/);
    expect(taken).toEqual([]);
  });
});

describe("the gateway of phone messages", () => {
  const text: Message = { ...letter, to: "+15551234567" };

  test("it is posted the number and the text, with our token, and never the subject", async () => {
    const { url, posted } = await gateway(202);
    const env = { MESSAGE_WEBHOOK_URL: url, MESSAGE_WEBHOOK_TOKEN: "t0ken" };
    const data = dataFolder();
    const messenger = openMessenger(env, data);
    expect(await messenger.send(text)).toEqual({ ok: true });
    expect(posted.length).toBe(1);
    expect(JSON.parse(posted[0]?.body ?? "")).toEqual({ to: text.to, text: text.text });
    expect(posted[0]?.headers).toMatchObject({
      authorization: "Bearer t0ken",
      "content-type": "application/json",
      "idempotency-key": "m-1",
    });
    // E-mail is not its business.
    expect(await messenger.send(letter)).toEqual({ ok: true });
    expect(posted.length).toBe(1);
    expect(readdirSync(join(data, "outbox"))).toEqual(["m-1.eml"]);
  });

  test.each([
    [400, true],
    [422, true],
    [401, false],
    [404, false],
    [429, false],
    [500, false],
    [503, false],
  ])("answer %i: for good is %s", async (status, isForGood) => {
    const { url } = await gateway(status);
    expect(await webhookMessenger({ url }).send(text)).toEqual({
      ok: false,
      why: `the message gateway answered ${status}`,
      isForGood,
    });
  });

  test("a redirect is not followed: the text goes nowhere else", async () => {
    const elsewhere = await gateway(200);
    const { url, posted } = await gateway(307, { location: elsewhere.url });
    expect(await webhookMessenger({ url }).send(text)).toMatchObject({ ok: false, isForGood: false });
    expect(posted.length).toBe(1);
    expect(elsewhere.posted).toEqual([]);
  });

  test("dead, or silent: a failure to try again, within the deadline", async () => {
    const dead = webhookMessenger({ url: `http://127.0.0.1:${await closedPort()}/` });
    expect(await dead.send(text)).toEqual({
      ok: false,
      why: "the message gateway cannot be reached (ECONNREFUSED)",
      isForGood: false,
    });
    const silent = webhookMessenger({ url: `http://127.0.0.1:${await mute()}/` }, 300);
    expect(await silent.send(text)).toEqual({
      ok: false,
      why: "the message gateway said nothing for 0.3 s",
      isForGood: false,
    });
  });
});

describe("settings that cannot be meant are said at once, without the secrets in them", () => {
  test.each([
    { SMTP_URL: "http://127.0.0.1" },
    { SMTP_URL: "smtp://u:s3cret@host/path" },
    { SMTP_URL: "smtp://%:s3cret@host" },
    { SMTP_URL: "smtps://u:s3cret@host?tls=none" },
    { MAIL_FROM: "Doors <doors@example.org>" },
    { MESSAGE_WEBHOOK_URL: "http://example.org/s3cret" },
    { MESSAGE_WEBHOOK_URL: "https://u:s3cret@example.org/" },
    { MESSAGE_WEBHOOK_URL: "https://example.org/", MESSAGE_WEBHOOK_TOKEN: "s3cret\nx: y" },
  ])("%j", (env) => {
    const open = (): unknown => openMessenger(env, dataFolder());
    expect(open).toThrow(expect.objectContaining({ name: "Trouble" }));
    expect(open).not.toThrow(/s3cret/);
  });

  test("an empty variable is an unset one", () => {
    const { ways } = openMessenger({ SMTP_URL: "", MESSAGE_WEBHOOK_URL: " ", MAIL_FROM: "" }, "/data");
    expect(ways.email).toBe("files in /data/outbox");
  });

  test("what serves an address is told without password and token", () => {
    const env = {
      SMTP_URL: "smtps://u:s3cret@mail.example.org",
      MESSAGE_WEBHOOK_URL: "https://sms.example.org/v1/s3cret",
    };
    const { ways } = openMessenger(env, "/data");
    expect(ways).toEqual({ email: "SMTP to mail.example.org:465", phone: "POST to sms.example.org" });
  });
});

describe("trying again", () => {
  test("the waits grow and have a bound, and so have the tries", () => {
    const now = 1_790_000_000;
    const waits: number[] = [];
    for (let tries = 1; ; tries++) {
      const at = nextTry(tries, now);
      if (at === undefined) break;
      waits.push(at - now);
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]);
    expect(waits.length).toBe(triesMax - 1);
    expect(nextTry(1_000, now)).toBeUndefined();
    expect(() => nextTry(0, now)).toThrow(RangeError);
  });
});

describe("the words", () => {
  test("no secret of any kind reaches a subject, and the text alone says all", () => {
    const code = fc.stringMatching(/^\d{7}$/);
    const given = fc.record({
      code,
      token: fc.stringMatching(/^[a-z0-9]{12}$/),
      door: fc.string({ minLength: 1, maxLength: 100 }),
    });
    fc.assert(
      fc.property(given, ({ code, token, door }) => {
        const daily = texts.dailyCode({
          door,
          code,
          day: "2026-11-21",
          limits: ["It cannot be taken back."],
        });
        expect(daily.subject).not.toContain(code);
        expect(daily.text).toContain(code);
        expect(daily.text).toContain(door);
        expect(daily.text).toContain("2026-11-21");
        expect(daily.text).toContain("It cannot be taken back.");
        const link = `https://doors.example.org/reset#${token}`;
        const reset = texts.passwordReset({ link, minutes: 30 });
        expect(reset.subject).not.toContain(token);
        expect(reset.text).toContain(link);
      }),
    );
    expect(texts.suspended({ property: "Maple Court" }).text).toContain("as soon as that door is synced");
  });
});
