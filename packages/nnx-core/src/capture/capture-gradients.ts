/**
 * @file Values inside a model together with their gradients, from one forward and one backward
 * pass.
 */
import { checkFunction } from "../data/functions.ts";
import { backward, withoutTape, withTape } from "../autodiff/tape.ts";
import { notAResult } from "../data/not-a-result.ts";
import { checkOptions } from "../data/options.ts";
import { isPlainObject } from "../data/plain-object.ts";
import { needsPath } from "../filter/description.ts";
import { type Filter, type Predicate, toPredicate } from "../filter/filter.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { type CapturedModules, type Kind, kinds, type Session, type Told } from "../recording/session.ts";
import type { State } from "../state/state.ts";
import { alias, isTensor, ones, type Tensor, zeros } from "../tensor.ts";
import type { VariableType } from "../variable/variable-state.ts";
import { Intermediate, Param } from "../variable/variable-types.ts";
import { Buffer } from "./buffer.ts";
import { type CapturedGradients, type GradientState, noteParts } from "./gradient-types.ts";
import { capturedModules } from "./run.ts";
import { type LossRun, runLoss } from "./run-loss.ts";
import { statesOf } from "./states.ts";

/** What {@link captureGradients} watches. */
export interface CaptureGradientsOptions {
  /**
   * Also what every method returns, under its name. The method's caller gets a copy of the
   * structure (arrays, plain objects, Maps) with tensors of its own; what is in instances of
   * classes is not watched.
   * @defaultValue false
   */
  readonly methodOutputs?: boolean;
  /** Which values, by path and type. @defaultValue all */
  readonly filter?: Filter;
  /** The function returns `[loss, aux]`, and aux is passed through. @defaultValue false */
  readonly hasAux?: boolean;
  /** Which Variables of the model are differentiated. @defaultValue Param */
  readonly wrt?: Filter;
  /**
   * Whether what the loss changes stays changed: running statistics, counts of RNG streams,
   * attributes. Without it looking leaves no trace, so that the same step can be looked at again,
   * or taken.
   * @defaultValue false
   */
  readonly keepUpdates?: boolean;
}

/**
 * A function that runs a loss once forward and once back, and returns with its gradients every
 * value that was sown, perturbed or (on request) returned by a method, with the gradient that came
 * back to it. Nothing in the model needs to be edited, and no Variables of the size of the values
 * are made. The gradients equal those of the four steps with `perturb`, `init` and `grad`.
 * Statistics and counts are as before afterwards, unless `keepUpdates` is set.
 * @param f - A loss of the model and further arguments: a float32 scalar, with `hasAux` a pair of
 * it and anything else.
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
    const session = new Calls(capturedModules(where, model), wanted, methodOutputs);
    const { buffer } = session;
    try {
      const [{ loss, aux, gradients, ofCalls }, build] = runLoss(
        where,
        session,
        { f, hasAux, wrt, keepUpdates },
        args,
        (run) => forwardAndBack(run, session),
      );
      buffer.letGo();
      const [ofModel] = build(gradients) as [CapturedGradients<object>["gradients"]];
      const [sown, perturbed, outputs] = session.states(ofCalls);
      noteParts({ sown, perturbed, outputs });
      return { loss, aux, gradients: ofModel, sown, perturbed, outputs };
    } catch (error) {
      buffer.drop();
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

/** What one run gave: gradients of the model and of what was told, one for each watched tensor. */
interface Ran {
  readonly loss: Tensor;
  readonly aux: unknown;
  /** For the scopes to see: what is in Maps, and what modules have as attributes. */
  readonly others: readonly Tensor[];
  readonly gradients: readonly (Tensor | undefined)[];
  readonly ofCalls: readonly (Tensor | undefined)[];
}

function forwardAndBack({ loss, call: { watched }, newTensors }: LossRun, session: Calls): Ran {
  return withTape(
    () => {
      const [y, aux] = loss();
      // Names that are in each other's way are refused while the run can be undone.
      session.buffer.trees(kinds);
      return { loss: y, aux, others: [...tensorsIn(aux), ...newTensors()] };
    },
    (result, tape) => {
      const found = backward(tape, [[result.loss, ones([])]], [...watched, ...session.watched]);
      return { ...result, gradients: found.slice(0, watched.length), ofCalls: found.slice(watched.length) };
    },
  );
}

/**
 * Keeps of each value that it is told a copy, and its tensors, whose gradients are its gradient.
 * One State is made of each kind.
 */
class Calls implements Session {
  readonly buffer: Buffer<Kind>;
  readonly modules: CapturedModules;
  readonly outputs: VariableType | undefined;
  /** The tensors of all calls, in order. */
  readonly watched: Tensor[] = [];
  private readonly calls: { readonly value: unknown; gradient: unknown }[] = [];
  private readonly wanted: Predicate;
  private readonly needPaths: boolean;

  /** @param wanted - Sees the path and a leaf with the type. */
  constructor(modules: CapturedModules, wanted: Predicate, methodOutputs: boolean) {
    this.buffer = new Buffer(modules);
    this.modules = modules;
    this.outputs = methodOutputs ? Intermediate : undefined;
    this.wanted = wanted;
    this.needPaths = needsPath(wanted);
  }

  record(told: Told): boolean {
    const { kind, module, type, name } = told;
    if (kind === "sown") this.buffer.check(told);
    else if (tensorsIn(told.value).length === 0) return false;
    const path = this.needPaths ? [...this.modules.pathOf(module), name] : [];
    if (!this.wanted(path, { type })) return false;
    // The run goes on with tensors of its own, so that only what happens to the value from here on
    // counts.
    if (kind !== "sown") told.value = mapTensors(told.value, alias);
    // Those of a sown value are what the run goes on with anyway.
    this.watched.push(...tensorsIn(told.value));
    const value = withoutTape(() => mapTensors(told.value, alias));
    const call = { value, gradient: undefined };
    this.calls.push(call);
    const known = this.buffer.leavesOf(kind, module)?.get(name)?.value ?? [];
    this.buffer.append(kind, told, known as readonly unknown[], call);
    return true;
  }

  /**
   * What was told, with its gradients: one State for each kind.
   * @param found - Gradients of the watched tensors; what the loss does not depend on gets zeros.
   */
  states(found: readonly (Tensor | undefined)[]): [GradientState, GradientState, GradientState] {
    let next = 0;
    for (const call of this.calls) {
      call.gradient = gradientsLike(call.value, ({ dtype, shape }) => {
        const own = found[next++];
        return dtype === "float32" ? (own ?? zeros(shape)) : undefined;
      });
    }
    const states: readonly State[] = statesOf(this.buffer.trees(kinds));
    // One for each kind, of the calls above.
    return states as [GradientState, GradientState, GradientState];
  }
}

/**
 * A value's structure with each float32 tensor replaced by its gradient, everything else by
 * `undefined`.
 */
function gradientsLike(value: unknown, next: (tensor: Tensor) => Tensor | undefined): unknown {
  if (isTensor(value)) return next(value);
  if (Array.isArray(value)) return value.map((item) => gradientsLike(item, next));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, gradientsLike(item, next)]));
  if (!isPlainObject(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, gradientsLike(item, next)]));
}
