/**
 * The vectors of messages: each kind as it is issued, with every intermediate value, and beside it neighbours that
 * are refused by a named check. Data for implementers; messages.json is written from here by make.ts.
 */
import { toHex } from "../../packages/protocol/src/bytes.ts";
import { itemBytes } from "../../packages/protocol/src/codes/item.ts";
import { packItems, type Table, tableState } from "../../packages/protocol/src/codes/table.ts";
import { fast } from "../arbitraries.ts";
import { answerVectors, commissionVectors } from "./answers.ts";
import { streamVectors, updateVectors } from "./deliveries.ts";
import { after, before, from, hexes, keys, name, pair, seeds, to } from "./example.ts";
import { dailyVectors, logVectors, rotationVectors } from "./log.ts";
import { unlockKeys, unlockVectors } from "./unlock.ts";
import type { MessageVectors } from "./vector.ts";

export function messageVectors(): MessageVectors {
  const table = (held: Table, version: number) => ({
    version,
    items: toHex(packItems(held)),
    digest: toHex(held.digest),
    state: toHex(tableState(fast, keys.state, version, held)),
  });
  if (packItems(after).length !== 4 * itemBytes)
    throw new Error("the example table is not the described one");
  return {
    about:
      "Message bodies without frames. A judge of type update holds tables.before (or after) at judged.version with room for 1,000 codes. commission-reply answers commission-offer.",
    lock: { lockId: toHex(name.lockId), epoch: name.epoch },
    keys: hexes({
      tableSeed: seeds.table,
      tablePublic: pair.trust.authority.table,
      timeSeed: seeds.time,
      timePublic: pair.trust.authority.time,
      rootSeed: seeds.root,
      rootPublic: pair.trust.authority.root,
      boxSecret: seeds.box,
      boxPublic: pair.trust.authority.box,
      lockSeed: pair.atLock.signSeed,
      lockPublic: pair.lockPublic.sign,
      ...unlockKeys,
      ...keys,
    }),
    tables: { before: table(before, from), after: table(after, to) },
    dailyCodes: dailyVectors(),
    messages: [
      ...updateVectors(),
      ...streamVectors(),
      ...answerVectors(),
      ...commissionVectors(),
      ...rotationVectors(),
      ...logVectors(),
      ...unlockVectors(),
    ],
  };
}
