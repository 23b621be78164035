/** @file Captures, States and GraphStates inside of transforms. */
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import {
  capture,
  Carry,
  cond,
  foriLoop,
  grad,
  type GraphState,
  Intermediate,
  jit,
  merge,
  Module,
  Param,
  scan,
  state,
  type State,
  StateAxes,
  unpack,
  valuesAt,
  vmap,
  whileLoop,
} from "../index.ts";
import { Net } from "../../test/sowing-net.ts";

const numbers = (x: tf.Tensor): number[] => [...x.dataSync()];

class Affine extends Module {
  readonly w: Param<tf.Tensor>;
  constructor(w: tf.Tensor) {
    super();
    this.w = new Param<tf.Tensor>(w);
  }
  forward(x: tf.Tensor): tf.Tensor {
    return tf.mul(this.w.value, x);
  }
}

describe("a capture inside of", () => {
  const net = new Net((y) => tf.square(y), 2);
  const run = (x: tf.Tensor): readonly [tf.Tensor, tf.Tensor] => {
    const [y, seen] = capture(net, Intermediate)(x);
    return [y, (valuesAt(seen, ["first", "y"]) as readonly tf.Tensor[])[0]!];
  };

  it("scan gives each step's values", () => {
    const [last, seen] = scan((c: tf.Tensor, x: tf.Tensor) => {
      const [y, sown] = run(tf.add(c, x));
      return [y, sown] as const;
    })(tf.scalar(0) as tf.Tensor, tf.tensor1d([1, 0]));
    expect([numbers(last), numbers(seen)]).toEqual([[64], [2, 8]]);
  });

  it("cond and loops gives the values of the branch and of the last step", () => {
    const [y, sown] = cond(true, run, (x: tf.Tensor) => [x, x] as const, tf.scalar(3) as tf.Tensor);
    expect([numbers(y), numbers(sown)]).toEqual([[36], [6]]);
    const [z, last] = foriLoop(0, 2, (_, [x]) => run(x as tf.Tensor), [
      tf.scalar(1),
      tf.scalar(0),
    ] as readonly tf.Tensor[]);
    expect([numbers(z!), numbers(last!)]).toEqual([[64], [8]]);
    const [end] = whileLoop(
      ([x]) => tf.less(x!, 60),
      ([x]) => run(x!),
      [tf.scalar(1), tf.scalar(0)] as readonly tf.Tensor[],
    );
    expect(numbers(end!)).toEqual([64]);
  });

  it("vmap gives the values of all slices, stacked", () => {
    const [y, sown] = vmap((x: tf.Tensor) => run(x))(tf.tensor1d([1, 2]));
    expect([numbers(y), numbers(sown)]).toEqual([
      [4, 16],
      [2, 4],
    ]);
  });
});

describe("a GraphState", () => {
  const model = new Affine(tf.tensor1d([2, 3]));
  const whole = unpack(model) as GraphState<Affine>;

  it("is sliced by vmap and scan, and comes out stacked", () => {
    const y = vmap((g: GraphState<Affine>, x: tf.Tensor) => merge(g).forward(x))(whole, tf.tensor1d([1, 10]));
    expect(numbers(y)).toEqual([2, 30]);
    const [last] = scan((c: tf.Tensor, g: GraphState<Affine>) => [merge(g).forward(c), c] as const)(
      tf.scalar(1) as tf.Tensor,
      whole,
    );
    expect(numbers(last)).toEqual([6]);
  });

  it("may be the carry", () => {
    const step = (s: State, x: tf.Tensor): readonly [State, tf.Tensor] => {
      const m = merge(whole.graphdef, s) as Affine;
      m.w.value = tf.add(m.w.value, x);
      return [state(m), tf.sum(m.w.value)];
    };
    const [last, sums] = scan(step, { inAxes: [Carry, 0], outAxes: [Carry, 0] })(
      whole.state as never,
      tf.tensor1d([1, 2]) as never,
    ) as unknown as [State, tf.Tensor];
    expect(numbers(sums)).toEqual([7, 11]);
    expect(numbers((last.w as unknown as { value: tf.Tensor }).value)).toEqual([5, 6]);
  });
});

describe("a module that keeps a State", () => {
  class Keeper extends Module {
    readonly kept: State;
    readonly frozen: { readonly a: tf.Tensor };
    constructor() {
      super();
      this.kept = state(new Affine(tf.tensor1d([1, 2])));
      this.frozen = Object.freeze({ a: tf.tensor1d([3, 4]) });
    }
  }
  const axesOf = (axes: [string, number | null][]) =>
    new StateAxes(
      axes.map(([name, axis]) => [(path: readonly unknown[]) => path[0] === name, axis] as const),
    );
  const read = vmap((m: Keeper, x: tf.Tensor) => tf.add(tf.sum(m.frozen.a), x), {
    inAxes: [
      axesOf([
        ["kept", null],
        ["frozen", null],
      ]),
      0,
    ],
  });

  it("is refused where the State or frozen object would be cut, and passes where it is not", () => {
    const keeper = new Keeper();
    expect(() => vmap((m: Keeper) => m.frozen.a)(keeper)).toThrow(
      /in a State or frozen object that a module keeps/,
    );
    expect(() =>
      vmap((m: Keeper) => m.frozen.a, {
        inAxes: axesOf([
          ["kept", null],
          ["frozen", 0],
        ]),
      })(keeper),
    ).toThrow(/frozen/);
    expect(numbers(read(keeper, tf.tensor1d([1, 2])))).toEqual([8, 9]);
  });
});

describe("a recorded function that throws inside of", () => {
  const model = new Affine(tf.scalar(2));
  const failing = jit((m: Affine, x: tf.Tensor): tf.Tensor => {
    m.w.value = tf.add(m.w.value, 1);
    Object.assign(m, { seen: true });
    if (x.rank === 0) throw new RangeError("meant");
    return x;
  });
  const caught = (m: Affine, x: tf.Tensor): tf.Tensor => {
    expect(() => failing(m, x)).toThrow("meant");
    return m.forward(x);
  };
  it.each<readonly [string, () => unknown]>([
    ["nothing", () => caught(model, tf.scalar(3))],
    ["a gradient", () => grad((x: tf.Tensor) => caught(model, x))(tf.scalar(3))],
    ["a capture", () => capture(caught, Intermediate)(model, tf.scalar(3))],
    ["a recorded function", () => jit(caught)(model, tf.scalar(3))],
    ["vmap", () => vmap(caught, { inAxes: [null, 0] })(model, tf.tensor1d([3, 4]))],
  ])("%s leaves the model as it was", (_, run) => {
    run();
    expect([numbers(model.w.value), Object.keys(model)]).toEqual([[2], ["w"]]);
  });
});
