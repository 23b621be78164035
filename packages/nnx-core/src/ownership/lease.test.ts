/** @file What a tensor is (a scope's, the user's, held, a module's), and how it becomes another. */
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { expect, it } from "vitest";
import { capture, dispose, Intermediate, Module, Param, type Tensor, tidy, Variable, vjp } from "../index.ts";
import { discard, hold, holdersOf, type Lease, leaveToModules } from "./lease.ts";

it("frees a tensor with the last release, once", () => {
  const x = tf.ones([2]);
  const [first, second] = [hold(x), hold({ list: [x] })];
  expect(holdersOf(x)).toBe(2);
  first.release();
  first.release();
  first.handOver();
  expect([holdersOf(x), x.isDisposed, first.end, second.end]).toEqual([1, false, "released", undefined]);
  second.release();
  expect(x.isDisposed).toBe(true);
});

it("keeps tensors from the scope that made them, and gives them back", () => {
  const made: Tensor[] = [];
  const leases: Lease[] = [];
  const gone = () => made.map(({ isDisposed }) => isDisposed);
  tf.tidy(() => {
    made.push(tf.ones([2]), tf.zeros([2]));
    tf.tidy(() => {
      leases.push(...made.map((tensor) => hold(tensor)));
      leases[1]?.handOver();
    });
    expect(gone()).toEqual([false, false]);
  });
  expect(gone()).toEqual([false, true]);
  tf.tidy(() => {
    leases[0]?.release();
    // Somebody may have read it a line ago.
    expect(gone()).toEqual([false, true]);
  });
  expect(gone()).toEqual([true, true]);
});

it("leaves to the user what a scope's holder hands over, unless a holder for good had it", () => {
  const [mine, owned] = [tf.ones([2]), tf.ones([2])];
  const forGood = hold(owned, "for good");
  tf.tidy(() => {
    const leases = [hold(mine), hold(owned)];
    forGood.release();
    for (const lease of leases) lease.handOver();
  });
  expect([mine.isDisposed, owned.isDisposed]).toEqual([false, true]);
  mine.dispose();
});

it("holds all tensors or none", () => {
  const [x, gone] = [tf.ones([2]), tf.ones([1])];
  gone.dispose();
  expect(() => hold([x, gone])).toThrow(
    "expected a value of live tensors, got a float32[1] that was disposed",
  );
  expect(holdersOf(x)).toBe(0);
  x.dispose();
});

it("does not free what a module or the user has", () => {
  const [attribute, kept, free] = [tf.ones([2]), tf.keep(tf.ones([2])), tf.ones([2])];
  leaveToModules(attribute);
  for (const tensor of [attribute, kept]) hold(tensor).release();
  const lease = hold(free);
  discard([attribute, kept, free]);
  expect([attribute, kept, free].map(({ isDisposed }) => isDisposed)).toEqual([false, false, false]);
  lease.handOver();
  discard([free]);
  expect(free.isDisposed).toBe(true);
  for (const tensor of [attribute, kept]) tensor.dispose();
});

it("a pull-back that is disposed leaves alone what a Variable has", () => {
  class Model extends Module {
    readonly kernel = new Param(tf.ones([2]));
    readonly last = new Variable<Tensor>(tf.zeros([2]));
  }
  const { numTensors } = tf.memory();
  const model = new Model();
  const [value, pullBack] = vjp(
    (m: Model) => {
      m.last.value = m.kernel.value;
      return tf.sum(m.kernel.value);
    },
    [model],
  );
  pullBack.dispose();
  expect([...model.last.value.dataSync()]).toEqual([1, 1]);
  dispose([model, value]);
  expect(tf.memory().numTensors).toBe(numTensors);
});

it("a capture in a scope leaves the user's tensors to the user", () => {
  const mine: Tensor = tf.ones([3]);
  class Model extends Module {
    forward(x: Tensor): Tensor {
      this.sow(Intermediate, "mine", x, { initFn: () => x, reduceFn: () => mine });
      return x;
    }
  }
  tidy(() => capture(new Model(), Intermediate)(tf.ones([1]))[0]).dispose();
  expect(mine.isDisposed).toBe(false);
  mine.dispose();
});
