/** @file How a kernel of tensorflow.js that is wrong on a backend is replaced. */
import { type KernelFunc, type NamedAttrMap, type TensorInfo, tidy } from "@tensorflow/tfjs-core";

/** A call of a kernel. */
export interface KernelCall<I extends string = string, A = unknown> {
  readonly inputs: Readonly<Record<I, TensorInfo>>;
  readonly attrs: A;
  readonly backend: object;
  /**
   * The kernel as tensorflow.js has it, with these inputs and attributes, or with some of them
   * changed.
   */
  readonly stock: (changed?: Partial<Record<I, TensorInfo>>, attrs?: Partial<A>) => TensorInfo;
}

/** A kernel of ours in place of one of tensorflow.js, which it may still call. */
export interface Mend {
  readonly kernelName: string;
  readonly backends: readonly string[];
  /** What is wrong with the kernel of tensorflow.js. */
  readonly why: string;
  /** Makes the kernel from the one that was there. */
  readonly around: (stock: KernelFunc) => KernelFunc;
}

/**
 * `mend<"x", SumAttrs>("Sum", ["wasm"], "…", (call) => …)`.
 * @param why - What is wrong, as it is in the table of the README.
 * @param run - Gets every call; `call.stock()` leaves it to tensorflow.js.
 */
export const mend = <I extends string, A = unknown>(
  kernelName: string,
  backends: readonly string[],
  why: string,
  run: (call: KernelCall<I, A>) => TensorInfo,
): Mend => ({
  kernelName,
  backends,
  why,
  around:
    (stock) =>
    ({ inputs, attrs, backend }) =>
      run({
        // Inputs and attributes of this kernel have these types: they are written beside the
        // kernel's name.
        inputs: inputs as Record<I, TensorInfo>,
        attrs: attrs as A,
        backend,
        stock: (changed, others) =>
          stock({
            inputs: changed ? { ...inputs, ...changed } : inputs,
            attrs: (others ? { ...attrs, ...others } : attrs) as NamedAttrMap,
            backend,
            // A kernel with one output gives one.
          }) as TensorInfo,
      }),
});

/** Frees the tensors that are made on the way to a result of a kernel. */
export const scoped = (run: () => TensorInfo): TensorInfo =>
  // The scope's types know tensors only; a kernel's result is none yet, and stays.
  tidy(run as () => void) as unknown as TensorInfo;
