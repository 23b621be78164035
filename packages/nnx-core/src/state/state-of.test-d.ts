import type * as tf from "@tensorflow/tfjs-core";
import { describe, expectTypeOf, it } from "vitest";
import {
  BatchStat,
  filterState,
  type GraphDef,
  merge,
  Module,
  type OwnedState,
  Param,
  pop,
  split,
  splitState,
  type State,
  state,
  type StateOf,
  toPure,
  update,
  updateState,
  Variable,
  type VariableState,
  type VariableType,
  withTag,
} from "../index.ts";

declare class Linear extends Module {
  readonly kernel: Param<tf.Tensor2D>;
  readonly bias: Param<tf.Tensor1D> | null;
  readonly inFeatures: number;
  forward(x: tf.Tensor): tf.Tensor;
}
declare class Norm extends Module {
  readonly mean: BatchStat<tf.Tensor1D>;
  readonly scale: Param<tf.Tensor1D>;
  readonly useRunningAverage: boolean;
  readonly table: tf.Tensor;
}
declare class Count extends Variable<number> {
  declare protected readonly nominal: { readonly variable: true; readonly count: true };
}
declare class Dropout extends Module {
  readonly rate: number;
  readonly count: Count;
  private readonly secret: Param<number>;
  readSecret(): number;
}
interface Layer {
  forward(x: tf.Tensor): tf.Tensor;
}
declare class Mlp extends Module {
  readonly hidden: Linear;
  readonly norm: Norm;
  readonly drop: Dropout;
  readonly layers: Linear[];
  readonly pair: readonly [Linear, Norm];
  readonly heads: { readonly left: Linear; readonly right: Norm };
  readonly byName: Map<string, Linear>;
  readonly named: Record<string, Norm>;
  readonly activation: (x: tf.Tensor) => tf.Tensor;
  readonly config: { readonly width: number; readonly names: readonly string[] };
  readonly any: Variable<number>;
  readonly me: Mlp;
  readonly open: Module;
  readonly layer: Layer;
  forward(x: tf.Tensor): tf.Tensor;
}
declare const mlp: Mlp;

describe("the State of a typed model", () => {
  const [graphdef, params, rest] = split(mlp, Param, true);

  it("has typed paths for nested modules", () => {
    expectTypeOf(graphdef).toEqualTypeOf<GraphDef<Mlp>>();
    expectTypeOf(params.hidden.kernel.value).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(params.hidden.kernel.type).toEqualTypeOf<VariableType<Param<tf.Tensor2D>>>();
    expectTypeOf(params.norm.scale.value).toEqualTypeOf<tf.Tensor1D>();
    expectTypeOf(rest.norm.mean.value).toEqualTypeOf<tf.Tensor1D>();
    expectTypeOf(rest.drop.count.value).toEqualTypeOf<number>();
    expectTypeOf(rest.norm.table).toEqualTypeOf<tf.Tensor>();
  });

  it("has typed paths through arrays, tuples, objects and Maps", () => {
    expectTypeOf(params.layers[0]!.kernel.value).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(params.pair[0].kernel.value).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(params.pair[1].scale.value).toEqualTypeOf<tf.Tensor1D>();
    expectTypeOf(params.heads.left.kernel.value).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(params.byName.x!.kernel.value).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(params.named.x!.scale.value).toEqualTypeOf<tf.Tensor1D>();
    expectTypeOf(params.me.me.hidden.kernel.value).toEqualTypeOf<tf.Tensor2D>();
  });

  it("makes optional what types cannot decide", () => {
    expectTypeOf(params.hidden.bias).toEqualTypeOf<
      VariableState<tf.Tensor1D, Param<tf.Tensor1D>> | undefined
    >();
    expectTypeOf(params.open).toEqualTypeOf<State | undefined>();
    expectTypeOf(params.layer).toEqualTypeOf<State | undefined>();
    expectTypeOf(params.any?.value).toEqualTypeOf<number | undefined>();
    expectTypeOf(rest.any?.value).toEqualTypeOf<number | undefined>();
  });

  it("does not compile for wrong paths", () => {
    // @ts-expect-error no such attribute
    void params.hiddn;
    // @ts-expect-error no such Variable
    void params.hidden.kernl;
    // @ts-expect-error a static attribute
    void params.hidden.inFeatures;
    // @ts-expect-error a method
    void params.hidden.forward;
    // @ts-expect-error a BatchStat is no Param
    void params.norm.mean;
    // @ts-expect-error a Param is not in the rest
    void rest.norm.scale;
    // @ts-expect-error nothing but Params in there
    void rest.hidden;
    // @ts-expect-error a private member
    void rest.drop.secret;
    // @ts-expect-error a function
    void params.activation;
    // @ts-expect-error nothing the graph tracks
    void rest.config;
  });

  it("follows the filters", () => {
    const [, stats, others] = split(mlp, [BatchStat], true);
    expectTypeOf(stats.norm.mean.value).toEqualTypeOf<tf.Tensor1D>();
    expectTypeOf(others.norm.scale.value).toEqualTypeOf<tf.Tensor1D>();
    const [, all] = split(mlp);
    expectTypeOf(all.norm.mean.value).toEqualTypeOf<tf.Tensor1D>();
    const tagged = state(mlp, withTag("x"));
    expectTypeOf(tagged.norm?.scale?.value).toEqualTypeOf<tf.Tensor1D | undefined>();
    const [a, b] = state(mlp, Param, BatchStat);
    expectTypeOf(a.hidden.kernel.value).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(b.norm.mean.value).toEqualTypeOf<tf.Tensor1D>();
    // @ts-expect-error Params are not BatchStats
    void b.hidden;
    expectTypeOf(pop(mlp, BatchStat).norm.mean.value).toEqualTypeOf<tf.Tensor1D>();
    // @ts-expect-error a module is no filter
    split(mlp, mlp);
  });

  it("is a State to every function that takes one", () => {
    expectTypeOf(params).toExtend<State>();
    expectTypeOf(rest).toExtend<State>();
    expectTypeOf(merge(graphdef, params, rest)).toEqualTypeOf<Mlp>();
    update(mlp, params);
    toPure(params);
    using _owned = params;
    const next = updateState(params, (draft) => {
      draft.hidden.kernel.value = {} as tf.Tensor2D;
      // @ts-expect-error no such Variable
      draft.hidden.kernl.value = 1;
    });
    expectTypeOf(next.hidden.kernel.value).toEqualTypeOf<tf.Tensor2D>();
  });

  it("goes on through splitState and filterState", () => {
    const [weights, stats, others] = splitState(state(mlp), Param, BatchStat, true);
    expectTypeOf(weights.layers[0]!.kernel.value).toEqualTypeOf<tf.Tensor2D>();
    expectTypeOf(weights.hidden.bias?.value).toEqualTypeOf<tf.Tensor1D | undefined>();
    expectTypeOf(stats.norm.mean.value).toEqualTypeOf<tf.Tensor1D>();
    expectTypeOf(others.drop.count.value).toEqualTypeOf<number>();
    // @ts-expect-error no BatchStat in there
    void stats.hidden;
    expectTypeOf(filterState(weights, "tag").hidden?.kernel?.value).toEqualTypeOf<tf.Tensor2D | undefined>();
    expectTypeOf(filterState({} as State, Param)).toEqualTypeOf<OwnedState>();
    expectTypeOf(splitState({} as State, Param, true)).toEqualTypeOf<[OwnedState, OwnedState]>();
  });

  it("is a general State where the model's type says nothing", () => {
    expectTypeOf(state({} as unknown)).toEqualTypeOf<OwnedState>();
    expectTypeOf(state({} as Module, Param)).toEqualTypeOf<OwnedState>();
    expectTypeOf<StateOf<unknown>>().toEqualTypeOf<State>();
    const generic = <M extends Module>(m: M): M => {
      const [def, values] = split(m);
      expectTypeOf(def).toEqualTypeOf<GraphDef<M>>();
      return merge(def, values);
    };
    expectTypeOf(generic(mlp)).toEqualTypeOf<Mlp>();
  });
});
