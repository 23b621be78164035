/** @file Models that were not made for the page, each with a run that was captured. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import type { PredictionOptions } from "../src/gather/predictions.ts";
import {
  Guesser,
  hiddenWords,
  huber,
  measurements,
  oneOfFive,
  Reader,
  ResNet,
  stripes,
  texts,
  waves,
  yesOrNo,
} from "../../nnx/test/further-models.ts";

/** Nodes that know their neighbours: lists, Maps, names that are no identifiers, and cycles. */
class Ring extends nnx.Module {
  readonly linear: nnx.Linear;
  readonly byName: Map<string | number, unknown>;
  readonly "odd names": { readonly "a-b": nnx.Param<tf.Tensor>; readonly 7: nnx.Linear };
  readonly rngs: nnx.Rngs;
  readonly isFirst: boolean;
  next: Ring;
  constructor(isFirst: boolean, { rngs }: { rngs: nnx.Rngs }) {
    super();
    this.isFirst = isFirst;
    this.rngs = rngs;
    this.linear = new nnx.Linear(4, 4, { rngs });
    this.byName = new Map<string | number, unknown>([
      ['with "quotes"', new nnx.Param(tf.scalar(2))],
      [3, [this.linear]],
    ]);
    this["odd names"] = { "a-b": new nnx.Param(tf.ones([4])), 7: new nnx.Linear(4, 2, { rngs }) };
    this.next = this;
  }
  forward(x: tf.Tensor): tf.Tensor {
    const h = nnx.tanh(this.linear.forward(x));
    const { "a-b": shift, 7: last } = this["odd names"];
    const next = this.next.isFirst ? h : this.next.forward(h);
    this.sow(nnx.Intermediate, "sum", { both: [h, next] });
    return this.isFirst ? last.forward(tf.add(next, shift.value)) : tf.add(next, shift.value);
  }
}

function ring(): Ring {
  const rngs = new nnx.Rngs({ params: 0, noise: 3 });
  const [a, b, c] = [new Ring(true, { rngs }), new Ring(false, { rngs }), new Ring(false, { rngs })];
  a.next = b;
  b.next = c;
  c.next = a;
  return a;
}

/** A model, its input, and a run with the gradients of the model and of all that its layers returned. */
export interface Other {
  readonly model: nnx.Module;
  readonly input: tf.Tensor;
  readonly predictions?: () => PredictionOptions;
  readonly look: () => nnx.CapturedGradients<nnx.Module, unknown>;
}

const seeds = () => new nnx.Rngs({ params: 0, dropout: 1 });

function other<M extends nnx.Module>(
  model: M,
  loss: (m: M, ...args: never[]) => tf.Scalar,
  ...args: [tf.Tensor, ...tf.Tensor[]]
): Other {
  const run = nnx.captureGradients(loss as (m: nnx.Module, ...args: tf.Tensor[]) => tf.Scalar, {
    methodOutputs: true,
    keepUpdates: true,
  });
  return { model, input: args[0], look: () => run(model, ...args) };
}

export const others = {
  "a CNN with BatchNorm": () => {
    const { x, y } = stripes(6);
    return other(new ResNet({ rngs: seeds(), width: 4, depth: 2 }), oneOfFive, x, y);
  },
  "a GRU": () => {
    const { x, y } = waves(6, 5);
    return other(new Reader({ rngs: seeds(), width: 6 }), yesOrNo, x, y);
  },
  "a transformer with a shared embedding": () => {
    const { x, y } = texts(4);
    const loss = (m: Guesser, words: tf.Tensor2D, right: tf.Tensor2D) => hiddenWords(m, words, right, true);
    return other(new Guesser({ rngs: seeds(), width: 8, depth: 2 }), loss, x, y);
  },
  "an ensemble": () => {
    const { x, y } = stripes(6);
    const model = nnx.ensemble(new ResNet({ rngs: seeds(), width: 4, depth: 1 }), 3, {
      rngs: new nnx.Rngs(4),
    });
    const loss = (m: typeof model, images: tf.Tensor4D, labels: tf.Tensor1D): tf.Scalar =>
      tf.mean(
        nnx.softmaxCrossEntropyWithIntegerLabels(
          m.forward(images),
          tf.tile(tf.expandDims(labels, 0), [3, 1]),
        ),
      );
    const predictions = (): PredictionOptions => ({
      samples: nnx.sampleMembers(model, x, { outputs: "logits" }),
      labels: y.dataSync(),
      classes: ["one", "two", "three", "four", "five"],
      inputs: { data: x.dataSync(), shape: x.shape },
    });
    return { ...other(model, loss, x, y), predictions };
  },
  "a cyclic graph": () => {
    const { x, y } = measurements(6);
    const [from, to] = [tf.slice(x, [0, 0], [-1, 4]), tf.slice(x, [0, 0], [-1, 2])];
    nnx.dispose([x, y]);
    return other(ring(), huber as (m: Ring, a: tf.Tensor, b: tf.Tensor) => tf.Scalar, from, to);
  },
} as const satisfies Record<string, () => Other>;
