/**
 * Draws the chart of exposure as SVG, by hand: one bar for each lease and each thief, for light and dark pages. It
 * finds no figures.
 */

export interface Exposure {
  readonly leaseHours: number;
  readonly thief: string;
  /** So many hours after it was revoked the code opened no more; undefined: it never stopped while it was watched. */
  readonly hours: number | undefined;
}

const width = 820;
const left = 96;
const right = 84;
const top = 112;
const barHeight = 15;
const barGap = 3;
const groupGap = 18;
const days = 45;
const gridDays = [0, 7, 14, 21, 28, 35, 42];

/** A complete SVG document. The figures come in groups of one lease each. */
export function chart(found: readonly Exposure[]): string {
  const names = [...new Set(found.map(({ thief }) => thief))];
  const leases = [...new Set(found.map(({ leaseHours }) => leaseHours))];
  const groupHeight = names.length * (barHeight + barGap) + groupGap;
  const bottom = top + leases.length * groupHeight - groupGap + 8;
  const height = bottom + 58;
  const plot = width - left - right;
  const xOf = (hours: number): number => left + Math.round((Math.min(hours, days * 24) / (days * 24)) * plot);
  const lines: string[] = [];
  const put = (line: string): void => void lines.push(`  ${line}`);

  put(
    `<text class="title" x="16" y="28">How long a revoked code still opens when a thief keeps every sync back</text>`,
  );
  put(
    `<text class="small" x="16" y="48">Each bar is the lock's own firmware, watched since the code was revoked. The table had been renewed just before: the worst case.</text>`,
  );
  names.forEach((name, i) => {
    const x = 16 + (i % 2) * 300;
    const y = 72 + Math.floor(i / 2) * 18;
    put(`<rect class="s${i}" x="${x}" y="${y - 10}" width="12" height="12" rx="2"/>`);
    put(`<text x="${x + 18}" y="${y}">${i === 0 ? "The thief " : ""}${name}</text>`);
  });
  for (const day of gridDays) {
    const x = xOf(day * 24);
    put(`<path class="grid" d="M${x} ${top - 6}V${bottom}"/>`);
    put(`<text class="axis" x="${x}" y="${bottom + 18}">${day}</text>`);
  }
  put(`<text class="axis" x="${left + plot / 2}" y="${bottom + 40}">days since the code was revoked</text>`);
  leases.forEach((lease, group) => {
    const y0 = top + group * groupHeight;
    const middle = y0 + (groupHeight - groupGap) / 2 + 4;
    put(`<text class="label" x="${left - 12}" y="${middle}">${leaseWords(lease)}</text>`);
    names.forEach((name, i) => {
      const hours = found.find((one) => one.leaseHours === lease && one.thief === name)?.hours;
      const y = y0 + i * (barHeight + barGap);
      const end = xOf(hours ?? days * 24);
      const title = `<title>${leaseWords(lease)}, a thief ${name}: ${hoursWords(hours)}</title>`;
      const length = Math.max(2, end - left);
      const shape =
        hours === undefined
          ? `<path class="s${i}" d="M${left} ${y}h${length}l8 ${barHeight / 2}l-8 ${barHeight / 2}h-${length}z">`
          : `<rect class="s${i}" x="${left}" y="${y}" width="${length}" height="${barHeight}" rx="2">`;
      put(`${shape}${title}</${hours === undefined ? "path" : "rect"}>`);
      const x = end + (hours === undefined ? 14 : 6);
      put(`<text class="value" x="${x}" y="${y + barHeight - 3}">${hoursWords(hours)}</text>`);
    });
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="t">`,
    `  <title id="t">Exposure of a revoked code by lease, when a thief keeps every sync back</title>`,
    `  <!-- made by: lock-sim exposure --svg docs/exposure.svg -->`,
    `  <style>${style}</style>`,
    `  <rect class="page" width="${width}" height="${height}"/>`,
    ...lines,
    `</svg>`,
    "",
  ].join("\n");
}

const style = `
    text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
    .title { font-size: 17px; font-weight: 600; }
    .small, .axis { font-size: 12px; fill: #59636e; }
    .axis { text-anchor: middle; }
    .label { text-anchor: end; font-weight: 600; }
    .value { font-size: 12px; }
    .page { fill: #ffffff; }
    .grid { stroke: #d1d9e0; stroke-width: 1; fill: none; }
    .s0 { fill: #0969da; } .s1 { fill: #8250df; } .s2 { fill: #bc4c00; } .s3 { fill: #1a7f37; }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc; }
      .small, .axis { fill: #9198a1; }
      .page { fill: #0d1117; }
      .grid { stroke: #3d444d; }
      .s0 { fill: #4493f8; } .s1 { fill: #ab7df8; } .s2 { fill: #f0883e; } .s3 { fill: #3fb950; }
    }
  `;

/** A lease, as a label. */
export function leaseWords(hours: number): string {
  if (hours === 0) return "no lease";
  return hours % 24 === 0 && hours > 24 ? `${hours / 24} days` : `${hours} h`;
}

/** How long something opened; undefined: it did not stop. */
export function hoursWords(hours: number | undefined): string {
  if (hours === undefined) return "for ever";
  return hours % 24 === 0 && hours > 24 ? `${hours / 24} days` : `${hours} h`;
}
