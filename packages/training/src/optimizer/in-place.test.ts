/** @file Steps that are written over parameters and moments, and what must not be written over. */
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  flattenState,
  grad,
  jit,
  Module,
  Param,
  split,
  type State,
  state,
  update,
  valueAndGrad,
  type Variable,
  vjp,
} from "@nnxjs/nnx-core";
import { glance } from "@nnxjs/nnx-core/internal";
import { useWasmKernels } from "@nnxjs/kernels/internal";
import { useBackend } from "../../../../scripts/use-backend.ts";
import { adam, chain, clipByGlobalNorm, Optimizer, scaleByAdam, scaleByLearningRate, sgd } from "../index.ts";

class Net extends Module {
  readonly filters: Param<tf.Tensor4D>;
  readonly kernel: Param<tf.Tensor2D>;
  readonly bias: Param<tf.Tensor1D>;
  constructor(kernel: Float32Array = numbers(36 * 3)) {
    super();
    this.filters = new Param(tf.tensor4d(numbers(3 * 3 * 2 * 4), [3, 3, 2, 4]));
    this.kernel = new Param(tf.tensor2d(kernel, [36, 3]));
    this.bias = new Param(tf.zeros<tf.Rank.R1>([3]));
  }
  forward(x: tf.Tensor4D): tf.Tensor {
    const y = tf.relu(tf.conv2d(x, this.filters.value, 1, "valid"));
    return tf.add(tf.matMul(tf.reshape(y, [-1, 36]), this.kernel.value), this.bias.value);
  }
}

const numbers = (n: number): Float32Array => Float32Array.from({ length: n }, (_, i) => Math.sin(7 * i + 1));
const images = (): tf.Tensor4D => tf.tensor4d(numbers(6 * 5 * 5 * 2), [6, 5, 5, 2]);
const lossOf = (net: Net, x: tf.Tensor4D): tf.Scalar => tf.mean(tf.square(net.forward(x)));

/** The numbers of a tensor; those given where it was disposed, as replaced values are. */
const copyUnless = (x: tf.Tensor, disposed: number[]): number[] => (x.isDisposed ? disposed : copyOf(x));

/** The tensor in a Variable, without a trace that somebody read it. */
const inside = (variable: Variable): tf.Tensor => glance(variable, (each) => each.getRawValue()) as tf.Tensor;
const copyOf = (x: tf.Tensor): number[] => [...x.dataSync()];
const ofModel = (net: Net): number[][] =>
  flattenState(state(net)).map(([, { value }]) => copyOf(value as tf.Tensor));

/** {@link ofModel}, without a trace. */
const unread = ({ bias, filters, kernel }: Net): number[][] =>
  [bias, filters, kernel].map((each) => copyOf(inside(each)));

interface Trained {
  readonly net: Net;
  readonly optimizer: Optimizer;
  readonly x: tf.Tensor4D;
  readonly grads: () => State;
  readonly step: () => void;
}

function trained(steps: number, tx = adam(0.1), net = new Net()): Trained {
  const optimizer = new Optimizer(net, tx);
  const x = images();
  const grads = (): State => grad(lossOf)(net, x);
  const step = (): void => tf.tidy(() => optimizer.update(net, grads()));
  for (let i = 0; i < steps; i++) step();
  return { net, optimizer, x, grads, step };
}

/** Whether a step writes over the parameters. */
function isInPlace({ net, step }: Trained): boolean {
  const before = inside(net.kernel);
  step();
  return inside(net.kernel) === before;
}

describe.each(["cpu", "wasm"] as const)("steps on %s", (backend) => {
  beforeEach(() => useBackend(backend));
  afterEach(() => useWasmKernels(true));
  afterAll(() => useBackend("cpu"));

  it("are written over what nobody has read", () => {
    const run = trained(1);
    expect(isInPlace(run)).toBe(true);
    const memory = tf.memory().numTensors;
    expect(isInPlace(run)).toBe(true);
    expect(tf.memory().numTensors).toBe(memory);
  });

  it.each([
    ["adam", () => adam(0.1), true],
    ["sgd with momentum", () => sgd(0.1, { momentum: 0.9 }), true],
    ["plain sgd", () => sgd(0.1), true],
    ["clipped", () => chain(clipByGlobalNorm(0.5), adam(0.1)), true],
    ["by loops", () => adam(0.1), false],
  ] as const)("are bit for bit those with new tensors: %s", (_, tx, on) => {
    useWasmKernels(on);
    const [run, other] = [trained(1, tx()), trained(1, tx())];
    for (let i = 0; i < 4; i++) {
      // Without WebAssembly, kernels of tensorflow.js read parameters on cpu, and might keep them.
      expect(isInPlace(run)).toBe(on || backend === "wasm");
      // Who reads a value may keep it.
      const kernel = other.net.kernel.value;
      void [other.net.filters.value, other.net.bias.value];
      other.step();
      expect(other.net.kernel.value).not.toBe(kernel);
    }
    // tensorflow.js's wasm kernels keep filters and matrices packed, by the number of their data.
    expect(copyOf(run.net.forward(run.x))).toEqual(copyOf(other.net.forward(other.x)));
    expect(ofModel(run.net)).toEqual(ofModel(other.net));
  });

  it("leave a State, and what has its data, as they were", () => {
    const { net, optimizer, step } = trained(2);
    const before = state(net);
    const [, ofOptimizer] = split(optimizer);
    const read = (): number[][] =>
      [before, ofOptimizer].flatMap((each) =>
        flattenState(each).flatMap(([, { value }]) => (value instanceof tf.Tensor ? [copyOf(value)] : [])),
      );
    const expected = read();
    step();
    step();
    expect(read()).toEqual(expected);
    update(net, before);
    expect(ofModel(net)).toEqual(expected.slice(0, 3));
  });

  it("leave a value that was read in the scope, and arrays of values", () => {
    const { net, optimizer, grads, step } = trained(2);
    const array = net.kernel.value.dataSync();
    const copy = [...array];
    tf.tidy(() => {
      const { value } = net.kernel;
      optimizer.update(net, grads());
      expect(copyUnless(value, copy)).toEqual(copy);
      expect(copyOf(net.kernel.value)).not.toEqual(copy);
    });
    step();
    step();
    expect([...array]).toEqual(copy);
  });

  it("never write into an array of the user's", () => {
    const array = numbers(36 * 3);
    const run = trained(3, adam(0.1), new Net(array));
    expect(isInPlace(run)).toBe(true);
    expect(array).toEqual(numbers(36 * 3));
    expect(copyOf(run.net.kernel.value)).not.toEqual([...array]);
  });

  it.each([
    ["itself", (x: tf.Tensor2D): tf.Tensor => x],
    ["clone", (x: tf.Tensor2D): tf.Tensor => tf.clone(x)],
    ["reshape", (x: tf.Tensor2D): tf.Tensor => tf.reshape(x, [108])],
    ["slice", (x: tf.Tensor2D): tf.Tensor => tf.slice(x, [4, 0], [8, 3])],
    ["stridedSlice", (x: tf.Tensor2D): tf.Tensor => tf.stridedSlice(x, [4, 0], [8, 3], [1, 1])],
    ["split", (x: tf.Tensor2D): tf.Tensor => tf.split(x, 2)[0]!],
    ["unstack", (x: tf.Tensor2D): tf.Tensor => tf.unstack(x)[1]!],
    ["squeeze", (x: tf.Tensor2D): tf.Tensor => tf.squeeze(tf.expandDims(x))],
    ["cast", (x: tf.Tensor2D): tf.Tensor => tf.cast(x, "float32")],
    ["concat", (x: tf.Tensor2D): tf.Tensor => tf.concat([x])],
    ["tile", (x: tf.Tensor2D): tf.Tensor => tf.tile(x, [1, 1])],
    [
      "pad",
      (x: tf.Tensor2D): tf.Tensor =>
        tf.pad(x, [
          [0, 0],
          [0, 0],
        ]),
    ],
    ["transpose", (x: tf.Tensor2D): tf.Tensor => tf.transpose(x, [0, 1])],
    ["reverse", (x: tf.Tensor2D): tf.Tensor => tf.reverse(x, [])],
    ["broadcastTo", (x: tf.Tensor2D): tf.Tensor => tf.broadcastTo(x, [36, 3])],
    ["batchToSpaceND", (x: tf.Tensor2D): tf.Tensor => tf.batchToSpaceND(x, [1], [[0, 0]])],
    ["sum over nothing", (x: tf.Tensor2D): tf.Tensor => tf.sum(tf.expandDims(x), 0)],
  ] as const)("leave what a loss made of a parameter and returned beside the loss: %s", (_, of) => {
    const { net, optimizer, x } = trained(2);
    const both = valueAndGrad((m: Net) => [lossOf(m, x), of(m.kernel.value)] as const, { hasAux: true });
    const [[, kept], grads] = both(net);
    const copy = copyOf(kept);
    optimizer.update(net, grads);
    optimizer.update(net, grads);
    expect(copyOf(kept)).toEqual(copy);
  });

  it.each([
    ["itself", (x: tf.Tensor2D) => x.dataSync()],
    ["clone", (x: tf.Tensor2D) => tf.clone(x).dataSync()],
    ["reshape", (x: tf.Tensor2D) => tf.reshape(x, [108]).dataSync()],
    ["cast", (x: tf.Tensor2D) => tf.cast(x, "float32").dataSync()],
    ["slice", (x: tf.Tensor2D) => tf.slice(x, [4, 0], [8, 3]).dataSync()],
    ["bufferSync", (x: tf.Tensor2D) => x.bufferSync().values],
    ["the engine", (x: tf.Tensor2D) => tf.engine().readSync(x.dataId) as Float32Array],
    ["the backend", (x: tf.Tensor2D) => tf.backend().readSync(x.dataId) as Float32Array],
  ] as const)("leave an array that a loss read of a parameter: %s", (_, read) => {
    for (const loops of [false, true]) {
      useWasmKernels(!loops);
      const { net, optimizer, x } = trained(2);
      const arrays: ArrayLike<number>[] = [];
      const copies: number[][] = [];
      for (let i = 0; i < 3; i++) {
        const gradients = grad((m: Net) => {
          const array: ArrayLike<number> = read(m.kernel.value);
          arrays.push(array);
          copies.push(Array.from(array));
          return lossOf(m, x);
        })(net);
        optimizer.update(net, gradients);
      }
      expect(arrays.map((each) => Array.from(each))).toEqual(copies);
      expect(copies[2]).not.toEqual(copies[1]);
    }
  });

  it("leave complex numbers of a parameter", async () => {
    // wasm has none: they are made on cpu, of the very arrays.
    if (backend === "wasm") return;
    const { net, optimizer, x } = trained(2);
    const both = valueAndGrad(
      (m: Net) => [lossOf(m, x), tf.complex(m.kernel.value, m.kernel.value)] as const,
      { hasAux: true },
    );
    const [[, kept], gradients] = both(net);
    const copy = [...(await kept.data())];
    optimizer.update(net, gradients);
    optimizer.update(net, gradients);
    expect([...(await kept.data())]).toEqual(copy);
  });

  it("leave what a pull-back needs", () => {
    const { net, x, step } = trained(2);
    const [y, pullBack] = vjp((m: Net) => m.forward(x), [net]);
    const gradients = (): number[][] =>
      flattenState(pullBack(tf.onesLike(y))[0]).map(([, { value }]) => copyOf(value as tf.Tensor));
    const expected = gradients();
    step();
    step();
    expect(gradients()).toEqual(expected);
    pullBack.dispose();
  });

  it("leave what Variables share", () => {
    const { net, step } = trained(2);
    const other = new Param<tf.Tensor>(tf.zeros([1]));
    other.copyFrom(net.kernel as Variable<tf.Tensor>);
    const copy = copyOf(other.value);
    step();
    expect(copyOf(other.value)).toEqual(copy);
  });

  it("leave what a transformation of the user's got", () => {
    const seen: (readonly [x: tf.Tensor, copy: number[]])[] = [];
    const spy = {
      init: () => [],
      update: (updates: never, rest: never, params?: unknown) => {
        const { kernel } = params as { kernel: tf.Tensor };
        seen.push([kernel, copyOf(kernel)]);
        return [updates, rest] as never;
      },
    };
    const { net, optimizer, grads } = trained(2, chain(spy, scaleByAdam(), scaleByLearningRate(0.1)));
    tf.tidy(() => {
      for (let i = 0; i < 2; i++) optimizer.update(net, grads());
      for (const [x, copy] of seen) expect(copyUnless(x, copy)).toEqual(copy);
    });
  });

  it("leave everything as it was when an update throws", () => {
    class Refusing extends Param<tf.Tensor> {
      static armed = false;
      override setValue(next: tf.Tensor): void {
        if (Refusing.armed) throw new Error("refused");
        super.setValue(next);
      }
    }
    class Guarded extends Net {
      readonly last: Param<tf.Tensor> = new Refusing(tf.ones([3]));
      override forward(x: tf.Tensor4D): tf.Tensor {
        return tf.mul(super.forward(x), this.last.value);
      }
    }
    const run = trained(3, adam(0.1), new Guarded());
    const before = ofModel(run.net);
    const moments = flattenState(state(run.optimizer)).map(([, { value }]) => String(value));
    Refusing.armed = true;
    expect(() => run.step()).toThrow("refused");
    Refusing.armed = false;
    expect(ofModel(run.net)).toEqual(before);
    expect(flattenState(state(run.optimizer)).map(([, { value }]) => String(value))).toEqual(moments);

    let isBroken = false;
    const plain = trained(
      3,
      adam((count) => (isBroken ? Number.NaN : 0.1 / (1 + count))),
    );
    const values = unread(plain.net);
    isBroken = true;
    expect(() => plain.step()).toThrow(RangeError);
    expect(ofModel(plain.net)).toEqual(values);
  });

  it("are undone in a run that throws", () => {
    const { net, optimizer, x } = trained(3);
    const before = unread(net);
    const grads = grad(lossOf)(net, x);
    expect(() =>
      grad((m: Net) => {
        optimizer.update(net, grads);
        void m;
        throw new Error("stop");
      })(net),
    ).toThrow("stop");
    expect(ofModel(net)).toEqual(before);
  });

  it("in a recorded function are those of steps by hand", () => {
    const [run, other] = [trained(2), trained(2)];
    const step = jit((net: Net, optimizer: Optimizer, x: tf.Tensor4D) => {
      const [loss, grads] = valueAndGrad(lossOf)(net, x);
      optimizer.update(net, grads);
      return loss;
    });
    for (let i = 0; i < 3; i++) {
      tf.dispose(step(run.net, run.optimizer, run.x));
      other.step();
    }
    run.step();
    other.step();
    run.step();
    other.step();
    expect(ofModel(run.net)).toEqual(ofModel(other.net));
    step.dispose();
  });

  describe("of a recorded function", () => {
    type Result = { readonly loss: tf.Tensor; readonly kernel?: tf.Tensor };
    const recordedStep = (more: (net: Net) => Omit<Result, "loss"> = () => ({})) =>
      jit((net: Net, optimizer: Optimizer, x: tf.Tensor4D): Result => {
        const [loss, grads] = valueAndGrad(lossOf)(net, x);
        optimizer.update(net, grads);
        return { loss, ...more(net) };
      });
    /** A recorded step that was taken often enough to be written in place. */
    function running(step = recordedStep()) {
      const run = trained(0);
      const { net, optimizer, x } = run;
      const take = (): void => tf.dispose(step(net, optimizer, x));
      for (let i = 0; i < 3; i++) take();
      return { ...run, step: take, recorded: step };
    }

    it("are written over parameters and moments that nobody has seen", () => {
      const run = running();
      const moments = flattenState(state(run.optimizer)).length;
      expect(moments).toBeGreaterThan(2);
      run.step();
      const before = tf.memory();
      expect(isInPlace(run)).toBe(true);
      expect(tf.memory()).toEqual(before);
      const other = trained(5);
      expect(ofModel(run.net)).toEqual(ofModel(other.net));
      run.recorded.dispose();
    });

    it("leave a State, a value and a clone as they are", () => {
      const run = running();
      const [kept, value] = [split(run.net, true)[1], run.net.bias.value];
      const [first, numbersOfBias] = [
        flattenState(kept).map(([, { value: each }]) => copyOf(each as tf.Tensor)),
        copyOf(value),
      ];
      const held = tf.keep(tf.clone(inside(run.net.filters)));
      const numbersOfFilters = copyOf(held);
      run.step();
      expect(flattenState(kept).map(([, { value: each }]) => copyOf(each as tf.Tensor))).toEqual(first);
      expect(copyUnless(value, numbersOfBias)).toEqual(numbersOfBias);
      expect(copyOf(held)).toEqual(numbersOfFilters);
      held.dispose();
      run.recorded.dispose();
    });

    it("are new where the call hands parameters on", () => {
      const kernels: tf.Tensor[] = [];
      const run = trained(0);
      const step = recordedStep((net) => ({ kernel: net.kernel.value }));
      const numbersThen: number[][] = [];
      for (let i = 0; i < 5; i++) {
        const { loss, kernel } = step(run.net, run.optimizer, run.x);
        loss.dispose();
        kernels.push(kernel as tf.Tensor);
        numbersThen.push(copyOf(kernel as tf.Tensor));
      }
      expect(kernels.map((each, i) => copyUnless(each, numbersThen[i] as number[]))).toEqual(numbersThen);
      expect(ofModel(run.net)).toEqual(ofModel(trained(5).net));
      step.dispose();
    });

    it("are new where the call hands on what parameters were", () => {
      const run = trained(0);
      const step = jit((net: Net, optimizer: Optimizer, x: tf.Tensor4D) => {
        const before = net.kernel.value;
        const [loss, grads] = valueAndGrad(lossOf)(net, x);
        optimizer.update(net, grads);
        return { loss, before };
      });
      for (let i = 0; i < 5; i++) {
        const then = ofModel(run.net)[2];
        const { before } = step(run.net, run.optimizer, run.x);
        expect(copyUnless(before, then as number[])).toEqual(then);
      }
      step.dispose();
    });

    it("let convolutions forget filters that were packed", () => {
      const run = running();
      const predict = (): number[] => tf.tidy(() => copyOf(run.net.forward(run.x)));
      predict();
      for (let i = 0; i < 3; i++) run.step();
      const fresh = new Net();
      update(fresh, state(run.net));
      expect(predict()).toEqual(tf.tidy(() => copyOf(fresh.forward(run.x))));
      run.recorded.dispose();
    });
  });
});
