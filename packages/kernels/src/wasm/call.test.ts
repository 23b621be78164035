import * as tf from "@tensorflow/tfjs-core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { onEachBackend } from "../../../../scripts/use-backend.ts";
import { wasmCall, wasmRun } from "./call.ts";
import { freeScratch, heapOf, scratchOn } from "../memory/heap.ts";
import { functionsOver, useWasmKernels, type WasmModule } from "./module.ts";
import { productModule } from "./product.generated.ts";

/** `pack4` as a plain copy of n numbers: panels of one column, up to three zeros at the end. */
const copied = (x: tf.Tensor, size: number): tf.TensorInfo[] | undefined =>
  wasmCall(
    tf.backend(),
    productModule,
    "pack4",
    [x],
    [{ shape: [size], dtype: "float32" }],
    [x.size, 1, 4, 4],
  );

const valuesOf = (infos: tf.TensorInfo[] | undefined): number[] => {
  const tensors = infos!.map((info) => tf.engine().makeTensorFromTensorInfo(info));
  const values = tensors.flatMap((x) => [...x.dataSync()]);
  tf.dispose(tensors);
  return values;
};

onEachBackend("a call of a kernel", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    useWasmKernels(true);
  });

  it("gives it the values, and makes tensors of its results", () => {
    const x = tf.tensor1d([1, 2, 3, 4, 5]);
    const before = [tf.memory().numTensors, tf.backend().numDataIds()];
    expect(valuesOf(copied(x, 8))).toEqual([1, 2, 3, 4, 5, 0, 0, 0]);
    expect([tf.memory().numTensors, tf.backend().numDataIds()]).toEqual(before);
  });

  it("is right after the memory has grown", () => {
    const x = tf.tensor1d([1, 2, 3, 4]);
    expect(valuesOf(copied(x, 4))).toEqual([1, 2, 3, 4]);
    // The second makes cpu's memory larger than what is kept.
    for (const size of [1_000_000, 12_000_000]) {
      const large = tf.ones([size]);
      const copy = tf.engine().makeTensorFromTensorInfo(copied(large, size)![0]!);
      expect(tf.sum(copy).dataSync()[0]).toBe(size);
      expect(valuesOf(copied(x, 4))).toEqual([1, 2, 3, 4]);
      tf.dispose([large, copy]);
    }
    x.dispose();
  });

  it("frees its results when it throws", () => {
    const x = tf.tensor1d([1]);
    const before = tf.backend().numDataIds();
    const fails = (): unknown =>
      wasmRun(tf.backend(), {
        module: productModule,
        inputs: [x],
        outputs: [{ shape: [1], dtype: "float32" }],
        run: () => {
          throw new Error("no");
        },
      });
    expect(fails).toThrow("no");
    expect(tf.backend().numDataIds()).toBe(before);
  });

  it("is left to others for values it cannot reach, and where the engine refuses", () => {
    expect(copied(tf.tensor(["a"]), 4)).toBeUndefined();
    const x = tf.tensor1d([1]);
    useWasmKernels(false);
    expect(copied(x, 4)).toBeUndefined();
    useWasmKernels(true);
    const before = tf.backend().numDataIds();
    const broken: WasmModule<"f"> = { text: "nothing of a module" };
    expect(wasmCall(tf.backend(), broken, "f", [x], [{ shape: [1], dtype: "float32" }])).toBeUndefined();
    // A module that is new to the process, without SIMD or without WebAssembly.
    vi.stubGlobal("WebAssembly", { Memory: WebAssembly.Memory, Module: undefined });
    const copy: WasmModule<"pack4"> = { text: productModule.text };
    expect(wasmCall(tf.backend(), copy, "pack4", [x], [{ shape: [4], dtype: "float32" }])).toBeUndefined();
    expect(tf.backend().numDataIds()).toBe(before);
    x.dispose();
  });
});

describe("tensorflow.js's heap", () => {
  it("is found only where it is what the backend computes with", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const HEAPU8 = new Uint8Array(memory.buffer);
    expect(heapOf({ wasm: { asm: { memory }, HEAPU8 } })).toBe(memory);
    expect(heapOf({ wasm: { wasmMemory: memory, asm: {}, HEAPU8 } })).toBe(memory);
    expect(heapOf({ wasm: { asm: { memory }, HEAPU8: new Uint8Array(8) } })).toBeUndefined();
    expect(heapOf({ wasm: { asm: {}, HEAPU8 } })).toBeUndefined();
    expect(heapOf({ wasm: null })).toBeUndefined();
    expect(heapOf({})).toBeUndefined();
  });

  it("may be shared between threads", () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const functions = functionsOver(productModule, memory)!;
    const floats = new Float32Array(memory.buffer);
    floats.set([1, 2, 3, 4]);
    functions.pack4(0, 64, 4, 1, 4, 4);
    expect([...floats.subarray(16, 20)]).toEqual([1, 2, 3, 4]);
  });

  it("lends scratch memory, and gets it back", () => {
    const held = new Map<number, number>();
    let next = 8;
    const wasm = {
      _malloc: (bytes: number): number => {
        held.set(next, bytes);
        next += bytes + 8;
        return next - bytes - 8;
      },
      _free: (at: number): void => void held.delete(at),
    };
    const first = scratchOn({ wasm }, 100);
    expect(scratchOn({ wasm }, 60_000)).toBe(first);
    expect(scratchOn({ wasm }, 70_000)).not.toBe(first);
    expect(held.size).toBe(1);
    freeScratch();
    expect(held.size).toBe(0);
    expect(scratchOn({ wasm: { _malloc: () => 0, _free: () => {} } }, 8)).toBeUndefined();
    expect(scratchOn({ wasm: {} }, 8)).toBeUndefined();
  });
});
