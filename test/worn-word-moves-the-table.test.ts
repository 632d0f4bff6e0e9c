/**
 * P2 and P11 with a bad cell: a word of flash that never takes. The lock may have signed for what the secure element
 * and a staged record prove; after that it must move the table before it changes it again.
 */
import * as authority from "@doorsync/protocol/authority";
import { expect, test } from "vitest";
import { geometryFor, sectorBytes, wordBytes } from "../packages/lock-sim/src/firmware/geometry.ts";
import { encodeSecure, factorySecure } from "../packages/lock-sim/src/firmware/secure.ts";
import { createFlash, type Flash } from "../packages/lock-sim/src/parts/flash.ts";
import { createSecureElement } from "../packages/lock-sim/src/parts/secure-element.ts";
import { answerName, bytesOf, commission, crypto, deliver, inForce, makeLock, reboot } from "./world.ts";

const geometry = geometryFor(70);

/** A chip in which one word reads blank whatever is programmed there, once `stuck` is set. */
function withStuckWord(inner: Flash): {
  readonly flash: Flash;
  stuckAt: number | undefined;
  programmed: number[];
} {
  const chip = {
    stuckAt: undefined as number | undefined,
    programmed: [] as number[],
    flash: {
      ...inner,
      get counters() {
        return inner.counters;
      },
      program(address: number, bytes: Uint8Array) {
        chip.programmed.push(address);
        return inner.program(address, bytes);
      },
      read(address = 0, length = geometry.imageBytes - address) {
        const bytes = inner.read(address, length);
        const { stuckAt } = chip;
        if (stuckAt !== undefined && stuckAt >= address && stuckAt < address + length) {
          bytes.fill(0xff, stuckAt - address, stuckAt - address + wordBytes);
        }
        return bytes;
      },
    } satisfies Flash,
  };
  return chip;
}

test.each([0, 1])(
  "a commit word that never takes costs neither the old word of honour nor the next, cut %i",
  (cut) => {
    const inner = createFlash({ bytes: geometry.imageBytes, sectorBytes, wordBytes });
    const chip = withStuckWord(inner);
    const setup = { secret: bytesOf("worn setup", 16) };
    const record = encodeSecure(factorySecure(setup.secret, authority.setupTag(crypto, setup)));
    const secure = createSecureElement(record);
    const lock = makeLock("worn", { parts: { flash: chip.flash, secure } });
    const property = commission(lock, "worn");
    const codes = new Map([
      [1, "4821"],
      [2, "7390"],
    ]);
    deliver(lock, property.snapshot(property.tableOf(codes)));

    // The same delta on a copy shows where its commit word will lie: the third and last word group of its record.
    codes.set(1, "6172");
    const second = property.delta(property.tableOf(codes));
    const probe = withStuckWord(inner.fork());
    const copy = makeLock("worn", { parts: { flash: probe.flash, secure: secure.fork() } });
    probe.programmed.length = 0;
    deliver(copy, second);
    chip.stuckAt = probe.programmed[2];
    expect(chip.stuckAt).toBeDefined();

    if (cut === 1) {
      // Power fails right behind the receipt, before an idle moment could move the table.
      const atOp = inner.counters.ops + 3;
      inner.arm({ kind: "cut", atOp, afterBytes: 0, pattern: "untouched", seed: 1 });
    }
    expect(property.receipt(deliver(lock, second))?.version).toBe(2);
    expect(lock.notes.filter(({ what }) => what === "storage-failed").length).toBeGreaterThan(0);
    expect(lock.board.state.power).toBe(cut === 1 ? "off" : "on");
    if (cut === 1) lock.board.powerOn();
    expect(inForce(lock)?.version).toBe(2);
    expect(lock.press("6172")).toBe("accepted");

    codes.set(2, "1357");
    const third = property.delta(property.tableOf(codes));
    for (let tries = 0; answerName(deliver(lock, third)) === "BUSY" && tries < 3; tries++) lock.board.tick();
    reboot(lock);
    expect(inForce(lock)?.version).toBe(3);
    expect(lock.press("6172")).toBe("accepted");
    expect(lock.press("1357")).toBe("accepted");
    expect(lock.press("7390")).toBe("refused");
  },
);
