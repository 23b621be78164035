/** @file The layers of nnxjs. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { fill, tensorOf } from "../../peers/fill.ts";
import { integers } from "../../peers/numbers.ts";
import type { Run, Runs } from "../../peers/run.ts";
import { DIVISOR, isRandom, LAYERS, type LayerName, names, weightsOfOutputs } from "./shared.ts";

type Forward = (...inputs: tf.Tensor[]) => tf.Tensor;
interface Layer {
  readonly model: object;
  readonly forward: Forward;
}

const rngs = new nnx.Rngs(0);
const unary = (forward: Forward): Layer => ({ model: [], forward });
const module = (model: { forward(x: tf.Tensor): tf.Tensor }): Layer => ({
  model,
  forward: (x) => model.forward(x!),
});
const [window, strides] = [
  [2, 2],
  [2, 2],
];

const LAYER: Readonly<Record<LayerName, () => Layer>> = {
  Linear: () => module(new nnx.Linear(256, 256, { rngs })),
  "Conv 3×3": () => module(new nnx.Conv(16, 32, [3, 3], { rngs })),
  depthwise: () => module(new nnx.Conv(32, 32, [3, 3], { featureGroupCount: 32, rngs })),
  ConvTranspose: () =>
    module(new nnx.ConvTranspose(32, 16, [3, 3], { strides: [2, 2], transposeKernel: true, rngs })),
  maxPool: () => unary((x) => nnx.maxPool(x!, window, { strides })),
  avgPool: () => unary((x) => nnx.avgPool(x!, window, { strides })),
  BatchNorm: () => module(new nnx.BatchNorm(16, { rngs })),
  LayerNorm: () => module(new nnx.LayerNorm(128, { rngs })),
  softmax: () => unary((x) => nnx.softmax(x!)),
  logSoftmax: () => unary((x) => nnx.logSoftmax(x!)),
  relu: () => unary((x) => nnx.relu(x!)),
  tanh: () => unary((x) => nnx.tanh(x!)),
  gelu: () => unary((x) => nnx.gelu(x!)),
  silu: () => unary((x) => nnx.silu(x!)),
  Dropout: () => module(new nnx.Dropout(0.5, { rngs })),
  attention: () => unary((query, key, value) => nnx.dotProductAttention(query!, key!, value!)),
  Embed: () => module(new nnx.Embed(1000, 128, { rngs })),
};

function inputsOf(name: LayerName): tf.Tensor[] {
  return Object.entries(LAYERS[name].inputs).map(([input, shape]: [string, readonly number[]]) =>
    input === "ids"
      ? tf.tensor(integers(`${name}.ids`, shape, 1000), [...shape], "int32")
      : tensorOf(`${name}.${input}`, shape),
  );
}

const tensorsOf = (grads: tf.Tensor | nnx.State): tf.Tensor[] =>
  grads instanceof tf.Tensor ? [grads] : nnx.flattenState(grads).map(([, { value }]) => value as tf.Tensor);

function make(name: LayerName): Run {
  const { model, forward } = LAYER[name]();
  fill(model, `${name}.`);
  const inputs = inputsOf(name);
  const out = tf.tidy(() => forward(...inputs).shape);
  const weights = tensorOf(weightsOfOutputs(name), out);
  const loss = (y: tf.Tensor): tf.Tensor => tf.div(tf.sum(tf.mul(y, weights)), DIVISOR);
  const hasParameters = Object.keys(LAYERS[name].parameters).length > 0;
  const f = (_: object, ...xs: tf.Tensor[]): tf.Tensor => loss(forward(...xs));
  const ofInputs = inputs[0]!.dtype === "float32" ? inputs.map((_input, i) => i + 1) : [];
  const argnums = hasParameters ? [0, ...ofInputs] : ofInputs;
  const both = nnx.valueAndGrad(f, { argnums }) as (
    ...args: unknown[]
  ) => [tf.Tensor, (tf.Tensor | nnx.State)[]];
  return {
    check: () =>
      isRandom(name)
        ? []
        : tf.tidy(() => {
            const [value, grads] = both(model, ...inputs);
            const sizes = grads.flatMap(tensorsOf).map((g) => tf.sum(tf.abs(g)));
            return [value.dataSync()[0]!, tf.addN(sizes).dataSync()[0]!];
          }),
    step: () => tf.tidy(() => both(model, ...inputs)[0].dataSync()[0]!),
  };
}

export const runs: Runs = Object.fromEntries(names.map((name) => [name, () => make(name)]));
