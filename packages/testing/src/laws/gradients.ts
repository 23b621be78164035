/** @file Laws of gradients: finite differences. */
import {
  type Filter,
  flattenState,
  formatPath,
  type GraphDef,
  leafValue,
  merge,
  Param,
  split,
  type State,
  mapValues,
  toPredicate,
} from "@nnxjs/nnx-core";
import { checkOptions, type OptionNames } from "@nnxjs/nnx-core/internal";
import { add, isTensor, type Tensor } from "../tensor.ts";
import { checkBy } from "./check.ts";
import { Draws, type Moved, Ray, startOf } from "./slopes.ts";
import { type CheckOptions, checkOptionNames, drop, type ForwardOf, type MakeModel } from "./subject.ts";

/** What {@link checkGradients} needs to know. */
export interface GradientsOptions extends CheckOptions {
  /** Which parameters. @defaultValue Param */
  readonly wrt?: Filter;
  /**
   * How much of the larger of slope and gradient they may differ. Differences are taken in float32.
   * @defaultValue 0.02
   */
  readonly tolerance?: number;
  /**
   * Whether the gradients of the inputs are held to the law, too: of those that are float32.
   * @defaultValue true, unless `wrt` is false
   */
  readonly wrtInputs?: boolean;
  /** Whether second derivatives are held to the law, too. The model must be smooth. @defaultValue false */
  readonly secondOrder?: boolean;
}

const names: OptionNames<GradientsOptions> = {
  ...checkOptionNames,
  wrt: true,
  wrtInputs: true,
  tolerance: true,
  secondOrder: true,
};

/**
 * Holds the gradients of a model to finite differences: along a random direction in each parameter and
 * each input, the slope of the outputs is the gradient's share in this direction. A gradient counts as wrong when
 * it is along eight directions. Chance in training is the same in all runs. They are tried one by
 * one, so that a wrong gradient has a path; that of the first input is `inputs.0`.
 * @param makeModel - Builds the model from its streams.
 * @param forward - Calls it.
 * @throws {@link LawError} with the path, the slope and the gradient.
 * @example
 * ```ts
 * import "@tensorflow/tfjs-backend-cpu";
 * import * as nnx from "@nnxjs/nnx";
 * import { checkGradients } from "@nnxjs/testing";
 *
 * await checkGradients(
 *   (rngs) => new nnx.Linear(3, 2, { rngs }),
 *   (linear, x) => nnx.gelu(linear.forward(x)),
 *   { inputs: (key, batch) => nnx.random.normal(key, [batch, 3]), secondOrder: true },
 * );
 * ```
 */
export async function checkGradients<M extends object>(
  makeModel: MakeModel<M>,
  forward: ForwardOf<M>,
  options: GradientsOptions = {},
): Promise<void> {
  const where = "checkGradients";
  checkOptions<GradientsOptions>(where, options, names);
  const {
    wrt = Param,
    wrtInputs = wrt !== false,
    tolerance = 0.02,
    secondOrder = false,
    ...others
  } = options;
  await checkBy(where, makeModel, forward, others, async (subject, seed, inputs) => {
    const model = subject.model(seed);
    const [definition, params, rest] = split(model, wrt, true) as unknown as [GraphDef<M>, State, State];
    drop(model);
    const draws = new Draws(seed);
    try {
      const merged = (state: State): M => merge(definition, state, rest);
      const call = (state: State, given: readonly Tensor[]): unknown =>
        subject.callBare(merged(state), given);
      const rays: [name: string, shape: readonly number[], at: Moved][] = [];
      for (const [path, leaf] of flattenState(params)) {
        const value = leafValue<unknown>(leaf);
        if (!isSmooth(value)) continue;
        const isHere = toPredicate((at) => formatPath(at) === formatPath(path));
        rays.push([
          formatPath(path),
          value.shape,
          (step) => {
            const moved = mapValues(
              (each: Tensor, at: readonly (string | number)[]) => (isHere(at, each) ? add(each, step) : each),
              params,
            );
            return call(moved, inputs);
          },
        ]);
      }
      for (const [i, input] of wrtInputs ? inputs.entries() : []) {
        if (!isSmooth(input)) continue;
        const at: Moved = (step) =>
          call(
            params,
            inputs.map((x, j) => (j === i ? add(x, step) : x)),
          );
        rays.push([`inputs.${i}`, input.shape, at]);
      }
      if (rays.length === 0) return undefined;
      const start = await startOf(() => call(params, inputs), draws);
      for (const [name, shape, at] of rays) {
        const found = await new Ray(draws, start, shape, at).violation(name, tolerance, secondOrder);
        if (found) return found;
      }
      return undefined;
    } finally {
      drop(params, rest);
      draws.free();
    }
  });
}

const isSmooth = (value: unknown): value is Tensor =>
  isTensor(value) && value.dtype === "float32" && value.size > 0;
