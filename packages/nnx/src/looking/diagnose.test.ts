import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as nnx from "../index.ts";
import { classify, Cnn, spots } from "../../test/models.ts";

const rngs = () => new nnx.Rngs(0, { dropout: 1 });
const kindsOf = ({ flags }: nnx.Summary) => flags.map(({ kind, path }) => `${kind} ${path.join(".")}`);

/** Layers of one width with an activation behind each. */
class Deep extends nnx.Module {
  readonly layers: nnx.Linear[];
  readonly act: (x: tf.Tensor) => tf.Tensor;
  constructor(depth: number, act: (x: tf.Tensor) => tf.Tensor) {
    super();
    const from = rngs();
    this.layers = Array.from({ length: depth }, () => new nnx.Linear(16, 16, { rngs: from }));
    this.act = act;
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.layers.reduce((h, layer, i) => {
      const y = this.act(layer.forward(h));
      this.sow(nnx.Intermediate, `act${i}`, y);
      return y;
    }, x);
  }
}
const square = (m: Deep, x: tf.Tensor) => tf.mean<tf.Scalar>(tf.square(m.forward(x)));
const input = () => nnx.random.normal(nnx.random.key(3), [32, 16]);

describe.each(["cpu", "wasm"])("on %s, diagnose", (backend) => {
  beforeAll(() => tf.setBackend(backend));
  afterAll(() => tf.setBackend("cpu"));

  it("leaves everything as it was, and no tensors, and may be asked again", async () => {
    const model = new Cnn({ rngs: rngs() });
    const optimizer = new nnx.Optimizer(model, nnx.adam(1e-3), { wrt: nnx.Param });
    const { images, labels } = spots(8);
    nnx.diagnose(model, classify, { optimizer })(images, labels);
    const before = [nnx.flattenState(nnx.state(model)), nnx.flattenState(nnx.state(optimizer))].flat();
    const count = tf.memory().numTensors;
    const found = nnx.diagnose(model, classify, { optimizer })(images, labels);
    const later = await nnx.diagnoseAsync(model, classify, { optimizer })(images, labels);
    expect(tf.memory().numTensors).toBe(count);
    const after = [nnx.flattenState(nnx.state(model)), nnx.flattenState(nnx.state(optimizer))].flat();
    for (const [i, [, leaf]] of before.entries()) expect(after[i]?.[1]).toBe(leaf);
    expect(String(later)).toBe(String(found));
    const [loss] = nnx.valueAndGrad(classify)(model, images, labels);
    expect(found.loss).toBe(loss.dataSync()[0]);
  });

  it("names vanishing gradients and saturated units", () => {
    expect(kindsOf(nnx.diagnose(new Deep(12, nnx.sigmoid), square)(input()))).toEqual([
      "vanishing layers.0.forward",
    ]);
    expect(kindsOf(nnx.diagnose(new Deep(4, nnx.relu), square)(input()))).toEqual([]);
    const large = new Deep(3, nnx.tanh);
    for (const { kernel } of large.layers) kernel.value = tf.mul(kernel.value, 8);
    const kinds = kindsOf(nnx.diagnose(large, square)(input()));
    expect(kinds).toEqual(expect.arrayContaining(["saturated act0", "saturated act1"]));
    // The model returns it.
    expect(kinds).not.toContain("saturated act2");
  });
});

describe("diagnose", () => {
  beforeAll(() => tf.setBackend("cpu"));

  it("has rows in the order of the calls, then parameters and updates", () => {
    const model = new Deep(11, nnx.tanh);
    const optimizer = new nnx.Optimizer(model, nnx.sgd(0.1), { wrt: nnx.Param });
    const { rows } = nnx.diagnose(model, square, { optimizer })(input());
    const of = (part: string) => rows.filter((row) => row.part === part).map(({ path }) => path.join("."));
    const order = Array.from({ length: 11 }, (_, i) => i);
    expect(of("outputs.value")).toEqual([...order.map((i) => `layers.${i}.forward`), "forward"]);
    expect(of("sown.gradient")).toEqual(order.map((i) => `act${i}`));
    const parameters = order.flatMap((i) => [`layers.${i}.bias`, `layers.${i}.kernel`]);
    for (const part of ["gradients", "parameters", "updates"]) expect(of(part)).toEqual(parameters);
    const [gradient, update] = ["gradients", "updates"].map((part) =>
      rows.find((row) => row.part === part && row.path.at(-1) === "kernel"),
    );
    expect(update!.std).toBeCloseTo(0.1 * gradient!.std, 6);
  });

  it("sees draws and modes that eval() does not reach", () => {
    class Fixed extends nnx.Module {
      readonly drop = new nnx.Dropout(0.5, { rngs: rngs() });
      readonly out = new nnx.Linear(16, 1, { rngs: rngs() });
      forward(x: tf.Tensor): tf.Tensor {
        return this.out.forward(this.drop.forward(x, { deterministic: false }));
      }
    }
    const model = new Fixed();
    model.eval();
    const mean = (m: Fixed, x: tf.Tensor) => tf.mean<tf.Scalar>(m.forward(x));
    expect(kindsOf(nnx.diagnose(model, mean, { training: false })(input()))).toEqual(["mode drop.rngs"]);
    expect(kindsOf(nnx.diagnose(model, mean)(input()))).toEqual([]);
    expect(kindsOf(nnx.diagnose(model, mean, { training: true })(input()))).toEqual(["mode "]);
    expect(kindsOf(nnx.diagnose(model, mean, { training: true, ignore: ["mode"] })(input()))).toEqual([]);
  });

  it("takes thresholds, aux, and an updater of one's own", () => {
    const model = new Deep(2, nnx.tanh);
    const optimizer = {
      update: (m: Deep, grads: nnx.State) =>
        nnx.update(
          m,
          nnx.mapState((_, leaf) => ({ ...leaf, value: tf.mul(leaf.value as tf.Tensor, 0) }) as never, grads),
        ),
    };
    const both = (m: Deep, x: tf.Tensor) => [square(m, x), "more"] as const;
    const options = { optimizer, hasAux: true, thresholds: { largeUpdates: 10 } } as const;
    expect(kindsOf(nnx.diagnose(model, both, options)(input()))).toEqual([]);
    expect(kindsOf(nnx.diagnose(model, both, { optimizer, hasAux: true })(input()))).toEqual([
      "largeUpdates ",
    ]);
  });

  it("refuses what it does not know, and throws what the loss throws", () => {
    const model = new Deep(2, nnx.tanh);
    const wrong = (options: object) => () => nnx.diagnose(model, square, options);
    expect(wrong({ optimiser: 1 })).toThrow("Did you mean optimizer?");
    expect(wrong({ optimizer: {} })).toThrow("diagnose: expected optimizer to have a method update");
    expect(wrong({ thresholds: { ded: 1 } })).toThrow("Did you mean dead?");
    expect(wrong({ thresholds: { dead: -1 } })).toThrow("expected the threshold dead to be a number from 0");
    expect(wrong({ ignore: ["all"] })).toThrow('expected ignore to have kinds of flags, got "all"');
    expect(wrong({ bins: 0 })).toThrow("whole number from 1");
    expect(() => nnx.diagnose(model, undefined as never)).toThrow("diagnose: expected");
    const count = tf.memory().numTensors;
    const x = input();
    const broken = (m: Deep, y: tf.Tensor): tf.Scalar => {
      m.forward(y);
      throw new RangeError("mine");
    };
    expect(() => nnx.diagnose(model, broken)(x)).toThrow("mine");
    x.dispose();
    expect(tf.memory().numTensors).toBe(count);
  });

  it("is what summarize says of captures, where it can know", () => {
    const model = new Deep(2, nnx.relu);
    model.layers[0]!.bias!.value = tf.tensor1d([...new Array(12).fill(-30), 0, 0, 0, 0]);
    const [, seen] = nnx.capture(model, nnx.Intermediate)(input());
    expect(kindsOf(nnx.summarize(seen))).toEqual(["dead act0"]);
    expect(String(nnx.summarize(seen))).toMatch(/\ndead at act0 \(sown\): There are 12 of 16 units off/);
    expect(kindsOf(nnx.summarize(nnx.captureGradients(square)(model, input())))).toEqual([]);
    const captured = nnx.captureGradients(square, { methodOutputs: true })(model, input());
    expect(kindsOf(nnx.summarize(captured))).toEqual(["dead layers.0.forward"]);
    model.layers[1]!.kernel.value = tf.fill([16, 16], Number.NaN);
    expect(kindsOf(nnx.summarize(model))).toEqual(["nonFinite layers.1.kernel"]);
  });
});
