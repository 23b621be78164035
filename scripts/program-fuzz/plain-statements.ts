/** @file Statements of random programs on models without functions in them: layers, writes, draws, results. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../../packages/nnx/src/index.ts";
import type { Random } from "../kernel-fuzz/random.ts";
import { drop, type Net, Part, ROWS, WIDTH, type World } from "./world.ts";

type Tensor = tf.Tensor;

/** What statements work on. */
export interface Env {
  readonly net: Net;
  readonly optimizer: World["optimizer"] | undefined;
  readonly part: Part;
  /** A tensor of shape `[ROWS, WIDTH]`; statements replace it. */
  x: Tensor;
  /** What the program returns beside it. */
  readonly results: unknown[];
}

/** One statement. */
export interface Statement {
  readonly text: string;
  readonly run: (env: Env) => void;
}

/** What a statement may do where it stands. */
export interface Place {
  readonly depth: number;
  /** Whether it may change which attributes there are. */
  readonly mayRestructure: boolean;
  /** Whether it is in a branch, loop or slice. */
  readonly isInside: boolean;
}

export type Maker = (random: Random, place: Place) => Statement | undefined;

const plain =
  (text: string, run: Statement["run"]): Maker =>
  () => ({ text, run });

export const calm = (x: Tensor): Tensor => tf.tanh(x);
export const scalarOf = (x: Tensor): Tensor => tf.mean(tf.where(tf.isFinite(x), x, tf.zerosLike(x)));

export const layers: readonly Maker[] = [
  plain("linear", (env) => (env.x = calm(env.net.linear.forward(env.x)))),
  plain("norm", (env) => (env.x = env.net.norm.forward(env.x))),
  plain("drop", (env) => (env.x = env.net.drop.forward(env.x))),
  plain("layers", (env) => {
    for (const layer of env.net.layers) env.x = layer.forward(env.x);
  }),
  plain("child", (env) => (env.x = env.net.child ? env.net.child.forward(env.x) : tf.neg(env.x))),
  plain("Map", (env) => {
    for (const layer of env.net.byName.values()) env.x = tf.sub(layer.forward(env.x), 0.25);
  }),
  plain("part", (env) => (env.x = env.part.forward(env.x))),
  plain("mode", (env) => (env.x = env.net.mode === "relu" ? tf.relu(env.x) : tf.tanh(env.x))),
  plain("settings", (env) => (env.x = tf.mul(env.x, env.net.settings.scale))),
  plain("sizes", (env) => (env.x = tf.div(env.x, env.net.sizes.length + 1))),
  plain("bare", (env) => (env.x = tf.mul(env.x, env.net.bare))),
  plain("metadata", (env) => (env.x = tf.add(env.x, JSON.stringify(env.net.w.metadata).length))),
  plain("extra", (env) => (env.x = tf.add(env.x, "extra" in env.net ? 1 : 0))),
  plain("static count of layers", (env) => (env.x = tf.sub(env.x, env.net.layers.length / 8))),
];

export const writes: readonly Maker[] = [
  plain("w+=", (env) => (env.net.w.value = calm(tf.add(env.net.w.value, tf.mean(env.x, 0))))),
  plain("mean~", (env) => {
    env.net.mean.value = tf.add(tf.mul(env.net.mean.value, 0.5), tf.mul(tf.mean(env.x, 0), 0.5));
  }),
  plain("x+=cache", (env) => (env.x = tf.add(env.x, env.net.cache.value))),
  plain("swap", ({ net }) => {
    [net.w.value, net.cache.value] = [net.cache.value, net.w.value];
  }),
  plain("alias", ({ net }) => (net.cache.value = net.mean.value)),
  plain("copyFrom", ({ net }) => {
    if (net.cache.type === net.mean.type) net.cache.copyFrom(net.mean);
  }),
  plain("whole++", ({ net }) => (net.whole.value = tf.add(net.whole.value, tf.scalar(1, "int32")))),
  plain("x*whole", (env) => (env.x = tf.mul(env.x, tf.mean(tf.cast(env.net.whole.value, "float32"))))),
  plain("flip", ({ net }) => (net.flags.value = tf.logicalNot(net.flags.value))),
  plain("where flags", (env) => (env.x = tf.where(env.net.flags.value, env.x, tf.neg(env.x)))),
  plain("list", ({ net, x }) => {
    const [first, { a }] = net.list.value as readonly [Tensor, { a: Tensor }];
    net.list.value = [a, { a: calm(tf.add(first, scalarOf(x))) }];
  }),
  plain("draw", (env) => (env.x = tf.add(env.x, env.net.rngs.normal([ROWS, WIDTH])))),
  plain("coins", (env) => {
    const mask = nnx.random.bernoulli(env.net.rngs.nextKey("dropout"), 0.5, [WIDTH]);
    env.x = tf.where(mask, env.x, tf.zerosLike(env.x));
  }),
  plain("split key", (env) => {
    const [a, b] = [...nnx.random.split(env.net.rngs.nextKey())] as [nnx.PRNGKey, nnx.PRNGKey];
    env.x = tf.add(nnx.random.uniform(a, [WIDTH]), tf.mul(env.x, nnx.random.uniform(b, [])));
  }),
  plain("hostValue", (env) => {
    env.x = tf.mul(
      env.x,
      nnx.hostValue([env.net.count], (n) => 1 / (1 + n)),
    );
  }),
  plain("write what is there", ({ net }) => net.w.setRawValue(net.w.value)),
  plain("reset", ({ net }) => (net.count.value = 0)),
];

export const results: readonly Maker[] = [
  plain("return x", (env) => void env.results.push(env.x)),
  plain("return a Variable's tensor", (env) => void env.results.push(env.net.w.value, env.net.mean.value)),
  plain("return modules", (env) => void env.results.push(env.net, { of: [env.part, env.net.shared] })),
  plain("return a Variable", (env) => void env.results.push(env.net.w)),
  plain("return a State", (env) => void env.results.push(nnx.state(env.net, nnx.Param))),
  plain("return a Map", (env) => void env.results.push(new Map([["x", env.x]]), undefined, null)),
  plain("return a new module", (env) => {
    const part = new Part(2);
    part.w.value = tf.mul(env.part.w.value, 2);
    env.results.push([part, part.w.value]);
  }),
  plain("return a clone", (env) => void env.results.push(nnx.clone(env.part))),
  plain("return a split", (env) => void env.results.push(nnx.split(env.part)[1])),
  plain("return a key", (env) => void env.results.push(env.net.rngs.nextKey())),
];

export const restructuring: readonly Maker[] = [
  plain("bare=", (env) => {
    const { net } = env;
    const before = net.bare;
    env.x = tf.mul(env.x, before);
    net.bare = tf.keep(calm(tf.add(before, 0.5)));
    before.dispose();
  }),
  plain("eval()", ({ net }) => net.eval()),
  plain("train()", ({ net }) => net.train()),
  plain("mode=", ({ net }) => (net.mode = net.mode === "relu" ? "tanh" : "relu")),
  plain("push", ({ net }) => void net.layers.push(nnx.keep(new Part(1)))),
  plain("tag", ({ net }) => net.w.setMetadata({ tag: "inside" })),
  plain("sizes=", ({ net }) => void net.sizes.push(0)),
  plain("new Variable", ({ net }) => {
    const { cache } = net;
    net.cache = new nnx.Cache(tf.ones([WIDTH]));
    drop(net, cache);
  }),
];
