/**
 * What the README, the packages' pages and the testing page say is so: their code blocks are run and typed, and their
 * figures, links and lists are the repository's. The story with an authority is test/service/readme-story.test.ts; prose
 * is not tested.
 */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { encodeParcel } from "@doorsync/protocol/authority";
import { build } from "esbuild";
import { afterAll, describe, expect, test, vi } from "vitest";
import { listen } from "../packages/lock-sim/src/edge/socket.ts";
import { heldBy } from "../packages/lock-sim/src/sim/checkers/all.ts";
import { faultNames } from "../packages/lock-sim/src/sim/faults.ts";
import { plants } from "../packages/lock-sim/src/sim/plants.ts";
import { byteBudget } from "./byte-budget.ts";
import { numberOf, tableOf } from "./support/markdown.ts";
import { claimsOf, lastLineClaimed, moved, type Snippet, snippetsOf } from "./support/snippets.ts";
import { commission, crypto, makeLock, offerTo } from "./world.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const packages = ["protocol", "lock-sim", "phone-client", "authority", "virtual-radio"] as const;
const pages = [
  "README.md",
  "docs/TESTING.md",
  "docs/SERVICE.md",
  ...packages.map((name) => `packages/${name}/README.md`),
];
const read = (page: string): string => readFileSync(join(root, page), "utf8");

/** Inside the repository, so that the packages are found by their names; in a folder that git and the law leave out. */
const folder = join(root, "test/dist", `snippets-${process.pid}`);
mkdirSync(folder, { recursive: true });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function snippet(page: string, mark: string): Snippet {
  const found = snippetsOf(read(page)).filter((one) => one.mark === mark);
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`${page} has ${found.length} blocks marked ${mark}`);
  return only;
}

/** Runs a TypeScript snippet as a module from source; the lines that it printed. */
async function printed(name: string, code: string): Promise<readonly string[]> {
  const file = join(folder, `${name}.ts`);
  writeFileSync(file, code);
  const lines: string[] = [];
  const log = vi.spyOn(console, "log").mockImplementation((...words: unknown[]) => {
    lines.push(words.map(String).join(" "));
  });
  try {
    await import(/* @vite-ignore */ pathToFileURL(file).href);
  } finally {
    log.mockRestore();
  }
  return lines;
}

async function expectClaims(name: string, code: string): Promise<void> {
  const claims = claimsOf(code);
  expect(claims.length, "a snippet that claims nothing").toBeGreaterThan(0);
  expect(await printed(name, code)).toEqual(claims);
}

describe("the README's blocks are run, and print what they say", () => {
  test("for an app developer: a lock is visited over TCP, and its receipt verified", async () => {
    const lock = makeLock("readme");
    const property = commission(lock, "readme");
    const issued = property.snapshot(property.tableOf(new Map([[0, "4821"]])));
    const mailbox = join(folder, "mail");
    mkdirSync(join(mailbox, "parcels"), { recursive: true });
    const parcel = encodeParcel({
      kind: "snapshot",
      ...property.lock.name,
      tag: offerTo(lock.setup, "readme").offer.tag,
      from: 0,
      to: issued.to,
      notAfter: issued.notAfter,
      lockKey: property.lockPublic.sign,
      tableKey: crypto.signPublic(property.tableSeed),
      messages: issued.messages,
    });
    writeFileSync(join(mailbox, "parcels", "0011223344556677-1-snapshot-1.parcel"), parcel);
    const served = await listen({ host: "127.0.0.1", port: 0 }, 244, (link) => lock.board.connect(link));
    try {
      const code = snippet("README.md", "app-developer").code;
      const here = moved(moved(code, "7001", String(served.address.port)), '"mail"', JSON.stringify(mailbox));
      await expectClaims("app-developer", here);
    } finally {
      served.close();
    }
    // The receipt, and what the lock has written down so far.
    expect(readdirSync(join(mailbox, "returns")).filter((name) => name.endsWith(".slip"))).toHaveLength(2);
    expect(lock.press("4821")).toBe("accepted");
  });

  test("for a firmware engineer", () => expectClaims("firmware", snippet("README.md", "firmware").code));
});

test("the README's stories and worlds, by the built program in a folder of its own", () => {
  const { code } = snippet("README.md", "worlds");
  const [, story = "none"] = /<<'END'\n([\s\S]*?)END\n/.exec(code) ?? [];
  expect(read("packages/lock-sim/README.md"), "its page tells the same story").toContain(story);
  const home = mkdtempSync(join(tmpdir(), "doorsync-worlds-"));
  const env = { PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter), HOME: home };
  try {
    const said = execFileSync("bash", ["-euo", "pipefail", "-c", code], {
      cwd: home,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(said.trimEnd().split("\n").at(-1)).toBe(lastLineClaimed(code));
    expect(readFileSync(join(home, "story.mmd"), "utf8")).toMatch(/^sequenceDiagram/);
    expect(readFileSync(join(home, "once.json"), "utf8")).toContain('"failed":0');
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}, 30_000);

describe("the packages' blocks are run, and print what they say", () => {
  test.each(packages)("%s", (name) =>
    expectClaims(`package-${name}`, snippet(`packages/${name}/README.md`, "snippet").code),
  );
});

test("every marked block of TypeScript has types as strict as this repository", () => {
  const typed = join(folder, "typed");
  mkdirSync(typed);
  const snippets = pages.flatMap((page) =>
    snippetsOf(read(page)).filter(({ language }) => language === "ts"),
  );
  expect(snippets).toHaveLength(2 + packages.length);
  snippets.forEach(({ code }, i) => {
    writeFileSync(join(typed, `${i}.ts`), code);
  });
  const compilerOptions = {
    types: ["node"],
    noEmit: true,
    composite: false,
    allowImportingTsExtensions: true,
  };
  const config = { extends: "../../../../tsconfig.base.json", compilerOptions, include: ["*.ts"] };
  writeFileSync(join(typed, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  expect(outputOf(tsc, ["-p", typed])).toBe("");
});

// Random bytes come from the app, and a browser's own take no bytes that may be shared.
test("the phone's block has types in a strict app for the browser, without a cast", () => {
  const browser = join(folder, "browser");
  mkdirSync(browser);
  const { code } = snippet("packages/phone-client/README.md", "snippet");
  expect(code).not.toContain(" as ");
  writeFileSync(join(browser, "app.ts"), code);
  const compilerOptions = {
    lib: ["es2022", "dom"],
    types: [],
    module: "esnext",
    moduleResolution: "bundler",
    noEmit: true,
    composite: false,
    allowImportingTsExtensions: true,
  };
  const config = { extends: "../../../../tsconfig.base.json", compilerOptions, include: ["*.ts"] };
  writeFileSync(join(browser, "tsconfig.json"), JSON.stringify(config));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  expect(outputOf(tsc, ["-p", browser])).toBe("");
}, 30_000);

// npm warns of each that wants more, and an app's developer wonders whether it works.
test("what the packages bring along runs on the Node that they promise", () => {
  const tooNew = new Map<string, string>();
  const seen = new Set<string>();
  const visit = (folder: string): void => {
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const wants = String(manifest.engines?.node ?? "*");
    const least = /^>=\s*v?(\d+)[\d.]*$/.exec(wants.trim());
    if (Number(least?.[1] ?? 0) > 20) tooNew.set(`${manifest.name}@${manifest.version}`, wants);
    for (const name of Object.keys(manifest.dependencies ?? {})) {
      const found = [
        join(folder, "node_modules", name),
        ...storesOf(folder).map((store) => join(store, name)),
      ];
      const place = found.find((one) => existsSync(join(one, "package.json")));
      if (place === undefined) throw new Error(`${manifest.name} needs ${name}, and it is not there`);
      const real = realpathSync(place);
      if (seen.has(real)) continue;
      seen.add(real);
      visit(real);
    }
  };
  for (const name of packages) visit(join(root, "packages", name));
  expect(seen.size).toBeGreaterThan(50);
  expect([...tooNew]).toEqual([]);
});

/** Where Node looks for what a package names, besides its own folder. */
function storesOf(folder: string): readonly string[] {
  const at = folder.lastIndexOf(`${sep}node_modules${sep}`);
  return at < 0 ? [] : [folder.slice(0, at + `${sep}node_modules`.length)];
}

/** What a program of Node prints, whatever its exit status. */
function outputOf(program: string, args: readonly string[]): string {
  try {
    return execFileSync(process.execPath, [program, ...args], { encoding: "utf8", stdio: "pipe" });
  } catch (failed) {
    if (failed instanceof Error && "stdout" in failed) return String(failed.stdout);
    throw failed;
  }
}

test("the protocol runs where there is nothing but the language", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: snippet("packages/protocol/README.md", "snippet").code,
      loader: "ts",
      resolveDir: root,
    },
    bundle: true,
    write: false,
    platform: "browser",
    format: "iife",
    conditions: ["doorsync-source"],
    target: "es2022",
    logLevel: "silent",
  });
  const lines: string[] = [];
  const bare = { console: { log: (...words: unknown[]) => lines.push(words.join(" ")) } };
  const missing = ["Buffer", "TextEncoder", "process", "crypto", "setTimeout", "URL", "require"];
  expect(runInNewContext(missing.map((name) => `typeof ${name}`).join(), bare)).toBe("undefined");
  runInNewContext(outputFiles[0]?.text ?? "", bare);
  expect(lines).toEqual(claimsOf(snippet("packages/protocol/README.md", "snippet").code));
});

test("the sizes are those of the byte budget", () => {
  const budget = new Map(byteBudget().map((row) => [row.name, [row.framed, row.framedAtMtu23]]));
  const stated = tableOf(read("README.md"), "visit", "MTU 247", "MTU 23");
  expect(stated.length).toBeGreaterThan(3);
  for (const [visit, ...sizes] of stated) {
    expect(sizes.map(numberOf), visit).toEqual(budget.get(`visit: ${visit}`));
  }
});

describe("the pages point at what exists", () => {
  test.each(pages)("%s: its links, and lines of at most 120 characters", (page) => {
    const text = read(page);
    const targets = [...text.matchAll(/\]\((?!https?:)([^)#]*)(#[^)]*)?\)/g)];
    expect(targets.length).toBeGreaterThan(0);
    for (const [link, path = "", anchor = ""] of targets) {
      const target = path === "" ? join(root, page) : join(root, dirname(page), path);
      expect(existsSync(target), link).toBe(true);
      if (anchor !== "") expect(anchorsOf(readFileSync(target, "utf8")), link).toContain(anchor);
    }
    expect(text.split("\n").filter((line) => line.length > 120)).toEqual([]);
  });

  test("every root script that the pages name exists", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Readonly<Record<string, string>> };
    const named = pages.flatMap((page) =>
      [...read(page).matchAll(/npm run (?:-s )?([a-z:-]+)/g)].map(([, name]) => name),
    );
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => name !== undefined && !(name in scripts))).toEqual([]);
  });
});

/** The anchors of a page's headings, as GitHub forms them. */
function anchorsOf(markdown: string): readonly string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(
    ([, heading = ""]) =>
      `#${heading
        .toLowerCase()
        .replace(/[^\w\- ]/g, "")
        .replaceAll(" ", "-")}`,
  );
}

test("docs/TESTING.md lists every family of faults and every planted bug with its finder", () => {
  const page = read("docs/TESTING.md");
  const families = tableOf(page, "whose", "families").flatMap(([, names = ""]) => names.split(" "));
  expect(families.map((name) => name.replaceAll("`", "")).sort()).toEqual([...faultNames].sort());
  const listed = tableOf(page, "bug", "fault", "finder", "seeds to find");
  expect(listed.map((row) => row.slice(0, 3))).toEqual(
    plants.map(({ id, fault, finder }) => [`\`${id}\``, fault, finder]),
  );
});

test("docs/TESTING.md says each property in words", () => {
  const said = tableOf(read("docs/TESTING.md"), "property", "in words");
  expect(said.map(([number]) => number)).toEqual(Object.keys(heldBy));
});

test("docs/TESTING.md has a line for every test file, and for none that is not there", () => {
  const files = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts") && !/(^|\/)dist\//.test(name))
    .map((name) => `test/${name}`);
  expect(files.length).toBeGreaterThan(30);
  const mapped = tableOf(read("docs/TESTING.md"), "claim", "file").map(([, file = ""]) =>
    file.replaceAll("`", ""),
  );
  expect([...mapped].sort()).toEqual(files.sort());
});
