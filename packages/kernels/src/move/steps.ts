/** @file Several tensors that are repeated up to one shape, as runs of elements. */
import { stepsOf } from "./block.ts";

/** An axis of the common shape, and the step of each tensor along it; 0 repeats. */
export interface SteppedAxis {
  readonly size: number;
  readonly steps: readonly number[];
}

/** The step of a tensor along each axis of the shape up to which it is repeated. */
export function broadcastSteps(own: readonly number[], shape: readonly number[]): number[] {
  const steps = stepsOf(own);
  const before = shape.length - own.length;
  return shape.map((_, i) => (i < before || own[i - before] === 1 ? 0 : steps[i - before]!));
}

/** Drops axes of size 1, and joins neighbours that lie in memory as one in every tensor. */
export function joinedSteps(
  shape: readonly number[],
  stepsOfTensors: readonly (readonly number[])[],
): SteppedAxis[] {
  const axes: SteppedAxis[] = [];
  shape.forEach((size, i) => {
    if (size === 1) return;
    const steps = stepsOfTensors.map((own) => own[i]!);
    const last = axes.at(-1);
    if (last?.steps.every((step, tensor) => step === steps[tensor]! * size)) {
      axes[axes.length - 1] = { size: last.size * size, steps };
    } else axes.push({ size, steps });
  });
  return axes;
}

/**
 * Calls `run` for each run of elements along the last axis.
 * @param run - Gets the start in the dense result, the length, and the start and the step of each
 * tensor. It must not keep the lists.
 */
export function eachRun(
  axes: readonly SteppedAxis[],
  run: (to: number, size: number, from: readonly number[], steps: readonly number[]) => void,
): void {
  const last = axes.at(-1);
  if (!last) {
    run(0, 1, [], []);
    return;
  }
  if (axes.some(({ size }) => size === 0)) return;
  const outer = axes.slice(0, -1);
  let to = 0;
  // One list for all runs: where each tensor is now.
  const from = last.steps.map(() => 0);
  const move = (steps: readonly number[], times: number): void => {
    for (let tensor = 0; tensor < from.length; tensor++) from[tensor]! += times * steps[tensor]!;
  };
  const visit = (depth: number): void => {
    const axis = outer[depth];
    if (!axis) {
      run(to, last.size, from, last.steps);
      to += last.size;
      return;
    }
    const { size, steps } = axis;
    for (let i = 0; i < size; i++) {
      visit(depth + 1);
      move(steps, 1);
    }
    move(steps, -size);
  };
  visit(0);
}
