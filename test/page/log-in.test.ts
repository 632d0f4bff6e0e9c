// Logging in and out on the page, a forgotten password by its link, and what somebody may do at a desk.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHouse, type Tenant, tokenForm } from "../support/journey-house.ts";
import { found, lastLetter } from "../support/journey-post.ts";
import { password, type Service, startService } from "../support/service.ts";
import { chromiumPath, complaints, lookAt, openChromium, openPage, whySkipped } from "./chromium.ts";
import { goTo, logInAs, managerEmail, seesView } from "./visits.ts";

describe.skipIf(chromiumPath === undefined)(`logging in${whySkipped}`, () => {
  let service: Service;
  let browser: Browser;
  let tenant: Tenant;

  beforeAll(async () => {
    service = await startService();
    const house = openHouse(service);
    tenant = await house.moveIn("Rita Resident", "resident", await house.unit("Unit 4"));
    browser = await openChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await service?.close();
    expect(complaints).toEqual([]);
    expect(service.faults).toEqual([]);
  });

  const open = (device: "desk" | "phone" = "desk", path = "/"): Promise<Page> =>
    openPage(browser, `${service.url}${path}`, device);
  const kept = (page: Page): Promise<unknown> =>
    page.evaluate("JSON.stringify({ ...sessionStorage, ...localStorage })");

  test("a wrong password is refused in words, and the page stays where it is", async () => {
    const page = await open();
    await lookAt(page, "log-in");
    await page.getByLabel("E-mail address").fill(managerEmail);
    await page.getByLabel("Password").fill("not the password");
    await page.getByRole("button", { name: "Log in" }).click();
    const alert = page.getByRole("alert");
    await alert.waitFor();
    expect(await alert.textContent()).toContain("No account has this e-mail address and password.");
    expect(await alert.textContent()).toContain("Check both, or reset the password.");
    await lookAt(page, "log-in-refused");
  });

  test("a manager logs in by keyboard alone, hears where they are, and logs out leaving nothing behind", async () => {
    const page = await open();
    await seesView(page, "Log in");
    await page.keyboard.press("Tab");
    await page.keyboard.type(managerEmail);
    await page.keyboard.press("Tab");
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await seesView(page, "Doors");
    expect(
      await page.evaluate("document.activeElement.tagName + ' ' + document.activeElement.textContent"),
    ).toBe("H1 Doors");
    expect(await page.title()).toBe("Doors · DoorSync");
    expect(await kept(page)).not.toBe("{}");
    await goTo(page, "Account");
    await page.getByText("(this one)").waitFor();
    await lookAt(page, "account");
    await page.getByRole("banner").getByRole("button", { name: "Log out" }).click();
    await seesView(page, "Log in");
    expect(await kept(page)).toBe("{}");
    await page.getByText("Nothing of yours is left in this browser.").waitFor();
  });

  test("at a desk a resident is told why there are no codes, and can change the password", async () => {
    const page = await open();
    await logInAs(page, tenant.email);
    await seesView(page, "Your codes are on your phone");
    await lookAt(page, "resident-at-a-desk");
    expect(await page.getByRole("link", { name: "My codes" }).count()).toBe(0);
    await page.goto(`${service.url}/#/codes`);
    await seesView(page, "Your codes are on your phone");
    await page.getByRole("link", { name: "change your password" }).click();
    await page.getByLabel("Present password").fill(password);
    await page.getByLabel("New password").fill("short");
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").getAttribute("data-name")).toBe("PASSWORD_UNFIT");
    await page.getByLabel("New password").fill(`${password} staple`);
    await page.getByRole("button", { name: "Change the password" }).click();
    await page.getByText("The password is changed. Every other device is logged out.").waitFor();
    const old = await service.call("logIn", {
      body: { email: tenant.email, password, client: { class: "mobile", name: "t", version: "1.0.0" } },
    });
    expect(old.status).toBe(401);
  });

  test("a forgotten password: the link of the letter takes a new one, once, and logs out a page that is open", async () => {
    const other = await open("phone");
    await logInAs(other, managerEmail);
    await seesView(other, "Doors");
    const page = await open();
    await page.getByRole("button", { name: "Forgot the password?" }).click();
    await seesView(page, "Ask for a new password");
    await lookAt(page, "forgotten");
    await page.getByLabel("E-mail address").fill(managerEmail);
    await page.getByRole("button", { name: "Send the link" }).click();
    await seesView(page, "Look at your e-mail");
    const token = found(await lastLetter(service, managerEmail), tokenForm);
    await page.goto(`${service.url}/reset#${token}`);
    await seesView(page, "Choose a new password");
    expect(page.url(), "the token does not stay in the address").not.toContain(token);
    await lookAt(page, "new-password");
    await page.getByLabel("New password").fill("four other words here");
    await page.getByRole("button", { name: "Change the password" }).click();
    await seesView(page, "The password is changed");
    await seesView(other, "Log in");
    await other.getByText("This log-in has ended.").waitFor();
    const again = await open("desk", `/reset#${token}`);
    await again.getByLabel("New password").fill("four more words there");
    await again.getByRole("button", { name: "Change the password" }).click();
    await again.getByRole("alert").waitFor();
    expect(await again.getByRole("alert").getAttribute("data-name")).toBe("RESET_INVALID");
  });
});
