/** @file Numbers in the leaves of States that a recorded function gets, however these come to it. */
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { useBackend } from "../../../../scripts/use-backend.ts";
import * as nnx from "../index.ts";

beforeAll(() => useBackend("cpu"));

type Leaf = { readonly value: unknown };

class Holder extends nnx.Module {
  readonly held: unknown;
  constructor(held: unknown) {
    super();
    this.held = held;
  }
}
class Net extends nnx.Module {
  readonly v: nnx.Variable<unknown>;
  constructor(value: unknown) {
    super();
    this.v = new nnx.Variable<unknown>(value);
  }
}
const stateOf = (value: unknown): nnx.State => nnx.state(new Net(value));
const byHand = (value: unknown): nnx.VariableState => ({ type: nnx.Variable, value, metadata: {} });
const mixed = (n: number): readonly unknown[] => [tf.scalar(1), n];

const numberIn = ({ value }: Leaf): number =>
  typeof value === "number"
    ? value
    : Array.isArray(value)
      ? (value[1] as number)
      : (value as { readonly n: number }).n;

/** What a call gets for a number, and where the leaf is in it. */
const ways: Record<string, readonly [make: (n: number) => object, leaf: (given: never) => Leaf]> = {
  "a State": [(n) => stateOf(n), (state: { readonly v: Leaf }) => state.v],
  "a State, beside a tensor": [(n) => stateOf(mixed(n)), (state: { readonly v: Leaf }) => state.v],
  "a State, beside a text": [(n) => stateOf({ n, s: "s" }), (state: { readonly v: Leaf }) => state.v],
  "a leaf written by hand": [byHand, (leaf: Leaf) => leaf],
  "a leaf written by hand, beside a tensor": [(n) => byHand(mixed(n)), (leaf: Leaf) => leaf],
  "a State written by hand": [(n) => ({ v: byHand(n) }), (state: { readonly v: Leaf }) => state.v],
  "a module's leaf": [(n) => new Holder(nnx.state(new nnx.Variable(n))), (m: Holder) => m.held as Leaf],
  "a module's leaf, beside a tensor": [
    (n) => new Holder(nnx.state(new nnx.Variable<unknown>(mixed(n)))),
    (m: Holder) => m.held as Leaf,
  ],
  "a module's State": [(n) => new Holder(stateOf(n)), (m: Holder) => (m.held as { readonly v: Leaf }).v],
};

describe.each(Object.entries(ways))("the number in %s", (_, [make, leafIn]) => {
  const f = (given: object): tf.Tensor => tf.scalar(numberIn(leafIn(given as never)));

  it("is told from another one by a recorded function", () => {
    const recorded = nnx.jit(f);
    const found = [3, 3, 4, 4, 3].map((n) => recorded(make(n)).dataSync()[0]);
    expect(found).toEqual([3, 3, 4, 4, 3]);
    expect(recorded.programs.map(({ replays }) => replays)).toEqual([2, 1]);
    recorded.dispose();
  });

  it("may not change each time", () => {
    const recorded = nnx.jit(f);
    const call = (n: number): tf.Tensor => recorded(make(n));
    for (const n of [1, 2, 3]) call(n);
    expect(() => call(4)).toThrow(
      /^jit at .*: expected a number that stays, got one that changes: it is 4 now/,
    );
    recorded.dispose();
  });
});

it("counts of stacked layers go on, where remat puts them back before anybody draws", () => {
  const layers = (): nnx.Dropout =>
    nnx.splitRngs(
      nnx.vmap((rngs: nnx.Rngs) => new nnx.Dropout(0.5, { rngs })),
      { splits: 3 },
    )(new nnx.Rngs(0));
  const halved = nnx.remat((_: nnx.Dropout, x: tf.Tensor) => tf.div(x, 2));
  const drop = nnx.vmap((layer: nnx.Dropout, x: tf.Tensor) => layer.forward(x), { inAxes: [0, null] });
  const dropped = nnx.remat((all: nnx.Dropout, x: tf.Tensor) => tf.mean(drop(all, x)));
  const both = (all: nnx.Dropout, x: tf.Tensor): tf.Tensor => {
    const slope = nnx.grad((y: tf.Tensor) => tf.mean(halved(all, y)))(x);
    return tf.add(slope, nnx.grad((y: tf.Tensor) => dropped(all, y))(x));
  };
  const [plain, own] = [layers(), layers()];
  const recorded = nnx.jit(both);
  const x = tf.ones([8]);
  for (let call = 0; call < 3; call++) expect(recorded(own, x).dataSync()).toEqual(both(plain, x).dataSync());
  expect(recorded.programs.map(({ replays }) => replays)).toEqual([2]);
  recorded.dispose();
});
