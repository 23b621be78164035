/** @file The transformer block with jax-js. */
import { nn, numpy as np } from "@jax-js/jax";
import {
  type Arrays,
  arrayOf,
  attention as attend,
  layerNorm,
  parameters,
  trainer,
} from "../../peers/jax-js.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { BLOCK, DEPTH, HEADS, INPUT, LENGTH, SHAPES } from "./shared.ts";

const [BATCH, , FEATURES] = INPUT;
const ROWS = BATCH * LENGTH;

/** A product of rows, `[ROWS, inner]`, with a kernel of any rank. */
function linear(x: np.Array, p: Arrays, path: string): np.Array {
  const inner = x.shape[1]!;
  const kernel = np.reshape(p[`${path}.kernel`]!, [inner, -1]);
  return np.matmul(x, kernel).add(np.reshape(p[`${path}.bias`]!, [-1]));
}

const norm = (x: np.Array, p: Arrays, path: string): np.Array =>
  layerNorm(x, p[`${path}.scale`]!, p[`${path}.bias`]!);

function attention(x: np.Array, p: Arrays, bias: np.Array): np.Array {
  const heads = (h: np.Array, name: string): np.Array =>
    np.reshape(linear(h, p, `attention.${name}`), [BATCH, LENGTH, HEADS, DEPTH]);
  const [query, key, value] = [heads(x.ref, "query"), heads(x.ref, "key"), heads(x, "value")];
  const y = attend(query, key, value, bias);
  return linear(np.reshape(y, [ROWS, FEATURES]), p, "attention.out");
}

function make(): Run {
  const x = np.reshape(arrayOf("block.x", INPUT), [ROWS, FEATURES]);
  const target = np.reshape(arrayOf("block.target", INPUT), [ROWS, FEATURES]);
  const bias = np.triu(np.full([LENGTH, LENGTH], -1e9), 1);
  const step = trainer(parameters(SHAPES), (p) => {
    const h = x.ref.add(attention(norm(x.ref, p, "norm1"), p, bias.ref));
    const y = linear(nn.gelu(linear(norm(h.ref, p, "norm2"), p, "up")), p, "down");
    return np.mean(np.square(h.add(y).sub(target.ref)));
  });
  return { step };
}

export const runs: Runs = { [BLOCK]: make };
