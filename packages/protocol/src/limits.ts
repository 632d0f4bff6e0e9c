/**
 * Every bound of the protocol, with its unit in its name. Not policy: what an owner may choose (leases, code
 * lengths) travels in the table. A bound is checked before anything is allocated, looped over or hashed.
 */

/** Depth of nested CBOR arrays and maps; our own records need 3, COSE headers inside them 4. */
export const cborDepthMax = 5;

/** Largest integer the profile carries, either sign: what a double holds exactly. */
export const integerMax: number = Number.MAX_SAFE_INTEGER;

/** An update or a manifest: refused by declared length before a byte is buffered, scanned or hashed. */
export const updateBytesMax = 512;

/** Any message at all; the lock's one receive buffer. */
export const messageBytesMax = 2_048;

/** ATT payload of the smallest and the largest MTU (23 and 517), less the 3-byte ATT header. */
export const frameBytesMin = 20;
export const frameBytesMax = 514;

/** ATT payload at MTU 247, the largest that fits one 251-byte link-layer packet. */
export const frameBytesDefault = 244;

export const itemsPerChunkMax = 64;
/** Chunks a courier may have out unanswered: one being written, and those behind it, which the lock holds whole. */
export const chunksInFlightMax = 3;
export const removesPerUpdateMax = 64;

/** Items of a table beside its credentials: settings, rules, zone changes, holidays. */
export const tableItemsBesideCodesMax = 512;

/** Rules whose windows make up one schedule, by `also`: the credential's own one included. */
export const rulesPerScheduleMax = 8;

/** Credentials a lock of the largest profile can hold. */
export const capacityMax = 10_000;
export const capacityDefault = 1_000;

/** Versions and epochs are u32; one update may not leap further than this (fast-forward, TUF). */
export const versionMax = 0xffff_ffff;
export const versionLeapMax = 0x1_0000;

/** Events of a lock's log are numbered from 1 over its life. */
export const eventSeqMax = 0xffff_ffff;

/** Seconds since 1970 as u32 last until 2106-02-07. `secondsNever` as an end means: no end. */
export const secondsMax = 0xffff_ffff;
export const secondsNever = 0xffff_ffff;

/** How long an unopened update stays deliverable (hours): default, and the longest an authority may ask for. */
export const lifeHoursDefault = 168;
export const lifeHoursMax = 8_760;

/** One session: bytes heard before any signature verified, bad signatures borne, and time. */
export const sessionBytesMax = 65_536;
export const badSignaturesPerSessionMax = 3;
export const badSignaturesPerMinuteMax = 10;
/** Signatures verified or made with nothing new made durable in between: replays must not hold the one connection. */
export const fruitlessEffortsPerSessionMax = 8;
export const firstByteSecondsMax = 3;
export const idleSecondsMax = 5;
export const sessionSecondsMax = 60;

/** A clock drifts; one further behind the greatest time signed to the lock than this has lost its time. */
export const clockBehindSecondsMax = 86_400;
export const clockDriftPpmMax = 100;

/** A schedule is judged only by a clock that is known to within this; yesterday's daily doorcode opens this long. */
export const scheduleUncertaintySecondsMax = 7_200;
export const dailyGraceSeconds = 10_800;

/** A time token is believed this long after its nonce left the lock, and never further ahead than this. */
export const tokenAgeSecondsMax = 30;
export const timeLeapDaysMax = 400;

/** Unlock by app: how long a capability may live, and how long after its handshake an unlock is heard. */
export const capabilityHoursMax = 72;
export const handshakeSecondsMax = 3;

/** Keypad: entry length, pause after consecutive failures (Matter WrongCodeEntryLimit, UserCodeTemporaryDisableTime), daily budget. */
export const codeDigitsMax = 8;
export const wrongCodeEntryLimit = 5;
export const userCodeTemporaryDisableSeconds = 60;
export const wrongCodesPerDayMax = 24;
/** The pause doubles while wrong codes go on, up to this. */
export const lockoutBackoffSecondsMax = 3_600;

/** What the lock says of itself: battery, door, bolt, restarts. */
export const lowBatteryPercent = 20;
export const criticalBatteryPercent = 5;
export const doorAjarSeconds = 60;
export const boltSecondsMax = 3;
export const bootsPerHourMax = 5;
