/** @file Einstein summation from transposes, sums and matrix products. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { sizeOf } from "../shape.ts";
import { broadcast } from "./broadcasting.ts";
import { product } from "./product.ts";

/** A tensor whose axes have names, one letter each. */
export interface Labelled {
  readonly labels: string;
  readonly tensor: Tensor;
}

/** The letters one by one; einsum has ASCII letters only. */
export const lettersOf = (labels: string): string[] => labels.split("");

/** The letters of each input and of the output of an equation such as `"ij,jk->ik"`; tensorflow.js wants the arrow. */
export function parseEquation(equation: string): { inputs: readonly string[]; output: string } {
  const [left = "", output = ""] = equation.replace(/\s/g, "").split("->");
  return { inputs: left.split(","), output };
}

/** The size of each letter. */
export function letterSizes(
  inputs: readonly string[],
  shapes: readonly (readonly number[])[],
): Record<string, number> {
  const sizes: Record<string, number> = {};
  inputs.forEach((labels, i) => {
    lettersOf(labels).forEach((letter, axis) => {
      sizes[letter] = shapes[i]![axis]!;
    });
  });
  return sizes;
}

const permute = (x: Tensor, from: string, to: string): Tensor =>
  from === to
    ? x
    : tf.transpose(
        x,
        lettersOf(to).map((letter) => from.indexOf(letter)),
      );

/** Sums over the letters that are not in `kept`. */
function sumOver({ labels, tensor }: Labelled, kept: string): Labelled {
  const axes = lettersOf(labels).flatMap((letter, axis) => (kept.includes(letter) ? [] : [axis]));
  if (axes.length === 0) return { labels, tensor };
  return {
    labels: lettersOf(labels)
      .filter((letter) => kept.includes(letter))
      .join(""),
    tensor: tf.sum(tensor, axes),
  };
}

/** Two tensors at once: letters of both and of the output are batches, letters of both alone are contracted. */
function pairwise(a: Labelled, b: Labelled, output: string): Labelled {
  const left = sumOver(a, b.labels + output);
  const right = sumOver(b, a.labels + output);
  const inBoth = lettersOf(left.labels).filter((letter) => right.labels.includes(letter));
  const batch = inBoth.filter((letter) => output.includes(letter)).join("");
  const contracted = inBoth.filter((letter) => !output.includes(letter)).join("");
  const rows = lettersOf(left.labels)
    .filter((letter) => !right.labels.includes(letter))
    .join("");
  const columns = lettersOf(right.labels)
    .filter((letter) => !left.labels.includes(letter))
    .join("");
  const sizeOfLetter = (letter: string): number => {
    const { labels, tensor } = left.labels.includes(letter) ? left : right;
    return tensor.shape[labels.indexOf(letter)]!;
  };
  const size = (letters: string): number => sizeOf(lettersOf(letters).map(sizeOfLetter));
  const sizes = lettersOf(batch + rows + columns).map(sizeOfLetter);
  const matrices = batch === "" ? [] : [size(batch)];
  const x = tf.reshape(permute(left.tensor, left.labels, batch + rows + contracted), [
    ...matrices,
    size(rows),
    size(contracted),
  ]);
  const y = tf.reshape(permute(right.tensor, right.labels, batch + contracted + columns), [
    ...matrices,
    size(contracted),
    size(columns),
  ]);
  return { labels: batch + rows + columns, tensor: tf.reshape(product(x, y), sizes) };
}

/**
 * Sums the product of the tensors over all letters that are not in `output`; letters of `output` that no tensor has are broadcast.
 * @param sizes - The size of each letter.
 */
export function contract(
  tensors: readonly Labelled[],
  output: string,
  sizes: Readonly<Record<string, number>>,
): Tensor {
  const [first, ...others] = tensors as [Labelled, ...Labelled[]];
  // From left to right; each product keeps the letters that the rest still needs.
  const { labels, tensor } =
    others.length === 0
      ? sumOver(first, output)
      : others.reduce((product, next, i) => {
          const rest = others.slice(i + 1).map((other) => other.labels);
          return pairwise(product, next, output + rest.join(""));
        }, first);
  const present = lettersOf(output)
    .filter((letter) => labels.includes(letter))
    .join("");
  const ordered = permute(tensor, labels, present);
  const kept = lettersOf(output).map((letter) => (labels.includes(letter) ? sizes[letter]! : 1));
  return broadcast(
    tf.reshape(ordered, kept),
    lettersOf(output).map((letter) => sizes[letter]!),
  );
}
