/** @file Decoding with a cache in recorded functions, against decoding step by step. */
import * as tf from "@tensorflow/tfjs-core";
import { cond, grad, jit, vmap, whileLoop } from "@nnxjs/nnx-core";
import { type PRNGKey, random, Rngs } from "@nnxjs/rnglib";
import { expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { MultiHeadAttention } from "./multi-head.ts";

const LENGTH = 3;
const make = (): MultiHeadAttention => {
  const layer = new MultiHeadAttention(2, 4, { decode: true, rngs: new Rngs(0) });
  layer.initCache([2, LENGTH, 4]);
  return layer;
};
const x = (): tf.Tensor3D => random.normal(random.key(1), [2, 1, 4]) as tf.Tensor3D;
const step = (layer: MultiHeadAttention, input: tf.Tensor): tf.Tensor => layer.forward(input);
const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];
const cacheOf = (layer: MultiHeadAttention): (number[] | null)[] =>
  [layer.cached_key, layer.cached_value, layer.cache_index].map((each) => each && numbers(each.value));

/** The outputs of some steps, each of which gets the last one's output, and the cache then. */
function decoded(f: typeof step): unknown {
  const layer = make();
  const seen: number[][] = [];
  let input: tf.Tensor = x();
  for (let i = 0; i < LENGTH; i++) {
    input = f(layer, input);
    seen.push(numbers(input));
  }
  return [seen, cacheOf(layer)];
}

onEachBackend("in a recorded function, decoding", (backend) => {
  if (backend.startsWith("webg")) {
    it("is refused where values take long to read, and leaves the cache as it was", () => {
      const layer = make();
      const before = cacheOf(layer);
      expect(() => jit(step)(layer, x())).toThrow(/reads the values of a tensor/);
      expect(cacheOf(layer)).toEqual(before);
    });
    return;
  }

  it("gives each position what it gives step by step, to the bit, from one program", () => {
    const recorded = jit(step);
    expect(decoded(recorded)).toEqual(decoded(step));
    expect(decoded(recorded)).toEqual(decoded(step));
    expect(recorded.programs.length).toBe(1);
    recorded.dispose();
  });

  it("refuses a position beyond the cache in replays, and leaves the cache as it was", () => {
    const recorded = jit(step);
    const layer = make();
    for (let i = 0; i < LENGTH; i++) recorded(layer, x()).dispose();
    const before = cacheOf(layer);
    expect(() => recorded(layer, x())).toThrow(
      /^MultiHeadAttention\.forward: expected at most 3 positions, which the cache has, got one more/,
    );
    expect(cacheOf(layer)).toEqual(before);
    layer.initCache([2, LENGTH, 4]);
    expect(numbers(recorded(layer, x()))).toEqual(numbers(step(make(), x())));
    recorded.dispose();
  });

  it("goes on in loops and branches, and empties the cache first", () => {
    const generate = (layer: MultiHeadAttention, input: tf.Tensor, end: tf.Tensor): tf.Tensor => {
      layer.initCache([2, LENGTH, 4]);
      const [, , last] = whileLoop(
        ([, i]) => tf.less(i, end),
        ([m, i, value]) => {
          const even = tf.equal(tf.mod(i, tf.scalar(2, "int32")), 0);
          const next = cond(
            even,
            step,
            (each: MultiHeadAttention, v: tf.Tensor) => tf.neg(step(each, v)),
            m,
            value,
          );
          return [m, tf.add(i, tf.scalar(1, "int32")), next];
        },
        [layer, tf.scalar(0, "int32"), input],
      );
      return last;
    };
    const recorded = jit(generate);
    const [layer, plain] = [make(), make()];
    for (const end of [LENGTH, 1, 2, LENGTH]) {
      const stop = tf.scalar(end, "int32");
      expect(numbers(recorded(layer, x(), stop))).toEqual(numbers(generate(plain, x(), stop)));
      expect(cacheOf(layer)).toEqual(cacheOf(plain));
    }
    expect(recorded.programs.length).toBe(1);
    expect(() => recorded(layer, x(), tf.scalar(LENGTH + 1, "int32"))).toThrow(/at most 3 positions/);
    recorded.dispose();
  });

  it("refuses stacked layers of which one has a full cache", () => {
    const stack = vmap((key: PRNGKey) => {
      const layer = new MultiHeadAttention(2, 4, { decode: true, rngs: new Rngs(key) });
      layer.initCache([2, LENGTH, 4]);
      return layer;
    })(random.split(random.key(2), 2));
    const all = vmap(step, { inAxes: [0, null] });
    const recorded = jit(all);
    recorded(stack, x()).dispose();
    for (const positions of [
      [0, LENGTH],
      [LENGTH, 0],
    ]) {
      for (const f of [all, recorded]) {
        stack.cache_index!.value = tf.tensor1d(positions, "int32");
        expect(() => f(stack, x())).toThrow(/at most 3 positions/);
        expect(numbers(stack.cache_index!.value)).toEqual(positions);
      }
    }
    recorded.dispose();
  });

  it("is right for stacked layers, and has gradients", () => {
    const stack = vmap((key: PRNGKey) => {
      const layer = new MultiHeadAttention(2, 4, { decode: true, rngs: new Rngs(key) });
      layer.initCache([2, LENGTH, 4]);
      return layer;
    });
    const gradients = (layers: MultiHeadAttention, input: tf.Tensor): tf.Tensor => {
      const loss = (each: MultiHeadAttention): tf.Tensor => {
        const outputs = vmap(step, { inAxes: [0, null] })(each, input);
        return tf.mean(tf.square(vmap(step)(each, outputs)));
      };
      return grad(loss)(layers).key.kernel.value;
    };
    const [layers, plain] = [random.key(2), random.key(2)].map((key) => stack(random.split(key, 2)));
    const recorded = jit(gradients);
    expect(numbers(recorded(layers!, x()))).toEqual(numbers(gradients(plain!, x())));
    recorded.dispose();
  });
});
