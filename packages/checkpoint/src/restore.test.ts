/** @file What restoring compares, and says; what it leaves alone; and what saving refuses. */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it } from "vitest";
import { bitsOf, Everything } from "../test/everything.ts";
import { memoryFolder } from "../test/memory-folder.ts";
import { fromBytes, open, restore, save, toBytes } from "./index.ts";

const param = (...values: number[]): nnx.Param<tf.Tensor> => new nnx.Param(tf.tensor1d(values));

const messageOf = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(nnx.NnxError);
  return (error as Error).message;
};

describe("restore", () => {
  const saved = () => ({
    same: param(1, 2),
    shape: param(1, 2, 3),
    dtype: param(1),
    type: param(1),
    number: new nnx.Variable<unknown>(1),
    key: new nnx.RngKey(nnx.random.key(1)),
    extra: { a: param(1), b: param(2) },
  });
  const target = () => ({
    same: param(7, 7),
    shape: param(7, 7),
    dtype: new nnx.Param(tf.tensor1d([7], "int32")),
    type: new nnx.BatchStat(tf.tensor1d([7])),
    number: new nnx.Variable<unknown>("seven"),
    key: new nnx.RngKey(nnx.random.split(nnx.random.key(7), 2)),
    missing: { a: param(7) },
  });

  it("says all that does not fit in one error, and changes nothing", async () => {
    const [from, into] = [saved(), target()];
    const bytes = await toBytes(from);
    const [before, tensors] = [bitsOf(into), tf.memory().numTensors];
    const message = await messageOf(restore(into, bytes));
    expect(message).toBe(
      "restore: expected the bytes to have a value for each of the 7 leaves of the model, of its type, shape and dtype, and nothing else, got\n" +
        "  dtype: F32[1], where the model has an int32[1]\n" +
        "  key: a key as U32[2], where the model has a key<fry>[2]\n" +
        '  number: U32[], where the model has "seven"\n' +
        "  shape: F32[3], where the model has a float32[2]\n" +
        "  type: F32[1] of type params, where the model has a BatchStat\n" +
        "  missing.a: nothing in the checkpoint\n" +
        "  extra.a: nothing in the model\n" +
        "  extra.b: nothing in the model\n" +
        "Restore into a model like the one that was saved. With { strict: false } what only one of them has is left alone; { filter } chooses what is restored.",
    );
    expect(bitsOf(into)).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
    // What both have must fit, even so.
    expect(await messageOf(restore(into, bytes, { strict: false }))).toMatch(/got\n {2}dtype: .*\n {2}key/);
    expect(bitsOf(into)).toEqual(before);
    nnx.dispose([from, into]);
  });

  it("says what to do when a record was saved and its model is restored, and the other way round", async () => {
    const model = { a: param(1), b: { c: param(2) } };
    const ofRun = await toBytes({ model, count: param(3) });
    expect(await messageOf(restore(model, ofRun))).toContain(
      "\nThe checkpoint has all of it below model: restore into { model: model }, with { strict: false } if it has more. Restore",
    );
    expect(await messageOf(restore({ run: model }, await toBytes(model)))).toContain(
      "\nThe checkpoint has it without run: restore into what stands there. Restore",
    );
    nnx.dispose(model);
  });

  it("shortens long lists", async () => {
    const many = { layers: Array.from({ length: 60 }, () => param(1)) };
    const message = await messageOf(restore(param(1), await toBytes(many)));
    expect(message).toContain("\n  and 11 more\n");
    nnx.dispose(many);
  });

  it("leaves alone what only one side has, and says what that was, if it is not strict", async () => {
    const bytes = await toBytes({ a: param(1), b: { c: param(2) } });
    const into = { a: param(7), d: param(7) };
    expect(await restore(into, bytes, { strict: false })).toEqual({ missing: [["d"]], extra: [["b", "c"]] });
    expect([into.a.value, into.d.value].map((x) => x.dataSync()[0])).toEqual([1, 7]);
  });

  it("restores what a filter matches: by path, by type, by tag", async () => {
    const make = (x: number) => ({
      kernel: new nnx.Param(tf.scalar(x), { tag: "head" }),
      mean: new nnx.BatchStat(tf.scalar(x)),
      bias: new nnx.Param(tf.scalar(x)),
    });
    const bytes = await toBytes(make(1));
    const after = async (filter: nnx.Filter): Promise<number[]> => {
      const into = make(7);
      await restore(into, bytes, { filter });
      return [into.bias, into.kernel, into.mean].map(({ value }) => value.dataSync()[0] as number);
    };
    expect(await after(nnx.Param)).toEqual([1, 1, 7]);
    expect(await after("head")).toEqual([7, 1, 7]);
    expect(await after(nnx.pathContains("bias"))).toEqual([1, 7, 7]);
    expect(await after([nnx.BatchStat, "head"])).toEqual([7, 1, 1]);
    expect(await after(false)).toEqual([7, 7, 7]);
    // What matches must be in both.
    const into = { kernel: new nnx.Param(tf.scalar(7)) };
    await restore(into, bytes, { filter: nnx.pathContains("kernel") });
    expect(await messageOf(restore(into, bytes, { filter: nnx.Param }))).toContain(
      "bias: nothing in the model",
    );
  });

  it("reads no bytes of what it does not restore", async () => {
    const folder = memoryFolder();
    const model = { a: param(1), b: param(2), c: param(3), d: param(4) };
    const file = { folder, file: "m" };
    await save(model, file);
    folder.reads.length = 0;
    await restore(model, file, { filter: nnx.pathIn(["b"], ["c"]) });
    const [, header, ...data] = folder.reads;
    const dataStart = 8 + (header?.[2] as number);
    // b and c stand together.
    expect(data).toEqual([["m", dataStart + 4, 8]]);
    expect(folder.opened).toBe(0);
  });

  it("keeps what is shared, and each Variable what it is", async () => {
    const shared = param(1);
    const bytes = await toBytes({ a: shared, b: [shared] });
    const own = param(7);
    const into = { a: own, b: [own] };
    await restore(into, bytes);
    expect(into.a).toBe(own);
    expect(into.b[0]).toBe(own);
    expect(own.value.dataSync()[0]).toBe(1);
    const [graphdef] = nnx.split(into);
    const made = await restore(graphdef, bytes);
    expect(made.a).toBe(made.b[0]);
  });

  it("takes a Variable alone, a Map, an array, and the State of a model that it belongs to", async () => {
    const alone = param(7);
    await restore(alone, await toBytes(param(1)));
    expect(alone.value.dataSync()[0]).toBe(1);
    const made = await restore(nnx.graphdef(alone), await toBytes(param(2)));
    expect(made.value.dataSync()[0]).toBe(2);
    const map = new Map([["x", param(7)]]);
    await restore(map, await toBytes({ x: param(3) }));
    expect(map.get("x")?.value.dataSync()[0]).toBe(3);
    const list = [param(7)];
    await restore(list, await toBytes(nnx.state([param(4)])));
    expect(list[0]?.value.dataSync()[0]).toBe(4);
  });

  it("makes a model by a definition from the file itself", async () => {
    const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
    const checkpoint = await open(await toBytes(model));
    const made = await restore(nnx.graphDefFromJson<nnx.Linear>(checkpoint.graphdefJson()), checkpoint);
    expect(made).toBeInstanceOf(nnx.Linear);
    expect(bitsOf(made)).toEqual(bitsOf(model));
    // A definition needs everything that it has, and may leave the rest.
    const bytes = await toBytes({ kernel: param(1) });
    expect(await messageOf(restore(nnx.graphdef(model), bytes, { strict: false }))).toContain(
      "bias: nothing in the checkpoint",
    );
    const more = await toBytes({
      ...Object.fromEntries([["x", param(1)]]),
      kernel: model.kernel,
      bias: model.bias,
    });
    await expect(restore(nnx.graphdef(model), more)).rejects.toThrow("x: nothing in the model");
    await expect(restore(nnx.graphdef(model), more, { strict: false })).resolves.toBeInstanceOf(nnx.Linear);
    await expect(restore(nnx.graphdef(model), more, { filter: nnx.Param })).rejects.toThrow(
      /no filter for a GraphDef/,
    );
  });

  it.each<[unknown, RegExp]>([
    [5, /expected a model, .*got 5/],
    [null, /got null/],
    [{ a: { type: nnx.Param, value: 1, metadata: {} } }, /A State never changes: use fromBytes/],
    [new Uint8Array(8), /Pass the model first/],
  ])("refuses %s as what is restored into", async (into, message) => {
    await expect(restore(into as object, new Uint8Array())).rejects.toThrow(message);
  });

  it.each<[unknown, RegExp]>([
    ["model.safetensors", /A text may be many things: pass file\(path\)/],
    [5, /expected something to read from, got 5/],
    [undefined, /got undefined/],
    [{}, /Pass what file, opfs or indexedDb returned/],
  ])("refuses %s as what is read from", async (source, message) => {
    await expect(restore(param(1), source as Uint8Array)).rejects.toThrow(message);
    await expect(open(source as Uint8Array)).rejects.toThrow(message);
  });

  it("refuses options that it does not have", async () => {
    await expect(restore(param(1), new Uint8Array(), { strickt: true } as never)).rejects.toThrow(
      /Did you mean strict/,
    );
    await expect(restore(param(1), new Uint8Array(), { strict: "false" } as never)).rejects.toThrow(
      /expected strict to be true or false, got "false"/,
    );
    await expect(
      save(param(1), { folder: memoryFolder(), file: "m" }, { maxShard: 1 } as never),
    ).rejects.toThrow(/maxShardBytes/);
  });
});

describe("what is saved", () => {
  const target = { folder: memoryFolder(), file: "m" };

  it.each<[string, unknown, RegExp]>([
    ["a number", 5, /expected a model, a State, or a record of these, got 5/],
    [
      "a number beside models",
      { model: param(1), epoch: 3 },
      /save at epoch: .*got 3. Keep numbers in a Variable/,
    ],
    ["an empty part", { model: param(1), config: {} }, /save at config/],
    ["a promise", Promise.resolve(), /got an instance of Promise/],
    ["texts in a tensor", new nnx.Variable(tf.tensor1d(["a"])), /float32, int32, bool and complex64/],
    ["an object of a class", { a: new nnx.Variable<unknown>(new Date(0)) }, /save at a: .*Only plain data/],
    ["a function", { a: new nnx.Variable<unknown>(() => 1) }, /save at a: .*Register it/],
    ["half a character", { "\ud83d": param(1) }, /whole characters/],
    [
      "numbers and texts that name one thing",
      new nnx.Variable<unknown>(
        new Map<unknown, unknown>([
          [1, tf.scalar(1)],
          ["1", tf.scalar(2)],
        ]),
      ),
      /rename them/,
    ],
  ])("is not %s", async (_, what, message) => {
    const tensors = tf.memory().numTensors;
    await expect(save(what, target)).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(target.folder.files.size).toBe(0);
  });

  it.each<[unknown, RegExp]>([
    [{ a: 1 }, /a text at a, got 1/],
    [{ "nnx.x": "1" }, /names that do not begin with nnx./],
    [[], /an object of texts/],
    [{ a: "\ud83d" }, /whole characters/],
  ])("has no metadata like %j", async (metadata, message) => {
    await expect(save(param(1), target, { metadata } as never)).rejects.toThrow(message);
  });

  it("goes nowhere but to a place", async () => {
    await expect(save(param(1), "m.safetensors" as never)).rejects.toThrow(/expected a place to write to/);
    await expect(save(param(1), target, { maxShardBytes: 0 })).rejects.toThrow(/a positive integer/);
  });

  it("is a State or a GraphState too; a State has no definition", async () => {
    const model = new nnx.Linear(2, 3, { rngs: new nnx.Rngs(0) });
    const [, params] = nnx.split(model, nnx.Param, true);
    const parts = { params, count: nnx.state(new nnx.Variable(3)) };
    const checkpoint = await open(await toBytes(parts));
    expect(checkpoint.keys()).toEqual(["count", "params.bias", "params.kernel"]);
    expect(() => checkpoint.graphdefJson()).toThrow(nnx.NotFoundError);
    const whole = await open(await toBytes(nnx.unpack(model)));
    expect(whole.graphdefJson().format).toBe("nnx.graphdef");
  });

  it("says why a definition could not be written", async () => {
    class Own extends nnx.Module {
      readonly w: nnx.Param<tf.Tensor> = param(1);
    }
    const checkpoint = await open(await toBytes(new Own()));
    expect(() => checkpoint.graphdefJson()).toThrow(/When it was saved: .*Register it with registerModule/);
  });

  it("has metadata that cannot be written by name: a model keeps its own, a State is refused", async () => {
    const hooked = (x: number) => ({ w: new nnx.Param(tf.scalar(x), { hook: () => x, note: "n" }) });
    const bytes = await toBytes(hooked(1));
    const into = hooked(7);
    await restore(into, bytes);
    expect([into.w.value.dataSync()[0], (Reflect.get(into.w.metadata, "hook") as () => number)()]).toEqual([
      1, 7,
    ]);
    await expect(fromBytes(bytes)).rejects.toThrow(/Checkpoint.state at w: .*got hook/);
  });
});

describe("an open checkpoint", () => {
  it("reads nothing once it is closed", async () => {
    const model = { a: new nnx.Param(tf.scalar(1)) };
    const checkpoint = await open(await toBytes(model));
    await checkpoint.close();
    expect(checkpoint.keys()).toEqual(["a"]);
    const closed = /expected an open checkpoint, got the bytes, which was closed/;
    await expect(checkpoint.read("a")).rejects.toThrow(closed);
    await expect(checkpoint.readBytes("a")).rejects.toThrow(closed);
    await expect(checkpoint.state()).rejects.toThrow(closed);
    await expect(restore(model, checkpoint)).rejects.toThrow(closed);
    nnx.dispose(model);
  });

  it("lists, describes and reads single leaves", async () => {
    const model = new Everything(1);
    const checkpoint = await open(await toBytes(model, { metadata: { epoch: "3" } }));
    expect(checkpoint.metadata).toEqual({ epoch: "3" });
    expect(checkpoint.keys()).toContain("layers.0.kernel");
    expect(checkpoint.keys()).toContain("odd\\.name");
    expect(checkpoint.keys()).toContain("\\__metadata__");
    expect(checkpoint.info("kernel")).toEqual({
      path: ["kernel"],
      kind: "tensor",
      type: "params",
      dtype: "F32",
      shape: [2, 3],
      bytes: 24,
    });
    expect(checkpoint.info("none")).toMatchObject({
      kind: "data",
      dtype: undefined,
      shape: undefined,
      bytes: 0,
    });
    const kernel = (await checkpoint.read("kernel")) as tf.Tensor;
    expect([...kernel.dataSync()]).toEqual([1, 1, 1, 1, 1, 1]);
    expect(await checkpoint.read(["rate"])).toBe(1 / 7);
    expect(await checkpoint.read("counts")).toEqual([
      [1, 2],
      [3, 4294967295],
    ]);
    expect((await checkpoint.read(["rngs", "dropout", "key"])) as nnx.PRNGKey).toEqual(
      model.rngs.stream("dropout").key.value,
    );
    expect(await checkpoint.readBytes("on")).toEqual(Uint8Array.of(1));
    await expect(checkpoint.readBytes("seen")).rejects.toThrow(/expected a leaf that is one tensor, got 2/);
    await expect(checkpoint.read("kernels")).rejects.toThrow(/expected the path of one of the/);
    expect(() => checkpoint.info(5 as never)).toThrow(nnx.NotFoundError);
    const params = await checkpoint.state(nnx.allOf(nnx.Param, nnx.pathContains("layers")));
    expect(nnx.flattenState(params).map(([path]) => path.join("."))).toEqual([
      "layers.0.bias",
      "layers.0.kernel",
      "layers.1.bias",
      "layers.1.kernel",
    ]);
    nnx.dispose([kernel, params, model]);
  });
});
