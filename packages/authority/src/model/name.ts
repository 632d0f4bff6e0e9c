/**
 * Which names may be given. A name is shown in lines, on terminals and in logs, so it must not be able to break one.
 * Not whether a name is taken: the database knows that.
 */
import { type Decision, deny, grant } from "./denial.ts";

/** Code points. */
export const nameCharactersMax = 100;

/** Controls, line and paragraph separators, and halves of a character. */
const unfit = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

/** The name as it was given, or NAME_UNFIT: empty, too long, or with a character that breaks a line. */
export function fitName(name: string): Decision<string> {
  const length = [...name].length;
  if (name.trim() === "" || length > nameCharactersMax) return deny("NAME_UNFIT", `${length} characters`);
  const bad = unfit.exec(name)?.[0].codePointAt(0);
  if (bad === undefined) return grant(name);
  return deny("NAME_UNFIT", `U+${bad.toString(16).toUpperCase().padStart(4, "0")}`);
}

/** A name that was asked for and need not be fit, in one short line. */
export function shownName(name: string): string {
  const start = [...name].slice(0, nameCharactersMax).join("");
  return start.replace(new RegExp(unfit, "gu"), "\ufffd");
}
