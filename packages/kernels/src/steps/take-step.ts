/** @file Taking a step of an optimizer, by its kernel or by ops. */
import { engine, type NamedTensorMap, type Tensor } from "@tensorflow/tfjs-core";
import { hasReachableMemory } from "../backends.ts";
import { isRecording } from "../engine.ts";
import { newTensor } from "../memory/new-tensor.ts";
import { registerKernels } from "../registry.ts";
import { sameShape } from "../shape.ts";
import { ofTensors } from "./algebra.ts";
import { ended, type Ending } from "./expressions.ts";
import { noteStep } from "./overwriting.ts";
import { stepKernels, type StepRule, widthOf } from "./step-kernel.ts";
import { canOverwrite, stepMemory } from "./step-memory.ts";

/** A parameter p becomes `p + factor * (direction + share * p)`. */
export interface Finish {
  readonly factor: number;
  readonly share: number;
}

/** Without decay, a parameter that is not finite does not matter to the update. */
const endingOf = (finish: Finish | undefined): Ending =>
  finish === undefined ? "update" : finish.share === 0 ? "finish" : "decay";

/** Kernels compute with addresses: what does not fit would be written elsewhere. */
function check(
  { kernelName, shape }: StepRule,
  leaves: readonly (readonly Tensor[])[],
  numbers: readonly number[],
  ending: Ending,
): void {
  const width = widthOf(shape, ending);
  const fits = (leaf: readonly Tensor[]): boolean =>
    leaf.length === width && leaf.every((x) => sameShape(x.shape, leaf[0]!.shape));
  if (numbers.length === shape.numbers && leaves.every(fits)) return;
  throw new Error(
    `${kernelName}: expected ${width} tensors of one shape for each parameter, and ${shape.numbers} numbers. ` +
      "Pass gradient and moments.",
  );
}

const isFloat = ({ dtype }: Tensor): boolean => dtype === "float32";

/**
 * One step for all parameters: by one call of a kernel on cpu and wasm, by ops elsewhere, for other
 * dtypes than float32, and where a tape records.
 * @param leaves - For each parameter gradient and moments. With `finish`, the parameter comes first.
 * @param numbers - As many as the rule takes.
 * @returns For each parameter the update and the next moments. With `finish`, what becomes of the
 * parameter stands in the place of the update; where {@link withStepMemory} allows it, the results
 * are the very tensors that were given, written over.
 */
export function takeStep(
  rule: StepRule,
  leaves: readonly (readonly Tensor[])[],
  numbers: readonly number[],
  finish?: Finish,
): readonly (readonly Tensor[])[] {
  const ending = endingOf(finish);
  const all = finish ? [...numbers, finish.factor, ...(finish.share === 0 ? [] : [finish.share])] : numbers;
  check(rule, leaves, numbers, ending);
  if (leaves.length === 0) return [];
  if (isRecording() || !hasReachableMemory() || !leaves.every((leaf) => leaf.every(isFloat))) {
    const expression = ended(rule.shape.expression, ending);
    const n = all.map(Math.fround);
    // Elements are tensors, and so are all results.
    return leaves.map((leaf) => expression(ofTensors, leaf, n) as readonly Tensor[]);
  }
  registerKernels(rule, () => {
    noteStep(rule.kernelName, rule.shape);
    return stepKernels(rule);
  });
  // A kernel has an input at least.
  const given = newTensor("float32", [Math.max(all.length, 1)], (elements) => elements.set(all));
  try {
    // As tensorflow.js has it for Concat and AddN: a list where its types want names.
    const inputs = [given, ...leaves.flat()] as unknown as NamedTensorMap;
    const inPlace = finish && leaves.map(([parameter, , ...moments]) => canOverwrite(parameter!, moments));
    const attrs = inPlace?.includes(true) ? { ending, inPlace } : { ending };
    const results: Tensor[] = engine().runKernel(rule.kernelName, inputs, attrs);
    const width = rule.shape.moments + 1;
    if (finish) for (const each of results) stepMemory?.made.add(each);
    return leaves.map((_, i) => results.slice(i * width, (i + 1) * width));
  } finally {
    given.dispose();
  }
}
