import { expect, it } from "vitest";
import { Curves } from "./curves.ts";

it("takes the mean of neighbours when there are many steps", () => {
  const curves = new Curves();
  for (let step = 0; step < 2000; step++) curves.push(step, [step, -step]);
  expect(curves.steps.length).toBeLessThanOrEqual(500);
  expect(curves.steps.slice(0, 3)).toEqual([0, 4, 8]);
  expect(curves.now(0).slice(0, 2)).toEqual([1.5, 5.5]);
  expect(curves.now(1).at(-1)).toBe(-1997.5);
  expect(curves.indexOf(9)).toBe(2);
});

it("has nothing where nothing was seen", () => {
  const curves = new Curves();
  curves.push(0, [1]);
  curves.push(2, [3]);
  expect(curves.now(0)).toEqual([1, null, 3]);
});

it("keeps what came after the step of a branch as the past", () => {
  const curves = new Curves();
  for (let step = 0; step < 4; step++) curves.push(step, [step]);
  curves.branch(1);
  curves.push(2, [20]);
  expect(curves.now(0)).toEqual([0, 1, 20, null]);
  expect(curves.before(0)).toEqual([null, null, 2, 3]);
});
