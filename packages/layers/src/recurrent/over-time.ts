/**
 * @file Takes all steps of a cell together: one product for the inputs of all steps, and one for the
 * carry of each step, whatever the number of gates. Where a kernel has the whole loop, that runs.
 */
import { Param } from "@nnxjs/nnx-core";
import { isCapturing, methodItself } from "@nnxjs/nnx-core/internal";
import {
  concat,
  fusedMatMul,
  isTensor,
  matMul,
  reshape,
  type SequenceAttrs,
  sizeOf,
  stack,
  type Tensor,
  unstack,
} from "@nnxjs/kernels/internal";
import { promoteDtype } from "../dtypes.ts";
import { dotGeneral } from "../linear/dot-general.ts";
import { Linear } from "../linear/linear.ts";
import type { HiddenCell, RNNCellBase } from "./cell.ts";

/** How the steps of one class of cells are taken together. */
export interface Together<K> {
  /** The layers of the inputs, and those of the carry. Their columns become one kernel each. */
  readonly layers: (cell: K) => readonly [inputs: readonly Linear[], carry: readonly Linear[]];
  /** Which of them have biases. Those are added before the step. */
  readonly biases: "inputs" | "carry";
  /** The number of arrays that are the carry. The kernel multiplies the last one. */
  readonly carries: 1 | 2;
  /**
   * One step.
   * @param x - What the inputs and the bias add, `[batch, columns]`.
   * @param p - The carry's product, likewise.
   */
  readonly step: (cell: K, x: Tensor, p: Tensor, carry: readonly Tensor[]) => readonly Tensor[];
  /** All steps at once, or `undefined` where there is no kernel for the cell. */
  readonly over: (
    cell: K,
    x: Tensor,
    kernel: Tensor,
    first: readonly Tensor[],
    attrs: SequenceAttrs,
  ) => readonly Tensor[] | undefined;
}

type Cell = HiddenCell<unknown>;
interface Known extends Together<Cell> {
  readonly forward: unknown;
}

const known = new Map<object, Known>();
const forwardOf = (layer: object): unknown => Reflect.get(layer, "forward");

/** Registers a class of cells. Subclasses are not meant: they may compute something else. */
export function takeTogether<K extends Cell>(type: { readonly prototype: K }, together: Together<K>): void {
  // The functions get instances of this very class only.
  known.set(type.prototype, {
    ...(together as unknown as Together<Cell>),
    forward: forwardOf(type.prototype),
  });
}

const linearForward = forwardOf(Linear.prototype);

/** Whether a method is the library's own, apart from the wrapper that a run puts around it. */
const isOwn = (layer: object, forward: unknown): boolean => {
  const method = forwardOf(layer);
  return typeof method === "function" && methodItself(method) === forward;
};

/** Whether this is a Linear, and does what a product and a bias do. */
const isPlain = (layer: Linear): boolean =>
  Object.getPrototypeOf(layer) === Linear.prototype &&
  isOwn(layer, linearForward) &&
  layer.dotGeneral === dotGeneral &&
  layer.promoteDtype === promoteDtype &&
  [layer.kernel, layer.bias].every((variable) => variable === null || variable.type === Param);

/** The arrays of a carry, if it has `count`, of this shape. */
function partsOf(carry: unknown, count: number, shape: readonly number[]): readonly Tensor[] | undefined {
  const parts: readonly unknown[] = count === 1 ? [carry] : Array.isArray(carry) ? carry : [];
  const fits = (part: unknown): part is Tensor =>
    isTensor(part) && !part.isDisposed && part.dtype === "float32" && String(part.shape) === String(shape);
  return parts.length === count && parts.every(fits) ? parts : undefined;
}

/** The values of Params, side by side, or `undefined` if they do not fit. */
function beside(params: readonly (Param<Tensor> | null)[], shape: readonly number[]): Tensor | undefined {
  const values: Tensor[] = [];
  for (const param of params) {
    const value = param?.value;
    if (!isTensor(value) || value.dtype !== "float32" || String(value.shape) !== String(shape))
      return undefined;
    values.push(value);
  }
  return values.length === 1 ? values[0] : concat(values, -1);
}

/**
 * All steps of a cell on inputs.
 * @param inputs - `[...batch, time, features]`, or `[time, ...batch, features]`.
 * @returns Each array of the carry after each step, in the layout of the inputs; the last is the
 * output. `undefined`, with nothing done, for a cell that has to be called at each step: one of the
 * user, one that is changed or captured, or inputs and carries that its `forward` refuses or
 * promotes.
 */
export function overTime(
  cell: RNNCellBase<unknown>,
  first: unknown,
  inputs: Tensor,
  attrs: SequenceAttrs,
): readonly Tensor[] | undefined {
  const together = known.get(Object.getPrototypeOf(cell) as object);
  if (!together || isCapturing() || !isOwn(cell, together.forward)) return undefined;
  // The class is the one that was registered, so the cell has these attributes.
  const own = cell as Cell;
  const { inFeatures, hiddenFeatures } = own;
  const timeAxis = attrs.timeMajor ? 0 : inputs.rank - 2;
  const batch = inputs.shape.slice(0, -1).filter((_, axis) => axis !== timeAxis);
  const parts = partsOf(first, together.carries, [...batch, hiddenFeatures]);
  if (!parts || inputs.dtype !== "float32" || inputs.shape.at(-1) !== inFeatures || inputs.size === 0)
    return undefined;
  const [forInputs, forCarry] = together.layers(own);
  if (![...forInputs, ...forCarry].every(isPlain)) return undefined;
  const [biased, others] = together.biases === "inputs" ? [forInputs, forCarry] : [forCarry, forInputs];
  if (others.some(({ bias }) => bias !== null)) return undefined;
  const columns = forInputs[0]!.outFeatures;
  const inputKernel = beside(
    forInputs.map(({ kernel }) => kernel),
    [inFeatures, columns],
  );
  const kernel = beside(
    forCarry.map(({ kernel: each }) => each),
    [hiddenFeatures, columns],
  );
  const bias = beside(
    biased.map(({ bias: each }) => each),
    [columns],
  );
  if (!inputKernel || !kernel || !bias) return undefined;

  const steps = inputs.shape[timeAxis]!;
  const rows = sizeOf(batch);
  const sizes = attrs.timeMajor ? [steps, rows] : [rows, steps];
  const flat = fusedMatMul(reshape(inputs, [steps * rows, inFeatures]), inputKernel, bias);
  const x = reshape(flat, [...sizes, flat.shape[1]!]);
  const carry = parts.map((part) => reshape(part, [rows, hiddenFeatures]));
  const found =
    together.over(own, x, kernel, carry, attrs) ?? eachStep(together, own, x, kernel, carry, attrs);
  const shape = [...inputs.shape.slice(0, -1), hiddenFeatures];
  return found.map((each) => reshape(each, shape));
}

/** In a list of its own: the one that `unstack` returns belongs to the tape. */
export const inOrder = <T>(steps: readonly T[], reverse: boolean): T[] =>
  reverse ? [...steps].reverse() : [...steps];

function eachStep(
  { step }: Known,
  cell: Cell,
  x: Tensor,
  kernel: Tensor,
  first: readonly Tensor[],
  { timeMajor, reverse }: SequenceAttrs,
): Tensor[] {
  const axis = timeMajor ? 0 : 1;
  const steps = inOrder(unstack(x, axis), reverse);
  const carries: (readonly Tensor[])[] = [];
  let carry = first;
  for (const each of steps) {
    carry = step(cell, each, matMul(carry.at(-1)!, kernel), carry);
    carries.push(carry);
  }
  return first.map((_, part) =>
    stack(
      inOrder(carries, reverse).map((each) => each[part]!),
      axis,
    ),
  );
}
