/**
 * The air: adapters, who advertises to whom, and the links between them. All time and chance of a radio come from here.
 * What a controller makes of it is in controller.ts, what a link makes of it in link.ts; it hears no host directly.
 */
import { type Chance, createChance } from "./chance.ts";
import { systemClock } from "./clock.ts";
import { advertKind, intervalUnitMs, type LinkParameters, type Role, status } from "./hci.ts";
import { createLink, type LinkWorks } from "./link.ts";
import type { Air, AirLink, AirOptions } from "./radio.ts";
import { createRange } from "./range.ts";
import { addressOf, createStation, type Seat, type Station, type StationAir } from "./station.ts";

interface Standing {
  readonly id: number;
  readonly link: AirLink;
  readonly works: LinkWorks;
  readonly stations: Readonly<Record<Role, Station>>;
}

export function createAir(options: AirOptions = {}): Air {
  const { clock = systemClock, rate, latencyMs = 0 } = options;
  const chance: Chance = createChance(options.seed ?? 1);
  const range = createRange(options.range ?? {}, chance);
  const stations: Station[] = [];
  const standing = new Map<number, Standing>();
  let tamper = options.tamper;
  let failing = { count: 0, code: status.failedToEstablish as number };
  let [devices, links] = [0, 0];

  const reaches = (from: Station, to: Station): boolean =>
    from.isUp && to.isUp && range.meanDbm(from.place, to.place) >= range.sensitivityDbm;
  const reviewAll = (): void => {
    for (const { works } of [...standing.values()]) works.review();
  };

  const link = (central: Station, peripheral: Station): void => {
    const wish = central.controller.initiating;
    if (wish === undefined) return;
    if (failing.count > 0) {
      failing = { ...failing, count: failing.count - 1 };
      central.feed({ kind: "connect-failed", code: failing.code });
      return;
    }
    const units = Math.round((options.intervalMs ?? Number.POSITIVE_INFINITY) / intervalUnitMs);
    const parameters = {
      intervalUnits: Math.max(wish.intervalUnitsMin, Math.min(wish.intervalUnitsMax, units)),
      latencyEvents: wish.latencyEvents,
      timeoutUnits: wish.timeoutUnits,
    };
    links += 1;
    const id = links;
    const pair = { central, peripheral };
    const endOf = (station: Station) => ({
      received: (starts: boolean, data: Uint8Array) =>
        station.feed({ kind: "received", link: id, starts, data }),
      sent: (count: number) => station.feed({ kind: "sent", link: id, count }),
      updated: (next: LinkParameters) => station.feed({ kind: "updated", link: id, parameters: next }),
      unlinked: (reason: number) => station.feed({ kind: "unlinked", link: id, reason }),
    });
    const works = createLink({
      clock,
      rate,
      latencyMs,
      parameters,
      tamper,
      ends: { central: endOf(central), peripheral: endOf(peripheral) },
      inRange: (direction) =>
        direction === "to-peripheral" ? reaches(central, peripheral) : reaches(peripheral, central),
      fades: () => range.packetDbm(central.place, peripheral.place) < range.sensitivityDbm,
      closed: () => void standing.delete(id),
    });
    const link: AirLink = {
      central: central.adapter,
      peripheral: peripheral.adapter,
      get parameters() {
        return works.parameters;
      },
      get isOpen() {
        return works.isOpen;
      },
      lose: (reason = status.connectionTimeout) => works.lose(reason),
      stall: works.stall,
      heal: works.heal,
      tamper: works.tamper,
    };
    standing.set(id, { id, link, works, stations: pair });
    const addressOf = { central: peripheral.controller.address, peripheral: central.controller.address };
    for (const role of ["central", "peripheral"] as const)
      pair[role].feed({ kind: "linked", link: id, role, peer: addressOf[role], parameters });
  };

  /** One advertising event: whoever listens hears it, and whoever waits for it connects. */
  const advertise = (from: Station): void => {
    const { controller } = from;
    for (const to of stations) {
      if (to === from || !to.isUp || !controller.advertising) continue;
      const rssi = range.packetDbm(from.place, to.place);
      if (rssi < range.sensitivityDbm) continue;
      const rssiDbm = Math.round(rssi);
      const { address, advertKind: kind, advertData: data, scanResponse } = controller;
      to.feed({ kind: "heard", advert: { kind, address, data, rssiDbm } });
      const isScannable = kind === advertKind.connectable || kind === advertKind.scannable;
      if (isScannable && to.controller.scansActively && reaches(to, from)) {
        const answer = { kind: advertKind.scanResponse, address, data: scanResponse, rssiDbm };
        to.feed({ kind: "heard", advert: answer });
      }
      const isConnectable = kind === advertKind.connectable || kind === advertKind.directed;
      if (isConnectable && to.controller.initiating?.peer === address && reaches(to, from)) link(to, from);
    }
  };

  const roleOf = ({ stations: pair }: Standing, station: Station): Role =>
    pair.central === station ? "central" : "peripheral";
  const seatIn = (one: Standing, station: Station): Seat => {
    const role = roleOf(one, station);
    const peer = one.stations[role === "central" ? "peripheral" : "central"];
    return {
      role,
      works: one.works,
      rssiDbm: () => Math.round(range.packetDbm(peer.place, station.place)),
    };
  };
  const forStations: StationAir = {
    clock,
    chance,
    advertisingIntervalMs: options.advertisingIntervalMs,
    advertise,
    seat(station, id) {
      const one = standing.get(id);
      return one === undefined ? undefined : seatIn(one, station);
    },
    seats: (station) =>
      [...standing.values()]
        .filter(({ stations: pair }) => Object.values(pair).includes(station))
        .map((one) => seatIn(one, station)),
    review: reviewAll,
    removed(station) {
      const index = stations.indexOf(station);
      if (index >= 0) stations.splice(index, 1);
    },
  };

  const isTaken = (address: string): boolean =>
    stations.some(({ controller }) => controller.address === address);
  /** By number; a host may have given its controller the address that a later one would have had. */
  const freeAddress = (): string => {
    // One more than can be taken.
    const numbers = Array.from({ length: stations.length + 1 }, (_, n) => devices + n);
    const free = numbers.map(addressOf).find((address) => !isTaken(address));
    if (free === undefined) throw new Error("no address is left in this air");
    return free;
  };

  return {
    get adapters() {
      return stations.map(({ adapter }) => adapter);
    },
    adapter(given = {}) {
      const { address = freeAddress() } = given;
      if (isTaken(address)) throw new Error(`two adapters cannot have the address ${address}`);
      const station = createStation(devices, { ...given, address }, forStations);
      devices += 1;
      stations.push(station);
      return station.adapter;
    },
    get links() {
      return [...standing.values()].map(({ link: one }) => one);
    },
    failConnections(count, code = status.failedToEstablish) {
      failing = { count, code };
    },
    tamper(next) {
      tamper = next;
    },
    close() {
      for (const { works } of [...standing.values()])
        for (const role of ["central", "peripheral"] as const) works.abandon(role);
      for (const { adapter } of stations) adapter.power(false);
    },
  };
}
