// F1 to F7 at the door: whose a code is, how it comes to be, who sees it, and which codes nobody can choose.
import { expect } from "vitest";
import { opens, passes } from "../support/journey-door.ts";
import { type Door, openHouse, type Tenant } from "../support/journey-house.ts";
import { journey } from "./journey.ts";

const hour = 3_600;
const day = 86_400;

journey("F1", "a doorcode is one person's alone", async ({ service, given, when, holds }) => {
  const house = openHouse(service);
  const unit = await house.unit("1A");
  let door = {} as Door;
  const people: Tenant[] = [];
  const digits: string[] = [];
  await given("eight residents of one unit, each with a code for its door", async () => {
    door = await house.door("1A front", "residence", unit);
    for (const name of ["Ada", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gus", "Hal"]) {
      const one = await house.moveIn(name, "resident", unit);
      await house.give(one, [door]);
      people.push(one);
    }
  });
  await when("one of them syncs the door and each types their own code", async () => {
    const phones = [];
    for (const one of people) phones.push(await house.phone(one));
    await phones[0]?.syncs(door);
    for (const phone of phones) {
      const own = await phone.now(door);
      expect(opens(door, own)).toBe(true);
      digits.push(own);
    }
    await phones[0]?.syncs(door);
  });
  await holds("no two codes are the same", () => expect(new Set(digits).size).toBe(8));
  await holds("the log gives each opening to the one person whose code it was", async () => {
    const { entries } = await house.asks("doorLog", { params: { door: door.doorId } });
    const openings = entries.filter(
      (one: { kind: string; source: string; person: string | null }) =>
        one.kind === "LockOperation" && one.source === "Keypad" && one.person !== null,
    );
    const names = openings.map((one: { person: string }) => one.person);
    expect([...names].sort()).toEqual(people.map(({ name }) => name).sort());
  });
});

journey("F1", "a revoked code is nobody's until the lock has let it go", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  let door = {} as Door;
  let old = "";
  const anna = await house.moveIn("Anna", "resident", unit);
  const bert = await house.moveIn("Bert", "resident", unit);
  const berts = await house.phone(bert);
  await given("codes may be chosen, and Anna's code opens the door", async () => {
    await house.policy({ customCodes: true });
    door = await house.door("1A front", "residence", unit);
    await house.give(anna, [door]);
    await house.give(bert, [door]);
    await berts.syncs(door);
    old = await (await house.phone(anna)).now(door);
    expect(opens(door, old)).toBe(true);
  });
  const pick = { params: { door: door.doorId }, body: { code: old } };
  await when("her access is revoked and nobody has synced the door", async () => {
    await house.revokeAll(anna);
    expect(opens(door, old)).toBe(true);
  });
  await holds("Bert cannot have her digits, and is not told why", async () => {
    expect(await berts.isDenied("pickCode", pick)).toBe("PICK_REFUSED");
  });
  await when("the door is synced", async () => {
    expect((await berts.syncs(door)).outcome.kind).toBe("synced");
    expect(opens(door, old)).toBe(false);
  });
  await holds("the digits are free again, and after another sync they open for Bert", async () => {
    await berts.asks("pickCode", pick);
    await berts.syncs(door);
    expect(await berts.now(door)).toBe(old);
    expect(opens(door, old)).toBe(true);
  });
});

journey("F2", "codes are generated, not typed", async ({ service, given, when, holds }) => {
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let before = "";
  await given("a community that lets nobody choose, and a resident with a code", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
    before = await phone.now(door);
  });
  const params = { door: door.doorId };
  await when("she submits digits of her own", async () => {
    expect(await phone.isDenied("pickCode", { params, body: { code: "2580" } })).toBe(
      "CANNOT_SPECIFY_PIN_CODE",
    );
    await phone.isDenied("resetCode", { params, body: { code: "2580" } });
  });
  await holds("nothing has changed: not her code, not the door", async () => {
    const codes = await phone.codes(door);
    expect(codes.map(({ digits, state }) => [digits, state])).toEqual([[before, "set"]]);
    await phone.syncs(door);
    expect(opens(door, "2580")).toBe(false);
    expect(opens(door, before)).toBe(true);
  });
  await holds("the manager cannot give chosen digits either", async () => {
    const bob = await house.moveIn("Bob", "resident", unit);
    const asked = { params: { property: service.propertyId, person: bob.personId } };
    await house.isDenied("grantAccess", { ...asked, body: { doors: [door.doorId], code: "2580" } });
  });
});

journey("F3", "codes can be seen again, and during a change both of them", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let old = "";
  await given("a resident whose code opens the door", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
    old = await phone.now(door);
    expect(opens(door, old)).toBe(true);
  });
  await when("she logs in on another phone", async () => {
    const another = await house.phone(rita);
    expect(await another.now(door)).toBe(old);
  });
  await when("she resets the code and has not synced", async () => {
    await phone.asks("resetCode", { params: { door: door.doorId }, body: {} });
  });
  await holds("the app shows which code works now and which will after the sync", async () => {
    const faces = await phone.codes(door);
    const fresh = await phone.next(door);
    expect(fresh).not.toBe(old);
    expect(
      faces.map(({ digits, worksNow, worksAfterSync, pending }) => ({
        digits,
        worksNow,
        worksAfterSync,
        pending,
      })),
    ).toEqual(
      expect.arrayContaining([
        { digits: old, worksNow: true, worksAfterSync: false, pending: true },
        { digits: fresh, worksNow: false, worksAfterSync: true, pending: true },
      ]),
    );
    expect(faces).toHaveLength(2);
    expect([opens(door, old), opens(door, fresh)]).toEqual([true, false]);
    await phone.syncs(door);
    expect([opens(door, old), opens(door, fresh)]).toEqual([false, true]);
    expect((await phone.codes(door)).map(({ digits, state }) => [digits, state])).toEqual([[fresh, "set"]]);
  });
});

journey("F4", "four digits, or six where the community enables them", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  let six = "";
  await given("a community without six digits", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
  });
  const params = { door: door.doorId };
  await when("six digits, or a length that no code has, are asked for", async () => {
    const before = await phone.codes(door);
    expect(await phone.isDenied("resetCode", { params, body: { length: 6 } })).toBe("SIX_DIGITS_OFF");
    for (const length of [0, 1, 2, 3, 5, 7, 8])
      expect(["CODE_LENGTH", "REQUEST_UNFIT"]).toContain(
        await phone.isDenied("resetCode", { params, body: { length } }),
      );
    expect(await phone.codes(door)).toEqual(before);
  });
  await when("the community enables six digits", async () => {
    await house.policy({ sixDigits: true });
    await phone.asks("resetCode", { params, body: { length: 6 } });
    await phone.syncs(door);
    six = await phone.now(door);
  });
  await holds("the six-digit code opens", () => {
    expect(six).toMatch(/^\d{6}$/);
    expect(opens(door, six)).toBe(true);
  });
  await when("the community changes its mind", () => house.policy({ sixDigits: false }));
  await holds("the code goes on opening until it is reset, and then has four digits", async () => {
    await phone.syncs(door);
    expect(opens(door, six)).toBe(true);
    await phone.asks("resetCode", { params, body: {} });
    await phone.syncs(door);
    const four = await phone.now(door);
    expect(four).toMatch(/^\d{4}$/);
    expect([opens(door, six), opens(door, four)]).toEqual([false, true]);
  });
});

journey("F5", "Pick a Code needs a flag of its own", async ({ service, given, when, holds }) => {
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  await given("a resident at her own door", async () => {
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
  });
  const wishes = { 4: "2580", 6: "258013" } as const;
  const seen: string[] = [];
  await when("she picks four and six digits under each of the four settings", async () => {
    for (const customCodes of [false, true])
      for (const sixDigits of [false, true]) {
        await house.policy({ customCodes, sixDigits });
        for (const length of [4, 6] as const) {
          const code = wishes[length];
          const answer = await service.call("pickCode", {
            token: await phone.token(),
            params: { door: door.doorId },
            body: { code },
          });
          await phone.syncs(door);
          const isOpen = opens(door, code);
          // A right code ends the row of wrong ones.
          expect(opens(door, await phone.now(door))).toBe(true);
          seen.push(`${customCodes}/${sixDigits}/${length}: ${answer.body?.name ?? "granted"}, ${isOpen}`);
        }
      }
  });
  await holds("only what both flags allow is granted and opens the door", () =>
    expect(seen).toEqual([
      "false/false/4: CANNOT_SPECIFY_PIN_CODE, false",
      "false/false/6: CANNOT_SPECIFY_PIN_CODE, false",
      "false/true/4: CANNOT_SPECIFY_PIN_CODE, false",
      "false/true/6: CANNOT_SPECIFY_PIN_CODE, false",
      "true/false/4: granted, true",
      "true/false/6: SIX_DIGITS_OFF, false",
      "true/true/4: granted, true",
      "true/true/6: granted, true",
    ]),
  );
});

const around = (digits: number, first: number, step: number): string =>
  Array.from({ length: digits }, (_, i) => (first + step * i) % 10).join("");
const weak: readonly string[] = [4, 6].flatMap((length) => [
  ...Array.from({ length: 10 }, (_, digit) => `${digit}`.repeat(length)),
  ...Array.from({ length: 11 - length }, (_, first) => around(length, first, 1)),
  ...Array.from({ length: 11 - length }, (_, i) => around(length, length - 1 + i, -1 + 10)),
]);
const misshapen = ["", "12", "25801", "2580134", "25 80", "+258", "２５８０", "٢٥٨٠", "258a", "2580\u0000"];
const fit = [
  "1112",
  "1121",
  "1212",
  "1357",
  "2468",
  "1235",
  "9875",
  "1243",
  "0246",
  "7890",
  "112233",
  "123457",
];

journey("F6", "a chosen code repeats no digit and counts neither up nor down", async (story) => {
  const { service, given, when, holds } = story;
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  let door = {} as Door;
  const params = (): Record<string, string> => ({ door: door.doorId });
  const fresh = async (): Promise<void> => passes(service, [door], day + hour);
  let before = "";
  await given("a community in which codes of both lengths may be chosen", async () => {
    await house.policy({ customCodes: true, sixDigits: true, picksPerDayMax: 100 });
    door = await house.door("1A front", "residence", unit);
    await house.give(rita, [door]);
    await phone.syncs(door);
    before = await phone.now(door);
  });
  const answers = new Map<string, string>();
  await when("each of the 44 weak codes and ten odd ones is picked", async () => {
    expect(weak).toHaveLength(44);
    let tried = 0;
    for (const code of [...weak, ...misshapen]) {
      if (tried++ % 9 === 8) await fresh();
      answers.set(code, await phone.isDenied("pickCode", { params: params(), body: { code } }));
    }
  });
  await holds("every one is refused by name, and the old code stays", async () => {
    for (const code of weak) expect([code, answers.get(code)]).toEqual([code, "CODE_WEAK"]);
    for (const code of misshapen) expect(["CODE_FORM", "REQUEST_UNFIT"]).toContain(answers.get(code));
    expect((await phone.codes(door)).map(({ digits }) => digits)).toEqual([before]);
  });
  await when("codes are picked that only look like weak ones", async () => {
    let tried = 0;
    for (const code of fit) {
      if (tried++ % 9 === 0) await fresh();
      await phone.asks("pickCode", { params: params(), body: { code } });
      expect(await phone.next(door)).toBe(code);
    }
  });
  await holds("they are taken, and the last one opens the door after a sync", async () => {
    await phone.syncs(door);
    expect(opens(door, "123457")).toBe(true);
    expect(opens(door, before)).toBe(false);
  });
  await holds("picking one's own code again changes nothing", async () => {
    await fresh();
    const { newestVersion } = await house.sees(door);
    await phone.asks("pickCode", { params: params(), body: { code: "123457" } });
    await phone.syncs(door);
    expect((await house.sees(door)).newestVersion).toBe(newestVersion);
    expect(opens(door, "123457")).toBe(true);
  });
});

journey("F7", "codes are chosen for private doors only", async ({ service, given, when, holds }) => {
  const house = openHouse(service);
  const unit = await house.unit("1A");
  const rita = await house.moveIn("Rita", "resident", unit);
  const phone = await house.phone(rita);
  const doors: Door[] = [];
  const names: string[] = [];
  await given(
    "a resident with codes at an entrance, a gym and a service door, where codes may be chosen",
    async () => {
      await house.policy({ customCodes: true, sixDigits: true });
      for (const kind of ["buildingEntrance", "communal", "service"] as const)
        doors.push(await house.door(kind, kind));
      await house.give(rita, doors);
      for (const door of doors) await phone.syncs(door);
    },
  );
  await when("she picks a good code at each of them", async () => {
    for (const { doorId } of doors)
      names.push(await phone.isDenied("pickCode", { params: { door: doorId }, body: { code: "2580" } }));
  });
  await holds("she is refused, and the picked code opens none of them", async () => {
    expect(names).toEqual(Array(3).fill("CODE_NOT_PRIVATE"));
    for (const door of doors) {
      await phone.syncs(door);
      expect(opens(door, "2580")).toBe(false);
      expect(opens(door, await phone.now(door))).toBe(true);
    }
  });
});
