/**
 * The page of a small app in a real Chromium: the code that docs/BLUETOOTH.md gives, bundled as an app developer would,
 * at the address of the real service; and the person before it, who chooses a device. Not the devices: `bluez.ts`.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser, Page } from "playwright-core";
import { openPage } from "../page/chromium.ts";
import { snippetsOf } from "../support/snippets.ts";
import { noon } from "../world.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The code that an app developer copies. */
export function snippet(): string {
  const [code, ...others] = snippetsOf(readFileSync(`${root}docs/BLUETOOTH.md`, "utf8")).filter(
    ({ mark }) => mark === "web-page",
  );
  if (code === undefined || others.length > 0)
    throw new Error("docs/BLUETOOTH.md has not one block web-page");
  return code.code;
}

/** For a browser, or not at all: a bundle that needs anything of Node is none. */
async function bundled(): Promise<string> {
  const result = await build({
    entryPoints: [fileURLToPath(new URL("page.mjs", import.meta.url))],
    bundle: true,
    write: false,
    format: "esm",
    platform: "browser",
    conditions: ["doorsync-source"],
    logLevel: "silent",
    plugins: [
      {
        name: "the snippet",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^the-snippet$/ }, () => ({ path: "snippet.ts", namespace: "docs" }));
          onLoad({ filter: /.*/, namespace: "docs" }, () => ({
            contents: snippet(),
            loader: "ts",
            resolveDir: `${root}packages/phone-client/examples`,
          }));
        },
      },
    ],
  });
  return result.outputFiles[0]?.text ?? "";
}

const html = `<!doctype html><html lang="en"><title>A page with a lock</title>
<label>E-mail <input id="email"></label><label>Password <input id="password"></label>
<label>Door <input id="door"></label>
<button id="log-in">Log in</button><button id="sync">Sync</button>
<button id="enrol">Enrol</button><button id="open">Open</button>
<output id="said"></output><pre id="progress"></pre>
<script type="module" src="app.js"></script></html>`;

export interface App {
  readonly page: Page;
  /** Fills in a field. */
  writes(field: "E-mail" | "Password" | "Door", text: string): Promise<void>;
  /** Clicks, and gives what the page then says to the person. */
  clicks(button: "Log in" | "Sync" | "Enrol" | "Open"): Promise<string>;
  /** The lines of progress that the last click brought. */
  progress(): Promise<readonly string[]>;
}

/** Longer than any visit. */
const answerMilliseconds = 60_000;

/** A tab of its own, in the hour of the tests. */
export async function openApp(browser: Browser, serviceUrl: string): Promise<App> {
  const code = await bundled();
  const page = await openPage(browser, "about:blank", "desk");
  await page.route(`${serviceUrl}/app/*`, (route) =>
    route.request().url().endsWith(".js")
      ? route.fulfill({ contentType: "text/javascript", body: code })
      : route.fulfill({ contentType: "text/html", body: html }),
  );
  await page.clock.setFixedTime(1_000 * noon);
  await page.goto(`${serviceUrl}/app/`);
  return {
    page,
    writes: (field, text) => page.getByLabel(field).fill(text),
    async clicks(button) {
      await page.getByRole("button", { name: button }).click();
      const said = page.locator("#said:not(:empty)");
      await said.waitFor({ timeout: answerMilliseconds });
      return (await said.textContent()) ?? "";
    },
    async progress() {
      const text = (await page.locator("#progress").textContent()) ?? "";
      return text.split("\n").filter((line) => line !== "");
    },
  };
}

interface Prompted {
  readonly id: string;
  readonly devices: readonly { readonly id: string; readonly name: string }[];
}

/** What the person does with the browser's list of devices, each time it comes up. */
export interface Chooser {
  /** Names on the lists that came up, one list each; what was not chosen from stays open. */
  readonly shown: string[][];
  /** From here on the list is closed without a choice, or the first device is taken. */
  refuses: boolean;
}

/**
 * The event comes again and again for one list, the first time perhaps empty; a second answer to the same list ends the
 * whole browser.
 */
export async function chooser(page: Page): Promise<Chooser> {
  const session = await page.context().newCDPSession(page);
  const answered = new Set<string>();
  const chooser: Chooser = { shown: [], refuses: false };
  session.on("DeviceAccess.deviceRequestPrompted", ({ id, devices }: Prompted) => {
    const [first] = devices;
    if (first === undefined || answered.has(id)) return;
    answered.add(id);
    chooser.shown.push(devices.map(({ name }) => name));
    void (chooser.refuses
      ? session.send("DeviceAccess.cancelPrompt", { id })
      : session.send("DeviceAccess.selectPrompt", { id, deviceId: first.id }));
  });
  await session.send("DeviceAccess.enable");
  return chooser;
}
