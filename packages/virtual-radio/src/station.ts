/**
 * One adapter in an air: a controller, the ports of its hosts, its advertising and its switch. It hands to the controller
 * what happens and to the air what the controller says; what others hear of it is the air's business.
 */
import type { HciPacket } from "./btsnoop.ts";
import type { Chance } from "./chance.ts";
import type { Clock } from "./clock.ts";
import { step } from "./controller.ts";
import { type ControllerState, createController, forgetAll, type Input } from "./controller-state.ts";
import type { LinkParameters, Role } from "./hci.ts";
import type { LinkWorks } from "./link.ts";
import type { Adapter, AdapterOptions } from "./radio.ts";
import type { Place } from "./range.ts";

export interface Station {
  readonly adapter: Adapter;
  readonly controller: ControllerState;
  readonly feed: (input: Input) => void;
  readonly place: Place;
  readonly isUp: boolean;
}

/** A station's part in a link. */
export interface Seat {
  readonly role: Role;
  readonly works: LinkWorks;
  /** How strongly the peer is heard now. */
  rssiDbm(): number;
}

/** What the air does for a station. */
export interface StationAir {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly advertisingIntervalMs: number | undefined;
  /** Lets everybody hear one advertising event. */
  advertise(from: Station): void;
  seat(station: Station, link: number): Seat | undefined;
  seats(station: Station): readonly Seat[];
  /** Somebody moved, came or went. */
  review(): void;
  removed(station: Station): void;
}

const bufferDefaults = { bytes: 251, count: 24 } as const;
/** Advertisers add up to this much to each interval, so that two of them do not always collide. */
const advertisingDelayMsMax = 10;
const advertisingUnitMs = 0.625;
const [advertisingMsMin, hurriedMsMin] = [20, 1];
const here: Place = { xMetres: 0, yMetres: 0 };

/** An address of a private range, by number. */
export function addressOf(deviceId: number): string {
  const pair = (byte: number): string => (byte & 0xff).toString(16).padStart(2, "0");
  return `02:00:00:00:${pair(deviceId >> 8)}:${pair(deviceId)}`;
}

export function createStation(
  deviceId: number,
  given: AdapterOptions & { readonly address: string },
  air: StationAir,
): Station {
  const { clock, chance } = air;
  const controller = createController({
    address: given.address,
    bufferBytes: given.bufferBytes ?? bufferDefaults.bytes,
    bufferCount: given.bufferCount ?? bufferDefaults.count,
    handles: given.handles ?? "lowest-free",
  });
  const ports = new Set<(packet: Uint8Array) => void>();
  const outbox: Uint8Array[] = [];
  let place = given.place ?? here;
  let [isUp, isHushed, isFlushing] = [true, false, false];
  let sink = given.capture;
  let cancelAdvert: (() => void) | undefined;

  const seen = (direction: HciPacket["direction"], bytes: Uint8Array): void =>
    sink?.({ direction, bytes: bytes.slice(), at: clock.nowMs() });
  /** A host that throws over a packet gets those behind it all the same, on the next turn, as from a real socket. */
  const flush = (): void => {
    try {
      for (let left = outbox.length; left > 0; left -= 1) {
        const packet = outbox.shift();
        if (packet === undefined) return;
        seen("received", packet);
        for (const hear of [...ports]) hear(packet);
      }
    } finally {
      isFlushing = outbox.length > 0;
      if (isFlushing) clock.after(0, flush);
    }
  };
  const toHost = (packet: Uint8Array): void => {
    outbox.push(packet);
    if (isFlushing) return;
    isFlushing = true;
    clock.after(0, flush);
  };

  const advertiseAgain = (): void => {
    cancelAdvert?.();
    cancelAdvert = undefined;
    if (!isUp || !controller.advertising) return;
    const run = (): void => {
      if (!isHushed) air.advertise(station);
      if (!isUp || !controller.advertising) return;
      const asked = controller.advertisingUnits * advertisingUnitMs;
      const drawn = Math.max(advertisingMsMin, asked) + advertisingDelayMsMax * chance.next();
      const hurried = air.advertisingIntervalMs;
      cancelAdvert = clock.after(hurried === undefined ? drawn : Math.max(hurriedMsMin, hurried), run);
    };
    cancelAdvert = clock.after(0, run);
  };
  const fallSilent = (): void => {
    cancelAdvert?.();
    cancelAdvert = undefined;
    for (const { works, role } of air.seats(station)) works.abandon(role);
  };

  const feed = (input: Input): void => {
    for (const output of step(controller, input)) {
      switch (output.kind) {
        case "to-host":
          toHost(output.packet);
          break;
        case "advertising":
          advertiseAgain();
          break;
        case "silence":
          fallSilent();
          break;
        case "transmit": {
          const seat = air.seat(station, output.link);
          seat?.works.transmit(seat.role, output.starts, output.data);
          break;
        }
        case "hang-up": {
          const seat = air.seat(station, output.link);
          seat?.works.hangUp(seat.role, output.reason);
          break;
        }
        case "ask-rssi": {
          const seat = air.seat(station, output.link);
          if (seat !== undefined) feed({ kind: "rssi", link: output.link, rssiDbm: seat.rssiDbm() });
          break;
        }
        case "ask-update":
          air.seat(station, output.link)?.works.update(agreed(output.wish));
          break;
        default:
          output satisfies never;
      }
    }
  };

  const adapter: Adapter = {
    deviceId,
    get address() {
      return controller.address;
    },
    get isUp() {
      return isUp;
    },
    get place() {
      return place;
    },
    get overlongPdus() {
      return controller.overlongPdus;
    },
    open(hear) {
      const port = (packet: Uint8Array): void => hear(packet);
      ports.add(port);
      return {
        write(packet) {
          if (!isUp || !ports.has(port)) return;
          seen("sent", packet);
          feed({ kind: "host", packet });
        },
        close: () => void ports.delete(port),
      };
    },
    power(on) {
      if (isUp === on) return;
      isUp = on;
      if (on) return;
      fallSilent();
      forgetAll(controller);
      outbox.length = 0;
      air.review();
    },
    hush(on) {
      isHushed = on;
    },
    move(to) {
      place = to;
      air.review();
    },
    capture(next) {
      sink = next;
    },
    remove() {
      adapter.power(false);
      ports.clear();
      air.removed(station);
    },
  };
  const station: Station = {
    adapter,
    controller,
    feed,
    get place() {
      return place;
    },
    get isUp() {
      return isUp;
    },
  };
  return station;
}

/** The longest interval that was wished for: the one that costs the peer the least. */
const agreed = (wish: {
  intervalUnitsMax: number;
  latencyEvents: number;
  timeoutUnits: number;
}): LinkParameters => ({
  intervalUnits: wish.intervalUnitsMax,
  latencyEvents: wish.latencyEvents,
  timeoutUnits: wish.timeoutUnits,
});
