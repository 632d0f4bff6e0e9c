/**
 * A real Chromium for a test, and what a test does with the page in it: go somewhere, look with axe, keep a picture.
 * Where none is installed the suites say so and are skipped. Loopback only, nothing kept between two tests.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** Where it is; undefined where there is none. */
export const chromiumPath: string | undefined = [process.env["CHROMIUM"] ?? "", ...places].find(
  (path) => path !== "" && existsSync(path),
);

/** For the name of a suite, so that a skipped one says why. */
export const whySkipped: string =
  chromiumPath === undefined ? " (skipped: no Chromium; install it or name it in CHROMIUM)" : "";

if (chromiumPath === undefined) console.warn(`test/page${whySkipped}`);

const screenshots = fileURLToPath(new URL("../../.ci/out/screenshots/", import.meta.url));
const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** With further features and another environment, where a test needs them. */
export async function openChromium(
  more: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error("no Chromium");
  return await chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    env: { ...process.env, ...more.env },
    args: [
      ...(more.args ?? []),
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Nothing but the service of the test can be reached.
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
}

/** Longer than anything takes on a busy machine. */
const waitMilliseconds = 15_000;

export type Device = "desk" | "phone";

const devices = {
  desk: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
} as const;

/** A tab of its own, with nothing of an earlier one. What the page's console calls an error fails the test. */
export async function openPage(browser: Browser, url: string, device: Device): Promise<Page> {
  const context: BrowserContext = await browser.newContext({
    ...devices[device],
    locale: "en-GB",
    timezoneId: "UTC",
    colorScheme: "light",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  page.setDefaultTimeout(waitMilliseconds);
  page.on("console", (message) => {
    // A refusal is an answer of the service, and no fault of the page; nor is a network that the test took away.
    if (message.type() === "error" && !/status of 4\d\d|ERR_INTERNET_DISCONNECTED/.test(message.text()))
      complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.stack ?? error.message));
  await page.goto(url);
  return page;
}

/** What the pages complained of; a test file expects nothing. */
export const complaints: string[] = [];

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** Looks at a view in light and in dark: axe finds nothing, nothing is wider than the window; a picture of each is kept. */
export async function lookAt(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await findings(page), `${name}, ${colorScheme}`).toEqual([]);
    const tooWide = await page.evaluate("document.documentElement.scrollWidth > innerWidth + 1");
    expect(tooWide, `${name} is wider than the window`).toBe(false);
    mkdirSync(screenshots, { recursive: true });
    await page.screenshot({ path: `${screenshots}${name}-${colorScheme}.png`, fullPage: true });
  }
  await page.emulateMedia({ colorScheme: "light" });
}

/** What axe finds, a line each. The page allows no script but its own, so axe comes in by the browser's own way. */
export async function findings(page: Page): Promise<readonly string[]> {
  await page.evaluate(axeSource);
  const result = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] })")) as AxeResult;
  return result.violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary = "" }) => `${id}: ${help}: ${html} ${failureSummary}`),
  );
}
