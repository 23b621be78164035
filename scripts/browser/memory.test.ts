/** @file What captures, recorded steps, samples and checkpoints leave on the backend: nothing. */
import * as nnx from "@nnxjs/nnx";
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { held } from "./held.ts";

class Net extends nnx.Module {
  readonly conv: nnx.Conv;
  readonly drop: nnx.DropConnectLinear;
  constructor(rngs: nnx.Rngs) {
    super();
    this.conv = new nnx.Conv(1, 3, [3, 3], { rngs });
    this.drop = new nnx.DropConnectLinear(new nnx.Linear(75, 4, { rngs }), 0.25, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    const y = nnx.relu(this.conv.forward(x));
    this.sow(nnx.Intermediate, "features", y);
    return this.drop.forward(tf.reshape(this.perturb("y", y), [x.shape[0]!, 75]));
  }
}

const input = (): tf.Tensor => nnx.random.normal(nnx.random.key(1), [4, 5, 5, 1]);
const lossOf = (model: Net, x: tf.Tensor): tf.Scalar => tf.mean(tf.square(model.forward(x))) as tf.Scalar;

const works: Readonly<Record<string, (model: Net, x: tf.Tensor) => unknown>> = {
  "a capture": (model, x) => {
    const [y, seen] = nnx.capture(model, nnx.Intermediate)(x);
    nnx.dispose([y, seen]);
  },
  "a recorded step": (model, x) => {
    const optimizer = new nnx.Optimizer(model, nnx.adam(1e-2), { wrt: nnx.Param });
    const step = nnx.jit((m: Net, o: nnx.Optimizer, v: tf.Tensor) => {
      const [loss, grads] = nnx.valueAndGrad((each: Net) => lossOf(each, v))(m);
      o.update(m, grads);
      return loss;
    });
    for (let i = 0; i < 5; i++) step(model, optimizer, x).dispose();
    expect(step.programs.map(({ replays }) => replays)).toEqual([4]);
    step.dispose();
    nnx.dispose(optimizer);
  },
  samples: (model, x) => nnx.sampleAsync(model, x, 3, { key: nnx.random.key(2) }),
  "moments of samples": (model, x) =>
    nnx.sampleAsync(model, x, 3, { key: nnx.random.key(2), keep: "moments" }),
  "a checkpoint": async (model) => {
    await nnx.save(model, nnx.opfs("memory.safetensors"));
    await nnx.restore(model, nnx.opfs("memory.safetensors"));
  },
};

it.each(Object.entries(works))("%s leaves no tensor and no bytes behind", async (_, work) => {
  const run = async (): Promise<void> => {
    const model = new Net(new nnx.Rngs(0));
    const x = input();
    await work(model, x);
    nnx.dispose(model);
    x.dispose();
  };
  // The first run makes what stays for good: kernels, and what they know.
  await run();
  const before = await held();
  await run();
  expect(await held()).toEqual(before);
});

it("a checkpoint in the browser's files gives the model back, to the bit", async () => {
  const [model, other] = [new Net(new nnx.Rngs(3)), new Net(new nnx.Rngs(4))];
  const bytesOf = async (m: Net): Promise<number[]> => [...(await nnx.toBytes(m))];
  const wanted = await bytesOf(model);
  expect(await bytesOf(other)).not.toEqual(wanted);
  await nnx.save(model, nnx.opfs("model.safetensors"));
  await nnx.restore(other, nnx.opfs("model.safetensors"));
  expect(await bytesOf(other)).toEqual(wanted);
  nnx.dispose([model, other]);
});
