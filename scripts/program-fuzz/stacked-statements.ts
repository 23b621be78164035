/** @file Statements of random programs on stacked layers: scans, ensembles, what is recorded or computed again in them. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../../packages/nnx/src/index.ts";
import { calm, type Env, type Maker } from "./plain-statements.ts";
import type { Layer, Part } from "./world.ts";

type Tensor = tf.Tensor;
type Apply = (layer: Layer, h: Tensor) => Tensor;

const once: Apply = (layer, h) => layer.forward(h);
const recorded = (f: Apply): readonly [Apply, () => void] => {
  const jitted = nnx.jit(f);
  return [jitted, () => jitted.dispose()];
};
const kept = (f: Apply): readonly [Apply, () => void] => [f, () => {}];
/** Ways to run a layer that give the same. */
const ways: Readonly<Record<string, () => readonly [Apply, () => void]>> = {
  plain: () => kept(once),
  remat: () => kept(nnx.remat(once)),
  jit: () => recorded(once),
  "jit of remat": () => recorded(nnx.remat(once)),
};

/** A statement that runs layers in some way. */
const inSomeWay =
  (text: string, run: (env: Env, layer: Apply) => void): Maker =>
  (random) => {
    const [name, make] = random.of(Object.entries(ways));
    return {
      text: `${text}, ${name}`,
      run: (env) => {
        const [layer, end] = make();
        try {
          run(env, layer);
        } finally {
          end();
        }
      },
    };
  };

const deep = (layers: Layer, x: Tensor, layer: Apply): Tensor =>
  nnx.scan((h: Tensor, each: Layer) => {
    const y = layer(each, h);
    return [y, tf.mean(y)] as const;
  })(x, layers)[0];

const members = (layers: Layer, x: Tensor, layer: Apply): Tensor =>
  tf.mean(nnx.vmap(layer, { inAxes: [0, null] })(layers, x), 0);

/** A step of gradient descent. */
const learn = (layers: Layer, lossOf: (each: Layer) => Tensor): Tensor => {
  const [loss, grads] = nnx.valueAndGrad(lossOf)(layers);
  const params = nnx.state(layers, nnx.Param);
  nnx.update(
    layers,
    nnx.mapValues((p: Tensor, g: Tensor) => tf.sub(p, tf.mul(calm(g), 0.1)), params, grads),
  );
  return calm(loss);
};

export const stacked: readonly Maker[] = [
  inSomeWay("scan over layers", (env, layer) => {
    env.x = deep(env.net.deep, env.x, layer);
  }),
  inSomeWay("members", (env, layer) => {
    env.x = calm(members(env.net.deep, env.x, layer));
  }),
  inSomeWay("grad of a scan over layers", (env, layer) => {
    const { net, x } = env;
    const loss = learn(net.deep, (layers) => tf.mean(tf.square(deep(layers, x, layer))));
    env.x = tf.add(x, loss);
  }),
  inSomeWay("grad of members", (env, layer) => {
    const { net, x } = env;
    const loss = learn(net.deep, (layers) => tf.mean(tf.square(members(layers, x, layer))));
    env.x = tf.add(x, loss);
  }),
  inSomeWay("grads of members", (env, layer) => {
    const { net, x } = env;
    const slope = (each: Layer, y: Tensor): Tensor =>
      nnx.grad((z: Tensor) => tf.mean(tf.square(layer(each, z))))(y);
    env.x = calm(tf.sum(nnx.vmap(slope, { inAxes: [0, null] })(net.deep, x), 0));
  }),
  inSomeWay("remat of members", (env, layer) => {
    const { net, x } = env;
    const all = nnx.remat((layers: Layer, y: Tensor) => members(layers, y, layer));
    env.x = calm(nnx.grad((y: Tensor) => tf.mean(tf.square(all(net.deep, y))))(x));
  }),
  inSomeWay("curvature of a scan over layers", (env, layer) => {
    const { net, x } = env;
    const slope = (y: Tensor): Tensor =>
      nnx.grad((z: Tensor) => tf.mean(tf.square(deep(net.deep, z, layer))))(y);
    env.x = calm(nnx.grad((y: Tensor) => tf.mean(tf.square(slope(y))))(x));
  }),
  inSomeWay("scan of a tree", (env, layer) => {
    const { net, part, x } = env;
    type Carried = readonly [Tensor, { readonly part: Part; readonly key: nnx.PRNGKey }];
    const step = ([h, all]: Carried, each: Layer): readonly [Carried, Tensor] => {
      const [key, own] = nnx.random.split(all.key);
      const y = calm(tf.add(all.part.forward(layer(each, h)), nnx.random.normal(own, h.shape)));
      return [[y, { ...all, key }], tf.mean(y)];
    };
    const first: Carried = [x, { part, key: net.rngs.nextKey() }];
    env.x = nnx.scan(step)(first, net.deep)[0][0];
  }),
];
