/** @file Kernels that move elements: reshape, transpose, slice, join, repeat, look up. */
import { callKernel, inShape } from "../../tensor.ts";
import { type BatchRule, call, operand, shifted, whole } from "./rule.ts";

const reshape: BatchRule = ({ size, inputs: [x], outputs: [y] }) => inShape(x!.tensor, [size, ...y!.shape]);

const transpose: BatchRule = ({ inputs: [x], attrs }) =>
  call("Transpose", { x: x!.tensor }, { perm: [0, ...(attrs.perm as number[]).map((axis) => axis + 1)] });

const slice: BatchRule = ({ size, inputs: [x], attrs, outputs: [y] }) => {
  const begin = [attrs.begin as number | number[]].flat();
  // There may be fewer than axes.
  const rest = y!.shape.slice(begin.length).map(() => 0);
  return call("Slice", { x: x!.tensor }, { begin: [0, ...begin, ...rest], size: [size, ...y!.shape] });
};

const stridedSlice: BatchRule = ({ size, inputs: [x], attrs }) => {
  const { begin, end, strides, ...masks } = attrs as { begin: number[]; end: number[]; strides: number[] };
  if (begin.length !== x!.shape.length || Object.values(masks).some((mask) => mask !== 0)) return undefined;
  const moved = { begin: [0, ...begin], end: [size, ...end], strides: [1, ...strides] };
  return call("StridedSlice", { x: x!.tensor }, { ...masks, ...moved });
};

/** The attribute `axis` of the whole. */
const alongAxis: BatchRule = ({ name, named, inputs: [x], attrs }) =>
  callKernel(
    name,
    { [Object.keys(named)[0]!]: x!.tensor },
    { ...attrs, axis: shifted(attrs.axis as number, x!.shape.length) },
  );

const join: BatchRule = ({ name, size, inputs, attrs }) =>
  callKernel(
    name,
    inputs.map((each) => whole(each, size)),
    { ...attrs, axis: shifted(attrs.axis as number, inputs[0]!.shape.length + (name === "Pack" ? 1 : 0)) },
  );

const tile: BatchRule = ({ inputs: [x], attrs }) =>
  call("Tile", { x: x!.tensor }, { reps: [1, ...(attrs.reps as number[])] });

const pad: BatchRule = ({ name, inputs: [x], attrs }) =>
  call(name, { x: x!.tensor }, { ...attrs, paddings: [[0, 0], ...(attrs.paddings as number[][])] });

const reverse: BatchRule = ({ inputs: [x], attrs }) => {
  const rank = x!.shape.length;
  const given = attrs.dims as number | number[] | undefined;
  const axes = given === undefined ? x!.shape.map((_, i) => i) : [given].flat();
  const dims = axes.map((axis) => shifted(axis, rank));
  return call("Reverse", { x: x!.tensor }, { ...attrs, dims });
};

const gather: BatchRule = (given) => {
  const { attrs, outputs } = given;
  const [x, indices] = [operand(given, "x"), operand(given, "indices")];
  const { axis = 0, batchDims = 0 } = attrs as { axis?: number; batchDims?: number };
  if (x.isBatched && !indices.isBatched && batchDims === 0)
    return call(
      "GatherV2",
      { x: x.tensor, indices: indices.tensor },
      { ...attrs, axis: shifted(axis, x.shape.length) },
    );
  if (x.isBatched || axis !== 0 || batchDims !== 0) return undefined;
  const found = call(
    "GatherV2",
    { x: x.tensor, indices: inShape(indices.tensor, [indices.tensor.size]) },
    attrs,
  );
  return inShape(found, [given.size, ...outputs[0]!.shape]);
};

const takeRows: BatchRule = (given) => {
  const [x, ids] = [operand(given, "x"), operand(given, "ids")];
  return x.isBatched ? undefined : call("NnxTakeRows", { x: x.tensor, ids: ids.tensor }, given.attrs);
};

const oneHot: BatchRule = ({ inputs: [indices], attrs }) =>
  call("OneHot", { indices: indices!.tensor }, attrs);

export const arranging: ReadonlyMap<string, BatchRule> = new Map<string, BatchRule>([
  ["Reshape", reshape],
  ["ExpandDims", reshape],
  ["Transpose", transpose],
  ["Slice", slice],
  ["StridedSlice", stridedSlice],
  ["Concat", join],
  ["Pack", join],
  ["Unpack", alongAxis],
  ["SplitV", alongAxis],
  ["Cumsum", alongAxis],
  ["Cumprod", alongAxis],
  ["Tile", tile],
  ["PadV2", pad],
  ["MirrorPad", pad],
  ["Reverse", reverse],
  ["GatherV2", gather],
  ["NnxTakeRows", takeRows],
  ["OneHot", oneHot],
]);
