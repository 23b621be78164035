/** @file The bar in a terminal, and nothing elsewhere. */
import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import type { Progress } from "../index.ts";
import { progressBar } from "../progress.ts";

/** A stream that keeps what it gets. */
function terminal(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  const lines = (): string[] =>
    stripVTControlCharacters(written.join(""))
      .split("\n")
      .filter((text) => text !== "");
  return { isTTY, columns, rows: 24, write: (text: string) => void written.push(text), written, lines };
}
const progress = (step: number, more: Partial<Progress> = {}): Progress => ({
  step,
  total: 20,
  values: { loss: 0.123456 },
  stepsPerSecond: 12.345,
  seconds: step / 10,
  secondsLeft: (20 - step) / 10,
  ...more,
});

it("draws steps, values, the rate and the time left", () => {
  const stream = terminal(true);
  const show = progressBar({ stream, label: "training" });
  show(progress(5));
  show(progress(20, { seconds: 3725 }));
  expect(stream.lines()).toEqual([
    `training ${"━".repeat(7)}${"─".repeat(19)}   5/20  loss 0.1235  12.3 steps/s  0:02 left`,
    `training ${"━".repeat(28)}  20/20  loss 0.1235  12.3 steps/s  1:02:05`,
  ]);
});

it("keeps the bar of a loop that is done, fits narrow terminals, and has no bar without a total", () => {
  const stream = terminal(true, 40);
  const show = progressBar({ stream });
  show(progress(20, { values: {} }));
  const drawn = stream.written.length;
  show(progress(1, { total: undefined, secondsLeft: undefined, values: { loss: Number.NaN } }));
  // Nothing that was drawn before is erased: no cursor goes up.
  const codes = stream.written.slice(drawn).join("").split("\u001B[");
  expect(codes.filter((code) => /^\d*[AF]/.test(code))).toEqual([]);
  expect(stream.lines()[0]).toMatch(/^━{13} {2}20\/20 {2}12.3 steps\/s {2}0:02$/);
  expect(stream.lines().at(-1)).toBe("1  loss NaN  12.3 steps/s  0:00");
});

it("is silent where there is no terminal", () => {
  const stream = terminal(false);
  progressBar({ stream })(progress(5));
  expect(stream.written).toEqual([]);
  expect(() => progressBar({ colour: "red" } as object)).toThrow('got "colour"');
});
