import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onEachBackend, useBackend } from "../../../../scripts/use-backend.ts";
import { loadDigits } from "../../../digits/data.ts";
import { Timeline } from "../worker/timeline.ts";
import { DigitsLesson } from "./digits.ts";
import type { Lesson } from "./lesson.ts";
import { SequencesLesson } from "./sequences.ts";
import { tasks } from "./tasks.ts";

const digits = loadDigits();
const steps = (lesson: Lesson<unknown>, count: number): number[] =>
  Array.from({ length: count }, () => lesson.step());
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** All values of the run, as text. */
function valuesOf(run: nnx.Module): string {
  const state = nnx.state(run);
  const text = nnx
    .flattenState(state)
    .map(
      ([path, { value }]) =>
        `${path.join(".")}: ${value instanceof tf.Tensor ? String(value.dataSync()) : String(value)}`,
    )
    .join("\n");
  nnx.dispose(state);
  return text;
}

onEachBackend("lessons", () => {
  it.each([
    ["digits", () => new DigitsLesson(digits), 40],
    ["sequences", () => new SequencesLesson(), 16],
  ] as const)("%s: the loss falls, looking changes nothing, and a moment comes back", (_, make, count) => {
    const before = tf.memory().numTensors;
    const lesson: Lesson<unknown> = make();
    const timeline = new Timeline(lesson.run, 4);
    const first = steps(lesson, 4);
    timeline.keep(4);
    lesson.look();
    const then = valuesOf(lesson.run);
    lesson.look();
    expect(valuesOf(lesson.run)).toBe(then);

    const losses = steps(lesson, count);
    expect(mean(losses.slice(-4))).toBeLessThan(0.9 * mean(first));
    expect(timeline.restore(3)).toBe(4);
    expect(valuesOf(lesson.run)).toBe(then);
    expect(steps(lesson, 6)).toEqual(losses.slice(0, 6));

    lesson.setLearningRate(0);
    steps(lesson, 1);
    const tensors = tf.memory().numTensors;
    steps(lesson, 2);
    expect(tf.memory().numTensors).toBe(tensors);
    timeline.dispose();
    lesson.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("digits", () => {
  beforeAll(() => useBackend("wasm"));
  afterAll(() => useBackend("cpu"));

  it("asks one hundred passes about a drawing, of which those of an empty one agree less than those of a digit", () => {
    const lesson = new DigitsLesson(digits);
    steps(lesson, 200);
    const known = lesson.ask(lesson.image("known", 0));
    const empty = lesson.ask(new Float32Array(64));
    expect(known.passes.length).toBe(800);
    expect(known.mean.indexOf(Math.max(...known.mean))).toBe(digits.known.labels[0]);
    expect(known.total).toBeCloseTo(known.aleatoric + known.epistemic, 6);
    expect(empty.total).toBeGreaterThan(known.total);
    const sight = lesson.look();
    expect(sight.answer).toEqual(empty);
    expect(sight.unseen.epistemic).toBeGreaterThan(sight.known.epistemic);
    const dropped = sight.kept.values.filter((value) => value === 0).length / sight.kept.values.length;
    expect(dropped).toBeGreaterThan(0.22);
    expect(dropped).toBeLessThan(0.28);
    expect(sight.kept.values.every((value, i) => value !== 0 || sight.gradient.values[i] === 0)).toBe(true);
    lesson.setDropRate(0.75);
    const fewer = lesson.look().kept.values;
    expect(fewer.filter((value) => value === 0).length / fewer.length).toBeGreaterThan(0.7);
    lesson.dispose();
  });
});

it("tasks have answers", () => {
  const row = [3, 1, 4, 1, 5, 9];
  expect(tasks.reverse.answer(row)).toEqual([9, 5, 1, 4, 1, 3]);
  expect(tasks.sort.answer(row)).toEqual([1, 1, 3, 4, 5, 9]);
  expect(tasks.sums.answer(row)).toEqual([3, 4, 8, 9, 4, 3]);
});
