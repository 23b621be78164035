/** @file Statements of random programs on models: control flow, and functions of functions. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../../packages/nnx/src/index.ts";
import type { Random } from "../kernel-fuzz/random.ts";
import {
  calm,
  type Env,
  layers,
  type Maker,
  type Place,
  restructuring,
  results,
  scalarOf,
  type Statement,
  writes,
} from "./plain-statements.ts";
import { products } from "./product-statements.ts";
import { stacked } from "./stacked-statements.ts";
import { type Net, Part } from "./world.ts";

type Tensor = tf.Tensor;

/** Functions of the model and `x` that give the next `x`. */
type Body = (net: Net, part: Part, x: Tensor) => Tensor;

/** Statements as a function. It may be called with other modules than those of `env`. */
const asBody =
  (inner: Statement): Body =>
  (net, part, x) => {
    const env: Env = { net, part, x, optimizer: undefined, results: [] };
    inner.run(env);
    return env.x;
  };

const nested =
  (
    text: string,
    run: (env: Env, body: Body, other: Body, random: number) => void,
    { isInside = true, mayRestructure = false } = {},
  ): Maker =>
  (random, place) => {
    if (place.depth <= 0) return undefined;
    const inside = {
      depth: place.depth - 1,
      isInside: place.isInside || isInside,
      mayRestructure: mayRestructure && place.mayRestructure,
    };
    const [a, b] = [block(random, inside, 3), block(random, inside, 2)];
    const n = random.below(6);
    return {
      text: `${text}(${a.text}${run.length > 2 ? ` | ${b.text}` : ""})`,
      run: (env) => run(env, asBody(a), asBody(b), n),
    };
  };

const isPositive = (x: Tensor): Tensor => tf.greater(scalarOf(x), 0);

const functions: readonly Maker[] = [
  nested("cond", (env, body, other) => {
    const { net, part, x } = env;
    env.x = nnx.cond(isPositive(x), body, other, net, part, x);
  }),
  nested("cond closed over", (env, body, other) => {
    const { net, part, x } = env;
    env.x = nnx.cond(
      tf.less(tf.mean(net.w.value), 0.2),
      () => body(net, part, x),
      () => other(net, part, x),
    );
  }),
  nested("switch", (env, body, other, n) => {
    const { net, part, x } = env;
    const same: Body = (_, __, y) => y;
    const index = tf.mod(tf.max(net.whole.value), tf.scalar(3, "int32"));
    env.x = nnx.switch(n % 2 ? index : n % 3, [body, same, other], net, part, x);
  }),
  nested("whileLoop", (env, body) => {
    const { net, part, x } = env;
    const turns = tf.mod(tf.cast(tf.max(net.whole.value), "float32"), 4);
    const [y] = nnx.whileLoop(
      ([, left]) => tf.greater(left, 0),
      ([y, left, m, p]) => [body(m, p, y), tf.sub(left, 1), m, p] as [Tensor, Tensor, Net, Part],
      [x, turns, net, part] as [Tensor, Tensor, Net, Part],
    );
    env.x = y;
  }),
  nested("foriLoop", (env, body, _, n) => {
    const { net, part, x } = env;
    const [y] = nnx.foriLoop(
      0,
      n % 3,
      (i, [y, m, p]) => [tf.add(body(m, p, y), i), m, p] as [Tensor, Net, Part],
      [x, net, part] as [Tensor, Net, Part],
    );
    env.x = y;
  }),
  nested("scan", (env, body) => {
    const { net, part, x } = env;
    const run = nnx.scan(
      (m: Net, p: Part, h: Tensor, row: Tensor) => {
        const y = calm(tf.add(body(m, p, h), row));
        return [y, tf.mean(y, 0)] as const;
      },
      { inAxes: [null, null, nnx.Carry, 0], outAxes: [nnx.Carry, 0] },
    );
    const [last, rows] = run(net, part, x, x);
    env.x = tf.add(last, tf.mean(rows, 0));
  }),
  nested("vmap", (env, body) => {
    const { net, part, x } = env;
    // What is drawn and counted is the same for every slice.
    const run = nnx.vmap((row: Tensor) => tf.mean(body(net, part, tf.stack([row, row])), 0));
    env.x = run(x);
  }),
  nested("vmap of modules", (env, body, _, n) => {
    const { net, part, x } = env;
    const axes = new nnx.StateAxes([[true, null]]);
    const run = nnx.vmap(
      (m: Net, p: Part, row: Tensor) => tf.mean(body(m, p, tf.stack([row, tf.neg(row)])), 0),
      { inAxes: [n % 2 ? null : axes, null, 0] },
    );
    env.x = run(net, part, x);
  }),
  nested("ensemble", (env, _, other, n) => {
    const { net, x } = env;
    const members = nnx.vmap((w: Tensor) => {
      const part = new Part(1);
      part.w.value = w;
      return part;
    })(tf.stack([net.w.value, tf.neg(net.w.value)]));
    const run = nnx.vmap((p: Part, row: Tensor) => {
      const y = n % 2 ? p.forward(row) : other(net, p, tf.stack([row, row]));
      p.w.value = calm(tf.add(p.w.value, 1));
      return y;
    });
    const y = run(members, x);
    env.x = tf.add(x, tf.mean(y, y.rank === 3 ? [0, 1] : 0));
    if (n > 2) env.results.push(members.w.value);
  }),
  nested("grad", (env, body) => {
    const { net, part, x } = env;
    const grads = nnx.grad((m: Net) => tf.mean(body(m, part, x)))(net);
    const params = nnx.state(net, nnx.Param);
    nnx.update(
      net,
      nnx.mapValues((p: Tensor, g: Tensor) => tf.sub(p, tf.mul(calm(g), 0.1)), params, grads),
    );
  }),
  nested("train", (env, body) => {
    const { net, part, x, optimizer } = env;
    const [loss, grads] = nnx.valueAndGrad((m: Net) => tf.mean(tf.square(body(m, part, x))))(net);
    if (optimizer) optimizer.update(net, grads);
    env.x = tf.add(x, loss);
  }),
  nested("grad of x", (env, body) => {
    const { net, part, x } = env;
    env.x = calm(nnx.grad((y: Tensor) => tf.mean(body(net, part, y)))(x));
  }),
  nested("remat", (env, body) => {
    const { net, part, x } = env;
    env.x = nnx.remat(body)(net, part, x);
  }),
  nested("grad of remat in scan", (env, body) => {
    const { net, part, x } = env;
    const block = nnx.remat(body);
    const run = nnx.scan(
      (m: Net, p: Part, h: Tensor, row: Tensor) => {
        const y = calm(tf.add(block(m, p, h), row));
        return [y, tf.mean(y, 0)] as const;
      },
      { inAxes: [null, null, nnx.Carry, 0], outAxes: [nnx.Carry, 0] },
    );
    env.x = calm(nnx.grad((y: Tensor) => tf.mean(tf.square(run(net, part, y, y)[0])))(x));
  }),
  nested("grad of vmap of jit", (env, body) => {
    const { net, part, x } = env;
    const f = nnx.jit((row: Tensor) => tf.mean(body(net, part, tf.stack([row, row])), 0));
    const run = nnx.vmap(f);
    env.x = calm(nnx.grad((y: Tensor) => tf.mean(tf.square(run(y))))(x));
    f.dispose();
  }),
  nested("grad of remat", (env, body) => {
    const { net, part, x } = env;
    env.x = calm(nnx.grad((y: Tensor) => tf.mean(nnx.remat(body)(net, part, y)))(x));
  }),
  nested("customVjp", (env, _, other) => {
    const { net, part, x } = env;
    const f = nnx.customVjp((y: Tensor): Tensor => tf.sin(y));
    f.defvjp(
      (y) => [tf.sin(y), y] as const,
      (y, dy) => [tf.mul(dy, tf.square(y))],
    );
    env.x = calm(nnx.grad((y: Tensor) => tf.mean(other(net, part, f(y))))(x));
  }),
  nested("jit", (env, body) => {
    const { net, part, x } = env;
    const f = nnx.jit(body);
    env.x = f(net, part, x);
    f.dispose();
  }),
  nested("capture", (env, body) => {
    const { net, part, x } = env;
    const [y, seen] = nnx.capture((m: Net, p: Part, z: Tensor) => body(m, p, z), nnx.Intermediate)(
      net,
      part,
      x,
    );
    env.x = y;
    env.results.push(nnx.flattenState(seen).length);
  }),
  nested("clone", (env, body) => {
    const { net, part, x } = env;
    const copy = nnx.clone(net);
    env.x = body(copy, part, x);
    env.results.push(copy.w.value);
  }),
  nested("merge", (env, body) => {
    const { net, part, x } = env;
    const [graphdef, params, rest] = nnx.split(net, nnx.Param, true);
    const copy = nnx.merge(graphdef, params, rest);
    env.x = body(copy, part, x);
    nnx.update(net, nnx.state(copy));
  }),
  nested("view", (env, body) => {
    const { net, part, x } = env;
    env.x = body(nnx.view(net, { deterministic: true }), part, x);
  }),
  nested("caught", (env, body) => {
    const { net, part, x } = env;
    let step = 0;
    try {
      nnx.scan((h: Tensor, row: Tensor) => {
        const y = tf.add(body(net, part, h), row);
        if (step++ === 1) throw new RangeError("meant");
        return [y, row] as const;
      })(x, x);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      env.x = tf.neg(x);
    }
  }),
  nested(
    "tidy",
    (env, body) => {
      const { net, part, x } = env;
      env.x = nnx.tidy(() => body(net, part, x));
    },
    { mayRestructure: true, isInside: false },
  ),
  nested("evalShape", (env, body) => {
    const { net, part, x } = env;
    const { shape } = nnx.evalShape(body, net, part, x);
    env.x = tf.add(x, shape.length);
  }),
  nested(
    "throws",
    (env, body, _, n) => {
      env.x = body(env.net, env.part, env.x);
      if (n === 0) throw new RangeError("meant");
    },
    { mayRestructure: true, isInside: false },
  ),
];

/** A few statements, in turn. */
export function block(random: Random, place: Place, most: number): Statement {
  const all: Statement[] = [];
  const count = random.int(1, most);
  for (let tries = 0; all.length < count && tries < 20; tries++) {
    const kinds: (readonly Maker[])[] = [layers, layers, writes, writes, stacked, products];
    if (place.depth > 0) kinds.push(functions, functions, functions);
    if (!place.isInside) kinds.push(results);
    if (place.mayRestructure && random.chance(0.15)) kinds.push(restructuring);
    const made = random.of(random.of(kinds))(random, place);
    if (made) all.push(made);
  }
  return {
    text: all.map(({ text }) => text).join("; "),
    run: (env) => {
      for (const each of all) each.run(env);
    },
  };
}
