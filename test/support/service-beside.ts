/** A second server on the database of a first one: connections of its own, the same keys. It is this process's. */
import type { AddressInfo } from "node:net";
import { type Office, openStore, type Place } from "@doorsync/authority";
import { createServer } from "@doorsync/authority/service";
import { caller, type Service } from "./service.ts";

export type Beside = Pick<Service, "url" | "call" | "office" | "faults" | "close">;

export async function startBeside(service: Service, place: Place): Promise<Beside> {
  const db = await openStore(place);
  const office = (): Office => ({ ...service.office(), db });
  const faults: string[] = [];
  const server = await createServer({
    office,
    onFault: (error, what) => faults.push(`${what}: ${error instanceof Error ? error.stack : String(error)}`),
    version: "0.0.0",
  });
  await server.listen({ host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  return {
    url,
    call: caller(url),
    office,
    faults,
    async close() {
      await server.close();
      await db.destroy();
    },
  };
}
