/**
 * Messages as files, for a property that has not set up a mail server: somebody, or some program, sends them on. One
 * file a message, whole or absent, readable by its owner alone, because it may hold a doorcode. Nothing is deleted.
 *
 *   DATA/outbox/<id>.eml   headers in UTF-8 (RFC 6532), an empty line, the text
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../files/whole.ts";
import { codeOf } from "../trouble.ts";
import { failed, type Message, type Messenger, unfitness } from "./message.ts";

export function outboxMessenger(folder: string, from: string): Messenger {
  return {
    async send(message) {
      const unfit = unfitness(message);
      if (unfit !== undefined) return failed(unfit, true);
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        // By its id: a message that is written twice is one file.
        writeWhole(join(folder, `${message.id}.eml`), fileOf(message, from, new Date()), 0o600);
        return { ok: true };
      } catch (error) {
        const code = codeOf(error);
        if (code === undefined) throw error;
        return failed(`the outbox ${folder} cannot be written (${code})`);
      }
    },
  };
}

function fileOf({ id, to, subject, text }: Message, from: string, at: Date): Uint8Array {
  const headers = [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Date: ${at.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${id}@doorsync.invalid>`,
    "MIME-Version: 1.0",
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
  ];
  return new TextEncoder().encode(`${headers.join("\r\n")}\r\n\r\n${text.replace(/\r?\n/g, "\r\n")}`);
}
