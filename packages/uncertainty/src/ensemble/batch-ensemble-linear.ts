/** @file A dense layer that is several, which share all but a vector of factors on each side. */
import { registerModule, NnxError, Param } from "@nnxjs/nnx-core";
import { checkOptions, checkParam, checkTensor, describe } from "@nnxjs/nnx-core/internal";
import type { Linear } from "@nnxjs/layers";
import { dense, type DenseConfig, KernelLayer } from "@nnxjs/layers/internal";
import { type PRNGKey, random } from "@nnxjs/rnglib";
import { add, broadcastTo, mul, reshape, sub, type Tensor, tidy } from "@nnxjs/kernels/internal";

/** How the factors of the members are drawn. */
export interface FactorOptions {
  /**
   * `"normal"`: around `mean` with deviation `std`; `"randomSign"`: 1 or -1.
   * @defaultValue "normal"
   */
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
const NAMES = { nextKey: true, init: true, mean: true, std: true } as const;

/**
 * `members` dense layers with the kernels `W * (r_i s_iᵀ)`: they share `W`, each has its own
 * factors `r_i`, `s_i` and its own bias. Rows of the input are sorted by member: first all rows of
 * the first, and so on.
 * @see Wen et al. 2020, https://arxiv.org/abs/2002.06715; probly's `BatchEnsembleLinear`
 */
export class BatchEnsembleLinear extends KernelLayer implements DenseConfig {
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
  readonly dotGeneral: Linear["dotGeneral"];

  /** @throws RangeError for a number of members that is no positive integer. */
  constructor(base: Linear, members: number, options: BatchEnsembleLinearOptions) {
    checkMembers(NAME, members);
    checkOptions<BatchEnsembleLinearOptions>(NAME, options, NAMES);
    if (typeof options?.nextKey !== "function") {
      throw new TypeError(
        `${NAME}: expected { nextKey } to be a function that returns keys, got ${describe(options)}.`,
      );
    }
    const { nextKey, ...factors } = options;
    checkFactors(NAME, factors);
    const { inFeatures, outFeatures } = base;
    const bias = base.bias?.value;
    // In one scope: when a key or a draw fails, nothing is left of those before it.
    const [r, s, copies] = tidy(() => [
      drawFactors(nextKey(), [members, inFeatures], factors),
      drawFactors(nextKey(), [members, outFeatures], factors),
      ...(bias ? [broadcastTo(bias, [members, outFeatures])] : []),
    ]) as [Tensor, Tensor, Tensor?];
    super(base);
    this.kernel = base.kernel;
    this.bias = copies ? new Param(copies) : null;
    this.r = new Param(r);
    this.s = new Param(s);
    this.members = members;
    this.inFeatures = inFeatures;
    this.outFeatures = outFeatures;
    this.dotGeneral = base.dotGeneral;
  }

  /**
   * @param x - `[members * rows, ..., inFeatures]`
   * @returns `[members * rows, ..., outFeatures]`
   * @throws NnxError when the first axis is no multiple of the members, or the last not the
   * features.
   */
  forward<T extends Tensor>(x: T): T {
    const where = `${NAME}.forward`;
    const { members, inFeatures, outFeatures } = this;
    checkTensor(where, "x", x);
    checkParam(where, "r", this.r.value, [members, inFeatures]);
    checkParam(where, "s", this.s.value, [members, outFeatures]);
    if (this.bias) checkParam(where, "bias", this.bias.value, [members, outFeatures]);
    const rows = x.shape[0] / members;
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
  return tidy(() => sub(mul(random.bernoulli(key, 0.5, shape), 2), 1));
}

/**
 * @throws TypeError for another way to draw, or for numbers that are none, before a key is drawn.
 */
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
