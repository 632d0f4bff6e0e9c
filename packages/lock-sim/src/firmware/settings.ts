/**
 * What the owner's table says of the lock as a whole, or the defaults where it says nothing. Read from the table at
 * every use: there is no second copy to fall behind.
 */

import {
  decodeItem,
  type Settings,
  settingsId,
  type Table,
  userCodeTemporaryDisableSeconds,
  wrongCodeEntryLimit,
  wrongCodesPerDayMax,
} from "@doorsync/protocol/lock";

/** The bolt goes back by itself after so long (Matter AutoRelockTime). */
const autoRelockSecondsDefault = 5;

/** A lock that nobody has told anything yet. */
const defaults: Settings = {
  kind: "settings",
  profile: "residence",
  autoRelockSeconds: autoRelockSecondsDefault,
  wrongCodeEntryLimit,
  userCodeTemporaryDisableSeconds,
  wrongCodesPerDayMax,
  dailyGeneration: 0,
};

export function settingsOf(table: Table): Settings {
  const raw = table.get(settingsId);
  const item = raw === undefined ? undefined : decodeItem(raw);
  return item?.ok && item.value.kind === "settings" ? item.value : defaults;
}
