/** @file Runs one step, keeps what was seen in it, and undoes it. */
import { captureGradients } from "../capture/capture-gradients.ts";
import type { CapturedGradients } from "../capture/gradient-types.ts";
import { BaseModule } from "../graph/base-module.ts";
import { dispose } from "../graph/dispose.ts";
import { iterGraphNodes } from "../graph/iterate.ts";
import { state } from "../graph/split.ts";
import { runOnce } from "../recording/run.ts";
import type { State } from "../state/state.ts";
import type { Tensor } from "../tensor.ts";
import { atomically } from "../undo/atomically.ts";
import { framesOfArgument } from "../undo/structure.ts";
import { Param } from "../variable/variable-types.ts";
import type { DiagnoseOptions, Loss } from "./diagnose-types.ts";
import type { ModeFacts } from "./mode-flags.ts";
import { RunWatch, type Stream, streamsOf } from "./watch.ts";

export const where = "diagnose";

/** All that is kept of a step, until it was read. */
export interface Step {
  readonly captured: CapturedGradients<object, unknown>;
  readonly before: State;
  readonly after: State | undefined;
  readonly watch: RunWatch;
  readonly modes: readonly ModeFacts[];
  readonly drawn: readonly Stream[];
}

export function takeStep(
  model: object,
  f: Loss<object, readonly unknown[]>,
  { hasAux = false, wrt = Param, optimizer }: DiagnoseOptions,
  args: readonly unknown[],
): Step {
  const watch = new RunWatch(where, model);
  const modes = modesNow(model);
  const streams = streamsOf(model);
  const before = state(model, wrt);
  const look = captureGradients(f as (model: object, ...args: unknown[]) => [Tensor, unknown], {
    methodOutputs: true,
    hasAux: hasAux as true,
    wrt,
    keepUpdates: true,
  });
  const frames = [model, optimizer, ...args].flatMap(framesOfArgument);
  const run = (): Step => {
    const captured = runOnce([model, ...args], () => look(model, ...args), { session: watch });
    const drawn = watch.used(streams.filter(({ count, before: leaf }) => count.toState() !== leaf));
    if (!optimizer) return { captured, before, after: undefined, watch, modes, drawn };
    (optimizer.update as (m: object, g: unknown) => unknown)(model, captured.gradients);
    return { captured, before, after: state(model, wrt), watch, modes, drawn };
  };
  try {
    return atomically(frames, run, { alwaysUndo: true });
  } catch (error) {
    watch.dispose();
    dispose(before);
    throw error;
  }
}

const rateOf = (module: object): unknown => Reflect.get(module, "rate") ?? Reflect.get(module, "dropoutRate");

/** The modes of all layers that do something else in training. */
function modesNow(model: object): ModeFacts[] {
  return [...iterGraphNodes(model)].flatMap(([path, module]) => {
    if (!(module instanceof BaseModule)) return [];
    return (["deterministic", "useRunningAverage"] as const).flatMap((name) => {
      const value: unknown = Object.getOwnPropertyDescriptor(module, name)?.value;
      const isIdle = name === "deterministic" && rateOf(module) === 0;
      return typeof value === "boolean" && !isIdle ? [{ path, name, isEvaluation: value }] : [];
    });
  });
}
