/** @file From where on something is flagged. */
import { checkOptions } from "../data/options.ts";
import { describe, NnxError } from "../errors.ts";
import type { FlagKind } from "./flag.ts";

/** From where on a summary flags something. */
export interface Thresholds {
  /**
   * The share of a layer's units that are off for all examples; √units more are chance. A unit with
   * symmetric weights is off for an example with probability 1/2, and where examples are alike to it,
   * as deep in a network without normalization, it is off for all. Two standard deviations of so
   * many coins are √units. @defaultValue 0.5
   * @see He et al. 2015, section 2.2, https://arxiv.org/abs/1502.01852; Lu et al. 2020, "Dying ReLU and
   * Initialization", https://arxiv.org/abs/1903.06733
   */
  readonly dead: number;
  /** Layers with fewer examples for each unit are not judged by their units. @defaultValue 16 */
  readonly examples: number;
  /**
   * The share of values beyond ±0.97 (tanh), or in the outer 3 % (sigmoid). What the model returns may
   * be as sure as it likes. @defaultValue 0.5
   * @see Glorot and Bengio 2010, section 3, https://proceedings.mlr.press/v9/glorot10a.html
   */
  readonly saturated: number;
  /**
   * The norm of the gradient in the first quarter of the outputs, beside that in the last quarter.
   * @defaultValue 1e-3, ten steps of 0.5
   * @see Glorot and Bengio 2010, section 4.2; Hochreiter 1998,
   * https://doi.org/10.1142/S0218488598000094
   */
  readonly vanishing: number;
  /**
   * How many times the gradient grows on its way from the last call to the first, by its usual growth
   * from call to call. Ten times as much is allowed for the outputs themselves, beside those of the
   * first layer. @defaultValue 30, five steps of 2
   * @see Pascanu, Mikolov and Bengio 2013, https://proceedings.mlr.press/v28/pascanu13.html; Sen 1968, for
   * the middle of all slopes, https://doi.org/10.1080/01621459.1968.10480934
   */
  readonly exploding: number;
  /**
   * The norm of updates beside that of the weights, of the middle one of all kernels, where the step is
   * longer than Polyak's, too: by its gradient it would take a loss above 0 below 0. Ten times as much
   * is flagged in any case, and in one kernel alone. @defaultValue 0.1
   * @see Karpathy, CS231n, "Neural Networks 3": "somewhere around 1e-3",
   * https://cs231n.github.io/neural-networks-3/#ratio; Loizou et al. 2021, "Stochastic Polyak Step-size",
   * https://arxiv.org/abs/2002.10542
   */
  readonly largeUpdates: number;
  /**
   * The same for updates that are too small, where the gradient is at least a hundredth of the
   * weights. @defaultValue 1e-5
   */
  readonly smallUpdates: number;
  /**
   * The root mean square of the input, or its inverse. @defaultValue 10
   * @see LeCun et al. 1998, "Efficient BackProp", section 4.3
   */
  readonly input: number;
  /**
   * The share of running statistics that are still those of the start, after at least a hundred
   * steps. They are flagged if they are also far from those of the batch. @defaultValue 0.1
   * @see Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167
   */
  readonly statistics: number;
}

const defaultThresholds: Thresholds = {
  dead: 0.5,
  examples: 16,
  saturated: 0.5,
  vanishing: 1e-3,
  exploding: 30,
  largeUpdates: 0.1,
  smallUpdates: 1e-5,
  input: 10,
  statistics: 0.1,
};

const names = {
  dead: true,
  examples: true,
  saturated: true,
  vanishing: true,
  exploding: true,
  largeUpdates: true,
  smallUpdates: true,
  input: true,
  statistics: true,
} as const;

/** How things are flagged. */
export interface FlagOptions {
  /** From where on. What is left out has its default. */
  readonly thresholds?: Partial<Thresholds>;
  /** Kinds that are not flagged. @defaultValue none */
  readonly ignore?: readonly FlagKind[];
}

export const flagOptionNames = { thresholds: true, ignore: true } as const;

const allKinds = new Set<unknown>([
  "dead",
  "saturated",
  "vanishing",
  "exploding",
  "nonFinite",
  "smallUpdates",
  "largeUpdates",
  "frozen",
  "mode",
  "sharedStream",
  "statistics",
  "input",
] satisfies FlagKind[]);

/** @throws {@link NnxError} for unknown names, and for what is no number from 0. */
export function thresholdsOf(where: string, { thresholds = {}, ignore = [] }: FlagOptions): Thresholds {
  checkOptions<Thresholds>(where, thresholds as Thresholds, names);
  for (const [name, value] of Object.entries(thresholds) as [string, unknown][]) {
    if (value === undefined || (typeof value === "number" && value >= 0)) continue;
    throw new NnxError(
      `${where}: expected the threshold ${name} to be a number from 0, got ${describe(value)}. Leave it out for its default.`,
    );
  }
  const other = ignore.find((kind) => !allKinds.has(kind));
  if (other !== undefined) {
    throw new NnxError(
      `${where}: expected ignore to have kinds of flags, got ${JSON.stringify(other)}. The kinds are ${[...allKinds].join(", ")}.`,
    );
  }
  const given = (Object.entries(thresholds) as [string, unknown][]).filter(
    ([, value]) => value !== undefined,
  );
  return { ...defaultThresholds, ...Object.fromEntries(given) };
}
