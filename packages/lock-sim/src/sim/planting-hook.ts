/** Runs where Node loads modules (`node:module`, `register`) and gives other text for some of them. It knows no plants. */

interface Loaded {
  readonly format: string;
  readonly source?: unknown;
  readonly shortCircuit?: boolean;
}

let sources: ReadonlyMap<string, string> = new Map();

/** Takes the text of modules by their URL. */
export function initialize(texts: readonly (readonly [string, string])[]): void {
  sources = new Map(texts);
}

/** The text that was lent for this module, or whatever Node loads. */
export async function load(
  url: string,
  context: unknown,
  next: (url: string, context: unknown) => Promise<Loaded>,
): Promise<Loaded> {
  const source = sources.get(url);
  return source === undefined ? await next(url, context) : { format: "module", source, shortCircuit: true };
}
