import {
  flattenState,
  grad,
  graphDefFromJson,
  graphDefToJson,
  isVariableState,
  merge,
  Param,
  split,
  state,
} from "@nnxjs/nnx-core";
import { initializers, Rngs } from "@nnxjs/rnglib";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { expectGradients, expectLayer } from "../../test/golden.ts";
import {
  Conv,
  Dropout,
  leakyRelu,
  Linear,
  LoRA,
  LoRALinear,
  LoRAParam,
  PReLU,
  relu,
  Sequential,
  SpectralNorm,
  WeightNorm,
} from "../index.ts";

const rngs = (seed = 0) => new Rngs(seed);
const values = (x: tf.Tensor): number[] => [...x.dataSync()];
const paths = (s: object) => flattenState(s as ReturnType<typeof state>).map(([path]) => path.join("."));

onEachBackend("adapters", () => {
  it("WeightNorm and Dropout take booleans for the numbers that they are", () => {
    const norm = new WeightNorm(new Linear(2, 1, { rngs: new Rngs(0) }), { rngs: new Rngs(0) });
    (norm.layer_instance as Linear).kernel.value = tf.tensor2d([1, 1], [2, 1], "bool");
    expect(norm.forward(tf.ones([1, 2])).dataSync()[0]).toBeCloseTo(Math.SQRT2, 5);
    const x = tf.tensor2d([1, 0, 1, 1, 0, 1], [2, 3], "bool");
    const drop = (input: tf.Tensor) => new Dropout(0.5, { rngs: new Rngs(0) }).forward(input);
    expect([...drop(x).dataSync()]).toEqual([...drop(tf.cast(x, "float32")).dataSync()]);
  });

  it("WeightNorm and SpectralNorm equal Flax's", () => {
    expectLayer("WeightNorm", new WeightNorm(new Linear(3, 2, { rngs: rngs() }), { rngs: rngs(1) }), (m, x) =>
      m.forward(x!),
    );
    expectLayer(
      "SpectralNorm",
      new SpectralNorm(new Linear(3, 2, { rngs: rngs() }), { rngs: rngs(1) }),
      (m, x) => m.forward(x!),
    );
  });

  it("LoRA, LoRALinear and PReLU equal Flax's", () => {
    const lora = () =>
      new LoRA(3, 2, 4, {
        bInitializer: initializers.ones,
        baseModule: new Linear(3, 4, { rngs: rngs() }),
        rngs: rngs(1),
      });
    expectLayer("LoRA", lora(), (m, x) => m.forward(x!));
    expectGradients("LoRA", lora(), (m, x) => m.forward(x));
    const linear = new LoRALinear(3, 4, { loraRank: 2, bInitializer: initializers.ones, rngs: rngs() });
    expectLayer("LoRALinear", linear, (m, x) => m.forward(x!));
    expectLayer("PReLU", new PReLU(), (m, x) => m.forward(x!));
    expectGradients("PReLU", new PReLU(), (m, x) => m.forward(x));
  });

  it("WeightNorm and SpectralNorm without overwriting give the same, and leave weights alone", () => {
    const x = tf.ones([2, 3]);
    for (const wrap of [
      (overwrite: boolean) =>
        new WeightNorm(new Linear(3, 2, { rngs: rngs() }), { rngs: rngs(1), overwrite }),
      (overwrite: boolean) =>
        new SpectralNorm(new Linear(3, 2, { rngs: rngs() }), { rngs: rngs(1), overwrite }),
    ]) {
      const [writes, keeps] = [wrap(true), wrap(false)];
      const linear = keeps.layer_instance as Linear;
      const before = values(linear.kernel.value);
      expect(relativeError(values(keeps.forward(x)), values(writes.forward(x)))).toBeLessThan(1e-6);
      expect(values(linear.kernel.value)).toEqual(before);
      expect(values((writes.layer_instance as Linear).kernel.value)).not.toEqual(before);
      // The gradient of the raw weight passes through the normalisation.
      const loss = (m: { forward(x: tf.Tensor): tf.Tensor }) => tf.sum(tf.square(m.forward(x)));
      const slopes = [writes, keeps].map((m) => flattenState(grad(loss)(m as never)));
      expect(slopes[0]!.map(([path]) => path.join("."))).toEqual(slopes[1]!.map(([path]) => path.join(".")));
      expect(values(linear.kernel.value)).toEqual(before);
    }
  });
});

describe("WeightNorm", () => {
  it("gives columns of the kernel the length of their scale", () => {
    const layer = new WeightNorm(new Linear(4, 3, { rngs: rngs() }), {
      rngs: rngs(1),
      scaleInit: initializers.constant(2),
    });
    layer.forward(tf.ones([1, 4]));
    const lengths = values(tf.norm((layer.layer_instance as Linear).kernel.value, 2, 0));
    expect(relativeError(lengths, [2, 2, 2])).toBeLessThan(1e-6);
    const whole = new WeightNorm(new Linear(4, 3, { rngs: rngs() }), { rngs: rngs(1), featureAxes: null });
    whole.forward(tf.ones([1, 4]));
    expect(values(tf.norm((whole.layer_instance as Linear).kernel.value))[0]).toBeCloseTo(1, 6);
    expect(whole.scales!.kernel!.value.shape).toEqual([]);
    const bare = new WeightNorm(new Linear(4, 3, { rngs: rngs() }), { rngs: rngs(1), useScale: false });
    expect(bare.scales).toBeNull();
    expect(paths(state(bare))).toEqual(["layer_instance.bias", "layer_instance.kernel"]);
  });

  it("learns its scales where they are Params", () => {
    const rate = { rngs: rngs(1), scaleType: Param };
    const layer = new WeightNorm(new Linear(4, 3, { rngs: rngs() }), rate);
    expect(paths(state(layer, Param))).toEqual([
      "layer_instance.bias",
      "layer_instance.kernel",
      "scales.kernel",
    ]);
    expect(paths(state(new WeightNorm(new Linear(4, 3, { rngs: rngs() }), { rngs: rngs() }), Param))).toEqual(
      ["layer_instance.bias", "layer_instance.kernel"],
    );
    const slope = grad((m: typeof layer) => tf.sum(m.forward(tf.ones([1, 4]))))(layer);
    const scale = flattenState(slope).find(([path]) => path[0] === "scales")![1];
    expect(isVariableState(scale) && values(scale.value as tf.Tensor).some((v) => v !== 0)).toBe(true);
  });

  it("takes no key for ones, and passes further arguments on", () => {
    const streams = rngs();
    const layer = new WeightNorm(new Linear(3, 2, { rngs: rngs() }), { rngs: streams });
    expect(streams.stream().count.value).toBe(0);
    const [graphdef, all] = split(layer);
    expect(paths(all)).toEqual(["layer_instance.bias", "layer_instance.kernel", "scales.kernel"]);
    expect(graphdef).toBeDefined();
    const seen: unknown[] = [];
    class Probe extends Linear {
      override forward<T extends tf.Tensor>(x: T, ...rest: unknown[]): T {
        seen.push(...rest);
        return super.forward(x);
      }
    }
    const probe = new WeightNorm<readonly unknown[]>(new Probe(3, 2, { rngs: rngs() }) as never, {
      rngs: streams,
    });
    probe.forward(tf.ones([1, 3]), "more");
    expect(seen).toEqual(["more"]);
  });
});

describe("SpectralNorm", () => {
  it("brings the largest singular value to one", () => {
    const diagonal = new Linear(3, 3, {
      rngs: rngs(),
      kernelInit: () => tf.tensor2d([3, 0, 0, 0, 2, 0, 0, 0, 1], [3, 3]),
    });
    const layer = new SpectralNorm(diagonal, { rngs: rngs(1), nSteps: 50 });
    const y = layer.forward(tf.eye(3));
    expect(relativeError(values(y), [1, 0, 0, 0, 2 / 3, 0, 0, 0, 1 / 3])).toBeLessThan(1e-4);
    expect(values(layer.batch_stats["kernel/sigma"]!.value)[0]).toBeCloseTo(3, 3);
  });

  it("keeps its statistics while evaluating", () => {
    const layer = new SpectralNorm(new Conv(2, 3, [3, 3], { rngs: rngs() }), { rngs: rngs(1) });
    const u = () => values(layer.batch_stats["kernel/u"]!.value);
    const before = u();
    layer.eval();
    layer.forward(tf.ones([1, 4, 4, 2]));
    expect(u()).toEqual(before);
    layer.forward(tf.ones([1, 4, 4, 2]), { updateStats: true });
    expect(u()).not.toEqual(before);
    expect(layer.setMode({ useRunningAverage: false, x: 1 })).toEqual({ x: 1 });
    expect(layer.useRunningAverage).toBe(false);
    expect(
      () =>
        new SpectralNorm(new Conv(2, 3, [3, 3], { rngs: rngs() }), { rngs: rngs(1), errorOnNonMatrix: true }),
    ).toThrow(/at most two axes, got a float32\[3,3,2,3\] at kernel/);
  });

  it("does nothing in no steps", () => {
    const linear = new Linear(3, 2, { rngs: rngs() });
    const before = values(linear.kernel.value);
    const layer = new SpectralNorm(linear, { rngs: rngs(1), nSteps: 0 });
    layer.forward(tf.ones([1, 3]));
    expect([values(linear.kernel.value), layer.batch_stats]).toEqual([before, {}]);
  });
});

describe("LoRA", () => {
  it("changes nothing at first", () => {
    const base = new Linear(3, 4, { rngs: rngs() });
    const x = tf.randomNormal([2, 3], 0, 1, "float32", 5);
    expect(values(new LoRA(3, 2, 4, { baseModule: base, rngs: rngs(1) }).forward(x))).toEqual(
      values(base.forward(x)),
    );
    expect(values(new LoRA(3, 2, 4, { rngs: rngs(1) }).forward(x)).every((v) => v === 0)).toBe(true);
  });

  it("LoRA without a rank, as definitions of the first version have it, computes the same", () => {
    const x = tf.ones([5, 3]);
    const layer = new LoRALinear(3, 4, { loraRank: 2, bInitializer: initializers.ones, rngs: rngs() });
    const [definition, leaves] = split(layer);
    const written = JSON.stringify(graphDefToJson(definition));
    const older = written.replace(',["loraRank",{"static":2}]', "");
    expect(older).not.toBe(written);
    const again = merge(graphDefFromJson(JSON.parse(older)), leaves) as LoRALinear;
    expect("loraRank" in again.lora).toBe(false);
    expect(values(again.forward(x))).toEqual(values(layer.forward(x)));
    again.lora.lora_a.value = tf.ones([3, 5]);
    expect(() => again.forward(x)).toThrow(/LoRA\.forward: expected lora_b to have the shape \[5, 4\]/);
  });

  it("has factors that filters tell from other Params", () => {
    const layer = new LoRALinear(3, 4, { loraRank: 2, rngs: rngs() });
    const [, factors, rest] = split(layer, LoRAParam, Param);
    expect(paths(factors)).toEqual(["lora.lora_a", "lora.lora_b"]);
    expect(paths(rest)).toEqual(["bias", "kernel"]);
    class Mine extends Param<tf.Tensor> {}
    expect(new LoRA(3, 2, 4, { rngs: rngs(), loraParamType: Mine }).lora_a).toBeInstanceOf(Mine);
  });

  it.each([
    [
      "another width",
      () => new LoRA(3, 2, 4, { rngs: rngs() }).forward(tf.ones([2, 4])),
      /LoRA\.forward: expected an input of shape \[\.\.\., 3\]/,
    ],
    [
      "a rank of 0",
      () => new LoRALinear(3, 4, { loraRank: 0, rngs: rngs() }),
      /loraRank to be a positive integer, got 0/,
    ],
    [
      "a base without forward",
      () =>
        new LoRA(3, 2, 4, { rngs: rngs(), baseModule: new (class extends Param {})(0) as never }).forward(
          tf.ones([2, 3]),
        ),
      /a module with a forward method/,
    ],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});

describe("Sequential", () => {
  it("calls layers and functions in order, and has Flax's paths", () => {
    const [a, b] = [new Linear(3, 4, { rngs: rngs() }), new Linear(4, 2, { rngs: rngs(1) })];
    const model = new Sequential(a, relu, b, (x: tf.Tensor) => leakyRelu(x, 0.5));
    const x = tf.ones([2, 3]);
    expect(values(model.forward(x))).toEqual(values(leakyRelu(b.forward(relu(a.forward(x))), 0.5)));
    expect(paths(state(model))).toEqual([
      "layers.0.bias",
      "layers.0.kernel",
      "layers.2.bias",
      "layers.2.kernel",
    ]);
  });

  it("spreads arrays over arguments, and returns what it gets without layers", () => {
    const both = new Sequential<[a: number, b: number], number>(
      (a: number, b: number) => [a + b, a - b],
      (sum: number, difference: number) => sum * difference,
    );
    expect(both.forward(5, 3)).toBe(16);
    expect(new Sequential<[number], number>().forward(7)).toBe(7);
    expect(new Sequential<[number, number], number[]>().forward(7, 8)).toEqual([7, 8]);
  });

  it("passes rngs on to layers that have a stream", () => {
    const drop = new Dropout(0.5);
    const model = new Sequential(
      new Linear(3, 8, { rngs: rngs() }),
      new Sequential(drop),
      (x: tf.Tensor, extra?: unknown) => {
        expect(extra).toBeUndefined();
        return x;
      },
    );
    const x = tf.ones([2, 3]);
    expect(() => model.forward(x)).toThrow(/expected an RNG stream/);
    expect(model.forward(x, { rngs: rngs(3) }).shape).toEqual([2, 8]);
  });

  it("refuses what cannot be called", () => {
    expect(() => new Sequential(relu, "relu" as never).forward(tf.ones([1]))).toThrow(
      /at layers\[1\], got "relu"/,
    );
  });
});
