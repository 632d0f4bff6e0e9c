/**
 * Which passwords and e-mail addresses an account may have. Not hashing, and not whether an address exists: only a
 * message that arrives shows that.
 */
import { type Decision, deny, grant } from "./denial.ts";

/** Code points. */
export const passwordCharactersMin = 10;
export const passwordCharactersMax = 200;

/** Of the lists that strangers try first, what is long enough to pass the length rule; compared in lower case. */
const wornPasswords: ReadonlySet<string> = new Set([
  "1234567890",
  "12345678910",
  "0123456789",
  "0987654321",
  "1q2w3e4r5t",
  "1q2w3e4r5t6y",
  "1qaz2wsx3edc",
  "q1w2e3r4t5",
  "qwertyuiop",
  "qwerty12345",
  "qwerty123456",
  "qwertzuiop",
  "asdfghjkl1",
  "abcdefghij",
  "abcd123456",
  "password12",
  "password123",
  "password1234",
  "passw0rd123",
  "letmein123",
  "iloveyou12",
  "iloveyou123",
  "changeme123",
  "welcome123",
  "welcome1234",
  "administrator",
  "doorsync123",
]);

/** The one spelling that is hashed: an accent typed on another keyboard is the same accent (NIST SP 800-63B: NFKC). */
export function spelledPassword(password: string): string {
  return password.normalize("NFKC");
}

/** The password in its one spelling; PASSWORD_UNFIT for its length or because it is easy to guess. */
export function fitPassword(password: string, email: string): Decision<string> {
  // Measured before and after: some characters are spelled by eighteen.
  if (password.length > 2 * passwordCharactersMax) return deny("PASSWORD_UNFIT", "too long");
  const spelled = spelledPassword(password);
  const characters = [...spelled];
  if (characters.length < passwordCharactersMin) return deny("PASSWORD_UNFIT", "too short");
  if (characters.length > passwordCharactersMax) return deny("PASSWORD_UNFIT", "too long");
  if (new Set(characters).size === 1) return deny("PASSWORD_UNFIT", "one character over and over");
  const plain = spelled.trim().toLowerCase();
  const address = email.trim().toLowerCase();
  if (plain === address || plain === address.split("@")[0])
    return deny("PASSWORD_UNFIT", "it is the e-mail address");
  return wornPasswords.has(plain) ? deny("PASSWORD_UNFIT", "too common") : grant(spelled);
}

/** Octets, RFC 5321, section 4.5.3.1. */
const emailCharactersMax = 254;
const localPartCharactersMax = 64;
const localPart = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const domainLabel = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The address in lower case, by which accounts are told apart; EMAIL_UNFIT. ASCII without quotes or comments: what a
 * mail server takes anywhere, and nothing that could end a header.
 */
export function fitEmail(email: string): Decision<string> {
  if (email.length > emailCharactersMax) return deny("EMAIL_UNFIT", "too long");
  // Before lower case: some letters of other scripts have an ASCII one.
  if (!/^[\x20-\x7e]*$/.test(email)) return deny("EMAIL_UNFIT");
  const address = email.trim().toLowerCase();
  const [local = "", domain = "", ...more] = address.split("@");
  const labels = domain.split(".");
  const isFit =
    more.length === 0 &&
    local.length <= localPartCharactersMax &&
    localPart.test(local) &&
    labels.length >= 2 &&
    labels.every((label) => domainLabel.test(label)) &&
    !/^[0-9]+$/.test(labels.at(-1) ?? "");
  return isFit ? grant(address) : deny("EMAIL_UNFIT");
}
