/** @file Random programs of ops, and the arguments that they get slice by slice. */
import * as tf from "@tensorflow/tfjs-core";
import { type Dtype, type Random, sizeOf } from "../kernel-fuzz/random.ts";
import { type Maker, makers, type Step, type Value } from "./ops.ts";

/** An argument: a tensor whose axis has the slices, or that every slice gets whole. */
export interface Argument {
  readonly tensor: tf.Tensor;
  readonly axis: number | null;
}

/** A program: it gives the same for the same tensors. */
export interface Program {
  readonly text: string;
  /** How many values there are, inputs too. */
  readonly size: number;
  /** @param look - Sees all values so far, after each step. */
  readonly run: (inputs: readonly tf.Tensor[], look?: (values: readonly tf.Tensor[]) => void) => tf.Tensor[];
}

const SPECIAL: readonly number[] = [Number.NaN, -0, 0, Number.POSITIVE_INFINITY, 2 ** -140];

function numbers(random: Random, dtype: Dtype, count: number): number[] {
  const isWild = random.chance(0.3);
  return Array.from({ length: count }, () => {
    if (dtype === "bool") return random.below(2);
    return dtype === "float32" && isWild && random.chance(0.15) ? random.of(SPECIAL) : random.int(-3, 3);
  });
}

/** Arguments for so many slices: axes of sizes 0 and 1 too, one of them sliced at least. */
export function argumentsFor(random: Random, slices: number): Argument[] {
  const size = (): number => random.of([1, 2, 3, 4, random.chance(0.1) ? 0 : 2]);
  const [p, q] = [size(), size()];
  const shapes = random.shuffled([[p, q], [q], [p, 1], [], [q, p], [2, p, q]]).slice(0, random.int(1, 4));
  return shapes.map((shape, i) => {
    const dtype = random.of<Dtype>(["float32", "float32", "float32", "int32", "bool"]);
    const axis = i > 0 && random.chance(0.25) ? null : random.int(-shape.length - 1, shape.length);
    const whole = [...shape];
    if (axis !== null) whole.splice(axis < 0 ? axis + shape.length + 1 : axis, 0, slices);
    return { tensor: tf.tensor(numbers(random, dtype, sizeOf(whole)), whole, dtype), axis };
  });
}

/** What one slice gets. */
export const sliceOf = (all: readonly Argument[], index: number): tf.Tensor[] =>
  all.map(({ tensor, axis }) => {
    if (axis === null) return tensor;
    const at = axis < 0 ? axis + tensor.rank : axis;
    return tf.squeeze(tf.gather(tensor, [index], at), [at]);
  });

/** What `run` makes of each slice, one after the other, stacked. */
export const stackedByHand = (
  run: (inputs: readonly tf.Tensor[]) => readonly tf.Tensor[],
  given: readonly Argument[],
  slices: number,
): tf.Tensor[] =>
  tf.tidy(() => {
    const all = Array.from({ length: slices }, (_, i) => run(sliceOf(given, i)));
    return all[0]!.map((_, k) => tf.stack(all.map((results) => results[k]!)));
  });

const MOST_ELEMENTS = 2000;

/**
 * A program that takes such arguments. Its ops are those that took the first slice.
 * @param choose - Which op comes next.
 */
export function randomProgram(
  random: Random,
  inputs: readonly tf.Tensor[],
  choose: () => readonly [name: string, make: Maker] = () => random.of(makers),
): Program {
  const steps: (readonly [name: string, step: Step])[] = [];
  const tensors = [...inputs];
  const newValue = ({ shape, dtype }: tf.Tensor, slot: number, isExact: boolean): Value => ({
    slot,
    shape,
    dtype,
    isExact,
  });
  const values = inputs.map((x, slot) => newValue(x, slot, true));
  const length = random.int(2, 9);
  for (let tries = 0; tries < 40 && steps.length < length; tries++) {
    const [name, make] = choose();
    const step = make(random, values);
    if (!step) continue;
    let made: tf.Tensor[];
    try {
      made = [step.run(step.inputs.map(({ slot }) => tensors[slot]!))].flat();
    } catch {
      // Shapes that an op refuses.
      continue;
    }
    if (made.some(({ size, rank }) => size > MOST_ELEMENTS || rank > 5)) continue;
    steps.push([name, step]);
    const isExact = step.isExact && step.inputs.every((input) => input.isExact);
    for (const each of made) values.push(newValue(each, tensors.push(each) - 1, isExact));
  }
  const outputs = random.shuffled(values.map(({ slot }) => slot)).slice(0, random.int(1, 4));
  return {
    text: `${steps.map(([name, { inputs: from }]) => `${name}(${from.map(({ slot }) => slot).join()})`).join(" ")} -> ${outputs.join()}`,
    size: values.length,
    run: (given, look) => {
      const all = [...given];
      look?.(all);
      for (const [, { inputs: from, run }] of steps) {
        all.push(...[run(from.map(({ slot }) => all[slot]!))].flat());
        look?.(all);
      }
      return outputs.map((slot) => all[slot]!);
    },
  };
}
