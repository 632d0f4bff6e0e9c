// Who is neither manager nor resident: a host sees the own unit and nothing beside it, a vendor nothing at all; and one
// person who works for two properties.
import { openAccount } from "@doorsync/authority/service";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openHouse } from "../support/journey-house.ts";
import { password, type Service, startService } from "../support/service.ts";
import { chromiumPath, complaints, lookAt, openChromium, openPage, whySkipped } from "./chromium.ts";
import { goTo, logInAs, seesView } from "./visits.ts";

describe.skipIf(chromiumPath === undefined)(`others${whySkipped}`, () => {
  let service: Service;
  let browser: Browser;

  beforeAll(async () => {
    service = await startService();
    const house = openHouse(service);
    const four = await house.unit("Unit 4");
    await house.bareDoor("Door of unit 4", "residence", four);
    await house.bareDoor("Door of unit 5", "residence", await house.unit("Unit 5"));
    await house.bareDoor("Entrance", "buildingEntrance");
    await house.moveIn("Hanna Host", "host", four);
    await house.moveIn("Rob Resident", "resident", four);
    browser = await openChromium();
  });

  afterAll(async () => {
    await browser?.close();
    await service?.close();
    expect(complaints).toEqual([]);
    expect(service.faults).toEqual([]);
  });

  test("a host at a desk sees the doors and people of the own unit, and no policy", async () => {
    const page = await openPage(browser, service.url, "desk");
    await logInAs(page, "hanna.host@example.org");
    await seesView(page, "Doors");
    await page.getByText("1 door", { exact: true }).waitFor();
    expect(await page.getByRole("rowheader").allTextContents()).toEqual(["Door of unit 4Unit 4, residence"]);
    expect(await page.getByRole("button", { name: "Add a door" }).count()).toBe(0);
    expect(await page.getByRole("navigation").getByRole("link").allTextContents()).toEqual([
      "Doors",
      "People",
      "Account",
    ]);
    await page.getByRole("link", { name: "Door of unit 4" }).click();
    await seesView(page, "Door of unit 4");
    expect(await page.getByRole("button", { name: "Commission a lock" }).count()).toBe(0);
    await page.getByRole("link", { name: "Log of this lock" }).waitFor();
    expect(await page.getByRole("button", { name: "Give today's doorcode" }).count(), "on phones only").toBe(
      0,
    );
    await lookAt(page, "host-door");
    await goTo(page, "People");
    await page.getByRole("link", { name: "Rob Resident" }).click();
    await seesView(page, "Rob Resident");
    expect(await page.getByRole("button", { name: "Suspend" }).count()).toBe(0);
    await page.goto(`${service.url}/#/properties/${service.propertyId}/policy`);
    await page.getByRole("button", { name: "Change" }).first().click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").getAttribute("data-name")).toBe("NOT_ALLOWED");
  });

  test("a host on a phone gives the unit's daily doorcode", async () => {
    const page = await openPage(browser, service.url, "phone");
    await logInAs(page, "hanna.host@example.org");
    await goTo(page, "Doors");
    await page.getByRole("link", { name: "Door of unit 4" }).click();
    await seesView(page, "Door of unit 4");
    await page.getByRole("button", { name: "Give today's doorcode" }).click();
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").getAttribute("data-name"), "it has no lock yet").toBe(
      "DAILY_UNAVAILABLE",
    );
  });

  test("a manager on a phone has doors as cards, and the own codes too", async () => {
    const page = await openPage(browser, service.url, "phone");
    await logInAs(page, "manager@example.org");
    await seesView(page, "Doors");
    await lookAt(page, "phone-doors");
    await goTo(page, "My codes");
    expect(await page.getByRole("heading", { level: 2 }).count()).toBeGreaterThan(0);
  });

  test("`?mobile` makes a desktop browser a phone", async () => {
    const page = await openPage(browser, `${service.url}/?mobile`, "desk");
    await logInAs(page, "rob.resident@example.org");
    await seesView(page, "My codes");
  });

  test("a vendor's account sees that there is nothing to see", async () => {
    const opened = await openAccount(service.office(), {
      name: "Vera Vendor",
      email: "vendor@example.org",
      password,
      isVendor: true,
    });
    expect(opened.ok).toBe(true);
    const page = await openPage(browser, service.url, "phone");
    await logInAs(page, "vendor@example.org");
    await seesView(page, "Nothing to see here");
    expect(await page.getByRole("navigation").getByRole("link").allTextContents()).toEqual(["Account"]);
    await lookAt(page, "vendor");
  });
});
