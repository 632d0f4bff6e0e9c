/**
 * State changes as server-sent events: what happens at the doors of one's properties, in order, from where the client
 * stopped. Each event says that something changed and where; what it is now, the endpoints say.
 */
import type { FastifyInstance } from "fastify";
import { changesFor } from "../desk/hearing.ts";
import { whoHolds } from "../desk/sign-in.ts";
import { deny } from "../model/denial.ts";
import { type ChangeRow, newestChange } from "../store/trail.ts";
import { Problem, problemType } from "./problem.ts";
import { bearer, type ServerOptions, sendDenied } from "./reply.ts";

const pollMilliseconds = 500;
const beatMilliseconds = 15_000;
/** Open streams of one process; one more is told to come back. */
export const streamsMax = 500;
/** And of one account in it: many tabs and phones, and far from all that there are. */
export const streamsPerAccountMax = 20;
/** When who has too many may ask again. */
const tooManySeconds = 60;
/** Written and not read yet; a client that lags further is cut off, and comes back to where it stopped. */
const unreadBytesMax = 262_144;

/** For the document: who calls it looks at the number itself, and what is none begins now. */
const feedSchema = {
  operationId: "events",
  summary: "A stream of what changed, as server-sent events, for as long as the session lasts",
  tags: ["events"],
  security: [{ session: [] }],
  headers: {
    type: "object",
    properties: {
      "last-event-id": { type: "string", description: "go on behind this number; left out: from now on" },
    },
  },
  response: {
    200: {
      description: "events `ready`, `change` and `reload`; the data of a change says what, where and of whom",
      content: { "text/event-stream": { schema: { type: "string" } } },
    },
    default: { description: "refused", content: { [problemType]: { schema: Problem } } },
  },
};

/** GET /v1/events, with `Last-Event-ID` to go on from there. */
export function serveFeed(app: FastifyInstance, options: ServerOptions): void {
  /** Open streams by account. */
  const streams = new Map<string, number>();
  let streamsOfAll = 0;
  const count = (accountId: string, change: 1 | -1): void => {
    streamsOfAll += change;
    const own = (streams.get(accountId) ?? 0) + change;
    if (own === 0) streams.delete(accountId);
    else streams.set(accountId, own);
  };
  app.get("/v1/events", { schema: feedSchema }, async (request, reply) => {
    const office = options.office();
    const who = await whoHolds(office, bearer(request));
    if (!who.ok) return sendDenied(reply, who);
    const { accountId } = who.value;
    if ((streams.get(accountId) ?? 0) >= streamsPerAccountMax)
      return sendDenied(reply, deny("TOO_MANY", `${tooManySeconds}`));
    if (streamsOfAll >= streamsMax) return sendDenied(reply, deny("UNAVAILABLE"));
    // Counted before the database is asked: of many that come at once no more pass than may.
    count(accountId, 1);
    let newest: number;
    try {
      newest = await newestChange(office.db);
    } catch (error) {
      count(accountId, -1);
      throw error;
    }
    const last = request.headers["last-event-id"];
    const asked = typeof last === "string" && /^\d{1,15}$/.test(last) ? Number(last) : newest;
    // Numbers that are not there yet: the books are an older backup, or the number is somebody else's. Waiting for them
    // would be hearing nothing; what changed since is not known.
    const isBeyond = asked > newest;
    let after = isBeyond ? newest : asked;
    reply.hijack();
    // Whoever left while the database was asked sends no word of it any more.
    if (request.raw.socket.destroyed) {
      count(accountId, -1);
      return reply;
    }
    reply.raw.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    reply.raw.write(`retry: 2000\nid: ${after}\nevent: ready\ndata: {}\n\n`);
    if (isBeyond) reply.raw.write(`id: ${after}\nevent: reload\ndata: {}\n\n`);
    let isOpen = true;
    const close = (): void => {
      if (!isOpen) return;
      isOpen = false;
      count(accountId, -1);
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

function shown({ at, property_id, door_id, person_id, kind }: ChangeRow): object {
  return { at, kind, property: property_id, door: door_id, person: person_id };
}
