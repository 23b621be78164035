/**
 * @file What the cases for jax-js have in common. Its functions consume their arguments; `.ref`
 * keeps one for another use.
 */
import { blockUntilReady, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import { numbers, weights } from "./numbers.ts";
import type { Run } from "./run.ts";

/** Arrays by name. */
export type Arrays = Record<string, np.Array>;

/** An array with the numbers of the parameter of that path. */
export const parameter = (path: string, shape: readonly number[]): np.Array =>
  np.array(weights(path, shape), { shape: [...shape] });

/** Parameters by their paths. */
export const parameters = (shapes: Readonly<Record<string, readonly number[]>>): Arrays =>
  Object.fromEntries(Object.entries(shapes).map(([path, shape]) => [path, parameter(path, shape)]));

/** An array of uniform numbers in [-1, 1). */
export const arrayOf = (name: string, shape: readonly number[]): np.Array =>
  np.array(numbers(name, shape), { shape: [...shape] });

/** What {@link adam} knows between steps. */
interface AdamState {
  readonly [key: string]: Arrays | np.Array;
  readonly params: Arrays;
  readonly mu: Arrays;
  readonly nu: Arrays;
  /** The powers of the decay rates. */
  readonly power1: np.Array;
  readonly power2: np.Array;
}

/** The state before the first step. */
export function adamState(params: Arrays): AdamState {
  const zeros = (): Arrays =>
    Object.fromEntries(Object.entries(params).map(([name, x]) => [name, np.zeros(x.shape)]));
  return { params, mu: zeros(), nu: zeros(), power1: np.array(1), power2: np.array(1) };
}

/** One step of Adam in optax's arithmetic, with a learning rate of 1e-3. */
export function adam(state: AdamState, grads: Arrays): AdamState {
  const [power1, power2] = [state.power1.mul(0.9), state.power2.mul(0.999)];
  const next: Record<"params" | "mu" | "nu", Arrays> = { params: {}, mu: {}, nu: {} };
  for (const [name, g] of Object.entries(grads)) {
    const mu = state.mu[name]!.mul(0.9).add(g.ref.mul(0.1));
    const nu = state.nu[name]!.mul(0.999).add(g.ref.mul(g).mul(0.001));
    next.mu[name] = mu.ref;
    next.nu[name] = nu.ref;
    const up = mu.div(np.subtract(1, power1.ref));
    const down = np.sqrt(nu.div(np.subtract(1, power2.ref))).add(1e-8);
    next.params[name] = state.params[name]!.sub(up.div(down).mul(1e-3));
  }
  return { ...next, power1, power2 };
}

/** One jitted step of training. `draws` are new arrays for each step. */
export function trainer(
  params: Arrays,
  lossFn: (params: Arrays, draws: Arrays) => np.Array,
  draws: () => Arrays = () => ({}),
): () => Promise<number> {
  const step = jit((state: AdamState, drawn: Arrays): [np.Array, AdamState] => {
    const [loss, grads] = valueAndGrad(lossFn)(tree.ref(state.params), drawn) as [np.Array, Arrays];
    return [loss, adam(state, grads)];
  });
  let state = adamState(params);
  return async () => {
    const [loss, next] = step(state, draws());
    state = await blockUntilReady(next);
    return loss.dataSync()[0]!;
  };
}

/** `x @ kernel + bias`. */
export const dense = (x: np.Array, params: Arrays, path: string): np.Array =>
  np.matmul(x, params[`${path}.kernel`]!).add(params[`${path}.bias`]!);

/** Layer normalization over the last axis. */
export function layerNorm(x: np.Array, scale: np.Array, bias: np.Array): np.Array {
  const centred = x.ref.sub(np.mean(x, -1, { keepdims: true }));
  const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
  return centred
    .div(np.sqrt(variance.add(1e-6)))
    .mul(scale)
    .add(bias);
}

/** The jitted value and gradients of a loss, with respect to all arguments. */
export function valueAndGradients(f: (args: Arrays) => np.Array, args: Arrays): Run {
  const both = jit((x: Arrays): [np.Array, Arrays] => valueAndGrad(f)(x) as [np.Array, Arrays]);
  const once = (): [np.Array, Arrays] => both(tree.ref<Arrays>(args));
  return {
    check() {
      const [value, grads] = once();
      const sizes = Object.values(grads).map((g) => np.sum(np.absolute(g)).dataSync()[0]!);
      return [value.dataSync()[0]!, sizes.reduce((sum, x) => sum + x, 0)];
    },
    async step() {
      const [value, grads] = await blockUntilReady(once());
      tree.dispose(grads);
      return value.dataSync()[0]!;
    },
  };
}

/**
 * Softmax attention over `[batch, length, heads, depth]`, with a bias. `nn.dotProductAttention`
 * needs functions of iterators that Node 20 lacks.
 */
export function attention(query: np.Array, key: np.Array, value: np.Array, bias?: np.Array): np.Array {
  const depth = query.shape.at(-1)!;
  const heads = (x: np.Array, order: number[]): np.Array => np.transpose(x, order);
  const scores = np.matmul(heads(query, [0, 2, 1, 3]), heads(key, [0, 2, 3, 1])).div(Math.sqrt(depth));
  const shares = nn.softmax(bias === undefined ? scores : scores.add(bias), -1);
  return heads(np.matmul(shares, heads(value, [0, 2, 1, 3])), [0, 2, 1, 3]);
}
