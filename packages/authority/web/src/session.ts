/**
 * Whether somebody is logged in on this page: the token, kept for as long as the tab is open, and which kind of client
 * this browser is. Not who it is: the service says that.
 */
import { useEffect, useState } from "preact/hooks";

declare const __VERSION__: string;

/** The page comes from the service that it talks to, and has its version. */
export const pageVersion: string = __VERSION__;

/** out: nobody has been logged in. left: logged out here. ended: the service does not know the token any more. */
export type Ended = "out" | "left" | "ended";

export type Session =
  | { readonly isIn: true; readonly token: string }
  | { readonly isIn: false; readonly why: Ended };

const storageKey = "doorsync.token";
const listeners = new Set<(session: Session) => void>();
let session: Session = kept();

function kept(): Session {
  const token = sessionStorage.getItem(storageKey);
  return token === null ? { isIn: false, why: "out" } : { isIn: true, token };
}

export function token(): string | undefined {
  return session.isIn ? session.token : undefined;
}

export function beginSession(token: string): void {
  sessionStorage.setItem(storageKey, token);
  become({ isIn: true, token });
}

/** Leaves nothing in this browser. */
export function endSession(why: Ended): void {
  if (!session.isIn) return;
  sessionStorage.clear();
  become({ isIn: false, why });
}

function become(next: Session): void {
  session = next;
  for (const listener of listeners) listener(next);
}

export function useSession(): Session {
  const [seen, see] = useState(session);
  useEffect(() => {
    listeners.add(see);
    see(session);
    return () => void listeners.delete(see);
  }, []);
  return seen;
}

/** Codes are shown on phones only: what is touched and knows no pointer above it, however it is held; or `?mobile`. */
export function clientClass(): "mobile" | "desktop" {
  if (new URLSearchParams(location.search).has("mobile")) return "mobile";
  return matchMedia("(pointer: coarse) and (hover: none)").matches ? "mobile" : "desktop";
}
