/**
 * @file The cross entropies of rows, and their gradients, in one loop each. Sums are float64; what
 * is not finite goes where JAX's log_softmax and logsumexp have it go.
 */
import { cast, fuse, type Tensor } from "@nnxjs/kernels/internal";

type Values = Float32Array;

/** The loops here know how many tensors they read and write. */
type Loop = Parameters<typeof fuse>[2];

/**
 * The losses of rows; for the gradient also the powers `e^(logits - largest of the row)`, and
 * what is known of each row.
 */
export type FusedEntropy = readonly [losses: Tensor, powers?: Tensor, ofRows?: Tensor];

/** The largest number of some values. NaN is passed over: it makes the sum of powers NaN. */
function largestIn(x: Values, from: number, to: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = from; i < to; i++) if ((x[i] as number) > largest) largest = x[i] as number;
  return largest;
}

const shapesOf = ({ shape: [rows = 0, classes = 0] }: Tensor, each: number): number[][] =>
  each > 0 ? [[rows], [rows, classes], [rows, each]] : [[rows]];

/** How {@link entropyOfRows} counts. */
export interface EntropyOptions {
  /** A label of 0 counts 0 also where the probability is 0. */
  readonly skipZeros: boolean;
  readonly forGradient: boolean;
}

/**
 * The cross entropy of logits and labels `[rows, classes]`; `undefined` where it has to be made of
 * single ops.
 */
export function entropyOfRows(
  logits: Tensor,
  labels: Tensor,
  { skipZeros, forGradient }: EntropyOptions,
): FusedEntropy | undefined {
  const classes = logits.shape[1] as number;
  const loop = (
    [x, y]: readonly [Values, Values],
    [losses, powers, ofRows]: readonly [Values, Values | undefined, Values | undefined],
  ): void => {
    const termByTerm = (largest: number, size: number, from: number, to: number): number => {
      let loss = 0;
      for (let i = from; i < to; i++) {
        const label = y[i] as number;
        if (!skipZeros || label !== 0) loss += label * (size - ((x[i] as number) - largest));
      }
      return loss;
    };
    for (let row = 0, from = 0; row < losses.length; row++, from += classes) {
      const to = from + classes;
      const largest = largestIn(x, from, to);
      let [sum, total, product] = [0, 0, 0];
      for (let i = from; i < to; i++) {
        const below = (x[i] as number) - largest;
        const power = Math.exp(below);
        if (powers) powers[i] = power;
        sum += power;
        const label = y[i] as number;
        if (skipZeros && label === 0) continue;
        total += label;
        product += label * below;
      }
      const size = Math.log(sum);
      let loss = total * size - product;
      // Infinity less itself, or of a label that does not count: only the terms can tell.
      if (Number.isNaN(loss)) loss = termByTerm(largest, size, from, to);
      losses[row] = loss;
      if (ofRows) ofRows.set([largest, sum, total], 3 * row);
    }
  };
  const found = fuse([logits, labels], shapesOf(logits, forGradient ? 3 : 0), loop as unknown as Loop);
  return found as FusedEntropy | undefined;
}

/** The gradients of {@link entropyOfRows} for logits and labels, from those of the losses. */
export function entropyOfRowsBack(
  [logits, labels, powers, ofRows]: readonly [Tensor, Tensor, Tensor, Tensor],
  dy: Tensor,
): readonly [logits: Tensor, labels: Tensor] | undefined {
  const classes = logits.shape[1] as number;
  const loop = (
    [x, y, p, known, slopes]: readonly [Values, Values, Values, Values, Values],
    [dx, dLabels]: readonly [Values, Values],
  ): void => {
    for (let row = 0, from = 0; row < slopes.length; row++, from += classes) {
      const slope = slopes[row] as number;
      const [largest, sum, total] = [known[3 * row]!, known[3 * row + 1]!, known[3 * row + 2]!];
      const factor = (slope * total) / sum;
      const size = Math.log(sum);
      for (let i = from; i < from + classes; i++) {
        dx[i] = (p[i] as number) * factor - (y[i] as number) * slope;
        // The other order would lose the size beside a large logit.
        dLabels[i] = slope * (size - ((x[i] as number) - largest));
      }
    }
  };
  const inputs = [logits, labels, powers, ofRows, dy];
  const found = fuse(inputs, [logits.shape, labels.shape], loop as unknown as Loop);
  return found as [Tensor, Tensor] | undefined;
}

/** As many whole numbers does float32 tell apart. */
const MOST_CLASSES = 2 ** 24;

/**
 * The cross entropy of logits `[rows, classes]` and the classes that int32 labels `[rows]` name;
 * `undefined` where it has to be made of single ops.
 */
export function entropyOfLabels(
  logits: Tensor,
  labels: Tensor,
  forGradient: boolean,
): FusedEntropy | undefined {
  const classes = logits.shape[1] as number;
  if (classes > MOST_CLASSES) return undefined;
  const loop = (
    [x, y]: readonly [Values, Values],
    [losses, powers, ofRows]: readonly [Values, Values | undefined, Values | undefined],
  ): void => {
    for (let row = 0, from = 0; row < losses.length; row++, from += classes) {
      const largest = largestIn(x, from, from + classes);
      const shift = Number.isFinite(largest) ? largest : 0;
      let sum = 0;
      for (let i = from; i < from + classes; i++) {
        const power = Math.exp((x[i] as number) - shift);
        if (powers) powers[i] = power;
        sum += power;
      }
      losses[row] = Math.log(sum) + (shift - (x[from + (y[row] as number)] as number));
      if (ofRows) ofRows[row] = sum;
    }
  };
  const inputs = [logits, cast(labels, "float32")];
  return fuse(inputs, shapesOf(logits, forGradient ? 1 : 0), loop as unknown as Loop) as
    | FusedEntropy
    | undefined;
}

/** The gradient of {@link entropyOfLabels} for the logits, from that of the losses. */
export function entropyOfLabelsBack(
  [labels, powers, ofRows]: readonly [Tensor, Tensor, Tensor],
  dy: Tensor,
): Tensor | undefined {
  const classes = powers.shape[1] as number;
  const loop = (
    [y, p, sums, slopes]: readonly [Values, Values, Values, Values],
    [dx]: readonly [Values],
  ): void => {
    for (let row = 0, from = 0; row < slopes.length; row++, from += classes) {
      const slope = slopes[row] as number;
      const factor = slope / (sums[row] as number);
      for (let i = from; i < from + classes; i++) dx[i] = (p[i] as number) * factor;
      const right = from + (y[row] as number);
      dx[right] = (p[right] as number) * factor - slope;
    }
  };
  const inputs = [cast(labels, "float32"), powers, ofRows, dy];
  return fuse(inputs, [powers.shape], loop as unknown as Loop)?.[0];
}
