/** @file Runs a function once for each slice of its arguments, for `vmap` and `scan`. */
import { bareTensorsIn, tidyChecked } from "../graph/scope.ts";
import { hold, holdersOf, type Lease } from "../ownership/lease.ts";
import { attachTo } from "../ownership/scopes.ts";
import { refuseDisposed } from "../state/disposed.ts";
import { heldBy } from "../state/holding.ts";
import { recordingNow } from "../program/recording.ts";
import { isTensor, scoped, type Tensor } from "../tensor.ts";
import { atomically } from "../undo/atomically.ts";
import { belowOf } from "../undo/known-modules.ts";
import { framesOfArgument, Structure } from "../undo/structure.ts";
import { observeWrites } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import type { Attempts } from "./attempts.ts";
import type { MapAxes } from "./axes.ts";
import { disposeLeaves, joinNewLeaves, type NewLeaves, newLeavesIn, type Origins } from "./new-leaves.ts";
import { HandedOn } from "./handed-on.ts";
import { SlicedArguments, type SlicingOptions } from "./sliced-arguments.ts";
import { type Joining, ofEachSlice } from "./joining.ts";
import type { FirstSlice } from "../program/batch/first-slice.ts";
import { batchedIfPossible, firstSlice, mayBatch, SliceBatch } from "./slice-batch.ts";
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
  /** Whether there may be no slice at all. */
  readonly mayBeEmpty?: boolean;
  /** Whether one run of the function may stand for all. */
  readonly mayBatch?: boolean;
  /** What came of that in earlier calls. */
  readonly attempts?: Attempts;
  /** What the first slice gets beside its arguments. */
  readonly init?: unknown;
  /**
   * Runs the function on one slice, in a scope, with what the slice before handed on.
   * @returns what is stacked, and what is handed on.
   */
  readonly run: (
    args: unknown[],
    index: number,
    carry: unknown,
  ) => readonly [result: unknown, carry: unknown];
  /** Makes the result of the call, from the stacked results and what the last slice handed on. */
  readonly finish: (stacked: unknown, carry: unknown) => unknown;
}

/**
 * Runs the function once for each slice, writes what it changed into the modules, and stacks the
 * results. Everything is as before when it throws.
 */
export const overSlices = (call: SlicedRun): unknown =>
  call.mayBatch
    ? batchedIfPossible((mayBatch) => overSlicesOnce({ ...call, mayBatch }))
    : overSlicesOnce(call);

function overSlicesOnce(call: SlicedRun): unknown {
  const { where, args } = call;
  refuseDisposed(where, args);
  let build = (): unknown => undefined;
  let carry: unknown;
  scoped(() => {
    const stopAttaching = attachTo(args);
    let sliced: SlicedArguments | undefined;
    try {
      const below = belowOf(args);
      const given = new SlicedArguments(args, call.axes, call, below);
      sliced = given;
      return atomically(below.structure, (before) => {
        const [made, last, isSame] = runAll(call, given, before);
        build = () => made.build();
        carry = last;
        const { tensors, nodes } = made;
        const attached = isSame ? nothing : before.newTensors();
        // The engine searches what a scope returns: mostly that is one tensor.
        if (nodes.length === 0 && last === undefined && attached.length === 0) return tensors;
        // It finds tensors in lists. It does not look into Maps, where the rest is.
        const others = new Map<string, unknown>([["nodes", [nodes, last]]]);
        return [tensors, attached, bareTensorsIn([nodes, last]), others];
      });
    } finally {
      stopAttaching();
      sliced?.release();
    }
  });
  return call.finish(build(), carry);
}

/** @returns also whether no slice changed an attribute of the arguments, nor got one. */
function runAll(
  call: SlicedRun,
  sliced: SlicedArguments,
  before: Structure,
): readonly [Stacked, carry: unknown, isSame: boolean] {
  const { where, args, asked, option, isReverse = false, outAxes, mayBeEmpty = false } = call;
  let size = sliced.size(asked, option, mayBeEmpty ? 0 : 1);
  let last = isReverse ? 0 : size - 1;
  // What is put back after each slice: the modules, which may be everything that there is.
  const isAll = args.every((arg) => typeof arg !== "object" || isTensor(arg) || isPutBack(arg, sliced));
  const own = isAll
    ? before
    : new Structure(sliced.modules.flatMap(({ module }) => framesOfArgument(module)));
  const results = new Array<unknown>(size);
  /** For each module, what each slice put into it. */
  const grown = sliced.modules.map(() => [] as NewLeaves[]);
  const made = new Set<Variable>();
  const origins: Origins = {
    isGiven: (owner, key) => sliced.isGiven(owner, key),
    isMade: (variable) => made.has(variable),
  };
  let handed: HandedOn | undefined;
  const leases: Lease[] = [];
  let areSame = true;
  /** @returns the values of all slices, if they are known after this one. */
  const slice = (index: number, isForAll = false): Joining | undefined => {
    if (isForAll) late = firstSlice();
    const slices = sliced.lend(index, late);
    const batch = isForAll ? new SliceBatch(sliced, size, late) : undefined;
    if (batch) stopBatch = () => batch.dispose();
    // After the first slice was cut, since what was cut must stay.
    handed ??= new HandedOn(call.init);
    const { value } = handed;
    const run = (): readonly [unknown, unknown] => call.run(slices, index, value);
    let isSame = false;
    let returned: readonly [unknown, unknown] = [undefined, undefined];
    let attached = nothing;
    tidyChecked(() => {
      returned = batch ? batch.record(run) : run();
      isSame = before.isSame();
      areSame &&= isSame;
      if (!isSame) attached = before.newTensors();
      // The engine searches what a scope returns: mostly that is one tensor.
      return isSame && returned[1] === undefined ? returned[0] : [returned, attached];
    });
    const [result, next] = returned;
    if (own !== before) isSame = own.isSame();
    results[index] = result;
    // A later slice may replace the value of a Variable that this one returned.
    if (isHeld(result)) leases.push(hold(heldBy(result), "lent"));
    handed.next(next, result);
    for (const slot of sliced.slots) slot.take(index);
    if (!isSame) {
      sliced.modules.forEach(({ module, place }, i) => {
        (grown[i] as NewLeaves[])[index] = newLeavesIn(module, place, origins);
      });
    }
    const joined = batch?.run([result, isTensor(result) ? nothing : bareTensorsIn(result), attached], made);
    if (!isSame && !joined && index !== last) own.restore();
    return joined;
  };
  let late: FirstSlice | undefined;
  let stopBatch = (): void => {};
  try {
    let joining = ofEachSlice;
    observeWrites(
      (variable, kind) => kind === "new" && made.add(variable),
      () => {
        let index = 0;
        if (call.mayBatch && size > 1 && mayBatch(sliced) && isDue(call, before)) {
          const joined = slice(0, true);
          call.attempts?.note(before, joined !== undefined);
          if (joined) {
            joining = joined;
            [size, last] = [1, 0];
          } else late?.bring();
          index = 1;
        }
        for (; index < size; index++) slice(isReverse ? size - 1 - index : index);
      },
    );
    if (results.length > size) results.length = size;
    for (const slot of sliced.slots) slot.finish(size, last, joining);
    const done = new Set<Variable>();
    sliced.modules.forEach(({ place, axes }, i) => {
      const slices = grown[i] as NewLeaves[];
      if (slices.length === 0) return;
      const all = Array.from({ length: size }, (_, index) => slices[index] ?? []);
      joinNewLeaves(place, all, last, axes, done, joining);
    });
    const stacked =
      size === 0 ? nothingStacked : stackResults(results, { where, last, origins, done, joining }, outAxes);
    return [stacked, handed ? handed.value : call.init, areSame];
  } catch (error) {
    for (const each of grown) disposeAll(each);
    for (const variable of made) if (!variable.isDisposed) variable.dispose();
    throw error;
  } finally {
    for (const lease of leases) lease.handOver();
    handed?.end();
    try {
      late?.end();
    } finally {
      stopBatch();
    }
  }
}

/** A recording sees the attempt of each call: it is made once. */
const isDue = ({ attempts }: SlicedRun, structure: Structure): boolean =>
  !attempts || recordingNow() !== undefined || attempts.isDue(structure);

const isPutBack = (arg: unknown, { modules }: SlicedArguments): boolean =>
  arg instanceof Variable || modules.some(({ module }) => module === arg);

const nothing: readonly Tensor[] = [];

/** Whether somebody holds a value: what is no more than a tensor of the scope, nobody does. */
const isHeld = (value: unknown): boolean => !isTensor(value) || holdersOf(value) > 0;

const nothingStacked: Stacked = { tensors: [], nodes: [], build: () => [] };

/** Disposes what each slice made; a list has holes for slices that did not get there. */
const disposeAll = (slices: readonly NewLeaves[]): void =>
  slices.forEach((leaves) => {
    disposeLeaves(leaves);
  });
