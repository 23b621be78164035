/** @file Laws of gradients: finite differences. */
import {
  type Filter,
  flattenState,
  formatPath,
  grad,
  type GraphDef,
  leafValue,
  merge,
  Param,
  split,
  type State,
  tidy,
  mapValues,
  toPredicate,
} from "@nnxjs/nnx-core";
import { checkOptions, type OptionNames } from "@nnxjs/nnx-core/internal";
import { random } from "@nnxjs/rnglib";
import { abs, add, isTensor, mul, scalar, sum, type Tensor } from "../tensor.ts";
import { checkBy } from "./check.ts";
import type { Violation } from "./law.ts";
import {
  type CheckOptions,
  checkOptionNames,
  drop,
  type ForwardOf,
  type MakeModel,
  tensorsOfResult,
} from "./subject.ts";

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

/** Steps of the differences. Large ones have errors of curvature, small ones of rounding. */
const STEPS = [0.1, 0.03, 0.01, 0.003, 0.001];

/**
 * A wrong gradient is wrong along every direction; rounding and kinks are not. Wide layers of relu cross
 * kinks along every third direction or so.
 */
const DIRECTIONS = 8;

/** A number that weighs every element of every output differently. */
function lossOf(result: unknown, seed: number, ofProduct: (x: Tensor) => Tensor = (x) => x): Tensor {
  const all = tensorsOfResult(result).filter(([, { dtype }]) => dtype === "float32");
  return all
    .map(([, y], i) => sum(ofProduct(mul(y, random.normal(random.foldIn(random.key(seed), i), y.shape)))))
    .reduce<Tensor>((total, each) => add(total, each), scalar(0));
}

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
 *   (linear, x) => nnx.gelu(linear.forward(x!)),
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
      for (const [name, shape, at] of rays) {
        const found = await new Ray(seed, shape, at).violation(name, tolerance, secondOrder);
        if (found) return found;
      }
      return undefined;
    } finally {
      drop(params, rest);
    }
  });
}

const isSmooth = (value: unknown): value is Tensor =>
  isTensor(value) && value.dtype === "float32" && value.size > 0;

/** Calls a model where one of its parameters or inputs is moved by a step. */
type Moved = (step: Tensor) => unknown;

/** A model as a function of one number: how far one tensor goes along a direction. */
class Ray {
  readonly #seed: number;
  readonly #shape: readonly number[];
  readonly #moved: Moved;
  #direction = 0;

  constructor(seed: number, shape: readonly number[], moved: Moved) {
    this.#seed = seed;
    this.#shape = shape;
    this.#moved = moved;
  }

  /** The loss at a distance, which may be a tensor. */
  #at(distance: Tensor | number, ofProduct?: (x: Tensor) => Tensor): Tensor {
    return tidy(() => {
      const key = random.foldIn(random.key(this.#seed), this.#direction);
      const step = mul(random.normal(key, [...this.#shape]), distance);
      return lossOf(this.#moved(step), this.#seed, ofProduct);
    });
  }

  async #read(make: () => Tensor): Promise<number> {
    const made = make();
    const [value] = await made.data();
    made.dispose();
    return value as number;
  }

  /** The gradient along the direction. */
  #slope = (distance: Tensor): Tensor => grad((at: Tensor) => this.#at(at))(distance);

  /** The violation along all of the directions. */
  async violation(path: string, tolerance: number, secondOrder: boolean): Promise<Violation | undefined> {
    let found: Violation | undefined;
    for (this.#direction = 1; this.#direction <= DIRECTIONS; this.#direction++) {
      found = await this.#along(path, tolerance, secondOrder);
      if (!found) return undefined;
    }
    return found;
  }

  async #along(path: string, tolerance: number, secondOrder: boolean): Promise<Violation | undefined> {
    const first = await this.#compare(
      (distance) => this.#read(() => this.#at(distance)),
      () => this.#read(() => tidy(() => this.#slope(scalar(0)))),
      tolerance,
    );
    if (first) return this.#say(path, "gradient", first);
    if (!secondOrder) return undefined;
    const second = await this.#compare(
      (distance) => this.#read(() => tidy(() => this.#slope(scalar(distance)))),
      () => this.#read(() => tidy(() => grad((at: Tensor) => this.#slope(at))(scalar(0)))),
      5 * tolerance,
    );
    return second && this.#say(path, "second derivative", second);
  }

  #say(
    path: string,
    what: string,
    { slope, gradient }: { readonly slope: number; readonly gradient: number },
  ): Violation {
    return {
      law: `The ${what} is the slope`,
      found: `expected ${slope.toPrecision(4)} at ${path} along a random direction, got ${gradient.toPrecision(4)}`,
      cause:
        "Usually a customVjp or a registered rule has a wrong sign or factor, or does not sum over a broadcast axis; or values are read out of tensors, which cuts the gradient.",
    };
  }

  /** Whether any step's difference agrees. @returns the nearest one if none does. */
  async #compare(
    f: (distance: number) => Promise<number>,
    derivative: () => Promise<number>,
    tolerance: number,
  ): Promise<{ readonly slope: number; readonly gradient: number } | undefined> {
    const gradient = await derivative();
    let nearest = Number.NaN;
    const size = (await this.#read(() => this.#at(0, abs))) + Math.abs(await f(0));
    let wider = Number.NaN;
    for (const step of STEPS) {
      const slope = ((await f(step)) - (await f(-step))) / (2 * step);
      // Rounding of the two values alone makes the slope uncertain by this much.
      const noise = (2 ** -22 * (size + 1)) / step;
      // The error of a difference grows with the square of the step, here about three times the next.
      for (const each of [slope, (9 * slope - wider) / 8]) {
        const error = Math.abs(each - gradient);
        if (error <= tolerance * Math.max(Math.abs(each), Math.abs(gradient)) + noise) return undefined;
        if (!(error >= Math.abs(nearest - gradient))) nearest = each;
      }
      wider = slope;
    }
    return { slope: nearest, gradient };
  }
}
