/**
 * How a journey is told: given, when, then, in plain words, each step doing what it says. One feature of the table that
 * `npm run journeys` prints stands behind each journey; a step that fails ends it.
 */
import { expect, type TestContext, test } from "vitest";
import { type Service, startService } from "../support/service.ts";

export interface Story {
  readonly service: Service;
  given(words: string, step?: () => unknown): Promise<void>;
  when(words: string, step: () => unknown): Promise<void>;
  /** Then: what must be so. Not called `then`, since that would make a story a promise. */
  holds(words: string, step: () => unknown): Promise<void>;
  /** Ends the story before it began, where the surroundings lack something; the table says why. */
  skip(why: string): never;
}

/** Longest time that one journey takes, on a machine that is busy with other things. */
const journeyMilliseconds = 300_000;

/**
 * One journey of a feature (`F12`), against a service of its own. It must say what is given, do something and assert
 * something: a story without one of the three fails.
 */
export function journey(feature: string, title: string, tell: (story: Story) => Promise<void>): void {
  test(
    `${feature} ${title}`,
    async (context) => {
      const service = await startService();
      const told: string[] = [];
      const step =
        (word: string) =>
        async (words: string, run?: () => unknown): Promise<void> => {
          told.push(`${word} ${words}`);
          note(context, feature, told);
          await run?.();
        };
      try {
        const skip = (why: string): never => {
          Object.assign(context.task.meta, { skippedFor: why });
          return context.skip(why);
        };
        await tell({ service, given: step("given"), when: step("when"), holds: step("then"), skip });
        for (const word of ["given", "when", "then"])
          expect(
            told.some((one) => one.startsWith(word)),
            `a journey without "${word}"`,
          ).toBe(true);
        expect(service.faults).toEqual([]);
      } finally {
        await service.close();
      }
    },
    journeyMilliseconds,
  );
}

/** What the table is made of travels with the test's result. */
function note(context: TestContext, feature: string, told: readonly string[]): void {
  Object.assign(context.task.meta, { feature, told: [...told] });
}
