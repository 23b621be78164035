/** @file How well a score separates inputs of an unknown kind from known ones. */
import { NnxError } from "@nnxjs/nnx-core";
import { checkOptions, describe } from "@nnxjs/nnx-core/internal";
import { listOf, type NumberList } from "../measures/table.ts";

/** One score for each input, as a list or a tensor. Higher scores mean less familiar inputs. */
export type Scores = NumberList;

/** How many known and unseen inputs have the same score. */
interface Tie {
  readonly known: number;
  readonly unseen: number;
}

/** Groups of equal scores, from the highest down, and the number of inputs of each kind. */
interface Ties {
  readonly ties: readonly Tie[];
  readonly knownCount: number;
  readonly unseenCount: number;
}

function tiesOf(where: string, knownScores: Scores, unseenScores: Scores): Ties {
  const known = listOf(where, "the scores of known inputs", knownScores);
  const unseen = listOf(where, "the scores of unseen inputs", unseenScores);
  for (const [name, scores] of [
    ["known", known],
    ["unseen", unseen],
  ] as const) {
    const bad = Array.from(scores).findIndex(Number.isNaN);
    if (scores.length > 0 && bad < 0) continue;
    throw new NnxError(
      `${where}: expected scores of at least one ${name} input and no NaN among them, got ` +
        `${scores.length === 0 ? describe([]) : `NaN at ${bad}`}.`,
    );
  }
  const all = [
    ...Array.from(known, (score) => ({ score, unseen: false })),
    ...Array.from(unseen, (score) => ({ score, unseen: true })),
  ].sort((a, b) => (a.score === b.score ? 0 : b.score > a.score ? 1 : -1));
  const ties: { score: number; known: number; unseen: number }[] = [];
  for (const { score, unseen: isUnseen } of all) {
    let tie = ties.at(-1);
    if (tie?.score !== score) {
      tie = { score, known: 0, unseen: 0 };
      ties.push(tie);
    }
    if (isUnseen) tie.unseen++;
    else tie.known++;
  }
  return { ties, knownCount: known.length, unseenCount: unseen.length };
}

/**
 * The area under the ROC curve: the probability that an unseen input scores higher than a known
 * one. Ties count half.
 * @param known - Scores of inputs like those in the training data.
 * @param unseen - Scores of other inputs.
 * @throws NnxError when a list is empty or a score is NaN.
 * @see `sklearn.metrics.roc_auc_score` with unseen inputs as the positive class
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.auroc([0.1, 0.2], [0.8, 0.9]); // => 1
 * ```
 */
export function auroc(known: Scores, unseen: Scores): number {
  const { ties, knownCount, unseenCount } = tiesOf("auroc", known, unseen);
  let below = knownCount;
  let area = 0;
  for (const tie of ties) {
    below -= tie.known;
    area += tie.unseen * (below + tie.known / 2);
  }
  return area / (knownCount * unseenCount);
}

/**
 * Average precision: the step-wise area under the precision-recall curve, with unseen inputs as the
 * positive class. A random score gets the share of unseen inputs.
 * @param known - Scores of inputs like those in the training data.
 * @param unseen - Scores of other inputs.
 * @throws NnxError when a list is empty or a score is NaN.
 * @see `sklearn.metrics.average_precision_score`
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.aupr([0.1, 0.2], [0.8, 0.9]); // => 1
 * ```
 */
export function aupr(known: Scores, unseen: Scores): number {
  const { ties, unseenCount } = tiesOf("aupr", known, unseen);
  let found = 0;
  let wrong = 0;
  let area = 0;
  for (const tie of ties) {
    found += tie.unseen;
    wrong += tie.known;
    area += (tie.unseen * found) / (found + wrong);
  }
  return area / unseenCount;
}

/** Options of {@link fprAtTpr}. */
export interface FprOptions {
  /** The share of unseen inputs to find, in `(0, 1]`. @defaultValue 0.95 */
  tpr?: number;
}

/**
 * The false positive rate: the share of known inputs at or above the highest threshold that finds
 * at least `tpr` of the unseen ones.
 * @param known - Scores of inputs like those in the training data.
 * @throws NnxError when a list is empty or a score is NaN, RangeError for a `tpr` outside `(0, 1]`.
 * @see the first point of `sklearn.metrics.roc_curve` with that rate
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.fprAtTpr([0.1, 0.2], [0.8, 0.9]); // => 0
 * ```
 */
export function fprAtTpr(known: Scores, unseen: Scores, options: FprOptions = {}): number {
  checkOptions("fprAtTpr", options, { tpr: true });
  const { tpr = 0.95 } = options;
  if (!(tpr > 0 && tpr <= 1))
    throw new RangeError(
      `fprAtTpr: expected a tpr in (0, 1], got ${describe(tpr)}. Leave it out for the default.`,
    );
  const { ties, knownCount, unseenCount } = tiesOf("fprAtTpr", known, unseen);
  let found = 0;
  let wrong = 0;
  for (const tie of ties) {
    found += tie.unseen;
    wrong += tie.known;
    if (found / unseenCount >= tpr) break;
  }
  return wrong / knownCount;
}

/** What {@link evaluateOod} returns. */
export interface OodEvaluation {
  /** 0.5 for a random score, 1 for a perfect one. */
  readonly auroc: number;
  /** The share of unseen inputs for a random score, 1 for a perfect one. */
  readonly aupr: number;
  /** 0.95 for a random score, 0 for a perfect one. */
  readonly fpr95: number;
}

/**
 * How well a score, such as an epistemic uncertainty, separates unseen inputs from known ones.
 * @param known - Scores of inputs like those in the training data.
 * @param unseen - Scores of other inputs.
 * @throws NnxError when a list is empty or a score is NaN.
 * @example
 * ```ts
 * import * as nnx from "@nnxjs/nnx";
 *
 * nnx.evaluateOod([0.1, 0.2, 0.3], [0.7, 0.8]); // => { auroc: 1, aupr: 1, fpr95: 0 }
 * ```
 */
export const evaluateOod = (known: Scores, unseen: Scores): OodEvaluation => ({
  auroc: auroc(known, unseen),
  aupr: aupr(known, unseen),
  fpr95: fprAtTpr(known, unseen),
});
