/**
 * @file Files that somebody made to do harm, with right checksums where there are some: refused with
 * an error that says why, at once, and without memory that the file does not have.
 */
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it } from "vitest";
import { floats, type Forged, forge, plain } from "../test/forge.ts";
import { putTogether } from "../test/mutate.ts";
import { CheckpointError, fromBytes, open, restore } from "./index.ts";

const leaf = '{"w":{"type":"params"}}';
const w = floats(1, 2, 3);
const model = (): { w: nnx.Param<tf.Tensor> } => ({ w: new nnx.Param(tf.tensor1d([7, 8, 9])) });

const entry = (fields: object, data = new Uint8Array(12)): Uint8Array<ArrayBuffer> =>
  putTogether(JSON.stringify({ w: { dtype: "F32", shape: [3], data_offsets: [0, 12], ...fields } }), data);
const text = (header: string, data = new Uint8Array(12)): Uint8Array<ArrayBuffer> =>
  putTogether(header, data);
const plainEntry = '{"dtype":"F32","shape":[3],"data_offsets":[0,12]}';
const deep = (n: number): string => `${"[".repeat(n)}${"]".repeat(n)}`;

/** Name, file, and what the error says. */
const files: readonly (readonly [string, Uint8Array<ArrayBuffer>, RegExp])[] = [
  ["nothing", new Uint8Array(), /at least 8 bytes/],
  ["seven bytes", new Uint8Array(7), /at least 8 bytes/],
  ["zeros", new Uint8Array(64), /begins with "\{"/],
  ["a PNG", Uint8Array.from([137, 80, 78, 71, 13, 10, 26, 10, 0, 0]), /a header of at most 100000000 bytes/],
  [
    "a zip",
    new TextEncoder().encode("PK\u0003\u0004 and so on, much longer than that"),
    /a header of at most/,
  ],
  ["a header longer than the file", putTogether("{}", new Uint8Array(), 1_000n), /at least 1008 bytes/],
  ["a header of 2^64 - 1 bytes", putTogether("{}", new Uint8Array(), 2n ** 64n - 1n), /a header of at most/],
  ["text that is no UTF-8", putTogether("{}", new Uint8Array()).fill(0xff, 9), /UTF-8/],
  ["a list", text("[]"), /begins with "\{"/],
  ["a header that ends early", text('{"w":{"dtype":"F32"'), /expected "}" at character 19, got its end/],
  ["spaces before it", text(` {"w":${plainEntry}}`), /begins with "\{"/],
  ["something behind it", text(`{"w":${plainEntry}} {}`), /nothing more/],
  ["a key twice", text(`{"w":${plainEntry},"w":${plainEntry}}`), /the name "w" once/],
  [
    "a key twice, written differently",
    text(`{"w":${plainEntry},"\\u0077":${plainEntry}}`),
    /the name "w" once/,
  ],
  ["a field twice", text('{"w":{"dtype":"F32","dtype":"I32","shape":[3],"data_offsets":[0,12]}}'), /once/],
  ["metadata twice", text('{"__metadata__":{},"__metadata__":{}}', new Uint8Array()), /once/],
  ["another field", entry({ extra: 1 }), /no field beside/],
  [
    "a field called __proto__",
    text('{"w":{"__proto__":{},"dtype":"F32","shape":[3],"data_offsets":[0,12]}}'),
    /no field beside/,
  ],
  ["a missing field", text('{"w":{"dtype":"F32","shape":[3]}}'), /two data_offsets/],
  ["one offset", entry({ data_offsets: [0] }), /two data_offsets/],
  ["three offsets", entry({ data_offsets: [0, 6, 12] }), /at most 2 numbers/],
  ["a dtype that is none", entry({ dtype: "F33" }), /a dtype that exists, not "F33"/],
  ["a dtype of Object.prototype", entry({ dtype: "constructor" }), /a dtype that exists/],
  ["a dtype that is a number", entry({ dtype: 3 }), /a text/],
  ["a size that is null (NaN)", entry({ shape: [null] }), /an integer/],
  ["a negative size", entry({ shape: [-3] }), /an integer/],
  ["a fractional size", entry({ shape: [1.5] }), /an integer/],
  [
    "a size with an exponent",
    text('{"w":{"dtype":"F32","shape":[1e1],"data_offsets":[0,12]}}'),
    /an integer/,
  ],
  [
    "a size above 2^53",
    text('{"w":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,12]}}'),
    /an integer/,
  ],
  [
    "a size of a hundred digits",
    text(`{"w":{"dtype":"F32","shape":[${"9".repeat(100)}],"data_offsets":[0,12]}}`),
    /an integer/,
  ],
  ["a shape that overflows", entry({ shape: [2 ** 40, 2 ** 40] }), /that fits into a file/],
  [
    "a shape that overflows to zero in 64 bits",
    entry({ shape: [2 ** 32, 2 ** 32] }),
    /that fits into a file/,
  ],
  [
    "an oversize shape",
    entry({ shape: [2 ** 40], data_offsets: [0, 2 ** 42] }),
    /bytes of data, as the header says/,
  ],
  ["a million axes", entry({ shape: new Array(1_000_000).fill(1) }), /at most 32 numbers/],
  ["a length that does not follow", entry({ data_offsets: [0, 8] }), /12 bytes for F32\[3\], got 8/],
  [
    "a hole at the beginning",
    entry({ data_offsets: [4, 16] }, new Uint8Array(16)),
    /data from byte 0 on, got byte 4/,
  ],
  ["offsets the wrong way round", entry({ data_offsets: [12, 0] }), /from byte 0 on/],
  [
    "bytes behind the last tensor",
    entry({}, new Uint8Array(16)),
    /12 bytes of data, as the header says, got 16/,
  ],
  ["missing data", entry({}, new Uint8Array(8)), /got 8/],
  [
    "a second tensor of another length",
    plain({ a: w, b: { ...w, offsets: [12, 20] } }),
    /12 bytes for F32\[3\], got 8/,
  ],
  ["overlap", plain({ a: w, b: { ...w, offsets: [0, 12] } }), /from byte 12 on, got byte 0/],
  ["a hole", plain({ a: w, b: { ...w, offsets: [16, 28] } }), /from byte 12 on, got byte 16/],
  ["metadata that is a list", text('{"__metadata__":[]}', new Uint8Array()), /expected "\{"/],
  ["metadata that is no text", text('{"__metadata__":{"a":1}}', new Uint8Array()), /a text/],
  ["deep JSON", text(`{"w":${deep(100_000)}}`), /expected "\{"/],
  ["a control character in a name", text(`{"w\u0001":${plainEntry}}`), /a text/],
  ["half of our metadata", plain({ w }, { "nnx.leaves": leaf }), /nnx.format beside nnx.leaves, got none/],
  [
    "no checksum",
    plain({ w }, { "nnx.format": "1", "nnx.leaves": leaf, "nnx.crc32": "{}" }),
    /expected nnx.checksum in the metadata, got none/,
  ],
  ["another version", plain({ w }, { "nnx.format": "2" }), /version 1 of the format, got "2"/],
  [
    "another checksum",
    plain({ w }, { "nnx.format": "1", "nnx.checksum": "00000000" }),
    /a header with the checksum/,
  ],
  ["no descriptions", forge({ w }, "{}"), /w: expected a description and a checksum, got none/],
  [
    "a description of nothing",
    forge({ w }, '{"w":{},"v":{}}'),
    /v: expected a tensor v of its own, got none/,
  ],
  ["descriptions that are no JSON", forge({ w }, "{"), /expected JSON/],
  ["descriptions that are a list", forge({ w }, "[]"), /expected an object/],
  ["a description twice", forge({ w }, '{"w":{},"w":{"kind":"key"}}'), /the name "w" twice/],
  ["a deep description", forge({ w }, `{"w":{"metadata":{"a":${deep(100_000)}}}}`), /more than 1010 levels/],
  ["a kind that is none", forge({ w }, '{"w":{"kind":"constructor"}}'), /the description of a leaf/],
  [
    "a description called __proto__",
    forge({ w }, '{"w":{},"__proto__":{"kind":"data","value":1}}'),
    /__proto__/,
  ],
  [
    "a tree with a part twice",
    forge(
      { "w.a": w },
      '{"w":{"kind":"tree","value":{"a":null},"parts":[{"path":["a"],"kind":"tensor"},{"path":["a"],"kind":"tensor"}]}}',
    ),
    /of its own/,
  ],
  [
    "a tree without the part",
    forge({ "w.a": w }, '{"w":{"kind":"tree","value":{"b":null},"parts":[{"path":["a"],"kind":"tensor"}]}}'),
    /w/,
  ],
  [
    "two leaves at one path",
    forge({ "w.0": w, "w.\\0": w }, '{"w.0":{},"w.\\\\0":{}}'),
    /one leaf at .*, got another one, w/,
  ],
  ["a key that no path is written as", forge({ "w.": w }, '{"w.":{}}'), /a key that paths are written as/],
  ["a checksum too few", forge({ w }, leaf, { "nnx.crc32": "{}" }), /a description and a checksum/],
  [
    "a checksum too many",
    forge({ w }, leaf, { "nnx.crc32": '{"w":"00000000","v":"00000000"}' }),
    /1 checksums/,
  ],
  ["a checksum that is none", forge({ w }, leaf, { "nnx.crc32": '{"w":"xyz"}' }), /8 hexadecimal digits/],
  [
    "data with another checksum",
    forge({ w }, leaf, { "nnx.crc32": '{"w":"00000000"}' }),
    /data with the checksum 00000000/,
  ],
  [
    "a boolean that is 7",
    plain({ w: { dtype: "BOOL", shape: [1], bytes: Uint8Array.of(7) } }),
    /bytes 0 and 1|where the model has/,
  ],
  [
    "metadata with a function",
    forge({ w }, '{"w":{"type":"params","metadata":{"f":{"$":"function","name":"no such"}}}}'),
    /no such/,
  ],
  [
    "metadata of a kind that is none",
    forge({ w }, '{"w":{"type":"params","metadata":{"f":{"$":"evil"}}}}'),
    /evil/,
  ],
  ["a class that is not registered", forge({ w }, '{"w":{"type":"no such"}}'), /no such/],
];

const memory = (): number => process.memoryUsage().arrayBuffers;

describe.each(files)("%s", (_name, file, message) => {
  it("is refused as a State, with why", async () => {
    const error: unknown = await fromBytes(file).catch((thrown: unknown) => thrown);
    // What restoring compares, a State does not.
    if (!(error instanceof nnx.NnxError) && String(message).includes("where the model has")) return;
    expect(error).toBeInstanceOf(nnx.NnxError);
    expect((error as Error).message).toMatch(message);
    expect((error as Error).message.length).toBeLessThan(2_000);
  });

  it("is refused by a model, which stays as it is, with no more memory than the file has", async () => {
    const target = model();
    const { value } = target.w;
    const [tensors, bytes] = [tf.memory().numTensors, memory()];
    const error: unknown = await restore(target, file).catch((thrown: unknown) => thrown);
    const taken = memory() - bytes;
    // What is about metadata alone is nothing to a model, which has its own.
    if (!(error instanceof nnx.NnxError)) expect(String(message)).toMatch(/no such|evil/);
    expect(taken).toBeLessThan(file.length + 2 ** 20);
    expect(tf.memory().numTensors).toBe(tensors);
    if (error instanceof nnx.NnxError) expect(target.w.value).toBe(value);
    nnx.dispose(target);
  });
});

describe("a file of somebody else", () => {
  it("is read as far as it fits: in any order of tensors, unpadded, with metadata of its own", async () => {
    const b: Forged = { ...floats(4), offsets: [12, 16] };
    const file = plain({ a: { ...w, offsets: [0, 12] }, b }, { format: "pt" });
    const target = { a: new nnx.Param(tf.zeros([3])), b: new nnx.Param(tf.zeros([1])) };
    await restore(target, file);
    expect([...target.a.value.dataSync(), ...target.b.value.dataSync()]).toEqual([1, 2, 3, 4]);
    const checkpoint = await open(file);
    expect(checkpoint.metadata).toEqual({ format: "pt" });
    expect(checkpoint.info("a")).toEqual({
      path: ["a"],
      kind: "tensor",
      type: undefined,
      dtype: "F32",
      shape: [3],
      bytes: 12,
    });
    expect(() => checkpoint.graphdefJson()).toThrow(/Save a model, not a State or a file of another library/);
    nnx.dispose(target);
  });

  it("gives numbers and keys where the model has them, and its bytes where there are no such tensors", async () => {
    const of = (dtype: string, values: ArrayBufferView, shape: number[] = []): Forged => ({
      dtype,
      shape,
      bytes: new Uint8Array(values.buffer as ArrayBuffer),
    });
    const file = plain({
      i64: of("I64", BigInt64Array.of(-5n)),
      u8: of("U8", Uint8Array.of(200)),
      f16: of("F16", Uint16Array.of(0x3e00)),
      bf16: of("BF16", Uint16Array.of(0xc040)),
      key: of("U32", Uint32Array.of(7, 4294967295), [2]),
      big: of("I64", BigInt64Array.of(2n ** 53n + 1n)),
      half: of("F16", Uint16Array.of(1, 2), [2]),
    });
    const target = {
      i64: new nnx.Variable(0),
      u8: new nnx.Variable(0),
      f16: new nnx.Variable(0),
      bf16: new nnx.Variable(0),
      key: new nnx.RngKey(nnx.random.key(0)),
    };
    expect(await restore(target, file, { strict: false })).toEqual({
      missing: [],
      extra: [["big"], ["half"]],
    });
    expect([target.i64.value, target.u8.value, target.f16.value, target.bf16.value]).toEqual([
      -5, 200, 1.5, -3,
    ]);
    expect(target.key.value.equals(nnx.random.wrapKeyData([7, 4294967295]))).toBe(true);
    await expect(restore({ big: new nnx.Variable(0) }, file, { strict: false })).rejects.toThrow(
      /a double holds/,
    );
    const checkpoint = await open(file);
    expect(await checkpoint.readBytes("half")).toEqual(Uint8Array.of(1, 0, 2, 0));
    expect(await checkpoint.read("i64")).toBe(-5);
    await expect(checkpoint.read("key")).resolves.toEqual([7, 4294967295]);
    await expect(checkpoint.readBytes("none")).rejects.toThrow(nnx.NotFoundError);
  });

  it("is no State where it has other dtypes, or a name that begins another one", async () => {
    const count = tf.memory().numTensors;
    const i64: Forged = { dtype: "I64", shape: [1], bytes: new Uint8Array(8) };
    const other = plain({ a: floats(1), b: i64 });
    await expect(fromBytes(other)).rejects.toThrow(
      /the bytes at b: expected F32, I32, BOOL or C64, .* got I64\[1\]\. Read it alone/,
    );
    const checkpoint = await open(other);
    const state = await checkpoint.state(nnx.not(nnx.pathContains("b")));
    expect(nnx.flattenState(state).map(([path]) => path)).toEqual([["a"]]);
    nnx.dispose(state);
    const both = plain({ a: floats(1), "a.b": floats(2) });
    await expect(fromBytes(both)).rejects.toThrow(/State at a.b: expected one leaf or one subtree/);
    expect(tf.memory().numTensors).toBe(count);
  });

  it("does not reach a prototype", async () => {
    const file = plain({ "__proto__.polluted": floats(1), "constructor.prototype.polluted": floats(2) });
    const state = await fromBytes(file);
    expect(nnx.flattenState(state).map(([path]) => path.join("."))).toEqual([
      "__proto__.polluted",
      "constructor.prototype.polluted",
    ]);
    expect("polluted" in {}).toBe(false);
    nnx.dispose(state);
    expect(new CheckpointError("x").name).toBe("CheckpointError");
  });
});
