/** @file Registers kernels of this package with tensorflow.js, and restores the stock ones. */
import {
  getBackend,
  getKernel,
  type KernelConfig,
  registerKernel,
  unregisterKernel,
} from "@tensorflow/tfjs-core";
import { allMends } from "./mends/all-mends.ts";
import { missingKernels } from "./mends/composed.ts";
import type { Mend } from "./mend.ts";
import { core } from "./topics/core.ts";
import type { Topic } from "./topics/topic.ts";
import { dropFree } from "./memory/recycled.ts";
import { freeScratch } from "./memory/heap.ts";
import { dropMemory } from "./wasm/own-memory.ts";

/**
 * Each registered kernel of this package, with the kernel that it replaced, or undefined where the
 * backend had none.
 */
const ours = new Map<KernelConfig, KernelConfig | undefined>();

/**
 * The backend for which kernels were registered last; undefined before that, after a restore, and
 * when there is more to register.
 */
let lookedAt: string | undefined;

/** What the program uses. */
const inUse = new Set<Topic>([core]);

/**
 * Marks the stock kernel inside a replacement. Another copy of this package may have replaced the
 * stock kernel already. Ours then wraps the stock kernel, not that replacement.
 */
const STOCK = Symbol.for("@nnxjs/kernels stock kernel");
/** How many replacements are one around the other in a kernel of ours. */
const LAYERS = Symbol("@nnxjs/kernels layers");
/** Marks a kernel of this package that the backend lacks, in any copy. */
const LACKING = Symbol.for("@nnxjs/kernels missing kernel");
type Replacement = KernelConfig & {
  readonly [STOCK]?: KernelConfig;
  readonly [LAYERS]?: number;
  readonly [LACKING]?: boolean;
};

/**
 * Kernels that were given up, with what each had replaced, of all copies of this package. Another
 * copy may have replaced one of them, and must not bring it back.
 */
const RETIRED = Symbol.for("@nnxjs/kernels retired");
type Retired = WeakMap<KernelConfig, KernelConfig | undefined>;
const global = globalThis as { [RETIRED]?: Retired };

const retired = (): Retired => (global[RETIRED] ??= new WeakMap());

/** The kernel, or where it was given up, the one that it had replaced. */
function stillUsed(kernel: KernelConfig | undefined): KernelConfig | undefined {
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
  // What was there before ours, if ours itself is replaced.
  const first = before && ours.has(before) ? ours.get(before) : before;
  if (before) ours.delete(before);
  ours.set(own, first);
}

/** Kernels of {@link registerKernels}, by what they are for. */
const onDemand = new Map<object, readonly KernelConfig[]>();
/** What they are registered for now. */
const demanded = new Set<object>();

/** All kernels that {@link registerKernels} has seen. */
export const kernelsOnDemand = (): readonly KernelConfig[] => [...onDemand.values()].flat();

/**
 * Registers kernels that only some programs need, once for each `owner`. They are part of
 * `listKernels` and {@link restoreKernels} from then on.
 */
export function registerKernels(owner: object, make: () => readonly KernelConfig[]): void {
  if (demanded.has(owner)) return;
  demanded.add(owner);
  const kernels = onDemand.get(owner) ?? make();
  onDemand.set(owner, kernels);
  for (const kernel of kernels) replace(kernel, present(kernel.kernelName, kernel.backendName));
}

/** The next {@link installKernels} registers the kernels of the topic, too. */
export function useKernels(topic: Topic): void {
  if (inUse.has(topic)) return;
  inUse.add(topic);
  lookedAt = undefined;
}

/**
 * Registers what mends wrong kernels, which all programs have, and the kernels of what is in use.
 * Calling this again is cheap and changes nothing.
 */
export function installKernels(): void {
  // A backend registers its kernels when it is loaded, which is before it can be in use. So one
  // look per backend is enough.
  const backend = getBackend();
  if (lookedAt === backend) return;
  lookedAt = backend;
  const topics = [...inUse];
  for (const { also } of topics) also?.();
  // What is quicker goes around what is mended, which goes around what tensorflow.js has.
  const layers = new Map<string, Mend[]>();
  for (const mend of [...allMends, ...topics.flatMap(({ quick }) => quick?.() ?? [])]) {
    for (const backendName of mend.backends) {
      const key = `${mend.kernelName} ${backendName}`;
      layers.set(key, [...(layers.get(key) ?? []), mend]);
    }
  }
  for (const [key, mends] of layers) {
    const before = present(...(key.split(" ") as [string, string]));
    if (!before || (ours.has(before) && before[LAYERS] === mends.length)) continue;
    const stock = before[STOCK] ?? before;
    const kernelFunc = mends.reduce((inner, { around }) => around(inner), stock.kernelFunc);
    replace({ ...stock, kernelFunc, [STOCK]: stock, [LAYERS]: mends.length }, before);
  }
  for (const kernel of missingKernels) {
    const before = present(kernel.kernelName, kernel.backendName);
    if (!before || (before[LACKING] && !ours.has(before))) replace({ ...kernel, [LACKING]: true }, before);
  }
  for (const kernel of topics.flatMap(({ own }) => own?.() ?? [])) {
    const before = present(kernel.kernelName, kernel.backendName);
    if (!before || !ours.has(before)) replace(kernel, before);
  }
}

/**
 * Restores the kernels that were replaced. Does nothing if none was.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import { mendKernels, restoreKernels } from "@nnxjs/kernels";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * mendKernels();
 * const x = tf.tensor4d([1, Number.NaN, 2, 3], [1, 2, 2, 1]);
 * tf.maxPool(x, 2, 1, "valid").dataSync()[0]; // => NaN
 * restoreKernels(); // tensorflow.js has its own kernels again
 * ```
 */
export function restoreKernels(): void {
  for (const [kernel, replacedBefore] of ours) {
    retired().set(kernel, replacedBefore);
    if (present(kernel.kernelName, kernel.backendName) !== kernel) continue;
    unregisterKernel(kernel.kernelName, kernel.backendName);
    const before = stillUsed(replacedBefore);
    if (before) registerKernel(before);
  }
  ours.clear();
  demanded.clear();
  lookedAt = undefined;
  freeScratch();
  dropMemory();
  dropFree();
}

/**
 * Restores the stock kernels, and forgets what is in use, for tests: programs that are bundled have
 * only what they import.
 */
export function forgetKernels(): void {
  restoreKernels();
  inUse.clear();
  inUse.add(core);
}
