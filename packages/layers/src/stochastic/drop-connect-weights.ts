/** @file What layers that drop weights share: their options, and the weights of a call. */
import { choice, type OptionChecks } from "../options.ts";
import { mul, type Tensor, zerosLike } from "@nnxjs/kernels/internal";
import {
  resolveDeterministic,
  STOCHASTIC_CHECKS,
  type StochasticOptions,
  type StochasticSettings,
  stochasticSettings,
} from "./call-options.ts";

/** When weights are scaled to preserve the expectation: see `scaling` in the options. */
export type DropConnectScaling = "training" | "inference";

/** Options of layers that drop weights. When deterministic, these use all weights. */
export interface DropWeightsOptions extends StochasticOptions {
  /**
   * `"training"` scales masked weights by `1 / (1 - rate)`; a deterministic call is exactly the
   * base layer. `"inference"` does not scale masked weights; a deterministic call uses `kernel * (1
   * - rate)`, as the code of Mobiny et al. and probly does.
   * @defaultValue "training"
   */
  scaling?: DropConnectScaling;
}

/** Checks of these options. */
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
 * The weights of a call without a mask; `null` for a call that needs one.
 * @throws NnxError when neither call nor layer sets `deterministic`.
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

/** The factor with which `drop` scales kept weights. */
export const scaleOfKept = (scaling: DropConnectScaling): { scale?: number } =>
  scaling === "training" ? {} : { scale: 1 };
