/** @file Softmax, its logarithm, its cross entropy, and their gradients, of rows, as kernels. */
import type { KernelConfig, TensorInfo } from "@tensorflow/tfjs-core";
import { loop } from "../memory/access.ts";
import { type Mend, mend } from "../mend.ts";
import { sizeOf } from "../shape.ts";
import { wasmRun } from "../wasm/call.ts";
import { entropyModule } from "../wasm/entropy.generated.ts";
import { logSoftmaxModule } from "../wasm/log-softmax.generated.ts";
import type { WasmModule } from "../wasm/module.ts";
import { softmaxModule } from "../wasm/softmax.generated.ts";
import {
  entropyBackLoop,
  entropyLoop,
  labelEntropyBackLoop,
  labelEntropyLoop,
  logSoftmaxBackLoop,
  logSoftmaxLoop,
  logSumExpBackLoop,
  logSumExpLoop,
  type RowLoop,
  softmaxBackLoop,
} from "./row-loops.ts";

/** The names of the kernels in the registry. */
export const softmaxKernelNames = {
  softmaxBack: "NnxSoftmaxBack",
  logSoftmax: "NnxLogSoftmax",
  logSoftmaxBack: "NnxLogSoftmaxBack",
  logSumExp: "NnxLogSumExp",
  logSumExpBack: "NnxLogSumExpBack",
  labelEntropy: "NnxLabelEntropy",
  labelEntropyBack: "NnxLabelEntropyBack",
  entropy: "NnxEntropy",
  entropyBack: "NnxEntropyBack",
} as const;

/** Attributes of these kernels. */
export interface RowAttrs {
  /** How many elements a row has. They lie one after the other. */
  readonly length: number;
  /** Of cross entropies: a label of 0 counts 0 also where the probability is 0. */
  readonly skipsZeros?: boolean;
}

type Inputs = Readonly<Record<string, TensorInfo>>;

/** How a kernel is computed. */
interface RowKernel<F extends string> {
  readonly inputs: readonly string[];
  /** The result has the shape of the first input, or one number for each row. */
  readonly result: "row" | "number";
  readonly module: WasmModule<F>;
  readonly name: F;
  /**
   * What the function takes after inputs and result: memory for one row, memory for what is known
   * of a row, or a number for `skipsZeros`.
   */
  readonly takes: readonly ("spare" | "known" | "skipsZeros")[];
  readonly loop: (attrs: RowAttrs) => RowLoop;
}

const KNOWN_BYTES = 64;

function run<F extends string>(
  { inputs: names, result, module, name, takes, loop: loopOf }: RowKernel<F>,
  backend: object,
  given: Inputs,
  attrs: RowAttrs,
): TensorInfo {
  const inputs = names.map((each) => given[each]!);
  const [{ shape }] = inputs as [TensorInfo];
  const { length, skipsZeros = false } = attrs;
  const size = sizeOf(shape);
  // Of rows without elements, how many there are is in the shape.
  const rows = length > 0 ? size / length : sizeOf(shape.slice(0, -1));
  const output = { shape: result === "row" ? shape : [rows], dtype: "float32" as const };
  const isKnown = inputs.every(({ dtype }, i) => dtype === (names[i] === "ids" ? "int32" : "float32"));
  const results =
    isKnown && size > 0
      ? wasmRun(backend, {
          module,
          inputs,
          outputs: [output],
          scratch: KNOWN_BYTES + (takes.includes("spare") ? 4 * length : 0),
          run: (functions, places) => {
            const more = takes.flatMap((each) => {
              if (each === "known") return [places.scratch];
              return each === "spare" ? [places.scratch + KNOWN_BYTES] : [];
            });
            const numbers = takes.includes("skipsZeros") ? [+skipsZeros] : [];
            functions[name](...places.inputs, ...places.outputs, ...more, rows, length, ...numbers);
          },
        })
      : undefined;
  if (results) return results[0]!;
  return loop(backend, inputs, output, (values, out) => loopOf(attrs)(values, out, length));
}

const always = (each: RowLoop) => (): RowLoop => each;

const kernel = <F extends string>(kernelName: string, how: RowKernel<F>): KernelConfig[] =>
  ["cpu", "wasm"].map((backendName) => ({
    kernelName,
    backendName,
    kernelFunc: ({ inputs, backend, attrs }) =>
      run(how, backend, inputs as Inputs, attrs as unknown as RowAttrs),
  }));

/** Kernels of softmax and its logarithm, to register on cpu and wasm. */
export const softmaxKernels = (): readonly KernelConfig[] => [
  ...kernel(softmaxKernelNames.softmaxBack, {
    inputs: ["y", "dy"],
    result: "row",
    module: softmaxModule,
    name: "softmaxBack",
    takes: [],
    loop: always(softmaxBackLoop),
  }),
  ...kernel(softmaxKernelNames.logSoftmax, {
    inputs: ["logits"],
    result: "row",
    module: softmaxModule,
    name: "logSoftmax",
    takes: ["known"],
    loop: always(logSoftmaxLoop),
  }),
  ...kernel(softmaxKernelNames.logSoftmaxBack, {
    inputs: ["y", "dy"],
    result: "row",
    module: logSoftmaxModule,
    name: "logSoftmaxBack",
    takes: [],
    loop: always(logSoftmaxBackLoop),
  }),
  ...kernel(softmaxKernelNames.logSumExp, {
    inputs: ["x"],
    result: "number",
    module: softmaxModule,
    name: "logSumExp",
    takes: ["spare", "known"],
    loop: always(logSumExpLoop),
  }),
  ...kernel(softmaxKernelNames.logSumExpBack, {
    inputs: ["x", "dy"],
    result: "row",
    module: softmaxModule,
    name: "logSumExpBack",
    takes: ["known"],
    loop: always(logSumExpBackLoop),
  }),
];

/** Kernels of cross entropies, to register on cpu and wasm. */
export const entropyKernels = (): readonly KernelConfig[] => [
  ...kernel(softmaxKernelNames.labelEntropy, {
    inputs: ["logits", "ids"],
    result: "number",
    module: entropyModule,
    name: "labelEntropy",
    takes: ["spare", "known"],
    loop: always(labelEntropyLoop),
  }),
  ...kernel(softmaxKernelNames.labelEntropyBack, {
    inputs: ["logits", "ids", "dy"],
    result: "row",
    module: entropyModule,
    name: "labelEntropyBack",
    takes: ["known"],
    loop: always(labelEntropyBackLoop),
  }),
  ...kernel(softmaxKernelNames.entropy, {
    inputs: ["logits", "labels"],
    result: "number",
    module: entropyModule,
    name: "entropy",
    takes: ["spare", "known", "skipsZeros"],
    loop: ({ skipsZeros = false }) => entropyLoop(skipsZeros),
  }),
  ...kernel(softmaxKernelNames.entropyBack, {
    inputs: ["logits", "labels", "dy"],
    result: "row",
    module: entropyModule,
    name: "entropyBack",
    takes: ["known"],
    loop: always(entropyBackLoop),
  }),
];

/** tensorflow.js's own kernel of this family. That of wasm is as quick as ours. */
export const softmaxes = (): readonly Mend[] => [
  mend<"logits">("Softmax", ["cpu"], ({ inputs: { logits }, backend, stock }) => {
    const length = logits.shape.at(-1) ?? 1;
    const size = sizeOf(logits.shape);
    if (logits.dtype !== "float32" || size === 0) return stock();
    const results = wasmRun(backend, {
      module: softmaxModule,
      inputs: [logits],
      outputs: [{ shape: logits.shape, dtype: "float32" }],
      scratch: KNOWN_BYTES,
      run: (functions, { inputs: [from = 0], outputs: [to = 0], scratch }) =>
        functions.softmax(from, to, scratch, size / length, length),
    });
    return results?.[0] ?? stock();
  }),
];
