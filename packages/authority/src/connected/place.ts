/** Where a broker is: its URL judged once, at the start, and told without its password. */
import { Trouble } from "../trouble.ts";

const protocols: readonly string[] = ["mqtt:", "mqtts:", "ws:", "wss:"];

/** Host and port, for people. Throws Trouble for a URL of something else. */
export function brokerName(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !protocols.includes(parsed.protocol) || parsed.hostname === "") {
    // The value is not repeated: it may hold a password.
    throw new Trouble("MQTT_URL is no address of a broker", "give mqtt[s]://[user:password@]host[:port]");
  }
  return parsed.host;
}
