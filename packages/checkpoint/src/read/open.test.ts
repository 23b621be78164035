/** @file What is opened: places, bytes, Blobs, and an index with its files. */
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { describe, expect, it } from "vitest";
import { floats, plain } from "../../test/forge.ts";
import { type MemoryFolder, memoryFolder } from "../../test/memory-folder.ts";
import { CheckpointError, open, restore, save, type StorageFile, toBytes } from "../index.ts";

const model = (x: number) => ({
  a: new nnx.Param(tf.fill([2], x)),
  b: new nnx.Param(tf.fill([2], x + 1)),
  c: new nnx.Param(tf.fill([3], x + 2)),
  note: new nnx.Variable<unknown>(`of ${x}`),
});
const bytesOf = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const textIn = (folder: MemoryFolder, name: string): string =>
  new TextDecoder().decode(folder.files.get(name));

interface Index {
  metadata: Record<string, unknown>;
  weight_map: Record<string, unknown>;
}

/** A checkpoint in two files, with its index. */
async function sharded(): Promise<{ folder: MemoryFolder; place: StorageFile; index: Index }> {
  const folder = memoryFolder();
  const place = { folder, file: "m.safetensors" };
  const saved = model(1);
  await save(saved, place, { maxShardBytes: 16, metadata: { note: "n" } });
  nnx.dispose(saved);
  return { folder, place, index: JSON.parse(textIn(folder, "m.safetensors.index.json")) as Index };
}

describe("shards", () => {
  it("are as full as they may be, and the first has what is said of the whole", async () => {
    const { folder, index } = await sharded();
    const [first, second, ...more] = [...folder.files.keys()] as [string, string];
    expect(more).toEqual(["m.safetensors.index.json"]);
    expect(first).toMatch(/^m-[\da-f]{8}-00001-of-00002\.safetensors$/);
    expect(second).toBe(first.replace("00001", "00002"));
    expect(index.weight_map).toEqual({ a: first, b: first, c: second });
    expect(index.metadata).toEqual({
      total_size: 28,
      "nnx.format": "1",
      "nnx.shards": { [first]: expect.stringMatching(/^[\da-f]{8}$/), [second]: expect.any(String) },
    });
    const parts = await Promise.all([first, second].map((file) => open({ folder, file })));
    expect(parts.map((part) => part.keys())).toEqual([["note", "a", "b"], ["c"]]);
    expect(parts.map((part) => part.metadata)).toEqual([{ note: "n" }, {}]);
    expect(parts[0]?.graphdefJson().format).toBe("nnx.graphdef");
    expect(() => parts[1]?.graphdefJson()).toThrow(nnx.NotFoundError);
    await Promise.all(parts.map((part) => part.close()));
    expect(folder.opened).toBe(0);
  });

  it("of a save before go with it, and nothing that is only called like them", async () => {
    const { folder, place } = await sharded();
    const others = [
      "m-12345678-00001-of-00002.safetensors.bak",
      "m-1234567-00001-of-00002.safetensors",
      "m-12345678-0001-of-00002.safetensors",
      "m-12345678-00001-of-0002.safetensors",
      "m-x-12345678-00001-of-00002.safetensors",
      "n-12345678-00001-of-00002.safetensors",
      "mm-12345678-00001-of-00002.safetensors",
      "m-1234567g-00001-of-00002.safetensors",
    ];
    for (const name of [...others, "m-12345678-00001-of-00002.safetensors"])
      folder.files.set(name, new Uint8Array());
    const saved = model(2);
    await save(saved, place);
    expect([...folder.files.keys()].sort()).toEqual([...others, "m.safetensors"].sort());
    await save(saved, place, { maxShardBytes: 16 });
    expect([...folder.files.keys()].filter((name) => !others.includes(name))).toHaveLength(3);
    expect(folder.files.has("m.safetensors")).toBe(false);
    // Names without the ending have it in their shards all the same.
    await save(saved, { folder, file: "other" }, { maxShardBytes: 16 });
    expect([...folder.files.keys()].filter((name) => name.startsWith("other"))).toEqual([
      expect.stringMatching(/^other-[\da-f]{8}-00001-of-00002\.safetensors$/),
      expect.stringMatching(/^other-[\da-f]{8}-00002-of-00002\.safetensors$/),
      "other.index.json",
    ]);
    nnx.dispose(saved);
  });

  it.each<[string, (index: Index, shard: string) => unknown, RegExp]>([
    ["null", () => null, /expected an index: an object with weight_map, got something else/],
    ["a text", () => "x", /expected an index: an object with weight_map, got something else/],
    ["no map", ({ metadata }) => ({ metadata }), /expected weight_map to be an object, got something else/],
    ["null as a map", (all) => ({ ...all, weight_map: null }), /expected weight_map to be an object/],
    ["a list as a map", (all) => ({ ...all, weight_map: [] }), /expected weight_map to be an object/],
    ...["", ".", "..", "../x", "/x", "x\\y", "a\0b", 5, null].map(
      (name): [string, (index: Index) => unknown, RegExp] => [
        `${JSON.stringify(name)} as a file`,
        (all) => ({ ...all, weight_map: { ...all.weight_map, a: name } }),
        /, weight_map at a: expected a name or a checksum, got something else/,
      ],
    ),
    [
      "a file that is not among its own",
      (all) => ({ ...all, weight_map: { ...all.weight_map, a: "x" } }),
      /expected x among nnx\.shards, got no such file/,
    ],
    [
      "no files",
      (all) => ({ ...all, metadata: { ...all.metadata, "nnx.shards": undefined } }),
      /expected nnx\.shards to be an object/,
    ],
    [
      "a checksum that is a number",
      (all, shard) => ({ ...all, metadata: { ...all.metadata, "nnx.shards": { [shard]: 5 } } }),
      /, nnx\.shards at m-.*: expected a name or a checksum/,
    ],
    [
      "a file of its own outside of the folder",
      (all) => ({
        ...all,
        metadata: {
          ...all.metadata,
          "nnx.shards": { ...(all.metadata["nnx.shards"] as object), "../x": "" },
        },
      }),
      /expected names of files, got \.\.\/x/,
    ],
    [
      "no size",
      (all) => ({ ...all, metadata: { ...all.metadata, total_size: undefined } }),
      /expected total_size to be a number of bytes/,
    ],
    [
      "a size that is a text",
      (all) => ({ ...all, metadata: { ...all.metadata, total_size: "28" } }),
      /expected total_size to be a number of bytes/,
    ],
    [
      "another size",
      (all) => ({ ...all, metadata: { ...all.metadata, total_size: 27 } }),
      /expected an index of all 3 tensors, of 28 bytes, got 3 of 27/,
    ],
    [
      "a tensor too few",
      ({ metadata, weight_map: { a: _, ...map } }) => ({ metadata, weight_map: map }),
      /expected an index of all 3 tensors, of 28 bytes, got 2 of 28/,
    ],
    [
      "another version",
      (all) => ({ ...all, metadata: { ...all.metadata, "nnx.format": "2" } }),
      /expected version 1 of the format, got another/,
    ],
  ])("are refused by an index that is, or has, %s", async (_, change, message) => {
    const { folder, place, index } = await sharded();
    const [shard] = [...folder.files.keys()] as [string];
    folder.files.set("m.safetensors.index.json", bytesOf(JSON.stringify(change(index, shard))));
    const error: unknown = await open(place).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).message).toMatch(/^memory\/m\.safetensors\.index\.json/);
    expect((error as Error).message).toMatch(message);
    expect(folder.opened).toBe(0);
  });

  it("are refused where one is a file of somebody else", async () => {
    const { folder, place } = await sharded();
    const [shard] = [...folder.files.keys()] as [string];
    folder.files.set(shard, plain({ a: floats(1, 1), b: floats(2, 2) }));
    await expect(open(place)).rejects.toThrow(`expected ${shard} to be of the same save`);
    expect(folder.opened).toBe(0);
  });

  it("are as they were where the index could not be written, or put in its place", async () => {
    const { folder, place } = await sharded();
    const before = [...folder.files.keys()];
    const saved = model(5);
    for (const fails of ["write", "commit"] as const) {
      const faulty = {
        ...folder,
        create: async (file: string) => {
          const writing = await folder.create(file);
          const failing = { ...writing, [fails]: () => Promise.reject(new Error(`no ${fails}`)) };
          return file.endsWith(".json") ? failing : writing;
        },
      };
      await expect(save(saved, { folder: faulty, file: place.file }, { maxShardBytes: 16 })).rejects.toThrow(
        `no ${fails}`,
      );
      expect([...folder.files.keys()]).toEqual(before);
    }
    nnx.dispose(saved);
  });

  it("of somebody else need say no more than which file has what, and may leave something out", async () => {
    const folder = memoryFolder();
    folder.files.set("1", plain({ a: floats(1), x: floats(9) }));
    folder.files.set("2", plain({ b: floats(2), a: floats(8) }));
    for (const metadata of [undefined, null, [], { total_size: "?" }]) {
      const index = { metadata, weight_map: { a: "1", b: "2" } };
      folder.files.set("m.index.json", bytesOf(JSON.stringify(index)));
      const checkpoint = await open({ folder, file: "m" });
      expect(checkpoint.keys()).toEqual(["a", "b"]);
      const into = { a: new nnx.Param(tf.zeros([1])), b: new nnx.Param(tf.zeros([1])) };
      await restore(into, checkpoint);
      expect([...into.a.value.dataSync(), ...into.b.value.dataSync()]).toEqual([1, 2]);
      await checkpoint.close();
      nnx.dispose(into);
    }
    folder.files.set("m.index.json", bytesOf('{"weight_map":{"a":"1","b":"1"}}'));
    await expect(open({ folder, file: "m" })).rejects.toThrow("expected b in 1, got no such tensor");
    folder.files.set("m.index.json", bytesOf('\u{feff}{"weight_map":{"a":"1"}}'));
    await expect(open({ folder, file: "m" })).rejects.toThrow("expected JSON");
    folder.files.set("m.index.json", Uint8Array.of(0xff));
    await expect(open({ folder, file: "m" })).rejects.toThrow(/an index: an object with weight_map/);
    expect(folder.opened).toBe(0);
  });

  it("have an index of at most 100 MB, of which no more is read", async () => {
    const folderOf = (size: number) => ({
      ...memoryFolder(),
      open: async (name: string) => ({
        name,
        size,
        read: () => Promise.reject(new Error("it was read")),
        close: async () => {},
      }),
    });
    const file = "m.index.json";
    await expect(open({ folder: folderOf(100_000_001), file })).rejects.toThrow(
      "m.index.json: expected an index of at most 100000000 bytes, got 100000001",
    );
    await expect(open({ folder: folderOf(100_000_000), file })).rejects.toThrow("it was read");
  });

  it("that are not there are not found, by the file and by the index", async () => {
    const folder = memoryFolder();
    await expect(open({ folder, file: "m" })).rejects.toThrow(
      "open: expected a checkpoint at memory/m, got no such file, and no m.index.json. Save one there first.",
    );
    await expect(open({ folder, file: "m.json" })).rejects.toThrow(
      "open: expected a checkpoint at memory/m.json, got no such file. Save one there first.",
    );
  });
});

describe("a place, a Blob and a URL", () => {
  const file = plain({ a: floats(1) });

  it("are known by what they can do", async () => {
    const blob = {
      size: file.length,
      slice: (start: number, end: number) => new Blob([file.slice(start, end)]),
      arrayBuffer: async () => file.buffer,
    };
    expect((await open(blob)).keys()).toEqual(["a"]);
    for (const odd of [
      { ...blob, size: "1" },
      { ...blob, slice: 5 },
      { size: 1, slice: blob.slice },
      { arrayBuffer: 1, size: 1 },
      { arrayBuffer: 1, slice: blob.slice },
      { href: 5, pathname: "/" },
      { href: "http://127.0.0.1:1/" },
      { pathname: "/" },
      { folder: memoryFolder(), file: 5 },
      { folder: memoryFolder() },
      { folder: null, file: "m" },
      { folder: { open: () => {} }, file: "m" },
      { file: "m" },
      null,
    ])
      await expect(open(odd as never)).rejects.toThrow(/^open: expected something to read from/);
  });

  it.each(["open", "create", "remove", "list"] as const)(
    "are no place to write to without %s",
    async (name) => {
      const saved = model(1);
      const folder = { ...memoryFolder(), [name]: undefined };
      await expect(save(saved, { folder, file: "m" } as never)).rejects.toThrow(
        /^save: expected a place to write to/,
      );
      nnx.dispose(saved);
    },
  );
});

describe("saving", () => {
  it("names itself where it refuses, and takes nothing from the model", async () => {
    const before = tf.memory().numTensors;
    const saved = model(1);
    const count = tf.memory().numTensors;
    await expect(toBytes(saved, { metadata: 5 as never })).rejects.toThrow(/^toBytes: expected metadata/);
    await expect(toBytes({ a: 5 })).rejects.toThrow(/^toBytes at a: /);
    await expect(save({ a: 5 }, { folder: memoryFolder(), file: "m" })).rejects.toThrow(/^save at a: /);
    await toBytes(saved);
    await save(saved, { folder: memoryFolder(), file: "m" });
    await save(saved, { folder: memoryFolder(), file: "m" }, { maxShardBytes: 16 });
    const broken = memoryFolder();
    broken.budget = 1;
    await expect(save(saved, { folder: broken, file: "m" })).rejects.toThrow("the disk is gone");
    expect(tf.memory().numTensors).toBe(count);
    // Nobody holds them any more, so that they go with the model.
    nnx.dispose(saved);
    expect(tf.memory().numTensors).toBe(before);
  });

  it("takes a State as it is, with leaves that a model could not have beside each other", async () => {
    const state = nnx.unflattenState([
      [["w"], tf.scalar(1)],
      [["n"], { type: nnx.Variable, value: 3, metadata: {} }],
    ]);
    const checkpoint = await open(await toBytes(state));
    expect(checkpoint.keys()).toEqual(["n", "w"]);
    expect(await checkpoint.read("n")).toBe(3);
    // The caller has it still.
    expect(nnx.flattenState(state)).toHaveLength(2);
    nnx.dispose(state);
  });
});
