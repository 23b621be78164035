/** @file Steps of optimizers as kernels: one call for all parameters. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { isHeap, loops, type Output } from "../memory/access.ts";
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
export interface StepAttrs {
  /** Unless it is `"update"`, the parameter is the first input, and what becomes of it the first result. */
  readonly ending: Ending;
}

/** The inputs of one parameter, and what is made of them. */
interface Leaf {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly Output[];
}

/** The inputs of a kernel: `numbers`, and by {@link inputName} those of each parameter in turn. */
export const inputName = (index: number): string => `x${index}`;

function leavesOf(
  { moments }: StepShape,
  { numbers: _, ...inputs }: Readonly<Record<string, TensorInfo>>,
  ending: Ending,
): Leaf[] {
  const width = moments + (ending === "update" ? 1 : 2);
  const count = Object.keys(inputs).length / width;
  return Array.from({ length: count }, (_leaf, leaf) => {
    const own = Array.from({ length: width }, (_input, i) => inputs[inputName(leaf * width + i)]!);
    const output = { shape: own[0]!.shape, dtype: "float32" as const };
    return { inputs: own, outputs: Array<Output>(moments + 1).fill(output) };
  });
}

const sizeOf = ({ shape }: Output): number => shape.reduce((size, length) => size * length, 1);

/** By WebAssembly: in place on a heap, in blocks elsewhere. */
function byWasm(
  backend: object,
  module: StepRule["module"],
  numbers: TensorInfo,
  leaves: readonly Leaf[],
  ending: Ending,
): TensorInfo[] | undefined {
  if (!isHeap(backend)) return elementBlocks(backend, module, ending, leaves, numbers);
  const width = leaves[0] ? leaves[0].inputs.length + leaves[0].outputs.length : 0;
  return wasmRun(backend, {
    module,
    inputs: [numbers, ...leaves.flatMap(({ inputs }) => inputs)],
    outputs: leaves.flatMap(({ outputs }) => outputs),
    scratch: 16 * width,
    run: (functions, places) => {
      let [from, to] = [1, 0];
      for (const { inputs, outputs } of leaves) {
        functions[ending](
          ...places.inputs.slice(from, (from += inputs.length)),
          ...places.outputs.slice(to, (to += outputs.length)),
          sizeOf(outputs[0]!),
          places.inputs[0]!,
          places.scratch,
        );
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
      const given = inputs as Readonly<Record<string, TensorInfo>>;
      const leaves = leavesOf(shape, given, ending);
      const numbers = given["numbers"]!;
      const expression = ended(shape.expression, ending);
      return (
        byWasm(backend as object, module, numbers, leaves, ending) ??
        leaves.flatMap((leaf) => byLoops(backend as object, expression, numbers, leaf))
      );
    },
  }));
