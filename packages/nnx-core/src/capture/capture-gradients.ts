/** @file Values inside a model together with their gradients, from one forward and one backward pass. */
import { installGradients } from "@nnxjs/gradients";
import { checkLoss } from "../autodiff/grad.ts";
import type { GradientOf } from "../autodiff/grad-types.ts";
import { prepareCall, toPositions } from "../autodiff/positions.ts";
import { backward, withTape } from "../autodiff/tape.ts";
import { type Filter, toPredicate } from "../filter/filter.ts";
import { mapTensors } from "../ownership/tensors-in.ts";
import { formatPath } from "../path.ts";
import { type FlatEntry, unflattenState } from "../state/flatten-state.ts";
import type { State } from "../state/state.ts";
import { ones, scoped, type Tensor, zeros } from "../tensor.ts";
import { Param } from "../variable/variable-types.ts";
import { capturedModules, runCaptured } from "./run.ts";
import { type Tap, type TapKind, Taps } from "./taps.ts";

/** What {@link captureGradients} watches. */
export interface CaptureGradientsOptions {
  /** Also what every method returns, under its name. @defaultValue false */
  readonly methodOutputs?: boolean;
  /** Which values, by path and type. @defaultValue all */
  readonly filter?: Filter;
  /** The function returns `[loss, aux]`, and aux is passed through. @defaultValue false */
  readonly hasAux?: boolean;
  /** Which Variables of the model are differentiated. @defaultValue Param */
  readonly wrt?: Filter;
}

/** A value of one call and its gradient, in the same structure. */
export interface ValueAndGradient<T = unknown> {
  readonly value: T;
  readonly gradient: T;
}

/** What one pass forward and one back showed. */
export interface CapturedGradients<M> {
  readonly loss: Tensor;
  readonly aux: unknown;
  /** Of the model's selected Variables. */
  readonly gradients: GradientOf<M>;
  /** What was sown: each leaf's value is a list of {@link ValueAndGradient}, one for each call. */
  readonly sown: State;
  /** What was perturbed, likewise. */
  readonly perturbed: State;
  /** What methods returned, likewise; empty unless asked for. */
  readonly outputs: State;
}

/**
 * A function that runs a loss once forward and once back, and returns with its gradients every value that was sown, perturbed or (on request)
 * returned by a method, with the gradient that came back to it. Nothing in the model needs to be edited, and no Variables of the size of the
 * values are made. The gradients equal those of the four steps with `perturb`, `init` and `grad`.
 * @param f - A loss of the model and further arguments; a float32 scalar.
 * @throws what {@link grad} throws.
 * @example
 * ```ts
 * const seen = nnx.captureGradients(lossFn, { methodOutputs: true })(model, x);
 * nnx.flattenState(seen.outputs).map(([path]) => path.join(".")); // => ["drop.forward", "forward", "hidden.forward", "out.forward"]
 * nnx.dispose(seen);
 * ```
 */
export function captureGradients<M extends object, A extends readonly unknown[]>(
  f: (model: M, ...args: A) => Tensor | readonly [Tensor, unknown],
  { methodOutputs = false, filter = true, hasAux = false, wrt = Param }: CaptureGradientsOptions = {},
): (model: M, ...args: A) => CapturedGradients<M> {
  const where = "captureGradients";
  const wanted = toPredicate(filter);
  return (model, ...args) => {
    installGradients();
    const modules = capturedModules(where, model);
    const taps = new Taps(modules, wanted, methodOutputs);
    const positions = toPositions(where, 0, args.length + 1, wrt);
    try {
      const { loss, aux, build, entries } = scoped(() => {
        const call = prepareCall(where, [model, ...args], positions);
        try {
          const run = () =>
            runCaptured(where, taps, modules, model, () => f(...(call.args as unknown as [M, ...A])));
          return withTape(
            () => checkLoss(where, run(), hasAux),
            ([y, rest], tape) => {
              const ofTaps = taps.taps.flatMap(({ watched }) => watched);
              const found = backward(tape, [[y, ones([])]], [...call.watched, ...ofTaps]);
              const ofCall = found.slice(0, call.watched.length);
              const tapped = pair(taps.taps, found.slice(call.watched.length));
              // `ofCall` is among the results for the scope to see: it frees what only a function holds.
              return { loss: y, aux: rest, ofCall, build: () => call.build(ofCall), entries: tapped };
            },
          );
        } finally {
          call.restore();
        }
      });
      taps.letGo();
      const stateOf = (kind: TapKind): State => unflattenState(entries[kind]);
      const [ofModel] = build();
      return {
        loss,
        aux,
        gradients: ofModel as GradientOf<M>,
        sown: stateOf("sown"),
        perturbed: stateOf("perturbed"),
        outputs: stateOf("outputs"),
      };
    } catch (error) {
      taps.drop();
      throw error;
    }
  };
}

/** One leaf for each kind and path, with all its calls. */
function pair(taps: readonly Tap[], found: readonly (Tensor | undefined)[]): Record<TapKind, FlatEntry[]> {
  const entries: Record<TapKind, Map<string, { tap: Tap; calls: ValueAndGradient[] }>> = {
    sown: new Map(),
    perturbed: new Map(),
    outputs: new Map(),
  };
  let next = 0;
  for (const tap of taps) {
    const gradient = mapTensors(tap.value, (tensor) => found[next++] ?? zeros(tensor.shape));
    const place = formatPath(tap.path);
    const entry = entries[tap.kind].get(place) ?? { tap, calls: [] };
    entries[tap.kind].set(place, entry);
    entry.calls.push({ value: tap.value, gradient });
  }
  const toEntries = (kind: TapKind): FlatEntry[] =>
    [...entries[kind].values()].map(({ tap, calls }) => [
      tap.path,
      { type: tap.type, value: calls, metadata: {} },
    ]);
  return { sown: toEntries("sown"), perturbed: toEntries("perturbed"), outputs: toEntries("outputs") };
}
