/** @file Runs a function once for each slice of its arguments, for `vmap` and `scan`. */
import { tidy } from "../graph/scope.ts";
import { attachTo } from "../ownership/scopes.ts";
import { refuseDisposed } from "../state/disposed.ts";
import { scoped } from "../tensor.ts";
import { atomicallyOn } from "../undo/atomically.ts";
import { framesOfArgument, Structure } from "../undo/structure.ts";
import { observeWrites } from "../variable/observer.ts";
import type { Variable } from "../variable/variable.ts";
import type { MapAxes } from "./axes.ts";
import { disposeLeaves, joinNewLeaves, type NewLeaves, newLeavesIn, type Origins } from "./new-leaves.ts";
import { SlicedArguments, type SlicingOptions } from "./sliced-arguments.ts";
import { type Stacked, stackResults } from "./stack-results.ts";

/** One call of a function over slices. */
export interface SlicedRun extends SlicingOptions {
  readonly args: readonly unknown[];
  readonly axes: readonly MapAxes[];
  readonly outAxes: MapAxes;
  /** The number of slices that the user gave, and the name of that option. */
  readonly asked: number | undefined;
  readonly option: string;
  /** Whether the last slice comes first. */
  readonly isReverse?: boolean;
  /** What is restored on errors beside the arguments. */
  readonly carried?: readonly unknown[];
  /** Runs the function on one slice, in a scope. @returns what is stacked. */
  readonly run: (args: unknown[], index: number) => unknown;
  /** Called after each slice, outside of its scope. @returns what lives on for the next slice. */
  readonly between?: (results: readonly unknown[]) => void;
  /** What the call returns beside the stacked results. */
  readonly beside?: () => unknown;
}

/**
 * Runs the function once for each slice, writes what it changed into the modules, and stacks the
 * results. Everything is as before when it throws.
 */
export function overSlices(call: SlicedRun): unknown {
  const { where, args, carried = [] } = call;
  refuseDisposed(where, [...args, ...carried]);
  const [stacked] = scoped(() => {
    const stopAttaching = attachTo([args, carried]);
    let sliced: SlicedArguments | undefined;
    try {
      const given = new SlicedArguments(args, call.axes, call);
      sliced = given;
      return atomicallyOn([...args, ...carried], (before) => {
        const made = runAll(call, given, () => before.newTensors());
        return [made, before.newTensors(), new Map([["kept", [made.nodes, call.beside?.()]]])] as const;
      });
    } finally {
      stopAttaching();
      sliced?.release();
    }
  });
  return stacked.build();
}

function runAll(call: SlicedRun, sliced: SlicedArguments, newTensors: () => unknown): Stacked {
  const { where, asked, option, isReverse = false, outAxes } = call;
  const size = sliced.size(asked, option);
  const last = isReverse ? 0 : size - 1;
  const own = new Structure(sliced.modules.flatMap(({ module }) => framesOfArgument(module)));
  const results = new Array<unknown>(size);
  /** For each module, what each slice put into it. */
  const grown = sliced.modules.map(() => [] as NewLeaves[]);
  const made = new Set<Variable>();
  const origins: Origins = {
    isGiven: (owner, key) => sliced.isGiven(owner, key),
    isMade: (variable) => made.has(variable),
  };
  const slice = (index: number): void => {
    const slices = sliced.lend(index);
    [results[index]] = tidy(() => [call.run(slices, index), newTensors()]);
    for (const slot of sliced.slots) slot.take(index);
    if (!own.isSame()) {
      sliced.modules.forEach(({ module, place }, i) => {
        (grown[i] as NewLeaves[])[index] = newLeavesIn(module, place, origins);
      });
      if (index !== last) own.restore();
    }
    call.between?.(results);
  };
  try {
    observeWrites(
      (variable, kind) => kind === "new" && made.add(variable),
      () => {
        for (let i = 0; i < size; i++) slice(isReverse ? size - 1 - i : i);
      },
    );
    for (const slot of sliced.slots) slot.finish(size, last);
    const done = new Set<Variable>();
    sliced.modules.forEach(({ place, axes }, i) => {
      const slices = grown[i] as NewLeaves[];
      if (slices.length === 0) return;
      const all = Array.from({ length: size }, (_, index) => slices[index] ?? []);
      joinNewLeaves(place, all, last, axes, done);
    });
    return stackResults(results, { where, last, origins, done }, outAxes);
  } catch (error) {
    for (const each of grown) for (const leaves of each) if (leaves) disposeLeaves(leaves);
    for (const variable of made) if (!variable.isDisposed) variable.dispose();
    throw error;
  }
}
