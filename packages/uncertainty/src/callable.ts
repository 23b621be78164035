/** @file What is called: for ensembles and sampling. */
import type { Tensor } from "@nnxjs/kernels/internal";

/** A model that takes one tensor. */
export interface Callable<X extends Tensor = Tensor> {
  forward(x: X): Tensor;
}
