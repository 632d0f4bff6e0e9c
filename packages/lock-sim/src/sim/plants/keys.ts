/** Planted bugs in whom a lock believes: epochs, rotation of keys, factory reset. */
import type { Plant } from "./plant.ts";

const firmware = "packages/lock-sim/src/firmware";
const reset = `${firmware}/reset.ts`;

export const keysPlants: readonly Plant[] = [
  {
    id: "reset-restarts-epochs",
    fault: "after a factory reset epochs count from nothing, and what is long over counts",
    finder: "P1",
    edits: [
      {
        file: reset,
        find: "epoch: secure.epoch, tableEpoch: secure.epoch,",
        put: "epoch: 0, tableEpoch: 0,",
      },
    ],
  },
  {
    id: "reset-keeps-the-table",
    fault: "a factory reset forgets the owner, and old codes open until power goes",
    finder: "P3",
    edits: [
      {
        file: reset,
        find: "return { ...hangUp(running, turn), secure, store, inForce, half: undefined };",
        put: "return { ...hangUp(running, turn), secure: { ...secure, keys: running.secure.keys }, store: store.damaged ? store : running.store, inForce: { ...running.inForce, version: inForce.version } };",
      },
    ],
  },
  {
    id: "rotation-keeps-old-keys",
    fault: "a rotation is taken, and the keys that it replaces go on counting",
    finder: "P25",
    edits: [
      {
        file: `${firmware}/owner.ts`,
        find: "...secure, epoch, authority };",
        put: "...secure, epoch };",
      },
    ],
  },
];
