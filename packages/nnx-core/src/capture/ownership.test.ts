import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  capture,
  captureGradients,
  type CapturedGradients,
  dispose,
  flattenState,
  grad,
  Intermediate,
  Module,
  Param,
  Perturbation,
  type State,
  unflattenState,
  valuesAt,
  type VariableState,
} from "../index.ts";

class Identity extends Module {
  forward(x: tf.Tensor): tf.Tensor {
    return x;
  }
}
class Layer extends Module {
  readonly w: Param<tf.Tensor> = new Param<tf.Tensor>(tf.scalar(2));
  forward(x: tf.Tensor): tf.Tensor {
    const y = this.perturb("y", tf.mul(x, this.w.value) as tf.Tensor);
    this.sow(Intermediate, "y", y);
    return y;
  }
}
/** Sows under the name of its child, which sows too. */
class Clash extends Module {
  readonly l = new Layer();
  forward(x: tf.Tensor): tf.Tensor {
    const y = this.l.forward(x);
    this.sow(Intermediate, "l", y);
    return y;
  }
}
class Box {
  readonly h: tf.Tensor;
  constructor(h: tf.Tensor) {
    this.h = h;
  }
}
const numbers = (t: tf.Tensor): number[] => [...t.dataSync()];
const storedAt = (s: State, name: string): unknown => (s[name] as VariableState).value;
const tensors = () => tf.memory().numTensors;

describe("what a capture returns", () => {
  it("stays the user's where the model returns it unchanged, inside a tidy and a grad", () => {
    const x = tf.ones([2]);
    tf.tidy(() => {
      capture(new Identity(), Intermediate)(x);
    });
    expect(numbers(x)).toEqual([1, 1]);
    grad((w: tf.Tensor) => tf.sum(tf.mul(w, capture(new Identity(), Intermediate)(x)[0])))(tf.ones([2]));
    expect(numbers(x)).toEqual([1, 1]);
  });

  it("survives in Maps and in instances of classes", () => {
    const [inMap] = capture((_: Layer, x: tf.Tensor) => new Map([["h", tf.square(x)]]), Intermediate)(
      new Layer(),
      tf.tensor1d([3]),
    );
    expect(numbers(inMap.get("h") as tf.Tensor)).toEqual([9]);
    const [box] = capture((_: Layer, x: tf.Tensor) => new Box(tf.square(x)), Intermediate)(
      new Layer(),
      tf.tensor1d([3]),
    );
    expect(numbers(box.h)).toEqual([9]);
    const seen = captureGradients(
      (m: Layer, x: tf.Tensor) => [tf.sum(m.forward(x)), new Map([["h", tf.square(x)]])],
      { hasAux: true },
    )(new Layer(), tf.tensor1d([3]));
    expect(numbers(seen.aux.get("h") as tf.Tensor)).toEqual([9]);
  });
});

describe("what is sown in a Map", () => {
  const sowing = (m: Layer, x: tf.Tensor) => {
    m.sow(Intermediate, "m", new Map([["h", tf.tidy(() => tf.square(x))]]));
    return tf.sum(m.forward(x)) as tf.Tensor;
  };
  it("outlives the gradient that the capture runs in, until the State is disposed", () => {
    const model = new Layer();
    const x = tf.tensor1d([3]);
    const before = tensors();
    const [g, seen] = grad(
      (input: tf.Tensor) => {
        const [y, s] = capture(sowing, Intermediate)(model, input);
        return [y, s] as const;
      },
      { hasAux: true },
    )(x);
    const [map] = storedAt(seen, "m") as [Map<string, tf.Tensor>];
    expect(numbers(map.get("h") as tf.Tensor)).toEqual([9]);
    dispose([g, seen]);
    expect(tensors()).toBe(before);
  });

  it("comes with its gradients", () => {
    const model = new Layer();
    const x = tf.tensor1d([3]);
    const before = tensors();
    const through = (m: Layer, input: tf.Tensor) => {
      const parts = m.perturb("parts", new Map([["h", tf.square(input)]]));
      return tf.sum(m.forward(parts.get("h") as tf.Tensor)) as tf.Tensor;
    };
    // `tf.tidy` returns anything; its types know containers of tensors only.
    const seen = tf.tidy(
      () => captureGradients(through)(model, x) as unknown as tf.TensorContainerObject,
    ) as unknown as CapturedGradients<Layer>;
    const [call] = valuesAt<Map<string, tf.Tensor>>(seen.perturbed, ["parts"]);
    expect(numbers(call?.value.get("h") as tf.Tensor)).toEqual([9]);
    expect(numbers(call?.gradient.get("h") as tf.Tensor)).toEqual([2]);
    dispose(seen);
    expect(tensors()).toBe(before);
  });
});

describe("instances of classes with tensors", () => {
  it("are refused by sow and perturb, and not recorded as methods' outputs", () => {
    const model = new Layer();
    const x = tf.tensor1d([3]);
    const before = tensors();
    const sowing = (m: Layer) => m.sow(Intermediate, "box", [new Box(x)]);
    const message =
      /sow at box: expected tensors, or arrays.* got an instance of Box that has tensors of its own/;
    expect(() => capture(sowing, Intermediate)(model)).toThrow(message);
    expect(() =>
      captureGradients((m: Layer) => {
        sowing(m);
        return tf.sum(m.forward(x));
      })(model),
    ).toThrow(message);
    expect(() => capture((m: Layer) => m.perturb("box", { x, b: new Box(x) }), Perturbation)(model)).toThrow(
      /perturb at box: .*instance of Box/,
    );
    expect(tensors()).toBe(before);

    class Boxes extends Module {
      prep(input: tf.Tensor): Box {
        return new Box(tf.square(input));
      }
      forward(input: tf.Tensor): tf.Tensor {
        return this.prep(input).h;
      }
    }
    const [y, seen] = capture(new Boxes(), Intermediate, { methodOutputs: Intermediate })(x);
    expect(Object.keys(seen)).toEqual(["forward"]);
    dispose([y, seen]);
    expect(tensors()).toBe(before);
  });
});

describe("a capture that fails", () => {
  const leaf = (value: unknown, type = Perturbation) => ({ type, value, metadata: {} });

  it("leaves nothing behind where a name is a recording module's", () => {
    const model = new Clash();
    const x = tf.ones([2]);
    const before = tensors();
    const message = /sow at l: expected a name that no part of the module has .* got "l"/;
    expect(() => capture(model, Intermediate)(x)).toThrow(message);
    const loss = (m: Clash, input: tf.Tensor) => tf.sum(m.forward(input)) as tf.Tensor;
    expect(() => captureGradients(loss, { methodOutputs: true })(model, x)).toThrow(message);
    expect(tensors()).toBe(before);
    // The name is free where the child records nothing of this type.
    expect(capture(model, Perturbation)(x)).toHaveLength(2);
  });

  it("does not hold an init of which a part has no place, and leaves it alone in a scope", () => {
    const model = new Layer();
    const x = tf.ones([2]);
    const before = tensors();
    const bad = unflattenState([
      [["y"], leaf(tf.ones([2]))],
      [["zz", "y"], leaf(tf.ones([2]))],
    ]);
    expect(() => capture(model, Intermediate, { init: bad })(x)).toThrow(
      /got zz\.y, where the model has no module/,
    );
    dispose(bad);
    expect(tensors()).toBe(before);
    tf.tidy(() => {
      const init = unflattenState([[["y"], leaf(tf.ones([2]))]]);
      tf.tidy(() => {
        capture(model, [Intermediate, Perturbation], { init })(x);
      });
      expect(() => capture(model, Perturbation, { init })(tf.ones([3]))).toThrow(/perturb at y/);
      expect(numbers(storedAt(init, "y") as tf.Tensor)).toEqual([1, 1]);
    });
    expect(tensors()).toBe(before);
  });

  it("leaves nothing behind where types are asked for twice, or a reduction fails", () => {
    const model = new Layer();
    const x = tf.ones([2]);
    const before = tensors();
    expect(() => capture(model, [Intermediate, Intermediate])(x)).toThrow(
      /capture: expected different types, got Intermediate twice/,
    );
    const failing = (m: Layer) => {
      m.forward(x);
      m.sow(Intermediate, "y", x, {
        initFn: () => x,
        reduceFn: () => {
          throw new Error("in reduceFn");
        },
      });
    };
    expect(() => capture(failing, Intermediate)(model)).toThrow("in reduceFn");
    expect(tensors()).toBe(before);
  });

  it("takes its wrappers away again, frozen modules left out", () => {
    class Outer extends Module {
      readonly a = Object.freeze(new Layer());
      readonly b = new Layer();
      forward(x: tf.Tensor): tf.Tensor {
        return this.b.forward(this.a.forward(x));
      }
    }
    const model = new Outer();
    const options = { methodOutputs: Intermediate };
    const [y, seen] = capture(model, Intermediate, options)(tf.ones([1]));
    expect(numbers(y)).toEqual([4]);
    expect(flattenState(seen).map(([path]) => path.join("."))).toEqual([
      "a.y",
      "b.forward",
      "b.y",
      "forward",
    ]);
    expect(Object.getOwnPropertyNames(model.b)).toEqual(["w"]);
    expect(Object.getOwnPropertyNames(model)).toEqual(["a", "b"]);
  });
});
