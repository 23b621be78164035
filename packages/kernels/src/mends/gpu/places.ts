/** @file `tf.argMax` and `tf.argMin` on webgl and webgpu. */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { GPU, int, isWebgpu, runForEach, unpacked, WORKGROUP } from "../../gpu/program.ts";
import { filled } from "../../memory/access.ts";
import { axisOf, sizeOf, withShape } from "../../shape.ts";
import { type Mend, mend, scoped } from "../../mend.ts";

/** As many elements as one run of the program goes over. */
const PART = 64;

type Better = ">" | "<";

/** Whether an element comes before another: NaN does before all, and the first of equals before others. */
export const isBefore = (isBetter: Better): { readonly glsl: string; readonly wgsl: string } => {
  const body = `{
    if (isnan(v)) { return !isnan(w) || i < k; }
    if (isnan(w)) { return false; }
    return v ${isBetter} w || (v == w && i < k);
  }`;
  return {
    glsl: `bool isBefore(float v, int i, float w, int k) ${body}`,
    wgsl: `fn isBefore(v : f32, i : i32, w : f32, k : i32) -> bool ${body}`,
  };
};

/** The place of the first element of each part of a row: of the row itself, or of places in it. */
const partsOf = (isOfPlaces: boolean): string => `
  var_int row = at / UNIFORM_parts; var_int first = (at - row * UNIFORM_parts) * ${PART};
  var_int place = ${isOfPlaces ? "i32(getP(row, first))" : "first"};
  var_float best = getX(row, place);
  for (var_int k = 1; k < ${PART}; k++) {
    if (first + k < UNIFORM_columns) {
      var_int i = ${isOfPlaces ? "i32(getP(row, first + k))" : "first + k"};
      var_float v = getX(row, i);
      if (isBefore(v, i, best, place)) { best = v; place = i; }
    }
  }
  return f32(place);`;

/** The same of a row with more elements than a group of webgpu has threads. */
const OF_ROW = `
  let row = at / ${WORKGROUP}; let own = i32(localId.x);
  var place = own; var best = 0.0;
  if (row < uniforms.size) {
    best = getX(row, own);
    for (var i = own + ${WORKGROUP}; i < uniforms.columns; i += ${WORKGROUP}) {
      let v = getX(row, i);
      if (isBefore(v, i, best, place)) { best = v; place = i; }
    }
  }
  bests[own] = best; places[own] = place;
  workgroupBarrier();
  for (var reach = ${WORKGROUP / 2}; reach > 0; reach /= 2) {
    if (own < reach && isBefore(bests[own + reach], places[own + reach], bests[own], places[own])) {
      bests[own] = bests[own + reach]; places[own] = places[own + reach];
    }
    workgroupBarrier();
  }
  if (own == 0 && row < uniforms.size) { result[row] = places[0]; }`;

const MEMORY = `var<workgroup> bests : array<f32, ${WORKGROUP}>; var<workgroup> places : array<i32, ${WORKGROUP}>;`;

/** One place for each row, by one program. */
function byGroups(backend: object, isBetter: Better, values: Tensor): TensorInfo {
  const [rows, columns] = values.shape as [number, number];
  const { wgsl } = isBefore(isBetter);
  const before = { glsl: "", wgsl: MEMORY + wgsl };
  const program = { name: `place of ${isBetter}`, body: OF_ROW, inputs: ["X"], before, isOfGroups: true };
  return runForEach(backend, program, [values], rows, "int32", [int("columns", columns)]);
}

/** The same by the places of parts, among them those of parts again, and so on. */
function byParts(backend: object, isBetter: Better, values: Tensor): TensorInfo {
  const [rows, columns] = values.shape as [number, number];
  const inputs = [values];
  for (let left = columns; ; ) {
    const parts = Math.ceil(left / PART);
    const program = {
      name: `places of ${isBetter} in ${inputs.length}`,
      body: partsOf(inputs.length > 1),
      inputs: ["X", "P"].slice(0, inputs.length),
      before: isBefore(isBetter),
    };
    const counts = [int("parts", parts), int("columns", left)];
    const found = runForEach(backend, program, inputs, rows * parts, "int32", counts);
    if (parts === 1) return found;
    inputs[1] = tf.engine().makeTensorFromTensorInfo(withShape(found, [rows, parts]));
    left = parts;
  }
}

const place = (kernelName: "ArgMax" | "ArgMin", isBetter: Better): Mend =>
  mend<"x", { axis: number }>(kernelName, GPU, ({ inputs: { x }, attrs, backend, stock }) => {
    const rank = x.shape.length;
    const axis = axisOf(attrs.axis, rank);
    const others = [...x.shape.keys()].filter((each) => each !== axis);
    const shape = others.map((each) => x.shape[each]!);
    const [rows, columns] = [sizeOf(shape), x.shape[axis]!];
    if (rows === 0) return filled(backend, { shape, dtype: "int32" }, 0);
    if (columns === 0) return withShape(stock(), shape);
    return scoped(() => {
      const moved = axis === rank - 1 ? (x as Tensor) : tf.transpose(x as Tensor, [...others, axis]);
      const values = unpacked(backend, tf.reshape(moved, [rows, columns]));
      const find = isWebgpu(backend) && columns > WORKGROUP ? byGroups : byParts;
      return withShape(find(backend, isBetter, values), shape);
    });
  });

/** Replacements of kernels that find places. */
export const gpuPlaceMends: readonly Mend[] = [place("ArgMax", ">"), place("ArgMin", "<")];
