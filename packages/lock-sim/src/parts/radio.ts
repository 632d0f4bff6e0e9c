/**
 * The lock's radio and the air around it: it advertises, takes one connection at a time, and carries frames between a
 * phone's end and the lock's board. Not a Bluetooth stack: no channels, no pairing, no services. It is told the time,
 * in whole milliseconds, and draws chance from its maker only.
 *
 * Laws. Signals weaken with distance (log-distance path loss). Frames go at connection events, a bounded number each
 * way, whole and in order; what is answered goes in the next event. A link layer repeats what was not heard, so frames
 * are late or the link ends, but no frame is missing between two that arrived. A link on which nothing was heard for
 * the supervision time ends then, at both ends, and not before. Near the receiver's limit events fail by chance. The
 * lock does not advertise while it is connected.
 *
 * Fault menu. Armed by the number of a frame, counted for each direction over the life of the part:
 * - `loss`: from this frame on nothing passes; both ends hear of it when the supervision time is over.
 * - `stall`: nothing passes for so long, this frame included; a stall of the supervision time or more is a loss.
 * - `duplicate`: the frame is handed over twice (a fault of many stacks, though not of the air).
 * - `fade`: the signal is so much weaker for so long: somebody stands between.
 * Called directly:
 * - `deaf`: it advertises, but does not connect.
 * - `silent`: it does not even advertise.
 */
import type { Bytes } from "@doorsync/protocol/lock";
import type { LinkPort } from "../board/ports.ts";

export const radioFaults = [
  { name: "loss", means: "nothing passes any more; both ends hear of it when the supervision time is over" },
  { name: "stall", means: "nothing passes for a while, then all that waited" },
  { name: "duplicate", means: "a frame is handed over twice" },
  { name: "fade", means: "the signal is weaker for a while" },
  { name: "deaf", means: "the lock advertises, but does not connect" },
  { name: "silent", means: "the lock does not advertise" },
] as const;

export type Direction = "to-lock" | "to-phone";

/** `atFrame` counts from 0, for each direction; struck when the frame is about to reach the other end. */
export type RadioFault = { readonly direction: Direction; readonly atFrame: number } & (
  | { readonly kind: "loss" }
  | { readonly kind: "stall"; readonly forMs: number }
  | { readonly kind: "duplicate" }
  | { readonly kind: "fade"; readonly forMs: number; readonly decibels: number }
);

export interface RadioSettings {
  /** Longest frame, in bytes (ATT payload: MTU - 3). */
  readonly frameBytesMax: number;
  /** Between two connection events. */
  readonly intervalMs: number;
  /** In each direction. */
  readonly framesPerEvent: number;
  readonly advertisingMs: number;
  /** After so long an attempt to connect is given up. */
  readonly connectMsMax: number;
  readonly supervisionMs: number;
  readonly rssiAtMetreDbm: number;
  /** The weakest signal that either end still hears. */
  readonly sensitivityDbm: number;
  /** So far above the limit every event succeeds. */
  readonly fadeMarginDb: number;
  /** Frames that may wait in one direction. */
  readonly queuedFramesMax: number;
}

/** A lock in a steel door: phones hear it up to nine metres (thirty feet), and well up to six. */
const settingsDefault: RadioSettings = {
  frameBytesMax: 244,
  intervalMs: 30,
  framesPerEvent: 6,
  advertisingMs: 250,
  connectMsMax: 5_000,
  supervisionMs: 4_000,
  rssiAtMetreDbm: -62,
  sensitivityDbm: -90,
  fadeMarginDb: 6,
  queuedFramesMax: 4_096,
};

/** Why a connection is over. "closed": the lock said goodbye. */
export type LinkEnd = "no-answer" | "lost" | "closed";

/** What a phone is told of its connection. */
export interface PhoneSide {
  opened(frameBytesMax: number): void;
  frame(bytes: Bytes): void;
  /** The last thing it is told; not told after a `close` of its own. */
  closed(why: LinkEnd): void;
}

/** The phone's end of one connection, or of the attempt at one. */
export interface PhoneLink {
  /** False: not open, or too many frames wait. */
  send(frame: Bytes): boolean;
  /** Ends it; what still waits is dropped. The lock hears of it, if it hears. */
  close(): void;
  /** The phone is gone without a word: the lock finds out when the supervision time is over. */
  vanish(): void;
  /** The phone is so far away now. */
  move(centimetres: number): void;
  /** Signal strength in dBm; undefined: not open. */
  readonly rssi: number | undefined;
}

/** Where connections go to: a board, or whatever answers like one. */
export interface RadioHost {
  connect(link: LinkPort): { frame(bytes: Bytes): void; closed(): void } | undefined;
}

export interface RadioOptions {
  readonly board: RadioHost;
  /** Draws in [0, 1). */
  readonly chance: () => number;
  readonly settings?: Partial<RadioSettings>;
}

/** What happened to the part so far. */
export interface RadioCounters {
  readonly connections: number;
  /** Frames that reached the other end; a duplicate is one. */
  readonly toLock: number;
  readonly toPhone: number;
  /** Links that the supervision time ended. */
  readonly lost: number;
  /** Armed faults that struck. */
  readonly struck: Readonly<Record<RadioFault["kind"], number>>;
}

export interface Radio {
  /** It is this late now: all that is due happens, in order. Not from inside a callback. */
  passTo(nowMs: number): void;
  /** When something will be due; undefined: nothing before somebody acts. Ask again after every call. */
  readonly nextMs: number | undefined;
  /** Strength of the advertisement at this distance, in dBm; undefined: nothing is heard. */
  scan(centimetres: number): number | undefined;
  /** Ends in `opened` or, after `connectMsMax`, in `closed("no-answer")`; never before the next `passTo`. */
  connect(phone: PhoneSide, centimetres: number): PhoneLink;
  powerOn(): void;
  /** Mute at once: what the board said last, its goodbye included, is not sent. */
  powerOff(): void;
  /** The radio hangs for so long, or until the next `powerOn`; a link that is open falls silent. */
  hang(how: "deaf" | "silent", forMs?: number): void;
  /** Replaces what was armed before. */
  arm(faults: readonly RadioFault[]): void;
  readonly isConnected: boolean;
  readonly counters: RadioCounters;
}

/** Ten equal steps of a decade on a logarithmic scale, in centimetres from one metre; the last is the next decade. */
const decade = [100, 126, 158, 200, 251, 316, 398, 501, 631, 794, 1_000] as const;
/** Path-loss exponent 3 (indoors, through a door): ten of these are 30 dB a decade. */
const decibelsPerStep = 3;
/** A kilometre, and further than any phone is heard. */
const centimetresMax = 100_000;

/**
 * Signal strength at a distance, in whole dBm: by the log-distance law, from a table and whole numbers, so that every
 * machine has the same. Nearer than a metre is as a metre; further than a kilometre as a kilometre.
 */
export function rssiDbm(
  centimetres: number,
  rssiAtMetreDbm: number = settingsDefault.rssiAtMetreDbm,
): number {
  let scaled = Math.min(centimetresMax, Math.max(100, Math.floor(centimetres)));
  let decades = 0;
  for (; scaled >= 1_000; scaled = Math.floor(scaled / 10)) decades++;
  const step = decade.findLastIndex((from) => from <= scaled);
  const from = decade[step] ?? 100;
  const to = decade[step + 1] ?? 1_000;
  const between = Math.floor((decibelsPerStep * (scaled - from)) / (to - from));
  return rssiAtMetreDbm - decades * 10 * decibelsPerStep - step * decibelsPerStep - between;
}

/** A phone that waits for an advertisement. */
interface Attempt {
  readonly phone: PhoneSide;
  readonly end: PhoneEnd;
  readonly untilMs: number;
}

/** The phone's own knowledge of its connection. */
interface PhoneEnd {
  centimetres: number;
  link: Open | undefined;
}

interface Open {
  readonly phone: PhoneSide;
  readonly end: PhoneEnd;
  readonly openedMs: number;
  lock: { frame(bytes: Bytes): void; closed(): void } | undefined;
  readonly toLock: Bytes[];
  readonly toPhone: Bytes[];
  /** When either end last heard the other. */
  contactMs: number;
  /** Since then every empty event succeeded; they are not played one by one. */
  isSteady: boolean;
  /** Nothing passes before then. */
  stalledUntilMs: number;
  faded: { readonly untilMs: number; readonly decibels: number };
  /** The end said goodbye, or is gone; it is told nothing any more. */
  phoneLeft: "no" | "closed" | "vanished";
  lockLeft: "no" | "closed" | "vanished";
}

export function createRadio({ board, chance, settings: chosen }: RadioOptions): Radio {
  const settings: RadioSettings = { ...settingsDefault, ...chosen };
  const { intervalMs, advertisingMs, supervisionMs, sensitivityDbm, fadeMarginDb } = settings;
  let nowMs = 0;
  let isPassing = false;
  let isPowered = true;
  let hung: { readonly how: "deaf" | "silent"; readonly untilMs: number } | undefined;
  let attempts: readonly Attempt[] = [];
  /** The link that occupies the lock's radio. */
  let open: Open | undefined;
  /** Links whose lock lost its power: only their phones do not know yet. */
  let orphans: readonly Open[] = [];
  let armed: readonly RadioFault[] = [];
  const sent: Record<Direction, number> = { "to-lock": 0, "to-phone": 0 };
  const struck: Record<RadioFault["kind"], number> = { loss: 0, stall: 0, duplicate: 0, fade: 0 };
  let connections = 0;
  let lost = 0;

  const isHung = (how: "deaf" | "silent"): boolean =>
    hung !== undefined && nowMs < hung.untilMs && (how === "deaf" || hung.how === "silent");

  const strengthOf = (link: Open): number =>
    rssiDbm(link.end.centimetres, settings.rssiAtMetreDbm) -
    (nowMs < link.faded.untilMs ? link.faded.decibels : 0);

  /** How far a signal is above what is heard at all, in dB; 0 or less: it is not. */
  const marginOf = (strength: number): number => strength - sensitivityDbm + 1;

  const isHeard = (strength: number): boolean => {
    const margin = marginOf(strength);
    if (margin <= 0) return false;
    return margin >= fadeMarginDb || chance() * fadeMarginDb < margin;
  };

  const isAlive = (link: Open): boolean =>
    isPowered && link.phoneLeft !== "vanished" && link.lockLeft !== "vanished";

  const isClear = (link: Open): boolean =>
    isAlive(link) && nowMs >= link.stalledUntilMs && marginOf(strengthOf(link)) >= fadeMarginDb;

  const hasNews = (link: Open): boolean =>
    link.toLock.length > 0 ||
    link.toPhone.length > 0 ||
    link.phoneLeft === "closed" ||
    link.lockLeft === "closed";

  /** No event needs to be played: nothing is to be said, and the ends hear each other anyway. */
  const isResting = (link: Open): boolean => link.isSteady && isClear(link) && !hasNews(link);

  /** To be called before anything changes that empty events depend on, time included. */
  const settleContact = (): void => {
    if (open === undefined) return;
    open.isSteady &&= isClear(open);
    if (open.isSteady) open.contactMs = nowMs;
  };

  const setTime = (toMs: number): void => {
    settleContact();
    nowMs = toMs;
    settleContact();
  };

  const firstAfter = (zeroMs: number, stepMs: number, afterMs: number): number =>
    zeroMs + (Math.floor((afterMs - zeroMs) / stepMs) + 1) * stepMs;

  /** The first connection event that may succeed after now; undefined: none would carry or change anything. */
  const nextEventMs = (link: Open): number | undefined => {
    if (!isAlive(link)) return undefined;
    if (nowMs < link.stalledUntilMs) {
      return Number.isFinite(link.stalledUntilMs)
        ? firstAfter(link.openedMs, intervalMs, link.stalledUntilMs - 1)
        : undefined;
    }
    const isDark = marginOf(strengthOf(link)) <= 0;
    if (isDark && nowMs >= link.faded.untilMs) return undefined;
    if (isDark) return firstAfter(link.openedMs, intervalMs, link.faded.untilMs - 1);
    return isResting(link) ? undefined : firstAfter(link.openedMs, intervalMs, nowMs);
  };

  const deadlineMs = (link: Open): number | undefined =>
    isResting(link) ? undefined : link.contactMs + supervisionMs;

  const earliest = (times: readonly (number | undefined)[]): number | undefined =>
    times.reduce((first, time) => (first === undefined || (time ?? first) < first ? time : first), undefined);

  const nextMs = (): number | undefined =>
    earliest([
      ...(open === undefined ? [] : [nextEventMs(open), deadlineMs(open)]),
      ...orphans.map(({ contactMs }) => contactMs + supervisionMs),
      ...attempts.map(({ untilMs }) => untilMs),
      awaitsAdvert() ? firstAfter(0, advertisingMs, nowMs) : undefined,
    ]);

  const awaitsAdvert = (): boolean => attempts.length > 0 && isPowered && open === undefined;

  const advertises = (): boolean => isPowered && open === undefined && !isHung("silent");

  /** Both ends that still listen are told that the link is over. */
  const end = (link: Open, why: LinkEnd): void => {
    if (open === link) open = undefined;
    link.end.link = undefined;
    if (why === "lost") lost++;
    const lock = link.lock;
    link.lock = undefined;
    if (link.lockLeft === "no") lock?.closed();
    if (link.phoneLeft === "no") link.phone.closed(why);
  };

  /** What strikes at the next frame in this direction; "held": it does not pass now. */
  const strike = (link: Open, direction: Direction): "passes" | "twice" | "held" => {
    const fault = armed.find((one) => one.direction === direction && one.atFrame === sent[direction]);
    if (fault === undefined) return "passes";
    armed = armed.filter((one) => one !== fault);
    struck[fault.kind]++;
    switch (fault.kind) {
      case "loss":
        link.stalledUntilMs = Number.POSITIVE_INFINITY;
        return "held";
      case "stall":
        link.stalledUntilMs = nowMs + fault.forMs;
        return fault.forMs > 0 ? "held" : "passes";
      case "fade":
        link.faded = { untilMs: nowMs + fault.forMs, decibels: fault.decibels };
        return marginOf(strengthOf(link)) > 0 ? "passes" : "held";
      case "duplicate":
        return "twice";
      default:
        throw new TypeError(String(fault satisfies never));
    }
  };

  /** Hands over what waited when the event began, as far as it fits; false: this event carries nothing more. */
  const carry = (
    link: Open,
    direction: Direction,
    waiting: number,
    hand: (frame: Bytes) => void,
  ): boolean => {
    const queue = direction === "to-lock" ? link.toLock : link.toPhone;
    for (let i = 0; i < Math.min(waiting, settings.framesPerEvent) && queue.length > 0; i++) {
      const fate = strike(link, direction);
      if (fate === "held") return false;
      const frame = queue.shift();
      if (frame === undefined) break;
      sent[direction]++;
      const again = fate === "twice" ? new Uint8Array(frame) : undefined;
      hand(frame);
      if (again !== undefined && open === link) hand(again);
      // Power failed, or the radio hung, in what the frame caused.
      if (open !== link || nowMs < link.stalledUntilMs) return false;
    }
    return true;
  };

  const connectionEvent = (link: Open): void => {
    if (!isHeard(strengthOf(link))) return;
    link.contactMs = nowMs;
    link.isSteady = true;
    // A phone says goodbye at once; a lock when all that it said before has gone out.
    if (link.phoneLeft === "closed") {
      end(link, "closed");
      return;
    }
    const answers = link.toPhone.length;
    const goesOn =
      carry(link, "to-lock", link.toLock.length, (frame) => {
        if (link.lockLeft === "no") link.lock?.frame(frame);
      }) &&
      carry(link, "to-phone", answers, (frame) => {
        if (link.phoneLeft === "no") link.phone.frame(frame);
      });
    const isSaid = link.lockLeft === "closed" && link.toPhone.length === 0;
    if (goesOn && isSaid && link.phoneLeft === "no") end(link, "closed");
  };

  const establish = ({ phone, end: phoneEnd }: Attempt): void => {
    const link: Open = {
      phone,
      end: phoneEnd,
      openedMs: nowMs,
      lock: undefined,
      toLock: [],
      toPhone: [],
      contactMs: nowMs,
      isSteady: true,
      stalledUntilMs: 0,
      faded: { untilMs: 0, decibels: 0 },
      phoneLeft: "no",
      lockLeft: "no",
    };
    open = link;
    phoneEnd.link = link;
    connections++;
    link.lock = board.connect({
      frameBytesMax: settings.frameBytesMax,
      send(frame) {
        checkLength(frame);
        if (link.lockLeft === "no" && link.toPhone.length < settings.queuedFramesMax)
          link.toPhone.push(frame);
      },
      close() {
        settleContact();
        if (link.lockLeft === "no") link.lockLeft = "closed";
      },
    });
    // A board that takes nobody: the controller says goodbye for it.
    if (link.lock === undefined && link.lockLeft === "no") link.lockLeft = "closed";
    if (link.phoneLeft === "no") phone.opened(settings.frameBytesMax);
  };

  const advertise = (): void => {
    if (!advertises() || isHung("deaf")) return;
    const answered = attempts.find(({ end: { centimetres } }) =>
      isHeard(rssiDbm(centimetres, settings.rssiAtMetreDbm)),
    );
    if (answered === undefined) return;
    attempts = attempts.filter((one) => one !== answered);
    establish(answered);
  };

  const giveUp = (): void => {
    for (const attempt of attempts.filter(({ untilMs }) => untilMs <= nowMs)) {
      if (!attempts.includes(attempt)) continue;
      attempts = attempts.filter((one) => one !== attempt);
      attempt.phone.closed("no-answer");
    }
  };

  const bury = (): void => {
    for (const link of orphans.filter(({ contactMs }) => contactMs + supervisionMs <= nowMs)) {
      orphans = orphans.filter((one) => one !== link);
      end(link, "lost");
    }
  };

  /** All that is due at this very millisecond. */
  const happen = (isEvent: boolean, isOver: boolean, isAdvert: boolean): void => {
    const link = open;
    if (link !== undefined && isOver) end(link, "lost");
    else if (link !== undefined && isEvent) connectionEvent(link);
    bury();
    giveUp();
    if (isAdvert) advertise();
  };

  function checkLength(frame: Bytes): void {
    if (frame.length > settings.frameBytesMax) throw new RangeError(`a frame of ${frame.length} bytes`);
  }

  return {
    passTo(untilMs) {
      if (isPassing) throw new Error("time passes outside of callbacks only");
      if (untilMs < nowMs) throw new RangeError(`time does not go back to ${untilMs} ms`);
      isPassing = true;
      try {
        for (let next = nextMs(); next !== undefined && next <= untilMs; next = nextMs()) {
          const isEvent = open !== undefined && nextEventMs(open) === next;
          const isOver = open !== undefined && (deadlineMs(open) ?? next + 1) <= next;
          const isAdvert = awaitsAdvert() && firstAfter(0, advertisingMs, nowMs) === next;
          setTime(next);
          happen(isEvent, isOver, isAdvert);
        }
        setTime(untilMs);
      } finally {
        isPassing = false;
      }
    },

    get nextMs() {
      return nextMs();
    },

    scan(centimetres) {
      const strength = rssiDbm(centimetres, settings.rssiAtMetreDbm);
      return advertises() && marginOf(strength) > 0 ? strength : undefined;
    },

    connect(phone, centimetres) {
      const phoneEnd: PhoneEnd = { centimetres, link: undefined };
      attempts = [...attempts, { phone, end: phoneEnd, untilMs: nowMs + settings.connectMsMax }];
      const leave = (how: "closed" | "vanished"): void => {
        attempts = attempts.filter(({ end: one }) => one !== phoneEnd);
        const link = phoneEnd.link;
        phoneEnd.link = undefined;
        if (link === undefined) return;
        settleContact();
        link.toLock.length = 0;
        link.phoneLeft = how;
      };
      return {
        send(frame) {
          checkLength(frame);
          const link = phoneEnd.link;
          if (link === undefined || link.toLock.length >= settings.queuedFramesMax) return false;
          settleContact();
          link.toLock.push(frame);
          return true;
        },
        close: () => leave("closed"),
        vanish: () => leave("vanished"),
        move(to) {
          settleContact();
          phoneEnd.centimetres = to;
        },
        get rssi() {
          return phoneEnd.link === undefined ? undefined : strengthOf(phoneEnd.link);
        },
      };
    },

    powerOn() {
      isPowered = true;
      hung = undefined;
    },

    powerOff() {
      settleContact();
      isPowered = false;
      const link = open;
      open = undefined;
      if (link === undefined) return;
      link.lockLeft = "vanished";
      orphans = [...orphans, link];
    },

    hang(how, forMs = Number.POSITIVE_INFINITY) {
      settleContact();
      hung = { how, untilMs: nowMs + forMs };
      if (open !== undefined) open.stalledUntilMs = Math.max(open.stalledUntilMs, hung.untilMs);
    },

    arm(faults) {
      armed = faults;
    },

    get isConnected() {
      return open !== undefined;
    },

    get counters() {
      return {
        connections,
        toLock: sent["to-lock"],
        toPhone: sent["to-phone"],
        lost,
        struck: { ...struck },
      };
    },
  };
}
