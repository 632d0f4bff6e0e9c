/** Sentences that are read out as they appear, for who cannot see that the page changed. They are shown as well. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

const shownMilliseconds = 8_000;
/** What one's own act came to is not talked over by news: those wait for so long. */
const undisturbedMilliseconds = 5_000;
/** Of what waits, the newest are told. */
const waitingMax = 3;

interface Said {
  readonly text: string;
  readonly isNews: boolean;
}

const listeners = new Set<(said: Said) => void>();

/** What came of what somebody did here. */
export function announce(text: string): void {
  for (const listener of listeners) listener({ text, isNews: false });
}

/** What happened elsewhere. */
export function announceNews(text: string): void {
  for (const listener of listeners) listener({ text, isNews: true });
}

export function Live(): JSX.Element {
  const [text, setText] = useState("");
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let laterTimer: ReturnType<typeof setTimeout> | undefined;
    let waiting: string[] = [];
    let undisturbedUntil = 0;
    let saidAt = 0;
    const hear = ({ text, isNews }: Said): void => {
      const now = performance.now();
      if (isNews && now < undisturbedUntil) {
        waiting = [...waiting, text].slice(-waitingMax);
        clearTimeout(laterTimer);
        laterTimer = setTimeout(tellWaiting, undisturbedUntil - now);
        return;
      }
      if (!isNews) undisturbedUntil = now + undisturbedMilliseconds;
      saidAt = now;
      setText(text);
      clearTimeout(timer);
      timer = setTimeout(() => setText(""), shownMilliseconds);
    };
    const tellWaiting = (): void => {
      const text = waiting.join(" ");
      waiting = [];
      hear({ text, isNews: true });
    };
    // Who goes elsewhere has done with what was said, unless going there is what was said.
    const leave = (): void => {
      if (performance.now() - saidAt > 1_000) setText("");
    };
    addEventListener("hashchange", leave);
    listeners.add(hear);
    return () => {
      removeEventListener("hashchange", leave);
      listeners.delete(hear);
      clearTimeout(timer);
      clearTimeout(laterTimer);
    };
  }, []);
  return (
    <div class="live" role="status" aria-live="polite">
      {text === "" ? null : <p>{text}</p>}
    </div>
  );
}
