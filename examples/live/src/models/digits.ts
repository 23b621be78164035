/** @file Trains the digits model, looks at it, and asks it about drawings. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import {
  CLASSES,
  type Digits,
  examplesOf,
  first,
  type Images,
  PIXELS,
  pixelsOf,
} from "../../../digits/images.ts";
import { Mlp } from "../../../digits/model.ts";
import { adam, setLearningRate } from "./learning-rate.ts";
import type { Lesson } from "./lesson.ts";
import { type Matrix, matrixOf, rootMeanSquare } from "./pictures.ts";

const BATCH = 64;
/** So many images of each kind are watched, by so many passes. */
const WATCHED = { images: 64, passes: 16 };
const PASSES = 100;
const SIDE = 8;

const LAYERS = ["input", "hidden", "output"] as const;

interface Batch {
  readonly x: tf.Tensor2D;
  readonly labels: tf.Tensor1D;
}

/** Mean cross entropy in nats. */
const lossOf = (model: Mlp, { x, labels }: Batch): tf.Scalar =>
  tf.mean(nnx.softmaxCrossEntropyWithIntegerLabels(model.forward(x), labels));

/** All that training changes. */
export class DigitsRun extends nnx.Module {
  readonly model: Mlp;
  readonly optimizer: nnx.Optimizer;
  readonly batches: nnx.Batches<ReturnType<typeof examplesOf>>;

  constructor(images: Images, seed = 0) {
    super();
    this.model = new Mlp(0.25, { rngs: new nnx.Rngs({ params: seed, dropconnect: seed + 1 }) });
    this.optimizer = new nnx.Optimizer(this.model, adam(1e-3), { wrt: nnx.Param });
    this.batches = new nnx.Batches(examplesOf(images), { batchSize: BATCH, key: nnx.random.key(seed + 2) });
    this.model.train();
  }
}

function trainStep({ model, optimizer }: Pick<DigitsRun, "model" | "optimizer">, batch: Batch): tf.Scalar {
  const [loss, gradients] = nnx.valueAndGrad(lossOf)(model, batch);
  optimizer.update(model, gradients);
  return loss;
}

/** Mean uncertainties of some images, in nats. */
interface Uncertainty {
  readonly total: number;
  readonly aleatoric: number;
  readonly epistemic: number;
}

/** What a drawing is taken for. */
export interface Answer extends Uncertainty {
  readonly pixels: Float32Array;
  /** Probabilities, `[passes, classes]`. */
  readonly passes: Float32Array;
  readonly mean: Float32Array;
}

export interface DigitsSight {
  /** The share of watched images that are recognised. */
  readonly accuracy: number;
  readonly known: Uncertainty;
  readonly unseen: Uncertainty;
  /** The hidden layer's weights as the next step will have them: 0 where a weight is dropped. */
  readonly kept: Matrix;
  /** The gradient of the hidden layer's weights with this mask. */
  readonly gradient: Matrix;
  /** The sizes of the kernels' gradients, by layer. */
  readonly gradientSizes: readonly number[];
  readonly answer: Answer;
}

const meanOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

const means = ({ total, aleatoric, epistemic }: nnx.Decomposition): Uncertainty => ({
  total: meanOf(total),
  aleatoric: meanOf(aleatoric),
  epistemic: meanOf(epistemic),
});

/** Always the same masks, so that only the model and the image make a difference. */
const sampling = { key: nnx.random.key(7), outputs: "logits" } as const;

export class DigitsLesson implements Lesson<DigitsSight> {
  readonly run: DigitsRun;
  private readonly recorded = nnx.jit(trainStep);
  private readonly digits: Digits;
  private readonly known: Images;
  private readonly unseen: Images;
  private drawing: Float32Array;

  constructor(digits: Digits) {
    this.digits = digits;
    this.run = new DigitsRun(digits.train);
    this.known = first(digits.known, WATCHED.images);
    this.unseen = first(digits.unseen, WATCHED.images);
    this.drawing = this.image("known", 0);
  }

  step(): number {
    const { model, optimizer, batches } = this.run;
    // Leaving the loop frees the batch; the next loop goes on behind it.
    for (const batch of batches) {
      const loss = this.recorded({ model, optimizer }, batch);
      const [nats] = loss.dataSync();
      loss.dispose();
      return nats as number;
    }
    return this.step();
  }

  look(): DigitsSight {
    return {
      ...this.lookAtImages(),
      ...this.lookAtWeights(),
      answer: this.ask(this.drawing),
    };
  }

  /** An image that the model does not train on. */
  image(kind: "known" | "unseen", index: number): Float32Array {
    const { pixels, count } = this.digits[kind];
    const at = (index % count) * PIXELS;
    return pixels.slice(at, at + PIXELS);
  }

  /** One hundred stochastic passes for one image of 64 pixels in [0, 1]. */
  ask(pixels: Float32Array): Answer {
    this.drawing = pixels;
    const x = tf.tensor2d(pixels, [1, PIXELS]);
    const passes = nnx.sample(this.run.model, x, PASSES, sampling);
    x.dispose();
    return {
      pixels,
      passes: Float32Array.from(passes.data),
      mean: Float32Array.from(nnx.predictiveMean(passes).data),
      ...means(nnx.entropyDecomposition(passes)),
    };
  }

  /**
   * The model as it is now, and one batch that went through it. The caller disposes model, captured and
   * input; training may go on meanwhile.
   */
  moment() {
    const model = nnx.clone(this.run.model);
    const x = pixelsOf(this.known);
    const labels = tf.tensor1d(this.known.labels, "int32");
    const captured = nnx.captureGradients(lossOf, { methodOutputs: true })(model, { x, labels });
    const samples = nnx.sample(model, x, WATCHED.passes, sampling);
    const input: tf.Tensor3D = tf.reshape(x, [-1, SIDE, SIDE]);
    nnx.dispose([x, labels]);
    const inputs = { data: this.known.pixels, shape: input.shape };
    return { model, captured, input, predictions: { samples, labels: this.known.labels, inputs } };
  }

  setLearningRate(rate: number): void {
    setLearningRate(this.run.optimizer, rate);
  }

  /** @param rate - The share of weights that DropConnect drops from now on, between 0 and 1. */
  setDropRate(rate: number): void {
    nnx.setAttributes(this.run.model, { rate }, { only: nnx.DropConnectLinear });
  }

  dispose(): void {
    this.recorded.dispose();
    nnx.dispose(this.run);
  }

  private lookAtImages(): Pick<DigitsSight, "accuracy" | "known" | "unseen"> {
    const { model } = this.run;
    const [known, unseen] = [this.known, this.unseen].map((images) => {
      const x = pixelsOf(images);
      const moments = nnx.sample(model, x, WATCHED.passes, { ...sampling, keep: "moments" });
      x.dispose();
      return moments;
    }) as [nnx.SampleMoments, nnx.SampleMoments];
    const guesses = Array.from(this.known.labels, (_, i) => {
      const row = Array.from({ length: CLASSES }, (_each, c) => known.mean.data[i * CLASSES + c] as number);
      return row.indexOf(Math.max(...row));
    });
    return {
      accuracy: meanOf(guesses.map((guess, i) => Number(guess === this.known.labels[i]))),
      known: means(nnx.entropyDecomposition(known)),
      unseen: means(nnx.entropyDecomposition(unseen)),
    };
  }

  /** A copy draws the masks that the model will draw next, and the model does not notice. */
  private lookAtWeights(): Pick<DigitsSight, "kept" | "gradient" | "gradientSizes"> {
    return nnx.tidy(() => {
      const [forMask, forGradient] = [nnx.clone(this.run.model), nnx.clone(this.run.model)];
      const { hidden } = forMask;
      const kept = tf.sub(hidden.forward(tf.eye(hidden.inFeatures)), hidden.bias?.value ?? 0);
      const batch = { x: pixelsOf(this.known), labels: tf.tensor1d(this.known.labels, "int32") };
      const gradients = nnx.grad(lossOf)(forGradient, batch);
      return {
        kept: matrixOf(kept),
        gradient: matrixOf(gradients.hidden.kernel.value),
        gradientSizes: LAYERS.map((layer) => rootMeanSquare(gradients[layer].kernel.value)),
      };
    });
  }
}
