/** @file Slopes of a model's outputs along random directions, by differences and by its gradients. */
import { grad, keep, tidy } from "@nnxjs/nnx-core";
import { type PRNGKey, random } from "@nnxjs/rnglib";
import { abs, add, mul, scalar, sum, type Tensor } from "../tensor.ts";
import type { Violation } from "./law.ts";
import { drop, tensorsOfResult } from "./subject.ts";

/** Steps of the differences. Large ones have errors of curvature, small ones of rounding. */
const STEPS = [0.1, 0.03, 0.01, 0.003, 0.001];

/**
 * With a smaller one, which layers of relu need: their kinks lie close. Slopes of slopes are too rough
 * for it.
 */
const FIRST_STEPS = [...STEPS, 0.0003];

/**
 * A wrong gradient is wrong along every direction; rounding and kinks are not. Wide layers of relu cross
 * kinks along every third direction or so.
 */
const DIRECTIONS = 8;

/** Random numbers that a law asks for again and again, by number and shape. Dropped with the rest. */
export class Draws {
  readonly #key: PRNGKey;
  readonly #drawn = new Map<string, Tensor>();

  constructor(seed: number) {
    this.#key = random.key(seed);
  }

  normal(number: number, shape: readonly number[]): Tensor {
    const name = `${number} ${shape.join()}`;
    const known = this.#drawn.get(name);
    if (known) return known;
    const made = keep(random.normal(random.foldIn(this.#key, number), [...shape]));
    this.#drawn.set(name, made);
    return made;
  }

  free(): void {
    drop(...this.#drawn.values());
  }
}

/** A number that weighs every element of every output differently. */
function lossOf(result: unknown, draws: Draws, ofProduct: (x: Tensor) => Tensor = (x) => x): Tensor {
  const all = tensorsOfResult(result).filter(([, { dtype }]) => dtype === "float32");
  return all
    .map(([, y], i) => sum(ofProduct(mul(y, draws.normal(i, y.shape)))))
    .reduce<Tensor>((total, each) => add(total, each), scalar(0));
}

async function read(make: () => Tensor): Promise<number> {
  const made = tidy(make);
  const [value] = await made.data();
  made.dispose();
  return value as number;
}

/** The loss where nothing is moved, and the sum of the sizes of its terms. */
export interface Start {
  readonly loss: number;
  readonly size: number;
}

/** What a model gives where nothing is moved. */
export const startOf = async (call: () => unknown, draws: Draws): Promise<Start> => ({
  loss: await read(() => lossOf(call(), draws)),
  size: await read(() => lossOf(call(), draws, abs)),
});

/** Calls a model where one of its parameters or inputs is moved by a step. */
export type Moved = (step: Tensor) => unknown;

/** A model as a function of one number: how far one tensor goes along a direction. */
export class Ray {
  readonly #draws: Draws;
  readonly #start: Start;
  readonly #shape: readonly number[];
  readonly #moved: Moved;
  #direction = 0;

  constructor(draws: Draws, start: Start, shape: readonly number[], moved: Moved) {
    this.#draws = draws;
    this.#start = start;
    this.#shape = shape;
    this.#moved = moved;
  }

  /** The loss at a distance, which may be a tensor. */
  #at(distance: Tensor | number): Tensor {
    const step = mul(this.#draws.normal(this.#direction, this.#shape), distance);
    return lossOf(this.#moved(step), this.#draws);
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
    const { loss, size } = this.#start;
    const slopeAt = (distance: number): Promise<number> => read(() => this.#slope(scalar(distance)));
    const gradient = await slopeAt(0);
    const first = await compare(
      (distance) => read(() => this.#at(distance)),
      FIRST_STEPS,
      gradient,
      tolerance,
      size + Math.abs(loss),
    );
    if (first) return this.#say(path, "gradient", first);
    if (!secondOrder) return undefined;
    const second = await compare(
      slopeAt,
      STEPS,
      await read(() => grad((at: Tensor) => this.#slope(at))(scalar(0))),
      5 * tolerance,
      size + Math.abs(gradient),
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
}

/**
 * Whether any step's difference agrees: to both sides, or to one. Where a kink of relu is nearer than the least
 * step, the gradient is the slope on one side of it, along every direction.
 * @param size - Of the terms of the function's values, which are rounded.
 * @returns the nearest one if none does.
 */
async function compare(
  f: (distance: number) => Promise<number>,
  steps: readonly number[],
  gradient: number,
  tolerance: number,
  size: number,
): Promise<{ readonly slope: number; readonly gradient: number } | undefined> {
  let nearest = Number.NaN;
  let wider = Number.NaN;
  const middle = await f(0);
  for (const step of steps) {
    const [after, before] = [await f(step), await f(-step)];
    const slope = (after - before) / (2 * step);
    // Rounding of the two values alone makes the slope uncertain by this much.
    const noise = (2 ** -22 * (size + 1)) / step;
    // The error of a difference grows with the square of the step, here about three times the next.
    for (const each of [slope, (9 * slope - wider) / 8, (after - middle) / step, (middle - before) / step]) {
      const error = Math.abs(each - gradient);
      if (error <= tolerance * Math.max(Math.abs(each), Math.abs(gradient)) + noise) return undefined;
      if (!(error >= Math.abs(nearest - gradient))) nearest = each;
    }
    wider = slope;
  }
  return { slope: nearest, gradient };
}
