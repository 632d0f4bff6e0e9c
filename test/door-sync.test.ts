/** The whole road once, in words that a resident would use: what opens before a sync, and what after it. */

import * as air from "@doorsync/protocol/courier";
import { expect, test } from "vitest";
import { answerName, commission, deliver, inForce, makeLock, noon, visit } from "./world.ts";

test("a code opens only after a verified sync, and its predecessor only before it", () => {
  const lock = makeLock("A");
  const property = commission(lock, "A");
  const first = property.snapshot(
    property.tableOf(
      new Map([
        [0, "4821"],
        [1, "7001"],
      ]),
    ),
  );
  const receipt = property.receipt(deliver(lock, first));
  expect(receipt).toMatchObject({ version: 1, issuedAt: noon, state: first.state });
  expect(lock.press("4821")).toBe("accepted");
  expect(lock.press("9090")).toBe("refused");

  const second = property.delta(
    property.tableOf(
      new Map([
        [0, "0042"],
        [1, "7001"],
      ]),
    ),
  );
  expect(lock.press("4821")).toBe("accepted");
  expect(lock.press("0042")).toBe("refused");
  expect(property.receipt(deliver(lock, second))).toMatchObject({ version: 2, state: second.state });
  expect(lock.press("4821")).toBe("refused");
  expect(lock.press("0042")).toBe("accepted");
  expect(lock.press("7001")).toBe("accepted");

  expect(answerName(deliver(lock, first))).toBe("STALE");
  expect(answerName(deliver(lock, second))).toBe("receipt");
  expect(lock.notes.at(-2)).toMatchObject({ what: "already", version: 2 });

  lock.board.powerOff();
  lock.board.powerOn();
  expect(inForce(lock)?.version).toBe(2);
  expect(lock.press("0042")).toBe("accepted");
  expect(answerName(visit(lock, [{ type: air.messageType("hello"), body: new Uint8Array(0) }])[0])).toBe(
    "hello",
  );
});
