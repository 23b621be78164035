/** @file Checkpoints behind a URL, with servers that know ranges and such that do not; and Blobs. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import * as tf from "@tensorflow/tfjs-core";
import * as nnx from "@nnxjs/nnx";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { memoryFolder } from "../../test/memory-folder.ts";
import { CheckpointError, open, restore, save, toBytes } from "../index.ts";
import { urlFile } from "./url.ts";

const files = new Map<string, Uint8Array>();
let requests: string[] = [];
let answer: (request: IncomingMessage, response: ServerResponse, bytes: Uint8Array) => void;

const inRanges: typeof answer = (request, response, bytes) => {
  const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const [start, end] = [Number(from), Math.min(Number(to), bytes.length - 1)];
  if (start >= bytes.length) {
    response.writeHead(416, { "Content-Range": `bytes */${bytes.length}` }).end();
    return;
  }
  response
    .writeHead(206, { "Content-Range": `bytes ${start}-${end}/${bytes.length}`, ETag: `"${bytes.length}"` })
    .end(bytes.subarray(start, end + 1));
};
const whole: typeof answer = (_, response, bytes) => void response.writeHead(200).end(bytes);

const server = createServer((request, response) => {
  requests.push(`${request.url} ${request.headers.range ?? ""}`);
  const bytes = files.get(decodeURIComponent(request.url?.slice(1) ?? ""));
  if (bytes) answer(request, response, bytes);
  else response.writeHead(404).end();
});
let base = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => void server.close());
beforeEach(() => {
  files.clear();
  requests = [];
  answer = inRanges;
});

const model = (x: number) => ({ a: new nnx.Param(tf.fill([100], x)), b: new nnx.Param(tf.fill([200], -x)) });
const valuesOf = ({ a, b }: ReturnType<typeof model>): unknown[] => [
  a.value.dataSync()[99],
  b.value.dataSync()[0],
];

describe("a URL", () => {
  it("is read in ranges, and only what is asked for", async () => {
    files.set("m", await toBytes(model(1)));
    const checkpoint = await open(new URL(`${base}/m`));
    const b = (await checkpoint.read("b")) as tf.Tensor;
    expect(b.dataSync()[0]).toBe(-1);
    const size = files.get("m")?.length as number;
    expect(requests).toHaveLength(4);
    expect(requests[3]).toBe(`/m bytes=${size - 800}-${size - 1}`);
    const into = model(7);
    await restore(into, checkpoint);
    expect(valuesOf(into)).toEqual([1, -1]);
  });

  it("is read as a whole where the server does not know ranges", async () => {
    files.set("m", await toBytes(model(1)));
    answer = whole;
    const into = model(7);
    await restore(into, new URL(`${base}/m`));
    expect(valuesOf(into)).toEqual([1, -1]);
    expect(requests).toHaveLength(1);
  });

  it("of an index, or with one beside it, leads to the shards", async () => {
    const folder = memoryFolder();
    await save(model(1), { folder, file: "m ä.safetensors" }, { maxShardBytes: 500 });
    for (const [name, bytes] of folder.files) files.set(name, bytes);
    for (const [name, bytes] of folder.files) files.set(`runs/7/${name}`, bytes);
    for (const name of ["m ä.safetensors", "m ä.safetensors.index.json"]) {
      for (const place of ["", "runs/7/"]) {
        requests = [];
        const into = model(7);
        await restore(into, new URL(`${base}/${place}${encodeURIComponent(name)}`));
        expect(valuesOf(into)).toEqual([1, -1]);
        expect(requests.every((request) => request.startsWith(`/${place}m%20`))).toBe(true);
      }
    }
    const checkpoint = await open(new URL(`${base}/runs/7/m%20%C3%A4.safetensors.index.json`));
    expect(checkpoint.name).toBe(`${base}/runs/7/m%20%C3%A4.safetensors.index.json`);
    await expect(open(new URL(`${base}/runs/7/none`))).rejects.toThrow(
      `open: expected a checkpoint at ${base}/runs/7/none, got no such file`,
    );
  });

  it("of data is read, whatever is in it", async () => {
    // A "%" that begins no byte stands for itself.
    const bytes = await toBytes(model(1), { metadata: { note: "100%zz" } });
    const text = Array.from(bytes, (byte) =>
      byte === 0x25 ? "%" : `%${byte.toString(16).padStart(2, "0")}`,
    ).join("");
    const checkpoint = await open(new URL(`data:application/octet-stream,${text}`));
    expect(checkpoint.metadata).toEqual({ note: "100%zz" });
    const into = model(7);
    await restore(into, checkpoint);
    expect(valuesOf(into)).toEqual([1, -1]);
  });

  it("is no place to write to", async () => {
    const { folder, file } = urlFile(new URL(`${base}/runs/m%20n`));
    expect([folder.name, file]).toEqual([`${base}/runs`, "m n"]);
    for (const attempt of [folder.create("m"), folder.remove("m"), folder.list()])
      await expect(attempt).rejects.toThrow(`${base}/runs: expected a place to write to, got a URL`);
  });

  it.each([
    "",
    "bytes 0-7/*",
    "bytes 1-7/2000",
    "bytes 0-7/1234567890123456",
    "bytes 0-7/20x",
    "xbytes 0-7/2000",
  ])("whose server gives parts, and %j as their place, is refused", async (range) => {
    files.set("m", await toBytes(model(1)));
    answer = (_, response, bytes) => {
      response.writeHead(206, { "Content-Range": range }).end(bytes.subarray(0, 8));
    };
    await expect(open(new URL(`${base}/m`))).rejects.toThrow(
      `${base}/m: expected the size of the file in Content-Range, got none`,
    );
  });

  it("is the same file as long as no tag says otherwise: one that is weak, or missing, says nothing", async () => {
    let tag: string | undefined;
    answer = (request, response, bytes) => {
      const [, from, to] = /(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
      const end = Math.min(Number(to), bytes.length - 1);
      response
        .writeHead(206, {
          "Content-Range": `bytes ${from}-${end}/${bytes.length}`,
          ...(tag === undefined ? {} : { ETag: tag }),
        })
        .end(bytes.subarray(Number(from), end + 1));
    };
    files.set("m", await toBytes(model(1)));
    const readWith = async (first: string | undefined, second: string | undefined): Promise<void> => {
      tag = first;
      const checkpoint = await open(new URL(`${base}/m`));
      tag = second;
      tf.dispose((await checkpoint.read("a")) as tf.Tensor);
    };
    for (const [first, second] of [
      [undefined, '"1"'],
      ['"1"', undefined],
      ['"1"', '"1"'],
      ['W/"1"', 'W/"2"'],
      ['W/"1"', '"2"'],
      ['"1"', 'W/"1"'],
    ])
      await readWith(first, second);
    await expect(readWith('"1"', '"2"')).rejects.toThrow(
      "expected a part of the same file, got another file",
    );
  });

  it("whose server gives something else than the part is refused", async () => {
    files.set("m", await toBytes(model(1)));
    const checkpoint = await open(new URL(`${base}/m`));
    answer = whole;
    await expect(checkpoint.read("a")).rejects.toThrow("expected a part of the same file, got status 200");
    answer = (_, response) => void response.writeHead(206).end(new Uint8Array(3));
    await expect(checkpoint.read("a")).rejects.toThrow("expected 400 bytes, got 3");
    answer = (_, response) => void response.writeHead(410).end();
    await expect(open(new URL(`${base}/m`))).rejects.toThrow(nnx.NotFoundError);
    const error: unknown = await open(new URL("http://127.0.0.1:1/m")).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).cause).toBeInstanceOf(TypeError);
  });

  it("that leads nowhere, or to something that changes, is refused", async () => {
    await expect(open(new URL(`${base}/none`))).rejects.toThrow(/expected a checkpoint at http.*none/);
    await expect(open(new URL("http://127.0.0.1:1/m"))).rejects.toThrow(/expected an answer, got none/);
    files.set("m", await toBytes(model(1)));
    answer = (_, response) => void response.writeHead(500).end();
    await expect(open(new URL(`${base}/m`))).rejects.toThrow(/status 500/);
    answer = inRanges;
    files.set("empty", new Uint8Array());
    await expect(open(new URL(`${base}/empty`))).rejects.toThrow(/at least 8 bytes/);
    const checkpoint = await open(new URL(`${base}/m`));
    files.set("m", new Uint8Array(10_000));
    await expect(checkpoint.read("a")).rejects.toThrow(/another file/);
    answer = (request, response, bytes) =>
      request.headers.range === "bytes=0-7"
        ? inRanges(request, response, bytes)
        : whole(request, response, bytes);
    await expect(open(new URL(`${base}/m`))).rejects.toThrow(nnx.NnxError);
    await expect(save(model(1), new URL(`${base}/m`) as never)).rejects.toThrow(
      /expected a place to write to/,
    );
  });
});

describe("a Blob", () => {
  it("is read in parts", async () => {
    const bytes = await toBytes(model(1));
    for (const source of [new Blob([bytes]), new File([bytes], "m"), bytes.buffer, bytes.subarray(0)]) {
      const into = model(7);
      await restore(into, source);
      expect(valuesOf(into)).toEqual([1, -1]);
    }
    // At a place in memory that no float begins at.
    const odd = new Uint8Array(bytes.length + 1);
    odd.set(bytes, 1);
    const into = model(7);
    await restore(into, odd.subarray(1));
    expect(valuesOf(into)).toEqual([1, -1]);
  });
});
