/**
 * The planted bugs: small named changes to the shipped code, and the property that must fail in a simulated world for
 * each to count as found. A bug that a second defence masks takes that defence out in the same plant. Data only: nothing
 * here may import what a plant changes. How a plant is put into code is planting.ts's business.
 */
import { doorPlants } from "./plants/door.ts";
import { keysPlants } from "./plants/keys.ts";
import { logPlants } from "./plants/log.ts";
import { officePlants } from "./plants/office.ts";
import type { Plant } from "./plants/plant.ts";
import { protocolPlants } from "./plants/protocol.ts";
import { storagePlants } from "./plants/storage.ts";

export type { Edit, Plant } from "./plants/plant.ts";

export const plants: readonly Plant[] = [
  ...protocolPlants,
  ...keysPlants,
  ...doorPlants,
  ...storagePlants,
  ...logPlants,
  ...officePlants,
];
