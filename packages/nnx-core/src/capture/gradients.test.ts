import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  capture,
  captureGradients,
  flattenState,
  Intermediate,
  Module,
  NotFoundError,
  Param,
  type ValueAndGradient,
  valuesAt,
} from "../index.ts";

class Layer extends Module {
  readonly w: Param<tf.Tensor> = new Param<tf.Tensor>(tf.scalar(2));
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(x, this.w.value);
  }
}
const numbers = (t: tf.Tensor | undefined): number[] => [...(t as tf.Tensor).dataSync()];
const x = () => tf.tensor1d([1, 10]);

describe("captureGradients", () => {
  it("tells names with dots from paths", () => {
    class Inner extends Module {
      forward(input: tf.Tensor): tf.Tensor {
        this.sow(Intermediate, "b", input);
        return tf.mul(input, 3);
      }
    }
    class Outer extends Module {
      readonly a = new Inner();
      forward(input: tf.Tensor): tf.Tensor {
        const y = tf.square(input) as tf.Tensor;
        this.sow(Intermediate, "a.b", y);
        return this.a.forward(tf.mul(y, 5));
      }
    }
    const { sown } = captureGradients((m: Outer, input: tf.Tensor) => tf.sum(m.forward(input)))(
      new Outer(),
      x(),
    );
    expect(flattenState(sown).map(([path]) => path)).toEqual([["a", "b"], ["a.b"]]);
    expect(valuesAt(sown, ["a", "b"]).map(({ gradient }) => numbers(gradient))).toEqual([[3, 3]]);
    expect(valuesAt(sown, ["a.b"]).map(({ gradient }) => numbers(gradient))).toEqual([[15, 15]]);
  });

  it("has no gradients for what is no float32 tensor", () => {
    const f = (m: Layer, input: tf.Tensor) => {
      const y = m.forward(input);
      m.sow(Intermediate, "mixed", { y, count: 2, arg: tf.argMax(y), list: ["text"] });
      m.sow(Intermediate, "number", 3);
      return tf.sum(y) as tf.Tensor;
    };
    const { sown } = captureGradients(f)(new Layer(), x());
    const [mixed] = valuesAt<Readonly<Record<string, unknown>>>(sown, ["mixed"]);
    expect(numbers(mixed?.gradient.y as tf.Tensor)).toEqual([1, 1]);
    expect(mixed?.gradient).toMatchObject({ count: undefined, arg: undefined, list: [undefined] });
    expect(valuesAt<number | undefined>(sown, ["number"])).toEqual([{ value: 3, gradient: undefined }]);
  });

  it("leaves a method's returned objects alone where they are not watched", () => {
    class Caches extends Module {
      readonly layer = new Layer();
      cache: { h: tf.Tensor; k: number } = { h: tf.scalar(0), k: 0 };
      prep(h: tf.Tensor): { h: tf.Tensor; k: number } {
        this.cache = { h, k: 1 };
        return this.cache;
      }
      forward(input: tf.Tensor): tf.Tensor {
        const parts = this.prep(input);
        return tf.mul(this.layer.forward(parts.h), parts.k);
      }
    }
    const f = (m: Caches, input: tf.Tensor) => tf.sum(m.forward(input)) as tf.Tensor;
    const { outputs } = captureGradients(f, { methodOutputs: true })(new Caches(), x());
    const [prep] = valuesAt<{ h: tf.Tensor; k?: number }>(outputs, ["prep"]);
    expect(numbers(prep?.gradient.h)).toEqual([2, 2]);
    expect(prep?.gradient.k).toBeUndefined();
  });

  it("has types that follow the function and the options", () => {
    const model = new Layer();
    const plain = captureGradients((m: Layer, input: tf.Tensor) => tf.sum(m.forward(input)))(model, x());
    expectTypeOf(plain.aux).toEqualTypeOf<undefined>();
    expectTypeOf(plain.gradients.w.value).toEqualTypeOf<tf.Tensor>();
    const sownIn = (): readonly ValueAndGradient<tf.Tensor>[] => valuesAt(plain.sown, ["y"]);
    expect(sownIn).toThrow(NotFoundError);
    const withAux = captureGradients((m: Layer, input: tf.Tensor) => [tf.sum(m.forward(input)), { input }], {
      hasAux: true,
    })(model, x());
    expectTypeOf(withAux.aux).toEqualTypeOf<{ input: tf.Tensor }>();
    expect(numbers(withAux.gradients.w.value)).toEqual([11]);
    expect(() => valuesAt(plain.sown, ["nowhere"])).toThrow(
      /valuesAt: expected the path of a leaf \(there are none\), got nowhere/,
    );
    const pair = (m: Layer, input: tf.Tensor) => [tf.sum(m.forward(input)), 1] as const;
    // @ts-expect-error a pair needs hasAux
    expect(() => captureGradients(pair)(model, x())).toThrow(/float32 scalar/);
    const single = (m: Layer, input: tf.Tensor) => tf.sum(m.forward(input));
    // @ts-expect-error hasAux needs a pair
    expect(() => captureGradients(single, { hasAux: true })(model, x())).toThrow(/\[loss, aux\]/);
  });
});

describe("sow", () => {
  it("takes both functions of a reduction, or neither", () => {
    const f = (m: Layer) => {
      m.sow(Intermediate, "sum", 2, { reduceFn: (a: number, b) => a + b, initFn: () => 40 });
      // @ts-expect-error what it starts from is missing
      const half: Parameters<typeof m.sow<number, number>>[3] = { reduceFn: (a: number) => a };
      return half;
    };
    const [, seen] = capture(f, Intermediate)(new Layer());
    expect(valuesAt(seen, ["sum"])).toBe(42);
  });
});
