/** @file Runs a call and records it. */
import { NnxError } from "../errors.ts";
import { refuseLate } from "../ownership/late.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import type { Path } from "../path.ts";
import { runOnce, type RunOptions } from "../recording/run.ts";
import { type Modules, runningModule } from "../recording/running.ts";
import { type Frame, isInContainers } from "../graph/frame.ts";
import { tidy } from "../graph/scope.ts";
import { type AssignedTensor, watchAssigned } from "../tensor.ts";
import { framesOfArgument, Structure } from "../undo/structure.ts";
import { unread } from "../variable/observer.ts";
import { Variable } from "../variable/variable.ts";
import type { VariableState } from "../variable/variable-state.ts";
import { storedValue } from "./argument-walk.ts";
import type { Arguments } from "./arguments.ts";
import { Lent } from "./lend.ts";
import { Played } from "./played.ts";
import { playedParts } from "./played-parts.ts";
import { ProgramRecorder } from "./recorder.ts";
import { Recording } from "./recording.ts";

/** A call that was recorded. */
export interface RecordedCall {
  readonly result: unknown;
  /** Missing where the call changed the structure of its arguments. */
  readonly played: Played | undefined;
}

/**
 * Runs `f` and records it.
 * @param options - `alwaysUndo`: the call leaves nothing behind. `found`: the nodes of the arguments.
 */
export function recordCall(
  f: (...args: readonly unknown[]) => unknown,
  args: readonly unknown[],
  given: Arguments,
  options: Pick<RunOptions, "alwaysUndo" | "found"> = {},
): RecordedCall {
  let modules: Modules | undefined;
  const paths = new Map<object, Path>();
  const running = (): Path | undefined => {
    const module = modules && runningModule(modules);
    if (!modules || !module) return undefined;
    let path = paths.get(module);
    if (!path) {
      path = modules.pathOf(module);
      paths.set(module, path);
    }
    return path;
  };
  let recorder: ProgramRecorder | undefined;
  try {
    let played: Played | undefined;
    const result = tidy(() => {
      const lent = new Lent(args, given);
      try {
        const own = lent.arguments();
        recorder = new ProgramRecorder({ where: "jit", tensors: own.tensors, running });
        const recording = new Recording("jit", recorder, own, running);
        const before = unread(() =>
          own.leaves.map(({ value }) => (value instanceof Variable ? value.toState() : undefined)),
        );
        const recorded = { args, lent, given, own, before, recorder, recording };
        const run = (structure: Structure, all: Modules): unknown => {
          modules = all;
          const assigned = watchAssigned();
          const copies = new Structure(
            lent.args.flatMap((arg, i) =>
              arg === args[i] ? [] : framesOfArgument(arg).filter(isOfContainers),
            ),
          );
          const made = recording.record(() => f(...lent.args), structure);
          refuseLate("jit", () => "the function", made);
          refuseAssigned(assigned());
          if (!copies.isSame()) throw changedContainer();
          const parts = playedParts(recorded, made);
          const isDisposed = lent.disposeOriginals();
          if (structure.isSame() && areSameVariables(given, before) && !isDisposed)
            played = new Played(parts);
          lent.restore();
          return options.alwaysUndo ? undefined : lent.ownIn(made);
        };
        return runOnce(args, run, options);
      } finally {
        lent.restore();
      }
    });
    if (!played) recorder?.dispose();
    return { result, played };
  } catch (error) {
    recorder?.dispose();
    throw error;
  }
}

/** @throws {@link NnxError} when something was assigned to a variable of tensorflow.js. */
function refuseAssigned(variable: AssignedTensor | undefined): void {
  if (!variable) return;
  throw new NnxError(
    `jit: expected a function that changes what its arguments have, got one that assigns to the tf.Variable "${variable.name}". ` +
      "A replay would not: keep the value in an nnx.Variable, and pass that.",
  );
}

/** Whether there is no module around a container, which is a copy then. */
const isOfContainers = ({ parent, kind }: Frame): boolean => kind === "container" && isInContainers(parent);

const changedContainer = (): NnxError =>
  new NnxError(
    "jit: expected a function that leaves the arrays, plain objects and Maps in its arguments as they are, got one that adds to one, or replaces items. " +
      "Return what is new, or put the container into a module.",
  );

/** Whether the Variables are what they were, but for their values. */
const areSameVariables = ({ leaves }: Arguments, before: readonly (VariableState | undefined)[]): boolean =>
  leaves.every(({ value }, i) =>
    value instanceof Variable
      ? !value.isDisposed && value.metadata === before[i]?.metadata
      : tensorsIn(storedValue(value)).every(({ isDisposed }) => !isDisposed),
  );
