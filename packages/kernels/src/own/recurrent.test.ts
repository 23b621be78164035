import * as tf from "@tensorflow/tfjs-core";
import { afterEach, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { restoreKernels } from "../mend-kernels.ts";
import { wasmCall } from "../wasm/call.ts";
import { gatesModule } from "../wasm/gates.generated.ts";
import { useWasmKernels } from "../wasm/module.ts";
import { recurrentKernelNames } from "./recurrent-names.ts";
import { gruOver, lstmOver, simpleOver } from "./recurrent-ops.ts";
import { lstmGradientOver } from "./recurrent-gradients.ts";

const float32 = Math.fround;

/** How many float32 numbers lie between two. */
function distance(a: number, b: number): number {
  const order = (x: number): number => {
    const [bits = 0] = new Int32Array(Float32Array.of(x).buffer);
    return bits < 0 ? -(bits & 0x7fffffff) : bits;
  };
  return Math.abs(order(a) - order(b));
}

const edges = [0, -0, 1e-45, -1e-45, 1e-38, 1e-20, 0.625, -0.625, 88, -88, -100, -104, -110, 200, -200, 1e38];
const inputs = Float32Array.from([
  ...edges,
  ...Array.from({ length: 40_000 }, (_, i) => (i - 20_000) / 180),
  ...Array.from({ length: 2_001 }, (_, i) => Math.sign(i - 1000) * 10 ** -((i % 1000) / 40)),
]);

onEachBackend("gates", () => {
  const computed = (name: "logistic" | "tanh", x: tf.Tensor): Float32Array => {
    const [info] = wasmCall(
      tf.backend(),
      gatesModule,
      name,
      [x],
      [{ shape: x.shape, dtype: "float32" }],
      [0, 0, x.size, 1],
    )!;
    const result = tf.engine().makeTensorFromTensorInfo(info!);
    const values = result.dataSync<"float32">().slice();
    result.dispose();
    return values;
  };
  const exact = { logistic: (x: number): number => 1 / (1 + Math.exp(-x)), tanh: Math.tanh };

  it.each(["logistic", "tanh"] as const)("%s is within 3 ulp", (name) => {
    const x = tf.tensor1d(inputs);
    const y = computed(name, x);
    let worst = 0;
    inputs.forEach((value, i) => {
      worst = Math.max(worst, distance(y[i]!, float32(exact[name](value))));
    });
    expect(worst).toBeLessThanOrEqual(3);
    x.dispose();
  });

  it.each(["logistic", "tanh"] as const)("%s is right at the edges, at every position", (name) => {
    const values = [Number.NaN, Infinity, -Infinity, -0, 0.3];
    for (let shift = 0; shift < 9; shift++) {
      const x = tf.tensor1d([...Array<number>(shift).fill(0.3), ...values]);
      const y = computed(name, x);
      const [nan, most, least, zero, last] = y.slice(shift);
      expect([nan, most, least]).toEqual([Number.NaN, 1, name === "tanh" ? -1 : 0]);
      expect(zero).toBe(name === "tanh" ? -0 : 0.5);
      expect(new Set([...y.slice(0, shift), last]).size).toBe(1);
      x.dispose();
    }
  });
});

/** The same by ops, step by step. */
const byOps = {
  lstm(x: tf.Tensor, kernel: tf.Tensor, c: tf.Tensor, h: tf.Tensor, timeMajor: boolean, reverse: boolean) {
    const hs: tf.Tensor[] = [];
    const cs: tf.Tensor[] = [];
    const steps = tf.unstack(x, timeMajor ? 0 : 1);
    for (const each of reverse ? steps.reverse() : steps) {
      const [i, f, g, o] = tf.split(tf.add(each, tf.matMul(h as tf.Tensor2D, kernel as tf.Tensor2D)), 4, -1);
      c = tf.add(tf.mul(tf.sigmoid(f!), c), tf.mul(tf.sigmoid(i!), tf.tanh(g!)));
      h = tf.mul(tf.sigmoid(o!), tf.tanh(c));
      hs.push(h);
      cs.push(c);
    }
    return [hs, cs].map((all) => tf.stack(reverse ? all.reverse() : all, timeMajor ? 0 : 1));
  },
};

const normal = (shape: number[]): tf.Tensor => tf.randomNormal(shape, 0, 1, "float32", 7);

onEachBackend("kernels of recurrent cells", () => {
  afterEach(() => useWasmKernels(true));

  it.each([
    [1, 1, 1],
    [1, 5, 3],
    [3, 1, 4],
    [4, 3, 8],
    [5, 4, 9],
    [9, 2, 17],
    [2, 6, 31],
  ])("equal the ops for a batch of %i, %i steps, %i units", (batch, steps, hidden) => {
    for (const [timeMajor, reverse] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      const before = tf.memory().numTensors;
      tf.tidy(() => {
        const x = normal([...(timeMajor ? [steps, batch] : [batch, steps]), 4 * hidden]);
        const kernel = normal([hidden, 4 * hidden]);
        const [c, h] = [normal([batch, hidden]), normal([batch, hidden])];
        const [hs, cs] = lstmOver({ x, kernel, c, h }, { timeMajor, reverse })!;
        const wanted = byOps.lstm(x, kernel, c, h, timeMajor, reverse);
        [hs, cs].forEach((each, i) => {
          expect(each!.shape).toEqual(wanted[i]!.shape);
          expect(tf.max(tf.abs(tf.sub(each!, wanted[i]!))).dataSync()[0]).toBeLessThan(2e-5);
        });
      });
      expect(tf.memory().numTensors).toBe(before);
    }
  });

  it("pass NaN on, to its own sequence only", () => {
    tf.tidy(() => {
      const x = tf.tensor3d([0.1, Number.NaN, 0.2, 0.3], [2, 2, 1]);
      const [hs] = simpleOver(
        { x, kernel: tf.ones([1, 1]), h: tf.zeros([2, 1]) },
        { timeMajor: false, reverse: false, residual: false },
      )!;
      const [a, b, c, d] = hs!.dataSync();
      expect([Number.isNaN(a), Number.isNaN(b), Number.isNaN(c), Number.isNaN(d)]).toEqual([
        false,
        true,
        false,
        false,
      ]);
    });
  });

  it("are left where they cannot run, or not be differentiated", () => {
    tf.tidy(() => {
      const attrs = { timeMajor: false, reverse: false };
      const [x, kernel, h] = [normal([2, 2, 6]), normal([2, 6]), normal([2, 2])];
      expect(gruOver({ x, kernel, h }, attrs)).toHaveLength(2);
      expect(gruOver({ x: tf.cast(x, "int32"), kernel, h }, attrs)).toBeUndefined();
      expect(gruOver({ x: tf.zeros([2, 0, 6]), kernel, h }, attrs)).toBeUndefined();
      useWasmKernels(false);
      expect(gruOver({ x, kernel, h }, attrs)).toBeUndefined();
      useWasmKernels(true);
      restoreKernels();
      // Another test file may have loaded another copy of this package, which registered it.
      const gradient = recurrentKernelNames.lstmGrad;
      if (tf.getKernel(gradient, tf.getBackend())) tf.unregisterKernel(gradient, tf.getBackend());
      const none = { activations: x, cs: x, c: h, kernel, dh: x, dc: x };
      expect(lstmGradientOver(none, attrs)).toBeUndefined();
      expect(gruOver({ x, kernel, h }, attrs)).toHaveLength(2);
    });
  });

  it("say so when they are called where they cannot run", () => {
    tf.tidy(() => {
      const [x, kernel, h] = [normal([2, 2, 6]), normal([2, 6]), normal([2, 2])];
      gruOver({ x, kernel, h }, { timeMajor: false, reverse: false });
      useWasmKernels(false);
      expect(() =>
        tf.engine().runKernel("NnxGru", { x, kernel, h }, { timeMajor: false, reverse: false }),
      ).toThrow(/NnxGru, got none\. Call the cell step by step/);
    });
  });
});
