/** Changes as they come in, gathered into one sentence for each door: a sync changes many things at once. */
import { useEffect } from "preact/hooks";
import { mayBeOwn } from "./call.ts";
import { changeText } from "./event-words.ts";
import { type Change, onChange } from "./feed.ts";
import { announceNews } from "./live.tsx";
import { sentence } from "./words.ts";

const gatherMilliseconds = 300;
/** More doors than this in one breath are told as a number. */
const doorsMax = 3;
const names = new Map<string, string>();

/** Views say what doors are called as they learn it. */
export function noteNames(doors: readonly { readonly id: string; readonly name: string }[]): void {
  for (const { id, name } of doors) names.set(id, name);
}

/** `door`: the one that is looked at; what happens at others is no news then. */
export function useNews(door: string | undefined): void {
  useEffect(() => {
    let gathered: Change[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (): void => {
      timer = undefined;
      const text = newsText(mayBeOwn() ? gathered.filter(({ kind }) => !isAct(kind)) : gathered);
      gathered = [];
      if (text !== "") announceNews(text);
    };
    const off = onChange(
      (change) => {
        if (door !== undefined && change.door !== null && change.door !== door) return;
        gathered.push(change);
        timer ??= setTimeout(tell, gatherMilliseconds);
      },
      () => {},
    );
    return () => {
      off();
      clearTimeout(timer);
    };
  }, [door]);
}

/** What people do on pages and phones; the rest comes of locks and of who visits them. */
function isAct(kind: string): boolean {
  return (
    /^(person|policy|unit|keycard|key|app)\.|^door\.(added|daily-code)$|^lock\.(offered|trusted)$/.test(
      kind,
    ) || ["code.unset", "code.removing", "code.removed"].includes(kind)
  );
}

/** A code that is gone without the door's having been synced never reached the lock: that is news to nobody. */
function isGoneUnseen({ kind, door }: Change, changes: readonly Change[]): boolean {
  return kind === "code.removed" && !changes.some((one) => one.kind === "lock.proven" && one.door === door);
}

export function newsText(all: readonly Change[]): string {
  const changes = all.filter((change) => !isGoneUnseen(change, all));
  const ids = [...new Set(changes.map(({ door }) => door ?? ""))];
  const doors = ids.filter((id) => id !== "");
  if (doors.length > doorsMax) return `There is news of ${doors.length} doors.`;
  const lines = ids.map((id) => {
    const own = changes.filter(({ door }) => (door ?? "") === id);
    const texts = new Set(own.map(changeText).filter((text) => text !== undefined));
    if (texts.size === 0) return "";
    const name = names.get(id);
    return sentence(`${name === undefined ? "" : `${name}: `}${[...texts].join("; ")}`);
  });
  return lines.filter((line) => line !== "").join(" ");
}
