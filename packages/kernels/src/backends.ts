/** @file What each backend is quick at, and what its kernels cannot do. */
import { getBackend } from "@tensorflow/tfjs-core";

interface Traits {
  /**
   * The kernels compute a product with a transposed operand, or with a batch, in a scalar loop.
   * That is 14 to 25 times slower than a transpose and a plain product.
   */
  readonly hasScalarProducts: boolean;
  /**
   * The highest rank that the broadcasting kernels take. Above it, they return uninitialised
   * memory.
   */
  readonly mostAxes: number;
}

const cpu: Traits = { hasScalarProducts: false, mostAxes: Infinity };
const wasm: Traits = { hasScalarProducts: true, mostAxes: 6 };
/** Any other backend. Its memory is not accessed and its kernels are not replaced. */
const other: Traits = { hasScalarProducts: false, mostAxes: Infinity };

const byName: Readonly<Record<string, Traits>> = { cpu, wasm };

const traits = (): Traits => byName[getBackend()] ?? other;

/**
 * Whether the backend in use is one whose kernels may be called directly, past the engine. Their
 * requirements on the inputs are known for cpu and wasm alone.
 */
export const hasKnownKernels = (): boolean => getBackend() in byName;

/** Whether tensor values on the backend in use can be read and written synchronously, in place. */
export const hasReachableMemory: () => boolean = hasKnownKernels;

/** Whether products with transposed operands or with batches are slow on the backend in use. */
export const hasScalarProducts = (): boolean => traits().hasScalarProducts;

/**
 * The highest rank that wasm's broadcasting kernels take. Their mends fold tensors of higher rank
 * down to it.
 */
export const MOST_AXES: number = wasm.mostAxes;
