/** @file Records branches: all of them, of which each replay takes one. */
import { refuseLate } from "../ownership/late.ts";
import { scalarOf, type Tensor } from "../tensor.ts";
import { unread } from "../variable/observer.ts";
import type { Variable } from "../variable/variable.ts";
import type { Block } from "./program.ts";
import type { Recording } from "./recording.ts";
import {
  Copied,
  type Held,
  heldBy,
  inOrderOf,
  noteResults,
  refuseGone,
  refuseNumbers,
  refuseOther,
  type Sources,
  sourcesOf,
  tensorsInOrder,
} from "./sources.ts";
import { onTrial } from "./trial.ts";

/** A branch that depends on what is computed. */
export interface RecordedChoice {
  readonly where: string;
  readonly operands: readonly unknown[];
  readonly selector: Tensor;
  readonly pick: (value: number) => number;
  readonly branches: readonly (() => unknown)[];
  /** Gets the result of each branch. Refuses those that are not alike. */
  readonly compare: (result: unknown) => void;
  /** Runs a branch as it is. */
  readonly run: (index: number) => unknown;
}

/** Records all branches, and runs the chosen one. */
export function recordChoice(recording: Recording, call: RecordedChoice): unknown {
  const { where, operands, selector, pick, branches, compare, run } = call;
  const { recorder } = recording;
  const index = pick(recorder.unrecorded(() => scalarOf(selector, where)));
  const trials = branches.map((branch) =>
    onTrial(recording, where, operands, (written, settled) => {
      let result!: Sources;
      const after = new Map<Variable, Held>();
      const block = recorder.block(() => {
        const value = branch();
        refuseLate(where, () => "the function", value);
        compare(value);
        settled();
        result = sourcesOf(recording, value);
        for (const variable of written) {
          refuseGone(where, recording, variable);
          after.set(variable, heldBy(recording, variable));
        }
        return { outputs: [], host: [] };
      });
      return { block, result, after };
    }),
  );
  const written = [...new Set(trials.flatMap(({ after }) => [...after.keys()]))];
  const before = written.map((variable) => heldBy(recording, variable));
  const held = trials.map(({ after }) =>
    written.map((variable, i) => after.get(variable) ?? (before[i] as Held)),
  );
  for (const list of held)
    for (const [i, each] of list.entries())
      refuseOther(where, recording.nameOf(written[i] as Variable), before[i] as Held, each);
  for (const { result } of trials)
    refuseNumbers(where, (trials[0] as (typeof trials)[number]).result, result);
  const given = trials.map(({ result }, i) => [result, ...(held[i] as Held[]).map(({ sources }) => sources)]);
  const first = given[0] as readonly Sources[];
  const blocks = trials.map(
    ({ block }, i): Block => ({ ...block, ...inOrderOf(where, first, given[i] as readonly Sources[]) }),
  );
  const value = recording.paused(() => run(index));
  const copies = [value, ...written.map((variable) => unread(() => variable.getRawValue()))].map(
    (each) => new Copied(each),
  );
  const hostOutputs = first.map(({ host }) =>
    [...host.keys()].map(() => recorder.addHost({ kind: "of node" })),
  );
  recorder.addControl(
    { kind: "choice", blocks, pick, hostOutputs: hostOutputs.flat(), after: [] },
    [recorder.slotOf(selector)],
    tensorsInOrder(first, copies),
  );
  noteResults(recording, first, copies, hostOutputs, [undefined, ...written]);
  return (copies[0] as Copied).value;
}
