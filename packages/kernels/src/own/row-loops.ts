/**
 * @file The kernels of softmax.ts and entropy.ts as loops, for where WebAssembly is out of reach and
 * for no elements. Sums are float64.
 */
import type { Elements } from "../memory/access.ts";

/** The inputs and the output, and the length of a row. */
export type RowLoop = (inputs: readonly Elements[], out: Elements, length: number) => void;

interface Known {
  readonly shift: number;
  readonly sum: number;
}

/** The largest number, or what JAX subtracts in its place, and the sum of the powers. */
function knownOf(x: Elements, from: number, to: number, guards: boolean): Known {
  let largest = Number.NEGATIVE_INFINITY;
  // NaN is passed over: it makes the sum NaN.
  for (let i = from; i < to; i++) if (x[i]! > largest) largest = x[i]!;
  if (guards && largest === Number.POSITIVE_INFINITY) {
    const hasNaN = x.subarray(from, to).some(Number.isNaN);
    return { shift: largest, sum: hasNaN ? Number.NaN : largest };
  }
  const shift = guards && largest === Number.NEGATIVE_INFINITY ? 0 : largest;
  let sum = 0;
  for (let i = from; i < to; i++) sum += Math.exp(x[i]! - shift);
  return { shift, sum };
}

/** Calls `row` with where each row begins and ends. */
function eachRow(
  size: number,
  length: number,
  row: (from: number, to: number, number: number) => void,
): void {
  for (let from = 0, n = 0; from < size; from += length, n++) row(from, from + length, n);
}

export const softmaxLoop: RowLoop = ([x], out, length) =>
  eachRow(out.length, length, (from, to) => {
    const { shift, sum } = knownOf(x!, from, to, false);
    for (let i = from; i < to; i++) out[i] = Math.exp(x![i]! - shift) / sum;
  });

export const softmaxBackLoop: RowLoop = ([y, dy], out, length) =>
  eachRow(out.length, length, (from, to) => {
    let mean = 0;
    for (let i = from; i < to; i++) mean += y![i]! * dy![i]!;
    for (let i = from; i < to; i++) out[i] = y![i]! * (dy![i]! - mean);
  });

export const logSoftmaxLoop: RowLoop = ([x], out, length) =>
  eachRow(out.length, length, (from, to) => {
    const { shift, sum } = knownOf(x!, from, to, false);
    const log = Math.log(sum);
    for (let i = from; i < to; i++) out[i] = x![i]! - shift - log;
  });

export const logSoftmaxBackLoop: RowLoop = ([y, dy], out, length) =>
  eachRow(out.length, length, (from, to) => {
    let sum = 0;
    for (let i = from; i < to; i++) sum += dy![i]!;
    for (let i = from; i < to; i++) out[i] = dy![i]! - sum * Math.exp(y![i]!);
  });

export const logSumExpLoop: RowLoop = ([x], out, length) => {
  for (let row = 0; row < out.length; row++) {
    const { shift, sum } = knownOf(x!, row * length, (row + 1) * length, true);
    out[row] = Math.log(sum) + shift;
  }
};

export const logSumExpBackLoop: RowLoop = ([x, dy], out, length) =>
  eachRow(out.length, length, (from, to, row) => {
    const { shift, sum } = knownOf(x!, from, to, true);
    const factor = dy![row]! / sum;
    for (let i = from; i < to; i++) out[i] = Math.exp(x![i]! - shift) * factor;
  });

export const labelEntropyLoop: RowLoop = ([x, labels], out, length) => {
  for (let row = 0; row < out.length; row++) {
    const label = labels![row]!;
    const { shift, sum } = knownOf(x!, row * length, (row + 1) * length, true);
    const isThere = label >= 0 && label < length;
    out[row] = isThere ? Math.log(sum) + (shift - x![row * length + label]!) : Number.NaN;
  }
};

export const labelEntropyBackLoop: RowLoop = ([x, labels, dy], out, length) =>
  eachRow(out.length, length, (from, to, row) => {
    const { shift, sum } = knownOf(x!, from, to, true);
    const [label, slope] = [labels![row]!, dy![row]!];
    const factor = slope / sum;
    for (let i = from; i < to; i++) out[i] = Math.exp(x![i]! - shift) * factor;
    if (label >= 0 && label < length) out[from + label] = out[from + label]! - slope;
  });

/** @param skipsZeros - A label of 0 counts 0 also where the probability is 0. */
export const entropyLoop =
  (skipsZeros: boolean): RowLoop =>
  ([x, labels], out, length) => {
    for (let row = 0; row < out.length; row++) {
      const [from, to] = [row * length, (row + 1) * length];
      const { shift, sum } = knownOf(x!, from, to, false);
      const log = Math.log(sum);
      let loss = 0;
      for (let i = from; i < to; i++) {
        const label = labels![i]!;
        if (!skipsZeros || label !== 0) loss += label * (log - (x![i]! - shift));
      }
      out[row] = loss;
    }
  };

export const entropyBackLoop: RowLoop = ([x, labels, dy], out, length) =>
  eachRow(out.length, length, (from, to, row) => {
    const { shift, sum } = knownOf(x!, from, to, false);
    const slope = dy![row]!;
    let total = 0;
    for (let i = from; i < to; i++) total += labels![i]!;
    const factor = (slope * total) / sum;
    for (let i = from; i < to; i++) out[i] = Math.exp(x![i]! - shift) * factor - labels![i]! * slope;
  });
