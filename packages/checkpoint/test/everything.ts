/** @file A model with every kind of leaf, and the bits of a model. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";

/** Has every kind of leaf, names that need escapes, and a Variable that two attributes share. */
export class Everything extends nnx.Module {
  readonly kernel: nnx.Param<tf.Tensor>;
  readonly shared: nnx.Param<tf.Tensor>;
  readonly again: nnx.Param<tf.Tensor>;
  readonly hooked: nnx.Param<tf.Tensor>;
  readonly ints: nnx.Variable<tf.Tensor>;
  readonly flags: nnx.Variable<tf.Tensor>;
  readonly complex: nnx.Variable<tf.Tensor>;
  readonly key: nnx.RngKey;
  readonly keys: nnx.RngKey;
  readonly counts: nnx.RngCount;
  readonly rate: nnx.Variable<number>;
  readonly on: nnx.Variable<boolean>;
  readonly text: nnx.Variable<unknown>;
  readonly none: nnx.Variable<null>;
  readonly seen: nnx.Intermediate<unknown>;
  readonly "odd.name": nnx.Param<tf.Tensor>;
  readonly __metadata__: nnx.Param<tf.Tensor>;
  readonly layers: readonly nnx.Linear[];
  readonly byName: Map<string, nnx.Linear>;
  readonly bare: tf.Tensor;
  readonly rngs: nnx.Rngs;

  constructor(seed: number) {
    super();
    const rngs = new nnx.Rngs(seed, { dropout: seed + 1 });
    this.kernel = new nnx.Param(tf.fill([2, 3], seed), { tag: "k", nested: { list: [1, -0, undefined] } });
    this.shared = new nnx.Param(tf.fill([2], seed / 3));
    this.again = this.shared;
    this.hooked = new nnx.Param(tf.scalar(seed), { note: "n", hook: () => seed });
    this.ints = new nnx.Variable(tf.tensor1d([seed, -seed], "int32"));
    this.flags = new nnx.Variable(tf.tensor2d([[seed === 1, true, false]], undefined, "bool"));
    // The wasm backend has no complex numbers.
    this.complex = new nnx.Variable(
      tf.getBackend() === "wasm"
        ? tf.tensor1d([seed, 2])
        : tf.tidy(() => tf.complex(tf.tensor1d([seed, 2]), tf.tensor1d([3, -seed]))),
    );
    this.key = new nnx.RngKey(nnx.random.key(seed));
    this.keys = new nnx.RngKey(nnx.random.split(nnx.random.key(seed), [2, 2]));
    this.counts = new nnx.RngCount([
      [seed, 2],
      [3, 4294967295],
    ]);
    this.rate = new nnx.Variable(seed / 7);
    this.on = new nnx.Variable(seed === 1);
    this.text = new nnx.Variable<unknown>({ words: ["a", `${seed}`], big: BigInt(seed), nothing: undefined });
    this.none = new nnx.Variable(null);
    this.seen = new nnx.Intermediate<unknown>([tf.scalar(seed), { deep: tf.tensor1d([seed, seed]) }]);
    this["odd.name"] = new nnx.Param(tf.tensor1d([seed]));
    this.__metadata__ = new nnx.Param(tf.tensor1d([seed, seed]));
    this.layers = [new nnx.Linear(2, 3, { rngs }), new nnx.Linear(3, 2, { rngs })];
    this.byName = new Map([["x", new nnx.Linear(1, 2, { rngs })]]);
    this.bare = tf.keep(tf.fill([3], seed));
    this.rngs = rngs;
    rngs.nextKey("dropout");
  }
}
nnx.registerModule("checkpoint.test.Everything", Everything);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

function bits(value: unknown): unknown {
  if (value instanceof tf.Tensor) {
    const { buffer, byteOffset, byteLength } = value.dataSync();
    return `${value.dtype}[${value.shape.join(",")}] ${hex(new Uint8Array(buffer, byteOffset, byteLength))}`;
  }
  if (nnx.PRNGKey.isKey(value)) return value.toString();
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, bits(item)]));
  if (Array.isArray(value)) return value.map(bits);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, bits(item)]));
}

/** The leaves of a model or State by path, bit for bit. */
export function bitsOf(model: object): Record<string, unknown> {
  using state = nnx.state(model) as nnx.OwnedState;
  return Object.fromEntries(
    nnx.flattenState(state).map(([path, leaf]) => [nnx.pathKey(path), bits(nnx.leafValue<unknown>(leaf))]),
  );
}
