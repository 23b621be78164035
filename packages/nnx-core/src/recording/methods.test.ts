/** @file What the wrappers of methods see, and that they leave no trace. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  capture,
  captureGradients,
  dispose,
  flattenState,
  grad,
  Intermediate,
  Module,
  NnxError,
  Param,
  type State,
  sow,
} from "../index.ts";

const paths = (s: State): string[] => flattenState(s).map(([path]) => path.join("."));
const outputs = { methodOutputs: Intermediate };
const x = tf.ones([2]);
const method = (type: { readonly prototype: object }, name: string): unknown =>
  Object.getOwnPropertyDescriptor(type.prototype, name)?.value;

class Inner extends Module {
  readonly w: Param<tf.Tensor> = new Param<tf.Tensor>(tf.scalar(2));
  forward(input: tf.Tensor): tf.Tensor {
    sow(Intermediate, "free", input);
    return tf.mul(input, this.w.value);
  }
}
class Outer extends Module {
  readonly a = new Inner();
  forward(input: tf.Tensor): tf.Tensor {
    return this.a.forward(input);
  }
}

describe("methods of classes", () => {
  it("are themselves again after a run, and after one that throws", () => {
    const own = method(Inner, "forward");
    let during: unknown;
    const look = (m: Outer): tf.Tensor => {
      during = method(Inner, "forward");
      return tf.sum(m.forward(x));
    };
    const fail = (m: Outer): tf.Tensor => {
      m.forward(x);
      throw new Error("in the middle");
    };
    const model = new Outer();
    dispose(grad(look)(model));
    expect(during).not.toBe(own);
    expect(() => capture(fail, Intermediate)(model)).toThrow("in the middle");
    expect(() => grad(fail)(model)).toThrow("in the middle");
    expect(method(Inner, "forward")).toBe(own);
    expect(Object.getOwnPropertyDescriptor(Inner.prototype, "forward")?.enumerable).toBe(false);
    expect(Object.getOwnPropertyNames(model.a)).toEqual(["w"]);
  });

  it("are themselves again also where a class cannot say what its helpers are", () => {
    class Odd extends Module {
      static get helpers(): string[] {
        throw new Error("no helpers");
      }
    }
    const own = method(Inner, "forward");
    expect(() => capture((m: readonly Module[]) => m, Intermediate)([new Inner(), new Odd()])).toThrow(
      "no helpers",
    );
    expect(method(Inner, "forward")).toBe(own);
  });

  it("stay what the run made of them", () => {
    class Changing extends Module {
      forward(input: tf.Tensor): tf.Tensor {
        return input;
      }
    }
    const replaced = (input: tf.Tensor): tf.Tensor => tf.square(input);
    capture((_: Changing) => {
      Changing.prototype.forward = replaced;
    }, Intermediate)(new Changing());
    expect(method(Changing, "forward")).toBe(replaced);
  });

  it("are not recorded of instances that nobody captures", () => {
    const other = new Inner();
    const f = (m: Outer): tf.Tensor => other.forward(m.forward(x));
    const [y, seen] = capture(f, Intermediate, outputs)(new Outer());
    expect(paths(seen)).toEqual(["a.forward", "a.free", "forward", "free"]);
    dispose([y, seen]);
  });

  it("are seen by runs around a run whose classes they share", () => {
    const seenInside: string[][] = [];
    const f = (m: Outer): tf.Tensor => {
      const [, inside] = capture(m.a, Intermediate, outputs)(x);
      seenInside.push(paths(inside));
      return m.forward(x);
    };
    const [, seen] = capture(f, Intermediate, outputs)(new Outer());
    expect(seenInside).toEqual([["forward", "free"]]);
    const calls = flattenState(seen).map(([path, leaf]) => [path.join("."), (leaf.value as []).length]);
    expect(calls).toEqual([
      ["a.forward", 2],
      ["a.free", 2],
      ["forward", 1],
    ]);
  });

  it("count where they are inherited by several classes, and called by super", () => {
    class Base extends Module {
      forward(input: tf.Tensor): tf.Tensor {
        sow(Intermediate, "in base", input);
        return input;
      }
    }
    class One extends Base {
      twice(input: tf.Tensor): tf.Tensor {
        return super.forward(super.forward(input));
      }
    }
    class Two extends Base {
      override forward(input: tf.Tensor): tf.Tensor {
        return super.forward(input);
      }
    }
    class Three extends Base {}
    const model = { one: new One(), two: new Two(), three: new Three() };
    const f = (m: typeof model) => m.three.forward(m.two.forward(m.one.twice(x)));
    const [, seen] = capture(f, Intermediate, outputs)(model);
    const calls = flattenState(seen).map(([path, leaf]) => [path.join("."), (leaf.value as []).length]);
    expect(calls).toEqual([
      ["one.forward", 2],
      ["one.in base", 2],
      ["one.twice", 1],
      ["three.forward", 1],
      ["three.in base", 1],
      ["two.forward", 1],
      ["two.in base", 1],
    ]);
  });

  it("count as their caller's where the class is frozen, or an attribute hides them", () => {
    class Frozen extends Module {
      forward(input: tf.Tensor): tf.Tensor {
        sow(Intermediate, "in frozen", input);
        return input;
      }
    }
    Object.freeze(Frozen.prototype);
    class Hides extends Module {
      readonly frozen = new Frozen();
      readonly inner = new Inner();
      constructor() {
        super();
        this.inner.forward = function (input) {
          return Inner.prototype.forward.call(this, input);
        };
      }
      forward(input: tf.Tensor): tf.Tensor {
        return this.inner.forward(this.frozen.forward(input));
      }
    }
    const [, recorded] = capture(
      (m: { hides: Hides }) => m.hides.forward(x),
      Intermediate,
      outputs,
    )({
      hides: new Hides(),
    });
    expect(paths(recorded)).toEqual(["hides.forward", "hides.free", "hides.in frozen"]);
  });

  it("may be those of a Proxy that keeps its proxies", () => {
    const known = new WeakMap<object, object>();
    const proxied = <T extends object>(target: T): T => {
      const proxy = known.get(target) ?? new Proxy(target, { get: read });
      known.set(target, proxy);
      return proxy as T;
    };
    const read = (target: object, key: string | symbol, receiver: unknown): unknown => {
      const value: unknown = Reflect.get(target, key, receiver);
      return value instanceof Module ? proxied(value) : value;
    };
    const [, seen] = capture(proxied(new Outer()), Intermediate, outputs)(x);
    expect(paths(seen)).toEqual(["a.forward", "a.free", "forward"]);
    const loss = (m: Outer): tf.Tensor => tf.sum(m.forward(x));
    const both = captureGradients(loss, { methodOutputs: true })(proxied(new Outer()));
    expect(paths(both.outputs as State)).toEqual(["a.forward", "forward"]);
    dispose(both);
  });
});

describe("errors", () => {
  class Refuses extends Module {
    forward(_: tf.Tensor): tf.Tensor {
      throw new NnxError("Refuses.forward: expected nothing, got something.");
    }
  }
  class Calls extends Module {
    readonly own = new Refuses();
    readonly refuse: (input: tf.Tensor) => tf.Tensor;
    constructor(refuse: (input: tf.Tensor) => tf.Tensor) {
      super();
      this.refuse = refuse;
    }
    step(input: tf.Tensor): tf.Tensor {
      return this.refuse(input);
    }
  }

  it("of a module that the model does not have name the module that called it", () => {
    const other = new Refuses();
    const model = { calls: new Calls((input) => other.forward(input)) };
    const f = (m: typeof model): tf.Tensor => m.calls.step(x);
    const message = /got something\. The module is at calls\.$/;
    expect(() => capture(f, Intermediate)(model)).toThrow(message);
    expect(() => grad(f)(model)).toThrow(message);
  });

  it("for an op without a rule name the module that called it in captures too", () => {
    class Odd extends Inner {
      override forward(input: tf.Tensor): tf.Tensor {
        const inputs = { x: tf.cast(input, "int32"), weights: this.w.value };
        return tf.sum(tf.engine().runKernel("Bincount", inputs, { size: 2 }) as tf.Tensor);
      }
    }
    const model = { list: [new Odd()] };
    const loss = (m: typeof model): tf.Tensor => (m.list[0] as Odd).forward(tf.scalar(1));
    const message = /got none for Bincount, called in list\.0\. Register one/;
    expect(() => captureGradients(loss)(model)).toThrow(message);
    expect(() => grad(loss)(model)).toThrow(message);
    // The op was called in a run that has ended when the outer one goes back.
    const captures = (m: typeof model): tf.Tensor => capture(loss, Intermediate)(m)[0];
    expect(() => grad(captures)(model)).toThrow(message);
  });
});
