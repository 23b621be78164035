/** @file The weights of layers that drop some of them: when none is dropped, and what those that stay are multiplied by. */
import { mul, type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import { resolveDeterministic } from "./call-options.ts";

/** Where the expectation is kept: see `DropConnectLinearOptions.scaling`. */
export type DropConnectScaling = "training" | "inference";

interface DropConnectConfig {
  readonly rate: number;
  readonly scaling: DropConnectScaling;
  readonly deterministic: boolean | null;
}

/** The weights of a call that needs no mask; `null` for one that does. @throws NnxError when nothing says whether it is deterministic. */
export function weightsWithoutMask(
  layer: string,
  { rate, scaling, deterministic }: DropConnectConfig,
  kernel: Tensor,
  call: boolean | null | undefined,
): Tensor | null {
  if (rate === 0) return kernel;
  if (resolveDeterministic(layer, call, deterministic)) {
    return scaling === "training" ? kernel : mul(kernel, 1 - rate);
  }
  return rate === 1 ? zerosLike(kernel) : null;
}

/** How `drop` scales the weights that stay. */
export const scaleOfKept = (scaling: DropConnectScaling): { scale?: number } =>
  scaling === "training" ? {} : { scale: 1 };
