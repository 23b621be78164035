/**
 * @file The type of a program under test. conformance/gradients.py has a JAX program of the same
 * name for each.
 */
import type { Tensor } from "@tensorflow/tfjs-core";

/** One program. */
export interface Case {
  /** The kernels whose rules the program tests. */
  readonly kernels: readonly string[];
  /** The program. Its arguments are the golden inputs, then the golden integers. */
  readonly f: (...xs: Tensor[]) => Tensor;
  /** Backends that lack a kernel that the program itself runs. */
  readonly not?: readonly string[];
  /**
   * The highest order to check. 1 where JAX's second order is not a finite number. @defaultValue 2
   */
  readonly order?: 1 | 2;
  /** Absolute and relative tolerance. @defaultValue 2e-5 */
  readonly within?: number;
}

/** Programs by name. */
export type Cases = Readonly<Record<string, Case>>;
