/**
 * What docs/SERVICE.md says is so: its tables are those of the code, its first block is played by the built programs,
 * its settings are judged, and each feature has the journeys that it names. Its prose is not tested.
 */
import { spawn } from "node:child_process";
import { randomFillSync } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createKeys } from "@doorsync/authority";
import { areas, endpoints } from "@doorsync/authority/service";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "../../packages/authority/src/cli/run.ts";
import { problem } from "../../packages/authority/src/http/problem.ts";
import { type DenialName, denials } from "../../packages/authority/src/model/denial.ts";
import { guestsMax, limits } from "../../packages/authority/src/model/limit.ts";
import { actions, matrixRows, roles } from "../../packages/authority/src/model/permission.ts";
import { root } from "../law/law.ts";
import { plain, tableOf } from "../support/markdown.ts";
import { type Service, startService } from "../support/service.ts";
import { lastLineClaimed, moved, snippetsOf } from "../support/snippets.ts";

const page = readFileSync(join(root, "docs/SERVICE.md"), "utf8");
const source = "packages/authority/src";

const wordsIn = (cell: string | undefined): readonly string[] => plain(cell).split(" ");

function sourcesUnder(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => readFileSync(join(root, folder, name), "utf8"));
}

describe("the tables of the guide are the code's", () => {
  test("the permission matrix, with a mark on every field that the articles leave open", () => {
    const rows = matrixRows();
    expect(tableOf(page, "action", ...roles, "client")).toEqual(
      actions.map((action) => {
        const own = rows.filter((row) => row.action === action);
        const fields = own.map(({ may, ground }) => (ground === "decided" ? `${may} °` : may));
        return [`\`${action}\``, ...fields, own[0]?.client];
      }),
    );
  });

  test("the reason of every answer to what the articles leave open", () => {
    const stated = tableOf(page, "action", "whose", "because").flatMap(([action, whose = "", why]) =>
      whose.split(", ").map((role) => [plain(action), role, why].join(": ")),
    );
    const decided = matrixRows().filter(({ ground }) => ground === "decided");
    expect(stated.length).toBeGreaterThan(40);
    expect([...stated].sort()).toEqual(
      decided.map(({ action, role, why }) => [action, role, why].join(": ")).sort(),
    );
  });

  test("every denial: number, name, status and title", () => {
    const names = Object.keys(denials) as DenialName[];
    expect(tableOf(page, "code", "name", "status", "title")).toEqual(
      names.map((name) => {
        const { code, status, title } = problem({ ok: false, denial: name });
        return [String(code), `\`${name}\``, String(status), title];
      }),
    );
  });

  test("every limit", () => {
    expect(tableOf(page, "rule", "at most", "per", "within")).toEqual(
      Object.entries(limits).map(([name, { most, per, windowSeconds }]) => [
        `\`${name}\``,
        String(most),
        per,
        `${windowSeconds / 60} min`,
      ]),
    );
  });

  test("how many guests there may be at once", () => {
    expect(tableOf(page, "guests at once", "at most")).toEqual(
      Object.entries(guestsMax).map(([name, most]) => [`\`${name}\``, String(most)]),
    );
  });

  test("every call in its area", () => {
    const stated = tableOf(page, "area", "calls, by their operation ids").flatMap(([area, names]) =>
      wordsIn(names).map((name) => [plain(area), name]),
    );
    for (const [area] of stated) expect(areas).toContain(area);
    expect([...stated].sort()).toEqual(endpoints.map(({ area, name }) => [area, name]).sort());
  });

  test("the calls that take no idempotency key are those of log-ins and passwords", () => {
    expect(endpoints.filter(({ isAlone }) => isAlone).map(({ name }) => name)).toEqual([
      "logIn",
      "changePassword",
      "askPasswordReset",
      "resetPassword",
    ]);
    const keyless = endpoints.filter(({ isKeyless }) => isKeyless);
    expect(keyless.map(({ name }) => name)).toEqual(["fetchParcels", "fetchCapabilities"]);
    for (const { name, description } of keyless) {
      expect(description).toMatch(/Idempotency-Key is not looked at/);
      expect(page).toContain(`\`${name}\``);
    }
  });

  test("every kind of event that the desk tells", () => {
    const stated = tableOf(page, "about", "kinds").flatMap(([, kinds]) => wordsIn(kinds));
    const desk = sourcesUnder(`${source}/desk`).join("\n");
    const told = [...desk.matchAll(/"((?:person|door|lock|policy|unit|keycard|key|app)\.[a-z-]+)"/g)].map(
      ([, kind]) => kind,
    );
    expect(told.length).toBeGreaterThan(14);
    // Made of a state or an outcome.
    expect([...new Set([...desk.matchAll(/kind: `(\w+)\.\$/g)].map(([, about]) => about))].sort()).toEqual([
      "code",
      "lock",
    ]);
    const made = ["unset", "setting", "set", "removing", "removed", "unknown"].map(
      (state) => `code.${state}`,
    );
    const outcomes = ["commissioned", "proven", "contradicts"].map((outcome) => `lock.${outcome}`);
    expect([...stated].sort()).toEqual([...new Set([...told, ...made, ...outcomes])].sort());
  });

  test("every setting from the environment, and every key file", () => {
    const stated = tableOf(page, "variable", "means").map(([name]) => plain(name));
    const read = sourcesUnder(source).flatMap((text) =>
      [...text.matchAll(/(?:env\?*\.*\[|setting\(env, )"([A-Z_]+)"/g)].map(([, name]) => name),
    );
    expect([...new Set(read)].sort()).toEqual([...stated].sort());
    const folder = mkdtempSync(join(tmpdir(), "doorsync-keys-"));
    try {
      createKeys(folder, (bytes) => void randomFillSync(bytes));
      const files = tableOf(page, "file", "is for").map(([name]) => plain(name));
      expect([...files].sort()).toEqual(readdirSync(folder).sort());
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

test("each feature of 1 to 31 is there, with exactly the files whose journeys show it", () => {
  const stated = tableOf(page, "feature", "who", "what", "in");
  expect(stated.map(([feature]) => feature)).toEqual(Array.from({ length: 31 }, (_, i) => `F${i + 1}`));
  const told = readdirSync(join(root, "test/journeys"))
    .filter((name) => name.endsWith(".test.ts"))
    .flatMap((name) =>
      [...readFileSync(join(root, "test/journeys", name), "utf8").matchAll(/^journey\(\s*"(F\d+)"/gm)].map(
        ([, feature]) => `${feature} ${name.replace(".test.ts", "")}`,
      ),
    );
  const named = stated.flatMap(([feature, , , files = ""]) =>
    files.split(", ").map((file) => `${feature} ${file}`),
  );
  expect([...named].sort()).toEqual([...new Set(told)].sort());
});

describe("a service that runs", () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(async () => {
    await service.close();
  });

  test("a proxy on this machine says for whom it asks: limits count the client and not the proxy", async () => {
    const ask = (client: string, i: number): Promise<Response> =>
      fetch(`${service.url}/v1/password-resets`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-forwarded-for": `203.0.113.99, ${client}` },
        body: JSON.stringify({ email: `nobody${i}@example.org` }),
      });
    const { most } = limits.passwordResetFrom;
    const first = await Promise.all(Array.from({ length: most }, (_, i) => ask("198.51.100.7", i)));
    expect(first.map(({ status }) => status)).toEqual(first.map(() => 204));
    expect((await ask("198.51.100.7", most)).status).toBe(429);
    expect((await ask("198.51.100.8", most)).status).toBe(204);
  });

  test.each([
    ["SMTP_URL", "http://ada:hunter2@mail.example.org"],
    ["MAIL_FROM", "nobody"],
    ["MESSAGE_WEBHOOK_URL", "http://ada:hunter2@gateway.example.org"],
    ["MQTT_URL", "http://ada:hunter2@broker.example.org"],
  ])("%s that cannot be meant ends the start with one line, and repeats no password", async (name, value) => {
    const out: string[] = [];
    const errors: string[] = [];
    const lent = {
      stdout: { write: (text: string) => void out.push(text) },
      stderr: { write: (text: string) => void errors.push(text) },
      env: { [name]: value },
    };
    const args = ["serve", "--data", service.folder, "--listen", "127.0.0.1:0"];
    expect(await runCli(args, lent, service.office().db)).toBe(2);
    expect(out, "nothing listened").toEqual([]);
    expect(errors.join("")).toMatch(new RegExp(`^doorsync-authority: ${name} .*; give .*\n$`));
    expect(errors.join("")).not.toContain("hunter2");
  });
});

test("the first start, by the built programs in a folder of its own", async () => {
  const [block, ...others] = snippetsOf(page);
  if (block?.mark !== "serve" || others.length > 0) throw new Error("the guide has one block to run");
  const home = mkdtempSync(join(tmpdir(), "doorsync-serve-"));
  const code = moved(block.code, "127.0.0.1:8480", `127.0.0.1:${await freePort()}`, 2);
  const shell = spawn("bash", ["-euo", "pipefail", "-c", code], {
    cwd: home,
    // No database of the tests: the guide says that the first one is embedded.
    env: { PATH: [join(root, "node_modules/.bin"), process.env["PATH"]].join(delimiter), HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    timeout: 80_000,
  });
  let said = "";
  let complaint = "";
  shell.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  shell.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  const closed = new Promise((resolve) => shell.on("close", resolve));
  try {
    const status = await new Promise((resolve) => shell.on("exit", resolve));
    endGroup(shell.pid);
    await closed;
    expect(status, said + complaint).toBe(0);
    expect(said.trimEnd().split("\n").at(-1)).toBe(lastLineClaimed(block.code));
    expect(said).toContain("logged in as mona@example.org");
    expect(readdirSync(home)).not.toContain("phone");
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}, 90_000);

/** Programs may listen there: it was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address !== null && typeof address === "object" ? resolve(address.port) : reject(),
      );
    });
  });
}

/** The service that the block left running, where it broke off in the middle. */
function endGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // All of it ended by itself, as it should.
  }
}
