/**
 * @file What layers that drop weights have in common: their options, and what their weights are in
 * a call.
 */
import { choice, type OptionChecks } from "../options.ts";
import { mul, type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import {
  resolveDeterministic,
  STOCHASTIC_CHECKS,
  type StochasticOptions,
  type StochasticSettings,
  stochasticSettings,
} from "./call-options.ts";

/** Where the expectation is kept: see `scaling` in the options. */
export type DropConnectScaling = "training" | "inference";

/** Options of layers that drop weights. Deterministic, they use all. */
export interface DropWeightsOptions extends StochasticOptions {
  /**
   * `"training"`: masked weights are scaled by `1 / (1 - rate)` and deterministic is exactly the
   * base layer. `"inference"`: masked weights are not scaled and deterministic uses
   * `kernel * (1 - rate)`, the rule of Mobiny et al.'s and probly's code.
   * @defaultValue "training"
   */
  scaling?: DropConnectScaling;
}

/** What these options may be. */
export const DROP_WEIGHTS_CHECKS: OptionChecks<DropWeightsOptions> = {
  ...STOCHASTIC_CHECKS,
  scaling: choice("training", "inference"),
};

/** The options with their defaults, and the layer's own stream. */
export const dropWeightsSettings = (
  layer: string,
  options: DropWeightsOptions,
): StochasticSettings & { readonly scaling: DropConnectScaling } => ({
  ...stochasticSettings(layer, options, "dropconnect"),
  scaling: options.scaling ?? "training",
});

interface DropConnectConfig {
  readonly rate: number;
  readonly scaling: DropConnectScaling;
  readonly deterministic: boolean | null;
}

/**
 * The weights of a call that needs no mask; `null` for one that does.
 * @throws NnxError when nothing says whether it is deterministic.
 */
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
