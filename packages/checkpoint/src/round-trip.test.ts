/** @file What is saved comes back, bit for bit, on each backend. */
import { readFileSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as nnx from "@nnxjs/nnx";
import { onEachBackend } from "../../../scripts/use-backend.ts";
import { bitsOf, Everything } from "../test/everything.ts";
import { fromBytes, open, restore, save, toBytes } from "./index.ts";
import { libraryVersion } from "./write/written-by.ts";

onEachBackend("toBytes and restore", () => {
  it("brings every kind of leaf back, and leaks nothing", async () => {
    const [saved, fresh] = [new Everything(1), new Everything(2)];
    const before = tf.memory().numTensors;
    // A tensor without a Variable is replaced as an attribute: the one before is its maker's.
    const { bare } = fresh;
    expect(bitsOf(fresh)).not.toEqual(bitsOf(saved));
    const bytes = await toBytes(saved);
    expect(tf.memory().numTensors).toBe(before);
    expect(await restore(fresh, bytes)).toEqual({ missing: [], extra: [] });
    expect(bitsOf(fresh)).toEqual(bitsOf(saved));
    bare.dispose();
    expect(tf.memory().numTensors).toBe(before);
    nnx.dispose([saved, fresh]);
  });

  it("makes the model from its definition, without constructors", async () => {
    const saved = new Everything(1);
    const bytes = await toBytes(saved);
    const before = tf.memory().numTensors;
    const made = await restore(nnx.graphdef(saved), bytes);
    expect(made).toBeInstanceOf(Everything);
    expect(bitsOf(made)).toEqual(bitsOf(saved));
    nnx.dispose(made);
    // The bare tensor is an attribute: only the garbage collector may free it.
    expect(tf.memory().numTensors).toBe(before + 1);
    made.bare.dispose();
    nnx.dispose(saved);
  });

  it("gives the State, with types and metadata", async () => {
    const saved = new Everything(1);
    const state = nnx.state(saved, nnx.not(nnx.pathContains("hooked")));
    const bytes = await toBytes(state);
    const back = await fromBytes(bytes);
    expect(nnx.flattenState(back).map(([path]) => path)).toEqual(
      nnx.flattenState(state).map(([path]) => path),
    );
    const [kernel, count] = [Reflect.get(back, "kernel"), Reflect.get(back, "counts")] as nnx.VariableState[];
    expect(kernel).toMatchObject({
      type: nnx.Param,
      metadata: { tag: "k", nested: { list: [1, -0, undefined] } },
    });
    expect(count).toMatchObject({
      type: nnx.RngCount,
      value: [
        [1, 2],
        [3, 4294967295],
      ],
    });
    expect(await toBytes(back)).toEqual(bytes);
    nnx.dispose([saved, state, back]);
  });

  it("resumes a training run exactly", async () => {
    const make = () => {
      const rngs = new nnx.Rngs(0, { dropout: 1 });
      const model = new nnx.Sequential(
        new nnx.Linear(4, 8, { rngs }),
        new nnx.BatchNorm(8, { rngs }),
        nnx.relu,
        new nnx.Dropout(0.5, { rngs }),
        new nnx.Linear(8, 2, { rngs }),
      );
      return { model, optimizer: new nnx.Optimizer(model, nnx.adam(0.01), { wrt: nnx.Param }) };
    };
    const x = tf.randomNormal([16, 4], 0, 1, "float32", 3) as tf.Tensor2D;
    const step = ({ model, optimizer }: ReturnType<typeof make>): number =>
      tf.tidy(() => {
        const loss = (m: nnx.Sequential) => tf.mean(tf.square(m.forward(x) as tf.Tensor)) as tf.Scalar;
        const [value, grads] = nnx.valueAndGrad(loss)(model as never);
        optimizer.update(model, grads as never);
        return (value as tf.Scalar).dataSync()[0] as number;
      });
    const run = make();
    for (let i = 0; i < 3; i++) step(run);
    const bytes = await toBytes(run);
    const expected = [step(run), step(run), step(run)];
    const resumed = make();
    await restore(resumed, bytes);
    expect(resumed.optimizer.step.value).toBe(3);
    expect([step(resumed), step(resumed), step(resumed)]).toEqual(expected);
    nnx.dispose([run.model, run.optimizer, resumed.model, resumed.optimizer]);
    x.dispose();
  });

  it("takes tensors of every shape, larger than a chunk and empty", async () => {
    const make = (seed: number) => ({
      large: new nnx.Param(tf.randomNormal([3, 250_007], 0, 1, "float32", seed)),
      empty: new nnx.Param(tf.zeros([0, 3])),
      scalar: new nnx.Param(tf.scalar(seed)),
      deep: new nnx.Param(tf.fill([1, 2, 1, 2, 1, 2], seed)),
      flags: new nnx.Variable(tf.tensor1d([true, false, seed === 1], "bool")),
      counts: new nnx.Variable(tf.tensor1d([seed, -1, 2 ** 31 - 1, -(2 ** 31)], "int32")),
    });
    const [saved, fresh] = [make(1), make(2)];
    await restore(fresh, await toBytes(saved));
    expect(bitsOf(fresh)).toEqual(bitsOf(saved));
    nnx.dispose([saved, fresh]);
  });
});

onEachBackend("the memory that is needed beside the tensors", (backend) => {
  it("is two buffers of 1 MiB, however large the file is", async () => {
    const megabytes = 24;
    const make = (x: number) => ({ w: new nnx.Param(tf.fill([megabytes, 2 ** 18], x)) });
    const [model, into] = [make(1), make(2)];
    const folder = {
      name: "null",
      remove: async () => {},
      list: async () => [],
      open: async () => undefined,
    };
    const writing = { write: async () => {}, commit: async () => {}, abort: async () => {} };
    const bytes = await toBytes(model);
    const taken = async (run: () => Promise<unknown>): Promise<number> => {
      const before = process.memoryUsage().arrayBuffers;
      await run();
      return (process.memoryUsage().arrayBuffers - before) / 2 ** 20;
    };
    const target = { folder: { ...folder, create: async () => writing }, file: "m" };
    expect(await taken(() => save(model, target))).toBeLessThan(3);
    // On the cpu backend the tensors themselves are such buffers.
    expect(await taken(() => restore(into, bytes))).toBeLessThan((backend === "cpu" ? megabytes : 0) + 3);
    nnx.dispose([model, into]);
  });
});

describe("a snapshot", () => {
  it("is of the moment of the call, whatever happens to the model while it is written", async () => {
    const model = { a: new nnx.Param(tf.ones([3])), b: new nnx.Param(tf.zeros([3])) };
    const expected = bitsOf(model);
    const pending = toBytes(model);
    model.a.value = tf.zeros([3]);
    const state = nnx.state(model);
    const second = toBytes(state);
    nnx.dispose([model, state]);
    const back = await fromBytes(await pending);
    expect(bitsOf(back)).toEqual(expected);
    expect((await open(await second)).keys()).toEqual(["a", "b"]);
    nnx.dispose(back);
  });

  it("may have many leaves, and long texts in them", async () => {
    const long = 'a "quoted" \\ text '.repeat(100_000);
    const make = (x: number) => ({
      many: Array.from({ length: 5_000 }, (_, i) => new nnx.Variable(i * x)),
      text: new nnx.Variable<unknown>(x === 1 ? long : ""),
    });
    const into = make(2);
    await restore(into, await toBytes(make(1), { metadata: { long } }));
    expect(into.many.every(({ value }, i) => value === i)).toBe(true);
    expect(into.text.value).toBe(long);
  });

  it("has no time and no chance in its bytes", async () => {
    const model = new Everything(3);
    expect(await toBytes(model)).toEqual(await toBytes(model));
    nnx.dispose(model);
  });

  it("keeps every number and every plain value exactly", async () => {
    const value = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.string({ unit: "binary" }),
      fc.bigInt(),
      fc.constantFrom(
        null,
        undefined,
        -0,
        Number.NaN,
        2 ** 53 + 2,
        2 ** 32,
        2 ** 32 - 1,
        [],
        [[], []],
        [[1], [2, 3]],
      ),
      fc.jsonValue(),
      fc.array(fc.array(fc.double(), { minLength: 2, maxLength: 2 })),
      fc.array(fc.nat()),
    );
    await fc.assert(
      fc.asyncProperty(value, async (given) => {
        const [saved, fresh] = [new nnx.Variable<unknown>(given), new nnx.Variable<unknown>(given)];
        fresh.value = given;
        await restore(fresh, await toBytes(saved));
        expect(fresh.value).toStrictEqual(given);
        const [a, b] = [await fromBytes(await toBytes({ v: saved })), nnx.state({ v: saved })];
        expect(a).toStrictEqual(b);
      }),
      { numRuns: 60 },
    );
  });

  it("keeps lists, records and Maps of tensors and keys", async () => {
    const make = (x: number): nnx.Variable<unknown> =>
      new nnx.Intermediate<unknown>([
        tf.scalar(x),
        { "a.b": tf.tensor1d([x, x]), note: "n", "": [nnx.random.key(x)] },
        new Map<string | number, unknown>([
          [7, tf.scalar(x + 1)],
          ["x", null],
        ]),
      ]);
    const [saved, fresh] = [make(1), make(2)];
    await restore(fresh, await toBytes(saved));
    expect(bitsOf(fresh)).toEqual(bitsOf(saved));
    const checkpoint = await open(await toBytes({ seen: saved }));
    expect(checkpoint.keys()).toEqual(["seen"]);
    expect(checkpoint.info("seen")).toMatchObject({
      kind: "tree",
      type: "intermediates",
      bytes: 4 + 8 + 8 + 4,
    });
    nnx.dispose([saved, fresh]);
  });
});

describe("a file", () => {
  it("says which version of the library wrote it", () => {
    const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
    expect(libraryVersion).toBe((JSON.parse(text) as { readonly version: string }).version);
  });
});
