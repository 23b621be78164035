/** @file Steps of optimizers as kernels: one call for all parameters. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import {
  arrayOf,
  arraysOf,
  type Elements,
  elementsOf,
  isHeap,
  loops,
  type Output,
} from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import { elementBlocks } from "../wasm/blocks.ts";
import { wasmRun } from "../wasm/call.ts";
import { forgetPacked } from "../memory/heap.ts";
import type { WasmModule } from "../wasm/module.ts";
import { inBlocks } from "./blocks-of-numbers.ts";
import { ended, type Ending, type Expression, type StepShape } from "./expressions.ts";

/** A step that can be taken by a kernel. */
export interface StepRule {
  readonly kernelName: string;
  readonly shape: StepShape;
  readonly module: WasmModule<Ending>;
}

/** The attributes of a step's kernel. */
export interface StepAttrs {
  /** Unless it is `"update"`, the parameter is the first input, and what becomes of it the first result. */
  readonly ending: Ending;
  /**
   * For each parameter, whether what becomes of it and of its moments is written over them: they are
   * the results then. The caller makes sure that nobody else reads them.
   * @defaultValue all results are new
   */
  readonly inPlace?: readonly boolean[];
}

/** The inputs of one parameter, and what is made of them. */
interface Leaf {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly Output[];
  /** Parameter and moments, where they are written over. */
  readonly into: readonly TensorInfo[] | undefined;
}

/** How many inputs each parameter has: gradient, moments, and where the step ends with it, itself. */
export const widthOf = ({ moments }: StepShape, ending: Ending): number =>
  moments + (ending === "update" ? 1 : 2);

/** The inputs of a kernel are a list: the numbers, and those of each parameter in turn. */
function leavesOf(
  shape: StepShape,
  inputs: readonly TensorInfo[],
  { ending, inPlace = [] }: StepAttrs,
): Leaf[] {
  const { moments } = shape;
  const width = widthOf(shape, ending);
  const leaves: Leaf[] = [];
  for (let from = 1; from < inputs.length; from += width) {
    const output = { shape: inputs[from]!.shape, dtype: "float32" as const };
    const own = inputs.slice(from, from + width);
    leaves.push({
      inputs: own,
      outputs: Array<Output>(moments + 1).fill(output),
      into: inPlace[leaves.length] ? withoutGradient(own) : undefined,
    });
  }
  return leaves;
}

/** Of parameter, gradient and moments all but the gradient. */
const withoutGradient = <T>([parameter, , ...moments]: readonly T[]): T[] => [parameter!, ...moments];

/** By WebAssembly: in place on a heap, in blocks elsewhere. */
function byWasm(
  backend: object,
  module: StepRule["module"],
  given: readonly TensorInfo[],
  leaves: readonly Leaf[],
  ending: Ending,
): TensorInfo[] | undefined {
  if (!isHeap(backend)) {
    return elementBlocks(backend, module, ending, leaves, {
      numbers: arraysOf(backend).readSync(given[0]!.dataId),
      parameters: (...places) => places,
      isWatched: true,
    });
  }
  const width = leaves[0] ? leaves[0].inputs.length + leaves[0].outputs.length : 0;
  const made = wasmRun(backend, {
    module,
    inputs: given,
    outputs: leaves.flatMap(({ outputs, into }) => (into ? [] : outputs)),
    scratch: 16 * width,
    run: (functions, places) => {
      let [from, to] = [1, 0];
      for (const { inputs, outputs, into } of leaves) {
        const own = places.inputs.slice(from, from + inputs.length);
        const written = into ? withoutGradient(own) : places.outputs.slice(to, to + outputs.length);
        const size = sizeOf(outputs[0]!.shape);
        functions[ending](...own, ...written, size, places.inputs[0]!, places.scratch);
        if (into) forgetPacked(backend, into[0]!);
        else to += outputs.length;
        from += inputs.length;
      }
    },
  });
  if (!made) return undefined;
  let to = 0;
  return leaves.flatMap(({ outputs, into }) => {
    if (into) return into;
    const from = to;
    to += outputs.length;
    return made.slice(from, to);
  });
}

/** By loops over numbers: where there is no WebAssembly. */
function byLoops(
  backend: object,
  expression: Expression,
  numbers: TensorInfo,
  { inputs, outputs, into }: Leaf,
): readonly TensorInfo[] {
  const run = (given: Elements, values: readonly Elements[], results: readonly Elements[]): void => {
    // All of them are float32.
    inBlocks(expression, values as readonly Float32Array[], [...given], results as readonly Float32Array[]);
  };
  if (!into)
    return loops(
      backend,
      [numbers, ...inputs],
      outputs,
      ([given, ...values], results) => run(given!, values, results),
      true,
    );
  const of = isHeap(backend) ? elementsOf : arrayOf;
  const values = inputs.map((each) => of(backend, each));
  run(of(backend, numbers), values, withoutGradient(values));
  if (isHeap(backend)) forgetPacked(backend, into[0]!);
  return into;
}

/** The kernel of a step, for both backends. */
export const stepKernels = ({ kernelName, shape, module }: StepRule): readonly KernelConfig[] =>
  ["cpu", "wasm"].map((backendName) => ({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const own = attrs as unknown as StepAttrs;
      const { ending } = own;
      const given = inputs as unknown as readonly TensorInfo[];
      const leaves = leavesOf(shape, given, own);
      const numbers = given[0]!;
      const expression = ended(shape.expression, ending);
      return (
        byWasm(backend, module, given, leaves, ending) ??
        leaves.flatMap((leaf) => byLoops(backend, expression, numbers, leaf))
      );
    },
  }));
