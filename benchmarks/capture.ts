/**
 * @file The cost of capturing: node scripts/run.mjs benchmarks/capture.ts
 *
 * Compares a capture of the outputs of all methods of a 20-layer MLP with its plain forward pass,
 * captureGradients with valueAndGrad and with four steps that use perturbations, and measures a sow
 * outside a capture. CPU time, in alternation, on the wasm backend.
 */
import * as nnx from "@nnxjs/nnx";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { measure } from "./measure.ts";

const LAYERS = 20;
const WIDTH = 256;
const BATCH = 64;

class Layer extends nnx.Module {
  readonly linear: nnx.Linear;
  constructor(rngs: nnx.Rngs) {
    super();
    this.linear = new nnx.Linear(WIDTH, WIDTH, { rngs });
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.perturb("y", nnx.relu(this.linear.forward(x)));
  }
}

class Mlp extends nnx.Module {
  readonly layers: Layer[];
  constructor(rngs: nnx.Rngs) {
    super();
    this.layers = Array.from({ length: LAYERS }, () => new Layer(rngs));
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.layers.reduce((y, layer) => layer.forward(y), x);
  }
}

tf.enableProdMode();
await tf.setBackend("wasm");
const model = new Mlp(new nnx.Rngs(0));
const x = tf.randomNormal<tf.Rank.R2>([BATCH, WIDTH]);
const loss = (m: Mlp, input: tf.Tensor2D) => tf.mean(tf.square(m.forward(input)));

const captured = nnx.capture(model, nnx.Intermediate, { methodOutputs: nnx.Intermediate });
const gradients = nnx.valueAndGrad(loss);
const withGradients = nnx.captureGradients(loss);
const fourSteps = () => {
  const [, perturbations] = nnx.capture(model, nnx.Perturbation)(x);
  const f = (m: Mlp, p: nnx.State, input: tf.Tensor2D) => {
    const [y, seen] = nnx.capture(m, nnx.Intermediate, { init: p })(input);
    return [tf.mean(tf.square(y)), seen] as const;
  };
  return [perturbations, nnx.grad(f, { argnums: [0, 1], hasAux: true })(model, perturbations, x)];
};
const once = (f: () => unknown) => () => tf.tidy(() => nnx.dispose(f()));

const results = measure(
  [
    { name: "forward", run: once(() => model.forward(x)) },
    { name: "capture of all method outputs", run: once(() => captured(x)) },
    { name: "valueAndGrad", run: once(() => gradients(model, x)) },
    { name: "captureGradients", run: once(() => withGradients(model, x)) },
    { name: "the four steps", run: once(fourSteps) },
  ],
  60,
);
const [forward, capture, plain, one, four] = results.map(({ nanoseconds }) => nanoseconds) as [
  number,
  number,
  number,
  number,
  number,
];
for (const { name, nanoseconds } of results)
  console.log(`${name.padEnd(32)} ${(nanoseconds / 1e6).toFixed(2)} ms`);
console.log(`capture / forward                ${(capture / forward).toFixed(2)}`);
console.log(`captureGradients / valueAndGrad  ${(one / plain).toFixed(2)}`);
console.log(`four steps / captureGradients    ${(four / one).toFixed(2)}`);

const SOWS = 1e6;
const [sown] = measure(
  [
    {
      name: "sow outside a capture",
      run: () => {
        for (let i = 0; i < SOWS; i++) model.sow(nnx.Intermediate, "y", x);
      },
    },
  ],
  10,
);
console.log(`sow outside a capture            ${((sown?.nanoseconds ?? 0) / SOWS).toFixed(1)} ns`);
