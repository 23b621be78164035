/**
 * @file Compares a layer with its case in flax.json: paths, shapes, initial values, output,
 * gradients, and the State afterwards.
 */
import {
  flattenState,
  type GraphNode,
  isVariableState,
  type State,
  state,
  valueAndGrad,
} from "@nnxjs/nnx-core";
import { PRNGKey } from "@nnxjs/rnglib";
import { keyData } from "@nnxjs/rnglib/keys";
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { type GoldenArray, numbersOf, readGolden, relativeError } from "../../../scripts/golden.ts";

/** An array, or arrays nested like the layer's result. */
export type GoldenTree = GoldenArray | readonly GoldenTree[];

/** A case that the generator writes with `lay`. */
export interface LayerCase {
  readonly inputs: readonly GoldenArray[];
  readonly state: Readonly<Record<string, GoldenArray>>;
  readonly output: GoldenTree;
  readonly state_after: Readonly<Record<string, GoldenArray>>;
}

/** A case that the generator writes with `gr`. The loss is half the sum of the squared outputs. */
interface GradCase extends Omit<LayerCase, "output"> {
  readonly loss: GoldenArray;
  readonly param_grads: Readonly<Record<string, GoldenArray>>;
  readonly input_grad: GoldenArray | null;
}

const casesIn = (file: string): Record<string, unknown> =>
  readGolden<{ cases: Record<string, unknown> }>(file).cases;
const cases = { ...casesIn("layers"), ...casesIn("flax") };

/**
 * Returns a case of flax.json or layers.json. The caller gives the type that the generator writes.
 */
export function goldenCase<T>(name: string): T {
  const found = cases[name];
  if (found === undefined) throw new Error(`golden files: expected a case ${name}, got none.`);
  return found as T;
}

export const goldenTensor = (golden: GoldenArray): tf.Tensor =>
  tf.tensor(numbersOf(golden), [...golden.shape], golden.dtype === "int32" ? "int32" : "float32");

/**
 * Converts Flax's paths. In two layers they have tuples as keys: `scales/('kernel',)` is
 * `scales/kernel` here.
 */
const pathOf = (flaxPath: string): string =>
  flaxPath.replaceAll(/\(([^)]*)\)/g, (_, items: string) =>
    items
      .split(",")
      .map((item) => item.trim().replaceAll("'", ""))
      .filter((item) => item !== "")
      .join("/"),
  );

const valuesIn = (value: unknown): ArrayLike<number> => {
  if (value instanceof tf.Tensor) return value.dataSync<"float32">();
  if (value instanceof PRNGKey) return keyData(value);
  return [Number(value)];
};
const shapeIn = (value: unknown): readonly number[] => {
  if (value instanceof tf.Tensor) return value.shape;
  return value instanceof PRNGKey ? [2] : [];
};

/** The leaves of a State by path, joined with `/`. */
const leavesOf = (from: State): Map<string, unknown> =>
  new Map(
    flattenState(from).map(([path, leaf]) => [path.join("/"), isVariableState(leaf) ? leaf.value : leaf]),
  );

/**
 * Like {@link expectState}, for gradients. Flax's gradients that are zero up to rounding must be so
 * here, too.
 */
function expectClose(found: State, wanted: Readonly<Record<string, GoldenArray>>): void {
  const leaves = leavesOf(found);
  expect([...leaves.keys()].sort()).toEqual(Object.keys(wanted).sort());
  const scale = Math.max(1, ...Object.values(wanted).flatMap((array) => numbersOf(array).map(Math.abs)));
  for (const [path, value] of leaves) {
    const array = wanted[path]!;
    expect([path, shapeIn(value)]).toEqual([path, array.shape]);
    const [mine, theirs] = [valuesIn(value), numbersOf(array)];
    const largest = Math.max(...theirs.map(Math.abs));
    if (largest < 1e-6 * scale)
      expect(Math.max(...Array.from(mine, Math.abs)), path).toBeLessThan(1e-5 * scale);
    else expect(relativeError(mine, theirs), path).toBeLessThan(1e-4);
  }
}

/**
 * Expects equal paths and shapes. Values may differ by `tolerance`, relative to the largest of each
 * array.
 */
function expectState(found: State, wanted: Readonly<Record<string, GoldenArray>>, tolerance: number): void {
  const leaves = leavesOf(found);
  const golden = new Map(Object.entries(wanted).map(([path, array]) => [pathOf(path), array]));
  expect([...leaves.keys()].sort()).toEqual([...golden.keys()].sort());
  for (const [path, value] of leaves) {
    const array = golden.get(path)!;
    expect([path, shapeIn(value)]).toEqual([path, array.shape]);
    expect(relativeError(valuesIn(value), numbersOf(array)), path).toBeLessThan(tolerance);
  }
}

const isArray = (golden: GoldenTree): golden is GoldenArray => "shape" in golden;

/** Expects equal structure and shapes. Values may differ by `tolerance`. */
export function expectOutput(found: unknown, wanted: GoldenTree, tolerance = 1e-5): void {
  if (isArray(wanted)) {
    expect(shapeIn(found)).toEqual(wanted.shape);
    expect(relativeError(valuesIn(found), numbersOf(wanted))).toBeLessThan(tolerance);
    return;
  }
  expect(found).toHaveLength(wanted.length);
  wanted.forEach((item, i) => {
    expectOutput((found as readonly unknown[])[i], item, tolerance);
  });
}

/** Compares a fresh layer, and one call of it, with the generator's. */
export function expectLayer<M extends GraphNode>(
  name: string,
  layer: M,
  call: (layer: M, ...inputs: tf.Tensor[]) => unknown,
): void {
  const golden = goldenCase<LayerCase>(name);
  expectState(state(layer), golden.state, 5e-7);
  expectOutput(call(layer, ...golden.inputs.map(goldenTensor)), golden.output);
  expectState(state(layer), golden.state_after, 1e-5);
}

const leavesOfOutput = (output: unknown): tf.Tensor[] =>
  output instanceof tf.Tensor ? [output] : (output as unknown[]).flatMap(leavesOfOutput);

/**
 * Compares the loss, and its gradients with respect to parameters and input.
 * @param rounding - How far the input's gradient may be from Flax's, in addition to 1e-4 relative.
 * It is needed where large terms cancel: there Flax's own float32 differs from float64 by more than
 * 1e-4.
 */
export function expectGradients<M extends GraphNode>(
  name: string,
  layer: M,
  call: (layer: M, input: tf.Tensor) => unknown,
  rounding = 0,
): void {
  const golden = goldenCase<GradCase>(`grad.${name}`);
  expectState(state(layer), golden.state, 5e-7);
  compareGradients(golden, layer, call, rounding);
  expectState(state(layer), golden.state_after, 1e-5);
}

function compareGradients<M extends GraphNode>(
  golden: Pick<GradCase, "inputs" | "loss" | "param_grads" | "input_grad">,
  layer: M,
  call: (layer: M, ...inputs: tf.Tensor[]) => unknown,
  rounding = 0,
): void {
  const [input, ...others] = golden.inputs.map(goldenTensor) as [tf.Tensor, ...tf.Tensor[]];
  const loss = (m: M, x: tf.Tensor): tf.Tensor =>
    tf.mul(0.5, tf.addN(leavesOfOutput(call(m, x, ...others)).map((y) => tf.sum(tf.square(y)))));
  const [value, gradients] =
    golden.input_grad === null
      ? valueAndGrad(loss, { argnums: [0] })(layer, input)
      : valueAndGrad(loss, { argnums: [0, 1] })(layer, input);
  expectOutput(value, golden.loss);
  const [ofLayer, ofInput] = gradients as [State, tf.Tensor | undefined];
  expectClose(ofLayer, golden.param_grads);
  if (golden.input_grad) {
    const largest = Math.max(...numbersOf(golden.input_grad).map(Math.abs));
    expectOutput(ofInput, golden.input_grad, 1e-4 + rounding / largest);
  }
}

/** Compares with a case of layers.json: a call of one fresh layer, and the gradients of another. */
export function expectCase<M extends GraphNode>(
  name: string,
  make: () => M,
  call: (layer: M, ...inputs: tf.Tensor[]) => unknown,
  rounding = 0,
): void {
  expectLayer(name, make(), call);
  const golden = goldenCase<Partial<GradCase>>(name);
  const { inputs, loss, param_grads, input_grad } = golden;
  if (inputs && loss && param_grads && input_grad)
    compareGradients({ inputs, loss, param_grads, input_grad }, make(), call, rounding);
}
