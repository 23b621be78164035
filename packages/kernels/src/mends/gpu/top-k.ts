/** @file `tf.topk` on webgl and webgpu: the bitonic network of tensorflow.js, with an order of all floats. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo, TopKAttrs } from "@tensorflow/tfjs-core";
import { GPU, int, isOnProcessor, isWebgpu, runForEach, type Uniform, unpacked } from "../../gpu/program.ts";
import { arraysOf } from "../../memory/access.ts";
import { sizeOf, withShape } from "../../shape.ts";
import { type Mend, reshaped, scopedAll } from "../../mend.ts";
import { isAllFinite, writeLargest } from "../top-k.ts";
import { isBefore } from "./places.ts";

/** The places p and q at i and `i + step`, and whether q comes first. Those beyond the row come last. */
const compared = (isFirst: boolean, step: string): string => `
  var_int p = ${isFirst ? "i" : "i32(getP(row, i))"};
  var_int q = ${isFirst ? `i + ${step}` : `i32(getP(row, i + ${step}))`};
  var_float v = 0.0; if (p < UNIFORM_columns) { v = getX(row, p); }
  var_float w = 0.0; if (q < UNIFORM_columns) { w = getX(row, q); }
  var_int turned = 0;
  if (q < UNIFORM_columns && (p >= UNIFORM_columns || isBefore(w, q, v, p))) { turned = 1; }`;

const AT = "var_int row = at / UNIFORM_width; var_int own = at - row * UNIFORM_width;";

/** Of a group of `2 * inc` places, the ones of the first half change with those of the second. */
const swapped = (isFirst: boolean): string => `${AT}
  var_int group = own / (2 * UNIFORM_inc); var_int rest = own - group * 2 * UNIFORM_inc;
  var_int i = own; if (rest >= UNIFORM_inc) { i = own - UNIFORM_inc; }
  ${compared(isFirst, "UNIFORM_inc")}
  var_int turn = own / UNIFORM_dir;
  if (turn - turn / 2 * 2 == 1) { turned = 1 - turned; }
  if (rest >= UNIFORM_inc) { turned = 1 - turned; }
  if (turned == 1) { return f32(q); } return f32(p);`;

/** Of two neighbouring groups of k, the better ones. */
const merged = (isFirst: boolean): string => `${AT}
  var_int i = own + own / UNIFORM_k * UNIFORM_k;
  ${compared(isFirst, "UNIFORM_k")}
  if (turned == 1) { return f32(q); } return f32(p);`;

const VALUES = `${AT} return getX(row, i32(getP(row, own)));`;

/** The least power of two that is no less. */
const power = (size: number): number => 2 ** Math.ceil(Math.log2(size));

/** The largest elements of rows, and their places. */
function largest(backend: object, x: TensorInfo, k: number): TensorInfo[] {
  const columns = x.shape.at(-1)!;
  const rows = sizeOf(x.shape) / columns;
  const values = unpacked(backend, reshaped(x, [rows, columns]));
  let places: Tensor | undefined;
  const run = (name: string, body: (isFirst: boolean) => string, width: number, more: Uniform[]): void => {
    const isFirst = places === undefined;
    const program = {
      name: `topK ${name} ${isFirst ? "first" : ""}`,
      body: body(isFirst),
      inputs: isFirst ? ["X"] : ["X", "P"],
      before: isBefore(">"),
    };
    const made = runForEach(backend, program, places ? [values, places] : [values], rows * width, "int32", [
      int("width", width),
      int("columns", columns),
      ...more,
    ]);
    places?.dispose();
    places = tf.engine().makeTensorFromTensorInfo(withShape(made, [rows, width]));
  };
  const group = power(k);
  /** Sorts groups that are sorted up to `dir`, every other one the other way round. */
  const sort = (dir: number, width: number): void => {
    for (let inc = dir / 2; inc >= 1; inc /= 2)
      run("swap", swapped, width, [int("inc", inc), int("dir", dir)]);
  };
  let width = power(columns);
  for (let dir = 2; dir <= group; dir *= 2) sort(dir, width);
  while (width > group) {
    width /= 2;
    run("merge", merged, width, [int("k", group)]);
    sort(group, width);
  }
  const shape = [...x.shape.slice(0, -1), k];
  const first = tf.slice(places!, [0, 0], [rows, k]);
  const program = { name: "topK values", body: VALUES, inputs: ["X", "P"] };
  const dtype = x.dtype as "float32" | "int32" | "bool";
  const found = runForEach(backend, program, [values, first], rows * k, dtype, [int("width", k)]);
  return [withShape(found, shape), tf.reshape(first, shape)];
}

/** Whether tensorflow.js computes on the processor: on webgl up to long rows, and for many places. */
const isRead = (backend: object, x: TensorInfo, k: number): boolean =>
  isOnProcessor(backend, [x]) ||
  (!isWebgpu(backend) &&
    (x.shape.at(-1)! < tf.env().getNumber("TOPK_LAST_DIM_CPU_HANDOFF_SIZE_THRESHOLD") ||
      k > tf.env().getNumber("TOPK_K_CPU_HANDOFF_THRESHOLD")));

export const gpuTopKMend: Mend = {
  kernelName: "TopK",
  backends: GPU,
  around: (stock) => (call) => {
    const { inputs, attrs, backend } = call;
    const { x } = inputs as { readonly x: TensorInfo };
    const { k } = attrs as unknown as TopKAttrs;
    const columns = x.shape.at(-1)!;
    if (sizeOf(x.shape) === 0 || k === 0 || columns === 1) return stock(call);
    if (!isRead(backend, x, k)) return scopedAll(() => largest(backend, x, k));
    if (x.dtype !== "float32") return stock(call);
    const from = arraysOf(backend).readSync(x.dataId);
    // What was read is kept, for the stock kernel, too.
    if (isAllFinite(from)) return stock(call);
    const shape = [...x.shape.slice(0, -1), k];
    const [values, places] = [new Float32Array(sizeOf(shape)), new Int32Array(sizeOf(shape))];
    writeLargest(from, columns, k, values, places);
    return [
      arraysOf(backend).makeTensorInfo(shape, "float32", values),
      arraysOf(backend).makeTensorInfo([...shape], "int32", places),
    ];
  },
};
