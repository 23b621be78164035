/** @file Einsums of two tensors that are one product. The products that were found are remembered. */
import type { TensorInfo } from "@tensorflow/tfjs-core";
import { hasKnownKernels } from "../backends.ts";
import { orderOf, planContraction } from "./contraction-plan.ts";
import { letterSizes, parseEquation } from "./equation.ts";
import { runStrided, type StridedProduct, stridedProduct } from "./strided.ts";

/** The product for an equation and two shapes; undefined where it is none, or `contract` has a quicker one. */
function productOf(equation: string, a: readonly number[], b: readonly number[]): StridedProduct | undefined {
  const { inputs, output } = parseEquation(equation);
  const [left, right] = inputs;
  if (!left || !right) return undefined;
  const isOnce = (labels: readonly string[]): boolean => new Set(labels).size === labels.length;
  const isKept = (own: readonly string[], other: readonly string[]): boolean =>
    own.every((label) => other.includes(label) || output.includes(label));
  const isPresent = output.every((label) => left.includes(label) || right.includes(label));
  if (![left, right, output].every(isOnce) || !isPresent || !isKept(left, right) || !isKept(right, left))
    return undefined;
  const groups = planContraction(left, right, output);
  if (orderOf(groups, left, right, output).isInPlace) return undefined;
  return stridedProduct(left, right, groups, output, letterSizes(inputs, [a, b]));
}

/** The products by equation and shapes: to find one costs more than to compute a small one. */
const products = new Map<string, StridedProduct | undefined>();
const MOST = 512;

/**
 * The einsum of two tensors.
 * @returns undefined where it is not one product that takes them as they lie.
 */
export function einsumOfTwo(
  backend: object,
  equation: string,
  a: TensorInfo,
  b: TensorInfo,
): TensorInfo | undefined {
  if (!hasKnownKernels()) return undefined;
  const key = `${equation} ${a.shape.join()} ${b.shape.join()}`;
  let product = products.get(key);
  if (!product && !products.has(key)) {
    product = productOf(equation, a.shape, b.shape);
    if (products.size >= MOST) products.clear();
    products.set(key, product);
  }
  return product && runStrided(backend, a, b, product);
}
