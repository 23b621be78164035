import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { readGolden, relativeError } from "../../../../scripts/golden.ts";
import {
  capture,
  captureGradients,
  flattenState,
  grad,
  Intermediate,
  Module,
  Param,
  Perturbation,
  type State,
  type ValueAndGradient,
  type VariableState,
} from "../index.ts";

type Nested = number | readonly Nested[];
interface Case {
  readonly x: number[][];
  readonly kernels: Readonly<Record<string, number[][]>>;
  readonly sown: Readonly<Record<string, number[][][]>>;
  readonly perturbation_grads: Readonly<Record<string, number[][]>>;
  readonly param_grads: Readonly<Record<string, number[][]>>;
}
const { cases } = readGolden<{ cases: Readonly<Record<"nested" | "shared" | "loop", Case>> }>("capture");

class Dense extends Module {
  readonly kernel: Param<tf.Tensor2D>;
  constructor(kernel: number[][]) {
    super();
    this.kernel = new Param(tf.tensor2d(kernel));
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const y = this.perturb("y", tf.tanh(tf.matMul(x, this.kernel.value) as tf.Tensor2D));
    this.sow(Intermediate, "y", y);
    return y;
  }
}
interface Layer {
  forward(x: tf.Tensor2D): tf.Tensor2D;
}
class Block extends Module {
  readonly first: Dense;
  readonly second: Layer & Module;
  constructor(first: Dense, second: Layer & Module) {
    super();
    this.first = first;
    this.second = second;
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    const y = tf.add(this.second.forward(this.first.forward(x)), x) as tf.Tensor2D;
    this.sow(Intermediate, "sum", y);
    return y;
  }
}
class Outer extends Module {
  readonly outer: Block;
  constructor(kernels: Case["kernels"]) {
    super();
    const dense = (path: string) => new Dense(kernels[path] as number[][]);
    const inner = new Block(dense("outer/second/first/kernel"), dense("outer/second/second/kernel"));
    this.outer = new Block(dense("outer/first/kernel"), inner);
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.outer.forward(x);
  }
}
class Shared extends Module {
  readonly one: Block;
  readonly two: Dense;
  constructor(kernels: Case["kernels"]) {
    super();
    this.two = new Dense(kernels["one/first/kernel"] as number[][]);
    this.one = new Block(this.two, new Dense(kernels["one/second/kernel"] as number[][]));
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.two.forward(this.one.forward(x));
  }
}
class Loop extends Module {
  readonly cell: Dense;
  constructor(kernels: Case["kernels"]) {
    super();
    this.cell = new Dense(kernels["cell/kernel"] as number[][]);
  }
  forward(x: tf.Tensor2D): tf.Tensor2D {
    return this.cell.forward(this.cell.forward(this.cell.forward(x)));
  }
}

const flat = (values: Nested): number[] => (typeof values === "number" ? [values] : values.flatMap(flat));
const numbers = (value: unknown): number[] =>
  Array.isArray(value) ? value.flatMap(numbers) : [...(value as tf.Tensor).dataSync()];
const byPath = (state: State): Record<string, unknown> =>
  Object.fromEntries(
    flattenState(state).map(([path, leaf]) => [path.join("/"), (leaf as VariableState).value]),
  );

function expectClose(found: Record<string, number[]>, reference: Readonly<Record<string, Nested>>): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(reference).sort());
  for (const [path, values] of Object.entries(reference)) {
    expect(relativeError(found[path] as number[], flat(values)), path).toBeLessThan(1e-5);
  }
}
const numbersByPath = (state: State) =>
  Object.fromEntries(Object.entries(byPath(state)).map(([path, value]) => [path, numbers(value)]));

describe.each([
  ["nested", Outer],
  ["shared", Shared],
  ["loop", Loop],
] as const)("the %s model", (name, Model) => {
  const golden = cases[name];
  const squares = (y: tf.Tensor) => tf.sum(tf.square(y)) as tf.Tensor;

  it("has Flax's intermediates and gradients in four steps", () => {
    const model: Module & Layer = new Model(golden.kernels);
    const x = tf.tensor2d(golden.x);
    const [, perturbations] = capture(model, Perturbation)(x);
    const loss = (m: Module & Layer, p: State, input: tf.Tensor2D) => {
      const [y, sown] = capture(m, Intermediate, { init: p })(input);
      return [squares(y), sown] as const;
    };
    const [[grads, ofPerturbations], sown] = grad(loss, { argnums: [0, 1], hasAux: true })(
      model,
      perturbations,
      x,
    );
    expectClose(numbersByPath(sown), golden.sown);
    expectClose(numbersByPath(ofPerturbations), golden.perturbation_grads);
    expectClose(numbersByPath(grads as State), golden.param_grads);
  });

  it("has the same in one pass", () => {
    const model: Module & Layer = new Model(golden.kernels);
    const seen = captureGradients((m: Module & Layer, input: tf.Tensor2D) => squares(m.forward(input)))(
      model,
      tf.tensor2d(golden.x),
    );
    const sums = Object.entries(byPath(seen.perturbed)).map(([path, value]) => {
      const calls = (value as ValueAndGradient<tf.Tensor>[]).map(({ gradient }) => gradient);
      // One stored perturbation stands for all calls: its gradient is their sum.
      return [path, numbers(tf.addN(calls))] as const;
    });
    expectClose(Object.fromEntries(sums), golden.perturbation_grads);
    const values = Object.entries(byPath(seen.sown)).map(
      ([path, value]) =>
        [path, numbers((value as ValueAndGradient<tf.Tensor>[]).map((call) => call.value))] as const,
    );
    expectClose(Object.fromEntries(values), golden.sown);
    expectClose(numbersByPath(seen.gradients as State), golden.param_grads);
  });
});
