// What managers do on the page, from the click to the keypad: nothing counts as done before the lock says so, and what
// the lock says appears on the page by itself.
import { formatSetup } from "@doorsync/protocol/authority";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { noteRestored } from "../../packages/authority/src/desk/doubt.ts";
import { opens, opensByCard } from "../support/journey-door.ts";
import { type Door, type House, openHouse, type Tenant } from "../support/journey-house.ts";
import { type Service, startService } from "../support/service.ts";
import { visit } from "../support/service-door.ts";
import { crypto, makeLock } from "../world.ts";
import { chromiumPath, complaints, lookAt, openChromium, openPage, whySkipped } from "./chromium.ts";
import { goTo, inDialog, logInAs, managerEmail, rowOf, seesView } from "./visits.ts";

describe.skipIf(chromiumPath === undefined)(`managers${whySkipped}`, () => {
  let service: Service;
  let browser: Browser;
  let house: House;
  let home: Door;
  let entrance: Door;
  let rita: Tenant;
  let four: string;
  let page: Page;
  /** The manager's own phone, which visits doors. */
  let phone: string;

  beforeAll(async () => {
    service = await startService();
    house = openHouse(service);
    await house.localTime([{ at: 0, offsetMinutes: 0 }]);
    four = await house.unit("Unit 4");
    home = await house.door("Door of unit 4", "residence", four);
    entrance = await house.door("Entrance", "buildingEntrance");
    rita = await house.moveIn("Rita Resident", "resident", four);
    await house.give(rita, [entrance]);
    phone = await service.logIn(managerEmail, "mobile");
    await visit(service, phone, entrance);
    browser = await openChromium();
    page = await openPage(browser, service.url, "desk");
    await logInAs(page, managerEmail);
    await seesView(page, "Doors");
  });

  afterAll(async () => {
    await browser?.close();
    await service?.close();
    expect(complaints).toEqual([]);
    expect(service.faults).toEqual([]);
  });

  // Each begins at the list of doors, whatever the one before left open.
  beforeEach(async () => {
    await page.goto(`${service.url}/`);
    await page.reload();
    await seesView(page, "Doors");
  });

  /** The page is not loaded again: what it shows changes by itself. */
  const untouched = async (work: () => Promise<void>): Promise<void> => {
    await page.evaluate("window.untouched = true");
    await work();
    expect(await page.evaluate("window.untouched")).toBe(true);
  };

  const goToPerson = async (name: string): Promise<void> => {
    await goTo(page, "People");
    await page.getByRole("link", { name }).click();
    await seesView(page, name);
  };
  const goToDoor = async (name: string): Promise<void> => {
    await page.getByRole("link", { name }).click();
    await seesView(page, name);
  };

  test("doors are listed as they are, and found by name and by what they need", async () => {
    await rowOf(page, "Entrance").getByText("1 set").waitFor();
    await rowOf(page, "Door of unit 4").getByText("0 set").waitFor();
    expect(await rowOf(page, "Entrance").textContent()).toContain("21 Sept 2026");
    await lookAt(page, "doors");
    await page.getByLabel("Find").fill("entr");
    await rowOf(page, "Door of unit 4").waitFor({ state: "detached" });
    await page.getByText("1 of 2 doors").waitFor();
    await page.getByLabel("Find").fill("");
    await page.getByLabel("Show").selectOption("pending");
    await page.getByText("0 of 2 doors").waitFor();
    await page.getByLabel("Show").selectOption("all");
  });

  test("access that is granted is pending, and set by itself when the lock's receipt comes in", async () => {
    await goTo(page, "People");
    await lookAt(page, "people");
    await page.getByRole("link", { name: "Rita Resident" }).click();
    await seesView(page, "Rita Resident");
    await page.getByRole("button", { name: "Grant access" }).click();
    const dialog = inDialog(page);
    await dialog.getByLabel("Door of unit 4").check();
    expect(await dialog.getByLabel("Entrance").count(), "where there is a code already").toBe(0);
    expect(await dialog.getByLabel("Length").count(), "the property gives 4 digits only").toBe(0);
    await dialog.getByLabel("Door of unit 4").uncheck();
    await dialog.getByRole("button", { name: "Grant access" }).click();
    await dialog.getByRole("alert").getByText("Tick at least one door.").waitFor();
    await dialog.getByLabel("Door of unit 4").check();
    await lookAt(page, "grant");
    await dialog.getByRole("button", { name: "Grant access" }).click();
    const row = rowOf(page, "Door of unit 4");
    await row.getByText("Pending: unset").waitFor();
    expect(await row.textContent()).toContain("does not open");
    await lookAt(page, "person-pending");

    await untouched(async () => {
      await goTo(page, "Doors");
      const door = rowOf(page, "Door of unit 4");
      await door.getByText("1 to set").waitFor();
      await lookAt(page, "doors-pending");
      await page.getByRole("link", { name: "Door of unit 4" }).click();
      await seesView(page, "Door of unit 4");
      const code = rowOf(page, "Rita Resident");
      await code.getByText("Pending: unset").waitFor();
      await visit(service, phone, home);
      await code.getByText("Set", { exact: false }).and(page.locator(".badge.good")).waitFor();
      await page.getByRole("status").getByText("a code is set").waitFor();
      await page.getByText("Nothing: the lock has confirmed all of it").waitFor();
    });
    await lookAt(page, "door");
  });

  test("revoke all and grant anew: both codes are told apart until the sync, at the door as on the page", async () => {
    const ritas = await service.logIn(rita.email, "mobile");
    const codes = async (): Promise<string[]> => {
      const { body } = await service.call("myCodes", { token: ritas });
      return body.codes
        .filter((one: { door: { id: string } }) => one.door.id === home.doorId)
        .flatMap((one: { faces: { code: string }[] }) => one.faces.map(({ code }) => code));
    };
    const [old = ""] = await codes();
    expect(opens(home, old)).toBe(true);
    await goToPerson("Rita Resident");
    await page.getByRole("button", { name: "Revoke all and grant anew" }).click();
    await inDialog(page).getByLabel("Entrance").uncheck();
    await lookAt(page, "regrant");
    await inDialog(page).getByRole("button", { name: "Revoke all and grant anew" }).click();
    await page.getByText("Pending: removing").first().waitFor();
    const [, fresh = ""] = await codes();
    expect(fresh).not.toBe(old);
    expect([opens(home, old), opens(home, fresh)], "before the sync").toEqual([true, false]);
    const rows = await page.getByRole("row").filter({ hasText: "Door of unit 4" }).allTextContents();
    expect(rows.length).toBe(2);
    expect(rows.join("\n")).toMatch(/Pending: removing[^\n]*opensdoes not open/);
    expect(rows.join("\n")).toMatch(
      /Pending: unset[^\n]*does not opendoes not open|Pending: unset[^\n]*does not openopens/,
    );
    await untouched(async () => {
      await visit(service, phone, home);
      await page.getByRole("row").filter({ hasText: "Door of unit 4" }).nth(1).waitFor({ state: "detached" });
      await rowOf(page, "Door of unit 4").getByText("Set", { exact: false }).waitFor();
    });
    expect([opens(home, old), opens(home, fresh)], "after the sync").toEqual([false, true]);
  });

  test("what was taken away is given back only when asked for; one door is taken away by itself", async () => {
    const params = { property: service.propertyId, person: rita.personId };
    const heldAt = async (): Promise<readonly string[]> =>
      (await house.asks("person", { params })).doors
        .filter(({ codes }: { codes: { worksAfterSync: boolean }[] }) =>
          codes.some(({ worksAfterSync }) => worksAfterSync),
        )
        .map(({ door }: { door: string }) => door);
    await house.give(rita, [entrance]);
    await visit(service, phone, entrance);
    await goToPerson("Rita Resident");
    await page.getByRole("button", { name: "Take one door away" }).click();
    await inDialog(page).getByLabel("Door").selectOption("Entrance");
    await lookAt(page, "take-door");
    await inDialog(page).getByRole("button", { name: "Take the door away" }).click();
    await page.getByText("Taken away: Entrance.").waitFor();
    await rowOf(page, "Entrance").getByText("Pending: removing").waitFor();
    expect(await heldAt()).toEqual(["Door of unit 4"]);
    await page.getByRole("button", { name: "Revoke all and grant anew" }).click();
    expect(await inDialog(page).getByLabel("Entrance").isChecked()).toBe(false);
    expect(await inDialog(page).getByLabel("Door of unit 4").isChecked()).toBe(true);
    await inDialog(page).getByRole("button", { name: "Revoke all and grant anew" }).click();
    await page.getByText("Every code is replaced.").waitFor();
    expect(await heldAt()).toEqual(["Door of unit 4"]);
    for (const door of [home, entrance]) await visit(service, phone, door);
  });

  test("who has no account is told a new code when resumed after a theft, and a key that is out is named", async () => {
    const body = { name: "Grandpa Greene", role: "resident", unit: four };
    const params = { property: service.propertyId };
    const { personId } = await house.asks("addPerson", { params, body });
    const of = { params: { ...params, person: personId } };
    await house.asks("grantAccess", { ...of, body: { doors: [home.doorId] } });
    await house.asks("noteKey", {
      params: { door: home.doorId },
      body: { person: personId, label: "brass" },
    });
    await goToPerson("Grandpa Greene");
    await page.getByRole("heading", { name: "Mechanical keys that are out" }).waitFor();
    await page.getByRole("button", { name: "Suspend" }).click();
    await inDialog(page).getByText("Mechanical keys go on opening: Door of unit 4 (brass).").waitFor();
    await inDialog(page).getByLabel("Reason").selectOption("stolen");
    await inDialog(page).getByRole("button", { name: "Suspend" }).click();
    await page.getByText("Ask back what no lock knows of: Door of unit 4 (brass).").waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    await inDialog(page).getByRole("button", { name: "Resume" }).click();
    await page.getByRole("heading", { name: "Tell Grandpa Greene" }).waitFor();
    const digits = (await page.locator(".digits > span[aria-hidden]").textContent()) ?? "";
    await visit(service, phone, home);
    expect(opens(home, digits)).toBe(true);
  });

  test("suspend with a reason: exposure is bounded by the lease, the door follows with its sync; resume draws new codes", async () => {
    await house.policy({ leaseHours: 72 });
    await visit(service, phone, home);
    const ritas = await service.logIn(rita.email, "mobile");
    const { body } = await service.call("myCodes", { token: ritas });
    const code: string = body.codes
      .filter((one: { door: { id: string } }) => one.door.id === home.doorId)
      .at(0).faces[0].code;
    expect(opens(home, code)).toBe(true);
    await goToPerson("Rita Resident");
    await page.getByRole("button", { name: "Suspend" }).click();
    await inDialog(page).getByLabel("Reason").selectOption("stolen");
    await lookAt(page, "suspend");
    await inDialog(page).getByRole("button", { name: "Suspend" }).click();
    await page.getByText("Suspended since").waitFor();
    await page.getByText("Every device is logged out.").waitFor();
    expect((await service.call("myCodes", { token: ritas })).status).toBe(401);
    await page
      .getByText(/At worst until 24 Sept 2026/)
      .first()
      .waitFor();
    expect(opens(home, code), "before the sync").toBe(true);
    await lookAt(page, "person-suspended");
    await visit(service, phone, home);
    expect(opens(home, code), "after the sync").toBe(false);
    await page.getByText("Not any more").first().waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    expect(await inDialog(page).getByLabel("Draw new codes").isChecked()).toBe(true);
    await inDialog(page).getByRole("button", { name: "Resume" }).click();
    await page.getByText("is resumed with new codes").waitFor();
    await visit(service, phone, home);
    expect(opens(home, code), "the old code stays dead").toBe(false);
  });

  test("units, doors and people are added; a lock is commissioned from its label; a stranger's digits are told once", async () => {
    await page.getByRole("button", { name: "Add a unit" }).click();
    await inDialog(page).getByLabel("Name").fill("Unit 5");
    await page.keyboard.press("Enter");
    await page.getByText("Unit 5 is added.").waitFor();
    const add = page.getByRole("button", { name: "Add a door" });
    await add.click();
    await inDialog(page).waitFor();
    await page.keyboard.press("Escape");
    await inDialog(page).waitFor({ state: "detached" });
    // The focus comes back.
    await add.and(page.locator(":focus")).waitFor();
    await add.click();
    await inDialog(page).getByLabel("Name").fill("Door of unit 5");
    const unit = inDialog(page).getByLabel("Unit", { exact: true });
    const isFit = async () => (await unit.and(page.locator(":invalid")).count()) === 0;
    expect([await unit.inputValue(), await isFit()], "a residence belongs to a unit").toEqual(["", false]);
    await inDialog(page).getByLabel("Kind").selectOption("communal");
    expect(await isFit(), "a shared door to none").toBe(true);
    await inDialog(page).getByLabel("Kind").selectOption("residence");
    await unit.selectOption("Unit 5");
    await lookAt(page, "add-a-door");
    await inDialog(page).getByRole("button", { name: "Add the door" }).click();
    await rowOf(page, "Door of unit 5").getByText("No lock yet: commission one").waitFor();
    expect(await rowOf(page, "Door of unit 5").textContent()).not.toContain("nothing");
    await page.getByRole("link", { name: "Door of unit 5" }).click();
    await seesView(page, "Door of unit 5");
    await page.getByText("No lock yet: commission one.").waitFor();
    // There is nothing that a phone could sync.
    for (const name of ["State", "Health of the lock"])
      expect(await page.getByRole("region", { name }).textContent()).not.toMatch(
        /sync the|door sync|No word/,
      );
    const lock = makeLock("lock of unit 5", { rtcSeconds: service.clock.now });
    await page.getByRole("button", { name: "Commission a lock" }).click();
    await inDialog(page).getByLabel("Set-up code").fill("DOORSYNC:1:nonsense");
    await inDialog(page).getByRole("button", { name: "Offer it" }).click();
    expect(await inDialog(page).getByRole("alert").textContent()).toMatch(
      /^▲ Something here is missing, or not as it should be\. Setup: copy it again from the label of the lock\.$/,
    );
    await inDialog(page).getByLabel("Set-up code").fill(formatSetup(crypto, lock.setup));
    await inDialog(page).getByRole("button", { name: "Offer it" }).click();
    await page.getByText("Offered: waits for a phone to bring the offer").waitFor();
    const { body: doors } = await service.call("doors", {
      token: service.manager,
      params: { property: service.propertyId },
    });
    const doorId: string = doors.doors.find((one: { name: string }) => one.name === "Door of unit 5").id;
    const hung = { lock, doorId };
    await visit(service, phone, hung);
    await visit(service, phone, hung);
    await page.getByText("In use").waitFor();

    await goTo(page, "People");
    await page.getByRole("button", { name: "Add a person" }).click();
    await inDialog(page).getByLabel("Name").fill("Otto Offline");
    expect(await isFit(), "a resident lives somewhere").toBe(false);
    await inDialog(page).getByLabel("Unit", { exact: true }).selectOption("Unit 5");
    await lookAt(page, "add-a-person");
    await inDialog(page).getByRole("button", { name: "Add the person" }).click();
    await seesView(page, "Otto Offline");
    await page.getByText("No door opens to this person, and none may.").waitFor();
    await page.getByRole("button", { name: "Grant access" }).click();
    await inDialog(page).getByLabel("Door of unit 5, Unit 5").check();
    await inDialog(page).getByRole("button", { name: "Grant access" }).click();
    await page.getByRole("heading", { name: "Tell Otto Offline" }).waitFor();
    const digits = (await page.locator(".digits [aria-hidden]").first().textContent()) ?? "";
    expect(digits).toMatch(/^\d{4}$/);
    await lookAt(page, "digits-told-once");
    await visit(service, phone, hung);
    expect(opens(hung, digits)).toBe(true);
  });

  test("a guest with hours of the week: the door and the person say which, and who let them in", async () => {
    const token = await service.logIn(rita.email, "mobile");
    await house.regrant(rita, [home]);
    await visit(service, phone, home);
    const windows = [{ days: 0b010_0100, startMinute: 540, endMinute: 720 }];
    const body = { name: "Clea Cleaner", kind: "recurring", windows };
    const invited = await service.call("inviteGuest", { token, params: { door: home.doorId }, body });
    expect(invited.status).toBe(200);
    await visit(service, phone, home);
    await goToDoor("Door of unit 4");
    const row = rowOf(page, "Clea Cleaner");
    await row.getByText("Tuesday, Friday 09:00 to 12:00").waitFor();
    expect(await row.textContent()).toMatch(/opens within its hoursopens within its hours/);
    await lookAt(page, "door-with-hours");
    await row.getByRole("link", { name: "Clea Cleaner" }).click();
    await seesView(page, "Clea Cleaner");
    await page.getByText("Recurring, invited by Rita Resident").waitFor();
    await rowOf(page, "Door of unit 4").getByText("Tuesday, Friday 09:00 to 12:00").waitFor();
    await service.call("revokeGuest", {
      token,
      params: { door: home.doorId, person: invited.body.person },
    });
    await visit(service, phone, home);
  });

  test("keycards and mechanical keys stand at the door with those who have them", async () => {
    await goToDoor("Entrance");
    await page.getByRole("button", { name: "Assign a keycard" }).click();
    await inDialog(page).getByLabel("Person").selectOption("Rita Resident");
    await inDialog(page).getByLabel("Card").fill("04A1B2C3");
    await inDialog(page).getByRole("button", { name: "Assign it" }).click();
    await rowOf(page, "Keycard").getByText("Pending: unset").waitFor();
    await visit(service, phone, entrance);
    await rowOf(page, "Keycard").getByText("Set", { exact: false }).waitFor();
    expect(opensByCard(entrance, "04a1b2c3")).toBe(true);
    await page.getByRole("button", { name: "Note a key" }).click();
    await inDialog(page).getByLabel("Person").selectOption("Otto Offline");
    await inDialog(page).getByLabel("Mark on the key").fill("E-7");
    await inDialog(page).getByRole("button", { name: "Note it" }).click();
    await page.getByText("Otto Offline has key E-7").waitFor();
    await lookAt(page, "door-with-keys");
    await page.getByRole("button", { name: "Returned : key E-7" }).click();
    await inDialog(page).getByRole("button", { name: "It was returned" }).click();
    await page.getByText("None is outstanding.").waitFor();
  });

  test("a lock that reports trouble is shown with the next steps", async () => {
    await goToDoor("Entrance");
    const { body } = await service.call("door", {
      token: service.manager,
      params: { door: entrance.doorId },
    });
    const told = await service.call("reportVisit", {
      token: phone,
      body: { tag: body.lockTag, outcome: "silent", conditions: [] },
    });
    expect(told.status).toBe(204);
    await page.getByRole("heading", { name: "Next steps" }).waitFor();
    await page.getByText("Wake the lock at its keypad; if nothing lights, replace the batteries.").waitFor();
    await lookAt(page, "door-in-trouble");
  });

  test("the log names who opened, and marks what is missing", async () => {
    for (let i = 0; i < 200; i++) entrance.lock.board.tap(new Uint8Array([1, 2, 3, 4]));
    for (let i = 0; i < 6; i++) await visit(service, phone, entrance);
    await goToDoor("Entrance");
    await page.getByRole("link", { name: "Log of this lock" }).click();
    await seesView(page, "Log of the lock");
    await page
      .getByText(/^▲ Gap: .* refused tries are missing/)
      .first()
      .waitFor();
    await lookAt(page, "log");
    while ((await page.getByText("Opened by card").count()) === 0) {
      const first = await page.getByRole("cell").first().textContent();
      await page.getByRole("button", { name: "Older" }).click();
      await page
        .getByRole("cell")
        .first()
        .filter({ hasNotText: first ?? "" })
        .waitFor();
    }
    expect(await page.getByRole("row").filter({ hasText: "Opened by card" }).first().textContent()).toContain(
      "Rita Resident",
    );
  });

  test("policy: a change is kept, what cannot be is refused in words, a time zone becomes offsets", async () => {
    await house.policy({ leaseHours: 72 });
    await goTo(page, "Policy", "Policy of Maple Court");
    await lookAt(page, "policy");
    const codes = page.getByRole("region", { name: "Codes" });
    await codes.getByLabel("6 digits").check();
    await codes.getByLabel("Custom codes").check();
    await codes.getByRole("button", { name: "Change" }).click();
    await page.getByText("The policy is changed.").waitFor();
    const mine = await service.call("myDoors", { token: phone });
    expect(mine.body.doors[0].lengths).toEqual([4, 6]);
    await codes.getByLabel("Lease in hours").fill("999999");
    await codes.getByRole("button", { name: "Change" }).click();
    await codes.getByRole("alert").waitFor();
    expect(await codes.getByRole("alert").getAttribute("data-name")).toBe("POLICY_UNFIT");
    // The remedy speaks of the setting that is named: so it is named.
    expect(await codes.getByRole("alert").textContent()).toContain("Namely: a lease of 999999 hours.");
    const zone = page.getByRole("region", { name: "Local time of the doors" });
    await zone.getByLabel("Time zone").selectOption("Europe/Berlin");
    await zone.getByRole("button", { name: "Change" }).click();
    await zone.getByText(/with its changes up to/).waitFor();
    // No lock was told yet.
    expect(await zone.textContent()).toMatch(
      /The property's time is UTC\+0[12]:00 at present.*Each lock learns it with its next sync\./,
    );
    expect(await zone.textContent()).not.toContain("The locks know it");
    const { body } = await service.call("property", {
      token: service.manager,
      params: { property: service.propertyId },
    });
    expect([body.policy.sixDigits, body.policy.customCodes, body.leaseHours]).toEqual([true, true, 72]);
    const offsets: { at: number; offsetMinutes: number }[] = body.house.zone;
    expect(offsets.length).toBeGreaterThan(8);
    // Central Europe changes on the last Sunday of March and of October, at 01:00 UTC.
    expect(offsets).toContainEqual({ at: Date.UTC(2027, 2, 28, 1) / 1_000, offsetMinutes: 120 });
    expect(offsets).toContainEqual({ at: Date.UTC(2027, 9, 31, 1) / 1_000, offsetMinutes: 60 });
  });

  test("activity names who asked for what, and what was refused", async () => {
    await goTo(page, "Activity");
    await page.getByRole("row").filter({ hasText: "Suspend" }).first().waitFor();
    await page.getByRole("row").filter({ hasText: "Refused: POLICY_UNFIT" }).first().waitFor();
    const about = (what: string) => page.getByRole("row").filter({ hasText: what }).first().textContent();
    expect(await about("Set policy")).toContain("house.zone");
    expect(await about("Add door")).toContain("Door of unit 5");
    expect(await about("Add person")).toContain("Otto Offline");
    expect(await about("Invite guest")).toContain("Clea Cleaner");
    await lookAt(page, "activity");
  });

  test("what could not be asked for while the news went on comes by itself, in every part of the page", async () => {
    const stream = page.waitForResponse((response) => response.url().endsWith("/v1/events"));
    await page.reload();
    await stream;
    // Calls fail; the stream that is open goes on, so nothing but the page itself can ask again.
    const calls = (url: URL): boolean => url.pathname.includes("/v1/") && !url.pathname.endsWith("/events");
    await page.route(calls, (route) => route.abort("internetdisconnected"));
    await goTo(page, "People");
    await house.localTime([{ at: 0, offsetMinutes: 60 }]);
    const troubles = page.getByRole("alert");
    await troubles.nth(1).waitFor();
    expect(await troubles.count()).toBe(2);
    // Whatever the news made the page ask for has been asked, and failed.
    await page.waitForTimeout(1_000);
    await page.unroute(calls);
    await untouched(async () => {
      await page.getByRole("link", { name: "Rita Resident" }).waitFor();
      await troubles.first().waitFor({ state: "detached" });
    });
    await house.localTime([{ at: 0, offsetMinutes: 0 }]);
  });

  test("books from a backup: who would open is listed, and tables go out when the manager says so", async () => {
    await noteRestored(service.office());
    await page.goto(`${service.url}/`);
    await logInAs(page, managerEmail);
    await seesView(page, "Doors");
    const notice = page.getByRole("region", { name: "Are the books right?" });
    await notice.getByText("Nothing is carried to these locks", { exact: false }).waitFor();
    expect(await notice.textContent()).toMatch(/Entrance.*Rita Resident \(/);
    await lookAt(page, "desk-doubted");
    await page.getByRole("link", { name: "Entrance" }).last().click();
    await seesView(page, "Entrance");
    await page.getByRole("button", { name: "The books are right again" }).click();
    await inDialog(page).getByRole("button", { name: "They are right" }).click();
    await notice.waitFor({ state: "detached" });
    await goTo(page, "Doors");
    await notice.getByText("Nothing is carried to", { exact: false }).waitFor();
    expect(await notice.textContent()).not.toContain("Entrance");
    await notice.getByRole("button", { name: "The books are right again" }).click();
    await inDialog(page).getByRole("button", { name: "They are right" }).click();
    await notice.waitFor({ state: "detached" });
    phone = await service.logIn(managerEmail, "mobile");
    await visit(service, phone, entrance);
    expect(
      (await service.call("doors", { token: phone, params: { property: service.propertyId } })).status,
    ).toBe(200);
  });

  test("what is not there says so, and a service that is gone is told and found again", async () => {
    await page.goto(`${service.url}/#/properties/${service.propertyId}/doors/${"0".repeat(24)}`);
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").getAttribute("data-name")).toBe("NO_SUCH");
    await page.goto(`${service.url}/#/nowhere`);
    await seesView(page, "There is nothing here");
    await page.context().setOffline(true);
    await goTo(page, "People");
    await page.getByRole("alert").first().waitFor();
    expect(await page.getByRole("alert").first().getAttribute("data-name")).toBe("UNREACHABLE");
    await page.context().setOffline(false);
    await page.getByRole("link", { name: "Rita Resident" }).waitFor();
  });

  test("what was refused is asked for again when somebody says so", async () => {
    const people = (url: URL): boolean => url.pathname.endsWith("/people");
    await page.route(people, (route) =>
      route.fulfill({
        status: 429,
        json: { name: "TOO_MANY", title: "too many tries", remedy: "wait a little", detail: "5" },
      }),
    );
    await goTo(page, "People");
    await page.getByText("Too many tries. Wait 5 seconds.").waitFor();
    await page.unroute(people);
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("link", { name: "Rita Resident" }).waitFor();
  });
});
