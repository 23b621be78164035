/** @file The page that shows the run: how it trained, what it computes, and how sure it is. */
import { inspect, Recorder } from "@nnxjs/inspect";
import { writeReport } from "@nnxjs/inspect/node";
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { CLASSES, first, type Images, pixelsOf } from "../images.ts";
import type { Mlp } from "../model.ts";
import { crossEntropy } from "../train.ts";

/** So many images are looked at in each epoch, and so many of each kind in the end. */
const LOOKED_AT = 32;

const loss = (model: Mlp, x: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar =>
  crossEntropy(model.forward(x), labels);

/** Records a run, epoch by epoch, and shows it. */
export class RunPage {
  private readonly recorder: Recorder;

  private readonly model: Mlp;
  private readonly known: Images;

  constructor(model: Mlp, known: Images) {
    this.model = model;
    this.known = known;
    this.recorder = new Recorder(model, { every: 1, stateBytes: 0 });
  }

  /** Called after each epoch. The model is as before. */
  record(scalars: Readonly<Record<string, number>>): void {
    const captured = this.look();
    this.recorder.record({ scalars, captured });
    nnx.dispose(captured);
  }

  /** @returns the full path of the file. */
  async write(
    file: string,
    unseen: Images,
    { samples: passes, seed }: { samples: number; seed: number },
  ): Promise<string> {
    const [some, strange] = [first(this.known, LOOKED_AT), first(unseen, LOOKED_AT)];
    const pixels = Float32Array.from([...some.pixels, ...strange.pixels]);
    const x = tf.tensor2d(pixels, [2 * LOOKED_AT, 64]);
    const input = tf.tensor3d(some.pixels, [LOOKED_AT, 8, 8]);
    const captured = this.look();
    const samples = nnx.sample(this.model, x, passes, { key: nnx.random.key(seed + 3), outputs: "logits" });
    const report = await inspect(this.model, {
      title: "Digits 0-7, and 8 and 9 that it never saw",
      captured,
      input,
      history: this.recorder,
      predictions: {
        samples,
        labels: [...some.labels, ...strange.labels],
        inputs: { data: pixels, shape: [2 * LOOKED_AT, 8, 8] },
        classes: Array.from({ length: CLASSES }, (_, digit) => String(digit)),
      },
    });
    nnx.dispose([captured, x, input]);
    this.recorder.dispose();
    return writeReport(file, report);
  }

  private look() {
    const images = first(this.known, LOOKED_AT);
    const x = pixelsOf(images);
    const labels = tf.tensor1d(images.labels, "int32");
    const captured = nnx.captureGradients(loss, { methodOutputs: true })(this.model, x, labels);
    nnx.dispose([x, labels]);
    return captured;
  }
}
