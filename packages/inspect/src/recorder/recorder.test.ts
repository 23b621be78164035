import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { inspect, Recorder } from "../index.ts";

class Net extends nnx.Module {
  readonly frozen: nnx.Linear;
  readonly out: nnx.Linear;
  constructor() {
    super();
    const rngs = new nnx.Rngs(0);
    this.frozen = new nnx.Linear(4, 8, { rngs });
    this.out = new nnx.Linear(8, 2, { rngs });
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const h = nnx.relu(this.frozen.forward(x)) as tf.Tensor2D;
    this.sow(nnx.Intermediate, "h", h);
    return this.out.forward(h);
  }
}

let before = 0;
let net: Net;
let x: tf.Tensor2D;
beforeEach(() => {
  before = tf.memory().numTensors;
  net = new Net();
  x = tf.ones([3, 4]);
});
afterEach(() => {
  nnx.dispose([net, x]);
  expect(tf.memory().numTensors).toBe(before);
});

const loss = (m: Net, input: tf.Tensor2D): tf.Scalar => tf.mean(tf.square(m.forward(input)));

/** Trains the last layer, and records. */
function train(recorder: Recorder, steps: number): void {
  const optimizer = new nnx.Optimizer(net.out, nnx.sgd(0.1), { wrt: nnx.Param });
  for (let i = 0; i < steps; i++) {
    const captured = nnx.captureGradients(loss)(net, x);
    optimizer.update(net.out, captured.gradients.out);
    recorder.record({ scalars: { loss: captured.loss, rate: 0.1 }, captured });
    nnx.dispose(captured);
  }
  nnx.dispose(optimizer);
}

describe("Recorder", () => {
  it("records every n-th step, and says when it is due", () => {
    using recorder = new Recorder(net, { every: 3 });
    const due: boolean[] = [];
    for (let i = 0; i < 7; i++) {
      due.push(recorder.isDue);
      expect(recorder.record()).toBe(due.at(-1));
    }
    expect(due).toEqual([true, false, false, true, false, false, true]);
    expect(recorder.steps).toEqual([0, 3, 6]);
  });

  it("keeps at most so many steps: every second one goes, and half as many follow", () => {
    using recorder = new Recorder(net, { every: 1, most: 4 });
    for (let i = 0; i < 12; i++) recorder.record();
    expect(recorder.steps).toEqual([0, 4, 8]);
  });

  it("has numbers of weights, gradients and activations, and values that differ between steps", () => {
    using recorder = new Recorder(net, { every: 1 });
    train(recorder, 3);
    const { steps, scalars, series } = recorder.history();
    expect(steps).toEqual([0, 1, 2]);
    expect(scalars.loss?.length).toBe(3);
    expect([...(scalars.loss ?? [])]).toEqual([...(scalars.loss ?? [])].sort((a, b) => b - a));
    const at = (where: string, path: string) =>
      series.find((each) => each.where === where && each.path.join(".") === path);
    const kernel = at("parameters", "out.kernel");
    expect(kernel?.frames.shape).toEqual([8, 2]);
    expect(kernel?.code).toBe("model.out.kernel.value");
    expect(at("gradients", "out.kernel")?.of).toBe("gradient");
    expect([...(at("sown", "h")?.mean ?? [])].every(Number.isFinite)).toBe(true);
    const cells = kernel?.frames.cells as Int8Array;
    expect(cells.subarray(0, 16)).not.toEqual(cells.subarray(32, 48));
    const still = at("parameters", "frozen.kernel")?.frames.cells as Int8Array;
    expect(still.subarray(0, 32)).toEqual(still.subarray(64, 96));
  });

  it("gives back the State of a step, and shares what did not change", () => {
    using recorder = new Recorder(net, { every: 1 });
    const first = net.out.kernel.value.arraySync();
    const shared = net.frozen.kernel.value;
    recorder.record();
    train(recorder, 3);
    expect(recorder.stateSteps).toEqual([0, 1, 2, 3]);
    const old = recorder.stateAt(0);
    const now = recorder.stateAt(3);
    const kernelOf = (state: nnx.State, layer: string): tf.Tensor =>
      nnx.valuesAt(state, [layer, "kernel"]) as tf.Tensor;
    expect(kernelOf(old, "out").arraySync()).toEqual(first);
    expect(kernelOf(now, "out").arraySync()).toEqual(net.out.kernel.value.arraySync());
    expect(kernelOf(now, "frozen").dataSync()).toEqual(shared.dataSync());
    expect(kernelOf(now, "frozen")).toBe(kernelOf(old, "frozen"));
    nnx.dispose([old, now]);
    expect(() => recorder.stateAt(9)).toThrow(/a step whose State was kept \(0, 1, 2, 3\), got 9/);
  });

  it("keeps States within its bytes", () => {
    // The first State has 232 bytes; each of the others has 72 of its own.
    using recorder = new Recorder(net, { every: 1, stateBytes: 400 });
    train(recorder, 8);
    expect(recorder.stateSteps.length).toBeLessThanOrEqual(3);
    expect(recorder.stateSteps[0]).toBe(0);
    const last = recorder.stateSteps.at(-1) as number;
    expect(last).toBeGreaterThan(2);
    nnx.dispose(recorder.stateAt(last));
    using none = new Recorder(net, { every: 1, stateBytes: 100 });
    none.record();
    expect(none.stateSteps).toEqual([]);
  });

  it("recordAsync records the same", async () => {
    using a = new Recorder(net, { every: 1 });
    using b = new Recorder(net, { every: 1 });
    const captured = nnx.captureGradients(loss)(net, x);
    a.record({ scalars: { loss: captured.loss }, captured });
    await b.recordAsync({ scalars: { loss: captured.loss }, captured });
    expect(b.history()).toEqual(a.history());
    nnx.dispose(captured);
  });

  it("is as before after bad input", () => {
    using recorder = new Recorder(net, { every: 1 });
    expect(() => recorder.record({ scalars: { loss: "a lot" as never } })).toThrow(
      /the scalar loss to be a number/,
    );
    expect(() => recorder.record({ captured: net as never })).toThrow(nnx.NnxError);
    expect(() => recorder.record({ gradient: {} } as never)).toThrow(/gradient/);
    expect([recorder.steps, recorder.stateSteps]).toEqual([[], []]);
    recorder.record();
    expect(recorder.steps).toEqual([0]);
  });

  it("makes a report of its own, which begins at the last step", async () => {
    using recorder = new Recorder(net, { every: 1 });
    train(recorder, 2);
    const { data } = await inspect(recorder);
    expect([data.title, data.tree, data.history?.steps]).toEqual(["A run", [], [0, 1]]);
  });
});
