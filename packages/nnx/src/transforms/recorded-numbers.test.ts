/** @file Counts that travel in States, in lists of an ensemble and through vmap go on in recorded functions. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { onEachBackend, useBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

class Net extends nnx.Module {
  readonly first: nnx.Linear;
  readonly dropout: nnx.Dropout;
  readonly last: nnx.Linear;
  constructor(rngs: nnx.Rngs) {
    super();
    this.first = new nnx.Linear(4, 6, { rngs });
    this.dropout = new nnx.Dropout(0.5, { rngs });
    this.last = new nnx.Linear(6, 2, { rngs });
  }
  forward(x: tf.Tensor): tf.Tensor {
    return this.last.forward(this.dropout.forward(tf.relu(this.first.forward(x))));
  }
}

const MEMBERS = 3;
const keys = (): nnx.PRNGKey => nnx.random.split(nnx.random.key(0), MEMBERS);
const ones = (): tf.Tensor => tf.ones([2, 4]);

const newOptimizer = (net: Net) =>
  new nnx.Optimizer(net, nnx.adam(nnx.exponentialDecay(0.1, 2, 0.5)), { wrt: nnx.Param });
type NetOptimizer = ReturnType<typeof newOptimizer>;

/** A step of training. */
function step(net: Net, optimizer: NetOptimizer, x: tf.Tensor): tf.Tensor {
  const lossOf = (model: Net): tf.Scalar => tf.mean(tf.square(tf.sub(model.forward(x), 1)));
  const [loss, gradients] = nnx.valueAndGrad(lossOf)(net);
  optimizer.update(net, gradients);
  nnx.dispose(gradients);
  return loss;
}

/** An ensemble with the optimizers of its members, whose counts are lists. */
function ensemble(): readonly [Net, NetOptimizer] {
  const net = nnx.vmap((key: nnx.PRNGKey) => new Net(new nnx.Rngs({ params: key, dropout: key })))(keys());
  return [net, nnx.vmap(newOptimizer)(net)];
}

const mapped = nnx.vmap(step, { inAxes: [0, 0, null] });

/** Each makes a call that goes on from where the last one left things. `jit` may be left out. */
type Make = (jit: typeof nnx.jit) => () => tf.Tensor;
const plain = ((f: unknown) => f) as typeof nnx.jit;

const cases: Readonly<Record<string, Make>> = {
  "a training step of an ensemble": (jit) => {
    const [net, optimizer] = ensemble();
    const run = jit(mapped);
    return () => run(net, optimizer, ones());
  },
  "two of them in one call": (jit) => {
    const [net, optimizer] = ensemble();
    const run = jit((n: Net, o: NetOptimizer, x: tf.Tensor) => {
      nnx.dispose(mapped(n, o, x));
      return mapped(n, o, x);
    });
    return () => run(net, optimizer, ones());
  },
  "a recorded step inside of vmap": (jit) => {
    const [net, optimizer] = ensemble();
    const run = nnx.vmap(jit(step), { inAxes: [0, 0, null] });
    return () => run(net, optimizer, ones());
  },
  "a stream that all slices share": (jit) => {
    const net = new Net(new nnx.Rngs(0));
    const run = jit(nnx.vmap((model: Net, x: tf.Tensor) => model.forward(x), { inAxes: [null, 0] }));
    return () => run(net, tf.ones([MEMBERS, 2, 4]));
  },
  "scan over layers with optimizers": (jit) => {
    const [net, optimizer] = ensemble();
    const run = jit((n: Net, o: NetOptimizer) =>
      nnx.scan(
        (carry: tf.Tensor, model: Net, own: NetOptimizer) => [tf.add(carry, step(model, own, ones())), carry],
        { inAxes: [nnx.Carry, 0, 0], outAxes: [nnx.Carry, 0] },
      )(tf.scalar(0), n, o),
    );
    return () => {
      const [sum, carries] = run(net, optimizer) as [tf.Tensor, tf.Tensor];
      carries.dispose();
      return sum;
    };
  },
  "streams that are split for one call": (jit) => {
    const net = new Net(new nnx.Rngs(0));
    const axes = new nnx.StateAxes([
      [nnx.RngState, 0],
      [true, null],
    ]);
    const lossOf = (model: Net, x: tf.Tensor): tf.Scalar => tf.sum(model.forward(tf.expandDims(x, 0)));
    const perExample = nnx.vmap((model: Net, x: tf.Tensor) => nnx.valueAndGrad(lossOf)(model, x)[0], {
      inAxes: [axes, 0],
    });
    const run = jit((model: Net, x: tf.Tensor) => nnx.splitRngs(perExample, { splits: MEMBERS })(model, x));
    return () => run(net, tf.ones([MEMBERS, 4]));
  },
  "a State that goes in and out": (jit) => {
    const [graphdef, state] = nnx.split(new Net(new nnx.Rngs(0)));
    const run = jit((given: typeof state) => {
      const net = nnx.merge(graphdef, given);
      return [net.forward(ones()), nnx.state(net)] as const;
    });
    let now = state;
    return () => {
      const [y, next] = run(now);
      now = next as typeof state;
      return y;
    };
  },
  "the State of an ensemble that goes in and out": (jit) => {
    const [graphdef, state] = nnx.split(ensemble());
    const run = jit((given: typeof state) => {
      const [net, optimizer] = nnx.merge(graphdef, given);
      const loss = mapped(net, optimizer, ones());
      return [loss, nnx.state([net, optimizer])] as const;
    });
    let now = state;
    return () => {
      const [loss, next] = run(now);
      now = next as typeof state;
      return loss;
    };
  },
  "a model that is taken apart, put together and updated": (jit) => {
    const net = new Net(new nnx.Rngs(0));
    const run = jit((model: Net) => {
      const [graphdef, state] = nnx.split(model);
      const other = nnx.merge(graphdef, state);
      const y = other.forward(ones());
      nnx.update(model, nnx.state(other));
      return y;
    });
    return () => run(net);
  },
  "a view, which shares the stream": (jit) => {
    const net = new Net(new nnx.Rngs(0));
    const run = jit((model: Net) => nnx.view(model, { deterministic: false }).forward(ones()));
    return () => run(net);
  },
  "a clone, whose draws the model does not see": (jit) => {
    const net = new Net(new nnx.Rngs(0));
    const run = jit((model: Net) => tf.add(nnx.clone(model).forward(ones()), model.forward(ones())));
    return () => run(net);
  },
};

type Deep = (net: Net, x: tf.Tensor) => tf.Tensor;
const layer = (x: tf.Tensor, net: Net): tf.Tensor => tf.add(x, tf.tile(net.forward(x), [1, 2]));
const scanned =
  (body: typeof layer): Deep =>
  (net, x) =>
    nnx.scan(body, { inAxes: [nnx.Carry, 0], outAxes: nnx.Carry })(x, net);
const overMembers =
  (body: typeof layer): Deep =>
  (net, x) =>
    nnx.vmap(body, { inAxes: [null, 0] })(x, net);

/** What runs again in the backward pass finds the counts of all slices, and leaves them as they are. */
const again: Readonly<Record<string, Deep>> = {
  "scan over remat": scanned(nnx.remat(layer)),
  "remat of a scan": (net, x) => nnx.remat(scanned(layer))(net, x),
  "vmap of remat": overMembers(nnx.remat(layer)),
  "remat of a vmap": (net, x) => nnx.remat(overMembers(layer))(net, x),
  "scan over remat in remat": (net, x) => nnx.remat(scanned(nnx.remat(layer)))(net, x),
};
const differentiated = Object.entries(again).map(([name, deep]): readonly [string, Make] => [
  name,
  (jit) => {
    const [net] = ensemble();
    const lossOf = (model: Net, x: tf.Tensor): tf.Scalar => tf.sum(tf.square(deep(model, x)));
    const run = jit((model: Net, x: tf.Tensor) => {
      const [loss, gradients] = nnx.valueAndGrad(lossOf)(model, x);
      return tf.add(loss, nnx.globalNorm(gradients));
    });
    return () => run(net, ones());
  },
]);

/** The numbers of six calls. */
const sixOf = (call: () => tf.Tensor): number[][] =>
  Array.from({ length: 6 }, () => {
    const result = call();
    const numbers = Array.from(result.dataSync());
    result.dispose();
    return numbers;
  });

onEachBackend("counts in recorded functions", () => {
  it.each([...Object.entries(cases), ...differentiated])("%s", (_, make) => {
    const expected = sixOf(make(plain));
    const got = sixOf(make(nnx.jit));
    // A vmap that is not recorded may be one run for all slices, whose last bits may be others.
    for (const [call, numbers] of expected.entries())
      for (const [i, number] of numbers.entries())
        expect(got[call]?.[i], `call ${call}`).toBeCloseTo(number, 5);
    expect(new Set(expected.map(String)).size).toBe(6);
  });
});

describe("keys that vmap and scan stack", () => {
  const wordsOf = (key: nnx.PRNGKey): number[] => [...nnx.random.keyData(key)];
  const nested: Readonly<Record<string, (key: nnx.PRNGKey) => nnx.PRNGKey>> = {
    "of vmap": (key) => nnx.vmap((each: nnx.PRNGKey) => nnx.random.foldIn(each, 1))(nnx.random.split(key, 3)),
    "of scan": (key) => nnx.scan((n: number, each: nnx.PRNGKey) => [n, each])(0, nnx.random.split(key, 3))[1],
    "of a model that vmap makes": (key) => {
      const make = (each: nnx.PRNGKey) => new nnx.Dropout(0.5, { rngs: new nnx.Rngs(each) });
      return nnx.vmap(make)(nnx.random.split(key, 3)).rngs?.key.value as nnx.PRNGKey;
    },
  };
  it.each(Object.entries(nested))("%s: are those of each slice and of each call", async (_, f) => {
    await useBackend("cpu");
    const expected = [0, 1].flatMap((i) => wordsOf(f(keys().at(i))));
    expect(wordsOf(nnx.vmap(f)(keys()))).toEqual([...expected, ...wordsOf(f(keys().at(2)))]);
    const recorded = nnx.jit(f);
    expect([0, 1].flatMap((i) => wordsOf(recorded(keys().at(i))))).toEqual(expected);
    expect(recorded.programs).toHaveLength(1);
  });
});

describe("numbers that a recorded function reads", () => {
  class Counter extends nnx.Module {
    readonly count = new nnx.Variable(1);
    readonly counts = new nnx.Variable([1, 2]);
  }
  const readers: Readonly<Record<string, (state: nnx.State) => number>> = {
    "of a State": (state) => nnx.leafValue<number>(state.count as nnx.StateLeaf),
    "of a leaf": (state) => (state as { count: nnx.VariableState<number> }).count.value,
    "of a list in a State": (state) => nnx.leafValue<number[]>(state.counts as nnx.StateLeaf)[0] as number,
    "of a State as an object": (state) => (nnx.toPure(state) as { count: number }).count,
    "of a model that it makes of a State": (state) =>
      nnx.merge(nnx.graphdef(new Counter()), state as never).count.value,
  };
  it.each(Object.entries(readers))("%s: a change is recorded anew, and refused in the end", (_, read) => {
    const f = nnx.jit((state: nnx.State) => tf.scalar(read(state)));
    const counter = new Counter();
    const at = (n: number): number => {
      counter.count.value = n;
      counter.counts.value = [n, 0];
      return f(nnx.state(counter)).dataSync()[0] as number;
    };
    expect([at(1), at(1), at(2), at(3)]).toEqual([1, 1, 2, 3]);
    expect(() => at(4)).toThrow(/expected a number that stays, got one that changes/);
  });

  it("of a leaf that is an argument itself", () => {
    const f = nnx.jit((leaf: nnx.VariableState<number>) => tf.scalar(leaf.value));
    const variable = new nnx.Variable(1);
    const at = (n: number): number => {
      variable.value = n;
      return f(variable.toState()).dataSync()[0] as number;
    };
    expect([at(1), at(2), at(3)]).toEqual([1, 2, 3]);
    expect(() => at(4)).toThrow(/expected a number that stays/);
  });

  it("of a list that it computes, in an ensemble that it makes of a State", async () => {
    await useBackend("cpu");
    const [graphdef, state] = nnx.split(ensemble());
    const f = nnx.jit((given: typeof state) => {
      const [net, optimizer] = nnx.merge(graphdef, given);
      nnx.dispose(mapped(net, optimizer, ones()));
      const counts = optimizer.step.value as unknown as readonly number[];
      return [tf.scalar(counts[0] as number), nnx.state([net, optimizer])] as const;
    });
    let now = state;
    const count = (): number => {
      const [counted, next] = f(now);
      now = next as typeof state;
      return counted.dataSync()[0] as number;
    };
    expect([count(), count(), count()]).toEqual([1, 2, 3]);
    expect(count).toThrow(/expected a number that stays/);
  });

  it("are not read by what hands leaves on", () => {
    const f = nnx.jit((state: nnx.State) => nnx.mapState((_path, leaf) => leaf, state));
    const counter = new Counter();
    for (const n of [1, 2, 3, 4, 5]) {
      counter.count.value = n;
      expect(nnx.leafValue(f(nnx.state(counter)).count as nnx.StateLeaf)).toBe(n);
    }
  });
});
