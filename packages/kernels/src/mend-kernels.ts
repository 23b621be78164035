/** @file All kernels of this package: their list, and how to register them. */
import { allMends } from "./mends/all-mends.ts";
import { wasmKernels } from "./mends/composed.ts";
import { installKernels, kernelsOnDemand, restoreKernels, useKernels } from "./registry.ts";
import { allTopics } from "./topics/all-topics.ts";

<<<<<<< HEAD
export { restoreKernels };
=======
/**
 * Each registered kernel of this package, with the kernel that it replaced, or undefined where the
 * backend had none.
 */
const ours = new Map<KernelConfig, KernelConfig | undefined>();

/**
 * The backend for which kernels were registered last; undefined before that and after a restore.
 */
let lookedAt: string | undefined;

/**
 * Marks the stock kernel inside a replacement. Another copy of this package may have replaced the
 * stock kernel already. Ours then wraps the stock kernel, not that replacement.
 */
const STOCK = Symbol.for("@nnxjs/kernels stock kernel");
/** Marks a kernel of this package that the backend lacks, in any copy. */
const LACKING = Symbol.for("@nnxjs/kernels missing kernel");
type Replacement = KernelConfig & { readonly [STOCK]?: KernelConfig; readonly [LACKING]?: boolean };

/**
 * Kernels that were given up, with what each had replaced, of all copies of this package. Another
 * copy may have replaced one of them, and must not bring it back.
 */
const RETIRED = Symbol.for("@nnxjs/kernels retired");
type Retired = WeakMap<KernelConfig, KernelConfig | undefined>;
const global = globalThis as { [RETIRED]?: Retired };

const retired = (): Retired => (global[RETIRED] ??= new WeakMap());

/** The kernel, or where it was given up, the one that it had replaced. */
function inUse(kernel: KernelConfig | undefined): KernelConfig | undefined {
  let found = kernel;
  while (found && retired().has(found)) found = retired().get(found);
  return found;
}

/**
 * `getKernel` is typed as if every kernel existed. It returns undefined where none is registered.
 */
const present = (kernelName: string, backendName: string): Replacement | undefined =>
  getKernel(kernelName, backendName);

/**
 * Registers a kernel in place of another. The old one is unregistered first, because tensorflow.js
 * warns about overwriting.
 */
function replace(kernel: Replacement, before: KernelConfig | undefined): void {
  if (before) unregisterKernel(before.kernelName, before.backendName);
  // An object of its own for each time, because what was given up does not come back.
  const own = { ...kernel };
  registerKernel(own);
  ours.set(own, before);
}

/** Kernel and backend of every replacement, each once. */
const replaced = (): readonly (readonly [kernelName: string, backendName: string])[] =>
  [...new Set([...allMends, ...allQuick].flatMap((m) => m.backends.map((b) => `${m.kernelName} ${b}`)))].map(
    (pair) => pair.split(" ") as [string, string],
  );

/** Kernels of {@link registerKernels}, by what they are for. */
const onDemand = new Map<object, readonly KernelConfig[]>();
/** What they are registered for now. */
const demanded = new Set<object>();

/**
 * Registers kernels that only some programs need, once for each `owner`. They are part of
 * {@link listKernels} and {@link restoreKernels} from then on.
 */
export function registerKernels(owner: object, make: () => readonly KernelConfig[]): void {
  if (demanded.has(owner)) return;
  demanded.add(owner);
  const kernels = onDemand.get(owner) ?? make();
  onDemand.set(owner, kernels);
  for (const kernel of kernels) replace(kernel, present(kernel.kernelName, kernel.backendName));
}
>>>>>>> w/break14

/** A kernel of this package. */
export interface KernelEntry {
  readonly kernelName: string;
  readonly backendName: string;
  /**
   * What tensorflow.js's own kernel does wrong (`"wrong"`) or slowly (`"slow"`), or that it has none
   * of this name (`"missing"`).
   */
  readonly reason: "wrong" | "slow" | "missing";
  /** What exactly is wrong or slow, in a sentence. */
  readonly why: string;
}

/**
 * The kernels that {@link mendKernels} registers, and what each is there for. A kernel may be both
 * wrong and slow; it is then listed twice.
 * @example
 * ```ts
 * import { listKernels } from "@nnxjs/kernels";
 *
 * listKernels().filter((kernel) => kernel.reason === "slow" && kernel.backendName === "wasm");
 * ```
 */
export const listKernels = (): readonly KernelEntry[] => [
  ...(
    [
      ["wrong", allMends],
      ["slow", allTopics.flatMap(({ quick }) => quick?.() ?? [])],
    ] as const
  ).flatMap(([reason, mends]) =>
    mends.flatMap(({ kernelName, backends, why }) =>
      backends.map((backendName) => ({ kernelName, backendName, reason, why })),
    ),
  ),
  ...[...wasmKernels, ...allTopics.flatMap(({ own }) => own?.() ?? []), ...kernelsOnDemand()].map(
    ({ kernelName, backendName }) => ({
      kernelName,
      backendName,
      reason: "missing" as const,
      why: "tensorflow.js has none.",
    }),
  ),
];

/**
 * Replaces the kernels of tensorflow.js's cpu and wasm backends that are wrong or slow. The
 * replacements call the stock kernels wherever those are as good. wasm also gets kernels that it lacks and that
 * `tf.fused.conv2d`, `tf.fused.depthwiseConv2d`, `tf.einsum` and `tf.unsortedSegmentSum` call.
 * Calling this again is cheap and changes nothing. {@link restoreKernels} undoes it.
 * @example
 * ```ts
 * import * as tf from "@tensorflow/tfjs-core";
 * import { mendKernels } from "@nnxjs/kernels";
 *
 * mendKernels();
 * const x = tf.tensor4d([1, Number.NaN, 2, 3], [1, 2, 2, 1]);
 * tf.maxPool(x, 2, 1, "valid").dataSync(); // [NaN]; cpu's own kernel gives 3
 * ```
 */
export function mendKernels(): void {
<<<<<<< HEAD
  for (const topic of allTopics) useKernels(topic);
  installKernels();
=======
  // A backend registers its kernels when it is loaded, which is before it can be in use. So one
  // look per backend is enough.
  const backend = getBackend();
  if (lookedAt === backend) return;
  lookedAt = backend;
  for (const [kernelName, backendName] of replaced()) {
    const before = present(kernelName, backendName);
    if (!before || ours.has(before)) continue;
    const stock = before[STOCK] ?? before;
    // What is quicker goes around what is mended, which goes around what tensorflow.js has.
    const kernelFunc = [...allMends, ...allQuick]
      .filter((each) => each.kernelName === kernelName && each.backends.includes(backendName))
      .reduce((inner, { around }) => around(inner), stock.kernelFunc);
    replace({ ...stock, kernelFunc, [STOCK]: stock }, before);
  }
  for (const kernel of wasmKernels) {
    const before = present(kernel.kernelName, kernel.backendName);
    if (!before || (before[LACKING] && !ours.has(before))) replace({ ...kernel, [LACKING]: true }, before);
  }
  for (const kernel of ownKernels) {
    const before = present(kernel.kernelName, kernel.backendName);
    if (!before || !ours.has(before)) replace(kernel, before);
  }
}

/** Restores the kernels that {@link mendKernels} replaced. Does nothing if that was not called. */
export function restoreKernels(): void {
  for (const [kernel, replacedBefore] of ours) {
    retired().set(kernel, replacedBefore);
    if (present(kernel.kernelName, kernel.backendName) !== kernel) continue;
    unregisterKernel(kernel.kernelName, kernel.backendName);
    const before = inUse(replacedBefore);
    if (before) registerKernel(before);
  }
  ours.clear();
  demanded.clear();
  lookedAt = undefined;
  freeScratch();
  dropMemory();
>>>>>>> w/break14
}
