/**
 * The wire of a connected lock: an MQTT 5 broker, from which it hears sets of parcels and to which it brings return
 * slips, both as bytes. A dead broker is tried again for ever. It judges nothing but lengths, and it keeps nothing.
 *
 *   doorsync/<property id>/<lock tag, 16 hex>/parcels   heard
 *   doorsync/<property id>/<lock tag, 16 hex>/returns   brought
 *
 * The lock does not know its property's id, nor need it: it answers where it was spoken to.
 */
import { randomUUID } from "node:crypto";
import type { Bytes } from "@doorsync/protocol/lock";
import type { MqttClient } from "mqtt";
import { Trouble } from "./trouble.ts";

/** Of a set of parcels. The broker is told, and keeps longer ones to itself. */
export const parcelSetBytesMax: number = 512 * 1024;

export type WireState = { readonly kind: "connected" } | { readonly kind: "down"; readonly why: string };

export interface WireLent {
  /** A set of parcels for the tag that was named last; empty: nothing is to be carried. */
  onParcels(property: string, set: Bytes): void;
  onState(state: WireState): void;
}

export interface Wire {
  /** Hears what is for this tag (16 hex) from now on, and what lies there already. */
  listenAs(tag: string): void;
  /** Settles when the slip reached somebody; rejects with one sentence otherwise, within ten seconds. */
  bring(property: string, tag: string, slip: Bytes): Promise<void>;
  /** Leaves; nothing is heard any more. */
  close(): void;
}

const answerMillisecondsMax = 10_000;
const keepaliveSeconds = 30;
const firstPauseMilliseconds = 500;
const longestPauseMilliseconds = 30_000;
const goodMilliseconds = 30_000;
const packetOverheadBytes = 512;
const parcelsForm = /^doorsync\/([A-Za-z0-9_-]{1,64})\/([0-9a-f]{16})\/parcels$/;
/** MQTT 5, 3.4.2.1: the broker took the message, and nobody was there to hear it. */
const nobodyListens = 16;

/** A URL that `openWire` takes; throws with what is expected. */
export function parseBroker(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isBroker = url !== undefined && ["mqtt:", "mqtts:", "ws:", "wss:"].includes(url.protocol);
  if (isBroker && url.hostname !== "") return text;
  throw new Error("give mqtt[s]://[user:password@]host[:port]");
}

export function openWire(url: string, lent: WireLent): Wire {
  const name = new URL(parseBroker(url)).host;
  let tag: string | undefined;
  let line: MqttClient | undefined;
  let dropped = new AbortController();
  let isClosed = false;
  let failures = 0;
  let timer: NodeJS.Timeout | undefined;
  let client: MqttClient | undefined;
  /** Message ids that the broker confirmed, and nobody listened to; each is read at once. */
  const unheard = new Set<number | undefined>();

  function subscribe(on: MqttClient, heard: string): void {
    on.subscribe(`doorsync/+/${heard}/parcels`, { qos: 1 }, (error, granted) => {
      if (error !== null || granted?.every(({ qos }) => qos === 1) !== true) {
        hangUp(on, `the broker ${name} does not let us listen as ${heard}`);
      }
    });
  }

  function hangUp(on: MqttClient, why: string): void {
    if (client !== on) return;
    client = undefined;
    line = undefined;
    on.end(true);
    dropped.abort(new Error(why));
    dropped = new AbortController();
    if (isClosed) return;
    lent.onState({ kind: "down", why });
    const milliseconds = Math.min(firstPauseMilliseconds * 2 ** failures, longestPauseMilliseconds);
    failures += 1;
    // Spread, so that a house of locks does not come back at once.
    timer = setTimeout(() => void connect(), milliseconds * (0.5 + Math.random() / 2));
  }

  async function connect(): Promise<void> {
    const mqtt = await import("mqtt");
    if (isClosed) return;
    const begun = performance.now();
    const on = mqtt.connect(url, {
      protocolVersion: 5,
      clientId: `doorsync-lock-${randomUUID()}`,
      clean: true,
      reconnectPeriod: 0,
      connectTimeout: answerMillisecondsMax,
      keepalive: keepaliveSeconds,
      resubscribe: false,
      properties: { maximumPacketSize: parcelSetBytesMax + packetOverheadBytes, topicAliasMaximum: 0 },
    });
    client = on;
    unheard.clear();
    let why = `the broker ${name} closed the connection`;
    on.on("error", (error) => {
      why = `the broker ${name}: ${error.message || ("code" in error ? String(error.code) : "no reason")}`;
    });
    on.on("close", () => {
      if (performance.now() - begun > goodMilliseconds) failures = 0;
      hangUp(on, why);
    });
    // The library confirms a message that nobody heard like any other; only the packet tells.
    on.on("packetreceive", (packet) => {
      if (packet.cmd === "puback" && packet.reasonCode === nobodyListens) unheard.add(packet.messageId);
    });
    on.on("message", (topic, payload) => {
      const [, property, heard] = parcelsForm.exec(topic) ?? [];
      // A message for an earlier tag may still be under way.
      if (property === undefined || heard !== tag || payload.length > parcelSetBytesMax) return;
      lent.onParcels(property, new Uint8Array(payload));
    });
    on.on("connect", () => {
      line = on;
      lent.onState({ kind: "connected" });
      if (tag !== undefined) subscribe(on, tag);
    });
  }

  void connect();
  return {
    listenAs(wanted) {
      if (wanted === tag) return;
      const before = tag;
      tag = wanted;
      if (line === undefined) return;
      if (before !== undefined) line.unsubscribe(`doorsync/+/${before}/parcels`);
      subscribe(line, wanted);
    },
    bring(property, from, slip) {
      const on = line;
      if (on === undefined) return Promise.reject(new Trouble(`the broker ${name} is not connected`));
      const late = `the broker ${name} did not confirm within ${answerMillisecondsMax / 1_000} s`;
      // A broker that confirms nothing would have us keep the message: the connection is given up.
      const giveUp = (): void => hangUp(on, late);
      return brought(
        { on, name, unheard, dropped: dropped.signal, giveUp },
        `doorsync/${property}/${from}/returns`,
        slip,
      );
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
      if (client !== undefined) hangUp(client, "closed on request");
    },
  };
}

interface Line {
  readonly on: MqttClient;
  readonly name: string;
  readonly unheard: Set<number | undefined>;
  /** Aborts, with the reason, when the connection ends. */
  readonly dropped: AbortSignal;
  readonly giveUp: () => void;
}

function brought({ on, name, unheard, dropped, giveUp }: Line, topic: string, slip: Bytes): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (why: string | undefined): void => {
      clearTimeout(timer);
      dropped.removeEventListener("abort", cut);
      if (why === undefined) resolve();
      else reject(new Trouble(why));
    };
    const cut = (): void => settle(String(dropped.reason?.message));
    const timer = setTimeout(giveUp, answerMillisecondsMax);
    dropped.addEventListener("abort", cut);
    on.publish(topic, Buffer.from(slip), { qos: 1 }, (error, packet) => {
      if (error) settle(`the broker ${name}: ${error.message}`);
      else settle(unheard.delete(packet?.messageId) ? `nobody listens at the broker ${name}` : undefined);
    });
  });
}
