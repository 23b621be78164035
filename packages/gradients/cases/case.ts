/**
 * @file What a program under test is: the names are those of conformance/gradients.py, which has
 * its numbers.
 */
import type { Tensor } from "@tensorflow/tfjs-core";

/** One program. */
export interface Case {
  /** The kernels whose rules it is there for. */
  readonly kernels: readonly string[];
  /** The program, of the golden inputs and then of the golden integers. */
  readonly f: (...xs: Tensor[]) => Tensor;
  /** Backends that lack a kernel of the program itself. */
  readonly not?: readonly string[];
  /** Orders that are checked. 2 unless JAX has no second order that is a number. */
  readonly order?: 1 | 2;
  /** Absolute and relative tolerance. @defaultValue 2e-5 */
  readonly within?: number;
}

/** Programs by name. */
export type Cases = Readonly<Record<string, Case>>;
