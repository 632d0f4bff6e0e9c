/**
 * The way to connected locks over an MQTT 5 broker: puts out what each lock may need, and hears their return slips. A
 * dead broker is a state and not an error: it is tried again for ever, and what cannot be put out stays the caller's.
 * It keeps no session on the broker, because nothing depends on one: parcels are retained, and a lock whose change is
 * pending is sent them again until its receipt is here.
 */
import { randomUUID } from "node:crypto";
import type { Parcel } from "@doorsync/protocol/authority";
import type { IConnackPacket, MqttClient } from "mqtt";
import { createArrivals, pause } from "./arrivals.ts";
import { brokerName } from "./place.ts";
import {
  type ConnectedDoor,
  packParcels,
  parcelsTopic,
  type Returned,
  readReturned,
  returnPacketBytesMax,
  returnsFilter,
} from "./topics.ts";

export type BrokerState =
  | { readonly kind: "connecting" }
  | { readonly kind: "connected" }
  | { readonly kind: "down"; readonly why: string }
  | { readonly kind: "closed" };

/** Whether the broker has the parcels. If not, they were perhaps put out all the same: put them out again. */
export type PutOut = { readonly ok: true } | { readonly ok: false; readonly why: string };

export interface BrokerLent {
  /** Settles when the slip is safe; a rejection has it offered again for half a minute. One at a time, in order. */
  onReturn(returned: Returned): Promise<void>;
  /** After `connected`, put out again what is pending: who was away heard nothing. */
  onState?(state: BrokerState): void;
  /** One sentence for people: a slip was dropped. */
  onTrouble?(why: string): void;
  /** Closes it, too. */
  readonly signal?: AbortSignal;
}

export interface Broker {
  readonly state: BrokerState;
  /** Makes these the parcels of one lock, in place of all before; none withdraws them. Answers within its deadline. */
  publish(door: ConnectedDoor, parcels: readonly Parcel[]): Promise<PutOut>;
  /** Leaves. Settles when nothing is open any more. */
  close(): Promise<void>;
}

/** Longest wait for a broker: to be let in, and for each confirmation. */
const answerMillisecondsMax = 10_000;
const keepaliveSeconds = 30;
/** Messages put out and not confirmed; a broker may ask for fewer. */
const unconfirmedMax = 16;
const firstPauseMilliseconds = 500;
const longestPauseMilliseconds = 30_000;
/** A connection that lasted this long was a good one: the pauses begin anew. */
const goodMilliseconds = 30_000;
/** What MQTT adds to topic and payload, at the most. */
const packetOverheadBytes = 64;

interface Line {
  readonly client: MqttClient;
  /** Longest packet that the broker takes. */
  readonly packetBytesMax: number;
  readonly unconfirmedMax: number;
  readonly unconfirmed: Set<(answer: PutOut) => void>;
  readonly hangUp: (why: string) => void;
}

/** Throws Trouble for a URL that is no broker's; for a broker that is dead it throws nothing, ever. */
export function connectBroker(url: string, lent: BrokerLent): Broker {
  const name = brokerName(url);
  const ending = new AbortController();
  let state: BrokerState = { kind: "connecting" };
  let line: Line | undefined;
  /** Those who wait for room on the line, first come first served. */
  const queue: (() => void)[] = [];

  const arrivals = createArrivals({
    take: (returned) => lent.onReturn(returned),
    dropped: (why) => lent.onTrouble?.(why),
    signal: ending.signal,
  });

  const tell = (now: BrokerState): void => {
    state = now;
    lent.onState?.(now);
  };

  async function keepConnected(): Promise<void> {
    const { connect } = await import("mqtt");
    for (let failures = 0; !ending.signal.aborted; failures++) {
      const begun = performance.now();
      const why = await oneConnection(connect);
      if (ending.signal.aborted) break;
      tell({ kind: "down", why });
      if (performance.now() - begun > goodMilliseconds) failures = 0;
      const milliseconds = Math.min(firstPauseMilliseconds * 2 ** failures, longestPauseMilliseconds);
      // Spread, so that those who lost a broker at once do not come back at once.
      await pause(milliseconds * (0.5 + Math.random() / 2), ending.signal);
      if (!ending.signal.aborted) tell({ kind: "connecting" });
    }
  }

  /** From the first packet to the end; says why it ended. */
  function oneConnection(connect: typeof import("mqtt")["connect"]): Promise<string> {
    return new Promise((resolve) => {
      const client = connect(url, {
        protocolVersion: 5,
        clientId: `doorsync-authority-${randomUUID()}`,
        clean: true,
        reconnectPeriod: 0,
        connectTimeout: answerMillisecondsMax,
        keepalive: keepaliveSeconds,
        resubscribe: false,
        properties: { maximumPacketSize: returnPacketBytesMax, topicAliasMaximum: 0 },
      });
      let isOver = false;
      let lastWhy = `the broker ${name} closed the connection`;
      const own: Line["unconfirmed"] = new Set();
      const hangUp = (why: string): void => {
        if (isOver) return;
        isOver = true;
        if (line?.client === client) line = undefined;
        ending.signal.removeEventListener("abort", left);
        client.end(true);
        for (const settle of [...own]) settle({ ok: false, why });
        // Whoever waits for room is told that there is no line.
        for (const turn of queue.splice(0)) turn();
        resolve(why);
      };
      const left = (): void => hangUp("closed on request");
      ending.signal.addEventListener("abort", left);

      client.on("error", (error) => {
        lastWhy = `the broker ${name}: ${error.message || codeIn(error)}`;
      });
      client.on("close", () => hangUp(lastWhy));
      client.on("message", (topic, payload) => {
        const returned = readReturned(topic, payload);
        if (returned !== undefined) arrivals.add(returned);
      });
      client.on("connect", (greeting) => {
        client.subscribe(returnsFilter, { qos: 1 }, (error, granted) => {
          const isGranted = granted?.every(({ qos }) => qos === 1) === true;
          if (error !== null || !isGranted) {
            hangUp(`the broker ${name} does not let us listen to ${returnsFilter}`);
            return;
          }
          if (isOver) return;
          line = { client, ...boundsIn(greeting), unconfirmed: own, hangUp };
          tell({ kind: "connected" });
        });
      });
    });
  }

  const running = keepConnected().finally(() => tell({ kind: "closed" }));
  const close = async (): Promise<void> => {
    ending.abort();
    await running;
  };
  if (lent.signal?.aborted === true) ending.abort();
  lent.signal?.addEventListener("abort", () => ending.abort(), { signal: ending.signal });

  return {
    get state() {
      return state;
    },
    async publish(door, parcels) {
      const topic = parcelsTopic(door);
      const payload = packParcels(parcels);
      for (;;) {
        const on = line;
        if (on === undefined) {
          const why = state.kind === "down" ? state.why : `the broker ${name} is not connected`;
          return { ok: false, why };
        }
        const packetBytes = topic.length + payload.length + packetOverheadBytes;
        if (packetBytes > on.packetBytesMax) {
          return { ok: false, why: `the broker ${name} takes packets of ${on.packetBytesMax} bytes at most` };
        }
        // No await between this look and `putOut`, which takes the room at once.
        if (on.unconfirmed.size < on.unconfirmedMax) {
          return await putOut(on, name, topic, payload).finally(() => queue.shift()?.());
        }
        await new Promise<void>((resolve) => queue.push(resolve));
      }
    },
    close,
  };
}

function putOut(on: Line, name: string, topic: string, payload: Uint8Array): Promise<PutOut> {
  return new Promise((resolve) => {
    const settle = (answer: PutOut): void => {
      clearTimeout(timer);
      on.unconfirmed.delete(settle);
      resolve(answer);
    };
    // A broker that confirms nothing keeps the message in our memory, too: the connection is given up.
    const timer = setTimeout(
      () => on.hangUp(`the broker ${name} did not confirm within ${answerMillisecondsMax / 1_000} s`),
      answerMillisecondsMax,
    );
    on.unconfirmed.add(settle);
    const options = { qos: 1, retain: true } as const;
    on.client.publish(topic, Buffer.from(payload), options, (error) => {
      settle(error ? { ok: false, why: `the broker ${name}: ${error.message}` } : { ok: true });
    });
  });
}

/** What the broker asks for in its greeting; MQTT's own bounds where it says nothing. */
function boundsIn({ properties }: IConnackPacket): Pick<Line, "packetBytesMax" | "unconfirmedMax"> {
  return {
    packetBytesMax: properties?.maximumPacketSize ?? 0x0fff_ffff,
    unconfirmedMax: Math.min(properties?.receiveMaximum ?? unconfirmedMax, unconfirmedMax),
  };
}

function codeIn(error: Error): string {
  return "code" in error ? String(error.code) : "no reason";
}
