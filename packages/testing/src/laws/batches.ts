/** @file Laws of batches: a row's output is its own. */
import { differencesOf } from "../equality/differences.ts";
import { snapshot } from "../equality/snapshot.ts";
import { gather, slice, type Tensor } from "../tensor.ts";
import { ROUNDING } from "./check.ts";
import type { Violation } from "./law.ts";
import { drop, evaluate, type Subject, tensorsOfResult } from "./subject.ts";

/** The outputs that have a row for each row of the input. */
const withRows = (result: unknown, rows: number): [string, Tensor][] =>
  tensorsOfResult(result).filter(([, { shape }]) => shape[0] === rows);

/** Rows of each tensor, as a record by path. */
const rowsOf = (all: readonly [string, Tensor][], rows: readonly number[]): Record<string, Tensor> =>
  Object.fromEntries(all.map(([path, tensor]) => [path, gather(tensor, [...rows])]));

/**
 * In evaluation the output for a row depends on this row alone: not on the order of the rows, nor on
 * how many there are.
 */
export async function batchLaws<M extends object>(
  subject: Subject<M>,
  seed: number,
): Promise<Violation | undefined> {
  if (!subject.hasRows) return undefined;
  const { batch } = subject;
  const model = subject.model(seed);
  const inputs = subject.inputs(seed);
  const turned = [...Array(batch).keys()].reverse();
  const permuted = inputs.map((x) => (x.shape[0] === batch ? gather(x, turned) : x.clone()));
  const one = inputs.map((x) => (x.shape[0] === batch ? slice(x, 0, 1) : x.clone()));
  evaluate(model);
  const settled = subject.settle(model);
  const [y, ofPermuted, ofOne] = [inputs, permuted, one].map((each) => {
    settled.restore();
    return subject.call(model, each);
  });
  settled.free();
  const whole = withRows(y, batch);
  const cases = [
    ["order", rowsOf(withRows(ofPermuted, batch), turned), rowsOf(whole, [...Array(batch).keys()])],
    ["number", Object.fromEntries(withRows(ofOne, 1)), rowsOf(whole, [0])],
  ] as const;
  try {
    for (const [what, actual, expected] of cases) {
      const names = Object.keys(expected).filter((name) => name in actual);
      const pick = (all: Readonly<Record<string, Tensor>>) =>
        Object.fromEntries(names.map((name) => [name, all[name]]));
      const [difference] = differencesOf(
        await snapshot(pick(actual)),
        await snapshot(pick(expected)),
        ROUNDING,
      );
      if (!difference) continue;
      return {
        law: `In evaluation outputs do not depend on the ${what} of the rows`,
        found: `at ${difference.path}: ${difference.text}`,
        cause:
          "Usually a statistic is taken over the batch, as BatchNorm does in training: use the running one in evaluation (useRunningAverage).",
      };
    }
    return undefined;
  } finally {
    for (const [, actual, expected] of cases) drop(actual, expected);
    drop(y, ofPermuted, ofOne, inputs, permuted, one, model);
  }
}
