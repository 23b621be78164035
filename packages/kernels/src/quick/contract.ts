/**
 * @file Einstein summation from transposes, sums and matrix products. Every backend has these, with
 * gradients of every order.
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { alias } from "../engine.ts";
import { sameShape, sizeOf } from "../shape.ts";
import { arrange, shaped } from "./arrange.ts";
import { broadcast } from "./broadcasting.ts";
import { planContraction } from "./contraction-plan.ts";
import { product } from "./product.ts";

/** A tensor whose axes have distinct labels. */
export interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/** The size of each label. */
export type LabelSizes = ReadonlyMap<string, number>;

const sizesIn = (sizes: LabelSizes, labels: readonly string[]): number[] =>
  labels.map((label) => sizes.get(label)!);

/** Sums over the axes whose labels are not in `wanted`. */
function sumOut({ x, labels }: Labelled, wanted: readonly string[]): Labelled {
  const axes = labels.flatMap((label, axis) => (wanted.includes(label) ? [] : [axis]));
  if (axes.length === 0) return { x, labels };
  return { x: tf.sum(x, axes), labels: labels.filter((label) => wanted.includes(label)) };
}

/** Repeats axes of size 1 that are longer in the other tensor. */
function stretch({ x, labels }: Labelled, sizes: LabelSizes): Tensor {
  const shape = sizesIn(sizes, labels);
  return sameShape(x.shape, shape) ? x : broadcast(x, shape);
}

/** Contracts two tensors with one matrix product. */
function pairwise(a: Labelled, b: Labelled, kept: readonly string[], sizes: LabelSizes): Labelled {
  const left = sumOut(a, [...b.labels, ...kept]);
  const right = sumOut(b, [...a.labels, ...kept]);
  const { batch, rows, contracted, columns } = planContraction(left.labels, right.labels, kept);
  const batches = batch.length > 0 ? [batch] : [];
  const matrices = (operand: Labelled, groups: readonly (readonly string[])[]): Tensor => {
    const order = groups.flat().map((label) => operand.labels.indexOf(label));
    const shape = groups.map((group) => sizeOf(sizesIn(sizes, group)));
    return shaped(arrange(stretch(operand, sizes), order), shape);
  };
  const x = product(
    matrices(left, [...batches, rows, contracted]),
    matrices(right, [...batches, contracted, columns]),
  );
  const labels = [...batch, ...rows, ...columns];
  return { x: shaped(x, sizesIn(sizes, labels)), labels };
}

/**
 * Multiplies the tensors and sums over all labels that are not in `output`. Labels of `output` that
 * no tensor has are broadcast.
 * @param sizes - The size of every label. Axes of size 1 are repeated up to it.
 * @returns A new tensor.
 */
export function contract(
  operands: readonly Labelled[],
  output: readonly string[],
  sizes: LabelSizes,
): Tensor {
  const [first, ...others] = operands as [Labelled, ...Labelled[]];
  // Contract from left to right. Each product keeps the labels that the remaining operands need.
  const product = others.reduce((left, right, i) => {
    const later = others.slice(i + 1).flatMap(({ labels }) => labels);
    return pairwise(left, right, [...output, ...later], sizes);
  }, first);
  const { x, labels } = sumOut(product, output);
  const present = output.filter((label) => labels.includes(label));
  const ordered = arrange(
    x,
    present.map((label) => labels.indexOf(label)),
  );
  const shape = output.map((label) => (labels.includes(label) ? sizes.get(label)! : 1));
  const result = stretch({ x: shaped(ordered, shape), labels: output }, sizes);
  return result === first.x ? alias(result) : result;
}
