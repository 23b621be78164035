/** @file The convolutional net with jax-js, which has channels first. */
import { lax, nn, numpy as np } from "@jax-js/jax";
import { type Arrays, arrayOf, dense, parameters, trainer } from "../../peers/jax-js.ts";
import { integers } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { CONV, IMAGES, LABELS, SHAPES } from "./shared.ts";

/** Filters `[height, width, in, out]` as `[out, in, height, width]`. */
const filters = (kernel: np.Array): np.Array => np.transpose(kernel, [3, 2, 0, 1]);

function block(x: np.Array, kernel: np.Array, bias: np.Array): np.Array {
  const y = lax.convGeneralDilated(x, kernel, [1, 1], "SAME").add(np.reshape(bias, [-1, 1, 1]));
  return lax.reduceWindow(nn.relu(y), (w) => np.max(w), [2, 2], [2, 2]);
}

function make(): Run {
  const named = parameters(SHAPES);
  const params: Arrays = {
    ...named,
    "conv1.kernel": filters(named["conv1.kernel"]!),
    "conv2.kernel": filters(named["conv2.kernel"]!),
  };
  const x = np.transpose(arrayOf("conv.x", IMAGES), [0, 3, 1, 2]);
  const rows = nn.oneHot(np.array(integers("conv.labels", LABELS, 10)), 10);
  const step = trainer(params, (p) => {
    const h = block(x.ref, p["conv1.kernel"]!, p["conv1.bias"]!);
    const z = np.transpose(block(h, p["conv2.kernel"]!, p["conv2.bias"]!), [0, 2, 3, 1]);
    const logits = dense(np.reshape(z, [IMAGES[0], 1568]), p, "out");
    return np.mean(np.sum(nn.logSoftmax(logits).mul(rows.ref), -1)).neg();
  });
  return { step };
}

export const runs: Runs = { [CONV]: make };
