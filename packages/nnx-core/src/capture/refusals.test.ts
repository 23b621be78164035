import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  BatchStat,
  capture,
  captureGradients,
  type CaptureOptions,
  type CaptureTypes,
  type Forward,
  Intermediate,
  Module,
  Param,
  Perturbation,
  type State,
  unflattenState,
  variableTypeFromName,
} from "../index.ts";

class Layer extends Module {
  readonly w: Param<tf.Tensor> = new Param<tf.Tensor>(tf.scalar(2));
  forward(x: tf.Tensor): tf.Tensor {
    const y = this.perturb("y", tf.mul(x, this.w.value) as tf.Tensor);
    this.sow(Intermediate, "y", y);
    return y;
  }
}
class Loads extends Module {
  async load(): Promise<number> {
    await Promise.resolve();
    throw new Error("late");
  }
  forward(x: tf.Tensor): tf.Tensor {
    void this.load();
    return x;
  }
}
class Outer extends Module {
  readonly a = new Loads();
  forward(x: tf.Tensor): tf.Tensor {
    return this.a.forward(x);
  }
}
const x = () => tf.ones([2]);
const method = "then";
const thenable = { [method]: () => 1 };
/** As from JavaScript, where nothing checks types. */
const untyped = capture as unknown as (
  model: unknown,
  types?: unknown,
  options?: unknown,
) => (...args: unknown[]) => unknown;
const rejecting = async (): Promise<never> => {
  await Promise.resolve();
  throw new Error("late");
};

describe("what runs later", () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => {
    unhandled.push(reason);
  };
  // A browser has an event of its own for it.
  const inNode = typeof process !== "undefined";
  const hear = ({ reason }: PromiseRejectionEvent): void => note(reason);
  beforeAll(() => {
    if (inNode) process.on("unhandledRejection", note);
    else addEventListener("unhandledrejection", hear);
  });
  afterAll(() => {
    if (inNode) process.off("unhandledRejection", note);
    else removeEventListener("unhandledrejection", hear);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      "an async function",
      () => capture(rejecting as (m: Layer) => unknown, Intermediate)(new Layer()),
      /expected the function to return its result, got a Promise/,
    ],
    [
      "an async method",
      () => capture(new Outer(), Intermediate)(x()),
      /expected the method at a\.load to return its result, got a Promise/,
    ],
    [
      "Promises in a result",
      () => capture((_: Layer) => ({ all: [rejecting(), rejecting()] }), Intermediate)(new Layer()),
      /got an object with keys \{all\} with a Promise/,
    ],
    ["a thenable", () => capture((_: Layer) => thenable, Intermediate)(new Layer()), /got a thenable/],
    [
      "an async loss",
      () => captureGradients(rejecting as unknown as (m: Layer) => tf.Tensor)(new Layer()),
      /captureGradients: expected the function to return its result/,
    ],
  ])("is refused in %s, and nothing is heard of it any more", async (_name, run, message) => {
    expect(run).toThrow(message);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(unhandled).toEqual([]);
  });
});

it("sow and perturb refuse unknown options also where nothing is captured", () => {
  const layer = new Layer();
  const options = { reduceFm: () => 1 } as never;
  expect(() => layer.sow(Intermediate, "y", 1, options)).toThrow(
    /sow: expected options among .* Did you mean reduceFn/,
  );
  expect(() => layer.perturb("y", 1, options)).toThrow(/perturb: expected options among/);
});

describe("capture refuses", () => {
  const stateOf = (entries: Parameters<typeof unflattenState>[0]): State => unflattenState(entries);
  it.each<[string, () => unknown, RegExp]>([
    [
      "no types",
      () => untyped(new Layer())(x()),
      /capture: expected Variable types .* got undefined\. Say what to record/,
    ],
    [
      "types that are none",
      () => untyped(new Layer(), [Layer])(x()),
      /expected Variable types .* got an array of length 1/,
    ],
    [
      "what cannot be called",
      () => untyped({}, Intermediate),
      /expected a module with a forward method or a function/,
    ],
    [
      "an init that is no State",
      () => untyped(new Layer(), Intermediate, { init: 3 })(x()),
      /expected init to be a State, got 3/,
    ],
    [
      "an init that ends in no leaf, with its path",
      () =>
        untyped(new Layer(), Intermediate, { init: JSON.parse('{"a":1,"sub":{"b":"x"}}') as unknown })(x()),
      /capture, init at a: expected a leaf or a subtree, got 1/,
    ],
    [
      "unknown options, also before there is a model",
      () => capture(Intermediate, { methodOutput: Intermediate } as never),
      /capture: expected options among .* Did you mean methodOutputs/,
    ],
    [
      "the whole result as init",
      () => untyped(new Layer(), Intermediate, { init: capture(new Layer(), Perturbation)(x()) })(x()),
      /expected init to be a State, got an array of length 2/,
    ],
    [
      "an init that a default sow cannot go on with",
      () =>
        capture(new Layer(), Intermediate, {
          init: stateOf([[["y"], { type: Intermediate, value: x(), metadata: {} }]]),
        })(x()),
      /sow at y: expected init to have a list of values to go on with, got a float32\[2\]/,
    ],
    [
      "methodOutputs that nobody asked for",
      () => capture(new Layer(), Perturbation, { methodOutputs: Intermediate }),
      /expected methodOutputs to be one of the types asked for \(Perturbation\), got the function or class Intermediate/,
    ],
    [
      "methodOutputs as captureGradients takes them",
      () => capture(new Layer(), Intermediate, { methodOutputs: true as never }),
      /\(Intermediate\), got true\. Write \{ methodOutputs: nnx\.Intermediate \}\.$/,
    ],
    [
      "a perturbation of no tensor, with its path",
      () => capture((m: { layer: Layer }) => m.layer.perturb("n", 3), Perturbation)({ layer: new Layer() }),
      /perturb at layer\.n: expected a tensor or a structure of tensors, got 3/,
    ],
    [
      "one name for two types, whoever watches",
      () =>
        captureGradients((m: Layer) => {
          m.sow(Intermediate, "n", 1);
          m.sow(BatchStat, "n", 1);
          return tf.sum(m.forward(x()));
        })(new Layer()),
      /sow at n: expected BatchStat values under a name of their own/,
    ],
  ])("%s", (_name, run, message) => {
    expect(run).toThrow(message);
  });
});

describe("types by name", () => {
  it("are those that are registered", () => {
    expect(() => capture(new Layer(), "Intermediate")).toThrow(
      /expected one of \{params, .*got "Intermediate"/,
    );
    variableTypeFromName("counted_by_name", { allowRegister: true });
    const f = (m: Layer, value: number) => m.sow("counted_by_name", "n", value);
    const types: CaptureTypes = ["intermediates", "counted_by_name"];
    const options: CaptureOptions = { methodOutputs: "intermediates" };
    const [result, seen, counted] = capture(f, ["intermediates", "counted_by_name"])(new Layer(), 3);
    expect(result).toBe(true);
    expect([Object.keys(seen), Object.keys(counted)]).toEqual([[], ["n"]]);
    const model: Forward<[tf.Tensor], tf.Tensor> = new Layer();
    expect(capture(types)(model)(x())).toHaveLength(3);
    const [, outputs] = capture("intermediates", options)(model)(x());
    expect(Object.keys(outputs).sort()).toEqual(["forward", "y"]);
  });
});
