/**
 * @file Which results of a step's kernel may be written over which of its inputs, for programs that
 * call the kernel again and again.
 */
import { engine, type TensorInfo } from "@tensorflow/tfjs-core";
import { isHeap } from "../memory/access.ts";
import { forgetPacked } from "../memory/heap.ts";
import { type StepAttrs, widthOf } from "./step-kernel.ts";
import type { StepShape } from "./expressions.ts";

/** Results of a kernel, each with the input that it may be written over: all of them, or none. */
type Overwrite = readonly { readonly input: number; readonly result: number }[];

const steps = new Map<string, StepShape>();

/** Notes the kernel of a step. */
export const noteStep = (kernelName: string, shape: StepShape): void => void steps.set(kernelName, shape);

/**
 * What a kernel that gets `count` inputs may write over, in the order of its parameters; nothing
 * for other kernels than those of steps that end with the parameters.
 */
export function overwritesOf(kernelName: string, attrs: object, count: number): readonly Overwrite[] {
  const shape = steps.get(kernelName);
  const { ending, inPlace } = attrs as Partial<StepAttrs>;
  if (!shape || ending === undefined || ending === "update" || inPlace) return [];
  const width = widthOf(shape, ending);
  const all: Overwrite[] = [];
  for (let from = 1; from < count; from += width) {
    const first = all.length * (shape.moments + 1);
    // The gradient, which stands behind the parameter, stays.
    const moments = Array.from({ length: shape.moments }, (_, i) => ({
      input: from + 2 + i,
      result: first + 1 + i,
    }));
    all.push([{ input: from, result: first }, ...moments]);
  }
  return all;
}

/** The attributes that let a kernel write over its inputs, by {@link overwritesOf}. */
export const overwriting = (attrs: object, which: readonly boolean[]): object => ({
  ...attrs,
  inPlace: which,
});

/** To be called after the data were written over. */
export function wroteOver(info: TensorInfo): void {
  const { backend } = engine();
  if (isHeap(backend)) forgetPacked(backend, info);
}
