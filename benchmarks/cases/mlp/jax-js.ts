/** @file The MLP with jax-js. */
import { nn, numpy as np, random, tree } from "@jax-js/jax";
import { type Arrays, arrayOf, dense, parameters, trainer } from "../../peers/jax-js.ts";
import { integers } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { BATCH, DROP_CONNECT, LAYERS, MLP, RATE, SIZES } from "./shared.ts";

const drop = (x: np.Array, key: np.Array): np.Array => {
  const { shape } = x;
  return np.where(random.bernoulli(key, 1 - RATE, shape), x.div(1 - RATE), 0);
};

function make(dropConnect: boolean): Run {
  const shapes = LAYERS.flatMap(([path, shape]) => [
    [`${path}.kernel`, shape] as const,
    [`${path}.bias`, [shape[1]]] as const,
  ]);
  const params = parameters(Object.fromEntries(shapes));
  const x = arrayOf("mlp.x", [BATCH, SIZES[0]]);
  const rows = nn.oneHot(np.array(integers("mlp.labels", [BATCH], 10)), 10);
  const lossFn = (p: Arrays, { key }: Arrays): np.Array => {
    const keys = key === undefined ? [] : np.unstack(random.split(key, 4));
    let h = x.ref;
    for (const i of [0, 1]) {
      const path = `hidden.${i}`;
      const kernel = p[`${path}.kernel`]!;
      const k = dropConnect && key !== undefined ? drop(kernel, keys[2 + i]!) : kernel;
      h = nn.relu(np.matmul(h, k).add(p[`${path}.bias`]!));
      if (key !== undefined) h = drop(h, keys[i]!);
    }
    if (!dropConnect) for (const unused of keys.slice(2)) unused.dispose();
    return np.mean(np.sum(nn.logSoftmax(dense(h, p, "out")).mul(rows.ref), -1)).neg();
  };
  let count = 0;
  return {
    check: () => [lossFn(tree.ref(params), {}).dataSync()[0]!],
    step: trainer(params, lossFn, () => ({ key: random.key(count++) })),
  };
}

export const runs: Runs = { [MLP]: () => make(false), [DROP_CONNECT]: () => make(true) };
