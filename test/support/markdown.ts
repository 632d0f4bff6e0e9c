/** Tables and code blocks of a markdown page, for tests that compare documents with the code. Not a markdown parser. */

export type Row = readonly string[];

/** Cells of a table's rows; `\|` is a bar inside a cell. */
export function cellsOf(line: string): Row {
  return line
    .replace(/^\||\|$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());
}

/** Rows of every table with exactly this header, in order. Throws when there is none: then nothing would be tested. */
export function tableOf(text: string, ...header: readonly string[]): readonly Row[] {
  const rows: Row[] = [];
  let isOpen = false;
  let found = 0;
  for (const line of text.split("\n")) {
    if (!line.startsWith("|")) isOpen = false;
    else if (isOpen) rows.push(cellsOf(line));
    else if (cellsOf(line).join("|") === header.join("|")) {
      isOpen = true;
      found++;
    }
  }
  if (found === 0) throw new Error(`no table | ${header.join(" | ")} |`);
  return rows.filter((row) => !/^-+$/.test(row[0] ?? ""));
}

/** A number with its thousands marked by commas; undefined for a dash. */
export function numberOf(cell: string | undefined): number | undefined {
  return cell === "-" ? undefined : Number((cell ?? "?").replaceAll(",", ""));
}

/** A cell without its back quotes. */
export function plain(cell: string | undefined): string {
  return (cell ?? "").replaceAll("`", "");
}

/** The code block that opens with exactly these words behind its quotes. Throws when there is none. */
export function codeBlock(text: string, opening: string): string {
  const block = text.split(`\n\`\`\`${opening}\n`)[1]?.split(/^```$/m)[0];
  if (block === undefined) throw new Error(`no code block ${opening}`);
  return block;
}
