/**
 * @file The forward probabilities of CTC and the gradient of its loss, in loops over plain numbers;
 * with tensors every frame is dozens of ops. Sums are float64.
 */

/** A batch, as plain numbers. */
export interface CtcNumbers {
  /** `[batch, frames, classes]` */
  readonly logits: Float32Array;
  /** `[batch, frames]`: 1 for frames that do not count. */
  readonly framePaddings: Float32Array;
  /** `[batch, labels]` */
  readonly labels: Float32Array;
  /** `[batch, labels]`: 1 for labels that do not count, at the end. */
  readonly labelPaddings: Float32Array;
}

/** Sizes and options of a batch. */
export interface CtcSizes {
  readonly batch: number;
  readonly frames: number;
  readonly classes: number;
  readonly maxLabels: number;
  readonly blankId: number;
  readonly logEpsilon: number;
}

/** Where results go; what has no place is not computed. */
export interface CtcResults {
  /** `[batch]` */
  readonly losses: Float32Array;
  /** `[batch, frames, classes]`: of each loss for its own logits. */
  readonly gradient?: Float32Array | undefined;
  /** `[frames, batch, labels + 1]` */
  readonly blanks?: Float32Array | undefined;
  /** `[frames, batch, labels]` */
  readonly emits?: Float32Array | undefined;
}

/**
 * One sequence. Row t of `blank` and `emit` is before frame t: state n of `blank` is between labels
 * n - 1 and n, state n of `emit` on label n.
 */
interface Sequence {
  readonly size: CtcSizes;
  readonly logShares: Float64Array;
  readonly blank: Float64Array;
  readonly emit: Float64Array;
  readonly labels: Float32Array;
  readonly isPadded: Float32Array;
  /** 0 where the next label is the same, so that a blank must come between; else `logEpsilon`. */
  readonly needsBlank: Float64Array;
}

/** `log(e^a + e^b)` */
function logAddExp(a: number, b: number): number {
  const larger = Math.max(a, b);
  if (larger === Number.NEGATIVE_INFINITY) return larger;
  return larger + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/** What part of the sum one term is. */
const share = (term: number, sum: number): number =>
  term === Number.NEGATIVE_INFINITY ? 0 : Math.exp(term - sum);

/** Runs all sequences of a batch. */
export function runCtc(numbers: CtcNumbers, size: CtcSizes, results: CtcResults): void {
  const { frames, classes, maxLabels, logEpsilon } = size;
  const logShares = new Float64Array(frames * classes);
  const blank = new Float64Array((frames + 1) * (maxLabels + 1));
  const emit = new Float64Array((frames + 1) * maxLabels);
  const needsBlank = new Float64Array(maxLabels);
  for (let b = 0; b < size.batch; b++) {
    const labels = numbers.labels.subarray(b * maxLabels, (b + 1) * maxLabels);
    const paddings = numbers.labelPaddings.subarray(b * maxLabels, (b + 1) * maxLabels);
    const isPadded = numbers.framePaddings.subarray(b * frames, (b + 1) * frames);
    logSoftmaxInto(
      logShares,
      numbers.logits.subarray(b * logShares.length, (b + 1) * logShares.length),
      classes,
    );
    for (let n = 0; n < maxLabels; n++) needsBlank[n] = labels[n] === labels[n + 1] ? 0 : logEpsilon;
    const sequence: Sequence = { size, logShares, blank, emit, labels, isPadded, needsBlank };
    runForward(sequence);
    const length = paddings.reduce((left, padding) => left - padding, maxLabels);
    results.losses[b] = -lastBlank(sequence, length);
    if (results.blanks && results.emits) copyAlphas(sequence, b, results.blanks, results.emits);
    if (results.gradient) runBackward(sequence, length, results.gradient.subarray(b * logShares.length));
  }
}

function logSoftmaxInto(out: Float64Array, x: Float32Array, classes: number): void {
  for (let from = 0; from < out.length; from += classes) {
    let largest = Number.NEGATIVE_INFINITY;
    for (let k = from; k < from + classes; k++) {
      if ((x[k] as number) > largest || Number.isNaN(x[k])) largest = x[k] as number;
    }
    let sum = 0;
    for (let k = from; k < from + classes; k++) sum += Math.exp((x[k] as number) - largest);
    const size = Math.log(sum);
    for (let k = from; k < from + classes; k++) out[k] = (x[k] as number) - largest - size;
  }
}

/** The logarithm of a label's share; 0 for what is no class, as of a row of zeros. */
function ofLabel({ logShares, size: { classes }, labels }: Sequence, t: number, n: number): number {
  const label = labels[n] as number;
  return label >= 0 && label < classes ? (logShares[t * classes + label] as number) : 0;
}

/** Between labels before frame t, where a label may also be left without a blank. */
function joined({ blank, emit, needsBlank, size }: Sequence, t: number, n: number): number {
  const before = blank[t * (size.maxLabels + 1) + n] as number;
  if (n === 0) return before;
  // Forbidden where the label repeats: there it costs logEpsilon.
  const penalty = size.logEpsilon - (needsBlank[n - 1] as number);
  return logAddExp(before, (emit[t * size.maxLabels + n - 1] as number) + penalty);
}

function runForward(sequence: Sequence): void {
  const { size, blank, emit, isPadded, needsBlank, logShares } = sequence;
  const { maxLabels, frames, classes, blankId, logEpsilon } = size;
  const states = maxLabels + 1;
  blank.fill(logEpsilon, 0, states);
  blank[0] = 0;
  emit.fill(logEpsilon, 0, maxLabels);
  for (let t = 0; t < frames; t++) {
    if (isPadded[t] !== 0) {
      blank.copyWithin((t + 1) * states, t * states, (t + 1) * states);
      emit.copyWithin((t + 1) * maxLabels, t * maxLabels, (t + 1) * maxLabels);
      continue;
    }
    const ofBlank = logShares[t * classes + blankId] as number;
    for (let n = 0; n < states; n++) {
      const between = joined(sequence, t, n);
      let next = between + ofBlank;
      if (n > 0) {
        const left = (emit[t * maxLabels + n - 1] as number) + ofBlank;
        next = logAddExp(next, left + (needsBlank[n - 1] as number));
      }
      blank[(t + 1) * states + n] = next;
      if (n === maxLabels) break;
      const on = logAddExp(between, emit[t * maxLabels + n] as number);
      emit[(t + 1) * maxLabels + n] = on + ofLabel(sequence, t, n);
    }
  }
}

/** After the last frame: in state n between labels, or just on the label before. */
function lastBlank({ size, blank, emit }: Sequence, n: number): number {
  const { frames, maxLabels } = size;
  const between = blank[frames * (maxLabels + 1) + n] as number;
  return n === 0 ? between : logAddExp(between, emit[frames * maxLabels + n - 1] as number);
}

/** The last frame has what {@link lastBlank} says in the place of its states between labels. */
function copyAlphas(sequence: Sequence, b: number, blanks: Float32Array, emits: Float32Array): void {
  const { frames, maxLabels, batch } = sequence.size;
  const states = maxLabels + 1;
  for (let t = 0; t < frames; t++) {
    const after = sequence.blank.subarray((t + 1) * states, (t + 2) * states);
    blanks.set(after, (t * batch + b) * states);
    emits.set(sequence.emit.subarray((t + 1) * maxLabels, (t + 2) * maxLabels), (t * batch + b) * maxLabels);
  }
  for (let n = 0; n < states; n++) blanks[((frames - 1) * batch + b) * states + n] = lastBlank(sequence, n);
}

/** Writes the gradient of the loss for the logits of one sequence. */
function runBackward(sequence: Sequence, length: number, out: Float32Array): void {
  const { size, blank, emit, isPadded, needsBlank, logShares, labels } = sequence;
  const { maxLabels, frames, classes, blankId, logEpsilon } = size;
  const states = maxLabels + 1;
  let [ofBlanks, ofEmits] = [new Float64Array(states), new Float64Array(maxLabels)];
  let [nextBlanks, nextEmits] = [new Float64Array(states), new Float64Array(maxLabels)];
  const slopes = new Float64Array(classes);
  const total = lastBlank(sequence, length);
  ofBlanks[length] = -share(blank[frames * states + length] as number, total);
  if (length > 0) ofEmits[length - 1] = -share(emit[frames * maxLabels + length - 1] as number, total);
  for (let t = frames - 1; t >= 0; t--) {
    const row = t * classes;
    if (isPadded[t] !== 0) {
      out.fill(0, row, row + classes);
      continue;
    }
    [ofBlanks, nextBlanks] = [nextBlanks.fill(0), ofBlanks];
    [ofEmits, nextEmits] = [nextEmits.fill(0), ofEmits];
    slopes.fill(0);
    const ofBlank = logShares[row + blankId] as number;
    for (let n = 0; n < states; n++) {
      const between = joined(sequence, t, n);
      const after = blank[(t + 1) * states + n] as number;
      const back = nextBlanks[n] as number;
      slopes[blankId] = (slopes[blankId] as number) + back;
      let toBetween = n === 0 ? back : back * share(between + ofBlank, after);
      if (n < maxLabels) {
        const on = emit[t * maxLabels + n] as number;
        const sum = logAddExp(between, on);
        const emitted = nextEmits[n] as number;
        toBetween += emitted * share(between, sum);
        ofEmits[n] = (ofEmits[n] as number) + emitted * share(on, sum);
        const label = labels[n] as number;
        if (label >= 0 && label < classes) slopes[label] = (slopes[label] as number) + emitted;
      }
      if (n === 0) {
        ofBlanks[0] = toBetween;
        continue;
      }
      const before = emit[t * maxLabels + n - 1] as number;
      const needs = needsBlank[n - 1] as number;
      ofBlanks[n] = toBetween * share(blank[t * states + n] as number, between);
      ofEmits[n - 1] =
        (ofEmits[n - 1] as number) +
        back * share(before + ofBlank + needs, after) +
        toBetween * share(before + logEpsilon - needs, between);
    }
    let sum = 0;
    for (let k = 0; k < classes; k++) sum += slopes[k] as number;
    for (let k = 0; k < classes; k++) {
      out[row + k] = (slopes[k] as number) - Math.exp(logShares[row + k] as number) * sum;
    }
  }
}
