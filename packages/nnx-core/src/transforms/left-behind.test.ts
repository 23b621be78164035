/** @file Gradients of what a function leaves in the modules it gets, where it runs again in the backward pass. */
import * as tf from "@tensorflow/tfjs-core";
import { expect, it } from "vitest";
import { relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import {
  BatchStat,
  cond,
  customVjp,
  grad,
  jit,
  Module,
  Param,
  remat,
  scan,
  stopGradient,
  vmap,
} from "../index.ts";

class Cell extends Module {
  w: Param<tf.Tensor>;
  h: BatchStat<tf.Tensor>;
  extra: BatchStat<tf.Tensor> | null = null;
  bare: tf.Tensor | null = null;
  constructor(w: tf.Tensor) {
    super();
    this.w = new Param(w);
    this.h = new BatchStat<tf.Tensor>(tf.ones([2]));
  }
}
type Block = (m: Cell, x: tf.Tensor) => tf.Tensor;
const numbers = (x: tf.Tensor): number[] => [...x.dataSync()];

const blocks: Readonly<Record<string, Block>> = {
  "a state": (m, x) => {
    m.h.value = tf.mul(tf.add(m.h.value, x), m.w.value);
    return tf.square(m.h.value);
  },
  "a parameter": (m, x) => {
    m.w.value = tf.mul(m.w.value, tf.square(x));
    return tf.mul(x, 2);
  },
  "one tensor in two Variables": (m, x) => {
    const y = tf.mul(m.w.value, x);
    m.h.value = y;
    m.w.value = y;
    return y;
  },
  "values that change places": (m, x) => {
    [m.w.value, m.h.value] = [m.h.value, m.w.value];
    return tf.mul(x, m.w.value);
  },
  "a new Variable": (m, x) => {
    m.extra = new BatchStat<tf.Tensor>(tf.square(x));
    return tf.mul(x, m.w.value);
  },
  "a tensor without a Variable": (m, x) => {
    m.bare = tf.square(x);
    return tf.mul(x, m.w.value);
  },
  "slices that are put back": (m, x) => {
    vmap((own: Cell, y: tf.Tensor) => tf.mul(own.w.value, y))(m, x);
    return tf.mul(x, 2);
  },
};

/** A loss of everything that is there after some blocks. */
const lossOf =
  (block: Block, turns: number) =>
  (m: Cell, x: tf.Tensor): tf.Tensor => {
    let y = x;
    for (let turn = 0; turn < turns; turn++) y = block(m, y);
    const parts = [y, m.w.value, m.h.value, m.extra?.value, m.bare].filter((each) => each != null);
    return tf.sum(parts.map((each) => tf.sin(each)).reduce((a, b) => tf.add(a, b)));
  };
const gradientsOf =
  (block: Block, turns: number) =>
  (m: Cell, x: tf.Tensor): readonly tf.Tensor[] => {
    const [ofModel, ofX] = grad(lossOf(block, turns), { argnums: [0, 1] })(m, x);
    return [(ofModel as unknown as { w: { value: tf.Tensor } }).w.value, ofX];
  };
const x = (): tf.Tensor => tf.tensor1d([0.5, -2]);
const made = (): Cell => new Cell(tf.tensor1d([1.5, 0.25]));
const cases = Object.entries(blocks);
const expectNear = (found: readonly tf.Tensor[], wanted: readonly (readonly number[])[]): void => {
  const off = found.map((tensor, i) => relativeError(numbers(tensor), wanted[i]!));
  expect(Math.max(...off)).toBeLessThan(1e-5);
};

onEachBackend("gradients of", () => {
  it.each(cases)("%s, in remat", (name, block) => {
    // A scope frees what no Variable has, unless it is returned.
    for (const turns of name === "a tensor without a Variable" ? [1] : [1, 3]) {
      const wanted = gradientsOf(block, turns)(made(), x()).map(numbers);
      expect(gradientsOf(remat(block), turns)(made(), x()).map(numbers)).toEqual(wanted);
      const nested = remat((m: Cell, y: tf.Tensor) => remat(block)(m, y));
      expect(gradientsOf(nested, turns)(made(), x()).map(numbers)).toEqual(wanted);
    }
  });

  it.each(cases.filter(([name]) => !/new|without/.test(name)))("%s, in a recorded choice", (_, block) => {
    const other: Block = (m, y) => tf.mul(y, m.h.value);
    for (const turns of [1, 3]) {
      // The first turn takes the block, later ones the other function.
      const choice = (y: tf.Tensor, m: Cell, isFirst: boolean): tf.Tensor =>
        cond(tf.less(tf.sum(y), isFirst ? 1e9 : -1e9), block, other, m, y);
      const inTurns = (f: (y: tf.Tensor, m: Cell, isFirst: boolean) => tf.Tensor): Block => {
        let turn = 0;
        return (m, y) => f(y, m, turn++ % turns === 0);
      };
      const byHand = inTurns((y, m, isFirst) => (isFirst ? block : other)(m, y));
      const wanted = gradientsOf(byHand, turns)(made(), x()).map(numbers);
      const recorded = jit(gradientsOf(inTurns(choice), turns));
      for (let call = 0; call < 2; call++) expectNear(recorded(made(), x()), wanted);
      recorded.dispose();
    }
  });

  it.each(cases.slice(0, 4))("%s, twice", (_, block) => {
    const twice = (f: Block): tf.Tensor => {
      const model = made();
      return grad((y: tf.Tensor) => tf.sum(tf.square(gradientsOf(f, 2)(model, y)[1]!)))(x());
    };
    expectNear([twice(remat(block))], [numbers(twice(block))]);
  });

  it("states that steps of a scan hand on in a module", () => {
    const run = (block: Block): number[] => {
      const model = made();
      const step = (m: Cell, row: tf.Tensor): tf.Tensor => block(m, row);
      const all = scan(step, { inAxes: [null, 0], outAxes: 0 });
      return numbers(
        grad((y: tf.Tensor) => tf.sum(all(model, y)))(tf.tensor2d([0.5, -2, 1, 3, -1, 0.5], [3, 2])),
      );
    };
    expect(run(remat(blocks["a state"]!))).toEqual(run(blocks["a state"]!));
  });

  it("what the rule of customVjp writes are refused, unless nothing depends on them", () => {
    const f = customVjp(blocks["a state"]!, { nondiffArgnums: [0] });
    f.defvjp(
      (m, y) => [blocks["a state"]!(m, y), y] as const,
      (y, dy) => [tf.mul(dy, y)],
    );
    const model = made();
    expect(() => grad((y: tf.Tensor) => tf.sum(tf.add(f(model, y), model.h.value)))(x())).toThrow(
      /^customVjp: expected a loss that does not depend on what the forward rule wrote/,
    );
    expect(numbers(model.h.value)).toEqual([1, 1]);
    const stopped = (m: Cell, y: tf.Tensor): tf.Tensor => tf.sum(tf.add(f(m, y), stopGradient(m.h.value)));
    expect(numbers(grad(stopped, { argnums: 1 })(model, x()))).toEqual([0.5, -2]);
    expect(numbers(grad(remat(stopped), { argnums: 1 })(model, x()))).toEqual([0.5, -2]);
  });
});
