/**
 * What a view shows, asked for again whenever the feed says that it may have changed, and again and again while the
 * service cannot be reached. The old answer stays on the page until the new one is there.
 */
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Api, ApiName } from "./api.ts";
import { type Answer, type Asked, call, type Trouble } from "./call.ts";
import { type Change, onChange } from "./feed.ts";

export interface Loaded<T> {
  readonly value: T | undefined;
  /** With a value: why it may be out of date. */
  readonly trouble: Trouble | undefined;
  readonly again: () => void;
}

/** Troubles that say nothing of what was asked for: it is still the best that is known. */
const passing = ["UNREACHABLE", "UNAVAILABLE", "FAULT"];
/** Of them, those that end without anybody's doing: nobody need press a button in each part of the page. */
const waiting = ["UNREACHABLE", "UNAVAILABLE"];
const againMilliseconds = 3_000;

/** One visit changes many things at once: they are heard together. */
const gatherMilliseconds = 150;

export function useLoad<N extends ApiName>(
  name: N,
  asked: Asked<N>,
  concerns: (change: Change) => boolean = () => false,
): Loaded<Api[N]["answer"]> {
  const wish = JSON.stringify([name, asked]);
  const [kept, keep] = useState<Kept<Api[N]["answer"]> | undefined>();
  const newest = useRef(0);
  const again = useCallback(() => {
    const turn = ++newest.current;
    const [, parsed] = JSON.parse(wish) as [N, Asked<N>];
    void call(name, parsed).then((answer) => {
      if (turn === newest.current) keep((before) => keptAfter(before, wish, answer));
    });
  }, [name, wish]);
  useEffect(() => {
    again();
    return () => void newest.current++;
  }, [again]);
  useEffect(() => {
    if (kept?.trouble === undefined || !waiting.includes(kept.trouble.name)) return;
    const timer = setTimeout(again, againMilliseconds);
    return () => clearTimeout(timer);
  }, [kept, again]);
  const asks = useRef(concerns);
  asks.current = concerns;
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const soon = (): void => {
      timer ??= setTimeout(() => {
        timer = undefined;
        again();
      }, gatherMilliseconds);
    };
    const off = onChange((change) => void (asks.current(change) && soon()), soon);
    return () => {
      off();
      clearTimeout(timer);
    };
  }, [again]);
  // What was answered to another question is not shown under this one.
  const own = kept?.wish === wish ? kept : undefined;
  return { value: own?.value, trouble: own?.trouble, again };
}

interface Kept<T> {
  readonly wish: string;
  readonly value: T | undefined;
  readonly trouble: Trouble | undefined;
}

function keptAfter<T>(before: Kept<T> | undefined, wish: string, answer: Answer<T>): Kept<T> {
  if (answer.ok) return { wish, value: answer.value, trouble: undefined };
  const { trouble } = answer;
  const isPassing = before?.wish === wish && passing.includes(trouble.name);
  return { wish, value: isPassing ? before.value : undefined, trouble };
}
