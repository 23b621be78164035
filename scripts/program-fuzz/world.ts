/** @file Models with all that a recorded function may meet in them, and what users do to them between calls. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "../../packages/nnx/src/index.ts";
import type { Random } from "../kernel-fuzz/random.ts";

export const ROWS = 2;
export const WIDTH = 3;

class Custom<T = unknown> extends nnx.Variable<T> {
  static override readonly typeName = "Custom";
}

export class Settings {
  scale = 1;
}

export class Part extends nnx.Module {
  w: nnx.Param<tf.Tensor>;
  note: unknown = null;
  constructor(n: number) {
    super();
    this.w = new nnx.Param(tf.fill([WIDTH], n / 4));
  }
  forward(x: tf.Tensor): tf.Tensor {
    this.sow(nnx.Intermediate, "seen", x);
    return tf.tanh(tf.mul(this.perturb("in", x), this.w.value));
  }
}

/** One of many that are stacked. It has no product, whose last bits depend on how many there are. */
export class Layer extends nnx.Module {
  readonly w: nnx.Param<tf.Tensor>;
  readonly drop: nnx.Dropout;
  readonly mean: nnx.BatchStat<tf.Tensor> = new nnx.BatchStat<tf.Tensor>(tf.zeros([WIDTH]));
  constructor(rngs: nnx.Rngs) {
    super();
    this.w = new nnx.Param(rngs.stream("params").normal([WIDTH]));
    this.drop = new nnx.Dropout(0.4, { rngs, rngCollection: "noise" });
  }
  forward(x: tf.Tensor): tf.Tensor {
    this.mean.value = tf.add(tf.mul(this.mean.value, 0.5), tf.mean(x, 0));
    return tf.tanh(this.drop.forward(tf.mul(x, this.w.value)));
  }
}

const makeLayers = nnx.splitRngs(
  nnx.vmap((rngs: nnx.Rngs) => new Layer(rngs)),
  { splits: 3 },
);

export class Net extends nnx.Module {
  w: nnx.Variable<tf.Tensor> = new nnx.Param(tf.tensor1d([0.5, -1, 2]));
  mean: nnx.Variable<tf.Tensor> = new nnx.BatchStat(tf.zeros([WIDTH]));
  cache: nnx.Variable<tf.Tensor> = new nnx.Cache(tf.ones([WIDTH]));
  whole: nnx.Variable<tf.Tensor> = new Custom(tf.tensor1d([1, 2], "int32"));
  flags: nnx.Variable<tf.Tensor> = new Custom(tf.tensor1d([1, 0, 1], "bool"));
  count: nnx.Variable<number> = new Custom(0);
  list: nnx.Variable<unknown> = new Custom([tf.scalar(1), { a: tf.scalar(2) }]);
  bare: tf.Tensor = tf.tensor1d([1, 0.5, 0.25]);
  readonly rngs: nnx.Rngs;
  readonly linear: nnx.Linear;
  readonly norm: nnx.BatchNorm;
  readonly drop: nnx.Dropout;
  readonly deep: Layer;
  readonly shared: Part;
  layers: Part[];
  child: Part | null;
  readonly byName: Map<string, Part>;
  mode = "tanh";
  readonly settings: Settings = new Settings();
  readonly sizes: number[] = [1, 2];
  constructor(rngs: nnx.Rngs = new nnx.Rngs(0, { dropout: 1 })) {
    super();
    this.rngs = rngs;
    this.linear = new nnx.Linear(WIDTH, WIDTH, { rngs: this.rngs });
    this.norm = new nnx.BatchNorm(WIDTH, { rngs: this.rngs });
    this.drop = new nnx.Dropout(0.4, { rngs: this.rngs });
    this.deep = makeLayers(new nnx.Rngs({ params: 2, noise: 3 }));
    this.shared = new Part(3);
    this.layers = [new Part(2), this.shared];
    this.child = new Part(5);
    this.byName = new Map([
      ["a", this.shared],
      ["b", new Part(1)],
    ]);
  }
}

const moveToEnd = <V>(map: Map<string, V>, key: string): void => {
  const value = map.get(key)!;
  map.delete(key);
  map.set(key, value);
};

/** What a program gets. */
export class World {
  readonly net: Net;
  readonly part: Part;
  readonly optimizer: nnx.Optimizer;
  private constructor({ net, part, optimizer }: Pick<World, "net" | "part" | "optimizer">) {
    this.net = net;
    this.part = part;
    this.optimizer = optimizer;
  }
  static of(tx: nnx.GradientTransformation): World {
    const net = new Net();
    return new World({ net, part: new Part(4), optimizer: new nnx.Optimizer(net, tx) });
  }
  /** Another one, restored from a checkpoint of this one, which is disposed. */
  async restored(): Promise<World> {
    const { net, part, optimizer } = this;
    const bytes = await nnx.toBytes({ net, part, optimizer });
    const parts = nnx.asAbstract({ net, part, optimizer });
    // Copies have sorted keys.
    for (const name of net.byName.keys()) moveToEnd(parts.net.byName, name);
    this.dispose();
    await nnx.restore(parts, bytes);
    return new World(parts);
  }
  dispose(): void {
    const bare = [this.net.bare];
    nnx.dispose([this.net, this.optimizer, this.part]);
    tf.dispose(bare.filter(({ isDisposed }) => !isDisposed));
  }
}

/** Lets go of a Variable that is nowhere else. */
export const drop = (net: Net, variable: nnx.Variable): void => {
  if (![net.w, net.mean, net.cache].includes(variable as typeof net.w)) variable.dispose();
};

type Change = (world: World, n: number) => void;

/** Writes a value that replaces a Variable's. */
const put = <T>(variable: nnx.Variable<T>, value: T): void => {
  variable.value = value;
};
const vector = (n: number): tf.Tensor => tf.tensor1d([n / 3, 1 - n, 0.5]);

const changes: Readonly<Record<string, Change>> = {
  nothing: () => {},
  mode: ({ net }, n) => (net.mode = n % 2 ? "relu" : "tanh"),
  settings: ({ net }, n) => (net.settings.scale = 1 + (n % 3)),
  sizes: ({ net }, n) => (n % 2 ? net.sizes.push(n) : net.sizes.pop()),
  eval: ({ net }) => net.eval(),
  train: ({ net }) => net.train(),
  value: ({ net }, n) => put(net.w, vector(n)),
  values: ({ net }, n) => {
    put(net.mean, vector(n));
    put(net.cache, net.mean.value);
  },
  "one tensor in two": ({ net }) => put(net.cache, net.w.value),
  count: ({ net }, n) => (net.count.value = n),
  bare: ({ net }, n) => {
    net.bare.dispose();
    net.bare = vector(n);
  },
  "another Variable": ({ net }, n) => {
    const { cache } = net;
    net.cache = new nnx.Cache(vector(n));
    drop(net, cache);
  },
  "another type": ({ net }, n) => {
    const { cache } = net;
    net.cache = n % 2 ? new nnx.BatchStat(vector(n)) : new nnx.Cache(vector(n));
    drop(net, cache);
  },
  "a shared Variable": ({ net }) => {
    const { cache } = net;
    net.cache = net.mean;
    drop(net, cache);
  },
  "no child": ({ net }) => {
    const { child } = net;
    net.child = null;
    if (child && child !== net.shared && !net.layers.includes(child)) nnx.dispose(child);
  },
  "a child": ({ net }, n) => {
    if (!net.child) net.child = new Part(n);
  },
  "the same child": ({ net }) => {
    if (!net.child) net.child = net.shared;
  },
  "one more": ({ net }, n) => net.layers.push(new Part(n)),
  "one less": ({ net }) => {
    const last = net.layers.length > 1 ? net.layers.pop() : undefined;
    if (last && last !== net.shared) nnx.dispose(last);
  },
  "another order": ({ net }) => net.layers.reverse(),
  metadata: ({ net }, n) => net.w.setMetadata({ tag: `t${n % 2}` }),
  "a Map's order": ({ net }) => {
    moveToEnd(net.byName, "a");
  },
  "an extra attribute": ({ net }, n) => {
    if (n % 2) Object.assign(net, { extra: n });
    else Reflect.deleteProperty(net, "extra");
  },
  reseed: ({ net }, n) => nnx.reseed(net, { dropout: n }),
  "a State": ({ net }, n) => {
    const state = nnx.state(net, nnx.Param);
    const next = nnx.tidy(() => nnx.mapValues((x: tf.Tensor) => tf.tanh(tf.add(x, n / 8)), state));
    nnx.update(net, next);
    nnx.dispose([state, next]);
  },
};

/** Something that a user does between two calls. */
export interface Deed {
  readonly text: string;
  readonly change: (world: World) => void;
}

export function randomDeed(random: Random): Deed {
  const [name, change] = random.of(Object.entries(changes));
  const n = random.int(0, 5);
  return { text: name, change: (world) => change(world, n) };
}
