/**
 * @file The steps of optimizers, for one element. Each is written once: a kernel, a loop over
 * numbers and ops on tensors are made of it.
 */
import type { Algebra } from "./algebra.ts";

/**
 * From gradient and moments to update and next moments.
 * @param o - The operations.
 * @param x - The gradient, and each moment.
 * @param n - Numbers: the same for all elements, other ones in each step.
 */
export type Expression = <T>(o: Algebra<T>, x: readonly T[], n: readonly T[]) => readonly T[];

/** A tuple of `x` or `n`, for destructuring: `noUncheckedIndexedAccess` cannot know its length. */
type List<T> = readonly [T, T, T, T, T, T, T, T, T, T];
const list = <T>(values: readonly T[]): List<T> => values as unknown as List<T>;

/** `decay * mean + rest * value`, where rest is `1 - decay`. */
const mean = <T>(o: Algebra<T>, decay: T, rest: T, old: T, value: T): T =>
  o.add(o.mul(old, decay), o.mul(value, rest));

const rootOf = <T>(o: Algebra<T>, square: T, epsRoot: T, eps: T): T =>
  o.add(o.sqrt(o.add(square, epsRoot)), eps);

/** Where the gradient weighs nothing, it does not matter that it may be infinite. */
const along = <T>(o: Algebra<T>, mu: T, meanWeight: T, g: T, gradientWeight: T): T => {
  const direction = o.mul(mu, meanWeight);
  return o.ifPositive(gradientWeight, o.add(direction, o.mul(g, gradientWeight)), direction);
};

/** Updates as they are. */
const plain: Expression = (_o, [u]) => [u!];

/** Moments: mean and mean of squares. */
const adam: Expression = (o, x, n) => {
  const [g, m, v] = list(x);
  const [b1, rest1, b2, rest2, ofMean, correction, epsRoot, eps] = list(n);
  const mu = mean(o, b1, rest1, m, g);
  const nu = mean(o, b2, rest2, v, o.mul(g, g));
  return [o.div(o.mul(mu, ofMean), rootOf(o, o.mul(nu, correction), epsRoot, eps)), mu, nu];
};

/** Adam whose direction has a share of the gradient, and is not always divided. */
const radam: Expression = (o, x, n) => {
  const [g, m, v] = list(x);
  const [b1, rest1, b2, rest2, ofMean, ofGradient, correction, epsRoot, eps, divides] = list(n);
  const mu = mean(o, b1, rest1, m, g);
  const nu = mean(o, b2, rest2, v, o.mul(g, g));
  const direction = along(o, mu, ofMean, g, ofGradient);
  const divided = o.div(direction, rootOf(o, o.mul(nu, correction), epsRoot, eps));
  return [o.ifPositive(divides, divided, direction), mu, nu];
};

/** Moments: mean, mean of squares, and the largest of those. */
const amsgrad: Expression = (o, x, n) => {
  const [g, m, v, most] = list(x);
  const [b1, rest1, b2, rest2, ofMean, correction, epsRoot, eps] = list(n);
  const mu = mean(o, b1, rest1, m, g);
  const nu = mean(o, b2, rest2, v, o.mul(g, g));
  const nuMax = o.max(most, o.mul(nu, correction));
  return [o.div(o.mul(mu, ofMean), rootOf(o, nuMax, epsRoot, eps)), mu, nu, nuMax];
};

/** Moments: mean, and the largest gradient of late. */
const adamax: Expression = (o, x, n) => {
  const [g, m, v] = list(x);
  const [b1, rest1, b2, ofMean, eps] = list(n);
  const mu = mean(o, b1, rest1, m, g);
  const nu = o.max(o.add(o.abs(g), eps), o.mul(v, b2));
  return [o.div(o.mul(mu, ofMean), nu), mu, nu];
};

/** Moments: mean, and mean of squared differences from it. */
const belief: Expression = (o, x, n) => {
  const [g, m, v] = list(x);
  const [b1, rest1, b2, rest2, ofMean, ofGradient, correction, epsRoot, eps] = list(n);
  const mu = mean(o, b1, rest1, m, g);
  const difference = o.sub(g, mu);
  const nu = o.add(mean(o, b2, rest2, v, o.mul(difference, difference)), epsRoot);
  const root = o.add(o.sqrt(o.mul(nu, correction)), eps);
  return [o.div(along(o, mu, ofMean, g, ofGradient), root), mu, nu];
};

/** Moments: mean, and mean of squares. */
const yogi: Expression = (o, x, n) => {
  const [g, m, v] = list(x);
  const [b1, rest1, rest2, ofMean, correction, epsRoot, eps] = list(n);
  const mu = mean(o, b1, rest1, m, g);
  const square = o.mul(g, g);
  const nu = o.sub(v, o.mul(o.mul(o.sign(o.sub(v, square)), rest2), square));
  return [o.div(o.mul(mu, ofMean), rootOf(o, o.mul(nu, correction), epsRoot, eps)), mu, nu];
};

/** Moments: means of gradients, of their changes, and of squares; and the gradient before. */
const adan: Expression = (o, x, n) => {
  const [g, oldM, oldV, oldN, last] = list(x);
  const [b1, rest1, b2, rest2, b3, rest3, ofM, ofV, correction] = list(n);
  const [epsRoot, eps, isFirst] = n.slice(9) as unknown as List<(typeof n)[number]>;
  const change = o.ifPositive(isFirst, o.number(0), o.sub(g, last));
  const m = mean(o, b1, rest1, oldM, g);
  const v = mean(o, b2, rest2, oldV, change);
  const ahead = o.add(g, o.mul(change, rest2));
  const nu = mean(o, b3, rest3, oldN, o.mul(ahead, ahead));
  const direction = o.add(o.mul(m, ofM), o.mul(v, ofV));
  return [o.div(direction, rootOf(o, o.mul(nu, correction), epsRoot, eps)), m, v, nu, g];
};

/** Moment: the running sum. */
const momentum: Expression = (o, x, n) => {
  const [g, sum] = list(x);
  const [decay, isNesterov] = list(n);
  const next = o.add(g, o.mul(sum, decay));
  return [o.ifPositive(isNesterov, o.add(g, o.mul(next, decay)), next), next];
};

/** Moment: the mean of squares. */
const rms: Expression = (o, x, n) => {
  const [g, v] = list(x);
  const [decay, rest, correction, epsRoot, eps] = list(n);
  const nu = mean(o, decay, rest, v, o.mul(g, g));
  return [o.div(g, rootOf(o, o.mul(nu, correction), epsRoot, eps)), nu];
};

/** Moments: the mean, and the mean of squares. */
const stddev: Expression = (o, x, n) => {
  const [g, m, v] = list(x);
  const [decay, rest, correction, epsRoot, eps] = list(n);
  const mu = mean(o, decay, rest, m, g);
  const nu = mean(o, decay, rest, v, o.mul(g, g));
  const corrected = o.mul(mu, correction);
  const variance = o.sub(o.mul(nu, correction), o.mul(corrected, corrected));
  return [o.div(g, rootOf(o, variance, epsRoot, eps)), mu, nu];
};

/** Moment: the sum of squares. */
const adagrad: Expression = (o, x, n) => {
  const [g, sum] = list(x);
  const [eps] = list(n);
  const next = o.add(o.mul(g, g), sum);
  const inverse = o.div(o.number(1), o.sqrt(o.add(next, eps)));
  return [o.mul(o.ifPositive(next, inverse, o.number(0)), g), next];
};

/** Moments: the means of squared gradients and of squared updates. */
const adadelta: Expression = (o, x, n) => {
  const [g, ofGradients, ofUpdates] = list(x);
  const [rho, rest, eps] = list(n);
  const nextG = mean(o, rho, rest, ofGradients, o.mul(g, g));
  const u = o.mul(o.div(o.sqrt(o.add(ofUpdates, eps)), o.sqrt(o.add(nextG, eps))), g);
  return [u, nextG, mean(o, rho, rest, ofUpdates, o.mul(u, u))];
};

/** Moment: the mean. */
const lion: Expression = (o, x, n) => {
  const [g, m] = list(x);
  const [b1, rest1, b2, rest2, isRefined] = list(n);
  const between = mean(o, b1, rest1, m, g);
  const sign = o.sign(between);
  const isSmall = o.sub(o.number(1), o.abs(between));
  const refined = o.ifPositive(isSmall, between, sign);
  return [o.ifPositive(isRefined, refined, sign), mean(o, b2, rest2, m, g)];
};

const signs: Expression = (o, [g]) => [o.sign(g!)];

/** Moment: the mean. */
const ema: Expression = (o, x, n) => {
  const [g, m] = list(x);
  const [decay, rest, correction] = list(n);
  const next = mean(o, decay, rest, m, g);
  return [o.mul(next, correction), next];
};

/** What is known of a step without computing it. */
export interface StepShape {
  readonly expression: Expression;
  /** How many tensors it remembers. */
  readonly moments: number;
  /** How many numbers it takes. */
  readonly numbers: number;
}

const shape = (expression: Expression, moments: number, numbers: number): StepShape => ({
  expression,
  moments,
  numbers,
});

export const plainShape: StepShape = shape(plain, 0, 0);
export const adamShape: StepShape = shape(adam, 2, 8);
export const radamShape: StepShape = shape(radam, 2, 10);
export const amsgradShape: StepShape = shape(amsgrad, 3, 8);
export const adamaxShape: StepShape = shape(adamax, 2, 5);
export const beliefShape: StepShape = shape(belief, 2, 9);
export const yogiShape: StepShape = shape(yogi, 2, 7);
export const adanShape: StepShape = shape(adan, 4, 12);
export const momentumShape: StepShape = shape(momentum, 1, 2);
export const rmsShape: StepShape = shape(rms, 1, 5);
export const stddevShape: StepShape = shape(stddev, 2, 5);
export const adagradShape: StepShape = shape(adagrad, 1, 1);
export const adadeltaShape: StepShape = shape(adadelta, 2, 3);
export const lionShape: StepShape = shape(lion, 1, 5);
export const signShape: StepShape = shape(signs, 0, 0);
export const emaShape: StepShape = shape(ema, 1, 3);

/** What a step ends with: the update, or what becomes of the parameter. */
export type Ending = "update" | "finish" | "decay";

/**
 * The step with the parameter as a further element, in front, and with what the parameter becomes
 * in place of the update: `p + factor * update`, or `p + factor * (update + share * p)`. The numbers
 * factor and share come after those of the step.
 */
export const ended = (expression: Expression, ending: Ending): Expression =>
  ending === "update"
    ? expression
    : (o, [p, ...x], n) => {
        const own = ending === "finish" ? 1 : 2;
        const [factor, share] = n.slice(-own);
        const [update, ...moments] = expression(o, x, n.slice(0, -own));
        const decayed = ending === "finish" ? update! : o.add(update!, o.mul(p!, share!));
        return [o.add(p!, o.mul(decayed, factor!)), ...moments];
      };
