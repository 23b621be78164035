/** @file Captures values inside a model with their gradients, in one pass forward and one back. */
import { runLoss } from "../autodiff/loss.ts";
import { withoutTape } from "../autodiff/tape.ts";
import { isContainer, mapItems } from "../data/containers.ts";
import { checkFunction } from "../data/functions.ts";
import { notAResult } from "../data/not-a-result.ts";
import { checkOptions } from "../data/options.ts";
import { needsPath } from "../filter/description.ts";
import { type Filter, type Predicate, toPredicate } from "../filter/filter.ts";
import { mapTensors, tensorsIn } from "../ownership/tensors-in.ts";
import { type Kind, kinds, type Told } from "../recording/session.ts";
import type { State } from "../state/state.ts";
import { alias, isTensor, type Tensor, zeros } from "../tensor.ts";
import { Intermediate, Param } from "../variable/variable-types.ts";
import { type CapturedGradients, type GradientState, noteParts } from "./gradient-types.ts";
import { Recording } from "./recording.ts";

const where = "captureGradients";

/** What {@link captureGradients} records, and how it differentiates. */
export interface CaptureGradientsOptions {
  /**
   * Record methods' results too, each under the name of its method. The method's caller gets a copy
   * of the structure (arrays, plain objects, Maps) with tensors of its own. Results with instances
   * of classes that have tensors are passed through, and not recorded.
   * @defaultValue false
   */
  readonly methodOutputs?: boolean;
  /** Which values are recorded, by path and type. @defaultValue all */
  readonly filter?: Filter;
  /** The function returns `[loss, aux]`, and aux is passed through. @defaultValue false */
  readonly hasAux?: boolean;
  /** Which Variables of the model are differentiated. @defaultValue Param */
  readonly wrt?: Filter;
  /**
   * Whether running statistics, counts of RNG streams, and attributes that the loss changes stay
   * changed. Without it the model is as before, so that the same step can be looked at again, or
   * taken.
   * @defaultValue false
   */
  readonly keepUpdates?: boolean;
}

/**
 * A function that runs a loss forward and back, once each. It returns the gradients of the model,
 * and each value that was sown, perturbed, or (with `methodOutputs`) returned by a method, with the
 * gradient of the loss with respect to it. These are the gradients that `perturb`, `init` and
 * `grad` give in four steps, but the model needs no `perturb`, and no zeros of the size of the
 * values are made. The model is as before afterwards, unless `keepUpdates` is set.
 * @param f - The loss, a function of the model and further arguments. It returns a float32 scalar,
 * or with `hasAux` a pair of it and anything else.
 * @throws what {@link grad} and {@link capture} throw; everything is as before then.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import * as tf from "@tensorflow/tfjs-core";
 *
 * class Net extends nnx.Module {
 *   readonly hidden = new nnx.Linear(4, 8, { rngs: new nnx.Rngs(0) });
 *   readonly out = new nnx.Linear(8, 3, { rngs: new nnx.Rngs(1) });
 *   forward(x: tf.Tensor): tf.Tensor {
 *     return this.out.forward(nnx.relu(this.hidden.forward(x)));
 *   }
 * }
 * const lossFn = (m: Net, x: tf.Tensor) => tf.mean(tf.square(m.forward(x)));
 * const seen = nnx.captureGradients(lossFn, { methodOutputs: true })(new Net(), tf.ones([2, 4]));
 * const paths = nnx.flattenState(seen.outputs).map(([path]) => path.join("."));
 * paths; // => ["forward", "hidden.forward", "out.forward"]
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
  checkFunction(where, f);
  checkOptions<CaptureGradientsOptions>(where, options, optionNames);
  const { methodOutputs = false, filter = true, hasAux = false, wrt = Param, keepUpdates = false } = options;
  const wanted = toPredicate(filter);
  return notAResult(where, (model: object, ...args: unknown[]) => {
    const recording = new Calls(model, wanted, methodOutputs);
    try {
      const { kept, found, call } = runLoss(where, {
        f,
        args: [model, ...args],
        hasAux,
        wrt,
        session: recording,
        alwaysUndo: !keepUpdates,
        keep: (loss, aux) => ({ loss, aux, makeStates: recording.finish(kinds) }),
        goBack: (gradientsOf, watched) => gradientsOf([...watched, ...recording.watched]),
      });
      const { loss, aux, makeStates } = kept;
      const [gradients] = call.build(found) as [CapturedGradients<object>["gradients"]];
      recording.addGradients(found.slice(call.watched.length));
      const states: readonly State[] = makeStates();
      // There is one State for each of `kinds`. Their leaves are lists of calls.
      const [sown, perturbed, outputs] = states as [GradientState, GradientState, GradientState];
      noteParts({ sown, perturbed, outputs });
      return { loss, aux, gradients, sown, perturbed, outputs };
    } catch (error) {
      recording.drop();
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

/** One item of a list in the States. */
interface Call {
  readonly value: unknown;
  /** Added after the backward pass. */
  gradient: unknown;
}

/**
 * Records each call with a copy of its value, and remembers the tensors that gradients are to be
 * taken of. Makes one State of each way of telling.
 */
class Calls extends Recording<Kind> {
  /** The tensors that gradients are taken of, for one call after the other. */
  readonly watched: Tensor[] = [];
  private readonly calls: Call[] = [];
  private readonly wanted: Predicate;
  private readonly needPaths: boolean;

  /** @param wanted - Gets the path and type of each value. */
  constructor(root: unknown, wanted: Predicate, methodOutputs: boolean) {
    super(where, root, methodOutputs ? Intermediate : undefined);
    this.wanted = wanted;
    this.needPaths = needsPath(wanted);
  }

  record(told: Told): boolean {
    const { kind, module, type, name } = told;
    if (kind === "sown") this.checkSown(told);
    else if (tensorsIn(told.value).length === 0) return false;
    const path = this.needPaths ? [...this.modules.pathOf(module), name] : [];
    if (!this.wanted(path, { type })) return false;
    // The run goes on with new tensors, so that the gradient counts only uses from here on. `sow`
    // returns no value: the run goes on with the tensors that it has, and the gradient is theirs.
    if (kind !== "sown") told.value = mapTensors(told.value, alias);
    this.watched.push(...tensorsIn(told.value));
    const value = withoutTape(() => mapTensors(told.value, alias));
    const call: Call = { value, gradient: undefined };
    this.calls.push(call);
    const known = this.leavesOf(kind, module)?.get(name)?.value ?? [];
    this.append(kind, told, known as readonly Call[], call);
    return true;
  }

  /**
   * Adds the gradients to the calls.
   * @param found - One for each of {@link watched}. It is `undefined` where the loss does not
   * depend on the tensor: zeros are added there.
   */
  addGradients(found: readonly (Tensor | undefined)[]): void {
    let next = 0;
    for (const call of this.calls) {
      call.gradient = gradientsLike(call.value, ({ dtype, shape }) => {
        const own = found[next++];
        return dtype === "float32" ? (own ?? zeros(shape)) : undefined;
      });
    }
  }
}

/**
 * The structure of a value, with gradients in the place of its float32 tensors, and `undefined` in
 * the place of everything else.
 */
function gradientsLike(value: unknown, next: (tensor: Tensor) => Tensor | undefined): unknown {
  if (isTensor(value)) return next(value);
  return isContainer(value) ? mapItems(value, (item) => gradientsLike(item, next)) : undefined;
}
