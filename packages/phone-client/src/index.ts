/** The courier and the account for any host, browsers included; parts in memory. Nothing of Node is here. */
export {
  type Account,
  type AccountOptions,
  createAccount,
  type DoorList,
  type LoggedOut,
  type MyDoor,
} from "./account/account.ts";
export { type Api, type ApiName, api, type ProblemDetails } from "./account/api.ts";
export {
  type Answer,
  type Client,
  type ClientOptions,
  createClient,
  type Denied,
  describeFailure,
  type Unreachable,
} from "./account/client.ts";
export type { DoorKeys, Leave, Leaves, NotOpened } from "./account/door-keys.ts";
export type { AccountMailbox, Carried, Flushed, Taken } from "./account/mailbox.ts";
export type { NotAsked, Opened, OpenOptions, OpenVisit } from "./account/open-door.ts";
export { type Session, storedSession } from "./account/session.ts";
export type { AccountVisit, VisitOptions } from "./account/visit.ts";
export type { VisitReport } from "./account/visit-reports.ts";
export type { WatchOptions } from "./account/watch.ts";
export type { ConverseOptions, Heard, Progress, TimeAsked } from "./converse.ts";
export * from "./core.ts";
export { type SyncOptions, type SyncResult, sync } from "./courier.ts";
export { systemTimers } from "./edge/timers.ts";
export { again, visitsMaxDefault } from "./parts/again.ts";
export { type Direction, type Fault, type MemoryPair, memoryPair, memoryTransport } from "./parts/memory.ts";
export { knownPlaces } from "./parts/radar.ts";
export { memoryStorage } from "./parts/storage.ts";
export {
  AddressError,
  type Clock,
  type Fetch,
  type Fill,
  type Link,
  type Mailbox,
  type Radar,
  type Sighting,
  type Stop,
  type Storage,
  type Timers,
  type Transport,
} from "./ports.ts";
