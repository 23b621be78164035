/** @file A GAN with two optimizers, and a VAE, lose what they lose in Flax. */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { BATCH, batchOf, expectSameRun, PIXELS, SEED } from "../../../../scripts/same-run.ts";
import * as nnx from "../index.ts";

class TwoLayers extends nnx.Module {
  readonly hidden: nnx.Linear;
  readonly out: nnx.Linear;
  constructor(din: number, dmid: number, dout: number, { rngs }: { rngs: nnx.Rngs }) {
    super();
    this.hidden = new nnx.Linear(din, dmid, { rngs });
    this.out = new nnx.Linear(dmid, dout, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.out.forward(nnx.leakyRelu(this.hidden.forward(x), 0.2));
  }
}

class Vae extends nnx.Module {
  readonly encoder: TwoLayers;
  readonly decoder: TwoLayers;
  readonly rngs: nnx.Rngs;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.encoder = new TwoLayers(PIXELS, 32, 8, { rngs });
    this.decoder = new TwoLayers(4, 32, PIXELS, { rngs });
    this.rngs = rngs;
  }
  forward(x: tf.Tensor) {
    const [mean, logVariance] = tf.split(this.encoder.forward(x), 2, -1) as [tf.Tensor, tf.Tensor];
    const noise = this.rngs.stream("noise").normal(mean.shape);
    const z = tf.add(mean, tf.mul(tf.exp(tf.mul(0.5, logVariance)), noise));
    return { logits: this.decoder.forward(z), mean, logVariance };
  }
}

/** Points on a circle, in an order that a formula gives. */
const circle = (step: number): tf.Tensor2D =>
  tf.tensor2d(
    Array.from({ length: BATCH }, (_, i) => (2 * Math.PI * ((i * 7 + step * 11) % 97)) / 97).map((angle) => [
      Math.cos(angle),
      Math.sin(angle),
    ]),
  );

const bce = (logits: tf.Tensor, label: number): tf.Scalar =>
  tf.mean<tf.Scalar>(nnx.sigmoidBinaryCrossEntropy(logits, tf.fill(logits.shape, label)));

const numberIn = (loss: tf.Tensor): number => loss.dataSync()[0] as number;

describe.each(["cpu", "wasm"])("on %s, 60 steps cost what they cost in Flax", (backend) => {
  beforeAll(() => tf.setBackend(backend));
  afterAll(() => tf.setBackend("cpu"));

  it.each(["judge", "generator"])("for a GAN with two optimizers: its %s", (part) => {
    const rngs = new nnx.Rngs(SEED, { noise: SEED + 1 });
    const generator = new TwoLayers(4, 16, 2, { rngs });
    const judge = new TwoLayers(2, 16, 1, { rngs });
    const ofGenerator = new nnx.Optimizer(generator, nnx.adam(2e-3, { b1: 0.5 }), { wrt: nnx.Param });
    const ofJudge = new nnx.Optimizer(judge, nnx.adam(2e-3, { b1: 0.5 }), { wrt: nnx.Param });
    const judgeLoss = (j: TwoLayers, g: TwoLayers, real: tf.Tensor, z: tf.Tensor): tf.Scalar =>
      tf.add(bce(j.forward(real), 1), bce(j.forward(g.forward(z)), 0));
    const generatorLoss = (g: TwoLayers, j: TwoLayers, z: tf.Tensor): tf.Scalar =>
      bce(j.forward(g.forward(z)), 1);
    const noise = () => rngs.stream("noise").normal([BATCH, 4]);
    expectSameRun(`gan_${part}`, (step) => {
      const first = nnx.valueAndGrad(judgeLoss)(judge, generator, circle(step), noise());
      ofJudge.update(judge, first[1]);
      const second = nnx.valueAndGrad(generatorLoss)(generator, judge, noise());
      ofGenerator.update(generator, second[1]);
      return numberIn(part === "judge" ? first[0] : second[0]);
    });
  });

  it("for a VAE", () => {
    const model = new Vae({ rngs: new nnx.Rngs(SEED, { noise: SEED + 1 }) });
    const optimizer = new nnx.Optimizer(model, nnx.adam(3e-3), { wrt: nnx.Param });
    const loss = (m: Vae, x: tf.Tensor): tf.Scalar => {
      const { logits, mean, logVariance } = m.forward(x);
      const reconstruction = tf.sum(nnx.sigmoidBinaryCrossEntropy(logits, x), -1);
      const inner = tf.sub(tf.sub(tf.add(1, logVariance), tf.square(mean)), tf.exp(logVariance));
      return tf.mean<tf.Scalar>(tf.add(reconstruction, tf.mul(-0.5, tf.sum(inner, -1))));
    };
    expectSameRun("vae", (step) => {
      const [value, grads] = nnx.valueAndGrad(loss)(model, batchOf(step, [PIXELS]).x);
      optimizer.update(model, grads);
      return numberIn(value);
    });
  });
});
