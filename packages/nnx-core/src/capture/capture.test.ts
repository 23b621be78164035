import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../../scripts/use-backend.ts";
import {
  BatchStat,
  capture,
  captureGradients,
  dispose,
  flattenState,
  grad,
  Intermediate,
  keep,
  mergeState,
  Module,
  Param,
  perturb,
  Perturbation,
  type State,
  sow,
  state,
  type ValueAndGradient,
  type VariableState,
} from "../index.ts";

class Layer extends Module {
  readonly w: Param<tf.Tensor>;
  constructor(w: number) {
    super();
    this.w = new Param<tf.Tensor>(tf.scalar(w));
  }
  forward(x: tf.Tensor): tf.Tensor {
    const y = this.perturb("y", tf.mul(x, this.w.value) as tf.Tensor);
    this.sow(Intermediate, "y", y);
    return y;
  }
}
class Net extends Module {
  readonly b = new Layer(3);
  readonly a = new Layer(2);
  readonly shared: Layer;
  readonly list: Layer[];
  constructor() {
    super();
    this.shared = this.a;
    this.list = [this.b, new Layer(5)];
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.list[1]!.forward(this.b.forward(this.shared.forward(this.a.forward(x))));
  }
}
const numbers = (t: tf.Tensor): number[] => [...t.dataSync()];
const show = (s: State): Record<string, number[][]> =>
  Object.fromEntries(
    flattenState(s).map(([path, leaf]) => {
      const { value } = leaf as VariableState<readonly tf.Tensor[] | tf.Tensor>;
      return [path.join("."), (Array.isArray(value) ? value : [value]).map(numbers)];
    }),
  );
const paths = (s: State): string[] => flattenState(s).map(([path]) => path.join("."));
const x = () => tf.tensor1d([1, 10]);

describe("capture", () => {
  it("collects each call of a module, shared ones under their first path", () => {
    const [y, seen] = capture(new Net(), Intermediate)(x());
    expect(numbers(y)).toEqual([60, 600]);
    expect(show(seen)).toEqual({
      "a.y": [
        [2, 20],
        [4, 40],
      ],
      "b.y": [[12, 120]],
      "list.1.y": [[60, 600]],
    });
  });

  it("sorts by exact type, in whatever order types are asked for", () => {
    const net = new Net();
    const [, a, b] = capture(net, [Intermediate, Perturbation])(x());
    const [, c, d] = capture(net, [Perturbation, Intermediate])(x());
    expect(show(a)).toEqual(show(d));
    expect(show(b)).toEqual(show(c));
    expect(show(b)["a.y"]).toEqual([[0, 0]]);
    expect(capture(net, [])(x())).toBeInstanceOf(tf.Tensor);
  });

  it("takes the types first, and functions of the model", () => {
    const twice = capture(Intermediate)(
      (m: Net, input: tf.Tensor) => tf.mul(m.forward(input), 2) as tf.Tensor,
    );
    const [y, seen] = twice(new Net(), x());
    expect(numbers(y)).toEqual([120, 1200]);
    expect(paths(seen)).toEqual(["a.y", "b.y", "list.1.y"]);
    const [, ofModule] = capture([Intermediate])(new Net())(x());
    expect(paths(ofModule)).toEqual(["a.y", "b.y", "list.1.y"]);
  });

  it("records what methods return, on this model's instances only, and leaves them as they were", () => {
    const net = new Net();
    const other = new Layer(7);
    const f = (m: Net, input: tf.Tensor) => other.forward(m.forward(input));
    const [, seen] = capture(f, Intermediate, { methodOutputs: Intermediate })(net, x());
    expect(paths(seen)).toEqual([
      "a.forward",
      "a.y",
      "b.forward",
      "b.y",
      "forward",
      "list.1.forward",
      "list.1.y",
    ]);
    expect(Object.getOwnPropertyNames(net)).not.toContain("forward");
    expect(paths(state(net))).toEqual(["a.w", "b.w", "list.1.w"]);
  });

  it("reduces as told, under the name of a type too", () => {
    class Count extends Module {
      forward(value: number): number {
        this.sow("my_counts", "sum", value, { initFn: () => 0, reduceFn: (a: number, b) => a + b });
        return value;
      }
    }
    class Twice extends Module {
      readonly count = new Count();
      forward(value: number): number {
        return this.count.forward(value) + this.count.forward(value);
      }
    }
    const net = new Twice();
    expect(net.count.sow("my_counts", "sum", 1)).toBe(false);
    const [, seen] = capture(net, [Intermediate])(21);
    expect(flattenState(seen)).toEqual([]);
    const { type } =
      (capture((m: Twice) => m.forward(21), [BatchStat])(net)[1] as unknown as { type?: unknown }) ?? {};
    expect(type).toBeUndefined();
  });

  it("gives each of nested captures its values", () => {
    const net = new Net();
    let inner: State | undefined;
    const f = (m: Net, input: tf.Tensor) => {
      const [y, seen] = capture(m.a, Intermediate)(input);
      inner = keep(seen);
      return m.b.forward(y);
    };
    const [, outer] = capture(f, Intermediate)(net, x());
    expect(show(outer)).toEqual({ "a.y": [[2, 20]], "b.y": [[6, 60]] });
    expect(paths(inner!)).toEqual(["y"]);
  });

  it("finds the running module from any function, and the root outside of modules", () => {
    const helper = (value: tf.Tensor) => {
      sow(Intermediate, "seen by helper", value);
      return perturb("p", value);
    };
    class Calls extends Module {
      forward(input: tf.Tensor): tf.Tensor {
        return helper(input);
      }
    }
    class Outer extends Module {
      readonly inner = new Calls();
    }
    const loss = (m: Outer, input: tf.Tensor) => tf.sum(helper(m.inner.forward(input)));
    const [, seen, perturbations] = capture(loss, [Intermediate, Perturbation])(new Outer(), x());
    expect(paths(seen)).toEqual(["inner.seen by helper", "seen by helper"]);
    expect(paths(perturbations)).toEqual(["inner.p", "p"]);
    expect(sow(Intermediate, "outside", 1)).toBe(false);
  });

  it("gives in four steps the gradients of what was perturbed", () => {
    const net = new Net();
    const input = x();
    const [, perturbations] = capture(net, Perturbation)(input);
    const loss = (m: Net, p: State, data: tf.Tensor) => {
      const [y, sown] = capture(m, Intermediate, { init: p })(data);
      return [tf.sum(y), sown] as const;
    };
    const [[, ofPerturbations], sown] = grad(loss, { argnums: [0, 1], hasAux: true })(
      net,
      perturbations,
      input,
    );
    // a is called twice with one perturbation: 2·3·5 from the first call, 3·5 from the second.
    expect(show(ofPerturbations)).toEqual({ "a.y": [[45, 45]], "b.y": [[5, 5]], "list.1.y": [[1, 1]] });
    expect(paths(mergeState(ofPerturbations, sown))).toEqual(["a.y", "b.y", "list.1.y"]);
  });

  it("leaves nothing behind when it is disposed, and after a throw in the middle", () => {
    const net = new Net();
    const input = x();
    const before = tf.memory().numTensors;
    const [y, seen, perturbations] = capture(net, [Intermediate, Perturbation])(input);
    dispose([y, seen, perturbations]);
    expect(tf.memory().numTensors).toBe(before);
    const failing = (m: Net, data: tf.Tensor): tf.Tensor => {
      m.a.forward(data);
      throw new Error("in the middle");
    };
    expect(() => capture(failing, Intermediate, { methodOutputs: Intermediate })(net, input)).toThrow(
      "in the middle",
    );
    expect(tf.memory().numTensors).toBe(before);
    expect(Object.getOwnPropertyNames(net.a)).not.toContain("forward");
    expect(net.a.sow(Intermediate, "y", 1)).toBe(false);
  });

  it.each([
    [
      "a function without a model",
      () => capture((n: object) => n, Intermediate)(new Date()),
      /capture: expected a module as the first argument of the call, got an instance of Date/,
    ],
    [
      "an async function",
      () => capture(async (m: Net) => m, Intermediate)(new Net()),
      /expected the function to return its result, got a Promise/,
    ],
    [
      "a perturbation of no tensor",
      () => capture((m: Net) => m.perturb("n", 3), Perturbation)(new Net()),
      /perturb at n: expected a tensor.*got 3/,
    ],
    [
      "one name for two types",
      () =>
        capture(
          (m: Net) => [m.a.sow(Intermediate, "n", 1), m.a.sow(BatchStat, "n", 1)],
          [Intermediate, BatchStat],
        )(new Net()),
      /sow at a\.n: expected BatchStat values under a name of their own.*Intermediate/,
    ],
    [
      "an init for another model",
      () => capture(new Layer(1), Intermediate, { init: capture(new Net(), Perturbation)(x())[1] })(x()),
      /init .* got a\.y, where the model has no module/,
    ],
    [
      "an init of another shape",
      () =>
        capture(new Net(), Intermediate, { init: capture(new Net(), Perturbation)(tf.ones([3]))[1] })(x()),
      /perturb at a\.y: expected a stored perturbation of shape \[2\], got a float32\[3\]/,
    ],
  ])("refuses %s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});

describe("captureGradients", () => {
  const loss = (m: Net, data: tf.Tensor) => tf.sum(m.forward(data)) as tf.Tensor;
  const calls = (s: State, path: string) =>
    (
      flattenState(s).find(([p]) => p.join(".") === path)![1] as VariableState<ValueAndGradient<tf.Tensor>[]>
    ).value.map(({ value, gradient }) => [numbers(value), numbers(gradient)]);

  it("gives in one pass what four steps give, call by call", () => {
    const seen = captureGradients(loss, { methodOutputs: true })(new Net(), x());
    expect(numbers(seen.loss)).toEqual([660]);
    expect(calls(seen.perturbed, "a.y")).toEqual([
      [
        [2, 20],
        [30, 30],
      ],
      [
        [4, 40],
        [15, 15],
      ],
    ]);
    expect(calls(seen.sown, "b.y")).toEqual([
      [
        [12, 120],
        [5, 5],
      ],
    ]);
    expect(calls(seen.outputs, "list.1.forward")).toEqual([
      [
        [60, 600],
        [1, 1],
      ],
    ]);
    expect(calls(seen.outputs, "forward")).toEqual([
      [
        [60, 600],
        [1, 1],
      ],
    ]);
    expect(show(seen.gradients as State)).toEqual({ "a.w": [[660]], "b.w": [[220]], "list.1.w": [[132]] });
  });

  it("keeps what the filter matches, and passes aux through", () => {
    const withAux = (m: Net, data: tf.Tensor) => [loss(m, data), "aux"] as const;
    const seen = captureGradients(withAux, { hasAux: true, filter: (path) => path[0] === "b" })(
      new Net(),
      x(),
    );
    expect(paths(seen.sown)).toEqual(["b.y"]);
    expect(paths(seen.outputs)).toEqual([]);
    expect(seen.aux).toBe("aux");
  });

  it("leaves nothing behind when it is disposed, and after a throw", () => {
    const net = new Net();
    const input = x();
    const before = tf.memory().numTensors;
    dispose(captureGradients(loss, { methodOutputs: true })(net, input));
    expect(tf.memory().numTensors).toBe(before);
    const failing = (m: Net, data: tf.Tensor): tf.Tensor => {
      m.forward(data);
      throw new Error("in the middle");
    };
    expect(() => captureGradients(failing, { methodOutputs: true })(net, input)).toThrow("in the middle");
    expect(() => captureGradients((m: Net, data: tf.Tensor) => m.forward(data))(net, input)).toThrow(
      /float32 scalar/,
    );
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("capture on wasm", () => {
  beforeAll(() => useBackend("wasm"));
  afterAll(() => useBackend("cpu"));

  it("gives the same values and gradients", () => {
    const seen = captureGradients((m: Net, data: tf.Tensor) => tf.sum(m.forward(data)) as tf.Tensor)(
      new Net(),
      x(),
    );
    expect(show(seen.gradients as State)).toEqual({ "a.w": [[660]], "b.w": [[220]], "list.1.w": [[132]] });
    dispose(seen);
  });
});
