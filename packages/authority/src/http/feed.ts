/**
 * State changes as server-sent events: what happens at the doors of one's properties, in order, from where the client
 * stopped. Each event says that something changed and where; what it is now, the endpoints say.
 */
import type { FastifyInstance } from "fastify";
import type { Actor } from "../desk/actor.ts";
import { whoHolds } from "../desk/sign-in.ts";
import { deny } from "../model/denial.ts";
import type { Office } from "../office/office.ts";
import { standingsOf } from "../store/standings.ts";
import { type ChangeRow, changesAfter, newestChange } from "../store/trail.ts";
import { bearer, type ServerOptions, sendDenied } from "./reply.ts";

const pollMilliseconds = 500;
const beatMilliseconds = 15_000;
const eventsPerPollMax = 200;
/** Open streams of one process; one more is told to come back. */
const streamsMax = 500;
/** Written and not read yet; a client that lags further is cut off, and comes back to where it stopped. */
const unreadBytesMax = 262_144;

/** GET /v1/events, with `Last-Event-ID` to go on from there. */
export function serveFeed(app: FastifyInstance, options: ServerOptions): void {
  let streams = 0;
  app.get("/v1/events", { schema: { hide: true } }, async (request, reply) => {
    const office = options.office();
    const who = await whoHolds(office, bearer(request));
    if (!who.ok) return sendDenied(reply, who);
    if (streams >= streamsMax) return sendDenied(reply, deny("UNAVAILABLE"));
    const last = request.headers["last-event-id"];
    let after =
      typeof last === "string" && /^\d{1,15}$/.test(last) ? Number(last) : await newestChange(office.db);
    reply.hijack();
    // Whoever left while the database was asked sends no word of it any more.
    if (request.raw.socket.destroyed) return reply;
    streams += 1;
    reply.raw.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    reply.raw.write(`retry: 2000\nid: ${after}\nevent: ready\ndata: {}\n\n`);
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      streams -= 1;
      clearTimeout(timer);
      reply.raw.end();
    };
    request.raw.socket.once("close", close);
    let beatAt = Date.now();
    const poll = async (): Promise<void> => {
      const now = options.office();
      // Whoever was logged out hears no more.
      const still = await whoHolds(now, bearer(request));
      if (!still.ok) return close();
      if (reply.raw.writableLength > unreadBytesMax) {
        reply.raw.destroy();
        return close();
      }
      const { changes, seen } = await changesFor(now, still.value, after);
      after = seen;
      for (const change of changes) {
        reply.raw.write(`id: ${change.id}\nevent: change\ndata: ${JSON.stringify(shown(change))}\n\n`);
        beatAt = Date.now();
      }
      if (Date.now() - beatAt >= beatMilliseconds) {
        reply.raw.write(": still here\n\n");
        beatAt = Date.now();
      }
    };
    const again = (): void => {
      if (!isOpen) return;
      timer = setTimeout(() => {
        poll().then(again, (error: unknown) => {
          options.onFault(error, "a stream of events ended");
          close();
        });
      }, pollMilliseconds);
    };
    let timer = setTimeout(again, 0);
    return reply;
  });
}

interface Heard {
  readonly changes: readonly ChangeRow[];
  /** Looked through up to here, also where nothing was to be told: others' changes must not stand in the way. */
  readonly seen: number;
}

/** A manager hears of the whole property; others, also who is suspended, of what is theirs; the vendor of nothing. */
async function changesFor(office: Office, { personId, isVendor }: Actor, after: number): Promise<Heard> {
  const standings = isVendor ? [] : await standingsOf(office.db, personId);
  const properties = [...new Set(standings.map(({ propertyId }) => propertyId))];
  const managed = new Set(
    standings
      .filter(({ role, isSuspended }) => role === "manager" && !isSuspended)
      .map(({ propertyId }) => propertyId),
  );
  const changes = await changesAfter(office.db, properties, after, eventsPerPollMax);
  return {
    changes: changes.filter((change) => managed.has(change.property_id) || change.person_id === personId),
    seen: changes.at(-1)?.id ?? after,
  };
}

function shown({ at, property_id, door_id, person_id, kind }: ChangeRow): object {
  return { at, kind, property: property_id, door: door_id, person: person_id };
}
