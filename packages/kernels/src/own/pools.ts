/** @file Pools over one to three axes and their gradients, one kernel each. */
import type { KernelConfig, Tensor } from "@tensorflow/tfjs-core";
import { loop } from "../memory/access.ts";
import type { Axis } from "../conv-geometry.ts";
import { sizeOf } from "../shape.ts";
import { poolByWasm } from "../wasm/pools.ts";
import { means, selected, shares, toSelected, windowsOf } from "../windows.ts";
import { onBoth, runOwn } from "./own-kernel.ts";

/** Their names in the registry. */
export const poolKernelNames = {
  selection: "NnxPoolSelection",
  maxGradient: "NnxMaxPoolGradient",
  mean: "NnxMeanPool",
  shares: "NnxPoolShares",
} as const;

/** The attributes of all of them: the geometry. */
export interface PoolAttrs {
  readonly axes: readonly Axis[];
}

const selection = (): readonly KernelConfig[] =>
  onBoth<PoolAttrs>(poolKernelNames.selection, (backend, { x }, { axes }) => {
    const shape = [x!.shape[0]! * sizeOf(axes.map((a) => a.output)) * x!.shape.at(-1)!];
    return loop(backend, [x!], { shape, dtype: "int32" }, ([values], out) =>
      selected(windowsOf(x!.shape, axes), values!, out),
    );
  });

const maxGradient = (): readonly KernelConfig[] =>
  onBoth<PoolAttrs>(poolKernelNames.maxGradient, (backend, { dy, x }, { axes }) => {
    const { shape } = x!;
    return (
      poolByWasm(backend, "toLargest", [dy!, x!], shape, axes) ??
      loop(backend, [dy!, x!], { shape, dtype: "float32" }, ([numbers, values], out) =>
        toSelected(windowsOf(shape, axes), numbers!, values!, out),
      )
    );
  });

const mean = (): readonly KernelConfig[] =>
  onBoth<PoolAttrs>(poolKernelNames.mean, (backend, { x }, { axes }) => {
    const shape = [x!.shape[0]!, ...axes.map((a) => a.output), x!.shape.at(-1)!];
    return (
      poolByWasm(backend, "means", [x!], x!.shape, axes) ??
      loop(backend, [x!], { shape, dtype: "float32" }, ([values], out) =>
        means(windowsOf(x!.shape, axes), values!, out),
      )
    );
  });

const poolShares = (): readonly KernelConfig[] =>
  onBoth<PoolAttrs>(poolKernelNames.shares, (backend, { dy }, { axes }) => {
    const shape = [dy!.shape[0]!, ...axes.map((a) => a.input), dy!.shape.at(-1)!];
    return (
      poolByWasm(backend, "shares", [dy!], shape, axes) ??
      loop(backend, [dy!], { shape, dtype: "float32" }, ([values], out) =>
        shares(windowsOf(shape, axes), values!, out),
      )
    );
  });

/** The kernels to register on cpu and wasm. */
export const poolKernels = (): readonly KernelConfig[] => [
  ...selection(),
  ...maxGradient(),
  ...mean(),
  ...poolShares(),
];

/**
 * The position in x that receives each window's gradient in a maximum pool, one for each element of
 * the pool's output; -1 where padding was chosen.
 * @param x - `[N, ...spatial, C]`
 */
export const selectionOf = (x: Tensor, axes: readonly Axis[]): Tensor | undefined =>
  runOwn(poolKernelNames.selection, { x }, { axes });

/** The gradient of a maximum pool: each window's gradient goes to the element that it selected. */
export const maxPoolGradient = (dy: Tensor, x: Tensor, axes: readonly Axis[]): Tensor | undefined =>
  runOwn(poolKernelNames.maxGradient, { dy, x }, { axes });

/** The mean of the elements of each window that are not padding. */
export const meanPool = (x: Tensor, axes: readonly Axis[]): Tensor | undefined =>
  runOwn(poolKernelNames.mean, { x }, { axes });

/** The gradient of a mean pool: each window's gradient in equal shares. */
export const sharesOf = (dy: Tensor, axes: readonly Axis[]): Tensor | undefined =>
  runOwn(poolKernelNames.shares, { dy }, { axes });
