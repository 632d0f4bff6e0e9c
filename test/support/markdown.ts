/** Tables of a markdown page as rows of cells, for the test that compares documents with the code. Not a markdown parser. */

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
