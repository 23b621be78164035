/** @file Kernels of webgl and webgpu that put tensors together and take them apart along an axis. */
import * as tf from "@tensorflow/tfjs-core";
import type { KernelFunc, NamedAttrMap, Tensor, TensorInfo } from "@tensorflow/tfjs-core";
import { GPU } from "../../gpu/program.ts";
import { aroundAxis, axisOf, sizeOf } from "../../shape.ts";
import { type Mend, reshaped, scopedAll } from "../../mend.ts";

type Shape = readonly number[];

/** As many axes as the stock kernels take. */
const MOST = 6;

/** A tensor of three axes: those before one, that axis, those after it. */
const threeAxes = (x: TensorInfo, axis: number): Tensor => reshaped(x, aroundAxis(x.shape, axis));

/** A shape with other sizes in the place of an axis. */
const withSizes = (shape: Shape, axis: number, sizes: Shape): number[] => [
  ...shape.slice(0, axis),
  ...sizes,
  ...shape.slice(axis + 1),
];

/**
 * @param run - Does the same with three axes. `undefined` where it leaves the call to the stock kernel, with
 * few axes or without elements.
 */
const along = <A>(
  kernelName: string,
  run: (inputs: Readonly<Record<string, TensorInfo>>, attrs: A) => (() => Tensor[]) | undefined,
): Mend => ({
  kernelName,
  backends: GPU,
  around: (stock: KernelFunc) => (call) => {
    const inputs = call.inputs as Readonly<Record<string, TensorInfo>>;
    const isEmpty = Object.values(inputs).some(({ shape }) => sizeOf(shape) === 0);
    const same = isEmpty ? undefined : run(inputs, call.attrs as NamedAttrMap & A);
    if (!same) return stock(call);
    const infos = scopedAll(same);
    return infos.length === 1 ? infos[0]! : infos;
  },
});

const concat = along<{ axis: number }>("Concat", (inputs, attrs) => {
  const list = Object.values(inputs);
  const { shape } = list[0]!;
  if (shape.length <= MOST) return undefined;
  const axis = axisOf(attrs.axis, shape.length);
  const length = list.reduce((sum, each) => sum + each.shape[axis]!, 0);
  return () => {
    const joined = tf.concat(
      list.map((each) => threeAxes(each, axis)),
      1,
    );
    return [tf.reshape(joined, withSizes(shape, axis, [length]))];
  };
});

const pack = along<{ axis: number }>("Pack", (inputs, attrs) => {
  const list = Object.values(inputs) as Tensor[];
  const { shape } = list[0]!;
  if (shape.length < MOST) return undefined;
  const axis = axisOf(attrs.axis, shape.length + 1);
  return () => [
    tf.concat(
      list.map((each) => tf.expandDims(each, axis)),
      axis,
    ),
  ];
});

const unpack = along<{ axis: number }>("Unpack", ({ value }, attrs) => {
  const { shape } = value!;
  if (shape.length <= MOST) return undefined;
  const axis = axisOf(attrs.axis, shape.length);
  return () =>
    tf.unstack(threeAxes(value!, axis), 1).map((each) => tf.reshape(each, withSizes(shape, axis, [])));
});

const split = along<{ axis: number; numOrSizeSplits: number | number[] }>("SplitV", ({ x }, attrs) => {
  const { shape } = x!;
  if (shape.length <= MOST) return undefined;
  const axis = axisOf(attrs.axis, shape.length);
  return () =>
    tf
      .split(threeAxes(x!, axis), attrs.numOrSizeSplits, 1)
      .map((each) => tf.reshape(each, withSizes(shape, axis, [each.shape[1]!])));
});

const gather = along<{ axis: number; batchDims: number }>("GatherV2", ({ x, indices }, attrs) => {
  const { shape } = x!;
  const most = Math.max(shape.length, shape.length - 1 + indices!.shape.length);
  // The stock kernel has the words for a batch of so many axes.
  if (most <= MOST || attrs.batchDims) return undefined;
  const axis = axisOf(attrs.axis, shape.length);
  return () => {
    const found = tf.gather(threeAxes(x!, axis), tf.reshape<tf.Rank.R1>(indices as Tensor, [-1]), 1);
    return [tf.reshape(found, withSizes(shape, axis, indices!.shape))];
  };
});

/** Replacements of kernels that take few axes. */
export const gpuJoinMends: readonly Mend[] = [concat, pack, unpack, split, gather];
