/** @file A dense layer that is several, which share all but a vector of factors on each side. */
import { add, broadcastTo, mul, reshape, sub, type Tensor, tidy } from "@nnxjs/kernels/internal";
import { registerModule, describe, Module, NnxError, Param } from "@nnxjs/nnx-core";
import { checkOptions, checkParam, checkTensor } from "@nnxjs/nnx-core/internal";
import { dense, type DenseConfig, type Linear } from "@nnxjs/layers";
import { type Initializer, type PRNGKey, random } from "@nnxjs/rnglib";

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

const NAME = "BatchEnsembleLinear";

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
    checkMembers(NAME, members);
    checkOptions<BatchEnsembleLinearOptions>(NAME, options, {
      nextKey: true,
      init: true,
      mean: true,
      std: true,
    });
    if (typeof options?.nextKey !== "function") {
      throw new TypeError(
        `${NAME}: expected { nextKey } to be a function that returns keys, got ${describe(options)}.`,
      );
    }
    const { nextKey, ...factors } = options;
    this.kernel = base.kernel;
    const { inFeatures, outFeatures } = base;
    const bias = base.bias?.value;
    // In one scope: when a key or a draw fails, nothing is left of those before it.
    const [r, s, copies] = tidy(() => [
      drawFactors(nextKey(), [members, inFeatures], factors),
      drawFactors(nextKey(), [members, outFeatures], factors),
      ...(bias ? [broadcastTo(bias, [members, outFeatures])] : []),
    ]) as [Tensor, Tensor, Tensor?];
    this.r = new Param(r);
    this.s = new Param(s);
    this.bias = copies ? new Param(copies) : null;
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
    const where = `${NAME}.forward`;
    const { members, inFeatures, outFeatures } = this;
    checkTensor(where, "x", x);
    checkParam(where, "r", this.r.value, [members, inFeatures]);
    checkParam(where, "s", this.s.value, [members, outFeatures]);
    if (this.bias) checkParam(where, "bias", this.bias.value, [members, outFeatures]);
    const rows = (x.shape[0] as number) / members;
    if (x.rank < 2 || !Number.isInteger(rows)) {
      throw new NnxError(
        `${where}: expected an input of shape [${members} * rows, ..., ${inFeatures}], got ${describe(x)}. ` +
          "Repeat the rows for each member, as batchEnsemble does.",
      );
    }
    const each = (value: Tensor, factors: Tensor, f: (a: Tensor, b: Tensor) => Tensor): Tensor => {
      const width = factors.shape[1] as number;
      return reshape(f(reshape(value, [members, -1, width]), reshape(factors, [members, 1, width])), [
        ...value.shape.slice(0, -1),
        width,
      ]);
    };
    const product = dense<Tensor>(NAME, this, x, this.kernel.value, null, (rows) =>
      each(rows, this.r.value, mul),
    );
    const scaled = each(product, this.s.value, mul);
    // The rank stays, and so does the type that says it.
    return (this.bias ? each(scaled, this.bias.value, add) : scaled) as T;
  }
}

function drawFactors(
  key: PRNGKey,
  shape: readonly number[],
  { init = "normal", mean = 1, std = 0.5 }: FactorOptions,
): Tensor {
  if (init === "normal") return tidy(() => add(mul(random.normal(key, shape), std), mean));
  if (init === "randomSign") return tidy(() => sub(mul(random.bernoulli(key, 0.5, shape), 2), 1));
  throw new TypeError(`${NAME}: expected init to be "normal" or "randomSign", got ${describe(init)}.`);
}

/** @throws RangeError unless it is a positive integer. */
export function checkMembers(where: string, members: number): void {
  if (Number.isSafeInteger(members) && members > 0) return;
  throw new RangeError(`${where}: expected a positive number of members, got ${describe(members)}.`);
}

registerModule("BatchEnsembleLinear", BatchEnsembleLinear);
