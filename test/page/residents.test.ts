// What residents do on a phone's browser, asserted at the keypad: both faces of a code that changes, picks, guests, the
// daily doorcode, and when the door was last synced.
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { opens } from "../support/journey-door.ts";
import { type Door, type House, openHouse, type Tenant } from "../support/journey-house.ts";
import { lastLetter } from "../support/journey-post.ts";
import { type Service, startService } from "../support/service.ts";
import { visit } from "../support/service-door.ts";
import { chromiumPath, complaints, lookAt, openChromium, openPage, whySkipped } from "./chromium.ts";
import { goTo, inDialog, logInAs, managerEmail, seesView } from "./visits.ts";

describe.skipIf(chromiumPath === undefined)(`residents${whySkipped}`, () => {
  let service: Service;
  let browser: Browser;
  let house: House;
  let home: Door;
  let entrance: Door;
  let rita: Tenant;
  let page: Page;
  /** Somebody else's phone, which visits doors. */
  let courier: string;

  beforeAll(async () => {
    service = await startService();
    house = openHouse(service);
    await house.localTime([{ at: 0, offsetMinutes: 0 }]);
    await house.policy({ customCodes: true });
    const four = await house.unit("Unit 4");
    home = await house.door("Door of unit 4", "residence", four);
    entrance = await house.door("Entrance", "buildingEntrance");
    rita = await house.moveIn("Rita Resident", "resident", four);
    await house.give(rita, [home, entrance]);
    courier = await service.logIn(managerEmail, "mobile");
    await visit(service, courier, home);
    browser = await openChromium();
    page = await openPage(browser, service.url, "phone");
    await lookAt(page, "phone-log-in");
    await logInAs(page, rita.email);
    await seesView(page, "My codes");
  });

  afterAll(async () => {
    await browser?.close();
    await service?.close();
    expect(complaints).toEqual([]);
    expect(service.faults).toEqual([]);
  });

  const cardOf = (name: string) => page.getByRole("region", { name });
  const digitsIn = async (name: string): Promise<string[]> =>
    await cardOf(name).locator(".digits [aria-hidden]").allTextContents();
  const syncHome = async (): Promise<void> => void (await visit(service, courier, home));

  test("each door shows its code, whether it opens yet, and when it was last synced", async () => {
    await cardOf("Door of unit 4").getByText("Opens the door now").waitFor();
    await cardOf("Entrance").getByText("Opens after a door sync").waitFor();
    // This page cannot sync: it says who can.
    await cardOf("Entrance").getByText("Any phone with the property's app does it at the door").waitFor();
    await cardOf("Entrance").getByText("or ask the property's management").waitFor();
    expect(await cardOf("Door of unit 4").textContent()).toContain("Last door sync21 Sept 2026, ");
    const [code = ""] = await digitsIn("Door of unit 4");
    expect(opens(home, code)).toBe(true);
    expect(opens(entrance, (await digitsIn("Entrance"))[0] ?? "")).toBe(false);
    expect(
      await cardOf("Entrance").getByRole("button", { name: "Reset code" }).count(),
      "a shared door",
    ).toBe(0);
    await lookAt(page, "phone-codes");
  });

  test("everything to touch is 44 pixels high or more", async () => {
    const small = await page.evaluate(`[...document.querySelectorAll("a, button, input, select")]
      .filter((one) => one.offsetParent !== null && !one.closest("p, .skip"))
      .map((one) => [one.textContent, one.getBoundingClientRect().height])
      .filter(([, height]) => height < 44)`);
    expect(small).toEqual([]);
  });

  test("reset: both faces until the sync, and the page follows by itself", async () => {
    const card = cardOf("Door of unit 4");
    const [old = ""] = await digitsIn("Door of unit 4");
    await card.getByRole("button", { name: "Reset code" }).click();
    await lookAt(page, "phone-reset");
    await inDialog(page).getByRole("button", { name: "Reset code" }).click();
    await card.getByText("Opens now, until the next door sync").waitFor();
    await card.getByText("Opens after a door sync").waitFor();
    const faces = await digitsIn("Door of unit 4");
    expect(faces.length).toBe(2);
    expect(faces[0]).toBe(old);
    const fresh = faces[1] ?? "";
    expect([opens(home, old), opens(home, fresh)], "before the sync").toEqual([true, false]);
    await lookAt(page, "phone-both-faces");
    await page.evaluate("window.untouched = true");
    await syncHome();
    await card.getByText("Opens the door now").waitFor();
    expect(await page.evaluate("window.untouched")).toBe(true);
    expect(await digitsIn("Door of unit 4")).toEqual([fresh]);
    expect([opens(home, old), opens(home, fresh)], "after the sync").toEqual([false, true]);
  });

  test("what was done here is no news, nor is a code that never reached the lock; what others do is", async () => {
    const said = async (): Promise<string> => String(await page.evaluate("window.said.join('|')"));
    // News of the visit before are none of this.
    await page.reload();
    await seesView(page, "My codes");
    await page.evaluate(`{
      window.said = [];
      const status = document.querySelector("[role=status]");
      new MutationObserver(() => window.said.push(status.textContent)).observe(status, {
        childList: true, characterData: true, subtree: true });
    }`);
    await cardOf("Door of unit 4").getByRole("button", { name: "Reset code" }).click();
    await inDialog(page).getByRole("button", { name: "Reset code" }).click();
    await page.getByText("A new code is drawn for Door of unit 4.").waitFor();
    // A second one replaces the first before any phone has it: the first is gone, and nobody ever had it.
    await cardOf("Door of unit 4").getByRole("button", { name: "Reset code" }).click();
    await inDialog(page).getByRole("button", { name: "Reset code" }).click();
    await page.waitForTimeout(7_000);
    expect(await said()).not.toMatch(/a code is|waits|Pending/i);
    await house.regrant(rita, [home, entrance]);
    await page.waitForTimeout(2_000);
    expect(await said()).toMatch(/access was granted anew/i);
    expect(await said(), "what no lock ever held").not.toMatch(/code is removed/i);
    await syncHome();
    await page.getByRole("status").getByText("the door was synced").waitFor();
    expect(await said()).toMatch(/a code is removed/i);
    await cardOf("Door of unit 4").getByText("Opens the door now").waitFor();
  });

  test("pick: weak digits are refused in words, a good code is taken", async () => {
    const card = cardOf("Door of unit 4");
    await card.getByRole("button", { name: "Pick a code" }).click();
    const dialog = inDialog(page);
    await dialog.getByLabel("Code").fill("1234");
    await dialog.getByRole("button", { name: "Use this code" }).click();
    await dialog.getByRole("alert").waitFor();
    expect(await dialog.getByRole("alert").getAttribute("data-name")).toBe("CODE_WEAK");
    await lookAt(page, "phone-pick-refused");
    await dialog.getByLabel("Code").fill("8062");
    await dialog.getByRole("button", { name: "Use this code" }).click();
    await card.getByText("Opens now, until the next door sync").waitFor();
    expect(await digitsIn("Door of unit 4")).toContain("8062");
    await syncHome();
    await card.getByText("Opens the door now").waitFor();
    expect(opens(home, "8062")).toBe(true);
  });

  test("guests: a code is told once, opens from the sync on, and is taken back", async () => {
    await cardOf("Door of unit 4").getByRole("link", { name: "Guests" }).click();
    await seesView(page, "Guests of Door of unit 4");
    await page.getByLabel("Name").fill("Gus Guest");
    await page.getByLabel("Kind").selectOption("recurring");
    for (const day of ["Monday", "Tuesday"]) await page.getByLabel(day).check();
    await lookAt(page, "phone-invite");
    await page.getByLabel("Kind").selectOption("permanent");
    await page.getByRole("button", { name: "Give a code" }).click();
    await inDialog(page).getByText("it is shown this once", { exact: false }).waitFor();
    const digits = (await inDialog(page).locator(".digits [aria-hidden]").textContent()) ?? "";
    await lookAt(page, "phone-guest-code");
    await inDialog(page).getByRole("button", { name: "Done" }).click();
    const guest = cardOf("Gus Guest");
    await guest.getByText("Opens after a door sync").waitFor();
    expect(await guest.locator(".digits").count(), "told once").toBe(0);
    await syncHome();
    expect(opens(home, digits)).toBe(true);
    await guest.getByRole("button", { name: "Take back" }).click();
    await inDialog(page).getByRole("button", { name: "Take it back" }).click();
    await page.getByText("It opens until the door is synced.").waitFor();
    expect(opens(home, digits), "before the sync").toBe(true);
    await syncHome();
    expect(opens(home, digits), "after the sync").toBe(false);
    await lookAt(page, "phone-guests");
  });

  test("a temporary guest's times are those of this phone's zone", async () => {
    const day = new Date((service.clock.now + 86_400) * 1_000).toISOString().slice(0, 10);
    await page.getByLabel("Name").fill("Tom Temporary");
    await page.getByLabel("Kind").selectOption("temporary");
    await page.getByLabel("From").fill(`${day}T10:00`);
    await page.getByLabel("Until").fill(`${day}T12:30`);
    await page.getByRole("button", { name: "Give a code" }).click();
    await inDialog(page).getByRole("button", { name: "Done" }).click();
    expect(await cardOf("Tom Temporary").textContent()).toMatch(
      /From 22 Sept 2026, 10:00, until 22 Sept 2026, 12:30\./,
    );
  });

  test("daily doorcode: opens today without a sync, its limits are said, and it can be sent by letter", async () => {
    await page.getByRole("link", { name: "My codes" }).first().click();
    await seesView(page, "My codes");
    await cardOf("Door of unit 4").getByRole("link", { name: "Daily doorcode" }).click();
    await seesView(page, "Daily doorcode for Door of unit 4");
    await page.getByRole("button", { name: "Give today's doorcode" }).click();
    const given = cardOf("Today's doorcode");
    await given.getByText("It cannot be taken back before that without a door sync.").waitFor();
    const digits = (await given.locator(".digits [aria-hidden]").textContent()) ?? "";
    expect(opens(home, digits)).toBe(true);
    await lookAt(page, "phone-daily");
    await page.getByLabel("How").selectOption("email");
    await page.getByLabel("E-mail address").fill("plumber@example.org");
    await page.getByRole("button", { name: "Give today's doorcode" }).click();
    await given.getByText("It is on its way by e-mail.").waitFor();
    expect((await lastLetter(service, "plumber@example.org")).text).toContain(digits);
  });

  test("an app version that the community asks for shuts no browser out: the page comes with the service", async () => {
    await house.policy({ appVersionMin: "3.0.0" });
    await goTo(page, "My codes");
    await page.reload();
    await seesView(page, "My codes");
    await cardOf("Door of unit 4").getByRole("button", { name: "Reset code" }).waitFor();
    await house.policy({ appVersionMin: "0.0.0" });
  });

  test("a phone held sideways and a tablet are phones, and a wide window with a mouse is none", async () => {
    const seen: string[] = [];
    for (const [width, height, isTouched] of [
      [844, 390, true],
      [1366, 1024, true],
      [390, 844, false],
    ] as const) {
      const context = await browser.newContext({
        viewport: { width, height },
        hasTouch: isTouched,
        isMobile: isTouched,
      });
      const other = await context.newPage();
      await other.goto(service.url);
      await logInAs(other, rita.email);
      const heading = other.getByRole("heading", { level: 1, name: /codes/ });
      await heading.waitFor();
      seen.push((await heading.textContent()) ?? "");
      await context.close();
    }
    expect(seen).toEqual(["My codes", "My codes", "Your codes are on your phone"]);
  });

  test("what cannot be done at a door is said with its reason, and who can help", async () => {
    await goTo(page, "My codes");
    const card = cardOf("Entrance");
    await card.getByText("What cannot be done here, and why").click();
    await card.getByText("the management, which revokes all and grants anew", { exact: false }).waitFor();
    expect(await card.getByRole("listitem").filter({ hasText: "Daily doorcode" }).count()).toBe(1);
    await lookAt(page, "phone-why-not");
  });

  test("who is suspended sees that nothing opens from the next sync on", async () => {
    await goTo(page, "My codes");
    await house.suspend(rita, "other");
    await cardOf("Door of unit 4")
      .getByText(/Opens now; suspended from the next door sync on/)
      .waitFor();
    await syncHome();
    await cardOf("Door of unit 4").getByText("Suspended", { exact: true }).waitFor();
    await cardOf("Door of unit 4")
      .getByText("Your access here is suspended. Ask the property's management to resume it.")
      .waitFor();
    expect(await cardOf("Door of unit 4").getByText("Changes wait").count()).toBe(0);
    await lookAt(page, "phone-suspended");
  });
});
