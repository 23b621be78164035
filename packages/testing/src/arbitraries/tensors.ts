/** @file Arbitraries of shapes and tensors. */
import fc from "fast-check";
import { type Dtype, type Tensor, tensorOf } from "../tensor.ts";
import { codeOfNumber, withCode } from "./code.ts";

/** Which shapes {@link shapes} makes. */
export interface ShapesOptions {
  /** @defaultValue 0 */
  readonly minRank?: number;
  /** @defaultValue 4 */
  readonly maxRank?: number;
  /** The least size of an axis. 0 makes tensors without elements, too. @defaultValue 1 */
  readonly minSize?: number;
  /** The greatest size of an axis. @defaultValue 5 */
  readonly maxSize?: number;
}

/**
 * Shapes. They shrink to fewer and smaller axes.
 * @example
 * ```ts
 * import fc from "fast-check";
 * import { shapes } from "@nnxjs/testing";
 *
 * fc.assert(fc.property(shapes({ minRank: 1 }), (shape) => shape.length >= 1));
 * ```
 */
export const shapes = ({
  minRank = 0,
  maxRank = 4,
  minSize = 1,
  maxSize = 5,
}: ShapesOptions = {}): fc.Arbitrary<readonly number[]> =>
  fc.array(fc.integer({ min: minSize, max: maxSize }), { minLength: minRank, maxLength: maxRank });

/** Which tensors {@link tensors} makes. */
export interface TensorsOptions {
  /** The shape, or an arbitrary of shapes. @defaultValue `shapes()` */
  readonly shape?: readonly number[] | fc.Arbitrary<readonly number[]>;
  /** @defaultValue "float32" */
  readonly dtype?: Dtype;
  /** The least and the greatest element. @defaultValue -4 and 4; int32: -100 and 100 */
  readonly min?: number;
  readonly max?: number;
  /** Also NaN, ±Infinity, -0, subnormal and the largest numbers. Only for float32. @defaultValue false */
  readonly special?: boolean;
}

const isShape = (x: unknown): x is readonly number[] => Array.isArray(x);
const LARGEST = 3.4028234663852886e38;
const SMALLEST = 2 ** -149;
const specials = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  SMALLEST,
  -SMALLEST,
  2 ** -126,
  LARGEST,
  -LARGEST,
];

function elements({ dtype = "float32", min, max, special = false }: TensorsOptions): fc.Arbitrary<number> {
  if (dtype === "bool") return fc.integer({ min: 0, max: 1 });
  if (dtype === "int32") return fc.integer({ min: min ?? -100, max: max ?? 100 });
  const usual = fc.float({ min: Math.fround(min ?? -4), max: Math.fround(max ?? 4), noNaN: true });
  return special
    ? fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...specials) })
    : usual;
}

/** Code for a tensor. */
const codeOfTensor = (values: readonly number[], shape: readonly number[], dtype: Dtype): string =>
  `tf.tensor([${values.map(codeOfNumber).join(", ")}], [${shape.join(", ")}], "${dtype}")`;

/**
 * Tensors. Elements shrink to 0, shapes to fewer and smaller axes. A counterexample prints as code.
 * Dispose the tensors where you count them.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import fc from "fast-check";
 * import { tensors } from "@nnxjs/testing";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * fc.assert(fc.property(tensors({ shape: [3], special: true }), (x) => tf.relu(x).size === 3));
 * ```
 */
export function tensors(options: TensorsOptions = {}): fc.Arbitrary<Tensor> {
  const { shape = shapes(), dtype = "float32" } = options;
  const element = elements(options);
  const ofShape = (sizes: readonly number[]): fc.Arbitrary<Tensor> => {
    const size = sizes.reduce((product, each) => product * each, 1);
    return fc
      .array(element, { minLength: size, maxLength: size })
      .map((values) => withCode(tensorOf(values, sizes, dtype), codeOfTensor(values, sizes, dtype)));
  };
  return isShape(shape) ? ofShape(shape) : shape.chain(ofShape);
}
