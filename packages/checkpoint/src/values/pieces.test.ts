/** @file Which bytes are read and written, in which pieces; and what stands in a file, to the letter. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it, vi } from "vitest";
import { bitsOf } from "../../test/everything.ts";
import { floats, forge } from "../../test/forge.ts";
import { memoryFolder } from "../../test/memory-folder.ts";
import { CheckpointError, fromBytes, open, restore, save, toBytes } from "../index.ts";
import { innerKey } from "./encode.ts";

const param = (...values: number[]): nnx.Param<tf.Tensor> => new nnx.Param(tf.tensor1d(values));
const headerOf = (bytes: Uint8Array): string =>
  new TextDecoder().decode(bytes.subarray(8, 8 + (new DataView(bytes.buffer).getUint32(0, true) as number)));

describe("reading", () => {
  // In a file the widest elements are first: b and d, then a and c.
  const make = (x: number) => ({
    a: new nnx.Variable(tf.tensor1d([x === 1, true], "bool")),
    b: param(x, 2),
    c: new nnx.Variable(tf.tensor1d([x !== 1, true], "bool")),
    d: param(x),
  });

  it("takes what stands together at once, wherever it was in the model", async () => {
    const folder = memoryFolder();
    const file = { folder, file: "m" };
    await save(make(1), file);
    const size = folder.files.get("m")?.length as number;
    const readsOf = async (filter: nnx.Filter): Promise<unknown> => {
      folder.reads.length = 0;
      const into = make(2);
      await restore(into, file, { filter });
      nnx.dispose(into);
      return folder.reads.slice(2).map(([, at, length]) => [at - (size - 16), length]);
    };
    expect(await readsOf(true)).toEqual([[0, 16]]);
    expect(await readsOf(nnx.pathIn(["b"], ["a"]))).toEqual([
      [0, 8],
      [12, 2],
    ]);
    expect(await readsOf(nnx.pathIn(["c"], ["d"]))).toEqual([
      [8, 4],
      [14, 2],
    ]);
    expect(await readsOf(nnx.pathIn(["a"], ["d"]))).toEqual([[8, 6]]);
    expect(await readsOf(false)).toEqual([]);
  });

  it("is in pieces of the size that the place has, and none of them leads behind the end", async () => {
    for (const chunkBytes of [1, 5, 7, 16, 100]) {
      const folder = memoryFolder(chunkBytes);
      const file = { folder, file: "m" };
      const [model, into] = [make(1), make(2)];
      await save(model, file);
      await restore(into, file);
      expect(bitsOf(into)).toEqual(bitsOf(model));
      expect(folder.reads.slice(2).map(([, , length]) => length)).toEqual(
        Array.from({ length: Math.ceil(16 / chunkBytes) }, (_, i) =>
          Math.min(chunkBytes, 16 - i * chunkBytes),
        ),
      );
      nnx.dispose([model, into]);
    }
  });

  it("needs no more memory than two pieces", async () => {
    const folder = memoryFolder(16);
    const { length } = await toBytes({ a: param(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) });
    folder.files.set("m", await toBytes({ a: param(1, 2, 3, 4, 5, 6, 7, 8, 9, 10) }));
    const sizes: number[] = [];
    const place = {
      file: "m",
      folder: {
        ...folder,
        open: async (name: string) => {
          const reading = await folder.open(name);
          return (
            reading && {
              ...reading,
              chunkBytes: 16,
              read: (at: number, into: Parameters<typeof reading.read>[1]) => {
                sizes.push(into.buffer.byteLength);
                return reading.read(at, into);
              },
            }
          );
        },
      },
    };
    const into = { a: param(0, 0, 0, 0, 0, 0, 0, 0, 0, 0) };
    await restore(into, place);
    expect([...into.a.value.dataSync()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(sizes).toEqual([8, length - 40 - 8, 16, 16, 16]);
  });

  it("frees what it has read when a later tensor is damaged", async () => {
    const file = forge({ a: floats(1), b: floats(2) }, '{"a":{},"b":{}}', {
      "nnx.crc32": '{"a":"00000000","b":"00000000"}',
    });
    const before = tf.memory().numTensors;
    await expect(fromBytes(file)).rejects.toThrow(
      /^the bytes at a: expected data with the checksum 00000000/,
    );
    expect(tf.memory().numTensors).toBe(before);
    const late = await toBytes({ a: param(1), b: param(2) });
    late[late.length - 1]! ^= 1;
    const into = { a: param(7), b: param(8) };
    const count = tf.memory().numTensors;
    await expect(restore(into, late)).rejects.toThrow(/^the bytes at b: expected data with the checksum/);
    expect(tf.memory().numTensors).toBe(count);
    nnx.dispose(into);
  });
});

describe("writing", () => {
  /** Where the pieces were written, and how long they were. */
  async function writesOf(model: object): Promise<[position: number, length: number][]> {
    const writes: [number, number][] = [];
    const memory = memoryFolder();
    const folder = {
      ...memory,
      create: async (file: string) => {
        const writing = await memory.create(file);
        return {
          ...writing,
          write: (position: number, bytes: Parameters<typeof writing.write>[1]) => {
            writes.push([position, bytes.length]);
            return writing.write(position, bytes);
          },
        };
      },
    };
    await save(model, { folder, file: "m" });
    expect(memory.files.get("m")).toEqual(await toBytes(model));
    nnx.dispose(model);
    return writes;
  }

  it("is of large pieces, however small the tensors are, and the header last", async () => {
    const writes = await writesOf(Array.from({ length: 100 }, (_, i) => param(i)));
    const [[start, length]] = writes as [[number, number]];
    expect(writes).toEqual([
      [start, 400],
      [0, start],
    ]);
    expect(length).toBe(400);
  });

  it("is of the header alone where there are no numbers", async () => {
    const writes = await writesOf({ a: new nnx.Variable<unknown>("text"), b: new nnx.Param(tf.zeros([0])) });
    expect(writes).toEqual([[0, expect.any(Number)]]);
  });

  it("asks once for a tensor that is larger than a piece", async () => {
    const flags = tf.fill([2 ** 20 + 5], 1, "bool");
    // Whatever is not zero is true.
    const odd = { v: new nnx.Variable(tf.tensor(Uint8Array.of(0, 1, 2, 255), [4], "bool")) };
    expect([...(await toBytes(odd)).subarray(-4)]).toEqual([0, 1, 1, 1]);
    nnx.dispose(odd);
    const complex = tf.tidy(() => tf.complex(tf.ones([2 ** 17 + 1]), tf.zeros([2 ** 17 + 1])));
    const data = [vi.spyOn(flags, "data"), vi.spyOn(complex, "data")];
    const model = { flags: new nnx.Variable(flags), complex: new nnx.Variable(complex) };
    const bytes = await toBytes(model);
    for (const spy of data) expect(spy.mock.calls.length).toBeLessThanOrEqual(1);
    const into = {
      flags: new nnx.Variable(tf.zeros([2 ** 20 + 5], "bool")),
      complex: new nnx.Variable(tf.zeros([2 ** 17 + 1], "complex64")),
    };
    await restore(into, bytes);
    expect(bitsOf(into)).toEqual(bitsOf(model));
    nnx.dispose([model, into]);
  });
});

describe("a file", () => {
  it("says of each leaf what FORMAT.md says, and nothing more", async () => {
    const state = nnx.state({
      bare: new nnx.Variable<unknown>(2),
      data: new nnx.Variable<unknown>({ a: [1, null, "x"] }),
      flag: new nnx.Variable(true),
      hooked: new nnx.Param(tf.scalar(1), { hook: () => 1, tag: "t" }),
      key: new nnx.RngKey(nnx.random.key(0)),
      many: new nnx.Variable([[1, 2]]),
      tree: new nnx.Intermediate<unknown>([{ deep: tf.scalar(1) }, nnx.random.key(1), 5]),
      w: new nnx.Param(tf.tensor1d([1])),
    });
    const { __metadata__: metadata, ...tensors } = JSON.parse(headerOf(await toBytes(state))) as {
      __metadata__: Record<string, string>;
    };
    expect(Object.keys(metadata)).toEqual([
      "nnx.format",
      "nnx.written_by",
      "nnx.leaves",
      "nnx.crc32",
      "nnx.checksum",
    ]);
    expect(metadata["nnx.format"]).toBe("1");
    expect(JSON.parse(metadata["nnx.leaves"] as string)).toEqual({
      bare: { kind: "number", type: "Variable" },
      data: { kind: "data", value: { a: [1, null, "x"] }, type: "Variable" },
      flag: { kind: "boolean", type: "Variable" },
      hooked: { type: "params", metadata: { tag: "t" }, unwritten: ["hook"] },
      key: expect.objectContaining({ kind: "key", type: "rng_key" }) as unknown,
      many: { kind: "number", type: "Variable" },
      tree: {
        kind: "tree",
        value: [{ deep: null }, null, 5],
        parts: [
          { path: [0, "deep"], kind: "tensor" },
          { path: [1], kind: "key" },
        ],
        type: "intermediates",
      },
      w: { type: "params" },
    });
    expect(Object.entries(tensors).map(([key, entry]) => [key, (entry as { dtype: string }).dtype])).toEqual(
      [
        ["hooked", "F32"],
        ["key", "U32"],
        ["many", "U32"],
        ["bare", "U32"],
        ["tree.0.deep", "F32"],
        ["tree.1", "U32"],
        ["w", "F32"],
        ["flag", "BOOL"],
      ].sort(
        ([a, x], [b, y]) =>
          Number(x === "BOOL") - Number(y === "BOOL") || ((a as string) < (b as string) ? -1 : 1),
      ),
    );
    nnx.dispose(state);
  });

  it("names what is in the value of a Variable alone by its path in it", async () => {
    expect([innerKey("", ["a", 0]), innerKey("x", ["a", 0])]).toEqual(["a.0", "x.a.0"]);
    const alone = new nnx.Intermediate<unknown>([tf.scalar(1), { b: tf.scalar(2) }]);
    const { __metadata__: _, ...tensors } = JSON.parse(headerOf(await toBytes(alone))) as object & {
      __metadata__: unknown;
    };
    expect(Object.keys(tensors)).toEqual(["0", "1.b"]);
    nnx.dispose(alone);
  });

  it("has what contains no tensor as data, whatever its keys are, and what has no end not at all", async () => {
    const value = { t: tf.scalar(1), flags: new Map([[true, "yes"]]) };
    const model = new nnx.Variable<unknown>(value);
    const into = new nnx.Variable<unknown>({ t: tf.scalar(2), flags: new Map([[true, "no"]]) });
    await restore(into, await toBytes(model));
    expect((into.value as typeof value).flags).toEqual(new Map([[true, "yes"]]));
    nnx.dispose([model, into]);
    const odd = new nnx.Variable<unknown>(new Map([[true, tf.scalar(1)]]));
    await expect(toBytes(odd)).rejects.toThrow(/Keys of Maps with tensors are texts or numbers/);
    const endless: Record<string, unknown> = {};
    endless.self = endless;
    const state = { a: { type: nnx.Variable, value: endless, metadata: {} } };
    await expect(toBytes(state)).rejects.toThrow(nnx.StructureError);
    // What a Variable has beside its value need not have an end; it is named.
    const metadata = await toBytes({ a: new nnx.Variable<unknown>(1, { endless }) });
    await expect(fromBytes(metadata)).rejects.toThrow(/metadata that could be written, got endless/);
  });

  it("is taken for what it says, or refused with the place", async () => {
    const number = (description: string): Uint8Array<ArrayBuffer> =>
      forge({ w: { dtype: "U32", shape: [3], bytes: new Uint8Array(12) } }, `{"w":${description}}`);
    for (const [file, message] of [
      [number('{"kind":"key"}'), /at w: expected a key: U32 with two words at the end of its shape, got U32/],
      [number('{"kind":"boolean"}'), /at w: expected one boolean, got U32\[3\]/],
      [number('{"kind":"tensor"}'), /at w: expected a tensor of F32, I32, BOOL or C64, got U32/],
      [
        forge({ w: { dtype: "BOOL", shape: [2], bytes: new Uint8Array(2) } }, '{"w":{"kind":"boolean"}}'),
        /at w: expected one boolean, got BOOL\[2\]/,
      ],
      [
        forge({ w: { dtype: "F32", shape: [], bytes: new Uint8Array(4) } }, '{"w":{"kind":"boolean"}}'),
        /at w: expected one boolean, got F32\[\]/,
      ],
      [
        forge({ w: { dtype: "F32", shape: [2], bytes: new Uint8Array(8) } }, '{"w":{"kind":"key"}}'),
        /at w: expected a key: .* got F32/,
      ],
      [
        forge({ w: { dtype: "BOOL", shape: [1], bytes: Uint8Array.of(2) } }, '{"w":{}}'),
        /expected bytes 0 and 1 for booleans, got 2|numbers/,
      ],
      [
        forge({ w: { dtype: "C64", shape: [], bytes: new Uint8Array(8) } }, '{"w":{"kind":"number"}}'),
        /at w: expected numbers that a double holds, got C64/,
      ],
      [
        forge(
          { "w.a": floats(1) },
          '{"w":{"kind":"tree","value":{"a":1},"parts":[{"path":["a"],"kind":"tensor"}]}}',
        ),
        /at w: expected null at a in its value, got something else/,
      ],
      [
        forge(
          { "w.a.b": floats(1) },
          '{"w":{"kind":"tree","value":{"a":1},"parts":[{"path":["a","b"],"kind":"tensor"}]}}',
        ),
        /at w: expected null at a\.b in its value/,
      ],
      [
        forge(
          { "w.a": floats(1) },
          '{"w":{"kind":"tree","value":{"a":null},"parts":[{"path":["a"],"kind":"key"}]}}',
        ),
        /at w\.a: expected a key/,
      ],
      [forge({}, '{"w":{"kind":"data","value":{"x":{"$":"evil"}}}}'), /nnx\.leaves.*w.*value.*evil/s],
      [
        forge({ w: floats(1) }, '{"w":{"type":"params","metadata":{"x":{"$":"evil"}}}}'),
        /nnx\.leaves.*w.*metadata.*evil/s,
      ],
    ] as const) {
      const checkpoint = await open(file);
      const before = tf.memory().numTensors;
      const error: unknown = await (async () => {
        nnx.dispose(await checkpoint.read("w"));
        return checkpoint.state();
      })().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(nnx.NnxError);
      expect((error as Error).message).toMatch(message);
      expect(tf.memory().numTensors).toBe(before);
    }
    const yes = await open(
      forge({ w: { dtype: "BOOL", shape: [], bytes: Uint8Array.of(1) } }, '{"w":{"kind":"boolean"}}'),
    );
    expect(await yes.read("w")).toBe(true);
  });

  it.each([
    '{"type":5}',
    '{"metadata":[]}',
    '{"metadata":null}',
    '{"unwritten":"x"}',
    '{"unwritten":[1]}',
    '{"kind":"data"}',
    '{"kind":"tensor","value":1}',
    '{"kind":"tree","value":{"a":null},"parts":[]}',
    '{"kind":"tree","value":{"a":null}}',
    '{"kind":"tree","value":{"a":null},"parts":{"length":1}}',
    '{"kind":"tree","value":{"a":null},"parts":[{"path":[],"kind":"tensor"}]}',
    '{"kind":"tree","value":{"a":null},"parts":[{"path":["a"],"kind":"number"}]}',
    '{"kind":"tree","value":{"a":null},"parts":[{"path":"a","kind":"tensor"}]}',
    '{"kind":"tree","value":{"a":null},"parts":[{"path":[1.5],"kind":"tensor"}]}',
    '{"kind":"tree","value":{"a":null},"parts":[{"path":[null],"kind":"tensor"}]}',
    '{"kind":"tree","value":{"a":null},"parts":[{"path":["a",null],"kind":"tensor"}]}',
    '{"kind":"tree","value":{"a":null},"parts":[null]}',
    '{"kind":"tensor","parts":[{"path":["a"],"kind":"tensor"}]}',
    '{"kind":null}',
    "[]",
    "null",
    "5",
  ])("has no leaf that is described as %s", async (description) => {
    await expect(open(forge({ w: floats(1) }, `{"w":${description}}`))).rejects.toThrow(
      "the bytes, nnx.leaves at w: expected the description of a leaf, got something else",
    );
  });

  it.each(["null", "5", '"x"', "[]"])("has no %s in the place of descriptions or checksums", async (json) => {
    await expect(open(forge({ w: floats(1) }, json))).rejects.toThrow(
      "the bytes, nnx.leaves: expected an object, got something else",
    );
    await expect(open(forge({ w: floats(1) }, '{"w":{}}', { "nnx.crc32": json }))).rejects.toThrow(
      "the bytes, nnx.crc32: expected an object, got something else",
    );
  });

  it.each(["12345678", '"1234567"', '"123456789"', '"1234567G"', '"x12345678"', "null"])(
    "has no checksum like %s",
    async (crc) => {
      const error: unknown = await open(
        forge({ w: floats(1) }, '{"w":{}}', { "nnx.crc32": `{"w":${crc}}` }),
      ).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CheckpointError);
      expect((error as Error).message).toMatch(/^the bytes, nnx\.crc32 at w: expected 8 hexadecimal digits/);
    },
  );
});
