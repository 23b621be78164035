/** @file The types of leaves, and of functions that take any State. */
import { expectTypeOf, it } from "vitest";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../index.ts";

class Net extends nnx.Module {
  readonly w: nnx.Param<tf.Tensor> = new nnx.Param(tf.ones([1]));
  readonly pair: readonly [nnx.Param<tf.Tensor>, nnx.Param<number>] = [this.w, new nnx.Param(1)];
  readonly layers: readonly nnx.Param<tf.Tensor>[] = [];
  readonly bare: tf.Tensor = tf.ones([1]);
}
class Counter extends nnx.Module {
  readonly n: nnx.Param<number> = new nnx.Param(1);
  readonly both: [nnx.Param<number>, nnx.BatchStat<number>] = [this.n, new nnx.BatchStat(1)];
}

it("maps give leaves of the model's types", () => {
  class Tensors extends nnx.Module {
    readonly w: nnx.Param<tf.Tensor> = new nnx.Param(tf.ones([1]));
    readonly sub: { readonly v: nnx.BatchStat<tf.Tensor2D> } = { v: new nnx.BatchStat(tf.ones([1, 1])) };
  }
  const model = new Tensors();
  expectTypeOf(nnx.map((_, leaf) => tf.zerosLike(leaf.value), model)).toEqualTypeOf<Tensors>();
  nnx.mapState((_, leaf) => ({ ...leaf, value: tf.zerosLike(leaf.value) }), nnx.state(model));
  nnx.map((_, leaf) => {
    expectTypeOf(leaf.value).toEqualTypeOf<number>();
    return leaf.value + 1;
  }, new Counter());
  nnx.map((_, leaf) => {
    expectTypeOf(leaf).toEqualTypeOf<nnx.StateLeaf>();
    return leaf;
  }, {} as nnx.Module);
});

it("mapValues keeps the paths and Variables, with what the function returns as values", () => {
  class Tensors extends nnx.Module {
    readonly w: nnx.Param<tf.Tensor2D> = new nnx.Param(tf.ones([1, 1]));
    readonly sub: { readonly v: nnx.BatchStat<tf.Tensor> | null } = { v: null };
    readonly bare: tf.Tensor = tf.ones([1]);
  }
  const state = nnx.state(new Tensors());
  const norms = nnx.mapValues((x: tf.Tensor, path) => tf.norm(x) as tf.Scalar | typeof path, state);
  expectTypeOf(norms.w.value).toEqualTypeOf<tf.Scalar | nnx.Path>();
  expectTypeOf(norms.sub?.v?.value).toEqualTypeOf<tf.Scalar | nnx.Path | undefined>();
  expectTypeOf(norms.bare).toEqualTypeOf<tf.Scalar | nnx.Path>();
  let sum = nnx.mapValues((x: tf.Tensor, y: tf.Tensor) => tf.add(x, y), state, state);
  sum = nnx.mapValues((x: tf.Tensor, y: tf.Tensor, z: tf.Tensor) => tf.addN([x, y, z]), sum, state, state);
  expectTypeOf(sum).toExtend<nnx.State>();
  nnx.dispose(sum);
  expectTypeOf(nnx.mapValues(() => 1, state as nnx.State)).toEqualTypeOf<nnx.OwnedState>();
});

it("the State of a Variable is a State for every function", () => {
  const values = nnx.state(new nnx.Param(1));
  nnx.mapValues((value: number) => value + 1, values);
  nnx.flattenState(values);
  nnx.filterState(values, nnx.Param);
  nnx.splitState(values, nnx.Param, true);
  nnx.mergeState(values, values);
  nnx.diffState(values, values);
  nnx.diffPatches(values, values);
  nnx.toPure(values);
  nnx.replaceByPure(values, {});
});

it("items of tuples are there, those of other lists may not be", () => {
  const params = nnx.state(new Net(), nnx.Param);
  expectTypeOf(params.pair[0].value).toEqualTypeOf<tf.Tensor>();
  expectTypeOf(params.pair[1].value).toEqualTypeOf<number>();
  class Mixed extends nnx.Module {
    readonly a: readonly [nnx.Param<number>, nnx.BatchStat<number>, number] = [
      new nnx.Param(1),
      new nnx.BatchStat(1),
      5,
    ];
  }
  expectTypeOf(nnx.state(new Mixed(), nnx.Param).a[0].value).toEqualTypeOf<number>();
  const all = nnx.state({ a: new Counter() });
  expectTypeOf(all.a.both[0].value).toEqualTypeOf<number>();
  expectTypeOf(params.layers?.[0]?.value).toEqualTypeOf<tf.Tensor | undefined>();
});

it("recursiveMap keeps the model's type, merge takes pure values", () => {
  const net = new Net();
  expectTypeOf(nnx.recursiveMap((_, value) => value, net)).toEqualTypeOf<Net>();
  const [graphdef, values] = nnx.split(net);
  expectTypeOf(nnx.merge(graphdef, nnx.toPure(values))).toEqualTypeOf<Net>();
  expectTypeOf(nnx.merge(graphdef, { a: 1 })).toEqualTypeOf<Net>();
});

it("leafValue has the leaf's type, or the one that is said", () => {
  const leaf = nnx.state(new nnx.Param(1));
  expectTypeOf(nnx.leafValue(leaf)).toEqualTypeOf<number>();
  for (const [, each] of nnx.flattenState(nnx.state(new Net()))) {
    expectTypeOf(nnx.leafValue(each)).toEqualTypeOf<unknown>();
    expectTypeOf(nnx.leafValue<tf.Tensor>(each)).toEqualTypeOf<tf.Tensor>();
  }
});

it("update takes options after a list of States only", () => {
  const values = nnx.state(new Net());
  nnx.update(new Net(), values, nnx.toPure(values));
  nnx.update(new Net(), [values, nnx.unpack(new Net())], { strict: true });
  // @ts-expect-error no such option
  nnx.update(new Net(), [values], { strikt: true });
  // @ts-expect-error a list is no State
  nnx.update(new Net(), [values]);
});
