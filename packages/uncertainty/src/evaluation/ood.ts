/** @file How well a score tells inputs of a kind never seen from known ones. */
import { NnxError } from "@nnxjs/nnx-core";
import { describe } from "@nnxjs/nnx-core/internal";

/** Scores, one for each input: higher means stranger. */
export type Scores = ArrayLike<number>;

/** Numbers of known and unseen inputs with equal scores, from the highest score down. */
interface Tie {
  readonly known: number;
  readonly unseen: number;
}

function tiesOf(where: string, known: Scores, unseen: Scores): Tie[] {
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
  return ties;
}

/**
 * The area under the ROC curve: the chance that an unseen input scores higher than a known one; ties count half.
 * @throws NnxError when one list is empty or a score is NaN.
 * @see `sklearn.metrics.roc_auc_score` with unseen inputs as the positive class
 */
export function auroc(known: Scores, unseen: Scores): number {
  let below = known.length;
  let area = 0;
  for (const tie of tiesOf("auroc", known, unseen)) {
    below -= tie.known;
    area += tie.unseen * (below + tie.known / 2);
  }
  return area / (known.length * unseen.length);
}

/**
 * Average precision, the step-wise area under the precision-recall curve, with unseen inputs as the positive class. Chance level is the
 * share of unseen inputs.
 * @throws NnxError when one list is empty or a score is NaN.
 * @see `sklearn.metrics.average_precision_score`
 */
export function aupr(known: Scores, unseen: Scores): number {
  let found = 0;
  let wrong = 0;
  let area = 0;
  for (const tie of tiesOf("aupr", known, unseen)) {
    found += tie.unseen;
    wrong += tie.known;
    area += (tie.unseen * found) / (found + wrong);
  }
  return area / unseen.length;
}

/** Options of {@link fprAtTpr}. */
export interface FprOptions {
  /** The share of unseen inputs to find, in `(0, 1]`. @defaultValue 0.95 */
  tpr?: number;
}

/**
 * The share of known inputs that are called strange at the highest threshold that finds at least `tpr` of the unseen ones.
 * @throws NnxError when one list is empty or a score is NaN, RangeError for a `tpr` outside `(0, 1]`.
 * @see the first point of `sklearn.metrics.roc_curve` with that rate
 */
export function fprAtTpr(known: Scores, unseen: Scores, { tpr = 0.95 }: FprOptions = {}): number {
  if (!(tpr > 0 && tpr <= 1)) throw new RangeError(`fprAtTpr: expected a tpr in (0, 1], got ${tpr}.`);
  let found = 0;
  let wrong = 0;
  for (const tie of tiesOf("fprAtTpr", known, unseen)) {
    found += tie.unseen;
    wrong += tie.known;
    if (found / unseen.length >= tpr) break;
  }
  return wrong / known.length;
}

/** What {@link evaluateOod} returns. */
export interface OodEvaluation {
  /** 0.5 is chance, 1 is perfect. */
  readonly auroc: number;
  /** The share of unseen inputs is chance, 1 is perfect. */
  readonly aupr: number;
  /** 0.95 is chance, 0 is perfect. */
  readonly fpr95: number;
}

/**
 * How well a score, such as an epistemic uncertainty, tells unseen inputs from known ones.
 * @param known - Scores of inputs like those trained on.
 * @param unseen - Scores of others.
 * @throws NnxError when one list is empty or a score is NaN.
 */
export const evaluateOod = (known: Scores, unseen: Scores): OodEvaluation => ({
  auroc: auroc(known, unseen),
  aupr: aupr(known, unseen),
  fpr95: fprAtTpr(known, unseen),
});
