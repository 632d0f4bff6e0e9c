/** What people do on the page again and again: logging in, going somewhere, waiting for a view. */
import type { Locator, Page } from "playwright-core";
import { password } from "../support/service.ts";

/** In the house of `fillHouse` and of every service for tests. */
export const managerEmail = "manager@example.org";

export async function logInAs(page: Page, email: string): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** A view is there when its heading is. */
export async function seesView(page: Page, heading: string): Promise<void> {
  await page.getByRole("heading", { level: 1, name: heading, exact: true }).waitFor();
}

export async function goTo(page: Page, entry: string, heading: string = entry): Promise<void> {
  await page.getByRole("navigation").getByRole("link", { name: entry, exact: true }).click();
  await seesView(page, heading);
}

/** The row of a table whose head names this. */
export function rowOf(page: Page, name: string): Locator {
  return page.getByRole("row").filter({ hasText: name }).first();
}

/** The dialog that is open. */
export function inDialog(page: Page): Locator {
  return page.getByRole("dialog");
}
