/** @file Reads the numbers that conformance/edges_numbers.py wrote. */
import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { readGolden } from "../../../scripts/golden.ts";

/** An array as the generator writes it. NaN and the infinities are strings. */
export interface EdgeArray {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly (number | string)[];
}

/** A function at its inputs, with the gradients of the sum of 1, 2, 3, … times its value. */
interface EdgeCase {
  readonly name: string;
  readonly inputs: readonly EdgeArray[];
  readonly value: EdgeArray;
  readonly gradients: readonly EdgeArray[];
}

/** An activation with its first and second derivative. */
interface ActivationEdge {
  readonly name: string;
  readonly x: EdgeArray;
  readonly value: EdgeArray;
  readonly first: EdgeArray;
  readonly second: EdgeArray;
}

/** A layer with an empty input. */
interface LayerEdge {
  readonly name: string;
  readonly input: number[];
  readonly output: readonly number[];
  readonly gradients: Readonly<Record<string, EdgeArray>>;
  readonly statistics: Readonly<Record<string, EdgeArray>>;
}

interface Edges {
  readonly activations: readonly ActivationEdge[];
  readonly pools: readonly (EdgeCase & {
    readonly kind: "max" | "min" | "avg" | "avg inside";
    readonly window: readonly number[];
    readonly strides: readonly number[] | null;
    readonly padding: "SAME" | "VALID" | readonly (readonly [number, number])[];
  })[];
  readonly masked: readonly (EdgeCase & { readonly function: string; readonly mask: EdgeArray | null })[];
  readonly indexing: readonly (EdgeCase & {
    readonly ids?: EdgeArray;
    readonly axis?: number | null;
    readonly starts?: readonly number[];
  })[];
  readonly einsums: readonly EdgeCase[];
  readonly norms: readonly (EdgeCase & {
    readonly layer: string;
    readonly fast: boolean;
    readonly mask: EdgeArray;
  })[];
  readonly attention: readonly (EdgeCase & { readonly mask: EdgeArray })[];
  readonly layers: readonly LayerEdge[];
}

export const edges: Edges = readGolden<Edges>("edges-numbers");

/** The tensor with these numbers. */
export const edgeTensor = ({ data, shape, dtype }: EdgeArray): tf.Tensor =>
  tf.tensor(
    data.map(Number),
    [...shape],
    dtype === "bool" ? "bool" : dtype === "int32" ? "int32" : "float32",
  );

/** The sum of 1, 2, 3, … times the elements. */
export const weightedSum = (y: tf.Tensor): tf.Tensor =>
  y.size === 0 ? tf.sum(y) : tf.sum(tf.mul(y, tf.reshape(tf.range(1, y.size + 1), y.shape)));

/**
 * Compares numbers one by one: NaN and infinities exactly, the rest to 1e-5 of the number or of 1.
 */
export function expectEdge(actual: tf.Tensor, wanted: EdgeArray, what: string, within = 1e-5): void {
  expect(actual.shape, what).toEqual(wanted.shape);
  const found = [...actual.dataSync()];
  const numbers = wanted.data.map(Number);
  const fits = numbers.every((value, i) =>
    Number.isFinite(value)
      ? Math.abs(found[i]! - value) <= within * Math.max(1, Math.abs(value))
      : Object.is(found[i], value),
  );
  if (!fits) expect.fail(`${what}: expected ${numbers.join(", ")}, got ${found.join(", ")}`);
}
