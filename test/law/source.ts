// Reads a source file the way the import law looks at it: whom it names, and what it takes from the air. It judges
// nothing, and it resolves no package: a target is a path of the repository or the name as written.
import { posix } from "node:path";
import { parseSync, Visitor } from "vite";

/** One file as the law sees it. `path` is relative to the repository, with forward slashes. */
export interface Source {
  readonly path: string;
  /** Everything it imports, re-exports, loads or names as a type; relative ones as repository paths. */
  readonly targets: readonly string[];
  /** Time, chance and globals that it takes from the air instead of being given them. */
  readonly fromTheAir: readonly string[];
  readonly opensWithComment: boolean;
}

/** The target of an `import(…)` whose argument is not a literal: the law cannot follow it. */
export const computedTarget = "(computed)";

const airMembers: ReadonlySet<string> = new Set([
  "Date.now",
  "Math.random",
  "performance.now",
  "crypto.getRandomValues",
  "crypto.randomUUID",
  "crypto.subtle",
]);
const airNames: ReadonlySet<string> = new Set([
  "setTimeout",
  "setInterval",
  "setImmediate",
  "globalThis",
  "process",
  "performance",
]);

function resolve(from: string, specifier: string): string {
  return specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : specifier;
}

/** Parses one file. Throws when it is not TypeScript: a file that cannot be read cannot be lawful. */
export function readSource(path: string, text: string): Source {
  const { program, errors } = parseSync(path, text);
  const fault = errors[0];
  if (fault !== undefined) throw new Error(`${path}: ${fault.message}`);

  const targets: string[] = [];
  const fromTheAir: string[] = [];
  const memberNames = new Set<number>(); // where a name is only a property of something else
  const name = (specifier: { readonly value: unknown }): void => {
    targets.push(resolve(path, String(specifier.value)));
  };
  new Visitor({
    ImportDeclaration: (node) => name(node.source),
    ExportAllDeclaration: (node) => name(node.source),
    ExportNamedDeclaration: (node) => {
      if (node.source !== null) name(node.source);
    },
    TSImportType: (node) => name(node.source),
    ImportExpression: (node) => {
      if (node.source.type === "Literal") name(node.source);
      else targets.push(computedTarget);
    },
    MemberExpression: (node) => {
      if (node.computed || node.property.type !== "Identifier") return;
      memberNames.add(node.property.start);
      if (node.object.type !== "Identifier") return;
      const dotted = `${node.object.name}.${node.property.name}`;
      if (airMembers.has(dotted)) fromTheAir.push(dotted);
    },
    Property: (node) => {
      if (!node.computed && !node.shorthand) memberNames.add(node.key.start);
    },
    NewExpression: (node) => {
      if (node.callee.type !== "Identifier" || node.callee.name !== "Date") return;
      if (node.arguments.length === 0) fromTheAir.push("new Date()");
    },
    CallExpression: (node) => {
      if (node.callee.type === "Identifier" && node.callee.name === "Date") fromTheAir.push("Date()");
    },
    Identifier: (node) => {
      if (airNames.has(node.name) && !memberNames.has(node.start)) fromTheAir.push(node.name);
    },
  }).visit(program);
  return { path, targets, fromTheAir, opensWithComment: /^(#!.*\n)?\s*\/[/*]/.test(text) };
}
