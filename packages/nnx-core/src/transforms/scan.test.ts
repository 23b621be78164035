import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { Carry, dispose, grad, Module, Param, scan, StateAxes, Variable, vmap } from "../index.ts";

const values = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

class Layer extends Module {
  readonly w: Param<tf.Tensor>;
  readonly count: Variable<tf.Tensor>;
  seen?: Variable<tf.Tensor>;
  constructor(w: tf.Tensor) {
    super();
    this.w = new Param(w);
    this.count = new Variable<tf.Tensor>(tf.scalar(0));
  }
  forward(x: tf.Tensor): tf.Tensor {
    this.count.value = tf.add(this.count.value, 1);
    return tf.mul(x, this.w.value);
  }
}

const stacked = (...ws: number[]): Layer => vmap((w: tf.Tensor) => new Layer(w))(tf.tensor1d(ws));

onEachBackend("scan", () => {
  it("runs the layers of a stacked module one after the other, and stacks what they write", () => {
    const before = tf.memory().numTensors;
    const model = stacked(2, 3, 5);
    const deep = scan((x: tf.Tensor, m: Layer) => {
      const y = m.forward(x);
      return [y, y] as const;
    });
    const [y, all] = deep(tf.scalar(1), model);
    expect(values(y)).toEqual([30]);
    expect(values(all)).toEqual([2, 6, 30]);
    expect(values(model.count.value)).toEqual([1, 1, 1]);
    expect(values(model.w.value)).toEqual([2, 3, 5]);
    dispose([y, all, model]);
    // The three inputs of `stacked` and `scan`, and the counts, belong to the user.
    expect(tf.memory().numTensors - before).toBeLessThanOrEqual(3);
  });

  it("hands modules and Variables on, and keeps which they are", () => {
    const m = new Layer(tf.scalar(2));
    const steps = scan(
      (c: Layer) => {
        c.forward(c.w.value);
        return c;
      },
      { inAxes: Carry, outAxes: Carry, length: 3 },
    );
    expect(steps(m)).toBe(m);
    expect(values(m.count.value)).toEqual([3]);
    const v = new Variable<tf.Tensor>(tf.scalar(1));
    const [c, ys] = scan(
      (sum: tf.Tensor, variable: Variable<tf.Tensor>, x: tf.Tensor) => {
        variable.value = tf.add(variable.value, 1);
        return [tf.add(sum, x), variable.value] as const;
      },
      { inAxes: [Carry, null, 0] },
    )(tf.scalar(0), v, tf.tensor1d([1, 2, 3]));
    expect([values(c), values(ys), values(v.value)]).toEqual([[6], [2, 3, 4], [4]]);
  });

  it("mixes axes, the same for all steps and what is handed on, by Variable", () => {
    const model = stacked(2, 3);
    model.count.value = tf.scalar(10);
    const y = scan((x: tf.Tensor, m: Layer) => [m.forward(x), m.count.value] as const, {
      inAxes: [
        Carry,
        new StateAxes([
          [Param, 0],
          [true, Carry],
        ]),
      ],
    })(tf.scalar(1), model);
    expect([values(y[0]), values(y[1]), values(model.count.value)]).toEqual([[6], [11, 12], [12]]);
    const same = scan((x: tf.Tensor, m: Layer) => [m.forward(x), m.count.value] as const, {
      inAxes: [
        Carry,
        new StateAxes([
          [Param, 0],
          [true, null],
        ]),
      ],
    })(tf.scalar(1), model);
    expect([values(same[1]), values(model.count.value)]).toEqual([[13, 13], [13]]);
  });

  it("hands containers on", () => {
    const m = new Layer(tf.scalar(2));
    const pair = scan(([model, [a, b]]: [Layer, [tf.Tensor, tf.Tensor]], x: tf.Tensor) => {
      const next = tf.add(model.forward(a), x);
      return [[model, [b, next]], next] as const;
    });
    const [[same, ends], all] = pair([m, [tf.scalar(1), tf.scalar(0)]], tf.tensor1d([1, 2, 3]));
    expect(same).toBe(m);
    expect([...ends.map(values), values(all), values(m.count.value)]).toEqual([[2], [9], [3, 2, 9], [3]]);
    const record = scan(({ n, h }: { n: number; h: tf.Tensor }) => ({ n: n + 1, h: tf.mul(h, 2) }), {
      inAxes: Carry,
      outAxes: Carry,
      length: 3,
    });
    const { n, h } = record({ n: 0, h: tf.scalar(1) });
    expect([n, values(h)]).toEqual([3, [8]]);
    const slope = grad((x: tf.Tensor) => {
      const [[a]] = scan(([a, b]: [tf.Tensor, tf.Tensor], y: tf.Tensor) => [[tf.mul(a, b), b], y] as const)(
        [x, x],
        tf.ones([2]),
      );
      return a;
    })(tf.scalar(3));
    expect(values(slope)).toEqual([27]);
  });

  it("goes backwards, along other axes, and without a carry", () => {
    const xs = tf.tensor2d([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    const [c, ys] = scan((sum: tf.Tensor, x: tf.Tensor) => [tf.add(sum, x), tf.add(sum, x)] as const, {
      inAxes: [Carry, 1],
      outAxes: [Carry, -1],
      reverse: true,
    })(tf.zeros([2]), xs);
    expect(values(c)).toEqual([6, 15]);
    expect(ys.arraySync()).toEqual([
      [6, 5, 3],
      [15, 11, 6],
    ]);
    expect(values(scan((x: tf.Tensor) => tf.mul(x, 2), { inAxes: 0, outAxes: 0 })(xs))).toEqual([
      2, 4, 6, 8, 10, 12,
    ]);
  });

  it("stacks what a step puts into a sliced module", () => {
    const model = stacked(2, 3);
    const [y] = scan((x: tf.Tensor, m: Layer) => {
      m.seen = new Variable<tf.Tensor>(tf.add(x, 0));
      return [m.forward(x), null] as const;
    })(tf.scalar(7), model);
    expect(values(y)).toEqual([42]);
    expect(values(model.seen!.value)).toEqual([7, 14]);
  });

  it("is differentiated, with modules and under vmap", () => {
    const model = stacked(2, 3, 5);
    const deep = (m: Layer, x: tf.Tensor): tf.Tensor =>
      scan((c: tf.Tensor, layer: Layer) => [layer.forward(c), null] as const)(x, m)[0];
    const grads = grad((m: Layer) => deep(m, tf.scalar(1)))(model);
    expect(values((grads as { w: { value: tf.Tensor } }).w.value)).toEqual([15, 10, 6]);
    expect(values(model.count.value)).toEqual([1, 1, 1]);
    const perExample = vmap((m: Layer, x: tf.Tensor) => grad((n: Layer) => deep(n, x))(m), {
      inAxes: [
        new StateAxes([
          [Param, null],
          [true, null],
        ]),
        0,
      ],
    })(model, tf.tensor1d([1, 2]));
    expect((perExample as { w: { value: tf.Tensor } }).w.value.arraySync()).toEqual([
      [15, 10, 6],
      [30, 20, 12],
    ]);
    expect(values(model.count.value)).toEqual([2, 2, 2]);
  });

  it("frees what is handed on from step to step", () => {
    let most = 0;
    const before = tf.memory().numTensors;
    const end = scan(
      (c: tf.Tensor) => {
        most = Math.max(most, tf.memory().numTensors - before);
        return tf.add(tf.add(c, 1), 1);
      },
      { inAxes: Carry, outAxes: Carry, length: 50 },
    )(tf.scalar(0));
    expect(values(end)).toEqual([100]);
    expect(most).toBeLessThan(6);
  });
});

describe("scan refuses", () => {
  const x = tf.tensor1d([1, 2, 3]);
  const step = (c: tf.Tensor, each: tf.Tensor) => [c, each] as const;
  it.each([
    ["two carries", () => scan(step, { inAxes: [Carry, Carry] }), /Carry once in inAxes, got it at 0 and 1/],
    ["a carry on one side", () => scan(step, { outAxes: 0 }), /Carry in both inAxes and outAxes/],
    ["a nested carry", () => scan(step, { inAxes: [[Carry, 0], 0] }), /Carry at the top of inAxes/],
    ["broadcast results", () => scan(step, { outAxes: [Carry, null] }), /an axis for every result/],
    [
      "carried results",
      () => scan(step, { outAxes: [Carry, new StateAxes([[true, Carry]])] }),
      /an axis for every result/,
    ],
    [
      "several arguments as a carry",
      () => Reflect.apply(scan(step, { inAxes: Carry, outAxes: Carry }), undefined, [x, x]),
      /one argument with \{ inAxes: Carry \}, got 2/,
    ],
    [
      "no length",
      () => scan((c: tf.Tensor) => c, { inAxes: Carry, outAxes: Carry } as never)(x as never),
      /got none/,
    ],
    [
      "axes that it did not get",
      () => scan((c: tf.Tensor) => [c, c] as const, { length: 2 } as never)(tf.scalar(0)),
      /for each of 1 arguments, got \[Carry, 0\]\. .* for a carry alone write \{ inAxes: Carry, outAxes: Carry, length \}\.$/,
    ],
    ["another length", () => scan(step, { length: 4 })(tf.scalar(0), x), /got 3 in argument 1, length: 4/],
    [
      "another dtype",
      () => scan((c: tf.Tensor, each: tf.Tensor) => [tf.cast(c, "int32"), each] as const)(tf.scalar(0), x),
      /scan: expected the carry to have the same structure, .* got a float32\[\] before it and an int32\[\] after/,
    ],
    [
      "another module",
      () =>
        scan((_: Layer) => new Layer(tf.scalar(1)), { inAxes: Carry, outAxes: Carry, length: 2 })(
          new Layer(tf.scalar(1)),
        ),
      /the same modules and Variables after each step, got another one, an instance of Layer/,
    ],
    [
      "another structure of a module",
      () =>
        scan(
          (c: Layer) => {
            c.seen = new Variable<tf.Tensor>(tf.scalar(1));
            return c;
          },
          { inAxes: Carry, outAxes: Carry, length: 2 },
        )(new Layer(tf.scalar(1))),
      /the same structure/,
    ],
    [
      "no pair",
      () => scan((c: tf.Tensor) => c as never)(tf.scalar(0), x),
      /return an array of 2, as outAxes says, got a float32\[\]/,
    ],
  ])("%s", (_name, run, message) => {
    const before = tf.memory().numTensors;
    expect(run).toThrow(message);
    expect(tf.memory().numTensors - before).toBeLessThan(5);
  });
});
