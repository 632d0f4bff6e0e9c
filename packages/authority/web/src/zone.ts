/** A time zone as locks keep it: the offset from UTC and the seconds from which it holds, for the years to come. */

export interface OffsetChange {
  readonly at: number;
  readonly offsetMinutes: number;
}

const secondsPerDay = 86_400;

export function zoneNames(): readonly string[] {
  return Intl.supportedValuesOf("timeZone");
}

/** From the day before `from` on; ascending. Two offsets of one day are found to the minute. */
export function offsetsOf(zone: string, from: number, years: number): readonly OffsetChange[] {
  const offsetAt = offsetIn(zone);
  const start = Math.floor(from / secondsPerDay - 1) * secondsPerDay;
  const changes: OffsetChange[] = [{ at: start, offsetMinutes: offsetAt(start) }];
  for (let day = 0; day < years * 366; day++) {
    const [begin, end] = [start + day * secondsPerDay, start + (day + 1) * secondsPerDay];
    const after = offsetAt(end);
    if (after !== offsetAt(begin))
      changes.push({ at: firstWith(after, begin, end, offsetAt), offsetMinutes: after });
  }
  return changes;
}

/** The first minute with this offset, between one without and one with it. */
function firstWith(
  offset: number,
  without: number,
  withIt: number,
  offsetAt: (at: number) => number,
): number {
  let [low, high] = [without, withIt];
  while (high - low > 60) {
    const middle = low + Math.floor((high - low) / 120) * 60;
    if (offsetAt(middle) === offset) high = middle;
    else low = middle;
  }
  return high;
}

function offsetIn(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  return (at) => {
    const parts = new Map(
      format.formatToParts(new Date(at * 1_000)).map(({ type, value }) => [type, Number(value)]),
    );
    const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
    const day = Date.UTC(part("year"), part("month") - 1, part("day"));
    const local = day / 1_000 + part("hour") * 3_600 + part("minute") * 60 + part("second");
    return Math.round((local - at) / 60);
  };
}
