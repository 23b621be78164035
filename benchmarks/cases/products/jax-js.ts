/** @file The products of jax-js, jitted. */
import { jit, numpy as np } from "@jax-js/jax";
import { arrayOf } from "../../peers/jax-js.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { PRODUCTS, SIZE } from "./shared.ts";

function make(transposeA: boolean, transposeB: boolean): Run {
  const [a, b] = [arrayOf("products.a", [SIZE, SIZE]), arrayOf("products.b", [SIZE, SIZE])];
  const product = jit((x: np.Array, y: np.Array) =>
    np.matmul(transposeA ? np.transpose(x) : x, transposeB ? np.transpose(y) : y),
  );
  return {
    check: () => [np.sum(np.absolute(product(a.ref, b.ref))).dataSync()[0]!],
    async step() {
      const c = product(a.ref, b.ref);
      await c.blockUntilReady();
      c.dispose();
    },
  };
}

export const runs: Runs = Object.fromEntries(
  Object.entries(PRODUCTS).map(([name, [ta, tb]]) => [name, () => make(ta, tb)]),
);
