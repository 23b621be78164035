/** @file A dense layer that is several, which share all but a vector of factors on each side. */
import { registerModule, describe, Module, NnxError, Param } from "@nnxjs/nnx-core";
import { checkOptions } from "@nnxjs/nnx-core/internal";
import { dense, type DenseConfig, type Linear } from "@nnxjs/layers";
import { type Initializer, type PRNGKey, random } from "@nnxjs/rnglib";
import { add, broadcastTo, mul, reshape, sub, type Tensor, tidy } from "../tensor.ts";

/** How the factors of the members are drawn. */
export interface FactorOptions {
  /** `"normal"`: around `mean` with deviation `std`; `"randomSign"`: 1 or -1. @defaultValue "normal" */
  init?: "normal" | "randomSign";
  /** @defaultValue 1 */
  mean?: number;
  /** @defaultValue 0.5 */
  std?: number;
}

/** Options of {@link BatchEnsembleLinear}. */
export interface BatchEnsembleLinearOptions extends FactorOptions {
  /** Where keys come from: first the factors of the inputs, then those of the outputs. */
  nextKey: () => PRNGKey;
}

const NAMES = { nextKey: true, init: true, mean: true, std: true } as const;

/**
 * `members` dense layers with the kernels `W * (r_i s_iᵀ)`: they share `W`, each has its own factors `r_i`, `s_i` and its own bias. Rows of
 * the input are sorted by member: first all rows of the first, and so on.
 * @see Wen et al. 2020, https://arxiv.org/abs/2002.06715; probly's `BatchEnsembleLinear`
 */
export class BatchEnsembleLinear extends Module implements DenseConfig {
  /** The base layer's, `[inFeatures, outFeatures]`. */
  readonly kernel: Param<Tensor>;
  /** `[members, outFeatures]`, the base layer's at first; `null` without bias. */
  readonly bias: Param<Tensor> | null;
  /** Factors of the inputs, `[members, inFeatures]`. */
  readonly r: Param<Tensor>;
  /** Factors of the outputs, `[members, outFeatures]`. */
  readonly s: Param<Tensor>;
  readonly members: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly dtype: Linear["dtype"];
  readonly precision: Linear["precision"];
  readonly dotGeneral: Linear["dotGeneral"];
  readonly promoteDtype: Linear["promoteDtype"];
  readonly preferredElementType: Linear["preferredElementType"];
  readonly kernelInit: Initializer;
  readonly biasInit: Initializer;

  /** @throws RangeError for a number of members that is no positive integer. */
  constructor(base: Linear, members: number, options: BatchEnsembleLinearOptions) {
    super();
    checkOptions(NAME, options, NAMES);
    checkMembers(NAME, members);
    const { nextKey, ...factors } = options;
    checkFactors(NAME, factors);
    this.kernel = base.kernel;
    this.r = new Param(drawFactors(nextKey(), [members, base.inFeatures], factors));
    this.s = new Param(drawFactors(nextKey(), [members, base.outFeatures], factors));
    const bias = base.bias?.value;
    this.bias = bias ? new Param(tidy(() => broadcastTo(bias, [members, base.outFeatures]))) : null;
    this.members = members;
    this.inFeatures = base.inFeatures;
    this.outFeatures = base.outFeatures;
    this.dtype = base.dtype;
    this.precision = base.precision;
    this.dotGeneral = base.dotGeneral;
    this.promoteDtype = base.promoteDtype;
    this.preferredElementType = base.preferredElementType;
    this.kernelInit = base.kernelInit;
    this.biasInit = base.biasInit;
  }

  /**
   * @param x - `[members * rows, ..., inFeatures]`
   * @returns `[members * rows, ..., outFeatures]`
   * @throws NnxError when the first axis is no multiple of the members, or the last not the features.
   */
  forward<T extends Tensor>(x: T): T {
    const { members } = this;
    const rows = (x.shape[0] as number) / members;
    if (x.rank < 2 || !Number.isInteger(rows)) {
      throw new NnxError(
        `BatchEnsembleLinear.forward: expected an input of shape [${members} * rows, ..., ${this.inFeatures}], got ${describe(x)}. ` +
          "Repeat the rows for each member, as batchEnsemble does.",
      );
    }
    // Checked before the factors are applied, which would not fit either but say less.
    if (x.shape.at(-1) !== this.inFeatures) return dense(NAME, this, x, this.kernel.value, null);
    const each = (value: Tensor, factors: Tensor, f: (a: Tensor, b: Tensor) => Tensor): Tensor => {
      const width = factors.shape[1] as number;
      return reshape(f(reshape(value, [members, -1, width]), reshape(factors, [members, 1, width])), [
        ...value.shape.slice(0, -1),
        width,
      ]);
    };
    const product = dense<Tensor>(NAME, this, each(x, this.r.value, mul), this.kernel.value, null);
    const scaled = each(product, this.s.value, mul);
    // The rank stays, and so does the type that says it.
    return (this.bias ? each(scaled, this.bias.value, add) : scaled) as T;
  }
}

const NAME = "BatchEnsembleLinear";

function drawFactors(
  key: PRNGKey,
  shape: readonly number[],
  { init = "normal", mean = 1, std = 0.5 }: FactorOptions,
): Tensor {
  if (init === "normal") return tidy(() => add(mul(random.normal(key, shape), std), mean));
  return tidy(() => sub(mul(random.bernoulli(key, 0.5, shape), 2), 1));
}

/** @throws TypeError for another way to draw, or for numbers that are none, before a key is drawn. */
export function checkFactors(where: string, { init = "normal", mean = 1, std = 0.5 }: FactorOptions): void {
  if (init !== "normal" && init !== "randomSign") {
    throw new TypeError(
      `${where}: expected init to be "normal" or "randomSign", got ${describe(init satisfies never)}. Choose one of these.`,
    );
  }
  for (const [name, value] of Object.entries({ mean, std })) {
    if (Number.isFinite(value)) continue;
    throw new TypeError(
      `${where}: expected ${name} to be a finite number, got ${describe(value)}. Leave it out for the default.`,
    );
  }
}

/** @throws RangeError unless it is a positive integer. */
export function checkMembers(where: string, members: number): void {
  if (Number.isSafeInteger(members) && members > 0) return;
  throw new RangeError(`${where}: expected a positive number of members, got ${describe(members)}.`);
}

registerModule("BatchEnsembleLinear", BatchEnsembleLinear);
