/** @file How to replace a kernel of tensorflow.js that is wrong on a backend. */
import {
  type KernelFunc,
  type NamedAttrMap,
  reshape,
  type Tensor,
  type TensorInfo,
  tidy,
} from "@tensorflow/tfjs-core";
import { backendOf, isTensor } from "./engine.ts";

/** A call of a kernel. */
export interface KernelCall<I extends string = string, A = unknown> {
  readonly inputs: Readonly<Record<I, TensorInfo>>;
  readonly attrs: A;
  readonly backend: object;
  /**
   * Calls tensorflow.js's own kernel, with the inputs and attributes of this call or with some of
   * them changed.
   */
  readonly stock: (changed?: Partial<Record<I, TensorInfo>>, attrs?: Partial<A>) => TensorInfo;
}

/** A replacement of a tensorflow.js kernel. It may still call that kernel. */
export interface Mend {
  readonly kernelName: string;
  readonly backends: readonly string[];
  /** Makes the replacement from the stock kernel. */
  readonly around: (stock: KernelFunc) => KernelFunc;
}

/**
 * Writes a replacement: `mend<"x", SumAttrs>("Sum", ["wasm"], (call) => …)`. What is
 * wrong with the stock kernel stands in `reasons.ts`.
 * @param run - Handles every call. `call.stock()` passes it on to tensorflow.js.
 */
export const mend = <I extends string, A = unknown>(
  kernelName: string,
  backends: readonly string[],
  run: (call: KernelCall<I, A>) => TensorInfo,
): Mend => ({
  kernelName,
  backends,
  around:
    (stock) =>
    ({ inputs, attrs, backend }) =>
      run({
        // The caller writes I and A beside the kernel's name, so the inputs and attributes have
        // these types.
        inputs: inputs as Record<I, TensorInfo>,
        attrs: attrs as A,
        backend,
        stock: (changed, others) =>
          stock({
            inputs: changed ? { ...inputs, ...changed } : inputs,
            attrs: (others ? { ...attrs, ...others } : attrs) as NamedAttrMap,
            backend,
            // All kernels here have one output, so `stock` returns one TensorInfo.
          }) as TensorInfo,
      }),
});

/** An operand in another shape, for ops. */
export const reshaped = (x: TensorInfo, shape: readonly number[]): Tensor =>
  // The engine passes tensors, although the types promise only what a backend needs of them.
  reshape(x as Tensor, [...shape]);

/**
 * Runs part of a kernel, and frees the tensors that it makes besides its results. These are no
 * tensors even where `run` returns some: a replacement around this one may then give them other shapes,
 * and end the scope in which the tensors would be freed, with their data.
 */
export function scopedAll(run: () => readonly TensorInfo[]): TensorInfo[] {
  const plain = (): TensorInfo[] =>
    run().map((result) => {
      if (!isTensor(result)) return result;
      const { dataId, shape, dtype } = result;
      backendOf(dataId)!.incRef(dataId);
      return { dataId, shape, dtype };
    });
  // `tidy` is typed for tensors alone. A TensorInfo is no tensor, so `tidy` leaves it alone.
  return tidy(plain as unknown as () => void) as unknown as TensorInfo[];
}

/** {@link scopedAll} of one result. */
export const scoped = (run: () => TensorInfo): TensorInfo => scopedAll(() => [run()])[0]!;
