/** @file What a file has, and whether it can be what a model has there. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it } from "vitest";
import { floats, forge, type Forged, plain } from "../../test/forge.ts";
import { fromBytes, open, restore, toBytes } from "../index.ts";

const of = (value: unknown): nnx.Variable<unknown> => new nnx.Variable<unknown>(value);
const key = (seed: number, shape?: number[]): nnx.RngKey =>
  new nnx.RngKey(shape ? nnx.random.split(nnx.random.key(seed), shape) : nnx.random.key(seed));
const noted = (): number => 1;
nnx.registerFunction("checkpoint.fit.test.noted", noted);
const words = (...values: number[]): Forged => ({
  dtype: "U32",
  shape: [values.length],
  bytes: new Uint8Array(Uint32Array.from(values).buffer),
});

describe("what was saved", () => {
  it.each<[string, () => nnx.Variable, () => nnx.Variable, string]>([
    [
      "data into a tensor",
      () => of({ a: 1 }),
      () => of(tf.scalar(1)),
      'the data {"a":1}, where the model has a float32[]',
    ],
    ["data into a key", () => of({ a: 1 }), () => key(1), 'the data {"a":1}, where the model has a key<fry>'],
    ["a text into null", () => of("x"), () => of(null), 'the data "x", where the model has null'],
    [
      "nothing into null",
      () => of(undefined),
      () => of(null),
      'the data {"$":"undefined"}, where the model has null',
    ],
    [
      "null into nothing",
      () => of(null),
      () => of(undefined),
      "the data null, where the model has undefined",
    ],
    ["null into a record", () => of(null), () => of({ a: "x" }), "the data null, where the model has "],
    [
      "a record into null",
      () => of({ a: "x" }),
      () => of(null),
      'the data {"a":"x"}, where the model has null',
    ],
    [
      "a large number into a text",
      () => of(5n),
      () => of("5"),
      'the data {"$":"bigint","value":"5"}, where the model has "5"',
    ],
    [
      "a function into a text",
      () => of(noted),
      () => of("noted"),
      'the data {"$":"function","name":"checkpoint.fit.test.noted", where the model has "noted"',
    ],
    [
      "a function into a record",
      () => of(noted),
      () => of({ a: "x" }),
      'the data {"$":"function","name":"checkpoint.fit.test.noted", where the model has ',
    ],
    ["a key into numbers", () => key(1), () => of([1, 2]), "a key as U32[2], where the model has "],
    [
      "a key into a tensor",
      () => key(1),
      () => of(tf.tensor1d([1, 2], "int32")),
      "a key as U32[2], where the model has a int32[2]",
    ],
    ["numbers into a key", () => of([1, 2]), () => key(1), "U32[2], where the model has a key<fry>"],
    [
      "a tensor into a key",
      () => of(tf.tensor1d([1, 2])),
      () => key(1),
      "F32[2], where the model has a key<fry>",
    ],
    [
      "keys into fewer keys",
      () => key(1, [2]),
      () => key(1, [3]),
      "a key as U32[2,2], where the model has a key<fry>[3]",
    ],
    ["numbers into more of them", () => of([1, 2]), () => of([1, 2, 3]), "U32[2], where the model has "],
    ["numbers into deeper ones", () => of([1, 2]), () => of([[1, 2]]), "U32[2], where the model has "],
    ["a boolean into a number", () => of(true), () => of(1), "BOOL[], where the model has 1"],
    ["a number into a boolean", () => of(1), () => of(true), "U32[], where the model has true"],
    [
      "booleans into a boolean",
      () => of(tf.tensor1d([1], "bool")),
      () => of(true),
      "BOOL[1], where the model has true",
    ],
    ["a tensor into a text", () => of(tf.scalar(1)), () => of("x"), 'F32[], where the model has "x"'],
    [
      "a tensor of another shape",
      () => of(tf.ones([2, 3])),
      () => of(tf.ones([3, 2])),
      "F32[2,3], where the model has a float32[3,2]",
    ],
    [
      "a tensor of more axes",
      () => of(tf.ones([2])),
      () => of(tf.ones([2, 1])),
      "F32[2], where the model has a float32[2,1]",
    ],
    [
      "a tensor of another dtype",
      () => of(tf.ones([2], "int32")),
      () => of(tf.ones([2], "bool")),
      "I32[2], where the model has a bool[2]",
    ],
    [
      "a list with tensors into a text",
      () => of([tf.scalar(1), tf.scalar(2)]),
      () => of("x"),
      '2 tensors in a list or record, where the model has "x"',
    ],
    [
      "a list with tensors into a tensor",
      () => of([tf.scalar(1)]),
      () => of(tf.scalar(1)),
      "1 tensors in a list or record, where the model has a float32[]",
    ],
    [
      "long data",
      () => of("x".repeat(100)),
      () => of(null),
      `the data "${"x".repeat(49)}, where the model has null`,
    ],
  ])("is refused as %s", async (_, make, target, text) => {
    const [saved, into] = [make(), target()];
    const { value } = into;
    const before = tf.memory().numTensors;
    const error: unknown = await restore({ v: into }, await toBytes({ v: saved })).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(nnx.StructureError);
    const [, line] = (error as Error).message.split("\n");
    if (saved.constructor === into.constructor) expect(line).toContain(`v: ${text}`);
    else expect(line).toContain(`v: ${text.split(", where")[0] as string} of type `);
    expect(into.value).toBe(value);
    expect(tf.memory().numTensors).toBe(before);
    nnx.dispose([saved, into]);
  });

  it.each<[string, unknown, unknown]>([
    ["a text", "x", "y"],
    ["nothing", undefined, undefined],
    ["null", null, null],
    ["a large number", 5n, 7n],
    ["a function", noted, () => 2],
    ["a record", { a: "x" }, { b: 1 }],
    ["an empty list", [], [1, 2]],
    ["numbers where there was an empty list", [1, 2], []],
    ["numbers of one shape", [1.5, -2], [3, 4]],
  ])("is taken as %s", async (_, value, other) => {
    const into = of(other);
    if (Array.isArray(value) && value.length === 0) {
      // A list without numbers has a shape like others.
      await expect(restore(into, await toBytes(of(value)))).rejects.toThrow(nnx.StructureError);
      return;
    }
    await restore(into, await toBytes(of(value)));
    expect(into.value).toStrictEqual(value);
  });

  it("is a key only where it was one, or where nothing is said and it looks like one", async () => {
    const into = { k: key(7) };
    for (const [file, message] of [
      [forge({ k: words(1, 2) }, '{"k":{"kind":"number","type":"rng_key"}}'), /k: U32\[2\], where/],
      [plain({ k: floats(1, 2) }), /k: F32\[2\], where the model has a key/],
      [plain({ k: words(1, 2, 3) }), /k: U32\[3\], where the model has a key/],
    ] as const)
      await expect(restore(into, file)).rejects.toThrow(message);
    expect(into.k.value.equals(nnx.random.key(7))).toBe(true);
    await restore(into, plain({ k: words(1, 2) }));
    expect(into.k.value.equals(nnx.random.wrapKeyData([1, 2]))).toBe(true);
    const numbers = { k: of([3, 4]) };
    const file = forge({ k: words(1, 2) }, '{"k":{"kind":"key","type":"Variable"}}');
    await expect(restore(numbers, file)).rejects.toThrow(/k: a key as U32\[2\], where/);
    const flag = forge(
      { k: { dtype: "BOOL", shape: [], bytes: Uint8Array.of(1) } },
      '{"k":{"kind":"key","type":"Variable"}}',
    );
    await expect(restore({ k: of(true) }, flag)).rejects.toThrow(/k: a key as BOOL\[\], where/);
  });

  it("fits a class by the name that it has, or had before it was registered", async () => {
    class Own extends nnx.Variable<tf.Tensor> {}
    const make = (x: number): { w: Own } => ({ w: new Own(tf.scalar(x)) });
    const before = await toBytes(make(1));
    nnx.registerVariableName("checkpoint.fit.test.own", Own);
    const after = await toBytes(make(2));
    const into = make(7);
    await restore(into, before);
    expect(into.w.value.dataSync()[0]).toBe(1);
    await restore(into, after);
    expect(into.w.value.dataSync()[0]).toBe(2);
    expect((await open(before)).info("w").type).toBe(Own.typeName);
    expect((await open(after)).info("w").type).toBe("checkpoint.fit.test.own");
    await expect(restore({ w: new nnx.Param(tf.scalar(7)) }, after)).rejects.toThrow(
      /w: F32\[\] of type checkpoint\.fit\.test\.own, where the model has a Param/,
    );
    nnx.dispose(into);
  });
});

describe("a definition", () => {
  const model = (): { key: nnx.RngKey; w: nnx.Param<tf.Tensor> } => ({
    key: key(3),
    w: new nnx.Param(tf.scalar(1)),
  });

  it("takes the keys of a file that does not say what is one", async () => {
    const file = plain({ key: words(7, 8), w: { ...floats(5), shape: [] } });
    const made = await restore(nnx.graphdef(model()), file);
    expect(made.key.value.equals(nnx.random.wrapKeyData([7, 8]))).toBe(true);
    expect(made.w.value.dataSync()[0]).toBe(5);
    const numbers = await restore(nnx.graphdef({ n: of(1) }), plain({ n: words(7, 8) }));
    expect(numbers.n.value).toEqual([7, 8]);
  });

  it("takes a filter that takes all, and no other", async () => {
    const bytes = await toBytes(model());
    const made = await restore(nnx.graphdef(model()), bytes, { filter: true });
    expect(made.key.value.equals(nnx.random.key(3))).toBe(true);
    await expect(restore(nnx.graphdef(model()), bytes, { filter: false })).rejects.toThrow(
      /no filter for a GraphDef/,
    );
  });

  it("is looked at before the file is", async () => {
    const graphdef = nnx.graphdef(model());
    const wrong = { ...graphdef, root: { kind: "node", index: 99 } };
    await expect(restore(wrong as never, new Uint8Array())).rejects.toThrow(
      "restore at root: expected the number of a node",
    );
    expect(() => nnx.merge(wrong as never, {})).toThrow(nnx.StructureError);
  });
});

describe("what only one side has", () => {
  it("may be of a class that nobody registered", async () => {
    const file = forge(
      { w: { ...floats(5), shape: [] }, x: floats(1) },
      '{"w":{"type":"params"},"x":{"type":"no such"}}',
    );
    const into = { w: new nnx.Param(tf.scalar(7)) };
    expect(await restore(into, file, { strict: false })).toEqual({ missing: [], extra: [["x"]] });
    expect(into.w.value.dataSync()[0]).toBe(5);
    // A filter by class does not meet it; one by path does.
    expect(await restore(into, file, { filter: nnx.Param })).toEqual({ missing: [], extra: [] });
    await expect(restore(into, file, { filter: nnx.pathContains("x") })).rejects.toThrow(
      /x: nothing in the model/,
    );
    await expect(fromBytes(file)).rejects.toThrow(nnx.NotFoundError);
    nnx.dispose(into);
  });

  it("is told in full up to fifty lines", async () => {
    const linesOf = async (count: number): Promise<string[]> => {
      const saved = Array.from({ length: count }, () => of(1));
      const error: unknown = await restore([], await toBytes(saved)).catch((thrown: unknown) => thrown);
      return (error as Error).message.split("\n").slice(1, -1);
    };
    expect(await linesOf(50)).toEqual(
      Array.from({ length: 50 }, (_, i) => expect.stringContaining(`  ${i}: `) as string),
    );
    const more = await linesOf(52);
    expect(more).toHaveLength(51);
    expect(more.at(-1)).toBe("  and 2 more");
  });
});

describe("an open checkpoint", () => {
  it("of somebody else's file is read by their keys, whatever they look like", async () => {
    const file = plain({ "a.": floats(1), "b..c": floats(2), "d\\x": floats(3), "": floats(4) });
    const checkpoint = await open(file);
    expect(checkpoint.keys()).toEqual(["a.", "b..c", "d\\x", ""]);
    expect(["a.", "b..c", "d\\x", ""].map((name) => checkpoint.info(name).path)).toEqual([
      ["a."],
      ["b..c"],
      ["d\\x"],
      [],
    ]);
    expect(await checkpoint.readBytes("b..c")).toEqual(new Uint8Array(Float32Array.of(2).buffer));
    expect(checkpoint.info(["a."]).bytes).toBe(4);
    await checkpoint.close();
  });

  it("says who asked where there is nothing", async () => {
    const checkpoint = await open(await toBytes({ a: of(1) }));
    const where = 'expected the path of one of the 1 leaves of the bytes, got "b". Look at keys().';
    expect(() => checkpoint.info("b")).toThrow(`Checkpoint.info: ${where}`);
    await expect(checkpoint.read("b")).rejects.toThrow(`Checkpoint.read: ${where}`);
    await expect(checkpoint.readBytes("b")).rejects.toThrow(`Checkpoint.readBytes: ${where}`);
    await checkpoint.close();
    for (const [name, asked] of [
      ["Checkpoint.read", checkpoint.read("a")],
      ["Checkpoint.readBytes", checkpoint.readBytes("a")],
      ["Checkpoint.state", checkpoint.state()],
      ["restore", restore({ a: of(1) }, checkpoint)],
    ] as const)
      await expect(asked).rejects.toThrow(`${name}: expected an open checkpoint`);
  });

  it("has the user's metadata alone, and cannot be changed by it", async () => {
    const checkpoint = await open(await toBytes({ a: of(1) }, { metadata: { note: "n", __proto__x: "y" } }));
    expect(checkpoint.metadata).toEqual({ note: "n", __proto__x: "y" });
    expect(Object.isFrozen(checkpoint.metadata)).toBe(true);
  });
});
