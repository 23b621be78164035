/** @file Adam. */
import { fuse, isRecording } from "@nnxjs/nnx-core";
import { runningMean } from "./running-mean.ts";
import { type Schedule, scaleByLearningRate } from "./schedule.ts";
import { add, div, sqrt, square, type Tensor, zerosLike } from "./tensor.ts";
import { chain, type GradientTransformation } from "./transformation.ts";
import { mapTree, type Tree } from "./tree.ts";

/** Options of {@link adam}. */
export interface AdamOptions {
  /** Decay of the mean of gradients. @defaultValue 0.9 */
  b1?: number;
  /** Decay of the mean of squared gradients. @defaultValue 0.999 */
  b2?: number;
  /** Added to the root. @defaultValue 1e-8 */
  eps?: number;
  /** Added under the root. @defaultValue 0 */
  epsRoot?: number;
}

/** What Adam remembers: steps taken, and the running means. */
type AdamState = { readonly count: number; readonly mu: Tree; readonly nu: Tree };

/** Adam's direction, without a learning rate. @see `optax.scale_by_adam` */
export function scaleByAdam({
  b1 = 0.9,
  b2 = 0.999,
  eps = 1e-8,
  epsRoot = 0,
}: AdamOptions = {}): GradientTransformation<AdamState> {
  return {
    init: (params) => ({
      count: 0,
      mu: mapTree((p) => zerosLike(p), params),
      nu: mapTree((p) => zerosLike(p), params),
    }),
    update: (gradients, { count, mu, nu }) => {
      const t = count + 1;
      const step: AdamStep = { b1, b2, eps, epsRoot, c1: 1 - b1 ** t, c2: 1 - b2 ** t };
      const nextMu = new Map<Tensor, Tensor>();
      const nextNu = new Map<Tensor, Tensor>();
      const updates = mapTree(
        (g, m, v) => {
          const [u, newM, newV] =
            (isRecording() ? undefined : fusedStep(g, m, v, step)) ?? plainStep(g, m, v, step);
          nextMu.set(m, newM);
          nextNu.set(v, newV);
          return u;
        },
        gradients,
        mu,
        nu,
      );
      const moved = (means: Tree, next: Map<Tensor, Tensor>) => mapTree((m) => next.get(m) ?? m, means);
      return [updates, { count: t, mu: moved(mu, nextMu), nu: moved(nu, nextNu) }];
    },
  };
}

interface AdamStep extends Required<AdamOptions> {
  /** Bias corrections of the two means. */
  readonly c1: number;
  readonly c2: number;
}

type Moved = readonly [update: Tensor, mu: Tensor, nu: Tensor];

function plainStep(g: Tensor, m: Tensor, v: Tensor, { b1, b2, eps, epsRoot, c1, c2 }: AdamStep): Moved {
  const mu = runningMean(b1, m, g);
  const nu = runningMean(b2, v, square(g));
  return [div(div(mu, c1), add(sqrt(add(div(nu, c2), epsRoot)), eps)), mu, nu];
}

/** A dozen passes over memory as one. */
function fusedStep(
  g: Tensor,
  m: Tensor,
  v: Tensor,
  { b1, b2, eps, epsRoot, c1, c2 }: AdamStep,
): Moved | undefined {
  const moved = fuse([g, m, v], [g.shape, g.shape, g.shape], ([gs, ms, vs], [us, mus, nus]) => {
    if (!gs || !ms || !vs || !us || !mus || !nus) return;
    for (let i = 0; i < gs.length; i++) {
      const gradient = gs[i] as number;
      const mu = b1 * (ms[i] as number) + (1 - b1) * gradient;
      const nu = b2 * (vs[i] as number) + (1 - b2) * gradient * gradient;
      mus[i] = mu;
      nus[i] = nu;
      us[i] = mu / c1 / (Math.sqrt(nu / c2 + epsRoot) + eps);
    }
  });
  return moved as Moved | undefined;
}

/**
 * Adam.
 * @param learningRate - A number, or a schedule of steps.
 * @see Kingma and Ba 2015, https://arxiv.org/abs/1412.6980; `optax.adam`
 */
export const adam = (learningRate: number | Schedule, options?: AdamOptions): GradientTransformation =>
  chain(
    scaleByAdam(options) as GradientTransformation,
    scaleByLearningRate(learningRate),
  ) as GradientTransformation;
