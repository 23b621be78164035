/**
 * @file A dense layer for several ensemble members. They share the kernel, and each has its own
 * factors for inputs and outputs.
 */
import { registerModule, NnxError, Param } from "@nnxjs/nnx-core";
import { checkOptions, checkParam, checkTensor, describe } from "@nnxjs/nnx-core/internal";
import type { Linear } from "@nnxjs/layers";
import { dense, type DenseConfig, KernelLayer } from "@nnxjs/layers/internal";
import { type PRNGKey, random } from "@nnxjs/rnglib";
import { add, broadcastTo, mul, reshape, sub, type Tensor, tidy } from "@nnxjs/kernels/internal";

/** How the factors of the members are drawn. */
export interface FactorOptions {
  /**
   * `"normal"` draws around `mean` with standard deviation `std`; `"randomSign"` draws 1 or -1.
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
  /** Returns keys: one for the factors of the inputs, then one for those of the outputs. */
  nextKey: () => PRNGKey;
}

const NAME = "BatchEnsembleLinear";
const NAMES = { nextKey: true, init: true, mean: true, std: true } as const;

/**
 * `members` dense layers with the kernels `W * (r_i s_iᵀ)`. They share `W`; each has its own
 * factors `r_i` and `s_i` and its own bias. The rows of the input are grouped by member: first all
 * rows of the first member, and so on.
 * @see Wen et al. 2020, https://arxiv.org/abs/2002.06715; probly's `BatchEnsembleLinear`
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * const rngs = new nnx.Rngs(0);
 * const base = new nnx.Linear(4, 3, { rngs });
 * const layer = new nnx.BatchEnsembleLinear(base, 2, { nextKey: () => rngs.nextKey() });
 * layer.forward(tf.ones([6, 4])).shape; // => [6, 3]
 * ```
 */
export class BatchEnsembleLinear extends KernelLayer implements DenseConfig {
  /** The kernel of the base layer, `[inFeatures, outFeatures]`. */
  readonly kernel: Param<Tensor>;
  /** `[members, outFeatures]`, initially copies of the base layer's bias; `null` without bias. */
  readonly bias: Param<Tensor> | null;
  /** Factors of the inputs, `[members, inFeatures]`. */
  readonly r: Param<Tensor>;
  /** Factors of the outputs, `[members, outFeatures]`. */
  readonly s: Param<Tensor>;
  readonly members: number;
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly dotGeneral: Linear["dotGeneral"];

  /** @throws RangeError when `members` is not a positive integer. */
  constructor(base: Linear, members: number, options: BatchEnsembleLinearOptions) {
    checkMembers(NAME, members);
    checkOptions<BatchEnsembleLinearOptions>(NAME, options, NAMES);
    // A caller in JavaScript may leave the options out.
    const given = options as Partial<BatchEnsembleLinearOptions> | undefined;
    if (typeof given?.nextKey !== "function") {
      throw new TypeError(
        `${NAME}: expected { nextKey } to be a function that returns keys, got ${describe(options)}. Pass { rngs }, or a function.`,
      );
    }
    const { nextKey, ...factors } = options;
    checkFactors(NAME, factors);
    const { inFeatures, outFeatures } = base;
    const bias = base.bias?.value;
    // One scope: when a key or a draw fails, it frees the tensors drawn before.
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
   * @throws NnxError when the first axis is not a multiple of `members`, or the last is not
   * `inFeatures`.
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
    // The rank is that of x, so the type T still holds.
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
 * Checks the options before a key is drawn.
 * @throws TypeError when `init` is unknown, or `mean` or `std` is not a finite number.
 */
export function checkFactors(where: string, { init = "normal", mean = 1, std = 0.5 }: FactorOptions): void {
  switch (init) {
    case "normal":
    case "randomSign":
      break;
    default:
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

/** @throws RangeError unless `members` is a positive integer. */
export function checkMembers(where: string, members: number): void {
  if (Number.isSafeInteger(members) && members > 0) return;
  throw new RangeError(
    `${where}: expected a positive number of members, got ${describe(members)}. Four are usual.`,
  );
}

registerModule("BatchEnsembleLinear", BatchEnsembleLinear);
