/** A storage in memory: for tests, and for hosts on which nothing may stay. It does not outlive the program. */
import type { Bytes } from "@doorsync/protocol/courier";
import type { Storage } from "../ports.ts";

export function memoryStorage(): Storage {
  const values = new Map<string, Bytes>();
  return {
    get: async (key) => values.get(key)?.slice(),
    put: async (key, bytes) => void values.set(key, bytes.slice()),
    delete: async (key) => void values.delete(key),
    list: async () => [...values.keys()],
    wipe: async () => values.clear(),
  };
}
