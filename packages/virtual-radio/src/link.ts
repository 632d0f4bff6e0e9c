/**
 * One connection between a central and a peripheral: what each has to send, when the other gets it, and when they give
 * each other up. It knows ACL packets and time, but neither HCI nor the controllers at its ends.
 */
import { eventUs, exchangeUs, type LinkModel, llPayloadBytesMax } from "./airtime.ts";
import type { Clock } from "./clock.ts";
import { type Direction, pass, type Tamper } from "./faults.ts";
import { intervalUnitMs, type LinkParameters, type Role, status, timeoutUnitMs } from "./hci.ts";

/** A link's own share of the rate model; its interval is what the two sides agreed on. */
export type Rate = Omit<LinkModel, "intervalMs">;

/** What a link tells the controller at one of its ends. */
export interface LinkEnd {
  received(starts: boolean, data: Uint8Array): void;
  /** So many of the host's ACL packets have left the controller's buffers. */
  sent(count: number): void;
  updated(parameters: LinkParameters): void;
  unlinked(reason: number): void;
}

export interface LinkOptions {
  readonly clock: Clock;
  readonly ends: Readonly<Record<Role, LinkEnd>>;
  readonly parameters: LinkParameters;
  /** Without a rate, packets take `latencyMs` and no air time. */
  readonly rate: Rate | undefined;
  readonly latencyMs: number;
  readonly tamper: Tamper | undefined;
  /** Whether one side hears the other at all: distance and power. */
  readonly inRange: (direction: Direction) => boolean;
  /** Whether this one exchange is lost to a fade; the link layer repeats it. */
  readonly fades: () => boolean;
  readonly closed: () => void;
}

/** One packet of the air. */
interface Piece {
  readonly starts: boolean;
  readonly data: Uint8Array;
  /** Whether a buffer of the host's is free once this has gone. */
  readonly frees: boolean;
  readonly delivers: boolean;
  readonly notBeforeMs: number;
  /** It has arrived, but its acknowledgement has not. */
  arrived: boolean;
}

interface Lane {
  readonly queue: Piece[];
  swapped: readonly Piece[];
  stalled: boolean;
  packets: number;
  hangUp: number | undefined;
}

const laneFrom = { central: "to-peripheral", peripheral: "to-central" } as const;
const receiverOf = { "to-peripheral": "peripheral", "to-central": "central" } as const;
const senderOf = { "to-peripheral": "central", "to-central": "peripheral" } as const;
const directions = ["to-peripheral", "to-central"] as const;
const roles = ["central", "peripheral"] as const;

/** A swapped packet waits this long for one to overtake it. */
const swapMsMax = 30;
/** A parameter update takes effect this many connection events after it was asked for. */
const updateEvents = 6;
/** A host that does not mind its controller's buffers is not heard beyond this. */
const queuePacketsMax = 65_536;
/** From the connect request to the first connection event. */
const firstEventMs = 1.25;

export interface LinkWorks {
  readonly parameters: LinkParameters;
  readonly isOpen: boolean;
  transmit(from: Role, starts: boolean, data: Uint8Array): void;
  hangUp(from: Role, reason: number): void;
  update(parameters: LinkParameters): void;
  /** Looks again at who hears whom; to be called after anything that changes it. */
  review(): void;
  /** One end lost its power: it hears nothing of the end, and its peer will notice. */
  abandon(role: Role): void;
  lose(reason: number): void;
  stall(which: Direction | "both"): void;
  heal(): void;
  tamper(tamper: Tamper | undefined): void;
}

export function createLink(options: LinkOptions): LinkWorks {
  const { clock, ends, rate } = options;
  const lane = (): Lane => ({ queue: [], swapped: [], stalled: false, packets: 0, hangUp: undefined });
  const lanes: Readonly<Record<Direction, Lane>> = { "to-peripheral": lane(), "to-central": lane() };
  const gone: Record<Role, boolean> = { central: false, peripheral: false };
  const givingUp: Record<Role, (() => void) | undefined> = { central: undefined, peripheral: undefined };
  const arrivals: { readonly dueMs: number; readonly run: () => void }[] = [];
  let { parameters } = options;
  let tamper = options.tamper;
  let cancelBeat: (() => void) | undefined;
  let cancelArrival: (() => void) | undefined;
  /** Connection events are counted from here. */
  let anchorMs = clock.nowMs() + firstEventMs;
  let lastEvent = -1;

  const intervalMs = (): number => parameters.intervalUnits * intervalUnitMs;
  const isOpen = (): boolean => !gone.central || !gone.peripheral;
  const carries = (direction: Direction): boolean =>
    !lanes[direction].stalled && !gone.central && !gone.peripheral && options.inRange(direction);
  /** A peripheral speaks only when it was spoken to, so a central is deaf to one that hears nothing. */
  const hears: Readonly<Record<Role, () => boolean>> = {
    peripheral: () => carries("to-peripheral"),
    central: () => carries("to-peripheral") && carries("to-central"),
  };

  /** What a lane can move now: a central that hears no answer repeats its packet and goes no further. */
  const flows = (direction: Direction): boolean => {
    if (direction === "to-central") return hears.central();
    const { queue, hangUp } = lanes[direction];
    return hears.peripheral() && (hears.central() || hangUp !== undefined || queue[0]?.arrived === false);
  };

  const leave = (role: Role, reason: number | undefined): void => {
    if (gone[role]) return;
    gone[role] = true;
    givingUp[role]?.();
    givingUp[role] = undefined;
    lanes[laneFrom[role]].queue.length = 0;
    if (reason !== undefined) ends[role].unlinked(reason);
    if (isOpen()) {
      review();
      return;
    }
    cancelBeat?.();
    cancelArrival?.();
    arrivals.length = 0;
    options.closed();
  };

  const review = (): void => {
    for (const role of roles) {
      if (gone[role]) continue;
      if (hears[role]()) {
        givingUp[role]?.();
        givingUp[role] = undefined;
      } else {
        givingUp[role] ??= clock.after(parameters.timeoutUnits * timeoutUnitMs, () => {
          const asked = lanes[laneFrom[role]].hangUp !== undefined;
          leave(role, asked ? status.localHostEnded : status.connectionTimeout);
        });
      }
    }
    // Connection events that passed in silence are not made up for.
    lastEvent = Math.max(lastEvent, Math.floor((clock.nowMs() - anchorMs) / intervalMs()));
    schedule();
  };

  const pump = (): void => {
    cancelArrival?.();
    cancelArrival = undefined;
    const now = clock.nowMs();
    while ((arrivals[0]?.dueMs ?? Number.POSITIVE_INFINITY) <= now) arrivals.shift()?.run();
    const [first] = arrivals;
    if (first !== undefined) cancelArrival = clock.after(first.dueMs - now, pump);
  };

  /** When a lane has something that it can move; undefined if it has not. */
  const dueMs = (direction: Direction): number | undefined => {
    if (!flows(direction)) return undefined;
    const { queue, hangUp } = lanes[direction];
    const isNext = hangUp !== undefined && (rate !== undefined || queue.length === 0);
    return isNext ? clock.nowMs() : queue[0]?.notBeforeMs;
  };

  const schedule = (): void => {
    cancelBeat?.();
    cancelBeat = undefined;
    const due = directions.map(dueMs).filter((ms) => ms !== undefined);
    if (due.length === 0) return;
    const soonest = Math.min(...due);
    const event = Math.max(lastEvent + 1, Math.ceil((soonest - anchorMs) / intervalMs()));
    const at = rate === undefined ? soonest : anchorMs + event * intervalMs();
    cancelBeat = clock.after(Math.max(0, at - clock.nowMs()), () => {
      cancelBeat = undefined;
      lastEvent = event;
      beat(at);
    });
  };

  /** Ends the connection as the sender wants it; a sender that hears no answer waits for its own timeout. */
  const endFrom = (sender: Role, reason: number): void => {
    const isAnswered = hears[sender]();
    leave(sender === "central" ? "peripheral" : "central", reason);
    if (isAnswered) leave(sender, status.localHostEnded);
  };

  const endings = (atMs: number): void => {
    for (const direction of directions) {
      const { hangUp, queue } = lanes[direction];
      if (hangUp === undefined || !flows(direction)) continue;
      // Without a rate nothing is waited for, so what was sent before still arrives; on the air a hang-up overtakes.
      if (rate === undefined && queue.length > 0) continue;
      arrivals.push({ dueMs: atMs, run: () => endFrom(senderOf[direction], hangUp) });
    }
  };

  /** One connection event: moves what waited when it began. What comes meanwhile, answers too, goes in the next one. */
  const beat = (startMs: number): void => {
    const waiting = {
      "to-peripheral": lanes["to-peripheral"].queue.length,
      "to-central": lanes["to-central"].queue.length,
    };
    const freed = { "to-peripheral": 0, "to-central": 0 };
    const capUs = eventUs({ intervalMs: intervalMs() });
    let [spentUs, exchanges] = [0, 0];
    const head = (direction: Direction): Piece | undefined => {
      const [piece] = lanes[direction].queue;
      if (piece === undefined || waiting[direction] === 0 || piece.notBeforeMs > clock.nowMs())
        return undefined;
      return flows(direction) ? piece : undefined;
    };
    if (rate !== undefined) endings(startMs);
    for (;;) {
      const heads = { "to-peripheral": head("to-peripheral"), "to-central": head("to-central") };
      const [down, up] = [heads["to-peripheral"], heads["to-central"]];
      if (down === undefined && up === undefined) break;
      if (rate !== undefined) {
        const cost = exchangeUs(down?.data.length ?? 0, up?.data.length ?? 0, rate);
        if (exchanges >= (rate.packetsPerEventMax ?? Number.POSITIVE_INFINITY)) break;
        if (exchanges > 0 && spentUs + cost > capUs) break;
        spentUs += cost;
        exchanges += 1;
        if (options.fades()) continue;
      }
      for (const direction of directions) {
        const piece = heads[direction];
        if (piece === undefined) continue;
        const end = ends[receiverOf[direction]];
        if (piece.delivers && !piece.arrived)
          arrivals.push({
            dueMs: startMs + spentUs / 1_000,
            run: () => end.received(piece.starts, piece.data),
          });
        piece.arrived = true;
        waiting[direction] -= 1;
        if (direction === "to-peripheral" && !hears.central()) {
          waiting[direction] = 0;
          continue;
        }
        lanes[direction].queue.shift();
        if (piece.frees) freed[direction] += 1;
      }
    }
    for (const direction of directions) {
      const count = freed[direction];
      if (count > 0)
        arrivals.push({
          dueMs: startMs + spentUs / 1_000,
          run: () => ends[senderOf[direction]].sent(count),
        });
    }
    if (rate === undefined) endings(startMs);
    pump();
    schedule();
  };

  const piecesOf = (starts: boolean, data: Uint8Array, notBeforeMs: number): Piece[] => {
    const most = rate === undefined ? Math.max(1, data.length) : llPayloadBytesMax(rate.dle);
    const count = Math.max(1, Math.ceil(data.length / most));
    return Array.from({ length: count }, (_, index) => ({
      starts: starts && index === 0,
      data: data.subarray(index * most, (index + 1) * most),
      frees: index === count - 1,
      delivers: true,
      notBeforeMs,
      arrived: false,
    }));
  };

  const works: LinkWorks = {
    get parameters() {
      return parameters;
    },
    get isOpen() {
      return isOpen();
    },
    transmit(from, starts, data) {
      const direction = laneFrom[from];
      const own = lanes[direction];
      if (gone[from] || own.queue.length >= queuePacketsMax) return;
      const now = clock.nowMs() + options.latencyMs;
      const verdict = tamper?.({ direction, starts, data, index: own.packets }) ?? pass;
      own.packets += 1;
      const pieces = piecesOf(starts, data, now);
      const quiet = (): Piece[] => pieces.map((piece) => ({ ...piece, frees: false }));
      const overtaken = own.swapped;
      own.swapped = [];
      switch (verdict.kind) {
        case "pass":
          own.queue.push(...pieces);
          break;
        case "drop":
          own.queue.push(...pieces.map((piece) => ({ ...piece, delivers: false })));
          break;
        case "duplicate":
          own.queue.push(...pieces, ...quiet());
          break;
        case "replace":
          own.queue.push(...piecesOf(starts, verdict.data, now));
          break;
        case "delay":
          own.queue.push(...piecesOf(starts, data, now + verdict.ms));
          break;
        case "swap":
          own.swapped = pieces;
          clock.after(swapMsMax, () => {
            if (own.swapped !== pieces || gone[from]) return;
            own.swapped = [];
            own.queue.push(...pieces);
            schedule();
          });
          break;
        default:
          verdict satisfies never;
      }
      own.queue.push(...overtaken);
      schedule();
    },
    hangUp(from, reason) {
      if (gone[from]) return;
      lanes[laneFrom[from]].hangUp ??= reason;
      schedule();
    },
    update(wanted) {
      clock.after(updateEvents * intervalMs(), () => {
        parameters = wanted;
        [anchorMs, lastEvent] = [clock.nowMs(), -1];
        for (const role of roles) if (!gone[role]) ends[role].updated(wanted);
        schedule();
      });
    },
    review,
    abandon: (role) => leave(role, undefined),
    lose(reason) {
      for (const role of roles) leave(role, reason);
    },
    stall(which) {
      for (const direction of directions)
        if (which === "both" || which === direction) lanes[direction].stalled = true;
      review();
    },
    heal() {
      for (const direction of directions) lanes[direction].stalled = false;
      review();
    },
    tamper(next) {
      tamper = next;
    },
  };
  return works;
}
