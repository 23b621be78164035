import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  capture,
  captureGradients,
  flattenState,
  Intermediate,
  keep,
  Module,
  perturb,
  Perturbation,
  type State,
  sow,
} from "../index.ts";

const paths = (s: State): string[] => flattenState(s).map(([path]) => path.join("."));
const x = () => tf.ones([2]);
const outputs = { methodOutputs: Intermediate };

class Base extends Module {
  encode(input: tf.Tensor): tf.Tensor {
    sow(Intermediate, "in encode", input);
    return this._scale(input);
  }
  _scale(input: tf.Tensor): tf.Tensor {
    sow(Intermediate, "in _scale", input);
    return perturb("scaled", input);
  }
}
class Derived extends Base {
  override _scale(input: tf.Tensor): tf.Tensor {
    return super._scale(tf.mul(input, 2));
  }
  decode(input: tf.Tensor): tf.Tensor {
    return input;
  }
}
class Outer extends Module {
  readonly inner = new Derived();
  forward(input: tf.Tensor): tf.Tensor {
    return this.inner.decode(this.inner.encode(input));
  }
}

describe("the module that is running", () => {
  it("is found in inherited, overridden and underscored methods; only a class's own public ones are recorded", () => {
    const [, seen, perturbations] = capture(new Outer(), [Intermediate, Perturbation])(x());
    expect(paths(seen)).toEqual(["inner.in _scale", "inner.in encode"]);
    expect(paths(perturbations)).toEqual(["inner.scaled"]);
    const [, recorded] = capture(new Outer(), Intermediate, outputs)(x());
    expect(paths(recorded)).toEqual(["forward", "inner.decode", "inner.in _scale", "inner.in encode"]);
  });

  it("is recorded by an inherited forward once, also where a subclass calls super", () => {
    class Plain extends Module {
      forward(input: tf.Tensor): tf.Tensor {
        return input;
      }
    }
    class Inherits extends Plain {}
    class Overrides extends Plain {
      override forward(input: tf.Tensor): tf.Tensor {
        return super.forward(input);
      }
    }
    class Both extends Module {
      readonly a = new Inherits();
      readonly b = new Overrides();
      forward(input: tf.Tensor): tf.Tensor {
        return this.a.forward(this.b.forward(input));
      }
    }
    const [, seen] = capture(new Both(), Intermediate, outputs)(x());
    expect(
      flattenState(seen).map(([path, leaf]) => [path.join("."), (leaf.value as unknown[]).length]),
    ).toEqual([
      ["a.forward", 1],
      ["b.forward", 1],
      ["forward", 1],
    ]);
  });

  it("may have accessors, own and inherited, that need a live model", () => {
    class Getter extends Module {
      readonly inner = new Outer();
      get forward(): (input: tf.Tensor) => tf.Tensor {
        // Fails on the prototype, which has no attributes.
        const { inner } = this.inner;
        return (input) => this.inner.forward(inner.decode(input));
      }
      get size(): number {
        return this.inner.inner.decode(x()).size;
      }
    }
    class Inherits extends Getter {}
    for (const model of [new Getter(), new Inherits()]) {
      const [y, seen] = capture(model, Intermediate, outputs)(x());
      expect(y.shape).toEqual([2]);
      expect(paths(seen)).toContain("inner.forward");
    }
  });

  it("is for each of nested captures the innermost that it knows", () => {
    let inside: State = {};
    class Nests extends Module {
      readonly a = new Derived();
      forward(input: tf.Tensor): tf.Tensor {
        const f = (parts: { a: Derived }, value: tf.Tensor) => {
          sow(Intermediate, "free", value);
          return perturb("p", parts.a.decode(value));
        };
        const [y, seen] = capture(f, Intermediate)({ a: this.a }, input);
        inside = keep(seen);
        return y;
      }
    }
    const [, seen, perturbations] = capture(new Nests(), [Intermediate, Perturbation])(x());
    expect(paths(seen)).toEqual(["free"]);
    expect(paths(inside)).toEqual(["free"]);
    expect(paths(perturbations)).toEqual(["p"]);
    const ofGradients = captureGradients((m: Nests, input: tf.Tensor) => tf.sum(m.forward(input)))(
      new Nests(),
      x(),
    );
    expect(paths(ofGradients.sown as State)).toEqual(["free"]);
  });

  it("leaves modules that no capture knows alone, whatever they perturb", () => {
    const other = new Outer();
    const [y] = capture((_: Outer, n: number) => other.perturb("n", n), Perturbation)(new Outer(), 3);
    expect(y).toBe(3);
  });
});
