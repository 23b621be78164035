/** @file A decoder of two layers that learns to say five tokens backwards loses what it loses in Flax. */
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, it } from "vitest";
import { BATCH, expectSameRun, SEED } from "../../../../scripts/same-run.ts";
import * as nnx from "../index.ts";

const [VOCABULARY, LENGTH, WIDTH, HEADS] = [11, 12, 16, 2];

class Block extends nnx.Module {
  readonly norm1: nnx.LayerNorm;
  readonly attention: nnx.MultiHeadAttention;
  readonly norm2: nnx.LayerNorm;
  readonly up: nnx.Linear;
  readonly down: nnx.Linear;
  readonly drop: nnx.Dropout;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.norm1 = new nnx.LayerNorm(WIDTH, { rngs });
    const dropped = { dropoutRate: 0.1, decode: false, deterministic: false };
    this.attention = new nnx.MultiHeadAttention(HEADS, WIDTH, { ...dropped, rngs });
    this.norm2 = new nnx.LayerNorm(WIDTH, { rngs });
    this.up = new nnx.Linear(WIDTH, 32, { rngs });
    this.down = new nnx.Linear(32, WIDTH, { rngs });
    this.drop = new nnx.Dropout(0.1, { rngs });
  }
  forward(x: tf.Tensor, mask: tf.Tensor): tf.Tensor {
    const attended = tf.add(x, this.attention.forward(this.norm1.forward(x), { mask }));
    const wide = nnx.gelu(this.up.forward(this.norm2.forward(attended)));
    return tf.add(attended, this.drop.forward(this.down.forward(wide)));
  }
}

class Decoder extends nnx.Module {
  readonly embed: nnx.Embed;
  readonly position: nnx.Param<tf.Tensor>;
  readonly blocks: readonly Block[];
  readonly norm: nnx.LayerNorm;
  readonly out: nnx.Linear;
  constructor({ rngs }: { rngs: nnx.Rngs }) {
    super();
    this.embed = new nnx.Embed(VOCABULARY, WIDTH, { rngs });
    this.position = new nnx.Param(nnx.initializers.normal(0.02)(rngs.nextKey("params"), [LENGTH, WIDTH]));
    this.blocks = [new Block({ rngs }), new Block({ rngs })];
    this.norm = new nnx.LayerNorm(WIDTH, { rngs });
    this.out = new nnx.Linear(WIDTH, VOCABULARY, { rngs });
  }
  forward(tokens: tf.Tensor): tf.Tensor {
    const mask = nnx.makeCausalMask(tokens);
    const start: tf.Tensor = tf.add(this.embed.forward(tokens), this.position.value);
    const end = this.blocks.reduce((x, block) => block.forward(x, mask), start);
    return this.out.forward(this.norm.forward(end));
  }
}

/** Six tokens, a separator, and the same tokens backwards. */
function sequences(step: number): tf.Tensor2D {
  const rows = Array.from({ length: BATCH }, (_, row) => {
    const i = row + step * BATCH;
    const tokens = Array.from({ length: 6 }, (__, j) => (i * (2 * j + 3) + j * j + Math.floor(i / 7)) % 10);
    return [...tokens, 10, ...[...tokens].reverse()];
  });
  return tf.tensor2d(rows, [BATCH, LENGTH + 1], "int32");
}

describe.each(["cpu", "wasm"])("on %s, a decoder", (backend) => {
  beforeAll(() => tf.setBackend(backend));
  afterAll(() => tf.setBackend("cpu"));

  it("loses in 60 steps what it loses in Flax", () => {
    const model = new Decoder({ rngs: new nnx.Rngs(SEED, { dropout: SEED + 1 }) });
    const optimizer = new nnx.Optimizer(model, nnx.adamw(3e-3), { wrt: nnx.Param });
    const loss = (m: Decoder, tokens: tf.Tensor2D) => {
      const given = tf.slice(tokens, [0, 0], [-1, LENGTH]);
      const next = tf.slice(tokens, [0, 1], [-1, LENGTH]);
      return tf.mean<tf.Scalar>(nnx.softmaxCrossEntropyWithIntegerLabels(m.forward(given), next));
    };
    expectSameRun("decoder", (step) => {
      const [value, grads] = nnx.valueAndGrad(loss)(model, sequences(step));
      optimizer.update(model, grads);
      return value.dataSync()[0] as number;
    });
  });
});
