/** @file Schedules at, between and far beyond their boundaries, as optax's; and what they refuse. */
import {
  equalGraphDefs,
  type GraphDefJson,
  graphdef,
  graphDefFromJson,
  graphDefToJson,
  merge,
  Module,
  registerModule,
} from "@nnxjs/nnx-core";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../../../scripts/golden.ts";
import * as training from "../index.ts";
import {
  constantSchedule,
  type CosineCycle,
  cosineDecaySchedule,
  cosineOnecycleSchedule,
  exponentialDecay,
  joinSchedules,
  linearOnecycleSchedule,
  linearSchedule,
  piecewiseConstantSchedule,
  piecewiseInterpolateSchedule,
  polynomialSchedule,
  type Schedule,
  sgdrSchedule,
  softmaxCrossEntropy,
  warmupConstantSchedule,
  warmupCosineDecaySchedule,
  warmupExponentialDecaySchedule,
} from "../index.ts";

interface Case {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly values: readonly number[];
}
interface Golden {
  readonly counts: readonly number[];
  readonly cases: readonly Case[];
  readonly sgdr: { readonly cycles: readonly CosineCycle[]; readonly values: readonly number[] };
  readonly joined: { readonly values: readonly number[] };
}
const golden = readGolden<Golden>("schedules");

/** float32 of optax has seven digits of the largest value, and of counts. */
function expectAsOptax(schedule: Schedule, wanted: readonly number[]): void {
  const scale = Math.max(...wanted.map(Math.abs));
  golden.counts.forEach((count, i) => {
    const difference = Math.abs(schedule(count) - (wanted[i] as number));
    expect(difference, `at ${count}`).toBeLessThanOrEqual(1e-6 * scale);
  });
}

describe("as optax's", () => {
  it.each(
    golden.cases.map(
      (each) =>
        [`${each.name}(${JSON.stringify(each.args)}, ${JSON.stringify(each.options)})`, each] as const,
    ),
  )("%s", (_title, { name, args, options, values }) => {
    const make = Reflect.get(training, name) as (...args: readonly unknown[]) => Schedule;
    const more = Object.keys(options).length > 0 ? [options] : [];
    expectAsOptax(make(...args, ...more), values);
  });

  it("restarts", () => {
    expectAsOptax(sgdrSchedule(golden.sgdr.cycles), golden.sgdr.values);
  });

  it("joins", () => {
    const parts = [linearSchedule(0, 1, 5), constantSchedule(0.5), cosineDecaySchedule(1, 10)];
    expectAsOptax(joinSchedules(parts, [5, 20]), golden.joined.values);
  });
});

it("takes scales as a Map too", () => {
  const scales = new Map([
    [20, 0.5],
    [10, 0.5],
  ]);
  expect([9, 10, 20].map(piecewiseConstantSchedule(1, scales))).toEqual([1, 0.5, 0.25]);
});

it("asks only the schedule whose turn it is, once", () => {
  const asked: string[] = [];
  const told = (name: string) => (count: number) => {
    asked.push(`${name} ${count}`);
    return count;
  };
  const schedule = joinSchedules([told("a"), told("b"), told("c")], [2, 2]);
  expect([0, 1, 2, 3].map(schedule)).toEqual([0, 1, 0, 1]);
  expect(asked).toEqual(["a 0", "a 1", "c 0", "c 1"]);
});

it("does not change with lists that change", () => {
  const boundaries = [2];
  const parts = [constantSchedule(1), constantSchedule(2)];
  const scales: Record<number, number> = { 1: 0.5 };
  const schedules = [joinSchedules(parts, boundaries), piecewiseConstantSchedule(1, scales)];
  boundaries[0] = 0;
  parts[0] = constantSchedule(5);
  scales[1] = 7;
  expect(schedules.map((schedule) => schedule(1))).toEqual([1, 0.5]);
});

it("reaches the peak at once without steps to warm up", () => {
  expect(warmupConstantSchedule(0, 1, 0)(0)).toBe(1);
});

const cycle = { initValue: 0, peakValue: 1, warmupSteps: 1, decaySteps: 2 };
it.each<[string, () => unknown, RegExp]>([
  [
    "NaN",
    () => constantSchedule(Number.NaN),
    /constantSchedule: expected value to be a finite number, got NaN/,
  ],
  ["no number", () => constantSchedule("1" as never), /expected value to be a finite number, got "1"/],
  [
    "no steps",
    () => linearSchedule(0, 1, 0),
    /linearSchedule: expected transitionSteps to be a positive integer, got 0/,
  ],
  ["half a step", () => linearSchedule(0, 1, 2.5), /transitionSteps to be a positive integer, got 2.5/],
  [
    "a negative beginning",
    () => linearSchedule(0, 1, 2, { transitionBegin: -1 }),
    /transitionBegin to be an integer from 0, got -1/,
  ],
  [
    "an unknown option",
    () => linearSchedule(0, 1, 2, { begin: 1 } as never),
    /expected options among \{transitionBegin\}/,
  ],
  ["a negative power", () => polynomialSchedule(0, 1, -1, 2), /polynomialSchedule: expected power/],
  [
    "a negative scale",
    () => piecewiseConstantSchedule(1, { 10: -1 }),
    /expected a finite scale from 0 at step 10, got -1/,
  ],
  [
    "a boundary that is no step",
    () => piecewiseConstantSchedule(1, { a: 1 } as never),
    /every boundary to be an integer from 0, got NaN/,
  ],
  [
    "a list of scales",
    () => piecewiseConstantSchedule(1, [1] as never),
    /boundariesAndScales to be an object or a Map/,
  ],
  [
    "an unknown kind",
    () => piecewiseInterpolateSchedule("cubic" as never, 1),
    /interpolateType to be "linear" or "cosine", got "cubic"/,
  ],
  ["a share above 1", () => cosineOnecycleSchedule(10, 1, { pctStart: 2 }), /pctStart from 0 to 1, got 2/],
  [
    "a divisor of 0",
    () => cosineOnecycleSchedule(10, 1, { divFactor: 0 }),
    /a finite divFactor above 0, got 0/,
  ],
  [
    "shares that cross",
    () => linearOnecycleSchedule(10, 1, { pctStart: 0.5, pctFinal: 0.4 }),
    /pctFinal from pctStart \(0.5\) to 1, got 0.4/,
  ],
  [
    "too few boundaries",
    () => joinSchedules([constantSchedule(1), constantSchedule(2)], []),
    /expected 1 boundaries for 2 schedules/,
  ],
  [
    "boundaries that fall",
    () => joinSchedules([constantSchedule(1), constantSchedule(2), constantSchedule(3)], [5, 4]),
    /expected boundaries that rise/,
  ],
  ["no schedules", () => joinSchedules([], []), /expected a list of schedules/],
  ["a number as a schedule", () => joinSchedules([1 as never], []), /schedules\[0\] to be a schedule, got 1/],
  [
    "only a warm-up",
    () => warmupCosineDecaySchedule(0, 1, 10, 10),
    /expected more decaySteps than the 10 warmupSteps, got 10/,
  ],
  [
    "a negative warm-up",
    () => warmupConstantSchedule(0, 1, -1),
    /warmupSteps to be an integer from 0, got -1/,
  ],
  ["a decay of 0", () => warmupExponentialDecaySchedule(0, 1, 1, 10, 0), /a finite decayRate above 0, got 0/],
  [
    "a staircase of 1",
    () => exponentialDecay(1, 10, 0.5, { staircase: 1 as never }),
    /staircase to be true or false, got 1/,
  ],
  ["no cycles", () => sgdrSchedule([]), /sgdrSchedule: expected a list of cycles/],
  [
    "a cycle that is none",
    () => sgdrSchedule([cycle, 3 as never]),
    /sgdrSchedule\[1\]: expected an options object, got 3/,
  ],
  [
    "a cycle without steps",
    () => sgdrSchedule([{ ...cycle, decaySteps: 1 }]),
    /sgdrSchedule\[0\]: expected more decaySteps/,
  ],
])("refuses %s", (_what, make, message) => {
  expect(make).toThrow(message);
});

it("has its first value before step 0, where optax has 0", () => {
  const [linear, cosine] = (["linear", "cosine"] as const).map((kind) =>
    training.piecewiseInterpolateSchedule(kind, 1, { 5: 0.5, 10: 0.1 }),
  );
  const cycles = [training.cosineOnecycleSchedule(10, 1), training.linearOnecycleSchedule(10, 1)];
  expect([linear!(-3), cosine!(-1), ...cycles.map((each) => each(-3))]).toEqual([1, 1, 0.04, 0.04]);
});

it("goes through JSON with what it was made of, as losses do by name", () => {
  class Plan extends Module {
    readonly schedule = joinSchedules([linearSchedule(0, 1, 5), constantSchedule(1)], [5]);
    readonly loss = softmaxCrossEntropy;
  }
  registerModule("test.schedules.Plan", Plan);
  const definition = graphdef(new Plan());
  const again = graphDefFromJson(JSON.parse(JSON.stringify(graphDefToJson(definition))) as GraphDefJson);
  expect(equalGraphDefs(again, definition)).toBe(true);
  const plan = merge(again, {}) as Plan;
  expect([plan.schedule(2), plan.schedule(7), plan.loss]).toEqual([0.4, 1, softmaxCrossEntropy]);
});
