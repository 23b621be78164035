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
import { orderOf, planContraction } from "./contraction-plan.ts";
import { product } from "./product.ts";
import { computed } from "../memory/computed.ts";
import { contractStrided } from "./strided.ts";

/** A tensor whose axes have distinct labels. */
export interface Labelled {
  readonly x: Tensor;
  readonly labels: readonly string[];
}

/** The size of each label. */
export type LabelSizes = ReadonlyMap<string, number>;

const sizesIn = (sizes: LabelSizes, labels: readonly string[]): number[] =>
  labels.map((label) => sizes.get(label)!);

/** The label of the axis along which many contractions are computed at once. No letter is it. */
const BATCH = "(batch)";

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

/**
 * Contracts two tensors with one matrix product.
 * @param wanted - The order of labels that the result should have, if that costs nothing.
 */
function pairwise(
  a: Labelled,
  b: Labelled,
  kept: readonly string[],
  wanted: readonly string[],
  sizes: LabelSizes,
): Labelled {
  const left = sumOut(a, [...b.labels, ...kept]);
  const right = sumOut(b, [...a.labels, ...kept]);
  const groups = planContraction(left.labels, right.labels, kept);
  const { batch, rows, contracted: summed, columns } = groups;
  const [x, y] = [left, right].map((operand) => ({ ...operand, x: stretch(operand, sizes) }));
  const labels = [...batch, ...rows, ...columns];
  const { isTurned, isInPlace } = orderOf(groups, x!.labels, y!.labels, wanted);
  if (!isInPlace) {
    const order = [...wanted.filter((label) => labels.includes(label))];
    const contracted = computed(
      [x!.x, y!.x],
      ([p, q]) => contractStrided({ ...x!, x: p! }, { ...y!, x: q! }, groups, order, sizes),
      (inputs, isBatched, size) => {
        const many = [x!, y!].map(({ labels }, i) => ({
          x: inputs[i]!,
          labels: isBatched[i] ? [BATCH, ...labels] : labels,
        }));
        return contract(many, [BATCH, ...order], new Map([...sizes, [BATCH, size]]));
      },
    );
    if (contracted) return { x: contracted, labels: order };
  }
  const batches = batch.length > 0 ? [batch] : [];
  const matrices = (
    operand: Labelled,
    one: readonly string[],
    other: readonly string[],
    turned: boolean,
  ): Tensor => {
    const parts = [...batches, ...(turned ? [other, one] : [one, other])];
    const order = parts.flat().map((label) => operand.labels.indexOf(label));
    const shape = parts.map((group) => sizeOf(sizesIn(sizes, group)));
    return shaped(arrange(operand.x, order), shape);
  };
  const result = product(
    matrices(x!, rows, summed, isTurned.left),
    matrices(y!, summed, columns, isTurned.right),
    isTurned.left,
    isTurned.right,
  );
  return { x: shaped(result, sizesIn(sizes, labels)), labels };
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
    const kept = [...output, ...later];
    return pairwise(left, right, kept, [...new Set(kept)], sizes);
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
