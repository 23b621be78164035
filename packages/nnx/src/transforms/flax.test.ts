import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { readGolden, relativeError } from "../../../../scripts/golden.ts";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

type Numbers = number | readonly Numbers[];
const golden = readGolden<{ x: Numbers; cases: Record<string, Record<string, Numbers>> }>("transforms");

class Block extends nnx.Module {
  readonly linear: nnx.Linear;
  drop: nnx.Dropout;
  count: nnx.Variable<tf.Tensor>;
  constructor(rngs: nnx.Rngs) {
    super();
    this.linear = new nnx.Linear(3, 3, { rngs });
    this.drop = new nnx.Dropout(0.5, { rngs });
    this.count = new nnx.Variable<tf.Tensor>(tf.scalar(0));
  }
  forward(x: tf.Tensor): tf.Tensor {
    this.count.value = tf.add(this.count.value, 1);
    return tf.tanh(this.drop.forward(this.linear.forward(x)));
  }
}

const streamCount = (m: Block): unknown => m.drop.rngs?.count.value;

const stacked = nnx.splitRngs(
  nnx.vmap((rngs: nnx.Rngs) => new Block(rngs)),
  { splits: 4 },
);

const x = (): tf.Tensor => tf.tensor2d(golden.x as number[][]);

type Apply = (m: Block, x: tf.Tensor) => tf.Tensor;

const deep = (model: Block, input: tf.Tensor, reverse = false, f: Apply = (m, a) => m.forward(a)) =>
  nnx.scan(
    (h: tf.Tensor, m: Block) => {
      const y = f(m, h);
      return [y, y] as const;
    },
    { reverse },
  )(input, model);

/** The values of a State by path, in a form to compare. */
const byPath = (state: nnx.State): Record<string, unknown> =>
  Object.fromEntries(nnx.flattenState(state).map(([path, leaf]) => [path.join("."), nnx.leafValue(leaf)]));

/** What each case of conformance/transforms.py gives here. */
const cases: Record<string, () => Record<string, unknown>> = {
  vmap_ensemble() {
    const rngs = new nnx.Rngs(0, { dropout: 1 });
    const model = stacked(rngs);
    const y = nnx.vmap((m: Block, a: tf.Tensor) => m.forward(a), { inAxes: [0, null] })(model, x());
    return {
      kernel: model.linear.kernel.value,
      y,
      count: model.count.value,
      streams: streamCount(model),
      default_count: rngs.stream().count.value,
    };
  },
  vmap_state_axes() {
    const model = new Block(new nnx.Rngs(0, { dropout: 1 }));
    const axes = new nnx.StateAxes([
      [nnx.RngState, 0],
      [true, null],
    ]);
    const run = nnx.splitRngs(
      nnx.vmap((m: Block, a: tf.Tensor) => m.forward(a), { inAxes: [axes, null] }),
      { splits: 3 },
    );
    const [first, second] = [run(model, x()), run(model, x())];
    return { first, second, count: model.count.value, stream: streamCount(model) };
  },
  vmap_axes() {
    const v = new nnx.Param<tf.Tensor>(tf.reshape(tf.range(0, 6), [2, 3]));
    const f = (each: nnx.Param<tf.Tensor>, a: tf.Tensor) => {
      each.value = tf.mul(each.value, a);
      return { sum: tf.sum(each.value), v: each.value };
    };
    const out = nnx.vmap(f, { inAxes: [1, 0], outAxes: { sum: 0, v: 1 } })(v, tf.tensor1d([1, 10, 100]));
    return { sum: out.sum, v: v.value, out: out.v };
  },
  vmap_per_example_gradients() {
    const model = new Block(new nnx.Rngs(2));
    model.eval();
    const loss = (m: Block, a: tf.Tensor): tf.Tensor =>
      tf.sum(tf.square(m.linear.forward(tf.reshape(a, [1, 3]))));
    return byPath(
      nnx.vmap((m: Block, a: tf.Tensor) => nnx.grad(loss)(m, a), { inAxes: [null, 0] })(model, x()),
    );
  },
  grad_of_vmap() {
    const model = stacked(new nnx.Rngs(3));
    model.eval();
    const run = nnx.vmap((m: Block, a: tf.Tensor) => m.forward(a), { inAxes: [0, null] });
    const grads = nnx.grad((m: Block) => tf.mean(tf.square(run(m, x()))) as tf.Tensor)(model);
    return { ...byPath(grads), count: model.count.value };
  },
  scan_layers() {
    const model = stacked(new nnx.Rngs(4, { dropout: 5 }));
    const [y, ys] = deep(model, x());
    const [back] = deep(model, x(), true);
    return { y, ys, back, count: model.count.value, streams: streamCount(model) };
  },
  scan_gradients() {
    const model = stacked(new nnx.Rngs(6, { dropout: 7 }));
    const out: Record<string, unknown> = {};
    const ways: Record<string, Apply> = {
      plain: (m, a) => m.forward(a),
      remat: nnx.remat((m: Block, a: tf.Tensor) => m.forward(a)),
    };
    for (const [name, f] of Object.entries(ways)) {
      const [loss, grads] = nnx.valueAndGrad(
        (m: Block) => tf.sum(tf.square(deep(m, x(), false, f)[0])) as tf.Tensor,
      )(model);
      for (const [path, value] of Object.entries(byPath(grads))) out[`${name}.${path}`] = value;
      out[`${name}.loss`] = loss;
    }
    return { ...out, count: model.count.value };
  },
  scan_recorded() {
    const model = stacked(new nnx.Rngs(13, { dropout: 14 }));
    const block = nnx.remat((m: Block, a: tf.Tensor) => m.forward(a));
    const lossOf = (m: Block) => tf.sum(tf.square(deep(m, x(), false, block)[0])) as tf.Tensor;
    const step = nnx.jit((m: Block) => nnx.valueAndGrad(lossOf)(m));
    const out: Record<string, unknown> = {};
    for (let call = 0; call < 3; call++) {
      const [loss, grads] = step(model);
      for (const [path, value] of Object.entries(byPath(grads))) out[`${call}.${path}`] = value;
      Object.assign(out, { [`${call}.loss`]: loss, [`${call}.streams`]: streamCount(model) });
    }
    expect(step.programs).toHaveLength(1);
    step.dispose();
    return out;
  },
  scan_tree_carry() {
    const model = stacked(new nnx.Rngs(15, { dropout: 16 }));
    const last = new nnx.BatchNorm(3, { rngs: new nnx.Rngs(17) });
    type Carried = readonly [tf.Tensor, readonly [nnx.PRNGKey, tf.Tensor, nnx.BatchNorm]];
    const step = ([h, [key, total, norm]]: Carried, m: Block): readonly [Carried, tf.Tensor] => {
      const [next, own] = nnx.random.split(key);
      const y = norm.forward(tf.add(m.forward(h), nnx.random.normal(own, h.shape)));
      return [[y, [next, tf.add(total, tf.sum(tf.square(y))), norm]], y];
    };
    const first: Carried = [x(), [nnx.random.key(18), tf.scalar(0), last]];
    const [[h, [key, total]], ys] = nnx.scan(step)(first, model);
    return { h, key: [...nnx.random.keyData(key)], total, mean: last.mean.value, ys };
  },
  recorded_choice() {
    const model = stacked(new nnx.Rngs(19, { dropout: 20 }));
    const run = nnx.vmap((m: Block, a: tf.Tensor) => m.forward(a), { inAxes: [0, null] });
    const lossOf = (m: Block, a: tf.Tensor): tf.Tensor => {
      const mean = (n: Block, b: tf.Tensor): tf.Tensor => tf.mean(run(n, b), 0);
      const h = nnx.cond(tf.less(tf.sum(a), 10), mean, (_, b) => tf.neg(b), m, a);
      return tf.sum(tf.square(run(m, h)));
    };
    const step = nnx.jit((m: Block, a: tf.Tensor) => nnx.valueAndGrad(lossOf)(m, a));
    const out: Record<string, unknown> = {};
    for (const [call, a] of [x(), tf.add(x(), 5), tf.add(x(), 1)].entries()) {
      const [loss, grads] = step(model, a);
      for (const [path, value] of Object.entries(byPath(grads))) out[`${call}.${path}`] = value;
      const count = tf.clone(model.count.value);
      Object.assign(out, { [`${call}.loss`]: loss, [`${call}.streams`]: streamCount(model) });
      out[`${call}.count`] = count;
    }
    expect(step.programs).toHaveLength(1);
    step.dispose();
    return out;
  },
  remat_states() {
    const model = new Block(new nnx.Rngs(21, { dropout: 22 }));
    model.count = new nnx.BatchStat<tf.Tensor>(tf.ones([2, 3]));
    model.linear.bias!.value = tf.tensor1d([0.5, -1, 2]);
    const block = nnx.remat((m: Block, a: tf.Tensor) => {
      const y = tf.tanh(m.drop.forward(m.linear.forward(a as tf.Tensor2D)));
      m.count.value = tf.sin(tf.mul(m.count.value, y));
      m.linear.bias!.value = tf.mul(m.linear.bias!.value, tf.mean(a, 0));
      return tf.add(m.count.value, a);
    });
    const lossOf = (m: Block, a: tf.Tensor): tf.Tensor => {
      let y = a;
      for (let turn = 0; turn < 3; turn++) y = block(m, y);
      return tf.addN([tf.sum(tf.square(y)), tf.sum(m.count.value), tf.sum(m.linear.bias!.value)]);
    };
    const [ofModel, ofX] = nnx.grad(lossOf, { argnums: [0, 1] })(model, x());
    return {
      ...byPath(ofModel as nnx.State),
      x: ofX,
      count: model.count.value,
      stream: streamCount(model),
    };
  },
  scan_state_axes() {
    const out: Record<string, unknown> = {};
    for (const [name, rest] of [
      ["carry", nnx.Carry],
      ["same", null],
    ] as const) {
      const model = stacked(new nnx.Rngs(8));
      model.count = new nnx.Variable<tf.Tensor>(tf.scalar(0));
      model.drop = new nnx.Dropout(0.5, { rngs: new nnx.Rngs(9) });
      const axes = new nnx.StateAxes([
        [nnx.Param, 0],
        [true, rest],
      ]);
      const [y, counts] = nnx.scan((h: tf.Tensor, m: Block) => [m.forward(h), m.count.value] as const, {
        inAxes: [nnx.Carry, axes],
      })(x(), model);
      Object.assign(out, { [`${name}.y`]: y, [`${name}.counts`]: counts });
    }
    return out;
  },
  scan_recurrent() {
    const cell = new nnx.SimpleCell(3, 4, { rngs: new nnx.Rngs(10) });
    const step = (m: nnx.SimpleCell, h: tf.Tensor, a: tf.Tensor) => {
      const [next, y] = m.forward(h as tf.Tensor2D, a as tf.Tensor2D);
      return [next as tf.Tensor, y as tf.Tensor] as const;
    };
    const [h, ys] = nnx.scan(step, { inAxes: [null, nnx.Carry, 1], outAxes: [nnx.Carry, 1] })(
      cell,
      tf.zeros([2, 4]),
      tf.stack([x(), tf.neg(x()), x()], 1),
    );
    return { h, ys };
  },
  collatz() {
    const v = new nnx.Variable<tf.Tensor>(tf.scalar(8, "int32"));
    const seen: number[] = [];
    for (let i = 0; i < 5; i++) {
      seen.push(v.value.dataSync()[0] as number);
      nnx.cond(
        tf.equal(tf.mod(v.value, tf.scalar(2, "int32")), tf.scalar(0, "int32")),
        (each) => {
          each.value = tf.floorDiv(each.value, tf.scalar(2, "int32"));
        },
        (each) => {
          each.value = tf.add(tf.mul(each.value, tf.scalar(3, "int32")), tf.scalar(1, "int32"));
        },
        v,
      );
    }
    return { seen };
  },
  switches() {
    const branches = [
      (a: tf.Tensor) => tf.clone(a),
      (a: tf.Tensor) => tf.mul(a, 2) as tf.Tensor,
      (a: tf.Tensor) => tf.neg(a),
    ];
    return {
      y: [-3, 0, 1, 2, 9].map((i) => nnx.switch(i, branches, tf.scalar(3) as tf.Tensor).dataSync()[0]),
    };
  },
  loops() {
    const model = new nnx.Linear(3, 3, { rngs: new nnx.Rngs(11) });
    const [, last] = nnx.foriLoop(
      1,
      4,
      (i, [m, a]): [nnx.Linear, tf.Tensor] => {
        m.bias!.value = tf.add(m.bias!.value, i);
        return [m, tf.div(m.forward(a as tf.Tensor2D), 2)];
      },
      [model, x()] as [nnx.Linear, tf.Tensor],
    );
    const [n, total] = nnx.whileLoop(
      ([left]) => tf.greater(left, 1),
      ([left, sum]): [tf.Tensor, tf.Tensor] => [tf.div(left, 2), tf.add(sum, left)],
      [tf.scalar(40), tf.scalar(0)] as [tf.Tensor, tf.Tensor],
    );
    return { x: last, bias: model.bias!.value, n, total };
  },
  jacobians() {
    const at = tf.tensor1d([0.3, -1.2, 0.7]);
    const f = (a: tf.Tensor) => ({
      a: tf.mul(tf.sin(tf.slice(a, [0], [2])), tf.slice(a, [2], [1])) as tf.Tensor,
      b: tf.sum(tf.square(a)) as tf.Tensor,
    });
    const [rev, fwd] = [nnx.jacrev(f)(at), nnx.jacfwd(f)(at)];
    const pair = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.mul(tf.reshape(a, [3, 1]), tf.square(b));
    const both = nnx.jacrev(pair, { argnums: [0, 1] })(at, tf.tensor1d([2, 3]));
    const bowl = (a: tf.Tensor): tf.Tensor =>
      tf.add(tf.sum(tf.mul(tf.sin(a), tf.square(tf.slice(a, [0], [1])))), tf.prod(a));
    return {
      "rev.a": rev.a,
      "rev.b": rev.b,
      "fwd.a": fwd.a,
      "fwd.b": fwd.b,
      "both.0": both[0],
      "both.1": both[1],
      hessian: nnx.hessian(bowl)(at),
    };
  },
  pull_backs() {
    const model = new Block(new nnx.Rngs(12));
    model.eval();
    const f = (m: Block, a: tf.Tensor) =>
      [m.linear.forward(a as tf.Tensor2D) as tf.Tensor, tf.max(a)] as const;
    const [y, pullBack, aux] = nnx.vjp(f, [model, x()], { hasAux: true });
    const [ofModel, ofX] = pullBack(tf.onesLike(y));
    pullBack.dispose();
    const tangent = nnx.mapValues((p: tf.Tensor) => tf.fill(p.shape, 0.5), nnx.state(model, nnx.Param));
    const [, push, aux2] = nnx.jvp(f, [model, x()], [tangent as never, tf.neg(x())], { hasAux: true });
    return { y, aux, x: ofX, ...byPath(ofModel as nnx.State), push, aux2 };
  },
};

const plain = (value: unknown): number[] =>
  value instanceof tf.Tensor ? [...value.dataSync()] : ([value].flat(9) as number[]);

it("has each case of the file", () => {
  expect(Object.keys(cases).sort()).toEqual(Object.keys(golden.cases).sort());
});

onEachBackend("Flax's transforms", () => {
  it.each(Object.keys(golden.cases))("%s", (name) => {
    const found = cases[name]!();
    const wanted = golden.cases[name]!;
    for (const [key, value] of Object.entries(wanted)) {
      expect([key, relativeError(plain(found[key]), [value].flat(9) as number[])]).toEqual([
        key,
        expect.toSatisfy((error: number) => error < 2e-5),
      ]);
    }
  });
});

describe("a function over streams", () => {
  it("gets split or forked streams, which are restored after it, also when it throws", () => {
    const rngs = new nnx.Rngs({ params: 0, dropout: 1 });
    const shapes = nnx.splitRngs(
      (r: nnx.Rngs) => [r.stream("params").key.value.shape, r.stream("dropout").key.value.shape],
      { splits: 3, only: "params" },
    );
    expect(shapes(rngs)).toEqual([[3], []]);
    expect(rngs.stream("params").count.value).toBe(1);
    const key = rngs.stream("params").key.value;
    const throwing = nnx.forkRngs(() => {
      throw new Error("inside");
    });
    expect(() => Reflect.apply(throwing, undefined, [rngs])).toThrow("inside");
    expect(rngs.stream("params").key.value).toBe(key);
    expect(() => nnx.splitRngs(() => 1, { splits: -1 })).toThrow(/splitRngs/);
  });
});
