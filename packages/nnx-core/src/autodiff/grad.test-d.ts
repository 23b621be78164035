import type * as tf from "@tensorflow/tfjs-core";
import { expectTypeOf, it } from "vitest";
import {
  type BatchStat,
  DiffState,
  type GradientOf,
  grad,
  type GradOptions,
  type GraphState,
  jvp,
  merge,
  Module,
  type OwnedState,
  type Param,
  type State,
  valueAndGrad,
  type VariableState,
  vjp,
} from "../index.ts";

declare class Net extends Module {
  readonly w: Param<tf.Tensor2D>;
  readonly mean: BatchStat<tf.Tensor1D>;
}
declare const net: Net;
declare const x: tf.Tensor2D;
declare const loss: (m: Net, input: tf.Tensor2D) => tf.Scalar;

it("types the gradient of a model by its Params", () => {
  const grads = grad(loss)(net, x);
  expectTypeOf(grads.w.value).toEqualTypeOf<tf.Tensor2D>();
  // @ts-expect-error BatchStats are not selected
  void grads.mean;
  expectTypeOf(grads).toExtend<State>();
});

it("types gradients by argnums, aux and containers", () => {
  const [ofNet, ofX] = grad(loss, { argnums: [0, 1] })(net, x);
  expectTypeOf(ofX).toEqualTypeOf<tf.Tensor2D>();
  expectTypeOf(ofNet.w).toExtend<VariableState<tf.Tensor2D>>();
  const [[value, aux], ofContainer] = valueAndGrad(
    (a: { t: tf.Tensor1D; l: tf.Scalar[]; m: Map<string, tf.Tensor> }) => [loss(net, x), a.t.shape] as const,
    { hasAux: true },
  )({ t: {} as tf.Tensor1D, l: [], m: new Map() });
  expectTypeOf(value).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(aux).toEqualTypeOf<[number]>();
  expectTypeOf(ofContainer.l).toEqualTypeOf<tf.Scalar[]>();
  expectTypeOf(ofContainer.m).toEqualTypeOf<Map<string, tf.Tensor>>();
  expectTypeOf<GradientOf<State>>().toEqualTypeOf<OwnedState<State>>();
});

it("knows less where options are known later", () => {
  const options: GradOptions = { argnums: 0 };
  const pair = (m: Net) => [loss(m, x), 1] as const;
  expectTypeOf(grad(pair, { hasAux: true, wrt: "tag" })(net)).toExtend<[State, number]>();
  void grad(loss, options)(net, x);
});

it("wants a loss, and a pair where aux is announced", () => {
  // @ts-expect-error no tensor
  grad((_m: Net) => 3);
  // @ts-expect-error no pair
  grad(loss, { hasAux: true });
  // @ts-expect-error a pair that is not announced
  grad((m: Net) => [loss(m, x), 1] as const);
});

it("types DiffStates, GraphStates, and what vjp and jvp pass through", () => {
  expectTypeOf(new DiffState(1, true)).toEqualTypeOf(DiffState(1, true));
  const [onlyX] = grad(loss, { argnums: [new DiffState(1, true)] })(net, x);
  expectTypeOf(onlyX).toEqualTypeOf<tf.Tensor2D>();
  const ofParts = grad((parts: GraphState<Net>) => loss(merge(parts), x))({} as GraphState<Net>);
  expectTypeOf(ofParts).toEqualTypeOf<GraphState<Net>>();
  const f = (a: tf.Tensor2D) => [loss(net, a), a.shape] as const;
  const [value, pullBack, aux] = vjp(f, [x], { hasAux: true });
  expectTypeOf(value).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(pullBack(value)).toEqualTypeOf<[tf.Tensor2D]>();
  expectTypeOf(aux).toEqualTypeOf<[number, number]>();
  const [, tangent, rest] = jvp(f, [x], [x], { hasAux: true });
  expectTypeOf(tangent).toEqualTypeOf<tf.Scalar>();
  expectTypeOf(rest).toEqualTypeOf<[number, number]>();
  // @ts-expect-error a function is not what it returns
  const [notCalled] = valueAndGrad(loss);
  void notCalled;
});
