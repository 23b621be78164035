/** @file Steps of optimizers as kernels: one call for all parameters. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { arraysOf, isHeap, loops, type Output } from "../memory/access.ts";
import { sizeOf } from "../shape.ts";
import { elementBlocks } from "../wasm/blocks.ts";
import { wasmRun } from "../wasm/call.ts";
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
interface StepAttrs {
  /** Unless it is `"update"`, the parameter is the first input, and what becomes of it the first result. */
  readonly ending: Ending;
}

/** The inputs of one parameter, and what is made of them. */
interface Leaf {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly Output[];
}

/** The inputs of a kernel are a list: the numbers, and those of each parameter in turn. */
function leavesOf({ moments }: StepShape, inputs: readonly TensorInfo[], ending: Ending): Leaf[] {
  const width = moments + (ending === "update" ? 1 : 2);
  const leaves: Leaf[] = [];
  for (let from = 1; from < inputs.length; from += width) {
    const output = { shape: inputs[from]!.shape, dtype: "float32" as const };
    leaves.push({
      inputs: inputs.slice(from, from + width),
      outputs: Array<Output>(moments + 1).fill(output),
    });
  }
  return leaves;
}

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
    });
  }
  const width = leaves[0] ? leaves[0].inputs.length + leaves[0].outputs.length : 0;
  return wasmRun(backend, {
    module,
    inputs: given,
    outputs: leaves.flatMap(({ outputs }) => outputs),
    scratch: 16 * width,
    run: (functions, places) => {
      let [from, to] = [1, 0];
      for (const { inputs, outputs } of leaves) {
        const [fromEnd, toEnd] = [from + inputs.length, to + outputs.length];
        const addresses = [...places.inputs.slice(from, fromEnd), ...places.outputs.slice(to, toEnd)];
        functions[ending](...addresses, sizeOf(outputs[0]!.shape), places.inputs[0]!, places.scratch);
        [from, to] = [fromEnd, toEnd];
      }
    },
  });
}

/** By loops over numbers: where there is no WebAssembly. */
const byLoops = (backend: object, expression: Expression, numbers: TensorInfo, { inputs, outputs }: Leaf) =>
  loops(backend, [numbers, ...inputs], outputs, ([given, ...values], results) => {
    inBlocks(expression, values as readonly Float32Array[], [...given!], results as readonly Float32Array[]);
  });

/** The kernel of a step, for both backends. */
export const stepKernels = ({ kernelName, shape, module }: StepRule): readonly KernelConfig[] =>
  ["cpu", "wasm"].map((backendName) => ({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { ending } = attrs as unknown as StepAttrs;
      const given = inputs as unknown as readonly TensorInfo[];
      const leaves = leavesOf(shape, given, ending);
      const numbers = given[0]!;
      const expression = ended(shape.expression, ending);
      return (
        byWasm(backend as object, module, given, leaves, ending) ??
        leaves.flatMap((leaf) => byLoops(backend as object, expression, numbers, leaf))
      );
    },
  }));
