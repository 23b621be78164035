/** @file Types of tensors by their axes and elements. */
import type { ElementArrays } from "@nnxjs/kernels/internal";
import type { Rank, Tensor } from "@tensorflow/tfjs-core";

interface RankOfLength {
  readonly 0: Rank.R0;
  readonly 1: Rank.R1;
  readonly 2: Rank.R2;
  readonly 3: Rank.R3;
  readonly 4: Rank.R4;
  readonly 5: Rank.R5;
  readonly 6: Rank.R6;
}

/** A tensor with these axes: `Tensor2D` for two axes, and any rank when their number is unknown. */
export type TensorOfAxes<A extends readonly unknown[]> = [A] extends [{ readonly length: infer N }]
  ? Tensor<N extends keyof RankOfLength ? RankOfLength[N] : Rank>
  : Tensor;

/** The axes of a tensor as a tuple, or a list when its type does not have their number. */
export type AxesOfTensor<T extends Tensor> = Rank extends T["rankType"]
  ? readonly number[]
  : T["rankType"] extends Rank.R0
    ? readonly []
    : Readonly<T["shape"]>;

/** The dtypes of samples and initial values. */
export type ElementType = keyof ElementArrays;
