import * as tf from "@tensorflow/tfjs-core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { useBackend } from "../../../../scripts/use-backend.ts";
import { mendKernels } from "../mend-kernels.ts";
import { restoreKernels } from "../registry.ts";
import { useWasmKernels } from "../wasm/module.ts";
import { arrayOf, filled } from "./access.ts";
import { memoryOf } from "./bytes.ts";
import { newTensor } from "./new-tensor.ts";
import { arrayFor, dropFree, freeMemory, recyclable } from "./recycled.ts";

const SIZE = 4096;

beforeEach(async () => {
  await useBackend("cpu");
  mendKernels();
  dropFree();
});
afterEach(() => {
  useWasmKernels(true);
  dropFree();
});

/** The memory in which a tensor is, as our kernels get it. */
const bufferOf = (x: tf.Tensor): ArrayBufferLike => arrayOf(tf.engine().backend, x).buffer;
/** A tensor that one of our kernels made, with one number everywhere. */
const made = (value: number, size = SIZE): tf.Tensor1D => {
  const [zeros, number] = [tf.zeros([size]), tf.scalar(value)];
  const sum = tf.add(zeros, number) as tf.Tensor1D;
  tf.dispose([zeros, number]);
  return sum;
};
/** Results of kernels, which would take memory of the size that is free. */
const others = (size = SIZE): tf.Tensor[] => Array.from({ length: 4 }, (_, i) => made(100 + i, size));
const isAll = (values: ArrayLike<number>, value: number): boolean =>
  Array.from(values).every((each) => each === value);

it("memory of a freed result is that of the next result of the size", () => {
  const first = made(1);
  const buffer = bufferOf(first);
  first.dispose();
  expect(freeMemory()).toBe(4 * SIZE);
  const smaller = made(2, SIZE / 2);
  expect(bufferOf(smaller)).not.toBe(buffer);
  const second = made(3);
  expect(bufferOf(second)).toBe(buffer);
  expect(freeMemory()).toBe(0);
  expect(isAll(second.dataSync(), 3)).toBe(true);
  tf.dispose([smaller, second]);
});

it("is written whole by kernels that expect zeros", () => {
  made(7).dispose();
  const drawn = newTensor("float32", [SIZE], (out) => {
    out[0] = 1;
  });
  expect([...drawn.dataSync()].reduce((a, b) => a + b)).toBe(1);
  drawn.dispose();
});

describe("stays as it was", () => {
  it.each(["dataSync", "data", "bufferSync", "backend"] as const)("what %s gave", async (way) => {
    const x = made(5);
    const backend = tf.engine().backend as unknown as {
      data: { get(id: object): { values: Float32Array } };
    };
    const values =
      way === "dataSync"
        ? x.dataSync()
        : way === "data"
          ? await x.data()
          : way === "bufferSync"
            ? x.bufferSync().values
            : backend.data.get(x.dataId).values;
    x.dispose();
    const rest = others();
    expect(freeMemory()).toBe(0);
    expect(isAll(values, 5)).toBe(true);
    tf.dispose(rest);
  });

  it.each([true, false])("a part of a freed tensor (our kernels %s)", (ours) => {
    const x = made(5);
    if (!ours) restoreKernels();
    const parts = [tf.slice(x, 7, 2000), ...tf.split(x, 2), ...tf.unstack(tf.reshape(x, [2, SIZE / 2]))];
    mendKernels();
    x.dispose();
    const rest = [...others(), ...others(2000), ...others(SIZE / 2)];
    for (const part of parts) expect(isAll(part.dataSync(), 5)).toBe(true);
    tf.dispose([parts, rest]);
  });

  it("what another tensor has too", () => {
    const x = made(5);
    const [copy, flat] = [tf.clone(x), tf.reshape(x, [SIZE / 2, 2])];
    x.dispose();
    const rest = others();
    expect(isAll(copy.dataSync(), 5)).toBe(true);
    copy.dispose();
    rest.push(...others());
    expect(isAll(flat.dataSync(), 5)).toBe(true);
    tf.dispose([flat, rest]);
  });

  it("the parts of a complex tensor", () => {
    const [re, im] = [made(5), made(6)];
    const both = tf.complex(re, im);
    tf.dispose([re, im]);
    const rest = others();
    const parts = [tf.real(both), tf.imag(both)];
    both.dispose();
    rest.push(...others());
    expect(isAll(parts[0]!.dataSync(), 5)).toBe(true);
    expect(isAll(parts[1]!.dataSync(), 6)).toBe(true);
    tf.dispose([parts, rest]);
  });

  it("memory that is sent away", () => {
    const x = made(5);
    const memory = memoryOf(x)!;
    const sent = structuredClone(memory, { transfer: [memory] });
    x.dispose();
    const rest = others();
    expect(isAll(new Float32Array(sent), 5)).toBe(true);
    for (const [i, each] of rest.entries()) expect(isAll(each.dataSync(), 100 + i)).toBe(true);
    tf.dispose(rest);
  });

  it("what moves to another backend", async () => {
    const x = made(5);
    await useBackend("wasm");
    expect(isAll(tf.add(x, 1).dataSync(), 6)).toBe(true);
    await useBackend("cpu");
    const rest = others();
    expect(isAll(x.dataSync(), 5)).toBe(true);
    tf.dispose([x, rest]);
  });
});

it("is not kept when our kernels are gone", () => {
  const many = Array.from({ length: 3 }, (_, i) => made(i));
  restoreKernels();
  tf.dispose(many);
  expect(freeMemory()).toBe(0);
  mendKernels();
  made(1).dispose();
  expect(freeMemory()).toBe(4 * SIZE);
});

it("lets others give a tensor an array of theirs", () => {
  const x = made(5);
  const data = (
    tf.engine().backend as unknown as { data: { get(id: object): { values: Float32Array } } }
  ).data.get(x.dataId);
  const own = new Float32Array(SIZE).fill(8);
  data.values = own;
  expect(isAll(x.dataSync(), 8)).toBe(true);
  const sum = tf.add(x, 1);
  expect(isAll(sum.dataSync(), 9)).toBe(true);
  x.dispose();
  const rest = others();
  expect(isAll(own, 8)).toBe(true);
  tf.dispose([sum, rest]);
});

it.each(["float32", "int32", "bool"] as const)("%s takes the memory of any other", (dtype) => {
  const size = 8192;
  made(-1, (size * (dtype === "bool" ? 1 : 4)) / 4).dispose();
  expect(freeMemory()).toBeGreaterThan(0);
  const info = recyclable(tf.engine().backend, [size], dtype, arrayFor(dtype, size).fill(1));
  const x = tf.engine().makeTensorFromTensorInfo(info);
  expect(freeMemory()).toBe(0);
  expect(isAll(x.dataSync(), 1)).toBe(true);
  x.dispose();
});

it("counts tensors and data as before", () => {
  const { numTensors, numBytes, numDataBuffers } = tf.memory();
  const data = tf.engine().backend.numDataIds();
  for (let i = 0; i < 3; i++) made(i).dispose();
  expect(tf.memory()).toMatchObject({ numTensors, numBytes, numDataBuffers });
  expect(tf.engine().backend.numDataIds()).toBe(data);
});

it("keeps 128 MB at most, of the sizes that were used last", () => {
  const megabyte = 2 ** 18;
  const old = made(1, megabyte);
  old.dispose();
  const many = Array.from({ length: 129 }, () => newTensor("float32", [megabyte + 1], () => undefined));
  tf.dispose(many);
  expect(freeMemory()).toBeLessThanOrEqual(128 * 2 ** 20);
  expect(freeMemory()).toBeGreaterThan(0);
});

it("gives large arrays as they are to a backend that keeps no arrays, as those on a GPU", () => {
  const gpu = {
    makeTensorInfo: (shape: number[], dtype: string, values: Float32Array) => ({
      dataId: { values },
      shape,
      dtype,
    }),
  };
  const { dataId, shape } = filled(gpu, { shape: [2, SIZE], dtype: "float32" }, 7);
  const { values } = dataId as { readonly values: Float32Array };
  expect(shape).toEqual([2, SIZE]);
  expect([values.length, isAll(values, 7)]).toEqual([2 * SIZE, true]);
});
