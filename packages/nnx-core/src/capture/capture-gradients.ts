/** @file Values inside a model together with their gradients, from one forward and one backward pass. */
import { installGradients } from "@nnxjs/gradients";
import { checkLoss } from "../autodiff/grad.ts";
import { prepareCall, toPositions } from "../autodiff/positions.ts";
import { backward, withTape } from "../autodiff/tape.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import { tensorsIn } from "../ownership/tensors-in.ts";
import type { State } from "../state/state.ts";
import { ones, scoped, type Tensor } from "../tensor.ts";
import { Param } from "../variable/variable-types.ts";
import type { CapturedGradients, GradientState } from "./gradient-types.ts";
import { paired } from "./paired.ts";
import { capturedModules, runCaptured } from "./run.ts";
import { refuseClashes, statesOf } from "./states.ts";
import { tapKinds, Taps } from "./taps.ts";

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
}

/**
 * A function that runs a loss once forward and once back, and returns with its gradients every value that was sown, perturbed or (on request)
 * returned by a method, with the gradient that came back to it. Nothing in the model needs to be edited, and no Variables of the size of the
 * values are made. The gradients equal those of the four steps with `perturb`, `init` and `grad`.
 * @param f - A loss of the model and further arguments: a float32 scalar, with `hasAux` a pair of it and anything else.
 * @throws what {@link grad} and {@link capture} throw; nothing is left behind then.
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
  { methodOutputs = false, filter = true, hasAux = false, wrt = Param }: CaptureGradientsOptions = {},
): (model: object, ...args: unknown[]) => CapturedGradients<object, unknown> {
  const where = "captureGradients";
  const wanted = toPredicate(filter);
  return (model, ...args) => {
    installGradients();
    const modules = capturedModules(where, model);
    const positions = toPositions(where, 0, args.length + 1, wrt);
    const taps = new Taps(modules, wanted, methodOutputs);
    try {
      const [{ loss, aux, gradients, ofTaps }, prepared] = scoped(() => {
        const call = prepareCall(where, [model, ...args], positions);
        const run = () =>
          runCaptured(where, taps, modules, model, () => f(call.args[0] as object, ...call.args.slice(1)));
        try {
          const ran = forwardAndBack(() => checkLoss(where, run(), hasAux), call.watched, taps);
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
      const states = statesOf(tapKinds.map((kind) => leaves[kind])) as readonly State[] as GradientState[];
      const [sown, perturbed, outputs] = states as [GradientState, GradientState, GradientState];
      return { loss, aux, gradients: ofModel, sown, perturbed, outputs };
    } catch (error) {
      taps.drop();
      throw error;
    }
  };
}

/** What one run gave: gradients of the model and of what was tapped, one for each watched tensor. */
interface Ran {
  readonly loss: Tensor;
  readonly aux: unknown;
  /** For the scopes to see, which do not look into Maps. */
  readonly inAux: readonly Tensor[];
  readonly gradients: readonly (Tensor | undefined)[];
  readonly ofTaps: readonly (Tensor | undefined)[];
}

function forwardAndBack(run: () => [Tensor, unknown], watched: readonly Tensor[], { taps }: Taps): Ran {
  return withTape(
    () => {
      const [loss, aux] = run();
      for (const kind of tapKinds) refuseClashes(taps.filter((tap) => tap.kind === kind));
      return { loss, aux, inAux: tensorsIn(aux) };
    },
    (result, tape) => {
      const ofTaps = taps.flatMap((tap) => tap.watched);
      const found = backward(tape, [[result.loss, ones([])]], [...watched, ...ofTaps]);
      return { ...result, gradients: found.slice(0, watched.length), ofTaps: found.slice(watched.length) };
    },
  );
}
