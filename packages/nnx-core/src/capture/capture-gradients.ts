/** @file Values inside a model together with their gradients, from one forward and one backward pass. */
import { checkFunction } from "../data/functions.ts";
import { installGradients } from "@nnxjs/gradients";
import { checkLoss } from "../autodiff/grad.ts";
import { type PreparedCall, prepareCall, toPositions } from "../autodiff/positions.ts";
import { backward, withTape } from "../autodiff/tape.ts";
import { checkOptions } from "../data/options.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import { notAResult } from "../data/not-a-result.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import type { State } from "../state/state.ts";
import { ones, scoped, type Tensor } from "../tensor.ts";
import { Param } from "../variable/variable-types.ts";
import { type CapturedGradients, type GradientState, noteParts } from "./gradient-types.ts";
import { paired } from "./paired.ts";
import { statesOf, treeOf } from "./recorded-states.ts";
import { capturedModules, returned, runCaptured } from "./run.ts";
import { refuseClashes, tapKinds, Taps } from "./taps.ts";

/** What {@link captureGradients} watches. */
export interface CaptureGradientsOptions {
  /**
   * Also what every method returns, under its name. The method's caller gets a copy of the structure (arrays, plain objects, Maps) with tensors
   * of its own; what is in instances of classes is not watched. @defaultValue false
   */
  readonly methodOutputs?: boolean;
  /** Which values, by path and type. @defaultValue all */
  readonly filter?: Filter;
  /** The function returns `[loss, aux]`, and aux is passed through. @defaultValue false */
  readonly hasAux?: boolean;
  /** Which Variables of the model are differentiated. @defaultValue Param */
  readonly wrt?: Filter;
  /**
   * Whether what the loss changes stays changed: running statistics, counts of RNG streams, attributes. Without it looking leaves no trace, so that
   * the same step can be looked at again, or taken. @defaultValue false
   */
  readonly keepUpdates?: boolean;
}

/**
 * A function that runs a loss once forward and once back, and returns with its gradients every value that was sown, perturbed or (on request)
 * returned by a method, with the gradient that came back to it. Nothing in the model needs to be edited, and no Variables of the size of the
 * values are made. The gradients equal those of the four steps with `perturb`, `init` and `grad`. Statistics and counts are as before afterwards,
 * unless `keepUpdates` is set.
 * @param f - A loss of the model and further arguments: a float32 scalar, with `hasAux` a pair of it and anything else.
 * @throws what {@link grad} and {@link capture} throw; everything is as before then.
 * @example
 * ```ts
 * const seen = nnx.captureGradients(lossFn, { methodOutputs: true })(model, x);
 * nnx.flattenState(seen.outputs).map(([path]) => path.join(".")); // => ["drop.forward", "forward", "hidden.forward", "out.forward"]
 * const [call] = nnx.valuesAt(seen.outputs, ["hidden", "forward"]);
 * [call?.value.shape, call?.gradient.shape]; // => [[2, 8], [2, 8]]
 * nnx.dispose(seen);
 * ```
 */
export function captureGradients<M extends object, A extends readonly unknown[], Aux>(
  f: (model: M, ...args: A) => readonly [loss: Tensor, aux: Aux],
  options: CaptureGradientsOptions & { readonly hasAux: true },
): (model: M, ...args: A) => CapturedGradients<M, Aux>;
export function captureGradients<M extends object, A extends readonly unknown[]>(
  f: (model: M, ...args: A) => Tensor,
  options?: CaptureGradientsOptions & { readonly hasAux?: false },
): (model: M, ...args: A) => CapturedGradients<M>;
export function captureGradients(
  f: (model: object, ...args: unknown[]) => unknown,
  options: CaptureGradientsOptions = {},
): (model: object, ...args: unknown[]) => CapturedGradients<object, unknown> {
  const where = "captureGradients";
  checkFunction(where, f);
  checkOptions<CaptureGradientsOptions>(where, options, optionNames);
  const { methodOutputs = false, filter = true, hasAux = false, wrt = Param, keepUpdates = false } = options;
  const wanted = toPredicate(filter);
  return notAResult(where, (model: object, ...args: unknown[]) => {
    installGradients();
    const modules = capturedModules(where, model);
    const positions = toPositions(where, 0, args.length + 1, wrt);
    const taps = new Taps(modules, wanted, methodOutputs);
    try {
      const [{ loss, aux, gradients, ofTaps }, prepared] = scoped(() => {
        const call = prepareCall(where, [model, ...args], positions);
        const run = (): [Tensor, unknown] =>
          checkLoss(where, returned(where, f(call.args[0] as object, ...call.args.slice(1))), hasAux);
        try {
          const ran = runCaptured(
            where,
            taps,
            args,
            (before) => forwardAndBack(run, call, taps, () => (keepUpdates ? before.newTensors() : [])),
            { alwaysUndo: !keepUpdates },
          );
          // A function, which the scope does not look into: what the call was given stays its own.
          return [ran, () => call] as const;
        } finally {
          call.restore();
        }
      });
      taps.letGo();
      const [ofModel] = prepared().build(gradients) as [CapturedGradients<object>["gradients"]];
      const leaves = paired(taps.taps, ofTaps);
      // The leaves are those that `paired` makes.
      const states = statesOf(
        tapKinds.map((kind) => treeOf(modules, (module) => leaves[kind].get(module))),
      ) as readonly State[] as GradientState[];
      const [sown, perturbed, outputs] = states as [GradientState, GradientState, GradientState];
      noteParts({ sown, perturbed, outputs });
      return { loss, aux, gradients: ofModel, sown, perturbed, outputs };
    } catch (error) {
      taps.drop();
      throw error;
    }
  });
}

const optionNames = {
  methodOutputs: true,
  filter: true,
  hasAux: true,
  wrt: true,
  keepUpdates: true,
} as const;

/** What one run gave: gradients of the model and of what was tapped, one for each watched tensor. */
interface Ran {
  readonly loss: Tensor;
  readonly aux: unknown;
  /** For the scopes to see: what is in Maps, and what modules have as attributes. */
  readonly others: readonly Tensor[];
  readonly gradients: readonly (Tensor | undefined)[];
  readonly ofTaps: readonly (Tensor | undefined)[];
}

function forwardAndBack(
  run: () => [Tensor, unknown],
  { watched }: PreparedCall,
  { taps, modules }: Taps,
  newTensors: () => readonly Tensor[],
): Ran {
  return withTape(
    () => {
      const [loss, aux] = run();
      refuseClashes(modules, taps);
      return { loss, aux, others: [...tensorsIn(aux), ...newTensors()] };
    },
    (result, tape) => {
      const ofTaps = taps.flatMap((tap) => tap.watched);
      const found = backward(tape, [[result.loss, ones([])]], [...watched, ...ofTaps]);
      return { ...result, gradients: found.slice(0, watched.length), ofTaps: found.slice(watched.length) };
    },
  );
}
