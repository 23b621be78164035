/** @file What is known of each backend: what it is quick at, and what its kernels cannot do. */
import { getBackend } from "@tensorflow/tfjs-core";

/** The form of broadcasting that a backend is quickest at. */
export type BroadcastForm = "add" | "product" | "tile";

interface Traits {
  /**
   * A product with a transposed operand, or with a batch, is a scalar loop: 14 to 25 times slower
   * than a transpose and a plain product.
   */
  readonly hasScalarProducts: boolean;
  readonly broadcastForm: BroadcastForm;
  /**
   * The most axes that kernels which broadcast take. With more they leave what was in the memory.
   */
  readonly mostAxes: number;
}

const cpu: Traits = { hasScalarProducts: false, broadcastForm: "product", mostAxes: Infinity };
const wasm: Traits = { hasScalarProducts: true, broadcastForm: "add", mostAxes: 6 };
/** No quirk of another backend is known. Its memory is not touched, and its kernels are left. */
const other: Traits = { hasScalarProducts: false, broadcastForm: "tile", mostAxes: Infinity };

const byName: Readonly<Record<string, Traits>> = { cpu, wasm };

const traits = (): Traits => byName[getBackend()] ?? other;

/**
 * Whether the kernels of the backend in use are known: what they need of their inputs when they are
 * called past the engine.
 */
export const hasKnownKernels = (): boolean => getBackend() in byName;

/** Whether the values of tensors on the backend in use can be read and written at once. */
export const hasReachableMemory: () => boolean = hasKnownKernels;

/** Whether products with transposed operands or with batches are slow on the backend in use. */
export const hasScalarProducts = (): boolean => traits().hasScalarProducts;

/** The form of broadcasting that the backend in use is quickest at. */
export const broadcastForm = (): BroadcastForm => traits().broadcastForm;

/**
 * The most axes that broadcasting kernels of wasm take: the mends of these kernels fold axes down
 * to so many.
 */
export const MOST_AXES: number = wasm.mostAxes;
